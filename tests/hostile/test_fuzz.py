"""Every parser on made-up text: it answers, it refuses, or it is a bug.

``make fuzz EXAMPLES=20000`` looks longer; a small number shows that the ways in are still the right ones.
"""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kit.parsers import PARSERS, refused

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "10"))
SECONDS = 2.0
"""Of processor time for one made-up text, a hundred times what the slowest takes."""

_PIECES = json.loads((Path(__file__).parent / "pieces.json").read_text(encoding="utf-8"))


def pieces(parser: str) -> list[str]:
    return [piece for name in _PIECES["parsers"][parser]["languages"] for piece in _PIECES["languages"][name]]


def wraps(parser: str) -> list[str]:
    found: list[str] = _PIECES["parsers"][parser]["wraps"]
    return found


def texts(parser: str) -> st.SearchStrategy[str]:
    """Pieces of the language one after the other, some of them many times, some characters of any kind."""
    repeated = st.tuples(st.sampled_from(pieces(parser)), st.sampled_from((1, 1, 1, 2, 40, 700)))
    piece = repeated.map(lambda pair: pair[0] * pair[1])
    odd = st.text(st.characters(exclude_categories=()), max_size=4)
    body = st.lists(st.one_of(piece, piece, piece, odd), max_size=12).map("".join)
    return st.builds(lambda wrap, text: wrap.replace("%s", text), st.sampled_from(wraps(parser)), body)


def answers(parser: str, text: str) -> None:
    started = time.process_time()
    codes = refused(lambda: PARSERS[parser](text))
    assert all(codes)
    assert time.process_time() - started < SECONDS


def test_the_pieces_are_of_every_parser() -> None:
    assert set(_PIECES["parsers"]) == set(PARSERS)


@pytest.mark.parametrize("parser", PARSERS)
def test_no_text_makes_a_parser_crash(parser: str) -> None:
    @settings(max_examples=EXAMPLES)
    @given(texts(parser))
    def run(text: str) -> None:
        answers(parser, text)

    run()


_KEYS = {
    "pip inspect": (
        "version installed metadata name requires_dist requires_python provides_extra environment direct_url"
        " installer modules depguard tags loaded platform url vcs_info archive_info"
    ),
    "host metadata": (
        "format host baseline_sha256 distributions how source requires extras contradicted version installer"
        " modules requires_python"
    ),
    "lock file": (
        "schema policy name sha256 cutoff installer sources requires hosts pins guards tier about output"
        " command no_deps changes kind file size label location line column specifier reason"
    ),
    "simple JSON": (
        "files filename url hashes size yanked core-metadata requires-python upload-time meta api-version"
    ),
    "notebook file": "cells cell_type source nbformat metadata outputs worksheets",
}
_VALUES = (
    "1", "0", "", "code", "sha256", "depguard.lock/1", "numpy", "numpy==1", "captured", "pip", "lab-1.tar.gz",
    "2026-11-22T08:00:00Z", "https://[", "add", "\ud800", "!pip install a", "py3-none-any", "a" * 300,
)  # fmt: skip


def documents(parser: str) -> st.SearchStrategy[Any]:
    """JSON values with the keys that the parser looks for, of right types and wrong ones."""
    leaf = st.one_of(
        st.sampled_from(_VALUES),
        st.sampled_from((None, True, False, 0, 1, -1, 1.5, 10**30, float("inf"))),
        st.text(max_size=6),
    )
    key = st.sampled_from(_KEYS[parser].split())
    return st.recursive(
        leaf,
        lambda inner: st.one_of(
            st.lists(inner, max_size=4),
            st.dictionaries(st.one_of(key, key, key, leaf.map(str)), inner, max_size=6),
        ),
        max_leaves=20,
    )


@pytest.mark.parametrize("parser", _KEYS)
def test_no_document_makes_a_parser_crash(parser: str) -> None:
    @settings(max_examples=EXAMPLES * 2)
    @given(documents(parser), documents(parser), st.sampled_from(_KEYS[parser].split()))
    def run(first: object, second: object, key: str) -> None:
        answers(parser, json.dumps(first))
        heads = {
            "pip inspect": {"version": "1", "installed": [first, second]},
            "host metadata": {"format": 1, "distributions": {"a": first, "b": second}},
            "lock file": {"schema": "depguard.lock/1", key: first, "policy": second},
            "simple JSON": {"files": [first, second]},
            "notebook file": {"cells": [first, {"cell_type": "code", "source": second}]},
        }
        answers(parser, json.dumps(heads[parser]))

    run()
