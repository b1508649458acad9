"""What a request will come to, as far as it can be told before a solver comes to it."""

from __future__ import annotations

from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from depguard.model.release import MetadataUnknown
from depguard.resolve.ports import Following
from depguard.resolve.universe import Universe
from kit.fake_index import FakeIndex
from kit.hosts import small_host

HOST = small_host({"numpy": "2.0.2", "protobuf": "5.29.6", "rich": {"version": None}})
TOP = canonicalize_name("top")
INDEX: dict[str, Any] = {
    "top": {
        "1.0": ["deep"],
        "2.0": ["deep", "protobuf<6"],
        "3.0": ["deep>=2", "protobuf>=6", "numpy>=1", "absent; python_version < '3'", "more; extra == 'x'"],
        "4.0rc1": [],
        "5.0": {"requires": [], "yanked": "broken"},
    },
    "deep": {"1.0": [], "2.0": []},
}


def universe() -> Universe:
    return Universe(source=FakeIndex.from_dict(INDEX), host=HOST)


def asked(made: Universe, *texts: str, guarded: bool = True) -> list[str]:
    return list(made.ahead.request([Requirement(text) for text in texts], guarded=guarded))


def likely(made: Universe, name: str) -> list[str]:
    page = made.source.page(canonicalize_name(name))
    return [str(artifact.version) for artifact in made.ahead.likely(page)]


def following(made: Universe, version: str) -> tuple[list[str], list[str]]:
    """The projects, and the versions of the artifacts, that follow a release of ``top``."""
    page = made.source.page(TOP)
    made.ahead.likely(page)
    (artifact,) = (a for a in page.artifacts if str(a.version) == version)
    found = made.ahead.following(artifact, made.source.metadata(artifact))
    return list(found.projects), [str(a.version) for a in found.artifacts]


def test_what_the_host_has_is_not_asked_for() -> None:
    wanted = ["top", "numpy>=2", "rich>=13", "protobuf>=6", "gone; python_version < '3'"]
    assert asked(universe(), *wanted) == ["top", "protobuf"]


@pytest.mark.parametrize(("text", "version"), [("top", "3.0"), ("top<3", "2.0"), ("top==1.*", "1.0")])
def test_the_newest_that_fits_the_request_is_likely(text: str, version: str) -> None:
    made = universe()
    asked(made, text)
    assert likely(made, "top") == [version]


def test_what_nobody_asked_for_is_likely_in_its_newest_release() -> None:
    assert likely(universe(), "deep") == ["2.0"]


def test_the_newest_leads_to_what_it_moves_and_to_an_older_one() -> None:
    made = universe()
    asked(made, "top")
    assert following(made, "3.0") == (["deep", "protobuf"], ["2.0"])
    assert following(made, "2.0") == (["deep"], [])
    assert likely(made, "deep") == ["2.0"]


def test_an_installer_takes_the_newest_whatever_it_moves() -> None:
    made = universe()
    asked(made, "top", guarded=False)
    assert following(made, "3.0") == (["deep", "protobuf"], [])


def test_what_the_request_names_may_move() -> None:
    made = universe()
    asked(made, "top", "protobuf>=6")
    assert following(made, "3.0") == (["deep", "protobuf"], [])


def test_an_extra_that_is_asked_for_counts() -> None:
    made = universe()
    asked(made, "top[x]")
    assert following(made, "3.0")[0] == ["deep", "protobuf", "more"]


def test_an_older_release_that_cannot_come_either_leads_to_the_next_alone() -> None:
    made = universe()
    asked(made, "top")
    page = made.source.page(TOP)
    made.ahead.likely(page)
    second = next(a for a in page.artifacts if str(a.version) == "2.0")
    newest = next(a for a in page.artifacts if str(a.version) == "3.0")
    found = made.ahead.following(second, made.source.metadata(newest))
    assert (found.projects, [str(a.version) for a in found.artifacts]) == ((), ["1.0"])


def test_nothing_follows_what_is_not_known() -> None:
    made = universe()
    artifact = made.source.page(TOP).artifacts[0]
    assert made.ahead.following(artifact, MetadataUnknown("damaged")) == Following()
