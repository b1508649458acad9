"""Markers of a described host: complete environments, three-valued answers, extras."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.markers import Marker

from depguard.model.markers import MARKER_VARIABLES, HostMarkers, MarkerAnswer, evaluate

COLAB = {
    "implementation_name": "cpython",
    "implementation_version": "3.12.13",
    "os_name": "posix",
    "platform_machine": "x86_64",
    "platform_python_implementation": "CPython",
    "platform_release": "",
    "platform_system": "Linux",
    "platform_version": "",
    "python_full_version": "3.12.13",
    "python_version": "3.12",
    "sys_platform": "linux",
}
WINDOWS = COLAB | {
    "os_name": "nt",
    "sys_platform": "win32",
    "platform_system": "Windows",
    "platform_machine": "AMD64",
}
UNKNOWN = frozenset({"platform_release", "platform_version"})


def ask(text: str, *extras: str, host: dict[str, str] | None = None) -> MarkerAnswer:
    return evaluate(Marker(text), host or COLAB, UNKNOWN, extras)


def test_a_marker_is_answered_for_the_described_host_and_not_for_this_machine() -> None:
    assert ask("sys_platform == 'win32'", host=WINDOWS) is MarkerAnswer.HOLDS
    assert ask("sys_platform == 'win32'") is MarkerAnswer.FAILS
    assert ask("python_full_version < '3.12.14' and platform_machine == 'x86_64'") is MarkerAnswer.HOLDS


def test_no_marker_holds() -> None:
    assert evaluate(None, COLAB, UNKNOWN, ()) is MarkerAnswer.HOLDS


@pytest.mark.parametrize("name", MARKER_VARIABLES)
def test_an_incomplete_environment_is_refused(name: str) -> None:
    partial = {key: value for key, value in COLAB.items() if key != name}
    with pytest.raises(ValueError, match=name):
        HostMarkers(partial)


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("platform_release >= '20'", MarkerAnswer.UNKNOWN),
        ("'microsoft' in platform_version", MarkerAnswer.UNKNOWN),
        ("'microsoft' not in platform_version", MarkerAnswer.UNKNOWN),
        ("sys_platform == 'darwin' and platform_release >= '20'", MarkerAnswer.FAILS),
        ("sys_platform == 'linux' and platform_release >= '20'", MarkerAnswer.UNKNOWN),
        ("sys_platform == 'linux' or platform_release >= '20'", MarkerAnswer.HOLDS),
        ("platform_version == 'a (b) or \"c' and sys_platform != 'linux'", MarkerAnswer.FAILS),
        ("(platform_release == '1' or os_name == 'posix') and python_version < '4'", MarkerAnswer.HOLDS),
        ("os_name == 'nt' and (platform_release == '1' or os_name == 'posix')", MarkerAnswer.FAILS),
    ],
)
def test_an_unknown_value_matters_only_where_the_answer_depends_on_it(
    text: str, answer: MarkerAnswer
) -> None:
    assert ask(text) is answer


def test_extras_are_normalized_and_one_of_those_asked_for_is_enough() -> None:
    text = "extra == 'Foo_Bar'"
    assert ask(text) is MarkerAnswer.FAILS
    assert ask(text, "foo-bar") is MarkerAnswer.HOLDS
    assert ask(text, "baz", "FOO.bar") is MarkerAnswer.HOLDS
    assert ask(text, "baz") is MarkerAnswer.FAILS
    assert ask("extra == 'x' and platform_release == '1'", "y") is MarkerAnswer.FAILS
    assert ask("extra == 'x' and platform_release == '1'", "y", "x") is MarkerAnswer.UNKNOWN


def test_the_same_marker_may_be_asked_with_other_extras() -> None:
    markers = HostMarkers(COLAB, UNKNOWN)
    marker = Marker("extra == 'a'")
    assert [markers.evaluate(marker, extras) for extras in ((), ("a",), ("b",), ("a",))] == [
        MarkerAnswer.FAILS,
        MarkerAnswer.HOLDS,
        MarkerAnswer.FAILS,
        MarkerAnswer.HOLDS,
    ]


def test_a_comparison_that_has_no_meaning_is_unknown() -> None:
    assert ask("os_name ~= 'posix'") is MarkerAnswer.UNKNOWN


ATOMS = st.sampled_from(
    [
        "python_version >= '3.9'",
        "python_version not in '3.8 3.9'",
        "os_name == 'nt'",
        "platform_release == 'A'",
        "platform_version != 'A'",
        "'A' in platform_version",
        "extra == 'x'",
    ]
)
MARKERS = st.recursive(
    ATOMS,
    lambda inner: st.tuples(inner, st.sampled_from(["and", "or"]), inner).map(
        lambda p: f"({p[0]} {p[1]} {p[2]})"
    ),
    max_leaves=8,
)


@given(text=MARKERS, extra=st.sampled_from(["", "x"]))
def test_a_definite_answer_is_right_whatever_the_unknown_values_are(text: str, extra: str) -> None:
    answer = ask(text, *([extra] if extra else []))
    possible = {
        Marker(text).evaluate(COLAB | {"platform_release": r, "platform_version": v, "extra": extra})
        for r, v in itertools.product(["A", "B"], repeat=2)
    }
    if answer is MarkerAnswer.HOLDS:
        assert possible == {True}
    elif answer is MarkerAnswer.FAILS:
        assert possible == {False}
    else:
        assert "platform_" in text
