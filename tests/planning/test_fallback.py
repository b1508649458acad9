"""DG404: which older releases are taken, and about what they are silent."""

from __future__ import annotations

from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

from depguard.model.plan import Action, ActionKind, ChangeSet
from depguard.planning.fallback import Fallback, Silence, fallbacks
from depguard.resolve.host_view import HostView
from depguard.resolve.universe import Universe
from kit.fake_index import FakeIndex
from kit.hosts import small_host

LAB, NUMPY = canonicalize_name("lab"), canonicalize_name("numpy")


def fallen(
    releases: dict[str, Any], chosen: str, *, specifier: str = "", numpy: str = "2.0.2"
) -> Fallback | None:
    source = FakeIndex.from_dict({"lab": releases})
    view = HostView(universe=Universe(source=source, host=small_host({"numpy": numpy, "free": "1.0"})))
    artifact = next(a for a in source.page(LAB).artifacts if a.version == Version(chosen))
    action = Action(name=LAB, kind=ActionKind.ADD, new=Version(chosen), artifact=artifact)
    found = fallbacks(view, ChangeSet(actions=(action,)), {LAB: SpecifierSet(specifier)}, [NUMPY])
    return found[0] if found else None


def silence(new: list[str], old: list[str], numpy: str = "2.0.2") -> Silence | None:
    found = fallen({"1.0": old, "2.0": new}, "1.0", numpy=numpy)
    assert found is not None
    return found.silence


@pytest.mark.parametrize(
    ("new", "old", "expected"),
    [
        (["numpy<2"], ["numpy"], Silence.UNBOUNDED),
        (["numpy<2"], ["numpy>=1.20"], Silence.UNBOUNDED),
        (["numpy~=1.26"], ["numpy!=1.25"], Silence.UNBOUNDED),
        (["numpy==1.26.*"], ["numpy"], Silence.UNBOUNDED),
        (["numpy<2"], ["numpy<3"], None),
        (["numpy<2"], [], Silence.UNMENTIONED),
        (["numpy>=2.1"], [], Silence.UNMENTIONED),
        (["numpy>=2.1"], ["numpy"], None),  # the host's is too old for the newest: not what (a) is about
        (["numpy>=2"], ["numpy"], None),
        (["free<1"], ["free"], None),
        (["numpy<2; python_version < '3.9'"], ["numpy"], None),
        (["numpy<2; extra == 'gpu'"], ["numpy"], None),
    ],
)
def test_silence_about_what_is_protected(new: list[str], old: list[str], expected: Silence | None) -> None:
    assert silence(new, old) is expected


def test_a_local_version_is_not_too_new_for_its_own_release() -> None:
    assert silence(["numpy<=2.0.2"], ["numpy"], numpy="2.0.2+cu128") is None
    assert silence(["numpy==2.0.2"], ["numpy"], numpy="2.0.2+cu128") is None


def test_days_and_what_they_mean() -> None:
    def days(old: str) -> Fallback:
        found = fallen({"1.0": {"uploaded": old}, "2.0": {"uploaded": "2026-01-01"}}, "1.0")
        assert found is not None
        return found

    assert [(f.days, f.notable, f.far) for f in (days("2025-01-01"), days("2024-12-31"))] == [
        (365, False, False),
        (366, True, False),
    ]
    assert [(f.days, f.far) for f in (days("2024-01-02"), days("2024-01-01"))] == [(730, False), (731, True)]
    unknown = fallen({"1.0": None, "2.0": None}, "1.0")
    assert unknown == Fallback(name=LAB, chosen=Version("1.0"), newest=Version("2.0"), days=None)


def test_the_newest_is_final_unyanked_fitting_and_asked_for() -> None:
    releases: dict[str, Any] = {
        "1.0": None,
        "2.0": {"requires": ["numpy<2"]},
        "3.0": {"yanked": True},
        "4.0rc1": None,
        "5.0": {"python": ">=3.13"},
        "6.0": {"tags": ["cp312-cp312-win_amd64"]},
    }
    found = fallen(releases, "1.0")
    assert found is not None
    assert (found.newest, found.requirement) == (Version("2.0"), Requirement("numpy<2"))
    assert fallen(releases, "2.0") is None
    assert fallen(releases, "1.0", specifier="<2") is None


def test_unknown_metadata_is_not_silence() -> None:
    found = fallen({"1.0": None, "2.0": {"unknown": "no METADATA"}}, "1.0")
    assert found is not None
    assert found.silence is None
