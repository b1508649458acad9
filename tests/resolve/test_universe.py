"""What one host can take from an index: the best file of a version, cut-offs, overrides."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import Version

from depguard.errors import OutOfReachError
from depguard.model.policy import Override
from depguard.model.release import Artifact, CoreMetadata, FormatControl, ProjectPage
from depguard.parse.filenames import FileName, read_filename
from depguard.resolve.choosing import lower_bounds
from depguard.resolve.offers import Unfit
from depguard.resolve.universe import Universe
from kit.fake_index import FakeIndex
from kit.hosts import small_host

A = canonicalize_name("a")
HOST = small_host({}, python="3.12.13", platform="manylinux_2_28_x86_64")


def universe(releases: dict[str, Any], **fields: Any) -> Universe:
    return Universe(source=FakeIndex.from_dict({"a": releases}), host=HOST, **fields)


def files(*names: str) -> Universe:
    """A universe of one project with exactly these files, in this order."""
    artifacts = tuple(_artifact(name) for name in names)
    source = FakeIndex({A: ProjectPage(name=A, artifacts=artifacts)}, {})
    return Universe(source=source, host=HOST)


def _page(made: Universe) -> ProjectPage:
    page = made.source.page(A)
    assert isinstance(page, ProjectPage)
    return page


def _artifact(filename: str) -> Artifact:
    template = FakeIndex.from_dict({"a": {"1.0": None}}).page(A).artifacts[0]
    parsed = read_filename(filename, A)
    assert isinstance(parsed, FileName)
    return replace(
        template,
        filename=filename,
        version=parsed.version,
        kind=parsed.kind,
        tags=parsed.tags,
        build=parsed.build,
    )


def best(made: Universe, name: NormalizedName = A) -> list[str]:
    return [offer.artifact.filename for offer in made.offers(name).offers]


def test_the_best_file_is_the_one_with_the_best_tag() -> None:
    in_order = [
        "a-1.0-cp312-cp312-manylinux_2_28_x86_64.whl",
        "a-1.0-cp312-cp312-manylinux_2_17_x86_64.whl",
        "a-1.0-cp38-abi3-manylinux_2_17_x86_64.whl",
        "a-1.0-py3-none-any.whl",
        "a-1.0.tar.gz",
    ]
    unfit = ["a-1.0-cp312-cp312-manylinux_2_34_x86_64.whl", "a-1.0-cp313-cp313-manylinux_2_17_x86_64.whl"]
    for first in range(len(in_order)):
        listed = in_order[first:] + unfit
        random.Random(first).shuffle(listed)  # noqa: S311 - any order will do
        assert best(files(*listed)) == [in_order[first]]
    assert best(files(*unfit)) == []


def test_of_equal_tags_the_higher_build_number_is_taken() -> None:
    plain, two, ten = "a-1.0-py3-none-any.whl", "a-1.0-2-py3-none-any.whl", "a-1.0-10b-py3-none-any.whl"
    assert best(files(plain, ten, two)) == [ten]
    assert best(files(plain, two)) == [two]
    assert best(files(two, "a-1.0-2a-py3-none-any.whl")) == ["a-1.0-2a-py3-none-any.whl"]


def test_a_file_that_is_not_yanked_comes_first() -> None:
    made = files("a-1.0-cp312-cp312-manylinux_2_28_x86_64.whl", "a-1.0-py3-none-any.whl")
    page = _page(made)
    yanked = replace(page, artifacts=(replace(page.artifacts[0], yanked=""), page.artifacts[1]))
    again = Universe(source=FakeIndex({A: yanked}, {}), host=HOST)
    (offer,) = again.offers(A).offers
    assert (offer.artifact.filename, offer.yanked) == ("a-1.0-py3-none-any.whl", False)


def test_versions_come_newest_first() -> None:
    made = universe({"1.0": None, "1!0.1": None, "2.0": None, "2.0.post1": None, "2.0rc1": None})
    assert [str(o.version) for o in made.offers(A).offers] == ["1!0.1", "2.0.post1", "2.0", "2.0rc1", "1.0"]
    assert made.offers(A).found
    assert not made.offers(canonicalize_name("b")).found


def test_answers_are_remembered() -> None:
    made = universe({"1.0": None})
    made.offers(A)
    made.offers(A)
    assert isinstance(made.source, FakeIndex)
    assert made.source.page_calls["a"] == 1


def reasons(made: Universe) -> list[tuple[str, Unfit]]:
    return [(str(item.artifact.version), item.reason) for item in made.unfit(A)]


def test_what_does_not_fit_says_why() -> None:
    made = universe(
        {
            "1.0": {"tags": ["cp310-cp310-win_amd64"]},
            "2.0": {"python": ">=3.13"},
            "3.0": {"sdist": "only"},
            "4.0": {"uploaded": "2026-11-02"},
            "5.0": {"uploaded": "2026-11-01"},
            "6.0": {"uploaded": "2026-10-31T23:59:59"},
        },
        builds=False,
        cutoff=datetime(2026, 11, 1, tzinfo=UTC),
    )
    assert reasons(made) == [
        ("1.0", Unfit.TAGS),
        ("2.0", Unfit.PYTHON),
        ("3.0", Unfit.BUILD),
        ("4.0", Unfit.NEWER),
        ("5.0", Unfit.NEWER),
    ]
    assert [str(offer.version) for offer in made.offers(A).offers] == ["6.0"]


def test_formats() -> None:
    both = {"1.0": {"sdist": True}}
    assert best(universe(both, formats=FormatControl(no_binary=frozenset({"a"})))) == ["a-1.0.tar.gz"]
    assert best(universe(both, formats=FormatControl(only_binary=frozenset({":all:"})))) == [
        "a-1.0-py3-none-any.whl"
    ]
    assert (
        reasons(universe(both, formats=FormatControl(no_binary=frozenset({":all:"}))))[0][1]
        is Unfit.WHEEL_REFUSED
    )


def test_a_cut_off_is_never_ignored() -> None:
    made = universe({"1.0": None}, cutoff=datetime(2026, 11, 1, tzinfo=UTC))
    with pytest.raises(OutOfReachError, match=r"no upload time for a-1\.0"):
        made.offers(A)
    # A file that does not fit anyway needs no upload time, nor does one of a local folder.
    unfit = universe({"1.0": {"python": "<3"}}, cutoff=datetime(2026, 11, 1, tzinfo=UTC))
    assert unfit.offers(A).offers == ()
    page = _page(made)
    local = replace(page, artifacts=tuple(replace(a, local=True) for a in page.artifacts))
    kept = Universe(source=FakeIndex({A: local}, {}), host=HOST, cutoff=datetime(2026, 11, 1, tzinfo=UTC))
    assert len(kept.offers(A).offers) == 1


def test_a_file_whose_time_is_not_known_yet_was_not_there() -> None:
    dated = {"1.0": {"uploaded": "2026-10-01T00:00:00"}, "2.0": None}
    made = universe(dated, cutoff=datetime(2026, 11, 1, tzinfo=UTC))
    assert best(made) == ["a-1.0-py3-none-any.whl"]
    assert [(reason[1]) for reason in reasons(made)] == [Unfit.NEWER]
    assert best(universe(dated)) == ["a-2.0-py3-none-any.whl", "a-1.0-py3-none-any.whl"]


def requires(made: Universe, version: str) -> list[str]:
    offer = next(o for o in made.offers(A).offers if o.version == Version(version))
    metadata = made.metadata(offer)
    assert isinstance(metadata, CoreMetadata)
    return [str(requirement) for requirement in metadata.requires_dist]


def test_overrides_change_exactly_what_they_name() -> None:
    drop = Override(package=Requirement("A==2.0"), reason="tried", drop=(Requirement("Num_Py < 2"),))
    made = universe({"1.0": ["num-py<2"], "2.0": ["num-py<2", "other"]}, overrides=(drop,))
    assert requires(made, "1.0") == ["num-py<2"]
    assert made.used_overrides == set()
    assert requires(made, "2.0") == ["other"]
    assert made.used_overrides == {drop}
    stated = Override(package=Requirement("a==1.0"), reason="read", requires=(Requirement("x"),))
    assert requires(universe({"1.0": ["y"]}, overrides=(stated,)), "1.0") == ["x"]


def test_all_fitting_files_of_a_version_are_known_for_locking() -> None:
    made = universe(
        {"1.0": {"tags": ["py3-none-any", "cp312-cp312-manylinux_2_17_x86_64", "cp311-cp311-win32"]}}
    )
    assert [a.filename for a in made.fitting(A, Version("1.0"))] == [
        "a-1.0-py3-none-any.whl",
        "a-1.0-cp312-cp312-manylinux_2_17_x86_64.whl",
    ]


@pytest.mark.parametrize(
    ("stated", "left"),
    [(">=3.9,<3.12", ">=3.9"), ("==3.11.*", ">=3.11"), ("~=3.8", ">=3.8"), ("<4", ""), ("!=3.10.1", "")],
)
def test_lower_bounds(stated: str, left: str) -> None:
    assert lower_bounds(SpecifierSet(stated)) == SpecifierSet(left)
