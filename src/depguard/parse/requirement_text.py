"""The text of a requirements file before its meaning: encoding, continuations, comments, positions."""

from __future__ import annotations

import codecs
import re
import shlex
from bisect import bisect_right
from collections.abc import Iterator
from itertools import takewhile

from depguard.errors import InputError, Problem
from depguard.model.location import Location
from depguard.parse.shell_words import Word
from depguard.records import dataclass

# The look-behind keeps a long run of blanks from being tried again from each of them.
_COMMENT = re.compile(r"(^|(?<!\s)\s+)#.*$")
_ENCODING = re.compile(rb"coding[:=]\s*([-\w.]+)")
# Names of hosts and notations of literals: no text file has them, and reading them takes long.
_NO_FILE = frozenset(
    {"idna", "punycode", "unicode-escape", "raw-unicode-escape", "undefined", "unicode_escape"}
)
# UTF-32 before UTF-16: the little-endian mark of the one begins with that of the other.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
)


def decode_requirements(data: bytes, label: str) -> str:
    """The text of a file's bytes: by its byte order mark, by a PEP 263 comment, else UTF-8.

    Raises InputError with the line that is not.
    """
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return _decode(data[len(mark) :], encoding, label)
    for line in data.split(b"\n", 2)[:2]:
        declared = _ENCODING.search(line) if line.startswith(b"#") else None
        if declared is not None:
            return _decode(data, declared.group(1).decode("ascii", "replace"), label)
    return _decode(data, "utf-8", label)


def _decode(data: bytes, encoding: str, label: str) -> str:
    try:
        # A codec that no text file has is one that is not known.
        known = encoding if codecs.lookup(encoding).name not in _NO_FILE else ""
        return data.decode(known)
    except LookupError:
        what, line = f"unknown encoding {encoding!r}", 1
    except UnicodeDecodeError as error:
        what, line = f"not {encoding}: {error.reason}", data.count(b"\n", 0, error.start) + 1
    except UnicodeError as error:
        what, line = f"not {encoding}: {error}", 1
    raise InputError(
        Problem(
            code="requirements.encoding",
            message=what,
            location=Location(label, line, 1),
            hint="save it as UTF-8, or say '# -*- coding: NAME -*-' in the first line",
        )
    )


@dataclass(frozen=True, slots=True)
class LogicalLine:
    """A line with its continuations joined and its comment gone; ``at`` knows where a character stood."""

    text: str
    file: str
    starts: tuple[int, ...]
    places: tuple[tuple[int, int], ...]

    def at(self, offset: int) -> Location:
        """The place of the character at ``offset`` of ``text``."""
        part = bisect_right(self.starts, offset) - 1
        line, column = self.places[max(part, 0)]
        return Location(self.file, line, column + offset - self.starts[max(part, 0)])


def logical_lines(text: str, file: str) -> Iterator[LogicalLine]:
    """The lines that say something. A backslash continues, a comment ends the continuation."""
    parts: list[tuple[str, int, int]] = []
    for number, line in enumerate(text.splitlines(), start=1):
        comment = _COMMENT.match(line) is not None
        goes_on = line.endswith("\\") and not comment
        cut = line.strip("\\") if goes_on else line
        lead = len(line) - len(line.lstrip("\\")) if goes_on else 0
        # A comment after a continuation begins a word, whatever the line before ended with.
        parts.append((f" {cut}" if comment else cut, number, lead if comment else lead + 1))
        if not goes_on:
            yield from _joined(parts, file)
            parts = []
    yield from _joined(parts, file)


def _joined(parts: list[tuple[str, int, int]], file: str) -> Iterator[LogicalLine]:
    whole = "".join(part for part, _, _ in parts)
    bare = _COMMENT.sub("", whole)
    text = bare.strip()
    if not text:
        return
    lead = len(bare) - len(bare.lstrip())
    starts: list[int] = []
    places: list[tuple[int, int]] = []
    at = -lead
    for part, number, column in parts:
        starts.append(at)
        places.append((number, column))
        at += len(part)
    yield LogicalLine(text, file, tuple(starts), tuple(places))


def options_start(text: str) -> int:
    """Where the options begin: the first blank-separated token with a leading ``-``."""
    requirement = list(takewhile(lambda token: not token.startswith("-"), text.split(" ")))
    return min(sum(len(token) + 1 for token in requirement), len(text))


def option_words(text: str, line: LogicalLine, start: int) -> list[Word] | None:
    """Split like a POSIX shell; None when quotes do not balance."""
    try:
        tokens = shlex.split(text)
    except ValueError:
        return None
    words = []
    at = 0
    for token in tokens:
        # Quotes are gone from the token: look for what it starts with.
        found = text.find(token.partition(" ")[0][:12], at)
        at = found if found >= 0 else at
        words.append(Word(token, line.at(start + at)))
        at += 1
    return words
