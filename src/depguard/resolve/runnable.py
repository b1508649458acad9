"""Whether a wheel's binaries can run on a host, asked of the wheel itself: as little as decides is read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cache, cached_property

from packaging.utils import NormalizedName
from packaging.version import Version

from depguard.errors import OutOfReachError
from depguard.model.abi_report import Clash
from depguard.model.binary import Binaries, ContentsAnswer, ContentsUnknown, Depth, WheelContents
from depguard.model.file_table import FileTable
from depguard.model.host import Host
from depguard.model.host_abi import HostAbi, TorchAbi
from depguard.model.release import Artifact, CoreMetadata
from depguard.records import dataclass, field, replace
from depguard.resolve.abi import clashes
from depguard.resolve.effort import NUMPY, TORCH, Effort, most_read, uses
from depguard.resolve.host_abi import host_abi
from depguard.resolve.ports import BinarySource


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """What one wheel's contents say on a host. ``why``, if not empty, says what was not looked at."""

    contents: ContentsAnswer
    clashes: tuple[Clash, ...] = ()
    why: str = ""

    @property
    def blocked(self) -> Clash | None:
        """The reason why it cannot run, if that is certain."""
        return next((clash for clash in self.clashes if clash.certain), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Looks:
    """What it takes to look into wheels: where to read them, who owns which files, what hosts offer.

    ``table`` and ``captured`` give None where that is not known. They are asked when something comes in.
    """

    source: BinarySource
    table: Callable[[Host], FileTable | None] = field(default=lambda _: None)
    captured: Callable[[Host], HostAbi | None] = field(default=lambda _: None)


@dataclass(kw_only=True)
class Inspector:
    """Looks into wheels for one host. ``most`` bounds what is read of one."""

    source: BinarySource
    offers: Callable[[], HostAbi]
    most: int
    table: Callable[[], FileTable | None] = field(default=lambda: None)
    _known: dict[tuple[str, str], Looked] = field(default_factory=dict, init=False, repr=False)

    @cached_property
    def host(self) -> HostAbi:
        """What the host offers, found out when it is needed."""
        return self.offers()

    def on(self, moved: Mapping[NormalizedName, Version | None]) -> Inspector:
        """The same for the host as changes leave it: with another NumPy, or another torch."""
        if not moved:
            return self
        host = self.host
        if NUMPY in moved:
            host = replace(host, numpy=moved[NUMPY])
        if TORCH in moved:
            version = moved[TORCH]
            host = replace(host, torch=TorchAbi(version=version) if version is not None else None)
        return replace(self, offers=lambda: host)

    def expect(self, wanted: Iterable[tuple[Artifact, CoreMetadata | None]]) -> None:
        """Hint that these will be looked at."""
        for artifact, metadata in wanted:
            depth, most = self.effort.on(artifact, metadata)
            self.source.prefetch_contents((artifact,), depth=depth, most=most)

    def files(self, artifact: Artifact) -> WheelContents | None:
        """What an artifact installs; None where it cannot be had now."""
        try:
            contents = self.source.contents(artifact, depth=Depth.FILES, most=0)
        except OutOfReachError:
            return None
        return contents if isinstance(contents, WheelContents) else None

    def look(self, artifact: Artifact, metadata: CoreMetadata | None) -> Looked:
        """What speaks against an artifact. Raises OutOfReachError."""
        key = (artifact.url, artifact.filename)
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = self._look(artifact, metadata)
        return known

    def _look(self, artifact: Artifact, metadata: CoreMetadata | None) -> Looked:
        depth, most = self.effort.on(artifact, metadata)
        contents = self.source.contents(artifact, depth=depth, most=most)
        if isinstance(contents, ContentsUnknown):
            return Looked(contents=contents, why=contents.reason)
        found = clashes(contents, self.host)
        decided = any(clash.certain for clash in found)
        why = ""
        if contents.unread and not decided and uses(metadata, NUMPY, TORCH):
            cost = sum(unread.cost for unread in contents.unread)
            count = len(contents.unread)
            what = "a compiled module" if count == 1 else f"{count} compiled modules"
            why = f"{what} of {cost / 1e6:.1f} MB"
        return Looked(contents=contents, clashes=found, why=why)

    @property
    def effort(self) -> Effort:
        """How deep it looks into what."""
        return Effort(torch=self.host.torch is not None, most=self.most)


def inspector_of(host: Host, mode: Binaries, looks: Looks | None) -> Inspector | None:
    """Who looks into the wheels that come to a host; None where that is not wanted."""
    most = most_read(mode)
    if looks is None or most is None:
        return None
    return Inspector(
        source=looks.source,
        table=cache(lambda: looks.table(host)),
        offers=lambda: host_abi(host, looks.captured(host)),
        most=most,
    )
