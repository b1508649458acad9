"""Hosts and their differences as text and as Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from packaging.requirements import Requirement

from depguard.model.baseline import BaselineDiff, Change, HostDescription
from depguard.model.host import Host, InstalledDistribution, Knowledge

_KNOWN = {
    Knowledge.CAPTURED: "captured",
    Knowledge.RELEASE: "read from the index",
    Knowledge.ASSUMED: "assumed",
    Knowledge.STATED: "stated",
    Knowledge.UNKNOWN: "unknown",
}
_DIRECTIONS = ("upgraded", "downgraded", "replaced")
# What people know a host by.
_MARKS = ("numpy", "torch", "tensorflow", "jax", "pandas", "protobuf")


def render_host_list(hosts: Sequence[tuple[str, Host | None]]) -> str:
    """Name, Python, size and the best-known packages of each host; None stands for a host that is broken."""
    rows: list[tuple[str, ...]] = [("host", "python", "packages", *_MARKS)]
    for name, host in hosts:
        if host is None:
            rows.append((name, "broken"))
            continue
        versions = {str(d.name): version_of(d) for d in host.installed.values()}
        rows.append(
            (name, str(host.python), str(len(host.installed)), *(versions.get(m, "-") for m in _MARKS))
        )
    return "\n".join(columns(rows))


def render_host(description: HostDescription) -> str:
    """What a host is, how much of it is known, and what it violates untouched."""
    host = description.host
    os = host.facts.get("os")
    facts = [f"Python {host.python}", host.facts.get("platform", ""), os or "", host.accelerator or ""]
    lines = [host.name + (f": {host.about}" if host.about else "")]
    lines.append("  " + ", ".join(fact for fact in facts if fact))
    known = [
        f"{description.counts[how]} {word}" for how, word in _KNOWN.items() if description.counts.get(how)
    ]
    lines.append(f"  {len(host.installed)} distributions; requirements: {', '.join(known)}")
    lines += [
        f"  {key}: {value}" for key, value in sorted(host.facts.items()) if key not in {"os", "platform"}
    ]
    if host.loaded is not None:
        lines.append(f"  loaded at start: {', '.join(sorted(host.loaded, key=str.lower))}")
    lines.append(f"  sha256 {host.sha256}")
    lines += ["", *_health(description)]
    if description.unknown:
        lines += ["", f"Requirements unknown ({len(description.unknown)}):"]
        lines += _indented(
            (f"{d.spelled} {version_of(d)}", d.requirements.source) for d in description.unknown
        )
    if description.assumed:
        lines += [
            "",
            f"Requirements assumed from another artifact of the same version ({len(description.assumed)}):",
        ]
        for distribution in description.assumed:
            known_as = distribution.requirements
            lines.append(f"  {distribution.spelled} {version_of(distribution)}  from {known_as.source}")
            lines += [f"    set aside, contradicted here: {_bare(r)}" for r in known_as.contradicted]
    return "\n".join(lines)


def _health(description: HostDescription) -> list[str]:
    if not description.violations:
        return ["Healthy: no known requirement is violated."]
    count = len(description.violations)
    return [
        f"Violated by the untouched host ({count} requirement{'s' * (count != 1)}):",
        *_indented(
            (
                f"{v.parent} {v.parent_version or ''}",
                f"needs {_bare(v.requirement)}",
                f"has {v.found}" if v.found is not None else "not installed",
            )
            for v in description.violations
        ),
    ]


def _bare(requirement: Requirement) -> str:
    """The requirement without its marker: that it holds here is said already."""
    return str(requirement).partition(";")[0].rstrip()


def render_diff(diff: BaselineDiff) -> str:
    """What changes from one host to the other, changed ones first."""
    lines = [f"{diff.before.name} -> {diff.after.name}: {_summary(diff)}"]
    lines += _indented((f"{key}", f"{old or '-'} -> {new or '-'}") for key, old, new in diff.facts)
    for direction in _DIRECTIONS:
        rows = [_row(change) for change in diff.changed if change.direction == direction]
        lines += ["", f"{direction} ({len(rows)})", *_indented(rows)] if rows else []
    for title, sign, found in (("added", "+", diff.added), ("removed", "-", diff.removed)):
        rows2 = [(f"{sign} {d.spelled}", version_of(d)) for d in found]
        lines += ["", f"{title} ({len(found)})", *_indented(rows2)] if found else []
    return "\n".join(lines)


def render_diff_markdown(diff: BaselineDiff) -> str:
    """The same for a pull request: the summary, the facts, and long lists folded away."""
    lines = [f"### {diff.before.name} → {diff.after.name}", "", f"{_summary(diff).capitalize()}."]
    if diff.facts:
        lines += ["", "| | before | after |", "|---|---|---|"]
        lines += [f"| {key} | {_cell(old)} | {_cell(new)} |" for key, old, new in diff.facts]
    for direction in _DIRECTIONS:
        rows = [_row(change) for change in diff.changed if change.direction == direction]
        lines += _folded(f"{direction} ({len(rows)})", ("package", "before", "after"), rows)
    for title, found in (("added", diff.added), ("removed", diff.removed)):
        rows2 = [(d.spelled, version_of(d)) for d in found]
        lines += _folded(f"{title} ({len(found)})", ("package", "version"), rows2)
    return "\n".join(lines) + "\n"


def _summary(diff: BaselineDiff) -> str:
    counted = [(len(diff.changed), "changed"), (len(diff.added), "added"), (len(diff.removed), "removed")]
    said = [f"{count} {word}" for count, word in counted if count]
    return ", ".join([*said, f"{diff.same} the same"]) if said else "no difference in what is installed"


def _row(change: Change) -> tuple[str, str, str]:
    return change.after.spelled, version_of(change.before), f"-> {version_of(change.after)}"


def _folded(title: str, head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> list[str]:
    if not rows:
        return []
    cells = [[_cell(cell.removeprefix("-> ")) for cell in row] for row in rows]
    return [
        "",
        f"<details><summary>{title}</summary>",
        "",
        f"| {' | '.join(head)} |",
        "|---" * len(head) + "|",
        *(f"| {' | '.join(row)} |" for row in cells),
        "",
        "</details>",
    ]


def _cell(text: str) -> str:
    return text.replace("|", "\\|") or "-"


def version_of(distribution: InstalledDistribution) -> str:
    """The version as text; where nothing carries it, the commit or the word unknown."""
    if distribution.version is not None:
        return str(distribution.version)
    commit = (distribution.origin.reference or "").partition("#")[0].rpartition("@")[2]
    return f"unknown ({commit[:12]})" if commit else "unknown"


def columns(rows: Sequence[tuple[str, ...]]) -> list[str]:
    """Rows as aligned lines, two spaces between columns; the last column is as wide as it likes."""
    if not rows:
        return []
    widths = [max(len(row[i]) for row in rows if i < len(row)) for i in range(max(map(len, rows)))]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=False)) for row in rows)
    return [line.rstrip() for line in lines]


def _indented(rows: Iterable[tuple[str, ...]]) -> list[str]:
    return [f"  {line}" for line in columns(list(rows))]
