"""The check of the action: runs ``depguard check`` and hands its report to the job.

Reads: INPUT_POLICY, INPUT_HOSTS, INPUT_AGAINST, INPUT_FAIL_ON, DEPGUARD_VENV, and what GitHub sets. Writes:
annotations, the job summary, and the outputs verdict, report, sarif, comment, touched and code. Exits 0 once
depguard ran: the step that fails is the last one. Standard library only.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import subprocess
import sys
import tempfile
from pathlib import Path

FAIL_ON = ("new", "all", "never")
VERDICTS = ("safe", "unproven", "unsafe", "unsolvable")
WITHHELD = ("INPUT_TOKEN", "GITHUB_TOKEN", "GH_TOKEN")
"""What the simulation of a pull request has no use for."""


def main() -> int:
    """Run the check; 0 unless the workflow itself is wrong."""
    env = os.environ
    if env.get("GITHUB_EVENT_NAME") == "pull_request_target":
        return _wrong("pull_request_target gives a pull request the repository's secrets: use pull_request")
    fail_on = env.get("INPUT_FAIL_ON") or "new"
    if fail_on not in FAIL_ON:
        return _wrong(f"fail-on is one of {', '.join(FAIL_ON)}")
    against = env.get("INPUT_AGAINST", "").strip()
    if against.startswith("-"):
        return _wrong("against is a revision")
    if not against:
        against = _base(_event())
        if env.get("GITHUB_EVENT_NAME") == "push" and against and not _fetched(against):
            against = ""  # a forced push leaves what it was on behind: all is checked
    if against and not _fetched(against):
        return _wrong(f"{_plain(against)} is not in this checkout: give actions/checkout fetch-depth: 0")
    folder = Path(tempfile.mkdtemp(prefix="depguard-", dir=env["RUNNER_TEMP"]))
    files = {
        "json": folder / "report.json",
        "sarif": folder / "report.sarif",
        "github": folder / "annotations.txt",
        "markdown": folder / "comment.md",
        "summary": folder / "summary.md",
    }
    done = _run(_words(fail_on, against, files))
    _told(done)
    _output("code", str(done.returncode))
    _output("comment", str(files["markdown"]))
    if not files["json"].exists():
        _output("verdict", "error")
        _output("touched", "1")
        _undecided(done, files["markdown"])
        return 0
    document = json.loads(files["json"].read_text(encoding="utf-8"))
    verdict = document.get("verdict")
    _output("verdict", verdict if verdict in VERDICTS else "error")
    _output("report", str(files["json"]))
    _output("sarif", str(files["sarif"]))
    _output("touched", str(int(document["counts"]["touched"])))
    sys.stdout.write(files["github"].read_text(encoding="utf-8"))
    _summary(files["summary"].read_text(encoding="utf-8"))
    return 0


def _words(fail_on: str, against: str, files: dict[str, Path]) -> list[str]:
    env = os.environ
    words = [str(Path(env["DEPGUARD_VENV"]) / "bin" / "depguard"), "--color", "never", "check"]
    words += [f"--report={form}={path}" for form, path in files.items()]
    words += [f"--policy={policy}"] if (policy := env.get("INPUT_POLICY", "").strip()) else []
    words += [f"--host={host}" for host in re.split(r"[\s,]+", env.get("INPUT_HOSTS", "")) if host]
    words += [f"--against={against}"] if against else []
    words += ["--all"] if fail_on == "all" else []
    return words


def _run(words: list[str]) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if name not in WITHHELD}
    return subprocess.run(  # noqa: S603 - depguard itself, with the workflow's own inputs
        words,
        env=clean,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        check=False,
    )


def _told(done: subprocess.CompletedProcess[str]) -> None:
    """The report and the notes in the log, where nothing in them is a command."""
    word = secrets.token_hex(16)
    print(f"::stop-commands::{word}")
    print(done.stdout.rstrip())
    print(done.stderr.rstrip())
    print(f"::{word}::")


def _event() -> dict[str, object]:
    path = os.environ.get("GITHUB_EVENT_PATH", "")
    if not path or not Path(path).is_file():
        return {}
    event = json.loads(Path(path).read_text(encoding="utf-8"))
    return event if isinstance(event, dict) else {}


def _base(event: dict[str, object]) -> str:
    """The commit that a pull request, a merge group or a push starts from; empty where there is none."""
    for keys in (("pull_request", "base", "sha"), ("merge_group", "base_sha"), ("before",)):
        value: object = event
        for key in keys:
            value = value.get(key) if isinstance(value, dict) else None
        if isinstance(value, str) and re.fullmatch(r"[0-9a-f]{40}|[0-9a-f]{64}", value) and value.strip("0"):
            return value
    return ""


def _fetched(revision: str) -> bool:
    """Whether the checkout has a commit and what it has in common with it; fetched if need be."""
    if _joined(revision):
        return True
    shallow = _git("rev-parse", "--is-shallow-repository").stdout.strip() == "true"
    _git(
        "fetch",
        "--quiet",
        "--no-tags",
        *(["--unshallow"] if shallow else []),
        "origin",
        revision.removeprefix("origin/"),
    )
    return _joined(revision)


def _joined(revision: str) -> bool:
    return _git("merge-base", "--end-of-options", "HEAD", revision).returncode == 0


def _git(*words: str) -> subprocess.CompletedProcess[str]:
    settings = [
        "-c",
        "core.hooksPath=/dev/null",
        "-c",
        "fetch.recurseSubmodules=false",
        "-c",
        "protocol.ext.allow=never",
    ]
    return subprocess.run(  # noqa: S603 - git, with hexadecimal commits or the workflow's own input
        ["git", *settings, *words],  # noqa: S607 - the runner's own git
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        check=False,
    )


def _undecided(done: subprocess.CompletedProcess[str], comment: Path) -> None:
    """Why there is no report: in the summary, the comment and an annotation."""
    said = "".join(c if c.isprintable() or c == "\n" else "?" for c in done.stderr.strip())[:20_000]
    body = "### depguard could not decide\n\n" + "".join(f"    {line}\n" for line in said.splitlines())
    comment.write_text(body, encoding="utf-8")
    _summary(body)
    first = _plain(said.partition("\n")[0]) or "see the log"
    print(f"::error title=depguard could not decide::{first}")


def _summary(text: str) -> None:
    path = os.environ.get("GITHUB_STEP_SUMMARY")
    if path:
        with Path(path).open("a", encoding="utf-8") as file:
            file.write(text)


def _output(name: str, value: str) -> None:
    """A line of GITHUB_OUTPUT; every value is a word or a path that this script has made."""
    if "\n" in value or "\r" in value:
        raise ValueError(name)
    with Path(os.environ["GITHUB_OUTPUT"]).open("a", encoding="utf-8") as file:
        file.write(f"{name}={value}\n")


def _plain(text: str) -> str:
    """Text as the data of a workflow command."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _wrong(message: str) -> int:
    print(f"::error title=depguard::{message}")
    return 1


if __name__ == "__main__":
    sys.exit(main())
