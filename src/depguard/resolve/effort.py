"""How deep to look into a wheel, which whoever looks decides and whoever reads ahead guesses."""

from __future__ import annotations

from typing import NamedTuple

from packaging.utils import NormalizedName, canonicalize_name

from depguard.model.binary import Binaries, Depth
from depguard.model.host import Host
from depguard.model.release import Artifact, ArtifactKind, CoreMetadata
from depguard.model.stated_requirements import names_of

NUMPY = canonicalize_name("numpy")
TORCH = canonicalize_name("torch")

MOST_REPORTED = 4 << 20
"""Packed bytes of binaries that are read of a wheel for a report."""
MOST_SOLVED = 64 << 20
"""The same where the solver relies on it."""
_LESS = 4


class Effort(NamedTuple):
    """``torch``: whether the host has it; ``most`` bounds the packed bytes that are read of a wheel."""

    torch: bool
    most: int

    def on(self, artifact: Artifact, metadata: CoreMetadata | None) -> tuple[Depth, int]:
        """How deep to look, and how many bytes of modules to read at most.

        What requires neither NumPy nor torch rarely uses them.
        """
        if artifact.kind is not ArtifactKind.WHEEL or all(tag.platform == "any" for tag in artifact.tags):
            return Depth.FILES, 0
        if self.torch and uses(metadata, TORCH):
            return Depth.ALL, self.most
        return Depth.NUMPY, self.most if uses(metadata, NUMPY) else self.most // _LESS


def effort_for(host: Host, mode: Binaries) -> Effort | None:
    """How deep wheels that come to a host are looked into; None where they are not."""
    most = most_read(mode)
    torch = host.installed.get(TORCH)
    return None if most is None else Effort(torch=torch is not None and torch.version is not None, most=most)


def most_read(mode: Binaries) -> int | None:
    """The packed bytes of binaries that are read of a wheel at most; None for no look at all."""
    if mode is Binaries.OFF:
        return None
    return MOST_SOLVED if mode is Binaries.SOLVE else MOST_REPORTED


def uses(metadata: CoreMetadata | None, *names: NormalizedName) -> bool:
    """Whether an artifact requires one of these; where its requirements are not known, it may."""
    if metadata is None:
        return True
    return not names_of(metadata.requires_dist).isdisjoint(names)
