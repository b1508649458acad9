"""A project of one tier on one described host, with nothing to fetch but what a test provides."""

from __future__ import annotations

POLICY = """\
schema: 1
hosts: [host.yaml]
protected: {numpy: C ABI}
tiers:
  lab: [small]
"""
HOST = """\
schema: 1
name: host
python: 3.12.13
platform: manylinux_2_35_x86_64
distributions:
  numpy: {version: 2.0.2, requires: [], source: "stated for a test"}
"""
WRITTEN = ("requirements-lab.txt", "lockfiles/lab.lock.json", "constraints-host.txt")
"""What locking its tier writes."""
