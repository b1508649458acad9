"""Each rule by itself: one set of changes that it speaks up about, and one that it lets pass."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import Version

from depguard.model.finding import About, Finding, Verdict
from depguard.model.plan import Action, ActionKind, Cause, ChangeSet
from depguard.model.policy import Builds, Forbidden, Grip, GripKind, Held, Policy, Protected, Severity
from depguard.model.release import Artifact
from depguard.model.report import Broken
from depguard.parse.policy import parse_policy
from depguard.planning.fallback import Fallback, Silence
from depguard.planning.families import Split
from depguard.rules.evidence import Evidence
from depguard.rules.registry import check
from depguard.rules.verdicts import judge, verdict
from kit.fake_index import FakeIndex
from kit.hosts import small_host

NUMPY, PANDAS, LAB = (canonicalize_name(name) for name in ("numpy", "pandas", "lab"))
HOST = small_host(
    {
        "numpy": {"version": "2.0.2", "modules": ["numpy"]},
        "pandas": {"version": "2.2", "requires": ["numpy>=2"]},
        "mystery": {"version": "1.0", "requires": None, "why": "lost"},
    },
    loaded=["numpy", "sys"],
)
CALM = small_host({"numpy": {"version": "2.0.2", "modules": ["numpy"]}, "pandas": "2.2"}, loaded=[])
PROTECTED = Grip(GripKind.PROTECTED, Protected(pattern="numpy", reason="C ABI"))
HELD = Grip(GripKind.HELD, Held(pattern="numpy", reason="held", allow=SpecifierSet(">=2,<3")))


def artifact(name: str = "lab", version: str = "1.0", **facts: Any) -> Artifact:
    found: Artifact = (
        FakeIndex.from_dict({name: {version: facts or None}}).page(canonicalize_name(name)).artifacts[0]
    )
    return found


def action(name: NormalizedName, kind: ActionKind, **fields: Any) -> Action:
    for key in fields.keys() & {"old", "new"}:
        fields[key] = Version(fields[key])
    return Action(name=name, kind=kind, **fields)


def evidence(*actions: Action, host: Any = CALM, **fields: Any) -> Evidence:
    return Evidence(
        about=About.SIMULATION, request="request", host=host, changes=ChangeSet(actions=actions), **fields
    )


DOWN = action(
    NUMPY,
    ActionKind.DOWNGRADE,
    old="2.0.2",
    new="1.26.4",
    because=(Cause(requirement=Requirement("numpy<2"), parent=LAB, parent_version=Version("1.0")),),
)
UP = action(NUMPY, ActionKind.UPGRADE, old="2.0.2", new="2.1.0")
GONE = action(NUMPY, ActionKind.REMOVE, old="2.0.2")
KEPT = action(NUMPY, ActionKind.KEEP, old="2.0.2", new="2.0.2")
ADDED = action(
    LAB,
    ActionKind.ADD,
    new="1.0",
    because=(Cause(requirement=Requirement("lab")),),
    artifact=artifact(),
)
RC = action(LAB, ActionKind.ADD, new="1.0rc1", because=(Cause(requirement=Requirement("lab")),))
RC_ASKED = action(LAB, ActionKind.ADD, new="1.0rc1", because=(Cause(requirement=Requirement("lab>=1.0rc1")),))


def far(**fields: Any) -> Fallback:
    return Fallback(name=LAB, chosen=Version("1.0"), newest=Version("2.0"), **{"days": None, **fields})


CASES: list[tuple[str, Evidence, Evidence]] = [
    ("DG101", evidence(DOWN, grips={NUMPY: PROTECTED}), evidence(KEPT, ADDED, grips={NUMPY: PROTECTED})),
    (
        "DG101",
        evidence(UP, grips={NUMPY: PROTECTED}),
        evidence(UP, grips={NUMPY: HELD}, ranges={NUMPY: SpecifierSet("<3")}),
    ),
    ("DG102", evidence(GONE, grips={NUMPY: PROTECTED}), evidence(GONE)),
    ("DG104", evidence(ADDED, splits={LAB: Split(head=NUMPY, detail="CUDA 13")}), evidence(ADDED)),
    (
        "DG201",
        evidence(DOWN, grips={NUMPY: HELD}, ranges={NUMPY: SpecifierSet(">=2,<3")}),
        evidence(UP, grips={NUMPY: HELD}, ranges={NUMPY: SpecifierSet(">=2,<3")}),
    ),
    ("DG201", evidence(GONE, grips={NUMPY: HELD}, ranges={NUMPY: SpecifierSet(">=2,<3")}), evidence(GONE)),
    (
        "DG202",
        evidence(DOWN, broken=(Broken(name=PANDAS, version=Version("2.2"), requirement="numpy>=2"),)),
        evidence(DOWN),
    ),
    ("DG203", evidence(ADDED, forbidden={LAB: Forbidden(pattern="lab", reason="no")}), evidence(ADDED)),
    ("DG204", evidence(DOWN, host=HOST), evidence(DOWN)),
    (
        "DG304",
        evidence(action(LAB, ActionKind.ADD, new="1.0", artifact=artifact(sdist="only"))),
        evidence(action(LAB, ActionKind.ADD, new="1.0", artifact=artifact())),
    ),
    (
        "DG401",
        evidence(action(LAB, ActionKind.ADD, url="https://example.org/lab.whl")),
        evidence(ADDED),
    ),
    (
        "DG402",
        evidence(action(LAB, ActionKind.ADD, new="1.0", artifact=artifact(yanked="broken"))),
        evidence(ADDED),
    ),
    ("DG403", evidence(RC), evidence(ADDED)),
    ("DG404", evidence(ADDED, fallbacks=(far(days=731),)), evidence(ADDED)),
    (
        "DG404",
        evidence(ADDED, fallbacks=(far(silence=Silence.UNBOUNDED, requirement=Requirement("numpy<2")),)),
        evidence(ADDED),
    ),
    ("DG405", evidence(ADDED, doubts=("requirements of lab 1.0 (dynamic)",)), evidence(ADDED)),
    ("DG405", evidence(DOWN, host=HOST), evidence(ADDED, host=HOST)),
]


def codes(findings: list[Finding]) -> list[str]:
    return [finding.code for finding in findings]


@pytest.mark.parametrize(
    ("code", "fires", "silent"), CASES, ids=lambda value: value if isinstance(value, str) else ""
)
def test_a_rule_fires_and_does_not(code: str, fires: Evidence, silent: Evidence) -> None:
    assert code in codes(check(fires))
    assert code not in codes(check(silent))


def only(code: str, looked_at: Evidence) -> Finding:
    (found,) = [finding for finding in check(looked_at) if finding.code == code]
    return found


def test_severities_of_a_fallback() -> None:
    assert [
        only("DG404", evidence(ADDED, fallbacks=(far(days=days),))).severity
        for days in (None, 365, 366, 730, 731)
    ] == [Severity.NOTE, Severity.NOTE, Severity.WARNING, Severity.WARNING, Severity.ERROR]
    assert only("DG404", evidence(ADDED, fallbacks=(far(days=731),))).unproven


def test_a_pre_release_that_was_asked_for_is_a_note() -> None:
    assert only("DG403", evidence(RC)).severity is Severity.WARNING
    assert only("DG403", evidence(RC_ASKED)).severity is Severity.NOTE


def test_a_build_is_an_error_only_where_the_policy_allows_none() -> None:
    built = action(LAB, ActionKind.ADD, new="1.0", artifact=artifact(sdist="only"))
    assert only("DG304", evidence(built)).severity is Severity.WARNING
    found = only("DG304", evidence(built, builds=Builds.NEVER))
    assert (found.severity, found.unproven) == (Severity.ERROR, True)


def test_a_direct_url_whose_requirements_are_stated_is_a_warning() -> None:
    direct = action(LAB, ActionKind.ADD, url="https://example.org/lab.whl")
    assert only("DG401", evidence(direct)).severity is Severity.ERROR
    assert only("DG401", evidence(direct, stated=frozenset({LAB}))).severity is Severity.WARNING


def test_a_file_without_a_hash_is_a_warning() -> None:
    from dataclasses import replace

    bare = replace(ADDED, artifact=replace(artifact(), hashes=()))
    assert only("DG401", evidence(bare)).severity is Severity.WARNING


def test_whether_something_is_loaded_may_not_be_known() -> None:
    unknown = small_host({"numpy": "2.0.2"})
    assert only("DG204", evidence(DOWN, host=unknown)).severity is Severity.NOTE
    assert only("DG204", evidence(DOWN, host=HOST)).severity is Severity.WARNING


def test_a_chain_leads_from_the_request_to_what_does_not_fit() -> None:
    mild = Cause(requirement=Requirement("numpy>=1"))
    moved = action(NUMPY, ActionKind.DOWNGRADE, old="2.0.2", new="1.26.4", because=(mild, *DOWN.because))
    found = only("DG101", evidence(moved, ADDED, grips={NUMPY: PROTECTED}))
    assert [(link.name, link.requirement) for link in found.chain] == [("request", "lab"), ("lab", "numpy<2")]
    assert found.culprit == "lab"
    assert found.message == "lab 1.0 would replace numpy (2.0.2 -> 1.26.4)"
    assert found.policy_reason == "C ABI"


def policy(text: str) -> Policy:
    return parse_policy(f"schema: 1\nname: test\n{text}", "policy.yaml")


def test_severities_and_waivers_of_a_policy() -> None:
    findings = check(evidence(DOWN, ADDED, host=HOST, grips={NUMPY: PROTECTED}))
    today = date(2026, 11, 22)
    loud = judge(findings, policy("rules: {DG204: error}"), today).findings
    assert {f.code: f.severity for f in loud}["DG204"] is Severity.ERROR
    silent = judge(findings, policy("rules: {DG204: off, DG101: note}"), today).findings
    assert {f.code: f.severity for f in silent} == {"DG101": Severity.NOTE, "DG405": Severity.ERROR}
    waiving = policy("waive: [{code: DG101, package: 'num*', until: 2026-11-22, reason: tried}]")
    accepted = judge(findings, waiving, today)
    found = next(f for f in accepted.findings if f.code == "DG101")
    assert (found.severity, found.waived) == (Severity.NOTE, "tried")
    assert accepted.used == frozenset(waiving.waivers)
    late = judge(findings, waiving, date(2026, 11, 23))
    assert next(f for f in late.findings if f.code == "DG101").severity is Severity.ERROR
    assert late.used == frozenset()


def test_what_ends_a_search_is_never_lowered() -> None:
    ending = Finding(
        code="DG101", about=About.PLAN, severity=Severity.ERROR, package=NUMPY, message="would replace"
    )
    told = policy("rules: {DG101: off}\nwaive: [{code: DG101, package: numpy, until: 2027-01-01, reason: r}]")
    judged = judge([], told, date(2026, 11, 22), final=[ending])
    assert judged.findings == (ending,)


def test_a_note_is_never_made_louder() -> None:
    findings = check(evidence(RC_ASKED))
    judged = judge(findings, policy("rules: {DG403: error}"), date(2026, 11, 22))
    assert [f.severity for f in judged.findings] == [Severity.NOTE]


def finding(severity: Severity, *, about: About = About.PLAN, unproven: bool = False) -> Finding:
    return Finding(code="DG101", about=about, severity=severity, package=NUMPY, message="", unproven=unproven)


@pytest.mark.parametrize(
    ("findings", "expected"),
    [
        ([], Verdict.SAFE),
        ([finding(Severity.WARNING), finding(Severity.NOTE)], Verdict.SAFE),
        ([finding(Severity.ERROR, unproven=True)], Verdict.UNPROVEN),
        ([finding(Severity.ERROR, unproven=True), finding(Severity.ERROR)], Verdict.UNSAFE),
        ([finding(Severity.ERROR, about=About.SIMULATION)], Verdict.SAFE),
    ],
)
def test_the_verdict_counts_errors_about_its_subject(findings: list[Finding], expected: Verdict) -> None:
    assert verdict(findings, About.PLAN) is expected
