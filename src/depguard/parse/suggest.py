"""The nearest valid name for one that was not found, for the hints of problems."""

from __future__ import annotations

from collections.abc import Iterable


def nearest(found: str, valid: Iterable[str]) -> str | None:
    """The valid name that looks most like ``found``, or None when none does.

    Case, ``_`` and ``-`` do not count: ``Exclude_Newer`` is ``exclude-newer``.
    """
    import difflib

    folded = {_fold(name): name for name in sorted(valid, reverse=True)}
    matches = difflib.get_close_matches(_fold(found), folded, n=1, cutoff=0.6)
    return folded[matches[0]] if matches else None


def did_you_mean(found: str, valid: Iterable[str]) -> str | None:
    """The hint that names the nearest valid name, or None when none is near."""
    name = nearest(found, valid)
    return f"did you mean {name}?" if name is not None else None


def _fold(name: str) -> str:
    return name.casefold().replace("_", "-")
