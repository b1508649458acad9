"""Many plans in one call: three tiers on sixteen hosts, out of a warm cache. Also a program.

python -m bench.many CACHE PROCESSES     plans on those hosts of the catalogue; prints plans and seconds
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from importlib import import_module
from pathlib import Path

_LATER = (
    "depguard.adapters.index.client",
    "depguard.adapters.index.default_index",
    "depguard.adapters.index.kept_contents",
    "depguard.adapters.installer_config",
    "depguard.adapters.policy_store",
    "depguard.adapters.shipped_forms",
    "depguard.app.failures",
    "depguard.cli.caching",
    "depguard.cli.live",
    "depguard.cli.options",
    "depguard.parse.contents_json",
    "depguard.parse.core_metadata",
    "depguard.parse.cutoff",
    "depguard.parse.host_compiled",
    "depguard.parse.installer_settings",
    "depguard.parse.request_draft",
    "depguard.parse.suggest",
)
"""Modules that a plan imports where it comes to need them."""

TIERS = ("tier1", "tier2", "tier3")
HOSTS = 16
ROUNDS = 25


def main(cache: str, processes: int, *, offline: bool = True) -> dict[str, float]:
    """Plan, and say how long the call took: hosts and pages read, everything solved and judged.

    What comes before it is said for itself (``before``): the question is made ready once, whoever plans how
    much. Imports count for neither.
    """
    from depguard.adapters.forks import Forks
    from depguard.adapters.host_store import HostStore
    from depguard.adapters.shipped import shipped_hosts
    from depguard.app.crew import ALONE
    from depguard.app.plan_many import PlanRequest, plan_many
    from depguard.cli.asking import asking
    from depguard.cli.caching import close_forms, compiled_forms
    from depguard.cli.commands import plan as command
    from depguard.cli.console import standard_console
    from depguard.cli.main import collect_rarely
    from depguard.cli.setup import host_store, set_up

    names = HostStore([shipped_hosts()], lambda: None).names()[:HOSTS]  # type: ignore[arg-type, return-value]  # never live
    parser = argparse.ArgumentParser()
    command.register(parser)
    words = ["tier3", "--policy", "colab", "--cache-dir", cache, *(["--offline"] if offline else [])]
    args = parser.parse_args([*words, "--host", names[0]])
    console = standard_console(quiet=True)
    for module in _LATER:
        import_module(module)
    collect_rarely()  # as every command does
    crew = ALONE if processes == 1 else Forks(processes)
    begun = time.perf_counter()
    setup = set_up(args, console)
    with asking(args, console, setup) as question:
        requests = [PlanRequest(question=question, tier=tier) for tier in TIERS]
        hosts = host_store(args, forms=compiled_forms(args, console)).several(names)
        called = time.perf_counter()
        plans = sum(1 for _ in plan_many(requests, hosts, crew=crew))
        ended = time.perf_counter()
    close_forms()  # as every command does: who comes next need not read past what was written last
    return {"plans": plans, "wall": ended - called, "before": called - begun}


if __name__ == "__main__":
    cache, processes = sys.argv[1:3]
    Path(cache).mkdir(parents=True, exist_ok=True)
    sys.stdout.write(json.dumps(main(cache, int(processes))) + "\n")
