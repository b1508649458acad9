"""What pip, uv and pip-compile print of a dry run, as changes."""

from __future__ import annotations

import json
import re

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import Version

from depguard.model.crosscheck import Change, Changes
from depguard.model.host import Host

UNKNOWN_VERSION = Version("0")
"""What a metadata-only copy has for a version that nothing carries."""

_UV_LINE = re.compile(r"^ (?P<sign>[+~-]) (?P<name>[A-Za-z0-9._-]+)==(?P<version>\S+)", re.MULTILINE)

_OUT_OF_REACH = re.compile(
    r"Read ?timed? ?out|ReadTimeoutError|Connection(Error| broken| refused| reset| aborted)|IncompleteRead"
    r"|Max retries exceeded|error sending request|operation timed out|HTTP error 5\d\d|429 Too Many"
    r"|\b50[234] (Server|Service|Bad)|Temporary failure in name resolution|Could not connect",
    re.IGNORECASE,
)
_ERROR = re.compile(r"^\s*(ERROR:|error:|×|╰|├|  ?(hint|note):)")  # noqa: RUF001 - uv's own signs
_SAID = 6
"""Lines of an installer's complaint that a person is shown."""


def pip_changes(report: str, host: Host) -> Changes:
    """The ``install`` entries of an installation report; pip takes out what is there under that name.

    https://pip.pypa.io/en/stable/reference/installation-report/
    """
    changes = set()
    for item in json.loads(report)["install"]:
        name = canonicalize_name(item["metadata"]["name"])
        # As normalized as depguard's: some releases spell theirs in another way (``0.1.1-2209``).
        changes.add(Change(name, installed_version(host, name), Version(item["metadata"]["version"])))
    return frozenset(changes)


def uv_changes(text: str) -> Changes:
    """The lines `` - name==old`` and `` + name==new``; ``~`` is the same version put in again."""
    found: dict[NormalizedName, list[Version | None]] = {}
    for match in _UV_LINE.finditer(text):
        pair = found.setdefault(canonicalize_name(match["name"]), [None, None])
        version = Version(match["version"])
        if match["sign"] in "-~":
            pair[0] = version
        if match["sign"] in "+~":
            pair[1] = version
    return frozenset(Change(name, old, new) for name, (old, new) in found.items())


def compiled_changes(text: str, host: Host) -> Changes:
    """The exact pins of a compiled file; what it takes from a URL is the host's own."""
    changes = set()
    for line in text.splitlines():
        try:
            requirement = Requirement(line.partition(" #")[0].strip())
        except InvalidRequirement:  # an option, a comment, an empty line
            continue
        pins = [clause.version for clause in requirement.specifier if clause.operator == "=="]
        if requirement.url is None and pins:
            name = canonicalize_name(requirement.name)
            changes.add(Change(name, installed_version(host, name), Version(pins[0])))
    return frozenset(changes)


def installed_version(host: Host, name: NormalizedName) -> Version | None:
    """What a host has of a name before anything is changed, as its copy has it."""
    there = host.installed.get(name)
    return (there.version or UNKNOWN_VERSION) if there is not None else None


def is_out_of_reach(text: str) -> bool:
    """Whether an installer's complaint is about an index that does not answer."""
    return _OUT_OF_REACH.search(text) is not None


def complaint(text: str) -> tuple[str, ...]:
    """The lines that say why an installer refuses: those marked as errors, else its last ones."""
    lines = [line.rstrip() for line in text.splitlines() if line.strip()]
    marked = [line.strip() for line in lines if _ERROR.match(line)]
    return tuple((marked or [line.strip() for line in lines])[-_SAID:])
