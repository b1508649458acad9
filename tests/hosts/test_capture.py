"""Captures of real interpreters: the probe runs in one that sees only what a test put there."""

from __future__ import annotations

import json
import os
import platform
import sys
from pathlib import Path

import pytest
from packaging.tags import sys_tags
from packaging.utils import canonicalize_name

from depguard.adapters.capture import capture, capture_here
from depguard.app.baseline_capture import captured_host
from depguard.app.baseline_host import HostFacts
from depguard.errors import InputError
from depguard.model.baseline import Baseline
from depguard.model.host import Knowledge, OriginKind
from depguard.parse.host_assembly import make_host


def install(
    site: Path, name: str, version: str, *metadata: str, files: tuple[str, ...] = (), **texts: str
) -> None:
    folder = site / f"{name}-{version}.dist-info"
    folder.mkdir(parents=True)
    lines = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}", *metadata]
    (folder / "METADATA").write_text("\n".join(lines) + "\n")
    (folder / "RECORD").write_text("".join(f"{file},,\n" for file in (*files, f"{folder.name}/METADATA")))
    for key, text in texts.items():
        (folder / key.replace("__", ".")).write_text(text)


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    return tmp_path


def test_what_is_installed_is_read_and_not_imported(site: Path) -> None:
    install(
        site,
        "Some_Thing",
        "1.0+cu128",
        "Requires-Python: >=3.8",
        "Requires-Dist: numpy>=2",
        'Requires-Dist: pytest; extra == "test"',
        "Provides-Extra: test",
        files=("some/__init__.py", "_ext.cpython-311.so", "some_data/x.txt", "alone.py", "../../bin/x"),
        INSTALLER="uv\n",
        direct_url__json=json.dumps(
            {
                "url": "https://me:secret@example.org/x/some_thing-1.0%2Bcu128-py3-none-any.whl",
                "archive_info": {},
            }
        ),
    )
    (site / "some").mkdir()
    (site / "some" / "__init__.py").write_text("raise SystemExit('imported')")
    # Since Python 3.12 files count only where they are there.
    for name in ("_ext.cpython-311.so", "alone.py"):
        (site / name).touch()
    found = {d.name: d for d in capture().distributions}[canonicalize_name("some-thing")]
    assert (found.spelled, str(found.version), found.installer) == ("Some_Thing", "1.0+cu128", "uv")
    assert found.modules == ("_ext", "alone", "some")
    assert found.origin.kind is OriginKind.URL
    assert found.origin.filename == "some_thing-1.0+cu128-py3-none-any.whl"
    assert found.requirements.how is Knowledge.CAPTURED
    assert [str(r) for r in found.requirements.requires] == ["numpy>=2", 'pytest; extra == "test"']
    assert found.requirements.extras == {"test"}
    assert "secret" not in repr(found)


def test_the_first_of_two_on_the_path_counts_as_for_python_itself(
    site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(site / "a", "thing", "1.0")
    install(site / "b", "Thing", "2.0")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(site / "a"), str(site / "b")]))
    assert {d.name: str(d.version) for d in capture().distributions}[canonicalize_name("thing")] == "1.0"


def test_a_folder_without_metadata_is_told_as_a_fact(site: Path) -> None:
    (site / "broken-1.0.dist-info").mkdir()
    assert "broken-1.0.dist-info" in capture().facts["unreadable"]


def test_lines_of_a_sitecustomize_do_no_harm(site: Path) -> None:
    (site / "sitecustomize.py").write_text("print('welcome')")
    install(site, "thing", "1.0")
    assert canonicalize_name("thing") in {d.name for d in capture().distributions}


def test_tags_and_markers_are_those_of_the_interpreter() -> None:
    baseline = capture(sys.executable)
    assert list(baseline.tags) == list(sys_tags())
    assert baseline.environment["python_full_version"] == platform.python_version()
    assert baseline.environment["platform_release"] == platform.release()
    assert len(baseline.environment) == 11
    assert baseline.loaded is None


def test_a_captured_host_knows_everything(site: Path) -> None:
    install(site, "thing", "1.0", "Requires-Dist: other")
    baseline = capture()
    file, metadata = captured_host(baseline, HostFacts(name="live"))
    host = make_host(file, metadata)
    assert host.unknown_markers == frozenset()
    assert host.markers["platform_version"] == platform.version()
    assert set(host.tags) == set(sys_tags())
    assert file.tags == (), "an ordinary CPython's tags follow from its version and platform"
    assert host.installed[canonicalize_name("thing")].requirements.how is Knowledge.CAPTURED
    assert host.facts["os"]


def test_tags_that_do_not_follow_from_the_platform_are_kept() -> None:
    baseline = capture()
    odd = Baseline(
        distributions=baseline.distributions,
        environment=baseline.environment,
        tags=baseline.tags[3:],
        platform=baseline.platform,
    )
    file, metadata = captured_host(odd, HostFacts(name="live"))
    assert file.tags == baseline.tags[3:]
    assert make_host(file, metadata).tags == baseline.tags[3:]


def test_inside_a_process_the_loaded_modules_are_known() -> None:
    loaded = capture_here().loaded
    assert loaded is not None
    assert {"pytest", "packaging"} <= loaded
    assert not {"os", "sys", "json", "__main__", "depguard"} & loaded


@pytest.mark.parametrize("name", ["no-such-python", "false"])
def test_what_is_no_interpreter(name: str) -> None:
    with pytest.raises(InputError) as caught:
        capture(name)
    assert caught.value.problems[0].code == "capture.python"
    assert caught.value.problems[0].allowed
    assert len(caught.value.problems[0].message) < 300  # ls would quote the probe's whole program
