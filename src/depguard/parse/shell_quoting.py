"""One word of shell text: its quotes removed, and a doubt where the shell would put something else."""

from __future__ import annotations

import re
from functools import lru_cache

ENDS_WORD = " \t\r\n;|&()<>"
"""What ends an unquoted word."""

_VARIABLE = re.compile(r"\$(?:[A-Za-z_]\w*|\{[^}\n]{0,200}\}|[0-9@*#?$!-])")

_BRACES = re.compile(r"[{}\n]")


def read_word(text: str, at: int, *, magic: bool) -> tuple[str, str | None, int]:
    """The word that begins at ``at``, the first doubt about it, and where it ends.

    Nothing is expanded: variables, substitutions and patterns stay as they are, with a doubt. With
    ``magic``, IPython replaces ``{expression}``, in quotes, too.
    """
    return _Word(text, at, magic=magic).read()


class _Word:
    """Reads one word: quotes, escapes, expansions."""

    def __init__(self, text: str, at: int, *, magic: bool) -> None:
        self._text = text
        self._at = at
        self._magic = magic
        self._parts: list[str] = []
        self._doubt: str | None = None
        self._pattern = False

    def read(self) -> tuple[str, str | None, int]:
        while self._at < len(self._text) and self._text[self._at] not in ENDS_WORD:
            self._piece()
        word = "".join(self._parts)
        if self._pattern and self._doubt is None and not re.search(r"[=!]=|://", word):
            self._doubt = "the shell replaces the pattern by the files that fit it"
        return word, self._doubt, self._at

    def _piece(self) -> None:
        character = self._text[self._at]
        if character == "'":
            self._quoted_single()
        elif character == '"':
            self._quoted_double()
        elif character == "\\":
            self._escaped()
        elif not self._expansion():
            self._pattern = self._pattern or character in "*?"
            self._take(1)

    def _take(self, count: int) -> None:
        self._parts.append(self._text[self._at : self._at + count])
        self._at += count

    def _escaped(self) -> None:
        following = self._text[self._at + 1 : self._at + 2]
        if following != "\n":  # an escaped newline joins two lines and vanishes
            self._parts.append(following)
        self._at += 2

    def _quoted_single(self) -> None:
        end = self._text.find("'", self._at + 1)
        if end < 0:
            self._open_quote()
            return
        self._at += 1
        while self._at < end:
            if not (self._magic and self._braces()):
                self._take(1)
        self._at = end + 1

    def _quoted_double(self) -> None:
        self._at += 1
        while self._at < len(self._text) and self._text[self._at] != '"':
            if self._text[self._at] == "\\" and self._text[self._at + 1 : self._at + 2] in (
                '"',
                "\\",
                "$",
                "`",
                "\n",
            ):
                self._escaped()
            elif not self._expansion():
                self._take(1)
        if self._at >= len(self._text):
            self._doubt = self._doubt or "a quote is not closed"
        self._at += 1

    def _open_quote(self) -> None:
        self._doubt = self._doubt or "a quote is not closed"
        self._parts.append(self._text[self._at + 1 :])
        self._at = len(self._text)

    def _expansion(self) -> bool:
        text, at = self._text, self._at
        if text.startswith("$(", at) or text[at] == "`":
            end = _closing(text, at)
            self._doubtful(end - at, f"{text[at:end]} is the output of another command")
        elif match := _VARIABLE.match(text, at):
            self._doubtful(match.end() - at, f"the value of {match.group()} is not known")
        elif text[at] == "{":
            return self._braces()
        else:
            return False
        return True

    def _braces(self) -> bool:
        """``{expression}`` of IPython, ``{a,b}`` of bash; ``{{`` is IPython's plain brace."""
        text, at = self._text, self._at
        if text[at] != "{":
            return False
        if self._magic and text.startswith("{{", at):
            self._parts.append("{")
            self._at += 2
            return True
        end = _brace_pairs(text).get(at, -1)
        inside = text[at + 1 : end]
        if end < 0 or not inside.strip():
            return False
        if self._magic:
            self._doubtful(end + 1 - at, f"the value of {{{inside}}} is not known")
        elif "," in inside or ".." in inside:
            self._doubtful(end + 1 - at, f"bash replaces {{{inside}}} by several words")
        else:
            return False
        return True

    def _doubtful(self, count: int, doubt: str) -> None:
        self._doubt = self._doubt or doubt
        self._take(count)


@lru_cache(maxsize=2)
def _brace_pairs(text: str) -> dict[int, int]:
    """Where each opening brace is closed on its line; found in one pass, however many are left open."""
    pairs: dict[int, int] = {}
    open_at: list[int] = []
    for match in _BRACES.finditer(text):
        match match.group():
            case "{":
                open_at.append(match.start())
            case "}" if open_at:
                pairs[open_at.pop()] = match.start()
            case "\n":
                open_at.clear()
            case _:
                pass
    return pairs


def _closing(text: str, at: int) -> int:
    """The end of the ``$(…)`` or backtick substitution that begins at ``at``."""
    if text[at] == "`":
        end = text.find("`", at + 1)
        return len(text) if end < 0 else end + 1
    depth = 0
    for place in range(at + 1, len(text)):
        depth += {"(": 1, ")": -1}.get(text[place], 0)
        if depth == 0:
            return place + 1
    return len(text)
