"""Run resolvelib and turn what it says into an outcome, refusals on the way included."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Generic, Protocol, TypeVar

from resolvelib import AbstractProvider, BaseReporter, ResolutionImpossible, ResolutionTooDeep
from resolvelib.resolvers import Criterion, RequirementInformation, Resolution

from depguard.resolve.needs import Key
from depguard.resolve.outcome import Exhausted, Refused, Solved, Unsolvable


class Keyed(Protocol):
    """Anything that a resolver identifies by a key."""

    @property
    def key(self) -> Key:
        """The key."""
        ...


R = TypeVar("R", bound=Keyed)
C = TypeVar("C", bound=Keyed)


class _Recorder(BaseReporter[R, C, Key], Generic[R, C]):
    """Keeps every candidate that was given up, with the requirements that met. Each once."""

    def __init__(self) -> None:
        self.refusals: dict[tuple[int, Key], Refused[R, C]] = {}

    def rejecting_candidate(self, criterion: Criterion[R, C], candidate: C) -> None:
        met = tuple(information.requirement for information in criterion.information)
        if met:
            self.refusals.setdefault(
                (id(candidate), met[-1].key), Refused(key=met[-1].key, needs=met, candidate=candidate)
            )


def solve(
    provider: AbstractProvider[R, C, Key], roots: Sequence[R], *, rounds: int
) -> Solved[R, C] | Unsolvable[R, C] | Exhausted[R, C]:
    """Solve within a budget of rounds (pins tried), which does not depend on the clock.

    Raises whatever the provider's port raises (OutOfReachError).
    """
    recorder: _Recorder[R, C] = _Recorder()
    # Resolution is what resolvelib's Resolver drives. The Resolver's own last step, leaving out what
    # nothing reaches any more, recurses without end where that is a circle: it is done here instead.
    resolution: Resolution[R, C, Key] = Resolution(provider, recorder)
    try:
        result = resolution.resolve(list(roots), max_rounds=rounds)
    except ResolutionImpossible as error:
        return Unsolvable(refusals=(*recorder.refusals.values(), *_last(error.causes)))
    except ResolutionTooDeep:
        return Exhausted(rounds=rounds, refusals=tuple(recorder.refusals.values()))
    chosen = _reached(result.criteria, result.mapping)
    return Solved(
        chosen=chosen,
        asked=_asked(result.criteria, chosen),
        refusals=tuple(recorder.refusals.values()),
    )


def _last(causes: Collection[RequirementInformation[R, C]]) -> list[Refused[R, C]]:
    """The conflict that ended the search, by key."""
    by_key: dict[Key, list[R]] = {}
    for cause in causes:
        by_key.setdefault(cause.requirement.key, []).append(cause.requirement)
    return [Refused(key=key, needs=tuple(needs), candidate=None) for key, needs in by_key.items()]


def _reached(criteria: Mapping[Key, Criterion[R, C]], mapping: Mapping[Key, C]) -> dict[Key, C]:
    """What the request needs, directly or not: backtracking leaves pins behind that nobody asks for."""
    keys = {id(candidate): key for key, candidate in mapping.items()}
    children: dict[Key | None, list[Key]] = {}
    for key in mapping:
        for information in criteria[key].information:
            parent = information.parent
            if parent is None:
                children.setdefault(None, []).append(key)
            elif id(parent) in keys:
                children.setdefault(keys[id(parent)], []).append(key)
    reached: set[Key] = set()
    waiting = list(children.get(None, ()))
    while waiting:
        key = waiting.pop()
        if key not in reached:
            reached.add(key)
            waiting += children.get(key, ())
    return {key: candidate for key, candidate in mapping.items() if key in reached}


def _asked(criteria: Mapping[Key, Criterion[R, C]], chosen: Mapping[Key, Any]) -> dict[Key, tuple[R, ...]]:
    """Who asked for what is chosen: requirements of the request and of chosen parents only."""
    asked: dict[Key, tuple[R, ...]] = {}
    for key, criterion in criteria.items():
        if key not in chosen:
            continue
        asked[key] = tuple(
            information.requirement
            for information in criterion.information
            if information.parent is None or chosen.get(information.parent.key) is information.parent
        )
    return asked
