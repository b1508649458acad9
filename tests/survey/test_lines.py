from __future__ import annotations

import json
from pathlib import Path

import pytest

from survey.lines import BINARY, read_lines, sample


def folder_of(path: Path, *rows: object) -> Path:
    (path / "lines.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def row(name: str, *requirements: str, flags: tuple[str, ...] = (), installer: str = "pip") -> object:
    return {"id": name, "installer": installer, "flags": list(flags), "requirements": list(requirements)}


def test_plain_lines_and_why_the_others_stand_apart(tmp_path: Path) -> None:
    rows = (
        row("a", "captum", "datasets<3", flags=("--quiet", "--upgrade")),
        row("b", "git+https://example.org/mypkg"),
        row("c", "captum", flags=("--find-links https://example.org/wheels",)),
        row("d", "captum", flags=("--user",)),
        row("e", "captum", installer="uv"),
        row("f", "torch-scatter==latest+cu101"),
        row("g", "captum", flags=("--no-binary captum",)),
        {"something": "else"},
    )
    lines = {line.name: line for line in read_lines(folder_of(tmp_path, *rows))}
    assert lines["a"].args == (BINARY, "--upgrade", "captum", "datasets<3")
    assert {name: line.apart for name, line in lines.items()} == {
        "a": "",
        "b": "URL or path",
        "c": "another index",
        "d": "option",
        "e": "installer",
        "f": "unreadable",
        "g": "option",
    }


def test_uv_is_asked_only_what_means_the_same_to_it(tmp_path: Path) -> None:
    rows = (row("a", "captum", flags=("--upgrade",)), row("b", "captum", flags=("--ignore-installed",)))
    first, second = read_lines(folder_of(tmp_path, *rows))
    assert (first.for_uv, second.for_uv) == (True, False)


def test_a_sample_is_the_same_for_the_same_seed_and_plain(tmp_path: Path) -> None:
    rows = [row(f"{n:02}", "captum" if n % 3 else "./here") for n in range(30)]
    lines = read_lines(folder_of(tmp_path, *rows))
    chosen = sample(lines, 8, seed=1)
    assert chosen == sample(lines, 8, seed=1)
    assert chosen != sample(lines, 8, seed=2)
    assert len({line.name for line in chosen}) == 8
    assert not any(line.apart for line in chosen)
    assert len(sample(lines, 100, seed=1)) == 20


def test_a_folder_without_lines_and_a_broken_one_say_so(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no install lines in"):
        read_lines(tmp_path)
    (tmp_path / "odd.jsonl").write_text("{", encoding="utf-8")
    with pytest.raises(ValueError, match=r"odd.jsonl:1: no JSON"):
        read_lines(tmp_path)
