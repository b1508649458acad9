"""The fast way to a requirement gives what packaging gives, and refuses what packaging refuses."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.requirements import InvalidRequirement, Requirement

from depguard.parse.requirement_cache import requirement, stated_text

TEXTS = [
    "numpy",
    "Foo_Bar.baz-1",
    "a>=1,<2",
    "a >= 1, < 2",
    "a (>=1)",
    "a[x] (<2,>=1.0) ; (os_name == 'nt') and extra == 'y'",
    "a(==1.*)",
    "a (>=1",
    "a >=1)",
    "a (>=1) <2",
    "a ((>=1))",
    "a ()",
    "a[x]",
    "a[x,Y-z] ~=1.4.2",
    "a[x, y]==1.*; python_version < '3'",
    "a===1.0-odd",
    "a!=1!2.0+local.1",
    "a ; extra == 'Foo_Bar'",
    "a @ https://example.org/a;b.zip ; os_name == 'nt'",
    "a@https://example.org/x.whl",
    "a>=1.0rc1",
    "a>=2.0-1",
    "a==1.0; python_version in '3.8 3.9' and (os_name == 'nt' or sys_platform != 'linux')",
    "  a  ",
    "a;",
    "",
    "a>",
    "a>=x",
    "a>=1.*",
    "a-",
    "a b",
    "a[x",
    "a[]",
    "a>=1,",
    "a>=1 <2",
    "a; nonsense",
    "a; extra == ",
    "a=1",
]


def same(text: str) -> None:
    try:
        expected = Requirement(text)
    except InvalidRequirement:
        with pytest.raises(InvalidRequirement):
            requirement(text)
        return
    made = requirement(text)
    assert made == expected
    assert (made.name, made.url, made.extras) == (expected.name, expected.url, expected.extras)
    assert str(made) == str(expected)
    assert hash(made) == hash(expected)


@pytest.mark.parametrize("text", TEXTS)
def test_the_same_as_packaging(text: str) -> None:
    same(text)


PIECES = st.sampled_from(
    [
        "a",
        "B.c",
        "[x]",
        "[x, y]",
        " ",
        ">=1",
        "<2.0",
        ",",
        "==1.*",
        ";",
        "~=1",
        "os_name == 'nt'",
        "@",
        "(",
        ")",
    ]
)


@given(st.lists(PIECES, max_size=6).map("".join))
def test_the_same_as_packaging_on_whatever_can_be_put_together(text: str) -> None:
    same(text)


def test_the_same_text_gives_the_same_value() -> None:
    assert requirement("a>=1; os_name == 'nt'") is requirement("a>=1; os_name == 'nt'")
    assert requirement("b; os_name == 'nt'").marker is requirement("c ; os_name == 'nt'").marker


@pytest.mark.parametrize(
    "text", ["a>=1,<2", "a (>=1)", "a[x]; extra == 'y'", "a @ https://example.org/a.zip"]
)
def test_a_requirement_is_stated_again(text: str) -> None:
    known = requirement(text)
    assert stated_text(known) == text
    assert Requirement(stated_text(Requirement(text))) == known
