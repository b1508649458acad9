"""``depguard install TIER``: a tier onto the live environment, with what is protected left as it is."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from depguard.records import replace

if TYPE_CHECKING:
    from depguard.cli.console import Console
    from depguard.model.install import InstallReport

_REFUSED = 1


def register(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``depguard install``."""
    from depguard.cli.index_arguments import add_index_options
    from depguard.cli.run_logging import add_log_option

    parser.description = (
        "Look at this environment, plan the tier for it as it is, install the plan's wheels with their hashes"
        " and nothing else, and compare what is protected byte for byte before and after."
    )
    parser.add_argument("tier", metavar="TIER", help="a tier of the policy")
    parser.add_argument("--dry-run", action="store_true", help="everything but the install")
    add_log_option(parser)
    parser.add_argument("--format", choices=("text", "json"), default="text", help="default: text")
    group = parser.add_argument_group("what is installed, where, and by whom")
    group.add_argument(
        "--policy",
        metavar="POLICY",
        help="a file, folder, https URL, github:owner/repo@ref[:path] or shipped name"
        " (default: the project's own, else the shipped one for the host)",
    )
    group.add_argument("--python", metavar="PATH", help="the interpreter to install for (default: this one)")
    group.add_argument(
        "--with",
        dest="installer",
        choices=("pip", "uv"),
        help="who installs (default: the policy's installer; the other one where it is not to be had)",
    )
    group.add_argument(
        "--pid",
        metavar="PID",
        type=int,
        action="append",
        default=[],
        help="a running Python of it, to be told of what it has loaded (default: the notebook kernel that"
        " runs this)",
    )
    probes = group.add_mutually_exclusive_group()
    probes.add_argument(
        "--probes", action="store_true", help="afterwards run the policy's own probes as well"
    )
    probes.add_argument("--no-probes", action="store_true", help="afterwards only compare, import nothing")
    add_index_options(parser)
    parser.set_defaults(host=[])


def run(args: argparse.Namespace, console: Console) -> int:
    """Install. 0 ready (or, dry, nothing in the way), 1 stopped or failed."""
    from depguard.app.install import InstallRequest, install
    from depguard.app.run_records import install_run
    from depguard.cli.doctoring import policy_of
    from depguard.cli.installing import installing, overrides_system
    from depguard.cli.run_logging import logged
    from depguard.cli.setup import tell_policy
    from depguard.model.install import InstallOutcome

    steps = _Steps(args, console)
    with logged(args, console, "install") as log:
        found = policy_of(args)
        tell_policy(found, console)
        request = InstallRequest(
            tier=args.tier,
            policy=found.policy,
            started=log.began,
            dry_run=args.dry_run,
            override_system=overrides_system(),
        )
        with installing(args, console, found) as tools:
            report = install(request, replace(tools, elapsed=lambda: log.seconds, tell=steps.told))
        steps.ended(report)
        log.leave(install_run(report, found.policy, at=log.began, depguard=log.version))
    return 0 if report.outcome in {InstallOutcome.READY, InstallOutcome.PLANNED} else _REFUSED


class _Steps:
    """Prints each step as it ends, each once; with JSON the whole report at the end."""

    def __init__(self, args: argparse.Namespace, console: Console) -> None:
        self._json = args.format == "json"
        self._console = console
        self._printed = ""

    def told(self, report: InstallReport) -> None:
        """A step has ended."""
        if not self._json:
            from depguard.emit.install_text import render_steps

            self._print(render_steps(report, verbose=self._console.verbose))

    def ended(self, report: InstallReport) -> None:
        """The install has ended."""
        if self._json:
            from depguard.emit.install_json import render_install_json

            self._console.out(render_install_json(report))
        else:
            from depguard.emit.install_text import render_install

            console = self._console
            self._print(render_install(report, colour=console.colour, verbose=console.verbose))

    def _print(self, text: str) -> None:
        new = text.removeprefix(self._printed)
        if new:
            self._console.out(new)
            self._console.flush()
        self._printed = text
