"""What a repository's files install: pyproject.toml, Dockerfiles, globs, and lines of a notebook's file."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from depguard.errors import InputError
from depguard.parse.dockerfile import docker_runs
from depguard.parse.globs import selection
from depguard.parse.install_cells import commands_in_shell
from depguard.parse.notebook_lines import file_line
from depguard.parse.pyproject import read_pyproject

PYPROJECT = """\
[build-system]
requires = ["hatchling"]

[project]
name = "course"
# dependencies = ["no"]
dependencies = [
    "captum>=0.8",  # "also no"
    'optuna',
]

[project.optional-dependencies]
plots = ["matplotlib>=3", "course[tables]"]
tables = ["pandas"]

[dependency-groups]
test = ["pytest", {include-group = "Lint_All"}]
lint-all = ["ruff"]
circle = [{include-group = "circle"}]
odd = ["no version ==", {other = 1}]
"""


def parts(text: str) -> dict[str, list[str]]:
    return {
        part.name: [f"{item.text}?" if item.doubt else item.text for item in part.items]
        for part in read_pyproject(text, "pyproject.toml")
    }


def test_what_a_project_file_installs_together() -> None:
    assert parts(PYPROJECT) == {
        "dependencies": ["captum>=0.8", "optuna"],
        "optional-dependencies.plots": ["captum>=0.8", "optuna", "matplotlib>=3", "pandas"],
        "optional-dependencies.tables": ["captum>=0.8", "optuna", "pandas"],
        "dependency-groups.test": ["pytest", "ruff"],
        "dependency-groups.lint-all": ["ruff"],
        "dependency-groups.circle": ["include-group circle?"],
        "dependency-groups.odd": ["no version ==?", "{'other': 1}?"],
    }


def test_each_stands_where_it_stands() -> None:
    lines = PYPROJECT.splitlines()
    for part in read_pyproject(PYPROJECT, "pyproject.toml"):
        for item in part.items:
            if item.doubt is None:
                place = item.location
                assert place is not None
                assert place.line is not None
                assert place.column is not None
                assert lines[place.line - 1][place.column - 1 :].startswith(item.text)


def test_what_only_a_build_says_is_a_doubt() -> None:
    assert parts('[project]\nname = "a"\ndynamic = ["dependencies"]\n') == {
        "dependencies": ["dynamic dependencies?"]
    }
    assert parts("") == {}
    with pytest.raises(InputError, match="not TOML") as caught:
        read_pyproject("[project]\ndependencies = [", "p.toml")
    assert caught.value.problems[0].location is not None


DOCKERFILE = """\
# syntax=docker/dockerfile:1
FROM example/base AS build
WORKDIR /src
COPY --chown=me requirements.txt deps/extra.txt ./
COPY . /app
RUN --mount=type=cache,target=/c \\
    # a comment between
    pip install -r requirements.txt && \\
    pip install captum
FROM example/other
COPY --from=build /src /src
RUN ["pip", "install", "optuna>=3"]
RUN <<END
pip install einops
END
run pip3 install -r /app/nb/requirements.txt
"""


def test_the_runs_of_a_dockerfile_at_their_own_lines() -> None:
    runs = docker_runs(DOCKERFILE)
    assert [run.stage for run in runs] == [1, 2, 2, 2]
    commands = [command for run in runs for command in commands_in_shell(run.script, "Dockerfile")]
    lines = DOCKERFILE.splitlines()
    for command in commands:
        place = command.location
        assert place is not None
        assert place.line is not None
        if "[" not in lines[place.line - 1]:  # the words of a list have no columns
            assert place.column is not None
            assert re.match("pip3? install", lines[place.line - 1][place.column - 1 :])
    assert [[i.text for i in command.items] for command in commands] == [
        ["-r requirements.txt"],
        ["captum"],
        ["optuna>=3"],
        ["einops"],
        ["-r /app/nb/requirements.txt"],
    ]


def test_which_file_a_path_in_the_image_is() -> None:
    first, *_, last = docker_runs(DOCKERFILE)
    assert first.source("requirements.txt") == "requirements.txt"
    assert first.source("/src/extra.txt") == "deps/extra.txt"
    assert first.source("/app/nb/requirements.txt") == "nb/requirements.txt"
    assert first.source("/etc/requirements.txt") is None
    assert last.source("/src/requirements.txt") is None  # another stage's


@pytest.mark.parametrize(
    ("globs", "path", "meant"),
    [
        (["**/*.ipynb"], "lab.ipynb", True),
        (["**/*.ipynb"], "a/b/lab.ipynb", True),
        (["*.ipynb"], "a/lab.ipynb", False),
        (["a/**"], "a/b/c.txt", True),
        (["a/**/c.txt"], "a/c.txt", True),
        (["a/**/**/c.txt"], "a/b/b/c.txt", True),
        (["r?.txt"], "r1.txt", True),
        (["r?.txt"], "r/.txt", False),
        (["**/*.txt", "!drafts/**"], "drafts/r.txt", False),
        (["**/*.txt", "!drafts/**"], "more/r.txt", True),
        (["a.b"], "axb", False),
        ([], "a", False),
    ],
)
def test_globs(globs: list[str], path: str, meant: bool) -> None:
    assert selection(globs)(path) is meant


@given(st.text(alphabet="ab*?/.!", max_size=12), st.text(alphabet="ab/.", max_size=12))
def test_no_glob_raises_and_what_it_takes_in_is_left_out_by_its_negation(glob: str, path: str) -> None:
    assume(not glob.startswith("!") and selection(["**"])(path))
    meant = selection([glob])(path)
    assert selection(["**", f"!{glob}"])(path) is not meant


@given(
    st.lists(
        st.one_of(
            st.text(alphabet='ab"\\\n{[', max_size=8),
            st.lists(st.text(alphabet='ab"\\{[', max_size=4).map(lambda t: f"{t}\n"), max_size=4),
        ),
        max_size=4,
    )
)
def test_a_line_of_a_cell_is_found_in_the_file(sources: list[str | list[str]]) -> None:
    cells = [{"cell_type": "code", "outputs": ["{", 1], "source": source} for source in sources]
    text = json.dumps({"cells": cells}, indent=1)
    for number, source in enumerate(sources, start=1):
        for line, content in enumerate(source if isinstance(source, list) else [source][:1], start=1):
            found = file_line(text, number, line)
            assert found is not None
            assert json.dumps(content) in text.splitlines()[found - 1]
    assert file_line(text, len(sources) + 1, 1) is None
    assert file_line("no JSON", 1, 1) is None
