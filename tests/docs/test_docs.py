"""What README.md and docs/ say, held against the code: links, policies, commands, options, codes, modules."""

from __future__ import annotations

import argparse
import importlib
import json
import re
import shlex
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple, cast

import jsonschema
import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token

from depguard.cli.arguments import _add_globals
from depguard.cli.commands.policy import ACTIONS
from depguard.cli.main import COMMANDS, CommandModule
from depguard.parse.install_options_pip import PIP_INSTALL
from depguard.parse.install_options_uv import UV_INSTALL
from depguard.parse.policy import read_draft
from depguard.parse.policy_words import CODES
from depguard.rules.registry import RULES
from kit.checkout import ROOT

PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
BEFORE_THE_COMMAND = frozenset({"--color", "--verbose", "--quiet", "--debug", "--version", "--help"})
_OPTION = re.compile(r"--[a-z][a-z-]*[a-z]")
# In halves, so that this file does not name what it looks for.
_REGISTRIES = (("py", "pi.org"), ("python", "hosted.org"), ("py", "pi.nvidia"), ("download.py", "torch.org"))
_MACHINE = re.compile(
    r"(?<![\w./<>-])/(?:{}|tmp)/".format("|".join(map("".join, (("wo", "rk"), ("ro", "ot")))))
)


class Call(NamedTuple):
    """A ``depguard`` command line in a page, without the installer's part after ``--``."""

    page: str
    text: str
    words: tuple[str, ...]


@cache
def tokens(page: Path) -> tuple[Token, ...]:
    """The page's blocks and, behind each, what is in it."""
    flat: list[Token] = []
    for token in MarkdownIt("commonmark").enable("table").parse(page.read_text(encoding="utf-8")):
        flat += [token, *(token.children or ())]
    return tuple(flat)


def blocks(page: Path, info: str) -> Iterator[str]:
    return (t.content for t in tokens(page) if t.type == "fence" and t.info.strip() == info)


def headings(page: Path) -> frozenset[str]:
    """The anchors that GitHub makes of a page's headings, and those that it states."""
    found: list[str] = []
    for token, inline in zip(tokens(page), tokens(page)[1:], strict=False):
        if token.type == "heading_open":
            bare = re.sub(r"[^\w\- ]", "", inline.content.lower())
            found.append(bare.replace(" ", "-"))
    return frozenset(found) | frozenset(
        re.findall(r'<a (?:id|name)="([^"]+)"', page.read_text(encoding="utf-8"))
    )


def code_lines(page: Path) -> Iterator[str]:
    """Inline code, and each line of code blocks, continued lines joined."""
    for token in tokens(page):
        if token.type == "code_inline":
            yield token.content.replace("\n", " ")
        elif token.type in {"fence", "code_block"}:
            yield from token.content.replace("\\\n", " ").splitlines()


def calls() -> Iterator[Call]:
    for page in PAGES:
        for line in code_lines(page):
            found = re.match(r"\s*(?:\$ |CI: +|Next: +)?depguard (?P<words>[a-z-].*)", line)
            if found is None:
                continue
            words = shlex.split(found["words"], comments=True)
            own = words[: words.index("--")] if "--" in words else words
            yield Call(page.name, line.strip(), tuple(own))


@cache
def parser_of(command: str) -> argparse.ArgumentParser:
    """A command's parser, as the command line makes it."""
    (listed,) = (known for known in COMMANDS if known.name == command)
    module = cast("CommandModule", importlib.import_module(f"depguard.cli.commands.{listed.module}"))
    parser = argparse.ArgumentParser()
    module.register(parser)
    _add_globals(parser)
    return parser


def actions_of(command: str) -> dict[str, argparse.ArgumentParser]:
    """The parsers of a command's actions (``baseline list``), none for most commands."""
    for known in parser_of(command)._actions:
        if isinstance(known, argparse._SubParsersAction):
            return cast("dict[str, argparse.ArgumentParser]", known.choices)
    return {}


def options_of(parser: argparse.ArgumentParser) -> frozenset[str]:
    return frozenset(name for known in parser._actions for name in known.option_strings)


def every_option() -> frozenset[str]:
    found = set(BEFORE_THE_COMMAND)
    for command in COMMANDS:
        for parser in (parser_of(command.name), *actions_of(command.name).values()):
            found |= options_of(parser)
    return frozenset(found)


def ids(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def test_every_page_is_in_the_index() -> None:
    index = (ROOT / "docs" / "README.md").read_text(encoding="utf-8")
    missing = [page.name for page in PAGES[1:] if page.name != "README.md" and f"]({page.name})" not in index]
    assert missing == []


def relative_links(page: Path) -> Iterator[tuple[str, Path, str]]:
    """The target as written, the file that it leads to, and the anchor there."""
    for token in tokens(page):
        target = str(token.attrs.get("href", "")) if token.type == "link_open" else ""
        if target and not re.match(r"[a-z]+:", target):
            name, _, anchor = target.partition("#")
            yield target, (page.parent / name).resolve() if name else page, anchor


@pytest.mark.parametrize("page", PAGES, ids=ids)
def test_relative_links_lead_to_files(page: Path) -> None:
    assert [target for target, there, _ in relative_links(page) if not there.exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=ids)
def test_anchors_of_relative_links_exist(page: Path) -> None:
    links = [(target, there, anchor) for target, there, anchor in relative_links(page) if anchor]
    assert [target for target, there, anchor in links if anchor not in headings(there)] == []


@pytest.mark.parametrize("page", PAGES, ids=ids)
def test_policies_in_pages_can_be_read(page: Path) -> None:
    for text in blocks(page, "yaml"):
        if text.startswith("schema: 1"):
            read_draft(text, page.name)  # raises InputError with every mistake


def test_there_are_commands_and_policies_to_look_at() -> None:
    found = list(calls())
    assert {command.name for command in COMMANDS} == {call.words[0] for call in found} & {
        command.name for command in COMMANDS
    }
    policies = [text for page in PAGES for text in blocks(page, "yaml") if text.startswith("schema: 1")]
    assert len(policies) > 5


@pytest.mark.parametrize("call", list(calls()), ids=lambda call: f"{call.page}: {call.text}"[:80])
def test_commands_in_pages_exist(call: Call) -> None:
    words = list(call.words)
    while words and words[0] in {"-v", "-q", *BEFORE_THE_COMMAND}:
        words.pop(0)
    if not words:  # `depguard --version`
        return
    command = words.pop(0)
    assert command in {known.name for known in COMMANDS}, call
    parser = parser_of(command)
    if words and not words[0].startswith("-"):
        if command == "policy":
            assert words[0] in ACTIONS, call
        elif actions_of(command):
            parser = actions_of(command)[words[0]]
    given = {word.partition("=")[0] for word in words if re.match(r"--?[a-z]", word)}
    assert given <= options_of(parser), call


@pytest.mark.parametrize("page", PAGES, ids=ids)
def test_options_in_pages_exist(page: Path) -> None:
    """An option that a page names on its own is one of depguard's, or of an installer that it speaks of."""
    installers = {name for table in (PIP_INSTALL, UV_INSTALL) for o in table.options for name in o.names}
    known = every_option() | installers
    named = {
        option
        for token in tokens(page)
        if token.type == "code_inline"
        for option in _OPTION.findall(token.content)
    }
    assert named <= known


@pytest.mark.parametrize("page", PAGES, ids=ids)
def test_codes_in_pages_exist(page: Path) -> None:
    known = {rule.code for rule in RULES} | set(CODES)
    assert set(re.findall(r"\bDG\d{3}\b", page.read_text(encoding="utf-8"))) <= known


@pytest.mark.parametrize("page", PAGES, ids=ids)
def test_no_registry_and_no_machine_is_named(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert [name for name in map("".join, _REGISTRIES) if name in text] == []
    assert _MACHINE.findall(text) == []


def test_modules_that_the_architecture_names_exist() -> None:
    page = ROOT / "docs" / "architecture.md"
    named = {
        token.content
        for token in tokens(page)
        if token.type == "code_inline" and re.fullmatch(r"[a-z_/]+(\.py|/)", token.content)
    }
    assert len(named) > 40
    places = (ROOT / "src" / "depguard", ROOT)
    assert [name for name in sorted(named) if not any((place / name).exists() for place in places)] == []


def test_the_report_example_is_one() -> None:
    (example,) = blocks(ROOT / "docs" / "json.md", "json")
    schema: Any = json.loads((ROOT / "docs" / "report.schema.json").read_text(encoding="utf-8"))
    jsonschema.validate(json.loads(example), schema)


def test_the_report_page_tells_every_field() -> None:
    schema: Any = json.loads((ROOT / "docs" / "report.schema.json").read_text(encoding="utf-8"))
    page = (ROOT / "docs" / "json.md").read_text(encoding="utf-8")
    told = set(re.findall(r"`(?:\w+\.)?(\w+)`", page))
    parts = schema["$defs"]
    fields = {name for part in ("report", "action", "finding") for name in parts[part]["properties"]}
    assert sorted(fields - told) == []


def test_the_policy_page_tells_every_key() -> None:
    from depguard.parse.policy_words import POLICY_KEYS, SOURCES_KEYS, TIER_KEYS

    page = (ROOT / "docs" / "policy.md").read_text(encoding="utf-8")
    assert [key for key in POLICY_KEYS if f"\n## {key}\n" not in page] == []
    assert [key for key in (*SOURCES_KEYS, *TIER_KEYS) if f"{key}" not in page] == []
