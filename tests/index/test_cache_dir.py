"""Where the cache lies, found without importing what would say the same."""

from __future__ import annotations

import platformdirs
import pytest

from depguard.adapters.cache import default_cache_dir


@pytest.mark.parametrize(
    "environ",
    [{"HOME": "/home/somebody"}, {"HOME": "/home/somebody", "XDG_CACHE_HOME": ""}, {"XDG_CACHE_HOME": "/caches"},
     {"HOME": "/home/somebody", "XDG_CACHE_HOME": "/caches"}],
)  # fmt: skip
def test_it_is_the_platforms_own(environ: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    assert default_cache_dir(environ) == platformdirs.user_cache_dir("depguard", appauthor=False)


def test_it_can_be_said() -> None:
    assert default_cache_dir({"HOME": "/home/somebody", "DEPGUARD_CACHE_DIR": "here"}) == "here"
