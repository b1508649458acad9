"""What was captured beside a host's file judges a change, too: who owns which files there."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping

import pytest
from packaging.utils import canonicalize_name

from depguard.model.file_table import FileTable
from kit.git_project import CELLS, Check, GitProject
from kit.wheels import build_wheel

FILES = "hosts/one.files.json"
SNEAKY = (*CELLS, ("!pip install -q sneaky",))


def owned(files: Mapping[str, int]) -> str:
    return FileTable.of({canonicalize_name("numpy"): ("2.0.2", files)}).dump()


@pytest.fixture(autouse=True)
def sneaky(project: GitProject) -> None:
    """A wheel that ships a file of a numpy that no public index has."""
    wheel = build_wheel(project.wheels, "sneaky", "1.0", files={"house_numpy/core.so": b"other bytes"})
    sha256 = hashlib.sha256(wheel.read_bytes()).hexdigest()
    with (project.wheels / "links.html").open("a") as page:
        page.write(f'<a href="{wheel.name}#sha256={sha256}">{wheel.name}</a>\n')


def errors(out: str) -> list[tuple[str, str, str, list[str]]]:
    found = json.loads(out)["findings"]
    return [(f["standing"], f["code"], f["message"], f["hosts"]) for f in found if f["severity"] == "error"]


def test_a_file_of_the_captured_machine_would_be_overwritten(check: Check, project: GitProject) -> None:
    project.write(FILES, owned({"house_numpy/core.so": 7}))
    project.commit()
    project.git("branch", "--force", "main")
    project.notebook(*SNEAKY)
    code, out, _ = check("--against", "main", "--format", "json")
    message = "sneaky 1.0 would overwrite a file of numpy, which is protected: house_numpy/core.so"
    assert (code, errors(out)) == (1, [("new", "DG103", message, ["lab/one"])])


def test_a_later_step_finds_the_captured_files_still(check: Check, project: GitProject) -> None:
    project.write(FILES, owned({"house_numpy/core.so": 7}))
    project.notebook(*CELLS, ("!pip install -q tensorflow==2.19",), ("!pip install -q sneaky",))
    code, out, _ = check("--format", "json")
    assert (code, [code for _, code, *_ in errors(out)]) == (1, ["DG103"])


def test_a_capture_that_changes_judges_anew(check: Check, project: GitProject) -> None:
    project.write(FILES, owned({"elsewhere.so": 7}))
    project.notebook(*SNEAKY)
    project.commit()
    project.git("branch", "--force", "main")
    assert check("--against", "main")[0] == 0
    project.write(FILES, owned({"house_numpy/core.so": 7}))
    code, out, _ = check("--against", "main", "--format", "json")
    assert (code, [(standing, code) for standing, code, *_ in errors(out)]) == (1, [("new", "DG103")])


def test_a_damaged_capture_is_told_and_the_base_judges(check: Check, project: GitProject) -> None:
    project.write(FILES, "{}")
    code, out, _ = check("--against", "main", "--format", "json")
    assert code == 1
    (problem,) = (f for f in json.loads(out)["findings"] if f["severity"] == "error")
    assert "hosts/one.files.json" in json.dumps(problem)
    assert "damaged" in problem["message"]
