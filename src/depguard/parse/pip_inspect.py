"""``pip inspect`` reports (version 1) to baselines, with all that installed metadata says.

The format is described in pip's documentation ("pip inspect JSON output specification"), ``direct_url`` by
PEP 610, ``environment`` by PEP 508. `depguard.adapters.capture` writes the same format with a ``depguard``
table beside it (``tags``, ``platform``, ``loaded``, ``facts``) and with ``modules`` for each distribution.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier
from packaging.tags import Tag
from packaging.utils import canonicalize_name
from packaging.version import Version

from depguard.errors import InputError, Problem
from depguard.model.baseline import Baseline
from depguard.model.host import InstalledDistribution, Knowledge, Origin, OriginKind, Requirements
from depguard.model.location import Location
from depguard.model.markers import MARKER_VARIABLES
from depguard.parse.direct_reference import parse_direct_reference, without_credentials
from depguard.parse.freeze import without_repeats
from depguard.parse.json_text import BadJsonError, load_json
from depguard.parse.requirement_cache import requirement, specifiers

SOURCE = "installed metadata"


def parse_inspect(text: str, label: str) -> Baseline:
    """The baseline of a ``pip inspect`` report; ``label`` is the file's name in messages.

    Raises InputError with all mistakes, each with its path in the report (``installed[3].metadata.version``).
    """
    try:
        report = load_json(text)
    except BadJsonError as error:
        at = Location(label, error.line, error.column)
        raise InputError(Problem(code="inspect.json", message=str(error), location=at)) from None
    return _Report(label).read(report)


class _Report:
    """One report, and the mistakes in it."""

    def __init__(self, label: str) -> None:
        self._at = Location(label)
        self._problems: list[Problem] = []

    def read(self, report: Any) -> Baseline:
        if not isinstance(report, dict) or not isinstance(report.get("installed"), list):
            self._problem("inspect.shape", "not a pip inspect report: it has no list 'installed'")
            raise InputError(*self._problems)
        if report.get("version") != "1":
            self._problem(
                "inspect.version", f"version {report.get('version')!r} of the report is unknown", "'1'"
            )
        found = [self._distribution(item, f"installed[{i}]") for i, item in enumerate(report["installed"])]
        once, repeats, warnings = without_repeats([d for d in found if d is not None])
        own = self._table(report, "depguard", "depguard")
        loaded = self._texts(own, "loaded", "depguard.loaded")
        baseline = Baseline(
            distributions=tuple(once),
            environment={
                key: value
                for key, value in self._table(report, "environment", "environment").items()
                if key in MARKER_VARIABLES and isinstance(value, str)
            },
            tags=tuple(Tag(*tag.split("-")) for tag in self._texts(own, "tags", "depguard.tags")),
            platform=own.get("platform"),
            loaded=frozenset(loaded) if "loaded" in own else None,
            facts={
                str(key): str(value) for key, value in self._table(own, "facts", "depguard.facts").items()
            },
            warnings=tuple(warnings),
        )
        if self._problems or repeats:
            raise InputError(*self._problems, *repeats)
        return baseline

    def _distribution(self, item: Any, path: str) -> InstalledDistribution | None:
        if not isinstance(item, dict):
            self._problem("inspect.shape", f"{path} is not an object")
            return None
        metadata = self._table(item, "metadata", f"{path}.metadata")
        name, version = metadata.get("name"), metadata.get("version")
        if not isinstance(name, str) or not isinstance(version, str):
            self._problem("inspect.metadata", f"{path}.metadata has no name and version")
            return None
        try:
            parsed = Version(version)
        except ValueError:  # InvalidVersion, or a number of more digits than int() takes
            self._problem("inspect.metadata", f"{path}.metadata.version: {version!r} is not a version")
            return None
        installer = item.get("installer")
        return InstalledDistribution(
            name=canonicalize_name(name),
            spelled=name,
            version=parsed,
            requirements=self._requirements(metadata, f"{path}.metadata"),
            origin=_origin(self._table(item, "direct_url", f"{path}.direct_url")),
            installer=installer if isinstance(installer, str) and installer else None,
            modules=tuple(sorted(self._texts(item, "modules", f"{path}.modules"))),
            location=self._at,
        )

    def _requirements(self, metadata: Mapping[str, Any], path: str) -> Requirements:
        """Installed metadata that cannot be read is a fact of that host: UNKNOWN, no mistake."""
        try:
            requires = self._parsed(self._texts(metadata, "requires_dist", f"{path}.requires_dist"))
            python = metadata.get("requires_python")
            return Requirements(
                how=Knowledge.CAPTURED,
                source=SOURCE,
                requires=requires,
                extras=frozenset(
                    canonicalize_name(e)
                    for e in self._texts(metadata, "provides_extra", f"{path}.provides_extra")
                ),
                requires_python=specifiers(python) if isinstance(python, str) and python else None,
            )
        except (InvalidRequirement, InvalidSpecifier) as error:
            reason = f"its installed metadata cannot be read: {str(error).splitlines()[0]}"
            return Requirements(how=Knowledge.UNKNOWN, source=reason)

    @staticmethod
    def _parsed(texts: Iterable[str]) -> tuple[Requirement, ...]:
        return tuple(requirement(text) for text in texts)

    def _table(self, parent: Mapping[str, Any], key: str, path: str) -> dict[str, Any]:
        value = parent.get(key)
        if value is None:
            return {}
        if not isinstance(value, dict):
            self._problem("inspect.shape", f"{path} is not an object")
            return {}
        return value

    def _texts(self, parent: Mapping[str, Any], key: str, path: str) -> list[str]:
        value = parent.get(key)
        if value is None:
            return []
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            self._problem("inspect.shape", f"{path} is not a list of texts")
            return []
        return value

    def _problem(self, code: str, message: str, allowed: str | None = None) -> None:
        self._problems.append(
            Problem(
                code=code,
                message=message,
                location=self._at,
                allowed=allowed,
                hint="write the report with: python -m pip inspect",
            )
        )


def _origin(direct_url: Mapping[str, Any]) -> Origin:
    """PEP 610's data; without any, the distribution came from an index."""
    url = direct_url.get("url")
    if not isinstance(url, str):
        return Origin()
    vcs = direct_url.get("vcs_info")
    if isinstance(vcs, dict):
        commit = f"@{vcs['commit_id']}" if isinstance(vcs.get("commit_id"), str) else ""
        subdirectory = direct_url.get("subdirectory")
        fragment = f"#subdirectory={subdirectory}" if isinstance(subdirectory, str) else ""
        reference = f"{vcs.get('vcs', 'git')}+{without_credentials(url)}{commit}{fragment}"
        return Origin(kind=OriginKind.VCS, reference=reference)
    origin = parse_direct_reference(url).origin
    archive = direct_url.get("archive_info")
    hashes = archive.get("hashes") if isinstance(archive, dict) else None
    sha256 = hashes.get("sha256") if isinstance(hashes, dict) else None
    if sha256 is None and isinstance(archive, dict):
        algorithm, _, digest = str(archive.get("hash", "")).partition("=")
        sha256 = digest if algorithm == "sha256" else None
    return Origin(kind=origin.kind, filename=origin.filename, sha256=sha256 or origin.sha256)
