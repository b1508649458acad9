"""The part of a policy that says what must work on a live host: ``probes``."""

from __future__ import annotations

import re

from depguard.model.policy import Probe
from depguard.parse.policy_reading import Reading
from depguard.parse.policy_words import PROBE_KEYS
from depguard.parse.yaml_nodes import Node, Scalar, Sequence, kind

_DOTTED = r"[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*"
PROBE_PATTERN = f"{_DOTTED}(?::{_DOTTED})?"
"""``module`` or ``module:function``. A regular expression for Python and ECMA-262 alike."""

_TARGET = re.compile(PROBE_PATTERN)
_ALLOWED = "a module to import (tensorflow), or module:function (course.health:check)"


def read_probes(reading: Reading, node: Node) -> tuple[Probe, ...]:
    """``probes``: a list of targets, or of ``{run, reason}``."""
    if not isinstance(node, Sequence):
        reading.mistake("wrong-kind", node, f"probes cannot be {kind(node)}", allowed="a list: [tensorflow]")
        return ()
    found: dict[str, Probe] = {}
    for item in node.items:
        probe = _probe(reading, item)
        if probe is None:
            continue
        if probe.target in found:
            reading.mistake("twice", item, f"probes names {probe.target} twice", hint="say it once")
        found[probe.target] = probe
    return tuple(found.values())


def _probe(reading: Reading, node: Node) -> Probe | None:
    if isinstance(node, Scalar):
        target = _target(reading, node)
        return Probe(target=target, location=node.location) if target is not None else None
    body = reading.mapping(node, "a probe", "{run: module:function, reason: why}")
    if body is None:
        return None
    parts = reading.keys(body, "a probe", PROBE_KEYS)
    if "run" not in parts:
        reading.mistake("no-run", node, "a probe does not say what to run", allowed=_ALLOWED)
        return None
    target = _target(reading, parts["run"].value)
    reason = reading.text(parts["reason"].value, "a reason") if "reason" in parts else ""
    if target is None or reason is None:
        return None
    return Probe(target=target, reason=reason, location=node.location)


def _target(reading: Reading, node: Node) -> str | None:
    text = reading.text(node, "a probe", _ALLOWED)
    if text is None:
        return None
    if not _TARGET.fullmatch(text):
        reading.mistake("bad-probe", node, f"a probe cannot be {text!r}", allowed=_ALLOWED)
        return None
    return text
