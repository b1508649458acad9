"""A policy text that is right: every form of every key."""

from __future__ import annotations

import hashlib
from datetime import UTC, date, datetime

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from depguard.model.location import Location
from depguard.model.policy import Builds, Installer, SameMajor, Severity
from depguard.parse.policy import parse_policy, read_draft

FIVE_LINES = """\
schema: 1
hosts: [colab/2026.07-gpu, colab/2026.08-gpu]
tiers:
  lab: [captum, "optuna>=3"]
"""


def test_a_few_lines_are_a_policy() -> None:
    policy = parse_policy(FIVE_LINES, "depguard.yaml")
    assert policy.name == "depguard"
    assert policy.hosts == ("colab/2026.07-gpu", "colab/2026.08-gpu")
    assert policy.host_locations["colab/2026.08-gpu"] == Location("depguard.yaml", 2, 28)
    assert policy.installer is Installer.PIP
    assert policy.sources.builds is Builds.NEVER
    (tier,) = policy.tiers.values()
    assert (tier.name, tier.output, tier.extends, tier.about) == ("lab", "requirements-lab.txt", (), "")
    assert [str(r.requirement) for r in tier.requires] == ["captum", "optuna>=3"]
    assert tier.requires[1].location == Location("depguard.yaml", 4, 17)
    assert tier.location == Location("depguard.yaml", 4, 3)


def test_the_hash_is_that_of_the_bytes() -> None:
    text = "\ufeff" + FIVE_LINES.replace("\n", "\r\n")
    policy = parse_policy(text, "depguard.yaml")
    assert policy.sha256 == hashlib.sha256(text.encode()).hexdigest()
    assert [s.label for s in policy.sources_used] == ["depguard.yaml"]


def test_protected_short_and_long() -> None:
    policy = parse_policy(
        """\
schema: 1
protected:
  NumPy: "C ABI"
  Torch: {family: [torchvision, "Nvidia_*", "!nvidia_ml.py"], reason: why}
  "opencv-*": {family: triton, reason: why}
""",
        "p.yaml",
    )
    numpy, torch, opencv = policy.protected
    assert (numpy.pattern, numpy.reason, numpy.family) == ("numpy", "C ABI", ())
    assert numpy.location == Location("p.yaml", 3, 3)
    assert (torch.pattern, torch.family) == ("torch", ("torchvision", "nvidia-*", "!nvidia-ml-py"))
    assert (opencv.pattern, opencv.family) == ("opencv-*", ("triton",))


def test_held_and_forbidden() -> None:
    policy = parse_policy(
        """\
schema: 1
held:
  protobuf: {allow: same-major, reason: generated code}
  pillow: {allow: ">=11,<13", reason: why}
forbidden:
  onnxruntime-gpu: {instead: onnxruntime, reason: same files}
  sklearn: withdrawn
""",
        "p.yaml",
    )
    assert [h.allow for h in policy.held] == [SameMajor.SAME_MAJOR, SpecifierSet(">=11,<13")]
    assert [(f.pattern, f.instead, f.reason) for f in policy.forbidden] == [
        ("onnxruntime-gpu", "onnxruntime", "same files"),
        ("sklearn", None, "withdrawn"),
    ]


def test_overrides_and_waivers() -> None:
    policy = parse_policy(
        """\
schema: 1
overrides:
  - {package: captum==0.8.0, drop: "numpy<2", reason: tested}
  - {package: "mypkg @ git+https://example.org/mypkg", requires: [numpy, "scipy>=1"], reason: read it}
  - {package: empty==1.0, requires: [], reason: nothing}
waive:
  - {code: DG202, package: "ydf*", until: 2027-01-31, reason: unused}
""",
        "p.yaml",
    )
    captum, mypkg, empty = policy.overrides
    assert (captum.drop, captum.requires) == ((Requirement("numpy<2"),), None)
    assert mypkg.package.url == "git+https://example.org/mypkg"
    assert mypkg.requires == (Requirement("numpy"), Requirement("scipy>=1"))
    assert empty.requires == ()
    assert captum.location == Location("p.yaml", 3, 5)
    (waiver,) = policy.waivers
    assert (waiver.code, waiver.package, waiver.until) == ("DG202", "ydf*", date(2027, 1, 31))


def test_tiers_long_and_short_and_their_files() -> None:
    policy = parse_policy(
        """\
schema: 1
name: colab
tiers:
  tier1: {about: model checks, requires: [torchinfo], output: requirements-colab.txt}
  tier2: {extends: tier1, requires: captum}
  2.10: einops
  all: {extends: [tier2, 2.10]}
""",
        "p.yaml",
    )
    assert {name: tier.output for name, tier in policy.tiers.items()} == {
        "tier1": "requirements-colab.txt",
        "tier2": "requirements-colab-tier2.txt",
        "2.10": "requirements-colab-2.10.txt",
        "all": "requirements-colab-all.txt",
    }
    assert policy.tiers["all"].extends == ("tier2", "2.10")
    assert policy.tiers["all"].requires == ()
    assert policy.tiers["tier1"].about == "model checks"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-01", datetime(2026, 11, 1, tzinfo=UTC)),
        ("2026-11-01T12:30:00Z", datetime(2026, 11, 1, 12, 30, tzinfo=UTC)),
        ("2026-11-01 12:30 +02:00", datetime(2026, 11, 1, 10, 30, tzinfo=UTC)),
        ("2026-11-01t12:30:00.250000z", datetime(2026, 11, 1, 12, 30, 0, 250000, tzinfo=UTC)),
    ],
)
def test_exclude_newer_is_a_moment_in_utc(text: str, expected: datetime) -> None:
    policy = parse_policy(f"schema: 1\nsources: {{exclude-newer: {text}}}\n", "p.yaml")
    assert policy.sources.exclude_newer == expected


def test_sources_rules_installer() -> None:
    policy = parse_policy(
        """\
schema: 1
installer: uv
sources:
  builds: allow
  index-url: https://example.org/simple
  extra-index-urls: https://example.org/more
  find-links: [wheels, "file:///srv/wheels"]
rules: {DG204: warn, DG404: off, DG201: warning, DG403: note, DG101: error}
""",
        "p.yaml",
    )
    assert policy.installer is Installer.UV
    assert policy.sources.builds is Builds.ALLOW
    assert policy.sources.index_url == "https://example.org/simple"
    assert policy.sources.extra_index_urls == ("https://example.org/more",)
    assert policy.sources.find_links == ("wheels", "file:///srv/wheels")
    assert dict(policy.rules) == {
        "DG101": Severity.ERROR,
        "DG201": Severity.WARNING,
        "DG204": Severity.WARNING,
        "DG403": Severity.NOTE,
        "DG404": Severity.OFF,
    }


def test_what_is_not_said_is_told_from_what_is() -> None:
    draft = read_draft("schema: 1\nextends: [colab, ./base.yaml]\n", "p.yaml")
    assert draft.name is None
    assert draft.hosts is None
    assert draft.installer is None
    assert [(r.text, str(r.location)) for r in draft.extends] == [
        ("colab", "p.yaml:2:11"),
        ("./base.yaml", "p.yaml:2:18"),
    ]


def test_a_requirement_may_come_twice_for_different_hosts() -> None:
    text = """\
schema: 1
tiers:
  lab: ["onnx<1.20; python_version < '3.13'", "onnx; python_version >= '3.13'", "onnx[ref]"]
"""
    assert len(parse_policy(text, "p.yaml").tiers["lab"].requires) == 3


def test_login_names_in_repository_urls_are_no_credentials() -> None:
    text = 'schema: 1\ntiers: {lab: ["a @ git+ssh://git@example.org/a"]}\n'
    (stated,) = parse_policy(text, "p.yaml").tiers["lab"].requires
    assert stated.requirement.url == "git+ssh://git@example.org/a"
