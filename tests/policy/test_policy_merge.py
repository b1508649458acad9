"""Policies that extend others: what the nearer text says wins, key by key."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime

from depguard.model.policy import Builds, Installer, Policy, Severity
from depguard.parse.policy import merge, read_draft

BASE = """\
schema: 1
name: base
installer: uv
hosts: [a/one, a/two]
protected:
  numpy: base's reason
  torch: {family: [triton], reason: base}
held:
  protobuf: {allow: same-major, reason: base}
forbidden:
  sklearn: base
overrides: [{package: captum==0.8.0, drop: numpy, reason: base}]
waive: [{code: DG202, package: ydf, until: 2027-01-31, reason: base}]
sources: {builds: allow, exclude-newer: 2026-11-01, index-url: https://example.org/simple}
rules: {DG204: off, DG403: note}
tiers: {tier1: [torchinfo]}
"""


def merged(*texts: str) -> Policy:
    return merge([read_draft(text, f"p{i}.yaml") for i, text in enumerate(texts)])


def test_everything_but_the_tiers_and_the_name_is_inherited() -> None:
    policy = merged("schema: 1\nextends: base\ntiers: {lab: [einops]}\n", BASE)
    assert policy.name == "p0"
    assert list(policy.tiers) == ["lab"]
    assert policy.tiers["lab"].output == "requirements-lab.txt"
    assert policy.installer is Installer.UV
    assert policy.hosts == ("a/one", "a/two")
    assert [p.pattern for p in policy.protected] == ["numpy", "torch"]
    assert [p.location.file for p in policy.protected if p.location] == ["p1.yaml", "p1.yaml"]
    assert (len(policy.held), len(policy.forbidden), len(policy.overrides), len(policy.waivers)) == (
        1,
        1,
        1,
        1,
    )
    assert policy.sources.exclude_newer == datetime(2026, 11, 1, tzinfo=UTC)
    assert [s.label for s in policy.sources_used] == ["p0.yaml", "p1.yaml"]


def test_what_is_said_again_is_replaced_and_lists_are_joined() -> None:
    policy = merged(
        """\
schema: 1
extends: base
name: mine
hosts: [a/three]
installer: pip
protected: {NumPy: mine}
overrides: [{package: onnx==1.0, drop: protobuf, reason: mine}]
waive: [{code: DG403, package: x, until: 2027-01-31, reason: mine}]
sources: {builds: never}
rules: {DG204: error}
tiers: {lab: [einops]}
""",
        BASE,
    )
    assert policy.name == "mine"
    assert policy.tiers["lab"].output == "requirements-mine-lab.txt"
    assert policy.hosts == ("a/three",)
    assert policy.installer is Installer.PIP
    assert {p.pattern: p.reason for p in policy.protected} == {"torch": "base", "numpy": "mine"}
    assert [o.reason for o in policy.overrides] == ["base", "mine"]
    assert [w.reason for w in policy.waivers] == ["base", "mine"]
    assert policy.sources.builds is Builds.NEVER
    assert policy.sources.index_url == "https://example.org/simple"
    assert dict(policy.rules) == {"DG204": Severity.ERROR, "DG403": Severity.NOTE}


def test_a_package_changes_its_section() -> None:
    policy = merged(
        'schema: 1\nheld: {numpy: {allow: ">=2", reason: mine}}\n'
        "protected: {sklearn: mine, protobuf: mine}\n",
        BASE,
    )
    assert [p.pattern for p in policy.protected] == ["torch", "sklearn", "protobuf"]
    assert [h.pattern for h in policy.held] == ["numpy"]
    assert policy.forbidden == ()


def test_the_nearest_of_three_wins() -> None:
    middle = "schema: 1\nprotected: {numpy: middle, scipy: middle}\nsources: {builds: never}\n"
    policy = merged("schema: 1\nprotected: {scipy: mine}\n", middle, BASE)
    assert {p.pattern: p.reason for p in policy.protected} == {
        "torch": "base",
        "numpy": "middle",
        "scipy": "mine",
    }
    assert policy.sources.builds is Builds.NEVER


def test_the_hash_depends_on_every_text_and_their_order() -> None:
    a, b = "schema: 1\n", "schema: 1\nname: b\n"
    hashes = {merged(a, b).sha256, merged(b, a).sha256, merged(a).sha256, merged(b).sha256}
    assert len(hashes) == 4
    lines = "".join(f"{hashlib.sha256(text.encode()).hexdigest()}\n" for text in (a, b))
    assert merged(a, b).sha256 == hashlib.sha256(lines.encode()).hexdigest()
