"""Files of a shell session as far as its lines tell: what was fetched or written, and where the session is.

``wget URL``, ``curl -O URL``, ``%%writefile NAME``, ``cd FOLDER``: what a later ``-r NAME`` then means.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Sequence
from urllib.parse import urlsplit

from depguard.errors import InputError, Problem
from depguard.model.location import Location
from depguard.model.request import InstallCommand, Item
from depguard.parse.requirement_item import without_secrets
from depguard.parse.requirement_lines import Reader, resolve_reference
from depguard.parse.shell_words import Redirect, Word
from depguard.records import dataclass, field, replace

_START = ("/content", "/kaggle/working")
"""Where notebooks of prepared machines begin: the same as no folder at all."""
_WGET_NAME = re.compile(r"(?:-[a-zA-Z]*O|--output-document(?:=|$))(?P<name>.*)")
_CURL_NAME = re.compile(r"(?:-[a-zA-Z]*o|--output(?:=|$))(?P<name>.*)")
_CURL_REMOTE = re.compile(r"-[a-zA-Z]*O[a-zA-Z]*|--remote-name|-[a-zA-Z]*OJ|-[a-zA-Z]*JO")
_WGET_FOLDER = re.compile(r"(?:-P|--directory-prefix(?:=|$))(?P<name>.*)")
_WEB = re.compile(r"https?://\S+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Written:
    text: str
    place: Location | None


@dataclass(slots=True)
class SessionFiles:
    """What the lines so far made of the file system. ``read`` reads everything else; None reads nothing."""

    read: Reader | None
    folder: str = ""
    _written: dict[str, _Written] = field(default_factory=dict)
    _fetched: dict[str, str] = field(default_factory=dict)
    _meant: dict[str, str] = field(default_factory=dict)

    def reader(self) -> Reader | None:
        """What reads the files that a command names."""
        return self._read if self.read is not None or self._written else None

    def enter(self, folder: str) -> None:
        """``cd folder``."""
        self.folder = self._path(folder)

    def write(self, name: str, text: str, place: Location, *, append: bool = False) -> None:
        """A file is written; ``place`` is where its first line stands."""
        path = self._path(name)
        before = self._written.get(path) if append else None
        self._fetched.pop(path, None)
        if before is not None:
            self._written[path] = _Written(before.text + text, None)
        else:
            self._written[path] = _Written(text, place)

    def see(self, words: Sequence[Word], redirects: Sequence[Redirect]) -> None:
        """A command that fetches files, if these words are one."""
        program = words[0].text.rpartition("/")[2]
        if program == "wget":
            name, folder = _option(words, _WGET_NAME), _option(words, _WGET_FOLDER)
        elif program == "curl":
            sent = next((r.target for r in redirects if r.operator in (">", ">|")), None)
            name, folder = _option(words, _CURL_NAME) or sent, None
            if name is None and not any(_CURL_REMOTE.fullmatch(word.text) for word in words[1:]):
                return  # to the screen
        else:
            return
        for word in words[1:]:
            if word.doubt is None and _WEB.fullmatch(word.text):
                own = name or posixpath.basename(_url_path(word.text))
                if own and own != "-":
                    self._fetched[self._path(posixpath.join(folder or "", own))] = word.text

    def placed(self, command: InstallCommand) -> InstallCommand:
        """The command with its places in the files that its names mean."""
        if not self._meant and not self._written:
            return command
        return replace(
            command,
            items=tuple(self._item(item) for item in command.items),
            constraints=tuple(self._item(item) for item in command.constraints),
        )

    def _item(self, item: Item) -> Item:
        place = item.location
        if place is None or place.cell is not None or place.line is None:
            return item
        path = self._path(place.file)
        written = self._written.get(path)
        if written is not None:
            first = written.place
            if first is None or first.line is None:
                return item
            return replace(
                item, location=replace(first, line=first.line + place.line - 1, column=place.column)
            )
        meant = self._meant.get(place.file)
        return item if meant is None else replace(item, location=replace(place, file=meant))

    def _read(self, reference: str, including: str | None) -> str:
        label = resolve_reference(reference, including)
        path = label if _WEB.match(label) else self._path(label) if including is None else label
        if path in self._written:
            return self._written[path].text
        if self.read is None:
            raise InputError(Problem(code="requirements.unread", message=f"{label} was not read"))
        if path in self._fetched:
            return self._meaning(self.read, label, self._fetched[path], None)
        if including is None:
            return self._meaning(self.read, label, reference if path == label else path, None)
        parent = self._meant.get(including, including)
        return self._meaning(self.read, label, reference, parent)

    def _meaning(self, read: Reader, label: str, reference: str, including: str | None) -> str:
        """Read what a label means, and keep where that is."""
        text = read(reference, including)
        meant = resolve_reference(reference, including)
        self._meant.pop(label, None)
        if meant != label:
            self._meant[label] = without_secrets(meant)
        return text

    def _path(self, name: str) -> str:
        """A name as the session sees it, from where it began."""
        path = posixpath.normpath(posixpath.join(self.folder, name)) if name else self.folder
        for start in _START:
            if path == start:
                return ""
            path = path.removeprefix(f"{start}/")
        return "" if path == "." else path


def _option(words: Sequence[Word], pattern: re.Pattern[str]) -> str | None:
    for index, word in enumerate(words[1:], start=1):
        found = pattern.fullmatch(word.text)
        if found is None:
            continue
        if found["name"]:
            return found["name"]
        return words[index + 1].text if index + 1 < len(words) else None
    return None


def _url_path(url: str) -> str:
    try:
        return urlsplit(url).path
    except ValueError:
        return ""
