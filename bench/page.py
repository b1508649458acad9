"""What was measured, as docs/benchmarks.md."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from bench.growth import ASKED, INSTALLED
from bench.many import HOSTS, ROUNDS, TIERS
from bench.measure import Measured
from bench.subjects import HOST, SMALL, TIER


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """All that one run of the benchmarks found."""

    machine: Mapping[str, str]
    versions: Mapping[str, str]
    start: Sequence[Measured]
    warm: Sequence[Measured]
    cold: Sequence[Measured]
    small: Sequence[Measured]
    traffic: Mapping[str, tuple[int, int]]
    many: Mapping[str, tuple[float, float]]
    growth: Mapping[tuple[int, int], float]
    profile: Sequence[tuple[str, float, int]]
    notes: Sequence[str] = field(default_factory=tuple)


def page(results: Results) -> str:
    """The page."""
    tools = ", ".join(f"{name} {version}" for name, version in results.versions.items())
    where = "; ".join(f"{name.replace('_', ' ')}: {value}" for name, value in results.machine.items())
    parts = [
        _HEAD.format(tier=TIER, host=HOST, tools=tools, machine=where),
        "## Warm, offline\n",
        _WARM,
        _table(results.warm, against="uv"),
        "\n## Cold: empty caches, live index\n",
        _COLD,
        _table(results.cold, against="uv"),
        "\n" + _traffic(results.traffic),
        "\n## Beside pip-compile\n",
        _SMALL.format(small=" ".join(SMALL)),
        _table(results.small, against="pip-compile"),
        "\n## Start\n",
        _table(results.start, against="python -c pass"),
        "\n## Many plans in one process\n",
        _many(results.many),
        "\n## Growth\n",
        _growth(results.growth),
        "\n## Where the time of a warm plan goes\n",
        _profile(results.profile),
    ]
    if results.notes:
        parts += ["\n## Remarks on this run\n", *(f"- {note}" for note in results.notes)]
    return "\n".join(parts).rstrip() + "\n"


_HEAD = """\
# Benchmarks

Written by `make bench`; nothing here is typed by hand. Everybody does the same work: the tier `{tier}` on the
host `{host}` (704 distributions). pip and uv get a metadata-only copy of the host
(`depguard baseline materialize`) and only resolve; depguard simulates what pip would do, solves the tier and the
two below it under the policy, and runs all rules. The commands of a table run in turn, one round after the other,
so that a busy machine slows all of them alike: the **ratio** of the medians is what to read, not the seconds.

- {tools}
- {machine}
"""

_WARM = """\
`depguard plan` is what a user sees who asks again: an answer is given a second time while everything that it
rests on is as it was, which is checked ([how](how-it-decides.md#what-is-kept-and-when-it-is-believed)). `anew`
(`DEPGUARD_RECALL=0`) solves and judges everything again, out of compiled hosts, policies and pages. uv keeps
metadata but no answers. pip has no offline mode for an index: it asks again.
"""

_COLD = """\
Each run begins with an empty cache. uv simulates alone; depguard also reads what its plan takes instead (older
releases of what the policy holds back), so it has more to fetch. Two processes of it are at work, one of them at
the index; CPU is that of both.
"""

_SMALL = """\
`{small}` on the same host: depguard's simulation and plan, decided anew, beside pip-compile, which knows of no
host. A request with torch in it would make pip-compile fetch gigabytes.
"""


_MANY = """`plan_many` of three tiers on {hosts} hosts, warm: plans a second, {plans} of them in a run,
{rounds} runs each. Two that share the work both look at most pages for the first time, so they do less than twice
as much. A core may do less while the other is at work, so one process was also timed beside another that did the
same by itself. Who else uses the machine slows two processes down more often than one: the best runs are told as
well as the medians.

| | one process | one beside another | two that share the work | two to one | two to one beside another |
|---|---|---|---|---|---|
{rows}

That is the call: hosts and pages are read, everything is solved and judged. The policy and the settings that it
is given are read before, once, in {before:.0f} ms; importing Python modules does not count."""

_GROWTH = """\
Milliseconds of CPU for a whole plan, made-up hosts and index, the host read from its compiled form. What is
installed and not touched costs its line of the host's file, no more.
"""


def _table(found: Sequence[Measured], *, against: str) -> str:
    base = next((m for m in found if m.name == against and m.wall), None)
    lines = ["| | median | spread | CPU | ratio | peak memory | runs |", "|---|---|---|---|---|---|---|"]
    for each in found:
        if not each.wall:
            lines.append(f"| {each.name} | {each.failure or 'not run'} | | | | | |")
            continue
        bench = each.bench
        median = bench.median()
        spread = bench.median_abs_dev() if len(each.wall) > 1 else 0.0
        ratio = f"{median / statistics.median(base.wall):.2f}" if base is not None else ""
        lines.append(
            f"| {each.name} | {_seconds(median)} | ± {_seconds(spread)} | {_seconds(statistics.median(each.cpu))} |"
            f" {ratio} | {each.memory:.0f} MB | {len(each.wall)} |"
        )
    return "\n".join(lines)


def _seconds(value: float) -> str:
    return f"{value * 1000:.0f} ms" if value < 1 else f"{value:.2f} s"


def _traffic(traffic: Mapping[str, tuple[int, int]]) -> str:
    if not traffic:
        return ""
    lines = [
        "What a cold run asks for, counted by an index on this machine that hands everything on:\n",
        "| | requests | bytes |",
        "|---|---|---|",
    ]
    lines += [f"| {name} | {requests} | {size / 1e6:.1f} MB |" for name, (requests, size) in traffic.items()]
    return "\n".join(lines)


def _many(many: Mapping[str, tuple[float, float]]) -> str:
    rows = []
    for at, which in enumerate(("medians", "the best")):
        one, beside, two = (many[name][at] for name in ("one", "beside", "two"))
        rows.append(
            f"| {which} | {one:.1f} | {beside:.1f} | {two:.1f} | {two / one:.2f} | {two / beside:.2f} |"
        )
    before, _ = many["before"]
    return _MANY.format(
        plans=len(TIERS) * HOSTS, hosts=HOSTS, rounds=ROUNDS, rows="\n".join(rows), before=before * 1000
    )


def _growth(growth: Mapping[tuple[int, int], float]) -> str:
    head = " | ".join(f"{asked} asked for" for asked in ASKED)
    lines = [
        _GROWTH,
        f"| installed | {head} |",
        f"|---|{'---|' * len(ASKED)}",
    ]
    for installed in INSTALLED:
        cells = " | ".join(f"{growth[installed, asked]:.0f}" for asked in ASKED)
        lines.append(f"| {installed} | {cells} |")
    return "\n".join(lines)


def _profile(profile: Sequence[tuple[str, float, int]]) -> str:
    total = sum(seconds for _, seconds, _ in profile) or 1.0
    lines = [
        "Own time by where the code is, under cProfile (which makes small functions look slower), decided anew:\n",
        "| | share | calls |",
        "|---|---|---|",
    ]
    lines += [f"| {name} | {100 * seconds / total:.0f} % | {calls} |" for name, seconds, calls in profile]
    return "\n".join(lines)
