"""``depguard policy``: check a policy, show what it comes to, print the schema."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from depguard.adapters.policy_store import PolicyFound
    from depguard.app.policies import FindHost
    from depguard.cli.console import Console
    from depguard.errors import Problem
    from depguard.model.host import Host
    from depguard.model.location import Location
    from depguard.model.policy import Policy

ACTIONS = ("check", "show", "schema")


def register(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``depguard policy``."""
    parser.description = (
        "check: every mistake of a policy, with its place. show: the policy after extends, where each entry"
        " stands. schema: the format as JSON Schema, for editors."
    )
    parser.add_argument("action", choices=ACTIONS, help="what to do")
    parser.add_argument(
        "policy",
        nargs="?",
        metavar="POLICY",
        help="a file, folder, https URL, github:owner/repo@ref[:path] or shipped name"
        " (default: the project's own)",
    )
    parser.add_argument("--policy", dest="policy_option", metavar="POLICY", help="the same, as an option")
    parser.add_argument("--offline", action="store_true", help="ask no server")


def run(args: argparse.Namespace, console: Console) -> int:
    """Print what was asked for: 0, or InputError with all mistakes of the policy."""
    if args.action == "schema":
        import json

        from depguard.parse.policy_schema import policy_schema

        console.out(json.dumps(policy_schema(), indent=2))
        return 0
    from pathlib import Path

    from depguard.cli.setup import tell_policy

    found = _find_policy(args.policy or args.policy_option, Path.cwd(), offline=args.offline)
    if args.action == "show":
        _show(found, console)
        return 0
    tell_policy(found, console)
    return _check(found, console)


def _find_policy(reference: str | None, here: Path, *, offline: bool) -> PolicyFound:
    from depguard.adapters.policy_store import PolicyStore, web_fetch
    from depguard.errors import InputError, Problem

    store = PolicyStore(here, fetch=None if offline else web_fetch)
    found = store.named(reference) if reference else store.project()
    if found is None:
        raise InputError(
            Problem(
                code="policy.none",
                message="there is no policy here",
                allowed="depguard.yaml, or policies/*.yaml with schema: and tiers:, up to the git root",
                hint=f"depguard init, or a shipped one: {', '.join(store.shipped_names())}",
            )
        )
    return found


def _check(found: PolicyFound, console: Console) -> int:
    from datetime import UTC, datetime

    from depguard.app.policies import check_policy
    from depguard.errors import InputError

    # The day is the user's: nobody's waiver ends at noon.
    today = datetime.now(tz=UTC).astimezone().date()
    checked = check_policy(found.policy, find=_host_finder(found.root), today=today)
    if checked.mistakes:
        raise InputError(*checked.mistakes)
    policy = checked.policy
    counts = [
        f"{len(policy.protected)} protected",
        f"{len(policy.held)} held",
        f"{len(policy.forbidden)} forbidden",
        f"{len(policy.tiers)} tier{'s' if len(policy.tiers) != 1 else ''}",
        f"{len(policy.hosts)} host{'s' if len(policy.hosts) != 1 else ''}",
    ]
    console.out("\n".join([f"OK  {found.label}: {', '.join(counts)}", *map(_note, checked.notes)]))
    return 0


def _note(problem: Problem) -> str:
    where = f"{problem.location}: " if problem.location is not None else ""
    hint = f" ({problem.hint})" if problem.hint else ""
    return f"{where}note: {problem.message}{hint}"


def _host_finder(root: Path | None) -> FindHost:
    from depguard.adapters.host_store import HostStore
    from depguard.adapters.shipped import shipped_hosts

    roots = [shipped_hosts()]
    if root is not None and (root / "policies" / "hosts").is_dir():
        roots.insert(0, root / "policies" / "hosts")
    store = HostStore(roots, live=_no_live_host)

    def find(name: str) -> Host:
        # A host file is named from the project root, wherever the command runs.
        file = root / name if root is not None else None
        return store.find(str(file) if file is not None and file.is_file() else name)

    return find


def _no_live_host() -> Host:
    from depguard.errors import InputError, Problem

    raise InputError(
        Problem(
            code="policy.live-host",
            message="a policy cannot list the host live: it is another one on each machine",
            allowed="hosts of `depguard baseline list`, or host files",
            hint="depguard plan TIER --host live",
        )
    )


def _show(found: PolicyFound, console: Console) -> None:
    policy, sources = found.policy, found.policy.sources
    lines = [f"{policy.name}  {found.label}  sha256 {policy.sha256}"]
    lines += [f"from  {source.label}  sha256 {source.sha256}" for source in policy.sources_used]
    lines += [f"hosts  {', '.join(policy.hosts) or 'none'}", f"installer  {policy.installer.value}"]
    lines += [f"{kind}  {what}: {reason}  [{where}]" for kind, what, reason, where in _entries(policy)]
    lines.append(f"builds  {sources.builds.value}")
    if sources.exclude_newer is not None:
        lines.append(f"exclude-newer  {sources.exclude_newer.isoformat()}")
    indexes = [("index-url", sources.index_url), *(("extra-index-url", u) for u in sources.extra_index_urls)]
    indexes += [("find-links", place) for place in sources.find_links]
    lines += [f"{key}  {value}" for key, value in indexes if value is not None]
    lines += [f"rule  {code}: {severity.value}" for code, severity in policy.rules.items()]
    for tier in policy.tiers.values():
        base = f" (and {', '.join(tier.extends)})" if tier.extends else ""
        wanted = ", ".join(str(stated.requirement) for stated in tier.requires)
        lines.append(f"tier  {tier.name}{base}: {wanted} -> {tier.output}  [{tier.location}]")
    console.out("\n".join(lines))


def _entries(policy: Policy) -> Iterator[tuple[str, str, str, Location | None]]:
    """Kind, what, reason and place of each entry, in the order of the format."""
    for p in policy.protected:
        family = f" and {', '.join(p.family)}" if p.family else ""
        yield "protected", p.pattern + family, p.reason, p.location
    for h in policy.held:
        allow = h.allow.value if hasattr(h.allow, "value") else str(h.allow)
        yield "held", f"{h.pattern} ({allow})", h.reason, h.location
    for f in policy.forbidden:
        instead = f" (take {f.instead})" if f.instead else ""
        yield "forbidden", f.pattern + instead, f.reason, f.location
    for o in policy.overrides:
        drop = f" drops {', '.join(map(str, o.drop))}" if o.drop else ""
        requires = "" if o.requires is None else f" requires {', '.join(map(str, o.requires)) or 'nothing'}"
        yield "override", f"{o.package}{drop}{requires}", o.reason, o.location
    for w in policy.waivers:
        yield "waive", f"{w.code} {w.package} until {w.until}", w.reason, w.location
