"""A host's own requirements: extras that others ask for, markers, and what is violated untouched."""

from __future__ import annotations

from dataclasses import replace

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from depguard.model.host import Host, Knowledge, Requirements
from depguard.model.host_needs import read_needs
from depguard.parse.host_assembly import make_host
from depguard.parse.host_file import parse_host_file
from depguard.planning.health import health, host_needs, host_requirements
from kit.hosts import small_host

HEAD = "schema: 1\nname: small\npython: 3.12.13\nplatform: manylinux_2_35_x86_64\ndistributions:\n"


def host(**requires: list[str]) -> Host:
    """A host from ``name__1_0=[requirements]``."""
    lines = []
    for key, texts in requires.items():
        name, _, version = key.partition("__")
        lines.append(
            f"  {name}:\n    version: {version.replace('_', '.')}\n    source: test\n    requires: {texts}\n"
        )
    return make_host(parse_host_file(HEAD + "".join(lines), "small.yaml"), None)


def broken(made: Host) -> list[str]:
    return [f"{v.parent} {v.parent_version}: {v.requirement} ({v.found})" for v in health(made)]


def test_missing_and_out_of_range() -> None:
    made = host(ipython__7_34=["jedi>=0.16", "numpy<2"], numpy__2_0_2=[], fine__1_0=["numpy>=2"])
    assert broken(made) == ["ipython 7.34: jedi>=0.16 (None)", "ipython 7.34: numpy<2 (2.0.2)"]


def test_an_installed_pre_release_counts_for_any_range() -> None:
    assert broken(host(a__1_0=["b>=1", "c<3"], b__1_5b1=[], c__2_0rc1=[])) == []


def test_names_are_compared_normalized() -> None:
    assert broken(host(a__1_0=["Foo_Bar>=1"], **{"foo.bar__1_0": []})) == []


def test_only_markers_of_this_host_count() -> None:
    made = host(
        a__1_0=[
            "pywin32 ; sys_platform == 'win32'",
            "tomli ; python_version < '3.11'",
            "z ; python_version >= '3'",
        ]
    )
    assert broken(made) == ['a 1.0: z; python_version >= "3"(None)'.replace("(", " (")]


def test_an_unknown_marker_is_no_violation_but_is_told() -> None:
    made = host(a__1_0=["z ; platform_release >= '6'"])
    assert broken(made) == []
    (need,) = host_requirements(made)[canonicalize_name("a")]
    assert need.marker_unknown


def test_an_unknown_version_violates_nothing() -> None:
    made = host(a__1_0=["b>=2"], b__unknown=[])
    assert broken(made) == []


def test_extras_count_only_when_another_distribution_asks_for_them() -> None:
    made = host(
        a__1_0=["b[fast]"],
        b__1_0=["c[all] ; extra == 'fast'", "never ; extra == 'docs'"],
        c__1_0=["c[x,Y_z] ; extra == 'all'", "d ; extra == 'x'", "e ; extra == 'y-z'", "f ; extra == 'w'"],
    )
    assert broken(made) == ['c 1.0: d; extra == "x" (None)', 'c 1.0: e; extra == "y-z" (None)']
    needs = host_needs(made)
    assert needs.extras[canonicalize_name("c")] == {"all", "x", "y-z"}
    assert [need.parent for need in needs.by_name[canonicalize_name("d")]] == ["c"]


def test_every_installed_distribution_has_an_answer_and_it_is_remembered() -> None:
    made = host(a__1_0=["b"], b__1_0=[])
    assert set(host_requirements(made)) == {"a", "b"}
    assert host_requirements(made)[canonicalize_name("b")] == ()
    assert host_needs(made) is host_needs(made)


def test_two_hosts_do_not_share_answers() -> None:
    assert broken(host(a__1_0=["b"])) == ["a 1.0: b (None)"]
    assert broken(host(a__1_0=["b"], b__1_0=[])) == []


def test_requirements_are_values_of_the_host_alone() -> None:
    known = Requirements(how=Knowledge.STATED, source="test", requires=(Requirement("b"),))
    assert host(a__1_0=["b"]).installed[canonicalize_name("a")].requirements == known


def test_a_host_made_from_another_has_the_needs_that_it_would_have_alone() -> None:
    before = small_host(
        {
            "app": {"version": "1.0", "requires": ["lib[fast]", "old; python_version < '3'"]},
            "lib": {"version": "1.0", "requires": ["base", "quick; extra == 'fast'"], "extras": ["fast"]},
            "base": "1.0",
        }
    )
    new = small_host({"app": {"version": "2.0", "requires": ["base"]}, "more": ["lib[slow]"]})
    after = replace(before, installed={**before.installed, **new.installed})
    assert read_needs(after, like=(before, read_needs(before))) == read_needs(after)
    assert read_needs(before, like=(after, read_needs(after))) == read_needs(before)
