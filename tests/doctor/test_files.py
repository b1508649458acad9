"""Damage made by hand in small distributions, and the finding that names it: no more and no less."""

from __future__ import annotations

import os
import shutil
from datetime import date
from pathlib import Path

import pytest

from depguard.app.doctor import examine
from depguard.model.environment import Depth, FolderKind, Snapshot
from depguard.model.examination import WayOutKind
from depguard.model.finding import Finding, Verdict
from depguard.model.policy import Policy, Protected, Severity
from kit.site_packages import install, snapshot

POLICY = Policy(
    name="lab",
    protected=(
        Protected(pattern="numpy", reason="C ABI"),
        Protected(pattern="torch", reason="CUDA", family=("nvidia-*",)),
    ),
    tiers={},
    rules={},
)
NATIVE = "numpy/_native.cpython-311-x86_64-linux-gnu.so"


def judged(taken: Snapshot) -> tuple[Finding, ...]:
    return examine(taken, POLICY, today=date(2026, 11, 22)).findings


def told(taken: Snapshot) -> list[tuple[str, str, str]]:
    return [(f.code, f.severity.value, f.package) for f in judged(taken)]


@pytest.fixture
def site(tmp_path: Path) -> Path:
    folder = tmp_path / "site-packages"
    install(folder, "numpy", "2.4.6")
    install(folder, "einops", "0.8.1")
    return folder


@pytest.mark.parametrize("depth", list(Depth))
def test_what_is_whole_gives_nothing(site: Path, depth: Depth) -> None:
    taken = snapshot(site, depth=depth)
    assert told(taken) == []
    assert examine(taken, POLICY, today=date(2026, 11, 22)).verdict is Verdict.SAFE
    assert {item.name: item.files for item in taken.distributions} == {"einops": 7, "numpy": 7}


def test_a_missing_file(site: Path) -> None:
    (site / NATIVE).unlink()
    assert told(snapshot(site, depth=Depth.FAST)) == [("DG902", "error", "numpy")]
    (found,) = judged(snapshot(site))
    assert NATIVE in found.message


def test_a_missing_file_of_something_unprotected_is_a_warning(site: Path) -> None:
    (site / "einops/core.py").unlink()
    assert told(snapshot(site)) == [("DG902", "warning", "einops")]


def test_tests_taken_out_of_an_image_are_a_note(site: Path) -> None:
    shutil.rmtree(site / "numpy/tests")
    assert told(snapshot(site)) == [("DG902", "note", "numpy")]


def test_a_flipped_byte_shows_only_in_the_hashes(site: Path) -> None:
    flip(site / NATIVE)
    assert told(snapshot(site, depth=Depth.FAST)) == []
    assert told(snapshot(site, depth=Depth.NORMAL)) == [("DG903", "error", "numpy")]
    (found,) = judged(snapshot(site, depth=Depth.FULL))
    assert "the same size, sha256" in found.because[0]


def test_a_flipped_byte_after_a_look_shows_in_the_next_fast_one(site: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    assert told(snapshot(site, depth=Depth.FAST, cache=cache)) == []
    flip(site / NATIVE)
    (found,) = judged(snapshot(site, depth=Depth.FAST, cache=cache))
    assert (found.code, found.package) == ("DG903", "numpy")
    assert any("depguard looked" in line for line in found.because)
    assert told(snapshot(site, depth=Depth.FAST, cache=cache)) == [("DG903", "error", "numpy")]


def test_what_was_verified_and_not_touched_is_not_read_again(site: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    snapshot(site, depth=Depth.NORMAL, cache=cache)
    target = site / NATIVE
    before = target.stat()
    content = bytearray(target.read_bytes())
    content[100] ^= 1
    with target.open("r+b") as stream:
        stream.write(content)
    os.utime(target, ns=(before.st_atime_ns, before.st_mtime_ns))
    # By size, time and inode it is the same file: only a full look reads it.
    assert told(snapshot(site, depth=Depth.NORMAL, cache=cache)) == []
    assert told(snapshot(site, depth=Depth.FULL, cache=cache)) == [("DG903", "error", "numpy")]


def test_changed_certificates_are_a_note(site: Path) -> None:
    install(site, "certifi", "2026.1.1", {"certifi/__init__.py": b"", "certifi/cacert.pem": b"A"})
    (site / "certifi/cacert.pem").write_bytes(b"A and our own")
    assert told(snapshot(site)) == [("DG903", "note", "certifi")]


def test_what_installers_rewrite_is_no_change(site: Path) -> None:
    (site / "numpy-2.4.6.dist-info/INSTALLER").write_bytes(b"uv\n")
    assert told(snapshot(site)) == []


def test_an_old_library_left_inside(site: Path) -> None:
    (site / "numpy/_old.so").write_bytes(b"\x7fELF")
    assert told(snapshot(site, depth=Depth.FAST)) == [("DG905", "error", "numpy")]


def test_what_builds_at_run_time_is_left_alone_elsewhere(site: Path) -> None:
    (site / "einops/_built.so").write_bytes(b"\x7fELF")
    (site / "numpy/__pycache__").mkdir()
    (site / "numpy/__pycache__/core.cpython-311.pyc").write_bytes(b"x")
    assert told(snapshot(site)) == []


def test_one_version_copied_over_another(site: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    install(other, "numpy", "2.2.6")
    (other / "numpy/gone_since.py").write_bytes(b"y = 2\n")
    shutil.copytree(other / "numpy", site / "numpy", dirs_exist_ok=True)
    (found,) = judged(snapshot(site, depth=Depth.FAST))
    assert (found.code, found.severity) == ("DG905", Severity.ERROR)
    assert "its source says it is 2.2.6" in found.message


def test_two_metadata_folders_and_nothing_that_follows(site: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    install(other, "numpy", "2.2.6")
    shutil.copytree(other, site, dirs_exist_ok=True)
    (site / NATIVE).unlink()
    assert told(snapshot(site)) == [("DG904", "error", "numpy")]


def test_a_killed_pip_that_took_the_package_with_it(site: Path) -> None:
    (site / "numpy").rename(site / "~umpy")
    (site / "numpy-2.4.6.dist-info").rename(site / "~umpy-2.4.6.dist-info")
    taken = snapshot(site)
    (found,) = judged(taken)
    assert (found.code, found.severity, found.package) == ("DG901", Severity.ERROR, "numpy")
    assert "numpy 2.4.6" in found.message
    assert [(left.name, str(left.version)) for left in taken.leftovers] == [
        ("~umpy", "None"),
        ("~umpy-2.4.6.dist-info", "2.4.6"),
    ]


def test_a_killed_copy(site: Path) -> None:
    (site / "numpy").rename(site / "~umpy")
    (site / "numpy-2.4.6.dist-info").rename(site / "~umpy-2.4.6.dist-info")
    (site / "numpy").mkdir()
    (site / "numpy/__init__.py").write_bytes(b"")
    assert told(snapshot(site)) == [("DG901", "error", "numpy"), ("DG905", "error", "numpy")]


def test_a_leftover_beside_a_healthy_package_is_a_warning(site: Path) -> None:
    shutil.copytree(site / "numpy", site / "~umpy")
    assert told(snapshot(site)) == [("DG901", "warning", "numpy")]


def test_a_namespace_folder_belongs_to_all_that_record_it(site: Path) -> None:
    for name in ("nvidia-cublas", "nvidia-cudnn"):
        part = name.removeprefix("nvidia-")
        install(site, name, "12.1", {f"nvidia/{part}/lib/lib{part}.so.9": b"\x7fELF"})
    assert told(snapshot(site)) == []
    (site / "nvidia/cudnn/lib/libcudnn_old.so.8").write_bytes(b"\x7fELF")
    assert told(snapshot(site)) == [("DG905", "error", "nvidia-cublas")]


def test_a_stray_package_is_a_note(site: Path) -> None:
    (site / "homemade").mkdir()
    (site / "homemade/__init__.py").write_bytes(b"")
    assert told(snapshot(site)) == [("DG905", "note", "homemade")]


def test_the_systems_own_packages_are_not_judged_by_record(site: Path, tmp_path: Path) -> None:
    system = tmp_path / "dist-packages"
    install(system, "torch", "1.0")
    (system / "torch/core.py").unlink()
    assert told(snapshot(site, system, kinds=(FolderKind.SITE, FolderKind.SYSTEM))) == []


def test_what_conda_installed_is_not_judged_by_record_but_what_pip_did_is(tmp_path: Path) -> None:
    (tmp_path / "conda-meta").mkdir()
    site = tmp_path / "site-packages"
    for name, installer in (("numpy", "conda"), ("torch", "pip")):
        install(site, name, "1.0", installer=installer)
        (site / name / "core.py").write_bytes(b"prefix replaced")
    assert told(snapshot(site, prefix=tmp_path)) == [("DG903", "error", "torch")]


def test_only_the_protected_are_looked_at_when_asked(site: Path) -> None:
    (site / "einops/core.py").unlink()
    assert told(snapshot(site, only_protected=True)) == []


def test_the_way_out_of_a_damaged_disk_is_never_a_reinstall(site: Path) -> None:
    flip(site / NATIVE)
    remedy = examine(snapshot(site), POLICY, today=date(2026, 11, 22)).remedy
    assert remedy is not None
    assert remedy.kind is WayOutKind.BEGIN_ANEW
    assert remedy.do == ("Recreate the environment: python -m venv --clear /srv/lab; install as before.",)
    assert remedy.dont[0].startswith("reinstall numpy by hand")


def flip(path: Path) -> None:
    """One byte, by way of a new time."""
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(bytes(content))
    os.utime(path, (path.stat().st_atime, path.stat().st_mtime + 60))


def test_half_an_install_has_no_record_yet(site: Path) -> None:
    """Wheels may have their metadata first: pip was killed between that and the rest."""
    (site / "numpy").rename(site / "~umpy")
    (site / "numpy-2.4.6.dist-info").rename(site / "~umpy-2.4.6.dist-info")
    install(site, "numpy", "2.2.6", {"numpy/__init__.py": b""}, record=False)
    assert told(snapshot(site)) == [("DG901", "error", "numpy"), ("DG905", "error", "numpy")]


def test_a_protected_package_without_a_record_cannot_be_vouched_for(tmp_path: Path) -> None:
    install(tmp_path, "numpy", "2.2.6", record=False)
    install(tmp_path, "einops", "0.8.1", record=False)
    assert told(snapshot(tmp_path)) == [("DG902", "error", "numpy")]
