"""Compiled forms: found by content, and never believed when something is wrong with them."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest

from depguard.adapters.cache import Cache, Entry
from depguard.adapters.compiled import CompiledForms, digest


class Counted:
    """Makes a value of its sources, and counts how often."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.made = 0
        self.notes: list[str] = []

    def ask(self, *sources: str, kind: str = "kind") -> list[str]:
        forms = CompiledForms(Cache.in_folder(self.folder, note=self.notes.append))

        def make() -> list[str]:
            self.made += 1
            return list(sources)

        found: list[str] = forms.recall(kind, sources, make, to_text=json.dumps, from_text=_strings)
        forms.close()
        return found


def _strings(text: str) -> list[str]:
    found = json.loads(text)
    if not isinstance(found, list):
        raise ValueError("no list")  # noqa: TRY004 - as the forms' own readers do
    return [str(each) for each in found]


@pytest.fixture
def counted(tmp_path: Path) -> Counted:
    return Counted(tmp_path / "cache")


def test_made_once_for_the_same_sources(counted: Counted) -> None:
    assert counted.ask("a", "b") == counted.ask("a", "b") == ["a", "b"]
    assert counted.made == 1


@pytest.mark.parametrize("other", [("ab", ""), ("b", "a"), ("a", "b", ""), ("a",)])
def test_other_sources_are_another_value(counted: Counted, other: tuple[str, ...]) -> None:
    counted.ask("a", "b")
    assert counted.ask(*other) == list(other)
    assert counted.made == 2


def test_another_kind_is_another_value(counted: Counted) -> None:
    counted.ask("a")
    counted.ask("a", kind="other")
    assert counted.made == 2


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE entry SET body = 'text'",
        "UPDATE entry SET body = zeroblob(9)",
        "UPDATE entry SET body = substr(body, 1, length(body) - 1)",
        'UPDATE entry SET facts = \'{"x": "y"}\'',
        "UPDATE entry SET format = 0",
        "UPDATE entry SET checksum = checksum + 1",
    ],
)
def test_a_damaged_entry_is_dropped_and_made_again(counted: Counted, damage: str) -> None:
    counted.ask("a")
    with sqlite3.connect(counted.folder / "index.sqlite3") as connection:
        connection.execute(damage)
    connection.close()
    assert counted.ask("a") == ["a"]
    assert counted.made == 2
    assert counted.ask("a") == ["a"]
    assert counted.made == 2


def test_a_foreign_entry_is_dropped_and_made_again(counted: Counted) -> None:
    cache = Cache.in_folder(counted.folder, note=counted.notes.append)
    cache.put("kind", digest(("a",)), Entry(text='{"not": "ours"}', stored=0.0, facts={}))
    cache.close()
    assert counted.ask("a") == ["a"]
    assert counted.ask("a") == ["a"]
    assert counted.made == 1


def test_a_folder_that_cannot_be_written_costs_time_alone(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file where the folder should be")
    counted = Counted(tmp_path / "cache")
    assert counted.ask("a") == counted.ask("a") == ["a"]
    assert counted.made == 2
    assert counted.notes


def test_what_make_raises_is_raised_and_nothing_is_kept(tmp_path: Path) -> None:
    forms = CompiledForms(Cache.in_folder(tmp_path, note=lambda _: None))

    def fail() -> list[str]:
        raise OSError("no")

    for _ in range(2):
        with pytest.raises(OSError, match="no"):
            forms.recall("kind", ("a",), fail, to_text=json.dumps, from_text=_strings)
    forms.close()
