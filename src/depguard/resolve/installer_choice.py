"""What an installer can choose for a project, in the order in which it would try it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet

from packaging.specifiers import SpecifierSet
from packaging.utils import NormalizedName

from depguard.records import dataclass
from depguard.resolve.host_view import HostView
from depguard.resolve.needs import Candidate, Key, Need, versions_of
from depguard.resolve.offers import Offer
from depguard.resolve.prereleases import PrereleaseRule, admitted, mentions_prerelease, pins_exactly
from depguard.resolve.provider import Choices

_ANY = SpecifierSet()

Hashes = frozenset[tuple[str, str]]

_Said = tuple[str, Hashes]
"""What a need says of versions and artifacts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviour:
    """How an installer behaves, and what it was told.

    ``by_depth``: pip before 25.1 resolves what is closer to the request first. ``promotes``: pip from
    26.0 on resolves early what keeps conflicting. ``upgrade_all`` ignores what is installed wherever
    the solve comes by (pip's eager strategy, uv's ``-U``); ``upgrade_names`` does so for some
    (pip's ``-U`` for what was asked for, uv's ``-P``).
    """

    prereleases: PrereleaseRule
    by_depth: bool = False
    promotes: bool = False
    allow_prereleases: bool = False
    upgrade_all: bool = False
    upgrade_names: frozenset[NormalizedName] = frozenset()
    reinstall_all: bool = False
    reinstall_names: frozenset[NormalizedName] = frozenset()
    ignore_installed: bool = False
    no_deps: bool = False


class InstallerChoice:
    """The host's own distribution and the index's versions of a project, most preferred first.

    Most needs say the same as others of the same project: what is left by them is found once.
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
        self._constraints = constraints
        self._direct_prereleases = _named(roots, constraints, mentions_prerelease)
        self._direct_pins = _named(roots, constraints, pins_exactly)
        # What a need says, by its id: needs live as long as the provider that makes them.
        self._said: dict[int, _Said] = {}
        self._first: dict[Key, Candidate | None] = {}
        self._left: dict[tuple[Key, frozenset[_Said], bool], Choices[Candidate]] = {}

    def close(self) -> None:
        """Let go of what is left of projects: what nobody came to look for there refers back to this."""
        self._left.clear()

    def left(self, key: Key, needs: Iterable[Need], refused: AbstractSet[int]) -> Iterator[Candidate]:
        """What the needs leave of a project, but for the ``refused`` (ids): made as far as it is asked for.

        The first one's metadata is fetched while the solver is still busy elsewhere.
        """
        said = frozenset(self._said_by(need) for need in needs)
        own = self._view.installed(key)
        # Where the host's own is refused, the index's artifact of the same version takes its place.
        without_own = own is not None and id(own) in refused
        place = (key, said, without_own)
        choices = self._left.get(place)
        if choices is None:
            choices = Choices(lambda: self._in_order(key, said, without_own=without_own))
            self._left[place] = choices
        first = True
        for candidate in choices:
            if id(candidate) in refused:
                continue
            if first:
                self._view.expect(candidate)
                first = False
            yield candidate

    def first_of_all(self, key: Key) -> Candidate | None:
        """The host's own distribution, where it comes before all that the index has."""
        if key not in self._first:
            self._first[key] = None if self.upgrades(key) else self.installed(key, self.constrained(key.name))
        return self._first[key]

    def constrained(self, name: NormalizedName) -> SpecifierSet:
        """What the constraints say of a project."""
        return self._constraints.get(name, _ANY)

    def upgrades(self, key: Key) -> bool:
        """Whether newer versions come before the host's own."""
        return self._behaviour.upgrade_all or key.name in self._behaviour.upgrade_names

    def installed(self, key: Key, specifier: SpecifierSet) -> Candidate | None:
        """The host's own distribution, where it may stay and the specifier allows it."""
        behaviour = self._behaviour
        if behaviour.reinstall_all or behaviour.ignore_installed or key.name in behaviour.reinstall_names:
            return None
        candidate = self._view.installed(key)
        if candidate is None:
            return None
        version = candidate.version
        fits = version is None or not specifier or specifier.contains(version, prereleases=True)
        return candidate if fits else None

    def _said_by(self, need: Need) -> _Said:
        said = self._said.get(id(need))
        if said is None:
            said = self._said[id(need)] = (versions_of(need.requirement), need.hashes)
        return said

    def _in_order(self, key: Key, said: Collection[_Said], *, without_own: bool) -> Iterator[Candidate]:
        specifier = self.constrained(key.name)
        for text in {text for text, _ in said if text}:
            specifier &= SpecifierSet(text)
        installed = None if without_own else self.installed(key, specifier)
        installed_version = installed.version if installed is not None else None
        if installed is not None and not self.upgrades(key):
            yield installed
            installed = None
        for offer in self._admitted(key, specifier, [hashes for _, hashes in said if hashes]):
            if installed is not None and installed.version is not None and offer.version <= installed.version:
                yield installed
                installed = None
            if installed_version is not None and offer.version == installed_version:
                continue  # the installed one stands for this version
            yield self._view.offered(key, offer)
        if installed is not None:
            yield installed

    def _admitted(self, key: Key, specifier: SpecifierSet, hashes: Collection[Hashes]) -> list[Offer]:
        allowed = self._behaviour.allow_prereleases or (
            self._behaviour.prereleases is PrereleaseRule.UV_CLASSIC and key.name in self._direct_prereleases
        )
        offers = self._view.offers(key.name).offers
        fitting = admitted(offers, specifier, rule=self._behaviour.prereleases, allowed=allowed)
        if hashes:
            fitting = [o for o in fitting if all(set(o.artifact.hashes) & allowed for allowed in hashes)]
        # PEP 592: yanked releases count only when exactly pinned and nothing else fits; for uv, only
        # when the request itself pins them.
        pinned = (
            key.name in self._direct_pins if self._behaviour.prereleases.of_uv else pins_exactly(specifier)
        )
        if pinned and all(offer.yanked for offer in fitting):
            return fitting
        return [offer for offer in fitting if not offer.yanked]


def _named(
    roots: Iterable[Need],
    constraints: Mapping[NormalizedName, SpecifierSet],
    says: Callable[[SpecifierSet], bool],
) -> frozenset[NormalizedName]:
    """The projects of which the request or its constraints say something of that kind."""
    asked = {need.key.name for need in roots if says(need.specifier)}
    return frozenset(asked | {name for name, specifier in constraints.items() if says(specifier)})
