"""The steps of the action, run as scripts on a real repository with a made-up GitHub around them."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from kit.checkout import ROOT
from kit.git_project import BROKEN, CELLS, GitProject, make_project
from kit.github import TOKEN, Api, Job
from kit.live_index import skip_out_of_reach
from kit.sarif import sarif_problems


@pytest.fixture
def job(tmp_path: Path, api: Api) -> Job:
    project = make_project(tmp_path)
    base = project.git("rev-parse", "main")
    event = {"pull_request": {"number": 7, "base": {"sha": base}, "title": "$(id) ${{ github.token }}"}}
    folder = tmp_path / "runner"
    folder.mkdir()
    return Job(project=project, folder=folder, api=api, event=event)


def test_a_change_that_breaks_is_told_everywhere_and_fails_last(job: Job) -> None:
    job.project.notebook(*BROKEN)
    job.project.commit()
    log = job.check().stdout
    outputs = job.outputs()
    assert (outputs["verdict"], outputs["code"]) == ("unsafe", "1")
    annotation = next(line for line in log.splitlines() if line.startswith("::error"))
    assert annotation.startswith("::error file=lab.ipynb,line=")
    assert "tensorflow 2.18 would replace numpy" in annotation
    assert job.summary().startswith("### depguard: REFUSED, 1 new problem")
    report = json.loads(Path(outputs["report"]).read_text())
    assert (report["schema"], report["verdict"]) == ("depguard.check/1", "unsafe")
    assert sarif_problems(json.loads(Path(outputs["sarif"]).read_text())) == []
    assert job.comment() == "depguard: the comment was made\n"
    (comment,) = job.api.comments
    assert comment["body"].startswith("<!-- depguard check ")
    assert "### depguard: REFUSED, 1 new problem" in comment["body"]
    assert job.finish() == 1


def test_the_comment_is_made_once_and_then_updated(job: Job) -> None:
    job.api.comments += [
        {"id": number, "user": {"type": "User"}, "body": "a word"} for number in range(1, 131)
    ]
    job.checked()
    assert job.comment() == "depguard: the comment was made\n"
    job.checked(verdict="SAFE")
    assert job.comment() == "depguard: the comment was updated\n"
    made = [c for c in job.api.comments if c["user"]["type"] == "Bot"]
    assert [c["body"].splitlines()[1] for c in made] == ["### depguard: SAFE"]


def test_a_comment_that_somebody_else_has_forged_is_left_alone(job: Job) -> None:
    job.checked()
    job.comment()
    forged = {**job.api.comments[0], "user": {"type": "User"}}
    job.api.comments[:] = [forged]
    assert job.comment() == "depguard: the comment was made\n"
    assert len(job.api.comments) == 2


@pytest.mark.parametrize("status", [401, 403, 404, 422, 307, 500])
def test_a_token_that_may_only_read_is_no_failure(job: Job, status: int) -> None:
    job.checked()
    job.api.status = status
    told = job.comment()
    assert told.startswith("::notice title=depguard::No comment was written: the API answered")
    assert not any("/elsewhere" in path for path in job.api.asked)


def test_an_api_out_of_reach_is_no_failure(job: Job) -> None:
    job.checked()
    job.inputs["GITHUB_API_URL"] = "http://127.0.0.1:1"
    assert "the API was not reached" in job.comment()


def test_a_change_that_installs_nothing_is_not_talked_about(job: Job) -> None:
    job.checked(verdict="SAFE", touched=0)
    assert "touches nothing" in job.comment()
    assert job.api.comments == []


@pytest.mark.parametrize(
    ("code", "fail_on", "failed"),
    [
        ("0", "new", 0),
        ("1", "new", 1),
        ("1", "all", 1),
        ("1", "never", 0),
        ("2", "never", 1),
        ("3", "new", 1),
        ("", "never", 1),
    ],
)
def test_the_last_step_fails_for_what_was_asked(job: Job, code: str, fail_on: str, failed: int) -> None:
    job.inputs["INPUT_FAIL_ON"] = fail_on
    assert job.finish(code=code, verdict="unsafe") == failed


def test_a_mistake_in_the_workflow_is_no_verdict(job: Job) -> None:
    job.inputs["INPUT_HOSTS"] = "nowhere/at-all"
    told = job.check()
    assert (job.outputs()["verdict"], job.outputs()["code"]) == ("error", "2")
    assert "::error title=depguard could not decide::" in told.stdout
    assert "nowhere/at-all" in job.summary()


def test_hosts_policy_and_what_was_there_before_are_inputs(job: Job) -> None:
    job.inputs |= {
        "INPUT_HOSTS": "hosts/one.yaml,\nhosts/two.yaml",
        "INPUT_POLICY": "depguard.yaml",
        "INPUT_FAIL_ON": "all",
    }
    job.project.notebook(*BROKEN)
    job.event["pull_request"]["base"]["sha"] = job.project.commit()
    job.project.notebook(*BROKEN, ("# more",))
    job.project.commit()
    job.check()
    assert (job.outputs()["code"], job.outputs()["touched"]) == ("1", "1")
    report = json.loads(Path(job.outputs()["report"]).read_text())
    assert [host["name"] for host in report["targets"][0]["hosts"]] == ["lab/one", "lab/two"]


def test_a_shallow_checkout_fetches_its_base(job: Job, tmp_path: Path) -> None:
    job.project.notebook(*BROKEN)
    job.project.commit()
    shallow = tmp_path / "shallow"
    job.project.git(
        "clone", "--quiet", "--depth=1", "--branch=change", f"file://{job.project.root}", str(shallow)
    )
    job.project = GitProject(root=shallow, wheels=job.project.wheels)
    job.check()
    report = json.loads(Path(job.outputs()["report"]).read_text())
    assert {f["standing"] for f in report["findings"]} == {"new"}
    assert [t["path"] for t in report["targets"]] == ["lab.ipynb"]


def test_a_base_that_nobody_has_says_what_to_do(job: Job) -> None:
    job.event["pull_request"]["base"]["sha"] = "1" * 40
    done = job.step("check.py")
    assert done.returncode == 1
    assert "fetch-depth: 0" in done.stdout


@pytest.mark.parametrize(
    "against", ["--upload-pack=touch planted", "-x", "main; touch planted", "$(touch planted)"]
)
def test_a_revision_is_never_an_option_or_a_program(job: Job, against: str) -> None:
    job.inputs["INPUT_AGAINST"] = against
    assert job.step("check.py").returncode == 1
    assert not (job.project.root / "planted").exists()


def test_a_push_is_held_against_what_it_was_on(job: Job) -> None:
    job.event_name = "push"
    job.event = {"before": job.project.git("rev-parse", "main")}
    job.project.notebook(*BROKEN)
    job.project.commit()
    job.check()
    report = json.loads(Path(job.outputs()["report"]).read_text())
    assert report["against"]["base"] == job.event["before"]


def test_a_forced_push_is_checked_whole(job: Job) -> None:
    job.event_name = "push"
    job.event = {"before": "2" * 40}
    job.check()
    report = json.loads(Path(job.outputs()["report"]).read_text())
    assert report["against"] is None


def test_pull_request_target_is_refused(job: Job) -> None:
    job.event_name = "pull_request_target"
    done = job.step("check.py")
    assert done.returncode == 1
    assert "use pull_request" in done.stdout
    assert not (job.folder / "output").exists()


def test_nothing_of_the_change_is_imported_or_obeyed(job: Job) -> None:
    planted = "open('planted', 'w').close()\n"
    for name in ("json", "subprocess", "sitecustomize", "depguard", "yaml", "packaging", "workflow"):
        job.project.write(f"{name}.py", planted)
    job.project.write(".git/hooks/post-checkout", "#!/bin/sh\ntouch planted\n")
    job.project.notebook(
        *CELLS[:2], ("!pip install 'x\\n::error::planted' '::set-output name=verdict::safe'\n",)
    )
    job.project.write("requirements.txt", "::set-output name=verdict::safe\n##[set-output name=code;]0\n")
    job.project.commit()
    log = job.check().stdout
    job.comment()
    assert not (job.project.root / "planted").exists()
    lines = log.splitlines()
    word = lines[0].removeprefix("::stop-commands::")
    free = lines[lines.index(f"::{word}::") + 1 :]
    assert all(line.startswith(("::error ", "::warning ", "::notice ")) for line in free)
    assert not any("##[" in line for line in free)
    assert job.outputs()["code"] == "1"


def test_the_simulation_sees_no_token(job: Job, tmp_path: Path) -> None:
    fake = tmp_path / "venv"
    (fake / "bin").mkdir(parents=True)
    tool = fake / "bin" / "depguard"
    tool.write_text(f"#!/bin/sh\nenv > {tmp_path}/seen\nexit 3\n")
    tool.chmod(0o755)
    job.inputs["DEPGUARD_VENV"] = str(fake)
    job.step("check.py", INPUT_TOKEN=TOKEN, GITHUB_TOKEN=TOKEN)
    assert TOKEN not in (tmp_path / "seen").read_text()
    assert job.outputs()["code"] == "3"


@pytest.mark.network
def test_the_action_installs_itself_away_from_the_change(job: Job) -> None:
    for name in ("pip", "venv", "sitecustomize", "hatchling", "json"):
        job.project.write(f"{name}.py", "raise SystemExit('planted')\n")
    done = job.step("install.sh", INPUT_PYTHON=sys.executable, PIP_NO_INDEX="0", PIP_FIND_LINKS="")
    if done.returncode:
        skip_out_of_reach(done.stdout + done.stderr)
    assert done.returncode == 0, done.stderr
    venv = Path(job.outputs()["venv"])
    assert (venv / "bin" / "depguard").exists()
    shutil.rmtree(venv)


def test_an_old_python_is_said_so(job: Job, tmp_path: Path) -> None:
    old = tmp_path / "python"
    old.write_text("#!/bin/sh\necho Python 3.8.1\nexit 1\n")
    old.chmod(0o755)
    done = job.step("install.sh", INPUT_PYTHON=str(old))
    assert done.returncode == 1
    assert "Python 3.8.1 is too old" in done.stdout


def action() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
    return found


def test_expressions_reach_scripts_through_the_environment_alone() -> None:
    steps = action()["runs"]["steps"]
    assert all("${{" not in step.get("run", "") for step in steps)
    assert all(step["shell"] == "bash" for step in steps)
    assert not any("uses" in step for step in steps)
    assert {"policy", "hosts", "against", "fail-on"} <= set(action()["inputs"])
    assert {"verdict", "report"} <= set(action()["outputs"])


def test_every_input_and_output_is_one_that_a_script_knows() -> None:
    scripts = "".join(
        path.read_text(encoding="utf-8") for path in (ROOT / "action").iterdir() if path.is_file()
    )
    for step in action()["runs"]["steps"]:
        for name in step.get("env", {}):
            assert name in scripts
    for output in action()["outputs"].values():
        name = output["value"].split(".")[-1].removesuffix(" }}")
        assert f'"{name}"' in scripts
