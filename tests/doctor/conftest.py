from __future__ import annotations

import pytest

from kit.real_venvs import Venvs, kept_venvs


@pytest.fixture(scope="session")
def venvs(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Venvs:
    return kept_venvs(request.config, tmp_path_factory)
