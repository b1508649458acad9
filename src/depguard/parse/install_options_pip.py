"""The options of ``pip install`` and ``pip uninstall``, pip 24.1.2 to 26.3, by name, arity and effect."""

from __future__ import annotations

from depguard.parse.install_options import OptionTable, Role, Scope, harmless, modelled, unmodelled

_BUILD = "how something is built; what depends on a build is unknown to depguard anyway"
_FETCH = "how files are fetched, not which"
_SHOW = "what is shown while it runs"
_FILES = "where or how files are laid down, not which distributions"
_DRY = "nothing would be installed; the answer is about what would be"


_GENERAL = (
    harmless(_SHOW, "--debug", scope=Scope.GENERAL),
    harmless(_SHOW, "-v", "--verbose", scope=Scope.GENERAL),
    harmless(_SHOW, "-q", "--quiet", scope=Scope.GENERAL),
    harmless(_SHOW, "--log", "--log-file", "--local-log", value=True, scope=Scope.GENERAL),
    harmless(_SHOW, "--no-input", scope=Scope.GENERAL),
    harmless(_SHOW, "--no-color", scope=Scope.GENERAL),
    harmless(_SHOW, "--disable-pip-version-check", scope=Scope.GENERAL),
    harmless(_SHOW, "--no-python-version-warning", scope=Scope.GENERAL),
    harmless(_FETCH, "--keyring-provider", value=True, scope=Scope.GENERAL),
    harmless(_FETCH, "--proxy", value=True, scope=Scope.GENERAL),
    harmless(_FETCH, "--no-proxy-env", scope=Scope.GENERAL),
    harmless(_FETCH, "--retries", value=True, scope=Scope.GENERAL),
    harmless(_FETCH, "--resume-retries", value=True, scope=Scope.GENERAL),
    harmless(_FETCH, "--timeout", "--default-timeout", value=True, scope=Scope.GENERAL),
    harmless(_FETCH, "--exists-action", value=True, scope=Scope.GENERAL),
    harmless(_FETCH, "--trusted-host", value=True, scope=Scope.GENERAL),
    harmless(_FETCH, "--cert", value=True, scope=Scope.GENERAL),
    harmless(_FETCH, "--client-cert", value=True, scope=Scope.GENERAL),
    harmless(_FETCH, "--cache-dir", value=True, scope=Scope.GENERAL),
    harmless(_FETCH, "--no-cache-dir", scope=Scope.GENERAL),
    # Its features concern fetching and building: fast-deps, truststore, build-constraint and the like.
    harmless(_FETCH, "--use-feature", value=True, scope=Scope.GENERAL),
    unmodelled(
        "the legacy resolver decides differently",
        "--use-deprecated",
        value=True,
        neutral=("legacy-certs", "html5lib", "backtrack-on-build-failures"),
        scope=Scope.GENERAL,
    ),
    modelled(Role.IGNORE_CONFIG, "--isolated", scope=Scope.GENERAL),
    unmodelled("it may refuse to run", "--require-virtualenv", "--require-venv", scope=Scope.GENERAL),
    unmodelled("another interpreter", "--python", value=True, scope=Scope.GENERAL),
    unmodelled("it prints help and installs nothing", "-h", "--help", scope=Scope.GENERAL),
    unmodelled("it prints a version and installs nothing", "-V", "--version", scope=Scope.GENERAL),
)

_BOTH = (
    modelled(Role.REQUIREMENT_FILE, "-r", "--requirement", value=True, scope=Scope.BOTH),
    harmless(_SHOW, "--root-user-action", value=True, scope=Scope.BOTH),
    harmless("a managed Python is changed all the same", "--break-system-packages", scope=Scope.BOTH),
)

_INSTALL = (
    modelled(Role.CONSTRAINT_FILE, "-c", "--constraint", value=True),
    modelled(Role.EDITABLE, "-e", "--editable", value=True),
    modelled(Role.UPGRADE, "-U", "--upgrade"),
    modelled(Role.UPGRADE_STRATEGY, "--upgrade-strategy", value=True),
    modelled(Role.PRERELEASE, "--pre"),
    modelled(Role.NO_DEPS, "--no-deps", "--no-dependencies"),
    modelled(Role.REINSTALL, "--force-reinstall"),
    modelled(Role.IGNORE_INSTALLED, "-I", "--ignore-installed"),
    modelled(Role.USER, "--user"),
    modelled(Role.NO_USER, "--no-user"),
    modelled(Role.REQUIRE_HASHES, "--require-hashes"),
    modelled(Role.NO_REQUIRE_HASHES, "--no-require-hashes"),
    modelled(Role.ONLY_BINARY, "--only-binary", value=True),
    modelled(Role.NO_BINARY, "--no-binary", value=True),
    modelled(Role.INDEX_URL, "-i", "--index-url", "--pypi-url", value=True),
    modelled(Role.EXTRA_INDEX_URL, "--extra-index-url", value=True),
    modelled(Role.FIND_LINKS, "-f", "--find-links", value=True),
    modelled(Role.NO_INDEX, "--no-index"),
    modelled(Role.EXCLUDE_NEWER, "--uploaded-prior-to", value=True),
    harmless(_BUILD, "--build-constraint", value=True),
    harmless(_BUILD, "--no-build-isolation"),
    harmless(_BUILD, "--use-pep517"),
    harmless(_BUILD, "--no-use-pep517"),
    harmless(_BUILD, "--check-build-dependencies"),
    harmless(_BUILD, "-C", "--config-settings", value=True),
    harmless(_BUILD, "--no-clean"),
    harmless(_FILES, "--src", "--source", "--source-dir", "--source-directory", value=True),
    harmless(_FILES, "--compile"),
    harmless(_FILES, "--no-compile"),
    harmless(_SHOW, "--no-warn-script-location"),
    harmless(_SHOW, "--no-warn-conflicts"),
    harmless(_SHOW, "--progress-bar", value=True),
    harmless(_SHOW, "--report", value=True),
    harmless(_FETCH, "--refresh-package", value=True),
    harmless(_DRY, "--dry-run"),
    unmodelled("another folder, whose contents are not the host's", "-t", "--target", value=True),
    unmodelled("another folder, whose contents are not the host's", "--prefix", value=True),
    unmodelled("another folder, whose contents are not the host's", "--root", value=True),
    unmodelled("other wheels than the host's", "--platform", value=True),
    unmodelled("another Python than the host's", "--python-version", value=True),
    unmodelled("another Python than the host's", "--implementation", value=True),
    unmodelled("other wheels than the host's", "--abi", value=True),
    unmodelled("releases that do not fit this Python", "--ignore-requires-python"),
    unmodelled("an older wheel may win over a newer source distribution", "--prefer-binary"),
    unmodelled("which packages may be pre-releases", "--only-final", value=True),
    modelled(Role.ALL_RELEASES, "--all-releases", value=True),
    unmodelled("only what the arguments need is installed", "--only-deps", "--only-dependencies"),
    unmodelled("what the group has is not read", "--group", value=True),
    unmodelled("what the script asks for is not read", "--requirements-from-script", value=True),
    unmodelled("it also refuses every wheel", "--global-option", value=True),
)

PIP_INSTALL = OptionTable("pip install", (*_GENERAL, *_BOTH, *_INSTALL), abbreviates=True)
"""What ``pip install`` takes."""

PIP_UNINSTALL = OptionTable(
    "pip uninstall", (*_GENERAL, *_BOTH, harmless(_SHOW, "-y", "--yes", scope=Scope.BOTH)), abbreviates=True
)
"""What ``pip uninstall`` takes."""

PIP_GENERAL = OptionTable("pip", _GENERAL, abbreviates=True)
"""What ``pip`` takes before its verb."""
