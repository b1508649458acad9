"""The one base error: what was found, where, what is allowed and what to do next, as fields.

Nothing here renders. ``depguard.cli.console`` is the one place that turns a problem into text.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from depguard.model.location import Location
from depguard.records import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One mistake in an input, or one thing that could not be had.

    ``code`` is a stable slug (``policy.unknown-key``), ``message`` says what was found, ``allowed``
    what would have been right and ``hint`` what to do next.
    """

    code: str
    message: str
    location: Location | None = None
    allowed: str | None = None
    hint: str | None = None


class DepguardError(Exception):
    """Base of every error that depguard raises on purpose. Carries one or more problems."""

    exit_code = 2

    def __init__(self, *problems: Problem) -> None:
        if not problems:
            raise ValueError("an error needs at least one problem")
        self.problems = problems
        super().__init__("; ".join(problem.message for problem in problems))

    def __reduce__(self) -> tuple[Any, ...]:
        # Otherwise what comes from another process would be made again from its text alone.
        return type(self), self.problems


class InputError(DepguardError):
    """Bad usage or bad input (exit code 2). All mistakes of one input are reported together."""

    exit_code = 2


class OutOfReachError(DepguardError):
    """An index, a file or a disk could not be reached, so nothing was decided (exit code 3)."""

    exit_code = 3


class MissingTierError(DepguardError, ImportError):
    """``depguard.require``: a tier is not all there. Its text is a box for people.

    ``name`` is the first project that is missing or of another version. IPython shows the box alone.
    """

    exit_code = 1

    def __init__(self, box: str, *, name: str) -> None:
        super().__init__(Problem(code="require.missing", message=box))
        self.box = box
        self.name = name

    def __reduce__(self) -> tuple[Any, ...]:
        return partial(type(self), self.box, name=str(self.name)), ()

    def __str__(self) -> str:
        return f"\n{self.box}"

    def _render_traceback_(self) -> list[str]:
        """What IPython shows instead of a traceback: who runs a notebook has no use for our frames."""
        return self.box.split("\n")
