"""Laws of refusals: every leaf of an explanation is true, and every way out solves when it is tried."""

from __future__ import annotations

import re

from hypothesis import given
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from depguard.model.finding import Finding, WayOut
from depguard.model.plan import ChangeSet
from depguard.model.report import Report
from kit.laws import law
from planning.asked import ask
from planning.tiny import Tiny, is_met, tinies, untouched
from scenarios.asking import change_lines

_REQUIRES = re.compile(r"(?P<name>\S+) (?P<version>\S+) requires (?P<requirement>.+)")
_NEEDS = re.compile(r"would break .*, which needs (?P<requirement>.+)")


@law(40)
@given(tinies())
def test_all_that_is_said_is_true(tiny: Tiny) -> None:
    """Each link of a chain, each leaf of a refusal; and each way out solves when it is tried."""
    (report,) = ask(tiny).reports.reports
    for finding in report.findings:
        for place in range(len(finding.chain)):
            _link_is_true(tiny, finding, place)
        for way in finding.ways_out:
            _solves(way, _tried(tiny, way))
    of_the_plan = [f for f in report.findings if f.about.value == "plan"]
    if report.plan is None or report.plan.changes is not None:
        assert not [f for f in of_the_plan if f.code in ("DG101", "DG201", "DG202", "DG203")]
        return
    refusals = [f for f in of_the_plan if f.severity.value == "error"]
    assert refusals
    for finding in refusals:
        _in_the_way(tiny, finding)
    for line in report.plan.failure:
        found = _REQUIRES.fullmatch(line)
        if found is not None:
            known = _known(tiny, found["name"], found["version"])
            assert Requirement(found["requirement"]) in known, line


def _link_is_true(tiny: Tiny, finding: Finding, place: int) -> None:
    link = finding.chain[place]
    requirement = Requirement(link.requirement)
    if link.version is None:
        assert place == 0
        assert requirement in [Requirement(text) for text in tiny.request]
        return
    assert requirement in _known(tiny, link.name, str(link.version))
    if not place:
        return
    before = finding.chain[place - 1]
    asked = Requirement(before.requirement)
    if link.name == asked.name:
        # The version meets what the link before asks for.
        assert SpecifierSet(str(asked.specifier)).contains(str(link.version))
    elif link.name != before.name:
        # A host distribution: what the link before moves is not what it needs, so it moves along,
        # or stands in the way. The link behind it, if any, is of its new version.
        assert tiny.installed[link.name]["version"] == str(link.version)
        assert requirement.name == asked.name


def _in_the_way(tiny: Tiny, finding: Finding) -> None:
    """The leaf: what the finding's own code says of the package that it names."""
    name = str(finding.package)
    last = finding.chain[-1].requirement if finding.chain else ""
    match finding.code:
        case "DG101":
            assert name in tiny.protected
            assert Requirement(last).name == name
            assert not is_met(tiny, untouched(tiny), last)
        case "DG201":
            assert name in tiny.installed
            assert name not in tiny.protected
            assert not is_met(tiny, untouched(tiny), last)
        case "DG202":
            found = _NEEDS.search(finding.message)
            assert found is not None, finding.message
            assert found["requirement"] in tiny.installed[name]["requires"]
            assert is_met(tiny, untouched(tiny), found["requirement"])
        case "DG203":
            assert name in tiny.forbidden
            assert Requirement(last).name == name
        case "DG303" if "no version of" in finding.message and "meets all" in finding.message:
            assert name in {*tiny.index, *tiny.installed}
        case "DG303" | "DG405":
            wanted = Requirement(last)
            offered = [*tiny.index.get(wanted.name, {})]
            assert not any(wanted.specifier.contains(version) for version in offered), finding.message
        case other:
            raise AssertionError(f"no law for {other}: {finding.message}")


def _solves(way: WayOut, report: Report) -> None:
    assert report.plan is not None
    assert report.plan.changes is not None, way.change
    assert change_lines(report.plan.changes) == change_lines(ChangeSet(actions=way.actions)), way.change


def _tried(tiny: Tiny, way: WayOut) -> Report:
    """What depguard says of the universe with the change made, by hand."""
    let_go = re.fullmatch(r"let (\S+) move \(it is held\)", way.change)
    if let_go is not None:
        held = tuple(name for name in tiny.held if name != let_go[1])
        return ask(tiny.but(held=held)).reports.reports[0]
    request = tiny.request
    for change in way.change.split(", "):
        request = _changed(request, change)
    return ask(tiny.but(request=request)).reports.reports[0]


def _changed(request: tuple[str, ...], change: str) -> tuple[str, ...]:
    if change.startswith("drop "):
        return tuple(text for text in request if Requirement(text).name != change.removeprefix("drop "))
    new = change.removesuffix(" without a version")
    name = canonicalize_name(Requirement(new).name)
    assert name in {Requirement(text).name for text in request}, change
    return tuple(new if Requirement(text).name == name else text for text in request)


def _known(tiny: Tiny, name: str, version: str) -> list[Requirement]:
    """All that any artifact of this version requires."""
    texts = list(tiny.index.get(name, {}).get(version, []))
    if name in tiny.installed and tiny.installed[name]["version"] == version:
        texts += tiny.installed[name]["requires"]
    return [Requirement(text) for text in texts]
