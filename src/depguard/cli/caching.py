"""Where a command keeps what it may need again."""

from __future__ import annotations

import argparse
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from depguard.adapters.compiled import CompiledForms
    from depguard.cli.console import Console

_open: dict[Path, CompiledForms] = {}


def cache_folder(args: argparse.Namespace) -> Path:
    """``--cache-dir``, else the default one."""
    from depguard.adapters.cache_place import cache_dir

    return cache_dir(os.environ, getattr(args, "cache_dir", None))


def compiled_forms(args: argparse.Namespace, console: Console) -> CompiledForms:
    """What was parsed before; the same object for the same folder in one run."""
    from depguard.adapters.cache import Cache
    from depguard.adapters.compiled import CompiledForms
    from depguard.adapters.shipped_forms import shipped_form

    folder = cache_folder(args)
    if folder not in _open:
        cache = Cache.in_folder(folder, note=console.note_once)
        _open[folder] = CompiledForms(cache, shipped=shipped_form)
    return _open[folder]


def close_forms() -> None:
    """Let go of what was opened for a command."""
    while _open:
        _, forms = _open.popitem()
        forms.close()
