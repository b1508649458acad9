from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from depguard.cli.main import main
from kit.elf import MARKS, build_elf
from kit.loopback import Loopback
from kit.wheels import build_wheel

TAG = "cp311-cp311-manylinux_2_17_x86_64"


@pytest.fixture
def served(tmp_path: Path) -> Path:
    folder = tmp_path / "wheels"
    files = {"old/_c.so": build_elf(data=MARKS["old"], versions={"libc.so.6": ["GLIBC_2.17"]})}
    build_wheel(folder, "old", "1.0", tag=TAG, files={**files, "old/big.bin": bytes(1 << 20)}, compression=0)
    build_wheel(folder, "old", "1.0", tag="cp310-cp310-win_amd64", files={})
    build_wheel(folder, "new", "1.0", tag=TAG, files={"new/_c.so": build_elf(data=MARKS["new"])})
    return folder


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    code = main(["abi", *words])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_wheels_of_an_index_are_judged_for_a_host(
    served: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["old==1.0", "new==1.0", "--host", "2025.07-gpu", "--cache-dir", str(tmp_path / "cache")]
    with Loopback(served) as index:
        code, out, _ = run(capsys, *words, "-i", index.url)
        asked = len(index.requests)
        again, _, notes = run(capsys, *words, "-i", index.url, "-v")
        only_pages = {a.path for a in index.requests[asked:] if not a.path.startswith("/simple/")}
    assert (code, again) == (1, 1)
    assert "BLOCKED  old-1.0-cp311" in out
    assert "cannot run on NumPy 2.0.2  [DG301]" in out
    assert "FITS  new-1.0-cp311" in out
    assert only_pages == set()
    assert "0.0 MB" in notes


def test_only_a_part_of_a_wheel_is_fetched(
    served: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with Loopback(served, json=True) as index:
        words = ["old==1.0", "--host", "2025.07-gpu", "--format", "json"]
        _, out, _ = run(capsys, *words, "-i", index.url, "--cache-dir", str(tmp_path / "cache"))
    (subject,) = json.loads(out)["subjects"]
    assert subject["fetched"] < 200_000


def test_a_path_is_told_without_judgement_where_nothing_is_asked(
    served: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, _ = run(capsys, str(next(served.glob("old*cp311*.whl"))))
    assert code == 0
    assert "NumPy 1 headers (1 file)" in out
    assert "glibc      2.17" in out or "glibc  2.17" in out
    assert "Nothing to judge against" in out
    assert "BLOCKED" not in out


def test_a_folder_and_a_shared_object(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "_c.so").write_bytes(build_elf(data=MARKS["cython old"]))
    code, out, _ = run(
        capsys, str(tmp_path / "x"), str(tmp_path / "x" / "_c.so"), "--numpy", "2.1", "--format", "json"
    )
    data: Any = json.loads(out)
    assert code == 1
    assert [s["fit"] for s in data["subjects"]] == ["blocked", "blocked"]
    assert data["against"]["numpy"] == "2.1"


def test_an_installed_torch_is_what_is_judged_against(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    torch = tmp_path / "site" / "torch"
    (torch / "lib").mkdir(parents=True)
    (torch / "version.py").write_text("__version__ = '2.13.0+cpu'\ncuda: Optional[str] = None\n")
    (torch / "lib" / "libtorch.so").write_bytes(build_elf(defined=["_ZN2at4hereE"], soname="libtorch.so"))
    good, bad, cuda = (tmp_path / f"{name}.so" for name in ("good", "bad", "cuda"))
    good.write_bytes(build_elf(undefined=["_ZN2at4hereE"], needed=["libtorch.so"]))
    bad.write_bytes(build_elf(undefined=["_ZN2at4goneE"], needed=["libtorch.so"]))
    cuda.write_bytes(build_elf(needed=["libtorch_cuda.so"]))
    code, out, _ = run(capsys, str(good), str(bad), str(cuda), "--torch", str(tmp_path / "site"))
    assert code == 1
    assert out.startswith("FITS  good.so")
    assert "needs a symbol that torch 2.13.0+cpu does not have, such as _ZN2at4goneE  [DG302]" in out
    assert "needs libtorch_cuda.so, which torch 2.13.0+cpu does not have  [DG302]" in out


def test_what_is_no_wheel_is_unknown_and_fails(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "x.whl").write_bytes(b"PK, not really")
    code, out, _ = run(capsys, str(tmp_path / "x.whl"))
    assert code == 1
    assert "UNKNOWN  x.whl" in out
    assert "the wheel is damaged" in out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["nothing-here"], "nothing-here is not there"),
        (["x==not.a.version"], "not a version"),
        (["x.so", "--numpy", "two"], "not a version"),
        (["x.so", "--torch", "."], "has no torch"),
    ],
)
def test_mistakes_are_told(
    words: list[str],
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "x.so").write_bytes(build_elf())
    code, _, err = run(capsys, *words)
    assert code == 2
    assert said in err


def test_a_release_without_a_fitting_wheel_lists_those_it_has(
    served: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with Loopback(served) as index:
        words = ["old==1.0", "--host", "2026.08-gpu", "-i", index.url, "--cache-dir", str(tmp_path / "cache")]
        code, _, err = run(capsys, *words)
    assert code == 2
    assert "old-1.0-cp310-cp310-win_amd64.whl" in err
