"""File names of wheels and sdists → project, version, build, tags; or why a name is neither.

Sources: the binary distribution format (PEP 427, 491), the source distribution format (PEP 625) and, for
sdists older than that, the way pip cuts a name whose project is known. A page has thousands of names made
of few parts, so each part is parsed once.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from packaging.tags import Tag, parse_tag
from packaging.utils import BuildTag, NormalizedName, canonicalize_name
from packaging.version import Version

from depguard.model.release import ArtifactKind
from depguard.records import dataclass

SDIST_EXTENSIONS = (".tar.gz", ".zip", ".tgz", ".tar.bz2", ".tbz", ".tar.xz", ".txz", ".tar")
"""Every archive that pip unpacks as an sdist; PEP 625 allows the first only."""

_WHEEL_NAME = re.compile(r"[\w.]+\Z", re.UNICODE)
_BUILD = re.compile(r"(\d+)(.*)\Z", re.DOTALL)
_LONGEST = 1000
# parse_tag multiplies its three parts out; a name with more than this many tags is an attack or a mistake.
_MOST_TAGS = 500


class Release(NamedTuple):
    """What a file name says of the release that the file is of."""

    name: NormalizedName
    version: Version
    kind: ArtifactKind
    build: BuildTag = ()


class FileName(NamedTuple):
    """What a file name says. ``tags`` is empty for an sdist."""

    name: NormalizedName
    version: Version
    kind: ArtifactKind
    build: BuildTag = ()
    tags: frozenset[Tag] = frozenset()


@dataclass(frozen=True, slots=True)
class OddFileName:
    """A file name that no installer would take, and why."""

    reason: str


def read_filename(filename: str, project: NormalizedName | None = None) -> FileName | OddFileName:
    """What ``filename`` says.

    With ``project`` given, an sdist's version is what follows that name (``a-b-1.0.tar.gz`` of ``a-b``),
    and a file of another project is odd. Without it, the version follows the last dash.
    """
    found = read_release(filename, project)
    if isinstance(found, OddFileName):
        return found
    if found.kind is ArtifactKind.SDIST:
        return FileName(found.name, found.version, found.kind)
    end = "-".join(filename[:-4].rsplit("-", 3)[-3:])
    tags = _tags(end)
    if tags is None:
        return OddFileName(f"not a wheel tag: {end}")
    return FileName(found.name, found.version, found.kind, found.build, tags)


def read_release(filename: str, project: NormalizedName | None = None) -> Release | OddFileName:
    """What ``filename`` says but for its tags, which cost the most: `has_tags` tells whether it has any."""
    if len(filename) > _LONGEST:
        return OddFileName("a name that no file system would keep")
    if filename.endswith(".whl"):
        found = _read_wheel(filename)
    else:
        extension = next((end for end in SDIST_EXTENSIONS if filename.endswith(end)), None)
        if extension is None:
            return OddFileName("neither a wheel nor an sdist")
        found = _read_sdist(filename[: -len(extension)], project)
    if project is not None and isinstance(found, Release) and found.name != project:
        return OddFileName(f"belongs to {found.name}")
    return found


def has_tags(text: str) -> bool:
    """Whether a text is a compressed tag set (PEP 425), as the last three parts of a wheel's name are."""
    return _tags(text) is not None


def _read_wheel(filename: str) -> Release | OddFileName:
    parts = filename[:-4].split("-")
    if len(parts) not in (5, 6):
        return OddFileName("a wheel's name has five or six parts")
    name = _wheel_name(parts[0])
    if name is None:
        return OddFileName("not a project name")
    version = _version(parts[1])
    if version is None:
        return OddFileName(f"not a version: {parts[1]}")
    build: BuildTag = ()
    if len(parts) == 6:
        number = _BUILD.match(parts[2])
        if number is None:
            return OddFileName(f"not a build number: {parts[2]}")
        build = (int(number[1]), number[2])
    return Release(name, version, ArtifactKind.WHEEL, build)


def _read_sdist(stem: str, project: NormalizedName | None) -> Release | OddFileName:
    name, dash, version = stem.rpartition("-")
    if project is not None:
        # "a-b-1.0-2": the project is known, so the version may have a dash of its own (a post release).
        cut = stem.find("-")
        while cut >= 0 and _name(stem[:cut]) != project:
            cut = stem.find("-", cut + 1)
        if cut >= 0:
            name, dash, version = stem[:cut], "-", stem[cut + 1 :]
    if not dash or not name:
        return OddFileName("an sdist's name is the project, a dash and the version")
    parsed = _version(version)
    if parsed is None:
        return OddFileName(f"not a version: {version}")
    return Release(_name(name), parsed, ArtifactKind.SDIST)


@lru_cache(maxsize=4096)
def _name(text: str) -> NormalizedName:
    return canonicalize_name(text)


@lru_cache(maxsize=4096)
def _wheel_name(text: str) -> NormalizedName | None:
    return canonicalize_name(text) if "__" not in text and _WHEEL_NAME.match(text) else None


@lru_cache(maxsize=16384)
def version_of(text: str) -> Version:
    """The version that a text is; the same object for the same text. Raises InvalidVersion."""
    return Version(text)


@lru_cache(maxsize=16384)
def _version(text: str) -> Version | None:
    try:
        return Version(text)
    except ValueError:  # InvalidVersion, or a number of more digits than int() takes
        return None


@lru_cache(maxsize=16384)
def _tags(text: str) -> frozenset[Tag] | None:
    many = 1
    for part in text.split("-"):
        many *= part.count(".") + 1
        if "" in part.split("."):
            return None
    if many > _MOST_TAGS:
        return None
    try:
        return parse_tag(text)
    except ValueError:
        return None
