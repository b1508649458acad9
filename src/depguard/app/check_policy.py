"""What a change does to the policy itself, in lines for people: who judges is part of what is judged."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from depguard.app.check_findings import unplaced
from depguard.model.policy import Policy


def policy_notes(before: Policy | None, after: Policy | None) -> tuple[str, ...]:
    """Where the policy after the change is laxer than before: what is kept less, and accepted more."""
    if before is None or after is None:
        return ()
    return tuple(_notes(before, after))


def _notes(before: Policy, after: Policy) -> Iterator[str]:
    for word, old, new in (
        ("protects", before.protected, after.protected),
        ("holds", before.held, after.held),
        ("forbids", before.forbidden, after.forbidden),
    ):
        now = {entry.pattern for entry in new}
        yield from _line(f"no longer {word}", (entry.pattern for entry in old if entry.pattern not in now))
    ranges = {entry.pattern: str(unplaced(entry.allow)) for entry in before.held}
    moved = [e.pattern for e in after.held if ranges.get(e.pattern, "") not in ("", str(unplaced(e.allow)))]
    yield from _line("holds in another range:", moved)
    families = {entry.pattern: entry.family for entry in before.protected}
    smaller = [e.pattern for e in after.protected if set(families.get(e.pattern, ())) - set(e.family)]
    yield from _line("protects less of the family of", smaller)
    known = {(w.code, w.package, w.until) for w in before.waivers}
    yield from _line(
        "newly accepts",
        (
            f"{w.code} for {w.package} until {w.until}"
            for w in after.waivers
            if (w.code, w.package, w.until) not in known
        ),
    )
    stated = {unplaced(override) for override in before.overrides}
    yield from _line(
        "newly overrides",
        (str(override.package) for override in after.overrides if unplaced(override) not in stated),
    )
    yield from _line(
        "weighs otherwise:",
        (
            f"{code} {severity.value}"
            for code, severity in after.rules.items()
            if before.rules.get(code) is not severity
        ),
    )
    gone = [host for host in before.hosts if host not in after.hosts]
    yield from _line("no longer names the host", gone)
    dropped = [glob for glob in before.watch if glob not in after.watch and not glob.startswith("!")]
    yield from _line("no longer watches", dropped)


def _line(lead: str, names: Iterable[str]) -> Iterator[str]:
    found = list(names)
    if found:
        yield f"the policy {lead} {', '.join(found)}"
