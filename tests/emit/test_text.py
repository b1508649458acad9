from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.version import Version

from depguard.emit.lock_text import render_lock
from depguard.emit.text import render_text
from depguard.emit.text_refusal import override
from depguard.emit.wording import title
from depguard.model.finding import About, Finding, Link, Verdict
from depguard.model.location import Location
from depguard.model.plan import ActionKind
from depguard.model.policy import Severity
from depguard.model.report import Reports
from kit import report_parts as parts
from kit import reports as kit
from kit.golden import matches_golden

GOLDEN = Path(__file__).parent / "golden"


@pytest.mark.parametrize("name", kit.ALL)
def test_text_is_as_it_was_found_good(name: str) -> None:
    matches_golden(render_text(kit.ALL[name]), GOLDEN / f"{name}.txt")


@pytest.mark.parametrize("name", ["safe-plan", "refused-plan", "several-same", "remarks"])
def test_verbose_text_is_as_it_was_found_good(name: str) -> None:
    matches_golden(render_text(kit.ALL[name], verbose=1), GOLDEN / f"{name}.verbose.txt")


@pytest.mark.parametrize("name", kit.ALL)
@pytest.mark.parametrize("verbose", [0, 1])
def test_text_is_plain_narrow_and_the_same_twice(name: str, verbose: int) -> None:
    text = render_text(kit.ALL[name], verbose=verbose)
    assert text == render_text(kit.ALL[name], verbose=verbose)
    assert text.isascii()
    assert all(char.isprintable() or char == "\n" for char in text)
    assert max(map(len, text.splitlines())) <= 100
    assert not any(line != line.rstrip() for line in text.splitlines())
    assert "\n\n\n" not in text
    assert text.endswith("\n")
    assert not text.endswith("\n\n")


def test_the_first_word_is_the_verdict_and_alone_has_colour() -> None:
    for reports in kit.ALL.values():
        word = {"safe": "SAFE", "unproven": "UNPROVEN"}.get(reports.verdict.value, "REFUSED")
        text = render_text(reports, colour=True)
        assert text.startswith(("\033[1;32m", "\033[1;33m", "\033[1;31m"))
        heads = [line for line in text.splitlines() if "\033" in line]
        assert all(line.count("\033") == 2 and line.startswith("\033") for line in heads)
        plain = render_text(reports)
        assert plain.startswith(word)
        for code in ("\033[1;32m", "\033[1;33m", "\033[1;31m", "\033[0m"):
            text = text.replace(code, "")
        assert text == plain


def test_safe_simulations_are_one_line() -> None:
    assert render_text(kit.ALL["simulate-safe"]) == (
        "SAFE  torchinfo on colab/2026.07-gpu: torchinfo 1.8.0 added, nothing replaced\n"
    )
    assert render_text(kit.ALL["simulate-nothing"]) == (
        "SAFE  einops on colab/2026.07-gpu: already installed, nothing to do\n"
    )


def test_every_kind_of_change_has_its_sign() -> None:
    changes = parts.changes(
        parts.action("a", None, "1.0", "a"),
        parts.action("b", "1.0", "1.1", "a 1.0: b"),
        parts.action("c", "1.1", "1.0", "a 1.0: c"),
        parts.action("d", "2.0+cu128", "2.0", "a 1.0: d"),
        parts.action("e", "1.0", None, "e"),
        parts.action("f", "1.0", "1.0", "a 1.0: f"),
        parts.action("g", "1.0", "1.0", "a 1.0: g", kind=ActionKind.REPLACE),
    )
    report = parts.report(Verdict.SAFE, tier="t", simulated=changes, planned=changes)
    assert render_text(Reports(reports=(report,)), next_step=None) == (
        "SAFE  t on colab/2026.07-gpu: 1 added, 1 upgraded, 1 downgraded, 2 replaced, 1 removed, 699\n"
        "  installed unchanged, 22.9 MB\n"
        "\n"
        "  + a 1.0\n"
        "  ~ b 1.0 -> 1.1        for a\n"
        "  ~ c 1.1 -> 1.0        for a\n"
        "  ~ d 2.0+cu128 -> 2.0  for a\n"
        "  - e 1.0\n"
        "  ~ g 1.0 -> 1.0        for a\n"
    )


def test_a_size_that_is_not_known_is_not_guessed() -> None:
    changes = parts.changes(
        parts.action("a", None, "1.0", "a"), parts.action("b", None, "1.0", "a 1.0: b", size=None)
    )
    report = parts.report(Verdict.SAFE, tier="t", planned=changes)
    head = render_text(Reports(reports=(report,))).splitlines()[0]
    assert head == "SAFE  t on colab/2026.07-gpu: 2 added, 704 installed unchanged"


def bound(code: str, *links: Link) -> Finding:
    return parts.finding(code, "numpy", "m", chain=links, policy=(1, 1, "r"))


REQUEST = Link(name="t", version=None, requirement="x==1", location=Location("p.yaml", 1, 1))


@pytest.mark.parametrize(
    ("finding", "expected"),
    [
        (
            bound("DG101", REQUEST, Link(name="x", version=Version("1"), requirement="numpy<2,>=1.2")),
            '  overrides: [{package: x==1, drop: "numpy<2,>=1.2", reason: "..."}]',
        ),
        (
            bound(
                "DG101",
                REQUEST,
                Link(name="x", version=Version("1"), requirement='numpy~=1.0; extra=="e"'),
            ),
            '  overrides: [{package: x==1, drop: numpy~=1.0, reason: "..."}]',
        ),
        # A lower bound, a pin, the user's own requirement, and a rule that is not about bounds.
        (bound("DG201", REQUEST, Link(name="x", version=Version("1"), requirement="numpy>=3")), None),
        (bound("DG101", REQUEST, Link(name="x", version=Version("1"), requirement="numpy==1.9")), None),
        (bound("DG101", REQUEST), None),
        (bound("DG203", REQUEST, Link(name="x", version=Version("1"), requirement="numpy<2")), None),
    ],
)
def test_an_override_is_proposed_where_a_release_bounds_from_above(
    finding: Finding, expected: str | None
) -> None:
    lines = override(kit.REFUSED_PLAN, finding)
    assert (lines[-1] if lines else None) == expected
    assert override(replace(kit.REFUSED_PLAN, policy=None), finding) == []


def test_more_refusals_are_counted_and_all_shown_with_verbose() -> None:
    errors = tuple(parts.finding("DG101", f"torch{i}", f"vllm 1.0 would replace torch{i}") for i in range(8))
    report = parts.report(
        Verdict.UNSAFE, subject="simulation", requirements=parts.asked("vllm"), findings=(
            *(replace(e, about=About.SIMULATION) for e in errors),
        )
    )  # fmt: skip
    short = render_text(Reports(reports=(report,)))
    assert "  DG101  vllm 1.0 would replace torch5\n  and 2 more (-v)\n" in short
    assert "torch7" not in short
    assert "torch7" in render_text(Reports(reports=(report,)), verbose=1)


def test_hosts_that_would_be_harmed_differently_are_named() -> None:
    other = replace(kit.SAFE_PLAN, host=parts.host("colab/other"), simulation=None)
    text = render_text(Reports(reports=(kit.SAFE_PLAN, other)))
    assert "(same on 2 hosts)" in text
    assert "Avoided on colab/2026.07-gpu: plain pip would" in text


def test_lock_says_what_was_written_and_how_to_use_it() -> None:
    text = render_lock(
        [kit.SEVERAL_SAME],
        written=["requirements-lab.txt", "lockfiles/lab.lock.json"],
        install=["requirements-lab.txt"],
    )
    assert text == (
        "SAFE  lab: 4 added, nothing replaced (same on 2 hosts)\n"
        "  + alembic 1.20.1   + captum 0.9.0   + colorlog 6.12.0   + optuna 5.0.0\n"
        "wrote requirements-lab.txt, lockfiles/lab.lock.json\n"
        "\n"
        "Notebook:  %pip install -r requirements-lab.txt\n"
        "CI:        depguard lock --check\n"
    )


def test_a_refused_lock_says_that_nothing_was_written() -> None:
    text = render_lock([kit.SEVERAL_SAME, kit.SEVERAL_DIFFERENT], written=[], install=[])
    assert text.startswith("SAFE  lab")
    assert "REFUSED  tier3 on 3 hosts" in text
    assert text.endswith("\n\nNothing written.\n")


@given(st.text(max_size=60), st.text(max_size=60))
def test_no_text_from_outside_reaches_the_terminal_raw(message: str, reason: str) -> None:
    finding = parts.finding("DG101", "numpy", message, hint=reason, policy=(1, 1, reason))
    report = parts.report(Verdict.UNSAFE, tier="t", findings=(finding,), notices=(message,))
    for verbose in (0, 1):
        text = render_text(Reports(reports=(report,)), verbose=verbose)
        assert all(char.isprintable() or char == "\n" for char in text)


@pytest.mark.parametrize(
    ("command", "requirements", "expected"),
    [
        ("pip install -U torch", ("torch",), "-U torch"),
        ("uv pip install --pre 'x<2'", ("x<2",), "--pre 'x<2'"),
        ("python -m pip install a", ("a",), "a"),
        ("pip uninstall -y numpy", ("numpy",), "pip uninstall -y numpy"),
        ("pip install --index-url https://example.org/simple/ a b", ("a", "b"), "a, b"),
        ("pip install " + "a" * 30 + " " + "b" * 30, ("a" * 30, "b" * 30), "a" * 30 + " and 1 more"),
        (None, ("a",), "a"),
        (None, (), "nothing"),
    ],
)  # fmt: skip
def test_a_command_is_called_by_its_own_words(
    command: str | None, requirements: tuple[str, ...], expected: str
) -> None:
    report = parts.report(
        Verdict.SAFE, subject="simulation", command=command, requirements=parts.asked(*requirements)
    )
    assert title(report.request) == expected


def test_warnings_about_what_is_refused_can_wait() -> None:
    warning = parts.finding("DG403", "x", "x 1.0b1 is a pre-release", severity=Severity.WARNING)
    report = replace(kit.REFUSED_PLAN, findings=(*kit.REFUSED_PLAN.findings, warning))
    assert "pre-release" not in render_text(Reports(reports=(report,)))
    assert "pre-release" in render_text(Reports(reports=(report,)), verbose=1)


def test_one_override_is_not_proposed_where_more_stands_in_the_way() -> None:
    other = parts.finding("DG101", "torch", "captum 0.8.0 would replace torch")
    report = replace(kit.REFUSED_PLAN, findings=(*kit.REFUSED_PLAN.findings, other))
    assert "overrides:" in render_text(Reports(reports=(kit.REFUSED_PLAN,)))
    assert "overrides:" not in render_text(Reports(reports=(report,)))


def test_hosts_that_a_refused_install_would_harm_differently_are_named() -> None:
    other = replace(
        kit.REFUSED_PLAN,
        host=parts.host("colab/other"),
        simulation=replace(kit.REFUSED_PLAN.simulation, broken=()) if kit.REFUSED_PLAN.simulation else None,
    )
    text = render_text(Reports(reports=(kit.REFUSED_PLAN, other)))
    assert "(same on 2 hosts)" in text
    assert "\nOn colab/2026.07-gpu plain pip would move numpy 2.0.2 -> 1.26.4 and break 12" in text
    same = replace(kit.REFUSED_PLAN, host=parts.host("colab/other"))
    assert "\nPlain pip would move numpy" in render_text(Reports(reports=(kit.REFUSED_PLAN, same)))
