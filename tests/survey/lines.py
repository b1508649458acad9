"""Files of install lines to values: which of them are plain pip, and why the others are not.

A folder holds ``*.jsonl``; of a line these keys are read:

    {"id": "a-name", "installer": "pip", "flags": ["--quiet"], "requirements": ["captum", "datasets<3"]}

Objects without ``requirements`` are passed over (a folder may hold other things, too).
"""

from __future__ import annotations

import json
import random
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from depguard.errors import InputError
from depguard.model.request import InstallCommand
from depguard.parse.install_command import parse_install_command

BINARY = "--only-binary=:all:"
"""Nothing is built on either side: what a build would require, nobody knows before it."""

QUIET = frozenset({"--quiet", "--no-warn-conflicts", "--no-cache-dir", "--no-color", "-qq"})
"""Flags without a say in what is chosen; they are left out."""

_SHARED = frozenset({"--upgrade", "--no-deps"})
"""Flags that pip and uv both have, with one meaning."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InstallLine:
    """One call of ``pip install``. ``apart`` says why it is not compared; "" for plain ones."""

    name: str
    args: tuple[str, ...]
    apart: str = ""

    @property
    def for_uv(self) -> bool:
        """Whether it says the same to uv."""
        return all(arg in _SHARED or arg == BINARY or not arg.startswith("-") for arg in self.args)

    def command(self, installer: str) -> InstallCommand:
        """As depguard reads it; ``installer`` is pip or uv. Raises InputError."""
        return parse_install_command([*shlex.split(installer), "install", *self.args])


def read_lines(folder: Path) -> list[InstallLine]:
    """All install lines of a folder, by name. Raises ValueError where there is none."""
    found = {line.name: line for path in sorted(folder.glob("*.jsonl")) for line in _of_file(path)}
    if not found:
        raise ValueError(f"no install lines in {folder}: it takes *.jsonl with id, installer, requirements")
    return [found[name] for name in sorted(found)]


def sample(lines: Sequence[InstallLine], size: int, seed: int) -> list[InstallLine]:
    """So many of the plain lines, the same ones for the same seed, whatever stands beside them."""
    plain = [line for line in lines if not line.apart]
    return random.Random(seed).sample(plain, min(size, len(plain)))  # noqa: S311 - no secret


def _of_file(path: Path) -> Iterator[InstallLine]:
    for number, text in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        try:
            fields = json.loads(text)
        except ValueError as error:
            raise ValueError(f"{path.name}:{number}: no JSON: {error}") from None
        if not isinstance(fields, dict) or "requirements" not in fields:
            continue
        flags = [word for flag in fields.get("flags", ()) for word in str(flag).split()]
        args = (BINARY, *(f for f in flags if f not in QUIET), *map(str, fields["requirements"]))
        line = InstallLine(name=str(fields["id"]), args=args)
        why = "installer" if fields.get("installer") != "pip" else _apart(line)
        yield InstallLine(name=line.name, args=line.args, apart=why)


def _apart(line: InstallLine) -> str:
    """Why a line cannot be compared, "" if it can."""
    try:
        command = line.command("pip")
    except InputError:
        return "unreadable"
    if not command.items:
        return "nothing asked for"
    if any(item.url is not None or item.editable for item in command.items):
        return "URL or path"
    if any(item.requirement is None or item.doubt is not None for item in command.items):
        return "unreadable"
    if command.unmodelled or command.user or command.constraints:
        return "option"
    index = command.index
    if index.index_url or index.extra_index_urls or index.find_links or index.no_index:
        return "another index"
    return "" if command.formats.only_binary and not command.formats.no_binary else "option"
