"""A project of one tier on one described host, with nothing to fetch but what a test provides."""

from __future__ import annotations

from pathlib import Path

from kit.hosts import host_text

POLICY = """\
schema: 1
hosts: [host.yaml]
protected: {numpy: C ABI}
tiers:
  lab: [small]
"""
HOST = host_text({"numpy": "2.0.2"})
WRITTEN = ("requirements-lab.txt", "lockfiles/lab.lock.json", "constraints-host.txt")
"""What locking its tier writes."""


def write_project(folder: Path, *, policy: str = POLICY, host: str = HOST) -> Path:
    """Make the project in a new folder, with a git root."""
    (folder / ".git").mkdir(parents=True)
    (folder / "depguard.yaml").write_text(policy)
    (folder / "host.yaml").write_text(host)
    return folder
