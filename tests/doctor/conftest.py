from __future__ import annotations

import pytest

from kit.real_venvs import Venvs


@pytest.fixture(scope="session")
def venvs(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Venvs:
    """Real environments; the wheels are kept from one run to the next."""
    cache = request.config.cache
    assert cache is not None
    return Venvs(tmp_path_factory.mktemp("venvs"), cache.mkdir("depguard-wheels"))
