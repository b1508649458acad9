"""Answers that were given before, believed only while everything that they rest on is as it was.

An answer is kept under its command line, working directory, environment, terminal, day and depguard's own
code. With it stands what the run looked at: the hash of each file, what else was or was not there, and each
page and metadata of an index with its hash. All of that is looked at again before the answer is given a
second time, and a page has to be as fresh as the honest way would want it. So build systems keep verifying
traces: nothing is believed that was not checked, and what cannot be checked is not kept.

Imported before anything is decided: nothing here imports more than it needs.
"""

from __future__ import annotations

import hashlib
import json
import os
import time

from depguard.adapters.cache import Cache, Entry
from depguard.adapters.own_code import own_code
from depguard.adapters.witness import Witness, kind_of, names_hash, names_in

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

_KIND = "answer"
# Made of what is looked at anyway.
_DERIVED = frozenset({_KIND, "fitting", "host", "policy", "policy-at-all", "page-text"})
# What changes from one shell to the next and decides nothing.
_PASSED_OVER = frozenset({"_", "SHLVL", "OLDPWD", "PWD", "TERM_SESSION_ID", "WINDOWID"})


class Answer:
    """What a run wrote and how it ended."""

    def __init__(self, *, out: str, err: str, code: int) -> None:
        self.out = out
        self.err = err
        self.code = code


class Answers:
    """The answers in one cache."""

    def __init__(self, cache: Cache) -> None:
        self._cache = cache

    def recall(self, key: str, *, offline: bool) -> Answer | None:
        """The answer that was kept under ``key``, if all that it rests on is as it was."""
        entry = self._cache.get(_KIND, key)
        if entry is None:
            return None
        try:
            kept = json.loads(entry.text)
            if self._holds(kept["seen"], offline=offline):
                return Answer(out=str(kept["out"]), err=str(kept["err"]), code=int(kept["code"]))
        except (ValueError, KeyError, TypeError):
            pass
        self._cache.drop(_KIND, key)
        return None

    def keep(self, key: str, answer: Answer, witness: Witness) -> None:
        """Keep an answer with what its run looked at. Nothing is kept of a run that cannot be checked."""
        if witness.spoiled is not None:
            return
        rows = [
            [kind, row, identity]
            for (kind, row), identity in sorted(witness.rows.items(), key=lambda seen: seen[0])
            if kind not in _DERIVED
        ]
        seen = {"contents": witness.contents, "kinds": witness.kinds, "names": witness.names, "rows": rows}
        text = json.dumps({"out": answer.out, "err": answer.err, "code": answer.code, "seen": seen})
        self._cache.put(_KIND, key, Entry(text=text, stored=time.time(), facts={}))

    def _holds(self, seen: Mapping[str, Any], *, offline: bool) -> bool:
        return (
            all(_content(path) == sha256 for path, sha256 in seen["contents"].items())
            and all(kind_of(path) == kind for path, kind in seen["kinds"].items())
            and all(names_hash(names_in(folder)) == names for folder, names in seen["names"].items())
            and all(self._same_row(*row, offline=offline) for row in seen["rows"])
        )

    def _same_row(self, kind: str, key: str, identity: str | None, *, offline: bool) -> bool:
        if self._cache.identity(kind, key) != identity:
            return False
        return kind != "page" or identity is None or offline or self._cache.is_fresh(kind, key, time.time())


def key_of(words: Sequence[str], environ: Mapping[str, str], terminal: object) -> str:
    """What an answer is kept under."""
    shown = sorted((name, value) for name, value in environ.items() if name not in _PASSED_OVER)
    today = time.strftime("%Y-%m-%d", time.gmtime())
    whole = json.dumps([list(words), os.getcwd(), shown, str(terminal), today])
    return hashlib.sha256(own_code() + whole.encode()).hexdigest()


def _content(path: str) -> str | None:
    try:
        with open(path, "rb") as stream:
            return hashlib.sha256(stream.read()).hexdigest()
    except OSError:
        return None
