"""Where the cache lies, found without importing what would say the same."""

from __future__ import annotations

import platformdirs
import pytest

from depguard.adapters.cache_place import cache_place

HOME = {"HOME": "/home/somebody"}


@pytest.mark.parametrize(
    "environ",
    [
        HOME,
        {**HOME, "XDG_CACHE_HOME": ""},
        {"XDG_CACHE_HOME": "/caches"},
        {**HOME, "XDG_CACHE_HOME": "/caches"},
    ],
)
def test_it_is_the_platforms_own(environ: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    assert cache_place(environ) == platformdirs.user_cache_dir("depguard", appauthor=False)


def test_it_can_be_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/somebody")
    said = {**HOME, "DEPGUARD_CACHE_DIR": "here"}
    assert cache_place(said) == "here"
    assert cache_place(said, "there") == "there"
    assert cache_place({**HOME, "DEPGUARD_CACHE_DIR": "~/mine"}) == "/home/somebody/mine"
    assert cache_place(HOME, "~/mine") == "/home/somebody/mine"
