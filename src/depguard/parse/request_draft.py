"""A request while it is being read: what command lines and requirements files add to it, in their order."""

from __future__ import annotations

import re
from collections.abc import Callable

from packaging.requirements import InvalidRequirement
from packaging.utils import InvalidName, NormalizedName, canonicalize_name

from depguard.errors import Problem
from depguard.model.location import Location
from depguard.model.policy import Installer
from depguard.model.release import FormatControl
from depguard.model.request import IndexOptions, Item, UpgradeStrategy
from depguard.parse.cutoff import ALLOWED as CUTOFF_ALLOWED
from depguard.parse.cutoff import is_duration, parse_cutoff
from depguard.parse.install_options import Given, Role
from depguard.parse.requirement_cache import own_requirement
from depguard.parse.requirement_item import explain, read_item, without_secrets
from depguard.records import replace

HASHES = {"sha256": 64, "sha384": 96, "sha512": 128}
"""The algorithms that ``--hash`` takes and the length of their hexadecimal digests."""

MAX_INDEXES = 100
"""Indexes and find-links of one request."""

INDEX_ROLES = frozenset({Role.INDEX_URL, Role.EXTRA_INDEX_URL, Role.FIND_LINKS, Role.NO_INDEX, Role.OFFLINE})
"""Options that say where to look."""


class RequestDraft:
    """Collects items, options, and problems. ``tolerant``: a mistake becomes a doubtful item, too."""

    def __init__(self, installer: Installer, *, tolerant: bool) -> None:
        self.installer = installer
        self.tolerant = tolerant
        self.items: list[Item] = []
        self.constraints: list[Item] = []
        self.index = IndexOptions()
        self.formats = FormatControl()
        self.strategy: UpgradeStrategy | None = None
        self.upgrade_names: list[NormalizedName] = []
        self.reinstall_names: list[NormalizedName] = []
        self.flags: set[Role] = set()
        self.unmodelled: list[str] = []
        self.problems: list[Problem] = []
        self.notes: list[str] = []
        self.files: list[str] = []

    def add_problem(self, problem: Problem, text: str, *, constraint: bool = False) -> None:
        """A mistake; in tolerant reading the text stays as an item that cannot be read."""
        self.problems.append(problem)
        if self.tolerant:
            doubt = problem.message + (f" ({problem.hint})" if problem.hint else "")
            self.add_doubt(text, doubt, problem.location, constraint=constraint)

    def add_doubt(
        self, text: str, doubt: str, location: Location | None, *, constraint: bool = False
    ) -> None:
        """Something that cannot be read."""
        target = self.constraints if constraint else self.items
        target.append(Item(text=without_secrets(text), doubt=doubt, location=location))

    def add_item(
        self,
        text: str,
        location: Location | None,
        *,
        editable: bool = False,
        hashes: tuple[tuple[str, str], ...] = (),
        constraint: bool = False,
        at: Callable[[int], Location] | None = None,
    ) -> None:
        """A requirement as it was written; ``at`` finds the place of a character of it (continued lines)."""
        result = read_item(text, location=location, editable=editable, hashes=hashes)
        if isinstance(result, Problem) and at is not None:
            result = replace(result, location=at(_offset(result.location, location)))
        if isinstance(result, Item) and constraint:
            result = _as_constraint(result)
        if isinstance(result, Problem):
            self.add_problem(result, text.strip(), constraint=constraint)
        elif constraint:
            self.constraints.append(result)
        else:
            self.items.append(result)

    def set_option(self, given: Given, origin: str, *, from_file: bool = False) -> None:
        """Apply an option, files and editables excepted. ``origin`` is shown with ``-v``."""
        option, value = given.option, given.value or ""
        if option.role is Role.HARMLESS:
            return
        if given.doubt is not None and option.takes_value:
            self.unmodelled.append(f"{option.name} {without_secrets(value)} ({given.doubt})")
            return
        if option.role is Role.UNMODELLED:
            if value not in option.neutral or not option.takes_value:
                self.unmodelled.append(f"{option.name} {without_secrets(value)}".strip())
            return
        match option.role:
            case Role.UPGRADE_STRATEGY:
                self._set_strategy(value, given)
            case Role.UPGRADE_NAME | Role.REINSTALL_NAME:
                self._add_name(option.role, value, given)
            case Role.PRERELEASE_MODE | Role.ALL_RELEASES:
                self._set_prereleases(option.role, value)
            case Role.NO_USER:
                self.flags.discard(Role.USER)
            case Role.ONLY_BINARY | Role.NO_BINARY | Role.NO_BUILD:
                self.formats = with_format(self.formats, option.role, value or ":all:")
            case Role.EXCLUDE_NEWER:
                self._set_cutoff(value, given, origin)
            case role if role in INDEX_ROLES:
                self._set_index(role, value, origin, from_file=from_file)
            case role:
                self.flags.add(role)

    def _set_strategy(self, value: str, given: Given) -> None:
        try:
            self.strategy = UpgradeStrategy(value)
        except ValueError:
            self.add_problem(
                Problem(
                    code="command.invalid-value",
                    message=f"--upgrade-strategy {value!r} is none",
                    location=given.word.location,
                    allowed="only-if-needed, eager",
                ),
                f"--upgrade-strategy {value}",
            )

    def _add_name(self, role: Role, value: str, given: Given) -> None:
        """``-P name`` and ``--reinstall-package name``; ``-P 'name<2'`` constrains as well."""
        try:
            requirement = own_requirement(value)
            name = canonicalize_name(requirement.name, validate=True)
        except (InvalidRequirement, InvalidName) as error:
            self.add_problem(explain(value, str(error), given.word.location), value)
            return
        if role is Role.REINSTALL_NAME:
            self.reinstall_names.append(name)
            return
        self.upgrade_names.append(name)
        if requirement.specifier:
            self.add_item(value, given.word.location, constraint=True)

    def _set_prereleases(self, role: Role, value: str) -> None:
        """The modes of uv's ``--prerelease `` and pip's ``--all-releases``."""
        if value in ("allow", ":all:"):
            self.flags.add(Role.PRERELEASE)
        elif value not in ("if-necessary-or-explicit", ":none:"):
            name = "--prerelease" if role is Role.PRERELEASE_MODE else "--all-releases"
            self.unmodelled.append(f"{name} {value}")

    def _set_cutoff(self, value: str, given: Given, origin: str) -> None:
        if is_duration(value):
            self.unmodelled.append(f"{given.option.name} {value} (a span needs a clock; give a date)")
            return
        try:
            moment = parse_cutoff(value)
        except ValueError as error:
            self.add_problem(
                Problem(
                    code="command.invalid-date",
                    message=f"{given.option.name}: {error}",
                    location=given.word.location,
                    allowed=CUTOFF_ALLOWED,
                ),
                f"{given.option.name} {value}",
            )
            return
        self.index = _with(self.index, origin, exclude_newer=moment)

    def _set_index(self, role: Role, value: str, origin: str, *, from_file: bool) -> None:
        """Indexes add up, except that under pip a file's ``--index-url`` replaces all before it."""
        index = self.index
        match role:
            case Role.INDEX_URL:
                url = _bare_url(value, self.installer)
                if from_file and self.installer is Installer.UV and index.index_url is not None:
                    return  # under uv the command line wins
                if from_file and self.installer is Installer.PIP:
                    index = replace(index, extra_index_urls=())
                self.index = _with(index, origin, index_url=url)
            case Role.EXTRA_INDEX_URL | Role.FIND_LINKS if _full(index):
                more = f"more than {MAX_INDEXES} indexes"
                self.unmodelled += [more] if more not in self.unmodelled else []
            case Role.EXTRA_INDEX_URL:
                urls = (*index.extra_index_urls, _bare_url(value, self.installer))
                self.index = _with(index, origin, extra_index_urls=urls)
            case Role.FIND_LINKS:
                self.index = _with(index, origin, find_links=(*index.find_links, value))
            case Role.NO_INDEX:
                self.index = _with(index, origin, no_index=True)
            case _:
                self.index = _with(index, origin, offline=True)


def with_format(formats: FormatControl, role: Role, value: str) -> FormatControl:
    """``--only-binary`` or ``--no-binary`` applied: names, ``:all:``, ``:none:``; the later one wins."""
    target = set(formats.no_binary if role is Role.NO_BINARY else formats.only_binary)
    other = set(formats.only_binary if role is Role.NO_BINARY else formats.no_binary)
    for part in value.split(","):
        name = part.strip()
        if name == ":all:":
            target, other = {":all:"}, set()
        elif name == ":none:":
            target = set()
        elif name:
            target.add(canonicalize_name(name))
            other.discard(canonicalize_name(name))
    if role is Role.NO_BINARY:
        return FormatControl(only_binary=frozenset(other), no_binary=frozenset(target))
    return FormatControl(only_binary=frozenset(target), no_binary=frozenset(other))


def read_hash(text: str) -> tuple[str, str] | None:
    """``sha256:…`` taken apart, in lower case; None where it is no hash that installers take."""
    algorithm, _, digest = text.strip().lower().partition(":")
    if len(digest) != HASHES.get(algorithm) or not re.fullmatch("[0-9a-f]+", digest):
        return None
    return algorithm, digest


def _offset(place: Location | None, start: Location | None) -> int:
    if place is None or start is None or place.column is None or start.column is None:
        return 0
    return place.column - start.column


def _as_constraint(item: Item) -> Item | Problem:
    """Constraints narrow what others ask for: they need a name and take no extras, no editables."""
    if item.editable:
        what = "an editable"
    elif item.requirement is None:
        what = "a URL or path without a name"
    elif item.requirement.extras:
        what = "extras"
    else:
        return item
    return Problem(
        code="requirements.constraint",
        message=f"{item.text!r}: a constraint takes no {what.removeprefix('an ').removeprefix('a ')}",
        location=item.location,
        allowed="name and version specifier, or name @ URL",
    )


def _bare_url(value: str, installer: Installer) -> str:
    """Without the name that uv takes before it: ``name=https://…``."""
    named = re.fullmatch(r"[A-Za-z0-9._-]+=(\S+)", value) if installer is Installer.UV else None
    return named.group(1) if named else value


def _full(index: IndexOptions) -> bool:
    return len(index.extra_index_urls) + len(index.find_links) >= MAX_INDEXES


def _with(index: IndexOptions, origin: str, **changes: object) -> IndexOptions:
    origins = dict(index.origins)
    for setting in changes:
        before = origins.get(setting)
        added = setting in ("extra_index_urls", "find_links") and before is not None
        origins[setting] = f"{before}, {origin}" if added and before != origin else origin
    return replace(index, origins=tuple(origins.items()), **changes)  # type: ignore[arg-type] # names are this module's
