"""Requirements and constraints files, read as pip reads them."""

from __future__ import annotations

import pytest

from depguard.errors import InputError, OutOfReachError
from depguard.model.location import Location
from depguard.model.policy import Installer
from depguard.model.release import FormatControl
from depguard.parse.requirement_lines import read_requirements
from kit.requirement_files import Files, lines, refused, texts

DIGEST = "0" * 64


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
