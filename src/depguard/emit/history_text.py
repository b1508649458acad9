"""A log of runs summed up, as text: totals, then each period, then what went wrong most often."""

from __future__ import annotations

from depguard.emit.wording import one_line, plural
from depguard.model.run_log import History, Tally

_CAUSES = 10


def render_history(history: History) -> str:
    """The history as text, ending in a newline."""
    runs = sum(tally.runs for tally in history.totals.values())
    where = f" on {', '.join(history.hosts)}" if len(history.hosts) == 1 else ""
    where = f" on {plural(len(history.hosts), 'host')}" if len(history.hosts) > 1 else where
    lines = [f"{plural(runs, 'run')}{where}, {history.first:%Y-%m-%d} to {history.last:%Y-%m-%d}", ""]
    commands = sorted(history.totals)
    named = [(_named(period.begin.isoformat(), history.by), period.tallies) for period in history.periods]
    rows = [
        ("", *commands),
        *((name, *(_cell(tallies.get(c)) for c in commands)) for name, tallies in named),
        ("all", *(_cell(history.totals[c]) for c in commands)),
        ("median", *(f"{history.totals[c].median:.0f} s" for c in commands)),
    ]
    lines += _aligned(rows)
    if history.causes:
        lines += ["", "What went wrong:"]
        shown = list(history.causes.items())[:_CAUSES]
        wide = max(len(code) for code, _ in shown)
        lines += [f"  {one_line(code):{wide}}  {count}" for code, count in shown]
        if len(history.causes) > _CAUSES:
            lines.append(f"  and {len(history.causes) - _CAUSES} more codes")
    if history.bad_lines:
        lines += ["", f"{plural(len(history.bad_lines), 'line')} left out:"]
        lines += [f"  {problem.location}: {one_line(problem.message)}" for problem in history.bad_lines]
    return "\n".join(lines) + "\n"


def _cell(tally: Tally | None) -> str:
    return f"{tally.good}/{tally.runs}  {tally.rate:4.0%}" if tally is not None else "-"


def _named(day: str, by: str) -> str:
    match by:
        case "week":
            return f"week of {day}"
        case "month":
            return day[:7]
        case _:
            return day


def _aligned(rows: list[tuple[str, ...]]) -> list[str]:
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return [
        "  ".join(
            [
                f"  {row[0]:{widths[0]}}",
                *(f"{cell:>{wide}}" for cell, wide in zip(row[1:], widths[1:], strict=True)),
            ]
        ).rstrip()
        for row in rows
    ]
