from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from depguard.emit.markdown import code, escaped, render_markdown
from depguard.emit.wording import one_line
from depguard.model.finding import Verdict
from depguard.model.report import Reports
from kit import report_parts as parts
from kit import reports as kit
from kit.golden import matches_golden

GOLDEN = Path(__file__).parent / "golden"
PARSER = MarkdownIt("commonmark").enable("table")


def tokens(text: str) -> list[Token]:
    found = PARSER.parse(text)
    return found + [child for token in found for child in token.children or []]


@pytest.mark.parametrize("name", kit.ALL)
def test_markdown_is_as_it_was_found_good(name: str) -> None:
    matches_golden(render_markdown(kit.ALL[name]), GOLDEN / f"{name}.md")


def test_nothing_from_outside_becomes_markup() -> None:
    text = render_markdown(kit.ALL["hostile"])
    found = tokens(text)
    assert not [t for t in found if t.type in ("link_open", "image", "fence", "code_block", "hr")]
    assert [t.tag for t in found if t.type == "heading_open"] == ["h3"]
    html = {t.content.strip() for t in found if t.type in ("html_block", "html_inline")}
    assert html == {
        "<!-- -->",
        "<details><summary>tier`1|&lt;b&gt; on colab/2026.07-gpu</summary>",
        "</details>",
    }
    assert "@everyone" not in text
    assert "://" not in text


def test_a_bar_in_a_name_makes_no_column() -> None:
    rows = [t for t in PARSER.parse(render_markdown(kit.ALL["hostile"])) if t.type in ("th_open", "td_open")]
    assert len(rows) == 4


def test_the_table_has_hosts_down_and_requests_across() -> None:
    both = Reports(reports=(*kit.SEVERAL_SAME.reports, *kit.SEVERAL_DIFFERENT.reports))
    lines = [line for line in render_markdown(both).splitlines() if line.startswith("|")]
    refused = "REFUSED: captum 0.8.0 would replace numpy; 12 packages break (DG101)"
    assert lines == [
        "| | `lab` | `tier3` |",
        "|---|---|---|",
        "| `colab/2026.07-gpu` | SAFE: 4 added, nothing replaced | SAFE: 10 added, nothing replaced |",
        f"| `colab/2026.08-gpu` | SAFE: 4 added, nothing replaced | {refused} |",
        "| `colab/2026.07-cpu` |  | SAFE: 10 added, nothing replaced |",
    ]


@given(st.text(alphabet=st.sampled_from("a`*_[]()<>#|~&$\\!-+. \n@:/wxh1&;"), max_size=30))
def test_escaped_text_reads_as_it_was_written(text: str) -> None:
    line = one_line(text)
    found = tokens(f"x{escaped(text)}x")
    inline = [t for t in found if t.type in ("text", "text_special")]
    shown = "".join(t.content for t in inline)
    assert shown == f"x{line}x"
    assert {t.type for t in found} <= {
        "paragraph_open", "paragraph_close", "inline", "text", "text_special", "html_inline",
    }  # fmt: skip


@given(st.text(alphabet=st.sampled_from("a`|\\< \n"), max_size=20))
def test_a_code_span_holds_whatever_it_is_given(text: str) -> None:
    line = one_line(text)
    spans = [t.content for t in tokens(f"x {code(text)} x") if t.type == "code_inline"]
    assert spans == ([line] if line else [])


@given(st.text(max_size=40), st.text(max_size=40))
def test_any_text_leaves_one_heading_and_no_link(message: str, reason: str) -> None:
    finding = parts.finding("DG101", "numpy", message, hint=reason, policy=(1, 1, reason))
    report = parts.report(Verdict.UNSAFE, tier=reason or "t", findings=(finding,), notices=(message,))
    found = tokens(render_markdown(Reports(reports=(report,))))
    assert sum(t.type == "heading_open" for t in found) == 1
    assert not [t for t in found if t.type in ("link_open", "image", "fence")]
