"""The metadata member of a wheel or sdist, read without unpacking anything.

The archives are foreign: they may be damaged, or made to exhaust who reads them. Every size is bounded, and
whatever an archive cannot give is a ``MetadataUnknown`` with the reason.
"""

from __future__ import annotations

import io
import lzma
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from typing import IO, cast

from packaging.utils import NormalizedName, canonicalize_name

from depguard.model.release import MetadataUnknown

MOST_METADATA = 8 << 20
"""No core metadata is longer (bytes); the longest real ones are descriptions of some 100 kB."""
_MOST_UNPACKED = 512 << 20
# All that zipfile and tarfile let through of what is wrong with an archive, EOFError and OSError included.
DAMAGED_ARCHIVE = (
    zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError, struct.error, EOFError, OSError,
    ValueError, NotImplementedError, RuntimeError, KeyError, IndexError, OverflowError, MemoryError,
)  # fmt: skip

Fetch = Callable[[int, int], None]


def wheel_metadata(
    file: IO[bytes], name: NormalizedName, *, before_reading: Fetch | None = None
) -> str | MetadataUnknown:
    """The text of the one ``.dist-info/METADATA``. ``before_reading`` is told which bytes come next."""

    def choose(names: list[str]) -> str | MetadataUnknown:
        folders = {path.partition("/")[0] for path in names if path.partition("/")[0].endswith(".dist-info")}
        if len(folders) != 1:
            return MetadataUnknown("the wheel has no .dist-info folder, or several")
        (folder,) = folders
        if not canonicalize_name(folder).startswith(name):
            return MetadataUnknown("the wheel's .dist-info folder is another project's")
        return f"{folder}/METADATA"

    return _from_zip(file, choose, before_reading)


def sdist_zip_metadata(file: IO[bytes], *, before_reading: Fetch | None = None) -> str | MetadataUnknown:
    """The text of the ``PKG-INFO`` in the one folder at the top of a zipped sdist."""

    def choose(names: list[str]) -> str | MetadataUnknown:
        found = [path for path in names if path.count("/") == 1 and path.endswith("/PKG-INFO")]
        return found[0] if len(found) == 1 else MetadataUnknown("the sdist has no PKG-INFO, or several")

    return _from_zip(file, choose, before_reading)


def sdist_tar_metadata(stream: IO[bytes], filename: str) -> str | MetadataUnknown:
    """The text of the first ``PKG-INFO`` one folder down in a tar, compressed or not; reads no further."""
    compression = next((kind for ending, kind in _TAR_KINDS if filename.endswith(ending)), "")
    try:
        plain = _unpacked(stream, compression)
        with tarfile.open(mode="r|", fileobj=_Bounded(plain, _MOST_UNPACKED), bufsize=1 << 16) as archive:
            for member in archive:
                if member.name.removeprefix("./").count("/") != 1 or not member.name.endswith("/PKG-INFO"):
                    continue
                content = archive.extractfile(member) if member.isreg() else None
                if content is None or member.size > MOST_METADATA:
                    return MetadataUnknown("the sdist's PKG-INFO is too long or no file")
                return content.read(MOST_METADATA).decode("utf-8", errors="replace")
    except _BoundPassedError:
        return MetadataUnknown(f"the sdist has no PKG-INFO in its first {_MOST_UNPACKED >> 20} MB")
    except DAMAGED_ARCHIVE as error:
        return _damaged("sdist", error)
    return MetadataUnknown("the sdist has no PKG-INFO")


_TAR_KINDS = ((".gz", "gz"), (".tgz", "gz"), (".bz2", "bz2"), (".tbz", "bz2"), (".xz", "xz"), (".txz", "xz"))


def _from_zip(
    file: IO[bytes], choose: Callable[[list[str]], str | MetadataUnknown], before_reading: Fetch | None
) -> str | MetadataUnknown:
    try:
        with zipfile.ZipFile(file) as archive:
            path = choose(archive.namelist())
            if isinstance(path, MetadataUnknown):
                return path
            info = archive.getinfo(path)
            if info.file_size > MOST_METADATA or info.compress_size > MOST_METADATA:
                return MetadataUnknown(f"its metadata is longer than {MOST_METADATA >> 20} MB")
            if before_reading is not None:
                # A local header has 30 bytes, the name, and an extra field of its own.
                begin = info.header_offset
                before_reading(begin, begin + 30 + len(info.orig_filename) + 256 + info.compress_size)
            with archive.open(info) as member:
                return member.read(MOST_METADATA).decode("utf-8", errors="replace")
    except KeyError:
        return MetadataUnknown("the wheel's .dist-info folder has no METADATA")
    except DAMAGED_ARCHIVE as error:
        return _damaged("archive", error)


def _unpacked(stream: IO[bytes], compression: str) -> IO[bytes]:
    match compression:
        case "gz":
            import gzip

            return cast("IO[bytes]", gzip.GzipFile(fileobj=stream))
        case "bz2":
            import bz2

            return bz2.BZ2File(stream)
        case "xz":
            return lzma.LZMAFile(stream)
        case _:
            return stream


def _damaged(what: str, error: BaseException) -> MetadataUnknown:
    return MetadataUnknown(f"the {what} is damaged ({type(error).__name__})")


class _BoundPassedError(Exception):
    """More was unpacked than a bound allows."""


class _Bounded(io.RawIOBase):
    """Reads on from ``source`` up to ``limit`` bytes in all: a bomb ends here, not in memory."""

    def __init__(self, source: IO[bytes], limit: int) -> None:
        self._source = source
        self._left = limit

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        if size < 0 or size > self._left:
            raise _BoundPassedError
        data = self._source.read(size)
        self._left -= len(data)
        return data
