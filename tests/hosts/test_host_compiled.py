"""A compiled host is the host: every field, every distribution, and what they need of each other."""

from __future__ import annotations

import dataclasses
import gc
import json
import weakref
from collections.abc import Callable

import pytest
from packaging.utils import canonicalize_name

from depguard.model.host import Host
from depguard.model.host_needs import compiled_baseline, read_needs, with_unknown_requirements
from depguard.model.markers import HostMarkers, MarkerAnswer
from depguard.parse.host_compiled import compiled_host, compiled_text
from depguard.planning.health import health, host_needs
from kit.catalogue import shipped_host


@pytest.fixture(scope="module", params=["colab/2026.07-gpu"])
def parsed(request: pytest.FixtureRequest) -> Host:
    return shipped_host(str(request.param))


def test_nothing_is_lost(parsed: Host) -> None:
    read = compiled_host(compiled_text(parsed))
    for field in dataclasses.fields(Host):
        if field.name != "installed":
            assert getattr(read, field.name) == getattr(parsed, field.name), field.name
    assert dict(read.installed) == dict(parsed.installed)
    assert list(read.installed) == list(parsed.installed)
    for name, dist in parsed.installed.items():
        assert [str(r) for r in read.installed[name].requirements.requires] == [
            str(r) for r in dist.requirements.requires
        ]


def test_what_counts_is_known_without_looking_again(parsed: Host) -> None:
    read = compiled_host(compiled_text(parsed))
    known, found = host_needs(read), read_needs(parsed)
    assert host_needs(read) is known
    assert dict(known.by_parent) == dict(found.by_parent)
    assert dict(known.by_name) == dict(found.by_name)
    assert known.extras == found.extras
    assert with_unknown_requirements(read) == with_unknown_requirements(parsed)
    assert health(read) == health(parsed)
    baseline = compiled_baseline(read)
    assert baseline is not None
    markers = HostMarkers(parsed.markers, parsed.unknown_markers)
    for name, dist in parsed.installed.items():
        answers = [(r, markers.evaluate(r.marker)) for r in dist.requirements.requires]
        assert baseline.plain(name) == tuple(pair for pair in answers if pair[1] is not MarkerAnswer.FAILS)


def test_other_markers_are_evaluated_anew(parsed: Host) -> None:
    read = compiled_host(compiled_text(parsed))
    other = dataclasses.replace(read, markers={**read.markers, "sys_platform": "win32"})
    assert compiled_baseline(other) is None
    assert host_needs(other).by_parent != host_needs(read).by_parent


def test_the_same_host_gives_the_same_text(parsed: Host) -> None:
    text = compiled_text(parsed)
    assert compiled_text(compiled_host(text)) == text


@pytest.mark.parametrize("text", ["", "null", "[]", '{"format": 0}', '{"format": 2}', "{"])
def test_what_is_no_compiled_host_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - JSON's own error is one too
        compiled_host(text)


def with_head(text: str, **changed: object) -> str:
    head, rows = text.split("\n", 1)
    return json.dumps(json.loads(head) | changed) + "\n" + rows


@pytest.mark.parametrize("damage", [lambda text: text[:-2], lambda text: f"{text}[]\n"])
def test_a_text_of_another_length_is_refused(parsed: Host, damage: Callable[[str], str]) -> None:
    with pytest.raises(ValueError, match="not as long"):
        compiled_host(damage(compiled_text(parsed)))


@pytest.mark.parametrize("part", ["installed", "wanted"])
@pytest.mark.parametrize("value", [None, [], {"numpy": "many"}, {"numpy": None}, 7])
def test_a_first_line_of_another_shape_is_refused(parsed: Host, part: str, value: object) -> None:
    with pytest.raises(ValueError, match="no compiled host"):
        compiled_host(with_head(compiled_text(parsed), **{part: value}))


def test_a_row_of_another_shape_is_refused_when_it_is_asked_for(parsed: Host) -> None:
    text = compiled_text(parsed)
    head, first, *rest = text.split("\n")
    name = next(iter(json.loads(head)["installed"]))
    other = json.dumps({"no": "row"})
    broken = compiled_host("\n".join([head, other.ljust(len(first)), *rest]))
    with pytest.raises(ValueError, match="no row"):
        broken.installed[canonicalize_name(name)]


def test_nothing_of_a_host_is_kept_when_nobody_holds_it(parsed: Host) -> None:
    text = compiled_text(parsed)
    host = compiled_host(text)
    known = weakref.ref(host.installed)
    next(iter(host_needs(host).by_parent.values()))
    gc.disable()  # what goes without it goes at once
    try:
        del host
        assert known() is None
    finally:
        gc.enable()
