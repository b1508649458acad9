"""What a request will come to, as far as it can be told before a solver comes to it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from depguard.model.binary import ContentsAnswer, Depth
from depguard.model.release import Artifact, MetadataUnknown
from depguard.resolve.host_abi import host_abi
from depguard.resolve.ports import Following
from depguard.resolve.runnable import Inspector
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


def followed(made: Universe, name: str, *versions: str) -> list[Following]:
    """What follows releases of a project whose metadata come in this order."""
    page = made.source.page(canonicalize_name(name))
    made.ahead.likely(page)
    known = {str(a.version): a for a in page.artifacts}
    return [made.ahead.following(known[v], made.source.metadata(known[v])) for v in versions]


def following(made: Universe, *versions: str) -> list[tuple[list[str], list[str]]]:
    """The projects, and the versions of the artifacts, that follow releases of ``top``."""
    return [
        (list(found.projects), [str(a.version) for a in found.artifacts])
        for found in followed(made, "top", *versions)
    ]


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


def test_the_newest_leads_to_what_it_moves_and_to_older_ones() -> None:
    made = universe()
    asked(made, "top")
    assert following(made, "3.0", "2.0") == [(["deep", "protobuf"], ["2.0", "1.0"]), (["deep"], [])]
    assert likely(made, "deep") == ["2.0"]


def test_an_installer_takes_the_newest_whatever_it_moves() -> None:
    made = universe()
    asked(made, "top", guarded=False)
    assert following(made, "3.0") == [(["deep", "protobuf"], [])]


def test_what_the_request_names_may_move() -> None:
    made = universe()
    asked(made, "top", "protobuf>=6")
    assert following(made, "3.0") == [(["deep", "protobuf"], [])]


def test_an_extra_that_is_asked_for_counts() -> None:
    made = universe()
    asked(made, "top[x]")
    assert following(made, "3.0")[0][0] == ["deep", "protobuf", "more"]


LINE: dict[str, Any] = {
    "line": {f"{major}.0": ["protobuf>=6", f"needs{major}"] for major in range(1, 10)} | {"4.0": ["deep"]},
    "deep": {"1.0": []},
}


def along(*versions: str) -> list[tuple[list[str], list[str]]]:
    made = Universe(source=FakeIndex.from_dict(LINE), host=HOST)
    asked(made, "line")
    return [
        (list(found.projects), [str(a.version) for a in found.artifacts])
        for found in followed(made, "line", *versions)
    ]


def test_older_releases_are_asked_for_three_at_a_time_until_one_can_come() -> None:
    assert along("9.0", "8.0", "7.0", "6.0", "5.0", "4.0", "3.0") == [
        (["protobuf", "needs9"], ["8.0", "7.0", "6.0"]),
        ([], []),
        ([], []),
        ([], ["5.0", "4.0", "3.0"]),
        ([], []),
        (["deep"], []),
        ([], []),
    ]


def test_the_newest_that_can_come_is_taken_whatever_is_answered_first() -> None:
    assert along("9.0", "6.0", "7.0", "8.0", "3.0", "4.0", "5.0")[3:] == [
        ([], ["5.0", "4.0", "3.0"]),
        ([], []),
        ([], []),
        (["deep"], []),
    ]


class Source:
    """Wheels that nobody may look into: it is only told what will be looked at."""

    def contents(self, artifact: Artifact, *, depth: Depth, most: int) -> ContentsAnswer:
        raise AssertionError(artifact, depth, most)

    def prefetch_contents(self, artifacts: Iterable[Artifact], *, depth: Depth, most: int) -> None:
        raise AssertionError(artifacts, depth, most)


def test_what_comes_is_looked_into_as_its_inspector_would() -> None:
    made = universe()
    inspector = Inspector(source=Source(), offers=lambda: host_abi(HOST), most=1 << 20)
    made.scout = lambda: inspector.effort
    asked(made, "top")
    newest, older = (found.contents for found in followed(made, "top", "3.0", "2.0"))
    # pure wheels: the list of files is all
    assert [(str(look.artifact.version), look.depth, look.most) for look in (*newest, *older)] == [
        ("3.0", Depth.FILES, 0),
        ("2.0", Depth.FILES, 0),
    ]


def test_where_nobody_looks_nothing_is_read_ahead() -> None:
    made = universe()
    asked(made, "top")
    assert followed(made, "top", "3.0")[0].contents == ()


def unknown(*, guarded: bool) -> Following:
    """What follows the newest release of ``top`` where its metadata cannot be had."""
    made = universe()
    asked(made, "top", guarded=guarded)
    page = made.source.page(TOP)
    (newest,) = made.ahead.likely(page)
    return made.ahead.following(newest, MetadataUnknown("damaged"))


def test_a_plan_looks_for_another_where_nothing_is_known() -> None:
    assert [str(a.version) for a in unknown(guarded=True).artifacts] == ["2.0", "1.0"]
    assert unknown(guarded=False) == Following()
