"""``pip freeze`` lists: text to a baseline, with every line accounted for.

The format is pip's own (there is no specification): ``name==version``, ``name @ URL``, ``-e URL#egg=name``
and comments, some of which carry what an editable install is.
"""

from __future__ import annotations

import re

from packaging.utils import canonicalize_name
from packaging.version import Version

from depguard.errors import InputError, Problem
from depguard.model.baseline import Baseline
from depguard.model.host import InstalledDistribution, Knowledge, Origin, Requirements
from depguard.model.location import Location
from depguard.parse.direct_reference import parse_direct_reference, without_credentials
from depguard.records import replace

NOT_READ = Requirements(how=Knowledge.UNKNOWN, source="not read yet")

_NAME = r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?"
_PINNED = re.compile(rf"(?P<name>{_NAME})\s*(?:\[[^\]]*\]\s*)?={{2,3}}\s*(?P<version>[^\s;#]+)")
_DIRECT = re.compile(rf"(?P<name>{_NAME})\s*(?:\[[^\]]*\]\s*)?@\s*(?P<url>\S+)")
_EDITABLE = re.compile(r"(?:-e|--editable)[\s=]+(?P<url>\S+)")
_EDITABLE_COMMENT = re.compile(rf"#\s*Editable\b.*\((?P<name>{_NAME})==(?P<version>[^\s()]+)\)")
_UNPINNED = re.compile(rf"{_NAME}\s*(?:\[[^\]]*\]\s*)?(?:[<>~!].*)?")

ALLOWED = "name==version, name @ URL, -e URL#egg=name, a comment"


def parse_freeze(text: str, label: str) -> Baseline:
    """The baseline that a freeze list states; ``label`` is the file's name in messages.

    A version that only the file name of a direct reference carries is read from it. One that nothing
    carries is None, with a warning: it is never guessed. Raises InputError with all mistakes of the list.
    """
    reader = _Reader(label)
    for number, line in enumerate(text.removeprefix("\ufeff").splitlines(), 1):
        reader.line(number, line)
    return reader.baseline()


class _Reader:
    """Collects distributions and mistakes, line by line."""

    def __init__(self, label: str) -> None:
        self._label = label
        self._found: list[InstalledDistribution] = []
        self._problems: list[Problem] = []
        self._warnings: list[Problem] = []
        self._editable_comment: re.Match[str] | None = None

    def line(self, number: int, raw: str) -> None:
        line = raw.strip()
        at = Location(self._label, number, len(raw) - len(raw.lstrip()) + 1)
        if line.startswith("#"):
            self._editable_comment = _EDITABLE_COMMENT.match(line)
            return
        comment, self._editable_comment = self._editable_comment, None
        line = re.split(r"\s#", line, maxsplit=1)[0].rstrip()
        if not line:
            return
        if match := _EDITABLE.fullmatch(line):
            self._editable(match["url"], at, comment)
        elif match := _DIRECT.fullmatch(line.split(" ;")[0].rstrip()):
            self._direct(match["name"], match["url"], at)
        elif match := _PINNED.fullmatch(line.split(";")[0].rstrip()):
            self._pinned(match, at)
        elif line.startswith("-"):
            self._warn("freeze.option", f"the option {line.split()[0]} says nothing of what is installed", at)
        elif _UNPINNED.fullmatch(line):
            self._problem(
                "freeze.not-pinned",
                f"{line!r} does not say which version is installed",
                at,
                hint="write the list with: python -m pip freeze",
            )
        else:
            self._problem("freeze.line", f"not a line of a freeze list: {line!r}", at)

    def _pinned(self, match: re.Match[str], at: Location) -> None:
        version = self._version(
            match["version"], replace(at, column=(at.column or 1) + match.start("version"))
        )
        if version is not None:
            self._add(match["name"], version, Origin(), at)

    def _direct(self, name: str, url: str, at: Location) -> None:
        reference = parse_direct_reference(url)
        version = reference.version
        if reference.name is not None and reference.name != canonicalize_name(name):
            version = None
            self._warn("freeze.other-file", f"the file of {name} is named after {reference.name}", at)
        elif version is None:
            self._warn("freeze.no-version", f"nothing on this line carries the version of {name}", at)
        self._add(name, version, reference.origin, at)

    def _editable(self, url: str, at: Location, comment: re.Match[str] | None) -> None:
        reference = parse_direct_reference(url)
        if comment is not None:
            version = self._version(comment["version"], at)
            if version is not None:
                self._add(comment["name"], version, replace(reference.origin, filename=None), at)
            return
        if reference.egg is None:
            self._problem(
                "freeze.editable-name",
                f"nothing names the project that is installed from {without_credentials(url)}",
                at,
                hint="append #egg=NAME to the line",
            )
            return
        name = re.split(r"[\[=]", reference.egg)[0]
        self._warn("freeze.no-version", f"nothing on this line carries the version of {name}", at)
        self._add(name, None, reference.origin, at)

    def _version(self, text: str, at: Location) -> Version | None:
        try:
            return Version(text)
        except ValueError:  # InvalidVersion, or a number of more digits than int() takes
            self._problem(
                "freeze.version", f"{text!r} is not a version", at, allowed="a version as PEP 440 defines it"
            )
            return None

    def _add(self, name: str, version: Version | None, origin: Origin, at: Location) -> None:
        self._found.append(
            InstalledDistribution(
                name=canonicalize_name(name),
                spelled=name,
                version=version,
                requirements=NOT_READ,
                origin=origin,
                location=at,
            )
        )

    def _warn(self, code: str, message: str, at: Location) -> None:
        self._warnings.append(Problem(code=code, message=message, location=at))

    def _problem(
        self, code: str, message: str, at: Location, *, allowed: str = ALLOWED, hint: str | None = None
    ) -> None:
        self._problems.append(Problem(code=code, message=message, location=at, allowed=allowed, hint=hint))

    def baseline(self) -> Baseline:
        once, problems, warnings = without_repeats(self._found)
        problems = [*self._problems, *problems]
        if not once and not problems:
            problems.append(
                Problem(
                    code="freeze.empty",
                    message="the list names no distribution",
                    location=Location(self._label),
                    allowed=ALLOWED,
                )
            )
        if problems:
            raise InputError(*sorted(problems, key=_position))
        return Baseline(
            distributions=tuple(once), warnings=tuple(sorted((*self._warnings, *warnings), key=_position))
        )


def without_repeats(
    found: list[InstalledDistribution],
) -> tuple[list[InstalledDistribution], list[Problem], list[Problem]]:
    """Each project once, then the problems and the warnings about those that are listed twice."""
    first: dict[str, InstalledDistribution] = {}
    problems: list[Problem] = []
    warnings: list[Problem] = []
    for distribution in found:
        earlier = first.setdefault(distribution.name, distribution)
        if earlier is distribution:
            continue
        if earlier.version is not None and earlier.version == distribution.version:
            warnings.append(_repeat("baseline.repeated", earlier, distribution))
        else:
            problems.append(_repeat("baseline.two-versions", earlier, distribution))
    return list(first.values()), problems, warnings


def _repeat(code: str, earlier: InstalledDistribution, later: InstalledDistribution) -> Problem:
    def what(distribution: InstalledDistribution) -> str:
        return f"{distribution.spelled} {distribution.version or 'of unknown version'}"

    return Problem(
        code=code,
        message=f"{what(later)} is listed again; {earlier.location} has {what(earlier)}",
        location=later.location,
        allowed="one line for each project (names are compared as PEP 503 says)",
        hint=None if code == "baseline.repeated" else "keep the line that the host really has",
    )


def _position(problem: Problem) -> tuple[int, int]:
    at = problem.location
    return (at.line or 0, at.column or 0) if at is not None else (0, 0)
