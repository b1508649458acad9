"""Where the text of a policy is that somebody names: a path, an https URL, a repository, a shipped name."""

from __future__ import annotations

import posixpath
from pathlib import Path

from depguard.adapters.policy_places import PROJECT_FOLDER, looks_like_path, project_root, relative
from depguard.adapters.policy_web import GithubFile, check_url, parse_github
from depguard.adapters.witness import names_in
from depguard.errors import InputError, Problem
from depguard.model.location import Location
from depguard.records import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """One text: what it is called, what it is the same as (``key``), and where it is read from."""

    label: str
    key: str
    source: Path | str | GithubFile
    root: Path | None = None


class Origins:
    """References as seen from a working directory. ``shipped`` is the folder of the shipped policies."""

    def __init__(self, here: Path, shipped: Path) -> None:
        self._here = here
        self._shipped = shipped

    def of(self, reference: str, at: Location | None = None, base: Origin | None = None) -> Origin:
        """Where the text of a reference is, at ``at``; ``base`` is the policy that extends it.

        Raises InputError.
        """
        if reference.startswith("github:"):
            file = parse_github(reference, at)
            return Origin(label=str(file), key=file.url, source=file)
        if "://" in reference:
            check_url(reference, at)
            url = reference.partition("#")[0]
            return Origin(label=url, key=url, source=url)
        if not looks_like_path(reference):
            return self._named(reference, at)
        source = base.source if base is not None else self._here
        if isinstance(source, GithubFile):
            path = posixpath.normpath(reference.replace("\\", "/"))
            return self.of(f"github:{source.owner}/{source.repo}@{source.ref}:{path}", at)
        if isinstance(source, str) or (base is not None and base.root is None):
            # A text from elsewhere must not make depguard read files of this machine.
            raise InputError(
                Problem(
                    code="policy.reference",
                    message=f"a policy that is no file of this project cannot extend the path {reference}",
                    location=at,
                    allowed="a shipped name, an https URL or github:owner/repo@ref[:path]",
                )
            )
        root = base.root if base is not None else None
        target = (root or self._here) / reference
        return local(target, root or project_root(target))

    def _named(self, name: str, at: Location | None) -> Origin:
        from depguard.parse.suggest import did_you_mean

        names = self.names()
        if name in names:
            return self.shipped(name)
        raise InputError(
            Problem(
                code="policy.unknown",
                message=f"there is no policy {name}",
                location=at,
                allowed=f"{', '.join(names)}, a path (./{name}.yaml), an https URL, github:owner/repo@ref",
                hint=did_you_mean(name, names),
            )
        )

    def shipped(self, name: str) -> Origin:
        """In depguard's own checkout the shipped policy is a file of the project, and is called that."""
        path = self.shipped_path(name)
        checkout = self._shipped.parent
        if self._shipped.name == PROJECT_FOLDER and self._here.resolve().is_relative_to(checkout.resolve()):
            return local(path, checkout)
        return Origin(label=name, key=str(path.resolve()), source=path)

    def shipped_path(self, name: str) -> Path:
        """The file of a shipped policy; it need not be there."""
        return self._shipped / f"{name}.yaml"

    def names(self) -> tuple[str, ...]:
        """The names of the shipped policies, sorted."""
        return tuple(sorted(name[:-5] for name in names_in(self._shipped) if name.endswith(".yaml")))


def local(path: Path, root: Path) -> Origin:
    """A file of the project below ``root``."""
    return Origin(label=relative(path, root), key=str(path.resolve()), source=path, root=root)
