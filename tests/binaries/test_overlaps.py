"""DG103: wheels that ship files which another distribution of the host owns."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from packaging.utils import canonicalize_name

from depguard.adapters.shipped import shipped_file_table, shipped_hosts
from depguard.cli.main import main
from depguard.model.file_table import FileTable, pack_lists, roots_of, unpack_lists
from kit.hosts import host_text
from kit.wheels import build_wheel

HOST = host_text(
    {"numpy": "2.0.2", "opencv-python-headless": "4.12", "nvidia-cublas-cu12": "12.8", "made-here": "1.0"}
)
Run = Callable[..., tuple[int, list[dict[str, Any]]]]


@pytest.fixture
def wheels(tmp_path: Path) -> Path:
    folder = tmp_path / "wheels"
    cv2 = {"cv2/__init__.py": b"import cv2.cv2", "cv2/cv2.abi3.so": b"headless", "cv2/data.xml": b"<same/>"}
    build_wheel(folder, "opencv-python-headless", "4.12", files=cv2)
    build_wheel(
        folder, "opencv-python", "4.12", files={**cv2, "cv2/cv2.abi3.so": b"with windows", "cv2/qt.so": b""}
    )
    build_wheel(folder, "sneaky", "1.0", files={"sneaky.py": b"", "numpy/_core/__init__.py": b"evil = 1\n"})
    build_wheel(folder, "planter", "1.0", files={"numpy/planted.py": b""})
    build_wheel(
        folder, "nvidia-curand-cu12", "10", files={"nvidia/__init__.py": b"", "nvidia/curand/lib/x.so": b"1"}
    )
    build_wheel(
        folder, "nvidia-cublas-cu12", "12.8", files={"nvidia/__init__.py": b"", "nvidia/cublas/lib/y.so": b""}
    )
    build_wheel(folder, "scripted", "1.0", files={"scripted-1.0.data/scripts/f2py": b"#!python\n"})
    build_wheel(
        folder, "taker", "1.0", files={"made_here/__init__.py": b"x = 1\n" * 100, "made_here/more.py": b""}
    )
    return folder


@pytest.fixture
def run(
    wheels: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Run:
    """Simulate an install on the host; gives the exit code and the DG103 findings."""
    (tmp_path / "host.yaml").write_text(HOST)
    (tmp_path / "depguard.yaml").write_text("schema: 1\nhosts: [host.yaml]\nprotected: {numpy: C ABI}\n")
    monkeypatch.chdir(tmp_path)

    def simulate(*packages: str) -> tuple[int, list[dict[str, Any]]]:
        where = ["--no-index", "--find-links", str(wheels), "--cache-dir", str(tmp_path / "cache")]
        code = main(["simulate", *where, "--format", "json", *packages])
        findings = json.loads(capsys.readouterr().out)["findings"]
        return code, [f for f in findings if f["code"] == "DG103" and f["about"] == "simulation"]

    return simulate


def test_a_package_that_ships_the_same_files_is_a_warning_with_the_files(run: Run) -> None:
    code, (finding,) = run("opencv-python")
    assert code == 0
    assert finding["severity"] == "warning"
    # cv2/data.xml and cv2/__init__.py are the same bytes.
    assert finding["message"] == (
        "opencv-python 4.12 would overwrite a file of opencv-python-headless: cv2/cv2.abi3.so"
    )


def test_a_protected_file_that_would_be_overwritten_refuses(run: Run) -> None:
    code, (finding,) = run("sneaky")
    assert code == 1
    assert finding["severity"] == "error"
    assert finding["message"] == (
        "sneaky 1.0 would overwrite a file of numpy, which is protected: numpy/_core/__init__.py"
    )
    assert finding["hint"] == "one of the two: sneaky or numpy, not both"


def test_a_file_more_in_a_protected_folder_is_a_warning(run: Run) -> None:
    code, (finding,) = run("planter")
    assert code == 0
    assert "would put a file into numpy's folders, which is protected: numpy/planted.py" in finding["message"]


def test_a_script_of_a_protected_package_counts(run: Run) -> None:
    code, (finding,) = run("scripted")
    assert (code, finding["severity"]) == (1, "error")
    assert "{scripts}/f2py" in finding["message"]


def test_a_shared_namespace_is_no_finding(run: Run) -> None:
    assert run("nvidia-curand-cu12") == (0, [])


def test_where_the_owners_files_are_not_known_it_may_be(run: Run) -> None:
    code, (finding,) = run("taker")
    assert code == 0
    assert "would put a file into made-here's folders: made_here/more.py" in finding["message"]


def test_two_wheels_that_come_in_together_are_held_against_each_other(run: Run, wheels: Path) -> None:
    build_wheel(wheels, "other-cv", "1.0", files={"ocv/a.so": b"1"})
    build_wheel(wheels, "own-cv", "1.0", files={"ocv/a.so": b"2"})
    _, (finding,) = run("other-cv", "own-cv")
    assert finding["message"] == "own-cv 1.0 would overwrite a file of other-cv: ocv/a.so"


@pytest.mark.parametrize(
    ("files", "roots"),
    [
        ({"six.py": 9, "six-1.dist-info/METADATA": 9}, ("six.py",)),
        ({"numpy/__init__.py": 9000, "numpy/a/b.py": 1, "numpy.libs/x.so": 1}, ("numpy", "numpy.libs")),
        ({"google/cloud/a/__init__.py": 999, "google/cloud/x/y.py": 1}, ("google/cloud/a", "google/cloud/x")),
        ({"nvidia/__init__.py": 0, "nvidia/nvtx/lib/x.so": 1}, ("nvidia/nvtx/lib",)),
        ({"{scripts}/run": 1, "{data}/share/x/y": 1}, ("{data}/share/x", "{scripts}/run")),
    ],
)  # fmt: skip
def test_roots_are_as_high_up_as_they_are_the_projects_own(
    files: dict[str, int], roots: tuple[str, ...]
) -> None:
    assert roots_of(files.items()) == roots


def test_packed_lists_come_back() -> None:
    lists = {"1.0": ["a/b.py", "a/c.py", "é.py"], "1.1": ["a/b.py", "z"]}
    assert unpack_lists(pack_lists(lists)) == {v: frozenset(paths) for v, paths in lists.items()}
    with pytest.raises(ValueError, match="packed"):
        unpack_lists("nothing")


def test_a_table_comes_back() -> None:
    numpy = canonicalize_name("numpy")
    table = FileTable(roots={numpy: ("numpy",)}, packed={numpy: pack_lists({"2.0": ["numpy/a.py"]})})
    again = FileTable.load(table.dump())
    assert again == table
    assert again.files(numpy, "2.0") == frozenset({"numpy/a.py"})
    assert again.files(numpy, "1.0") is None
    with pytest.raises(ValueError, match="format"):
        FileTable.load('{"format": 0}')


def test_the_shipped_table_knows_the_protected_and_is_small() -> None:
    table = shipped_file_table()
    assert table is not None
    assert (shipped_hosts() / "files.json").stat().st_size < 300_000
    files = table.files(canonicalize_name("numpy"), "2.0.2")
    assert files is not None
    assert "numpy/_core/__init__.py" in files
    torch = table.files(canonicalize_name("torch"), "2.11.0+cu128")
    assert torch is not None
    assert len(torch) > 5000
    assert table.roots[canonicalize_name("opencv-python")] == ("cv2", "opencv_python.libs")
