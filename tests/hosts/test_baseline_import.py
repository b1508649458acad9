"""Filling in a host's requirements from an index: what is read, assumed, set aside, unknown, kept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pytest
from packaging.utils import NormalizedName, canonicalize_name

from depguard.app.baseline_host import HostFacts, baseline_of, host_file_of
from depguard.app.baseline_import import Imported, import_metadata
from depguard.errors import InputError, OutOfReachError
from depguard.model.host import Knowledge, Requirements
from depguard.model.release import Artifact
from depguard.parse.freeze import parse_freeze
from depguard.parse.host_dump import dump_host_file
from depguard.parse.host_file import HostFile, parse_host_file
from depguard.parse.host_metadata import dump_metadata, parse_metadata
from depguard.resolve.ports import Guess
from kit.fake_index import FakeIndex

FACTS = HostFacts(name="lab", python="3.12.13", platform="manylinux_2_35_x86_64")


class Index(FakeIndex):
    """The kit's index, with the second hint that an import gives."""

    hinted: list[str]

    def prefetch_metadata(self, artifacts: Iterable[Artifact], guess: Guess | None = None) -> None:
        assert guess is None
        self.hinted = [artifact.filename for artifact in artifacts]


def index(**projects: Mapping[str, Any]) -> Index:
    return Index.from_dict({name.replace("_", "-"): releases for name, releases in projects.items()})


def host(*lines: str) -> HostFile:
    return host_file_of(parse_freeze("\n".join(lines), "list.txt"), FACTS)


def known(imported: Imported, name: str) -> Requirements:
    return imported.metadata.entries[canonicalize_name(name)].requirements


def read(source: Index, *lines: str) -> Imported:
    return import_metadata(host(*lines), source)


def test_the_best_wheel_for_the_host_is_read() -> None:
    source = index(
        numpy={
            "2.0.2": {
                "tags": [
                    "cp313-cp313-manylinux_2_17_x86_64",
                    "cp312-cp312-win_amd64",
                    "cp312-cp312-manylinux_2_17_x86_64",
                ],
                "sdist": True,
                "requires": ["x; extra == 'test'"],
                "python": ">=3.9",
            },
            "2.1.0": ["other"],
        }
    )
    found = known(read(source, "numpy==2.0.2"), "numpy")
    assert found.how is Knowledge.RELEASE
    assert found.source == "numpy-2.0.2-cp312-cp312-manylinux_2_17_x86_64.whl"
    assert [str(r) for r in found.requires] == ['x; extra == "test"']
    assert found.extras == {"test"}
    assert str(found.requires_python) == ">=3.9"
    assert source.prefetched == ["numpy"]
    assert source.hinted == [found.source]


def test_a_local_label_takes_the_public_release_as_an_assumption_less_what_the_host_contradicts() -> None:
    source = index(
        torch={
            "2.11.0": [
                "filelock",
                "sympy>=1.13",
                "nvidia-cublas==13.0; platform_system == 'Linux'",
                "triton==3.6.0; platform_system == 'Linux'",
                "colorama; platform_system == 'Windows'",
                "opt-einsum; extra == 'opt'",
            ]
        },
        filelock={"3.0": []},
        triton={"3.5.0": []},
        sympy={"1.13.1": []},
    )
    found = known(
        read(source, "torch==2.11.0+cu128", "filelock==3.0", "triton==3.5.0", "sympy==1.13.1"), "torch"
    )
    assert found.how is Knowledge.ASSUMED
    assert found.source == "torch-2.11.0-py3-none-any.whl"
    assert [r.name for r in found.requires] == ["filelock", "sympy", "colorama", "opt-einsum"]
    assert [str(r) for r in found.contradicted] == [
        'nvidia-cublas==13.0; platform_system == "Linux"',
        'triton==3.6.0; platform_system == "Linux"',
    ]


def test_a_local_label_that_the_index_has_is_the_release_itself() -> None:
    found = known(read(index(torch={"2.11.0+cu128": ["a"], "2.11.0": ["b"]}), "torch==2.11.0+cu128"), "torch")
    assert found.how is Knowledge.RELEASE
    assert [str(r) for r in found.requires] == ["a"]


def test_a_release_keeps_requirements_that_the_host_violates() -> None:
    found = known(read(index(ipython={"7.34.0": ["jedi>=0.16"]}), "ipython==7.34.0"), "ipython")
    assert [str(r) for r in found.requires] == ["jedi>=0.16"]
    assert found.contradicted == ()


def test_a_file_or_url_install_is_another_artifact_than_the_indexs() -> None:
    source = index(lightgbm={"4.6.0": ["numpy"]}, numpy={"2.0.2": []})
    line = "lightgbm @ file:///tmp/lightgbm-4.6.0-py3-none-linux_x86_64.whl"
    assert known(read(source, line, "numpy==2.0.2"), "lightgbm").how is Knowledge.ASSUMED


def test_a_url_install_with_the_indexs_own_hash_is_the_same_artifact() -> None:
    source = index(model={"1.0": ["numpy"]}, numpy={"2.0.2": []})
    (artifact,) = source.pages[canonicalize_name("model")].artifacts
    line = f"model @ https://example.org/model-1.0-py3-none-any.whl#sha256={artifact.sha256}"
    assert known(read(source, line, "numpy==2.0.2"), "model").how is Knowledge.RELEASE


def test_without_a_fitting_wheel_a_static_sdist_will_do_and_then_another_machines_wheel() -> None:
    windows = ["cp312-cp312-win_amd64"]
    source = index(
        static={"1.0": {"tags": windows, "sdist": True, "requires": ["a"]}},
        dynamic={"1.0": {"tags": windows, "sdist": True, "dynamic": True, "requires": []}},
    )
    imported = read(source, "static==1.0", "dynamic==1.0")
    assert (known(imported, "static").how, known(imported, "static").source) == (
        Knowledge.RELEASE,
        "static-1.0.tar.gz",
    )
    other = known(imported, "dynamic")
    assert (other.how, other.source) == (Knowledge.ASSUMED, "dynamic-1.0-cp312-cp312-win_amd64.whl")


def test_what_stays_unknown_has_its_reason() -> None:
    source = index(
        built={"1.0": {"sdist": "only", "dynamic": True}},
        old={"0.9": []},
    )
    commit = "git+https://example.org/gateway@b134"
    imported = read(source, "built==1.0", "old==1.0", "nowhere==1.0", f"gateway @ {commit}")
    reasons = {name: entry.requirements.source for name, entry in imported.metadata.entries.items()}
    assert all(not entry.requirements.known for entry in imported.metadata.entries.values())
    assert reasons == {
        "built": "built-1.0.tar.gz: Requires-Dist is dynamic in the sdist",
        "old": "the index has no release 1.0",
        "nowhere": "the index has no project of that name",
        "gateway": f"nothing carries its version (installed from {commit})",
    }


STATED = """\
schema: 1
name: lab
python: 3.12.13
platform: manylinux_2_35_x86_64
distributions:
  gateway:
    version: 1.0
    source: its repository
    requires: [numpy]
  numpy: 2.0.2
"""


def test_what_the_host_file_states_is_not_asked_for() -> None:
    source = index(gateway={"1.0": ["other"]}, numpy={"2.0.2": []})
    file = parse_host_file(STATED, "lab.yaml")
    imported = import_metadata(file, source)
    assert set(imported.metadata.entries) == {"numpy"}
    assert source.page_calls == {"numpy": 1}


def test_a_second_run_asks_only_for_what_is_missing() -> None:
    file = host("a==1.0", "b==1.0", "c==1.0")
    first = import_metadata(file, index(a={"1.0": ["b"]}, c={"1.0": ["a"]}))
    assert not known(first, "b").known
    again = host("a==1.0", "b==1.0", "c==1.1")
    source = index(a={"1.0": []}, b={"1.0": ["c"]}, c={"1.1": ["b"]})
    written = parse_metadata(dump_metadata(first.metadata), "lab.metadata.json")
    second = import_metadata(again, source, previous=(file, written))
    assert set(source.page_calls) == {"b", "c"}
    assert [str(r) for r in known(second, "a").requires] == ["b"]
    assert [str(r) for r in known(second, "c").requires] == ["b"]


def test_what_was_set_aside_comes_back_when_the_host_no_longer_contradicts_it() -> None:
    source = index(torch={"2.0": ["triton==3.0"]}, triton={"2.0": [], "3.0": []})
    file = host("torch==2.0+cu1", "triton==2.0")
    first = import_metadata(file, source)
    assert known(first, "torch").requires == ()
    moved = host("torch==2.0+cu1", "triton==3.0")
    second = import_metadata(moved, source, previous=(file, first.metadata))
    assert [str(r) for r in known(second, "torch").requires] == ["triton==3.0"]
    assert known(second, "torch").contradicted == ()


def test_another_machine_makes_what_was_read_before_void() -> None:
    file = host("a==1.0")
    first = import_metadata(file, index(a={"1.0": ["b"]}))
    other = host_file_of(baseline_of(file), HostFacts(name="lab", python="3.13.1", platform="win_amd64"))
    source = index(a={"1.0": ["c"]})
    assert [
        str(r) for r in known(import_metadata(other, source, previous=(file, first.metadata)), "a").requires
    ] == ["c"]


def test_one_unreachable_page_stops_nothing_and_is_reported() -> None:
    source = index(a={"1.0": []}, b={"1.0": []})
    source.unreachable.add(canonicalize_name("b"))
    imported = read(source, "a==1.0", "b==1.0")
    assert known(imported, "a").known
    assert "out of reach" in known(imported, "b").source
    assert [problem.code for problem in imported.out_of_reach] == ["index.unreachable"]


def test_when_nothing_can_be_reached_nothing_is_decided() -> None:
    source = index(a={"1.0": []})
    source.unreachable.add(canonicalize_name("a"))
    with pytest.raises(OutOfReachError):
        read(source, "a==1.0")


def test_progress_counts_up_to_the_end() -> None:
    seen: list[tuple[int, int, str]] = []
    import_metadata(
        host("A==1.0", "b==1.0"),
        index(a={"1.0": []}, b={"1.0": []}),
        progress=lambda done, total, name: seen.append((done, total, name)),
    )
    assert seen == [(1, 2, "A"), (2, 2, "b")]


def test_the_same_input_gives_the_same_bytes() -> None:
    source = index(a={"1.0": ["b", "c; extra == 'x'"]}, b={"1.0": []})
    texts = {
        (dump_host_file(file), dump_metadata(import_metadata(file, source).metadata))
        for file in (host("a==1.0", "b==1.0"), host("b==1.0", "a==1.0"))
    }
    assert len(texts) == 1


def test_facts_that_are_missing_or_wrong_are_named_together() -> None:
    baseline = parse_freeze("a==1.0", "list.txt")
    with pytest.raises(InputError) as caught:
        host_file_of(baseline, HostFacts())
    assert [p.hint for p in caught.value.problems] == ["give --python", "give --platform", "give --name"]
    with pytest.raises(InputError) as caught:
        host_file_of(baseline, HostFacts(name="lab", python="3.12", platform="ubuntu"))
    assert [p.code for p in caught.value.problems] == ["host.python", "host.platform"]


def test_an_earlier_host_file_lends_its_facts_and_statements() -> None:
    previous = parse_host_file(STATED + "about: the lab's image\nloaded: [numpy]\n", "lab.yaml")
    file = host_file_of(parse_freeze("gateway==1.0\nnumpy==2.1.0\n", "list.txt"), HostFacts(), previous)
    assert (file.name, file.about, str(file.python)) == ("lab", "the lab's image", "3.12.13")
    assert file.loaded == frozenset({"numpy"})
    how = {d.name: d.requirements.how for d in file.distributions}
    assert how[NormalizedName("gateway")] is Knowledge.STATED
    moved = host_file_of(parse_freeze("gateway==2.0\n", "list.txt"), HostFacts(), previous)
    assert moved.distributions[0].requirements.how is Knowledge.UNKNOWN, "a statement is about one version"


def test_a_version_that_no_list_carries_may_be_stated() -> None:
    line = "gateway @ git+https://example.org/gateway@b134"
    origin = "origin: vcs, reference: 'git+https://example.org/gateway@b134'"
    previous = parse_host_file(
        STATED.replace("    version: 1.0\n", "").replace(
            "  gateway:\n", f"  gateway:\n    version: 2.5.2\n    {origin.replace(', ', chr(10) + '    ')}\n"
        ),
        "lab.yaml",
    )
    kept = host_file_of(parse_freeze(line, "list.txt"), HostFacts(), previous).distributions[0]
    assert (str(kept.version), kept.requirements.how) == ("2.5.2", Knowledge.STATED)
    other = host_file_of(parse_freeze(line + "5", "list.txt"), HostFacts(), previous).distributions[0]
    assert (other.version, other.requirements.how) == (None, Knowledge.UNKNOWN)
