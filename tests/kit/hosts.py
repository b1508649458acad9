"""Small described hosts for tests: a readable mapping of what is installed."""

from __future__ import annotations

import gc
from collections.abc import Iterable, Mapping
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from depguard.model.host import Host, InstalledDistribution, Knowledge, Requirements
from depguard.parse.platform_tags import marker_environment, parse_platform, wheel_tags
from kit.fake_index import EXTRA

_KEYS = frozenset(("version", "requires", "how", "why", "modules", "extras"))


def small_host(
    installed: Mapping[str, Any],
    *,
    name: str = "test/host",
    python: str = "3.12.13",
    platform: str = "manylinux_2_35_x86_64",
    loaded: Iterable[str] | None = None,
    markers: Mapping[str, str] | None = None,
) -> Host:
    """A host from ``{name: version}`` or ``{name: {version, requires, how, modules, extras}}``.

    A list stands for the requires of a version 1.0. ``how`` is a `Knowledge` value; ``requires: null``
    means unknown, ``why`` says why. Extras that markers name need not be listed. A version of null is
    unknown. ``markers`` are variables that are known beside those that follow from Python and platform
    (``platform_release``, say).
    """
    version, described = Version(python), parse_platform(platform)
    dists = [_distribution(spelled, spec) for spelled, spec in installed.items()]
    known = dict(markers or {})
    return Host(
        name=name,
        python=version,
        markers={**marker_environment(version, described), **known},
        tags=wheel_tags(version, described),
        installed={dist.name: dist for dist in dists},
        sha256="0" * 64,
        unknown_markers=frozenset({"platform_release", "platform_version"}) - set(known),
        glibc=described.glibc,
        family=name.split("/", maxsplit=1)[0],
        loaded=frozenset(loaded) if loaded is not None else None,
    )


def _distribution(spelled: str, spec: Any) -> InstalledDistribution:
    fields: Mapping[str, Any]
    if isinstance(spec, Mapping):
        fields = spec
    else:
        fields = {"version": "1.0", "requires": spec} if isinstance(spec, list) else {"version": spec}
    if strange := set(fields) - _KEYS:
        raise ValueError(f"{spelled}: unknown keys {sorted(strange)}; known are {sorted(_KEYS)}")
    version = fields.get("version")
    requires = fields.get("requires", [])
    if requires is None:
        requirements = Requirements(how=Knowledge.UNKNOWN, source=fields.get("why", "nobody wrote it down"))
    else:
        requirements = Requirements(
            how=Knowledge(fields.get("how", "captured")),
            source="METADATA",
            requires=tuple(Requirement(text) for text in requires),
            extras=frozenset(
                canonicalize_name(extra)
                for extra in (*fields.get("extras", ()), *EXTRA.findall(" ".join(requires)))
            ),
        )
    return InstalledDistribution(
        name=canonicalize_name(spelled),
        spelled=spelled,
        version=Version(str(version)) if version is not None else None,
        requirements=requirements,
        modules=tuple(fields.get("modules", ())),
    )


def host_text(distributions: Mapping[str, str], *, name: str = "host", python: str = "3.12.13") -> str:
    """A host file: each distribution with its version, requiring nothing."""
    stated = 'requires: [], source: "stated for a test"'
    lines = [f'  {dist}: {{version: "{version}", {stated}}}\n' for dist, version in distributions.items()]
    platform = "manylinux_2_35_x86_64"
    head = f"schema: 1\nname: {name}\npython: {python}\nplatform: {platform}\ndistributions:\n"
    return head + "".join(lines)


def hosts_in_memory() -> int:
    """How many hosts there are that nobody has let go of, or whose circles nobody has looked for."""
    return sum(type(each) is Host for each in gc.get_objects())
