"""Two looks at the same distributions, compared byte for byte."""

from __future__ import annotations

from collections.abc import Iterable

from depguard.model.environment import ByteChange, ProtectedBytes


def byte_changes(before: Iterable[ProtectedBytes], after: Iterable[ProtectedBytes]) -> tuple[ByteChange, ...]:
    """What of each distribution is not as it was, sorted by name; empty where every byte is the same.

    A distribution that only one of the two has counts as a whole.
    """
    old = {(item.name, item.folder): item for item in before}
    new = {(item.name, item.folder): item for item in after}
    found: list[ByteChange] = []
    for key in sorted(old.keys() | new.keys()):
        was, now = old.get(key), new.get(key)
        files_before = was.files if was is not None else {}
        files_after = now.files if now is not None else {}
        change = ByteChange(
            name=key[0],
            before=was.version if was is not None else None,
            after=now.version if now is not None else None,
            added=tuple(sorted(files_after.keys() - files_before.keys())),
            removed=tuple(sorted(files_before.keys() - files_after.keys())),
            changed=tuple(
                sorted(
                    path
                    for path in files_before.keys() & files_after.keys()
                    if files_before[path] != files_after[path]
                )
            ),
        )
        if change.added or change.removed or change.changed or change.before != change.after:
            found.append(change)
    return tuple(found)
