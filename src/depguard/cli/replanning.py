"""Wiring of a re-plan: every tier of a policy on the live host."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from depguard.model.examination import TierOnLive
from depguard.model.policy import Severity

if TYPE_CHECKING:
    from depguard.adapters.policy_store import PolicyFound
    from depguard.cli.console import Console


def tiers_on_live(args: argparse.Namespace, console: Console, found: PolicyFound) -> tuple[TierOnLive, ...]:
    """Plan each tier against what is installed now. Raises InputError, OutOfReachError."""
    from depguard.app.plan_many import PlanRequest, plan_many
    from depguard.cli.asking import asking
    from depguard.cli.live import live_host
    from depguard.cli.setup import Setup

    args.installer = None  # the policy's
    host = live_host(args.python)
    setup = Setup(found=found, hosts=(host,), root=found.root or Path.cwd())
    results = []
    with asking(args, console, setup) as question:
        requests = [PlanRequest(question=question, tier=tier) for tier in found.policy.tiers]
        for made in plan_many(requests, [host]):
            report = made.report
            errors = [
                finding
                for finding in report.findings
                if finding.severity is Severity.ERROR and finding.about.value == report.subject
            ]
            note = f"{errors[0].message}  [{errors[0].code}]" if errors else ""
            results.append(TierOnLive(tier=made.request.tier, verdict=report.verdict, note=note))
    return tuple(results)
