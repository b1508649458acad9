"""Every parser that reads what somebody else wrote, as text in and nothing out.

What a parser says is wrong (``InputError``, ``BadPageError``, ``ValueError`` of a direct reference) is an
answer; anything else that it raises is a crash.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Mapping

from packaging.utils import canonicalize_name
from packaging.version import Version

from depguard.errors import InputError, Problem
from depguard.model.release import ArtifactKind
from depguard.parse.core_metadata import distil, read_core_metadata
from depguard.parse.cutoff import parse_cutoff
from depguard.parse.direct_reference import parse_direct_reference
from depguard.parse.dockerfile import docker_runs
from depguard.parse.filenames import read_filename
from depguard.parse.freeze import parse_freeze
from depguard.parse.globs import selection
from depguard.parse.host_file import parse_host_file
from depguard.parse.host_metadata import parse_metadata
from depguard.parse.install_cells import (
    commands_in_cell,
    commands_in_notebook,
    commands_in_shell,
    notebook_cells,
)
from depguard.parse.install_command import find_install_command, parse_install_command
from depguard.parse.lock_file import parse_lock
from depguard.parse.notebook_lines import file_line
from depguard.parse.pip_inspect import parse_inspect
from depguard.parse.platform_tags import parse_platform
from depguard.parse.policy import parse_policy
from depguard.parse.pyproject import read_pyproject
from depguard.parse.requirement_item import read_item, without_secrets
from depguard.parse.requirement_lines import read_requirements
from depguard.parse.requirement_text import decode_requirements
from depguard.parse.shell_words import shell_commands, with_redirects
from depguard.parse.simple_api import BadPageError, artifacts_of, read_page

LABEL = "<input>"
URL = "https://example.org/simple/lab/"


def refused(run: Callable[[], object]) -> tuple[str, ...]:
    """The codes of what a parser says is wrong with its input; empty when nothing is."""
    try:
        run()
    except InputError as error:
        return tuple(problem.code for problem in error.problems)
    except BadPageError as error:
        return (str(error),)
    return ()


def unread(reference: str, _including: str | None) -> str:
    """A reader of nothing."""
    raise InputError(Problem(code="unread", message=f"{reference} is not read"))


def _page(content_type: str) -> Callable[[str], object]:
    def run(text: str) -> object:
        listing = read_page(text.encode("utf-8", "surrogatepass"), content_type=content_type, url=URL)
        return artifacts_of(
            listing.files, project=canonicalize_name("lab"), index="https://example.org/simple"
        )

    return run


def _metadata(text: str) -> object:
    for kind in ArtifactKind:
        read_core_metadata(text, name=canonicalize_name("lab"), version=Version("1"), kind=kind)
    return read_core_metadata(distil(text), name=canonicalize_name("lab"), version=Version("1"))


def _requirements(text: str) -> object:
    def read(reference: str, including: str | None) -> str:
        return text if including is None else unread(reference, including)

    read_requirements("r.txt", read=read, tolerant=True)
    return read_requirements("r.txt", read=read)


def _item(text: str) -> object:
    without_secrets(text)
    found = read_item(text)
    if isinstance(found, Problem):
        raise InputError(found)
    return found


def _shell(text: str) -> object:
    for magic in (False, True):
        for command in shell_commands(text, file=LABEL, magic=magic):
            with_redirects(command)
    return commands_in_shell(text, LABEL)


def _command(text: str) -> object:
    words = text.split()
    find_install_command(words)
    return parse_install_command(words)


def _notebook(text: str) -> object:
    cells = [{"cell_type": "code", "source": text, "metadata": {}, "outputs": []}]
    return commands_in_notebook(json.dumps({"nbformat": 4, "cells": cells}), "lab.ipynb")


def _glob(text: str) -> object:
    wanted = selection(text.split("\n"))
    return wanted("notebooks/a/b/lab.ipynb"), wanted("a" * 200), wanted(text)


def _place(text: str) -> object:
    """What `notebook_cells` takes is looked into; all else never gets there."""
    return [file_line(text, cell.number, 1) for cell in notebook_cells(text, "lab.ipynb")]


def _filename(text: str) -> object:
    read_filename(text)
    return read_filename(text, canonicalize_name("lab"))


def _or_value_error(read: Callable[[str], object]) -> Callable[[str], object]:
    """Two readers of single values say so in their contract."""

    def run(text: str) -> object:
        with contextlib.suppress(ValueError):
            return read(text)
        return None

    return run


PARSERS: Mapping[str, Callable[[str], object]] = {
    "policy": lambda text: parse_policy(text, LABEL),
    "host file": lambda text: parse_host_file(text, LABEL),
    "freeze": lambda text: parse_freeze(text, LABEL),
    "pip inspect": lambda text: parse_inspect(text, LABEL),
    "host metadata": lambda text: parse_metadata(text, LABEL),
    "lock file": lambda text: parse_lock(text, LABEL),
    "simple HTML": _page("text/html"),
    "simple JSON": _page("application/vnd.pypi.simple.v1+json"),
    "core metadata": _metadata,
    "requirement lines": _requirements,
    "requirement": _item,
    "shell": _shell,
    "notebook cell": lambda text: commands_in_cell(text, LABEL, cell=1),
    "notebook": _notebook,
    "notebook file": lambda text: commands_in_notebook(text, "lab.ipynb"),
    "command": _command,
    "pyproject": lambda text: read_pyproject(text, LABEL),
    "Dockerfile": docker_runs,
    "glob": _glob,
    "place in a notebook": _place,
    "file name": _filename,
    "direct reference": parse_direct_reference,
    "platform": _or_value_error(parse_platform),
    "cut-off": _or_value_error(parse_cutoff),
    "encoding": lambda text: decode_requirements(text.encode("utf-8", "surrogatepass"), LABEL),
}
"""By name, what reads a text; `tests/hostile/pieces.json` has what attacks on each are made of."""
