"""``python -m bench``: measure, and write docs/benchmarks.md. About five minutes on a quiet machine."""

from __future__ import annotations

import argparse
import cProfile
import json
import pstats
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

import pyperf

from bench import many, subjects
from bench.counting import CountingIndex
from bench.growth import growth
from bench.measure import Command, Measured, emptied, in_turn, plain_environment
from bench.page import Results, page
from depguard.adapters.shipped_forms import FOLDER, write_forms

ROOT = Path(__file__).resolve().parent.parent


def main() -> None:
    """Measure everything in one run."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--rounds", type=int, default=20, help="rounds of the warm commands (default: 20)")
    parser.add_argument("--cold-rounds", type=int, default=5, help="rounds of the cold ones (default: 5)")
    parser.add_argument("--offline-only", action="store_true", help="leave out what needs empty caches")
    parser.add_argument("--output", type=Path, default=ROOT / "docs" / "benchmarks.md")
    parser.add_argument("--json", type=Path, help="where pyperf's own file of the warm runs goes")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="depguard-bench-") as folder:
        results = measure(Path(folder), args)
    args.output.write_text(page(results), encoding="utf-8")
    if args.json:
        suite = pyperf.BenchmarkSuite([m.bench for m in results.warm if m.wall])
        suite.dump(str(args.json), replace=True)
    say(f"wrote {args.output}")


def measure(folder: Path, args: argparse.Namespace) -> Results:
    """All sections; a section that cannot be measured here is left empty and says so."""
    say("the host's copy")
    work = subjects.make_workplace(folder)
    warm_up(work)
    say("start")
    start = in_turn(starting(), args.rounds)
    say("warm")
    warm = in_turn(
        [
            subjects.plan(work, "depguard plan", "--offline", recall=True),
            subjects.plan(work, "depguard plan, anew", "--offline"),
            subjects.uv(work, "uv", "--offline"),
            subjects.pip(work, "pip", every=max(args.rounds // 3, 1)),
        ],
        args.rounds,
    )
    cold: list[Measured] = []
    small: list[Measured] = []
    traffic: dict[str, tuple[int, int]] = {}
    if not args.offline_only:
        say("cold")
        cold = in_turn(
            [
                subjects.cold(subjects.plan(work, "depguard plan"), work, "depguard"),
                subjects.cold(subjects.uv(work, "uv"), work, "uv"),
                subjects.cold(subjects.pip(work, "pip", every=2), work, "pip"),
            ],
            args.cold_rounds,
        )
        say("beside pip-compile")
        small = in_turn(subjects.small_requests(work), 2)
        say("requests and bytes")
        traffic = counted(work)
    say("many plans")
    plans = many_plans(work)
    say("growth")
    grown = growth()
    say("profile")
    return Results(
        machine=subjects.machine(),
        versions=subjects.versions(),
        start=start,
        warm=warm,
        cold=cold,
        small=small,
        traffic=traffic,
        many=plans,
        growth=grown,
        profile=profile(work),
        notes=busy(subjects.machine()),
    )


def busy(machine: Mapping[str, str]) -> list[str]:
    """A remark where the machine had other things to do."""
    load, cores = float(machine.get("load_avg_1min", 0)), int(machine.get("cpu_count", 1))
    if load <= cores + 1:
        return []
    remark = (
        f"The machine was busy: a load of {load:.0f} on {cores} cores. CPU times and their ratios say more"
        " than the others; run `make bench` on a quiet machine."
    )
    return [remark]


def warm_up(work: subjects.Workplace) -> None:
    """Everybody once with the index, so that caches and bytecode are there; and what a build makes."""
    write_forms(ROOT / "policies", Path(FOLDER))
    for command in (
        subjects.plan(work, "depguard"),
        subjects.plan(work, "depguard", "--offline", recall=True),
        subjects.uv(work, "uv"),
    ):
        (measured,) = in_turn([command], 1)
        if measured.failure:
            raise SystemExit(f"{measured.name}: {measured.failure}")


def starting() -> list[Command]:
    """What it takes to begin at all."""
    return [
        Command(name="python -c pass", words=[sys.executable, "-c", "pass"]),
        Command(name="depguard --version", words=[str(subjects.BIN / "depguard"), "--version"]),
    ]


def counted(work: subjects.Workplace) -> dict[str, tuple[int, int]]:
    """Requests and bytes of a cold run of each."""
    from depguard.adapters.index.default_index import default_index_url

    found: dict[str, tuple[int, int]] = {}
    with CountingIndex(default_index_url()) as index:
        for name, cache, command in (
            ("depguard plan", "depguard", subjects.plan(work, "depguard", "--index-url", index.url)),
            ("uv", "uv", subjects.uv(work, "uv", "--index-url", index.url)),
        ):
            emptied(work.cache(cache))()
            index.reset()
            (measured,) = in_turn([command], 1)
            if not measured.failure:
                found[name] = (index.requests, index.bytes)
    return found


def many_plans(work: subjects.Workplace) -> dict[str, tuple[float, float]]:
    """Plans a second, the median and the best of runs in turn, each in processes of its own.

    By ``one`` process; by one ``beside`` another that does the same by itself, for a core does less while the
    other is at work; by ``two`` that share the work. How long it took before a call is ``before``.
    """
    cache = str(work.cache("depguard"))
    many.main(cache, 1, offline=False)
    found: dict[str, list[dict[str, float]]] = {"one": [], "beside": [], "two": []}
    for _ in range(many.ROUNDS):
        found["one"] += _many(cache, 1)
        found["beside"] += _many(cache, 1, at_once=2)
        found["two"] += _many(cache, 2)
    told: dict[str, tuple[float, float]] = {}
    for name, answers in found.items():
        rates = [each["plans"] / each["wall"] for each in answers]
        told[name] = statistics.median(rates), max(rates)
    before = [each["before"] for answers in found.values() for each in answers]
    told["before"] = statistics.median(before), min(before)
    return told


def _many(cache: str, processes: int, at_once: int = 1) -> list[dict[str, float]]:
    """What `bench.many` says, of several that run at once."""
    running = [
        subprocess.Popen(
            [sys.executable, "-m", "bench.many", cache, str(processes)],
            cwd=ROOT,
            env=plain_environment() | {"PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(at_once)
    ]
    found: list[dict[str, float]] = []
    for each in running:
        out, errors = each.communicate()
        if each.returncode:
            raise SystemExit(f"bench.many failed:\n{errors}")
        found.append(json.loads(out))
    return found


def profile(work: subjects.Workplace) -> list[tuple[str, float, int]]:
    """Own time of one warm plan by package, in a process of its own (imports count)."""
    dump = work.root / "profile.out"
    command = subjects.plan(work, "profile", "--offline")
    program = f"import sys; from bench.__main__ import profiled; profiled({str(dump)!r}, sys.argv[1:])"
    subprocess.run(
        [sys.executable, "-c", program, *command.words[1:]],
        cwd=command.cwd,
        env=plain_environment() | {"PYTHONPATH": str(ROOT), "DEPGUARD_RECALL": "0"},
        stdout=subprocess.DEVNULL,
        check=True,
    )
    own: defaultdict[str, float] = defaultdict(float)
    calls: defaultdict[str, int] = defaultdict(int)
    for (file, _, name), (_, count, seconds, *_) in pstats.Stats(str(dump)).stats.items():  # type: ignore[attr-defined]  # not in the stubs
        where = _whose(file, name)
        own[where] += seconds
        calls[where] += count
    ranked = sorted(own, key=lambda name: -own[name])
    return [(name, own[name], calls[name]) for name in ranked[:14]]


def profiled(dump: str, words: list[str]) -> None:
    """Run a command line under the profiler."""
    profiler = cProfile.Profile()
    profiler.enable()
    from depguard.cli.main import main as depguard

    depguard(words)
    profiler.disable()
    profiler.dump_stats(dump)


def _whose(file: str, name: str) -> str:
    if "importlib" in file or (file == "~" and ("marshal" in name or "open_code" in name or "stat" in name)):
        return "Python: importing modules"
    parts = Path(file).parts
    for package in ("depguard", "resolvelib", "packaging"):
        if package in parts:
            inner = parts[parts.index(package) + 1 :] if package == "depguard" else ()
            return ".".join((package, *(Path(part).stem for part in inner[:1])))
    if "dataclasses" in file:
        return "Python: making dataclasses"
    if "/re/" in file:
        return "Python: compiling regular expressions"
    return "Python: built-in functions" if file == "~" else "Python: the rest of its library"


def say(text: str) -> None:
    """One line to stderr."""
    sys.stderr.write(f"{time.strftime('%H:%M:%S')} {text}\n")


if __name__ == "__main__":
    main()
