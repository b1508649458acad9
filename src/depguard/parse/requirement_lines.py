"""Requirements and constraints files as pip reads them (and uv, where it differs), with positions.

https://pip.pypa.io/en/stable/reference/requirements-file-format/
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Mapping
from urllib.parse import urljoin

from depguard.errors import InputError, Problem
from depguard.model.location import Location
from depguard.model.policy import Installer
from depguard.model.release import FormatControl
from depguard.model.request import IndexOptions, Item
from depguard.parse.install_options import MAX_MISTAKES, Given, OptionTable, Role, Split, modelled
from depguard.parse.install_options_pip import PIP_INSTALL
from depguard.parse.request_draft import HASHES, RequestDraft, read_hash
from depguard.parse.requirement_item import without_secrets
from depguard.parse.requirement_text import LogicalLine, logical_lines, option_words, options_start
from depguard.records import dataclass, replace

Reader = Callable[[str, str | None], str]
"""``read(reference, including)``: the text of a file. ``reference`` is a path or URL as it is written;
``including`` the file that names it, None for a command line (`resolve_reference` joins the two as pip
does). Raises InputError when there is no such file, OutOfReachError when it cannot be had now."""

MAX_CHARACTERS = 10_000_000
MAX_LINE = 100_000
"""Characters of a line with its continuations: a thousand hashes."""
MAX_FILES = 500
MAX_PROBLEMS = 1000

_URL = re.compile(r"(https?|file):", re.IGNORECASE)
_VARIABLE = re.compile(r"\$\{([A-Z0-9_]+)\}")
_IN_FILES = frozenset(
    {
        "--index-url",
        "--extra-index-url",
        "--no-index",
        "--constraint",
        "--requirement",
        "--editable",
        "--find-links",
        "--no-binary",
        "--only-binary",
        "--prefer-binary",
        "--require-hashes",
        "--no-require-hashes",
        "--pre",
        "--all-releases",
        "--only-final",
        "--trusted-host",
        "--use-feature",
        "--global-option",
    }
)
_BESIDE_REQUIREMENTS = (
    modelled(Role.HASH, "--hash", value=True),
    modelled(Role.CONFIG_SETTING, "-C", "--config-settings", "--config-setting", value=True),
)
FILE_OPTIONS = OptionTable(
    "a requirements file",
    (*_BESIDE_REQUIREMENTS, *(o for o in PIP_INSTALL.options if o.name in _IN_FILES)),
    abbreviates=True,
)
"""What may stand in a requirements file."""

_UV_IGNORES = {"--prefer-binary", "--require-hashes", "--pre", "--trusted-host", "--use-feature"}


@dataclass(frozen=True, slots=True, kw_only=True)
class RequirementLines:
    """What a requirements file and all that it includes ask for.

    ``problems`` is only filled in tolerant reading, where each has a doubtful item, too. ``notes``
    are things that the installer does silently. ``files`` are the labels of all files that were read.
    """

    items: tuple[Item, ...] = ()
    constraints: tuple[Item, ...] = ()
    index: IndexOptions
    formats: FormatControl
    prerelease: bool = False
    require_hashes: bool = False
    unmodelled: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()
    notes: tuple[str, ...] = ()
    files: tuple[str, ...] = ()


def read_requirements(
    reference: str,
    *,
    read: Reader,
    constraint: bool = False,
    installer: Installer = Installer.PIP,
    environment: Mapping[str, str] | None = None,
    tolerant: bool = False,
) -> RequirementLines:
    """Read a file and what it includes. ``environment`` gives the values of ``${NAME}`` where known.

    Raises InputError with all mistakes at once unless ``tolerant``; OutOfReachError from ``read``.
    """
    draft = RequestDraft(installer, tolerant=tolerant)
    FileReading(draft, read, environment).include(reference, constraint=constraint)
    if draft.problems and not tolerant:
        raise InputError(*draft.problems)
    return RequirementLines(
        items=tuple(draft.items),
        constraints=tuple(draft.constraints),
        index=draft.index,
        formats=draft.formats,
        prerelease=Role.PRERELEASE in draft.flags,
        require_hashes=requires_hashes(draft),
        unmodelled=tuple(draft.unmodelled),
        problems=tuple(draft.problems),
        notes=tuple(draft.notes),
        files=tuple(draft.files),
    )


def requires_hashes(draft: RequestDraft) -> bool:
    """Asked for, or (pip only) implied by any item that has a hash."""
    if Role.REQUIRE_HASHES in draft.flags:
        return True
    implied = draft.installer is Installer.PIP and any(item.hashes for item in draft.items)
    return implied and Role.NO_REQUIRE_HASHES not in draft.flags


def resolve_reference(reference: str, including: str | None) -> str:
    """Where ``reference`` points when ``including`` names it: a label, and a path or URL to read."""
    if including is None or _URL.match(reference):
        return reference
    if _URL.match(including):
        return urljoin(including, reference)
    return posixpath.normpath(posixpath.join(posixpath.dirname(including), reference))


class FileReading:
    """Reads files into a draft; shared by a command line's several ``-r`` and ``-c``."""

    def __init__(self, draft: RequestDraft, read: Reader, environment: Mapping[str, str] | None) -> None:
        self._draft = draft
        self._read = read
        self._environment = environment or {}

    def include(
        self,
        reference: str,
        *,
        constraint: bool,
        including: tuple[str, ...] = (),
        location: Location | None = None,
    ) -> None:
        """Read a file that is named at ``location``; ``including`` are the files it is nested in."""
        label = without_secrets(resolve_reference(reference, including[-1] if including else None))
        flag = "-c" if constraint else "-r"
        if label in including:
            self._refuse("cycle", f"{label} includes itself", f"{flag} {reference}", location)
            return
        if len(self._draft.files) >= MAX_FILES:
            self._refuse("too-many", f"more than {MAX_FILES} files", f"{flag} {reference}", location)
            return
        try:
            text = self._read(reference, including[-1] if including else None)
        except InputError as error:
            for problem in error.problems:
                placed = replace(problem, location=problem.location or location)
                self._draft.add_problem(placed, f"{flag} {reference}", constraint=constraint)
            return
        if len(text) > MAX_CHARACTERS:
            self._refuse("too-long", f"{label} is too long", f"{flag} {reference}", location)
            return
        self._draft.files.append(label)
        for line in logical_lines(text, label):
            if len(self._draft.problems) >= MAX_PROBLEMS:
                self._refuse(
                    "too-many-mistakes", "too many mistakes: the rest was not read", label, line.at(0)
                )
                return
            self._line(line, (*including, label), constraint=constraint)

    def _refuse(self, slug: str, message: str, text: str, location: Location | None) -> None:
        problem = Problem(code=f"requirements.{slug}", message=message, location=location)
        self._draft.add_problem(problem, text)

    def _line(self, line: LogicalLine, files: tuple[str, ...], *, constraint: bool) -> None:
        if len(line.text) > MAX_LINE:
            shown = f"{without_secrets(line.text[:40])}..."
            self._refuse("long-line", f"a line of {len(line.text)} characters", shown, line.at(0))
            return
        text, unknown = self._expand(line.text)
        start = options_start(text)
        words = option_words(text[start:], line, start)
        if words is None:
            where = line.at(start)
            self._draft.add_problem(
                Problem(code="requirements.quotes", message="unbalanced quotes", location=where), text
            )
            return
        split = FILE_OPTIONS.split(words)
        if self._mistakes(split, text, constraint=constraint):
            return
        doubt = f"the value of {', '.join(unknown)} is not known" if unknown else None
        requirement, at = text[:start].strip(), line.at(0)
        editable = next((g for g in split.options if g.option.role is Role.EDITABLE), None)
        if not requirement and editable is None:
            self._options(tuple(replace(g, doubt=doubt) for g in split.options), files)
            return
        if not requirement and editable is not None:
            requirement, at = editable.value or "", editable.word.location or at
        else:
            editable = None
        if doubt is not None:
            self._draft.add_doubt(requirement, doubt, at, constraint=constraint)
        else:
            hashes = self._hashes(split.options)
            self._draft.add_item(
                requirement,
                at,
                editable=editable is not None,
                hashes=hashes,
                constraint=constraint,
                at=line.at if editable is None else None,
            )

    def _mistakes(self, split: Split, text: str, *, constraint: bool) -> bool:
        """Whether the options of a line are refused; all of them are reported."""
        for mistake in split.mistakes:
            problem = Problem(
                code=mistake.code,
                message=mistake.message,
                location=mistake.word.location,
                hint=mistake.hint,
            )
            self._draft.add_problem(problem, text, constraint=constraint)
        for argument in split.arguments[:MAX_MISTAKES]:
            problem = Problem(
                code="requirements.unexpected",
                message=f"{argument.text!r} is not expected after an option",
                location=argument.location,
                hint="one requirement a line, before its options",
            )
            self._draft.add_problem(problem, argument.text, constraint=constraint)
        return bool(split.mistakes or split.arguments)

    def _hashes(self, given: tuple[Given, ...]) -> tuple[tuple[str, str], ...]:
        """The hashes beside a requirement; other options there do nothing."""
        hashes = []
        for option in given:
            match option.option.role:
                case Role.HASH:
                    value = read_hash(option.value or "")
                    if value is not None:
                        hashes.append(value)
                        continue
                    self._draft.problems.append(
                        Problem(
                            code="requirements.hash",
                            message=f"--hash {option.value!r} is no hash",
                            location=option.word.location,
                            allowed=", ".join(f"{name}:<{size} hex digits>" for name, size in HASHES.items()),
                        )
                    )
                case Role.CONFIG_SETTING | Role.EDITABLE:
                    pass
                case _:
                    self._note(option.word.location, f"{option.option.name} beside a requirement is ignored")
        return tuple(hashes)

    def _options(self, given: tuple[Given, ...], files: tuple[str, ...]) -> None:
        files_named = [g for g in given if g.option.role in (Role.REQUIREMENT_FILE, Role.CONSTRAINT_FILE)]
        if files_named:
            self._include_one(files_named, given, files)
            return
        for option in given:
            where = str(option.word.location or files[-1])
            if self._draft.installer is Installer.UV and option.option.name in _UV_IGNORES:
                self._note(option.word.location, f"uv ignores {option.option.name} in a file")
            elif option.option.role is Role.FIND_LINKS and option.value:
                # Relative to the file that says so (pip looks there first).
                local = replace(option, value=resolve_reference(option.value, files[-1]))
                self._draft.set_option(local, where, from_file=True)
            elif option.option.role is not Role.HASH:
                self._draft.set_option(option, where, from_file=True)

    def _include_one(self, named: list[Given], given: tuple[Given, ...], files: tuple[str, ...]) -> None:
        """Of a line, pip takes one file, a ``-r`` before a ``-c``, and ignores what else is on it."""
        one = min(named, key=lambda g: g.option.role is Role.CONSTRAINT_FILE)
        constraint = one.option.role is Role.CONSTRAINT_FILE
        for other in given:
            if other is not one:
                self._note(other.word.location, f"{other.option.name} beside another file is ignored")
        reference = one.value or ""
        if one.doubt is not None:
            text = f"{'-c' if constraint else '-r'} {reference}"
            self._draft.add_doubt(text, one.doubt, one.word.location, constraint=constraint)
        else:
            self.include(reference, constraint=constraint, including=files, location=one.word.location)

    def _note(self, location: Location | None, text: str) -> None:
        self._draft.notes.append(f"{location}: {text}" if location else text)

    def _expand(self, text: str) -> tuple[str, tuple[str, ...]]:
        """``${NAME}`` replaced where its value is known; the others, by name (POSIX: upper case)."""
        unknown: list[str] = []

        def value(match: re.Match[str]) -> str:
            known = self._environment.get(match.group(1))
            if not known:
                unknown.append(match.group())
            return known or match.group()

        return _VARIABLE.sub(value, text), tuple(dict.fromkeys(unknown))
