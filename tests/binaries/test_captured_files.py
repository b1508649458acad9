"""DG103 on captured hosts: who owns which files is what their RECORDs say."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from packaging.utils import canonicalize_name

from depguard.adapters.host_store import files_path_of, read_files
from depguard.adapters.installed_files import live_file_table
from depguard.cli.main import main
from depguard.errors import InputError
from depguard.model.file_table import FileTable
from kit.wheels import build_wheel

HOUSE = canonicalize_name("House-made")
DG103 = ("DG103", "simulation")


def installed(site: Path, name: str, version: str, *files: str) -> None:
    info = site / f"{name}-{version}.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    (info / "RECORD").write_text("".join(f"{file},,7\n" for file in (*files, f"{info.name}/METADATA")))


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in front of everything else that is installed: with what is on no index."""
    folder = tmp_path / "site"
    installed(
        folder, "house_made", "1.0+lab", "house/__init__.py", "house/x.so", "house/x.pyc", "../../bin/house"
    )
    monkeypatch.setenv("PYTHONPATH", str(folder))
    return folder


def test_the_files_of_a_live_interpreter_are_named_as_a_wheel_names_them(site: Path) -> None:
    installed(site, "~gone", "1.0", "gone.py")
    table = live_file_table()
    expected = frozenset({"house/__init__.py", "house/x.so", "{scripts}/house"})
    assert table.files(HOUSE, "1.0+lab") == expected
    assert table.files(HOUSE, "1.1") is None
    assert set(table.roots[HOUSE]) == {"house", "{scripts}/house"}
    assert not any("gone" in name for name in table.roots)
    assert FileTable.load(table.dump()) == table


@pytest.mark.usefixtures("site")
def test_of_two_tables_the_first_is_believed() -> None:
    own = live_file_table()
    shipped = FileTable(
        roots={HOUSE: ("elsewhere",), canonicalize_name("other"): ("other",)}, packed={HOUSE: "not asked"}
    )
    both = own.before(shipped)
    assert both.roots[HOUSE] == own.roots[HOUSE]
    assert both.roots[canonicalize_name("other")] == ("other",)
    assert both.files(HOUSE, "1.0+lab") == own.files(HOUSE, "1.0+lab")


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"format": 1}', '{"format": 1, "roots": {}, "files": {}, "installed": "x"}']
)
def test_a_damaged_table_is_told(tmp_path: Path, text: str) -> None:
    host = tmp_path / "host.yaml"
    assert read_files(host) is None
    files_path_of(host).write_text(text)
    with pytest.raises(InputError, match=r"host.files.json is damaged"):
        read_files(host)


@pytest.mark.usefixtures("site")
def test_capture_records_the_files_and_simulate_judges_by_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["baseline", "capture", "--name", "lab/house", "-o", "host.yaml"]) == 0
    assert "wrote host.files.json, " in capsys.readouterr().err
    # From here on the captured host stands for a machine that is not at hand.
    monkeypatch.delenv("PYTHONPATH")
    (tmp_path / "depguard.yaml").write_text("schema: 1\nhosts: [host.yaml]\nprotected: {house-made: ours}\n")
    wheels = tmp_path / "wheels"
    build_wheel(wheels, "sneaky", "1.0", files={"house/x.so": b"other bytes"})
    build_wheel(wheels, "polite", "1.0", files={"polite.py": b""})
    where = ["--no-index", "--find-links", "wheels", "--cache-dir", "cache", "--format", "json"]
    assert main(["simulate", *where, "sneaky"]) == 1
    (finding,) = [
        f for f in json.loads(capsys.readouterr().out)["findings"] if (f["code"], f["about"]) == DG103
    ]
    assert finding["message"] == (
        "sneaky 1.0 would overwrite a file of house-made, which is protected: house/x.so"
    )
    assert main(["simulate", *where, "polite"]) == 0
