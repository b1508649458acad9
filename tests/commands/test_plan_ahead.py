"""A cold plan by two processes is that of one: the same words, the same requests, the same cache."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from kit.loopback import Answer, Loopback
from kit.small_project import POLICY, write_project
from kit.wheels import build_wheel

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or len(os.sched_getaffinity(0)) < 2,
    reason="a copy is sent ahead on Linux alone, where it has a core of its own",
)

PROGRAM = """\
import os, sys
if sys.argv.pop(1) == "one":
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
real, made = os.fork, []
def fork():
    made.append(0)
    return real()
os.fork = fork
import depguard.cli.main as m
code = m.main(sys.argv[1:])
print("COPIES", len(made), file=sys.stderr)
sys.exit(code)
"""


@pytest.fixture
def index(tmp_path: Path) -> Iterator[Loopback]:
    wheels = tmp_path / "wheels"
    for version, requires in (("1.0", ["deep"]), ("2.0", ["deep", "numpy>=2"]), ("3.0", ["numpy>=3"])):
        build_wheel(wheels, "small", version, requires=requires)
    build_wheel(wheels, "deep", "1.0")
    build_wheel(wheels, "numpy", "3.0")
    write_project(tmp_path / "project", policy=POLICY)
    with Loopback(wheels) as served:
        yield served


def planned(tmp_path: Path, index: Loopback, cores: str, *more: str, copies: int = 0) -> tuple[int, str, str]:
    place = ["--host", "host.yaml", "-i", index.url, "--cache-dir", str(tmp_path / cores)]
    index.requests.clear()
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, cores, "plan", "lab", *place, *more],
        cwd=tmp_path / "project",
        env={**os.environ, "DEPGUARD_RECALL": "0"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    *said, made = done.stderr.splitlines()
    assert made == f"COPIES {copies}"
    return done.returncode, done.stdout, "\n".join(said)


def test_the_same_answer_for_the_same_requests(tmp_path: Path, index: Loopback) -> None:
    alone = planned(tmp_path, index, "one")
    asked = set(index.paths())
    assert alone[0] == 0
    assert "small 2.0" in alone[1]
    assert planned(tmp_path, index, "two", copies=1) == alone
    paths = index.paths()
    assert len(paths) == len(set(paths)), "something was asked for twice"
    # Who guesses asks for several older releases at once, where it comes to guess before it is asked.
    guessed = {"/files/small-1.0-py3-none-any.whl"}
    assert set(paths) - guessed == asked - guessed


def test_what_it_fetched_is_there_without_the_index(tmp_path: Path, index: Loopback) -> None:
    code, out, _ = planned(tmp_path, index, "two", copies=1)
    index.unavailable = 1000
    assert planned(tmp_path, index, "two", "--offline")[:2] == (code, out)
    assert not index.requests


@pytest.mark.parametrize("status", [403, 404])
def test_an_index_that_does_not_answer_is_told_the_same_way(
    tmp_path: Path, index: Loopback, status: int
) -> None:
    index.answers["/simple/small/"] = Answer(status)
    alone = planned(tmp_path, index, "one")
    assert alone[0] in {1, 3}
    assert planned(tmp_path, index, "two", copies=1) == alone


@pytest.mark.parametrize(
    "words",
    [("--no-index",), ("--find-links", "wheels"), ("--offline",), ("-v",)],
    ids=lambda words: words[0],
)
def test_where_nothing_would_be_asked_nobody_gets_ready(
    tmp_path: Path, index: Loopback, words: tuple[str, ...]
) -> None:
    (tmp_path / "project" / "wheels").mkdir()
    planned(tmp_path, index, "two", *words, copies=0)


def test_who_got_ready_for_nothing_is_let_go(tmp_path: Path, index: Loopback) -> None:
    # It would hold what is written to open, and so be waited for.
    code, out, said = planned(tmp_path, index, "two", "--no-such-option", copies=1)
    assert (code, out) == (2, "")
    assert "--no-such-option" in said
    assert not index.requests


def test_a_cache_that_keeps_nothing_is_no_place_to_meet(tmp_path: Path, index: Loopback) -> None:
    (tmp_path / "two").write_text("a file where the folder would be")
    (tmp_path / "one").write_text("likewise")
    alone = planned(tmp_path, index, "one")
    asked = sorted(index.paths())
    told = planned(tmp_path, index, "two", copies=1)  # made before anybody looked, and let go
    assert (told[0], told[1]) == (alone[0], alone[1])
    assert sorted(index.paths()) == asked


def test_a_page_that_is_fresh_leaves_the_rest_to_be_asked(tmp_path: Path, index: Loopback) -> None:
    alone = planned(tmp_path, index, "one")
    planned(tmp_path, index, "two", copies=1)
    with sqlite3.connect(tmp_path / "two" / "index.sqlite3") as connection:
        connection.execute("DELETE FROM entry WHERE kind = 'page' AND key LIKE '%/deep/'")
    connection.close()
    # This time the copy is made when it is known what to ask for.
    assert planned(tmp_path, index, "two", copies=1) == alone
    assert index.paths() == ["/simple/deep/"]
