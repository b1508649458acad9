"""Remarks about wheels' contents in words: what was not looked at, what runs at each start."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from depguard.model.report import BinaryNotes, WheelNote


def binary_notes(notes: BinaryNotes, host: str) -> Iterator[str]:
    """A line for each kind of remark that there is. ``host`` is the name of the report's host."""
    if notes.unlooked:
        pins = " ".join(f"{note.name}=={note.version}" for note in notes.unlooked if note.version is not None)
        look = f"; to look: depguard abi {pins} --host {host}" if pins else ""
        yield f"not looked at: {_each(notes.unlooked, ', ')}{look}"
    for note in notes.startup:
        yield f"{_named(note)} brings {', '.join(note.texts)}: Python runs it at every start"
    for note in notes.refused:
        yield f"no candidate: {_named(note)} {', '.join(note.texts)}"


def _each(notes: Iterable[WheelNote], between: str) -> str:
    return between.join(f"{_named(note)} ({', '.join(note.texts)})" for note in notes)


def _named(note: WheelNote) -> str:
    return f"{note.name} {note.version}" if note.version is not None else str(note.name)
