"""The git adapter on real repositories: what it reads, and that nothing it meets makes git run anything."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from depguard.adapters.folder_tree import FolderTree
from depguard.adapters.git import Repository
from depguard.errors import InputError
from kit.git_project import GitProject


@pytest.fixture
def repository(project: GitProject) -> Repository:
    found = Repository.around(project.root / "more")
    assert found is not None
    return found


def test_a_commit_and_the_checkout_agree_on_what_is_the_same(repository: Repository) -> None:
    commit, here = repository.tree(repository.commit("main")), repository.working_tree()
    assert commit.paths() == here.paths()
    assert [commit.identity(path) for path in commit.paths()] == [here.identity(p) for p in here.paths()]
    assert commit.data("requirements.txt") == here.data("requirements.txt") == b"captum\n-r more/base.txt\n"


def test_the_checkout_is_what_is_on_the_disk(project: GitProject, repository: Repository) -> None:
    project.write(".gitignore", "ignored.txt\n")
    project.write("ignored.txt", "no\n")
    project.write("new.txt", "yes\n")
    (project.root / "setup.sh").unlink()
    here = repository.working_tree()
    assert {"new.txt", ".gitignore"} <= set(here.paths())
    assert not {"ignored.txt", "setup.sh"} & set(here.paths())
    assert here.identity("setup.sh") is None
    with pytest.raises(InputError, match="there is no file"):
        here.data("setup.sh")


def test_the_merge_base(project: GitProject, repository: Repository) -> None:
    base = repository.commit("main")
    project.commit("on the branch")
    project.git("checkout", "--quiet", "main")
    project.write("later.txt", "later\n")
    project.commit("later on main")
    project.git("checkout", "--quiet", "change")
    assert repository.merge_base("main") == base != repository.commit("main")


@pytest.mark.parametrize("revision", ["nowhere", "--upload-pack=touch", "-h", "main:depguard.yaml", ""])
def test_what_is_no_commit_is_told(repository: Repository, revision: str) -> None:
    with pytest.raises(InputError, match="there is no revision"):
        repository.commit(revision)


def test_links_inside_are_followed_on_both_sides(project: GitProject, repository: Repository) -> None:
    (project.root / "more" / "link.txt").symlink_to("../requirements.txt")
    (project.root / "out.txt").symlink_to("../wheels/links.html")
    (project.root / "round.txt").symlink_to("round.txt")
    commit = repository.tree(project.commit())
    here = repository.working_tree()
    for tree in (commit, here):
        assert tree.data("more/link.txt") == b"captum\n-r more/base.txt\n"
        with pytest.raises(InputError, match="link"):
            tree.data("out.txt")
        with pytest.raises(InputError, match="link"):
            tree.data("round.txt")
    assert commit.identity("more/link.txt") == here.identity("more/link.txt")


def test_nothing_that_a_repository_configures_is_run(project: GitProject, tmp_path: Path) -> None:
    """Hooks, a file system monitor, filters, external diffs and pagers, all pointed at one program."""
    witness = tmp_path / "was-run"
    program = tmp_path / "program"
    program.write_text(f"#!/bin/sh\ntouch {witness}\ncat\n")
    program.chmod(0o755)
    hooks = tmp_path / "hooks"
    hooks.mkdir()
    for name in ("post-checkout", "post-index-change", "reference-transaction", "fsmonitor-watchman"):
        (hooks / name).symlink_to(program)
    for key in (
        "core.fsmonitor",
        "core.pager",
        "core.sshCommand",
        "diff.external",
        "diff.evil.textconv",
        "filter.evil.clean",
        "filter.evil.smudge",
        "filter.evil.process",
        "credential.helper",
        "core.alternateRefsCommand",
    ):
        project.git("config", key, str(program))
    project.git("config", "core.hooksPath", str(hooks))
    (project.root / ".gitattributes").write_text("* filter=evil diff=evil\n")
    (project.root / "requirements.txt").write_text("optuna\n")
    repository = Repository.around(project.root)
    assert repository is not None
    tree, here = repository.tree(repository.merge_base("main")), repository.working_tree()
    assert [tree.data(path) is None for path in tree.paths()] == [False] * len(tree.paths())
    assert here.data("requirements.txt") == b"optuna\n"
    assert tree.identity("requirements.txt") != here.identity("requirements.txt")
    assert repository.remotes() == ()
    assert not witness.exists()


def test_the_environment_does_not_say_which_repository(
    project: GitProject, repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_DIR", os.devnull)
    monkeypatch.setenv("GIT_WORK_TREE", "/nowhere")
    assert repository.head() == repository.commit("main")
    assert project.root == repository.root


def test_a_folder_without_git_is_read_too(tmp_path: Path) -> None:
    (tmp_path / "nb").mkdir()
    (tmp_path / "nb" / "requirements.txt").write_text("captum\n")
    for folder in (".hidden", "node_modules", "env"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "requirements.txt").write_text("no\n")
    tree = FolderTree(tmp_path)
    assert tree.paths() == ("nb/requirements.txt",)
    assert tree.data("nb/requirements.txt") == b"captum\n"
    assert Repository.around(tmp_path) is None
