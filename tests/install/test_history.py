"""The log of runs: whole lines from several processes, bad ones by number, and what they come to."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from depguard.adapters.run_log import append_line
from depguard.app.history import summed_up
from depguard.cli.main import main
from depguard.emit.history_text import render_history
from depguard.errors import InputError
from depguard.model.run_log import RunRecord
from depguard.parse.run_log import read_runs, run_line

BEGAN = datetime(2026, 10, 1, 9, tzinfo=UTC)


def run(days: float, *causes: str, command: str = "install", host: str = "colab/2026.07-gpu") -> RunRecord:
    return RunRecord(
        at=BEGAN + timedelta(days=days),
        command=command,
        outcome="stopped" if causes else "ready",
        good=not causes,
        seconds=9.0 + days,
        host=host,
        tier="tier3",
        versions={"numpy": ("2.0.2", "2.0.2"), "captum": (None, "0.9.0")},
        probes={"numpy": "passed"},
        causes=causes,
    )


RUNS = (
    run(0),
    run(1, "DG503"),
    run(8),
    run(9, "DG503", "DG903"),
    run(10, "index.unreachable", host="colab/2026.08-gpu"),
    run(21, command="doctor"),
)


def test_a_line_gives_its_run_back() -> None:
    for record in RUNS:
        line = run_line(record)
        assert line.count("\n") == 1
        assert read_runs(line, "log") == ((record,), ())


def test_it_is_summed_up() -> None:
    history = summed_up(RUNS, (), "log")
    assert history.by == "week"
    assert render_history(history) == (
        "6 runs on 2 hosts, 2026-10-01 to 2026-10-22\n"
        "\n"
        "                         doctor    install\n"
        "  week of 2026-09-28          -  1/2   50%\n"
        "  week of 2026-10-05          -  1/3   33%\n"
        "  week of 2026-10-19  1/1  100%          -\n"
        "  all                 1/1  100%  2/5   40%\n"
        "  median                   30 s       17 s\n"
        "\n"
        "What went wrong:\n"
        "  DG503              2\n"
        "  DG903              1\n"
        "  index.unreachable  1\n"
    )


@pytest.mark.parametrize(
    ("days", "by"), [(0, "day"), (14, "day"), (15, "week"), (182, "week"), (183, "month"), (2000, "month")]
)
def test_periods_fit_the_length_of_the_log(days: int, by: str) -> None:
    assert summed_up((run(0), run(days)), (), "log").by == by


def test_bad_lines_are_told_by_number(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log = tmp_path / "runs.jsonl"
    good = run_line(RUNS[0])
    bad = [
        "not json\n",
        "[]\n",
        '{"schema": "depguard.run/2"}\n',
        good.replace('"outcome": "ready"', '"outcome": ""'),
        good.replace("2026-10-01T09:00:00Z", "2026-10-01T09:00:00"),
        good.replace('"command": "install", ', ""),
        "null\n",
    ]
    log.write_text(good + "\n" + "".join(bad) + good)
    assert main(["history", str(log), "--format", "json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["schema"] == "depguard.history/1"
    assert said["totals"]["install"] == {"runs": 2, "good": 2, "rate": 1.0, "median_seconds": 9.0}
    assert [item["line"] for item in said["bad_lines"]] == [3, 4, 5, 6, 7, 8, 9]
    assert main(["history", str(log)]) == 0
    out = capsys.readouterr().out
    assert "7 lines left out:" in out
    assert f"{log}:3:1: no run of depguard: not JSON" in out
    assert f"{log}:8:1: no run of depguard: it has no command" in out


def test_a_log_without_a_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(InputError, match="there is no run"):
        summed_up((), (), "log")
    log = tmp_path / "runs.jsonl"
    log.write_text("nonsense\n")
    assert main(["history", str(log)]) == 2
    assert ":1:1: error: no run of depguard" in capsys.readouterr().err
    assert main(["history", str(tmp_path / "none")]) == 2


def test_a_line_that_broke_off_spoils_no_other(tmp_path: Path) -> None:
    log = tmp_path / "deep" / "runs.jsonl"
    append_line(log, run_line(RUNS[0]))
    with log.open("a") as stream:
        stream.write('{"schema": "depgu')
    append_line(log, run_line(RUNS[1]))
    runs, bad = read_runs(log.read_text(), "log")
    assert runs == RUNS[:2]
    assert [problem.location.line for problem in bad if problem.location] == [2]


def test_several_processes_append_whole_lines(tmp_path: Path) -> None:
    log = tmp_path / "runs.jsonl"
    script = (
        "import sys; from pathlib import Path; from depguard.adapters.run_log import append_line\n"
        "for _ in range(200): append_line(Path(sys.argv[1]), sys.argv[2])"
    )
    line = run_line(RUNS[0])
    environ = {"PYTHONPATH": ":".join(sys.path)}
    workers = [
        subprocess.Popen([sys.executable, "-c", script, str(log), line], env=environ) for _ in range(4)
    ]
    assert [worker.wait() for worker in workers] == [0, 0, 0, 0]
    runs, bad = read_runs(log.read_text(), "log")
    assert (len(runs), bad) == (800, ())
