from __future__ import annotations

from pathlib import Path

from kit.referees import Change
from survey.contest import ours
from survey.figures import bout, middle, pips, verdicts
from survey.journal import Answer, Entry, Journal, Judged, Outcome, read_journals
from survey.lines import InstallLine
from survey.report import Facts, render

ONNX = Change("onnx", None, "1.23.2")
PROTOBUF = Change("protobuf", "5.29.6", "7.36.2")
OLD, NEW = "pip 24.1.2", "pip 26.3"
LINES = [InstallLine(name=name, args=(name,)) for name in ("a", "b", "c", "d")]

Found = dict[tuple[str, str], Entry]


def said(found: Found, line: str, label: str, real: Outcome, own: Outcome, *, apart: str = "") -> None:
    found[line, label] = Answer(line=line, by=label, seconds=2.0, outcome=real, apart=apart)
    found[line, ours(label)] = Answer(line=line, by=ours(label), seconds=0.1, outcome=own)


def example() -> Found:
    found: Found = {}
    both = frozenset({ONNX, PROTOBUF})
    for label in (OLD, NEW):
        said(found, "a", label, both, both)
        said(found, "b", label, None, None)
    said(found, "c", OLD, frozenset({ONNX}), frozenset({ONNX}))
    said(found, "c", NEW, both, frozenset({ONNX}))
    said(found, "d", OLD, None, None, apart="time")
    found["a", "verdict"] = Judged(
        line="a",
        seconds=0.5,
        verdict="unsafe",
        codes=("DG202",),
        culprits=("onnx", "onnx>=1"),
        touched=("grpcio-status", "ydf"),
    )
    return found


def test_a_bout_counts_what_is_the_same_and_keeps_what_is_not() -> None:
    new = bout(NEW, LINES, example())
    assert (new.lines, new.same, new.refused, dict(new.apart)) == (3, 2, 1, {})
    (difference,) = new.differences
    assert (difference.line, difference.theirs, difference.ours) == ("c", (PROTOBUF,), ())
    old = bout(OLD, LINES, example())
    assert (old.lines, old.same, dict(old.apart)) == (3, 3, {"time": 1})


def test_pips_that_agree_and_pips_that_do_not_are_counted_by_themselves() -> None:
    both = pips((OLD, NEW), LINES, example())
    assert (both.agreed, both.as_either, both.differed) == (2, 2, 1)
    assert (both.named, both.as_named) == (2, 1)


def test_verdicts_count_a_culprit_once_a_line() -> None:
    counted = verdicts(LINES, example())
    assert counted.lines == 1
    assert dict(counted.culprits) == {"onnx": 1}
    assert dict(counted.touched) == {"grpcio-status": 1, "ydf": 1}


def test_the_middle_of_little() -> None:
    assert middle([]) == (0.0, 0.0)
    assert middle([3.0]) == (3.0, 3.0)
    assert middle([1.0] * 9 + [11.0])[0] == 1.0


def test_a_journal_gives_back_what_it_was_told(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "one.jsonl")
    for entry in example().values():
        journal.add(entry)
    with (tmp_path / "one.jsonl").open("a") as file:
        file.write('{"line": "d", "by": "pi')  # the machine went down here
    assert read_journals([tmp_path / "one.jsonl"]) == example()


def test_a_report() -> None:
    found = example()
    facts = Facts(
        host="colab/2026.07-gpu",
        cutoff="2026-11-22",
        seed=1,
        sampled=4,
        seconds=150,
        lines=6,
        apart={"URL or path": 2},
    )
    bouts = [bout(OLD, LINES, found), bout(NEW, LINES, found)]
    text = render(facts, bouts, pips((OLD, NEW), LINES, found), verdicts(LINES, found))
    assert "6 lines, 4 of them plain pip. Apart: URL or path 2." in text
    assert "| pip 24.1.2 | 3 | 3 | 100.0 % | 1 | time 1 |" in text
    assert "| pip 26.3 | 3 | 2 | 66.7 % | 1 |  |" in text
    assert "They differ on 1: as the pip that it names depguard is right in 1 of 2 trials (50.0 %)." in text
    assert "- c, pip 26.3\n  - only pip 26.3: protobuf 5.29.6 -> 7.36.2\n  - only depguard: nothing" in text
    assert "- Culprit (lines): onnx 1" in text
