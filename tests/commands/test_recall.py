"""An answer is given again while all that it rests on is as it was, and decided anew when anything is not."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

import depguard
from depguard.adapters.own_code import code_below
from depguard.cli.main import main
from kit.loopback import Loopback
from kit.small_project import HOST, POLICY, write_project
from kit.wheels import build_wheel


@dataclass
class Project:
    """A project on disk, its index, and a cache."""

    root: Path
    cache: Path
    index: Loopback
    capsys: pytest.CaptureFixture[str]
    options: list[str] = field(default_factory=list)

    def words(self, *more: str) -> list[str]:
        return ["plan", "lab", "--host", "host.yaml", "-i", self.index.url, "--cache-dir", str(self.cache),
                *self.options, *more]  # fmt: skip

    def plan(self, *more: str) -> tuple[int, str, str]:
        code = main(self.words(*more))
        said = self.capsys.readouterr()
        return code, said.out, said.err

    def kept(self) -> dict[str, float]:
        """When each answer was given that the cache has."""
        with sqlite3.connect(self.cache / "index.sqlite3") as connection:
            rows = connection.execute("SELECT key, stored FROM entry WHERE kind = 'answer'").fetchall()
        connection.close()
        return dict(rows)

    def sql(self, statement: str, *values: object) -> None:
        with sqlite3.connect(self.cache / "index.sqlite3") as connection:
            connection.execute(statement, values)
        connection.close()


@pytest.fixture
def project(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Project]:
    root = write_project(tmp_path / "project")
    build_wheel(tmp_path / "wheels", "small", "1.0")
    monkeypatch.chdir(root)
    with Loopback(tmp_path / "wheels") as index:
        yield Project(root, tmp_path / "cache", index, capsys)


def test_the_same_answer_without_deciding_it(project: Project) -> None:
    first = project.plan()
    before = project.kept()
    assert len(before) == 1
    asked = len(project.index.requests)
    assert project.plan() == first
    assert first[0] == 0
    assert "small 1.0" in first[1]
    assert project.kept() == before
    assert len(project.index.requests) == asked


@pytest.mark.parametrize("more", [["--format", "sarif"], ["--offline"], ["--as", "uv"]])
def test_another_command_line_is_another_answer(project: Project, more: list[str]) -> None:
    project.plan()
    before = project.kept()
    project.plan(*more)
    assert len(project.kept()) == len(before) + 1


def add_a_policy(project: Project) -> None:
    (project.root / "policies").mkdir()
    (project.root / "policies" / "other.yaml").write_text("schema: 1\n")


def edit_the_policy(project: Project) -> None:
    (project.root / "depguard.yaml").write_text(POLICY + "rules: {DG204: warn}\n")


def edit_the_host(project: Project) -> None:
    (project.root / "host.yaml").write_text(HOST.replace("2.0.2", "2.0.1"))


def give_the_host_metadata(project: Project) -> None:
    (project.root / "host.metadata.json").write_text("{}")


def age_the_pages(project: Project) -> None:
    project.sql("UPDATE entry SET fresh_until = ? WHERE kind = 'page'", time.time() - 1)


def forget_the_pages(project: Project) -> None:
    project.sql("DELETE FROM entry WHERE kind = 'page'")


def change_a_page(project: Project) -> None:
    build_wheel(project.index.folder, "small", "1.1")
    forget_the_pages(project)
    main(project.words("--format", "sarif"))


def change_metadata(project: Project) -> None:
    project.sql("UPDATE entry SET checksum = checksum + 1 WHERE kind = 'metadata'")


def damage_the_answer(project: Project) -> None:
    project.sql("UPDATE entry SET body = zeroblob(20) WHERE kind = 'answer'")


def put_a_foreign_answer(project: Project) -> None:
    from depguard.adapters.cache import Cache, Entry

    (key,) = project.kept()
    cache = Cache.in_folder(project.cache, note=print)
    cache.put(
        "answer", key, Entry(text=json.dumps({"out": "SAFE", "err": "", "code": 0}), stored=0, facts={})
    )
    cache.close()


CHANGES: list[Callable[[Project], None]] = [
    add_a_policy, edit_the_policy, edit_the_host, give_the_host_metadata, age_the_pages, forget_the_pages,
    change_a_page, change_metadata, damage_the_answer, put_a_foreign_answer,
]  # fmt: skip


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_what_changed_is_noticed(project: Project, change: Callable[[Project], None]) -> None:
    project.plan()
    before = project.kept()
    change(project)
    project.capsys.readouterr()
    code, out, err = project.plan()
    if change is give_the_host_metadata:
        assert (code, "metadata" in err) == (2, True)
        return
    (key,) = before
    assert project.kept()[key] != before[key]
    assert code == 0
    assert ("small 1.1" in out) == (change is change_a_page)


def test_a_variable_of_the_installer_is_noticed(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    project.plan()
    monkeypatch.setenv("PIP_TIMEOUT", "9")
    project.plan()
    assert len(project.kept()) == 2


@pytest.mark.parametrize("more", [["-v"], ["--format", "json"]])
def test_what_names_its_own_moment_is_decided_anew(project: Project, more: list[str]) -> None:
    project.plan(*more)
    assert project.kept() == {}


def test_a_moment_that_is_given_can_be_kept(project: Project) -> None:
    project.index.uploaded = {"small-1.0-py3-none-any.whl": "2026-01-01T00:00:00Z"}
    project.plan("--format", "json", "--exclude-newer", "2026-11-01")
    assert len(project.kept()) == 1


def test_it_can_be_switched_off(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEPGUARD_RECALL", "0")
    project.plan()
    assert project.kept() == {}


def test_a_folder_of_packages_is_looked_at_every_time(project: Project) -> None:
    project.plan("--find-links", str(project.index.folder))
    assert project.kept() == {}


WATCHED = """
import os, sys
seen = set()
stat = os.stat
def watch_stat(path, *args, **kwargs):
    if isinstance(path, (str, os.PathLike)):
        seen.add(os.path.abspath(path))
    return stat(path, *args, **kwargs)
def watch(event, args):
    if event in ("open", "os.listdir", "os.scandir") and args and isinstance(args[0], (str, os.PathLike)):
        seen.add(os.path.abspath(args[0]))
import depguard.adapters.witness as witness, depguard.cli.main as cli
class Seen(witness.Witness):
    def __init__(self):
        super().__init__(); made.append(self)
made = []
witness.Witness = Seen
sys.addaudithook(watch)
os.stat = watch_stat
code = cli.main(sys.argv[1:])
os.stat = stat
known = {path for each in made for path in (*each.contents, *each.kinds, *each.names)}
code_of = [sys.prefix, sys.base_prefix, os.environ["DEPGUARD_SOURCE"], *filter(None, sys.path)]
code_of = tuple({*code_of, *map(os.path.realpath, code_of)})
for path in sorted(seen - known):
    if not os.path.realpath(path).startswith(code_of) and not path.startswith(code_of):
        print("UNSEEN", path, file=sys.stderr)
sys.exit(code)
"""


def test_everything_that_is_read_is_looked_at_again(project: Project) -> None:
    source = Path(main.__code__.co_filename).resolve().parents[1]
    done = subprocess.run(
        [sys.executable, "-c", WATCHED, *project.words()],
        cwd=project.root,
        env={**os.environ, "DEPGUARD_SOURCE": str(source)},
        capture_output=True,
        text=True,
        check=False,
    )
    unseen = [line.split(" ", 1)[1] for line in done.stderr.splitlines() if line.startswith("UNSEEN")]
    # Credentials decide nothing: what was fetched with them is looked at.
    allowed = (
        str(project.cache),
        "/proc/",
        "/dev/",
        "/etc/",
        str(Path.home() / ".netrc"),
        str(Path.home() / "_netrc"),
    )
    assert done.returncode == 0, done.stderr
    unseen = [path for path in unseen if not path.startswith(allowed) and path != str(project.cache.parent)]
    assert unseen == []


FORBIDDEN_WARM = {"urllib3", "http.client", "yaml", "rich", "zipfile", "ssl", "email", "asyncio", "html"}
FORBIDDEN_WARM |= {"bz2", "lzma", "difflib"}
FORBIDDEN_WARM |= {"depguard.parse.elf", "depguard.resolve.uv_search", "depguard.model.baseline"}
FORBIDDEN_RECALLED = FORBIDDEN_WARM | {"packaging", "resolvelib", "dataclasses", "argparse", "pathlib"}


@pytest.mark.parametrize(("recall", "forbidden"), [("0", FORBIDDEN_WARM), ("1", FORBIDDEN_RECALLED)])
def test_a_warm_plan_imports_what_it_needs(project: Project, recall: str, forbidden: set[str]) -> None:
    program = "import sys, depguard.cli.main as m; m.main(sys.argv[1:]); print(*sys.modules, file=sys.stderr)"

    def run() -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", program, *project.words()],
            cwd=project.root,
            env={**os.environ, "DEPGUARD_RECALL": recall},
            capture_output=True,
            text=True,
            check=True,
        )

    run()
    done = run()
    loaded = set(done.stderr.splitlines()[-1].split())
    assert loaded & forbidden == set()
    assert "small 1.0" in done.stdout


def test_every_module_counts_for_what_this_depguard_is() -> None:
    package = Path(depguard.__file__).parent
    told = {file.path for file in code_below(str(package))}
    assert told == {str(path) for path in package.rglob("*.py")}
