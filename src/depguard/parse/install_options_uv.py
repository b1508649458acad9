"""The options of ``uv pip install``, ``sync`` and ``uninstall``, by name, arity and effect (uv 0.13)."""

from __future__ import annotations

from depguard.parse.install_options import OptionTable, Role, Scope, harmless, modelled, unmodelled

_BUILD = "how something is built; what depends on a build is unknown to depguard anyway"
_FETCH = "how files are fetched, not which"
_SHOW = "what is shown while it runs"
_FILES = "where or how files are laid down, not which distributions"
_DRY = "nothing would be installed; the answer is about what would be"
_LOCAL = "how local projects are read; those are unproven anyway"
_HOST = "the host's own Python is what is judged"
_PROJECT = "what the project file has is not read"
_UNDO = "it takes an earlier option back"
_FOLDER = "another folder, whose contents are not the host's"
_HASHES = "whether hashes are checked decides between files, not versions"
_COUNTED = frozenset(("--quiet", "--verbose"))
"""Every other flag is refused when it is given twice."""


_GENERAL = (
    harmless(_SHOW, "-q", "--quiet", scope=Scope.GENERAL),
    harmless(_SHOW, "-v", "--verbose", scope=Scope.GENERAL),
    harmless(_SHOW, "--color", value=True, scope=Scope.GENERAL),
    harmless(_SHOW, "--no-color", scope=Scope.GENERAL),
    harmless(_SHOW, "--no-progress", scope=Scope.GENERAL),
    harmless(_SHOW, "--disable-pip-version-check", scope=Scope.GENERAL),
    harmless(_FETCH, "--cert", value=True, scope=Scope.GENERAL),
    harmless(_FETCH, "--system-certs", "--native-tls", scope=Scope.GENERAL),
    harmless(_FETCH, "--no-system-certs", "--no-native-tls", scope=Scope.GENERAL),
    harmless(_FETCH, "--no-offline", scope=Scope.GENERAL),
    harmless(_FETCH, "--allow-insecure-host", "--trusted-host", value=True, scope=Scope.GENERAL),
    harmless(_FETCH, "-n", "--no-cache", "--no-cache-dir", scope=Scope.GENERAL),
    harmless(_FETCH, "--cache-dir", value=True, scope=Scope.GENERAL),
    harmless("previews change no decision of uv pip", "--preview", "--no-preview", scope=Scope.GENERAL),
    harmless("previews change no decision of uv pip", "--preview-features", value=True, scope=Scope.GENERAL),
    harmless(_HOST, "--managed-python", "--no-managed-python", scope=Scope.GENERAL),
    harmless(_HOST, "--no-python-downloads", scope=Scope.GENERAL),
    harmless(_HOST, "--python-preference", "--python-fetch", value=True, scope=Scope.GENERAL),
    modelled(Role.OFFLINE, "--offline", scope=Scope.GENERAL),
    modelled(Role.IGNORE_CONFIG, "--no-config", "--isolated", scope=Scope.GENERAL),
    unmodelled("its settings are not read", "--config-file", value=True, scope=Scope.GENERAL),
    unmodelled("relative paths and settings change", "--directory", value=True, scope=Scope.GENERAL),
    unmodelled("settings of another project", "--project", value=True, scope=Scope.GENERAL),
    unmodelled("it prints help and installs nothing", "-h", "--help", scope=Scope.GENERAL),
    unmodelled("it prints a version and installs nothing", "-V", "--version", scope=Scope.GENERAL),
)

_BOTH = (
    modelled(Role.REQUIREMENT_FILE, "-r", "--requirements", "--requirement", value=True, scope=Scope.BOTH),
    harmless(_FETCH, "--keyring-provider", value=True, scope=Scope.BOTH),
    harmless(_HOST, "--system", scope=Scope.BOTH),
    harmless(_HOST, "--no-system", scope=Scope.BOTH),
    harmless("a managed Python is changed all the same", "--break-system-packages", scope=Scope.BOTH),
    harmless("a managed Python may refuse it", "--no-break-system-packages", scope=Scope.BOTH),
    harmless(_DRY, "--dry-run", scope=Scope.BOTH),
    unmodelled(_FOLDER, "-t", "--target", value=True, scope=Scope.BOTH),
    unmodelled(_FOLDER, "--prefix", value=True, scope=Scope.BOTH),
    unmodelled("another interpreter", "-p", "--python", value=True, scope=Scope.BOTH),
)

_INSTALL = (
    modelled(Role.CONSTRAINT_FILE, "-c", "--constraints", "--constraint", value=True),
    modelled(Role.EDITABLE, "-e", "--editable", value=True),
    modelled(Role.UPGRADE, "-U", "--upgrade"),
    unmodelled(_UNDO, "--no-upgrade"),
    modelled(Role.UPGRADE_NAME, "-P", "--upgrade-package", value=True),
    modelled(Role.PRERELEASE, "--pre"),
    modelled(Role.PRERELEASE_MODE, "--prerelease", value=True),
    unmodelled("which pre-releases count", "--prerelease-package", value=True),
    modelled(Role.NO_DEPS, "--no-deps"),
    unmodelled(_UNDO, "--deps"),
    modelled(Role.REINSTALL, "--reinstall", "--force-reinstall"),
    unmodelled(_UNDO, "--no-reinstall"),
    modelled(Role.REINSTALL_NAME, "--reinstall-package", value=True),
    modelled(Role.REQUIRE_HASHES, "--require-hashes"),
    modelled(Role.NO_REQUIRE_HASHES, "--no-require-hashes"),
    harmless(_HASHES, "--no-verify-hashes"),
    harmless(_HASHES, "--verify-hashes"),
    harmless(_BUILD, "--require-build-hashes"),
    modelled(Role.ONLY_BINARY, "--only-binary", value=True),
    modelled(Role.NO_BINARY, "--no-binary", value=True),
    modelled(Role.NO_BUILD, "--no-build"),
    unmodelled(_UNDO, "--build"),
    modelled(Role.INDEX_URL, "-i", "--index-url", "--default-index", value=True),
    modelled(Role.EXTRA_INDEX_URL, "--extra-index-url", "--index", value=True),
    modelled(Role.FIND_LINKS, "-f", "--find-links", value=True),
    modelled(Role.NO_INDEX, "--no-index"),
    modelled(Role.EXCLUDE_NEWER, "--exclude-newer", value=True),
    modelled(Role.EXACT, "--exact"),
    harmless("what is not asked for stays", "--inexact", "--no-exact"),
    unmodelled("another cut-off for one package", "--exclude-newer-package", value=True),
    unmodelled("how several indexes are weighed", "--index-strategy", value=True, neutral=("first-index",)),
    unmodelled("older versions are preferred", "--resolution", value=True, neutral=("highest",)),
    unmodelled("requirements of packages are replaced", "--overrides", "--override", value=True),
    unmodelled("packages are left out", "--excludes", "--exclude", value=True),
    unmodelled("another index for the torch family", "--torch-backend", value=True),
    unmodelled("another Python than the host's", "--python-version", value=True),
    unmodelled("other wheels than the host's", "--python-platform", value=True),
    unmodelled("uv refuses it", "--user"),
    unmodelled(_PROJECT, "--extra", value=True),
    unmodelled(_PROJECT, "--all-extras"),
    harmless(_LOCAL, "--no-all-extras"),
    unmodelled(_PROJECT, "--group", value=True),
    unmodelled(_PROJECT, "--upgrade-group", value=True),
    harmless("it matters to lock files for several platforms only", "--fork-strategy", value=True),
    harmless(_LOCAL, "--no-sources"),
    harmless(_LOCAL, "--no-sources-package", value=True),
    harmless(_LOCAL, "--no-editable"),
    harmless(_LOCAL, "--no-editable-package", value=True),
    harmless(_BUILD, "-b", "--build-constraints", "--build-constraint", value=True),
    harmless(_BUILD, "-C", "--config-setting", "--config-settings", value=True),
    harmless(_BUILD, "--config-settings-package", value=True),
    harmless(_BUILD, "--no-build-isolation"),
    harmless(_BUILD, "--build-isolation"),
    harmless(_BUILD, "--no-build-isolation-package", value=True),
    harmless(_FILES, "--link-mode", value=True),
    harmless(_FILES, "--compile-bytecode", "--compile"),
    harmless(_FILES, "--no-compile-bytecode", "--no-compile"),
    harmless(_FETCH, "--refresh"),
    harmless(_FETCH, "--no-refresh"),
    harmless(_FETCH, "--refresh-package", value=True),
    harmless(_SHOW, "--strict"),
    harmless(_SHOW, "--no-strict"),
    harmless(_SHOW, "--output-format", value=True),
    harmless(_DRY, "--check"),
)

_SYNC = (
    harmless("an empty file is taken", "--allow-empty-requirements"),
    harmless("an empty file is refused", "--no-allow-empty-requirements"),
)

UV_INSTALL = OptionTable(
    "uv pip install", (*_GENERAL, *_BOTH, *_INSTALL), abbreviates=False, repeats=_COUNTED
)
"""What ``uv pip install`` takes."""

UV_SYNC = OptionTable(
    "uv pip sync", (*_GENERAL, *_BOTH, *_INSTALL, *_SYNC), abbreviates=False, repeats=_COUNTED
)
"""What ``uv pip sync`` takes (a little less than ``install``; what it refuses changes nothing)."""

UV_UNINSTALL = OptionTable(
    "uv pip uninstall",
    (*_GENERAL, *_BOTH, harmless("uv never asks", "-y", "--yes", scope=Scope.BOTH)),
    abbreviates=False,
    repeats=_COUNTED,
)
"""What ``uv pip uninstall`` takes."""

UV_GENERAL = OptionTable("uv", _GENERAL, abbreviates=False, repeats=_COUNTED)
"""What ``uv`` takes before and after ``pip``."""
