"""The JSON Schema: shipped in step, true to the parser."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from depguard.adapters.shipped import shipped_root
from depguard.errors import InputError
from depguard.parse.policy import read_draft
from depguard.parse.policy_schema import policy_schema
from depguard.parse.yaml_nodes import Mapping, Node, Scalar, Sequence, read_yaml

VALIDATOR = Draft202012Validator(policy_schema())


def as_editors_see_it(node: Node | None) -> Any:
    """Nodes as JSON values by the YAML 1.2 core schema, which editors follow."""
    match node:
        case Mapping():
            return {entry.key.text: as_editors_see_it(entry.value) for entry in node}
        case Sequence():
            return [as_editors_see_it(item) for item in node.items]
        case Scalar(null=True) | None:
            return None
        case Scalar(plain=True, text="true" | "false"):
            return node.text == "true"
        case Scalar(plain=True) if re.fullmatch(r"[-+]?\d+", node.text):
            return int(node.text)
        case Scalar(plain=True) if re.fullmatch(r"[-+]?\d+\.\d*", node.text):
            return float(node.text)
        case Scalar():
            return node.text


def errors(text: str) -> list[str]:
    return [e.message for e in VALIDATOR.iter_errors(as_editors_see_it(read_yaml(text, "p.yaml").root))]


VALID = [
    "schema: 1\ntiers:\n  lab: [captum, 'optuna>=3']\n",
    "schema: 1\nextends: [colab, ./base.yaml]\nhosts: colab/2026.07-gpu\n",
    "schema: 1\ntiers: {2.10: einops, b: {extends: 2.10, requires: x}}\n",
    "schema: 1\nname: 2026\nprotected: {numpy: 1}\n",
    "schema: 1\nprotected: {torch: {family: ['nvidia-*', '!nvidia-ml-py'], reason: no}}\n",
    "schema: 1\nheld: {protobuf: {allow: same-major, reason: why}}\n",
    "schema: 1\nheld: {pillow: {allow: '>=11,<13', reason: why}}\n",
    "schema: 1\nforbidden: {sklearn: why, a-gpu: {instead: a, reason: why}}\n",
    "schema: 1\noverrides: [{package: captum==0.8.0, drop: numpy<2, reason: why}]\n",
    "schema: 1\noverrides: [{package: 'a @ git+https://git@example.org/a', requires: [], reason: why}]\n",
    "schema: 1\nwaive: [{code: DG202, package: 'ydf*', until: 2027-01-31, reason: why}]\n",
    "schema: 1\nsources: {builds: allow, exclude-newer: '2026-11-01T10:00:00Z', index-url: 'https://example.org/s'}\n",
    "schema: 1\nsources: {extra-index-urls: 'https://example.org/t', find-links: [wheels]}\n",
    "schema: 1\nrules: {DG204: warn, DG404: off}\ninstaller: uv\n",
    "schema: 1\ntiers: {a: ['x[y]>=1; python_version>\"3\"', 'p (>=1)', 'u @ https://example.org/u.whl']}\n",
    "schema: 1\ntiers: {a: [y], b: {extends: [a, c]}, c: {requires: z, about: 3, output: sub/c.txt}}\n",
]

# What is wrong in shape, one thing each; the parser and the schema both have to say no.
WRONG = [
    "{}",
    "[]",
    "schema: 2",
    "schema: 1\nprotcted: {}",
    "schema: 1\nprotected: [numpy]",
    "schema: 1\nprotected: {numpy: }",
    "schema: 1\nprotected: {numpy: ' '}",
    "schema: 1\nprotected: {numpy==2: why}",
    "schema: 1\nprotected: {torch: {family: [triton]}}",
    "schema: 1\nprotected: {torch: {famly: [triton], reason: why}}",
    "schema: 1\nprotected: {torch: {family: [], reason: why}}",
    "schema: 1\nheld: {protobuf: same-major}",
    "schema: 1\nheld: {protobuf: {allow: 5.29, reason: why}}",
    "schema: 1\nheld: {protobuf: {allow: same-majr, reason: why}}",
    "schema: 1\nheld: {protobuf: {reason: why}}",
    "schema: 1\nforbidden: {a: {instead: b}}",
    "schema: 1\noverrides: {package: a==1, drop: b, reason: why}",
    "schema: 1\noverrides: [{package: a>=1, drop: b, reason: why}]",
    "schema: 1\noverrides: [{package: a==1.*, drop: b, reason: why}]",
    "schema: 1\noverrides: [{package: a==1, reason: why}]",
    "schema: 1\noverrides: [{package: a==1, drop: b, requires: c, reason: why}]",
    "schema: 1\noverrides: [{package: a==1, drop: b}]",
    "schema: 1\nwaive: [{code: DG1, package: a, until: 2027-01-01, reason: why}]",
    "schema: 1\nwaive: [{code: DG101, package: a, until: soon, reason: why}]",
    "schema: 1\nwaive: [{code: DG101, package: a, reason: why}]",
    "schema: 1\nsources: {builds: sometimes}",
    "schema: 1\nsources: {exclude-newer: 2026-11-01T10:00:00}",
    "schema: 1\nsources: {index-url: example.org}",
    "schema: 1\nsources: {index-url: 'https://u:p@example.org/s'}",
    "schema: 1\nsources: {exclude_newer: 2026-11-01}",
    "schema: 1\ntiers: [a]",
    "schema: 1\ntiers: {a: }",
    "schema: 1\ntiers: {a: []}",
    "schema: 1\ntiers: {../a: [x]}",
    "schema: 1\ntiers: {a: [x=1]}",
    "schema: 1\ntiers: {a: ['-r b.txt']}",
    "schema: 1\ntiers: {a: ['https://example.org/a.whl']}",
    "schema: 1\ntiers: {a: ['x @ https://u:p@example.org/x.whl']}",
    "schema: 1\ntiers: {a: {about: x}}",
    "schema: 1\ntiers: {a: {requires: [x], output: ../x.txt}}",
    "schema: 1\ntiers: {a: {requires: [x], output: x.lock}}",
    "schema: 1\nrules: {DG999: warn}",
    "schema: 1\nrules: {DG204: loud}",
    "schema: 1\ninstaller: conda",
    "schema: 1\nname: a/b",
    "schema: 1\nhosts: []",
]


def test_the_schema_is_one_and_the_shipped_file_is_in_step() -> None:
    Draft202012Validator.check_schema(policy_schema())
    shipped = (shipped_root() / "schema" / "policy.schema.json").read_text("utf-8")
    assert json.loads(shipped) == policy_schema(), (
        "depguard policy schema > policies/schema/policy.schema.json"
    )


@pytest.mark.parametrize("text", VALID)
def test_what_the_parser_takes_the_schema_takes(text: str) -> None:
    read_draft(text, "p.yaml")
    assert errors(text) == []


@pytest.mark.parametrize("path", sorted(shipped_root().glob("*.yaml")), ids=lambda path: str(path.name))
def test_shipped_policies_fit_the_schema(path: Path) -> None:
    assert errors(path.read_text("utf-8")) == []


@pytest.mark.parametrize("text", WRONG)
def test_what_is_wrong_in_shape_both_refuse(text: str) -> None:
    with pytest.raises(InputError):
        read_draft(text, "p.yaml")
    assert errors(text) != []


def test_every_key_has_a_description_for_the_editor() -> None:
    bare: list[str] = []

    def look(schema: Any, path: str) -> None:
        if isinstance(schema, dict):
            for key, value in schema.get("properties", {}).items():
                if not value.get("description"):
                    bare.append(f"{path}/{key}")
            for key, value in schema.items():
                look(value, f"{path}/{key}")
        elif isinstance(schema, list):
            for value in schema:
                look(value, path)

    look(policy_schema(), "")
    assert bare == []
