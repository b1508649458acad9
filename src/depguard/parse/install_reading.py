"""One installer command line on its way to an InstallCommand: its verb, options, arguments and files."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence

from packaging.utils import NormalizedName

from depguard.errors import Problem
from depguard.model.policy import Installer
from depguard.model.request import InstallCommand, Item, UpgradeStrategy, Verb
from depguard.parse.install_options import Given, OptionTable, Role, Split
from depguard.parse.install_options_pip import PIP_GENERAL, PIP_INSTALL, PIP_UNINSTALL
from depguard.parse.install_options_uv import UV_GENERAL, UV_INSTALL, UV_SYNC, UV_UNINSTALL
from depguard.parse.install_program import Program
from depguard.parse.request_draft import RequestDraft
from depguard.parse.requirement_item import without_secrets
from depguard.parse.requirement_lines import FileReading, Reader, requires_hashes
from depguard.parse.shell_words import Word

TABLES = {
    (Installer.PIP, Verb.INSTALL): PIP_INSTALL,
    (Installer.PIP, Verb.UNINSTALL): PIP_UNINSTALL,
    (Installer.UV, Verb.INSTALL): UV_INSTALL,
    (Installer.UV, Verb.UNINSTALL): UV_UNINSTALL,
    (Installer.UV, Verb.SYNC): UV_SYNC,
}
# Verbs that install nothing: no mistake, but nothing to judge either.
_OTHER_VERBS = {
    Installer.PIP: frozenset(
        {
            "cache",
            "check",
            "completion",
            "config",
            "debug",
            "download",
            "freeze",
            "hash",
            "help",
            "index",
            "inspect",
            "list",
            "lock",
            "search",
            "show",
            "wheel",
        }
    ),
    Installer.UV: frozenset({"check", "compile", "freeze", "list", "show", "tree"}),
}
# Files that uv (and newer pips) take for -r and that are not requirements files.
_NOT_REQUIREMENTS = (".toml", ".py", ".cfg")


class CommandReading:
    """One command line on its way to an InstallCommand."""

    def __init__(
        self,
        program: Program,
        words: list[Word],
        read: Reader | None,
        environment: Mapping[str, str] | None,
        *,
        tolerant: bool,
    ) -> None:
        self.draft = RequestDraft(program.installer, tolerant=tolerant)
        self._program = program
        self._words = words
        self._location = words[0].location
        self._files = FileReading(self.draft, read, environment) if read is not None else None
        self._given: tuple[str, ...] = ()

    def run(self) -> InstallCommand | None:
        """The command; None when it installs nothing."""
        program = self._program
        self.draft.unmodelled += program.unmodelled
        if program.foreign is not None:
            doubt = f"{program.foreign} is not modelled"
            self.draft.add_doubt(self._text(), doubt, self._location)
            return self._command(Verb.INSTALL)
        before, rest = self._verb_words()
        if rest is None:
            return None
        verb, words = rest
        table = TABLES[program.installer, verb]
        split = table.split(words)
        self._mistakes(before)
        self._mistakes(split)
        self._apply(split, (*before.options, *split.options), verb)
        return self._command(verb)

    def _verb_words(self) -> tuple[Split, tuple[Verb, Sequence[Word]] | None]:
        """The options before the verb, the verb, and the words after it."""
        general = PIP_GENERAL if self._program.installer is Installer.PIP else UV_GENERAL
        split, rest = _split_until_argument(general, self._program.rest)
        if self._program.installer is Installer.UV:
            if not rest or rest[0].text != "pip":
                return split, None
            more, rest = _split_until_argument(general, rest[1:])
            split = Split(
                options=split.options + more.options, arguments=(), mistakes=split.mistakes + more.mistakes
            )
        if not rest or rest[0].text in _OTHER_VERBS[self._program.installer]:
            return split, None
        for installer, verb in TABLES:
            if installer is self._program.installer and rest[0].text == verb.value:
                return split, (verb, rest[1:])
        return split, None

    def _mistakes(self, split: Split) -> None:
        for mistake in split.mistakes:
            problem = Problem(
                code=mistake.code,
                message=mistake.message,
                location=mistake.word.location,
                hint=mistake.hint,
            )
            self.draft.add_problem(problem, mistake.word.text)

    def _apply(self, split: Split, options: Sequence[Given], verb: Verb) -> None:
        """As pip does: constraints, then arguments, editables, and requirements files last."""
        self._given = tuple(sorted({given.option.name for given in options}))
        by_role: dict[Role, list[Given]] = {}
        for given in options:
            by_role.setdefault(given.option.role, []).append(given)
        constraints = by_role.pop(Role.CONSTRAINT_FILE, [])
        editables = by_role.pop(Role.EDITABLE, [])
        files = by_role.pop(Role.REQUIREMENT_FILE, [])
        for given in options:
            if given.option.role in by_role:
                self.draft.set_option(given, f"{given.option.name} of the command")
        for given in constraints:
            self._file(given.value or "", given.word, given.doubt, constraint=True)
        for word in split.arguments:
            if verb is Verb.SYNC:
                self._file(word.text, word, word.doubt, constraint=False)
            else:
                self._item(word.text, word, word.doubt)
        for given in editables:
            self._item(given.value or "", given.word, given.doubt, editable=True)
        for given in files:
            self._file(given.value or "", given.word, given.doubt, constraint=False)

    def _item(self, text: str, word: Word, doubt: str | None, *, editable: bool = False) -> None:
        if doubt is not None:
            self.draft.add_doubt(f"-e {text}" if editable else text, doubt, word.location)
        else:
            self.draft.add_item(text, word.location, editable=editable)

    def _file(self, reference: str, word: Word, doubt: str | None, *, constraint: bool) -> None:
        text = f"{'-c' if constraint else '-r'} {reference}"
        if doubt is None and reference.partition("?")[0].lower().endswith(_NOT_REQUIREMENTS):
            doubt = "only requirements files are read"
        if doubt is None and reference == "-":
            doubt = "standard input is not read"
        if doubt is None and self._files is None:
            doubt = "the file was not read"
        if doubt is not None:
            self.draft.add_doubt(text, doubt, word.location, constraint=constraint)
        elif self._files is not None:
            self._files.include(reference, constraint=constraint, location=word.location)

    def _command(self, verb: Verb) -> InstallCommand:
        draft = self.draft
        flags = draft.flags
        # A sync installs exactly what its files list; --exact resolves first and removes the rest, too.
        removes_rest = verb is Verb.SYNC or Role.EXACT in flags
        return InstallCommand(
            installer=draft.installer,
            verb=Verb.SYNC if removes_rest else verb,
            items=_once(draft.items),
            constraints=_once(draft.constraints),
            strategy=self._strategy(),
            upgrade_names=_sorted(draft.upgrade_names),
            prerelease=Role.PRERELEASE in flags,
            no_deps=Role.NO_DEPS in flags or verb is Verb.SYNC,
            force_reinstall=Role.REINSTALL in flags,
            reinstall_names=_sorted(draft.reinstall_names),
            ignore_installed=Role.IGNORE_INSTALLED in flags,
            user=Role.USER in flags,
            require_hashes=requires_hashes(draft),
            formats=draft.formats,
            index=draft.index,
            unmodelled=tuple(dict.fromkeys(draft.unmodelled)),
            command=self._text(),
            options=self._given,
            ignore_config=Role.IGNORE_CONFIG in flags,
            notes=tuple(draft.notes),
            conditional=self._program.conditional,
            location=self._location,
        )

    def _strategy(self) -> UpgradeStrategy | None:
        """Under pip, a strategy counts only beside ``-U``; uv's ``-U`` upgrades all that it reaches."""
        if Role.UPGRADE not in self.draft.flags:
            return None
        if self.draft.installer is Installer.UV:
            return UpgradeStrategy.EAGER
        return self.draft.strategy or UpgradeStrategy.ONLY_IF_NEEDED

    def _text(self) -> str:
        return without_secrets(shlex.join(word.text for word in self._words))


def _split_until_argument(table: OptionTable, words: Sequence[Word]) -> tuple[Split, Sequence[Word]]:
    """The options before the first argument, and what follows them."""
    # An option's value is no argument: find the argument by how much of the line splits without one.
    for end in range(len(words) + 1):
        split = table.split(words[:end])
        if split.arguments:
            return table.split(words[: end - 1]), words[end - 1 :]
    return table.split(words), ()


def _once(items: Sequence[Item]) -> tuple[Item, ...]:
    """Without repetitions of the very same text (people do repeat themselves)."""
    seen: dict[tuple[object, ...], Item] = {}
    for item in items:
        seen.setdefault((item.text, item.editable, item.hashes, item.doubt), item)
    return tuple(seen.values())


def _sorted(names: Sequence[NormalizedName]) -> tuple[NormalizedName, ...]:
    return tuple(sorted(set(names)))
