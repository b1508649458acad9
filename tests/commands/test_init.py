"""``depguard init``: a policy from what a repository installs."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from packaging.requirements import Requirement

from depguard.app.init_project import Proposal, Wish, policy_text, propose_policy
from depguard.cli.commands import init
from depguard.cli.console import Console
from depguard.errors import InputError, Problem
from depguard.model.location import Location
from depguard.parse.policy import read_draft

HOSTS = ("colab/2026.07-gpu", "colab/2026.08-gpu")


class Files:
    """A repository in memory."""

    def __init__(self, files: Mapping[str, str]) -> None:
        self._files = files

    def paths(self) -> list[str]:
        return sorted(self._files)

    def text(self, path: str) -> str:
        if path not in self._files:
            raise InputError(Problem(code="test.missing", message=f"there is no file {path}"))
        return self._files[path]


def notebook(*sources: str) -> str:
    cells = [{"cell_type": "code", "source": source} for source in sources]
    return json.dumps({"nbformat": 4, "cells": cells})


def proposed(files: Mapping[str, str]) -> Proposal:
    return propose_policy(Files(files), hosts=HOSTS)


def test_the_five_lines() -> None:
    proposal = proposed({"lab.ipynb": notebook("!pip install -q captum", "%pip install 'optuna>=3' captum")})
    assert proposal.text.splitlines() == [
        "schema: 1",
        "extends: colab                                     # inherits everything but the tiers",
        "hosts: [colab/2026.07-gpu, colab/2026.08-gpu]",
        "tiers:",
        '  lab: [captum, "optuna>=3"]',
    ]
    assert proposal.left_out == ()
    captum = proposal.wishes[0]
    assert captum.places == (Location("lab.ipynb", 1, 17, 1), Location("lab.ipynb", 1, 26, 2))


def test_notebooks_files_and_pyproject_are_joined() -> None:
    proposal = proposed(
        {
            "a/one.ipynb": notebook("!pip install -r more.txt", "!pip install -r requirements.txt"),
            "a/more.txt": "einops\n",
            "requirements.txt": "Torch_Geometric>=2.4\npandas[excel]\npip\n",
            "pyproject.toml": '[project]\ndependencies = ["pandas[sql]>=2", "torch-geometric<3"]\n',
        }
    )
    (tier,) = read_draft(proposal.text, "depguard.yaml").tiers
    wanted = [str(stated.requirement) for stated in tier.requires]
    assert wanted == ["einops", "pandas[excel,sql]>=2", "Torch_Geometric<3,>=2.4"]


def test_pins_that_disagree_and_builds_of_one_host_are_not_taken_over() -> None:
    proposal = proposed(
        {
            "a.ipynb": notebook("!pip install captum==0.8.0 torch==2.4.1+cu121"),
            "b.ipynb": notebook("!pip install captum==0.9.0 'einops<1' einops==0.8 'x>2' x==1"),
        }
    )
    assert proposal.text.splitlines()[4:] == [
        "  lab:",
        "    - captum  # pinned differently: ==0.8.0 in a.ipynb:cell 1:1:14, ==0.9.0 in b.ipynb:cell 1:1:14",
        '    - "einops==0.8"',
        "    - torch  # its build of one host was left out",
        "    - x  # ==1 does not meet >2",
    ]


def test_what_is_left_out_has_its_reason() -> None:
    proposal = proposed(
        {
            "a.ipynb": notebook(
                "!pip install git+https://example.org/x.git",
                "!pip install $NAME -r gone.txt\n!pip uninstall -y y",
            ),
            "broken.ipynb": "{",
            "pyproject.toml": "[",
            "requirements.txt": "numpy=1\nok\n",
        }
    )
    assert [str(wish.requirement) for wish in proposal.wishes] == ["ok"]
    reasons = {text: reason for text, reason, _ in proposal.left_out}
    assert reasons["git+https://example.org/x.git"] == "a URL or path: add it by hand if it is needed"
    assert reasons["$NAME"] == "the value of $NAME is not known"
    assert reasons["-r gone.txt"] == "there is no file gone.txt"
    assert reasons["broken.ipynb"].startswith("not JSON")
    assert reasons["pyproject.toml"].startswith("not TOML")
    assert "did you mean ==1?" in reasons["numpy=1"]


def test_nothing_found_gives_a_starter_that_can_be_read() -> None:
    proposal = proposed({})
    assert "# Nothing that installs was found here." in proposal.text
    assert [tier.name for tier in read_draft(proposal.text, "depguard.yaml").tiers] == ["lab"]


@settings(max_examples=40)
@given(
    st.lists(
        st.tuples(
            st.from_regex(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,6}[A-Za-z0-9])?", fullmatch=True),
            st.sampled_from(["", ">=3", "==1.*", "!=2,<4", "; python_version < '3.13'", "[a,b]~=1.0"]),
            st.sampled_from(["", "a remark: with # signs", "and\nlines"]),
        ),
        max_size=30,
    )
)
def test_every_proposal_can_be_read_back(parts: list[tuple[str, str, str]]) -> None:
    wishes = {
        name.lower().replace("_", "-").replace(".", "-"): Wish(
            requirement=Requirement(name + rest), places=(), remark=remark
        )
        for name, rest, remark in parts
    }
    text = policy_text(wishes.values(), hosts=HOSTS)
    (tier,) = read_draft(text, "depguard.yaml").tiers
    stated = tier.requires
    expected = {str(wish.requirement) for wish in wishes.values()} or {"torchinfo"}
    assert {str(one.requirement) for one in stated} == expected


def run(folder: Path, monkeypatch: pytest.MonkeyPatch, *words: str) -> tuple[int, str, str]:
    import argparse

    monkeypatch.chdir(folder)
    out, err = io.StringIO(), io.StringIO()
    parser = argparse.ArgumentParser()
    init.register(parser)
    code = init.run(parser.parse_args(words), Console(out=out, err=err, environ={}))
    return code, out.getvalue(), err.getvalue()


def test_it_is_shown_and_written_only_on_demand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / "sub").mkdir()
    (tmp_path / "lab.ipynb").write_text(notebook("!pip install captum"), encoding="utf-8")
    (tmp_path / ".venv").mkdir()
    (tmp_path / ".venv" / "requirements.txt").write_text("hidden\n", encoding="utf-8")
    code, out, err = run(tmp_path / "sub", monkeypatch)
    assert code == 0
    assert out.endswith("tiers:\n  lab: [captum]\n")
    assert "1 requirement in 1 file" in err
    assert "Nothing written. To write it: depguard init --write\n" in err
    assert not (tmp_path / "depguard.yaml").exists()
    asked = ("--tier", "course", "--ci", "own/depguard@1234567")
    err = run(tmp_path / "sub", monkeypatch, *asked)[2]
    assert f"To write it: depguard init {' '.join(asked)} --write" in err
    code, out, err = run(tmp_path / "sub", monkeypatch, "--write", "--tier", "course")
    assert (tmp_path / "depguard.yaml").read_text(encoding="utf-8") == out
    assert "course: [captum]" in out
    assert "Next: depguard lock" in err


def test_an_existing_policy_is_never_touched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "depguard.yaml"
    target.write_text("mine\n", encoding="utf-8")
    with pytest.raises(InputError) as caught:
        run(tmp_path, monkeypatch, "--write")
    assert caught.value.problems[0].message == f"there is a policy already: {target}"
    assert target.read_text(encoding="utf-8") == "mine\n"


def test_a_policy_in_the_policies_folder_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "policies").mkdir()
    (tmp_path / "policies" / "x.yaml").write_text("schema: 1\ntiers: {a: [einops]}\n", encoding="utf-8")
    with pytest.raises(InputError, match="there is a policy already: policies/x"):
        run(tmp_path, monkeypatch, "--write")


def test_a_tier_needs_a_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match="is no name"):
        run(tmp_path, monkeypatch, "--tier", "a b")
