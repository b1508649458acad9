"""Commands whose answers are kept: looked up before anything is decided, and kept when they are given.

``DEPGUARD_RECALL=0`` in the environment decides everything anew. So do ``-v``, ``--debug``, ``--write`` and a
call without ``--host``, whose hosts depend on more than is looked at.
"""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from depguard.adapters.answers import Answer, Answers, key_of
from depguard.adapters.cache import Cache
from depguard.adapters.cache_place import cache_place
from depguard.adapters.witness import watch
from depguard.cli.first_time import value_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from depguard.adapters.witness import Witness
    from depguard.cli.console import Console

_DECIDED_ANEW = ("--verbose", "--debug", "--write", "--help", "--version")


class Remembered:
    """One command line's answers."""

    def __init__(self, words: Sequence[str]) -> None:
        folder = cache_place(os.environ, value_of(words, "--cache-dir"))
        # What is wrong with the cache is said by whoever opens it next, and does the work.
        self._cache = Cache.in_folder(folder, note=lambda _: None)
        self._answers = Answers(self._cache)
        self._offline = "--offline" in words
        self._key = key_of(words, os.environ, _terminal())

    def recall(self) -> Answer | None:
        """The answer, if it was given before and nothing has changed."""
        return self._answers.recall(self._key, offline=self._offline)

    @contextmanager
    def watched(self) -> Iterator[Witness]:
        """Watch what a run looks at."""
        with watch() as witness:
            yield witness

    def keep(self, console: Console, code: int, witness: Witness) -> None:
        """Keep what the console was told."""
        told = console.transcript
        if told is not None:
            answer = Answer(out="".join(told.out), err="".join(told.err), code=code)
            self._answers.keep(self._key, answer, witness)

    def close(self) -> None:
        """Let go of the cache."""
        self._cache.close()


def remembered(name: str, words: Sequence[str], *, plainly: bool) -> Remembered | None:
    """What is remembered of a command line, None for one that is decided anew.

    ``plainly``: neither ``-v`` nor ``--debug`` stood before the command.
    """
    if not plainly or os.environ.get("DEPGUARD_RECALL") == "0" or value_of(words, "--host") is None:
        return None
    for word in words:
        if word.startswith(_DECIDED_ANEW) or word == "-h" or (word[:2] == "-v" and set(word[1:]) == {"v"}):
            return None
    return Remembered((name, *words))


def repeat(answer: Answer) -> int:
    """Say it again."""
    if answer.err and sys.stderr is not None:
        sys.stderr.write(answer.err)
        sys.stderr.flush()
    if answer.out and sys.stdout is not None:
        sys.stdout.write(answer.out)
        sys.stdout.flush()
    return answer.code


def _terminal() -> list[object]:
    """What decides how an answer looks: terminals, their width, encodings."""
    found: list[object] = []
    for stream in (sys.stdout, sys.stderr):
        shown = stream is not None and stream.isatty()
        found += [shown, getattr(stream, "encoding", None)]
        if shown:
            try:
                found += os.get_terminal_size(stream.fileno())
            except (OSError, ValueError):
                found.append(None)
    return found
