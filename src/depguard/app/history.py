"""Use case of ``depguard history``: what a log of runs comes to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from statistics import median

from depguard.errors import InputError, Problem
from depguard.model.location import Location
from depguard.model.run_log import History, Period, RunRecord, Tally


def summed_up(
    runs: Sequence[RunRecord], bad: Sequence[Problem], label: str, by: str | None = None
) -> History:
    """Success rates over time, in periods of ``by``: without it, as long as gives about a dozen of them.

    Raises InputError for a log without a run.
    """
    if not runs:
        if bad:
            raise InputError(*bad)
        raise InputError(
            Problem(
                code="log.empty",
                message="there is no run in it",
                location=Location(label),
                hint="depguard install TIER --log PATH appends one",
            )
        )
    first, last = min(run.at for run in runs), max(run.at for run in runs)
    by = by or _fitting(last - first)
    grouped: dict[date, list[RunRecord]] = {}
    for run in runs:
        grouped.setdefault(_begin(run.at, by), []).append(run)
    causes = Counter(code for run in runs for code in run.causes)
    hosts = Counter(run.host for run in runs if run.host is not None)
    return History(
        first=first,
        last=last,
        by=by,
        hosts=dict(sorted(hosts.items())),
        totals=_tallies(runs),
        periods=tuple(Period(begin=begin, tallies=_tallies(own)) for begin, own in sorted(grouped.items())),
        causes=dict(sorted(causes.items(), key=lambda item: (-item[1], item[0]))),
        bad_lines=tuple(bad),
    )


def _tallies(runs: Sequence[RunRecord]) -> Mapping[str, Tally]:
    by_command: dict[str, list[RunRecord]] = {}
    for run in runs:
        by_command.setdefault(run.command, []).append(run)
    return {
        command: Tally(len(own), sum(run.good for run in own), median(run.seconds for run in own))
        for command, own in sorted(by_command.items())
    }


def _fitting(span: timedelta) -> str:
    if span <= timedelta(days=14):
        return "day"
    return "week" if span <= timedelta(weeks=26) else "month"


def _begin(at: datetime, by: str) -> date:
    """The first day of the period, in UTC; weeks begin on Monday."""
    day = at.astimezone(UTC).date()
    if by == "week":
        return day - timedelta(days=day.weekday())
    return day.replace(day=1) if by == "month" else day
