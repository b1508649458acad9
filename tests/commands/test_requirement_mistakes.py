"""Requirements and constraints files that are wrong, hostile or oddly encoded: what is said of them."""

from __future__ import annotations

import codecs

import pytest

from depguard.errors import InputError, Problem
from depguard.model.location import Location
from depguard.model.request import Item
from depguard.parse.requirement_item import read_item
from depguard.parse.requirement_text import decode_requirements
from kit.requirement_files import lines, refused, texts

DIGEST = "0" * 64


@pytest.mark.parametrize(
    ("text", "column", "message", "hint"),
    [
        (
            "torch-scatter==latest+cu101",
            14,
            "invalid version in 'torch-scatter==latest+cu101': 'latest+cu101'",
            "leave the specifier out: without one, the newest release is taken",
        ),
        ("numpy=1.2", 6, "'=' in 'numpy=1.2' is no operator", "did you mean ==1.2?"),
        ("numpy>=1.0,=<2", 12, "'=<' in 'numpy>=1.0,=<2' is no operator", "did you mean <=2?"),
        ("numpy^1.2", 6, "'^' in 'numpy^1.2' is no operator", "did you mean ~=1.2?"),
        (
            "numpy >=1.20 <2",
            7,
            "'>=1.20 <2' in 'numpy >=1.20 <2' is no version specifier",
            "put a comma between two specifiers",
        ),
        ("numpy>=1.2.*", 6, "invalid version in 'numpy>=1.2.*': '1.2.*'", "did you mean >=1.2?"),
        ("torch>=2.0+cu118", 6, "invalid version in 'torch>=2.0+cu118': '2.0+cu118'", "did you mean >=2.0?"),
        (
            "numpy scipy",
            7,
            "'scipy' in 'numpy scipy' is no version specifier",
            "one requirement a line; versions as in name>=1.2",
        ),
        (
            '"numpy"',
            1,
            "'\"numpy\"' does not start with a project name",
            "quotes are for the shell, leave them out",
        ),
        ("--frob", 1, "a requirements file has no option --frob", None),
        ("--indx-url x", 1, "a requirements file has no option --indx-url", "did you mean --index-url?"),
        ("-U numpy", 1, "a requirements file has no option -U", None),
        ("--pre numpy", 7, "'numpy' is not expected after an option", None),
        ("-f 'a", 1, "unbalanced quotes", None),
        ("https://[half/x.zip", 1, "'https://[half/x.zip' is no URL: Invalid IPv6 URL", None),
    ],
)
def test_mistakes_have_a_place_and_a_remedy(text: str, column: int, message: str, hint: str | None) -> None:
    problem = refused(text)[0]
    assert problem.message == message
    assert problem.location == Location("r.txt", 1, column)
    if hint is not None:
        assert problem.hint == hint


def test_invalid_marker() -> None:
    (problem,) = refused("numpy; python_verson < '3'")
    assert problem.code == "requirement.invalid-marker"
    assert problem.location == Location("r.txt", 1, 8)


def test_all_mistakes_at_once_over_files() -> None:
    problems = refused("numpy=1\n--nope\n-r a.txt\nfine\n", other="torch==latest\n")
    assert [str(p.location) for p in problems] == ["r.txt:1:6", "r.txt:2:1", "a.txt:1:6"]


def test_constraints_take_names_only() -> None:
    problems = refused("foo[x]==1\n-e .\ngit+https://example.org/a\nok<2\n", constraint=True)
    assert [p.location.line for p in problems if p.location] == [1, 2, 3]
    assert {p.code for p in problems} == {"requirements.constraint"}
    assert [c.text for c in lines("ok<2\n", constraint=True).constraints] == ["ok<2"]


def test_tolerant_reading_keeps_everything() -> None:
    read = lines("numpy=1\nscipy\n-r gone.txt\n--nope\n", tolerant=True)
    assert [(i.text, i.doubt is None) for i in read.items] == [
        ("numpy=1", False),
        ("scipy", True),
        ("-r gone.txt", False),
        ("--nope", False),
    ]
    assert len(read.problems) == 3


@pytest.mark.parametrize(
    "data",
    [
        codecs.BOM_UTF8 + "caf\N{LATIN SMALL LETTER E WITH ACUTE}".encode(),
        codecs.BOM_UTF16_LE + "caf\N{LATIN SMALL LETTER E WITH ACUTE}".encode("utf-16-le"),
        codecs.BOM_UTF16_BE + "caf\N{LATIN SMALL LETTER E WITH ACUTE}".encode("utf-16-be"),
        codecs.BOM_UTF32_LE + "caf\N{LATIN SMALL LETTER E WITH ACUTE}".encode("utf-32-le"),
        "caf\N{LATIN SMALL LETTER E WITH ACUTE}".encode(),
    ],
)
def test_encodings(data: bytes) -> None:
    assert decode_requirements(data, "r.txt") == "caf\N{LATIN SMALL LETTER E WITH ACUTE}"


def test_declared_and_wrong_encodings() -> None:
    assert decode_requirements(b"# -*- coding: latin-1 -*-\n# \xe9", "r.txt").endswith("\xe9")
    with pytest.raises(InputError) as caught:
        decode_requirements(b"numpy\nscipy # \xe9\n", "r.txt")
    assert caught.value.problems[0].location == Location("r.txt", 2, 1)
    with pytest.raises(InputError, match="unknown encoding"):
        decode_requirements(b"# coding: nope\n", "r.txt")


def test_an_item_never_shows_credentials() -> None:
    item = read_item("foo @ https://user:secret@example.org/foo.zip")
    assert isinstance(item, Item)
    assert "secret" not in repr(item)
    problem = read_item("foo @ https://user:secret@example.org/foo.zip ; nonsense")
    assert isinstance(problem, Problem)
    assert "secret" not in repr(problem)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("x" * 400_000, "requirements.long-line"),
        ("x" + "=" * 50_000, "requirement.too-long"),
        ("x[" + "a," * 20_000, "requirement.too-long"),
        ("x" + " " * 90_000 + "y", "requirement.too-long"),
        ("x1" * 40_000 + "://", "requirement.too-long"),
    ],
)
def test_a_line_that_nobody_wrote_is_answered_and_not_worked_on_for_minutes(text: str, code: str) -> None:
    with pytest.raises(InputError) as caught:
        lines(text)
    (problem,) = caught.value.problems
    assert problem.code == code
    assert len(problem.message) < 120
    assert problem.location == Location("r.txt", 1, 1)


def test_a_long_run_of_blanks_is_no_work_either() -> None:
    assert texts(lines(" " * 300_000 + "x")) == ["x"]


def test_a_thousand_hashes_are_a_line() -> None:
    (item,) = lines("x==1 " + " ".join(f"--hash=sha256:{n:064x}" for n in range(1000))).items
    assert len(item.hashes) == 1000


def test_secrets_go_whatever_stands_before_the_scheme() -> None:
    from depguard.parse.requirement_item import without_secrets

    for before in ("", "-", "1", "x=", "-i"):
        assert "s3cret" not in without_secrets(f"{before}https://me:s3cret@example.org/simple x")
