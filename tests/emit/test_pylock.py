from __future__ import annotations

import tomllib
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from depguard.emit.pylock import public_url, render_pylock
from depguard.model.lock import LockedHost
from depguard.model.plan import Action
from depguard.model.release import ArtifactKind
from kit import locks as kit
from kit.golden import matches_golden
from kit.report_parts import action, changes, digest

GOLDEN = Path(__file__).parent / "golden"
HOST = kit.LOCK.hosts[0]
pylock = pytest.importorskip("packaging.pylock", reason="packaging 26 judges, 24 is enough to write")


def with_changes(*actions: Action) -> LockedHost:
    return replace(HOST, changes=changes(*actions))


def test_a_pylock_is_as_it_was_found_good() -> None:
    matches_golden(render_pylock(kit.LOCK, HOST), GOLDEN / "pylock.toml")


def test_it_is_a_valid_pylock() -> None:
    found = pylock.Pylock.from_dict(tomllib.loads(render_pylock(kit.LOCK, HOST)))
    found.validate()
    assert [(str(p.name), str(p.version)) for p in found.packages] == [
        ("alembic", "1.20.1"),
        ("optuna", "5.0.0"),
    ]
    (wheel,) = found.packages[0].wheels
    assert wheel.name == "alembic-1.20.1-py3-none-any.whl"
    assert wheel.hashes == {"sha256": digest(wheel.name)}
    assert wheel.size == 4_590_000
    assert str(found.requires_python) == "==3.12.*"


def test_an_sdist_an_upload_time_and_a_removal() -> None:
    made = action("optuna", None, "5.0.0", "optuna")
    assert made.artifact is not None
    sdist = replace(
        made.artifact,
        kind=ArtifactKind.SDIST,
        filename="optuna-5.0.0.tar.gz",
        url="https://example.org/optuna-5.0.0.tar.gz",
        upload_time=datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=UTC),
    )
    text = render_pylock(
        kit.LOCK, with_changes(replace(made, artifact=sdist), action("old", "1.0", None, "old"))
    )
    found = pylock.Pylock.from_dict(tomllib.loads(text))
    (package,) = found.packages
    assert package.sdist.name == "optuna-5.0.0.tar.gz"
    assert package.sdist.upload_time == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def test_nothing_to_add_is_valid_too() -> None:
    found = pylock.Pylock.from_dict(tomllib.loads(render_pylock(kit.LOCK, with_changes())))
    assert list(found.packages) == []


def test_it_warns_of_sync_and_tells_no_credential() -> None:
    text = render_pylock(kit.LOCK, HOST)
    assert "never with `uv pip sync`" in text
    assert "secret" not in text
    assert "#sha256" not in text
    assert public_url("https://u:p@example.org:8443/a%20b.whl?x=1#sha256=2") == (
        "https://example.org:8443/a%20b.whl?x=1"
    )


@pytest.mark.parametrize("spoil", [{"url": ""}, {"hashes": ()}])
def test_a_file_that_cannot_be_pinned_is_refused(spoil: dict[str, object]) -> None:
    made = action("optuna", None, "5.0.0", "optuna")
    assert made.artifact is not None
    with pytest.raises(ValueError, match="optuna has no file with a URL and a sha256"):
        render_pylock(kit.LOCK, with_changes(replace(made, artifact=replace(made.artifact, **spoil))))  # type: ignore[arg-type] # one field of any type


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=20), st.text(max_size=20))
def test_any_text_is_one_toml_string_or_comment(path: str, tier: str) -> None:
    made = action("optuna", None, "5.0.0", "optuna")
    assert made.artifact is not None
    artifact = replace(made.artifact, filename=path)
    text = render_pylock(replace(kit.LOCK, tier=tier), with_changes(replace(made, artifact=artifact)))
    document = tomllib.loads(text)
    assert document["packages"][0]["wheels"][0]["name"] == path
    assert set(document) == {"lock-version", "requires-python", "created-by", "packages"}
