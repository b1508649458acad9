"""The index that shows another one as it was: what real installers take from it."""

from __future__ import annotations

import urllib.error
import urllib.request
from datetime import UTC, datetime
from pathlib import Path

import pytest
from packaging.utils import canonicalize_name
from packaging.version import Version

from depguard.adapters.cache import Cache
from depguard.adapters.index.client import IndexClient
from depguard.adapters.index.settings import IndexSettings
from depguard.adapters.referees.dated_index import DatedIndex
from depguard.adapters.referees.lookup import Lookup
from depguard.adapters.referees.settings import pip_environment, uv_environment, uv_options
from depguard.model.crosscheck import Answered, Ask, Change, Check
from kit.fake_index import FakeIndex
from kit.hosts import small_host
from kit.loopback import Loopback
from kit.referees import Copy, make_copy
from kit.served import write_wheels

CUTOFF = datetime(2026, 11, 1, tzinfo=UTC)
HOST = small_host({})


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Copy:
    made = make_copy(HOST, tmp_path_factory.mktemp("dated") / "copy")
    if made is None:
        pytest.skip("no Python 3.12 on this machine")
    return made


def get(url: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def test_only_what_was_there_then_is_shown() -> None:
    source = FakeIndex.from_dict(
        {
            "a": {
                "1.0": {"uploaded": "2026-10-31T23:59:59", "python": ">=3.9"},
                "1.1": {"uploaded": "2026-10-01", "yanked": 'broken & "bad"'},
                "2.0": {"uploaded": "2026-11-01"},
            }
        }
    )
    with DatedIndex(source, CUTOFF) as index:
        status, text = get(f"{index.url}/a/")
        assert get(f"{index.url}/nothing/")[0] == 404
        assert get(index.url.replace("/simple", "x/simple") + "/a/")[0] == 404
    assert status == 200
    assert "a-1.0-" in text
    assert "a-2.0-" not in text
    assert 'data-requires-python="&gt;=3.9"' in text
    assert 'data-yanked="broken &amp; &quot;bad&quot;"' in text


def test_a_source_that_cannot_answer_is_out_of_reach() -> None:
    source = FakeIndex.from_dict({})
    source.unreachable.add(canonicalize_name("a"))
    with DatedIndex(source, CUTOFF) as index:
        assert get(f"{index.url}/a/")[0] == 503


@pytest.mark.referee
def test_installers_take_what_was_there_then(copy: Copy, tmp_path: Path) -> None:
    offered = FakeIndex.from_dict({"a": {"1.0": ["b"], "2.0": []}, "b": {"1.0": [], "1.5": []}})
    write_wheels(offered, tmp_path / "wheels")
    times = {"a-2.0": "2026-11-02T00:00:00Z", "b-1.5": "2026-11-01T00:00:00Z"}
    uploaded = {
        path.name: times.get("-".join(path.name.split("-")[:2]), "2026-10-01T00:00:00Z")
        for path in (tmp_path / "wheels").iterdir()
    }
    ask = Ask(
        check=Check.SIMULATION,
        host=HOST,
        directory=copy.directory,
        uv_options=copy.uv_options,
        requirements=("a",),
    )
    with Loopback(tmp_path / "wheels", json=True, pep658=True, uploaded=uploaded) as upstream:
        settings = IndexSettings(index_url=upstream.url)
        with IndexClient(settings, cache=Cache.none()) as source, DatedIndex(source, CUTOFF) as dated:
            found = Lookup(
                cache=tmp_path / "cache",
                note=pytest.fail,
                pip_env=pip_environment(settings, dated=dated.url) | {"PIP_NO_CACHE_DIR": "1"},
                uv_env=uv_environment(settings, CUTOFF) | {"UV_NO_CACHE": "1"},
                uv_options=uv_options(settings),
            )
            answers = {"pip": found.some_pip().answer(ask), "uv": found.some_uv().answer(ask)}
    for who, answer in answers.items():
        assert isinstance(answer, Answered), (who, answer)
        told = {str(change) for change in answer.changes or ()}
        assert told == {"a 1.0", "b 1.0"}, (who, answer.said)


def test_settings_become_variables(tmp_path: Path) -> None:
    settings = IndexSettings(
        index_url="https://user:pw@example.org/simple",
        extra_index_urls=("https://example.org/a", "https://example.org/b"),
        find_links=(str(tmp_path / "my links"), "https://example.org/links"),
        trusted_hosts=("example.org",),
        cert=tmp_path / "ca.pem",
    )
    links = [(tmp_path / "my links").as_uri(), "https://example.org/links"]
    pip = pip_environment(settings)
    assert pip["PIP_INDEX_URL"] == "https://user:pw@example.org/simple"
    assert pip["PIP_EXTRA_INDEX_URL"] == "https://example.org/a https://example.org/b"
    assert pip["PIP_FIND_LINKS"] == " ".join(links)
    assert (pip["PIP_TRUSTED_HOST"], pip["PIP_CERT"]) == ("example.org", str(tmp_path / "ca.pem"))
    dated = pip_environment(settings, dated="http://127.0.0.1:1/x/simple")
    assert (dated["PIP_INDEX_URL"], "PIP_EXTRA_INDEX_URL" in dated) == ("http://127.0.0.1:1/x/simple", False)
    uv = uv_environment(settings, CUTOFF)
    assert uv["UV_EXCLUDE_NEWER"] == "2026-11-01T00:00:00+00:00"
    assert (uv["UV_FIND_LINKS"], uv["UV_INSECURE_HOST"]) == (",".join(links), "example.org")
    assert "HTTPS_PROXY" not in uv
    through = uv_environment(IndexSettings(index_url=None, proxy="http://127.0.0.1:1"), None)
    assert {through["HTTP_PROXY"], through["HTTPS_PROXY"]} == {"http://127.0.0.1:1"}
    nothing = IndexSettings(index_url=None, no_index=True)
    assert (pip_environment(nothing)["PIP_NO_INDEX"], uv_options(nothing)) == ("1", ("--no-index",))


def test_a_change_reads_as_it_is() -> None:
    name = canonicalize_name("a")
    one, two = Version("1"), Version("2")
    changes = (Change(name, None, one), Change(name, one, two), Change(name, one, None))
    assert [str(change) for change in changes] == ["a 1", "a 1 -> 2", "a 1 removed"]
