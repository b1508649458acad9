"""What a session's lines say of its files: fetched, written, and where the session is."""

from __future__ import annotations

import pytest

from depguard.errors import InputError, Problem
from depguard.model.location import Location
from depguard.parse.install_cells import commands_in_cell, commands_in_shell
from depguard.parse.requirement_lines import resolve_reference

FILES = {
    "requirements.txt": "captum\n-r more.txt\n",
    "more.txt": "einops\n",
    "course/requirements.txt": "torchinfo\n",
    "https://example.org/raw/requirements.txt": "optuna\n-r more.txt\n",
    "https://example.org/raw/more.txt": "wandb\n",
}


def read(reference: str, including: str | None) -> str:
    label = resolve_reference(reference, including)
    if label not in FILES:
        raise InputError(Problem(code="missing", message=f"there is no file {label}"))
    return FILES[label]


def asked(source: str) -> list[str]:
    """What the commands of a cell ask for; what cannot be known has a question mark."""
    found = commands_in_cell(source, "lab.ipynb", cell=1, read=read)
    return [f"{i.text}?" if i.doubt else i.text for command in found for i in command.items]


URL = "https://example.org/raw/requirements.txt"


@pytest.mark.parametrize(
    "fetch",
    [
        f"!wget {URL}",
        f"!wget -q --no-check-certificate '{URL}'",
        f"!wget -qO requirements.txt {URL}",
        f"!wget {URL} --output-document=requirements.txt",
        f"!curl -sSLO {URL}",
        f"!curl -L -o requirements.txt {URL}",
        f"!curl -fsSL {URL} > requirements.txt",
        f"!wget -P /content {URL}",
    ],
)
def test_a_fetched_file_is_what_was_fetched(fetch: str) -> None:
    assert asked(f"{fetch}\n!pip install -r requirements.txt") == ["optuna", "wandb"]


def test_its_places_are_those_of_the_url() -> None:
    (command,) = commands_in_cell(f"!wget {URL}\n%pip install -r requirements.txt", "lab.ipynb", read=read)
    places = [item.location for item in command.items]
    assert places == [Location(URL, 1, 1), Location("https://example.org/raw/more.txt", 1, 1)]


@pytest.mark.parametrize(
    "fetch", [f"!curl {URL}", f"!curl -o other.txt {URL}", f"!wget -O- {URL}", "!wget $URL"]
)
def test_what_goes_elsewhere_is_not_it(fetch: str) -> None:
    assert asked(f"{fetch}\n!pip install -r requirements.txt") == ["captum", "einops"]


@pytest.mark.parametrize(
    "move",
    ["%cd course", "%cd -q /content/course", "import os\nos.chdir('course')", "cd course"],
)
def test_a_folder_is_entered(move: str) -> None:
    assert asked(f"{move}\n!pip install -r requirements.txt") == ["torchinfo"]


def test_a_shell_of_its_own_has_a_folder_of_its_own() -> None:
    assert asked("!cd course && pip install -r requirements.txt\n!pip install -r requirements.txt") == [
        "torchinfo",
        "captum",
        "einops",
    ]
    script = "cd course\npip install -r requirements.txt\ncd ..\npip install -r more.txt\n"
    found = commands_in_shell(script, "setup.sh", read=read)
    assert [i.text for command in found for i in command.items] == ["torchinfo", "einops"]


def test_a_folder_that_nobody_knows_holds_no_file_of_ours() -> None:
    assert asked("%cd somebody-elses\n!pip install -r requirements.txt") == ["-r requirements.txt?"]
    assert asked("%cd {where}\n!pip install -r requirements.txt") == ["-r requirements.txt?"]


def test_an_assignment_is_no_command() -> None:
    assert asked("cd = 5\n!pip install -r requirements.txt") == ["captum", "einops"]
