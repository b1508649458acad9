"""The files that ``-r`` and ``-c`` name, from the disk or, where that is allowed, from the web."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from depguard.adapters.files import read_bytes
from depguard.errors import InputError, OutOfReachError, Problem
from depguard.parse.requirement_item import without_secrets
from depguard.parse.requirement_lines import Reader, resolve_reference
from depguard.parse.requirement_text import decode_requirements


def file_reader(root: Path, fetch: Callable[[str], bytes] | None = None) -> Reader:
    """A port that reads requirements files below ``root`` (relative paths), anywhere else, or from URLs.

    ``fetch`` gets an https or http URL and gives its bytes; without it URLs are out of reach.
    """

    def read(reference: str, including: str | None) -> str:
        label = resolve_reference(reference, including)
        if re.match(r"https?:", label, re.IGNORECASE):
            if fetch is None:
                raise OutOfReachError(
                    Problem(code="requirements.url", message=f"{label} is not read without a network")
                )
            return decode_requirements(_fetched(label, fetch), label)
        path = Path(label.removeprefix("file://")).expanduser()
        return decode_requirements(read_bytes(root / path, label=label), label)

    return read


def _fetched(url: str, fetch: Callable[[str], bytes]) -> bytes:
    try:
        return fetch(url)
    except InputError as error:
        reasons = "; ".join(problem.message for problem in error.problems)
        raise InputError(
            Problem(
                code="requirements.url",
                message=f"{without_secrets(url)} cannot be read: {reasons}",
                allowed="a file, or an https URL without a user and password",
            )
        ) from None
