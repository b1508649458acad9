"""Which installer is asked: the named one, the one beside depguard, the one on PATH."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest
from packaging.version import Version

from depguard.adapters.referees.installers import Pip, PipTools
from depguard.adapters.referees.lookup import Lookup, Wish, read_wish
from depguard.adapters.referees.process import scrubbed
from depguard.errors import InputError
from depguard.model.crosscheck import Program
from kit.hosts import small_host


def lookup(tmp_path: Path, **environ: str) -> Lookup:
    return Lookup(cache=tmp_path / "cache", note=pytest.fail, environ=environ)


def program(path: Path, said: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\necho '{said}'\n")
    path.chmod(0o755)
    return path


@pytest.mark.parametrize(
    ("text", "wish"),
    [
        ("pip", Wish(program=Program.PIP)),
        ("pip-tools", Wish(program=Program.PIP_TOOLS)),
        ("Pip_Tools", Wish(program=Program.PIP_TOOLS)),
        ("pip==24.1.2", Wish(program=Program.PIP, version=Version("24.1.2"))),
    ],
)
def test_wishes(text: str, wish: Wish) -> None:
    assert read_wish(text) == wish


@pytest.mark.parametrize(
    ("name", "wanted"),
    [("uv", Program.UV), ("pip3.12", Program.PIP), ("pip-compile", Program.PIP_TOOLS), ("pip3", Program.PIP)],
)
def test_a_path_is_known_by_its_name(name: str, wanted: Program, tmp_path: Path) -> None:
    path = program(tmp_path / name, "x")
    assert read_wish(str(path)) == Wish(program=wanted, path=path)


@pytest.mark.parametrize("text", ["poetry", "pip==latest", "./nowhere/uv", "uv>=1", ""])
def test_what_cannot_be_asked_is_refused_with_what_can(text: str) -> None:
    with pytest.raises(InputError) as caught:
        read_wish(text)
    (problem,) = caught.value.problems
    assert problem.allowed is not None
    assert "pip-tools" in problem.allowed


def test_a_hosts_own_pip_is_asked_and_kept(tmp_path: Path) -> None:
    (tmp_path / "cache" / "pip-24.1.2" / "pip").mkdir(parents=True)
    found = lookup(tmp_path).referee(Wish(program=Program.PIP), small_host({"pip": "24.1.2"}))
    assert isinstance(found, Pip)
    assert (found.label, found.command) == (
        "pip 24.1.2",
        (sys.executable, str(tmp_path / "cache" / "pip-24.1.2" / "pip")),
    )


@pytest.mark.referee
def test_without_a_pip_of_its_own_the_one_beside_depguard_is_asked(tmp_path: Path) -> None:
    found = lookup(tmp_path).referee(Wish(program=Program.PIP), small_host({}))
    assert isinstance(found, Pip)
    assert found.command == (sys.executable, "-m", "pip")


@pytest.mark.referee
def test_a_hosts_pip_that_cannot_be_had_is_replaced_and_that_is_said(tmp_path: Path) -> None:
    said: list[str] = []
    empty = tmp_path / "empty"
    empty.mkdir()
    found = Lookup(
        cache=tmp_path / "cache",
        note=said.append,
        fetch_env={"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": empty.as_uri()},
    ).referee(Wish(program=Program.PIP), small_host({"pip": "1.0"}))
    assert isinstance(found, Pip)
    assert found.version > Version("1.0")
    assert said[0].startswith("pip==1.0 cannot be had: ")
    assert said[0].endswith(f"; {found.label} is asked instead")
    assert not [path for path in (tmp_path / "cache").iterdir() if path.name.endswith(".part")]


def test_an_executable_says_its_version(tmp_path: Path) -> None:
    path = program(tmp_path / "uv", "uv 0.4.2 (abc 2024-01-01)")
    found = lookup(tmp_path).referee(Wish(program=Program.UV, path=path), small_host({}))
    assert found.label == "uv 0.4.2"
    dumb = program(tmp_path / "other" / "uv", "")
    with pytest.raises(InputError, match="does not say which version it is"):
        lookup(tmp_path).referee(Wish(program=Program.UV, path=dumb), small_host({}))


def test_what_is_not_beside_depguard_is_looked_for_on_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = program(tmp_path / "own" / "python", "{}")
    monkeypatch.setattr(sys, "executable", str(own))
    parts = {"pip-tools": ["7.0", "/x"], "pip": ["26.0", "/x"], "click": ["8.0", "/y"]}
    interpreter = program(tmp_path / "away" / "python", json.dumps(parts))
    script = tmp_path / "away" / "pip-compile"
    script.write_text(f"#!{interpreter}\n")
    script.chmod(0o755)
    found = lookup(tmp_path, PATH=str(script.parent)).referee(Wish(program=Program.PIP_TOOLS), small_host({}))
    assert isinstance(found, PipTools)
    assert (found.label, str(found.pip), found.paths) == ("pip-tools 7.0", "26.0", (Path("/x"), Path("/y")))


def test_a_path_that_leads_to_no_pip_tools_is_said_to(tmp_path: Path) -> None:
    interpreter = program(tmp_path / "away" / "python", json.dumps({"pip": ["26.0", "/x"]}))
    script = tmp_path / "away" / "pip-compile"
    script.write_text(f"#!{interpreter}\n")
    with pytest.raises(InputError) as caught:
        lookup(tmp_path).referee(Wish(program=Program.PIP_TOOLS, path=script), small_host({}))
    assert caught.value.problems[0].message == f"--with {script}: its Python has no pip-tools"


@pytest.mark.parametrize("wanted", list(Program))
def test_what_is_missing_is_named_with_what_brings_it(
    wanted: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = program(tmp_path / "own" / "python", "{}")
    monkeypatch.setattr(sys, "executable", str(own))
    with pytest.raises(InputError) as caught:
        lookup(tmp_path, PATH="").referee(Wish(program=wanted), small_host({}))
    (problem,) = caught.value.problems
    assert problem.message == f"{wanted.value} is not installed, neither beside depguard nor on PATH"
    assert problem.hint is not None
    assert "depguard-policy[referees]" in problem.hint


def test_nobodys_settings_reach_an_installer() -> None:
    env = scrubbed({"PIP_INDEX_URL": "x", "UV_INDEX": "x", "PYTHONPATH": "x", "HOME": "h", "NO_PROXY": "own"})
    assert not {"PIP_INDEX_URL", "UV_INDEX", "PYTHONPATH"} & set(env)
    assert (env["HOME"], env["PIP_CONFIG_FILE"]) == ("h", os.devnull)
    assert env["NO_PROXY"] == "own,127.0.0.1,localhost"
