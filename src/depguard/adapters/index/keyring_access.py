"""The ``keyring`` package where it is installed, else its command: only after an index has refused."""

from __future__ import annotations

import importlib
import shutil
import subprocess
from collections.abc import Callable

from depguard.adapters.index.addresses import Basic

Ask = Callable[[str, str | None], Basic | None]
_COMMAND_SECONDS = 60


def find_keyring(note: Callable[[str], None]) -> Ask | None:
    """A function of service and user name (or None), or None where this machine has no keyring."""
    return _by_import(note) or _by_command(note)


def _by_import(note: Callable[[str], None]) -> Ask | None:
    try:
        keyring = importlib.import_module("keyring")  # optional, and slow to import
    except ImportError:
        return None

    def ask(service: str, user: str | None) -> Basic | None:
        try:
            found = keyring.get_credential(service, user)
        except Exception as error:  # noqa: BLE001 - a back end may raise anything, none of it is ours to fix
            note(f"the keyring cannot be used: {type(error).__name__}")
            return None
        if found is None or found.password is None:
            return None
        return Basic(found.username or user or "", found.password)

    return ask


def _by_command(note: Callable[[str], None]) -> Ask | None:
    command = shutil.which("keyring")
    if command is None:
        return None

    def ask(service: str, user: str | None) -> Basic | None:
        if user is None:  # ``keyring get`` cannot be asked without one
            return None
        try:
            done = subprocess.run(  # noqa: S603 - the user's own keyring, no shell, arguments given one by one
                [command, "get", service, user],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=_COMMAND_SECONDS,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            note(f"the keyring command cannot be used: {type(error).__name__}")
            return None
        password = done.stdout.decode(errors="replace").rstrip("\r\n")
        return Basic(user, password) if done.returncode == 0 and password else None

    return ask
