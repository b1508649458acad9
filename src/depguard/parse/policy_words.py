"""The words of the policy format: keys with what they mean, and the values that some of them take.

The parser checks against these and ``policy_schema`` describes them: one list for both.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from depguard.model.binary import Binaries
from depguard.model.policy import Builds, Installer, Severity

SCHEMA_VERSION: Final = 1

CODES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "DG101": "protected: replaced",
        "DG102": "protected: removed",
        "DG103": "protected: overwritten by another distribution's files",
        "DG104": "protected: family split",
        "DG201": "host: held out of range",
        "DG202": "host: a requirement newly broken",
        "DG203": "host: forbidden",
        "DG204": "host: restart needed",
        "DG301": "binaries: NumPy ABI",
        "DG302": "binaries: torch ABI",
        "DG303": "binaries: platform, glibc or tag",
        "DG304": "binaries: needs a build on the host",
        "DG401": "sources: direct URL or no hash",
        "DG402": "sources: yanked",
        "DG403": "sources: pre-release",
        "DG404": "sources: fell far back to be solvable",
        "DG405": "sources: unknown metadata",
        "DG501": "project: budget exceeded",
        "DG502": "project: lock out of step",
        "DG503": "project: baseline drift",
        "DG504": "project: a known issue returns",
        "DG505": "project: override or waiver without effect",
        "DG506": "project: file not read",
        "DG901": "live: leftover ~ directory",
        "DG902": "live: missing file",
        "DG903": "live: changed bytes",
        "DG904": "live: two dist-infos",
        "DG905": "live: files of mixed versions",
        "DG906": "live: shadowed module",
        "DG907": "live: loaded module differs from disk",
        "DG908": "live: probe failed",
        "DG909": "live: runtime reused",
    }
)
"""Every rule code and what it is about."""

SEVERITIES: Final[Mapping[str, Severity]] = MappingProxyType(
    {
        "error": Severity.ERROR,
        "warning": Severity.WARNING,
        "warn": Severity.WARNING,
        "note": Severity.NOTE,
        "off": Severity.OFF,
    }
)
INSTALLERS: Final[Mapping[str, Installer]] = MappingProxyType({i.value: i for i in Installer})
BUILDS: Final[Mapping[str, Builds]] = MappingProxyType({b.value: b for b in Builds})
BINARIES: Final[Mapping[str, Binaries]] = MappingProxyType({b.value: b for b in Binaries})
SAME_MAJOR: Final = "same-major"

POLICY_KEYS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "schema": "The version of the policy format: 1.",
        "name": "The policy's own name; the requirements files of its tiers carry it.",
        "extends": (
            "The policy that this one builds on: a shipped name (colab), a path from the project root, an"
            " https URL or github:owner/repo@ref[:path]. All but the tiers is inherited; what is said here"
            " wins."
        ),
        "hosts": "The hosts on which every tier must hold: catalogue names or host files.",
        "installer": "What users of these hosts run.",
        "protected": "Installed distributions that stay, byte for byte. Glob: the reason, or a mapping.",
        "held": "Installed distributions that may move, but only inside a range.",
        "forbidden": "Distributions that no plan may add. Glob: the reason, or a mapping.",
        "overrides": "What is known better than the metadata says, for exactly these releases.",
        "waive": "Findings that are accepted: one rule, one package, up to a day.",
        "sources": "Where artifacts may come from, and up to when.",
        "binaries": (
            "What wheels' compiled modules are good for: solve (a wheel that cannot run on the host is no"
            " candidate), report (findings, as far as little has to be fetched), off."
        ),
        "tiers": "Named sets of requirements.",
        "rules": "How much a finding of a rule weighs.",
        "watch": (
            "Which files depguard check looks at: globs from the repository's root, one or a list; ** is any"
            " number of folders, and ! in front takes files out again."
        ),
        "repository": (
            "Where this repository is at home (https://github.com/owner/repo): what a notebook fetches from"
            " there means the file in the checkout. One or a list; the git remotes count anyway."
        ),
        "probes": (
            "What must work on a live host: an import, or module:function. Run by `depguard doctor --probes`"
            " and never without it."
        ),
    }
)
PROTECTED_KEYS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "family": (
            "Globs of what belongs to it: protected like it wherever it is installed. A glob with ! in front"
            ' takes names out again: ["nvidia-*", "!nvidia-ml-py"].'
        ),
        "reason": "Why it must stay. Shown whenever something would touch it.",
    }
)
HELD_KEYS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "allow": "same-major (the host's version up to the next major) or a specifier such as >=5.29,<6.",
        "reason": "Why it may not leave the range.",
    }
)
FORBIDDEN_KEYS: Final[Mapping[str, str]] = MappingProxyType(
    {"instead": "The distribution to take instead.", "reason": "Why it must not be added."}
)
OVERRIDE_KEYS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "package": "One release (captum==0.8.0) or one direct URL (mypkg @ git+https://...).",
        "drop": "Requirements of it that do not count: one or a list.",
        "requires": "All requirements it has, for something whose metadata cannot be read.",
        "reason": "How this is known.",
    }
)
WAIVE_KEYS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "code": "The rule, such as DG202.",
        "package": "The package that the finding is about; a glob may be used.",
        "until": "The last day on which this holds, YYYY-MM-DD.",
        "reason": "Why this is accepted.",
    }
)
SOURCES_KEYS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "builds": "Whether a plan may contain what has to be built on the host.",
        "exclude-newer": "Nothing uploaded after this: YYYY-MM-DD (00:00 UTC) or a time with its zone.",
        "index-url": "The package index, without credentials.",
        "extra-index-urls": "Further package indexes: one or a list.",
        "find-links": "Folders or pages with artifacts: one or a list.",
    }
)
PROBE_KEYS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "run": "A module to import, or module:function to call; it fails by raising or returning False.",
        "reason": "What it shows.",
    }
)
TIER_KEYS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "about": "What the tier is for, in a few words.",
        "extends": "The tier that this one builds on: one name or a list.",
        "requires": "The requirements: one or a list.",
        "output": (
            "The requirements file, a path from the project root. Default: "
            "requirements-<policy name>-<tier>.txt, or requirements-<tier>.txt in a policy without a name."
        ),
    }
)
