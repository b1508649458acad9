"""The policy format as JSON Schema (draft 2020-12), for editors and other tools.

It describes shapes: what the parser refuses because of its kind, its key or its spelling is refused here
too. What depends on several places at once (tiers in a circle, a package both protected and held) and
PEP 508 in full are the parser's alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from depguard.parse.policy_probes import PROBE_PATTERN
from depguard.parse.policy_reading import GLOB_PATTERN, NAME_PATTERN
from depguard.parse.policy_words import (
    BINARIES,
    BUILDS,
    CODES,
    FORBIDDEN_KEYS,
    HELD_KEYS,
    INSTALLERS,
    OVERRIDE_KEYS,
    POLICY_KEYS,
    PROBE_KEYS,
    PROTECTED_KEYS,
    SAME_MAJOR,
    SCHEMA_VERSION,
    SEVERITIES,
    SOURCES_KEYS,
    TIER_KEYS,
    WAIVE_KEYS,
)

Schema = dict[str, Any]

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_NO_PASSWORD = {"not": {"pattern": r"//(?!(git|\$\{\w+\})@)[^/@\s]*@"}}
# A plain number or word is as good as a text where a name or a reason is asked for: YAML 1.2 tools
# see 2.10 as a number, the parser reads what is written.
_WORDED: Schema = {"type": ["string", "number", "boolean"], "pattern": r"\S"}
_REASON: Schema = {**_WORDED, "description": "Why. Mandatory, shown with every finding."}


def policy_schema() -> Schema:
    """The whole schema, ready for ``json.dumps``; the same on every call."""
    return {
        "$schema": DIALECT,
        "$id": "urn:depguard:policy:1",
        "title": "depguard policy",
        "description": "What is protected on prepared hosts, and the tiers of packages to add to them.",
        "type": "object",
        "required": ["schema"],
        "additionalProperties": False,
        "properties": _described(POLICY_KEYS, _policy_properties()),
        "$defs": _definitions(),
    }


def _policy_properties() -> dict[str, Schema]:
    return {
        "schema": {"enum": [SCHEMA_VERSION, str(SCHEMA_VERSION)]},
        "name": {"type": ["string", "number"], "pattern": f"^{NAME_PATTERN}$"},
        "extends": _one_or_list({"type": "string", "minLength": 1, **_NO_PASSWORD}),
        "hosts": _one_or_list({"type": "string", "minLength": 1}),
        "installer": {"enum": list(INSTALLERS)},
        "binaries": {"enum": list(BINARIES)},
        "protected": _by_glob({"anyOf": [_REASON, _object(PROTECTED_KEYS, _protected(), ["reason"])]}),
        "held": _by_glob(_object(HELD_KEYS, _held(), ["allow", "reason"])),
        "forbidden": _by_glob({"anyOf": [_REASON, _object(FORBIDDEN_KEYS, _forbidden(), ["reason"])]}),
        "overrides": {"type": "array", "items": _override()},
        "waive": {"type": "array", "items": _waiver()},
        "sources": _object(SOURCES_KEYS, _sources(), []),
        "tiers": {
            "type": "object",
            "propertyNames": {"pattern": f"^{NAME_PATTERN}$"},
            "additionalProperties": {"anyOf": [_one_or_list(_ref("requirement")), _tier()]},
        },
        "probes": {"type": "array", "items": {"anyOf": [_target(), _probe()]}},
        "rules": {
            "type": "object",
            "additionalProperties": False,
            "properties": {
                code: {"description": about, "enum": [*SEVERITIES]} for code, about in CODES.items()
            },
        },
        "watch": _one_or_list({"type": "string", "pattern": r"^!?(?!/)(?!(.*/)?\.\.(/|$))[^\\]+$"}),
        "repository": _one_or_list({"type": "string", "pattern": "^(https?://[^/]|file:)", **_NO_PASSWORD}),
    }


def _target() -> Schema:
    return {"type": "string", "pattern": f"^{PROBE_PATTERN}$"}


def _probe() -> Schema:
    return _object(PROBE_KEYS, {"run": _target(), "reason": _WORDED}, ["run"])


def _definitions() -> dict[str, Schema]:
    return {
        "requirement": {
            "description": "A requirement (PEP 508): optuna>=3, name[extra], name; marker, name @ url.",
            "type": "string",
            # A name, then the end, an extra, a version clause, a URL or a marker.
            "pattern": r"^\s*[A-Za-z0-9][A-Za-z0-9._-]*\s*($|\[|\(|@|;|[<>=!~]=|[<>])",
            **_NO_PASSWORD,
        },
        "day": {"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}$"},
    }


def _protected() -> dict[str, Schema]:
    return {
        "family": _one_or_list({"type": "string", "pattern": f"^!?{GLOB_PATTERN}$"}),
        "reason": _WORDED,
    }


def _held() -> dict[str, Schema]:
    specifier: Schema = {"type": "string", "pattern": r"^\s*(===|[<>=!~]=|[<>])"}
    return {"allow": {"anyOf": [{"const": SAME_MAJOR}, specifier]}, "reason": _WORDED}


def _forbidden() -> dict[str, Schema]:
    return {"instead": {"type": "string", "pattern": f"^{NAME_PATTERN}$"}, "reason": _WORDED}


def _override() -> Schema:
    exact = {"type": "string", "pattern": r"(^[^\[\];<>!~*,@]+==[^\[\];<>!~*,@]+$)|(@)", **_NO_PASSWORD}
    drop_or_requires: Schema = {"oneOf": [{"required": ["drop"]}, {"required": ["requires"]}]}
    shape = {
        "package": exact,
        "drop": _one_or_list(_ref("requirement")),
        "requires": _one_or_list(_ref("requirement"), least=0),
        "reason": _WORDED,
    }
    return {**_object(OVERRIDE_KEYS, shape, ["package", "reason"]), **drop_or_requires}


def _waiver() -> Schema:
    shape: dict[str, Schema] = {
        "code": {"enum": list(CODES)},
        "package": {"type": "string", "pattern": f"^{GLOB_PATTERN}$"},
        "until": _ref("day"),
        "reason": _WORDED,
    }
    return _object(WAIVE_KEYS, shape, list(WAIVE_KEYS))


def _sources() -> dict[str, Schema]:
    url: Schema = {"type": "string", "pattern": "^(https?://[^/]|file:)", **_NO_PASSWORD}
    return {
        "builds": {"enum": list(BUILDS)},
        "exclude-newer": {
            "type": "string",
            "pattern": (
                r"^\d{4}-\d{2}-\d{2}([Tt ]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)? ?([Zz]|[+-]\d{2}:?\d{2}))?$"
            ),
        },
        "index-url": url,
        "extra-index-urls": _one_or_list(url),
        "find-links": _one_or_list({"type": "string", "minLength": 1, **_NO_PASSWORD}),
    }


def _tier() -> Schema:
    shape: dict[str, Schema] = {
        "about": _WORDED,
        "extends": _one_or_list({"type": ["string", "number"]}),
        "requires": _one_or_list(_ref("requirement")),
        "output": {"type": "string", "pattern": r"^(?!/)(?!.*\.\.(/|$))[^\\:]+\.txt$"},
    }
    several: Schema = {"description": TIER_KEYS["extends"], "type": "array", "minItems": 2}
    several_bases: Schema = {"required": ["extends"], "properties": {"extends": several}}
    return {**_object(TIER_KEYS, shape, []), "anyOf": [{"required": ["requires"]}, several_bases]}


def _object(keys: Mapping[str, str], shapes: Mapping[str, Schema], required: list[str]) -> Schema:
    return {
        "type": "object",
        "required": required,
        "additionalProperties": False,
        "properties": _described(keys, shapes),
    }


def _described(keys: Mapping[str, str], shapes: Mapping[str, Schema]) -> Schema:
    """The shapes in the order of the keys, each with its description: a key without a shape is a bug."""
    return {key: {"description": about, **shapes[key]} for key, about in keys.items()}


def _by_glob(value: Schema) -> Schema:
    return {
        "type": "object",
        "propertyNames": {"pattern": f"^{GLOB_PATTERN}$"},
        "additionalProperties": value,
    }


def _one_or_list(item: Schema, *, least: int = 1) -> Schema:
    return {"anyOf": [item, {"type": "array", "items": item, "minItems": least}]}


def _ref(name: str) -> Schema:
    return {"$ref": f"#/$defs/{name}"}
