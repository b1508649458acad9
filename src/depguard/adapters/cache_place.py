"""Where the cache lies: by the command line, the environment, or the platform's custom."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def cache_dir(environ: Mapping[str, str], given: str | None = None) -> Path:
    """``given`` on the command line, else ``DEPGUARD_CACHE_DIR``, else the platform's folder for caches.

    A leading ``~`` is the user's home.
    """
    from pathlib import Path

    return Path(cache_place(environ, given))


def cache_place(environ: Mapping[str, str], given: str | None = None) -> str:
    """The same, as text."""
    said = given or environ.get("DEPGUARD_CACHE_DIR")
    if said:
        return os.path.expanduser(said)
    home = environ.get("HOME", "")
    if sys.platform == "linux" and home.startswith("/") and not environ.get("XDG_CACHE_HOME", "").strip():
        # What platformdirs would say (a test compares), at a tenth of what importing it costs.
        return f"{home}/.cache/depguard"
    import platformdirs

    return platformdirs.user_cache_dir("depguard", appauthor=False)


def cache_file(folder: str | Path) -> str:
    """The file of the cache in a folder."""
    return os.path.join(folder, "index.sqlite3")
