"""Layers of index options."""

from __future__ import annotations

import argparse
import io
from datetime import UTC, datetime
from pathlib import Path

import pytest

from depguard.cli.console import Console
from depguard.cli.index_arguments import add_index_options
from depguard.cli.options import effective_options, index_options, merge, open_source
from depguard.model.policy import Installer, Sources
from depguard.model.request import IndexOptions

A, B, C, D = (f"https://{letter}.example.org/simple" for letter in "abcd")


def parsed(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser(exit_on_error=False)
    add_index_options(parser)
    return parser.parse_args(words)


def made(origin: str, **values: object) -> IndexOptions:
    return IndexOptions(**values, origins=tuple((name, origin) for name in values))  # type: ignore[arg-type]  # names are fields


def test_the_command_line() -> None:
    options = index_options(
        parsed("-i", A, "--extra-index-url", B, "-f", "w", "--offline", "--exclude-newer", "2026-11-01")
    )
    assert options.index_url == A
    assert options.extra_index_urls == (B,)
    assert options.find_links == ("w",)
    assert (options.no_index, options.offline) == (False, True)
    assert options.exclude_newer == datetime(2026, 11, 1, tzinfo=UTC)
    assert dict(options.origins) == {
        "index_url": "--index-url",
        "extra_index_urls": "--extra-index-url",
        "find_links": "--find-links",
        "offline": "--offline",
        "exclude_newer": "--exclude-newer",
    }


def test_a_wrong_date_says_what_is_allowed() -> None:
    with pytest.raises(argparse.ArgumentError, match=r"'yesterday' is no date; allowed: a date \(2026-11-01"):
        parsed("--exclude-newer", "yesterday")


def test_each_setting_is_decided_by_the_first_that_states_it() -> None:
    cli = made("cli", index_url=A)
    policy = Sources(index_url=B, find_links=("p",), exclude_newer=datetime(2026, 11, 1, tzinfo=UTC))
    config = made("config", index_url=C, extra_index_urls=(D,), find_links=("c",), offline=True)
    merged = merge(cli, policy, config)
    assert (merged.index_url, merged.extra_index_urls, merged.find_links) == (A, (D,), ("p",))
    assert merged.offline
    assert dict(merged.origins) == {
        "index_url": "cli",
        "find_links": "the policy's sources",
        "exclude_newer": "the policy's sources",
        "extra_index_urls": "config",
        "offline": "config",
    }
    assert merge(IndexOptions(), None, IndexOptions()) == IndexOptions()


@pytest.mark.parametrize(("first", "expected"), [(False, (D, B)), (True, (B, D))])
def test_lists_of_a_simulated_command_add_up(first: bool, expected: tuple[str, ...]) -> None:
    command = made("command", index_url=A, extra_index_urls=(B,))
    config = made("config", index_url=C, extra_index_urls=(D,))
    merged = merge(IndexOptions(), None, config, command, command_first=first)
    assert merged.index_url == A
    assert merged.extra_index_urls == expected
    assert dict(merged.origins)["extra_index_urls"] == "config, command"


def test_a_named_index_ends_a_configured_no_index() -> None:
    config = made("config", no_index=True, find_links=("w",))
    assert merge(IndexOptions(), None, config).no_index
    assert not merge(made("cli", index_url=A), None, config).no_index
    assert not merge(IndexOptions(), Sources(index_url=A), config).no_index
    assert merge(IndexOptions(), None, config, made("command", index_url=A)).no_index


def test_each_value_is_told_with_its_origin(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    for name in ("PIP_INDEX_URL", "PIP_FIND_LINKS", "PIP_NO_INDEX"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PIP_EXTRA_INDEX_URL", "https://me:hunter2@b.example.org/simple")
    err = io.StringIO()
    console = Console(out=io.StringIO(), err=err, environ={}, verbose=1)
    options = effective_options(parsed("-i", A), console, policy=None, installer=Installer.PIP)
    assert options.extra_index_urls == ("https://me:hunter2@b.example.org/simple",)
    assert err.getvalue().splitlines() == [
        f"index-url = {A} (from --index-url)",
        "extra-index-urls = https://b.example.org/simple (from PIP_EXTRA_INDEX_URL)",
    ]
    plain = effective_options(
        parsed("-i", A), console, policy=None, installer=Installer.PIP, ignore_config=True
    )
    assert plain.extra_index_urls == ()


@pytest.mark.parametrize(
    ("url", "said", "proxy"),
    [
        ("https://idx.example.org/simple", "", "http://s:1"),
        ("http://idx.example.org/simple", "", "http://p:1"),
        ("https://idx.example.org/simple", 'no-proxy = ["other.org", ".example.org"]', None),
        ("https://idx.example.org/simple", 'no-proxy = ["other.org"]', "http://s:1"),
    ],
)
def test_uvs_proxies_are_taken_over(
    url: str, said: str, proxy: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("UV_NO_CONFIG")
    (tmp_path / "uv.toml").write_text(f'http-proxy = "http://p:1"\nhttps-proxy = "http://s:1"\n{said}\n')
    console = Console(out=io.StringIO(), err=io.StringIO(), environ={})
    options = IndexOptions(index_url=url, cache_dir=str(tmp_path / "cache"))
    with open_source(options, console, installer=Installer.UV) as client:
        assert client.settings.proxy == proxy
    with open_source(options, console, installer=Installer.PIP) as client:
        assert client.settings.proxy is None
