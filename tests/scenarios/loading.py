"""Scenario files to typed values. Every mistake is an InputError with file, line and column.

A file is a list; each entry one scenario:

    - scenario: captum would move numpy                # the test's name, once in a file
      why: what this shows                             # optional
      host: {python: 3.12.13, platform: manylinux_2_35_x86_64, loaded: [numpy], installed: {numpy: 2.0.2}}
      hosts: [{name: a, …}, {name: b, …}]              # instead of host: several at once
      index: {captum: {"0.8.0": ["numpy<2"]}}          # the format of `kit.fake_index`
      extra_index: {captum: {"0.9.0": null}}           # a second one, of --extra-index-url
      unreachable: [scipy]                             # pages that cannot be had
      files: {req.txt: "captum"}                       # what -r and -c in the command read
      policy: {protected: {numpy: "C ABI"}, tiers: {lab: [captum]}}   # or a text; "schema: 1" is added
      ask: pip install captum                          # or {run: …, pip: 26.3, cutoff: 2026-01-01, today: …}
      ask: {tier: lab, as: uv}                         # instead: a tier of the policy
      expect: …                                        # see `Expectation`

Change lines: ``+ captum 0.8.0``, ``- ydf 0.15.0``, ``numpy 2.0.2 -> 1.26.4``, and with ``=>`` where the same
public version comes in another artifact. An unknown version is ``?``. Order does not matter.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any, TypeVar

import yaml
from packaging.utils import canonicalize_name
from packaging.version import Version

from depguard.errors import InputError, Problem
from depguard.model.host import Host
from depguard.model.location import Location
from depguard.model.policy import Installer, Policy
from depguard.model.request import InstallCommand
from depguard.parse.cutoff import parse_cutoff
from depguard.parse.install_command import parse_install_command
from depguard.parse.policy import parse_policy
from depguard.parse.requirement_lines import resolve_reference
from depguard.parse.suggest import did_you_mean
from depguard.parse.yaml_nodes import Mapping as MappingNode
from depguard.parse.yaml_nodes import Node, Scalar, kind, read_yaml
from depguard.parse.yaml_nodes import Sequence as SequenceNode
from kit.fake_index import FakeIndex
from kit.hosts import small_host

T = TypeVar("T")

TODAY = datetime.fromisoformat("2026-11-22T00:00:00+00:00")

_SCENARIO = (
    *("scenario", "why", "host", "hosts", "index", "extra_index"),
    *("unreachable", "files", "policy", "ask", "expect"),
)
_HOST = ("name", "python", "platform", "loaded", "installed", "markers")
_ASK = ("tier", "run", "as", "pip", "cutoff", "today")
_EXPECT = (
    "verdict",
    "simulation",
    "really",
    "plan",
    "findings",
    "notes",
    "ways_out",
    "chain",
    "held_back",
    "says",
    "silent",
    "error",
    "apart",
    "hosts",
)
UNSOLVABLE = "unsolvable"


@dataclass(frozen=True, kw_only=True)
class Expectation:
    """What an answer has to be. A part that is None is not looked at; ``verdict`` is always stated.

    ``simulation`` and ``plan`` are change lines, or "unsolvable"; ``plan`` may be "none": no plan was
    asked for. ``findings`` are all errors and warnings as ``DG101 simulation numpy error``, ``notes`` all
    notes alike. ``ways_out`` are ``safe: captum==0.9.0`` in order. ``chain`` is that of the first error, a
    link a line: ``lab -> captum``. ``held_back`` is a reason a name. Each of ``says`` stands somewhere in
    the report's prose, none of ``silent`` does. ``error`` is the code of the problem that ends it all.
    ``really`` is what the installer itself does where it is known that the simulation is not right.
    """

    verdict: str | None
    simulation: tuple[str, ...] | str | None = None
    really: tuple[str, ...] | None = None
    plan: tuple[str, ...] | str | None = None
    findings: tuple[str, ...] | None = None
    notes: tuple[str, ...] | None = None
    ways_out: tuple[str, ...] | None = None
    chain: tuple[str, ...] | None = None
    held_back: Mapping[str, str] | None = None
    says: tuple[str, ...] = ()
    silent: tuple[str, ...] = ()
    error: str | None = None
    apart: bool | None = None


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """One scenario. Exactly one of ``tier`` and ``command`` is set.

    ``index`` is the mapping that the frozen index is made of; ``expected`` has an expectation a host.
    """

    name: str
    location: Location
    hosts: tuple[Host, ...]
    index: Mapping[str, Mapping[str, Any]]
    policy: Policy | None
    tier: str | None
    command: InstallCommand | None
    installer: Installer
    pip: Version | None
    cutoff: datetime | None
    moment: datetime
    expected: tuple[Expectation, ...]
    unreachable: tuple[str, ...] = ()
    files: Mapping[str, str] = field(default_factory=dict)
    extra_index: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def source(self) -> FakeIndex:
        """The frozen index, new each time."""
        made = FakeIndex.from_dict(self.index)
        if self.extra_index:
            extra = FakeIndex.from_dict(self.extra_index, index="extra")
            made = made.beside(extra, only_first=self.installer is Installer.UV)
        made.unreachable |= {canonicalize_name(name) for name in self.unreachable}
        return made


def load(path: Path) -> list[Scenario]:
    """All scenarios of a file. Raises ValueError whose text has every mistake with its place."""
    try:
        return parse(path.read_text(encoding="utf-8"), path.name)
    except InputError as error:
        raise ValueError("\n".join(("", *(_told(problem) for problem in error.problems)))) from None


def _told(problem: Problem) -> str:
    more = "; ".join(
        part for part in (problem.allowed and f"allowed: {problem.allowed}", problem.hint) if part
    )
    return f"{problem.location}: {problem.message}" + (f" ({more})" if more else "")


def parse(text: str, label: str) -> list[Scenario]:
    """All scenarios of a text. Raises InputError with the mistakes of every scenario."""
    document = read_yaml(text, label)
    problems = list(document.problems)
    if not isinstance(document.root, SequenceNode):
        raise InputError(*problems, _problem(Location(label, 1, 1), "a scenario file is a list"))
    scenarios: dict[str, Scenario] = {}
    for node in document.root.items:
        try:
            scenario = _scenario(node)
        except InputError as error:
            problems += error.problems
            continue
        if scenario.name in scenarios:
            problems.append(_problem(node.location, f"{scenario.name!r} stands twice"))
        scenarios[scenario.name] = scenario
    if problems:
        raise InputError(*problems)
    return list(scenarios.values())


def _scenario(node: Node) -> Scenario:
    parts = _fields(node, "a scenario", _SCENARIO)
    for key in ("scenario", "ask", "expect"):
        if key not in parts:
            raise InputError(_problem(node.location, f"the scenario has no {key!r}"))
    if ("host" in parts) == ("hosts" in parts):
        raise InputError(_problem(node.location, "a scenario has either host or hosts"))
    hosts = _hosts(parts)
    index = _plain(parts["index"]) if "index" in parts else {}
    _guarded(parts.get("index", node), lambda: FakeIndex.from_dict(index))
    files = _plain(parts["files"]) if "files" in parts else {}
    ask = _asked(parts["ask"])
    today = str(ask.get("today", TODAY.date()))
    tier, run = ask.get("tier"), ask.get("run")
    if (tier is None) == (run is None):
        raise InputError(_problem(parts["ask"].location, "ask names either a tier or what to run"))
    command = _guarded(parts["ask"], lambda: _command(run, files)) if run is not None else None
    cutoff = _guarded(parts["ask"], lambda: parse_cutoff(str(ask["cutoff"]))) if "cutoff" in ask else None
    installer = command.installer if command is not None else Installer(ask.get("as", "pip"))
    return Scenario(
        name=str(_plain(parts["scenario"])),
        location=node.location,
        hosts=hosts,
        index=index,
        policy=_policy(parts["policy"]) if "policy" in parts else None,
        tier=tier,
        command=command,
        installer=installer,
        pip=Version(str(ask["pip"])) if "pip" in ask else None,
        cutoff=cutoff,
        moment=datetime.combine(date.fromisoformat(today), TODAY.timetz()),
        expected=tuple(_expectations(parts["expect"], hosts)),
        unreachable=tuple(_plain(parts["unreachable"])) if "unreachable" in parts else (),
        files=files,
        extra_index=_plain(parts["extra_index"]) if "extra_index" in parts else {},
    )


def _hosts(parts: Mapping[str, Node]) -> tuple[Host, ...]:
    if "host" in parts:
        return (_host(parts["host"]),)
    several = parts["hosts"]
    if not isinstance(several, SequenceNode):
        raise InputError(_problem(several.location, "hosts is a list"))
    return tuple(_host(item) for item in several.items)


def _host(node: Node) -> Host:
    values = {key: _plain(value) for key, value in _fields(node, "a host", _HOST).items()}
    return _guarded(node, lambda: small_host(values.pop("installed", None) or {}, **values))


def _asked(node: Node) -> dict[str, Any]:
    if isinstance(node, MappingNode):
        return {key: _plain(value) for key, value in _fields(node, "ask", _ASK).items()}
    return {"run": _plain(node)}


def _command(run: str | list[str], files: Mapping[str, str]) -> InstallCommand:
    def read(reference: str, including: str | None) -> str:
        return files[resolve_reference(reference, including)]

    words = shlex.split(run) if isinstance(run, str) else [str(word) for word in run]
    return parse_install_command(words, read=read)


def _policy(node: Node) -> Policy:
    """A policy's own mistakes carry their own positions; of a mapping, those of its text as dumped."""
    label = "policy.yaml"
    if isinstance(node, Scalar):
        return parse_policy(node.text, label)
    text = yaml.safe_dump({"schema": 1, "name": "test", **_plain(node)}, sort_keys=False)
    return _guarded(node, lambda: parse_policy(text, label))


def _expectations(node: Node, hosts: tuple[Host, ...]) -> Iterator[Expectation]:
    parts = _fields(node, "expect", _EXPECT)
    apart = {}
    if "hosts" in parts:
        apart = _fields(parts.pop("hosts"), "expect.hosts", tuple(host.name for host in hosts))
    for host in hosts:
        own = dict(parts)
        if host.name in apart:
            own.update(_fields(apart[host.name], f"expect.hosts.{host.name}", _EXPECT))
        yield _expectation(node, {key: _plain(value) for key, value in own.items()})


def _expectation(node: Node, values: dict[str, Any]) -> Expectation:
    if "verdict" not in values and "error" not in values:
        raise InputError(_problem(node.location, "expect has no verdict"))
    known: dict[str, Any] = {
        key: tuple(value) if isinstance(value, list) else value for key, value in values.items()
    }
    known.setdefault("verdict", None)
    return Expectation(**known)


def _fields(node: Node, what: str, allowed: tuple[str, ...]) -> dict[str, Node]:
    if not isinstance(node, MappingNode):
        raise InputError(_problem(node.location, f"{what} is a mapping, not {kind(node)}"))
    strange = [entry.key for entry in node.entries if entry.key.text not in allowed]
    if strange:
        raise InputError(
            *(
                Problem(
                    code="scenario.unknown-key",
                    message=f"{what} has no {key.text!r}",
                    location=key.location,
                    allowed=", ".join(allowed),
                    hint=did_you_mean(key.text, allowed),
                )
                for key in strange
            )
        )
    return {entry.key.text: entry.value for entry in node.entries}


def _plain(node: Node) -> Any:
    """Plain values; only ``true``, ``false`` and ``null`` are no text, so that 2.10 stays as written."""
    match node:
        case MappingNode():
            return {entry.key.text: _plain(entry.value) for entry in node.entries}
        case SequenceNode():
            return [_plain(item) for item in node.items]
        case Scalar(null=True):
            return None
        case Scalar(plain=True, text="true" | "false"):
            return node.text == "true"
        case _:
            return node.text


def _guarded(node: Node, make: Callable[[], T]) -> T:
    """What ``make`` gives; its complaints are told with the place of ``node``."""
    try:
        return make()
    except InputError as error:
        raise InputError(
            *(_problem(node.location, f"{p.location}: {p.message}") for p in error.problems)
        ) from None
    except (TypeError, ValueError, KeyError) as error:
        raise InputError(_problem(node.location, f"{type(error).__name__}: {error}")) from error


def _problem(location: Location, message: str) -> Problem:
    return Problem(code="scenario", message=message, location=location)
