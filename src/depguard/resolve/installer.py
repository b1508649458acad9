"""A resolvelib provider that chooses as an installer does: pip (by version) or uv.

Written from the observable behaviour of pip 24.1.2 and 26.3 and of uv; the points where they differ
are fields of `Behaviour`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import NormalizedName

from depguard.resolve.host_view import HostView
from depguard.resolve.installer_choice import Behaviour, InstallerChoice
from depguard.resolve.installer_turns import Information, InstallerTurns
from depguard.resolve.needs import PYTHON, Candidate, Key, Need, admits, key_of
from depguard.resolve.provider import Provider


class InstallerProvider(Provider[Need, Candidate]):
    """Candidates in the order in which the installer would try them.

    An installed distribution that satisfies everything costs no request to the index.
    """

    def __init__(
        self,
        view: HostView,
        behaviour: Behaviour,
        roots: Sequence[Need],
        constraints: Mapping[NormalizedName, SpecifierSet],
    ) -> None:
        self._view = view
        self._behaviour = behaviour
        self._choice = InstallerChoice(view, behaviour, roots, constraints)
        self._turns = InstallerTurns(
            roots, uv=self.as_uv, by_depth=behaviour.by_depth, promotes=behaviour.promotes
        )
        self._urls: dict[tuple[Key, str], Candidate] = {}
        self._needs: dict[int, tuple[Need, ...]] = {}
        self._satisfied: dict[tuple[int, int], bool] = {}
        self._roots = tuple(roots)

    @property
    def as_uv(self) -> bool:
        """Whether the installer is uv."""
        return self._behaviour.prereleases.of_uv

    @property
    def by_depth(self) -> bool:
        """Whether the installer is a pip before 25.1."""
        return self._behaviour.by_depth

    @property
    def era(self) -> int:
        """As `Provider` says."""
        return self._turns.era

    def preference(
        self, key: Key, information: Collection[Information], causes: Sequence[Information]
    ) -> tuple[Any, ...]:
        """What to settle next: smaller comes first."""
        return self._turns.preference(key, information, causes)

    def close(self) -> None:
        """Let go of what was found for it: it is not asked any more."""
        self._choice.close()

    def narrow_requirement_selection(
        self,
        identifiers: Iterable[Key],
        resolutions: Mapping[Key, Candidate],
        candidates: Mapping[Key, Iterator[Candidate]],  # noqa: ARG002 - resolvelib's signature
        information: Mapping[Key, Iterator[Information]],  # noqa: ARG002 - resolvelib's signature
        backtrack_causes: Sequence[Information],
    ) -> Iterable[Key]:
        """What comes before all other keys, as far as anything does."""
        return self._turns.narrowed(identifiers, resolutions, backtrack_causes)

    def find_matches(
        self,
        identifier: Key,
        requirements: Mapping[Key, Iterator[Need]],
        incompatibilities: Mapping[Key, Iterator[Candidate]],
    ) -> Callable[[], Iterable[Candidate]] | Sequence[Candidate]:
        """The candidates that meet all needs, best first, made only as far as they are asked for."""
        needs = list(requirements[identifier])
        if identifier == PYTHON:
            return []
        own = list(needs)
        if identifier.extras:
            needs += list(requirements.get(identifier.base, iter(())))
        if not needs:  # its askers were unseated: pip finds nothing for it then, and goes back further
            return []
        refused = {id(candidate) for candidate in incompatibilities[identifier]}
        exact = [need.exact for need in own if need.exact is not None]
        if exact:
            fitting = [c for c in exact[:1] if all(self.is_satisfied_by(need, c) for need in own)]
            return [c for c in fitting if id(c) not in refused]
        urls = {need.requirement.url for need in needs if need.requirement.url}
        if urls:
            return self._direct(identifier, needs, urls, refused)
        return lambda: self._choice.left(identifier, needs, refused)

    def versions(self, key: Key) -> Sequence[Candidate]:
        """All that can be chosen for a key as far as the request itself allows, most preferred first."""
        asked = [need for need in self._roots if need.key.name == key.name]
        urls = {need.requirement.url for need in asked if need.requirement.url}
        if urls:
            return self._direct(key, asked, urls, set())
        return list(self._choice.left(key, asked, set()))

    def preferred_installed(self, key: Key) -> Candidate | None:
        """The host's own, where it is taken as soon as it fits; the index is not asked."""
        asked = [need for need in self._roots if need.key.name == key.name]
        if self._choice.upgrades(key) or any(need.requirement.url for need in asked):
            return None
        return self._choice.installed(key, self._choice.constrained(key.name))

    def is_satisfied_by(self, requirement: Need, candidate: Candidate) -> bool:
        """Whether a candidate meets a need; installed pre-releases count, as for the installers."""
        # Asked again for every pin in every round; needs and candidates live as long as the provider.
        pair = (id(requirement), id(candidate))
        known = self._satisfied.get(pair)
        if known is None:
            known = self._satisfied[pair] = self._satisfies(requirement, candidate)
        return known

    def _satisfies(self, requirement: Need, candidate: Candidate) -> bool:
        if requirement.exact is not None:
            return requirement.exact is candidate
        if requirement.requirement.url is not None:
            return candidate.url is not None
        if candidate.version is None:  # nothing carries it: a doubt, recorded with the candidate
            return True
        return admits(requirement.requirement, candidate.version)

    def satisfying(self, requirement: Need, candidates: Sequence[Candidate]) -> set[int]:
        """The ids of those candidates that meet a need: all at once costs a third of one by one."""
        if requirement.exact is not None or requirement.requirement.url is not None:
            return {id(c) for c in candidates if self._satisfies(requirement, c)}
        versions = [c.version for c in candidates if c.version is not None]
        kept = set(map(id, requirement.specifier.filter(versions, prereleases=True)))
        return {id(c) for c in candidates if c.version is None or id(c.version) in kept}

    def leader(self, requirement: Need) -> Candidate | None:
        """The host's own, where it would be tried first."""
        if requirement.exact is not None or requirement.hashes or requirement.requirement.url is not None:
            return None
        candidate = self._choice.first_of_all(requirement.key)
        return candidate if candidate is not None and self.is_satisfied_by(requirement, candidate) else None

    def outlasts(self, candidate: Candidate, requirement: Need) -> bool:
        """Whether a candidate stays one: needs only take away, but for pre-releases and direct ones."""
        if requirement.exact is not None or requirement.hashes or requirement.requirement.url is not None:
            return False
        if candidate.version is None or (candidate.installed is None and candidate.version.is_prerelease):
            return False
        return self.is_satisfied_by(requirement, candidate)

    def get_dependencies(self, candidate: Candidate) -> Sequence[Need]:
        """A candidate's needs. The same objects each time: resolvelib asks again on backjumps."""
        known = self._needs.get(id(candidate))
        if known is None:
            known = self._needs[id(candidate)] = self._found_out(candidate)
        return known

    def _found_out(self, candidate: Candidate) -> tuple[Need, ...]:
        """A candidate's needs; those of the host's own are the same in every simulation there."""
        kept = candidate.installed is not None and not self._behaviour.no_deps
        place = (id(candidate), self.as_uv)
        known = self._view.own.needs.get(place) if kept else None
        if known is None:
            known = tuple(self._read(candidate))
            self._view.universe.prefetch([need.key.name for need in known if self._unmet(need)])
            if kept:
                self._view.own.needs[place] = known
        return known

    def _read(self, candidate: Candidate) -> Iterator[Need]:
        if candidate.key.extras:
            base = self._base(candidate)
            yield Need(base.key, exactly(base), candidate, exact=base)
        if self._behaviour.no_deps:
            return
        # For pip a project with extras has all requirements of the project once more.
        answer = self._view.requires(candidate, whole=not self.as_uv)
        if answer.impossible is not None:
            yield Need(PYTHON, exactly(candidate), candidate)
            return
        for requirement in answer.requirements:
            needs = root_and_extras(requirement, parent=candidate)
            yield from needs if self.as_uv else as_pip_asks(needs)

    def _base(self, candidate: Candidate) -> Candidate:
        if candidate.installed is not None:
            return self._view.installed(candidate.key.base) or candidate
        if candidate.offer is not None:
            return self._view.offered(candidate.key.base, candidate.offer)
        return self._url_candidate(candidate.key.base, candidate.url or "")

    def _unmet(self, need: Need) -> bool:
        installed = self._view.installed(need.key)
        return need.key != PYTHON and (installed is None or not self.is_satisfied_by(need, installed))

    def _direct(
        self, key: Key, needs: Sequence[Need], urls: Iterable[str], refused: set[int]
    ) -> list[Candidate]:
        made = [self._url_candidate(key, url) for url in sorted(urls)]
        if len(made) != 1 or id(made[0]) in refused:
            return []  # two different URLs for one project conflict
        return [c for c in made if all(self.is_satisfied_by(need, c) for need in needs)]

    def _url_candidate(self, key: Key, url: str) -> Candidate:
        return self._urls.setdefault((key, url), Candidate(key, None, url=url))


def root_and_extras(requirement: Requirement, *, parent: Candidate | None, **fields: Any) -> Iterator[Need]:
    """A requirement's needs: with extras, the project without them is needed as well."""
    key = key_of(requirement)
    if key.extras:
        yield Need(key.base, requirement, parent, **fields)
    yield Need(key, requirement, parent, **fields)


def as_pip_asks(needs: Iterable[Need]) -> Iterator[Need]:
    """The same without the project itself where extras of it are asked for in any version."""
    for need in needs:
        requirement = need.requirement
        if need.key.extras or not requirement.extras or requirement.specifier or requirement.url:
            yield need


def exactly(candidate: Candidate) -> Requirement:
    """A requirement that names this candidate and no other version."""
    version = f"=={candidate.version}" if candidate.version is not None else ""
    return Requirement(f"{candidate.name}{version}")
