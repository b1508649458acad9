"""Requirements and constraints files, read as pip reads them."""

from __future__ import annotations

import codecs
from collections.abc import Mapping

import pytest

from depguard.errors import InputError, OutOfReachError, Problem
from depguard.model.location import Location
from depguard.model.policy import Installer
from depguard.model.request import FormatControl, Item
from depguard.parse.requirement_item import read_item
from depguard.parse.requirement_lines import RequirementLines, read_requirements, resolve_reference
from depguard.parse.requirement_text import decode_requirements

DIGEST = "0" * 64


class Files:
    """A read port over a mapping."""

    def __init__(self, files: Mapping[str, str]) -> None:
        self._files = files
        self.asked: list[str] = []

    def __call__(self, reference: str, including: str | None) -> str:
        label = resolve_reference(reference, including)
        self.asked.append(label)
        if label.startswith("https://down."):
            raise OutOfReachError(Problem(code="test.down", message="out of reach"))
        if label not in self._files:
            raise InputError(Problem(code="test.missing", message=f"no such file: {label}"))
        return self._files[label]


def lines(
    text: str,
    *,
    tolerant: bool = False,
    constraint: bool = False,
    environment: Mapping[str, str] | None = None,
    installer: Installer = Installer.PIP,
    other: str = "",
) -> RequirementLines:
    files = {"r.txt": text, "a.txt": other} if other else {"r.txt": text}
    return read_requirements(
        "r.txt",
        read=Files(files),
        tolerant=tolerant,
        constraint=constraint,
        environment=environment,
        installer=installer,
    )


def texts(read: RequirementLines) -> list[str]:
    return [item.text for item in read.items]


def refused(text: str, *, constraint: bool = False, other: str = "") -> tuple[Problem, ...]:
    with pytest.raises(InputError) as caught:
        lines(text, constraint=constraint, other=other)
    return caught.value.problems


def test_comments_blank_lines_and_continuations() -> None:
    read = lines(
        "# head\n\n  numpy>=1.20, <2  # why\ntorch \\\n  ==2.1 \\\n# comment ends it\nscipy\n"
        "x @ https://example.org/a.zip#egg=x # note\nlast\\"
    )
    assert texts(read) == [
        "numpy>=1.20, <2",
        "torch   ==2.1",
        "scipy",
        "x @ https://example.org/a.zip#egg=x",
        "last",
    ]
    assert [i.location for i in read.items] == [
        Location("r.txt", 3, 3),
        Location("r.txt", 4, 1),
        Location("r.txt", 7, 1),
        Location("r.txt", 8, 1),
        Location("r.txt", 9, 1),
    ]


def test_position_inside_a_continued_line() -> None:
    (problem,) = refused("torch \\\n  ==latest\n")
    assert problem.location == Location("r.txt", 2, 3)


@pytest.mark.parametrize(
    ("text", "name", "specifier"),
    [
        ("cudf-cu12==26.06.*", "cudf-cu12", "==26.06.*"),
        ("pandas [sql, excel] >= 2", "pandas", ">=2"),
        ("torch==2.4.1+cu121", "torch", "==2.4.1+cu121"),
        ("requests(>=2.0)", "requests", ">=2.0"),
        ("tensorflow >= 2.18.0; sys_platform != 'darwin'", "tensorflow", ">=2.18.0"),
        ("huggingface_sb3", "huggingface_sb3", ""),
    ],
)
def test_pep_508(text: str, name: str, specifier: str) -> None:
    (item,) = lines(text).items
    assert item.requirement is not None
    assert (item.requirement.name, str(item.requirement.specifier)) == (name, specifier)
    assert item.url is None


def test_extras_with_spaces_and_markers() -> None:
    (item,) = lines("foo [a, B] ; python_version >= '3.9'").items
    assert item.requirement is not None
    assert item.requirement.extras == {"a", "B"}
    assert str(item.requirement.marker) == 'python_version >= "3.9"'


@pytest.mark.parametrize(
    ("text", "requirement", "url"),
    [
        (
            "https://example.org/w/xformers-0.0.15-cp38-cp38-linux_x86_64.whl",
            "xformers @ https://example.org/w/xformers-0.0.15-cp38-cp38-linux_x86_64.whl",
            "https://example.org/w/xformers-0.0.15-cp38-cp38-linux_x86_64.whl",
        ),
        ("git+https://example.org/a/b.git@main", None, "git+https://example.org/a/b.git@main"),
        (
            "git+https://example.org/a/b#egg=codeformer",
            "codeformer @ git+https://example.org/a/b#egg=codeformer",
            "git+https://example.org/a/b#egg=codeformer",
        ),
        ("git+ssh://git@example.org/a/b.git", None, "git+ssh://git@example.org/a/b.git"),
        ("https://example.org/archive/main.zip", None, "https://example.org/archive/main.zip"),
        ("./local", None, "./local"),
        (".[dev]", None, "."),
        ("dist/foo-1.0.tar.gz", None, "dist/foo-1.0.tar.gz"),
        ("foo-1.0-py3-none-any.whl", "foo @ file:foo-1.0-py3-none-any.whl", "foo-1.0-py3-none-any.whl"),
        ("foo @ git+https://example.org/f", "foo @ git+https://example.org/f", "git+https://example.org/f"),
        ("foo@ https://example.org/f.zip", "foo @ https://example.org/f.zip", "https://example.org/f.zip"),
    ],
)
def test_urls_and_paths(text: str, requirement: str | None, url: str) -> None:
    (item,) = lines(text).items
    assert (str(item.requirement) if item.requirement else None, item.url) == (requirement, url)
    assert item.doubt is None


def test_editables() -> None:
    read = lines("-e .\n--editable=git+https://example.org/a#egg=a\n-e git://example.org/b#egg=b\n")
    assert [(i.text, i.editable, i.url) for i in read.items] == [
        (".", True, "."),
        ("git+https://example.org/a#egg=a", True, "git+https://example.org/a#egg=a"),
        ("git://example.org/b#egg=b", True, "git+git://example.org/b#egg=b"),
    ]


def test_options_of_a_file() -> None:
    read = lines(
        "--index-url https://a.example.org/simple\n--extra-index-url=https://b.example.org/simple\n"
        "-f ./wheels\n--pre\n--prefer-binary\n--only-binary :all:\n--no-binary a,B_c\n"
        "--trusted-host example.org\n--use-feature fast-deps\nnumpy\n"
    )
    assert read.index.index_url == "https://a.example.org/simple"
    assert read.index.extra_index_urls == ("https://b.example.org/simple",)
    assert read.index.find_links == ("wheels",)
    assert dict(read.index.origins)["find_links"] == "r.txt:3:4"
    assert read.prerelease
    assert read.unmodelled == ("--prefer-binary",)
    assert read.formats == FormatControl(only_binary=frozenset({":all:"}), no_binary=frozenset({"a", "b-c"}))
    assert not read.require_hashes


def test_uv_ignores_some_of_them_and_says_so() -> None:
    read = lines("--pre\nnumpy\n", installer=Installer.UV)
    assert not read.prerelease
    assert read.notes == ("r.txt:1:1: uv ignores --pre in a file",)


def test_hashes() -> None:
    read = lines(f"foo==1 \\\n  --hash=sha256:{DIGEST} \\\n  --hash sha256:{'A' * 64}\nbar\n")
    assert read.items[0].hashes == (("sha256", DIGEST), ("sha256", "a" * 64))
    assert read.require_hashes
    (problem,) = refused("foo==1 --hash=md5:12\n")
    assert problem.code == "requirements.hash"
    assert problem.location == Location("r.txt", 1, 8)


def test_an_option_beside_a_requirement_is_ignored_by_pip() -> None:
    read = lines("torch==2.1 --extra-index-url https://b.example.org/simple\n")
    assert read.index.extra_index_urls == ()
    assert read.notes == ("r.txt:1:30: --extra-index-url beside a requirement is ignored",)


def test_build_settings_are_accepted() -> None:
    assert texts(lines("foo --config-settings a=b\n")) == ["foo"]


def test_nested_files_are_relative_to_the_file_that_names_them() -> None:
    files = Files(
        {
            "req/base.txt": "-r sub/a.txt\n-c ../cons.txt\nnumpy\n",
            "req/sub/a.txt": "scipy\n-r https://example.org/x/b.txt\n",
            "cons.txt": "numpy<2\n",
            "https://example.org/x/b.txt": "pandas\n-r c.txt\n",
            "https://example.org/x/c.txt": "dask\n",
        }
    )
    read = read_requirements("req/base.txt", read=files)
    assert texts(read) == ["scipy", "pandas", "dask", "numpy"]
    assert [c.text for c in read.constraints] == ["numpy<2"]
    assert read.files == (
        "req/base.txt",
        "req/sub/a.txt",
        "https://example.org/x/b.txt",
        "https://example.org/x/c.txt",
        "cons.txt",
    )
    assert read.items[2].location == Location("https://example.org/x/c.txt", 1, 1)


def test_a_cycle_is_one_mistake() -> None:
    (problem,) = refused("-r a.txt\n", other="-r r.txt\nnumpy\n")
    assert problem.code == "requirements.cycle"
    assert problem.location == Location("a.txt", 1, 4)


def test_many_files_are_bounded() -> None:
    twice = {f"{n}.txt": f"-r {n + 1}.txt\n-r {n + 1}.txt\n" for n in range(12)} | {"12.txt": "numpy\n"}
    with pytest.raises(InputError, match="more than 500 files"):
        read_requirements("0.txt", read=Files(twice))


def test_missing_file_is_located() -> None:
    (problem,) = refused("numpy\n-r gone.txt\n")
    assert problem.message == "no such file: gone.txt"
    assert problem.location == Location("r.txt", 2, 4)


def test_out_of_reach_is_not_swallowed() -> None:
    with pytest.raises(OutOfReachError):
        lines("-r https://down.example.org/r.txt\n", tolerant=True)


def test_variables() -> None:
    read = lines("foo @ git+https://${TOKEN}@example.org/foo\nbar==${VERSION}\n")
    assert [i.doubt for i in read.items] == [
        "the value of ${TOKEN} is not known",
        "the value of ${VERSION} is not known",
    ]
    known = lines("bar==${VERSION}\n-r ${DIR}/x.txt\n", environment={"VERSION": "1.2"}, tolerant=True)
    assert texts(known) == ["bar==1.2", "-r ${DIR}/x.txt"]
    assert known.items[1].doubt == "the value of ${DIR} is not known"


@pytest.mark.parametrize(
    ("text", "column", "message", "hint"),
    [
        (
            "torch-scatter==latest+cu101",
            14,
            "invalid version in 'torch-scatter==latest+cu101': 'latest+cu101'",
            "leave the specifier out: without one, the newest release is taken",
        ),
        ("numpy=1.2", 6, "'=' in 'numpy=1.2' is no operator", "did you mean ==1.2?"),
        ("numpy>=1.0,=<2", 12, "'=<' in 'numpy>=1.0,=<2' is no operator", "did you mean <=2?"),
        ("numpy^1.2", 6, "'^' in 'numpy^1.2' is no operator", "did you mean ~=1.2?"),
        (
            "numpy >=1.20 <2",
            7,
            "'>=1.20 <2' in 'numpy >=1.20 <2' is no version specifier",
            "put a comma between two specifiers",
        ),
        ("numpy>=1.2.*", 6, "invalid version in 'numpy>=1.2.*': '1.2.*'", "did you mean >=1.2?"),
        ("torch>=2.0+cu118", 6, "invalid version in 'torch>=2.0+cu118': '2.0+cu118'", "did you mean >=2.0?"),
        (
            "numpy scipy",
            7,
            "'scipy' in 'numpy scipy' is no version specifier",
            "one requirement a line; versions as in name>=1.2",
        ),
        (
            '"numpy"',
            1,
            "'\"numpy\"' does not start with a project name",
            "quotes are for the shell, leave them out",
        ),
        ("--frob", 1, "a requirements file has no option --frob", None),
        ("--indx-url x", 1, "a requirements file has no option --indx-url", "did you mean --index-url?"),
        ("-U numpy", 1, "a requirements file has no option -U", None),
        ("--pre numpy", 7, "'numpy' is not expected after an option", None),
        ("-f 'a", 1, "unbalanced quotes", None),
        ("https://[half/x.zip", 1, "'https://[half/x.zip' is no URL: Invalid IPv6 URL", None),
    ],
)
def test_mistakes_have_a_place_and_a_remedy(text: str, column: int, message: str, hint: str | None) -> None:
    problem = refused(text)[0]
    assert problem.message == message
    assert problem.location == Location("r.txt", 1, column)
    if hint is not None:
        assert problem.hint == hint


def test_invalid_marker() -> None:
    (problem,) = refused("numpy; python_verson < '3'")
    assert problem.code == "requirement.invalid-marker"
    assert problem.location == Location("r.txt", 1, 8)


def test_all_mistakes_at_once_over_files() -> None:
    problems = refused("numpy=1\n--nope\n-r a.txt\nfine\n", other="torch==latest\n")
    assert [str(p.location) for p in problems] == ["r.txt:1:6", "r.txt:2:1", "a.txt:1:6"]


def test_constraints_take_names_only() -> None:
    problems = refused("foo[x]==1\n-e .\ngit+https://example.org/a\nok<2\n", constraint=True)
    assert [p.location.line for p in problems if p.location] == [1, 2, 3]
    assert {p.code for p in problems} == {"requirements.constraint"}
    assert [c.text for c in lines("ok<2\n", constraint=True).constraints] == ["ok<2"]


def test_tolerant_reading_keeps_everything() -> None:
    read = lines("numpy=1\nscipy\n-r gone.txt\n--nope\n", tolerant=True)
    assert [(i.text, i.doubt is None) for i in read.items] == [
        ("numpy=1", False),
        ("scipy", True),
        ("-r gone.txt", False),
        ("--nope", False),
    ]
    assert len(read.problems) == 3


@pytest.mark.parametrize(
    "data",
    [
        codecs.BOM_UTF8 + "caf\N{LATIN SMALL LETTER E WITH ACUTE}".encode(),
        codecs.BOM_UTF16_LE + "caf\N{LATIN SMALL LETTER E WITH ACUTE}".encode("utf-16-le"),
        codecs.BOM_UTF16_BE + "caf\N{LATIN SMALL LETTER E WITH ACUTE}".encode("utf-16-be"),
        codecs.BOM_UTF32_LE + "caf\N{LATIN SMALL LETTER E WITH ACUTE}".encode("utf-32-le"),
        "caf\N{LATIN SMALL LETTER E WITH ACUTE}".encode(),
    ],
)
def test_encodings(data: bytes) -> None:
    assert decode_requirements(data, "r.txt") == "caf\N{LATIN SMALL LETTER E WITH ACUTE}"


def test_declared_and_wrong_encodings() -> None:
    assert decode_requirements(b"# -*- coding: latin-1 -*-\n# \xe9", "r.txt").endswith("\xe9")
    with pytest.raises(InputError) as caught:
        decode_requirements(b"numpy\nscipy # \xe9\n", "r.txt")
    assert caught.value.problems[0].location == Location("r.txt", 2, 1)
    with pytest.raises(InputError, match="unknown encoding"):
        decode_requirements(b"# coding: nope\n", "r.txt")


def test_an_item_never_shows_credentials() -> None:
    item = read_item("foo @ https://user:secret@example.org/foo.zip")
    assert isinstance(item, Item)
    assert "secret" not in repr(item)
    problem = read_item("foo @ https://user:secret@example.org/foo.zip ; nonsense")
    assert isinstance(problem, Problem)
    assert "secret" not in repr(problem)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("x" * 400_000, "requirements.long-line"),
        ("x" + "=" * 50_000, "requirement.too-long"),
        ("x[" + "a," * 20_000, "requirement.too-long"),
        ("x" + " " * 90_000 + "y", "requirement.too-long"),
        ("x1" * 40_000 + "://", "requirement.too-long"),
    ],
)
def test_a_line_that_nobody_wrote_is_answered_and_not_worked_on_for_minutes(text: str, code: str) -> None:
    with pytest.raises(InputError) as caught:
        lines(text)
    (problem,) = caught.value.problems
    assert problem.code == code
    assert len(problem.message) < 120
    assert problem.location == Location("r.txt", 1, 1)


def test_a_long_run_of_blanks_is_no_work_either() -> None:
    assert texts(lines(" " * 300_000 + "x")) == ["x"]


def test_a_thousand_hashes_are_a_line() -> None:
    (item,) = lines("x==1 " + " ".join(f"--hash=sha256:{n:064x}" for n in range(1000))).items
    assert len(item.hashes) == 1000


def test_secrets_go_whatever_stands_before_the_scheme() -> None:
    from depguard.parse.requirement_item import without_secrets

    for before in ("", "-", "1", "x=", "-i"):
        assert "s3cret" not in without_secrets(f"{before}https://me:s3cret@example.org/simple x")
