"""What a command asks: its setup, its index options and its open index client as one question."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from packaging.version import Version

    from depguard.app.plan import Question
    from depguard.cli.console import Console
    from depguard.cli.head_start import HeadStart
    from depguard.cli.setup import Setup
    from depguard.model.file_table import FileTable
    from depguard.model.host import Host
    from depguard.model.policy import Installer, Policy
    from depguard.model.request import InstallCommand


def which_installer(args: argparse.Namespace, policy: Policy | None) -> tuple[Installer, Version | None]:
    """--as, else the policy's installer. The version is None for the host's own pip."""
    from packaging.version import InvalidVersion, Version

    from depguard.errors import InputError, Problem
    from depguard.model.policy import Installer

    if not args.installer:
        return (policy.installer if policy is not None else Installer.PIP), None
    name, _, version = args.installer.partition("==")
    try:
        installer = Installer(name)
        parsed = Version(version) if version else None
    except (ValueError, InvalidVersion):
        installer, parsed = Installer.PIP, None
        wrong = True
    else:
        wrong = parsed is not None and installer is Installer.UV
    if wrong:
        problem = Problem(
            code="usage",
            message=f"--as {args.installer} is not known",
            allowed="pip, uv, pip==VERSION",
        )
        raise InputError(problem)
    return installer, parsed


@contextmanager
def asking(
    args: argparse.Namespace,
    console: Console,
    setup: Setup,
    *,
    cutoff: datetime | None = None,
    command: InstallCommand | None = None,
    begun: HeadStart | None = None,
) -> Iterator[Question]:
    """The question with its index client open. ``cutoff`` wins over the options and the policy.

    ``command`` is a simulated command line: its index options win over depguard's own. ``begun`` may have
    the client open already, and closes it then.
    """
    from depguard.adapters.host_store import read_files
    from depguard.app.plan import Question
    from depguard.cli.live import captured_binaries, host_files
    from depguard.cli.options import effective_options, open_source
    from depguard.resolve.runnable import Looks

    installer, pip = which_installer(args, setup.policy)
    options = effective_options(
        args,
        console,
        policy=setup.policy,
        installer=installer,
        command=command.index if command is not None else None,
        ignore_config=command is not None and command.ignore_config,
    )

    def table(host: Host) -> FileTable | None:
        path = setup.files.get(host.name)
        return host_files(host, read_files(path) if path is not None else None, setup.python)

    limit = cutoff or options.exclude_newer
    now = datetime.now(UTC).replace(microsecond=0)
    client = begun.client(options, installer) if begun is not None else None
    opened = nullcontext(client) if client else open_source(options, console, installer=installer)
    with opened as source:
        yield Question(
            policy=setup.policy,
            hosts=setup.hosts,
            source=source,
            binaries=Looks(
                source=source,
                table=table,
                captured=lambda host: captured_binaries(host, setup.files.get(host.name), setup.python),
            ),
            cutoff=limit,
            moment=limit or now,
            installer=installer,
            pip=pip,
        )
