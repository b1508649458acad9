"""Wiring: from a command's arguments to the policy, the hosts and the question that is asked."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from depguard.records import dataclass, field

if TYPE_CHECKING:
    from depguard.adapters.compiled import CompiledForms
    from depguard.adapters.host_store import HostStore
    from depguard.adapters.policy_store import PolicyFound
    from depguard.cli.console import Console
    from depguard.model.host import Host
    from depguard.model.policy import Policy

FORMATS = ("text", "json", "markdown", "sarif", "github")
LIVE = "live"
DEFAULT_FAMILY = "colab"
"""The shipped policy that answers where nothing says which host is meant."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """What a command works on. ``root`` is where the project's paths start.

    ``files`` has the host files by the hosts' names, ``python`` is the interpreter of the live one.
    """

    found: PolicyFound | None
    hosts: tuple[Host, ...]
    root: Path
    files: Mapping[str, Path] = field(default_factory=dict)
    python: str | None = None

    @property
    def policy(self) -> Policy | None:
        """The policy, None where nothing is protected."""
        return self.found.policy if self.found is not None else None


def add_subject_options(parser: argparse.ArgumentParser, *, installer: bool = True) -> None:
    """--policy, --host and (with ``installer``) --as, for commands that judge something."""
    group = parser.add_argument_group("what is judged, and where")
    group.add_argument(
        "--policy",
        metavar="POLICY",
        help="a file, folder, https URL, github:owner/repo@ref[:path] or shipped name"
        " (default: the project's own, else the shipped one for the host)",
    )
    group.add_argument(
        "--host",
        metavar="HOST",
        action="append",
        default=[],
        help="a host of `depguard baseline list`, a host file, or live; can be repeated"
        " (default: all hosts of the policy)",
    )
    group.add_argument("--python", metavar="PATH", help="the interpreter of the host `live`")
    if not installer:
        return
    group.add_argument(
        "--as",
        dest="installer",
        metavar="INSTALLER",
        help="pip, uv, or a pip version: pip==26.3 (default: the policy's, with the host's own pip)",
    )


def add_format_option(parser: argparse.ArgumentParser) -> None:
    """--format, for commands that print a report."""
    parser.add_argument(
        "--format", choices=FORMATS, default="text", help="how the report is written (default: text)"
    )


def set_up(
    args: argparse.Namespace,
    console: Console,
    *,
    ahead: Callable[[PolicyFound | None, Host], None] = lambda *_: None,
) -> Setup:
    """Find the policy and the hosts. Raises InputError, OutOfReachError.

    ``ahead`` is told of a single host with its policy, before all of the host is read if that takes long.
    """
    from depguard.cli.caching import compiled_forms

    forms = compiled_forms(args, console)
    found = find_policy(args, forms)
    root = found.root if found is not None and found.root is not None else Path.cwd()
    names: list[str] = []

    def outlined(host: Host) -> None:
        if len(names) == 1:
            ahead(found if found is not None else _shipped_for(host, forms), host)

    store = host_store(args, root, forms, ahead=outlined)
    names += args.host or _default_hosts(found, store)
    hosts = tuple(store.find(below_root(name, found)) for name in names)
    if found is None and hosts:
        found = _shipped_for(hosts[0], forms)
    if len(hosts) == 1:
        ahead(found, hosts[0])
    if found is not None:
        tell_policy(found, console)
    for host in hosts:
        console.detail(f"host {host.name}, sha256 {host.sha256}")
        if host.name == LIVE and host.family is not None:
            console.note(_nearest_entry(host, store))
    paths = {
        host.name: store.path(below_root(name, found))
        for name, host in zip(names, hosts, strict=True)
        if name != LIVE
    }
    return Setup(found=found, hosts=hosts, root=root, files=paths, python=getattr(args, "python", None))


def tell_policy(found: PolicyFound, console: Console) -> None:
    """Say which texts the policy is made of; what is from the web is always said, with its hash."""
    for source in found.policy.sources_used:
        from_web = source.label.startswith(("https://", "github:"))
        tell = console.note if from_web else console.detail
        tell(f"policy {source.label}, sha256 {source.sha256} ({found.how})")


def below_root(name: str, found: PolicyFound | None) -> str:
    """A host that the policy names by file lies below the project root, wherever one stands."""
    policy = found.policy if found is not None else None
    if found is None or found.root is None or policy is None or name not in policy.hosts:
        return name
    from depguard.adapters.witness import is_file

    path = found.root / name
    return str(path) if is_file(path) else name


def _nearest_entry(host: Host, store: HostStore) -> str:
    """Which entry of the catalogue the live host is most like."""
    alike = {
        name: sum(
            1
            for dist in store.outline(name).installed.values()
            if dist.name in host.installed and host.installed[dist.name].version == dist.version
        )
        for name in store.names()
        if name.startswith(f"{host.family}/")
    }
    if not alike:
        return f"the live host is of the family {host.family}"
    nearest = max(sorted(alike), key=lambda name: alike[name])
    same = f"{alike[nearest]} of {len(host.installed)} distributions are the same"
    return f"the live host is nearest to {nearest}: {same}"


def host_store(
    args: argparse.Namespace,
    root: Path | None = None,
    forms: CompiledForms | None = None,
    *,
    ahead: Callable[[Host], None] = lambda _: None,
) -> HostStore:
    """The hosts of the project, then the shipped ones, then the live one.

    ``root`` is the project's; the one around the working directory where no policy says which. ``ahead`` is
    told what a host has before all of it is read.
    """
    from depguard.adapters.host_store import HostStore
    from depguard.adapters.policy_places import project_root
    from depguard.adapters.shipped import shipped_root

    def live() -> Host:
        from depguard.cli.live import live_host

        return live_host(getattr(args, "python", None))

    project = root or project_root(Path.cwd() / "depguard.yaml")
    return HostStore([project / "policies" / "hosts", shipped_root() / "hosts"], live, forms, ahead=ahead)


def find_policy(args: argparse.Namespace, forms: CompiledForms | None = None) -> PolicyFound | None:
    """--policy, else the project's own, else (without a host to go by) the shipped one."""
    from depguard.adapters.policy_store import PolicyStore, web_fetch

    offline = bool(getattr(args, "offline", False))
    policies = PolicyStore(Path.cwd(), fetch=None if offline else web_fetch, forms=forms)
    if args.policy:
        return policies.named(args.policy)
    own = policies.project()
    if own is not None:
        return own
    if args.host or _on_known_host():
        return None  # the family of the host decides
    return policies.shipped(DEFAULT_FAMILY)


def _default_hosts(found: PolicyFound | None, store: HostStore) -> list[str]:
    if _on_known_host():
        return [LIVE]
    from depguard.errors import InputError, Problem

    if found is not None and found.policy.hosts:
        return list(found.policy.hosts)
    raise InputError(
        Problem(
            code="host.none",
            message="no host to look at: the policy names none",
            allowed=", ".join(store.names()),
            hint="name one: --host colab/2026.07-gpu",
        )
    )


def _on_known_host() -> bool:
    """Whether this very machine is a host that a shipped policy knows: a Colab runtime."""
    from importlib.metadata import PackageNotFoundError, distribution

    try:
        distribution("google-colab")
    except PackageNotFoundError:
        return False
    return True


def _shipped_for(host: Host, forms: CompiledForms) -> PolicyFound | None:
    from depguard.adapters.policy_store import PolicyStore

    store = PolicyStore(Path.cwd(), fetch=None, forms=forms)
    return store.shipped(host.family) if host.family else None


def split_words(words: Sequence[str]) -> str:
    """Words as a command line for people: quoted only where a shell needs it."""
    import shlex

    return " ".join(word if re.fullmatch(r"[\w@%+=:,./~^-]+", word) else shlex.quote(word) for word in words)
