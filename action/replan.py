"""The scheduled re-plan: reads the published package lists of hosts; what is new becomes a pull request.

Reads: INPUT_LISTS (lines of a host file and where its list is), INPUT_POLICY, INPUT_TOKEN, DEPGUARD_VENV, and
what GitHub sets. Writes the host files, runs ``depguard baseline import`` and ``depguard lock``, pushes the
branch depguard/replan, and keeps one pull request for it. Runs in depguard's own environment, on the default
branch.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path

from packaging.utils import NormalizedName

from depguard.adapters.files import read_bytes, read_text
from depguard.emit.wording import one_line
from depguard.errors import DepguardError
from depguard.model.host import InstalledDistribution
from depguard.parse.freeze import parse_freeze
from depguard.parse.host_dump import dump_host_file
from depguard.parse.host_file import HostFile, parse_host_file
from depguard.records import replace

BRANCH = "depguard/replan"
EVENTS = ("schedule", "workflow_dispatch")
LIST_BYTES = 10_000_000
BODY_CHARACTERS = 60_000
SHOWN = 40
SECONDS = 60
WITHHELD = ("INPUT_TOKEN", "GITHUB_TOKEN", "GH_TOKEN")


class StepError(Exception):
    """What the step cannot go on from, in a line."""


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A list is where the workflow says, and the token goes to GitHub's API and nowhere else."""

    def redirect_request(self, *_: object, **__: object) -> None:
        return None


def main() -> int:
    """Re-plan; 0 where a pull request is there or nothing has changed."""
    try:
        return _replan()
    except StepError as error:
        return _failed(str(error))
    except DepguardError as error:
        said = (f"{p.location}: {p.message}" if p.location is not None else p.message for p in error.problems)
        return _failed("; ".join(said))


def _failed(why: str) -> int:
    print(f"::error title=depguard re-plan::{_data(one_line(why))}")
    return 1


def _replan() -> int:
    if os.environ.get("GITHUB_EVENT_NAME") not in EVENTS:
        raise StepError(f"the re-plan runs on {' or '.join(EVENTS)}, where nobody else's code is checked out")
    changed: dict[str, list[str]] = {}
    for file, place in _lists():
        lines = _refreshed(Path(file), _read(place), place)
        if lines:
            changed[file] = lines
    _output("changed", " ".join(changed))
    if not changed:
        _output("holds", "true")
        print("depguard: no list has changed")
        return 0
    for file in changed:
        done = _depguard("baseline", "import", file, "-o", file)
        if done.returncode:
            raise StepError(f"{file} could not be read again: {done.stderr}")
    policy = os.environ.get("INPUT_POLICY", "").strip()
    planned = _depguard("lock", "--format", "markdown", *([f"--policy={policy}"] if policy else []))
    if planned.returncode not in (0, 1):
        raise StepError(f"the tiers could not be planned: {planned.stderr}")
    holds = planned.returncode == 0
    _output("holds", "true" if holds else "false")
    title = f"Hosts have changed: {'every tier holds' if holds else 'a tier no longer holds'}"
    _pushed(title)
    _proposed(title, _body(changed, planned.stdout))
    return 0


def _lists() -> list[tuple[str, str]]:
    """The host files of the repository with their lists."""
    pairs = []
    for line in os.environ.get("INPUT_LISTS", "").splitlines():
        words = line.split()
        if not words:
            continue
        if len(words) != 2:
            raise StepError(f"not a host file and where its list is: {line}")
        file, place = words
        root = Path.cwd().resolve()
        if not (root / file).resolve().is_relative_to(root) or not (root / file).is_file():
            raise StepError(f"{file} is no host file of this repository")
        pairs.append((file, place))
    if not pairs:
        raise StepError("no lists are named")
    return pairs


def _read(place: str) -> str:
    """The text of a list, from an https URL or a file."""
    if "://" not in place:
        return read_bytes(Path(place), limit=LIST_BYTES).decode("utf-8", "replace")
    if not place.startswith("https://"):
        raise StepError(f"{place} is no https URL")
    try:
        with urllib.request.build_opener(_NoRedirect()).open(place, timeout=SECONDS) as answer:
            data: bytes = answer.read(LIST_BYTES + 1)
    except (OSError, ValueError) as error:
        raise StepError(f"{place} cannot be read: {error}") from None
    if len(data) > LIST_BYTES:
        raise StepError(f"{place} is longer than {LIST_BYTES} bytes")
    return data.decode("utf-8", "replace")


def _refreshed(path: Path, text: str, place: str) -> list[str]:
    """Writes the host file with what the list says; what has changed, in lines, empty where nothing has."""
    old = parse_host_file(read_text(path), str(path))
    before = {d.name: d for d in old.distributions}
    after = {d.name: _kept(before.get(d.name), d) for d in parse_freeze(text, place).distributions}
    lines = []
    for name in sorted({*before, *after}):
        was, now = _version(before, name), _version(after, name)
        if was != now:
            lines.append(f"{name} {was or '(new)'} -> {now or '(gone)'}")
    if lines:
        new: HostFile = replace(old, distributions=tuple(after[name] for name in sorted(after)))
        path.write_text(dump_host_file(new), encoding="utf-8")
    return lines


def _kept(old: InstalledDistribution | None, new: InstalledDistribution) -> InstalledDistribution:
    """What the file states of the same version stays."""
    return old if old is not None and old.version == new.version else new


def _version(distributions: Mapping[NormalizedName, InstalledDistribution], name: NormalizedName) -> str:
    found = distributions.get(name)
    return "" if found is None else str(found.version or "of unknown version")


def _body(changed: Mapping[str, list[str]], report: str) -> str:
    parts = []
    for file, lines in changed.items():
        rest = [f"and {len(lines) - SHOWN} more"] if len(lines) > SHOWN else []
        listed = "".join(f"    {one_line(line)}\n" for line in (*lines[:SHOWN], *rest))
        parts.append(f"`{file}`: {len(lines)} packages are others than before.\n\n{listed}")
    text = "\n".join(parts) + "\n" + report
    return (
        text if len(text) <= BODY_CHARACTERS else f"{text[:BODY_CHARACTERS]}\n\n(cut; the job has the rest)\n"
    )


def _pushed(title: str) -> None:
    """One commit on the branch, on top of what was checked out."""
    author = ["-c", "user.name=depguard", "-c", "user.email=depguard@users.noreply.github.com"]
    for words in (
        ["checkout", "--quiet", "-B", BRANCH],
        ["add", "--all"],
        [*author, "commit", "--quiet", "-m", title],
        ["push", "--quiet", "--force", "origin", f"HEAD:refs/heads/{BRANCH}"],
    ):
        done = _run(["git", "-c", "core.hooksPath=/dev/null", *words])
        if done.returncode:
            raise StepError(f"git {words[0]}: {done.stderr}")


def _proposed(title: str, body: str) -> None:
    """The pull request of the branch, made once and then kept up to date."""
    env = os.environ
    repository = env.get("GITHUB_REPOSITORY", "")
    owner = repository.partition("/")[0]
    try:
        found = _ask("GET", f"/pulls?state=open&head={owner}:{BRANCH}", None)
        number = found[0]["number"] if isinstance(found, list) and found else None
        if number is None:
            base = env.get("GITHUB_REF_NAME", "")
            _ask("POST", "/pulls", {"title": title, "body": body, "head": BRANCH, "base": base})
        else:
            _ask("PATCH", f"/pulls/{int(number)}", {"title": title, "body": body})
    except (OSError, ValueError, KeyError) as error:
        why = f"the API answered {error.code}" if isinstance(error, urllib.error.HTTPError) else "no API"
        print(f"::warning title=depguard re-plan::{BRANCH} is pushed, but has no pull request: {why}")
        return
    print(f"depguard: the pull request was {'made' if number is None else 'updated'}")


def _ask(method: str, path: str, data: Mapping[str, str] | None) -> object:
    env = os.environ
    if not re.fullmatch(r"[\w.-]+/[\w.-]+", env.get("GITHUB_REPOSITORY", "")):
        raise ValueError("GITHUB_REPOSITORY")
    request = urllib.request.Request(  # noqa: S310 - the runner's own GITHUB_API_URL
        f"{env.get('GITHUB_API_URL', '').rstrip('/')}/repos/{env['GITHUB_REPOSITORY']}{path}",
        method=method,
        data=json.dumps(data).encode() if data is not None else None,
        headers={
            "Authorization": f"Bearer {env.get('INPUT_TOKEN', '')}",
            "Accept": "application/vnd.github+json",
            "Content-Type": "application/json",
            "User-Agent": "depguard",
        },
    )
    with urllib.request.build_opener(_NoRedirect()).open(request, timeout=SECONDS) as answer:
        return json.load(answer)


def _depguard(*words: str) -> subprocess.CompletedProcess[str]:
    tool = Path(os.environ["DEPGUARD_VENV"]) / "bin" / "depguard"
    done = _run([str(tool), "--color", "never", *words])
    _logged(done)
    return done


def _run(words: list[str]) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if name not in WITHHELD}
    return subprocess.run(  # noqa: S603 - depguard and git, with the workflow's own inputs
        words,
        env=clean,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        check=False,
    )


def _logged(done: subprocess.CompletedProcess[str]) -> None:
    """What a command said, where nothing in it is a command to the runner."""
    word = os.urandom(16).hex()
    print(f"::stop-commands::{word}\n{done.stdout.rstrip()}\n{done.stderr.rstrip()}\n::{word}::")


def _output(name: str, value: str) -> None:
    with Path(os.environ["GITHUB_OUTPUT"]).open("a", encoding="utf-8") as file:
        file.write(f"{name}={one_line(value)}\n")


def _data(text: str) -> str:
    return text.replace("%", "%25")


if __name__ == "__main__":
    sys.exit(main())
