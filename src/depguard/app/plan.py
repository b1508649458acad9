"""Use case: plan a tier on one host, or on several at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from functools import cached_property
from typing import TYPE_CHECKING

from packaging.specifiers import SpecifierSet
from packaging.utils import NormalizedName
from packaging.version import Version

from depguard.app.crew import ALONE, Crew
from depguard.app.judging import Occasion, asked, plan_findings, report
from depguard.errors import InputError, Problem
from depguard.model.finding import About
from depguard.model.host import Host
from depguard.model.policy import Installer, Policy, Severity
from depguard.model.report import Report, Reports, RequestSummary
from depguard.model.request import InstallCommand, Item
from depguard.planning.case import Case, make_case
from depguard.planning.guard import Wanted
from depguard.planning.inspection import expect
from depguard.planning.simulate import prerelease_rule, simulate
from depguard.planning.tiers import Stage, TierPlan, solve_row, stages_of
from depguard.records import dataclass, field, replace
from depguard.resolve.joint import Kept
from depguard.resolve.offers import Shelf
from depguard.resolve.ports import PackageSource
from depguard.resolve.runnable import Looks
from depguard.rules.verdicts import verdict

if TYPE_CHECKING:
    from depguard.app.ways_out import Ways


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What a plan is asked under. ``cutoff`` filters; ``moment`` is what the answer is tied to.

    ``pip`` is the pip version to simulate, None for each host's own. ``binaries`` is where wheels can be
    looked into; without it, nothing is said of them. ``shelf`` is shared with other questions about the same
    source.
    """

    policy: Policy | None
    hosts: tuple[Host, ...]
    source: PackageSource
    cutoff: datetime | None
    moment: datetime
    binaries: Looks | None = None
    installer: Installer = Installer.PIP
    pip: Version | None = None
    constraints: tuple[Item, ...] = ()
    shelf: Shelf | None = field(default=None, compare=False, repr=False)

    @property
    def today(self) -> date:
        """The day by which waivers are judged."""
        return self.moment.date()

    def cases(self, let_move: frozenset[NormalizedName] = frozenset()) -> list[Case]:
        """The hosts made ready."""
        return [
            make_case(
                host,
                self.policy,
                self.source,
                cutoff=self.cutoff,
                let_move=let_move,
                today=self.today,
                installer=self.installer,
                constraints=self.constraints,
                binaries=self.binaries,
                shelf=self.shelf,
            )
            for host in self.hosts
        ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """The reports, and the plan that they speak of (None where the hosts had to be solved apart).

    ``apart`` says why a joint plan was not possible.
    """

    reports: Reports
    plan: TierPlan | None
    cases: tuple[Case, ...]
    apart: str | None = None


class Shared:
    """What the plans of several tiers share on the hosts of one question.

    The hosts are made ready once, and a tier that others extend is solved once. ``crew`` does what can be
    done for each host by itself.
    """

    def __init__(self, question: Question, crew: Crew = ALONE) -> None:
        self.question = question
        self.crew = crew
        self._solved: dict[tuple[str, ...], TierPlan] = {}
        self._kept = Kept()

    @cached_property
    def cases(self) -> list[Case]:
        """The hosts made ready."""
        return self.question.cases()

    def solve(self, stages: Sequence[Stage]) -> TierPlan:
        """Solve a row of the policy's tiers. Raises OutOfReachError."""
        rule = prerelease_rule(self.cases[0].free_view, self.question.installer, self.question.pip)
        return solve_row(self.cases, stages, rule, self._solved, self._kept)


def plan_tier(question: Question, tier: str, shared: Shared | None = None) -> Planned:
    """Plan a tier on all hosts of the question at once.

    Where no joint plan exists but each host has one of its own, the reports are each host's own.
    ``shared`` is what other tiers of the same question have found out already.
    Raises InputError for a tier that the policy does not have, OutOfReachError.
    """
    policy = policy_of(question, tier)
    stages = stages_of(policy.row(tier))
    known = shared if shared is not None else Shared(question)
    cases = known.cases
    plan = known.solve(stages)
    if not plan.solved and len(cases) > 1:
        return _apart(question, tier, stages, plan)
    reports = judge_row(question, tier, stages, cases, plan, crew=known.crew)
    return Planned(reports=Reports(reports=tuple(reports)), plan=plan, cases=tuple(cases))


def judge_row(
    question: Question,
    tier: str | None,
    stages: Sequence[Stage],
    cases: Sequence[Case],
    plan: TierPlan,
    *,
    crew: Crew = ALONE,
) -> list[Report]:
    """One report a host for a plan, with the simulation beside it and the ways out of a refusal."""
    wanted = tuple(item for _, own in stages for item in own)
    occasion = Occasion(
        subject=About.PLAN,
        request=RequestSummary(requirements=asked(wanted), tier=tier),
        policy=question.policy,
        cutoff=question.moment,
        today=question.today,
        source=question.source,
    )
    ways = None if plan.solved else prove_ways_out(question, stages, plan)
    # What is certain to come in is fetched while the installer is simulated, and that of the first host while
    # the others are judged.
    for case, changes in zip(cases, plan.guarded.changes or (), strict=False):
        expect(case, changes)

    def judged(index: int) -> Report:
        case = cases[index]
        simulation = simulate(case.free_view, command_for(question, wanted), pip=question.pip)
        return with_ways_out(report(occasion, case, index, simulation, plan), ways)

    return list(crew.each(judged, len(cases)))


def prove_ways_out(question: Question, stages: Sequence[Stage], plan: TierPlan) -> Ways:
    """Try the ways out of a refusal; each is a solve of its own on the same hosts."""
    from depguard.app.failures import plan_conflicts
    from depguard.app.ways_out import TRIAL_ROUNDS, Proof, ways_out

    def solver(
        stages: Sequence[Stage],
        *,
        let_move: frozenset[NormalizedName] = frozenset(),
        against: Mapping[NormalizedName, SpecifierSet] | None = None,
    ) -> Proof:
        cases = question.cases(let_move)
        rule = prerelease_rule(cases[0].free_view, question.installer, question.pip)
        tried = solve_row(cases, stages, rule, rounds=TRIAL_ROUNDS)
        findings = plan_findings(cases, tried, question.policy, question.today, against or {})
        errors = [finding for finding in findings if finding.severity is Severity.ERROR]
        return Proof(
            plan=tried,
            verdict=verdict(findings, About.PLAN),
            note=errors[0].message if errors else "",
        )

    return ways_out(stages, plan_conflicts(plan), plan, solver)


def with_ways_out(judged: Report, ways: Ways | None) -> Report:
    """Hang the ways out on the first finding that refuses."""
    if ways is None:
        return judged
    findings = list(judged.findings)
    for index, finding in enumerate(findings):
        if finding.about is About.PLAN and finding.severity.value == "error":
            findings[index] = replace(finding, ways_out=ways.found)
            break
    return replace(judged, findings=tuple(findings), notices=(*judged.notices, *ways.notices))


def command_for(question: Question, wanted: Sequence[Wanted]) -> InstallCommand:
    """The plain install of a request, as a user would run it."""
    return InstallCommand(
        installer=question.installer,
        items=tuple(
            Item(
                text=str(w.requirement), requirement=w.requirement, url=w.requirement.url, location=w.location
            )
            for w in wanted
        ),
    )


def _apart(question: Question, tier: str, stages: Sequence[Stage], joint: TierPlan) -> Planned:
    """Each host alone. If one of them fails by itself, the joint failure is that host's."""
    reports: list[Report] = []
    cases: list[Case] = []
    solved = 0
    for host in question.hosts:
        alone = replace(question, hosts=(host,))
        own = alone.cases()
        rule = prerelease_rule(own[0].free_view, question.installer, question.pip)
        plan = solve_row(own, stages, rule)
        solved += plan.solved
        reports += judge_row(alone, tier, stages, own, plan)
        cases += own
    from depguard.app.failures import plan_conflicts

    names = sorted({question.hosts[c.host].name for c in plan_conflicts(joint)})
    differing = ", ".join(names) if names else "some of the hosts"
    return Planned(
        reports=Reports(reports=tuple(reports)),
        plan=None,
        cases=tuple(cases),
        # Where a host has no plan at all, its own refusal says why.
        apart=f"no single set of versions fits all hosts: {differing} differs"
        if solved == len(question.hosts)
        else None,
    )


def policy_of(question: Question, tier: str) -> Policy:
    """The policy that has a tier. Raises InputError where there is no policy, or no such tier in it."""
    if question.policy is None:
        raise InputError(
            Problem(
                code="plan.no-policy",
                message="a tier needs a policy, and none is known for this host",
                hint="depguard init makes one; or name one, such as --policy colab",
            )
        )
    if tier not in question.policy.tiers:
        from depguard.parse.suggest import nearest

        close = nearest(tier, question.policy.tiers)
        raise InputError(
            Problem(
                code="plan.unknown-tier",
                message=f"the policy {question.policy.name} has no tier {tier}",
                allowed=", ".join(question.policy.tiers),
                hint=f"did you mean {close}?" if close else None,
            )
        )
    return question.policy
