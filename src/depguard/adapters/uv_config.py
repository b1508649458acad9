"""What the user's own uv is configured with: system, user and project files, then UV_* variables.

https://docs.astral.sh/uv/concepts/configuration-files/
https://docs.astral.sh/uv/reference/environment/
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from depguard.adapters.files import read_text
from depguard.adapters.machine import Machine, shown, text_if_any
from depguard.errors import InputError, Problem
from depguard.model.location import Location
from depguard.parse.configuration import InstallerConfig, Setting, Value
from depguard.parse.installer_settings import uv_config
from depguard.records import replace

Layer = tuple[Mapping[str, Any], str]
"""A table of settings and its label."""

_TRUE = frozenset({"1", "true", "t", "yes", "y", "on"})


def read_uv_config(machine: Machine) -> InstallerConfig:
    """A project's file wins over the user's, that over the system's; lists add up; variables win.

    Raises InputError for a file that uv cannot read.
    """
    layers = list(_layers(machine))
    variables = list(_variables(machine.environ))
    # What is looked at first comes first among several indexes; of single values the last one counts.
    first = [s for s in variables if s.name in _UV_INDEX_KEYS and isinstance(s.value, tuple)]
    settings = [*_plain_settings(layers), *first, *_indexes(layers)]
    settings += [s for s in variables if s not in first]
    constraints = [
        (text, f"{label} constraint-dependencies")
        for table, label in layers
        for text in _strings(table.get("constraint-dependencies"))
    ]
    return uv_config(settings, constraints)


def _layers(machine: Machine) -> Iterator[Layer]:
    """The tables that count, the strongest first, each with its label."""
    environ = machine.environ
    if _on(environ, "UV_NO_CONFIG") or _on(environ, "UV_ISOLATED"):
        return
    own = environ.get("UV_CONFIG_FILE")
    if own:
        yield from _toml(Path(own), machine, required=True)
        return
    for folder in (machine.cwd, *machine.cwd.parents):
        found = list(_toml(folder / "uv.toml", machine)) or list(_tool_uv(folder / "pyproject.toml", machine))
        if found:
            yield from found
            break
    if machine.platform == "win32":
        user = Path(environ.get("APPDATA", machine.home / "AppData" / "Roaming")) / "uv" / "uv.toml"
        system = [Path(environ.get("PROGRAMDATA", r"C:\ProgramData")) / "uv" / "uv.toml"]
    else:
        base = environ.get("XDG_CONFIG_HOME", "").strip() or machine.home / ".config"
        user = Path(base) / "uv" / "uv.toml"
        places = environ.get("XDG_CONFIG_DIRS", "").strip() or str(machine.etc / "xdg")
        system = [Path(p) / "uv" / "uv.toml" for p in places.split(":")] + [machine.etc / "uv" / "uv.toml"]
    yield from _toml(user, machine)
    yield from next((found for path in system if (found := list(_toml(path, machine)))), [])


def _toml(path: Path, machine: Machine, *, required: bool = False) -> Iterator[Layer]:
    text = read_text(path) if required else text_if_any(path)
    if text is None:
        return
    try:
        yield tomllib.loads(text), shown(path, machine)
    except tomllib.TOMLDecodeError as error:
        place = re.search(r"at line (\d+), column (\d+)", str(error))
        line, column = (int(place.group(1)), int(place.group(2))) if place else (None, None)
        raise InputError(
            Problem(
                code="uv-config.syntax",
                message=f"uv cannot read its configuration: {error}",
                location=Location(shown(path, machine), line, column),
            )
        ) from None


def _tool_uv(path: Path, machine: Machine) -> Iterator[Layer]:
    for table, label in _toml(path, machine):
        tool = table.get("tool")
        own = tool.get("uv") if isinstance(tool, dict) else None
        if isinstance(own, dict):
            yield own, f"{label} [tool.uv]"


_UV_INDEX_KEYS = frozenset({"index", "index-url", "extra-index-url", "find-links", "no-index"})


def _plain_settings(layers: Sequence[Layer]) -> Iterator[Setting]:
    """Everything but indexes, the weakest first; [pip] wins over the table around it."""
    for table, label in reversed(layers):
        yield from _plain(table, label)
        pip = table.get("pip")
        if isinstance(pip, dict):
            yield from _plain(pip, f"{label} [pip]")


def _plain(table: Mapping[str, Any], label: str) -> Iterator[Setting]:
    for key, value in table.items():
        if key in _UV_INDEX_KEYS or key == "pip":
            continue
        plain: Value = value if isinstance(value, str | bool) else str(value)
        if isinstance(value, list):
            plain = tuple(_strings(value)) or bool(value)
        yield Setting(name=key, value=plain, origin=f"{label} {key}")


def _tables(layers: Sequence[Layer]) -> list[Layer]:
    """Every table with its [pip] before it: the strongest first."""
    tables: list[Layer] = []
    for table, label in layers:
        pip = table.get("pip")
        if isinstance(pip, dict):
            tables.append((pip, f"{label} [pip]"))
        tables.append((table, label))
    return tables


def _named_indexes(tables: Sequence[Layer]) -> Iterator[tuple[Setting, bool]]:
    """The [[index]] entries, and whether each is the default one."""
    for table, label in tables:
        entries = table.get("index")
        for entry in entries if isinstance(entries, list) else []:
            url = entry.get("url") if isinstance(entry, dict) else None
            if not isinstance(url, str) or entry.get("explicit"):
                continue  # an explicit index serves only packages that name it
            origin = f"{label} [[index]] {entry.get('name', '')}".strip()
            yield Setting(name="extra-index-url", value=url, origin=origin), bool(entry.get("default"))


def _indexes(layers: Sequence[Layer]) -> Iterator[Setting]:
    """Index settings as uv ranks them: named indexes, then extra ones; the strongest main index counts."""
    tables = _tables(layers)
    named = list(_named_indexes(tables))
    yield from (setting for setting, default in named if not default)
    main = [replace(setting, name="index-url") for setting, default in named if default]
    for table, label in tables:
        for name in ("extra-index-url", "find-links"):
            values = tuple(_strings(table.get(name)))
            if values:
                yield Setting(name=name, value=values, origin=f"{label} {name}")
        url = table.get("index-url")
        if isinstance(url, str):
            main.append(Setting(name="index-url", value=url, origin=f"{label} index-url"))
        if table.get("no-index") is True:
            yield Setting(name="no-index", value=True, origin=f"{label} no-index")
    yield from main[:1]


# Variables of uv: the option that each stands for, and what separates several values.
_UV_VARIABLES: dict[str, tuple[str, str | None]] = {
    "UV_INDEX": ("extra-index-url", " "),
    "UV_EXTRA_INDEX_URL": ("extra-index-url", " "),
    "UV_FIND_LINKS": ("find-links", ","),
    "UV_INDEX_URL": ("index-url", None),
    "UV_DEFAULT_INDEX": ("default-index", None),
    "UV_NO_INDEX": ("no-index", None),
    "UV_OFFLINE": ("offline", None),
    "UV_EXCLUDE_NEWER": ("exclude-newer", None),
    "UV_CONSTRAINT": ("constraint", " "),
    "UV_OVERRIDE": ("override", " "),
    "UV_EXCLUDE": ("exclude", " "),
    "UV_PRERELEASE": ("prerelease", None),
    "UV_RESOLUTION": ("resolution", None),
    "UV_INDEX_STRATEGY": ("index-strategy", None),
    "UV_REQUIRE_HASHES": ("require-hashes", None),
    "UV_NO_BUILD": ("no-build", None),
    "UV_NO_BUILD_PACKAGE": ("only-binary", " "),
    "UV_NO_BINARY": ("no-binary", None),
    "UV_NO_BINARY_PACKAGE": ("no-binary", " "),
    "UV_TORCH_BACKEND": ("torch-backend", None),
    "UV_PYTHON": ("python", None),
    "UV_PYTHON_PLATFORM": ("python-platform", None),
    "UV_INSECURE_HOST": ("trusted-host", " "),
    "UV_KEYRING_PROVIDER": ("keyring-provider", None),
    "UV_PROJECT": ("project", None),
    "UV_WORKING_DIR": ("directory", None),
}


def _variables(environ: Mapping[str, str]) -> Iterator[Setting]:
    """Variables, the weakest of a pair first (UV_DEFAULT_INDEX wins over UV_INDEX_URL)."""
    for variable, (name, separator) in _UV_VARIABLES.items():
        text = environ.get(variable, "").strip()
        if not text:
            continue
        value: Value = text
        if separator is not None:
            value = tuple(part.strip() for part in text.split(separator) if part.strip())
        elif variable == "UV_NO_BINARY":
            value = text.lower() in _TRUE
        yield Setting(name=name, value=value, origin=variable)


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        yield from (part for part in value if isinstance(part, str))


def _on(environ: Mapping[str, str], variable: str) -> bool:
    return environ.get(variable, "").strip().lower() in _TRUE
