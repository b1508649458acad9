"""What the user's own pip is configured with: its files and variables, in their order; the way to uv's.

Global, user and site files, PIP_CONFIG_FILE, then PIP_* variables; sections [global] and [install]. Nothing
here asks the installers themselves. https://pip.pypa.io/en/stable/topics/configuration/
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from depguard.adapters.machine import Machine, live_machine, shown, text_if_any
from depguard.adapters.witness import exists, is_folder
from depguard.errors import InputError, Problem
from depguard.model.location import Location
from depguard.model.policy import Installer
from depguard.model.request import IndexOptions
from depguard.parse.configuration import InstallerConfig, Setting

_PIP_IGNORED = frozenset({"version", "help", "config-file"})


def read_installer_config(installer: Installer, machine: Machine | None = None) -> InstallerConfig:
    """The configuration of pip or uv. Raises InputError with the place of what the installer would refuse."""
    here = machine if machine is not None else live_machine()
    if installer is Installer.PIP:
        return read_pip_config(here)
    from depguard.adapters.uv_config import read_uv_config

    return read_uv_config(here)


def read_pip_config(machine: Machine) -> InstallerConfig:
    """Section [install] wins over [global], a later file over an earlier one, variables over both.

    Raises InputError for what pip would refuse.
    """
    by_section: dict[str, dict[str, Setting]] = {"global": {}, "install": {}, ":env:": {}}
    for path in _pip_files(machine):
        for section, name, value in _ini(path, machine):
            if section in by_section:
                origin = f"{shown(path, machine)} [{section}] {name}"
                by_section[section][name] = Setting(name=name, value=value, origin=origin)
    for variable, value in sorted(machine.environ.items()):
        name = _pip_name(variable.removeprefix("PIP_"))
        if variable.startswith("PIP_") and name not in _PIP_IGNORED:
            by_section[":env:"][name] = Setting(name=name, value=value, origin=variable)
    settings = [s for section in by_section.values() for s in section.values()]
    if not settings:
        return InstallerConfig(installer=Installer.PIP, index=IndexOptions())
    from depguard.parse.installer_settings import pip_config

    return pip_config(settings)


def _pip_name(name: str) -> str:
    return name.lower().replace("_", "-").removeprefix("--")


def _pip_files(machine: Machine) -> list[Path]:
    """The files in the order in which later ones win; those that are not there included."""
    own = machine.environ.get("PIP_CONFIG_FILE")
    if own == os.devnull:
        return []
    environ, home, name = machine.environ, machine.home, "pip.conf"
    if machine.platform == "win32":
        name = "pip.ini"
        shared = [Path(environ.get("PROGRAMDATA", r"C:\ProgramData")) / "pip"]
        legacy = home / "pip"
        user = Path(environ.get("APPDATA", home / "AppData" / "Roaming")) / "pip"
    elif machine.platform == "darwin":
        shared = [Path("/Library/Application Support/pip")]
        support = home / "Library" / "Application Support" / "pip"
        legacy, user = home / ".pip", support if is_folder(support) else home / ".config" / "pip"
    else:
        places = environ.get("XDG_CONFIG_DIRS", "").strip() or str(machine.etc / "xdg")
        shared = [Path(place) / "pip" for place in places.split(":")] + [machine.etc]
        legacy = home / ".pip"
        user = Path(environ.get("XDG_CONFIG_HOME", "").strip() or home / ".config") / "pip"
    files = [place / name for place in shared]
    if not own or not exists(own):
        files += [legacy / name, user / name]
    files.append(machine.prefix / name)
    return [*files, Path(own)] if own else files


def _ini(path: Path, machine: Machine) -> Iterator[tuple[str, str, str]]:
    text = text_if_any(path)
    if text is None:
        return
    import configparser

    parser = configparser.RawConfigParser()
    try:
        parser.read_string(text, source=shown(path, machine))
    except configparser.Error as error:
        line = getattr(error, "lineno", None)
        raise InputError(
            Problem(
                code="pip-config.syntax",
                message=f"pip cannot read its configuration: {str(error).partition(chr(10))[0]}",
                location=Location(shown(path, machine), line, 1 if line else None),
                hint="pip config debug",
            )
        ) from None
    for section in parser.sections():
        for name, value in parser.items(section):
            yield section, _pip_name(name), value or ""
