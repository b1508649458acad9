"""What a doctor says: findings over one snapshot, and the one way out of them."""

from __future__ import annotations

import enum

from depguard.model.environment import Snapshot
from depguard.model.finding import Finding, Verdict
from depguard.records import dataclass


class WayOutKind(enum.Enum):
    """What makes it right again.

    RESTART: the disk is right, a process is stale. BEGIN_ANEW: the disk is not. MOVE_ASIDE: something in
    the way of an import. REPLAN: healthy, but not the host that was planned for. LOOK: files are right and
    it does not work all the same.
    """

    RESTART = "restart"
    BEGIN_ANEW = "begin-anew"
    MOVE_ASIDE = "move-aside"
    REPLAN = "replan"
    LOOK = "look"


@dataclass(frozen=True, slots=True, kw_only=True)
class Remedy:
    """What to do, and what not to, in sentences for people; ``since`` and ``by`` where that is known."""

    kind: WayOutKind
    do: tuple[str, ...]
    dont: tuple[str, ...] = ()
    since: str = ""
    by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TierOnLive:
    """A tier of the policy, planned anew on the live host. ``note`` says what stands in its way."""

    tier: str
    verdict: Verdict
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Examination:
    """One snapshot, judged. ``remedy`` is None where there is no error to get out of.

    ``host`` names what the snapshot was compared with, and ``same`` counts the distributions that are as
    published there; both are None without one.
    """

    snapshot: Snapshot
    findings: tuple[Finding, ...]
    verdict: Verdict
    remedy: Remedy | None = None
    host: str | None = None
    same: int | None = None
    policy: str | None = None
    tiers: tuple[TierOnLive, ...] = ()
