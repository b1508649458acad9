"""pip inspect reports: installed metadata as it is, and what is wrong with a broken report."""

from __future__ import annotations

import json
from typing import Any

import pytest
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from depguard.errors import InputError
from depguard.model.baseline import Baseline
from depguard.model.host import InstalledDistribution, Knowledge, Origin, OriginKind
from depguard.parse.pip_inspect import parse_inspect

SHA = "1932429db727d4bff3deed6b34cfc05df17794f4a52eeb26cf8928f7c1a0fb85"


def item(
    name: str, version: str, *, direct_url: dict[str, Any] | None = None, **metadata: Any
) -> dict[str, Any]:
    made: dict[str, Any] = {
        "metadata": {"metadata_version": "2.1", "name": name, "version": version, **metadata},
        "installer": "pip",
        "requested": True,
    }
    return made | ({"direct_url": direct_url} if direct_url else {})


def report(*items: Any, **more: Any) -> str:
    return json.dumps(
        {"version": "1", "pip_version": "24.1.2", "installed": items, "environment": {}, **more}
    )


def read(*items: Any, **more: Any) -> dict[str, InstalledDistribution]:
    return {d.name: d for d in baseline(*items, **more).distributions}


def baseline(*items: Any, **more: Any) -> Baseline:
    return parse_inspect(report(*items, **more), "inspect.json")


def test_metadata_is_captured() -> None:
    found = read(
        item(
            "IPython",
            "7.34.0",
            requires_dist=["jedi>=0.16", "pytest ; extra == 'test'"],
            requires_python=">=3.7",
            provides_extra=["test", "Doc_s"],
        )
    )["ipython"]
    assert (found.spelled, str(found.version), found.installer) == ("IPython", "7.34.0", "pip")
    known = found.requirements
    assert known.how is Knowledge.CAPTURED
    assert [str(r) for r in known.requires] == ["jedi>=0.16", 'pytest; extra == "test"']
    assert known.extras == {"test", "doc-s"}
    assert known.requires_python == SpecifierSet(">=3.7")
    assert found.origin == Origin()


@pytest.mark.parametrize(
    ("direct_url", "origin"),
    [
        (
            {
                "url": "https://example.org/a%2Bb/a-1.0-py3-none-any.whl",
                "archive_info": {"hash": f"sha256={SHA}"},
            },
            Origin(kind=OriginKind.URL, filename="a-1.0-py3-none-any.whl", sha256=SHA),
        ),
        (
            {"url": "file:///dist/a-1.0.tar.gz", "archive_info": {"hashes": {"sha256": SHA}}},
            Origin(kind=OriginKind.FILE, filename="a-1.0.tar.gz", sha256=SHA),
        ),
        ({"url": "file:///content/a", "dir_info": {"editable": True}}, Origin(kind=OriginKind.FILE)),
        (
            {
                "url": "https://user:secret@example.org/a",
                "vcs_info": {"vcs": "git", "commit_id": "b134", "requested_revision": "main"},
                "subdirectory": "python",
            },
            Origin(kind=OriginKind.VCS, reference="git+https://example.org/a@b134#subdirectory=python"),
        ),
    ],
)
def test_direct_urls_become_origins_without_credentials(direct_url: dict[str, Any], origin: Origin) -> None:
    assert read(item("a", "1.0", direct_url=direct_url))["a"].origin == origin


def test_the_environment_is_taken_as_it_is() -> None:
    environment = {"python_full_version": "3.12.13", "platform_release": "6.6.1", "other": "x"}
    assert baseline(environment=environment).environment == {
        "python_full_version": "3.12.13",
        "platform_release": "6.6.1",
    }


def test_installed_metadata_that_cannot_be_read_is_unknown_with_the_reason() -> None:
    known = read(item("a", "1.0", requires_dist=["b (>=1.0.*)", "c"]))["a"].requirements
    assert known.how is Knowledge.UNKNOWN
    assert "installed metadata cannot be read" in known.source


def test_two_versions_of_one_project_are_a_mistake() -> None:
    with pytest.raises(InputError) as caught:
        read(item("Foo.Bar", "1.0"), item("foo-bar", "1.1"))
    assert [p.code for p in caught.value.problems] == ["baseline.two-versions"]


def test_all_mistakes_are_reported_at_once_with_their_paths() -> None:
    with pytest.raises(InputError) as caught:
        read(
            "x",
            {"metadata": {"name": "a"}},
            item("b", "one"),
            item("c", "1.0", requires_dist="d"),
            version="2",
        )
    messages = [problem.message for problem in caught.value.problems]
    assert messages == [
        "version '2' of the report is unknown",
        "installed[0] is not an object",
        "installed[1].metadata has no name and version",
        "installed[2].metadata.version: 'one' is not a version",
        "installed[3].metadata.requires_dist is not a list of texts",
    ]


def test_what_is_no_report() -> None:
    with pytest.raises(InputError) as caught:
        parse_inspect('{"installed": ', "inspect.json")
    assert str(caught.value.problems[0].location).startswith("inspect.json:1:")
    with pytest.raises(InputError, match="no list 'installed'"):
        parse_inspect("[]", "inspect.json")


def test_what_a_capture_adds() -> None:
    captured = baseline(
        item("a", "1.0") | {"modules": ["b", "a"]},
        depguard={
            "tags": ["cp312-cp312-linux_x86_64"],
            "platform": "manylinux_2_35_x86_64",
            "loaded": ["IPython"],
            "facts": {"pip": "24.1.2"},
        },
    )
    assert captured.distributions[0].modules == ("a", "b")
    assert [str(tag) for tag in captured.tags] == ["cp312-cp312-linux_x86_64"]
    assert captured.platform == "manylinux_2_35_x86_64"
    assert captured.loaded == frozenset({"IPython"})
    assert captured.facts == {"pip": "24.1.2"}
    assert {canonicalize_name(d.name) for d in captured.distributions} == {"a"}
