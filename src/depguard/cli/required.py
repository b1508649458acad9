"""``depguard.require``: finds the tier, looks at what is installed, and says in one box what is missing.

Where a tier is looked for, the first that has it decides:
1. ``policy``, if the caller names one: a path or a shipped name.
2. The project's own policy, from the working directory up to the git root.
3. A requirements file of the tier that depguard wrote, in the working directory.
4. The record of its last ``depguard install`` in this environment.
5. The shipped policy, where there is no policy of the project's own.
Nothing is fetched, and nothing that is installed is imported.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterator, Sequence
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from packaging.markers import default_environment
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import NormalizedName
from packaging.version import InvalidVersion, Version

from depguard.adapters.policy_store import PolicyStore
from depguard.app.required import lacking
from depguard.errors import InputError, MissingTierError, Problem
from depguard.model.required import Here, Wanted

if TYPE_CHECKING:
    from depguard.parse.policy_draft import PolicyDraft

_SHIPPED = "colab"
_WRITTEN = "# Written by depguard."
_TIER = re.compile(r"^# tier +(?P<tier>\S+?)(?:: (?P<about>.*))?$", re.MULTILINE)
_NO_DEPS = re.compile(r"^# Install .* --no-deps ", re.MULTILINE)
_PIN = re.compile(r"^(?P<requirement>[A-Za-z0-9][^\s\\#]*)", re.MULTILINE)


def require_tier(tier: str, policy: str | os.PathLike[str] | None = None) -> None:
    """Raise MissingTierError unless the tier is there; InputError for a tier that nothing speaks of."""
    wanted = _wanted(tier, os.fspath(policy) if policy is not None else None)
    lacks = lacking(wanted, _here, {key: str(value) for key, value in default_environment().items()})
    if lacks:
        from depguard.emit.required_text import render_lacks

        raise MissingTierError(render_lacks(wanted, lacks, _typed(wanted.command)), name=lacks[0].name)


def _wanted(tier: str, policy: str | None) -> Wanted:
    store = PolicyStore(Path.cwd(), fetch=None)
    known: list[str] = []
    own = store.texts(policy)
    if own:
        known += [found.name for found in own[0].tiers]
        if tier in known:
            extra = ["--policy", policy] if policy is not None else []
            return _of_policy(own, tier, ("depguard", "install", tier, *extra))
    if policy is None:
        for wanted in (_of_file(tier), _of_record(tier)):
            if wanted is not None:
                return wanted
        if not own:
            shipped = store.texts(_SHIPPED)
            known += [found.name for found in shipped[0].tiers]
            if tier in known:
                return _of_policy(shipped, tier, ("depguard", "install", tier))
    raise InputError(
        Problem(
            code="require.unknown-tier",
            message=f"nothing here says what {tier} is",
            allowed=", ".join(dict.fromkeys(known)) or None,
            hint="name the policy: depguard.require(tier, policy='path/to/depguard.yaml')",
        )
    )


def _of_policy(drafts: Sequence[PolicyDraft], tier: str, command: tuple[str, ...]) -> Wanted:
    """A tier of the first text; overrides of all of them count."""
    own = drafts[0]
    tiers = {found.name: found for found in own.tiers}
    dropped: dict[Requirement, tuple[Requirement, ...]] = {}
    for override in (override for draft in drafts for override in draft.overrides if override.drop):
        dropped[override.package] = (*dropped.get(override.package, ()), *override.drop)
    requires: list[Requirement] = []
    pending, done = [tier], set[str]()
    while pending:
        name = pending.pop(0)
        if name in done or name not in tiers:
            continue
        done.add(name)
        requires += [stated.requirement for stated in tiers[name].requires]
        pending += tiers[name].extends
    return Wanted(
        tier=tier,
        about=tiers[tier].about,
        requires=tuple(requires),
        source=own.source.label,
        command=command,
        dropped=dropped,
    )


def _of_file(tier: str) -> Wanted | None:
    """A requirements file that depguard wrote for the tier: its pins, and what it says of the host."""
    for path in sorted(Path.cwd().glob("requirements*.txt")):
        with path.open(encoding="utf-8", errors="replace") as stream:
            if not stream.readline().startswith(_WRITTEN):
                continue
            text = stream.read()
        said = _TIER.search(text)
        if said is None or said["tier"] != tier:
            continue
        alone = _NO_DEPS.search(text) is not None
        return Wanted(
            tier=tier,
            about=said["about"] or "",
            requires=tuple(_requirements(match["requirement"] for match in _PIN.finditer(text))),
            source=path.name,
            command=("pip", "install", *(["--no-deps"] if alone else []), "-r", path.name),
            complete=alone,
        )
    return None


def _of_record(tier: str) -> Wanted | None:
    """What the last install of the tier here was asked for."""
    from depguard.adapters.cache_place import cache_dir
    from depguard.adapters.install_work import InstallWork

    work = InstallWork(cache_dir(os.environ), Path(sys.prefix))
    for path in work.records():
        try:
            record: Any = json.loads(path.read_text(encoding="utf-8"))
            if record["tier"] != tier:
                continue
            source = record["plan"]["policy"]["sources"][0]["label"]
            return Wanted(
                tier=tier,
                about=record["about"],
                requires=tuple(_requirements(record["plan"]["request"]["requirements"])),
                source=f"the install of {path.stem}, by {source}",
                command=("depguard", "install", tier, "--policy", source),
                dropped={
                    Requirement(override["package"]): tuple(_requirements(override["drop"]))
                    for override in record.get("overrides", ())
                },
            )
        except (OSError, ValueError, KeyError, TypeError, IndexError):
            continue
    return None


def _requirements(texts: Iterator[str] | list[str]) -> Iterator[Requirement]:
    for text in texts:
        try:
            yield Requirement(text)
        except InvalidRequirement:
            continue


def _here(name: NormalizedName) -> Here | None:
    """By the head of the metadata alone: descriptions are long."""
    try:
        found = metadata.distribution(name)
        text = found.read_text("METADATA") or found.read_text("PKG-INFO") or ""
    except (metadata.PackageNotFoundError, OSError, UnicodeDecodeError):
        return None
    head = re.split(r"\r?\n\r?\n", text, maxsplit=1)[0]
    version = re.search(r"^Version:\s*(\S+)", head, re.MULTILINE | re.IGNORECASE)
    requires = re.findall(r"^Requires-Dist:\s*(.+?)\s*$", head, re.MULTILINE | re.IGNORECASE)
    try:
        return Here(Version(version[1]), tuple(requires)) if version is not None else None
    except InvalidVersion:
        return None


def _typed(words: tuple[str, ...]) -> str:
    """The command as it is typed here: in a notebook ``%pip`` or after ``!``, by the interpreter's path."""
    import shutil

    from depguard.cli.setup import split_words

    if words[0] == "pip":
        return split_words(["%pip" if _notebook() else "pip", *words[1:]])
    at_hand = shutil.which(words[0])
    own = at_hand is not None and Path(at_hand).parent == Path(sys.executable).parent
    program = [words[0]] if own else [sys.executable, "-m", words[0]]
    return ("!" if _notebook() else "") + split_words([*program, *words[1:]])


def _notebook() -> bool:
    shell: Any = sys.modules.get("IPython")
    return shell is not None and shell.get_ipython() is not None
