"""From a plan to the wheels that an install brings, and what keeps them from being installed."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Mapping

from depguard.app.install_ports import Bench, Plans
from depguard.errors import OutOfReachError, Problem
from depguard.model.environment import ProtectedBytes
from depguard.model.install import WheelFile
from depguard.model.plan import Action, ActionKind, ChangeSet
from depguard.model.release import Artifact, ArtifactKind
from depguard.records import dataclass

_SPARE = 32 << 20
"""Bytes that stay free: metadata that no wheel lists, and whatever else runs meanwhile."""
_GROWTH = 1.3
"""What an install takes in proportion to its unpacked wheels: byte code comes on top."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChosenWheels:
    """The wheels of a plan and the index's files that they are, in the same order; or why there are none."""

    wheels: tuple[WheelFile, ...]
    artifacts: tuple[Artifact, ...]
    problems: tuple[Problem, ...]


def choose_wheels(changes: ChangeSet) -> ChosenWheels:
    """The wheel of each change. What is no wheel, or has no hash, or is only taken away, is a problem."""
    wheels: list[WheelFile] = []
    artifacts: list[Artifact] = []
    problems: list[Problem] = []
    for action in changes.changes:
        problem = _unfit(action)
        artifact = action.artifact
        if problem is not None:
            problems.append(problem)
        elif artifact is not None and action.new is not None:
            size = action.size if action.size is not None else artifact.size
            artifacts.append(artifact)
            wheels.append(
                WheelFile(
                    name=action.name,
                    version=action.new,
                    filename=artifact.filename,
                    sha256=artifact.sha256 or "",
                    size=size,
                )
            )
    return ChosenWheels(wheels=tuple(wheels), artifacts=tuple(artifacts), problems=tuple(problems))


def still_at_hand(plans: Plans, wheel: WheelFile) -> Artifact:
    """The index's file for a wheel of an unfinished install. Raises OutOfReachError where it is gone."""
    artifact = plans.artifact(wheel)
    if artifact is None:
        raise OutOfReachError(
            Problem(
                code="install.gone",
                message=f"{wheel.filename}, which an unfinished install needs, is on no index any more",
                hint="begin with a fresh runtime",
            )
        )
    return artifact


def written_over(ours: Mapping[str, WheelFile], protected: Iterable[ProtectedBytes]) -> tuple[Problem, ...]:
    """DG103: wheels that have files where something protected has its own. One problem a pair."""
    hits: dict[tuple[str, str], str] = {}
    for item in protected:
        for path in item.files:
            wheel = ours.get(posixpath.normpath(f"{item.folder}/{path}"))
            if wheel is not None and wheel.name != item.name:
                hits.setdefault((wheel.name, item.name), path)
    return tuple(
        Problem(
            code="DG103",
            message=f"{wheel} would write over {path} of {name}, which is protected",
            hint=f"leave {wheel} out of the tier, or forbid it in the policy",
        )
        for (wheel, name), path in sorted(hits.items())
    )


def lack_of_room(bench: Bench, size: int) -> tuple[Problem, ...]:
    """Whether the disk has no room for ``size`` bytes of packages."""
    needed, room = int(size * _GROWTH) + _SPARE, bench.room()
    if not size or needed <= room:
        return ()
    return (
        Problem(
            code="install.no-room",
            message=f"the disk of {bench.site.purelib} has {room >> 20} MiB left, {needed >> 20} are needed",
            hint="make room, then run this again; nothing was changed",
        ),
    )


def _unfit(action: Action) -> Problem | None:
    artifact = action.artifact
    if action.kind is ActionKind.REMOVE:
        return Problem(
            code="install.removes", message=f"the plan removes {action.name}: nothing is removed here"
        )
    if artifact is None or artifact.kind is not ArtifactKind.WHEEL or action.new is None:
        return Problem(
            code="install.no-wheel",
            message=f"{action.name} {action.new or ''} comes as no wheel: only wheels are installed",
            hint="take a release that has one",
        )
    if artifact.sha256 is None:
        return Problem(
            code="install.no-hash",
            message=f"the index states no sha256 for {artifact.filename}",
            hint="use an index that does: without one nobody can tell what was fetched",
        )
    return None
