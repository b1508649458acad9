"""``depguard abi``: what the compiled modules of wheels ask for."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from packaging.tags import Tag
    from packaging.version import Version

    from depguard.cli.console import Console
    from depguard.model.abi_report import AbiSubject
    from depguard.model.host import Host
    from depguard.model.host_abi import HostAbi


def register(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``depguard abi``."""
    from depguard.cli.index_arguments import add_index_options

    parser.description = (
        "Say what the compiled modules of wheels ask for: which NumPy they were built for, which torch,"
        " glibc and libraries. Nothing is imported, and of a wheel on an index only parts are fetched."
    )
    parser.add_argument(
        "subjects",
        metavar="WHEEL",
        nargs="+",
        help="a wheel, a shared object or a folder; or NAME==VERSION, a wheel of an index",
    )
    parser.add_argument("--format", choices=("text", "json"), default="text", help="default: text")
    group = parser.add_argument_group("what they are judged against (default: nothing, facts alone)")
    group.add_argument("--host", metavar="HOST", help="a host of `depguard baseline list`, a file, or live")
    group.add_argument("--numpy", metavar="VERSION", help="a NumPy version, such as 2.0.2")
    group.add_argument("--torch", metavar="PATH", help="an installed torch: its folder, or site-packages")
    group.add_argument("--python", metavar="PATH", help="the interpreter of the host `live`")
    add_index_options(parser)


def run(args: argparse.Namespace, console: Console) -> int:
    """Print what was found. 0 where nothing speaks against it, 1 where something cannot run."""
    from pathlib import Path

    from depguard.adapters.binaries import path_contents
    from depguard.app.abi import pinned, report, subject
    from depguard.model.abi_report import Fit

    host = _host(args)
    against = _against(args, host)
    wanted = {text: pinned(text) for text in args.subjects if not Path(text).exists()}
    named = [found for found in wanted.values() if found is not None]
    remote = iter(_remote(args, console, named, host, against) if named else ())
    subjects: list[AbiSubject] = []
    for text in args.subjects:
        if wanted.get(text) is not None:
            subjects.append(next(remote))
        else:
            subjects.append(subject(Path(text).name, path_contents(Path(text)), against))
    found = report(subjects, against)
    if args.format == "json":
        from depguard.emit.abi_json import abi_json

        console.out(abi_json(found))
    else:
        from depguard.emit.abi_text import render_abi

        console.out(render_abi(found, colour=console.colour, verbose=console.verbose))
    return int(any(s.fit in (Fit.BLOCKED, Fit.UNKNOWN) for s in subjects))


def _host(args: argparse.Namespace) -> Host | None:
    from depguard.cli.setup import host_store

    return host_store(args).find(args.host) if args.host else None


def _against(args: argparse.Namespace, host: Host | None) -> HostAbi:
    """What is there: the host's, with what the options say instead."""
    from pathlib import Path

    from depguard.adapters.binaries import torch_abi
    from depguard.cli.live import LIVE, captured_binaries
    from depguard.cli.setup import host_store
    from depguard.model.host_abi import HostAbi
    from depguard.records import replace
    from depguard.resolve.host_abi import host_abi

    against = HostAbi()
    if host is not None:
        path = host_store(args).path(args.host) if args.host != LIVE else None
        against = host_abi(host, captured_binaries(host, path, args.python))
    if args.numpy is not None:
        against = replace(against, numpy=_version(args.numpy))
    if args.torch is not None:
        against = replace(against, torch=torch_abi(Path(args.torch)))
    return against


def _version(text: str) -> Version:
    from packaging.version import InvalidVersion, Version

    from depguard.errors import InputError, Problem

    try:
        return Version(text)
    except InvalidVersion:
        raise InputError(
            Problem(code="usage", message=f"--numpy: {text!r} is not a version", allowed="2.0.2")
        ) from None


def _remote(
    args: argparse.Namespace,
    console: Console,
    named: Sequence[tuple[str, Version]],
    host: Host | None,
    against: HostAbi,
) -> list[AbiSubject]:
    from depguard.app.abi import remote_subjects
    from depguard.cli.options import effective_options, open_source
    from depguard.model.policy import Installer

    tags: tuple[Tag, ...]
    if host is not None:
        tags = host.tags
    else:
        from packaging.tags import sys_tags

        tags = tuple(sys_tags())
    options = effective_options(args, console, policy=None, installer=Installer.PIP)
    with open_source(options, console, installer=Installer.PIP) as source:
        return remote_subjects(source, source, named, tags, against)
