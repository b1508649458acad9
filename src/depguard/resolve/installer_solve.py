"""The search of each installer: resolvelib for pip, PubGrub for uv."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from depguard.resolve.installer import InstallerProvider
from depguard.resolve.needs import Candidate, Need
from depguard.resolve.outcome import Exhausted, Solved, Unsolvable
from depguard.resolve.solve import Repin, solve
from depguard.resolve.uv_search import solve_as_uv

ROUNDS = 20_000
"""pip gives up after 200,000 rounds; nothing real was seen to need a tenth of this."""

UV_ROUNDS = 100_000
"""uv never gives up. Decisions that are made again count too: a big upgrade was seen to need 18,000."""

Outcome = Solved[Need, Candidate] | Unsolvable[Need, Candidate] | Exhausted[Need, Candidate]


def solve_as_installer(provider: InstallerProvider, roots: Sequence[Need]) -> Outcome:
    """What the installer that the provider behaves as would settle on.

    Raises OutOfReachError when the index cannot answer.
    """
    if not provider.as_uv:
        return solve(provider, roots, rounds=ROUNDS, repin=Repin.ALWAYS)
    outcome = solve_as_uv(provider, roots, rounds=UV_ROUNDS)
    if isinstance(outcome, Solved):
        return outcome
    # PubGrub's clauses say why, but not in terms of requirements: what met is told by resolvelib.
    told = solve(provider, roots, rounds=ROUNDS)
    return replace(outcome, refusals=told.refusals)
