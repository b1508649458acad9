"""``depguard doctor``: whether what is installed on this machine is whole, and what to do if not."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from depguard.records import replace

if TYPE_CHECKING:
    from depguard.adapters.policy_store import PolicyFound
    from depguard.cli.console import Console
    from depguard.model.environment import Depth, Snapshot
    from depguard.model.examination import Examination
    from depguard.model.finding import Finding
    from depguard.model.policy import Policy

_LIVE_ONLY = ("python", "pid", "fast", "full", "protected_only", "probes", "no_probes", "replan", "abi")


def register(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``depguard doctor``."""
    from depguard.cli.index_arguments import add_index_options
    from depguard.cli.run_logging import add_log_option

    parser.description = (
        "Look at what is installed, file by file, and say whether it is whole. Nothing is changed."
    )
    parser.add_argument("--format", choices=("text", "json"), default="text", help="default: text")
    parser.add_argument("--policy", metavar="POLICY", help="what is protected (default: as for plan)")
    parser.add_argument(
        "--host",
        metavar="HOST",
        action="append",
        default=[],
        help="the host that plans were made for (default: of a known family the nearest one, else none)",
    )
    live = parser.add_argument_group("what is looked at")
    live.add_argument("--python", metavar="PATH", help="the interpreter (default: this one)")
    depth = live.add_mutually_exclusive_group()
    depth.add_argument(
        "--fast", action="store_true", help="sizes, and the bytes of what changed since the last look"
    )
    depth.add_argument("--full", action="store_true", help="the bytes of every file")
    live.add_argument("--protected-only", action="store_true", help="only the files of what is protected")
    live.add_argument(
        "--pid",
        metavar="PID",
        type=int,
        action="append",
        default=[],
        help="a running Python to compare with the disk (default: the notebook kernel that runs this)",
    )
    probes = live.add_mutually_exclusive_group()
    probes.add_argument(
        "--probes", action="store_true", help="run the policy's probes as well, and try packages with --fast"
    )
    probes.add_argument("--no-probes", action="store_true", help="only look at files, import nothing")
    live.add_argument(
        "--abi",
        action="store_true",
        help="what was built for another NumPy or torch than is there, by the bytes",
    )
    kept = parser.add_argument_group("snapshots and reports")
    kept.add_argument("--save", metavar="FILE", help="keep what was seen, to be judged elsewhere")
    kept.add_argument("--snapshot", metavar="FILE", help="judge what --save or --bundle wrote")
    kept.add_argument(
        "--bundle",
        metavar="FILE",
        help="snapshot and report for a bug report, without secrets (zip, or *.json)",
    )
    kept.add_argument("--build", action="store_true", help="the way out for an image that is being built")
    kept.add_argument(
        "--replan", action="store_true", help="plan the policy's tiers anew on this machine (asks the index)"
    )
    add_log_option(kept)
    add_index_options(parser)


def run(args: argparse.Namespace, console: Console) -> int:
    """Print what was found. 0 healthy, 1 damaged or not known."""
    from depguard.app.run_records import doctor_run
    from depguard.cli.doctoring import policy_of
    from depguard.cli.run_logging import logged
    from depguard.cli.setup import tell_policy
    from depguard.model.finding import Verdict

    with logged(args, console, "doctor") as log:
        found = policy_of(args)
        tell_policy(found, console)
        examined = _examined(args, console, found)
        _keep(examined, args, console)
        _show(examined, args, console)
        log.leave(doctor_run(examined, found.policy, at=log.began, seconds=log.seconds, depguard=log.version))
    return 0 if examined.verdict is Verdict.SAFE else 1


def _examined(args: argparse.Namespace, console: Console, found: PolicyFound) -> Examination:
    from depguard.cli.doctoring import judge_snapshot, planned_host

    snapshot = _read(args) if args.snapshot else _files(args, console, found.policy)
    planned, nearest = planned_host(args, snapshot, found.policy)
    if not args.snapshot and (args.probes or not (args.fast or args.no_probes)):
        accelerator = planned.accelerator if planned is not None else None
        # A policy's own probes are its author's code: both the policy and the command line must ask.
        custom = [probe.target for probe in found.policy.probes] if args.probes else []
        snapshot = _tried(console, snapshot, custom, accelerator)
    further = _binaries(console, snapshot) if args.abi else ()
    examined = judge_snapshot(
        snapshot, found.policy, planned, nearest=nearest, build=args.build, further=further
    )
    if args.replan:
        from depguard.cli.replanning import tiers_on_live

        examined = replace(examined, tiers=tiers_on_live(args, console, found))
    return examined


def _read(args: argparse.Namespace) -> Snapshot:
    from depguard.adapters.bundles import read_snapshot_text
    from depguard.errors import InputError, Problem
    from depguard.parse.snapshot_file import parse_snapshot

    given = [f"--{name.replace('_', '-')}" for name in _LIVE_ONLY if getattr(args, name)]
    if given:
        raise InputError(
            Problem(
                code="usage",
                message=f"{', '.join(given)}: a snapshot was taken already, nothing is looked at now",
                hint="leave out --snapshot, or these",
            )
        )
    return parse_snapshot(read_snapshot_text(Path(args.snapshot)), args.snapshot)


def _files(args: argparse.Namespace, console: Console, policy: Policy) -> Snapshot:
    from depguard.cli.doctoring import active_settings, look_at, with_processes

    with console.progress("looking at distributions") as step:
        snapshot = look_at(
            policy,
            depth=_depth(args),
            python=args.python,
            only_protected=args.protected_only,
            cache_dir=args.cache_dir,
            working=Path.cwd(),
            progress=lambda name: step.advance(note=name),
        )
    snapshot = with_processes(snapshot, args.pid, own=args.python is None)
    return replace(snapshot, settings=active_settings(snapshot))


def _tried(console: Console, snapshot: Snapshot, custom: Sequence[str], accelerator: str | None) -> Snapshot:
    from depguard.cli.doctoring import with_probes

    with console.progress("trying") as step:
        return with_probes(
            snapshot,
            custom=custom,
            accelerator=accelerator,
            progress=lambda name: step.advance(note=name),
        )


def _binaries(console: Console, snapshot: Snapshot) -> tuple[Finding, ...]:
    from depguard.cli.doctoring import binaries_of

    with console.progress("reading compiled modules", len(snapshot.distributions)) as step:
        return binaries_of(snapshot, lambda name: step.advance(note=name))


def _depth(args: argparse.Namespace) -> Depth:
    from depguard.model.environment import Depth

    if args.fast:
        return Depth.FAST
    return Depth.FULL if args.full else Depth.NORMAL


def _keep(examined: Examination, args: argparse.Namespace, console: Console) -> None:
    """Write what --save and --bundle name."""
    if args.save:
        from depguard.adapters.files import write_whole
        from depguard.parse.snapshot_file import dump_snapshot

        write_whole(Path(args.save), dump_snapshot(examined.snapshot))
        console.note(f"wrote {args.save}")
    if args.bundle:
        from depguard.cli.bundling import bundle

        bundle(examined, Path(args.bundle))
        console.note(f"wrote {args.bundle}: snapshot and report, secrets and home folders taken out")


def _show(examined: Examination, args: argparse.Namespace, console: Console) -> None:
    if args.format == "json":
        from depguard.emit.doctor_json import render_examination_json

        console.out(render_examination_json(examined))
    else:
        from depguard.emit.doctor_text import render_examination

        console.out(render_examination(examined, colour=console.colour, verbose=console.verbose))
