"""A refusal as text: the culprit's chain line by line, what is in the way, and the ways out."""

from __future__ import annotations

from packaging.requirements import InvalidRequirement, Requirement

from depguard.emit.selection import blocking, installed_version, required_name
from depguard.emit.wording import one_line, table, verdict_word, wrapped
from depguard.model.finding import Finding, Link, Verdict, WayOut
from depguard.model.location import Location
from depguard.model.report import Report

SHOWN_FINDINGS = 5

_POLICY_VERBS = {"DG1": "protects", "DG201": "holds", "DG203": "forbids"}
_BOUND_CODES = frozenset({"DG101", "DG201"})
# Authors bound from above to be careful, and are often wrong; a lower bound or a pin is usually meant.
_UPPER = frozenset({"<", "<=", "~="})
_YAML_SPECIAL = frozenset(",[]{}:#\"'&*!|>%@`")


def chain_table(report: Report, finding: Finding) -> list[str]:
    """Who asks for what, down to what is in the way: a column each for where, verb and what."""
    rows = [_link_row(link) for link in finding.chain]
    if finding.chain:
        name = required_name(finding.chain[-1].requirement)
        version = installed_version(report, name) if name is not None else None
        if version is not None:
            rows.append((report.host.name, "has", f"{name} {version}"))
    if finding.policy_location is not None:
        verb = policy_verb(finding.code)
        reason = f": {one_line(finding.policy_reason)}" if finding.policy_reason else ""
        rows.append((place(finding.policy_location), verb, f"{finding.package}{reason}"))
    return table(rows)


def policy_verb(code: str) -> str:
    """What the policy does that a rule speaks for: ``protects``, ``holds``."""
    return _POLICY_VERBS.get(code, _POLICY_VERBS.get(code[:3], "says"))


def other_findings(report: Report, findings: tuple[Finding, ...], *, verbose: int) -> list[str]:
    """The errors beside the first one: a line each, with ``verbose`` their chains as well."""
    if not findings:
        return []
    if verbose:
        lines = ["Also:"]
        for finding in findings:
            lines += table([(finding.code, one_line(finding.message))])
            lines += [f"  {line}" for line in chain_table(report, finding)]
        return lines
    shown = findings[:SHOWN_FINDINGS]
    rest = [f"  and {len(findings) - len(shown)} more (-v)"] if len(findings) > len(shown) else []
    return ["Also:", *table((f.code, one_line(f.message)) for f in shown), *rest]


def ways_out(report: Report) -> list[str]:
    """The proved changes, numbered, each once."""
    found: dict[str, WayOut] = {}
    for finding in blocking(report):
        for way in finding.ways_out:
            found.setdefault(way.change, way)
    if not found:
        return []
    rows = [(str(n), one_line(way.change), outcome(way)) for n, way in enumerate(found.values(), 1)]
    return ["Ways out, each one solved:", *table(rows)]


def outcome(way: WayOut) -> str:
    """``SAFE, keeps numpy 2.0.2``."""
    word = verdict_word(way.verdict)
    if not way.note:
        return word
    return f"{word}{',' if way.verdict is Verdict.SAFE else ':'} {one_line(way.note)}"


def override(report: Report, finding: Finding) -> list[str]:
    """The policy entry that says "we know better", where a release's own metadata is what refuses."""
    if report.policy is None or finding.code not in _BOUND_CODES or len(finding.chain) < 2:
        return []
    link = finding.chain[-1]
    try:
        bound = Requirement(link.requirement)
    except InvalidRequirement:
        return []
    upper = any(clause.operator in _UPPER for clause in bound.specifier)
    if link.version is None or not upper or bound.url is not None:
        return []
    version = installed_version(report, finding.package)
    tested = f"{finding.package} {version.major}" if version is not None else f"this {finding.package}"
    package = _yaml(f"{link.name}=={link.version}")
    drop = _yaml(f"{bound.name}{bound.specifier}")
    return [
        f"Tested {link.name} {link.version} on {tested} yourself? Put it in the policy:",
        f'  overrides: [{{package: {package}, drop: {drop}, reason: "..."}}]',
    ]


def place(location: Location) -> str:
    """Where, for people: a command line has no lines."""
    return location.file if location.file.startswith("<") else str(location)


def failure(lines: tuple[str, ...]) -> list[str]:
    """Why nothing solves, as the solver's side says it."""
    return [part for line in lines for part in wrapped(one_line(line), first="  ", rest="    ")]


def _link_row(link: Link) -> tuple[str, str, str]:
    what = one_line(link.requirement.partition(";")[0])
    name = one_line(link.name)
    if link.version is not None:
        return (f"{name} {link.version}", "needs", what)
    if link.location is None:
        return (name if len(name) <= 40 else f"{name[:37]}...", "asks for", what)
    where = place(link.location)
    # A command's text is long, and its place says as much.
    named = len(name) <= 20 and not link.location.file.startswith("<")
    return (where, f"{name} asks for" if named else "asks for", what)


def _yaml(text: str) -> str:
    return f'"{text}"' if _YAML_SPECIAL & set(text) else text
