"""What a copy is told once, and what is found out once it has done that; by hand-written copies."""

from __future__ import annotations

import threading
from collections.abc import Hashable
from typing import cast

import pytest

from depguard.adapters.index.dispatch import Dispatch
from depguard.adapters.index.outrider import Done, Order, Outrider
from depguard.errors import OutOfReachError, Problem


class Rider:
    """A copy that has done something whenever somebody waits, in the order in which it was told."""

    def __init__(self) -> None:
        self.pid: int | None = 1
        self.orders: list[Order] = []
        self.ends: dict[Hashable, Done] = {}
        self._told: list[Hashable] = []
        self._done: list[Hashable] = []
        self._news: list[Hashable] = []

    def takes(self, key: Hashable) -> bool:
        return self.pid is None or key not in self._told

    def order(self, key: Hashable, order: Order) -> None:
        self._told.append(key)
        self.orders.append(order)

    def do(self) -> None:
        """The next thing that is left."""
        key = next(key for key in self._told if key not in self._done)
        self._done.append(key)
        self._news.append(key)

    def wait(self, key: Hashable) -> Done:
        if key in self._done:
            return self.ends.get(key, Done())
        if self.pid is None or key not in self._told:
            return Done()
        self.do()
        return Done(coming=True)

    def news(self) -> Hashable | None:
        return self._news.pop(0) if self._news else None

    def recall(self) -> None:
        self.pid = None


@pytest.fixture
def rider() -> Rider:
    return Rider()


@pytest.fixture
def dispatch(rider: Rider) -> Dispatch:
    return Dispatch(cast("Outrider", rider))


def test_without_a_copy_all_is_made_here() -> None:
    alone = Dispatch()
    assert not alone.rides
    assert alone.takes("page")
    assert not alone.order("page", ("page",), lambda: pytest.fail("nobody does it"))
    assert alone.met("page", lambda: "made") == "made"
    alone.follow()
    alone.recall()


def test_each_thing_is_ordered_once(rider: Rider, dispatch: Dispatch) -> None:
    assert dispatch.order("page", ("page", "demo"))
    assert not dispatch.takes("page")
    assert dispatch.order("page", ("page", "demo"))
    assert rider.orders == [("page", "demo")]


def test_what_follows_is_found_out_while_something_else_is_waited_for(dispatch: Dispatch) -> None:
    seen: list[str] = []
    dispatch.order("one", ("one",), lambda: seen.append("after one"))
    dispatch.order("two", ("two",), lambda: seen.append("after two"))
    dispatch.order("three", ("three",), lambda: seen.append("after three"))
    assert dispatch.met("three", lambda: list(seen)) == ["after one", "after two"]
    assert seen == ["after one", "after two"]
    dispatch.follow()
    assert seen == ["after one", "after two", "after three"]


def test_what_follows_may_order_more_and_ask_for_what_is_there(rider: Rider, dispatch: Dispatch) -> None:
    def after() -> None:
        assert dispatch.met("one", lambda: "one") == "one"
        dispatch.order("next", ("next",))

    dispatch.order("one", ("one",), after)
    dispatch.order("two", ("two",))
    assert dispatch.met("two", lambda: "two") == "two"
    assert rider.orders == [("one",), ("two",), ("next",)]


def test_who_waits_for_something_does_not_find_out_what_follows_from_it(dispatch: Dispatch) -> None:
    """As for a `background.Job`: who makes it must not ask for it meanwhile."""
    making = threading.Lock()

    def after() -> None:
        assert not making.locked()

    dispatch.order("one", ("one",), after)
    with making:
        dispatch.met("one", dispatch.follow)
    dispatch.follow()


def test_a_guess_that_breaks_is_forgotten(dispatch: Dispatch) -> None:
    seen: list[str] = []

    def breaks() -> None:
        seen.append("tried")
        raise ValueError("broken")

    dispatch.order("one", ("one",), breaks)
    dispatch.order("two", ("two",))
    dispatch.met("two", lambda: None)
    dispatch.follow()
    assert seen == ["tried"]


def test_how_it_ended_there_counts_here(rider: Rider, dispatch: Dispatch) -> None:
    error = OutOfReachError(Problem(code="index.unreachable", message="gone"))
    rider.ends = {"failed": Done(error=error), "answered": Done(answer="not kept")}
    for key in rider.ends:
        dispatch.order(key, (key,))
    assert dispatch.met("answered", lambda: "made here") == "not kept"
    with pytest.raises(OutOfReachError, match="gone"):
        dispatch.met("failed", lambda: None)


def test_once_it_is_gone_all_is_made_here(dispatch: Dispatch) -> None:
    dispatch.order("one", ("one",))
    dispatch.recall()
    assert not dispatch.rides
    assert dispatch.takes("one")
    assert not dispatch.order("two", ("two",))
    assert dispatch.met("one", lambda: "made") == "made"
