"""Environment markers of a described host: holds, fails, or cannot be known (PEP 508, PEP 685).

``packaging`` fills what an environment leaves out from the machine that it runs on, so the evaluator here
insists on a complete environment. A variable that a host file does not know makes a comparison unknown;
``and`` and ``or`` then follow Kleene's three-valued logic, so that a marker whose answer is the same
whatever the value still has that answer.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache

from packaging.markers import Marker, UndefinedComparison, UndefinedEnvironmentName
from packaging.requirements import Requirement
from packaging.utils import NormalizedName, canonicalize_name

from depguard.model.stated_requirements import may_count

MARKER_VARIABLES = (
    "implementation_name",
    "implementation_version",
    "os_name",
    "platform_machine",
    "platform_python_implementation",
    "platform_release",
    "platform_system",
    "platform_version",
    "python_full_version",
    "python_version",
    "sys_platform",
)
"""The environment variables of PEP 508; ``extra`` is not one of them, it belongs to a requirement."""

# What ends so, and has no ``or``, fails without a look at the rest unless its extra is wanted.
_UNDER_EXTRA = re.compile(r"""(?:.*[\s)'"]and\s+|\s*)extra\s*==\s*(["'])([A-Za-z0-9._-]+)\1\s*""")
_OR = re.compile(r"\bor\b")

_MOST = 1 << 12
"""Requirements of so many releases are remembered for an environment, and so many markers' extras."""

NO_EXTRA: frozenset[str] = frozenset({""})


@lru_cache(maxsize=_MOST)
def extra_needed(text: str) -> NormalizedName | None:
    """The extra without which a marker of this text does not hold, whatever else it says: most have one."""
    found = _UNDER_EXTRA.fullmatch(text)
    return canonicalize_name(found[2]) if found is not None and not _OR.search(text) else None


class MarkerAnswer(enum.Enum):
    """What a marker says on a host."""

    HOLDS = "holds"
    FAILS = "fails"
    UNKNOWN = "unknown"


_Left = tuple[tuple[Requirement, MarkerAnswer], ...]


class HostMarkers:
    """The markers of one host, with its answers remembered.

    ``environment`` has a value for each of `MARKER_VARIABLES` (ValueError otherwise); the values of those in
    ``unknown`` mean nothing. ``evaluate`` is called thousands of times by a solver: a marker that was
    seen before costs one look-up.
    """

    __slots__ = ("_answers", "_environment", "_left", "_seen", "_unknown")

    def __init__(self, environment: Mapping[str, str], unknown: Iterable[str] = ()) -> None:
        missing = [name for name in MARKER_VARIABLES if name not in environment]
        if missing:
            raise ValueError(f"incomplete marker environment: {', '.join(missing)} missing")
        self._environment = {name: environment[name] for name in MARKER_VARIABLES}
        self._unknown = frozenset(unknown)
        self._answers: dict[tuple[str, frozenset[str]], MarkerAnswer] = {}
        # The text of a marker is costly to make (10 us); the marker kept beside it keeps its id its own.
        self._seen: dict[tuple[int, frozenset[str]], tuple[Marker, MarkerAnswer]] = {}
        # Likewise by the id of requirements, which are kept beside what is left of them.
        self._left: dict[tuple[int, frozenset[str], bool], tuple[Sequence[Requirement], _Left]] = {}

    def evaluate(self, marker: Marker | None, extras: Iterable[str] = ()) -> MarkerAnswer:
        """Whether ``marker`` holds when its distribution is wanted with ``extras`` (none: plainly).

        One requested extra that makes it true is enough. No marker at all holds.
        """
        if marker is None:
            return MarkerAnswer.HOLDS
        wanted = (extras if isinstance(extras, frozenset) else frozenset(extras)) or NO_EXTRA
        seen = self._seen.get((id(marker), wanted))
        if seen is None:
            seen = (marker, self._by_text(marker, str(marker), wanted))
            self._seen[id(marker), wanted] = seen
        return seen[1]

    def left(
        self, requirements: Sequence[Requirement], extras: frozenset[str], *, whole: bool
    ) -> tuple[tuple[Requirement, MarkerAnswer], ...]:
        """The requirements that hold or may hold with ``extras``.

        Unless the ``whole`` is wanted, those are left out that hold without extras. Asked of the same
        requirements for every host with this environment.
        """
        place = (id(requirements), extras, whole)
        kept = self._left.get(place)
        if kept is None:
            if len(self._left) >= _MOST:
                self._left.clear()
            found: list[tuple[Requirement, MarkerAnswer]] = []
            for requirement in may_count(requirements, extras):
                answer = self.evaluate(requirement.marker, extras)
                if answer is MarkerAnswer.FAILS:
                    continue
                if extras and not whole and self.evaluate(requirement.marker) is MarkerAnswer.HOLDS:
                    continue
                found.append((requirement, answer))
            kept = self._left[place] = (requirements, tuple(found))
        return kept[1]

    def _by_text(self, marker: Marker, text: str, wanted: frozenset[str]) -> MarkerAnswer:
        extras = frozenset(canonicalize_name(extra) for extra in wanted) if "extra" in text else NO_EXTRA
        key = (text, extras or NO_EXTRA)
        if key not in self._answers:
            self._answers[key] = _any([self._evaluate(marker, text, extra) for extra in key[1]])
        return self._answers[key]

    def _evaluate(self, marker: Marker, text: str, extra: str) -> MarkerAnswer:
        if extra_needed(text) not in {None, extra}:
            return MarkerAnswer.FAILS
        if any(name in text for name in self._unknown):
            return _Reader(text, lambda comparison: self._compare(comparison, extra)).answer()
        return self._ask(marker, extra)

    def _compare(self, comparison: tuple[str, ...], extra: str) -> MarkerAnswer:
        if not self._unknown.isdisjoint(comparison):
            return MarkerAnswer.UNKNOWN
        return self._ask(Marker(" ".join(comparison)), extra)

    def _ask(self, marker: Marker, extra: str) -> MarkerAnswer:
        try:
            holds = marker.evaluate({**self._environment, "extra": extra})
        except (UndefinedComparison, UndefinedEnvironmentName):
            # ``~=`` on something that is no version, or a variable of lock files only (PEP 751).
            return MarkerAnswer.UNKNOWN
        return MarkerAnswer.HOLDS if holds else MarkerAnswer.FAILS


def markers_of(environment: Mapping[str, str], unknown: Iterable[str]) -> HostMarkers:
    """The evaluator of an environment: the same one, with its answers, for whoever asks of the same.

    Raises ValueError if ``environment`` lacks one of `MARKER_VARIABLES`.
    """
    return _host_markers(frozenset(environment.items()), frozenset(unknown))


def evaluate(
    marker: Marker | None,
    host_markers: Mapping[str, str],
    unknown: frozenset[str],
    extras: Iterable[str] = (),
) -> MarkerAnswer:
    """Whether ``marker`` holds on a host: `HostMarkers.evaluate` with the evaluator remembered.

    Raises ValueError if ``host_markers`` lacks one of `MARKER_VARIABLES`.
    """
    return markers_of(host_markers, unknown).evaluate(marker, extras)


@lru_cache(maxsize=64)
def _host_markers(environment: frozenset[tuple[str, str]], unknown: frozenset[str]) -> HostMarkers:
    return HostMarkers(dict(environment), unknown)


def _any(answers: Iterable[MarkerAnswer]) -> MarkerAnswer:
    """Kleene's ``or``."""
    found = set(answers)
    for answer in (MarkerAnswer.HOLDS, MarkerAnswer.UNKNOWN):
        if answer in found:
            return answer
    return MarkerAnswer.FAILS


def _all(answers: Iterable[MarkerAnswer]) -> MarkerAnswer:
    """Kleene's ``and``."""
    found = set(answers)
    for answer in (MarkerAnswer.FAILS, MarkerAnswer.UNKNOWN):
        if answer in found:
            return answer
    return MarkerAnswer.HOLDS


_TOKEN = re.compile(r"""[()]|"[^"]*"|'[^']*'|[^\s()"']+""")


class _Reader:
    """Reads the text that ``str(Marker)`` gives, comparison by comparison.

    That text is valid by construction, so there is no error handling: ``packaging`` parsed it and has no
    public view of its tree, while each comparison alone is a marker again.
    """

    def __init__(self, text: str, compare: Callable[[tuple[str, ...]], MarkerAnswer]) -> None:
        self._tokens = _TOKEN.findall(text)
        self._at = 0
        self._compare = compare

    def answer(self) -> MarkerAnswer:
        answers = [self._and()]
        while self._take("or"):
            answers.append(self._and())
        return _any(answers)

    def _and(self) -> MarkerAnswer:
        answers = [self._one()]
        while self._take("and"):
            answers.append(self._one())
        return _all(answers)

    def _one(self) -> MarkerAnswer:
        if self._take("("):
            answer = self.answer()
            self._take(")")
            return answer
        # ``left op right``, where only ``not in`` is an operator of two words.
        length = 4 if self._tokens[self._at + 1] == "not" else 3
        comparison = tuple(self._tokens[self._at : self._at + length])
        self._at += length
        return self._compare(comparison)

    def _take(self, token: str) -> bool:
        if self._at < len(self._tokens) and self._tokens[self._at] == token:
            self._at += 1
            return True
        return False
