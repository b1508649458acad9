"""Runs inside the interpreter that is installed into: prints where its packages go, as one line of JSON.

Only the standard library is used. It is run by its source text, so it imports nothing of depguard.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import sysconfig

MARK = "depguard-site:"


def site() -> dict[str, object]:
    """Folders, whether they may be written, what room is left there, and the interpreter's own pip."""
    purelib, platlib = sysconfig.get_path("purelib"), sysconfig.get_path("platlib")
    try:
        from importlib.metadata import version

        pip: str | None = version("pip")
    except Exception:  # noqa: BLE001 - broken metadata raises what it likes: then there is no pip to rely on
        pip = None
    marker = os.path.join(sysconfig.get_path("stdlib"), "EXTERNALLY-MANAGED")  # noqa: PTH118 - paths as texts
    return {
        "prefix": sys.prefix,
        "purelib": purelib,
        "platlib": platlib,
        "writable": all(os.access(_existing(path), os.W_OK) for path in {purelib, platlib}),
        "free": min(shutil.disk_usage(_existing(path)).free for path in {purelib, platlib}),
        "managed": sys.prefix == sys.base_prefix and os.path.exists(marker),  # noqa: PTH110 - likewise
        "pip": pip,
    }


def _existing(path: str) -> str:
    """The folder, or the nearest one above it that is there."""
    while not os.path.isdir(path) and os.path.dirname(path) != path:  # noqa: PTH112, PTH120 - likewise
        path = os.path.dirname(path)  # noqa: PTH120 - likewise
    return path


if __name__ == "__main__":
    sys.stdout.write(MARK + json.dumps(site()) + "\n")
