"""How an installer's option is described, and how its command line is split into options and arguments.

The tables themselves are `depguard.parse.install_options_pip` and `depguard.parse.install_options_uv`.
Every option has a role: it is modelled (and says which part of the request it sets), harmless to the
decision (and says why), or unmodelled: then an answer that depends on it stays unproven, by its name.
"""

from __future__ import annotations

import difflib
import enum
from collections.abc import Iterable, Sequence

from depguard.parse.shell_words import Word
from depguard.records import dataclass

MAX_MISTAKES = 20
"""Of one line. More are reported once these are mended: each is told with its whole line."""


class Role(enum.Enum):
    """What an option does to the request."""

    HARMLESS = "harmless"
    UNMODELLED = "unmodelled"
    REQUIREMENT_FILE = "requirement file"
    CONSTRAINT_FILE = "constraint file"
    EDITABLE = "editable"
    UPGRADE = "upgrade"
    UPGRADE_STRATEGY = "upgrade strategy"
    UPGRADE_NAME = "upgrade one package"
    PRERELEASE = "pre-releases"
    PRERELEASE_MODE = "uv's pre-release mode"
    ALL_RELEASES = "pre-releases of named packages"
    NO_DEPS = "no dependencies"
    REINSTALL = "reinstall"
    REINSTALL_NAME = "reinstall one package"
    IGNORE_INSTALLED = "ignore what is installed"
    USER = "user site"
    NO_USER = "no user site"
    REQUIRE_HASHES = "require hashes"
    NO_REQUIRE_HASHES = "require no hashes"
    ONLY_BINARY = "only wheels"
    NO_BINARY = "no wheels"
    NO_BUILD = "no builds at all"
    INDEX_URL = "index"
    EXTRA_INDEX_URL = "extra index"
    FIND_LINKS = "find links"
    NO_INDEX = "no index"
    OFFLINE = "offline"
    EXCLUDE_NEWER = "cut-off date"
    EXACT = "remove what is not asked for"
    IGNORE_CONFIG = "ignore configuration"
    HASH = "hash of one requirement"
    CONFIG_SETTING = "build setting of one requirement"


class Scope(enum.Enum):
    """Where an option may stand. GENERAL ones are also taken before the verb."""

    GENERAL = "general"
    INSTALL = "install"
    BOTH = "install and uninstall"


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One option. ``neutral`` are values that make an unmodelled option harmless (its default, say)."""

    names: tuple[str, ...]
    role: Role
    takes_value: bool = False
    why: str = ""
    neutral: frozenset[str] = frozenset()
    scope: Scope = Scope.INSTALL

    @property
    def name(self) -> str:
        """The name to show: the first long one."""
        return next((name for name in self.names if name.startswith("--")), self.names[0])


def harmless(why: str, *names: str, value: bool = False, scope: Scope = Scope.INSTALL) -> Option:
    """An option on which no decision depends, and why not."""
    return Option(names=names, role=Role.HARMLESS, takes_value=value, why=why, scope=scope)


def unmodelled(
    why: str, *names: str, value: bool = False, neutral: tuple[str, ...] = (), scope: Scope = Scope.INSTALL
) -> Option:
    """An option that may change the decision in a way that is not modelled."""
    return Option(
        names=names,
        role=Role.UNMODELLED,
        takes_value=value,
        why=why,
        neutral=frozenset(neutral),
        scope=scope,
    )


def modelled(role: Role, *names: str, value: bool = False, scope: Scope = Scope.INSTALL) -> Option:
    """An option that sets a part of the request."""
    return Option(names=names, role=role, takes_value=value, scope=scope)


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """An option as it was given; ``word`` carries its place, and a doubt where it has one."""

    option: Option
    word: Word
    value: str | None = None
    doubt: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Mistake:
    """A word that the installer would refuse, and what was probably meant."""

    word: Word
    code: str
    message: str
    hint: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """A command line taken apart, each part in its order."""

    options: tuple[Given, ...]
    arguments: tuple[Word, ...]
    mistakes: tuple[Mistake, ...]


class OptionTable:
    """An installer's options. ``abbreviates``: pip takes any unambiguous beginning of a long name.

    ``repeats`` are the flags that may be given twice; None: all of them, as pip takes them.
    """

    def __init__(
        self,
        installer: str,
        options: Iterable[Option],
        *,
        abbreviates: bool,
        repeats: frozenset[str] | None = None,
    ) -> None:
        self.installer = installer
        self.options = tuple(options)
        self.abbreviates = abbreviates
        self.repeats = repeats
        self._by_name = {name: option for option in self.options for name in option.names}

    def find(self, name: str) -> Option | None:
        """The option of that name, or of which it is an unambiguous beginning."""
        exact = self._by_name.get(name)
        if exact is not None or not self.abbreviates or len(name) < 3:
            return exact
        near = {id(o): o for known, o in self._by_name.items() if known.startswith(name)}
        return next(iter(near.values())) if len(near) == 1 else None

    def nearest(self, name: str) -> str | None:
        """The known name that looks most like ``name``."""
        if len(name) == 2:  # a single letter resembles every other
            return name.swapcase() if name.swapcase() in self._by_name else None
        return next(iter(difflib.get_close_matches(name, self._by_name, n=1)), None)

    def split(self, words: Sequence[Word]) -> Split:
        """Take words apart: ``--opt value``, ``--opt=value``, ``-qU``, ``-rfile``, ``--``."""
        return _Splitter(self, words).run()


class _Splitter:
    def __init__(self, table: OptionTable, words: Sequence[Word]) -> None:
        self._table = table
        self._words = list(words)
        self._at = 0
        self._options: list[Given] = []
        self._arguments: list[Word] = []
        self._mistakes: list[Mistake] = []

    def run(self) -> Split:
        while self._at < len(self._words):
            word = self._words[self._at]
            self._at += 1
            if word.text == "--":
                self._arguments += self._words[self._at :]
                break
            if word.text.startswith("--"):
                self._long(word)
            elif word.text.startswith("-") and len(word.text) > 1:
                self._short(word)
            else:
                self._arguments.append(word)
        return Split(
            options=tuple(self._options), arguments=tuple(self._arguments), mistakes=tuple(self._mistakes)
        )

    def _long(self, word: Word) -> None:
        name, equals, value = word.text.partition("=")
        option = self._table.find(name)
        if option is None:
            self._unknown(word, name)
        elif option.takes_value:
            self._with_value(option, word, value if equals else None)
        elif equals:
            self._mistake(word, "command.unwanted-value", f"{name} takes no value, got {value!r}", None)
        else:
            self._flag(option, word)

    def _short(self, word: Word) -> None:
        letters = word.text[1:]
        for place, letter in enumerate(letters):
            option = self._table.find(f"-{letter}")
            if option is None:
                self._unknown(word, f"-{letter}" if len(letters) > 1 else word.text)
                return
            if option.takes_value:
                attached = letters[place + 1 :]
                self._with_value(option, word, attached or None)
                return
            self._flag(option, word)

    def _flag(self, option: Option, word: Word) -> None:
        repeats = self._table.repeats
        once = repeats is not None and option.name not in repeats
        if once and any(given.option is option for given in self._options):
            message = f"{self._table.installer} takes {option.name} once"
            self._mistake(word, "command.twice", message, "leave the second one out")
        else:
            self._options.append(Given(option=option, word=word, doubt=word.doubt))

    def _with_value(self, option: Option, word: Word, value: str | None) -> None:
        if value is not None:
            self._options.append(Given(option=option, word=word, value=value, doubt=word.doubt))
        elif self._at < len(self._words):
            taken = self._words[self._at]
            self._at += 1
            self._options.append(Given(option=option, word=taken, value=taken.text, doubt=taken.doubt))
        else:
            self._mistake(word, "command.missing-value", f"{option.name} needs a value", None)

    def _unknown(self, word: Word, name: str) -> None:
        near = self._table.nearest(name) if len(self._mistakes) < MAX_MISTAKES else None
        self._mistake(
            word,
            "command.unknown-option",
            f"{self._table.installer} has no option {name}",
            f"did you mean {near}?" if near else None,
        )

    def _mistake(self, word: Word, code: str, message: str, hint: str | None) -> None:
        if len(self._mistakes) < MAX_MISTAKES:
            self._mistakes.append(Mistake(word=word, code=code, message=message, hint=hint))
