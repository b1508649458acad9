from __future__ import annotations

import base64
import os
import stat
import sys
import types
from pathlib import Path

import pytest
from packaging.utils import canonicalize_name

from depguard.adapters.index.addresses import Basic, local_path, project_url, redact, split_credentials
from depguard.adapters.index.settings import IndexSettings
from depguard.errors import OutOfReachError
from kit.index_bench import Bench
from kit.loopback import Answer, Loopback

DEMO = canonicalize_name("demo")
SECRET = "s3cr3t:p@ss"  # noqa: S105 - of a server that lives for one test
QUOTED = "s3cr3t%3Ap%40ss"


def with_user(url: str, userinfo: str) -> str:
    return url.replace("://", f"://{userinfo}@")


def sent(index: Loopback) -> set[str]:
    return {
        base64.b64decode(asked.headers["authorization"].removeprefix("Basic ")).decode()
        for asked in index.requests
        if "authorization" in asked.headers
    }


def test_credentials_in_the_url_reach_pages_and_files_and_nothing_else(
    bench: Bench, wheels: Path, tmp_path: Path
) -> None:
    with Loopback(wheels, users={"me": SECRET}) as index:
        client = bench.client(with_user(index.url, f"me:{QUOTED}"), cache=tmp_path)
        page = client.page(DEMO)
        for artifact in page.artifacts:
            client.metadata(artifact)
        assert all("authorization" in asked.headers for asked in index.requests)
        assert page.artifacts[0].index == index.url
    shown = repr((client.settings, page, bench.notes, Basic("me", SECRET)))
    kept = b"".join(path.read_bytes() for path in tmp_path.glob("index.sqlite3*"))
    assert page.artifacts[0].filename.encode() in kept
    for secret in (SECRET, QUOTED, "s3cr3t"):
        assert secret not in shown
        assert secret.encode() not in kept


def test_a_refusal_shows_no_credentials(bench: Bench, wheels: Path) -> None:
    with (
        Loopback(wheels, users={"me": SECRET}) as index,
        pytest.raises(OutOfReachError, match="answers 401") as caught,
    ):
        bench.client(with_user(index.url, "me:wrong-secret")).page(DEMO)
    problem = caught.value.problems[0]
    assert "wrong-secret" not in repr(caught.value) + str(problem)
    assert index.url in problem.message


def test_netrc(bench: Bench, wheels: Path, tmp_path: Path) -> None:
    (tmp_path / "my-netrc").write_text(
        "machine 127.0.0.1 login me password hush\ndefault login no password no\n"
    )
    bench.environ["NETRC"] = str(tmp_path / "my-netrc")
    with Loopback(wheels, users={"me": "hush"}) as index:
        assert bench.client(index.url).page(DEMO).found
        # what the URL itself says goes first
        with pytest.raises(OutOfReachError, match="401"):
            bench.client(with_user(index.url, "me:other")).page(DEMO)


def test_a_netrc_at_home_that_cannot_be_read_is_noted_without_its_text(
    bench: Bench, wheels: Path, tmp_path: Path
) -> None:
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login me password hush extra tokens")
    bench.environ["HOME"] = str(tmp_path)
    with Loopback(wheels) as index:
        assert bench.client(index.url).page(DEMO).found
    assert len(bench.notes) == 1
    assert "cannot be read as a netrc file" in bench.notes[0]
    assert "hush" not in bench.notes[0]


def test_the_keyring_is_asked_after_a_refusal_and_once(
    bench: Bench, wheels: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[str, str | None]] = []

    def get_credential(service: str, user: str | None) -> types.SimpleNamespace | None:
        asked.append((service, user))
        if not service.startswith("http"):
            return None
        return types.SimpleNamespace(username="me", password="hush")  # noqa: S106 - as above

    fake = types.ModuleType("keyring")
    monkeypatch.setattr(fake, "get_credential", get_credential, raising=False)
    monkeypatch.setitem(sys.modules, "keyring", fake)
    with Loopback(wheels) as open_index:
        bench.client(open_index.url, keyring=True).page(DEMO)
        assert asked == []
    with Loopback(wheels, users={"me": "hush"}) as index:
        client = bench.client(index.url, keyring=True)
        client.metadata(client.page(DEMO).artifacts[0])
        client.page(canonicalize_name("other"))
        assert asked == [(index.url, None)]
        assert sum("authorization" not in asked.headers for asked in index.requests) == 1


def test_a_keyring_that_fails_is_noted(bench: Bench, wheels: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def get_credential(service: str, user: str | None) -> None:
        raise RuntimeError(f"locked: {service} {user} hush")

    fake = types.ModuleType("keyring")
    monkeypatch.setattr(fake, "get_credential", get_credential, raising=False)
    monkeypatch.setitem(sys.modules, "keyring", fake)
    with Loopback(wheels, users={}) as index, pytest.raises(OutOfReachError, match="401"):
        bench.client(index.url, keyring=True).page(DEMO)
    assert bench.notes == ["the keyring cannot be used: RuntimeError"]


@pytest.mark.skipif(os.name == "nt", reason="the stand-in for the command is a shell script")
def test_the_keyring_command_is_asked_where_there_is_no_package(
    bench: Bench, wheels: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = tmp_path / "bin" / "keyring"
    command.parent.mkdir()
    command.write_text('#!/bin/sh\n[ "$1 $3" = "get me" ] && echo hush\n')
    command.chmod(command.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", str(command.parent), prepend=os.pathsep)
    monkeypatch.setitem(sys.modules, "keyring", None)
    with Loopback(wheels, users={"me": "hush"}) as index:
        assert bench.client(with_user(index.url, "me"), keyring=True).page(DEMO).found
        with pytest.raises(OutOfReachError, match="401"):
            bench.client(with_user(index.url, "you"), keyring=True).page(DEMO)


def test_a_redirect_to_another_host_takes_no_credentials_along(bench: Bench, wheels: Path) -> None:
    with Loopback(wheels) as elsewhere, Loopback(wheels, users={"me": "hush"}) as index:
        index.redirects["/simple/demo/"] = f"{elsewhere.url}/demo/"
        index.redirects["/simple/other/"] = "/simple/demo2/"
        index.answers["/simple/demo2/"] = Answer(
            200, b'<a href="other-2.0.zip">', {"Content-Type": "text/html"}
        )
        client = bench.client(with_user(index.url, "me:hush"))
        (first, *_) = client.page(DEMO).artifacts
        client.metadata(first)
        assert first.url.startswith(elsewhere.origin)
        assert sent(elsewhere) == set()
        (other,) = client.page(canonicalize_name("other")).artifacts
        assert other.url == f"{index.url}/demo2/other-2.0.zip"


def test_links_to_another_host_take_no_credentials_along(bench: Bench, wheels: Path) -> None:
    with Loopback(wheels) as elsewhere, Loopback(wheels, users={"me": "hush"}) as index:
        link = f'<a href="{with_user(elsewhere.origin, "x:y")}/files/demo-1.1.tar.gz">'
        index.answers["/simple/demo/"] = Answer(200, link.encode(), {"Content-Type": "text/html"})
        client = bench.client(with_user(index.url, "me:hush"))
        client.metadata(client.page(DEMO).artifacts[0])
        assert len(elsewhere.requests) == 1
        assert sent(elsewhere) == set()


def test_two_indexes_on_one_host_get_their_own(bench: Bench, wheels: Path) -> None:
    with Loopback(wheels) as index:
        other = f"{index.origin}/second"
        index.answers["/second/demo/"] = Answer(404)
        client = bench.client(with_user(index.url, "a:1"), extra_index_urls=(with_user(other, "b:2"),))
        client.page(DEMO)
        by_path = {asked.path: asked.headers["authorization"] for asked in index.requests}
    assert base64.b64decode(by_path["/simple/demo/"][6:]) == b"a:1"
    assert base64.b64decode(by_path["/second/demo/"][6:]) == b"b:2"


def test_addresses() -> None:
    assert redact("https://u:p@example.org:8/simple/?token=x#y") == "https://example.org:8/simple/"
    assert redact("https://[bad") == "(not a URL)"
    assert split_credentials("https://u%40x:p%3A@example.org/a")[1] == Basic("u@x", "p:")
    assert split_credentials("https://example.org/a@b") == ("https://example.org/a@b", None)
    assert project_url("https://example.org/simple/?t=1", "demo") == "https://example.org/simple/demo/?t=1"
    assert local_path("https://example.org") is None
    assert local_path("git+https://example.org") is None
    assert local_path("file:///a%20b") == Path("/a b")
    assert local_path("wheels/folder") == Path("wheels/folder")
    assert "hush" not in repr(IndexSettings(index_url="https://u:hush@example.org/simple"))
