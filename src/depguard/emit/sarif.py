"""Reports as SARIF 2.1.0, for code scanning.

Only findings about a report's subject become results: what plain pip would have done beside a safe
plan is nobody's defect. The source is OASIS' "Static Analysis Results Interchange Format", 2.1.0.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any
from urllib.parse import quote

from depguard import __version__
from depguard.emit.quoting import json_text, quoted
from depguard.emit.rule_texts import RULE_TEXTS, RuleText
from depguard.emit.selection import about_subject, blocking, subject_failure
from depguard.emit.wording import one_line, title
from depguard.model.check import NO_SOLUTION
from depguard.model.finding import Finding, Verdict
from depguard.model.location import Location
from depguard.model.policy import Severity
from depguard.model.report import Report, Reports

SARIF_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "note"}
SARIF_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"

_UNSOLVABLE_TEXT = RuleText(
    "NoSolution", "The requirements have no solution on the host.", "Change or drop a requirement."
)


def render_sarif(reports: Reports) -> str:
    """One SARIF log with one run. ASCII, ends in a newline."""
    results = [result for report in quoted(reports).reports for result in _results(report)]
    rules = sorted({result["ruleId"] for result in results})
    for result in results:
        result["ruleIndex"] = rules.index(result["ruleId"])
    log = {
        "$schema": SARIF_SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "depguard",
                        "semanticVersion": __version__,
                        "rules": [sarif_rule(code) for code in rules],
                    }
                },
                "columnKind": "unicodeCodePoints",
                "results": sorted(results, key=_order),
            }
        ],
    }
    return json_text(log)


def sarif_rule(code: str) -> dict[str, Any]:
    """A rule as a reporting descriptor, with its help."""
    text = RULE_TEXTS.get(code, _UNSOLVABLE_TEXT)
    return {
        "id": code,
        "name": text.name,
        "shortDescription": {"text": text.meaning},
        "help": {
            "text": f"{text.meaning} {text.remedy}",
            "markdown": f"{text.meaning}\n\n**What to do:** {text.remedy}",
        },
    }


def _results(report: Report) -> list[dict[str, Any]]:
    results = [_result(report, finding) for finding in about_subject(report)]
    if report.verdict is Verdict.UNSOLVABLE and not blocking(report):
        why = "; ".join(one_line(line) for line in subject_failure(report)) or "no solution"
        results.append(
            {
                "ruleId": NO_SOLUTION,
                "level": "error",
                "message": {"text": f"{report.host.name}: {why}"},
                "locations": sarif_locations(report.request.requirements[0].location)
                if report.request.requirements
                else [],
                "partialFingerprints": {"depguard/v1": _fingerprint(report, NO_SOLUTION, "", "")},
                "properties": {"host": report.host.name, "about": report.subject},
            }
        )
    return results


def _result(report: Report, finding: Finding) -> dict[str, Any]:
    hint = f" ({one_line(finding.hint)})" if finding.hint else ""
    result: dict[str, Any] = {
        "ruleId": finding.code,
        "level": SARIF_LEVELS[finding.severity],
        "message": {"text": f"{report.host.name}: {one_line(finding.message)}{hint}"},
        "locations": sarif_locations(_first_location(finding)),
        "partialFingerprints": {
            "depguard/v1": _fingerprint(report, finding.code, finding.package, finding.culprit or "")
        },
        "properties": {"host": report.host.name, "about": finding.about.value, "package": finding.package},
    }
    if finding.policy_location is not None:
        related = sarif_locations(finding.policy_location)
        for place in related:
            place["message"] = {"text": one_line(finding.policy_reason) or "the policy says so"}
        result["relatedLocations"] = related
    if finding.waived is not None:
        result["suppressions"] = [{"kind": "external", "justification": one_line(finding.waived)}]
    return result


def _first_location(finding: Finding) -> Location | None:
    places = [finding.location, *(link.location for link in finding.chain), finding.policy_location]
    return next((p for p in places if p is not None and not p.file.startswith("<")), None)


def uri_of(file: str) -> str:
    """A path of the repository as a relative URI reference."""
    return quote(file.replace("\\", "/"), errors="replace")


def sarif_locations(location: Location | None) -> list[dict[str, Any]]:
    """A place as the locations of a result: none where there is no file."""
    if location is None or location.file.startswith("<"):
        return []
    physical: dict[str, Any] = {"artifactLocation": {"uri": uri_of(location.file)}}
    # A line of a notebook's cell is no line of its file.
    if location.line is not None and location.cell is None:
        physical["region"] = {"startLine": location.line}
        if location.column is not None:
            physical["region"]["startColumn"] = location.column
    found: dict[str, Any] = {"physicalLocation": physical}
    if location.cell is not None:
        line = f", line {location.line}" if location.line is not None else ""
        found["logicalLocations"] = [{"name": f"cell {location.cell}{line}", "kind": "member"}]
    return [found]


def _fingerprint(report: Report, code: str, package: str, culprit: str) -> str:
    """What makes a finding the same one tomorrow: no line numbers, versions of neither side."""
    name = culprit.partition(";")[0]
    for sign in "<>=!~ [":
        name = name.partition(sign)[0]
    parts = (code, report.host.name, title(report.request) if report.request.tier else "", package, name)
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]


def _order(result: dict[str, Any]) -> tuple[str, str, str]:
    return (result["ruleId"], result["message"]["text"], json.dumps(result, sort_keys=True))
