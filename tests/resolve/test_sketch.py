"""A sketch of a host has all that decides what is asked of an index for it."""

from __future__ import annotations

import pickle

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from depguard.model.binary import Binaries
from depguard.resolve.effort import effort_for
from depguard.resolve.sketch import sketch, sketched
from depguard.resolve.universe import Universe
from kit.fake_index import FakeIndex
from kit.hosts import small_host

HOST = small_host({"numpy": "2.0.2", "torch": "2.13.0+cu130", "rich": {"version": None}})
WANTED = ("numpy>=3", "numpy", "rich>=99", "torch", "top", "gone; python_version < '3'")


def test_it_is_sent_as_plain_texts() -> None:
    drawn = sketch(HOST)
    assert pickle.loads(pickle.dumps(drawn)) == drawn  # noqa: S301 - made in this line
    assert sketch(sketched(drawn)) == drawn


def test_a_host_that_was_sketched_asks_for_the_same() -> None:
    there = sketched(sketch(HOST))
    assert (there.python, there.markers, there.tags) == (HOST.python, HOST.markers, HOST.tags)
    assert {n: d.version for n, d in there.installed.items()} == {
        n: d.version for n, d in HOST.installed.items()
    }
    assert len(there.installed) == len(HOST.installed)
    assert canonicalize_name("absent") not in there.installed
    asked = [
        list(
            Universe(source=FakeIndex.from_dict({}), host=host).ahead.request(
                map(Requirement, WANTED), guarded=True
            )
        )
        for host in (HOST, there)
    ]
    assert asked[0] == asked[1] == ["numpy", "top"]
    for mode in Binaries:
        assert effort_for(there, mode) == effort_for(HOST, mode)
