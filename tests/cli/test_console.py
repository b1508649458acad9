from __future__ import annotations

import io
import sys
from collections.abc import Mapping

import pytest

from depguard.cli.console import Console, render_problem
from depguard.errors import Problem
from depguard.model.location import Location


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def console(
    *,
    tty: bool = False,
    environ: Mapping[str, str] | None = None,
    color: str = "auto",
    verbose: int = 0,
    quiet: bool = False,
) -> tuple[Console, io.StringIO, io.StringIO]:
    out, err = (Terminal(), Terminal()) if tty else (io.StringIO(), io.StringIO())
    made = Console(out=out, err=err, environ=environ or {}, color=color, verbose=verbose, quiet=quiet)
    return made, out, err


@pytest.mark.parametrize(
    ("tty", "environ", "color", "expected"),
    [
        (True, {}, "auto", True),
        (False, {}, "auto", False),
        (True, {"NO_COLOR": "1"}, "auto", False),
        (True, {"NO_COLOR": ""}, "auto", True),
        (True, {"TERM": "dumb"}, "auto", False),
        (False, {"FORCE_COLOR": "1"}, "auto", True),
        (False, {"FORCE_COLOR": "1", "NO_COLOR": "1"}, "auto", False),
        (False, {"NO_COLOR": "1"}, "always", True),
        (True, {}, "never", False),
    ],
)
def test_when_there_is_colour(*, tty: bool, environ: Mapping[str, str], color: str, expected: bool) -> None:
    assert console(tty=tty, environ=environ, color=color)[0].colour is expected


def test_the_report_goes_to_stdout_and_the_rest_to_stderr() -> None:
    made, out, err = console(verbose=1)
    made.out("report")
    made.note("note\n")
    made.detail("detail")
    assert (out.getvalue(), err.getvalue()) == ("report\n", "note\ndetail\n")


def test_quiet_and_plain_say_less() -> None:
    made, out, err = console(quiet=True, verbose=1)
    made.out("report")
    made.note("note")
    made.detail("detail")
    made.problems((Problem(code="c", message="wrong"),))
    assert (out.getvalue(), err.getvalue()) == ("report\n", "error: wrong\n")
    made, _, err = console()
    made.detail("detail")
    assert err.getvalue() == ""


def test_progress_is_for_terminals_only_and_leaves_no_trace() -> None:
    made, _, err = console()
    with made.progress("reading", 2) as step:
        step.advance()
    assert err.getvalue() == ""

    made, _, err = console(tty=True)
    with made.progress("reading", 2) as step:
        step.advance(note="numpy")
        made.note("a note")
        step.update(2)
    written = err.getvalue()
    assert "reading 1/2  numpy" in written
    assert "\r\033[Ka note\n" in written
    assert written.endswith("reading 2/2\033[K\r\033[K")


def test_text_that_the_stream_cannot_encode_is_spelled_out() -> None:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii")
    made = Console(out=stream, err=stream, environ={})
    made.out("λόγος")
    made.flush()
    assert raw.getvalue() == b"\\u03bb\\u03cc\\u03b3\\u03bf\\u03c2\n"


def test_width_without_a_terminal() -> None:
    assert console()[0].width == 100


def test_a_problem_in_colour_has_it_on_one_word_only() -> None:
    problem = Problem(code="c", message="m", location=Location("f.yaml", 1, 2), allowed="a", hint="h")
    assert render_problem(problem, colour=True) == (
        "f.yaml:1:2: \033[1;31merror:\033[0m m\n  allowed: a\n  hint: h"
    )


def test_closed_streams_are_nobody_to_write_to(monkeypatch: pytest.MonkeyPatch) -> None:
    from depguard.cli.console import standard_console

    monkeypatch.setattr(sys, "stdout", None)
    monkeypatch.setattr(sys, "stderr", None)
    console = standard_console()
    console.out("a report")
    console.note("a note")
    console.flush()
    assert not console.colour
