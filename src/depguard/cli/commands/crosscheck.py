"""``depguard crosscheck``: what real installers say to the same questions."""

from __future__ import annotations

import argparse
from contextlib import ExitStack
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from depguard.adapters.referees.lookup import Lookup, Wish
    from depguard.app.plan import Question
    from depguard.cli.console import Console
    from depguard.cli.setup import Setup
    from depguard.model.crosscheck import Crosscheck
    from depguard.model.policy import Installer

DEFAULT = ("pip", "uv", "pip-tools")
"""Who is asked where nobody is named."""

_EXITS = {"agrees": 0, "differs": 1, "not-asked": 3}


def register(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``depguard crosscheck``."""
    from depguard.cli.index_arguments import add_index_options
    from depguard.cli.setup import add_subject_options

    parser.description = (
        "Hold depguard's answers against real installers, asked in dry runs on metadata-only copies of the"
        " hosts: what the tier's requirements do with nobody guarding, and what the written file does."
        " pip-tools compiles the tier with host and plan pinned. Only wheels are looked at; nothing is built"
        " and nothing is installed."
    )
    parser.add_argument("tiers", metavar="TIER", nargs="*", help="default: all tiers")
    parser.add_argument(
        "--with",
        dest="referees",
        metavar="INSTALLER",
        action="append",
        default=[],
        help="pip, uv or pip-tools, also as NAME==VERSION (fetched once) or the path of a pip, uv or"
        " pip-compile; can be repeated (default: all three, pip in each host's own version)",
    )
    parser.add_argument("--format", choices=("text", "json"), default="text", help="default: text")
    add_subject_options(parser, installer=False)
    add_index_options(parser)


def run(args: argparse.Namespace, console: Console) -> int:
    """Print what differs: 0 nothing, 1 something, 3 something could not be asked."""
    from depguard.adapters.referees.lookup import read_wish
    from depguard.cli.setup import set_up
    from depguard.errors import InputError, Problem

    if args.offline:
        raise InputError(
            Problem(code="usage", message="real installers ask the index themselves: leave out --offline")
        )
    args.installer = None
    wishes = tuple(dict.fromkeys(read_wish(text) for text in args.referees or DEFAULT))
    setup = set_up(args, console)
    found = _ask(args, console, setup, wishes)
    if args.format == "json":
        from depguard.emit.crosscheck_json import crosscheck_json

        console.out(crosscheck_json(found))
    else:
        from depguard.emit.crosscheck_text import render_crosscheck

        console.out(render_crosscheck(found, colour=console.colour))
    return _EXITS[found.outcome.value]


def _ask(args: argparse.Namespace, console: Console, setup: Setup, wishes: Sequence[Wish]) -> Crosscheck:
    """Open the index for each installer, ask, and leave nothing behind."""
    import tempfile
    from pathlib import Path

    from depguard.adapters.referees.yard import RefereeYard
    from depguard.app.crosscheck import crosscheck
    from depguard.app.crosscheck_trials import Inquiry
    from depguard.app.plan import policy_of
    from depguard.cli.asking import asking
    from depguard.cli.commands.lock import lock_emitters
    from depguard.errors import InputError, Problem

    with ExitStack() as opened:
        planned = opened.enter_context(asking(args, console, setup))
        tiers = tuple(args.tiers) or tuple(setup.policy.tiers if setup.policy is not None else ())
        if setup.policy is not None and not tiers:
            raise InputError(
                Problem(
                    code="crosscheck.no-tiers",
                    message=f"the policy {setup.policy.name} has no tier to ask about",
                    hint="depguard init proposes some",
                )
            )
        for tier in tiers or ("",):
            policy_of(planned, tier)  # before anything is fetched or copied
        questions = {planned.installer: planned}
        for installer in _installers(wishes):
            if installer not in questions:
                args.installer = installer.value
                other = opened.enter_context(asking(args, console, setup, cutoff=planned.cutoff))
                questions[installer] = other
        lookup = _lookup(args, console, opened, questions)
        root = opened.enter_context(tempfile.TemporaryDirectory(prefix="depguard-crosscheck-"))
        progress = opened.enter_context(console.progress("asking installers"))
        yard = RefereeYard(
            root=Path(root).resolve(),
            wishes=wishes,
            lookup=lookup,
            told=lambda what: progress.advance(note=what),
        )
        inquiry = Inquiry(planned=planned, simulated=questions, emitters=lock_emitters(), tiers=tiers)
        return crosscheck(inquiry, yard)


def _installers(wishes: Sequence[Wish]) -> list[Installer]:
    from depguard.model.crosscheck import Program
    from depguard.model.policy import Installer

    return [Installer.UV if wish.program is Program.UV else Installer.PIP for wish in wishes]


def _lookup(
    args: argparse.Namespace, console: Console, opened: ExitStack, questions: Mapping[Installer, Question]
) -> Lookup:
    """Who looks for installers, and what index those are to ask: the same, as of the same moment."""
    from typing import cast

    from depguard.adapters.index.client import IndexClient
    from depguard.adapters.referees.dated_index import DatedIndex
    from depguard.adapters.referees.lookup import Lookup
    from depguard.adapters.referees.settings import pip_environment, uv_environment, uv_options
    from depguard.cli.caching import cache_folder
    from depguard.model.policy import Installer

    lookup = Lookup(
        cache=cache_folder(args).absolute() / "referees", note=lambda text: console.note(f"note: {text}")
    )
    pip, uv = questions.get(Installer.PIP), questions.get(Installer.UV)
    if pip is not None:
        settings = cast("IndexClient", pip.source).settings
        dated = DatedIndex(pip.source, pip.cutoff) if pip.cutoff is not None else None
        lookup.fetch_env = pip_environment(settings)
        lookup.pip_env = pip_environment(settings, dated=opened.enter_context(dated).url if dated else None)
    if uv is not None:
        settings = cast("IndexClient", uv.source).settings
        lookup.uv_env = uv_environment(settings, uv.cutoff)
        lookup.uv_options = uv_options(settings)
    return lookup
