"""The search of each installer: resolvelib for pip, PubGrub for uv."""

from __future__ import annotations

from collections.abc import Sequence

from depguard.records import replace
from depguard.resolve.earlier_pip import EarlierPip
from depguard.resolve.installer import InstallerProvider
from depguard.resolve.needs import Candidate, Need
from depguard.resolve.outcome import Exhausted, Solved, Unsolvable
from depguard.resolve.solve import Repin, Steady, solve

PIP_ROUNDS = 200_000
"""After so many rounds pip gives up."""

ROUNDS = 20_000
"""After so many we do; nothing real was seen to need a tenth of this."""

UV_ROUNDS = 100_000
"""uv never gives up. Decisions that are made again count too: a big upgrade was seen to need 18,000."""

Outcome = Solved[Need, Candidate] | Unsolvable[Need, Candidate] | Exhausted[Need, Candidate]


def solve_as_installer(provider: InstallerProvider, roots: Sequence[Need]) -> Outcome:
    """What the installer that the provider behaves as would settle on.

    Raises OutOfReachError when the index cannot answer.
    """
    if not provider.as_uv:
        search = EarlierPip if provider.by_depth else Steady[Need, Candidate]
        return solve(provider, roots, rounds=ROUNDS, repin=Repin.ALWAYS, patience=PIP_ROUNDS, search=search)
    from depguard.resolve.uv_search import solve_as_uv

    outcome = solve_as_uv(provider, roots, rounds=UV_ROUNDS)
    if isinstance(outcome, Solved):
        return outcome
    # PubGrub's clauses say why, but not in terms of requirements: what met is told by resolvelib.
    told = solve(provider, roots, rounds=ROUNDS)
    return replace(outcome, refusals=told.refusals)
