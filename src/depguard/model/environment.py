"""A snapshot of a live environment: what is installed, and where its files are not as recorded.

A value: it can be saved, sent and judged elsewhere (`depguard.doctor`). It holds facts only, no opinion:
paths as they are on that machine, sizes in bytes, moments in UTC. RECORD and its fields are those of the
wheel format; ``~`` names are those of pip's stashes.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from datetime import datetime

from packaging.utils import NormalizedName
from packaging.version import Version

from depguard.records import dataclass, field


class Depth(enum.Enum):
    """How closely files were looked at.

    FAST: sizes, and hashes of what changed since the last look. NORMAL: sizes, and the hashes of what is
    protected. FULL: all hashes.
    """

    FAST = "fast"
    NORMAL = "normal"
    FULL = "full"


class HostKind(enum.Enum):
    """What kind of machine it is: it decides what "begin anew" means."""

    COLAB = "colab"
    KAGGLE = "kaggle"
    SAGEMAKER = "sagemaker"
    VENV = "venv"
    CONDA = "conda"
    CONTAINER = "container"
    SYSTEM = "system"


class FolderKind(enum.Enum):
    """What a folder of the search path is.

    WORKING: where the command was run; a script or notebook there finds it first. TESTS: a test folder that
    pytest's default import mode puts first. ENVIRONMENT: PYTHONPATH. USER: the user site. OVERLAY: the
    site-packages of a virtual environment that lies over another one. SITE: the interpreter's own.
    SYSTEM: the operating system's (``/usr/lib/python3/dist-packages``). LINKED: named by a ``.pth`` file.
    INSERTED: put in front by the running notebook itself.
    """

    WORKING = "working"
    TESTS = "tests"
    ENVIRONMENT = "environment"
    USER = "user"
    OVERLAY = "overlay"
    SITE = "site"
    SYSTEM = "system"
    LINKED = "linked"
    INSERTED = "inserted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Folder:
    """One folder of the search path, in its order."""

    path: str
    kind: FolderKind


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedFile:
    """A file that is not what RECORD says: another size, or other bytes.

    ``path`` is relative to the distribution's folder, as in RECORD. ``sha256`` (hex) is None where only the
    size was looked at. ``modified`` is the file's own time.
    """

    path: str
    recorded_size: int | None
    size: int
    recorded_sha256: str | None = None
    sha256: str | None = None
    modified: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Installed:
    """One installed distribution and its files as compared with its RECORD.

    ``folder`` is that of the search path; ``info`` the name of its metadata folder there. ``files`` and
    ``size`` (bytes) count what RECORD lists inside ``folder``; both are 0 without a RECORD (``recorded``).
    ``missing`` are paths as in RECORD, ``unowned`` files inside its packages that no RECORD lists, byte
    code left out. ``stated`` is the version that the package's own source states, where that was looked
    at (only beside changed or unowned files). ``modules`` are top-level names. ``hashed``: all its bytes
    were compared, now or, unchanged since by size, time and inode, at ``verified``. ``seen`` is the last look
    that found it as recorded. ``requires`` has the requirements of what was installed after most of the
    others, and is empty for the rest.
    """

    name: NormalizedName
    spelled: str
    version: Version | None
    folder: str
    info: str
    recorded: bool
    installer: str = ""
    installed_at: datetime | None = None
    files: int = 0
    size: int = 0
    missing: tuple[str, ...] = ()
    changed: tuple[ChangedFile, ...] = ()
    unowned: tuple[str, ...] = ()
    stated: str | None = None
    modules: tuple[str, ...] = ()
    hashed: bool = False
    verified: datetime | None = None
    seen: datetime | None = None
    requires: tuple[str, ...] = ()

    @property
    def as_recorded(self) -> bool:
        """Whether nothing is missing, changed or beside it."""
        return not (self.missing or self.changed or self.unowned)


@dataclass(frozen=True, slots=True, kw_only=True)
class Leftover:
    """A ``~`` folder that an interrupted pip left; ``project`` and ``version`` where they are known."""

    folder: str
    name: str
    project: NormalizedName | None = None
    version: Version | None = None
    modified: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Stray:
    """A top-level module or package in a folder that no RECORD there lists."""

    folder: str
    name: str
    module: str
    modified: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Shadow:
    """A module that an import finds before the distribution it is named like; ``kind`` is its folder's."""

    module: str
    path: str
    kind: FolderKind
    hidden: NormalizedName
    version: Version | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedModule:
    """A module that a running process has loaded. ``version`` is its ``__version__`` where that is known."""

    module: str
    version: str | None = None
    path: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """A running Python: what it has loaded, and which mapped files are gone from the disk or set aside.

    ``gone`` are paths that the kernel marks ``(deleted)``, whose file was replaced, or that lie in a ``~``
    folder. ``kernel``: it runs a notebook.
    """

    pid: int
    started: datetime | None = None
    kernel: bool = False
    modules: tuple[LoadedModule, ...] = ()
    gone: tuple[str, ...] = ()


class ProbeOutcome(enum.Enum):
    """How a probe ended. SKIPPED: it does not apply here, with the reason."""

    PASSED = "passed"
    FAILED = "failed"
    CRASHED = "crashed"
    TIMED_OUT = "timed out"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeResult:
    """One probe: what it tried of which project, and how that ended. ``detail`` is one line."""

    name: str
    project: NormalizedName
    outcome: ProbeOutcome
    detail: str = ""
    seconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ActiveSetting:
    """A setting of pip or uv that would change an install here; the value carries no credentials."""

    installer: str
    name: str
    value: str
    origin: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """A live environment at a moment.

    ``distributions`` have one entry for each metadata folder: a project may occur twice. ``commands`` are
    the install commands of a notebook that runs here, as ``(where, line)``, oldest first. ``since`` is when
    depguard looked here the last time, None where it never did.
    """

    taken: datetime
    depth: Depth
    python: str
    executable: str
    prefix: str
    kind: HostKind
    folders: tuple[Folder, ...]
    distributions: tuple[Installed, ...]
    leftovers: tuple[Leftover, ...] = ()
    strays: tuple[Stray, ...] = ()
    shadows: tuple[Shadow, ...] = ()
    processes: tuple[Process, ...] = ()
    probes: tuple[ProbeResult, ...] = ()
    settings: tuple[ActiveSetting, ...] = ()
    commands: tuple[tuple[str, str], ...] = ()
    since: datetime | None = None
    facts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProtectedBytes:
    """Every file of one installed distribution by its bytes: path relative to its folder -> sha256 (hex).

    Byte code (``.pyc``) is left out: Python writes it. A RECORD's file that is missing is not in ``files``.
    """

    name: NormalizedName
    version: Version | None
    folder: str
    files: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ByteChange:
    """What differs in one distribution between two looks, paths sorted.

    ``before`` and ``after`` are its versions, None where it was absent.
    """

    name: NormalizedName
    before: Version | None
    after: Version | None
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
