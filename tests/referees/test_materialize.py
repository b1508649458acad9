"""Copies of hosts on disk: whole or not at all, never over what somebody else made."""

from __future__ import annotations

import json
import sys
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from packaging.version import Version

from depguard.adapters import materialize as workshop
from depguard.adapters.interpreters import Interpreter, Interpreters, probe
from depguard.app.baseline_materialize import closest, differences, export_index, materialize, uv_options
from depguard.cli.main import main
from depguard.errors import InputError, OutOfReachError
from kit.hosts import small_host

HOST = small_host({"numpy": "2.0.2", "torch": {"version": "2.11.0+cu128", "requires": ["numpy"]}})
OWN = "depguard-copy.json"


def interpreter(version: str, **fields: object) -> Interpreter:
    known: dict[str, object] = {
        "path": Path(f"python{version}"),
        "python": Version(version),
        "implementation": "cpython",
        "machine": "x86_64",
        "platform": "linux",
        "glibc": (2, 35),
    }
    return Interpreter(**{**known, **fields})  # type: ignore[arg-type]  # fields by name


def this_python() -> Interpreter:
    found = probe(Path(sys.executable))
    assert found is not None
    return found


@dataclass
class Paper:
    """A workshop that only notes what it is told to write."""

    written: list[tuple[Path, Mapping[str, object]]] = field(default_factory=list)

    def write_environment(
        self,
        directory: Path,
        python: Path,
        files: Mapping[str, bytes],
        marker: Mapping[str, object],
        *,
        force: bool,
    ) -> None:
        del python, files, force
        self.written.append((directory, marker))

    def write_wheels(
        self,
        directory: Path,
        wheels: Mapping[str, Mapping[str, bytes]],
        marker: Mapping[str, object],
        *,
        force: bool,
    ) -> None:
        del wheels, force
        self.written.append((directory, marker))


def test_the_closest_interpreter_is_taken() -> None:
    exact, near, far = interpreter("3.12.13"), interpreter("3.12.9"), interpreter("3.12.1")
    other = interpreter("3.13.13")
    assert closest(HOST, [other, far, near, exact]) is exact
    assert closest(HOST, [other, far, near]) is near
    assert closest(HOST, [other]) is other
    assert closest(HOST, [interpreter("3.12.13", implementation="pypy"), far]) is far
    assert closest(HOST, [interpreter("3.12.13", free_threaded=True), far]) is far


def test_another_python_platform_or_libc_is_said_plainly() -> None:
    assert differences(HOST, interpreter("3.12.13")) == ()
    (micro,) = differences(HOST, interpreter("3.12.1"))
    assert micro.startswith("the Python here is 3.12.1, the host's is 3.12.13")
    (minor,) = differences(HOST, interpreter("3.11.7"))
    assert "pip chooses other wheels" in minor
    (mac,) = differences(HOST, interpreter("3.12.13", platform="darwin", machine="arm64", glibc=None))
    assert mac.startswith("this machine is darwin arm64, the host linux x86_64")
    (libc,) = differences(HOST, interpreter("3.12.13", glibc=(2, 36)))
    assert libc.startswith("glibc here is 2.36, the host's is 2.35")


def test_uv_is_told_the_hosts_own_python_and_platform() -> None:
    assert uv_options(HOST) == (
        "--python-version",
        "3.12.13",
        "--python-platform",
        "x86_64-manylinux_2_35",
    )


def test_the_marker_says_of_which_host_a_folder_is() -> None:
    paper = Paper()
    made = materialize(HOST, [interpreter("3.12.1")], paper, Path("copy"))
    assert (made.distributions, str(made.python)) == (2, "3.12.1")
    assert paper.written[0][1] == {
        "format": 1,
        "kind": "environment",
        "host": "test/host",
        "host_sha256": HOST.sha256,
        "python": "3.12.1",
        "notes": list(made.notes),
    }


def test_an_environment_is_made_and_python_reads_it(tmp_path: Path) -> None:
    target = tmp_path / "deep" / "copy"
    materialize(HOST, [this_python()], workshop, target)
    own = Interpreters().named(str(_python_in(target)))
    assert own.python == this_python().python
    (folder,) = target.rglob("torch-2.11.0+cu128.dist-info")
    assert b"Requires-Dist: numpy\n" in (folder / "METADATA").read_bytes()
    assert [path.name for path in target.parent.iterdir()] == ["copy"]
    assert ".part" not in (target / "pyvenv.cfg").read_text()
    assert not list(target.rglob("[Aa]ctivate*"))


def test_a_folder_that_somebody_else_made_is_never_touched(tmp_path: Path) -> None:
    (tmp_path / "precious.txt").write_text("mine")
    for force in (False, True):
        with pytest.raises(InputError) as caught:
            export_index(HOST, workshop, tmp_path, force=force)
        assert caught.value.problems[0].code == "copy.foreign"
    assert [path.name for path in tmp_path.iterdir()] == ["precious.txt"]


def test_a_file_in_the_way_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "copy").write_text("mine")
    with pytest.raises(InputError):
        export_index(HOST, workshop, tmp_path / "copy", force=True)
    assert (tmp_path / "copy").read_text() == "mine"


def test_an_empty_folder_is_filled(tmp_path: Path) -> None:
    export_index(HOST, workshop, tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == [OWN, "torch-2.11.0+cu128-py3-none-any.whl"]


def test_an_own_folder_is_replaced_only_when_told_to(tmp_path: Path) -> None:
    target = tmp_path / "links"
    export_index(HOST, workshop, target)
    with pytest.raises(InputError) as caught:
        export_index(HOST, workshop, target)
    assert caught.value.problems[0].hint == "--force makes it again"
    (target / "left over").touch()
    export_index(HOST, workshop, target, everything=True, force=True)
    assert sorted(path.name for path in target.iterdir()) == [
        OWN,
        "numpy-2.0.2-py3-none-any.whl",
        "torch-2.11.0+cu128-py3-none-any.whl",
    ]
    assert [path.name for path in tmp_path.iterdir()] == ["links"]


def test_a_write_that_fails_leaves_nothing_and_keeps_what_was_there(tmp_path: Path) -> None:
    target = tmp_path / "links"
    export_index(HOST, workshop, target)
    before = {path.name: path.read_bytes() for path in target.iterdir()}
    with pytest.raises(OutOfReachError) as caught:
        workshop.write_wheels(target, {"no/such/folder.whl": {}}, {}, force=True)
    assert str(target) in caught.value.problems[0].message
    assert {path.name: path.read_bytes() for path in target.iterdir()} == before
    assert [path.name for path in tmp_path.iterdir()] == ["links"]


def test_the_same_host_gives_the_same_wheels(tmp_path: Path) -> None:
    export_index(HOST, workshop, tmp_path / "one", everything=True)
    export_index(HOST, workshop, tmp_path / "two", everything=True)
    one, two = ({p.name: p.read_bytes() for p in (tmp_path / n).iterdir()} for n in ("one", "two"))
    assert one == two
    with zipfile.ZipFile(tmp_path / "one" / "torch-2.11.0+cu128-py3-none-any.whl") as wheel:
        assert wheel.namelist()[-1] == "torch-2.11.0+cu128.dist-info/RECORD"
        assert wheel.testzip() is None


def test_a_python_without_venv_is_bad_input(tmp_path: Path) -> None:
    broken = tmp_path / "python"
    broken.write_text("#!/bin/sh\necho no module named venv >&2\nexit 1\n")
    broken.chmod(0o755)
    with pytest.raises(InputError) as caught:
        workshop.write_environment(tmp_path / "copy", broken, {}, {})
    assert "no module named venv" in caught.value.problems[0].message
    assert [path.name for path in tmp_path.iterdir()] == ["python"]


def test_interpreters_are_found_where_they_are_kept(tmp_path: Path) -> None:
    places = ("path", ".pyenv/versions/3.99.1/bin", "data/uv/python/cpython-3.99.2-linux/bin")
    for place, name in zip(places, ("python3.99", "python", "python"), strict=True):
        _shim(tmp_path / place / name, version=f"3.99.{len(place)}", executable=tmp_path / place / name)
    _shim(tmp_path / "broken" / "python3.99", version=None, executable=tmp_path)
    environ = {
        "PATH": f"{tmp_path / 'broken'}:{tmp_path / 'path'}",
        "XDG_DATA_HOME": str(tmp_path / "data"),
    }
    found = Interpreters(environ, home=tmp_path).at_hand("3.99")
    assert [i.python for i in found][1:] == [Version(f"3.99.{len(place)}") for place in places]


def test_what_is_no_python_is_bad_input() -> None:
    with pytest.raises(InputError):
        Interpreters().named("no-such-python")


def test_the_command_says_how_to_use_what_it_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["baseline", "materialize", "2026.07-gpu", "copy", "--interpreter", sys.executable]) == 0
    said = capsys.readouterr()
    assert said.out.startswith("wrote copy: 704 distributions of colab/2026.07-gpu, metadata only, under")
    assert "uv pip install --python copy --python-version 3.12.13" in said.out
    marker = json.loads((tmp_path / "copy" / OWN).read_text())
    assert marker["host"] == "colab/2026.07-gpu"
    assert said.err.splitlines() == [f"note: {note}" for note in marker["notes"]]
    assert main(["baseline", "export-index", "2026.07-gpu", "links"]) == 0
    assert "--find-links links" in capsys.readouterr().out
    assert main(["baseline", "export-index", "2026.07-gpu", "links"]) == 2
    assert "--force" in capsys.readouterr().err


def _python_in(environment: Path) -> Path:
    return environment / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")


def _shim(path: Path, *, version: str | None, executable: Path) -> None:
    said = {
        "executable": str(executable),
        "python": version,
        "implementation": "cpython",
        "machine": "x86_64",
        "platform": "linux",
        "libc": "glibc 2.35",
        "threaded": False,
    }
    path.parent.mkdir(parents=True)
    path.write_text(f"#!/bin/sh\necho '{json.dumps(said)}'\n" if version else "#!/bin/sh\nexit 127\n")
    path.chmod(0o755)
