"""What one host can take of a project's page: for each version its best artifact."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import cached_property, partial

from packaging.specifiers import SpecifierSet
from packaging.tags import Tag
from packaging.utils import NormalizedName
from packaging.version import Version

from depguard.errors import OutOfReachError, Problem
from depguard.model.host import Host
from depguard.model.release import Artifact, ArtifactKind, FormatControl
from depguard.parse.fitting import SDIST, WHEEL, Fitting, FittingFile
from depguard.parse.listed_page import ListedPage, Reach
from depguard.parse.simple_api import upload_moment
from depguard.records import dataclass, field
from depguard.resolve.offers import Offer, Offers, Unfit
from depguard.resolve.ports import Page
from depguard.resolve.prereleases import Remembering


@dataclass(kw_only=True)
class Chooser:
    """Chooses for a host, under a cut-off date (exclusive) and a rule about builds.

    ``lower_python``: only the lower bounds of Requires-Python count, as for uv.
    It knows nothing of who asks it, so whoever is asked ahead of a solver can hold on to it.
    """

    host: Host
    cutoff: datetime | None = None
    builds: bool = True
    lower_python: bool = False
    formats: FormatControl = field(default_factory=FormatControl)

    @cached_property
    def python_fits(self) -> Callable[[SpecifierSet], bool]:
        """Whether the host's interpreter meets a Requires-Python."""
        return _python_rule(self.host.python, lower=self.lower_python)

    def choose(self, page: Page) -> Offers:
        """The versions of a page that fit, newest first.

        Raises OutOfReachError when a cut-off is asked for and the page has no upload times (PEP 700): a
        cut-off is never ignored.
        """
        if isinstance(page, ListedPage):
            return self._listed(page)
        best: dict[Version, tuple[tuple[int, int, object], Artifact]] = {}
        for artifact in page.artifacts:
            if self.verdict(artifact, page) is not None:
                continue
            rank = self._rank(artifact)
            held = best.get(artifact.version)
            # Between equals the later one counts, as for pip: it sorts stably and walks backwards,
            # so that an extra index comes before the main one, and both before find-links.
            if held is None or rank <= held[0]:
                best[artifact.version] = (rank, artifact)
        offers = [_offer(page.name, version, best[version][1]) for version in sorted(best, reverse=True)]
        return Offers(found=page.found, offers=Remembering(offers))

    def _listed(self, page: ListedPage) -> Offers:
        """The same, of a page that tells beforehand what fits the host's tags and interpreter."""
        builds = self._may_build(page.name)
        wheels = not _has(self.formats.no_binary, page.name)
        fitting = page.fitting(self._reach)
        purpose = (id(fitting), builds, wheels, self.cutoff)
        offers: Offers | None = page.derived.get(purpose)
        if offers is None:
            made = self._offered(page, fitting, builds=builds, wheels=wheels)
            offers = page.derived.setdefault(purpose, made)  # another thread may have been quicker
        return offers

    def _offered(self, page: ListedPage, fitting: Fitting, *, builds: bool, wheels: bool) -> Offers:
        offers: list[Offer] = []
        cutoff, rows = self.cutoff, fitting.files
        allowed = (WHEEL + WHEEL.upper() if wheels else "") + (SDIST + SDIST.upper() if builds else "")
        for row, (version, kinds) in enumerate(zip(fitting.versions, fitting.kinds, strict=True)):
            for at, kind in enumerate(kinds):
                if kind in allowed and (cutoff is None or self._was_there(page, rows[row][at], cutoff)):
                    make = partial(_artifact, page, rows, row, at)
                    offers.append(Offer(page.name, version, make, yanked=kind.isupper()))
                    break
        return Offers(found=page.found, offers=Remembering(offers))

    def _was_there(self, page: ListedPage, found: FittingFile, cutoff: datetime) -> bool:
        uploaded = upload_moment(found.file.uploaded) if found.file.uploaded else None
        if uploaded is None:
            return self._undated(page.artifact(found), page)
        return uploaded < cutoff

    def _undated(self, artifact: Artifact, page: Page) -> bool:
        """Whether a file without an upload time was there: not known, so it does not count.

        Some indexes list the newest files before they know when these came. Where no file of the page has a
        time, the index serves none, and a cut-off cannot be kept. Raises OutOfReachError then.
        """
        if all(other.upload_time is None for other in page.artifacts):
            raise OutOfReachError(_no_upload_time(artifact))
        return False

    @cached_property
    def _reach(self) -> Reach:
        rule = "lower bounds" if self.lower_python else ""
        return Reach(self.host.tags, self.host.python, self.python_fits, python_rule=rule)

    @cached_property
    def _ranks(self) -> dict[Tag, int]:
        return {tag: rank for rank, tag in reversed(list(enumerate(self.host.tags)))}

    def _rank(self, artifact: Artifact) -> tuple[int, int, object]:
        """Smaller is better: not yanked, then the host's tag order, then the higher build number."""
        yanked = int(artifact.yanked is not None)
        if artifact.kind is ArtifactKind.SDIST:
            return (yanked, len(self._ranks), ())
        rank = min(self._ranks[tag] for tag in artifact.tags if tag in self._ranks)
        build = artifact.build or (0, "")
        # pip prefers the higher build number (PEP 427); letters compare by inverted code points,
        # and what goes on beats what ends.
        return (yanked, rank, (-build[0], (*(-ord(letter) for letter in build[1]), 1)))

    def verdict(self, artifact: Artifact, page: Page) -> Unfit | None:
        """Why the host cannot take an artifact of a page, None if it can. Raises OutOfReachError."""
        wheel = artifact.kind is ArtifactKind.WHEEL
        if wheel and not any(tag in self._ranks for tag in artifact.tags):
            return Unfit.TAGS
        if not wheel and not self._may_build(artifact.name):
            return Unfit.BUILD
        if wheel and _has(self.formats.no_binary, artifact.name):
            return Unfit.WHEEL_REFUSED
        if artifact.requires_python is not None and not self.python_fits(artifact.requires_python):
            return Unfit.PYTHON
        if self.cutoff is not None and not artifact.local:
            if artifact.upload_time is None:
                return None if self._undated(artifact, page) else Unfit.NEWER
            if artifact.upload_time >= self.cutoff:
                return Unfit.NEWER
        return None

    def _may_build(self, name: NormalizedName) -> bool:
        return self.builds and not _has(self.formats.only_binary, name)


def _python_rule(python: Version, *, lower: bool) -> Callable[[SpecifierSet], bool]:
    known: dict[str, bool] = {}

    def fits(requires_python: SpecifierSet) -> bool:
        key = str(requires_python)
        answer = known.get(key)
        if answer is None:
            bound = lower_bounds(requires_python) if lower else requires_python
            answer = known[key] = bound.contains(python, prereleases=True)
        return answer

    return fits


def lower_bounds(specifier: SpecifierSet) -> SpecifierSet:
    """A specifier without upper bounds: of ``>=3.9,<3.12`` ``>=3.9`` is left, of ``==3.11.*`` ``>=3.11``."""
    kept: list[str] = []
    for clause in specifier:
        version = clause.version.removesuffix(".*")
        if clause.operator in (">", ">="):
            kept.append(str(clause))
        elif clause.operator in ("~=", "==", "==="):
            kept.append(f">={version}")
    return SpecifierSet(",".join(kept))


def _artifact(page: ListedPage, rows: Sequence[Sequence[FittingFile]], row: int, at: int) -> Artifact:
    return page.artifact(rows[row][at])


def _offer(name: NormalizedName, version: Version, artifact: Artifact) -> Offer:
    return Offer(name, version, lambda: artifact, yanked=artifact.yanked is not None)


def _has(names: frozenset[str], name: NormalizedName) -> bool:
    """Whether a project is among those of ``--no-binary`` or ``--only-binary``."""
    return ":all:" in names or name in names


def _no_upload_time(artifact: Artifact) -> Problem:
    return Problem(
        code="index.no-upload-time",
        message=f"the index gives no upload time for {artifact.filename}, so a cut-off date cannot be kept",
        hint="leave out --exclude-newer, or use an index that serves upload times (PEP 700)",
    )
