"""What a search asks: a provider, and the candidates that it has for a key."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from resolvelib import AbstractProvider
from resolvelib.resolvers import RequirementInformation

from depguard.resolve.needs import Key

if TYPE_CHECKING:
    from resolvelib.providers import Preference
    from resolvelib.structs import Matches


class Keyed(Protocol):
    """Anything that a resolver identifies by a key."""

    @property
    def key(self) -> Key:
        """The key."""
        ...


R = TypeVar("R", bound=Keyed)
C = TypeVar("C", bound=Keyed)


class Provider(AbstractProvider[R, C, Key], ABC, Generic[R, C]):
    """resolvelib's provider, with two questions more."""

    def identify(self, requirement_or_candidate: R | C) -> Key:
        """The key of a need or a candidate."""
        return requirement_or_candidate.key

    def get_preference(
        self,
        identifier: Key,
        resolutions: Mapping[Key, C],  # noqa: ARG002 - resolvelib's signature
        candidates: Mapping[Key, Iterator[C]],  # noqa: ARG002 - resolvelib's signature
        information: Mapping[Key, Iterator[RequirementInformation[R, C]]],
        backtrack_causes: Sequence[RequirementInformation[R, C]],
    ) -> Preference:
        """As `preference`, for resolvelib itself."""
        return self.preference(identifier, list(information[identifier]), backtrack_causes)

    @property
    def era(self) -> int:
        """Another number whenever `preference` might say something else than before of the same."""
        return 0

    @abstractmethod
    def preference(
        self,
        key: Key,
        information: Collection[RequirementInformation[R, C]],
        causes: Sequence[RequirementInformation[R, C]],
    ) -> Preference:
        """What is settled first is the least. In one `era` the same is said of the same collections."""
        ...

    @abstractmethod
    def leader(self, requirement: R) -> C | None:
        """The candidate that is tried before all others that meet a requirement.

        It leads as long as it outlasts what is required besides. Asked of keys without extras alone. None
        where it takes a search to tell.
        """
        ...

    @abstractmethod
    def outlasts(self, candidate: C, requirement: R) -> bool:
        """Whether a candidate that is offered without this requirement is surely offered with it as well.

        Asked of keys without extras alone. False where that is not sure: then the candidates are looked at.
        """
        ...


class Choices(Generic[C]):
    """The candidates of a key: found when they are first asked for, and then remembered.

    ``sure`` is one that is known to be among them before any are found, ``leader`` one that is known to be
    the first.
    """

    __slots__ = ("_find", "_found", "_left", "_sure", "leader")

    def __init__(
        self, find: Callable[[], Matches[C]], sure: C | None = None, leader: C | None = None
    ) -> None:
        self.leader = leader
        self._find: Callable[[], Matches[C]] | None = find
        self._found: list[C] = [] if leader is None else [leader]
        self._left: Iterator[C] = iter(())
        self._sure = sure if leader is None else leader

    @property
    def sure(self) -> C | None:
        """A candidate that is among them, None where there are none."""
        if self._sure is None:
            self._sure = next(iter(self), None)
        return self._sure

    def __bool__(self) -> bool:
        return self.sure is not None

    def __iter__(self) -> Iterator[C]:
        at = 0
        while True:
            if at == len(self._found) and not self._one_more():
                return
            yield self._found[at]
            at += 1

    def _one_more(self) -> bool:
        if self._find is not None:
            matches, self._find = self._find(), None
            self._left = iter(matches() if callable(matches) else matches)
        found = next((match for match in self._left if match is not self.leader), None)
        if found is not None:
            self._found.append(found)
        return found is not None
