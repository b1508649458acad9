"""depguard's own install and an install of a tier, among real numpy, scipy and pandas: every byte stays."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
from pathlib import Path

import pytest

from kit.checkout import ROOT
from kit.live_index import skip_out_of_reach, skip_undecided
from kit.real_venvs import Venv, kept_venvs

pytestmark = [pytest.mark.network, pytest.mark.referee]

# Older than what depguard would take if it could choose: they are to stay, as on a real host.
THERE = ("numpy==2.2.6", "scipy", "pandas", "pip", "packaging==24.0", "urllib3==2.0.7", "PyYAML==6.0.1")
POLICY = """\
schema: 1
protected: {numpy: C ABI, scipy: built on numpy, pandas: built on numpy}
tiers:
  learn: {about: "learning", requires: [scikit-learn]}
  broken: [numpy<2]
"""


@pytest.fixture(scope="module")
def venv(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Venv:
    return kept_venvs(request.config, tmp_path_factory).make(*THERE)


def every_byte(venv: Venv) -> dict[str, str]:
    """All that is in site-packages, byte code aside."""
    return {
        str(path.relative_to(venv.site)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in venv.site.rglob("*")
        if path.is_file() and path.suffix != ".pyc"
    }


def depguard(venv: Venv, folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(venv.python), "-m", "depguard", *words],
        cwd=folder,
        env={**os.environ, "DEPGUARD_CACHE_DIR": str(folder / "cache")},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def test_nothing_that_was_there_changes(venv: Venv, tmp_path: Path) -> None:
    before = every_byte(venv)
    own = venv.pip("install", "--quiet", str(ROOT))
    if own.returncode != 0:
        skip_out_of_reach(own.stderr + own.stdout)
    assert own.returncode == 0, own.stderr
    after = every_byte(venv)
    assert {path for path, digest in before.items() if after.get(path) != digest} == set()
    assert {path.partition("-")[0] for path in after.keys() - before.keys() if ".dist-info/" in path} == {
        "depguard_policy",
        "platformdirs",
        "resolvelib",
        "truststore",
    }

    (tmp_path / "depguard.yaml").write_text(POLICY)
    done = depguard(venv, tmp_path, "install", "learn", "--format", "json", "--log", "runs.jsonl")
    skip_undecided(done.returncode, done.stderr)
    assert done.returncode == 0, done.stdout + done.stderr
    said = json.loads(done.stdout)
    assert said["outcome"] == "ready"
    assert {wheel["name"] for wheel in said["wheels"]} >= {"scikit-learn", "joblib", "threadpoolctl"}
    assert said["protected"]["distributions"] == 3
    assert said["protected"]["changes"] == []
    assert {probe["outcome"] for probe in said["probes"]} <= {"passed", "skipped"}
    assert any(probe["package"] == "scipy" and probe["outcome"] == "passed" for probe in said["probes"])
    now = every_byte(venv)
    assert {path for path, digest in after.items() if now.get(path) != digest} == set()
    assert venv.run(
        "import sklearn.linear_model as m; print(m.LinearRegression().fit([[0],[1]], [0,1]).coef_[0])"
    )

    refused = depguard(venv, tmp_path, "install", "broken")
    assert refused.returncode == 1
    assert "[DG101]" in refused.stdout
    assert every_byte(venv) == now
