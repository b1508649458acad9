"""Which files of a repository a change may touch, and what both sides say in them."""

from __future__ import annotations

from collections.abc import Iterable

from depguard.app.check_sides import CheckQuestion, Side
from depguard.app.check_targets import FileTargets, kind_of, may_name_files, targets_in
from depguard.errors import InputError
from depguard.records import replace

Touched = list[tuple[FileTargets | None, FileTargets | None]]


def touched_files(question: CheckQuestion, *, same: bool) -> tuple[Touched, int]:
    """The files whose targets a change may alter, as they were and as they are; and how many are watched.

    A changed file, one that reads a changed file, and every one where what judges is not the ``same``.
    """
    head, base = question.head, question.base
    watched = head.watched() | (base.watched() if base is not None else frozenset())
    named = {path for path in question.paths if kind_of(path) is not None and head.tree.identity(path)}
    paths = sorted(path for path in watched | named if question.wants(path))
    if base is None:
        files = [_read(question, head, path) for path in paths]
        return [(None, file) for file in files if file is not None], len(paths)
    moved = _moved(base, head, paths)
    origins = {new: old for old, new in moved.items()}
    found: Touched = []
    for path in paths:
        if path in moved:  # told under its new name
            continue
        was = origins.get(path, path)
        if not same or _differs(question, base, was, path):
            found.append((_read(question, base, was), _read(question, head, path)))
    return found, len(paths)


def _moved(base: Side, head: Side, paths: Iterable[str]) -> dict[str, str]:
    """Files that are elsewhere now with the very same bytes: old path to new."""
    gone = {}
    come: dict[str, str] = {}
    for path in paths:
        before, after = base.tree.identity(path), head.tree.identity(path)
        if before is not None and after is None:
            gone[path] = before
        elif before is None and after is not None:
            come.setdefault(after, path)
    return {old: come.pop(identity) for old, identity in gone.items() if identity in come}


def _differs(question: CheckQuestion, base: Side, was: str, path: str) -> bool:
    """Whether a file, or one that it reads, is not what it was."""
    head = question.head
    if base.tree.identity(was) != head.tree.identity(path):
        return True
    if was != path:
        return True
    try:
        if not may_name_files(path, head.tree.data(path)):
            return False
    except InputError:
        return False  # it could not be read before, either
    read = _read(question, head, path)
    tried = read.tried if read is not None else frozenset()
    return any(base.tree.identity(each) != head.tree.identity(each) for each in tried)


def _read(question: CheckQuestion, side: Side, path: str) -> FileTargets | None:
    if side.tree.identity(path) is None:
        return None
    installer = question.installer or side.installer
    read = targets_in(side.tree, path, homes=question.homes, installer=installer)
    targets = []
    for target in read.targets:
        steps = target.steps
        if question.installer is not None:
            steps = tuple(replace(step, installer=question.installer) for step in steps)
        if side is question.head:
            steps = tuple(question.gate.admit(step) for step in steps)
        targets.append(replace(target, steps=steps))
    return replace(read, targets=tuple(targets))
