"""A check as SARIF 2.1.0, for code scanning: what is there after the change, each with its baseline state.

The source is OASIS' "Static Analysis Results Interchange Format", 2.1.0 (3.27.24 ``baselineState``).
"""

from __future__ import annotations

from typing import Any

from depguard import __version__
from depguard.emit.check_chains import annotated
from depguard.emit.check_quoting import quoted_check
from depguard.emit.quoting import json_text
from depguard.emit.sarif import SARIF_LEVELS, SARIF_SCHEMA, sarif_locations, sarif_rule, uri_of
from depguard.emit.wording import one_line
from depguard.model.check import CheckedFinding, CheckReport, Standing
from depguard.model.finding import Finding

_STATES = {Standing.NEW: "new", Standing.STILL: "unchanged", Standing.GONE: "absent"}


def render_check_sarif(report: CheckReport) -> str:
    """One SARIF log with one run. ASCII, ends in a newline.

    A finding that is gone is a result only where there is a baseline to say so: it is ``absent``.
    """
    report = quoted_check(report)
    results = [_result(report, found) for found in report.findings]
    rules = sorted({result["ruleId"] for result in results})
    for result in results:
        result["ruleIndex"] = rules.index(result["ruleId"])
    driver = {
        "name": "depguard",
        "semanticVersion": __version__,
        "rules": [sarif_rule(code) for code in rules],
    }
    run: dict[str, Any] = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    if report.revisions is not None and report.revisions.head is not None:
        run["properties"] = {
            "base": report.revisions.base,
            "head": report.revisions.head,
            "against": one_line(report.revisions.against),
        }
    log = {"$schema": SARIF_SCHEMA, "version": "2.1.0", "runs": [run]}
    return json_text(log)


def _result(report: CheckReport, found: CheckedFinding) -> dict[str, Any]:
    finding = found.finding
    hint = f" ({one_line(finding.hint)})" if finding.hint else ""
    on = f"{', '.join(found.hosts)}: " if found.hosts else ""
    result: dict[str, Any] = {
        "ruleId": finding.code,
        "level": SARIF_LEVELS[finding.severity],
        "message": {"text": f"{on}{one_line(finding.message)}{hint}"},
        "locations": [_location(found)],
        "partialFingerprints": {"depguard/v1": found.fingerprint},
        "properties": {
            "about": finding.about.value,
            "package": finding.package,
            "hosts": list(found.hosts),
            "target": str(found.target),
        },
    }
    if report.revisions is not None:
        result["baselineState"] = _STATES[found.standing]
    if related := _related(finding):
        result["relatedLocations"] = related
    if finding.waived is not None:
        result["suppressions"] = [{"kind": "external", "justification": one_line(finding.waived)}]
    return result


def _location(found: CheckedFinding) -> dict[str, Any]:
    file, line, column = annotated(found)
    physical: dict[str, Any] = {"artifactLocation": {"uri": uri_of(file)}}
    if line is not None:
        physical["region"] = {"startLine": line}
        if column is not None:
            physical["region"]["startColumn"] = column
    location: dict[str, Any] = {"physicalLocation": physical}
    place = found.finding.location
    if place is not None and place.cell is not None:
        within = f", line {place.line}" if place.line is not None else ""
        location["logicalLocations"] = [{"name": f"cell {place.cell}{within}", "kind": "member"}]
    return location


def _related(finding: Finding) -> list[dict[str, Any]]:
    if finding.policy_location is None:
        return []
    related = sarif_locations(finding.policy_location)
    for place in related:
        place["message"] = {"text": one_line(finding.policy_reason) or "the policy says so"}
    return related
