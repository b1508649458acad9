"""Snapshots as text and back, bundles, and what is taken out of them."""

from __future__ import annotations

import json
import zipfile
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from packaging.utils import canonicalize_name
from packaging.version import Version

from depguard.adapters.bundles import read_snapshot_text, write_bundle
from depguard.app.doctor import examine
from depguard.doctor.scrubbing import scrubber
from depguard.emit.doctor_json import examination_document
from depguard.errors import InputError
from depguard.model.environment import (
    ActiveSetting,
    ChangedFile,
    FolderKind,
    Installed,
    Leftover,
    LoadedModule,
    ProbeOutcome,
    ProbeResult,
    Process,
    Shadow,
    Snapshot,
    Stray,
)
from depguard.parse.snapshot_file import dump_snapshot, parse_snapshot, snapshot_document
from kit.site_packages import install, snapshot

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def full(folder: Path) -> Snapshot:
    """A snapshot in which every kind of part occurs."""
    install(folder, "numpy", "2.4.6")
    numpy = canonicalize_name("numpy")
    taken = snapshot(folder)
    changed = ChangedFile(
        path="numpy/a.so", recorded_size=3, size=4, recorded_sha256="0" * 64, sha256="1" * 64, modified=NOON
    )
    return replace(
        taken,
        distributions=(
            *taken.distributions,
            Installed(
                name=canonicalize_name("torch"),
                spelled="torch",
                version=Version("2.11.0+cu128"),
                folder=str(folder),
                info="torch-2.11.0+cu128.dist-info",
                recorded=True,
                missing=("torch/b.py",),
                changed=(changed,),
                requires=("numpy<2",),
                verified=NOON,
            ),
        ),
        leftovers=(Leftover(folder=str(folder), name="~umpy", project=numpy, version=None, modified=NOON),),
        strays=(Stray(folder=str(folder), name="x.py", module="x"),),
        shadows=(Shadow(module="numpy", path="/srv/numpy.py", kind=FolderKind.WORKING, hidden=numpy),),
        processes=(
            Process(
                pid=7, started=NOON, kernel=True, modules=(LoadedModule(module="numpy", version="2.0.2"),)
            ),
        ),
        probes=(
            ProbeResult(name="numpy.blas", project=numpy, outcome=ProbeOutcome.CRASHED, detail="SIGSEGV"),
        ),
        settings=(ActiveSetting(installer="pip", name="target", value="/srv/x", origin="PIP_TARGET"),),
        commands=(("cell [7]", "pip install captum==0.8.0"),),
        since=NOON,
    )


def test_a_snapshot_comes_back_from_its_text(tmp_path: Path) -> None:
    taken = full(tmp_path)
    text = dump_snapshot(taken)
    assert parse_snapshot(text, "here") == taken
    assert dump_snapshot(parse_snapshot(text, "here")) == text


def test_it_is_judged_elsewhere_as_here(tmp_path: Path) -> None:
    taken = full(tmp_path)
    again = parse_snapshot(dump_snapshot(taken), "here")
    one, other = (examination_document(examine(s, None, today=date(2026, 11, 22))) for s in (taken, again))
    assert one == other


def test_what_a_newer_depguard_added_is_passed_over(tmp_path: Path) -> None:
    document = snapshot_document(full(tmp_path))
    document["planets"] = 8
    document["distributions"][0]["moons"] = [1]
    assert parse_snapshot(json.dumps(document), "here") == full(tmp_path)


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("depth", "deep", "depth cannot be 'deep'"),
        ("taken", "yesterday", "taken cannot be 'yesterday'"),
        ("folders", {}, "folders is not an array"),
        ("distributions", [{"name": "numpy"}], "distributions[0].spelled is missing"),
        ("facts", {"a": 1}, "facts is not an object of strings"),
        ("commands", [["one"]], "commands[0] has 1 elements, not 2"),
        ("schema", "depguard.report/1", "not a snapshot: its schema is 'depguard.report/1'"),
    ],
)
def test_a_broken_snapshot_says_where(tmp_path: Path, key: str, value: object, said: str) -> None:
    document = snapshot_document(full(tmp_path)) | {key: value}
    with pytest.raises(InputError) as raised:
        parse_snapshot(json.dumps(document), "seen.json")
    assert raised.value.problems[0].message == said
    assert str(raised.value.problems[0].location) == "seen.json"


@pytest.mark.parametrize("name", ["bundle.zip", "bundle.json", "bundle"])
def test_a_bundle_of_either_kind_holds_its_snapshot(tmp_path: Path, name: str) -> None:
    taken = full(tmp_path / "site")
    path = tmp_path / name
    write_bundle(path, snapshot_document(taken), {"schema": "x"}, "STOP\n")
    assert parse_snapshot(read_snapshot_text(path), name) == taken
    assert zipfile.is_zipfile(path) is not name.endswith(".json")


def test_a_zip_of_something_else_is_no_bundle(tmp_path: Path) -> None:
    path = tmp_path / "other.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.txt", "a")
    with pytest.raises(InputError, match="holds no snapshot"):
        read_snapshot_text(path)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("https://ada:s3cret@example.org/simple", "https://example.org/simple"),
        ("git+https://ghp_abcdefghijklmnopqrstuvwxyz01@example.org/a.git", "git+https://example.org/a.git"),
        ("HF_TOKEN=hf_abcdefghijklmnopqrst pip install x", "HF_TOKEN=<removed> pip install x"),
        ("export MY_API_KEY='12 34'", "export MY_API_KEY=<removed>"),
        ("https://example.org/x.whl?token=abc&v=1", "https://example.org/x.whl?token=<removed>&v=1"),
        ("Authorization: Bearer abcdefgh12345678", "Authorization: Bearer <removed>"),
        ("/home/ada/lab/.venv/lib", "~/lab/.venv/lib"),
        ("/home/adamant/lab", "/home/<user>/lab"),
        ("/home/grace/lab/numpy.py", "/home/<user>/lab/numpy.py"),
        ("/scratch/lovelace/x", "/scratch/<user>/x"),
        ("sha256 " + "ab12" * 16, "sha256 " + "ab12" * 16),
        ("numpy 2.4.6: 3 files", "numpy 2.4.6: 3 files"),
    ],
)
def test_secrets_and_homes_are_taken_out(text: str, shown: str) -> None:
    scrub = scrubber("/home/ada", "lovelace")
    assert scrub({"a": [text, 1, None]}) == {"a": [shown, 1, None]}


def test_the_root_folder_is_nobodys_home() -> None:
    assert scrubber("/", "root")("/usr/lib/python3") == "/usr/lib/python3"
