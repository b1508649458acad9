"""What somebody asks an installer to do: items, options, and what of it is not modelled."""

from __future__ import annotations

import enum
from datetime import datetime

from packaging.requirements import Requirement
from packaging.utils import NormalizedName

from depguard.model.location import Location
from depguard.model.policy import Installer
from depguard.model.release import ANY_FORMAT, FormatControl
from depguard.records import dataclass


class Verb(enum.Enum):
    """What the installer is told to do. SYNC removes everything that is not listed."""

    INSTALL = "install"
    UNINSTALL = "uninstall"
    SYNC = "sync"


class UpgradeStrategy(enum.Enum):
    """pip's ``--upgrade-strategy``; None of an InstallCommand's ``strategy`` means not upgrading."""

    ONLY_IF_NEEDED = "only-if-needed"
    EAGER = "eager"


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One thing asked for, as written.

    ``requirement`` is None for a bare URL, path or archive whose project name is not known.
    ``url`` is set for direct references and paths, with credentials taken out. ``doubt`` says why
    an item cannot be read at all (a shell variable in it, say): it makes the answer unproven.
    """

    text: str
    requirement: Requirement | None = None
    url: str | None = None
    editable: bool = False
    hashes: tuple[tuple[str, str], ...] = ()
    doubt: str | None = None
    location: Location | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexOptions:
    """Index settings with what is not given left None or empty. URLs may carry credentials.

    ``origins`` has, for each setting that has a value, its name, and the file, variable or option
    that it came from (for ``-v``).
    """

    index_url: str | None = None
    extra_index_urls: tuple[str, ...] = ()
    find_links: tuple[str, ...] = ()
    no_index: bool = False
    offline: bool = False
    exclude_newer: datetime | None = None
    cache_dir: str | None = None
    origins: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class InstallCommand:
    """One installer call, parsed. ``command`` is its text.

    ``strategy`` None: no upgrade asked for. ``upgrade_names`` are uv's ``-P NAME``; ``reinstall_names``
    uv's ``--reinstall-package``. ``prerelease`` is pip's ``--pre`` (uv: ``--prerelease allow``).
    ``unmodelled`` are options, by name, whose effect depguard does not model: each makes the answer
    unproven.

    ``options`` are the names of all options that the command line itself has, sorted.
    ``ignore_config`` leaves out the installer's own configuration (pip's ``--isolated``, uv's
    ``--no-config``). ``notes`` are things about the command that its writer may not expect (a shell
    redirect, an option that is ignored). ``conditional``: it stands in an if, a function or behind
    ``||``, so that it may not run. ``location`` is where it stands.
    """

    installer: Installer = Installer.PIP
    verb: Verb = Verb.INSTALL
    items: tuple[Item, ...] = ()
    constraints: tuple[Item, ...] = ()
    strategy: UpgradeStrategy | None = None
    upgrade_names: tuple[NormalizedName, ...] = ()
    prerelease: bool = False
    no_deps: bool = False
    force_reinstall: bool = False
    reinstall_names: tuple[NormalizedName, ...] = ()
    ignore_installed: bool = False
    user: bool = False
    require_hashes: bool = False
    formats: FormatControl = ANY_FORMAT
    index: IndexOptions = IndexOptions()
    unmodelled: tuple[str, ...] = ()
    command: str = ""
    options: tuple[str, ...] = ()
    ignore_config: bool = False
    notes: tuple[str, ...] = ()
    conditional: bool = False
    location: Location | None = None
