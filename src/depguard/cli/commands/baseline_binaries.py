"""What a captured machine offers compiled modules and who owns its files, written beside its host file."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from depguard.cli.console import Console
    from depguard.parse.host_file import HostFile
    from depguard.parse.host_metadata import HostMetadata


def write_binaries(
    args: argparse.Namespace, file: HostFile, metadata: HostMetadata, console: Console
) -> None:
    """Beside the host file: what the machine offers compiled modules."""
    from pathlib import Path

    from depguard.adapters.files import write_whole
    from depguard.adapters.host_store import binaries_path_of
    from depguard.cli.live import live_binaries
    from depguard.parse.host_assembly import make_host
    from depguard.parse.host_binaries import dump_host_binaries

    path = binaries_path_of(Path(args.output))
    offers = live_binaries(make_host(file, metadata), args.python)
    write_whole(path, dump_host_binaries(file.name, offers))
    unknown = [
        called
        for called, value in (
            ("its C library", offers.glibc),
            ("libstdc++", offers.libstdcxx),
            ("Python's symbols", offers.interpreter),
        )
        if value is None
    ]
    if offers.torch is not None and offers.torch.exports is None:
        unknown.append("torch's symbols")
    left = f"; not known: {', '.join(unknown)}" if unknown else ""
    console.note(f"wrote {path.name}, for compiled modules{left}")


def write_files(args: argparse.Namespace, console: Console) -> None:
    """Beside the host file: which files its distributions own."""
    from pathlib import Path

    from depguard.adapters.files import write_whole
    from depguard.adapters.host_store import files_path_of
    from depguard.adapters.installed_files import live_file_table

    path = files_path_of(Path(args.output))
    table = live_file_table(args.python)
    write_whole(path, table.dump())
    count = sum(len(files) for _, files in table.installed.values())
    console.note(f"wrote {path.name}, {count} files of {len(table.installed)} distributions")
