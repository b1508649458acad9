"""What is no YAML at all: a place and a remedy for characters and syntax that cannot be read."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from depguard.errors import InputError, Problem
from depguard.model.location import Location

if TYPE_CHECKING:
    from yaml.error import MarkedYAMLError

# The characters that YAML 1.1 (section 5.1) forbids in a stream.
_UNPRINTABLE = "[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]"
_SPACES = str.maketrans("\t\n\r", "   ")


def refuse_unprintable(text: str, label: str) -> None:
    """Raise InputError for the first character that no YAML text may have."""
    if text.isascii() and text.translate(_SPACES).isprintable():
        return  # nearly always: the pattern takes as long to be compiled as a policy to be read
    found = re.search(_UNPRINTABLE, text)
    if found is None:
        return
    before = text[: found.start()]
    raise InputError(
        Problem(
            code="yaml.character",
            message=f"the character U+{ord(found.group()):04X} is not allowed in YAML",
            location=Location(label, before.count("\n") + 1, len(before) - before.rfind("\n")),
            hint="save the file as UTF-8 text" if ord(found.group()) in {0, 0xFFFE, 0xFFFF} else "remove it",
        )
    )


def syntax_problem(error: MarkedYAMLError, text: str, label: str) -> Problem:
    """PyYAML's own words, with a position and, for the usual traps, what to do."""
    mark = error.problem_mark or error.context_mark
    location, before = Location(label), ""
    if mark is not None:
        location = Location(label, mark.line + 1, mark.column + 1)
        before = "".join(text.splitlines()[mark.line : mark.line + 1])[: mark.column + 1]
    message = error.problem or error.context or "not readable as YAML"
    hint = None
    if "'\\t'" in message or before.lstrip(" ").startswith("\t"):
        message, hint = "a tab in the indentation", "indent with spaces"
    elif "mapping values are not allowed" in message:
        hint = 'quote a text that contains ": "'
    elif "cannot start any token" in message:
        hint = "quote a text that starts with this character"
    elif "alias" in (error.context or ""):
        hint = 'quote a glob: "*"'
    return Problem(code="yaml.syntax", message=f"not valid YAML: {message}", location=location, hint=hint)
