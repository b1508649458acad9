"""Tags and markers of a described platform, compared with the machine at hand and with the PEPs."""

from __future__ import annotations

import os
import platform
import sys

import pytest
from packaging import tags
from packaging.markers import default_environment
from packaging.tags import Tag
from packaging.version import Version

from depguard.parse.platform_tags import marker_environment, parse_platform, wheel_tags

COLAB = parse_platform("manylinux_2_35_x86_64")


def _this_machine() -> str:
    libc = os.confstr("CS_GNU_LIBC_VERSION") or ""
    major, minor = libc.split()[1].split(".")[:2]
    return f"manylinux_{major}_{minor}_{platform.machine()}"


@pytest.mark.skipif(
    sys.platform != "linux" or platform.libc_ver()[0] != "glibc" or sys.implementation.name != "cpython",
    reason="the comparison is with a glibc machine",
)
def test_the_description_of_this_machine_is_what_packaging_says_of_it() -> None:
    described = parse_platform(_this_machine())
    python = Version(platform.python_version())

    def without_linux(tag_list: list[Tag]) -> list[Tag]:
        # packaging moved linux_* from the last to the first place of the platforms in 26.3.
        return [tag for tag in tag_list if not tag.platform.startswith("linux_")]

    ours, theirs = list(wheel_tags(python, described)), list(tags.sys_tags())
    assert set(ours) == set(theirs)
    assert without_linux(ours) == without_linux(theirs)

    unknown = {"platform_release", "platform_version"}
    here = {k: v for k, v in default_environment().items() if k not in unknown}
    assert {k: v for k, v in marker_environment(python, described).items() if k not in unknown} == here


def test_manylinux_goes_down_from_the_glibc_with_the_old_names_in_their_places() -> None:
    names = COLAB.wheel_platforms
    assert names[:2] == ("manylinux_2_35_x86_64", "manylinux_2_34_x86_64")
    assert names[names.index("manylinux_2_17_x86_64") + 1] == "manylinux2014_x86_64"
    assert names[names.index("manylinux_2_12_x86_64") + 1] == "manylinux2010_x86_64"
    assert names[-3:] == ("manylinux_2_5_x86_64", "manylinux1_x86_64", "linux_x86_64")
    assert COLAB.glibc == (2, 35)


def test_other_machines_start_at_glibc_2_17() -> None:
    names = parse_platform("manylinux_2_28_aarch64").wheel_platforms
    assert names[-3:] == ("manylinux_2_17_aarch64", "manylinux2014_aarch64", "linux_aarch64")


def test_a_legacy_name_is_its_glibc() -> None:
    assert (
        parse_platform("manylinux2014_x86_64").wheel_platforms
        == parse_platform("manylinux_2_17_x86_64").wheel_platforms
    )


def test_tags_are_ordered_by_interpreter_then_abi_then_platform() -> None:
    ordered = [str(tag) for tag in wheel_tags(Version("3.12.13"), COLAB)]
    positions = [
        ordered.index(text)
        for text in (
            "cp312-cp312-manylinux_2_35_x86_64",
            "cp312-cp312-manylinux_2_17_x86_64",
            "cp312-abi3-manylinux_2_35_x86_64",
            "cp312-none-manylinux_2_35_x86_64",
            "cp311-abi3-manylinux_2_28_x86_64",
            "py312-none-manylinux_2_35_x86_64",
            "py3-none-manylinux2014_x86_64",
            "cp312-none-any",
            "py3-none-any",
        )
    ]
    assert positions == sorted(positions)
    assert "cp312-cp312-manylinux_2_36_x86_64" not in ordered
    assert not any("win" in text or "cp313" in text for text in ordered)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("win_amd64", {"os_name": "nt", "sys_platform": "win32", "platform_machine": "AMD64"}),
        ("macosx_14_0_arm64", {"os_name": "posix", "sys_platform": "darwin", "platform_machine": "arm64"}),
        ("musllinux_1_2_x86_64", {"sys_platform": "linux", "platform_system": "Linux"}),
    ],
)
def test_markers_follow_the_platform(text: str, expected: dict[str, str]) -> None:
    environment = marker_environment(Version("3.12.13"), parse_platform(text))
    assert expected.items() <= environment.items()
    assert environment["python_version"] == "3.12"
    assert environment["python_full_version"] == environment["implementation_version"] == "3.12.13"


def test_mac_and_windows_tags() -> None:
    mac = parse_platform("macosx_14_0_arm64").wheel_platforms
    assert mac[:3] == ("macosx_14_0_arm64", "macosx_14_0_universal2", "macosx_13_0_arm64")
    assert parse_platform("win_amd64").wheel_platforms == ("win_amd64",)
    musl = parse_platform("musllinux_1_2_x86_64")
    assert musl.wheel_platforms == (
        "musllinux_1_2_x86_64",
        "musllinux_1_1_x86_64",
        "musllinux_1_0_x86_64",
        "linux_x86_64",
    )
    assert musl.glibc is None


def test_a_release_candidate_is_spelled_as_python_spells_it() -> None:
    environment = marker_environment(Version("3.15.0rc1"), COLAB)
    assert environment["python_full_version"] == "3.15.0rc1"
    assert environment["implementation_version"] == "3.15.0c1"


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("ubuntu", "unknown platform 'ubuntu'"),
        ("manylinux_2_35_amd64", "unknown machine 'amd64'"),
        ("manylinux_3_0_x86_64", "glibc 3.0 is unknown"),
        ("linux_vax", "unknown machine 'vax'"),
    ],
)
def test_what_is_no_platform_is_named(text: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        parse_platform(text)


def test_a_python_version_without_patch_level_is_refused() -> None:
    with pytest.raises(ValueError, match="no patch level"):
        marker_environment(Version("3.12"), COLAB)
