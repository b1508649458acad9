"""Host files and their metadata: read, written, put together, and every mistake with its place."""

from __future__ import annotations

from dataclasses import replace

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

from depguard.errors import InputError, Problem
from depguard.model.host import InstalledDistribution, Knowledge, Origin, OriginKind, Requirements
from depguard.parse.host_assembly import baseline_sha256, make_host
from depguard.parse.host_dump import dump_host_file
from depguard.parse.host_file import HostFile, parse_host_file
from depguard.parse.host_metadata import HostMetadata, MetadataEntry, dump_metadata, parse_metadata

SMALL = """\
schema: 1
name: colab/2026.07-gpu
about: Colab's runtime
family: colab
python: 3.12.13
platform: manylinux_2_35_x86_64
os: Ubuntu 22.04.5 LTS
accelerator: gpu
imported: {from: 2026.07-gpu.freeze.txt, on: 2026-11-22}
facts:
  pip: "24.1"
loaded: [IPython, numpy]
distributions:
  ipython: 7.34.0
  threadpoolctl: 3.10
  torch: 2.11.0+cu128
  jupyter_kernel_gateway: {version: unknown, origin: vcs, reference: "git+https://example.org/gateway@b134"}
  google-colab:
    version: 1.0.0
    origin: file
    file: google_colab-1.0.0.tar.gz
    source: its public setup.py
    requires:
      - pandas==2.2.2
      - 'portpicker==1.5.2 ; python_version < "4"'
"""


def read(text: str) -> HostFile:
    return parse_host_file(text, "host.yaml")


def mistakes(text: str) -> list[tuple[str, str]]:
    return [(problem.code, str(problem.location)) for problem in problems(text)]


def problems(text: str) -> tuple[Problem, ...]:
    with pytest.raises(InputError) as caught:
        read(text)
    return caught.value.problems


def known(*requires: str, how: Knowledge = Knowledge.RELEASE, extras: tuple[str, ...] = ()) -> Requirements:
    return Requirements(
        how=how,
        source="a-1.0-py3-none-any.whl",
        requires=tuple(Requirement(text) for text in requires),
        extras=frozenset(canonicalize_name(extra) for extra in extras),
    )


def metadata_of(file: HostFile, **entries: Requirements) -> HostMetadata:
    versions = {d.name: str(d.version) if d.version else None for d in file.distributions}
    return HostMetadata(
        host=file.name,
        baseline_sha256=baseline_sha256(file),
        entries={
            canonicalize_name(name): MetadataEntry(
                version=versions[canonicalize_name(name)], requirements=value
            )
            for name, value in entries.items()
        },
    )


def test_short_and_long_forms() -> None:
    file = read(SMALL)
    found = {d.name: d for d in file.distributions}
    assert file.name == "colab/2026.07-gpu"
    assert file.python == Version("3.12.13")
    assert file.loaded == frozenset({"IPython", "numpy"})
    assert file.facts == {"pip": "24.1"}
    assert (file.imported_from, file.imported_on) == ("2026.07-gpu.freeze.txt", "2026-11-22")
    assert str(found[canonicalize_name("threadpoolctl")].version) == "3.10"
    assert str(found[canonicalize_name("torch")].version) == "2.11.0+cu128"
    gateway = found[canonicalize_name("jupyter_kernel_gateway")]
    assert gateway.version is None
    assert gateway.origin == Origin(kind=OriginKind.VCS, reference="git+https://example.org/gateway@b134")
    colab = found[canonicalize_name("google-colab")]
    assert colab.requirements.how is Knowledge.STATED
    assert [str(r) for r in colab.requirements.requires] == [
        "pandas==2.2.2",
        'portpicker==1.5.2; python_version < "4"',
    ]
    assert str(colab.location) == "host.yaml:18:3"


def test_what_is_written_reads_as_the_same_value_and_as_text_for_any_yaml_reader() -> None:
    import yaml

    file = read(SMALL)
    written = dump_host_file(file)
    assert dump_host_file(read(written)) == written

    def without_places(value: HostFile) -> HostFile:
        ordered = sorted(value.distributions, key=lambda d: d.name)
        return replace(value, distributions=tuple(replace(d, location=None) for d in ordered))

    assert without_places(read(written)) == without_places(file)
    plain = yaml.safe_load(written)["distributions"]
    assert plain["threadpoolctl"] == "3.10"
    assert plain["ipython"] == "7.34.0"


def test_a_host_is_complete() -> None:
    file = read(SMALL)
    host = make_host(file, None)
    assert host.markers["python_full_version"] == "3.12.13"
    assert host.unknown_markers == {"platform_release", "platform_version"}
    assert str(host.tags[0]) == "cp312-cp312-manylinux_2_35_x86_64"
    assert host.glibc == (2, 35)
    assert host.loaded == frozenset({"IPython", "numpy"})
    assert host.facts["os"] == "Ubuntu 22.04.5 LTS"
    numpyless = host.installed[canonicalize_name("ipython")].requirements
    assert numpyless.how is Knowledge.UNKNOWN
    assert numpyless.source == "the host file has no metadata beside it"


def test_marker_values_that_the_host_file_knows_are_known() -> None:
    host = make_host(read(SMALL + "markers: {platform_release: 6.1.0}\n"), None)
    assert host.markers["platform_release"] == "6.1.0"
    assert host.unknown_markers == {"platform_version"}


def test_tags_of_a_machine_that_differs_from_the_rule() -> None:
    host = make_host(read(SMALL + "tags: [pp310-pypy310_pp73-linux_x86_64, py2.py3-none-any]\n"), None)
    assert [str(tag) for tag in host.tags] == [
        "pp310-pypy310_pp73-linux_x86_64",
        "py2-none-any",
        "py3-none-any",
    ]


def test_stated_requirements_win_over_read_ones() -> None:
    file = read(SMALL)
    host = make_host(file, metadata_of(file, ipython=known("jedi>=0.16"), google_colab=known("numpy")))
    assert [str(r) for r in host.installed[canonicalize_name("ipython")].requirements.requires] == [
        "jedi>=0.16"
    ]
    assert host.installed[canonicalize_name("google-colab")].requirements.how is Knowledge.STATED


def test_metadata_of_another_state_of_the_host_file_is_refused() -> None:
    file = read(SMALL)
    metadata = metadata_of(file, ipython=known("jedi>=0.16"))
    edited = read(SMALL.replace("ipython: 7.34.0", "ipython: 8.0.0"))
    with pytest.raises(InputError) as caught:
        make_host(edited, metadata, "host.metadata.json")
    assert caught.value.problems[0].code == "host.stale-metadata"
    stated = read(SMALL.replace("about: Colab's runtime", "about: other words"))
    make_host(stated, metadata)


def test_the_hash_follows_the_facts_and_the_knowledge_and_nothing_else() -> None:
    def sha(text: str, **entries: Requirements) -> str:
        file = read(text)
        metadata = parse_metadata(dump_metadata(metadata_of(file, **entries)), "m.json")
        return make_host(file, metadata).sha256

    base = sha(SMALL, ipython=known("jedi"))
    assert base == sha(SMALL.replace("Colab's runtime", "words"), ipython=known("jedi"))
    assert base == sha(dump_host_file(read(SMALL)), ipython=known("jedi"))
    assert base != sha(SMALL, ipython=known("jedi>1"))
    assert base != sha(SMALL.replace("torch: 2.11.0+cu128", "torch: 2.11.0"), ipython=known("jedi"))
    assert base != sha(SMALL.replace("pandas==2.2.2", "pandas==2.2.3"), ipython=known("jedi"))
    assert base != sha(SMALL.replace("[IPython, numpy]", "[IPython]"), ipython=known("jedi"))


def test_metadata_keeps_everything_in_one_sorted_line_each() -> None:
    file = read(SMALL)
    full = Requirements(
        how=Knowledge.ASSUMED,
        source="torch-2.11.0-cp312-cp312-manylinux_2_28_x86_64.whl",
        requires=tuple(
            Requirement(text)
            for text in (
                "filelock",
                'nvidia-cublas==13.1; platform_system == "Linux"',
                'opt-einsum>=3.3; extra == "opt-einsum"',
                'pyyaml; platform_system == "Linux" and extra == "pyyaml"',
                'odd; os_name == "nt" or extra == "pyyaml"',
                'x @ https://example.org/x;y.zip ; extra == "pyyaml"',
                'unlisted; extra == "ghost"',
            )
        ),
        extras=frozenset(map(canonicalize_name, ("opt-einsum", "pyyaml", "empty"))),
        requires_python=SpecifierSet(">=3.10"),
        contradicted=(Requirement("triton==3.6.0"),),
    )
    unknown = Requirements(how=Knowledge.UNKNOWN, source="no index has ipython 7.34.0")
    metadata = metadata_of(file, torch=full, ipython=unknown)
    text = dump_metadata(metadata)
    lines = text.splitlines()
    assert [line.split(":")[0] for line in lines[1:-1]] == ['"ipython"', '"torch"']
    assert '"opt-einsum": ["opt-einsum>=3.3"]' in lines[2]
    back = parse_metadata(text, "m.json")
    torch = back.entries[canonicalize_name("torch")].requirements
    assert set(torch.requires) == set(full.requires)
    assert len(torch.requires) == len(full.requires)
    assert replace(torch, requires=()) == replace(full, requires=())
    assert back.entries[canonicalize_name("ipython")].requirements == unknown
    assert dump_metadata(back) == text


def test_broken_metadata_is_named_by_line() -> None:
    file = read(SMALL)
    text = dump_metadata(metadata_of(file, torch=known("filelock"), ipython=known("jedi>=0.16")))
    for broken in (
        text.replace("jedi>=0.16", "jedi>=>"),
        text.replace('"how": "release"', '"how": "guess"', 1),
    ):
        with pytest.raises(InputError) as caught:
            parse_metadata(broken, "m.json")
        (problem,) = caught.value.problems
        assert str(problem.location) == "m.json:2"
        assert "ipython" in problem.message
    with pytest.raises(InputError, match="format 99"):
        parse_metadata(text.replace('"format": 1', '"format": 99'), "m.json")
    with pytest.raises(InputError) as caught:
        parse_metadata(text[:40], "m.json")
    assert caught.value.problems[0].location is not None


def test_all_mistakes_are_reported_at_once_with_place_and_remedy() -> None:
    text = (
        SMALL.replace("schema: 1", "schema: 7")
        .replace("family: colab", "familly: colab")
        .replace("python: 3.12.13", "python: 3.12")
        .replace("manylinux_2_35_x86_64", "ubuntu")
        .replace("on: 2026-11-22", "on: yesterday")
        .replace("ipython: 7.34.0", "ipython: 7.34.x")
        .replace("origin: vcs", "origin: git")
        .replace("    source: its public setup.py\n", "")
        .replace("- pandas==2.2.2", "- pandas=2.2.2")
    )
    assert mistakes(text) == [
        ("host.schema", "host.yaml:1:9"),
        ("host.unknown-key", "host.yaml:4:1"),
        ("host.python", "host.yaml:5:9"),
        ("host.platform", "host.yaml:6:11"),
        ("host.date", "host.yaml:9:46"),
        ("host.version", "host.yaml:14:12"),
        ("host.origin", "host.yaml:17:54"),
        ("host.source", "host.yaml:23:7"),
        ("host.requirement", "host.yaml:23:9"),
    ]
    hints = {problem.code: problem.hint for problem in problems(text)}
    assert hints["host.unknown-key"] == "did you mean family?"


@pytest.mark.parametrize(
    ("change", "code", "place"),
    [
        (
            ("  ipython: 7.34.0", "  ipython: 7.34.0\n  IPython: 8.0"),
            "host.repeated-distribution",
            "host.yaml:15:3",
        ),
        (("  ipython: 7.34.0", "  ipython: 7.34.0\n  ipython: 8.0"), "yaml.duplicate-key", "host.yaml:15:3"),
        (("python: 3.12.13\n", ""), "host.missing", "host.yaml:1:1"),
        (("loaded: [IPython, numpy]", "loaded: IPython"), "host.type", "host.yaml:12:9"),
        (("  ipython: 7.34.0", "  ipython: [7]"), "host.type", "host.yaml:14:12"),
        (("  ipython: 7.34.0", "  ipy thon: 7.34.0"), "host.name", "host.yaml:14:3"),
        (("  ipython: 7.34.0", "  ipython: {source: here, version: 1.0}"), "host.source", "host.yaml:14:21"),
        (("  ipython: 7.34.0", "  ipython: {version: 1.0, sha256: abc}"), "host.sha256", "host.yaml:14:35"),
        (("loaded: [IPython, numpy]", "tags: [cp312-none]"), "host.tag", "host.yaml:12:8"),
        (("loaded: [IPython, numpy]", "loaded: [IPython"), "yaml.syntax", "host.yaml:13:14"),
        (("loaded: [IPython, numpy]", "markers: {python: 3}"), "host.unknown-key", "host.yaml:12:11"),
    ],
)
def test_each_kind_of_mistake_has_its_place(change: tuple[str, str], code: str, place: str) -> None:
    assert (code, place) in mistakes(SMALL.replace(*change))


def test_an_empty_file_is_a_mistake() -> None:
    assert [code for code, _ in mistakes("")] == ["host.empty"]


def test_the_extras_of_stated_requirements_are_those_of_their_markers() -> None:
    text = SMALL.replace("- pandas==2.2.2", "- pandas==2.2.2 ; extra == 'Big_Data'")
    (colab,) = [d for d in read(text).distributions if d.name == "google-colab"]
    assert colab.requirements.extras == {"big-data"}


def test_spelling_decides_nothing() -> None:
    names = [d.name for d in read(SMALL).distributions]
    assert "jupyter-kernel-gateway" in names
    assert isinstance(read(SMALL).distributions[0], InstalledDistribution)


def test_a_host_has_the_same_hash_before_and_after_its_files_were_written() -> None:
    file = read(SMALL)
    made = metadata_of(file, ipython=known("jedi>=0.16", 'x; extra == "t"', extras=("t",)))
    back = parse_metadata(dump_metadata(made), "m.json")
    assert make_host(file, made).sha256 == make_host(read(dump_host_file(file)), back).sha256
    assert make_host(file, made).sha256 != make_host(file, metadata_of(file, ipython=known())).sha256
