"""Requirements files in memory, and what is read of them."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from depguard.errors import InputError, OutOfReachError, Problem
from depguard.model.policy import Installer
from depguard.parse.requirement_lines import RequirementLines, read_requirements, resolve_reference


class Files:
    """A read port over a mapping."""

    def __init__(self, files: Mapping[str, str]) -> None:
        self._files = files
        self.asked: list[str] = []

    def __call__(self, reference: str, including: str | None) -> str:
        label = resolve_reference(reference, including)
        self.asked.append(label)
        if label.startswith("https://down."):
            raise OutOfReachError(Problem(code="test.down", message="out of reach"))
        if label not in self._files:
            raise InputError(Problem(code="test.missing", message=f"no such file: {label}"))
        return self._files[label]


def lines(
    text: str,
    *,
    tolerant: bool = False,
    constraint: bool = False,
    environment: Mapping[str, str] | None = None,
    installer: Installer = Installer.PIP,
    other: str = "",
) -> RequirementLines:
    files = {"r.txt": text, "a.txt": other} if other else {"r.txt": text}
    return read_requirements(
        "r.txt",
        read=Files(files),
        tolerant=tolerant,
        constraint=constraint,
        environment=environment,
        installer=installer,
    )


def texts(read: RequirementLines) -> list[str]:
    return [item.text for item in read.items]


def refused(text: str, *, constraint: bool = False, other: str = "") -> tuple[Problem, ...]:
    with pytest.raises(InputError) as caught:
        lines(text, constraint=constraint, other=other)
    return caught.value.problems
