"""From what was found to figures. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median, quantiles

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from kit.referees import Change
from survey.contest import ours
from survey.journal import Answer, Entry, Judged
from survey.lines import InstallLine

Found = Mapping[tuple[str, str], Entry]


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A line on which depguard, as an installer, and that installer do not agree.

    ``theirs`` and ``ours`` are the changes that only one of them makes; None where it refuses.
    """

    line: str
    by: str
    theirs: tuple[Change, ...] | None
    ours: tuple[Change, ...] | None
    said: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bout:
    """depguard against one installer. ``apart`` counts, by reason, the lines without two outcomes."""

    label: str
    lines: int
    same: int
    refused: int
    apart: Mapping[str, int]
    seconds: Sequence[float]
    own_seconds: Sequence[float]
    differences: Sequence[Difference]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pips:
    """Lines to which both pips had an answer: where they agree with each other, and where they do not.

    ``as_either``: depguard, as one of them, gives the answer that both gave. ``as_named``: of the others,
    how often depguard gives the answer of the very pip it stands in for; ``named`` counts those trials.
    """

    agreed: int
    as_either: int
    differed: int
    named: int
    as_named: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdicts:
    """What depguard said of all plain lines. Culprits and what is hit are counted once a line."""

    lines: int
    verdicts: Mapping[str, int]
    codes: Mapping[str, int]
    culprits: Mapping[str, int]
    touched: Mapping[str, int]
    seconds: Sequence[float]


def bout(label: str, sampled: Iterable[InstallLine], found: Found) -> Bout:
    """The figures of depguard against an installer, over what is there by now."""
    pairs = _pairs(label, sampled, found)
    whole = [(real, own) for real, own in pairs if not real.apart and not own.apart]
    apart = Counter(_reason(real, own) for real, own in pairs if real.apart or own.apart)
    return Bout(
        label=label,
        lines=len(whole),
        same=sum(real.outcome == own.outcome for real, own in whole),
        refused=sum(real.outcome is None for real, _ in whole),
        apart=apart,
        seconds=[real.seconds for real, _ in whole],
        own_seconds=[own.seconds for _, own in whole],
        differences=[_difference(real, own) for real, own in whole if real.outcome != own.outcome],
    )


def pips(labels: Sequence[str], sampled: Iterable[InstallLine], found: Found) -> Pips:
    """The figures over both pips, ``labels``."""
    agreed = either = differed = named = as_named = 0
    for line in sampled:
        trials = [pair for label in labels for pair in _pairs(label, (line,), found)]
        if len(trials) < len(labels) or any(real.apart or own.apart for real, own in trials):
            continue
        same = [real.outcome == own.outcome for real, own in trials]
        if len({real.outcome for real, _ in trials}) == 1:
            agreed += 1
            either += any(same)
        else:
            differed += 1
            named += len(same)
            as_named += sum(same)
    return Pips(agreed=agreed, as_either=either, differed=differed, named=named, as_named=as_named)


def verdicts(lines: Iterable[InstallLine], found: Found) -> Verdicts:
    """The figures of the verdicts, over what is there by now."""
    judged = [entry for line in lines if isinstance(entry := found.get((line.name, "verdict")), Judged)]
    return Verdicts(
        lines=len(judged),
        verdicts=Counter(entry.verdict for entry in judged),
        codes=Counter(code for entry in judged for code in entry.codes),
        culprits=Counter(name for entry in judged for name in {_project(text) for text in entry.culprits}),
        touched=Counter(name for entry in judged for name in entry.touched),
        seconds=[entry.seconds for entry in judged],
    )


def middle(seconds: Sequence[float]) -> tuple[float, float]:
    """The median, and the time that nine of ten stay under; zeros for none."""
    if not seconds:
        return 0.0, 0.0
    return median(seconds), quantiles(seconds, n=10)[-1] if len(seconds) > 1 else seconds[0]


def _pairs(label: str, lines: Iterable[InstallLine], found: Found) -> list[tuple[Answer, Answer]]:
    pairs = []
    for line in lines:
        real, own = found.get((line.name, label)), found.get((line.name, ours(label)))
        if isinstance(real, Answer) and isinstance(own, Answer):
            pairs.append((real, own))
    return pairs


def _reason(real: Answer, own: Answer) -> str:
    """Why a pair is not compared: theirs first, by its first words."""
    return (real.apart or f"depguard: {own.apart}").partition(": pip")[0][:40]


def _difference(real: Answer, own: Answer) -> Difference:
    def only(one: frozenset[Change] | None, other: frozenset[Change] | None) -> tuple[Change, ...] | None:
        return None if one is None else tuple(sorted(one - (other or frozenset()), key=str))

    return Difference(
        line=real.line,
        by=real.by,
        theirs=only(real.outcome, own.outcome),
        ours=only(own.outcome, real.outcome),
        said=real.said,
    )


def _project(text: str) -> str:
    """The project of a culprit as it is written (``captum==0.8.0``)."""
    try:
        return canonicalize_name(Requirement(text).name)
    except InvalidRequirement:
        return text
