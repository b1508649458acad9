"""Every kind of damage, really made, on real numpy, scipy and pandas by a real pip.

Found with the right code and way out, and nothing invented. Each row starts from a copy of a healthy
environment and goes through the command line.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from depguard.cli.main import main
from kit.real_venvs import Venv, Venvs, recorded_sha256

pytestmark = [pytest.mark.network, pytest.mark.referee]

NEW, OLD = "2.4.6", "2.2.6"
SUPPORTED = ("1.26.4", "2.0.2", "2.1.3", "2.2.6", "2.3.5", "2.4.6")


@pytest.fixture(scope="module")
def stack(venvs: Venvs) -> Venv:
    return venvs.make(f"numpy=={NEW}", "scipy", "pandas")


@pytest.fixture(scope="module")
def healthy(venvs: Venvs) -> Venv:
    return venvs.make(f"numpy=={NEW}", "pip")


@pytest.fixture(scope="module")
def older(venvs: Venvs) -> Venv:
    return venvs.make(f"numpy=={OLD}")


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty working directory, and a cache without memories."""
    empty = tmp_path / "empty"
    empty.mkdir()
    monkeypatch.chdir(empty)
    monkeypatch.setenv("DEPGUARD_CACHE_DIR", str(tmp_path / "cache"))


@pytest.fixture
def venv(healthy: Venv, tmp_path: Path) -> Iterator[Venv]:
    """A copy to be damaged."""
    copy = healthy.copy_to(tmp_path / "damaged")
    yield copy
    shutil.rmtree(copy.folder)


def doctor(venv: Venv, capsys: pytest.CaptureFixture[str], *options: str) -> dict[str, Any]:
    code = main(["doctor", "--python", str(venv.python), "--format", "json", *options])
    document: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert code == (0 if document["verdict"] == "safe" else 1)
    return document


def found(document: dict[str, Any]) -> list[tuple[str, str, str]]:
    return [(f["code"], f["severity"], f["package"]) for f in document["findings"]]


def begin_anew(document: dict[str, Any]) -> None:
    """The way out is a fresh environment, and never a reinstall."""
    assert document["remedy"]["kind"] == "begin-anew"
    assert "venv --clear" in document["remedy"]["do"][0]
    assert not any("reinstall" in line for line in document["remedy"]["do"])


@pytest.mark.parametrize("version", SUPPORTED)
def test_a_clean_numpy_gives_nothing(venvs: Venvs, version: str, capsys: pytest.CaptureFixture[str]) -> None:
    clean = venvs.make(f"numpy=={version}")
    document = doctor(clean, capsys, "--full")
    assert (document["verdict"], document["findings"]) == ("safe", [])
    assert [probe["outcome"] for probe in document["probes"]] == ["passed"] * 5
    shutil.rmtree(clean.folder)


def test_a_clean_stack_gives_nothing_and_a_flipped_byte_in_it_is_found(
    stack: Venv, capsys: pytest.CaptureFixture[str]
) -> None:
    document = doctor(stack, capsys)
    assert (document["verdict"], document["findings"], document["remedy"]) == ("safe", [], None)
    assert {probe["name"]: probe["outcome"] for probe in document["probes"]} == {
        "numpy.import": "passed",
        "numpy.structs": "passed",
        "numpy.blas": "passed",
        "numpy.lapack": "passed",
        "numpy.random": "passed",
        "scipy.numpy": "passed",
        "pandas.numpy": "passed",
    }
    for project in ("scipy", "pandas"):
        library = max((stack.site / project).rglob("*.so"), key=lambda path: path.stat().st_size)
        flip(library)
        document = doctor(stack, capsys, "--fast")
        assert found(document) == [("DG903", "error", project)]
        assert any("depguard looked" in line for line in document["findings"][0]["because"])
        begin_anew(document)
        flip(library)
        assert doctor(stack, capsys, "--fast")["findings"] == []


def test_a_crash_is_a_finding(stack: Venv, capsys: pytest.CaptureFixture[str]) -> None:
    """Recorded as it is, and it takes the process with it: only a probe shows that."""
    entry = stack.site / "pandas" / "__init__.py"
    record = next(stack.site.glob("pandas-*.dist-info")) / "RECORD"
    before = {path: path.read_bytes() for path in (entry, record)}
    try:
        entry.write_text("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)\n")
        record_anew(stack, record, entry)
        document = doctor(stack, capsys)
    finally:
        for path, content in before.items():
            path.write_bytes(content)
    assert found(document) == [("DG908", "error", "pandas")]
    assert "SIGSEGV" in document["findings"][0]["message"]
    assert document["remedy"]["kind"] == "look"


def test_pip_killed_after_it_uninstalled(venv: Venv, older: Venv, capsys: pytest.CaptureFixture[str]) -> None:
    wheel = older.wheel_of("numpy", venv.folder)
    venv.pip_killed(venv.site / "numpy", 1, "install", "--no-deps", "--no-index", str(wheel))
    assert {path.name for path in venv.site.glob("~*")} >= {"~umpy", f"~umpy-{NEW}.dist-info"}
    document = doctor(venv, capsys, "--fast")
    assert found(document) == [("DG901", "error", "numpy")]
    assert NEW in document["findings"][0]["message"]
    begin_anew(document)


def test_pip_killed_in_mid_copy(venv: Venv, older: Venv, capsys: pytest.CaptureFixture[str]) -> None:
    wheel = older.wheel_of("numpy", venv.folder)
    venv.pip_killed(venv.site / "numpy", 300, "install", "--no-deps", "--no-index", str(wheel))
    document = doctor(venv, capsys, "--fast")
    assert found(document) == [("DG901", "error", "numpy"), ("DG905", "error", "numpy")]
    begin_anew(document)


def test_two_metadata_folders(venv: Venv, older: Venv, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copytree(older.site / f"numpy-{OLD}.dist-info", venv.site / f"numpy-{OLD}.dist-info")
    document = doctor(venv, capsys, "--full")
    assert found(document) == [("DG904", "error", "numpy")]
    begin_anew(document)


def test_a_deleted_file(venv: Venv, capsys: pytest.CaptureFixture[str]) -> None:
    next((venv.site / "numpy" / "linalg").glob("_umath_linalg*.so")).unlink()
    document = doctor(venv, capsys, "--no-probes")
    assert found(document) == [("DG902", "error", "numpy")]
    begin_anew(document)


def test_an_old_library_left_inside(venv: Venv, older: Venv, capsys: pytest.CaptureFixture[str]) -> None:
    old = next((older.site / "numpy.libs").glob("*openblas*"))
    shutil.copy2(old, venv.site / "numpy.libs" / f"old-{old.name}")
    document = doctor(venv, capsys, "--fast")
    assert found(document) == [("DG905", "error", "numpy")]
    begin_anew(document)


def test_one_version_copied_over_another(venv: Venv, older: Venv, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("numpy", "numpy.libs"):
        shutil.copytree(older.site / name, venv.site / name, dirs_exist_ok=True)
    document = doctor(venv, capsys)
    assert found(document) == [("DG905", "error", "numpy")]
    assert f"its source says it is {OLD}" in document["findings"][0]["message"]
    begin_anew(document)


def test_a_flipped_byte(venv: Venv, capsys: pytest.CaptureFixture[str]) -> None:
    library = max((venv.site / "numpy").rglob("*.so"), key=lambda path: path.stat().st_size)
    flip(library)
    document = doctor(venv, capsys, "--no-probes")
    assert found(document) == [("DG903", "error", "numpy")]
    assert "the same size, sha256" in document["findings"][0]["because"][0]
    begin_anew(document)


def test_a_downgrade_under_a_running_process(
    venv: Venv, older: Venv, capsys: pytest.CaptureFixture[str]
) -> None:
    child = venv.start("import numpy, sys; print(numpy.__version__, flush=True); sys.stdin.read()")
    try:
        wheel = older.wheel_of("numpy", venv.folder)
        done = venv.pip("install", "--no-deps", "--no-index", str(wheel))
        assert done.returncode == 0, done.stderr
        document = doctor(venv, capsys, "--pid", str(child.pid), "--no-probes")
    finally:
        child.kill()
        child.communicate()
    assert found(document) == [("DG907", "error", "numpy")]
    assert f"on disk is {OLD} now" in document["findings"][0]["message"]
    # The disk is whole, so a restart is enough.
    assert document["remedy"]["kind"] == "restart"
    assert document["remedy"]["do"][0] == f"Restart the process {child.pid}."


def test_a_healthy_process_gives_nothing(venv: Venv, capsys: pytest.CaptureFixture[str]) -> None:
    child = venv.start("import numpy, sys; print(1, flush=True); sys.stdin.read()")
    try:
        document = doctor(venv, capsys, "--pid", str(child.pid), "--no-probes")
    finally:
        child.kill()
        child.communicate()
    assert document["findings"] == []


def test_a_module_in_the_working_directory(venv: Venv, capsys: pytest.CaptureFixture[str]) -> None:
    Path("numpy.py").write_text("")
    document = doctor(venv, capsys)
    assert found(document) == [("DG906", "error", "numpy")]
    assert document["remedy"]["kind"] == "move-aside"
    assert document["remedy"]["do"] == ["Rename numpy.py, or start from another folder."]


def test_a_folder_without_init_is_harmless(venv: Venv, capsys: pytest.CaptureFixture[str]) -> None:
    Path("numpy").mkdir()
    Path("numpy/notes.txt").write_text("")
    assert doctor(venv, capsys)["findings"] == []
    where = venv.run("import os, sys; sys.path.insert(0, os.getcwd()); import numpy; print(numpy.__file__)")
    assert where.startswith(str(venv.site))


def test_a_folder_of_pythonpath_with_another_numpy(
    healthy: Venv, older: Venv, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """PYTHONPATH comes first: what it holds is taken, and said so."""
    monkeypatch.setenv("PYTHONPATH", str(older.site))
    document = doctor(healthy, capsys, "--no-probes")
    assert found(document) == [("DG906", "error", "numpy")]
    assert document["remedy"]["do"] == ["Take the folder out of PYTHONPATH."]
    assert healthy.run("import numpy; print(numpy.__version__)") == OLD


TORCH = os.environ.get("DEPGUARD_TEST_TORCH")


@pytest.mark.skipif(
    TORCH is None, reason="DEPGUARD_TEST_TORCH names no Python that has torch: gigabytes otherwise"
)
def test_torch_whole_and_damaged(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert TORCH is not None
    whole = Venv(Path(TORCH).parent.parent)
    document = doctor(whole, capsys)
    assert document["findings"] == []
    outcomes = {probe["name"]: probe["outcome"] for probe in document["probes"]}
    assert {outcomes[f"torch.{name}"] for name in ("import", "numpy", "checkpoint")} == {"passed"}
    venv = whole.copy_to(tmp_path / "damaged")
    flip(venv.site / "torch" / "lib" / "libtorch_python.so")
    assert found(doctor(venv, capsys, "--no-probes")) == [("DG903", "error", "torch")]


def record_anew(venv: Venv, record: Path, path: Path) -> None:
    """RECORD says what the file is now: as if it had come that way."""
    relative = path.relative_to(venv.site).as_posix()
    content = path.read_bytes()
    lines = [
        f"{relative},sha256={recorded_sha256(content)},{len(content)}"
        if line.startswith(f"{relative},")
        else line
        for line in record.read_text().splitlines()
    ]
    record.write_text("\n".join(lines) + "\n")


def flip(path: Path) -> None:
    """One bit in the middle; the time of the file moves, as it does."""
    with path.open("r+b") as stream:
        stream.seek(path.stat().st_size // 2)
        byte = stream.read(1)
        stream.seek(-1, os.SEEK_CUR)
        stream.write(bytes([byte[0] ^ 1]))
