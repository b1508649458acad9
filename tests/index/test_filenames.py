from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.tags import parse_tag
from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename
from packaging.version import Version

from depguard.model.release import ArtifactKind
from depguard.parse.filenames import FileName, OddFileName, read_filename


def test_a_wheel() -> None:
    found = read_filename("Ruamel.Yaml-0.18+local.1-2b-cp312-cp312-manylinux_2_17_x86_64.linux_x86_64.whl")
    assert found == FileName(
        canonicalize_name("ruamel-yaml"),
        Version("0.18+local.1"),
        ArtifactKind.WHEEL,
        (2, "b"),
        parse_tag("cp312-cp312-manylinux_2_17_x86_64.linux_x86_64"),
    )


@pytest.mark.parametrize(
    ("filename", "project", "name", "version"),
    [
        ("torchinfo-1.8.0.tar.gz", None, "torchinfo", "1.8.0"),
        ("python-dateutil-2.8.2.zip", "python-dateutil", "python-dateutil", "2.8.2"),
        ("python_dateutil-2.8.2.tar.gz", "python-dateutil", "python-dateutil", "2.8.2"),
        ("Foo-1.0-1.tar.bz2", "foo", "foo", "1.0.post1"),
        ("backports.zoneinfo-0.2.1.tgz", "backports-zoneinfo", "backports-zoneinfo", "0.2.1"),
    ],
)
def test_an_sdist(filename: str, project: str | None, name: str, version: str) -> None:
    found = read_filename(filename, canonicalize_name(project) if project else None)
    assert isinstance(found, FileName)
    assert (found.name, found.version, found.kind) == (name, Version(version), ArtifactKind.SDIST)


@pytest.mark.parametrize(
    ("filename", "why"),
    [
        ("numpy-1.0.1.dev3460.win32-py2.4.exe", "neither a wheel nor an sdist"),
        ("numpy-1.0-py2.7.egg", "neither a wheel nor an sdist"),
        ("numpy-1.10.0.linux-x86_64.tar.gz", "not a version"),
        ("numpy-1.0_final-py3-none-any.whl", "not a version: 1.0_final"),
        ("numpy-1.0-py3-any.whl", "five or six parts"),
        ("numpy-1.0-b1-py3-none-any.whl", "not a build number: b1"),
        ("nu__mpy-1.0-py3-none-any.whl", "not a project name"),
        ("numpy-1.0-py3..py2-none-any.whl", "not a wheel tag"),
        (f"numpy-1.0-{'.'.join(['a'] * 99)}-{'.'.join(['b'] * 99)}-any.whl", "not a wheel tag"),
        (f"numpy-{'1' * 5000}-py3-none-any.whl", "no file system"),
        ("scipy-1.0-py3-none-any.whl", "belongs to scipy"),
        ("scipy-1.0.tar.gz", "belongs to scipy"),
        ("numpy.tar.gz", "the project, a dash and the version"),
        ("-1.0.tar.gz", "the project, a dash and the version"),
    ],
)
def test_odd_names_have_a_reason(filename: str, why: str) -> None:
    found = read_filename(filename, canonicalize_name("numpy"))
    assert isinstance(found, OddFileName)
    assert why in found.reason


_PART = st.text(st.sampled_from("ab1_.py3+!"), min_size=0, max_size=6)
_PLAUSIBLE = st.sampled_from(["numpy", "1.0", "1.0rc1", "py3", "cp312.cp313", "none", "any", "2", "3x"])


@given(st.lists(_PLAUSIBLE | _PART, min_size=3, max_size=7).map("-".join))
def test_wheels_are_read_as_packaging_reads_them(stem: str) -> None:
    found = read_filename(f"{stem}.whl")
    try:
        name, version, build, tags = parse_wheel_filename(f"{stem}.whl")
    except InvalidWheelFilename:
        assert isinstance(found, OddFileName)
    else:
        if any("" in part.split(".") for part in stem.split("-")[-3:]):
            # packaging says so too since 26.3
            assert isinstance(found, OddFileName)
            return
        assert found == FileName(name, version, ArtifactKind.WHEEL, build, tags)
