"""What an installer is configured with, apart from its command line: files and variables to options.

Settings come in as named values with their origin, in the order in which later ones win. They go through the
same tables as command lines: an option is modelled, harmless, or named as unmodelled here as there.
https://pip.pypa.io/en/stable/topics/configuration/
https://docs.astral.sh/uv/concepts/configuration-files/
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from depguard.errors import InputError, Problem
from depguard.model.location import Location
from depguard.model.policy import Installer
from depguard.parse.configuration import FetchSetting, InstallerConfig, Setting
from depguard.parse.install_options import Given, Option, Role
from depguard.parse.install_options_pip import PIP_INSTALL
from depguard.parse.install_options_uv import UV_INSTALL
from depguard.parse.request_draft import INDEX_ROLES, RequestDraft
from depguard.parse.shell_words import Word
from depguard.records import replace

_FETCH = frozenset({"cert", "client-cert", "proxy", "trusted-host", "timeout", "retries", "keyring-provider"})
_TRUE = frozenset({"y", "yes", "t", "true", "on", "1"})
_FALSE = frozenset({"n", "no", "f", "false", "off", "0"})

_PIP_LISTS = frozenset(
    {
        "--extra-index-url", "--find-links", "--constraint", "--requirement", "--editable", "--trusted-host",
        "--use-feature", "--use-deprecated", "--build-constraint", "--platform", "--abi",
    }
)  # fmt: skip

# uv settings of projects and of uv itself, which say nothing about `uv pip install`.
_UV_APART = frozenset(
    {
        "add-bounds", "audit", "build-backend", "cache-keys", "check-url", "compile-bytecode",
        "concurrent-builds", "concurrent-downloads", "concurrent-installs", "conflicts",
        "constraint-dependencies", "build-constraint-dependencies", "default-groups", "dependency-groups",
        "dev-dependencies", "environments", "extra-build-dependencies", "extra-build-variables",
        "index", "malware-check", "managed", "package",
        "preview-features", "publish-url", "pypy-install-mirror", "python-downloads",
        "python-downloads-json-url", "python-install-mirror", "required-environments", "required-version",
        "sources", "trusted-publishing", "workspace", "annotation-style", "custom-compile-command",
        "emit-build-options", "emit-find-links", "emit-index-annotation", "emit-index-url",
        "emit-marker-expression", "generate-hashes", "no-annotate", "no-emit-package", "no-header",
        "no-strip-extras", "no-strip-markers", "output-file", "universal",
    }
)  # fmt: skip
_UV_PROXIES = frozenset({"http-proxy", "https-proxy", "no-proxy"})
"""Settings of uv that are no options of it."""
_UV_NAMES = {
    "no-build-package": "only-binary",
    "no-binary-package": "no-binary",
    "allow-insecure-host": "trusted-host",
    "verify-hashes": "verify-hashes",
}


def pip_config(settings: Iterable[Setting]) -> InstallerConfig:
    """What pip makes of its settings: unknown names are ignored, empty values are none.

    Raises InputError for values that pip would refuse.
    """
    reading = _Reading(Installer.PIP)
    for setting in settings:
        option = PIP_INSTALL.find(f"--{setting.name}")
        if option is None or f"--{setting.name}" not in option.names or setting.value == "":
            continue  # pip takes no abbreviations here, and passes over what another command knows
        reading.add(option, setting, _pip_values(option, setting, reading))
    return reading.done()


def uv_config(settings: Iterable[Setting], constraints: Sequence[tuple[str, str]] = ()) -> InstallerConfig:
    """What uv makes of its settings; several indexes are given in the order in which uv asks them."""
    reading = _Reading(Installer.UV)
    for setting in settings:
        if setting.name in _UV_APART:
            continue
        if setting.name in _UV_PROXIES:
            reading.add_fetch(setting)
            continue
        named = replace(setting, name=_UV_NAMES.get(setting.name, setting.name))
        option = UV_INSTALL.find(f"--{named.name}")
        if option is None:
            reading.unknown(named)
        else:
            reading.add(option, named, _uv_values(option, named))
    return replace(reading.done(), constraints=tuple(constraints))


class _Reading:
    def __init__(self, installer: Installer) -> None:
        self._installer = installer
        self._index: list[list[tuple[Given, str]]] = []
        self._options: dict[Role | str, list[tuple[Given, str]]] = {}
        self._fetch: dict[str, list[FetchSetting]] = {}
        self.problems: list[Problem] = []

    def add(self, option: Option, setting: Setting, values: Sequence[str | None]) -> None:
        """Apply the values of one setting: a later one takes the place of an earlier one of its name.

        (uv's lists of indexes add up; they come in as it adds them.)
        """
        name = option.name.lstrip("-")
        if name in _FETCH or setting.name in _FETCH:
            self._fetch[name] = [
                FetchSetting(name=name, value=value or "", origin=setting.origin) for value in values
            ]
            return
        given = [
            (
                Given(option=option, word=Word(value or "", Location(setting.origin)), value=value),
                setting.origin,
            )
            for value in values
        ]
        if option.role in INDEX_ROLES or option.role is Role.EXCLUDE_NEWER:
            if self._installer is Installer.PIP:
                self._index = [old for old in self._index if old[0][0].option is not option]
            self._index += [given] if given else []
        elif option.role is not Role.HARMLESS:
            key = name if option.role is Role.UNMODELLED else option.role
            self._options[key] = given

    def add_fetch(self, setting: Setting) -> None:
        """A setting that is about fetching alone; several values are separated by commas."""
        value = setting.value if isinstance(setting.value, tuple) else (setting.value,)
        text = ",".join(part for part in value if isinstance(part, str))
        self._fetch[setting.name] = [FetchSetting(name=setting.name, value=text, origin=setting.origin)]

    def unknown(self, setting: Setting) -> None:
        """A name that no table has: named, since it may matter."""
        if setting.value in (False, "", ()):
            return
        option = Option(names=(f"--{setting.name}",), role=Role.UNMODELLED, why="not known to depguard")
        given = Given(option=option, word=Word("", Location(setting.origin)))
        self._options[setting.name] = [(given, setting.origin)]

    def done(self) -> InstallerConfig:
        draft = RequestDraft(self._installer, tolerant=False)
        for entries in self._index:
            for given, origin in entries:
                draft.set_option(given, origin)
        problems = [*self.problems, *draft.problems]
        if problems:
            raise InputError(*problems)
        # A span of time as a cut-off, say: what could not be taken is unmodelled, by name.
        for text in draft.unmodelled:
            self._options[text] = [(_named(text), "the configuration")]
        return InstallerConfig(
            installer=self._installer,
            index=draft.index,
            options=tuple(entry for entries in self._options.values() for entry in entries),
            fetch=tuple(entry for entries in self._fetch.values() for entry in entries),
        )


def _named(text: str) -> Given:
    option = Option(names=(text,), role=Role.UNMODELLED, why="it cannot be taken over")
    return Given(option=option, word=Word(text))


def _pip_values(option: Option, setting: Setting, reading: _Reading) -> list[str | None]:
    """The option's values: none for a flag that is off; lists are separated by blanks or lines."""
    text = setting.value if isinstance(setting.value, str) else ""
    if option.takes_value:
        lists = {"--extra-index-url", "--find-links", "--constraint", "--requirement", "--editable"}
        lists |= {
            "--trusted-host",
            "--use-feature",
            "--use-deprecated",
            "--build-constraint",
            "--platform",
            "--abi",
        }
        return [*text.split()] if option.name in lists else [text]
    truth = text.strip().lower()
    if truth in _FALSE or (truth.isdigit() and option.name in ("--quiet", "--verbose")):
        return []
    if truth not in _TRUE:
        reading.problems.append(
            Problem(
                code="pip-config.boolean",
                message=f"{setting.name} is {text!r}",
                location=Location(setting.origin),
                allowed="yes or no, true or false, on or off, 1 or 0",
            )
        )
    return [None]


def _uv_values(option: Option, setting: Setting) -> list[str | None]:
    value = setting.value
    if not option.takes_value:
        on = value if isinstance(value, bool) else str(value).strip().lower() in _TRUE
        return [None] if on else []
    if isinstance(value, bool):  # "no-binary = true" at the top level means all
        return [":all:"] if value else []
    return [value] if isinstance(value, str) else list(value)
