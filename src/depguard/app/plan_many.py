"""Use case: many tiers on many hosts in one process, each host by itself, sharing what is known.

    for made in plan_many([PlanRequest(question=question, tier=tier) for tier in ("tier1", "tier3")], hosts):
        print(made.host.name, made.request.tier, made.report.verdict)

Pages, metadata and parsed requirements are shared by all; a host is made ready once for all requests of a
question, and a tier that others extend is solved once. The answers are those of `plan_tier` on one host.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import groupby
from math import gcd

from depguard.app.crew import ALONE, Crew
from depguard.app.plan import Question, Shared, plan_tier
from depguard.model.host import Host
from depguard.model.report import Report
from depguard.records import dataclass, field, replace


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanRequest:
    """A tier, and what it is asked under. The hosts of the question itself do not count."""

    question: Question
    tier: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HostReport:
    """The answer to one request on one host, the one at ``index`` of ``hosts``."""

    request: PlanRequest
    report: Report
    hosts: Sequence[Host] = field(repr=False, compare=False)
    index: int

    @property
    def host(self) -> Host:
        """The host, which may have to be read first."""
        return self.hosts[self.index]


def plan_many(
    requests: Sequence[PlanRequest], hosts: Iterable[Host], *, crew: Crew = ALONE
) -> Iterator[HostReport]:
    """Plan every request on every host, host by host, each as soon as it is asked for.

    Requests with the same Question object share what is found out about a host. ``crew`` may do several at
    once, mostly a host at a time. Of ``hosts`` that are a sequence each is looked at when its turn comes, by
    whoever plans on it: `depguard.adapters.host_store.HostStore.several` reads them then.

    Raises InputError for a tier that a policy does not have, OutOfReachError.
    """
    row = hosts if isinstance(hosts, Sequence) else tuple(hosts)

    @lru_cache(maxsize=1)  # the parts of a host follow each other
    def on_host(index: int) -> Callable[[Question], Shared]:
        return _per_question(row[index])

    def planned(part: int) -> Report:
        index, at = divmod(part, len(requests))
        known = on_host(index)(requests[at].question)
        return plan_tier(known.question, requests[at].tier, known).reports.reports[0]

    # Neighbours of one question have much in common: groups that fit into every run of them.
    runs = (len(tuple(run)) for _, run in groupby(requests, key=lambda request: id(request.question)))
    for part, report in enumerate(crew.each(planned, len(row) * len(requests), group=gcd(*runs) or 1)):
        index, at = divmod(part, len(requests))
        yield HostReport(request=requests[at], report=report, hosts=row, index=index)


def _per_question(host: Host) -> Callable[[Question], Shared]:
    made: list[tuple[Question, Shared]] = []

    def shared(question: Question) -> Shared:
        for known, found in made:
            if known is question:
                return found
        made.append((question, Shared(replace(question, hosts=(host,)))))
        return made[-1][1]

    return shared
