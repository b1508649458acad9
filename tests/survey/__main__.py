"""``python -m survey DIR``: ask depguard and real installers about install lines, and write a report.

A run that is broken off goes on where it stood; its host, cut-off, sample and time limit are those that it
began with. ``--report-only`` may be used while another one runs. ``--afresh`` keeps what the real installers
said and asks depguard again.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from depguard.parse.cutoff import parse_cutoff
from survey.contest import contestants
from survey.figures import bout, pips, verdicts
from survey.journal import read_journals
from survey.lines import InstallLine, read_lines, sample
from survey.report import Facts, render
from survey.work import Survey, run

SETTINGS = ("host", "policy", "cutoff", "sample", "seed", "seconds")


def main() -> int:
    """Run a survey, or go on with one, and write its report."""
    args = _parser().parse_args()
    try:
        lines = read_lines(args.lines)
    except (OSError, ValueError) as error:
        print(f"survey: {error}", file=sys.stderr)  # noqa: T201 - a tool for maintainers
        return 2
    settings = _settings(args)
    if args.afresh:
        for path in args.out.glob("ours-*.jsonl"):
            path.unlink()
    plain = tuple(line for line in lines if not line.apart)
    survey = Survey(
        host=settings["host"],
        policy=settings["policy"],
        cutoff=parse_cutoff(settings["cutoff"]),
        sampled=tuple(sample(lines, settings["sample"], settings["seed"])),
        judged=plain,
        out=args.out,
        cache=args.cache or args.out / "cache",
        index_url=args.index_url,
        seconds=settings["seconds"],
    )
    if not args.report_only:
        run(survey, args.workers)
    text = _report(survey, settings, lines)
    (args.out / "report.md").write_text(text, encoding="utf-8")
    print(text)  # noqa: T201 - a tool for maintainers
    return 0


def _report(survey: Survey, settings: Mapping[str, Any], lines: Sequence[InstallLine]) -> str:
    found = read_journals(survey.journals)
    labels = [referee.label for referee in contestants(survey.cache)]
    facts = Facts(
        host=survey.host,
        cutoff=settings["cutoff"],
        seed=settings["seed"],
        sampled=len(survey.sampled),
        seconds=survey.seconds,
        lines=len(lines),
        apart=Counter(line.apart for line in lines if line.apart),
    )
    bouts = [bout(label, survey.sampled, found) for label in labels]
    both = pips([label for label in labels if label != "uv"], survey.sampled, found)
    return render(facts, bouts, both, verdicts(survey.judged, found))


def _settings(args: argparse.Namespace) -> dict[str, Any]:
    """What the run in ``--out`` was begun with, or what it begins with now."""
    path = args.out / "settings.json"
    if path.is_file():
        began: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return began
    settings = {name: getattr(args, name) for name in SETTINGS}
    args.out.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(settings, indent=1) + "\n", encoding="utf-8")
    return settings


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make survey", description=__doc__)
    parser.add_argument("lines", type=Path, help="a folder of *.jsonl with install lines")
    parser.add_argument("--out", type=Path, required=True, help="journals, copies and the report go here")
    parser.add_argument("--cache", type=Path, help="what is fetched is kept here (default: OUT/cache)")
    parser.add_argument("--host", default="colab/2026.07-gpu")
    parser.add_argument("--policy", default="colab", help="a shipped policy, for the verdicts")
    today = f"{datetime.now(UTC):%Y-%m-%d}"
    parser.add_argument(
        "--cutoff", default=today, help="nothing uploaded later counts (default: today, 00:00 UTC)"
    )
    parser.add_argument("--sample", type=int, default=320, help="so many lines go to real installers, too")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=180, help="a real installer may take so long")
    parser.add_argument("--workers", type=int, default=2, help="processes")
    parser.add_argument("--index-url", help="the index that is frozen (default: that of pip itself)")
    parser.add_argument("--afresh", action="store_true", help="ask depguard again")
    parser.add_argument("--report-only", action="store_true", help="write the report of what is there")
    return parser


if __name__ == "__main__":
    sys.exit(main())
