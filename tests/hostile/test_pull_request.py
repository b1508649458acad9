"""A pull request that wants more than to install: nothing of it is run, followed or contacted; it is told.

The data: pull_requests.json. Each is a change of a real repository, and ``depguard check --against main``.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from depguard.cli.main import main
from kit.git_project import CELLS, HOST, POLICY, Check, GitProject, make_project

CASES: list[dict[str, Any]] = json.loads(
    (Path(__file__).parent / "pull_requests.json").read_text(encoding="utf-8")
)
SECRETS = ("hunter2", "the-content-of-a-file-outside")


@dataclass
class Listener:
    """A server that somebody named; ``asked`` is what reached it."""

    port: int = 0
    asked: list[str] = field(default_factory=list)


@pytest.fixture
def listener() -> Iterator[Listener]:
    held = Listener()

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

        def do_GET(self) -> None:
            held.asked.append(self.path)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"captum\n")

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    held.port = server.server_port
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield held
    server.shutdown()
    server.server_close()


@pytest.fixture
def project(tmp_path: Path) -> GitProject:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.txt").write_text(f"{SECRETS[1]}==1\n")
    (outside / "policy.yaml").write_text(f"schema: 1\ntiers: {{{SECRETS[1]}: [captum]}}\n")
    (outside / "host.yaml").write_text(HOST.replace("lab/one", SECRETS[1]))
    return make_project(tmp_path)


@pytest.fixture
def check(
    project: GitProject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Check:
    monkeypatch.chdir(project.root)
    monkeypatch.setenv("DEPGUARD_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(project.wheels))

    def run(*words: str) -> tuple[int, str, str]:
        code = main(["check", "--against", "main", *words])
        told = capsys.readouterr()
        return code, told.out, told.err

    return run


def made(case: dict[str, Any], project: GitProject, port: int) -> None:
    outside = str(project.root.parent / "outside")

    def filled(text: str) -> str:
        return text.replace("{outside}", outside).replace("{port}", str(port))

    for path, text in case.get("files", {}).items():
        project.write(path, filled(text))
    if "policy" in case:
        project.write("depguard.yaml", POLICY + filled(case["policy"]))
    if "cell" in case:
        project.notebook(*CELLS, (filled(case["cell"]),))
    project.commit()


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case["name"]).replace(" ", "-"))
def test_a_hostile_change_is_told_and_not_followed(
    case: dict[str, Any], project: GitProject, check: Check, listener: Listener
) -> None:
    made(case, project, listener.port)
    code, out, err = check("--format", "json")
    assert code in (0, 1), err
    report = json.loads(out)
    new = [f for f in report["findings"] if f["standing"] == "new" and f["severity"] == "error"]
    if case["code"] is not None:
        assert code == 1
        assert case["code"] in {f["code"] for f in new}
    said = " ".join([*(f["message"] for f in new), *report["notes"], *(f["hint"] for f in new)])
    assert case["says"] in said
    assert listener.asked == []
    assert not (project.root / "planted").exists()
    assert not any(secret in text for secret in SECRETS for text in (out, err))


def test_there_are_enough_of_them() -> None:
    inputs = json.loads((Path(__file__).parent / "inputs.json").read_text(encoding="utf-8"))
    assert len(CASES) + len(inputs) >= 80


@pytest.mark.parametrize(
    "target", ["{outside}/secret.txt", "../outside/secret.txt", ".git/config", "link.txt"]
)
def test_a_link_that_leaves_the_repository_is_not_followed(
    project: GitProject, check: Check, target: str
) -> None:
    place = target.replace("{outside}", str(project.root.parent / "outside"))
    (project.root / "link.txt").symlink_to(place)
    project.write("requirements.txt", "captum\n-r link.txt\n")
    project.commit()
    code, out, err = check("--format", "json")
    assert code == 1, err
    assert not any(secret in out + err for secret in SECRETS)
    assert "email" not in out  # .git/config


@pytest.mark.parametrize("path", ["requirements.txt", "lab.ipynb", "depguard.yaml", "hosts/one.yaml"])
def test_a_watched_file_that_is_a_link_out_is_not_read(project: GitProject, check: Check, path: str) -> None:
    (project.root / path).unlink()
    (project.root / path).symlink_to(project.root.parent / "outside" / "secret.txt")
    project.commit()
    code, out, err = check("--format", "json")
    assert code in (1, 2), err
    assert not any(secret in out + err for secret in SECRETS)


def test_a_folder_that_is_a_link_out_is_not_entered(project: GitProject, check: Check) -> None:
    (project.root / "more" / "base.txt").unlink()
    (project.root / "more").rmdir()
    (project.root / "more").symlink_to(project.root.parent / "outside")
    project.write("requirements.txt", "captum\n-r more/secret.txt\n")
    project.commit()
    code, out, err = check("--format", "json")
    assert code == 1, err
    assert not any(secret in out + err for secret in SECRETS)


def test_a_file_that_never_ends_is_no_file(project: GitProject, check: Check) -> None:
    (project.root / "requirements-pipe.txt").symlink_to("/dev/zero")
    os.mkfifo(project.root / "requirements-fifo.txt")
    code, out, err = check("--format", "json")
    assert code in (0, 1), err
    json.loads(out)


@pytest.mark.parametrize("form", ["text", "markdown", "github", "sarif", "json"])
def test_names_of_files_are_quoted_in_every_format(project: GitProject, check: Check, form: str) -> None:
    names = (
        "::error::requirements.txt",
        "a`b|c</details>-requirements.txt",
        "\x1b[2J\u202erequirements.txt",
        "@all\n::x::requirements.txt",
    )
    for name in names:
        project.write(name, "tensorflow==2.18\n")
    project.commit()
    code, out, err = check("--format", form)
    assert code == 1, err
    assert all(c == "\n" or c.isprintable() for c in out + err)
    for line in out.splitlines():
        if form == "github":
            assert line.startswith(("::error ", "::warning ", "::notice "))
        else:
            assert not line.lstrip().startswith("::")
