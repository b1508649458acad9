"""The benchmarks' own tools: what they count and time is what happened."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

pytest.importorskip("pyperf", reason="a tool of `make bench`, in the dev group")

from packaging.utils import canonicalize_name

from bench.counting import CountingIndex
from bench.growth import ASKED, INSTALLED
from bench.measure import Command, in_turn
from bench.page import Results, page
from depguard.model.release import CoreMetadata
from kit.index_bench import Bench
from kit.loopback import Loopback
from kit.wheels import build_wheel


def test_commands_take_turns_and_failures_are_told(tmp_path: Path) -> None:
    log = tmp_path / "log"
    write = "import sys; open(sys.argv[1], 'a').write(sys.argv[2])"
    commands = [
        Command(name="a", words=[sys.executable, "-c", write, str(log), "a"]),
        Command(name="b", words=[sys.executable, "-c", write, str(log), "b"], every=2),
        Command(name="c", words=[sys.executable, "-c", "raise SystemExit('no')"]),
    ]
    ballast = bytearray(100_000_000)  # what measures is no part of what is measured
    a, b, c = in_turn(commands, 3)
    del ballast
    assert log.read_text() == "ab" + "a" + "ab"
    assert (len(a.wall), len(b.wall), len(c.wall)) == (3, 2, 0)
    assert c.failure == "no"
    assert 0 < a.memory < 40
    assert all(0 < seconds < 60 for seconds in (*a.wall, *a.cpu))


def test_the_index_between_counts_and_hands_on(tmp_path: Path) -> None:
    build_wheel(tmp_path / "wheels", "small", "1.0", requires=["numpy"])
    bench = Bench()
    with Loopback(tmp_path / "wheels") as real, CountingIndex(real.url) as between:
        client = bench.client(between.url)
        artifact = client.page(canonicalize_name("small")).artifacts[0]
        answer = client.metadata(artifact)
        assert isinstance(answer, CoreMetadata)
        assert [str(r) for r in answer.requires_dist] == ["numpy"]
        assert between.requests == len(real.requests) >= 2
        assert between.bytes > 100
        between.reset()
        assert between.requests == between.bytes == 0
    bench.close()


def test_the_page_has_every_section_and_the_ratio() -> None:
    found = in_turn([Command(name="uv", words=[sys.executable, "-c", "pass"])], 2)
    text = page(
        Results(
            machine={"cpu_count": "2"},
            versions={"depguard": "0"},
            start=found,
            warm=found,
            cold=found,
            small=found,
            traffic={"uv": (3, 2_000_000)},
            many={"one": (30.0, 40.0), "beside": (29.0, 35.0), "two": (55.0, 70.0), "before": (0.012, 0.011)},
            growth={(installed, asked): 1.0 for installed in INSTALLED for asked in ASKED},
            profile=[("depguard.resolve", 0.2, 10)],
        )
    )
    assert "| uv | 3 | 2.0 MB |" in text
    assert "| medians | 30.0 | 29.0 | 55.0 | 1.83 | 1.90 |" in text
    assert "| the best | 40.0 | 35.0 | 70.0 | 1.75 | 2.00 |" in text
    assert "in 12 ms" in text
    assert "| 1.00 |" in text
