"""What comes from elsewhere is quoted by every emitter, never obeyed."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token

from depguard.cli.console import Console
from depguard.emit.check_github import render_check_github
from depguard.emit.check_json import render_check_json
from depguard.emit.check_markdown import render_check_markdown
from depguard.emit.check_sarif import render_check_sarif
from depguard.emit.check_text import render_check_text
from depguard.emit.crosscheck_json import crosscheck_json
from depguard.emit.doctor_json import render_examination_json
from depguard.emit.github import render_github
from depguard.emit.history_json import render_history_json
from depguard.emit.install_json import render_install_json
from depguard.emit.json_report import render_json
from depguard.emit.lock_json import render_lock
from depguard.emit.markdown import render_markdown
from depguard.emit.sarif import render_sarif
from depguard.emit.text import render_text
from depguard.errors import Problem
from depguard.model.check import CheckReport
from depguard.model.crosscheck import Crosscheck
from depguard.model.environment import Depth, HostKind, Snapshot
from depguard.model.examination import Examination
from depguard.model.finding import Finding, Link, Verdict, WayOut
from depguard.model.install import InstallOutcome, InstallReport, Stage
from depguard.model.location import Location
from depguard.model.report import Asked, Report, Reports
from depguard.model.run_log import History
from kit import checks, locks
from kit import reports as kit
from kit.hostile_texts import HOSTILE_TEXTS
from kit.sarif import sarif_problems

MARKDOWN = MarkdownIt("gfm-like", {"html": True, "linkify": False})
EMITTERS: dict[str, Callable[[Reports], str]] = {
    "text": render_text,
    "verbose": lambda reports: render_text(reports, verbose=1),
    "markdown": render_markdown,
    "github": render_github,
    "sarif": render_sarif,
    "json": render_json,
}


@cache
def planted(text: str, subject: str = "plan") -> Reports:
    """A refused report with ``text`` in every place that somebody else fills."""
    place = Location(text, 1, 1)
    cell = Location(text, 2, 1, cell=3)
    base = kit.REFUSED_PLAN if subject == "plan" else kit.SIMULATE_REFUSED
    findings = tuple(_planted_finding(finding, text, place, cell) for finding in base.findings)
    report = replace(
        base,
        host=replace(base.host, name=text),
        request=replace(
            base.request,
            tier=text if subject == "plan" else None,
            command=f"pip install {text}" if subject != "plan" else None,
            requirements=(Asked(text=text, location=place), *base.request.requirements),
        ),
        findings=findings,
        policy=text,
        unknown=(text,),
        assumed=(text,),
        notices=(text,),
    )
    return Reports(reports=(report, _unsolved(report, text)))


def _planted_finding(finding: Finding, text: str, place: Location, cell: Location) -> Finding:
    return replace(
        finding,
        message=text,
        hint=text,
        because=(text,),
        culprit=text,
        location=cell,
        chain=(
            Link(name=text, version=None, requirement=text, location=place),
            *finding.chain[1:],
        ),
        ways_out=(WayOut(change=text, verdict=Verdict.SAFE, note=text),),
        policy_location=place,
        policy_reason=text,
    )


def _unsolved(report: Report, text: str) -> Report:
    plan, simulation = report.plan, report.simulation
    return replace(
        report,
        verdict=Verdict.UNSOLVABLE,
        findings=(),
        plan=replace(plan, changes=None, failure=(text, text)) if plan is not None else None,
        simulation=replace(simulation, changes=None, failure=(text,)) if simulation is not None else None,
    )


@cache
def tokens(text: str) -> tuple[Token, ...]:
    """The comment as GitHub's Markdown has it."""
    return tuple(MARKDOWN.parse(render_markdown(planted(text))))


CHECKS: dict[str, Callable[[CheckReport], str]] = {
    "text": render_check_text,
    "verbose": lambda report: render_check_text(report, verbose=1),
    "markdown": render_check_markdown,
    "github": render_check_github,
    "sarif": render_check_sarif,
    "json": render_check_json,
}


@cache
def check_tokens(text: str) -> tuple[Token, ...]:
    return tuple(MARKDOWN.parse(render_check_markdown(checks.planted(text))))


@pytest.fixture(params=range(len(HOSTILE_TEXTS)), ids=[ascii(text)[1:25] for text in HOSTILE_TEXTS])
def text(request: pytest.FixtureRequest) -> str:
    number: int = request.param
    return HOSTILE_TEXTS[number]


@pytest.mark.parametrize("name", EMITTERS)
def test_nothing_that_a_terminal_or_a_log_obeys_is_written(name: str, text: str) -> None:
    for written in (
        EMITTERS[name](planted(text)),
        EMITTERS[name](planted(text, "simulation")),
        CHECKS[name](checks.planted(text)),
    ):
        assert all(c == "\n" or c.isprintable() for c in written)
        written.encode("utf-8")
        for line in written.splitlines():
            # The runner of GitHub Actions obeys these wherever a step prints them.
            assert name == "github" or not line.lstrip().startswith("::")
            assert "##[" not in line
            assert "##vso[" not in line


def test_annotations_are_one_command_a_line(text: str) -> None:
    command = re.compile(r"::(error|warning|notice) (?:[a-z]+=[^:,\r\n]*,?)*::[^\r\n]*")
    for written, plain in (
        (render_github(planted(text)), render_github(planted("plain"))),
        (render_check_github(checks.planted(text)), render_check_github(checks.planted("plain"))),
    ):
        assert len(written.splitlines()) == len(plain.splitlines())
        assert all(command.fullmatch(line) for line in written.splitlines())


def test_the_comment_has_the_structure_of_a_harmless_one(text: str) -> None:
    assert structure(text) == structure("plain")


@cache
def structure(text: str) -> list[str]:
    """What the comment is made of, as GitHub's Markdown has it: no text, no code, no lone line ends."""
    found = []
    for token in (*tokens(text), *check_tokens(text)):
        found.append(token.type)
        for child in token.children or ():
            if child.type in ("html_inline", "html_block"):
                found.append(child.content)
            elif child.type not in ("text", "code_inline", "softbreak", "text_special"):
                found.append(child.type)
    return [kind for kind in found if kind != "<!-- -->"]


def test_the_comment_addresses_nobody_and_links_nowhere(text: str) -> None:
    for token in (*tokens(text), *check_tokens(text)):
        for child in token.children or ():
            if child.type == "text":
                assert not re.search(r"@\w|://|\bwww\.|\bGH-\d|#\d", child.content)
        if token.type == "html_block":
            assert not re.search(r"@\w", token.content)
            assert set(re.findall(r"</?[a-z][^>]*>", token.content)) <= {
                "<details>", "<summary>", "</summary>", "</details>"
            }  # fmt: skip


def test_sarif_stays_sarif(text: str) -> None:
    assert sarif_problems(json.loads(render_sarif(planted(text)))) == []
    assert sarif_problems(json.loads(render_check_sarif(checks.planted(text)))) == []


def test_json_gives_the_text_back(text: str) -> None:
    found = json.loads(render_json(planted(text)))
    assert found["reports"][0]["findings"][0]["hint"] == text


NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def other_documents(text: str) -> dict[str, str]:
    """The JSON of everything that is no report, with ``text`` where somebody else fills it."""
    snapshot = Snapshot(
        taken=NOON,
        depth=Depth.FAST,
        python="3.12",
        executable=text,
        prefix=text,
        kind=HostKind.VENV,
        folders=(),
        distributions=(),
    )
    examined = Examination(snapshot=snapshot, findings=(), verdict=Verdict.SAFE)
    found = InstallReport(
        tier=text,
        about=text,
        outcome=InstallOutcome.READY,
        stage=Stage.RUNTIME,
        examination=examined,
    )
    history = History(
        first=NOON, last=NOON, by="day", hosts={text: 1}, totals={}, periods=(), causes={text: 1}
    )
    return {
        "crosscheck": crosscheck_json(Crosscheck(cutoff=NOON, comparisons=(), notes=(text,))),
        "doctor": render_examination_json(examined),
        "history": render_history_json(history),
        "install": render_install_json(found),
        "lock": render_lock(replace(locks.LOCK, about=text)),
    }


def test_json_of_any_kind_holds_no_command_for_a_log(text: str) -> None:
    for name, written in other_documents(text).items():
        assert written.isascii(), name
        assert "##[" not in written, name
        assert "##vso[" not in written, name
        assert text in leaves(json.loads(written)), name


def leaves(value: object) -> list[object]:
    """Keys and values of a JSON document, however deep."""
    match value:
        case dict():
            return [leaf for key, inner in value.items() for leaf in (key, *leaves(inner))]
        case list():
            return [leaf for inner in value for leaf in leaves(inner)]
        case _:
            return [value]


def test_errors_and_notes_are_quoted_as_well(text: str) -> None:
    err = io.StringIO()
    console = Console(out=io.StringIO(), err=err, environ={}, verbose=1)
    console.note(text)
    console.detail(text)
    console.problems(
        (Problem(code="x", message=text, location=Location(text, 1, 2), allowed=text, hint=text),)
    )
    written = err.getvalue()
    assert all(c in "\n\t" or c.isprintable() for c in written)
    for line in written.splitlines():
        assert not line.lstrip().startswith("::")
        assert "##[" not in line
        assert "##vso[" not in line
