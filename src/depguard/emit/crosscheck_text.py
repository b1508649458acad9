"""What real installers say beside depguard, as text: one line a host where they agree, a diff where not."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from depguard.emit.wording import listed, moment, one_line, plural, table, wrapped
from depguard.model.crosscheck import Change, Check, Comparison, Crosscheck, Difference, Outcome

_WORDS = {Outcome.AGREES: "AGREES", Outcome.DIFFERS: "DIFFERS", Outcome.NOT_ASKED: "OPEN"}
_COLOURS = {Outcome.AGREES: "\033[1;32m", Outcome.DIFFERS: "\033[1;31m", Outcome.NOT_ASKED: "\033[1;33m"}
_RESET = "\033[0m"
_QUESTIONS = {
    Check.SIMULATION: "nobody guarding",
    Check.FILE: "the written file",
    Check.CLOSURE: "compiled beside the host",
}
_MANY = 8


def render_crosscheck(found: Crosscheck, *, colour: bool = False) -> str:
    """A crosscheck as text, ending in a newline."""
    blocks: list[list[str]] = []
    for tier in dict.fromkeys([*(c.tier for c in found.comparisons), *(t for t, _ in found.refused)]):
        own = [c for c in found.comparisons if c.tier == tier]
        refused = dict(found.refused).get(tier)
        blocks.append(_tier(tier, own, refused, colour=colour))
        blocks += [_difference(c) for c in own if c.outcome is Outcome.DIFFERS]
        blocks += [_unasked(own)] if any(c.outcome is Outcome.NOT_ASKED for c in own) else []
    blocks += [wrapped(note, first="note: ") for note in found.notes]
    blocks.append([f"Index as of {moment(found.cutoff)}, on both sides."])
    return "\n\n".join("\n".join(block) for block in blocks) + "\n"


def _tier(tier: str, own: Sequence[Comparison], refused: str | None, *, colour: bool) -> list[str]:
    outcome = _worst(own, refused)
    word = "REFUSED" if refused is not None else _WORDS[outcome]
    shown = f"{_COLOURS[outcome]}{word}{_RESET}" if colour else word
    hosts = list(dict.fromkeys(c.host for c in own))
    where = f"on {hosts[0]}" if len(hosts) == 1 else f"on {plural(len(hosts), 'host')}"
    referees = list(dict.fromkeys(c.referee for c in own))
    asked = [c for c in own if c.outcome is not Outcome.NOT_ASKED]
    odd = sum(c.outcome is Outcome.DIFFERS for c in asked)
    everybody = listed(referees, len(referees))
    if refused is not None:
        said = f"the plan is {refused}, so no file is written; depguard plan {tier} says why"
    elif odd:
        said = f"{odd} of {plural(len(asked), 'answer')} of {everybody} are not depguard's"
    elif outcome is Outcome.NOT_ASKED:
        said = f"the {plural(len(asked), 'answer')} that were had are depguard's, but not all were had"
    else:
        said = f"{everybody} agree with depguard in all {len(asked)} answers"
    lines = wrapped(f"{tier} {where}: {said}", first=f"{word}  ", rest="  ")
    lines[0] = lines[0].replace(word, shown, 1)
    rows = table(_rows(own))
    return [*lines, "", *rows] if rows else lines


def _rows(own: Sequence[Comparison]) -> Iterable[tuple[str, ...]]:
    """What agrees: the question, how much would change, who says so, and on which hosts if not on all."""
    everywhere = list(dict.fromkeys(c.host for c in own))
    agreed = [c for c in own if c.outcome is Outcome.AGREES]
    for check in Check:
        counts = dict.fromkeys(_count(c) for c in agreed if c.check is check)
        for count in counts:
            same = [c for c in agreed if c.check is check and _count(c) == count]
            by_hosts: dict[tuple[str, ...], list[str]] = {}
            for referee in dict.fromkeys(c.referee for c in same):
                hosts = tuple(c.host for c in same if c.referee == referee)
                by_hosts.setdefault(hosts, []).append(referee)
            for hosts, referees in by_hosts.items():
                where = "" if list(hosts) == everywhere else f" on {listed(hosts, len(hosts))}"
                yield _QUESTIONS[check], count, f"{listed(referees, len(referees))}{where}"


def _count(comparison: Comparison) -> str:
    return "refused by both" if comparison.changes is None else plural(comparison.changes, "change")


def _worst(own: Sequence[Comparison], refused: str | None) -> Outcome:
    found = {comparison.outcome for comparison in own}
    if refused is not None or Outcome.DIFFERS in found:
        return Outcome.DIFFERS
    return Outcome.NOT_ASKED if Outcome.NOT_ASKED in found else Outcome.AGREES


def _difference(comparison: Comparison) -> list[str]:
    lines = [f"{comparison.host}, {_QUESTIONS[comparison.check]}: {comparison.referee}"]
    lines += [f"  {one_line(line)}" for line in comparison.failure]
    for difference in comparison.differences:
        lines += _sides(difference, comparison.referee)
    if comparison.touched:
        lines.append(f"  protected, and touched: {', '.join(comparison.touched)}")
    return lines


def _sides(difference: Difference, referee: str) -> list[str]:
    return table(
        [
            ("-", _change(difference.name, difference.ours), f"depguard: {one_line(difference.our_reason)}"),
            (
                "+",
                _change(difference.name, difference.theirs),
                f"{referee}: {one_line(difference.their_reason)}",
            ),
        ],
        gap=" ",
    )


def _change(name: str, change: Change | None) -> str:
    return str(change) if change is not None else f"{name} as it is"


def _unasked(own: Sequence[Comparison]) -> list[str]:
    lines = ["Without an answer:"]
    reasons: dict[str, list[str]] = {}
    for comparison in own:
        if comparison.outcome is Outcome.NOT_ASKED:
            who = f"{comparison.referee} on {comparison.host} ({comparison.check.value})"
            reasons.setdefault(one_line(comparison.reason), []).append(who)
    for reason, unasked in reasons.items():
        lines += wrapped(f"{listed(unasked, _MANY)}: {reason}", first="  ", rest="    ")
    return lines
