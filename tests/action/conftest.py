from __future__ import annotations

from collections.abc import Iterator

import pytest

from kit.github import Api, github_api


@pytest.fixture
def api() -> Iterator[Api]:
    """A made-up GitHub, as far as the actions ask it."""
    with github_api() as held:
        yield held
