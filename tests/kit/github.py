"""GitHub made up: an API on 127.0.0.1 with comments and pull requests; what a runner sets for a step."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from kit.checkout import ROOT
from kit.git_project import GitProject

TOKEN = "made-up"  # noqa: S105 - no secret: the loopback API asks for it

KEPT = ("PATH", "HOME", "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "HTTPS_PROXY", "https_proxy")
"""Of this machine's environment: how it reaches an index, and nothing that says which."""


@dataclass
class Api:
    """A GitHub API: the comments of one pull request, and pull requests. ``status`` refuses writes."""

    port: int = 0
    status: int = 201
    comments: list[dict[str, Any]] = field(default_factory=list)
    pulls: list[dict[str, Any]] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)


@contextmanager
def github_api() -> Iterator[Api]:
    """The API, while the block runs."""
    held = Api()

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

        def answer(self, status: int, value: object) -> None:
            body = json.dumps(value).encode()
            self.send_response(status)
            if status in (301, 307):
                self.send_header("Location", f"http://127.0.0.1:{held.port}/elsewhere")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def handle_one(self) -> None:
            held.asked.append(f"{self.command} {self.path}")
            assert self.headers["Authorization"] == f"Bearer {TOKEN}"
            data = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)) or "{}")
            if self.command == "GET" and "/pulls?" in self.path:
                self.answer(200, held.pulls)
            elif self.command == "GET":
                page = int(self.path.rpartition("page=")[2])
                self.answer(200, held.comments[(page - 1) * 100 : page * 100])
            elif held.status != 201:
                self.answer(held.status, {})
            elif self.command == "POST" and self.path.endswith("/pulls"):
                held.pulls.append({"number": len(held.pulls) + 1, **data})
                self.answer(201, {})
            elif "/pulls/" in self.path:
                held.pulls[int(self.path.rpartition("/")[2]) - 1].update(data)
                self.answer(200, {})
            elif self.command == "POST":
                held.comments.append({"id": len(held.comments) + 1, "user": {"type": "Bot"}, **data})
                self.answer(201, {})
            else:
                number = int(self.path.rpartition("/")[2])
                next(c for c in held.comments if c["id"] == number).update(data)
                self.answer(200, {})

        do_GET = do_POST = do_PATCH = handle_one  # noqa: N815 - http.server's own names

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    held.port = server.server_port
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield held
    finally:
        server.shutdown()
        server.server_close()


@dataclass
class Job:
    """One job: what GitHub sets, and what its steps have written."""

    project: GitProject
    folder: Path
    api: Api
    inputs: dict[str, str] = field(default_factory=dict)
    event: dict[str, Any] = field(default_factory=dict)
    event_name: str = "pull_request"

    def step(self, script: str, **more: str) -> subprocess.CompletedProcess[str]:
        (self.folder / "event.json").write_text(json.dumps(self.event))
        environ = {
            **{name: os.environ[name] for name in KEPT if name in os.environ},
            "GITHUB_ACTION_PATH": str(ROOT),
            "GITHUB_API_URL": f"http://127.0.0.1:{self.api.port}",
            "GITHUB_EVENT_NAME": self.event_name,
            "GITHUB_EVENT_PATH": str(self.folder / "event.json"),
            "GITHUB_OUTPUT": str(self.folder / "output"),
            "GITHUB_REPOSITORY": "somebody/course",
            "GITHUB_STEP_SUMMARY": str(self.folder / "summary"),
            "GITHUB_WORKFLOW": "checks",
            "GITHUB_JOB": "depguard",
            "RUNNER_TEMP": str(self.folder),
            "DEPGUARD_VENV": sys.prefix,
            "DEPGUARD_CACHE_DIR": str(self.folder / "cache"),
            "PIP_CONFIG_FILE": os.devnull,
            "PIP_NO_INDEX": "1",
            "PIP_FIND_LINKS": str(self.project.wheels),
            **self.inputs,
            **more,
        }
        command = ["bash"] if script.endswith(".sh") else [sys.executable, "-I"]
        return subprocess.run(
            [*command, str(ROOT / "action" / script)],
            cwd=self.project.root,
            env=environ,
            capture_output=True,
            text=True,
            check=False,
        )

    def check(self) -> subprocess.CompletedProcess[str]:
        done = self.step("check.py")
        assert done.returncode == 0, done.stdout + done.stderr
        return done

    def comment(self) -> str:
        outputs = self.outputs()
        done = self.step(
            "comment.py",
            INPUT_TOKEN=TOKEN,
            COMMENT_FILE=outputs["comment"],
            COMMENT_NEEDED=outputs["touched"],
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def finish(self, **known: str) -> int:
        outputs = known or self.outputs()
        done = self.step("finish.sh", CHECK_CODE=outputs["code"], CHECK_VERDICT=outputs["verdict"])
        return done.returncode

    def checked(self, *, verdict: str = "REFUSED", touched: int = 1) -> None:
        """What a check leaves for the comment, without one."""
        comment = self.folder / "comment.md"
        comment.write_text(f"### depguard: {verdict}\n")
        (self.folder / "output").write_text(f"comment={comment}\ntouched={touched}\n")

    def outputs(self) -> dict[str, str]:
        lines = (self.folder / "output").read_text().splitlines()
        return dict(line.split("=", 1) for line in lines)

    def summary(self) -> str:
        return (self.folder / "summary").read_text()
