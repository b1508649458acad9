"""What pip, uv and pip-compile print, read."""

from __future__ import annotations

import json

import pytest
from packaging.utils import canonicalize_name
from packaging.version import Version

from depguard.model.crosscheck import Change
from depguard.parse.referee_output import (
    compiled_changes,
    complaint,
    is_out_of_reach,
    pip_changes,
    uv_changes,
)
from kit.hosts import small_host

HOST = small_host({"numpy": "2.0.2", "odd": {"version": None}})


def change(name: str, old: str | None, new: str | None) -> Change:
    return Change(canonicalize_name(name), Version(old) if old else None, Version(new) if new else None)


def test_a_report_of_pip() -> None:
    installs = [("NumPy", "1.26.4"), ("odd", "1.0-2"), ("Typing.Extensions", "4.0")]
    report = {"install": [{"metadata": {"name": name, "version": version}} for name, version in installs]}
    assert pip_changes(json.dumps(report), HOST) == {
        change("numpy", "2.0.2", "1.26.4"),
        change("odd", "0", "1.0.post2"),
        change("typing-extensions", None, "4.0"),
    }


def test_lines_of_uv() -> None:
    text = "Resolved 3 packages\n - numpy==2.0.2\n + numpy==1.26.4\n + a==1\n - b==2\n ~ c==3+cu1\n"
    assert uv_changes(text) == {
        change("numpy", "2.0.2", "1.26.4"),
        change("a", None, "1"),
        change("b", "2", None),
        change("c", "3+cu1", "3+cu1"),
    }


def test_a_compiled_file() -> None:
    text = (
        "--only-binary :all:\n\n# comment\nnumpy==1.26.4  # via a\na==1.0 ; python_version > '3'\n"
        "torch @ file:///x/torch-2.11.0%2Bcu128-py3-none-any.whl\n    # via b\n"
    )
    assert compiled_changes(text, HOST) == {change("numpy", "2.0.2", "1.26.4"), change("a", None, "1.0")}


@pytest.mark.parametrize(
    ("said", "lines"),
    [
        ("noise\nERROR: one\nmore\nERROR: two\n", ("ERROR: one", "ERROR: two")),
        ("  x No solution\n\n  last\n", ("x No solution", "last")),
        ("\n".join(str(number) for number in range(9)), tuple("345678")),
        ("", ()),
    ],
)
def test_why_an_installer_refuses(said: str, lines: tuple[str, ...]) -> None:
    assert complaint(said) == lines


def test_an_index_that_does_not_answer_is_no_refusal() -> None:
    assert is_out_of_reach("pip._vendor.urllib3.exceptions.ReadTimeoutError: Read timed out.")
    assert is_out_of_reach("error: Failed to fetch\n  Caused by: error sending request for url")
    assert not is_out_of_reach("ERROR: ResolutionImpossible")
