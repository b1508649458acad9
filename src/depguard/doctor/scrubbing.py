"""What nobody else should read, taken out of a report: credentials, tokens, and whose home it was."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from depguard.parse.requirement_item import without_secrets

_REMOVED = "<removed>"
_TOKENS = re.compile(
    r"\b(?:gh[pousr]_\w{20,}|github_pat_\w{20,}|glpat-[\w-]{16,}|hf_\w{16,}|sk-[\w-]{16,}|xox[abprs]-[\w-]{10,}"
    r"|npm_\w{20,}|pypi-[\w-]{16,}|AKIA[0-9A-Z]{16}|ya29\.[\w-]{20,}|eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*)"
)
_NAMED = re.compile(
    r"(?i)\b([\w.-]*(?:token|secret|passw(?:or)?d|api[_-]?key|credential)[\w.-]*)(\s*[=:]\s*)(?!<removed>)"
    r"(\"[^\"]*\"|'[^']*'|[^\s&,;\"']+)"
)
_BEARER = re.compile(r"(?i)\b(bearer|basic)\s+[\w+/.=-]{8,}")
_HOMES = re.compile(r"(/home/|/Users/|\\Users\\)[^/\\\s\"']+")


def scrubber(home: str, user: str) -> Callable[[Any], Any]:
    """A function over JSON values: every string in them scrubbed, keys and numbers as they are.

    ``home`` and ``user`` are those of whoever runs it: their folder becomes ``~``; other people's homes
    lose the name as well. Hashes stay.
    """
    own = re.compile(re.escape(home.rstrip("/\\")) + r"(?![\w.-])") if len(home.rstrip("/\\")) > 1 else None
    # A short or common name would take half of every path with it.
    name = re.compile(rf"(?<![\w.-]){re.escape(user)}(?![\w.-])") if len(user) > 3 else None

    def text(value: str) -> str:
        value = _TOKENS.sub(_REMOVED, without_secrets(value))
        value = _NAMED.sub(lambda found: f"{found[1]}{found[2]}{_REMOVED}", value)
        value = _BEARER.sub(lambda found: f"{found[1]} {_REMOVED}", value)
        value = own.sub("~", value) if own is not None else value
        value = _HOMES.sub(lambda found: f"{found[1]}<user>", value)
        return name.sub("<user>", value) if name is not None else value

    def scrub(value: Any) -> Any:
        if isinstance(value, str):
            return text(value)
        if isinstance(value, list):
            return [scrub(part) for part in value]
        if isinstance(value, dict):
            return {key: scrub(part) for key, part in value.items()}
        return value

    return scrub
