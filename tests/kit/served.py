"""A frozen index of `kit.fake_index` as files that a real installer can be served."""

from __future__ import annotations

from pathlib import Path

from depguard.model.release import Artifact, ArtifactKind, CoreMetadata
from kit.fake_index import FakeIndex
from kit.wheels import build_sdist, build_wheel


def write_wheels(index: FakeIndex, folder: Path) -> dict[str, str]:
    """A tiny real wheel or sdist of every artifact; the reasons of the yanked ones by file name.

    An sdist cannot be built: whoever tries, to learn what it requires, fails. Raises ValueError for
    metadata that is unknown in a wheel.
    """
    folder.mkdir(parents=True, exist_ok=True)
    yanked: dict[str, str] = {}
    for page in index.pages.values():
        for artifact in page.artifacts:
            answer = index.answers[artifact.filename]
            write = _wheel if artifact.kind is ArtifactKind.WHEEL else _sdist
            path = write(artifact, answer, folder)
            if artifact.yanked is not None:
                yanked[path.name] = artifact.yanked
    return yanked


def upload_times(index: FakeIndex) -> dict[str, str]:
    """The times that the artifacts' page gives, ISO, by file name."""
    return {
        artifact.filename: artifact.upload_time.isoformat()
        for page in index.pages.values()
        for artifact in page.artifacts
        if artifact.upload_time is not None
    }


def _sdist(artifact: Artifact, answer: object, folder: Path) -> Path:
    del answer
    return build_sdist(folder, artifact.filename.split("-", maxsplit=1)[0], str(artifact.version))


def _wheel(artifact: Artifact, answer: object, folder: Path) -> Path:
    if not isinstance(answer, CoreMetadata):
        raise TypeError(f"{artifact.filename} has no readable metadata")
    requires_python = artifact.requires_python or answer.requires_python
    return build_wheel(
        folder,
        artifact.filename.split("-", maxsplit=1)[0],
        str(artifact.version),
        requires=[str(requirement) for requirement in answer.requires_dist],
        extras=sorted(answer.extras),
        requires_python=str(requires_python) if requires_python is not None else None,
        tag=artifact.filename.removesuffix(".whl").split("-", maxsplit=2)[2],
    )
