"""The scheduled re-plan as a script, on a real repository with an origin and a made-up GitHub."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
import yaml

from kit.checkout import ROOT
from kit.git_project import GitProject, make_project
from kit.github import TOKEN, Api, Job

SAME = "numpy==2.0.2\nprotobuf==5.29.6\n"
NEWER = "numpy==1.26.4\nprotobuf==5.29.6\ncolour==1.2.0\n"


@pytest.fixture
def job(tmp_path: Path, api: Api) -> Job:
    project = make_project(tmp_path)
    project.git("checkout", "--quiet", "main")
    origin = tmp_path / "origin.git"
    project.git("clone", "--quiet", "--bare", str(project.root), str(origin))
    project.git("remote", "add", "origin", str(origin))
    folder = tmp_path / "runner"
    folder.mkdir()
    (folder / "list.txt").write_text(SAME)
    inputs = {
        "INPUT_LISTS": f"hosts/one.yaml {folder}/list.txt\n\n",
        "INPUT_TOKEN": TOKEN,
        "GITHUB_REF_NAME": "main",
        "GIT_CONFIG_GLOBAL": "/dev/null",
    }
    return Job(project=project, folder=folder, api=api, inputs=inputs, event_name="schedule")


def replan(job: Job) -> subprocess.CompletedProcess[str]:
    (job.folder / "output").unlink(missing_ok=True)
    return job.step("replan.py")


def branch(project: GitProject) -> str:
    return project.git("ls-remote", "origin", "refs/heads/depguard/replan")


def test_a_list_that_says_the_same_changes_nothing(job: Job) -> None:
    done = replan(job)
    assert done.returncode == 0, done.stdout + done.stderr
    assert job.outputs() == {"changed": "", "holds": "true"}
    assert branch(job.project) == ""
    assert job.api.asked == []


def test_a_changed_list_is_a_pull_request_kept_up_to_date(job: Job) -> None:
    (job.folder / "list.txt").write_text(NEWER)
    done = replan(job)
    assert done.returncode == 0, done.stdout + done.stderr
    assert job.outputs() == {"changed": "hosts/one.yaml", "holds": "true"}
    (pull,) = job.api.pulls
    assert (pull["head"], pull["base"]) == ("depguard/replan", "main")
    assert pull["title"] == "Hosts have changed: every tier holds"
    assert "    numpy 2.0.2 -> 1.26.4\n" in pull["body"]
    assert "    colour (new) -> 1.2.0\n" in pull["body"]
    shown = job.project.git("show", "--stat", "origin/depguard/replan") if branch(job.project) else ""
    assert "hosts/one.yaml" in shown
    host = yaml.safe_load(job.project.git("show", "depguard/replan:hosts/one.yaml"))
    assert (host["name"], host["python"]) == ("lab/one", "3.12.13")
    assert host["distributions"]["numpy"] in ("1.26.4", {"version": "1.26.4"})
    job.project.git("checkout", "--quiet", "main")
    (job.folder / "list.txt").write_text(NEWER.replace("colour==1.2.0\n", ""))
    assert replan(job).returncode == 0
    (pull,) = job.api.pulls
    assert "colour" not in pull["body"].partition("###")[0]


def test_a_list_on_this_machine_that_cannot_be_read_is_a_line(job: Job) -> None:
    for text, place in (
        (None, job.folder / "gone.txt"),
        (b"n" * 10_000_001, job.folder / "long.txt"),
    ):
        if text is not None:
            place.write_bytes(text)
        job.inputs["INPUT_LISTS"] = f"hosts/one.yaml {place}"
        done = replan(job)
        assert (done.returncode, done.stderr) == (1, "")
        assert done.stdout.startswith("::error title=depguard re-plan::")
        assert place.name in done.stdout
    (job.folder / "odd.txt").write_bytes(SAME.encode() + b"# \xff\n")
    job.inputs["INPUT_LISTS"] = f"hosts/one.yaml {job.folder}/odd.txt"
    assert replan(job).returncode == 0
    (job.project.root / "hosts" / "one.yaml").write_bytes(b"\xff")
    done = replan(job)
    assert (done.returncode, done.stderr) == (1, "")
    assert "one.yaml" in done.stdout


def test_a_tier_that_no_longer_holds_is_told(job: Job) -> None:
    (job.folder / "list.txt").write_text(NEWER.replace("1.26.4", "3.0"))
    policy = "schema: 1\nname: course\nhosts: [hosts/one.yaml]\nprotected: {numpy: C ABI}\n"
    job.project.write("depguard.yaml", policy + "tiers: {lab: [tensorflow==2.18]}\n")
    job.project.commit("a tier for older numpys")
    done = replan(job)
    assert done.returncode == 0, done.stdout + done.stderr
    assert job.outputs()["holds"] == "false"
    (pull,) = job.api.pulls
    assert pull["title"] == "Hosts have changed: a tier no longer holds"
    assert "### depguard: REFUSED" in pull["body"]
    assert "hosts/one.yaml" in job.project.git("show", "--stat", "depguard/replan")


def test_without_leave_to_open_one_the_branch_is_there_and_the_run_says_so(job: Job) -> None:
    (job.folder / "list.txt").write_text(NEWER)
    job.api.status = 403
    done = replan(job)
    assert done.returncode == 0
    assert "::warning title=depguard re-plan::depguard/replan is pushed" in done.stdout
    assert branch(job.project)


@pytest.mark.parametrize(
    ("lists", "says"),
    [
        ("", "no lists"),
        ("hosts/one.yaml", "not a host file and where its list is"),
        ("../outside.yaml list.txt", "no host file of this repository"),
        ("hosts/missing.yaml list.txt", "no host file of this repository"),
        ("hosts/one.yaml http://127.0.0.1:1/list", "no https URL"),
        ("hosts/one.yaml file:///etc/passwd", "no https URL"),
        ("hosts/one.yaml https://127.0.0.1:1/list", "cannot be read"),
        ("requirements.txt hosts/one.yaml", "::error"),
    ],
)
def test_a_mistake_in_the_workflow_is_said(job: Job, lists: str, says: str) -> None:
    job.inputs["INPUT_LISTS"] = lists
    done = replan(job)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert done.stdout.startswith("::error title=depguard re-plan::")
    assert says in done.stdout
    assert branch(job.project) == ""


@pytest.mark.parametrize("event", ["pull_request", "pull_request_target", "issue_comment"])
def test_it_runs_for_nobody_else(job: Job, event: str) -> None:
    job.event_name = event
    (job.folder / "list.txt").write_text(NEWER)
    assert replan(job).returncode == 1
    assert branch(job.project) == ""


def test_its_expressions_reach_scripts_through_the_environment_alone() -> None:
    action = yaml.safe_load((ROOT / "replan" / "action.yml").read_text(encoding="utf-8"))
    for step in action["runs"]["steps"]:
        assert "${{" not in step["run"]
        assert "uses" not in step
    scripts = "".join(
        path.read_text(encoding="utf-8") for path in (ROOT / "action").iterdir() if path.is_file()
    )
    for step in action["runs"]["steps"]:
        assert all(name in scripts for name in step["env"])
