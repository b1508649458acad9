"""Where in an input something stands."""

from __future__ import annotations

from depguard.records import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Location:
    """A position in a text: 1-based line and column; ``cell`` is the 1-based notebook cell.

    ``file`` is the label shown to people: a path relative to the project root, a shipped policy's
    name, or ``<command line>``.
    """

    file: str
    line: int | None = None
    column: int | None = None
    cell: int | None = None

    def __str__(self) -> str:
        parts = [self.file]
        if self.cell is not None:
            parts.append(f"cell {self.cell}")
        if self.line is not None:
            parts.append(str(self.line))
            if self.column is not None:
                parts.append(str(self.column))
        return ":".join(parts)
