"""Which policy is taken, and what it extends, over real folders and a web that is a mapping."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

import pytest

from depguard.adapters import policy_store
from depguard.adapters.policy_places import project_root
from depguard.adapters.policy_store import PolicyStore
from depguard.errors import InputError, OutOfReachError, Problem
from depguard.model.location import Location

LAB = "schema: 1\ntiers: {lab: [einops]}\n"
RAW = "https://raw.githubusercontent.com"


class Web:
    """A web of texts; asking for another URL is a mistake of the test's policy."""

    def __init__(self, pages: Mapping[str, str]) -> None:
        self.pages = pages
        self.asked: list[str] = []

    def __call__(self, url: str, at: Location | None) -> bytes:
        self.asked.append(url)
        if url not in self.pages:
            raise InputError(Problem(code="policy.missing", message=f"no {url}", location=at))
        return self.pages[url].encode()


def lay(root: Path, files: Mapping[str, str]) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return root


@pytest.fixture
def shipped(tmp_path: Path) -> Path:
    """A shipped folder as an installed depguard has it."""
    text = "schema: 1\nname: colab\nprotected: {numpy: shipped}\ntiers: {tier1: [torchinfo]}\n"
    return lay(tmp_path / "site" / "depguard" / "_shipped", {"colab.yaml": text}).resolve()


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    (tmp_path / "repo" / ".git").mkdir(parents=True)
    return tmp_path / "repo"


def problem_of(error: pytest.ExceptionInfo[InputError]) -> Problem:
    (problem,) = error.value.problems
    return problem


def test_the_nearest_policy_up_to_the_git_root(repo: Path, shipped: Path) -> None:
    lay(repo, {"depguard.yaml": LAB, "sub/policies/deep.yaml": LAB, "sub/policies/base.yaml": "schema: 1\n"})
    (repo / "sub" / "a" / "b").mkdir(parents=True)
    (repo / "other").mkdir()
    deep = PolicyStore(repo / "sub" / "a" / "b", fetch=None, shipped=shipped).project()
    assert deep is not None
    assert (deep.root, deep.label, deep.policy.name) == (repo / "sub", "policies/deep.yaml", "deep")
    top = PolicyStore(repo / "other", fetch=None, shipped=shipped).project()
    assert top is not None
    assert (top.root, top.label) == (repo, "depguard.yaml")
    assert top.policy.tiers["lab"].location == Location("depguard.yaml", 2, 9)


def test_nothing_beyond_the_git_root_nor_above_a_folder_without_git(repo: Path, shipped: Path) -> None:
    lay(repo.parent, {"depguard.yaml": LAB, "plain/x.txt": ""})
    assert PolicyStore(repo, fetch=None, shipped=shipped).project() is None
    assert PolicyStore(repo.parent / "plain", fetch=None, shipped=shipped).project() is None


def test_two_that_fit_are_both_named(repo: Path, shipped: Path) -> None:
    lay(repo, {"depguard.yaml": LAB, "policies/lab.yaml": LAB, "policies/hosts.yaml": "hosts: []\n"})
    with pytest.raises(InputError) as caught:
        PolicyStore(repo, fetch=None, shipped=shipped).project()
    problem = problem_of(caught)
    assert problem.message == "2 policies fit: depguard.yaml, policies/lab.yaml"
    assert problem.hint == "choose one: --policy depguard.yaml"


def test_a_broken_policy_is_found_and_told_rather_than_passed_over(repo: Path, shipped: Path) -> None:
    lay(repo, {"policies/lab.yaml": "schema: 1\ntiers:\n\tlab: [x]\n"})
    with pytest.raises(InputError) as caught:
        PolicyStore(repo, fetch=None, shipped=shipped).project()
    assert str(problem_of(caught).location) == "policies/lab.yaml:3:1"


def test_named_by_path_folder_and_shipped_name(repo: Path, shipped: Path) -> None:
    lay(repo, {"policies/lab.yaml": LAB, "conf/mine.yaml": LAB})
    store = PolicyStore(repo, fetch=None, shipped=shipped)
    assert store.named("policies/lab.yaml").root == repo
    assert store.named(".").label == "policies/lab.yaml"
    mine = store.named("conf/mine.yaml")
    assert (mine.root, mine.label, mine.how) == (repo, "conf/mine.yaml", "--policy")
    colab = store.named("colab")
    assert (colab.root, colab.label) == (None, "colab")
    assert colab.policy.protected[0].location == Location("colab", 3, 13)
    family = store.shipped("colab")
    assert family is not None
    assert family.policy.sha256 == hashlib.sha256((shipped / "colab.yaml").read_bytes()).hexdigest()
    assert store.shipped("kaggle") is None
    assert store.shipped("../colab") is None


def test_an_unknown_name_or_file(repo: Path, shipped: Path) -> None:
    store = PolicyStore(repo, fetch=None, shipped=shipped)
    with pytest.raises(InputError) as caught:
        store.named("colb")
    assert problem_of(caught).hint == "did you mean colab?"
    with pytest.raises(InputError, match=r"no file gone\.yaml"):
        store.named("gone.yaml")
    with pytest.raises(InputError, match="no policy in the folder"):
        store.named(".")


def test_extends_a_shipped_name_and_paths_from_the_project_root(repo: Path, shipped: Path) -> None:
    lay(
        repo,
        {
            "policies/lab.yaml": "schema: 1\nextends: [colab, policies/base.yaml]\ntiers: {lab: [einops]}\n",
            "policies/base.yaml": "schema: 1\nextends: colab\nprotected: {scipy: base, numpy: base}\n",
        },
    )
    found = PolicyStore(repo, fetch=None, shipped=shipped).project()
    assert found is not None
    assert [s.label for s in found.policy.sources_used] == [
        "policies/lab.yaml",
        "policies/base.yaml",
        "colab",
    ]
    assert {p.pattern: p.reason for p in found.policy.protected} == {"scipy": "base", "numpy": "base"}


def test_a_project_policy_called_like_the_shipped_one_may_extend_it(repo: Path, shipped: Path) -> None:
    lay(repo, {"policies/colab.yaml": "schema: 1\nextends: colab\ntiers: {lab: [einops]}\n"})
    found = PolicyStore(repo, fetch=None, shipped=shipped).project()
    assert found is not None
    assert [s.label for s in found.policy.sources_used] == ["policies/colab.yaml", "colab"]


def test_in_depguards_own_checkout_the_shipped_policy_is_the_projects(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    lay(tmp_path, {"policies/colab.yaml": LAB, "src/x.py": ""})
    store = PolicyStore(tmp_path / "src", fetch=None, shipped=tmp_path / "policies")
    found, named, family = store.project(), store.named("colab"), store.shipped("colab")
    assert found is not None
    assert family is not None
    assert {f.label for f in (found, named, family)} == {"policies/colab.yaml"}
    assert {f.root for f in (found, named, family)} == {tmp_path}
    assert found.policy == named.policy == family.policy
    elsewhere = PolicyStore(tmp_path.parent, fetch=None, shipped=tmp_path / "policies").named("colab")
    assert (elsewhere.root, elsewhere.label) == (None, "colab")


def test_policies_in_a_circle(repo: Path, shipped: Path) -> None:
    lay(
        repo,
        {
            "depguard.yaml": "schema: 1\nextends: ./a.yaml\ntiers: {x: [y]}\n",
            "a.yaml": "schema: 1\nextends: b.yaml\n",
            "b.yaml": "schema: 1\nextends: depguard.yaml\n",
        },
    )
    with pytest.raises(InputError) as caught:
        PolicyStore(repo, fetch=None, shipped=shipped).project()
    problem = problem_of(caught)
    assert "depguard.yaml -> a.yaml -> b.yaml -> depguard.yaml" in problem.message
    assert str(problem.location) == "b.yaml:2:10"


def test_what_is_extended_and_not_there_is_told_where_it_is_named(repo: Path, shipped: Path) -> None:
    lay(repo, {"depguard.yaml": "schema: 1\nextends: [colb]\n"})
    store = PolicyStore(repo, fetch=None, shipped=shipped)
    with pytest.raises(InputError) as caught:
        store.project()
    assert (str(problem_of(caught).location), problem_of(caught).hint) == (
        "depguard.yaml:2:11",
        "did you mean colab?",
    )
    lay(repo, {"depguard.yaml": "schema: 1\nextends: base/x.yaml\n"})
    with pytest.raises(InputError) as caught:
        store.project()
    assert problem_of(caught).message == "there is no policy base/x.yaml"
    assert str(problem_of(caught).location) == "depguard.yaml:2:10"


def test_a_repository_and_its_own_paths(repo: Path, shipped: Path) -> None:
    web = Web(
        {
            f"{RAW}/owner/course/v1/depguard.yaml": "schema: 1\nextends: [colab, ./p/base.yaml]\n",
            f"{RAW}/owner/course/v1/p/base.yaml": "schema: 1\nhosts: [a/b]\n",
        }
    )
    found = PolicyStore(repo, fetch=web, shipped=shipped).named("github:owner/course@v1")
    assert found.root is None
    assert [s.label for s in found.policy.sources_used] == [
        "github:owner/course@v1:depguard.yaml",
        "github:owner/course@v1:p/base.yaml",
        "colab",
    ]
    assert found.policy.name == "depguard"
    assert found.policy.host_locations["a/b"] == Location("github:owner/course@v1:p/base.yaml", 2, 9)


def test_a_url_is_read_once_and_its_hash_is_known(repo: Path, shipped: Path) -> None:
    url = "https://example.org/lab.yaml"
    web = Web({url: LAB})
    lay(
        repo,
        {"depguard.yaml": f"schema: 1\nextends: [{url}, a.yaml]\n", "a.yaml": f"schema: 1\nextends: {url}\n"},
    )
    found = PolicyStore(repo, fetch=web, shipped=shipped).project()
    assert found is not None
    assert web.asked == [url]
    assert {s.label: s.sha256 for s in found.policy.sources_used}[url] == hashlib.sha256(
        LAB.encode()
    ).hexdigest()


@pytest.mark.parametrize("reference", ["/etc/hosts.yaml", "./base.yaml", "..\\x.yaml"])
def test_a_text_from_the_web_reads_no_file_here(repo: Path, shipped: Path, reference: str) -> None:
    lay(repo, {"base.yaml": "schema: 1\n"})
    web = Web({"https://example.org/lab.yaml": f"schema: 1\nextends: '{reference}'\n"})
    with pytest.raises(InputError) as caught:
        PolicyStore(repo, fetch=web, shipped=shipped).named("https://example.org/lab.yaml")
    assert problem_of(caught).code == "policy.reference"
    assert str(problem_of(caught).location) == "https://example.org/lab.yaml:2:10"


@pytest.mark.parametrize("path", ["../other/x.yaml", "/x.yaml"])
def test_a_repository_policy_stays_in_its_repository(repo: Path, shipped: Path, path: str) -> None:
    web = Web({f"{RAW}/o/r/HEAD/depguard.yaml": f"schema: 1\nextends: {path}\n"})
    with pytest.raises(InputError) as caught:
        PolicyStore(repo, fetch=web, shipped=shipped).named("github:o/r")
    assert problem_of(caught).code == "policy.reference"


def test_offline_says_what_it_could_not_read(repo: Path, shipped: Path) -> None:
    with pytest.raises(OutOfReachError, match=r"offline, and the policy is at https://example\.org/x"):
        PolicyStore(repo, fetch=None, shipped=shipped).named("https://example.org/x")


@pytest.mark.parametrize("url", ["http://example.org/x", "https://u:pw@example.org/x", "file:///etc/x.yaml"])
def test_only_https_without_credentials(repo: Path, shipped: Path, url: str) -> None:
    web = Web({})
    with pytest.raises(InputError) as caught:
        PolicyStore(repo, fetch=web, shipped=shipped).named(url)
    assert problem_of(caught).allowed == "an https URL without a user and password"
    assert "pw" not in repr(caught.value.problems)
    assert web.asked == []


def test_a_chain_without_end_is_cut(repo: Path, shipped: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(policy_store, "_MOST_TEXTS", 3)
    lay(repo, {f"p{i}.yaml": f"schema: 1\nextends: p{i + 1}.yaml\n" for i in range(5)})
    with pytest.raises(InputError) as caught:
        PolicyStore(repo, fetch=None, shipped=shipped).named("p0.yaml")
    assert str(problem_of(caught).location) == "p2.yaml:2:10"


def test_project_roots(repo: Path) -> None:
    assert project_root(repo / "x" / "depguard.yaml") == repo / "x"
    assert project_root(repo / "x" / "policies" / "lab.yaml") == repo / "x"
    assert project_root(repo / "x" / "lab.yaml") == repo
    assert project_root(repo.parent / "y" / "lab.yaml") == repo.parent / "y"
