"""Whoever gives a host a new field teaches the compiled form of it."""

from __future__ import annotations

import dataclasses

import pytest

from depguard.model.host import Host, InstalledDistribution, Origin, Requirements

WRITTEN = {
    Host: "name python markers tags installed sha256 unknown_markers glibc family about accelerator loaded"
    " facts",
    InstalledDistribution: "name spelled version requirements origin installer modules location",
    Requirements: "how source requires extras requires_python contradicted",
    Origin: "kind filename reference sha256",
}


@pytest.mark.parametrize("made", WRITTEN, ids=lambda made: made.__name__)
def test_every_field_is_in_the_compiled_form(made: type) -> None:
    assert {field.name for field in dataclasses.fields(made)} == set(WRITTEN[made].split()), (
        "parse/host_compiled.py has to write and read the new field; raise its FORMAT"
    )
