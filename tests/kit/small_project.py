"""A project of one tier on one described host, with nothing to fetch but what a test provides."""

from __future__ import annotations

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
