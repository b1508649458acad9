"""What artifacts say of themselves: metadata, sizes and contents, out of the cache or read and kept."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from depguard.adapters.cache import Cache, Entry
from depguard.adapters.index.addresses import local_path, redact
from depguard.adapters.index.traffic import Meter
from depguard.adapters.index.wire import Wire
from depguard.adapters.witness import spoil
from depguard.errors import OutOfReachError, Problem
from depguard.model.binary import ContentsAnswer, ContentsUnknown, Depth, WheelContents
from depguard.model.release import Artifact, CoreMetadata, MetadataAnswer, MetadataUnknown
from depguard.parse.core_metadata import distil, read_core_metadata
from depguard.parse.requirement_cache import READER

if TYPE_CHECKING:
    from depguard.adapters.index.reading import ArtifactReader

_METADATA = "metadata"
_READER = "reader"
"""The fact which `READER` has read all of an entry's requirements; empty where none could."""
_SIZE = "size"


class ArtifactFacts:
    """Facts by artifact. Safe to be used by several threads; nothing is made once, see ``Once`` for that."""

    def __init__(
        self,
        wire: Wire,
        cache: Cache,
        *,
        offline: bool,
        meter: Meter,
        clock: Callable[[], float],
        note: Callable[[str], None],
    ) -> None:
        self._wire = wire
        self._cache = cache
        self._offline = offline
        self._meter = meter
        self._clock = clock
        self._note = note
        self._lock = threading.Lock()
        self._reading: ArtifactReader | None = None

    @property
    def _reader(self) -> ArtifactReader:
        with self._lock:
            if self._reading is None:
                from depguard.adapters.index.reading import ArtifactReader

                self._reading = ArtifactReader(self._wire, note=self._note)
            return self._reading

    def at_hand(self, artifact: Artifact) -> bool:
        """Whether the metadata costs no request, or cannot be asked for at all."""
        return self._offline or self._cache.has(_METADATA, _key(artifact))

    def contents_at_hand(self, artifact: Artifact) -> bool:
        """Whether the contents most likely cost no request, or cannot be asked for at all."""
        from depguard.adapters.index.kept_contents import has_contents

        return self._offline or has_contents(self._cache, _key(artifact))

    def met_size(self, artifact: Artifact) -> int | None:
        """The size where the page or a read has told it."""
        if artifact.size is not None or self._reading is None:
            return artifact.size
        return self._reading.size(artifact)

    def metadata(self, artifact: Artifact) -> MetadataAnswer:
        """PEP 658, else range reads of the archive, else as little of it as will do."""
        key = _key(artifact)
        local = local_path(artifact.url) is not None
        if local:
            spoil("a file of this disk")
        kept = None if local else self._kept(key)
        if kept is not None:
            self._meter.add(metadata=1, cached=1)
            text, reader = kept
            answer = _answer(artifact, text, parsed_before=reader == READER)
            if reader is None:  # kept by a depguard that did not say; two that say so do not take turns
                self._keep_metadata(key, text, answer)
            return answer
        if self._offline and not local:
            raise OutOfReachError(
                Problem(
                    code="index.offline",
                    message=f"offline, and the metadata of {artifact.filename} is not in the cache",
                    hint="run the same command once without --offline",
                )
            )
        read = self._reader.read(artifact)
        self._meter.add(metadata=1)
        if isinstance(read, MetadataUnknown):
            spoil("metadata that cannot be had, which is not kept")
            return read
        text = distil(read)
        answer = _answer(artifact, text)
        if not local:
            self._keep_metadata(key, text, answer)
            self._keep_size(artifact, key)
        return answer

    def contents(self, artifact: Artifact, depth: Depth, most: int) -> ContentsAnswer:
        """What a wheel installs and what its binaries ask for, as `resolve.ports.BinarySource` says."""
        from depguard.adapters.index.kept_contents import keep_contents, kept_contents

        local = local_path(artifact.url) is not None
        if local:
            spoil("a file of this disk")
        key = _key(artifact)
        kept = None if local else kept_contents(self._cache, key, depth=depth, most=most)
        if kept is not None:
            return kept
        if self._offline and not local:
            return ContentsUnknown("offline, and its contents are not in the cache")
        from depguard.adapters.index.contents import wheel_contents

        try:
            read = wheel_contents(self._reader, artifact, depth=depth, most=most)
        except OutOfReachError:
            spoil("contents that were out of reach")
            raise
        if not isinstance(read, WheelContents):
            spoil("contents that cannot be had, which are not kept")
        elif not local:
            keep_contents(self._cache, key, read, depth=depth, most=most, now=self._clock())
            self._keep_size(artifact, key)
        return read

    def size(self, artifact: Artifact) -> int | None:
        """The size in bytes; asks by HEAD where nothing has told it."""
        path = local_path(artifact.url)
        if path is not None:
            try:
                return path.stat().st_size
            except OSError:
                return None
        key = _key(artifact)
        entry = self._cache.get(_SIZE, key)
        if entry is not None and entry.text.isascii() and entry.text.isdigit():
            return int(entry.text)
        if self._offline:
            return None
        size = self._reader.ask_size(artifact)
        if size is None:
            spoil("a size that nobody tells")
        else:
            self._keep(_SIZE, key, size)
        return size

    def _kept(self, key: str) -> tuple[str, str | None] | None:
        """The metadata, and its `_READER`, None where that is not told."""
        entry = self._cache.get(_METADATA, key)
        if entry is None:
            return None
        try:
            value = json.loads(entry.text)
        except ValueError:
            return None
        return (value, entry.facts.get(_READER)) if isinstance(value, str) else None

    def _keep_metadata(self, key: str, text: str, answer: MetadataAnswer) -> None:
        reader = READER if isinstance(answer, CoreMetadata) else ""
        self._keep(_METADATA, key, text, {_READER: reader})

    def _keep_size(self, artifact: Artifact, key: str) -> None:
        """Keep the size that was met on the way, where the page does not tell it."""
        size = self._reader.size(artifact)
        if size is not None and artifact.size is None:
            self._keep(_SIZE, key, size)

    def _keep(self, kind: str, key: str, value: object, beside: Mapping[str, str] | None = None) -> None:
        text = json.dumps(value)
        facts = {"sha256": hashlib.sha256(text.encode()).hexdigest(), **(beside or {})}
        self._cache.put(kind, key, Entry(text=text, stored=self._clock(), facts=facts))


def _key(artifact: Artifact) -> str:
    """What an artifact is kept under: its hash, or its URL; and the index, whose word the hash is.

    Without the index, one could give another's hash to metadata of its own and so speak for the other.
    """
    return f"{artifact.index} {artifact.sha256 or redact(artifact.url)}"


def _answer(artifact: Artifact, text: str, *, parsed_before: bool = False) -> MetadataAnswer:
    return read_core_metadata(
        text,
        name=artifact.name,
        version=artifact.version,
        kind=artifact.kind,
        parsed_before=parsed_before,
    )
