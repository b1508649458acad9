"""Hostile inputs, each read or refused with its code, in bounded time and memory. The data: inputs.json."""

from __future__ import annotations

import json
import time
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from depguard.errors import InputError
from depguard.parse.globs import _pattern, selection
from kit.parsers import PARSERS, refused

INPUTS: list[dict[str, Any]] = json.loads((Path(__file__).parent / "inputs.json").read_text(encoding="utf-8"))
SECRET = "hunter2"  # noqa: S105 - the one that the inputs plant
MEGABYTES = 200


def text_of(case: dict[str, Any]) -> str:
    text = case["text"]
    if isinstance(text, str):
        return text
    return f"{text.get('before', '')}{text['repeat'] * text['times']}{text.get('after', '')}"


def test_there_are_enough_of_them() -> None:
    assert len(INPUTS) >= 40
    assert len({case["name"] for case in INPUTS}) == len(INPUTS)


@pytest.mark.parametrize("case", INPUTS, ids=lambda case: str(case["name"]).replace(" ", "-"))
def test_a_hostile_input_is_read_or_refused(case: dict[str, Any]) -> None:
    text, parser = text_of(case), PARSERS[case["parser"]]
    started = time.process_time()
    codes = refused(lambda: parser(text))
    assert time.process_time() - started < case.get("seconds", 3)
    match case["expect"]:
        case "read":
            assert codes == ()
        case "refused" | "secret":
            assert codes
        case expected:
            assert set(expected) <= set(codes)


@pytest.mark.parametrize("case", [c for c in INPUTS if c["expect"] == "secret"], ids=lambda c: str(c["name"]))
def test_no_mistake_quotes_a_secret(case: dict[str, Any]) -> None:
    with pytest.raises(InputError) as caught:
        PARSERS[case["parser"]](text_of(case))
    assert SECRET not in repr(caught.value.problems)


@pytest.mark.parametrize("name", ["billion laughs", "four thousand mistakes on a line", "open braces"])
def test_a_small_text_does_not_grow_large(name: str) -> None:
    case = next(case for case in INPUTS if case["name"] == name)
    text = text_of(case)
    tracemalloc.start()
    try:
        refused(lambda: PARSERS[case["parser"]](text))
        assert tracemalloc.get_traced_memory()[1] < MEGABYTES * 1_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    "glob", ["*a" * 12 + "*b", "**/" + "*a*a*a/" * 9 + "b", "**/a/" * 9 + "**", "*a*" * 40 + "b"]
)
def test_a_glob_of_stars_does_not_try_all_ways(glob: str) -> None:
    started = time.process_time()
    wanted = selection([glob])
    assert not wanted("a" * 200)
    wanted("a/" * 90 + "c")
    assert time.process_time() - started < 1


@given(
    st.lists(st.sampled_from(["*", "**", "?", "a", "b", "/", "**/", "/**"]), max_size=7).map("".join),
    st.lists(st.sampled_from(["a", "b", "ab", "/"]), max_size=7).map("".join),
)
def test_a_glob_with_many_stars_means_what_one_with_few_does(glob: str, path: str) -> None:
    assert selection([glob])(path) is (_pattern(glob).fullmatch(path) is not None)
