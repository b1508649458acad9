"""One cache folder for several processes, for who may not write, and with entries that are not ours."""

from __future__ import annotations

import contextlib
import io
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from unittest.mock import patch

import pytest

from depguard.adapters.cache import Cache, Entry
from depguard.cli.main import main
from kit.loopback import Loopback
from kit.small_project import write_project
from kit.wheels import build_wheel

KINDS = ("host", "policy", "page", "page-text", "fitting", "metadata", "contents", "answer")
NOBODY = 65534


@dataclass
class Project:
    """A project that others may read, its index, and a cache. A plan is a process of its own."""

    root: Path
    index: Loopback
    notes: list[str] = field(default_factory=list)

    @property
    def cache(self) -> Path:
        return self.root / "cache"

    def words(self, *more: str) -> list[str]:
        host = str(self.root / "host.yaml")
        return ["plan", "lab", "--host", host, "-i", self.index.url, "--cache-dir", str(self.cache), *more]

    def environ(self, *, recall: bool) -> dict[str, str]:
        """Little enough that one test's is another's: answers are kept under it."""
        own = {"HOME": str(self.root), "PIP_CONFIG_FILE": os.devnull, "DEPGUARD_RECALL": str(int(recall))}
        return {"PATH": os.environ["PATH"], **own}

    def here(self, *, recall: bool = True) -> tuple[int, str, str]:
        """A plan in this process."""
        out, err = io.StringIO(), io.StringIO()
        with (
            patch.dict(os.environ, self.environ(recall=recall), clear=True),
            contextlib.chdir(self.root),
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
        ):
            code = main(self.words())
        return code, out.getvalue(), err.getvalue()

    def start(self, *more: str, recall: bool = True) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "depguard", *self.words(*more)],
            cwd=self.root,
            env=self.environ(recall=recall),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def plan(self, *more: str, recall: bool = True) -> tuple[int, str, str]:
        running = self.start(*more, recall=recall)
        out, err = running.communicate(timeout=120)
        return running.returncode, out, err

    def rows(self, kind: str) -> dict[str, bytes]:
        """The entries of a kind: bodies by key."""
        with sqlite3.connect(self.cache / "index.sqlite3") as connection:
            found = connection.execute("SELECT key, body FROM entry WHERE kind = ?", (kind,)).fetchall()
        connection.close()
        return dict(found)

    def sql(self, statement: str, *values: object) -> None:
        with sqlite3.connect(self.cache / "index.sqlite3") as connection:
            connection.execute(statement, values)
        connection.close()


def _served(root: Path) -> Loopback:
    """A project in a folder, and its index."""
    write_project(root)
    build_wheel(root / "wheels", "small", "1.0", requires=["numpy>=2", "other"])
    build_wheel(root / "wheels", "other", "2.0")
    return Loopback(root / "wheels")


@pytest.fixture
def project() -> Iterator[Project]:
    root = Path(tempfile.mkdtemp(prefix="depguard-shared-"))  # pytest's own folders are closed to others
    root.chmod(0o755)
    with _served(root) as index:
        yield Project(root, index)
    shutil.rmtree(root)


def test_several_plans_at_once_say_the_same(project: Project) -> None:
    running = [project.start(recall=number % 2 == 0) for number in range(4)]
    said = [each.communicate(timeout=120) for each in running]
    assert [each.returncode for each in running] == [0] * 4
    assert len({out for out, _ in said}) == 1
    assert {err for _, err in said} == {""}
    asked = len(project.index.requests)
    assert project.plan("--offline")[1] == said[0][0]
    assert len(project.index.requests) == asked


HAMMER = """
import sys
from depguard.adapters.cache import Cache, Entry
from depguard.cli.main import main
from depguard.adapters.compiled import CompiledForms
cache = Cache.in_folder(sys.argv[1], note=lambda text: sys.exit(text))
forms = CompiledForms(cache)
long = "x" * 200_000
print("begun", flush=True)
for number in range(int(sys.argv[2])):
    key = f"k{number % 7}"
    cache.put("page", key, Entry(text=f"{key} {long} {key}", stored=1e12, facts={"of": key}))
    for other in range(7):
        entry = cache.get("page", f"k{other}")
        if entry is not None and not entry.text.startswith(f"k{other} ") | (entry.facts["of"] != f"k{other}"):
            sys.exit(f"k{other} has {entry.text[:20]}")
    made = forms.recall("form", [key], lambda: [key, long], to_text=repr, from_text=eval)
    if made != [key, long]:
        sys.exit(f"{key} gave another value")
cache.close()
"""


def hammer(folder: Path, times: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", HAMMER, str(folder), str(times)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_one_that_is_killed_while_it_writes_leaves_whole_entries(tmp_path: Path) -> None:
    steady = [hammer(tmp_path, 60) for _ in range(2)]
    for wait in (0.01, 0.06, 0.15):
        doomed = hammer(tmp_path, 1_000_000)
        assert doomed.stdout is not None
        assert doomed.stdout.readline() == "begun\n"
        time.sleep(wait)
        doomed.send_signal(signal.SIGKILL)
        doomed.communicate()
    said = [each.communicate(timeout=120)[1] for each in steady]
    assert [(each.returncode, err) for each, err in zip(steady, said, strict=True)] == [(0, ""), (0, "")]
    with sqlite3.connect(tmp_path / "index.sqlite3") as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    connection.close()
    assert not (tmp_path / "index.sqlite3.damaged").exists()


def test_a_plan_that_is_killed_leaves_nothing_wrong(project: Project) -> None:
    for asked in (1, 2, 3):
        shutil.rmtree(project.cache, ignore_errors=True)  # of what is kept it would not ask for three things
        project.index.requests.clear()
        doomed = project.start(recall=False)
        while len(project.index.requests) < asked and doomed.poll() is None:
            time.sleep(0.005)
        doomed.send_signal(signal.SIGKILL)
        doomed.communicate()
        assert doomed.returncode == -signal.SIGKILL
        code, out, err = project.plan()
        assert (code, err) == (0, "")
        assert "small 1.0" in out


# Everything is imported by a first plan, with another cache: who is nobody may not read where Python lies.
# With one core no copy is sent ahead, which would import for itself.
AS_NOBODY = f"""
import os, sys
if hasattr(os, "sched_setaffinity"):
    os.sched_setaffinity(0, {{min(os.sched_getaffinity(0))}})
from depguard.cli.main import main
cache = sys.argv.index("--cache-dir") + 1
words = sys.argv[1:]
own = [*words[: cache - 1], words[cache - 1] + "-own", *words[cache:]]
sys.stdout, kept = open(os.devnull, "w"), sys.stdout
main(own)
sys.stdout = kept
if os.geteuid() == 0:
    os.setegid({NOBODY})
    os.seteuid({NOBODY})
try:
    open(os.path.join(words[cache - 1], "probe"), "w")
except PermissionError:
    sys.exit(main(words))
sys.exit("the folder can be written")
"""


@pytest.mark.skipif(not hasattr(os, "seteuid"), reason="no users to change to")
@pytest.mark.parametrize("filled", [True, False])
def test_a_folder_that_may_not_be_written(project: Project, filled: bool) -> None:
    if filled:
        assert project.plan(recall=False)[0] == 0
        index = sorted(project.cache.iterdir())
        assert [path.name for path in index] == ["index.sqlite3"]
    project.cache.mkdir(exist_ok=True)
    for path in project.cache.iterdir():
        path.chmod(0o444)
    project.cache.chmod(0o555)
    before = {path: path.read_bytes() for path in project.cache.iterdir()}
    project.index.requests.clear()
    done = subprocess.run(
        [sys.executable, "-c", AS_NOBODY, *project.words()],
        cwd=project.root,
        env=project.environ(recall=False),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "small 1.0" in done.stdout
    assert ("used for reading alone" if filled else "no cache is used") in done.stderr
    assert len(done.stderr.splitlines()) == 1, done.stderr
    # The other cache has its own requests; of what could be read here none is made again.
    assert len(project.index.requests) == (4 if filled else 8)
    assert {path: path.read_bytes() for path in project.cache.iterdir()} == before


def wrong_checksum(project: Project, kind: str) -> None:
    project.sql("UPDATE entry SET checksum = checksum + 1 WHERE kind = ?", kind)


def cut_off(project: Project, kind: str) -> None:
    project.sql(
        "UPDATE entry SET body = CASE WHEN length(body) > 3 THEN substr(body, 1, length(body) - 3)"
        " ELSE x'07' END WHERE kind = ?",
        kind,
    )


def of_another_format(project: Project, kind: str) -> None:
    project.sql("UPDATE entry SET format = 1 WHERE kind = ?", kind)


def anothers(project: Project, kind: str) -> None:
    """What belongs to another kind, moved here as it stands."""
    other = next(iter(project.rows("page-text" if kind != "page-text" else "fitting")))
    project.sql(
        "UPDATE entry SET (facts, body, checksum) = (SELECT facts, body, checksum FROM entry WHERE key = ?)"
        " WHERE kind = ?",
        other,
        kind,
    )


def well_made_and_foreign(project: Project, kind: str) -> None:
    """What some other program wrote with this cache's own means."""
    cache = Cache.in_folder(project.cache, note=project.notes.append)
    for key in project.rows(kind):
        known = cache.get(kind, key)
        assert known is not None
        cache.put(kind, key, Entry(json.dumps({"theirs": [1, 2]}), known.stored, {}, known.fresh_until))
    cache.close()


WAYS: list[Callable[[Project, str], None]] = [
    wrong_checksum, cut_off, of_another_format, anothers, well_made_and_foreign,
]  # fmt: skip


@pytest.fixture(scope="module")
def filled() -> Iterator[tuple[Project, tuple[int, str, str]]]:
    """A project whose cache has entries of all kinds, and what a plan says."""
    root = Path(tempfile.mkdtemp(prefix="depguard-filled-"))
    with _served(root) as index:
        project = Project(root, index)
        first = project.here()
        assert project.here(recall=False) == first  # what fits is kept when a page is looked at again
        shutil.copytree(project.cache, root / "good")
        yield project, first
    shutil.rmtree(root)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_an_entry_that_is_not_ours_is_made_again(
    filled: tuple[Project, tuple[int, str, str]], kind: str, way: Callable[[Project, str], None]
) -> None:
    project, first = filled
    shutil.rmtree(project.cache)
    shutil.copytree(project.root / "good", project.cache)
    good = project.rows(kind)
    assert good, f"a plan keeps no {kind}"
    way(project, kind)
    if kind == "page-text":  # which is not looked at while it is known what of it fits
        project.sql("DELETE FROM entry WHERE kind = 'fitting'")
    assert project.rows(kind) != good or way in {wrong_checksum, of_another_format}
    assert project.here(recall=kind == "answer") == first
    again = project.rows(kind)
    assert again.keys() == good.keys()
    if kind not in {"answer", "contents"}:  # which say when, and how much was fetched
        assert again == good
    cache = Cache.in_folder(project.cache, note=project.notes.append)
    assert all(cache.get(kind, key) is not None for key in again)
    cache.close()
    assert project.notes == []


def test_a_second_cache_of_a_process_leaves_the_locks_of_the_first(tmp_path: Path) -> None:
    """Else the next process to end takes itself for the last one, and clears the log away under both."""

    def entry() -> Entry:
        return Entry(text="kept", stored=time.time(), facts={})

    first = Cache.in_folder(tmp_path, note=print)
    first.put("page", "a", entry())
    second = Cache.in_folder(tmp_path, note=print)
    words = [
        "from depguard.adapters.cache import Cache",
        f"Cache.in_folder({str(tmp_path)!r}, note=print).close()",
    ]
    subprocess.run([sys.executable, "-c", "; ".join(words)], check=True)
    assert (tmp_path / "index.sqlite3-wal").exists()
    for cache in (first, second):
        cache.put("page", "b", entry())
        assert [cache.get("page", key) is not None for key in "ab"] == [True, True]
        cache.close()
    with contextlib.closing(sqlite3.connect(tmp_path / "index.sqlite3")) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
