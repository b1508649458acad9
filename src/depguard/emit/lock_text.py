"""What ``depguard lock`` says: each tier in short, what was written, and how to use it."""

from __future__ import annotations

from collections.abc import Sequence

from depguard.emit.text import several
from depguard.emit.wording import wrapped
from depguard.model.finding import Verdict
from depguard.model.report import Reports


def render_lock(
    tiers: Sequence[Reports],
    *,
    written: Sequence[str],
    install: Sequence[str],
    colour: bool = False,
    verbose: int = 0,
) -> str:
    """Tiers as text, ending in a newline.

    ``written`` are the project paths of the files that were written (none for a refusal or a mere
    check), ``install`` those of them that a notebook installs.
    """
    blocks = []
    for reports in tiers:
        paragraphs = several(reports.reports, colour=colour, verbose=verbose)
        blocks.append("\n\n".join("\n".join(lines) for lines in paragraphs if lines))
    if any(reports.verdict is not Verdict.SAFE for reports in tiers):
        return "\n\n".join([*blocks, "Nothing written."]) + "\n"
    if written:
        blocks[-1:] = ["\n".join([*blocks[-1:], *wrapped(", ".join(written), first="wrote ", rest="  ")])]
        usage = [f"Notebook:  %pip install -r {path}" for path in install]
        blocks.append("\n".join([*usage, "CI:        depguard lock --check"]))
    return "\n\n".join(blocks) + "\n"
