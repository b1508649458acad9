"""A policy's text to a ``PolicyDraft``, and drafts along ``extends`` to one ``Policy``.

The format is described by ``policy_words`` and published as JSON Schema by ``policy_schema``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import TypeVar
from urllib.parse import urlsplit

from depguard.errors import InputError, Problem
from depguard.model.location import Location
from depguard.model.policy import Forbidden, Held, Policy, PolicySource, Probe, Protected, Severity, Tier
from depguard.parse import yaml_nodes
from depguard.parse.policy_draft import PolicyDraft, Reference, SourcesDraft
from depguard.parse.policy_entries import (
    read_forbidden,
    read_held,
    read_overrides,
    read_protected,
    read_waivers,
    refuse_contradictions,
)
from depguard.parse.policy_merge import merge
from depguard.parse.policy_probes import read_probes
from depguard.parse.policy_reading import Reading, shown
from depguard.parse.policy_tiers import read_tiers
from depguard.parse.policy_words import (
    BINARIES,
    BUILDS,
    CODES,
    INSTALLERS,
    POLICY_KEYS,
    SCHEMA_VERSION,
    SEVERITIES,
    SOURCES_KEYS,
)
from depguard.parse.suggest import did_you_mean
from depguard.parse.yaml_nodes import Node, Scalar, read_yaml

__all__ = ["merge", "parse_policy", "read_draft"]

_MOST_STARS = 8  # each takes another look at the whole path

T = TypeVar("T")


def read_draft(text: str, label: str) -> PolicyDraft:
    """Read one policy text; ``label`` is the file that its locations name.

    Raises InputError with every mistake of the text, in the order of their places.
    """
    document = read_yaml(text, label)
    reading = Reading()
    reading.problems.extend(document.problems)
    source = PolicySource(label=label, sha256=hashlib.sha256(text.encode()).hexdigest())
    draft = _draft(reading, document.root, source)
    if reading.problems:
        raise InputError(*sorted(reading.problems, key=_place))
    return draft


def parse_policy(text: str, label: str) -> Policy:
    """Read a policy that extends nothing. Raises InputError, also where it does extend something."""
    draft = read_draft(text, label)
    if draft.extends:
        raise InputError(
            Problem(
                code="policy.extends",
                message=f"{draft.extends[0].text} was not read",
                location=draft.extends[0].location,
            )
        )
    return merge((draft,))


def _draft(reading: Reading, root: Node | None, source: PolicySource) -> PolicyDraft:
    empty = PolicyDraft(source=source, rules={})
    if root is None:
        reading.mistake(
            "empty",
            Location(source.label, 1, 1),
            "the policy is empty",
            hint="schema: 1, then tiers: with the packages to add",
        )
        return empty
    body = reading.mapping(root, "a policy", "keys and values, the first of them schema: 1")
    if body is None or not _schema_fits(reading, body):
        return empty
    parts = reading.keys(body, "a policy", POLICY_KEYS)

    def section(key: str, read: Callable[[Reading, Node], T], default: T) -> T:
        return read(reading, parts[key].value) if key in parts else default

    name = section("name", lambda r, n: r.name(n, "name"), None)
    protected: tuple[Protected, ...] = section("protected", read_protected, ())
    held: tuple[Held, ...] = section("held", read_held, ())
    forbidden: tuple[Forbidden, ...] = section("forbidden", read_forbidden, ())
    refuse_contradictions(reading)
    no_tiers: tuple[Tier, ...] = ()
    no_probes: tuple[Probe, ...] = ()
    return PolicyDraft(
        source=source,
        name=name,
        extends=section("extends", lambda r, n: _references(r, n, "extends"), ()),
        hosts=section("hosts", lambda r, n: _references(r, n, "hosts"), None),
        installer=section("installer", lambda r, n: r.choice(n, "installer", INSTALLERS), None),
        binaries=section("binaries", lambda r, n: r.choice(n, "binaries", BINARIES), None),
        protected=protected,
        held=held,
        forbidden=forbidden,
        overrides=section("overrides", read_overrides, ()),
        waivers=section("waive", read_waivers, ()),
        sources=section("sources", _sources, SourcesDraft()),
        tiers=section("tiers", lambda r, n: read_tiers(r, n, name), no_tiers),
        rules=section("rules", _rules, {}),
        watch=section("watch", _watch, None),
        repository=section("repository", lambda r, n: _locators(r, n, "repository"), None),
        probes=section("probes", read_probes, no_probes),
    )


def _schema_fits(reading: Reading, body: yaml_nodes.Mapping) -> bool:
    """Whether this depguard can read the text at all: the rest of another version is not looked at."""
    stated = body.get("schema")
    if stated is None:
        reading.mistake(
            "no-schema", body, "the policy does not say its schema", hint=f"schema: {SCHEMA_VERSION}"
        )
        return True
    text = stated.text if isinstance(stated, Scalar) else ""
    if text == str(SCHEMA_VERSION):
        return True
    newer = text.isdecimal() and int(text[:9]) > SCHEMA_VERSION
    reading.mistake(
        "schema",
        stated,
        f"schema cannot be {yaml_nodes.kind(stated)}",
        allowed=str(SCHEMA_VERSION),
        hint="a newer depguard reads this policy" if newer else None,
    )
    return not newer


def _references(reading: Reading, node: Node, what: str) -> tuple[Reference, ...]:
    found: dict[str, Reference] = {}
    for scalar in reading.scalars(node, what):
        text = scalar.text.strip()
        if text in found:
            reading.mistake("twice", scalar, f"{what} names {text} twice", hint="say it once")
        elif not reading.credentials(scalar, text):
            found[text] = Reference(text=text, location=scalar.location)
    return tuple(found.values())


def _texts(what: str) -> Callable[[Reading, Node], tuple[str, ...]]:
    return lambda reading, node: tuple(s.text.strip() for s in reading.scalars(node, what))


def _sources(reading: Reading, node: Node) -> SourcesDraft:
    body = reading.mapping(node, "sources", "{builds: never, exclude-newer: 2026-11-01}")
    if body is None:
        return SourcesDraft()
    parts = reading.keys(body, "sources", SOURCES_KEYS)

    def part(key: str, read: Callable[[Reading, Node], T]) -> T | None:
        return read(reading, parts[key].value) if key in parts else None

    index = part("index-url", lambda r, n: _locators(r, n, "index-url", single=True))
    return SourcesDraft(
        builds=part("builds", lambda r, n: r.choice(n, "builds", BUILDS)),
        exclude_newer=part("exclude-newer", lambda r, n: r.moment(n, "exclude-newer")),
        index_url=index[0] if index else None,
        extra_index_urls=part("extra-index-urls", lambda r, n: _locators(r, n, "extra-index-urls")),
        find_links=part("find-links", lambda r, n: _locators(r, n, "find-links", paths=True)),
    )


def _locators(
    reading: Reading, node: Node, what: str, *, single: bool = False, paths: bool = False
) -> tuple[str, ...]:
    """URLs of an index or page; with ``paths`` folders as well."""
    allowed = "an http, https or file URL" + (", or a folder" if paths else "")
    if single and not isinstance(node, Scalar):
        reading.mistake("wrong-kind", node, f"{what} cannot be {yaml_nodes.kind(node)}", allowed=allowed)
        return ()
    found = []
    for scalar in reading.scalars(node, what):
        text = scalar.text.strip()
        if reading.credentials(scalar, text):
            continue
        if _is_url(text) or (paths and "://" not in text):
            found.append(text)
        else:
            reading.mistake("bad-url", scalar, f"{what} cannot be {shown(text)!r}", allowed=allowed)
    return tuple(found)


def _is_url(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return parts.scheme == "file" or (parts.scheme in {"http", "https"} and bool(parts.hostname))
    except ValueError:
        return False


def _watch(reading: Reading, node: Node) -> tuple[str, ...]:
    """Globs of files below the repository's root."""
    found: dict[str, None] = {}
    for scalar in reading.scalars(node, "watch"):
        text = scalar.text.strip()
        bare = text.removeprefix("!")
        odd = bare.startswith("/") or "\\" in bare or ".." in bare.split("/")
        if not bare or odd or bare.count("*") > _MOST_STARS:
            reading.mistake(
                "bad-glob",
                scalar,
                f"watch cannot have {shown(text)!r}",
                allowed=f"a glob of paths below the repository's root, with / and at most {_MOST_STARS} *",
                hint="**/*.ipynb",
            )
        else:
            found[text] = None
    return tuple(found)


def _rules(reading: Reading, node: Node) -> dict[str, Severity]:
    found: dict[str, Severity] = {}
    for entry in reading.mapping(node, "rules", "DG204: warn") or ():
        code = entry.key.text
        severity = reading.choice(entry.value, f"the severity of {code}", SEVERITIES)
        if code not in CODES:
            reading.mistake(
                "unknown-rule",
                entry.key,
                f"there is no rule {code}",
                allowed=", ".join(CODES),
                hint=did_you_mean(code, CODES),
            )
        elif severity is not None:
            found[code] = severity
    return found


def _place(problem: Problem) -> tuple[int, int]:
    where = problem.location
    return (where.line or 0, where.column or 0) if where is not None else (0, 0)
