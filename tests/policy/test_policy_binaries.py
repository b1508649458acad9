from __future__ import annotations

import pytest

from depguard.errors import InputError
from depguard.model.binary import Binaries
from depguard.parse.policy import parse_policy, read_draft
from depguard.parse.policy_merge import merge


@pytest.mark.parametrize("word", list(Binaries))
def test_each_word_is_known(word: Binaries) -> None:
    assert parse_policy(f"schema: 1\nbinaries: {word.value}\n", "p.yaml").binaries is word


def test_without_a_word_it_is_reported() -> None:
    assert parse_policy("schema: 1\n", "p.yaml").binaries is Binaries.REPORT


def test_another_word_is_a_mistake_with_its_place() -> None:
    with pytest.raises(InputError) as caught:
        parse_policy("schema: 1\nbinaries: solved\n", "p.yaml")
    (problem,) = caught.value.problems
    assert (str(problem.location), problem.allowed) == ("p.yaml:2:11", "solve, report, off")
    assert problem.hint == "did you mean solve?"


def test_the_nearer_text_wins() -> None:
    base = read_draft("schema: 1\nbinaries: solve\n", "base.yaml")
    assert merge((read_draft("schema: 1\nbinaries: off\n", "own.yaml"), base)).binaries is Binaries.OFF
    assert merge((read_draft("schema: 1\n", "own.yaml"), base)).binaries is Binaries.SOLVE
