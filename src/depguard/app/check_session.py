"""What the commands of one target do to the hosts of one side, one after the other."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile

from depguard.app.check_findings import Seen, seen_in, unplaced
from depguard.app.check_sides import CheckQuestion, Side
from depguard.app.simulate import Left, simulate_step
from depguard.model.check import TargetName
from depguard.model.finding import Verdict
from depguard.model.report import Report
from depguard.model.request import InstallCommand
from depguard.records import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One target simulated: for each host its commands and their reports, in order.

    ``left`` gives the hosts as each command leaves them.
    """

    hosts: tuple[tuple[str, tuple[tuple[InstallCommand, Report], ...]], ...]
    left: tuple[Left, ...] = ()

    def until(self, count: int) -> Session:
        """The session after so many commands."""
        return Session(
            hosts=tuple((host, steps[:count]) for host, steps in self.hosts), left=self.left[:count]
        )

    def verdicts(self) -> dict[str, Verdict]:
        """The worst of each host's commands."""
        return {
            host: max((report.verdict for _, report in steps), key=lambda v: v.rank, default=Verdict.SAFE)
            for host, steps in self.hosts
        }

    def seen(self, name: TargetName) -> tuple[Seen, ...]:
        """The findings on all hosts."""
        return tuple(seen for host, steps in self.hosts for seen in seen_in(name, host, steps))


def in_common(old: Sequence[InstallCommand], new: Sequence[InstallCommand]) -> int:
    """How many commands both begin with."""
    equal = (unplaced(one) == unplaced(other) for one, other in zip(old, new, strict=False))
    return sum(1 for _ in takewhile(bool, equal))


def run_session(
    question: CheckQuestion,
    side: Side,
    commands: Sequence[InstallCommand],
    *,
    advise: bool,
    begun: Session | None = None,
) -> Session:
    """The commands in turn: a later one finds what an earlier one installed.

    ``begun`` is a session of the first of these commands on the same hosts: it goes on from there.
    """
    found: dict[str, list[tuple[InstallCommand, Report]]] = {host.name: [] for host in side.hosts}
    left = list(begun.left) if begun is not None else []
    for name, steps in begun.hosts if begun is not None else ():
        found[name] += steps
    for command in commands[len(left) :]:
        asked = question.ask(side, left[-1]() if left else side.hosts, command)
        reports, afterwards = simulate_step(asked, command, advise=advise)
        left.append(afterwards)
        for report in reports.reports:
            found[report.host.name].append((command, report))
    return Session(hosts=tuple((host, tuple(steps)) for host, steps in found.items()), left=tuple(left))
