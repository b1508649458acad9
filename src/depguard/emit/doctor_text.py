"""What the doctor says, as text: the verdict, the evidence, then what to do and what not to."""

from __future__ import annotations

from collections.abc import Iterable

from depguard.emit.wording import megabytes, one_line, plural, table, verdict_word, wrapped
from depguard.model.environment import Depth, ProbeOutcome, Snapshot
from depguard.model.examination import Examination, Remedy
from depguard.model.finding import Finding, Verdict
from depguard.model.policy import Severity

_GREEN, _YELLOW, _RED, _RESET = "\033[1;32m", "\033[1;33m", "\033[1;31m", "\033[0m"
_WORDS = {
    Verdict.SAFE: ("HEALTHY", _GREEN),
    Verdict.UNPROVEN: ("UNPROVEN", _YELLOW),
    Verdict.UNSAFE: ("STOP", _RED),
    Verdict.UNSOLVABLE: ("STOP", _RED),
}
_DEPTHS = {
    Depth.FAST: "by size",
    Depth.NORMAL: "by size, the protected ones byte for byte",
    Depth.FULL: "byte for byte",
}
_SHOWN = 5
"""Errors that are told with their evidence; the rest in a line each."""


def render_examination(examined: Examination, *, colour: bool = False, verbose: int = 0) -> str:
    """An examination as text, ending in a newline; ``verbose`` adds notes and what was looked at."""
    errors = [f for f in examined.findings if f.severity is Severity.ERROR]
    since = examined.remedy.since if examined.remedy is not None else ""
    blocks = [_head(examined, errors, since, colour=colour), *_others(errors[1:])]
    if examined.remedy is not None:
        blocks.append(_remedy(examined.remedy))
    blocks.append(_remarks(examined, verbose=verbose))
    blocks.append(_tiers(examined))
    blocks.append(_settings(examined.snapshot, in_full=bool(verbose) or not errors))
    if verbose:
        blocks.append(_details(examined.snapshot))
    return "\n\n".join("\n".join(block) for block in blocks if block) + "\n"


def _head(examined: Examination, errors: list[Finding], since: str, *, colour: bool) -> list[str]:
    word, tint = _WORDS[examined.verdict]
    text = f"{one_line(errors[0].message)}  [{errors[0].code}]" if errors else _healthy(examined)
    lines = wrapped(text, first=f"{word}  ", rest="  ")
    if colour:
        lines[0] = f"{tint}{word}{_RESET}" + lines[0].removeprefix(word)
    return [*lines, *(_evidence(errors[0], since) if errors else ())]


def _evidence(finding: Finding, since: str = "") -> list[str]:
    """What shows it; what stands behind "Since" already is not said twice."""
    moment = since.removeprefix("after ").partition(",")[0]
    return [
        part
        for line in finding.because
        if not (moment and line.endswith(moment))
        for part in wrapped(one_line(line), first="  ", rest="    ")
    ]


def _healthy(examined: Examination) -> str:
    snapshot = examined.snapshot
    looked = [item for item in snapshot.distributions if item.files]
    if not looked:
        count = plural(len(snapshot.distributions), "distribution")
        return f"{count}, none whose files can be compared: their package manager keeps its own records"
    files, size = sum(item.files for item in looked), sum(item.size for item in looked)
    what = f"{plural(len(looked), 'distribution')} as recorded"
    if any(f.severity is Severity.WARNING for f in examined.findings):
        what = f"{plural(len(looked), 'distribution')}, nothing protected is damaged"
    compared = ""
    if examined.host is not None and examined.same is not None:
        compared = f"{examined.host}: {examined.same} as published; "
    return f"{compared}{what} ({plural(files, 'file')}, {megabytes(size)}, {_DEPTHS[snapshot.depth]})"


def _others(errors: Iterable[Finding]) -> list[list[str]]:
    rest = list(errors)
    blocks = [
        [*wrapped(f"{one_line(f.message)}  [{f.code}]", first="also  ", rest="  "), *_evidence(f)]
        for f in rest[:_SHOWN]
    ]
    lines = [
        line
        for f in rest[_SHOWN:]
        for line in wrapped(f"{one_line(f.message)}  [{f.code}]", first="also  ", rest="  ")
    ]
    return [*blocks, lines]


def _remedy(remedy: Remedy) -> list[str]:
    rows = [("Since", one_line(remedy.since))] if remedy.since else []
    rows += [("By", one_line(remedy.by))] if remedy.by else []
    rows += [("Do" if index == 0 else "", one_line(line)) for index, line in enumerate(remedy.do)]
    rows += [("Don't", one_line(line)) for line in remedy.dont]
    return table(rows, indent="")


def _remarks(examined: Examination, *, verbose: int) -> list[str]:
    rows = []
    for finding in examined.findings:
        if finding.severity is Severity.WARNING:
            said = f"{one_line(finding.message)} ({one_line(finding.hint)})"
            rows.append(("warning", f"{said}  [{finding.code}]"))
        elif finding.waived is not None:
            rows.append(("waived", f"{finding.package}: {one_line(finding.waived)}  [{finding.code}]"))
        elif verbose or finding.code == "DG909":
            rows.append(("note", f"{one_line(finding.message)}  [{finding.code}]"))
    return table(rows, indent="")


def _tiers(examined: Examination) -> list[str]:
    rows = [(tier.tier, verdict_word(tier.verdict), one_line(tier.note)) for tier in examined.tiers]
    return ["The policy's tiers, planned anew on this machine:", *table(rows)] if rows else []


def _settings(snapshot: Snapshot, *, in_full: bool) -> list[str]:
    if not snapshot.settings:
        return []
    if not in_full:
        names = ", ".join(
            dict.fromkeys(f"{s.installer} {s.name.replace('_', '-')}" for s in snapshot.settings)
        )
        return wrapped(f"Settings that change what an install here does: {names} (-v)", rest="  ")
    rows = [
        (f"{s.installer} {s.name.replace('_', '-')}", f"{one_line(s.value)} (from {s.origin})")
        for s in snapshot.settings
    ]
    return ["Settings that change what an install here does:", *table(rows)]


def _details(snapshot: Snapshot) -> list[str]:
    rows = [("python", f"{snapshot.python}, {snapshot.executable} ({snapshot.kind.value})")]
    rows += [("folder", f"{folder.path} ({folder.kind.value})") for folder in snapshot.folders]
    for probe in snapshot.probes:
        detail = f": {probe.detail}" if probe.detail else ""
        spent = f" in {probe.seconds:.1f} s" if probe.outcome is ProbeOutcome.PASSED else ""
        rows.append(("probe", f"{probe.name} {probe.outcome.value}{spent}{one_line(detail)}"))
    return table(rows, indent="")
