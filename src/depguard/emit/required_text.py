"""A tier that is not all there, as a box: what is missing, what it is for, and the one command."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from depguard.emit.wording import one_line
from depguard.model.required import Lack, Wanted

_WIDTH = 88
_SHOWN = 8


def render_lacks(wanted: Wanted, lacks: Sequence[Lack], command: str) -> str:
    """The box, without a newline at its end. ``command`` is the tier's, as it is typed where this is read."""
    rows: list[tuple[str, str]] = []
    if wanted.about:
        rows.append(("For", one_line(wanted.about)))
    missing = [_text(lack) for lack in lacks if lack.found is None]
    other = [f"{_text(lack)}, and {lack.found} is installed" for lack in lacks if lack.found is not None]
    for label, texts in (("Missing", missing), ("Other", other)):
        rows += [(label if i == 0 else "", text) for i, text in enumerate(texts[:_SHOWN])]
        if len(texts) > _SHOWN:
            rows.append(("", f"and {len(texts) - _SHOWN} more"))
    rows.append(("Do", command))
    rows.append(("Says", one_line(wanted.source)))
    title = f"+- depguard: {one_line(wanted.tier)} is not all here "
    body = [line for label, text in rows for line in _row(label, text)]
    wide = max(len(title) + 2, *(len(line) for line in body))
    return "\n".join([title.ljust(wide, "-") + "-", *body, "+".ljust(wide + 1, "-")])


def _row(label: str, text: str) -> list[str]:
    # A command is never broken: it is there to be copied.
    if label == "Do":
        return [f"| {label:9}{text}"]
    return textwrap.wrap(
        text,
        _WIDTH,
        initial_indent=f"| {label:9}",
        subsequent_indent=f"| {'':9}",
        break_long_words=False,
        break_on_hyphens=False,
    )


def _text(lack: Lack) -> str:
    return lack.requirement + (f" (needed by {lack.by})" if lack.by is not None else "")
