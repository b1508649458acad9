"""Answers that are made once, on demand or ahead of it by a crew of threads."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from contextlib import suppress
from queue import SimpleQueue
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Crew:
    """Up to ``size`` threads, started as work comes in.

    They are daemons: an interrupted run ends at once instead of waiting for a slow server, which is why
    this is no ``ThreadPoolExecutor``. What they do must be safe to lose.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._work: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._lock = threading.Lock()
        self._threads: list[threading.Thread] = []
        self._closed = False

    def add(self, job: Callable[[], None]) -> None:
        """Do ``job`` some time; it must not raise. After ``close`` nothing is done."""
        with self._lock:
            if self._closed:
                return
            self._work.put(job)
            if len(self._threads) < self._size:
                thread = threading.Thread(target=self._run, name="depguard-index", daemon=True)
                self._threads.append(thread)
                thread.start()

    def close(self) -> None:
        """Let go of what has not begun. Does not wait for what has."""
        with self._lock:
            self._closed = True
            for _ in self._threads:
                self._work.put(None)

    def _run(self) -> None:
        while (job := self._work.get()) is not None:
            if not self._closed:
                with suppress(Exception):  # a thread less would leave work undone for which others wait
                    job()


class Job(Generic[V]):
    """One answer on its way. Whoever claims it first makes it; the others wait."""

    __slots__ = ("_claim", "_done", "_error", "_make", "_value")

    def __init__(self, make: Callable[[], V]) -> None:
        self._make: Callable[[], V] | None = make
        self._claim = threading.Lock()
        self._done = threading.Event()
        self._value: V | None = None
        self._error: BaseException | None = None

    def run(self) -> None:
        """Make the answer, unless somebody does. What is raised is raised in whoever asks for it."""
        if self._make is None or not self._claim.acquire(blocking=False):
            return
        try:
            self._value = self._make()
        except BaseException as error:  # noqa: BLE001 - raised again in whoever asks, as if made there
            self._error = error
        finally:
            self._make = None  # let go of what the closure holds
            self._done.set()

    def result(self) -> V:
        """The answer, made here and now if nobody has begun. Raises what making it raised."""
        self.run()
        while not self._done.wait(1.0):  # with a limit, so that Windows delivers Ctrl-C
            pass
        if self._error is not None:
            raise self._error
        return self._value  # type: ignore[return-value]  # set whenever there is no error; V may include None


class Once(Generic[K, V]):
    """Answers by key. The same object every time, an error included; never made twice."""

    def __init__(self, crew: Crew) -> None:
        self._crew = crew
        self._jobs: dict[K, Job[V]] = {}
        self._lock = threading.Lock()

    def get(self, key: K, make: Callable[[], V]) -> V:
        """The answer for ``key``. One that waits in the crew's queue is made here and now."""
        return self._job(key, make)[0].result()

    def __contains__(self, key: K) -> bool:
        """Whether somebody asked for it, or began to."""
        with self._lock:
            return key in self._jobs

    def start(self, key: K, make: Callable[[], V]) -> None:
        """Have the answer made ahead of time, unless it is on its way."""
        job, new = self._job(key, make)
        if new:
            self._crew.add(job.run)

    def _job(self, key: K, make: Callable[[], V]) -> tuple[Job[V], bool]:
        with self._lock:
            job = self._jobs.get(key)
            if job is not None:
                return job, False
            self._jobs[key] = job = Job(make)
            return job, True
