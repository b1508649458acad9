"""``depguard plan TIER``: what a tier adds to a host, and whether that is safe."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from depguard.cli.setup import add_format_option, add_subject_options

if TYPE_CHECKING:
    from depguard.cli.console import Console


def register(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``depguard plan``."""
    from depguard.cli.index_arguments import add_index_options

    parser.description = (
        "Solve a tier against a host, keep what is protected, and say what plain pip would have done."
    )
    parser.add_argument("tier", metavar="TIER", help="a tier of the policy")
    parser.add_argument(
        "--write", action="store_true", help="write the files, as `depguard lock` of this tier does"
    )
    add_format_option(parser)
    add_subject_options(parser)
    add_index_options(parser)


def run(args: argparse.Namespace, console: Console) -> int:
    """Print the plan. 0 safe, 1 refused."""
    from depguard.cli.asking import asking
    from depguard.cli.setup import set_up

    if args.write:
        from depguard.cli.commands.lock import write_tiers

        return write_tiers(args, console, set_up(args, console), below=args.tier)
    from depguard.cli.head_start import HeadStart

    with HeadStart(args, console, args.tier) as begun:
        setup = set_up(args, console, ahead=begun.begin)
        from depguard.app.plan import plan_tier
        from depguard.cli.reporting import exit_code, get_ready, show

        with asking(args, console, setup, begun=begun) as question:
            get_ready(args)
            planned = plan_tier(question, args.tier)
    if planned.apart is not None:
        console.note(f"note: {planned.apart}")
    show(planned.reports, args, console, next_step="depguard lock", tied=question.cutoff is not None)
    return exit_code(planned.reports)
