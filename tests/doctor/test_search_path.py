"""Where an interpreter looks for modules: asked of real ones, and what kind each folder is."""

from __future__ import annotations

import subprocess
import sys
import venv
from pathlib import Path

import pytest

from depguard.adapters.processes import kernel_above, process, this_process
from depguard.adapters.search_path import search_path
from depguard.errors import InputError
from depguard.model.environment import Folder, FolderKind


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made(tmp_path_factory.mktemp("plain") / "venv", over=False)


@pytest.fixture(scope="module")
def over(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A virtual environment that sees its base's packages too."""
    return made(tmp_path_factory.mktemp("over") / "venv", over=True)


def made(folder: Path, *, over: bool) -> Path:
    base = Path(sys.base_prefix) / "bin" / "python3"
    if not base.exists():
        pytest.skip("the base interpreter is not where it is looked for")
    maker = venv.EnvBuilder(system_site_packages=over, with_pip=False, symlinks=True)
    maker.create(folder)
    return folder / "bin" / "python"


def kinds(python: Path, environ: dict[str, str], working: Path | None = None) -> list[tuple[FolderKind, str]]:
    return [(f.kind, f.path) for f in search_path(str(python), environ, working).folders]


def test_a_plain_virtual_environment_has_one_folder(plain: Path) -> None:
    path = search_path(str(plain), {})
    assert path.in_venv
    assert [folder.kind for folder in path.folders] == [FolderKind.SITE]
    assert path.folders[0].path.startswith(path.prefix)


def test_one_over_another_lies_before_it(over: Path) -> None:
    found = [kind for kind, _ in kinds(over, {"PYTHONNOUSERSITE": "1"})]
    assert found[:2] == [FolderKind.OVERLAY, FolderKind.SITE]


def test_pythonpath_and_the_working_directory_come_first(plain: Path, tmp_path: Path) -> None:
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_a.py").write_text("")
    (tmp_path / "test").mkdir()
    (tmp_path / "test" / "__init__.py").write_text("")
    (tmp_path / "test" / "test_b.py").write_text("")
    found = kinds(plain, {"PYTHONPATH": f"{tmp_path}/a:{tmp_path}/b"}, tmp_path)
    assert found[:4] == [
        (FolderKind.TESTS, f"{tmp_path}/tests"),
        (FolderKind.WORKING, str(tmp_path)),
        (FolderKind.ENVIRONMENT, f"{tmp_path}/a"),
        (FolderKind.ENVIRONMENT, f"{tmp_path}/b"),
    ]


def test_a_module_that_hides_the_standard_library_does_not_silence_it(plain: Path, tmp_path: Path) -> None:
    (tmp_path / "json.py").write_text("raise SystemExit('no')\n")
    assert kinds(plain, {"PYTHONPATH": str(tmp_path)})[0] == (FolderKind.ENVIRONMENT, str(tmp_path))


def test_a_folder_of_a_pth_file_is_linked(plain: Path, tmp_path: Path) -> None:
    site = Path(search_path(str(plain), {}).folders[0].path)
    link = site / "mine.pth"
    link.write_text(f"{tmp_path}\n")
    try:
        assert (FolderKind.LINKED, str(tmp_path)) in kinds(plain, {})
    finally:
        link.unlink()


def test_this_very_process_has_versions() -> None:
    seen = this_process(())
    assert {m.module: m.version for m in seen.modules}["pytest"] == pytest.__version__
    assert seen.kernel is False
    assert kernel_above() is None


def test_a_process_whose_library_is_replaced(tmp_path: Path) -> None:
    folder = tmp_path / "site"
    folder.mkdir()
    library = folder / "held.so"
    library.write_bytes(b"x" * 4096)
    program = (
        "import mmap, sys\n"
        f"file = open({str(library)!r}, 'rb')\n"
        "held = mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ)\n"
        "print(1, flush=True)\n"
        "sys.stdin.read()\n"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    folders = (Folder(path=str(folder), kind=FolderKind.SITE),)
    try:
        assert child.stdout is not None
        child.stdout.readline()
        assert process(child.pid, folders).gone == ()
        started = process(child.pid, folders).started
        assert started is not None
        library.unlink()
        library.write_bytes(b"y" * 4096)
        assert process(child.pid, folders).gone == (str(library),)
    finally:
        child.communicate("")
    with pytest.raises(InputError, match="there is no process"):
        process(child.pid, folders)
