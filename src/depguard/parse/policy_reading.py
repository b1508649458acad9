"""What every part of a policy is read with: nodes to texts, choices, globs, requirements and days.

Each method returns None (or what of a list could be read) after it has noted the mistake, so that one
pass over a text finds all of them.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, date, datetime
from typing import TypeVar

from packaging.requirements import InvalidRequirement, Requirement

from depguard.errors import Problem
from depguard.model.location import Location
from depguard.parse import yaml_nodes
from depguard.parse.requirement_cache import own_requirement
from depguard.parse.suggest import did_you_mean
from depguard.parse.yaml_nodes import Entry, Node, Scalar, kind

T = TypeVar("T")

GLOB_PATTERN = r"[A-Za-z0-9*?\[](?:[A-Za-z0-9._*?\[\]!-]*[A-Za-z0-9*?\]])?"
"""A name (PEP 508), with the wildcards of fnmatch. A regular expression for Python and ECMA-262 alike."""
NAME_PATTERN = r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?"
"""A name that can stand in a file name."""

_GLOB = re.compile(GLOB_PATTERN)
_NAME = re.compile(NAME_PATTERN)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_MOMENT = re.compile(
    r"(?P<clock>\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,6})?)?) ?(?P<zone>[Zz]|[+-]\d{2}:?\d{2})?"
)
_CREDENTIALS = re.compile(r"//[^/@\s]*@")
# "git@" and the like before the host are a login name, not a secret (PEP 610 keeps it as well).
_LOGIN = re.compile(r"//(?:git|\$\{\w+\})(?::\$\{\w+\})?@")


class Reading:
    """One pass over one text: collects the mistakes, and which section speaks of which names.

    ``claims`` are section, glob and place of all that is protected, held or forbidden, also of
    entries that are wrong otherwise.
    """

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self.claims: list[tuple[str, str, Location]] = []

    def mistake(
        self,
        code: str,
        where: Node | Location,
        message: str,
        *,
        allowed: str | None = None,
        hint: str | None = None,
    ) -> None:
        """Note one mistake; ``code`` gets the prefix ``policy.``."""
        location = where if isinstance(where, Location) else where.location
        self.problems.append(
            Problem(code=f"policy.{code}", message=message, location=location, allowed=allowed, hint=hint)
        )

    def mapping(self, node: Node, what: str, allowed: str) -> yaml_nodes.Mapping | None:
        """The node as a mapping."""
        if isinstance(node, yaml_nodes.Mapping):
            return node
        self.mistake("wrong-kind", node, f"{what} cannot be {kind(node)}", allowed=allowed)
        return None

    def keys(self, mapping: yaml_nodes.Mapping, what: str, known: Collection[str]) -> dict[str, Entry]:
        """The entries by key, without those whose key is unknown."""
        found: dict[str, Entry] = {}
        for entry in mapping:
            if entry.key.text in known:
                found[entry.key.text] = entry
            else:
                self.mistake(
                    "unknown-key",
                    entry.key,
                    f"{what} has no key {entry.key.text}",
                    allowed=", ".join(known),
                    hint=did_you_mean(entry.key.text, known),
                )
        return found

    def text(self, node: Node, what: str, allowed: str = "a text") -> str | None:
        """The text of a scalar, without space around it; never empty."""
        if isinstance(node, Scalar) and not _blank(node):
            return node.text.strip()
        found = "empty" if isinstance(node, Scalar) else kind(node)
        self.mistake("wrong-kind", node, f"{what} cannot be {found}", allowed=allowed)
        return None

    def scalars(self, node: Node, what: str, *, may_be_empty: bool = False) -> tuple[Scalar, ...]:
        """One scalar, or a list of scalars."""
        items: Iterable[Node] = node.items if isinstance(node, yaml_nodes.Sequence) else (node,)
        read = tuple(
            item
            for item in items
            if self.text(item, what, "one text or a list of texts") is not None and isinstance(item, Scalar)
        )
        if isinstance(node, yaml_nodes.Sequence) and not node.items and not may_be_empty:
            self.mistake("empty", node, f"{what} cannot be an empty list", hint="leave the key out")
        return read

    def reason(self, entry: Entry | None, owner: Node, what: str, example: str) -> str | None:
        """The mandatory reason of ``what``; ``owner`` is where its absence is told."""
        if entry is None or (isinstance(entry.value, Scalar) and _blank(entry.value)):
            where = owner if entry is None else entry.key
            self.mistake("no-reason", where, f"{what} has no reason", hint=f"say why: {example}")
        elif isinstance(entry.value, Scalar):
            return entry.value.text.strip()
        else:
            self.mistake(
                "wrong-kind", entry.value, f"a reason cannot be {kind(entry.value)}", allowed="a text"
            )
        return None

    def choice(self, node: Node, what: str, choices: Mapping[str, T]) -> T | None:
        """One of a few words."""
        text = self.text(node, what, ", ".join(choices))
        if text is None:
            return None
        if text in choices:
            return choices[text]
        self.mistake(
            "unknown-value",
            node,
            f"{what} cannot be {text!r}",
            allowed=", ".join(choices),
            hint=did_you_mean(text, choices),
        )
        return None

    def name(self, node: Node, what: str) -> str | None:
        """A name that can stand in a file name."""
        text = self.text(node, what, "a name")
        if text is None or _NAME.fullmatch(text):
            return text
        self.mistake(
            "bad-name", node, f"{text!r} is no name", allowed="letters, digits, dots, dashes, underscores"
        )
        return None

    def glob(self, node: Scalar, what: str) -> str | None:
        """A glob over distribution names, normalized as names are (PEP 503)."""
        text = self.text(node, what, "a name or glob")
        if text is None:
            return None
        if not _GLOB.fullmatch(text):
            version = re.match(r"[\w.-]+", text)
            self.mistake(
                "bad-glob",
                node,
                f"{text!r} is no name or glob of names",
                allowed='a distribution\'s name, with * ? [...] where needed: "nvidia-*"',
                hint=f"a name alone: {version.group()}" if version and version.end() < len(text) else None,
            )
            return None
        return re.sub(r"[-_.]+", "-", text).lower()

    def requirement(self, node: Node, what: str) -> Requirement | None:
        """A requirement (PEP 508) without credentials."""
        text = self.text(node, what, 'a requirement such as "optuna>=3"')
        if text is None:
            return None
        try:
            requirement = own_requirement(text)
        except InvalidRequirement as error:
            self.mistake(
                "bad-requirement",
                node,
                f"{shown(text)!r} is no requirement: {shown(str(error).splitlines()[0])}",
                allowed="name[extra]>=1.0; marker, or name @ url",
                hint=_requirement_hint(text),
            )
            return None
        if requirement.url is not None and self.credentials(node, requirement.url):
            return None
        return requirement

    def credentials(self, node: Node, url: str) -> bool:
        """Whether the URL has a password in it, which is a mistake; it is never quoted."""
        if not _CREDENTIALS.search(_LOGIN.sub("//", url)):
            return False
        self.mistake(
            "credentials",
            node,
            "a URL with credentials in a policy",
            allowed="URLs without a user and password",
            hint="keep them in netrc, the keyring or the installer's configuration, and change this password",
        )
        return True

    def day(self, node: Node, what: str) -> date | None:
        """A day, YYYY-MM-DD."""
        text = self.text(node, what, "a day, YYYY-MM-DD")
        if text is None:
            return None
        if _DAY.fullmatch(text):
            try:
                return date.fromisoformat(text)
            except ValueError as error:
                self.mistake("bad-date", node, f"{text} is no day: {error}", allowed="YYYY-MM-DD")
                return None
        self.mistake("bad-date", node, f"{what} cannot be {text!r}", allowed="a day, YYYY-MM-DD")
        return None

    def moment(self, node: Node, what: str) -> datetime | None:
        """A moment in UTC: a bare day is its 00:00 UTC, a time must say its zone."""
        allowed = "YYYY-MM-DD (00:00 UTC) or YYYY-MM-DDTHH:MM:SSZ"
        text = self.text(node, what, allowed)
        if text is None:
            return None
        found = _MOMENT.fullmatch(text)
        if found and found["zone"] is None:
            self.mistake(
                "bad-date", node, f"{text} has no time zone", allowed=allowed, hint=f"write {text}Z for UTC"
            )
            return None
        if not found and not _DAY.fullmatch(text):
            self.mistake("bad-date", node, f"{what} cannot be {text!r}", allowed=allowed)
            return None
        try:
            if not found:
                return datetime.fromisoformat(text).replace(tzinfo=UTC)
            return datetime.fromisoformat(found["clock"].upper() + found["zone"].upper()).astimezone(UTC)
        except (ValueError, OverflowError) as error:
            self.mistake("bad-date", node, f"{text} is no time: {error}", allowed=allowed)
            return None


def shown(text: str) -> str:
    """``text`` as it may be printed: credentials in a URL are blotted out."""
    return _CREDENTIALS.sub("//****@", text)


def _blank(value: Scalar) -> bool:
    return value.null or not value.text.strip()


def _requirement_hint(text: str) -> str | None:
    if text.startswith("-"):
        return "options have no place here; index options belong under sources:"
    if text.startswith((".", "/", "~")) or text.endswith((".txt", ".whl", ".tar.gz")):
        return "a file needs a name and a URL: name @ file:///..."
    single = re.fullmatch(r"([\w.-]+(?:\[[\w.,-]+\])?) *= *([\w.*+!-]+)", text)
    if single:
        return f"did you mean {single[1]}=={single[2]}?"
    versioned = re.fullmatch(r"([\w.-]+)[ @]+(v?\d[\w.]*)", text)
    if versioned:
        return f"did you mean {versioned[1]}=={versioned[2].removeprefix('v')}?"
    if re.match(r"(git\+)?https?://", text):
        return f"name it: mypkg @ {shown(text)}"
    return None
