"""What the guarded solve passes around: needs and candidates over several hosts at once.

One host is the case of one. A name is kept by every host that needs it, or has one version on all of
them: that is what a single requirements file can say.
"""

from __future__ import annotations

from collections.abc import Mapping

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import NormalizedName
from packaging.version import Version

from depguard.model.location import Location
from depguard.model.plan import Cause
from depguard.records import dataclass, field
from depguard.resolve.host_view import HostView
from depguard.resolve.needs import Candidate, Key, cause_of


@dataclass(frozen=True, slots=True, eq=False)
class JointCandidate:
    """One choice for a project on all hosts. Compared by identity.

    ``version`` is None when every host keeps its own. ``picks`` has a candidate for each host, None
    where the project stays absent (only possible for a kept one).
    """

    key: Key
    version: Version | None
    picks: tuple[Candidate | None, ...]

    @property
    def name(self) -> NormalizedName:
        """The normalized project name."""
        return self.key.name

    def version_on(self, host: int) -> Version | None:
        """The version on one host, None where it is absent or not known."""
        pick = self.picks[host]
        return pick.version if pick is not None else None


@dataclass(slots=True)
class Kept:
    """What was found out about projects that every host keeps: the same in every solve on these hosts.

    ``needs`` are by the id of the candidate.
    """

    candidates: dict[Key, JointCandidate] = field(default_factory=dict)
    needs: dict[int, tuple[JointNeed, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class JointNeed:
    """A requirement that holds on some of the hosts (``hosts``: their indices).

    ``moved`` says that the hosts' own distribution must not stay: something that it requires moves
    out of its range. ``exact`` ties an extras candidate to its base.
    """

    key: Key
    requirement: Requirement
    hosts: frozenset[int]
    parent: JointCandidate | None = None
    location: Location | None = None
    moved: bool = False
    exact: JointCandidate | None = None

    def cause(self, host: int) -> Cause:
        """The same as data, as seen from one host."""
        return cause_of(
            self.requirement,
            self.parent.name if self.parent else None,
            self.parent.version_on(host) if self.parent else None,
            self.location,
            breaks=self.moved,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardedHost:
    """A host with what the policy says of it.

    ``fixed`` are the installed names whose artifact stays (protected); ``ranges`` the versions inside
    which a held one may move; ``limits`` bound any project that comes into the solve (constraints).
    ``dependents`` maps a name to the installed distributions that require it, with the requirement, as
    far as the untouched host meets it.
    """

    view: HostView
    fixed: frozenset[NormalizedName] = frozenset()
    ranges: Mapping[NormalizedName, SpecifierSet] = field(default_factory=dict)
    limits: Mapping[NormalizedName, SpecifierSet] = field(default_factory=dict)
    dependents: Mapping[NormalizedName, tuple[tuple[NormalizedName, Requirement], ...]] = field(
        default_factory=dict
    )

    def keeps(self, name: NormalizedName, version: Version) -> Candidate | None:
        """The installed distribution, where a pin on ``version`` would be met by it."""
        installed = self.view.installed(Key(name))
        if installed is None or installed.version is None:
            return None
        # As ``==`` says (PEP 440): a local label counts only where the pin has one.
        has = installed.version
        public = has.local is not None and version.local is None
        return installed if (Version(has.public) if public else has) == version else None
