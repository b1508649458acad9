"""A real index on 127.0.0.1 over a folder of wheels and sdists, with the habits and faults of real ones.

with Loopback(folder, json=True, pep658=True) as index:
    index.url            # http://127.0.0.1:PORT/simple
    index.requests       # what was asked for: method, path, and headers in lower case
    index.etag = True    # every switch may be turned while it runs
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import html
import json
import re
import ssl
import threading
import time
import zipfile
from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote, unquote, urlsplit

from packaging.utils import canonicalize_name, parse_sdist_filename, parse_wheel_filename

from kit.rounds import Rounds


@dataclass(frozen=True, slots=True)
class Asked:
    """One request that came in."""

    method: str
    path: str
    headers: Mapping[str, str]


@dataclass(slots=True)
class Answer:
    """What goes out; ``cut`` leaves out so many bytes at the end of the body and hangs up."""

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    cut: int = 0


@dataclass(slots=True)
class Loopback:
    """The server and its switches.

    ``ranges``: "yes", "no" (whole files only), "no-suffix" (ranges, but not "the last so many bytes").
    ``uploaded``: ISO times by file name; ``yanked``: reasons by file name. ``users``: who may come in, with
    basic authentication. ``redirects``: from path to URL. ``answers``: path to what is answered, before all
    else. ``unavailable`` and ``truncated`` count down: so many answers are a 503, or break off. ``slow``:
    seconds before each answer; ``gate`` holds answers back. ``absent``: the status for a project that is not
    there. ``tls``: the server's side of https.
    """

    folder: Path
    _: KW_ONLY
    json: bool = False
    pep658: bool = False
    bad_metadata_hash: bool = False
    ranges: str = "yes"
    sizes: bool = True
    hashes: bool = True
    etag: bool = False
    cache_control: str | None = None
    gzip: bool = False
    uploaded: Mapping[str, str] = field(default_factory=dict)
    yanked: Mapping[str, str] = field(default_factory=dict)
    users: Mapping[str, str] | None = None
    redirects: dict[str, str] = field(default_factory=dict)
    answers: dict[str, Answer] = field(default_factory=dict)
    unavailable: int = 0
    retry_after: str | None = None
    truncated: int = 0
    slow: float = 0.0
    gate: Rounds | None = None
    absent: int = 404
    tls: ssl.SSLContext | None = None
    requests: list[Asked] = field(default_factory=list)
    _server: ThreadingHTTPServer | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def origin(self) -> str:
        assert self._server is not None
        return f"http{'s' if self.tls else ''}://127.0.0.1:{self._server.server_port}"

    @property
    def url(self) -> str:
        return f"{self.origin}/simple"

    def paths(self, method: str = "GET") -> list[str]:
        """The paths asked for so far, in order."""
        return [asked.path for asked in self.requests if asked.method == method]

    def __enter__(self) -> Self:
        outer: Loopback = self

        class Handler(_Handler):
            loopback = outer

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        if self.tls is not None:
            self._server.socket = self.tls.wrap_socket(self._server.socket, server_side=True)
        threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        ).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, _: BaseException | None, __: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._server.shutdown()
        self._server.server_close()

    def answer(self, asked: Asked) -> Answer:
        """What to answer; the one place where the switches act."""
        with self._lock:
            self.requests.append(asked)
        if self.slow:
            time.sleep(self.slow)
        if self.gate is not None:
            self.gate.wait(asked.path)
        with self._lock:
            if self.unavailable:
                self.unavailable -= 1
                return Answer(503, b"later", {"Retry-After": self.retry_after} if self.retry_after else {})
            cut = 7 if self.truncated else 0
            self.truncated = max(self.truncated - 1, 0)
        path = urlsplit(asked.path).path
        if self.users is not None and not self._welcome(asked):
            return Answer(401, b"who are you?", {"WWW-Authenticate": 'Basic realm="kit"'})
        if path in self.redirects:
            return Answer(302, b"", {"Location": self.redirects[path]})
        if path in self.answers:
            return self.answers[path]
        answer = (
            self._file(asked, unquote(path[7:])) if path.startswith("/files/") else self._page(asked, path)
        )
        answer.cut = cut
        return answer

    def _welcome(self, asked: Asked) -> bool:
        given = asked.headers.get("authorization", "").removeprefix("Basic ")
        user, _, password = base64.b64decode(given).decode().partition(":")
        return self.users is not None and self.users.get(user) == password

    def _page(self, asked: Asked, path: str) -> Answer:
        if path == "/simple/":
            return Answer(200, b"<!DOCTYPE html>", {"Content-Type": "text/html"})
        name = path.removeprefix("/simple/").rstrip("/")
        files = [file for file in sorted(self.folder.iterdir()) if _project(file.name) == name]
        if not files:
            return Answer(self.absent, b"not here")
        as_json = self.json and "application/vnd.pypi.simple.v1+json" in asked.headers.get("accept", "")
        text = self._json(name, files) if as_json else self._html(name, files)
        body = text.encode()
        headers = {
            "Content-Type": "application/vnd.pypi.simple.v1+json" if as_json else "text/html; charset=utf-8"
        }
        if self.cache_control is not None:
            headers["Cache-Control"] = self.cache_control
        if self.etag:
            headers["ETag"] = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
            if asked.headers.get("if-none-match") == headers["ETag"]:
                return Answer(304, b"", headers)
        if self.gzip and "gzip" in asked.headers.get("accept-encoding", ""):
            headers["Content-Encoding"] = "gzip"
            body = gzip.compress(body, mtime=0)
        return Answer(200, body, headers)

    def _json(self, name: str, files: list[Path]) -> str:
        entries = []
        for file in files:
            entry: dict[str, object] = {
                "filename": file.name,
                "url": f"/files/{quote(file.name)}",
                "hashes": {},
            }
            if self.hashes:
                entry["hashes"] = {"sha256": _sha256(file.read_bytes())}
            if self.sizes:
                entry["size"] = file.stat().st_size
            if python := _requires_python(file):
                entry["requires-python"] = python
            if file.name in self.uploaded:
                entry["upload-time"] = self.uploaded[file.name]
            if file.name in self.yanked:
                entry["yanked"] = self.yanked[file.name] or True
            if self.pep658 and file.suffix == ".whl":
                entry["core-metadata"] = {"sha256": self._metadata_hash(file)}
            entries.append(entry)
        return json.dumps({"meta": {"api-version": "1.1"}, "name": name, "files": entries, "versions": []})

    def _html(self, name: str, files: list[Path]) -> str:
        lines = [f"<!DOCTYPE html>\n<html><head><title>Links for {name}</title></head><body><h1>Links</h1>"]
        for file in files:
            attributes = {"href": f"/files/{quote(file.name)}"}
            if self.hashes:
                attributes["href"] += f"#sha256={_sha256(file.read_bytes())}"
            if python := _requires_python(file):
                attributes["data-requires-python"] = python
            if file.name in self.uploaded:
                attributes["data-upload-time"] = self.uploaded[file.name]
            if file.name in self.yanked:
                attributes["data-yanked"] = self.yanked[file.name]
            if self.pep658 and file.suffix == ".whl":
                attributes["data-core-metadata"] = f"sha256={self._metadata_hash(file)}"
            written = " ".join(f'{key}="{html.escape(value)}"' for key, value in attributes.items())
            lines.append(f"<a {written}>{html.escape(file.name)}</a><br/>")
        return "\n".join([*lines, "</body></html>"])

    def _metadata_hash(self, file: Path) -> str:
        return "0" * 64 if self.bad_metadata_hash else _sha256(_metadata(file))

    def _file(self, asked: Asked, name: str) -> Answer:
        if name.endswith(".whl.metadata") and self.pep658:
            return Answer(200, _metadata(self.folder / name.removesuffix(".metadata")))
        path = self.folder / name
        if not path.is_file():
            return Answer(404, b"no such file")
        body = path.read_bytes()
        wanted = re.fullmatch(r"bytes=(\d*)-(\d*)", asked.headers.get("range", ""))
        if wanted is None or self.ranges == "no":
            return Answer(200, body)
        first, last = wanted.groups()
        if not first and self.ranges == "no-suffix":
            return Answer(416, b"")
        begin = int(first) if first else max(len(body) - int(last), 0)
        end = min(int(last) + 1, len(body)) if first and last else len(body)
        if begin >= end:
            return Answer(416, b"", {"Content-Range": f"bytes */{len(body)}"})
        return Answer(206, body[begin:end], {"Content-Range": f"bytes {begin}-{end - 1}/{len(body)}"})


class _Handler(BaseHTTPRequestHandler):
    loopback: Loopback
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._answer()

    def do_HEAD(self) -> None:
        self._answer()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the standard library's name for it
        pass

    def _answer(self) -> None:
        headers = {key.lower(): value for key, value in self.headers.items()}
        answer = self.loopback.answer(Asked(self.command, self.path, headers))
        self.send_response(answer.status)
        for key, value in answer.headers.items():
            self.send_header(key, value)
        if "Content-Length" not in answer.headers and answer.status != 304:
            self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        if self.command == "GET" and answer.status != 304:
            try:
                self.wfile.write(answer.body[: len(answer.body) - answer.cut])
            except (BrokenPipeError, ConnectionResetError):
                self.close_connection = True
        if answer.cut:
            self.close_connection = True


def _project(filename: str) -> str | None:
    if filename.endswith(".whl"):
        return parse_wheel_filename(filename)[0]
    try:
        return parse_sdist_filename(filename)[0]
    except ValueError:
        return canonicalize_name(filename.rpartition("-")[0])


def _metadata(wheel: Path) -> bytes:
    with zipfile.ZipFile(wheel) as archive:
        (member,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        return archive.read(member)


def _requires_python(file: Path) -> str | None:
    if file.suffix != ".whl" or not zipfile.is_zipfile(file):
        return None
    try:
        found = re.search(r"^Requires-Python: (.+)$", _metadata(file).decode(), re.MULTILINE)
    except (ValueError, KeyError, zipfile.BadZipFile):
        return None
    return found[1] if found else None


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
