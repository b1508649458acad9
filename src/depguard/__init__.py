"""depguard: add packages to a machine that somebody else prepared, without breaking what is there."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from os import PathLike

__version__ = "0.1.0"

__all__ = ["__version__", "require"]


def require(tier: str, *, policy: str | PathLike[str] | None = None) -> None:
    """Say that a program needs a tier: silent if it is there, else an error that names the way to get it.

    For a notebook's first cell, or a library's. Quick: it reads the metadata of what is installed, fetches
    nothing and imports nothing of it. ``policy`` is a path or a shipped name; without it the project's own
    policy is asked, then a requirements file of the tier in the working directory, then what was installed
    here by ``depguard install``, then the shipped policy.

    Raises depguard.errors.MissingTierError (an ImportError), InputError for a tier that nothing speaks of.
    """
    from importlib import import_module

    # By name, as the command line does it: no layer below may come to import the ones above through here.
    import_module("depguard.cli.required").require_tier(tier, policy)
