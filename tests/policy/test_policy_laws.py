"""Laws of the policy parser: every text is a policy or a list of mistakes with places, never a crash."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from depguard.adapters.shipped import shipped_policies
from depguard.errors import InputError
from depguard.parse.policy import read_draft
from depguard.parse.policy_words import (
    FORBIDDEN_KEYS,
    HELD_KEYS,
    OVERRIDE_KEYS,
    POLICY_KEYS,
    PROTECTED_KEYS,
    SOURCES_KEYS,
    TIER_KEYS,
    WAIVE_KEYS,
)

FULL = shipped_policies()["colab"].read_text("utf-8") + (
    "rules: {DG204: warn}\n"
    'overrides: [{package: captum==0.8.0, drop: "numpy<2", reason: why}]\n'
    "waive: [{code: DG202, package: ydf, until: 2027-01-31, reason: why}]\n"
)
PIECES = [
    *(
        "[",
        "]",
        "{",
        "}",
        ":",
        ": ",
        "- ",
        "\n",
        "\n  ",
        "\t",
        "&a ",
        "*a",
        "!x ",
        "'",
        '"',
        "#",
        "|",
        ">",
        "? ",
        "<<: ",
    ),
    *(
        "",
        "~",
        "null",
        "\u00e9",
        "\x00",
        "\ud800",
        "=",
        "==",
        "@",
        "//u:p@h",
        "9" * 30,
        "2026-13-40",
        "x",
        ",",
        "\ufeff",
    ),
]


def told(text: str) -> None:
    """Read the text; what is wrong with it must have a place inside it."""
    try:
        read_draft(text, "p.yaml")
    except InputError as error:
        lines = text.count("\n") + text.count("\r") + 2
        for problem in error.problems:
            assert problem.location is not None
            assert problem.location.line is not None
            assert 1 <= problem.location.line <= lines
            assert problem.location.column is not None
            assert problem.location.column >= 1
            assert problem.message


@given(st.integers(0, len(FULL)), st.integers(0, 40), st.sampled_from(PIECES))
@example(0, 40, "")
def test_a_mangled_policy_is_refused_with_a_place(at: int, cut: int, piece: str) -> None:
    told(FULL[:at] + piece + FULL[at + cut :])


leaves = st.sampled_from(
    [
        "~",
        "1",
        "x",
        "'x>=1'",
        "same-major",
        "2026-11-01",
        "DG204",
        "never",
        "pip",
        "'*'",
        "''",
        "'a @ https://h/a'",
    ]
)
keys = st.sampled_from(
    [
        *(*POLICY_KEYS, *PROTECTED_KEYS, *HELD_KEYS, *FORBIDDEN_KEYS, *OVERRIDE_KEYS, *WAIVE_KEYS),
        *(*SOURCES_KEYS, *TIER_KEYS, "numpy", "torch", "tier1", "DG204"),
    ]
)
values = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda items: f"[{', '.join(items)}]"),
        st.lists(st.tuples(keys, inner), max_size=4).map(
            lambda pairs: "{" + ", ".join(f"{key}: {value}" for key, value in pairs) + "}"
        ),
    ),
    max_leaves=12,
)


@given(st.lists(st.tuples(keys, values), max_size=6))
def test_any_shape_under_any_key_is_read_or_told(pairs: list[tuple[str, str]]) -> None:
    told("schema: 1\n" + "".join(f"{key}: {value}\n" for key, value in pairs))
