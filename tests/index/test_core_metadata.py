from __future__ import annotations

from email.parser import HeaderParser

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.utils import canonicalize_name
from packaging.version import Version

from depguard.model.release import ArtifactKind, CoreMetadata, MetadataAnswer, MetadataUnknown
from depguard.parse.core_metadata import distil, read_core_metadata

WHEEL = """Metadata-Version: 2.1
Name: Demo.Pkg
Version: 1.0
Summary: says
  more: than one line
Requires-Python: >=3.9
Requires-Dist: numpy<2
Requires-Dist: torch ; extra == 'GPU_all'
Provides-Extra: GPU_all

Requires-Dist: not-a-header
"""


def read(text: str, kind: ArtifactKind = ArtifactKind.WHEEL) -> MetadataAnswer:
    return read_core_metadata(text, name=canonicalize_name("demo-pkg"), version=Version("1.0"), kind=kind)


def test_a_wheel() -> None:
    answer = read(WHEEL)
    assert isinstance(answer, CoreMetadata)
    assert [str(r) for r in answer.requires_dist] == ["numpy<2", 'torch; extra == "gpu-all"']
    assert str(answer.requires_python) == ">=3.9"
    assert sorted(answer.extras) == ["gpu-all"]


def test_what_is_kept_says_the_same() -> None:
    kept = distil(WHEEL.replace("\n", "\r\n"))
    assert "Summary" not in kept
    assert "not-a-header" not in kept
    assert read(kept) == read(WHEEL)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "no name and version"),
        ("Name: demo-pkg\n\nVersion: 1.0", "no name and version"),
        (WHEEL.replace("Demo.Pkg", "evil\x1b[31m"), r"is evil\?\[31m's"),
        (WHEEL.replace("1.0", "1.1"), "says version 1.1"),
        (WHEEL.replace("1.0", "one"), "no valid version: one"),
        (WHEEL.replace("numpy<2", "numpy (>=1.9.*)x"), "not a requirement in its metadata: numpy"),
        (WHEEL.replace("numpy<2", "numpy; " + "(" * 9999), "not a requirement"),
        (WHEEL.replace("numpy<2", "numpy<" + "9" * 9999), "not a requirement"),
    ],
)
def test_what_cannot_be_trusted_is_unknown(text: str, reason: str) -> None:
    answer = read(text)
    assert isinstance(answer, MetadataUnknown)
    with pytest.raises(AssertionError, match=reason):
        raise AssertionError(answer.reason)


def test_an_unreadable_requires_python_counts_as_none() -> None:
    answer = read(WHEEL.replace(">=3.9", "banana"))
    assert isinstance(answer, CoreMetadata)
    assert answer.requires_python is None


@pytest.mark.parametrize(
    ("version", "dynamic", "reason"),
    [
        ("2.1", "", "metadata version 2.1"),
        ("x", "", "metadata version x"),
        ("2.2", "Dynamic: Requires-Dist\nDynamic: Summary\n", "whose requires-dist is dynamic"),
        ("2.4", "dynamic: provides-extra\nDynamic: requires-python\n", "provides-extra, requires-python"),
    ],
)
def test_an_sdist_that_may_come_out_otherwise(version: str, dynamic: str, reason: str) -> None:
    text = WHEEL.replace("Metadata-Version: 2.1\n", f"Metadata-Version: {version}\n{dynamic}")
    answer = read(text, ArtifactKind.SDIST)
    assert isinstance(answer, MetadataUnknown)
    assert reason in answer.reason
    assert isinstance(read(text), CoreMetadata)


def test_an_sdist_with_final_requirements() -> None:
    text = WHEEL.replace("Metadata-Version: 2.1\n", "Metadata-Version: 2.2\nDynamic: License-File\n")
    assert isinstance(read(text, ArtifactKind.SDIST), CoreMetadata)


_LINES = st.lists(
    st.sampled_from(
        [
            "Requires-Dist: a",
            "requires-dist:b",
            "Requires-Dist :c",
            "  continued",
            "\tcontinued",
            "Summary: s",
            "Provides-Extra: x",
            ": no name",
            "no colon",
            "Name:",
            " ",
        ]
    ),
    max_size=7,
)


@given(_LINES, st.sampled_from(["\n", "\r\n", "\r"]))
def test_headers_end_where_the_email_parser_ends_them(lines: list[str], newline: str) -> None:
    text = newline.join(["Metadata-Version: 2.1", *lines])
    message = HeaderParser().parsestr(text)
    expected = [
        f"{title}: {' '.join(value.split())}"
        for title in ("Metadata-Version", "Name", "Provides-Extra", "Requires-Dist")
        for value in message.get_all(title) or ()
    ]
    kept = [line.rstrip() for line in distil(text).splitlines()]
    assert sorted(kept) == sorted(line.rstrip() for line in expected)
