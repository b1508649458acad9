"""A whole contest in small: a mirror of a frozen index, a copy of a host, real installers."""

from __future__ import annotations

import json
import urllib.request
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from depguard.parse.core_metadata import NO_REQUIREMENT
from kit.fake_index import FakeIndex
from kit.hosts import small_host
from kit.referees import Change, current_pip, find_uv, make_copy
from survey.contest import Contest
from survey.frozen import Mirror
from survey.lines import BINARY, InstallLine

CUTOFF = datetime(2026, 1, 1, tzinfo=UTC)
INDEX: dict[str, dict[str, Any]] = {
    "onnx": {
        "1.22.0": {"requires": ["protobuf>=4"], "uploaded": "2025-06-01T00:00:00Z"},
        "1.23.2": {"requires": ["protobuf>=6.31"], "uploaded": "2025-12-01T00:00:00Z"},
        "1.24.0": {"requires": ["protobuf>=8"], "uploaded": "2026-02-01T00:00:00Z"},
    },
    "protobuf": {"7.36.2": {"uploaded": "2025-12-01T00:00:00Z"}},
}
HOST = small_host({"protobuf": "5.29.6"})


def test_a_mirror_shows_what_was_there_at_the_cutoff() -> None:
    with Mirror(FakeIndex.from_dict(INDEX), CUTOFF) as mirror:
        with urllib.request.urlopen(f"{mirror.url}/onnx/") as answer:
            files = [file["filename"] for file in json.load(answer)["files"]]
        metadata = mirror.url.replace("/simple", f"/files/{files[0]}.metadata")
        with urllib.request.urlopen(metadata) as answer:
            text = answer.read().decode()
        assert mirror.answer("/simple/nosuchthing/")[0] == 404
        assert mirror.answer("/files/nosuchthing.whl.metadata")[0] == 404
    assert sorted(files) == ["onnx-1.22.0-py3-none-any.whl", "onnx-1.23.2-py3-none-any.whl"]
    assert "Requires-Dist: protobuf>=" in text


def test_a_requirement_that_is_none_is_shown_as_it_is() -> None:
    wrong = "pyarrow (<2.0de,>=1.0.0)"
    index = FakeIndex.from_dict(
        {
            "a": {
                "1.0": {"unknown": f"{NO_REQUIREMENT}{wrong}", "uploaded": "2025-06-01T00:00:00Z"},
                "2.0": {"unknown": "not UTF-8", "uploaded": "2025-06-01T00:00:00Z"},
            }
        }
    )
    with Mirror(index, CUTOFF) as mirror:
        assert mirror.answer("/simple/a/")[0] == 200
        files = {name.split("-")[1]: f"/files/{name}.metadata" for name in mirror.files}
        assert f"Requires-Dist: {wrong}\n" in mirror.answer(files["1.0"])[1].decode()
        assert mirror.answer(files["2.0"])[0] == 404


@pytest.mark.referee
@pytest.mark.parametrize("find", [current_pip, find_uv])
def test_both_sides_of_a_contest(find: object, tmp_path: Path) -> None:
    assert callable(find)
    referee = find()
    copy = make_copy(HOST, tmp_path / "copy")
    if referee is None or copy is None:
        pytest.skip("not at hand on this machine")
    source = FakeIndex.from_dict(INDEX)
    with Mirror(source, CUTOFF) as mirror:
        contest = Contest(
            host=HOST, policy=None, source=source, url=mirror.url, copy=copy, cutoff=CUTOFF, seconds=60
        )
        moved = frozenset({Change("onnx", None, "1.23.2"), Change("protobuf", "5.29.6", "7.36.2")})
        asked: list[tuple[tuple[str, ...], frozenset[Change] | None]] = [
            ((BINARY, "onnx"), moved),
            ((BINARY, "onnx>=1.24"), None),
        ]
        if referee.is_uv:
            asked.append(((BINARY, "-U", "--upgrade", "onnx"), None))
        for args, outcome in asked:
            line = InstallLine(name="line", args=args)
            assert contest.ours(line, referee).outcome == outcome
            assert contest.real(line, referee).outcome == outcome
        assert contest.judged(InstallLine(name="line", args=(BINARY, "onnx"))).verdict == "safe"
