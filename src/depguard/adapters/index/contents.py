"""A wheel's files and binaries, read over the network by ranges or from this disk."""

from __future__ import annotations

from typing import IO, cast

from depguard.adapters.index.addresses import local_path
from depguard.adapters.index.faults import TooLargeError
from depguard.adapters.index.reading import ArtifactReader, GoneError, NoRangesError
from depguard.adapters.index.remote_file import FilePieces, TooMuchReadError
from depguard.errors import OutOfReachError, Problem
from depguard.model.binary import ContentsAnswer, ContentsUnknown, Depth
from depguard.model.release import Artifact, ArtifactKind
from depguard.parse.wheel_contents import read_contents

MOST_BY_RANGES = 64 << 20
"""Bytes that a wheel's binaries may cost at most, whatever is asked for."""


def wheel_contents(reader: ArtifactReader, artifact: Artifact, *, depth: Depth, most: int) -> ContentsAnswer:
    """What is in a wheel; its binaries as far as ``most`` packed bytes go. Raises OutOfReachError."""
    if artifact.kind is not ArtifactKind.WHEEL:
        return ContentsUnknown("what a source distribution installs is known when it is built")
    path = local_path(artifact.url)
    try:
        if path is not None:
            with path.open("rb") as local:
                return read_contents(FilePieces(local), depth=depth, most=most)
        # Of what was opened for its metadata, the directory need not be fetched again.
        with reader.open(artifact, most_whole=max(most, MOST_BY_RANGES)) as remote:
            return read_contents(FilePieces(cast("IO[bytes]", remote)), depth=depth, most=most)
    except GoneError:
        return ContentsUnknown("the index lists the file but does not have it")
    except (NoRangesError, TooLargeError, TooMuchReadError):
        return ContentsUnknown("its files cannot be listed without reading too much of it")
    except (EOFError, OSError) as error:
        if path is None and not isinstance(error, EOFError):
            raise
        raise OutOfReachError(
            Problem(code="index.file", message=f"cannot read {artifact.filename}: {error}")
        ) from None
