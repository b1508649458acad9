"""Where copies of hosts stand while installers are asked about them, several at a time."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Protocol

from depguard.adapters import materialize
from depguard.adapters.interpreters import Interpreter, Interpreters
from depguard.adapters.referees.installers import Pip, PipTools, Uv
from depguard.adapters.referees.lookup import Lookup, Wish
from depguard.model.crosscheck import Answer, Ask, NoAnswer
from depguard.model.host import Host
from depguard.records import dataclass, field

AT_ONCE = 4
"""Installers that run at the same time: mostly they wait for an index."""

_TRIES = 2
"""How often an installer is asked whose index does not answer."""


class _Referee(Protocol):
    @property
    def label(self) -> str: ...

    def answer(self, ask: Ask) -> Answer: ...


@dataclass(kw_only=True)
class RefereeYard:
    """A folder for copies, and who is asked. ``told`` hears of each answer, from any thread."""

    root: Path
    wishes: Sequence[Wish]
    lookup: Lookup
    told: Callable[[str], None]
    interpreters: Interpreters = field(default_factory=Interpreters)

    workshop = materialize

    def at_hand(self, minor: str) -> tuple[Interpreter, ...]:
        """The interpreters of this machine."""
        return self.interpreters.at_hand(minor)

    def folder(self, host: Host) -> Path:
        """A folder of the host's own below the root, not made yet."""
        return self.root / host.sha256[:12] / host.name.replace("/", "-")

    def referees(self, host: Host) -> list[Pip | Uv | PipTools]:
        """One for each wish. Raises InputError where a program is missing, OutOfReachError."""
        return [self.lookup.referee(wish, host) for wish in self.wishes]

    def answers(self, asked: Sequence[tuple[_Referee, Ask]]) -> Iterator[Answer]:
        """All answers, in the order of the questions."""
        with ThreadPoolExecutor(min(AT_ONCE, os.cpu_count() or 1)) as pool:
            yield from pool.map(self._answer, asked)

    def _answer(self, question: tuple[_Referee, Ask]) -> Answer:
        referee, ask = question
        answer: Answer = NoAnswer("")
        for _ in range(_TRIES):
            answer = referee.answer(ask)
            if not isinstance(answer, NoAnswer):
                break
        self.told(f"{referee.label} on {ask.host.name}, {ask.check.value}")
        return answer
