"""Reports as workflow commands, which GitHub Actions shows as annotations on a change.

The escapes are those of the runner's own toolkit: ``%``, CR and LF everywhere, and in properties
``:`` and ``,`` as well.
"""

from __future__ import annotations

from depguard.emit.quoting import quoted
from depguard.emit.selection import about_subject, blocking, explained, subject_failure
from depguard.emit.wording import counts, one_line, title, verdict_word
from depguard.model.finding import Finding, Verdict
from depguard.model.location import Location
from depguard.model.policy import Severity
from depguard.model.report import Report, Reports

_COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning"}


def render_github(reports: Reports) -> str:
    """One line a finding about the subject, one for each safe host. Ends in a newline."""
    return "\n".join(line for report in quoted(reports).reports for line in _lines(report)) + "\n"


def _lines(report: Report) -> list[str]:
    # Notes are left out: a step shows ten annotations of a kind, and nobody has to act on a note.
    told = [finding for finding in about_subject(report) if finding.severity in _COMMANDS]
    lines = [_annotation(report, finding) for finding in told]
    where = f"{title(report.request)} on {report.host.name}"
    if report.verdict is Verdict.SAFE:
        changes = (report.plan if report.subject == "plan" else report.simulation) or None
        said = counts(changes.changes) if changes is not None and changes.changes is not None else "safe"
        lines.append(
            github_command(
                "notice", {"title": f"depguard: {verdict_word(report.verdict)}"}, f"{where}: {said}"
            )
        )
    elif not blocking(report):
        why = "; ".join(one_line(line) for line in (subject_failure(report) or report.unknown))
        head = {"title": f"depguard: {verdict_word(report.verdict)}"}
        if report.request.requirements:
            head = {**_properties(report.request.requirements[0].location), **head}
        lines.append(github_command("error", head, f"{where}: {why or report.verdict.value}"))
    return lines


def _annotation(report: Report, finding: Finding) -> str:
    places = [finding.location, *(link.location for link in finding.chain), finding.policy_location]
    location = next((p for p in places if p is not None and not p.file.startswith("<")), None)
    properties = _properties(location) | {"title": f"depguard {finding.code} on {report.host.name}"}
    text = one_line(finding.message)
    if location is not None and location.cell is not None:
        text = f"cell {location.cell}, line {location.line}: {text}"
    if finding.policy_reason and explained(finding):
        text += f" ({finding.package}: {one_line(finding.policy_reason)})"
    elif finding.hint:
        text += f" ({one_line(finding.hint)})"
    return github_command(_COMMANDS[finding.severity], properties, text)


def _properties(location: Location | None) -> dict[str, str]:
    if location is None or location.file.startswith("<"):
        return {}
    found = {"file": location.file}
    # A line of a notebook's cell is no line of its file.
    if location.line is not None and location.cell is None:
        found["line"] = str(location.line)
        if location.column is not None:
            found["col"] = str(location.column)
    return found


def github_command(name: str, properties: dict[str, str], message: str) -> str:
    """A workflow command with everything in it escaped."""
    said = ",".join(f"{key}={_property(value)}" for key, value in properties.items())
    return f"::{name} {said}::{_data(message)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
