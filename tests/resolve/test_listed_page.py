"""A listed page gives the offers that its artifacts would give, looked at one by one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from packaging.utils import NormalizedName

from depguard.errors import OutOfReachError
from depguard.model.release import Artifact, FormatControl, MetadataAnswer, ProjectPage
from depguard.parse.fitting import Fitting, fitting_of, fitting_text
from depguard.parse.listed_page import ListedPage, PagePart
from depguard.parse.page_files import Listing, PageFile
from depguard.resolve.ports import Page
from depguard.resolve.universe import Universe
from kit.fake_index import FakeIndex
from kit.hosts import small_host

A = NormalizedName("a")
HOST = small_host({})


@dataclass
class OnePage(FakeIndex):
    """A source of one page."""

    only: Page | None = None

    def page(self, name: NormalizedName) -> Any:  # noqa: ARG002 - the port's signature
        return self.only

    def metadata(self, artifact: Artifact) -> MetadataAnswer:
        raise AssertionError(artifact)


VERSIONS = st.sampled_from(["1.0", "1.0.0", "1.1", "2.0rc1", "2.0", "1!1", "0.9+local", "x"])
TAGS = st.sampled_from(
    ["py3-none-any", "cp312-cp312-manylinux_2_17_x86_64.manylinux2014_x86_64", "cp312-cp312-linux_x86_64",
     "cp312-cp312-manylinux_2_99_x86_64", "py2.py3-none-any", "CP312-abi3-manylinux_2_17_x86_64",
     "cp311-cp311-win_amd64", "py3-none", "py3..py2-none-any"]
)  # fmt: skip
BUILDS = st.sampled_from(["", "", "", "-1", "-2", "-2a", "-2ab", "-x"])
WHEELS = st.builds(
    lambda name, version, build, tags: f"{name}-{version}{build}-{tags}.whl",
    st.sampled_from(["a", "a", "a", "b"]),
    VERSIONS,
    BUILDS,
    TAGS,
)
SDISTS = st.builds(lambda version, end: f"a-{version}{end}", VERSIONS, st.sampled_from([".tar.gz", ".zip"]))
FILES = st.builds(
    lambda name, python, uploaded, yanked: PageFile(
        name, f"https://index.example.org/{name}", "sha256=00", 1, python, uploaded, yanked, None
    ),
    st.one_of(WHEELS, WHEELS, SDISTS, st.just("a.txt")),
    st.sampled_from([None, None, "", ">=3.9", "<3.12", ">=3.9,<3.12", "odd"]),
    st.sampled_from(["2025-01-01T00:00:00Z", "2026-01-01T00:00:00", "2026-06-01T00:00+02:00", None, "odd"]),
    st.sampled_from([None, None, None, "", "broken"]),
)
LISTINGS = st.lists(st.lists(FILES, max_size=12), max_size=2)


def offers(page: Page, **fields: Any) -> object:
    source = OnePage({}, {}, only=page)
    try:
        found = Universe(source=source, host=HOST, **fields).offers(A)
    except OutOfReachError:
        return "no upload time"
    return found.found, [(o.version, o.artifact, o.yanked) for o in found.offers]


@settings(max_examples=150, deadline=None)
@given(
    LISTINGS,
    st.booleans(),
    st.booleans(),
    st.sampled_from([None, datetime(2026, 1, 1, tzinfo=UTC)]),
    st.sampled_from([FormatControl(), FormatControl(no_binary=frozenset({"a"})),
                     FormatControl(only_binary=frozenset({":all:"}))]),
)  # fmt: skip
def test_the_offers_are_those_of_the_artifacts(
    listings: list[list[PageFile]], builds: bool, lower: bool, cutoff: datetime | None, formats: FormatControl
) -> None:
    parts = [
        PagePart(f"https://{n}.example.org", lambda files=files: Listing(tuple(files)))  # type: ignore[misc]  # bound early
        for n, files in enumerate(listings)
    ]
    listed = ListedPage(A, parts)
    kept = ListedPage(A, parts, recall=lambda _, make: fitting_of(fitting_text(make())))
    whole = ProjectPage(name=A, artifacts=listed.artifacts, found=listed.found)
    rules = {"builds": builds, "lower_python": lower, "cutoff": cutoff, "formats": formats}
    assert offers(listed, **rules) == offers(kept, **rules) == offers(whole, **rules)


EMPTY = Fitting((), (), ())
TITLE = fitting_text(EMPTY).strip()


def kept_page(columns: str, rows: str) -> str:
    return "\n".join([TITLE, *columns.split("/"), rows])


def test_a_page_of_which_nothing_fits_is_kept_too() -> None:
    versions, kinds, files = fitting_of(fitting_text(EMPTY))
    assert (list(versions), list(kinds), list(files)) == ([], [], [])


@pytest.mark.parametrize(
    ("columns", "rows"),
    [
        ("1.0", "[[0]]"),
        ("1.0/w", "[[0]]"),
        ("1.0/x/5", "[[0]]"),
        ("1.0//5", "[[0]]"),
        ("one/w/5", "[[0]]"),
        ("1.0/w/five", "[[0]]"),
        ("1.0/w/5 0", "[[0]]"),
        ("1.0/w/5/", "[[0]]"),
        ("1.0/w/4", "[[0]]"),
        ("1.0/w/2", "{}"),
        ("1.0/w/-5", ""),
        ("1.0 0.9/w w/5 5", "[[0]]"),
        ("1.0 0.9/w/5 5", "[[0]][[0]]"),
        ("1.0 0.9/w w/5 5", "[[0]]7[0]]"),
        ("1.0/w/5", "[[0]][[0]]"),
    ],
)
def test_what_is_no_kept_page_is_refused(columns: str, rows: str) -> None:
    with pytest.raises(ValueError, match="not what fits"):
        fitting_of(kept_page(columns, rows))


@pytest.mark.parametrize("text", ["", "[]", "what fits, 1\n\n\n\n", TITLE, f"\n{TITLE}\n\n\n\n"])
def test_what_has_another_title_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not what fits"):
        fitting_of(text)


@pytest.mark.parametrize(
    "rows", ["[[0]]", "[[]]", "[[0,", "[[0,1,2,3,4,5,6,7,8,9]]", '[[0,"a","b"],[0,"a","b"]]']
)
def test_a_row_that_is_none_is_refused_when_it_is_asked_for(rows: str) -> None:
    _, kinds, files = fitting_of(kept_page(f"1.0/w/{len(rows)}", rows))
    assert (list(kinds), len(files)) == (["w"], 1)
    with pytest.raises(ValueError, match="not what fits"):
        files[0]
    with pytest.raises(IndexError):
        files[1]
