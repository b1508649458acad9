"""Requirements that are known by their texts tell without being parsed what parsing would tell."""

from __future__ import annotations

from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from depguard.model.markers import HostMarkers, MarkerAnswer
from depguard.model.stated_requirements import may_count, names_of
from depguard.parse import later_requirements
from depguard.parse.later_requirements import LaterRequirements, extra_of
from hosts.test_markers import COLAB, UNKNOWN

ATOMS = st.sampled_from(
    [
        "python_version >= '3.9'",
        "os_name=='nt'",
        'platform_release == "A and extra"',
        'sys_platform == "a or b"',
        "extra == 'x'",
        'extra=="Y_z"',
        "extra  ==  'y-z' ",
        "'x' == extra",
        "extra != 'x'",
        "extra in 'x'",
        "platform_version ~= 'odd'",
    ]
)
JOINTS = st.sampled_from([" and ", " or ", "  and  "])
MARKERS = st.recursive(
    ATOMS,
    lambda inner: st.tuples(inner, JOINTS, inner, st.booleans()).map(
        lambda p: f"({p[0]}{p[1]}{p[2]})" if p[3] else f"{p[0]}{p[1]}{p[2]}"
    ),
    max_leaves=5,
)
HEADS = st.sampled_from(["a", "B.c>=1", "d[e]<2 ", "f @ https://example.org/x;y.zip ", "g (>=1)"])
TEXTS = HEADS | st.builds("{};{}".format, HEADS, MARKERS) | st.builds("{} ; {}".format, HEADS, MARKERS)
EXTRAS = st.frozensets(st.sampled_from(["x", "y-z", "Y.z", "other"]))


@given(st.lists(TEXTS, max_size=5), EXTRAS, st.booleans())
def test_what_is_left_out_would_not_count(texts: list[str], extras: frozenset[str], whole: bool) -> None:
    stated, parsed = LaterRequirements(texts), tuple(map(Requirement, texts))
    expected = HostMarkers(COLAB, UNKNOWN).left(parsed, extras, whole=whole)
    assert HostMarkers(COLAB, UNKNOWN).left(stated, extras, whole=whole) == expected
    list(stated)  # now all are parsed
    assert HostMarkers(COLAB, UNKNOWN).left(stated, extras, whole=whole) == expected


@given(TEXTS)
def test_an_extra_that_is_told_is_needed(text: str) -> None:
    extra = extra_of(text)
    if extra is not None:
        marker = Requirement(text).marker
        markers = HostMarkers(COLAB, UNKNOWN)
        assert markers.evaluate(marker) is MarkerAnswer.FAILS
        assert markers.evaluate(marker, ("quite-another",)) is MarkerAnswer.FAILS


@pytest.mark.parametrize(
    ("text", "extra"),
    [
        ("a; extra == 'x'", "x"),
        ('a>=1 ; extra == "Dev_All"', "dev-all"),
        ("a[b]; python_version < '3' and extra == 'x'", "x"),
        ("a; (os_name == 'nt')and extra == 'x'", "x"),
        ("a; python_version < '3' or extra == 'x'", None),
        ("a; (os_name == 'nt' or os_name == 'x') and extra == 'x'", None),
        ("a; os_name == 'nt'or os_name == 'posix' and extra == 'x'", None),
        ("a; extra == 'x' and os_name == 'nt'", None),
        ("a @ https://example.org/;extra=='x'", None),
        ("a; extra == 'x" + " " * 9999 + "'", None),
        ("a", None),
    ],
)
def test_the_extra_of_a_text(text: str, extra: str | None) -> None:
    assert extra_of(text) == extra


@given(st.lists(TEXTS, max_size=5))
def test_names_are_those_of_the_requirements(texts: list[str]) -> None:
    expected = {canonicalize_name(Requirement(text).name) for text in texts}
    assert names_of(LaterRequirements(texts)) == names_of(tuple(map(Requirement, texts))) == expected


def test_only_what_may_count_is_parsed() -> None:
    stated = LaterRequirements(["a", "b; extra == 'x'", "c; extra == 'y'"])
    with patch.object(
        later_requirements, "read_requirement", side_effect=later_requirements.read_requirement
    ) as parsing:
        assert [r.name for r in may_count(stated, frozenset({"y"}))] == ["a", "c"]
        assert parsing.call_count == 2
    assert [r.name for r in may_count(tuple(stated), frozenset({"y"}))] == ["a", "b", "c"]


def test_what_is_no_requirement_is_refused_where_it_counts() -> None:
    stated = LaterRequirements(["a", "b!; extra == 'x'"])
    assert [r.name for r in may_count(stated, frozenset())] == ["a"]
    with pytest.raises(ValueError, match="b!"):
        list(may_count(stated, frozenset({"x"})))
