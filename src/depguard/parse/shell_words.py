"""Shell text taken apart into simple commands: words, redirects, and what of it cannot be known.

The part of the POSIX shell grammar that install lines use, with positions. Nothing is expanded: a word
with a variable, a substitution or a pattern in it carries a doubt. In IPython's ``!`` and ``%`` lines
``{expression}`` is replaced as well (``magic``).
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator

from depguard.model.location import Location
from depguard.parse.shell_quoting import ENDS_WORD, read_word
from depguard.records import dataclass, replace


@dataclass(frozen=True, slots=True)
class Word:
    """One word of a command line. ``doubt`` says why its text may not be what the installer is given."""

    text: str
    location: Location | None = None
    doubt: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Redirect:
    """``> target`` and its kin.

    ``after`` is how many words of the command came before it; ``attached``: no blank was between.
    """

    operator: str
    target: str
    after: int
    attached: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ShellCommand:
    """A simple command. ``joined`` is what stands before it: ``&&``, ``||``, ``;``, ``|``, or nothing."""

    words: tuple[Word, ...]
    redirects: tuple[Redirect, ...]
    joined: str
    text: str


_OPERATORS = ("&&", "||", ";;", "|&", ";", "|", "&", "(", ")", "\n")
_REDIRECT = re.compile(r"&>>|&>|>>|>\||>&|<<<|<<-|<<|<&|<>|>|<")
# The look-behind keeps a long run of blanks from being tried again from each of them.
_CONTINUED = re.compile(r"(?<!\s)\s*\\\r?\n\s*")
_BLANK = " \t\r"
_SPECIFIER = re.compile(r"=?\s*v?\d[\w.*+!-]*,?|=")
_HEREDOC_LIMIT = 10_000


def shell_commands(
    text: str,
    *,
    file: str,
    line: int = 1,
    column: int = 1,
    cell: int | None = None,
    magic: bool = False,
) -> tuple[ShellCommand, ...]:
    """All simple commands of ``text`` in order; it begins at ``line`` and ``column`` of ``file``."""
    return tuple(_Lexer(text, _Places(text, file, line, column, cell), magic=magic).run())


class _Places:
    """Offsets of a text to places in the file that it was cut from."""

    def __init__(self, text: str, file: str, line: int, column: int, cell: int | None) -> None:
        self._starts = [0, *(match.end() for match in re.finditer("\n", text))]
        self._file, self._line, self._column, self._cell = file, line, column, cell

    def at(self, offset: int) -> Location:
        row = bisect_right(self._starts, offset) - 1
        lead = self._column if row == 0 else 1
        return Location(self._file, self._line + row, offset - self._starts[row] + lead, self._cell)


class _Lexer:
    def __init__(self, text: str, places: _Places, *, magic: bool) -> None:
        self._text = text
        self._places = places
        self._magic = magic
        self._at = 0
        self._words: list[Word] = []
        self._redirects: list[Redirect] = []
        self._start = 0
        self._end = 0
        self._joined = ""
        self._heredocs: list[str] = []

    def run(self) -> Iterator[ShellCommand]:
        while self._at < len(self._text):
            if self._skipped():
                continue
            operator = next((o for o in _OPERATORS if self._text.startswith(o, self._at)), None)
            if self._redirected():
                continue
            if operator is not None:
                self._at += len(operator)
                yield from self._finished(operator)
                if operator == "\n":
                    self._skip_heredocs()
                continue
            self._word()
        yield from self._finished("")

    def _skipped(self) -> bool:
        """Blanks, continued lines and comments."""
        text, at = self._text, self._at
        if text[at] in _BLANK:
            self._at += 1
        elif text.startswith("\\\n", at):
            self._at += 2
        elif text.startswith("\\\r\n", at):
            self._at += 3
        elif text[at] == "#":
            end = text.find("\n", at)
            self._at = len(text) if end < 0 else end
        else:
            return False
        return True

    def _finished(self, operator: str) -> Iterator[ShellCommand]:
        if self._words:
            text = _CONTINUED.sub(" ", self._text[self._start : self._end]).strip()
            yield ShellCommand(
                words=tuple(self._words),
                redirects=tuple(self._redirects),
                joined=self._joined,
                text=text,
            )
        self._words, self._redirects = [], []
        self._joined = "" if operator == "\n" else operator

    def _redirected(self) -> bool:
        match = _REDIRECT.match(self._text, self._at)
        if match is None or self._text.startswith(("<(", ">("), self._at):
            return False
        attached = bool(self._words) and self._end == match.start()
        self._at = match.end()
        while self._at < len(self._text) and self._text[self._at] in _BLANK:
            self._at += 1
        after = len(self._words)
        if self._at < len(self._text) and self._text[self._at] not in ENDS_WORD:
            start = self._at
            target, _ = self._read_word()
            self._end = self._at
            target = target or self._text[start : self._at]
        else:
            target = ""
        operator = match.group()
        if operator in ("<<", "<<-"):
            self._heredocs.append(target)
        self._redirects.append(Redirect(operator=operator, target=target, after=after, attached=attached))
        return True

    def _skip_heredocs(self) -> None:
        """What follows ``<<END`` up to a line with ``END`` alone is input, no commands."""
        for end in self._heredocs:
            for _ in range(_HEREDOC_LIMIT):
                if self._at >= len(self._text):
                    break
                stop = self._text.find("\n", self._at)
                stop = len(self._text) if stop < 0 else stop
                line = self._text[self._at : stop].strip()
                self._at = stop + 1
                if line == end:
                    break
        self._heredocs = []

    def _word(self) -> None:
        start = self._at
        text, doubt = self._read_word()
        if self._at == start:  # "<(" and the like: no word of an install line
            self._at += 1
            return
        if text.isdigit() and self._text[self._at : self._at + 1] in ("<", ">"):
            return  # "2>&1": the number belongs to the redirect
        if not self._words:
            self._start = start
        self._end = self._at
        self._words.append(Word(text, self._places.at(start), doubt))

    def _read_word(self) -> tuple[str, str | None]:
        """The word at hand with its quotes removed, and the first doubt about it."""
        text, doubt, self._at = read_word(self._text, self._at, magic=self._magic)
        return text, doubt


def with_redirects(command: ShellCommand) -> tuple[tuple[Word, ...], tuple[str, ...]]:
    """The words with what the shell makes of unquoted ``>=1.4`` and ``<2``, and notes about it.

    ``>=1.4`` sends the output to a file named ``=1.4``: the package before it is installed without it.
    ``<2`` reads from a file named ``2``: where there is none, the command fails.
    """
    words = list(command.words)
    notes = []
    for redirect in command.redirects:
        place = redirect.after - 1
        meant_as_one = redirect.attached or redirect.operator == "<" or redirect.target.startswith("=")
        if place < 1 or not meant_as_one or not _SPECIFIER.fullmatch(redirect.target):
            continue
        meant = f"{redirect.operator}{redirect.target}"
        word = words[place]
        if redirect.operator == ">":
            notes.append(
                f"unquoted {meant} is a redirect to the shell: {word.text} is installed without it;"
                f" write '{word.text}{meant}' in quotes"
            )
        elif redirect.operator == "<":
            words[place] = replace(
                word,
                doubt=f"the shell takes {meant} for an input file and fails;"
                f" write '{word.text}{meant}' in quotes",
            )
    return tuple(words), tuple(notes)
