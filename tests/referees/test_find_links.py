"""What `baseline export-index` writes is what a resolver needs to be shown a host's own versions."""

from __future__ import annotations

from pathlib import Path

import pytest

from depguard.adapters import materialize as workshop
from depguard.app.baseline_materialize import export_index
from kit.hosts import small_host
from kit.referees import Change, Referee, dry_run, make_copy

pytestmark = pytest.mark.referee

HOST = small_host(
    {
        "numpy": "2.0.2",
        "torch": {"version": "2.11.0+cu128", "requires": ["numpy"]},
        "torchvision": {"version": "0.26.0+cu128", "requires": ["torch==2.11.0"]},
    }
)


@pytest.mark.parametrize("label", ["current pip", "uv"])
def test_installers_take_the_hosts_own_versions_from_the_folder(
    label: str, referees: dict[str, Referee], tmp_path: Path
) -> None:
    if label not in referees:
        pytest.skip(f"no {label} beside the tests")
    export_index(HOST, workshop, tmp_path / "links", everything=True)
    empty = make_copy(small_host({}), tmp_path / "empty")
    if empty is None:
        pytest.skip("no Python 3.12 on this machine")
    args = ["--no-index", "--find-links", str(tmp_path / "links"), "torchvision"]
    ran = dry_run(referees[label], empty, args)
    assert ran.changes == frozenset(
        Change(name, None, str(distribution.version)) for name, distribution in HOST.installed.items()
    ), ran.said
