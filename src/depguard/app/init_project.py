"""Use case: read what a repository installs, and propose the five-line policy for it."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterable, Sequence
from typing import Protocol

from packaging.markers import Marker
from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import Specifier, SpecifierSet
from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import InvalidVersion, Version

from depguard.errors import InputError
from depguard.model.location import Location
from depguard.model.request import Item, Verb
from depguard.parse.install_cells import commands_in_notebook
from depguard.parse.policy import read_draft
from depguard.parse.requirement_lines import read_requirements, resolve_reference
from depguard.records import dataclass, field

WIDTH = 100
"""Columns of the proposed text where requirements still share a line."""

_INSTALLERS = frozenset({"pip", "uv", "setuptools", "wheel"})
_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_.-]*")
_YAML_WORDS = frozenset({"null", "true", "false", "yes", "no", "on", "off", "y", "n"})


class ProjectFiles(Protocol):
    """The files of a repository, by paths relative to its root with ``/``."""

    def paths(self) -> Sequence[str]:
        """The notebooks, requirements*.txt files and pyproject.toml, sorted."""
        ...

    def text(self, path: str) -> str:
        """A file's text. Raises InputError when it is missing or no text."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """One requirement of the proposal, where it was found, and what was changed about it."""

    requirement: Requirement
    places: tuple[Location, ...]
    remark: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A policy's text, and where it comes from. ``left_out`` is what it does not have, each with a reason."""

    text: str
    wishes: tuple[Wish, ...]
    files: tuple[str, ...]
    left_out: tuple[tuple[str, str, Location | None], ...] = ()


@dataclass(slots=True)
class _Found:
    """What the files ask for, by project and marker, in the order of its first place."""

    asked: dict[tuple[NormalizedName, str], list[tuple[Requirement, Location]]] = field(default_factory=dict)
    left_out: list[tuple[str, str, Location | None]] = field(default_factory=list)
    files: list[str] = field(default_factory=list)

    def add(self, item: Item, place: Location) -> None:
        requirement = item.requirement
        if item.doubt is not None:
            self.left_out.append((item.text, item.doubt, place))
        elif requirement is None or item.url is not None:
            self.left_out.append((item.text, "a URL or path: add it by hand if it is needed", place))
        elif canonicalize_name(requirement.name) not in _INSTALLERS:
            marker = str(requirement.marker) if requirement.marker is not None else ""
            key = (canonicalize_name(requirement.name), marker)
            self.asked.setdefault(key, []).append((requirement, place))


def propose_policy(
    files: ProjectFiles, *, hosts: Sequence[str], extends: str = "colab", tier: str = "lab"
) -> Proposal:
    """The policy for what the repository's notebooks, requirements files and pyproject.toml install.

    Never raises for what is wrong with a file: that is left out, with the reason.
    """
    found = _Found()
    for path in files.paths():
        found.files.append(path)
        try:
            if path.endswith(".ipynb"):
                _from_notebook(files, path, found)
            elif path.endswith(".toml"):
                _from_pyproject(files.text(path), path, found)
            else:
                _from_requirements(files, path, found)
        except InputError as error:
            problem = error.problems[0]
            found.left_out.append((path, problem.message, problem.location))
    wishes = tuple(_wish(key, asked) for key, asked in found.asked.items())
    text = policy_text(wishes, hosts=hosts, extends=extends, tier=tier)
    read_draft(text, "depguard.yaml")  # what is proposed can be read
    return Proposal(
        text=text, wishes=wishes, files=tuple(found.files), left_out=tuple(dict.fromkeys(found.left_out))
    )


def _from_notebook(files: ProjectFiles, path: str, found: _Found) -> None:
    def read(reference: str, including: str | None) -> str:
        beside = resolve_reference(reference, including or path)
        try:
            return files.text(beside)
        except InputError:
            if including is not None or beside == reference:
                raise
            return files.text(reference)  # run from the repository's root

    for command in commands_in_notebook(files.text(path), path, read=read):
        if command.verb is Verb.UNINSTALL:
            continue
        for item in command.items:
            found.add(item, item.location or command.location or Location(path))


def _from_requirements(files: ProjectFiles, path: str, found: _Found) -> None:
    def read(reference: str, including: str | None) -> str:
        return files.text(resolve_reference(reference, including))

    for item in read_requirements(path, read=read, tolerant=True).items:
        found.add(item, item.location or Location(path))


def _from_pyproject(text: str, path: str, found: _Found) -> None:
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found.left_out.append((path, f"not TOML: {error}", Location(path)))
        return
    project = table.get("project")
    dependencies = project.get("dependencies") if isinstance(project, dict) else None
    for entry in dependencies if isinstance(dependencies, list) else []:
        place = Location(path)
        try:
            requirement = Requirement(entry)
        except (InvalidRequirement, TypeError):
            found.left_out.append((str(entry), "no requirement", place))
            continue
        found.add(Item(text=str(entry), requirement=requirement, url=requirement.url), place)


def _wish(key: tuple[NormalizedName, str], asked: Sequence[tuple[Requirement, Location]]) -> Wish:
    """One requirement for what several places ask of a project: ranges together, pins if they agree."""
    name, marker = key
    pins: dict[str, Location] = {}
    clauses: dict[str, Specifier] = {}
    extras: set[str] = set()
    local = False
    for requirement, place in asked:
        extras |= requirement.extras
        for clause in requirement.specifier:
            if _has_local(clause):
                local = True
            elif clause.operator in ("==", "===") and not clause.version.endswith(".*"):
                pins.setdefault(clause.version, place)
            else:
                clauses[str(clause)] = clause
    made = Requirement(asked[0][0].name or name)
    made.extras = extras
    made.marker = Marker(marker) if marker else None
    remark = "its build of one host was left out" if local else ""
    if len(pins) > 1:
        stated = ", ".join(f"=={version} in {place}" for version, place in sorted(pins.items()))
        remark = f"pinned differently: {stated}"
    elif pins and all(clause.contains(next(iter(pins)), prereleases=True) for clause in clauses.values()):
        made.specifier = SpecifierSet(f"=={next(iter(pins))}")
    elif pins:
        remark = f"=={next(iter(pins))} does not meet {','.join(sorted(clauses))}"
    else:
        made.specifier = SpecifierSet(",".join(sorted(clauses)))
    places = tuple(dict.fromkeys(place for _, place in asked))
    return Wish(requirement=made, places=places, remark=remark)


def _has_local(clause: Specifier) -> bool:
    """``==2.4.1+cu121`` names one host's build."""
    try:
        return Version(clause.version.removesuffix(".*")).local is not None
    except InvalidVersion:  # "===" takes any text
        return False


def policy_text(
    wishes: Iterable[Wish], *, hosts: Sequence[str], extends: str = "colab", tier: str = "lab"
) -> str:
    """The policy as YAML, with a remark beside a requirement where there is something to say."""
    wanted = sorted(
        wishes, key=lambda wish: (canonicalize_name(wish.requirement.name), str(wish.requirement))
    )
    head = [
        "schema: 1",
        f"{f'extends: {extends}':<50} # inherits everything but the tiers",
        f"hosts: [{', '.join(hosts)}]",
        "tiers:",
    ]
    if not wanted:
        example = f"  {tier}: [torchinfo]"
        body = [
            "  # Nothing that installs was found here. A tier is a name and what its notebooks install:",
            f"{example:<50} # an example: captum, \"optuna>=3\", 'datasets<3' ...",
        ]
        return "\n".join([*head, *body]) + "\n"
    words = [_scalar(str(wish.requirement)) for wish in wanted]
    line = f"  {tier}: [{', '.join(words)}]"
    if len(line) <= WIDTH and not any(wish.remark for wish in wanted):
        return "\n".join([*head, line]) + "\n"
    listed = [
        f"    - {word}" + (f"  # {' '.join(wish.remark.split())}" if wish.remark else "")
        for word, wish in zip(words, wanted, strict=True)
    ]
    return "\n".join([*head, f"  {tier}:", *listed]) + "\n"


def _scalar(text: str) -> str:
    """A YAML scalar: plain where nobody could read it as anything but text, else in quotes."""
    if _PLAIN.fullmatch(text) and text.lower() not in _YAML_WORDS:
        return text
    return json.dumps(text, ensure_ascii=False)
