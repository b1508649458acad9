"""What the comments of written files are made of.

One line each, and ASCII: older pips decode a requirements file by the locale.
"""

from __future__ import annotations

from packaging.specifiers import SpecifierSet

from depguard.emit.wording import one_line
from depguard.model.lock import GuardLine
from depguard.model.plan import Cause


def comment(text: str) -> str:
    """Text from elsewhere as a part of a comment.

    A backslash at the end goes: pip joins such a line with the next one, which would then be lost.
    """
    return one_line(text).encode("ascii", "backslashreplace").decode().rstrip("\\ ")


def via(cause: Cause) -> str:
    """``optuna 5.0.0 (alembic>=1.5.0)``, or the policy's line that asks for it."""
    requirement = str(cause.requirement)
    if cause.parent is not None:
        version = f" {cause.parent_version}" if cause.parent_version is not None else ""
        if cause.breaks:
            return comment(f"{cause.parent}{version}, which the host's would not go with ({requirement})")
        return comment(f"{cause.parent}{version} ({requirement})")
    where = f"{cause.location} " if cause.location is not None else "the request "
    return comment(f"{where}({requirement})")


def guard(line: GuardLine) -> str:
    """``numpy==2.0.2  # policies/colab.yaml:6:3: C ABI of everything compiled here``."""
    parts = [str(line.location) if line.location is not None else "", line.reason]
    why = comment(": ".join(part for part in parts if part))
    return f"{line.name}{_ordered(line.specifier)}" + (f"  # {why}" if why else "")


def _ordered(specifier: SpecifierSet) -> str:
    """The clauses as people write a range, lower bound first, and always in the same order."""
    clauses = (str(clause) for clause in specifier)
    return ",".join(sorted(clauses, key=lambda text: ("<" in text, "!" in text, text)))
