"""A guarded search over a made-up index and host, ready to be run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from depguard.planning.case import make_case
from depguard.resolve.guarded import GuardedProvider
from depguard.resolve.guarded_choice import GuardRules
from depguard.resolve.joint import JointNeed
from kit.fake_index import FakeIndex
from kit.hosts import small_host


def guarded_search(
    index: Mapping[str, Any], host: Mapping[str, Any], *request: str, moves: bool = False
) -> tuple[GuardedProvider, list[JointNeed]]:
    """The provider without a policy, and the needs of the request."""
    wanted = [Requirement(text) for text in request]
    case = make_case(small_host(host), None, FakeIndex.from_dict(index))
    rules = GuardRules(
        moves=moves,
        named=frozenset(canonicalize_name(r.name) for r in wanted),
        forbidden=lambda _: False,
        pins={},
    )
    provider = GuardedProvider([case.guarded], rules)
    return provider, [need for requirement in wanted for need in provider.roots(requirement)]
