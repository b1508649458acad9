"""Hosts by name or path: the project's own ``policies/hosts``, the shipped catalogue, files, the live one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, MutableMapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, overload

from depguard.adapters.compiled import CompiledForms
from depguard.adapters.file_view import Disk, FileView
from depguard.adapters.files import read_text
from depguard.adapters.witness import spoil
from depguard.errors import InputError, Problem
from depguard.model.host import Host
from depguard.model.location import Location

if TYPE_CHECKING:
    from depguard.model.file_table import FileTable
    from depguard.model.host_abi import HostAbi
    from depguard.parse.host_file import HostFile
    from depguard.parse.host_metadata import HostMetadata

LIVE = "live"
SUFFIXES = (".yaml", ".yml")
METADATA_SUFFIX = ".metadata.json"
BINARIES_SUFFIX = ".binaries.json"
FILES_SUFFIX = ".files.json"


class HostStore:
    """Finds and reads hosts.

    ``roots`` are folders with host files, looked at in order; a host's catalogue name is its path below one
    of them without the suffix. ``live`` makes the host of the interpreter at hand. ``forms`` keeps what was
    parsed before. ``files`` are what is read: this disk, or a revision. Stores that share ``made`` make a
    host of the same texts once. ``ahead`` is told what a host has before its requirements are read, which
    takes ten times as long.
    """

    def __init__(
        self,
        roots: Iterable[Path],
        live: Callable[[], Host],
        forms: CompiledForms | None = None,
        *,
        files: FileView | None = None,
        made: MutableMapping[tuple[str, str, str], Host] | None = None,
        ahead: Callable[[Host], None] = lambda _: None,
    ) -> None:
        self._roots = tuple(roots)
        self._forms = forms if forms is not None else CompiledForms.none()
        self._live = live
        self._ahead = ahead
        self._files: FileView = files if files is not None else Disk()
        self._made: MutableMapping[tuple[str, str, str], Host] = made if made is not None else {}
        self._read: dict[Path, Host] = {}
        self._outlines: dict[Path, Host] = {}

    def names(self) -> tuple[str, ...]:
        """The names of the catalogue, sorted."""
        return tuple(sorted(self._catalogue()))

    def find(self, name_or_path: str) -> Host:
        """The host of that name, file, or ``live``.

        A catalogue name may leave out its folder and write dashes for dots (``2026-07-gpu``). Raises
        InputError for an unknown or ambiguous name or a broken file, OutOfReachError for an unreadable one.
        """
        if name_or_path == LIVE:
            spoil("the live host")
            return self._live()
        return self.read(self.path(name_or_path))

    def path(self, name_or_path: str) -> Path:
        """The file of a host. Raises InputError if there is none."""
        named = self._named(name_or_path)
        if named is not None:
            return named
        path = Path(name_or_path)
        if path.suffix in SUFFIXES or self._files.is_file(path):
            return _host_path(path)
        catalogue = self._catalogue()
        wanted = _loose(name_or_path)
        fitting = [name for name in catalogue if wanted in {_loose(name), _loose(name.rpartition("/")[2])}]
        if len(fitting) == 1:
            return catalogue[fitting[0]]
        raise InputError(
            Problem(
                code="host.ambiguous" if fitting else "host.unknown",
                message=f"{len(fitting) or 'no'} hosts are called {name_or_path!r}",
                allowed=", ".join(sorted(fitting)) or f"a host of `depguard baseline list`, a file, {LIVE}",
                hint=None if fitting else _nearest(wanted, catalogue),
            )
        )

    def read(self, path: Path) -> Host:
        """The host in a file, with the metadata beside it. Read once in a run."""
        if path not in self._read:
            text, metadata = self._texts(path)
            made_of = (str(path), text, metadata or "")  # the path stands in every location
            known = self._made.get(made_of)
            if known is None:
                known = self._made[made_of] = self._recalled(path, text, metadata)
            self._read[path] = known
        return self._read[path]

    def several(self, names: Sequence[str]) -> Sequence[Host]:
        """Hosts by name, each found and read when it is looked at: a copy of this process reads its own.

        Only the last one is kept: a host takes 2 MB, and there may be hundreds.
        """
        return _Later(self._find_unkept, names)

    def _find_unkept(self, name_or_path: str) -> Host:
        """As `find`, but a host that has to be read for it is not kept."""
        path = None if name_or_path == LIVE else self.path(name_or_path)
        if path is None or path in self._read:
            return self.find(name_or_path)
        return self._recalled(path, *self._texts(path))

    def _texts(self, path: Path) -> tuple[str, str | None]:
        """The text of a host file, and that of the metadata beside it, if there is any."""
        beside = metadata_path_of(path)
        text = self._files.text(path)
        return text, self._files.text(beside) if self._files.is_file(beside) else None

    def _recalled(self, path: Path, text: str, metadata: str | None) -> Host:
        return self._forms.recall(
            "host",
            (text, metadata or ""),
            lambda: parsed_host(path, text, metadata, ahead=self._ahead),
            to_text=_compiled_text,
            from_text=_compiled_host,
            afresh=True,
            place=str(path),
        )

    def outline(self, name_or_path: str) -> Host:
        """The host without its metadata: for lists, where reading all of it would take seconds.

        Read once in a run. Raises InputError, OutOfReachError.
        """
        from depguard.parse.host_assembly import make_host
        from depguard.parse.host_file import parse_host_file

        path = self.path(name_or_path)
        if path not in self._outlines:
            self._outlines[path] = make_host(parse_host_file(self._files.text(path), str(path)), None)
        return self._outlines[path]

    def _named(self, name: str) -> Path | None:
        """The file of a whole catalogue name, without a look at the others."""
        if not name or not all(part.strip(".") for part in name.split("/")) or "\\" in name:
            return None
        paths = (root / f"{name}{suffix}" for root in self._roots for suffix in SUFFIXES)
        return next((path for path in paths if self._files.is_file(path)), None)

    def _catalogue(self) -> dict[str, Path]:
        found: dict[str, Path] = {}
        for root in self._roots:
            for path in self._files.below(root, SUFFIXES, deep=True):
                found.setdefault(path.relative_to(root).with_suffix("").as_posix(), path)
        return found


class _Later(Sequence[Host]):
    """Hosts that are read when they are looked at; the last one is remembered."""

    def __init__(self, find: Callable[[str], Host], names: Sequence[str]) -> None:
        self._find = lru_cache(maxsize=1)(find)
        self._names = names

    @overload
    def __getitem__(self, at: int) -> Host: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[Host]: ...
    def __getitem__(self, at: int | slice) -> Host | Sequence[Host]:
        if isinstance(at, slice):
            return _Later(self._find, self._names[at])
        return self._find(self._names[at])

    def __len__(self) -> int:
        return len(self._names)


def parsed_host(
    path: Path, text: str, metadata: str | None, *, ahead: Callable[[Host], None] = lambda _: None
) -> Host:
    """The host that a file's text is, with the text of the metadata beside it. Raises InputError."""
    from depguard.parse.host_assembly import make_host
    from depguard.parse.host_file import parse_host_file
    from depguard.parse.host_metadata import parse_metadata

    beside = str(metadata_path_of(path))
    file = parse_host_file(text, str(path))
    outline = make_host(file, None, beside)
    ahead(outline)
    return outline if metadata is None else make_host(file, parse_metadata(metadata, beside), beside)


def _compiled_text(host: Host) -> str:
    from depguard.parse.host_compiled import compiled_text

    return compiled_text(host)


def _compiled_host(text: str) -> Host:
    from depguard.parse.host_compiled import compiled_host

    return compiled_host(text)


def metadata_path_of(host_path: Path) -> Path:
    """Where the machine-written metadata of a host file lies: beside it."""
    return host_path.with_name(host_path.stem + METADATA_SUFFIX)


def binaries_path_of(host_path: Path) -> Path:
    """Where that lies which a captured machine offers compiled modules: beside its host file."""
    return host_path.with_name(host_path.stem + BINARIES_SUFFIX)


def read_binaries(host_path: Path, files: FileView | None = None) -> HostAbi | None:
    """What a captured machine offers, None for a host without that. Raises InputError, OutOfReachError."""
    path = binaries_path_of(host_path)
    view = files or Disk()
    if not view.is_file(path):
        return None
    from depguard.parse.host_binaries import load_host_binaries

    return load_host_binaries(view.text(path), str(path))


def files_path_of(host_path: Path) -> Path:
    """Where the file lists of a captured machine lie: beside its host file."""
    return host_path.with_name(host_path.stem + FILES_SUFFIX)


def read_files(host_path: Path, files: FileView | None = None) -> FileTable | None:
    """Which files a captured machine's distributions own, None for a host without that.

    Raises InputError, OutOfReachError.
    """
    path = files_path_of(host_path)
    view = files or Disk()
    if not view.is_file(path):
        return None
    from depguard.errors import InputError, Problem
    from depguard.model.file_table import FileTable

    try:
        return FileTable.load(view.text(path))
    except ValueError as error:
        raise InputError(
            Problem(
                code="host.files",
                message=f"{path.name} is damaged: {error}",
                location=Location(str(path)),
                hint="capture the host again",
            )
        ) from None


def read_host_file(path: Path) -> HostFile:
    """What a host file says. Raises InputError, OutOfReachError."""
    from depguard.parse.host_file import parse_host_file

    return parse_host_file(read_text(path), str(path))


def read_metadata(path: Path) -> HostMetadata:
    """What a metadata file says. Raises InputError, OutOfReachError."""
    from depguard.parse.host_metadata import parse_metadata

    return parse_metadata(read_text(path), str(path))


def _host_path(path: Path) -> Path:
    if path.suffix in SUFFIXES:
        return path
    raise InputError(
        Problem(
            code="host.not-a-host-file",
            message=f"{path} is not a host file",
            location=Location(str(path)),
            allowed=" or ".join(f"*{suffix}" for suffix in SUFFIXES),
            hint="a list of pip freeze or pip inspect becomes one with: depguard baseline import",
        )
    )


def _loose(name: str) -> str:
    return name.lower().replace(".", "-").replace("_", "-").removesuffix("-yaml")


def _nearest(wanted: str, names: Iterable[str]) -> str | None:
    import difflib

    loose = {_loose(form): name for name in names for form in (name, name.rpartition("/")[2])}
    near = dict.fromkeys(loose[form] for form in difflib.get_close_matches(wanted, loose, 4))
    return f"did you mean {', '.join(near)}?" if near else None
