"""Freeze lists: the oddities of the real ones, and the mistakes of others."""

from __future__ import annotations

import pytest
from packaging.version import Version

from depguard.errors import InputError, Problem
from depguard.model.host import InstalledDistribution, OriginKind
from depguard.parse.freeze import parse_freeze

SHA = "1932429db727d4bff3deed6b34cfc05df17794f4a52eeb26cf8928f7c1a0fb85"


def one(line: str) -> InstalledDistribution:
    (distribution,) = parse_freeze(line, "list.txt").distributions
    return distribution


def mistakes(text: str) -> tuple[Problem, ...]:
    with pytest.raises(InputError) as caught:
        parse_freeze(text, "list.txt")
    return caught.value.problems


def test_comments_and_blank_lines_say_nothing_and_spelling_is_kept() -> None:
    baseline = parse_freeze(
        "\ufeff# Do not modify this file directly\n#  $ python3 -m pip freeze\n\nabsl-py==1.4.0\r\n"
        "  Bottleneck==1.4.2  \njaraco.classes==3.4.0\nopencv-python==4.13.0.92 # via nobody\n",
        "list.txt",
    )
    assert [(d.name, d.spelled, str(d.version)) for d in baseline.distributions] == [
        ("absl-py", "absl-py", "1.4.0"),
        ("bottleneck", "Bottleneck", "1.4.2"),
        ("jaraco-classes", "jaraco.classes", "3.4.0"),
        ("opencv-python", "opencv-python", "4.13.0.92"),
    ]
    assert baseline.distributions[1].location is not None
    assert str(baseline.distributions[1].location) == "list.txt:5:3"
    assert baseline.warnings == ()


@pytest.mark.parametrize(
    ("line", "version"),
    [
        ("torch==2.11.0+cu128", "2.11.0+cu128"),
        ("tensorflow==2.8.2+zzzcolab20220719082949", "2.8.2+zzzcolab20220719082949"),
        ("python-apt==2.4.0+ubuntu3", "2.4.0+ubuntu3"),
        ("libtpu_nightly==0.1.dev20241010+nightly.cleanup", "0.1.dev20241010+nightly.cleanup"),
        ("access==1.1.10.post3", "1.1.10.post3"),
        ("orbax==0.1 ; python_version >= '3.8'", "0.1"),
        ("old===1.0", "1.0"),
    ],
)
def test_versions_with_labels(line: str, version: str) -> None:
    assert str(one(line).version) == version


@pytest.mark.parametrize(
    ("line", "version", "kind", "filename"),
    [
        (
            "torch @ https://example.org/whl/cpu/torch-2.11.0%2Bcpu-cp312-cp312-manylinux_2_28_x86_64.whl",
            "2.11.0+cpu",
            OriginKind.URL,
            "torch-2.11.0+cpu-cp312-cp312-manylinux_2_28_x86_64.whl",
        ),
        (
            "jaxlib @ https://example.org/cuda11/jaxlib-0.3.25+cuda11.cudnn805-cp38-cp38-manylinux2014_x86_64.whl",
            "0.3.25+cuda11.cudnn805",
            OriginKind.URL,
            "jaxlib-0.3.25+cuda11.cudnn805-cp38-cp38-manylinux2014_x86_64.whl",
        ),
        (
            "cuvs-cu12 @ https://example.org/cuvs_cu12-26.2.0-cp312-cp312-manylinux_2_24_x86_64.manylinux_2_28_x86_64.whl",
            "26.2.0",
            OriginKind.URL,
            "cuvs_cu12-26.2.0-cp312-cp312-manylinux_2_24_x86_64.manylinux_2_28_x86_64.whl",
        ),
        (
            "google-colab @ file:///colabtools/dist/google-colab-1.0.0.tar.gz",
            "1.0.0",
            OriginKind.FILE,
            "google-colab-1.0.0.tar.gz",
        ),
        (
            "lightgbm @ file:///tmp/lightgbm/LightGBM/dist/lightgbm-4.6.0-py3-none-linux_x86_64.whl",
            "4.6.0",
            OriginKind.FILE,
            "lightgbm-4.6.0-py3-none-linux_x86_64.whl",
        ),
    ],
)
def test_a_direct_reference_is_read_by_its_file_name(
    line: str, version: str, kind: OriginKind, filename: str
) -> None:
    found = one(line)
    assert str(found.version) == version
    assert found.origin.kind is kind
    assert found.origin.filename == filename
    assert found.origin.reference is None


def test_a_hash_in_the_fragment_is_kept() -> None:
    found = one(f"en_core_web_sm @ https://example.org/en_core_web_sm-3.8.0-py3-none-any.whl#sha256={SHA}")
    assert (found.spelled, found.version) == ("en_core_web_sm", Version("3.8.0"))
    assert found.origin.sha256 == SHA


def test_a_version_that_nothing_carries_is_unknown_with_its_line() -> None:
    commit = "b134e9945df25c2dcb98ade9129399be10788671"
    baseline = parse_freeze(
        f"six==1.16.0\njupyter_kernel_gateway @ git+https://example.org/kernel_gateway@{commit}\n"
        "attrs @ file:///croot/attrs_1668696182826/work\n",
        "list.txt",
    )
    gateway, attrs = baseline.distributions[1:]
    assert gateway.version is None
    assert gateway.origin.kind is OriginKind.VCS
    assert gateway.origin.reference == f"git+https://example.org/kernel_gateway@{commit}"
    assert attrs.version is None
    assert attrs.origin.filename is None
    assert [(p.code, str(p.location)) for p in baseline.warnings] == [
        ("freeze.no-version", "list.txt:2:1"),
        ("freeze.no-version", "list.txt:3:1"),
    ]


def test_editable_installs_are_named_by_their_egg_or_by_pips_comment() -> None:
    baseline = parse_freeze(
        "-e git+https://user:secret@example.org/repo.git@abc#egg=My_Pkg&subdirectory=python\n"
        "# Editable install with no version control (local.thing==0.3.dev0)\n-e /content/local\n",
        "list.txt",
    )
    first, second = baseline.distributions
    assert (first.name, first.version) == ("my-pkg", None)
    assert first.origin.reference == "git+https://example.org/repo.git@abc#subdirectory=python"
    assert (second.name, str(second.version)) == ("local-thing", "0.3.dev0")
    assert second.origin.kind is OriginKind.FILE


def test_credentials_never_get_into_a_message() -> None:
    (problem,) = mistakes("-e git+https://user:secret@example.org/repo.git\n")
    assert problem.code == "freeze.editable-name"
    assert "secret" not in problem.message


def test_a_file_of_another_project_carries_no_version() -> None:
    baseline = parse_freeze("mine @ https://example.org/yours-1.0-py3-none-any.whl", "list.txt")
    assert baseline.distributions[0].version is None
    assert baseline.warnings[0].code == "freeze.other-file"


def test_the_same_project_twice_is_a_mistake_unless_the_versions_agree() -> None:
    (problem,) = mistakes("Foo-Bar==1.0\nsix==1.16.0\nfoo_bar==1.1\n")
    assert problem.code == "baseline.two-versions"
    assert str(problem.location) == "list.txt:3:1"
    assert "list.txt:1:1 has Foo-Bar 1.0" in problem.message

    baseline = parse_freeze("Foo-Bar==1.0\nfoo_bar==1.0.0\n", "list.txt")
    assert [d.spelled for d in baseline.distributions] == ["Foo-Bar"]
    assert baseline.warnings[0].code == "baseline.repeated"


def test_options_of_pip_freeze_r_are_passed_over_with_a_warning() -> None:
    baseline = parse_freeze("--find-links https://example.org/wheels\nsix==1.16.0\n", "list.txt")
    assert [d.name for d in baseline.distributions] == ["six"]
    assert baseline.warnings[0].code == "freeze.option"


def test_all_mistakes_are_reported_at_once_with_their_positions() -> None:
    problems = mistakes("numpy>=2\n  broken==1.0.x.y\n???\nfine==1.0\n-e /content/local\n")
    assert [(p.code, str(p.location)) for p in problems] == [
        ("freeze.not-pinned", "list.txt:1:1"),
        ("freeze.version", "list.txt:2:11"),
        ("freeze.line", "list.txt:3:1"),
        ("freeze.editable-name", "list.txt:5:1"),
    ]
    assert all(p.allowed for p in problems)


def test_a_list_without_any_distribution_is_a_mistake() -> None:
    assert [p.code for p in mistakes("# nothing\n\n")] == ["freeze.empty"]
