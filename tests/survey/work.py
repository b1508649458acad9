"""The work of a survey, shared over processes. What stands in the journals is not done again."""

from __future__ import annotations

import multiprocessing
import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from depguard.adapters.policy_store import PolicyStore
from kit.catalogue import shipped_host
from kit.referees import make_copy
from survey.contest import Contest, contestants, ours
from survey.frozen import Frozen, Mirror
from survey.journal import Journal, read_journals
from survey.lines import InstallLine

NICENESS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """What is asked: ``sampled`` lines of all contestants, ``judged`` ones of depguard alone.

    ``out`` has the journals, ``cache`` what was fetched. ``index_url`` None: pip's own default.
    """

    host: str
    policy: str
    cutoff: datetime
    sampled: tuple[InstallLine, ...]
    judged: tuple[InstallLine, ...]
    out: Path
    cache: Path
    index_url: str | None
    seconds: float

    @property
    def journals(self) -> list[Path]:
        """The files that hold what was found."""
        return sorted(self.out.glob("*.jsonl"))


def run(survey: Survey, workers: int) -> None:
    """Do what is not done yet. Raises RuntimeError when a process ended badly."""
    survey.out.mkdir(parents=True, exist_ok=True)
    spawn = multiprocessing.get_context("spawn")
    with Frozen(survey.cache, survey.index_url) as source, Mirror(source, survey.cutoff) as mirror:
        shares = [(survey, mirror.url, number, workers) for number in range(workers)]
        started = [spawn.Process(target=_share, args=share) for share in shares]
        for process in started:
            process.start()
        for process in started:
            process.join()
    if any(process.exitcode for process in started):
        raise RuntimeError("a process ended badly; what was found is kept, run it again to go on")


def _share(survey: Survey, url: str, number: int, workers: int) -> None:
    """One process: every so many-th line, first the sample, then the verdicts."""
    os.nice(NICENESS)
    done = set(read_journals(survey.journals))
    real, own = (Journal(survey.out / f"{kind}-{number}.jsonl") for kind in ("real", "ours"))
    with Frozen(survey.cache, survey.index_url) as source:
        contest = _contest(survey, source, url, number)
        referees = tuple(contestants(survey.cache))
        for line in _own_part(survey.sampled, number, workers):
            for referee in referees:
                if referee.is_uv and not line.for_uv:
                    continue
                if (line.name, ours(referee.label)) not in done:
                    own.add(contest.ours(line, referee))
                if (line.name, referee.label) not in done:
                    real.add(contest.real(line, referee))
        for line in _own_part(survey.judged, number, workers):
            if (line.name, "verdict") not in done:
                own.add(contest.judged(line))


def _own_part(lines: Sequence[InstallLine], number: int, workers: int) -> Sequence[InstallLine]:
    return lines[number::workers]


def _contest(survey: Survey, source: Frozen, url: str, number: int) -> Contest:
    host = shipped_host(survey.host)
    policy = PolicyStore(survey.out, fetch=None).shipped(survey.policy)
    folder = survey.out / f"copy-{number}"
    shutil.rmtree(folder, ignore_errors=True)
    copy = make_copy(host, folder)
    if copy is None:
        raise RuntimeError(f"{survey.host} needs Python {host.python.major}.{host.python.minor} at hand")
    return Contest(
        host=host,
        policy=policy.policy if policy is not None else None,
        source=source,
        url=url,
        copy=copy,
        cutoff=survey.cutoff,
        seconds=survey.seconds,
    )
