"""The port through which the core sees package indexes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple, Protocol

from packaging.utils import NormalizedName

from depguard.model.binary import ContentsAnswer, Depth
from depguard.model.release import Artifact, MetadataAnswer
from depguard.records import dataclass


class Page(Protocol):
    """All artifacts of one project over the indexes that count, or its absence (``found``).

    ``skipped`` has, for each file that was passed over, its name and why (an odd file name, say). A page may
    make its artifacts when they are first looked at (``parse.listed_page``).
    """

    @property
    def name(self) -> NormalizedName:
        """The project."""
        ...

    @property
    def found(self) -> bool:
        """Whether any index knows it."""
        ...

    @property
    def artifacts(self) -> tuple[Artifact, ...]:
        """Its artifacts, in the order of the indexes and their pages."""
        ...

    @property
    def skipped(self) -> tuple[tuple[str, str], ...]:
        """Files passed over, with the reason."""
        ...


class Look(NamedTuple):
    """A look into a wheel, as `BinarySource.contents` is asked for it."""

    artifact: Artifact
    depth: Depth
    most: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Following:
    """What is likely to be asked for next: projects' pages, artifacts' metadata, and what is in wheels."""

    projects: tuple[NormalizedName, ...] = ()
    artifacts: tuple[Artifact, ...] = ()
    contents: tuple[Look, ...] = ()


class Guess(Protocol):
    """What a request is likely to come to. Its methods may be called from several threads."""

    def likely(self, page: Page) -> Iterable[Artifact]:
        """The artifacts of a page that are likely to be taken."""
        ...

    def following(self, artifact: Artifact, answer: MetadataAnswer) -> Following:
        """What is asked for once the artifact's metadata is known."""
        ...


class PackageSource(Protocol):
    """Indexes and local folders, merged by the installer's rule.

    Answers are stable within one run: asking twice gives the same value, and the second time costs
    nothing. The solver calls ``page`` O(n) times for n projects it looks at, ``metadata`` once for
    each candidate that it tries.
    """

    def page(self, name: NormalizedName) -> Page:
        """All artifacts of a project; ``found=False`` when no index knows it.

        Raises OutOfReachError when an index cannot be asked (or, offline, nothing is cached).
        """
        ...

    def metadata(self, artifact: Artifact) -> MetadataAnswer:
        """The artifact's core metadata, without building or running anything.

        Raises OutOfReachError when it exists but cannot be read now.
        """
        ...

    def size(self, artifact: Artifact) -> int | None:
        """The artifact's size in bytes, where it is known or can be asked for cheaply."""
        ...

    def prefetch(self, names: Iterable[NormalizedName], guess: Guess | None = None) -> None:
        """A hint that these projects' pages will be asked for soon. Never raises.

        ``guess`` says what comes after them: it is followed as long as it leads anywhere.
        """
        ...

    def prefetch_metadata(self, artifacts: Iterable[Artifact], guess: Guess | None = None) -> None:
        """A hint that these artifacts' metadata will be asked for soon. Never raises."""
        ...


class BinarySource(Protocol):
    """What is in a wheel, without downloading it whole. Answers are stable, as a PackageSource's are."""

    def contents(self, artifact: Artifact, *, depth: Depth, most: int) -> ContentsAnswer:
        """The files that a wheel installs and, down to ``depth``, what its compiled modules ask for.

        ``most`` bounds the bytes that reading the modules may cost. Raises OutOfReachError when the wheel
        cannot be read now.
        """
        ...

    def prefetch_contents(self, artifacts: Iterable[Artifact], *, depth: Depth, most: int) -> None:
        """A hint that these wheels' contents will be asked for soon. Never raises."""
        ...
