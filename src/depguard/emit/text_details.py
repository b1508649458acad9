"""What ``-v`` adds to a report: on what it rests, and what else was seen."""

from __future__ import annotations

from depguard.emit.selection import subject_of, told_as_broken
from depguard.emit.wording import moment, one_line, table, wrapped
from depguard.model.finding import About, Verdict
from depguard.model.policy import Severity
from depguard.model.report import Report

SHORT = 12
"""Hexadecimal digits of a hash that are enough for eyes; JSON and the written files have all."""


def details(report: Report) -> list[str]:
    """Host, policy, index and request with their places, notes, and findings about other things."""
    rows = [("host", _host(report))]
    rows += [("policy", line) for line in _policy(report)]
    if report.simulation is not None:
        rows.append(("installer", report.simulation.installer))
    if report.cutoff is not None:
        rows.append(("index", f"as of {moment(report.cutoff)}"))
    if report.request.command is not None:
        rows.append(("command", one_line(report.request.command)))
    for asked in report.request.requirements:
        place = f"  ({asked.location})" if asked.location is not None else ""
        rows.append(("asked", f"{one_line(asked.text)}{place}"))
    return ["Details:", *table(rows), *_findings(report), *_unknown(report)]


def _host(report: Report) -> str:
    host = report.host
    installed = f", {host.installed} installed" if host.installed else ""
    return f"{host.name}, Python {host.python}{installed}, sha256 {host.sha256[:SHORT]}"


def _policy(report: Report) -> list[str]:
    if report.policy is None:
        return ["none: nothing is protected"]
    return [
        report.policy,
        *(f"{source.label}, sha256 {source.sha256[:SHORT]}" for source in report.policy_sources),
    ]


def _findings(report: Report) -> list[str]:
    """Notes about the subject, and all about anything else."""
    subject = subject_of(report)
    rows = [
        (f"{f.about.value}, {f.severity.value}", f.code, one_line(f.message))
        for f in report.findings
        if f.waived is None
        and (f.about is not subject or f.severity is Severity.NOTE)
        and f.severity is not Severity.OFF
        # What plain pip would break is listed above, package by package.
        and not (f.about is About.SIMULATION and told_as_broken(report, f))
    ]
    return table(rows)


def _unknown(report: Report) -> list[str]:
    # With an open verdict they are told above.
    if report.verdict is Verdict.UNPROVEN:
        return []
    return [part for line in report.unknown for part in wrapped(one_line(line), first="  unknown  ")]
