"""``depguard baseline``: list, show, compare, capture and import hosts."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import TYPE_CHECKING

from depguard.cli.commands.baseline_binaries import write_binaries, write_files
from depguard.cli.commands.baseline_files import register_files, run_files
from depguard.cli.commands.baseline_materialize import register_materialize, run_materialize

if TYPE_CHECKING:
    from pathlib import Path

    from depguard.app.baseline_host import HostFacts
    from depguard.cli.console import Console
    from depguard.model.baseline import Baseline
    from depguard.model.host import Host
    from depguard.parse.host_file import HostFile
    from depguard.parse.host_metadata import HostMetadata

_HOST = "a name of the catalogue (2026.07-gpu), a host file, or live"


def register(parser: argparse.ArgumentParser) -> None:
    """Adds the actions and their arguments."""
    parser.description = "Hosts: prepared machines, what is installed on them, and how much of it is known."
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")

    def add(name: str, help_text: str) -> argparse.ArgumentParser:
        action = actions.add_parser(name, help=help_text, description=help_text, allow_abbrev=False)
        _add_verbosity(action)
        return action

    add("list", "the hosts of the catalogue")

    show = add("show", "what a host is, how much is known of it, and what it violates untouched")
    show.add_argument("host", metavar="HOST", help=_HOST)
    show.add_argument("--format", choices=("text", "json"), default="text")
    show.add_argument("--python", metavar="PATH", help="the interpreter that live means")

    diff = add("diff", "what changes from one host to another")
    diff.add_argument("before", metavar="A", help=_HOST)
    diff.add_argument("after", metavar="B", help=_HOST)
    diff.add_argument("--format", choices=("text", "json", "markdown"), default="text")
    diff.add_argument("--python", metavar="PATH", help="the interpreter that live means")

    capture = add("capture", "write the host file of a live interpreter, with all its metadata")
    capture.add_argument(
        "--python", metavar="PATH", help="the interpreter (default: the one depguard runs in)"
    )
    _add_facts(capture)

    imported = add("import", "write the host file of a pip freeze list or a pip inspect report")
    imported.add_argument(
        "list", metavar="FREEZE", help="pip freeze text, pip inspect JSON, or a host file to read again"
    )
    imported.add_argument("--python", metavar="VERSION", help="the host's full Python version: 3.12.13")
    imported.add_argument(
        "--platform", metavar="TAG", help="its newest wheel platform: manylinux_2_35_x86_64"
    )
    _add_facts(imported)
    # Its module is the command line's own; imported here because only this action needs it.
    from depguard.cli.index_arguments import add_index_options

    add_index_options(imported)
    register_materialize(add)
    register_files(add)


def _add_facts(action: argparse.ArgumentParser) -> None:
    action.add_argument(
        "-o", "--output", metavar="FILE", required=True, help="the host file; .metadata.json beside it"
    )
    action.add_argument("--name", metavar="NAME", help="what the host is called (default: the file's name)")
    action.add_argument("--about", metavar="TEXT", help="one line for people")
    action.add_argument(
        "--family", metavar="NAME", help="the family of hosts that a shipped policy is for: colab"
    )
    action.add_argument("--os", metavar="TEXT", help="the operating system, for people")
    action.add_argument("--accelerator", metavar="KIND", help="gpu, cpu, tpu")
    action.add_argument(
        "--date", metavar="YYYY-MM-DD", help="the day to note as the day of the import (default: today)"
    )


def _add_verbosity(action: argparse.ArgumentParser) -> None:
    """``-v`` and ``-q`` are understood after the action too."""
    action.add_argument("-v", "--verbose", action="count", default=argparse.SUPPRESS, help=argparse.SUPPRESS)
    action.add_argument(
        "-q", "--quiet", action="store_true", default=argparse.SUPPRESS, help=argparse.SUPPRESS
    )


def run(args: argparse.Namespace, console: Console) -> int:
    """Does one action. Returns 0; 3 when an import could not reach everything (what it got is written)."""
    actions: dict[str, Callable[[argparse.Namespace, Console], int]] = {
        "list": _list,
        "show": _show,
        "diff": _diff,
        "capture": _capture,
        "import": _import,
        "files": run_files,
        "materialize": run_materialize,
        "export-index": run_materialize,
    }
    return actions[args.action](args, console)


def _list(args: argparse.Namespace, console: Console) -> int:
    from depguard.cli.setup import host_store
    from depguard.emit.baseline_text import render_host_list
    from depguard.errors import InputError

    store = host_store(args)
    hosts: list[tuple[str, Host | None]] = []
    for name in store.names():
        try:
            hosts.append((name, store.outline(name)))
        except InputError as error:
            hosts.append((name, None))
            console.problems(error.problems)
    console.out(render_host_list(hosts))
    return 0


def _show(args: argparse.Namespace, console: Console) -> int:
    from depguard.app.baseline_show import describe_host
    from depguard.cli.setup import host_store

    description = describe_host(host_store(args).find(args.host))
    if args.format == "json":
        from depguard.emit.baseline_json import host_json

        console.out(host_json(description))
    else:
        from depguard.emit.baseline_text import render_host

        console.out(render_host(description))
    return 0


def _diff(args: argparse.Namespace, console: Console) -> int:
    from depguard.app.baseline_show import compare_hosts
    from depguard.cli.setup import host_store

    store = host_store(args)
    diff = compare_hosts(store.find(args.before), store.find(args.after))
    if args.format == "json":
        from depguard.emit.baseline_json import diff_json

        console.out(diff_json(diff))
    else:
        from depguard.emit.baseline_text import render_diff, render_diff_markdown

        console.out(render_diff_markdown(diff) if args.format == "markdown" else render_diff(diff))
    return 0


def _capture(args: argparse.Namespace, console: Console) -> int:
    import sys

    from depguard.adapters.capture import capture, capture_here
    from depguard.app.baseline_capture import captured_host

    previous = _previous(args.output)
    # `%run -m depguard baseline capture` runs in the kernel: only there can be seen what it has loaded.
    in_kernel = args.python is None and "ipykernel" in sys.modules
    baseline = capture_here() if in_kernel else capture(args.python)
    file, metadata = captured_host(
        baseline, _facts(args, None, known=previous is not None), previous[0] if previous else None
    )
    _write(args.output, file, metadata, console)
    write_binaries(args, file, metadata, console)
    write_files(args, console)
    _tell(baseline, console)
    return 0


def _import(args: argparse.Namespace, console: Console) -> int:
    from pathlib import Path

    from depguard.app.baseline_host import host_file_of
    from depguard.app.baseline_import import import_metadata
    from depguard.cli.options import effective_options, open_source
    from depguard.model.policy import Installer

    source_path = Path(args.list)
    baseline, listed = _read_list(source_path)
    written = _previous(args.output)
    previous = written or listed
    facts = _facts(args, source_path.name if listed is None else None, known=previous is not None)
    file = host_file_of(baseline, facts, previous[0] if previous else None)
    options = effective_options(args, console, policy=None, installer=Installer.PIP)
    with (
        open_source(options, console, installer=Installer.PIP) as source,
        console.progress("reading metadata", len(file.distributions)) as step,
    ):
        imported = import_metadata(
            file,
            source,
            previous=(previous[0], previous[1]) if previous and previous[1] else None,
            progress=step.update,
        )
    _write(args.output, file, imported.metadata, console)
    _tell(baseline, console)
    console.problems(imported.out_of_reach)
    if imported.out_of_reach:
        console.note("Some metadata was out of reach; the same command again reads only what is missing.")
        return 3
    return 0


def _read_list(path: Path) -> tuple[Baseline, tuple[HostFile, HostMetadata | None] | None]:
    """A list's baseline; of a host file also what is known already."""
    from depguard.adapters.files import read_text
    from depguard.adapters.host_store import SUFFIXES
    from depguard.app.baseline_host import baseline_of
    from depguard.parse.freeze import parse_freeze
    from depguard.parse.pip_inspect import parse_inspect

    if path.suffix in SUFFIXES:
        known = _read_host(path)
        return baseline_of(known[0]), known
    text = read_text(path)
    looks_like_json = text.lstrip("\ufeff \t\r\n").startswith("{")
    return (parse_inspect if looks_like_json else parse_freeze)(text, path.name), None


def _previous(output: str) -> tuple[HostFile, HostMetadata | None] | None:
    """What an earlier run wrote to the same place: what was stated and read stays.

    Raises InputError if it is no place for a host file: before minutes of reading, not after.
    """
    from pathlib import Path

    from depguard.adapters.host_store import SUFFIXES
    from depguard.errors import InputError, Problem

    path = Path(output)
    if path.suffix not in SUFFIXES:
        raise InputError(
            Problem(code="usage", message=f"{output} is not the name of a host file", allowed="*.yaml, *.yml")
        )
    return _read_host(path) if path.exists() else None


def _read_host(path: Path) -> tuple[HostFile, HostMetadata | None]:
    from depguard.adapters.host_store import metadata_path_of, read_host_file, read_metadata

    metadata_path = metadata_path_of(path)
    return read_host_file(path), read_metadata(metadata_path) if metadata_path.exists() else None


def _facts(args: argparse.Namespace, imported_from: str | None, *, known: bool) -> HostFacts:
    from pathlib import Path

    from depguard.app.baseline_host import HostFacts

    return HostFacts(
        name=args.name or (None if known else Path(args.output).stem),
        python=args.python if args.action == "import" else None,
        platform=getattr(args, "platform", None),
        about=args.about,
        family=args.family,
        os=args.os,
        accelerator=args.accelerator,
        imported_from=imported_from,
        imported_on=_day(args.date),
    )


def _day(text: str | None) -> str:
    import datetime as dt

    from depguard.errors import InputError, Problem

    if text is None:
        return dt.datetime.now(dt.UTC).date().isoformat()
    try:
        return dt.date.fromisoformat(text).isoformat()
    except ValueError:
        raise InputError(
            Problem(code="usage", message=f"--date: {text!r} is not a date", allowed="YYYY-MM-DD")
        ) from None


def _write(output: str, file: HostFile, metadata: HostMetadata, console: Console) -> None:
    from pathlib import Path

    from depguard.adapters.files import write_whole
    from depguard.adapters.host_store import metadata_path_of
    from depguard.app.baseline_show import describe_host
    from depguard.emit.baseline_text import render_host
    from depguard.parse.host_assembly import make_host
    from depguard.parse.host_dump import dump_host_file
    from depguard.parse.host_metadata import dump_metadata

    path = Path(output)
    # The metadata first: should the second write fail, the old host file refuses the pair by its hash.
    write_whole(metadata_path_of(path), dump_metadata(metadata))
    write_whole(path, dump_host_file(file))
    console.out(render_host(describe_host(make_host(file, metadata))))
    console.note(f"wrote {path} and {metadata_path_of(path).name}")


def _tell(baseline: Baseline, console: Console) -> None:
    """Oddities of the list, as notes: none of them stops an import."""
    for problem in baseline.warnings:
        console.note(f"{problem.location}: warning: {problem.message}")
