"""Before and after an install: every byte of what is protected."""

from __future__ import annotations

from pathlib import Path

from depguard.adapters.snapshot import bytes_of
from depguard.doctor.byte_changes import byte_changes
from kit.site_packages import install, path_of, protected


def test_the_same_bytes_are_no_change_and_each_difference_is_named(tmp_path: Path) -> None:
    install(tmp_path, "numpy", "2.4.6")
    install(tmp_path, "torch", "2.13.0")
    install(tmp_path, "einops", "0.8.1")
    path = path_of(tmp_path)
    before = bytes_of(path, protected)
    assert [item.name for item in before] == ["numpy", "torch"]
    assert byte_changes(before, bytes_of(path, protected)) == ()

    (tmp_path / "einops/core.py").write_bytes(b"free to change")
    (tmp_path / "numpy/core.py").write_bytes(b"x = 2\n" * 50)
    (tmp_path / "numpy/added.py").write_bytes(b"")
    (tmp_path / "torch/core.py").unlink()
    numpy, torch = byte_changes(before, bytes_of(path, protected))
    assert (numpy.added, numpy.removed, numpy.changed) == (("numpy/added.py",), (), ("numpy/core.py",))
    assert (torch.added, torch.removed, torch.changed) == ((), ("torch/core.py",), ())


def test_another_version_counts_as_a_whole(tmp_path: Path) -> None:
    info = install(tmp_path, "numpy", "2.4.6")
    before = bytes_of(path_of(tmp_path), protected)
    info.rename(tmp_path / "numpy-2.4.7.dist-info")
    (change,) = byte_changes(before, bytes_of(path_of(tmp_path), protected))
    assert (str(change.before), str(change.after)) == ("2.4.6", "2.4.7")
