"""One requirement as people write it, to an Item or to a Problem that says what is wrong and where.

PEP 508 requirements, bare URLs, version control references, local paths and archives, editable or
not: the forms that pip and uv take. Nothing is looked up; a path is recognised by its looks.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from packaging.markers import InvalidMarker, Marker
from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, Specifier
from packaging.utils import InvalidName, canonicalize_name

from depguard.errors import Problem
from depguard.model.location import Location
from depguard.model.request import Item
from depguard.parse.direct_reference import parse_direct_reference, without_credentials
from depguard.parse.requirement_cache import LONGEST, own_requirement
from depguard.records import dataclass, replace

_URL = re.compile(r"(?:git|hg|svn|bzr)\+[a-z+]+:|(?:https?|file|ftp|ssh|git):", re.IGNORECASE)
_VCS = re.compile(r"(git|hg|svn|bzr)[+:]", re.IGNORECASE)
_ARCHIVE = re.compile(r"\.(whl|zip|tar|tgz|tbz|txz|tlz|tar\.(gz|bz2|xz|lz|lzma))$", re.IGNORECASE)
_NAMED_URL = re.compile(r"^\s*[A-Za-z0-9][A-Za-z0-9._-]*\s*(\[[^\]]*\])?\s*@")
_HEAD = re.compile(r"\s*([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)\s*(\[[^\]]*\])?\s*")
_OPERATOR = re.compile(r"(===|==|~=|!=|<=|>=|<|>)\s*(.*)", re.DOTALL)
_WRONG_OPERATORS = {"=": "==", "=>": ">=", "=<": "<=", "~": "~=", "^": "~=", "><": "!=", "<>": "!="}
_WRONG_OPERATOR = re.compile(r"(=>|=<|<>|><|=|~|\^)(?!=)\s*(\S.*)")
_QUOTES = "\"'\N{LEFT DOUBLE QUOTATION MARK}\N{RIGHT DOUBLE QUOTATION MARK}\N{LEFT SINGLE QUOTATION MARK}"
# The look-behind keeps a long word from being tried again from each of its letters.
_CREDENTIALS = re.compile(
    r"(?<![a-z0-9+.-])([0-9+.-]*)([a-z][a-z0-9+.-]*://[^\s/'\"]*@[^\s'\"]*)", re.IGNORECASE
)


def without_secrets(text: str) -> str:
    """Any text with the credentials of every URL in it taken out."""
    return _CREDENTIALS.sub(lambda match: match.group(1) + without_credentials(match.group(2)), text)


def read_item(
    text: str,
    *,
    location: Location | None = None,
    editable: bool = False,
    hashes: tuple[tuple[str, str], ...] = (),
) -> Item | Problem:
    """The item, or the one mistake in it, located inside ``text`` where ``location`` has a column."""
    bare = text.strip()
    if len(bare) > LONGEST:
        return Problem(
            code="requirement.too-long",
            message=f"{without_secrets(bare[:40])!r}... is no requirement: it has {len(bare)} characters",
            location=location,
            allowed=f"{LONGEST} characters",
        )
    read = _Reading(text=without_secrets(bare), editable=editable, hashes=hashes, location=location)
    if not bare:
        return Problem(code="requirement.empty", message="an empty requirement", location=location)
    if _URL.match(bare) or (editable and _VCS.match(bare)):
        return _url_item(bare, read)
    if _is_path(bare, editable=editable):
        return _path_item(bare, read)
    try:
        requirement = own_requirement(bare)
    except InvalidRequirement as error:
        return explain(text, str(error), location)
    if editable and requirement.url is None:
        return Problem(
            code="requirement.editable",
            message=f"{bare!r} is no editable requirement",
            location=location,
            allowed="a path to a local project, or a version control URL",
        )
    if requirement.url is not None:
        requirement.url = without_credentials(requirement.url)
    return read.item(requirement=requirement, url=requirement.url)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reading:
    text: str
    editable: bool
    hashes: tuple[tuple[str, str], ...]
    location: Location | None

    def item(self, *, requirement: Requirement | None, url: str | None = None) -> Item:
        return Item(
            text=self.text,
            requirement=requirement,
            url=url,
            editable=self.editable,
            hashes=self.hashes,
            location=self.location,
        )


def _is_path(text: str, *, editable: bool) -> bool:
    if _NAMED_URL.match(text):
        return False
    bare = text.partition(";")[0].strip()
    bare = re.sub(r"\[[^\]]*\]$", "", bare)
    looks = bare.startswith((".", "~")) or "/" in bare or "\\" in bare
    return editable or looks or _ARCHIVE.search(bare) is not None


def _url_item(text: str, read: _Reading) -> Item | Problem:
    """``URL[; marker]``: the name is what a wheel's file name or the ``#egg=`` fragment says."""
    url, marker, problem = _split_marker(text, "; ", read)
    if problem is not None:
        return problem
    # pip still takes "git://host/repo" for an editable one and reads it as "git+git://".
    if read.editable and re.match(r"(git|hg|svn|bzr):", url, re.IGNORECASE):
        url = f"{url.partition(':')[0]}+{url}"
    try:
        urlsplit(url)
    except ValueError as error:  # "https://[half an IPv6 address"
        return Problem(
            code="requirement.invalid-url",
            message=f"{read.text!r} is no URL: {error}",
            location=read.location,
        )
    safe, reference = without_credentials(url), parse_direct_reference(url)
    name = reference.egg or (str(reference.name) if reference.name and _is_wheel(url) else None)
    return read.item(requirement=_named(name, safe, marker), url=safe)


def _path_item(text: str, read: _Reading) -> Item | Problem:
    path, marker, problem = _split_marker(text, ";", read)
    if problem is not None:
        return problem
    extras = re.search(r"\[([^\]]*)\]$", path)
    bare = path[: extras.start()] if extras else path
    name = parse_direct_reference(f"file:{bare.replace(chr(92), '/')}").name if _is_wheel(bare) else None
    requirement = None
    if name is not None:
        wanted = f"{name}[{extras.group(1)}]" if extras else name
        requirement = _named(wanted, f"file:{bare}", marker)
    return read.item(requirement=requirement, url=bare)


def _is_wheel(url: str) -> bool:
    return url.partition("#")[0].partition("?")[0].lower().endswith(".whl")


def _named(name: str | None, url: str, marker: str | None) -> Requirement | None:
    """``name @ url``, or None where the name is none (pip refuses ``#egg=name-version`` alike)."""
    if name is None:
        return None
    try:
        canonicalize_name(name.partition("[")[0].strip(), validate=True)
        return own_requirement(f"{name} @ {url}" + (f" ; {marker}" if marker else ""))
    except (InvalidName, InvalidRequirement):
        return None


def _split_marker(text: str, separator: str, read: _Reading) -> tuple[str, str | None, Problem | None]:
    head, found, marker = text.partition(separator)
    if not found or not marker.strip():
        return head.strip(), None, None
    problem = _marker_problem(text, len(head) + len(separator), read.location)
    return head.strip(), marker.strip(), problem


def explain(text: str, error: str, location: Location | None) -> Problem:
    """Why ``text`` is no requirement: the first clause that is wrong, with what was probably meant."""
    shown = without_secrets(text.strip())
    head = _HEAD.match(text)
    if head is None:
        hint = "quotes are for the shell, leave them out" if text.strip()[:1] in _QUOTES else None
        return _invalid(f"{shown!r} does not start with a project name", location, hint=hint)
    if _NAMED_URL.match(text):
        return _invalid(f"invalid requirement {shown!r}: {_first_line(error)}", location)
    specifiers, _, marker = text[head.end() :].partition(";")
    at = head.end()
    if specifiers.strip().startswith("(") and specifiers.strip().endswith(")"):
        at += specifiers.index("(") + 1
        specifiers = specifiers.strip()[1:-1]
    for clause in specifiers.split(","):
        lead = len(clause) - len(clause.lstrip())
        problem = _clause_problem(shown, clause.strip(), _shift(location, at + lead))
        if problem is not None:
            return problem
        at += len(clause) + 1
    if marker.strip():
        problem = _marker_problem(text, text.index(";") + 1, location)
        if problem is not None:
            return problem
    return _invalid(f"invalid requirement {shown!r}: {_first_line(error)}", location)


def _clause_problem(shown: str, clause: str, location: Location | None) -> Problem | None:
    if not clause:
        return None
    try:
        Specifier(clause)
    except InvalidSpecifier:
        pass
    else:
        return None
    wrong = _WRONG_OPERATOR.match(clause)
    if wrong is not None:
        right = _WRONG_OPERATORS[wrong.group(1)]
        return _invalid(
            f"{wrong.group(1)!r} in {shown!r} is no operator",
            location,
            allowed="== != <= >= < > ~= ===",
            hint=f"did you mean {right}{wrong.group(2).strip()}?",
        )
    operator = _OPERATOR.match(clause)
    if operator is None:
        return _invalid(
            f"{clause!r} in {shown!r} is no version specifier",
            location,
            hint="one requirement a line; versions as in name>=1.2",
        )
    version = operator.group(2).strip()
    if re.search(r"\s*[<>=!~]", version):
        return _invalid(
            f"{clause!r} in {shown!r} is no version specifier",
            location,
            hint="put a comma between two specifiers",
        )
    limits = (
        "" if operator.group(1) in ("==", "===", "!=") else f" (after {operator.group(1)} no .*, no +local)"
    )
    return _invalid(
        f"invalid version in {shown!r}: {version!r}",
        location,
        allowed=f"a version after PEP 440, such as 1.2, 2.0rc1 or 2.1+cu121{limits}",
        hint=_version_hint(operator.group(1), version),
    )


def _version_hint(operator: str, version: str) -> str | None:
    if version.lower().startswith("latest"):
        return "leave the specifier out: without one, the newest release is taken"
    if version.endswith(".*") and operator not in ("==", "!="):
        return f"did you mean {operator}{version.removesuffix('.*')}?"
    if operator not in ("==", "!=", "===") and "+" in version:
        return f"did you mean {operator}{version.partition('+')[0]}?"
    return None


def _marker_problem(text: str, start: int, location: Location | None) -> Problem | None:
    try:
        Marker(text[start:].strip())
    except (InvalidMarker, RecursionError) as error:
        lead = len(text[start:]) - len(text[start:].lstrip())
        shown = without_secrets(text.strip())
        return Problem(
            code="requirement.invalid-marker",
            message=f"invalid environment marker in {shown!r}: {_first_line(str(error))}",
            location=_shift(location, start + lead),
            hint="a marker looks like: python_version >= '3.11' and sys_platform == 'linux'",
        )
    return None


def _invalid(
    message: str, location: Location | None, *, allowed: str | None = None, hint: str | None = None
) -> Problem:
    return Problem(code="requirement.invalid", message=message, location=location, allowed=allowed, hint=hint)


def _first_line(text: str) -> str:
    return text.partition("\n")[0]


def _shift(location: Location | None, by: int) -> Location | None:
    if location is None or location.column is None:
        return location
    return replace(location, column=location.column + by)
