"""A frozen index of `kit.fake_index` as files that a real installer can be served."""

from __future__ import annotations

from pathlib import Path

from depguard.model.release import Artifact, ArtifactKind, CoreMetadata
from kit.fake_index import FakeIndex
from kit.wheels import build_wheel


def write_wheels(index: FakeIndex, folder: Path) -> dict[str, str]:
    """A tiny real wheel of every artifact; the reasons of the yanked ones by file name.

    Raises ValueError for an sdist: to learn what it requires, an installer runs its code.
    """
    folder.mkdir(parents=True, exist_ok=True)
    yanked: dict[str, str] = {}
    for page in index.pages.values():
        for artifact in page.artifacts:
            path = _wheel(artifact, index.answers[artifact.filename], folder)
            if artifact.yanked is not None:
                yanked[path.name] = artifact.yanked
    return yanked


def _wheel(artifact: Artifact, answer: object, folder: Path) -> Path:
    if artifact.kind is not ArtifactKind.WHEEL or not isinstance(answer, CoreMetadata):
        raise ValueError(f"{artifact.filename} has to be built")
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
