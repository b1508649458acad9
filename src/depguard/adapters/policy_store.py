"""Which policy, and all that it extends: by path, URL, repository or shipped name, or the project's own."""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from depguard.adapters.compiled import CompiledForms
from depguard.adapters.file_view import Disk, FileView
from depguard.adapters.files import decode
from depguard.adapters.policy_places import (
    PROJECT_FILE,
    PROJECT_FOLDER,
    looks_like_path,
    project_root,
    relative,
    up_to_git_root,
)
from depguard.adapters.policy_web import POLICY_LIMIT, GithubFile, check_url, fetch, parse_github
from depguard.adapters.shipped import shipped_root
from depguard.adapters.witness import is_file, names_in, spoil
from depguard.errors import InputError, OutOfReachError, Problem
from depguard.model.location import Location
from depguard.model.policy import Policy
from depguard.parse.policy_draft import DRAFTS, PolicyDraft
from depguard.parse.policy_merge import merge

_MOST_TEXTS = 20  # a policy that extends more than this is a mistake or a trap
_TOP_KEY = re.compile(r"^[\"']?(schema|tiers)[\"']?\s*:", re.MULTILINE)

Fetch = Callable[[str, Location | None], bytes]
"""The bytes behind an https URL. Raises InputError, OutOfReachError."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyFound:
    """A policy and where it is from.

    ``root`` is the project root, to which its paths are relative: None for a policy that is no file of
    a project (shipped, or from the web). ``label`` is what people call it, ``how`` says how it was chosen.
    """

    policy: Policy
    root: Path | None
    label: str
    how: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Origin:
    """One text: what it is called, what it is the same as (``key``), and where it is read from."""

    label: str
    key: str
    source: Path | str | GithubFile
    root: Path | None = None


class PolicyStore:
    """Finds policies as seen from a working directory.

    ``fetch`` gets https URLs; None means offline. ``shipped`` is the folder of the shipped policies.
    ``forms`` keeps what was parsed before. ``files`` are what is read: this disk, or a revision of a
    repository.
    """

    def __init__(
        self,
        working_directory: Path,
        *,
        fetch: Fetch | None,
        shipped: Path | None = None,
        forms: CompiledForms | None = None,
        files: FileView | None = None,
    ) -> None:
        self._files: FileView = files if files is not None else Disk()
        self._forms = forms if forms is not None else CompiledForms.none()
        self._here = working_directory.absolute()
        self._fetch = fetch
        self._shipped = shipped if shipped is not None else shipped_root()

    def named(self, reference: str) -> PolicyFound:
        """The policy of ``--policy``: a path, an https URL, github:owner/repo@ref[:path] or a shipped name.

        A folder stands for the one policy in it. Raises InputError, OutOfReachError.
        """
        path = self._here / reference
        if "://" not in reference and not reference.startswith("github:"):
            if self._files.is_dir(path):
                found = self._in_folder(path)
                if found is None:
                    raise InputError(
                        Problem(
                            code="policy.missing",
                            message=f"there is no policy in the folder {reference}",
                            allowed=f"{PROJECT_FILE}, or {PROJECT_FOLDER}/*.yaml with schema: and tiers:",
                        )
                    )
                path = found
            if self._files.is_file(path):
                return self._load(self._local(path, project_root(path)), "--policy")
        return self._load(self._resolve(reference, None, None), "--policy")

    def project(self) -> PolicyFound | None:
        """The project's own policy: the nearest one from the working directory up to the git root.

        Outside a git repository only the working directory is looked at. Raises InputError when a
        folder has two that fit, or when the policy is broken.
        """
        for folder in up_to_git_root(self._here):
            path = self._in_folder(folder)
            if path is not None:
                return self._load(self._local(path, folder), "the project's own")
        return None

    def own_words(self, reference: str | None = None) -> PolicyDraft | None:
        """One text of this disk, without what it extends: a path or a shipped name; None: the project's own.

        None where there is none. Raises InputError for a broken text.
        """
        origin: _Origin | None = None
        if reference is None:
            for folder in up_to_git_root(self._here):
                path = self._in_folder(folder)
                if path is not None:
                    origin = self._local(path, folder)
                    break
        else:
            path = self._here / reference
            local = self._in_folder(path) if self._files.is_dir(path) else path
            if local is not None and self._files.is_file(local):
                origin = self._local(local, project_root(local))
            else:
                origin = self._resolve(reference, None, None)
        return self._draft(self._text(origin, None), origin.label) if origin is not None else None

    def shipped(self, name: str) -> PolicyFound | None:
        """The shipped policy of that name (a host's family: ``colab``), or None."""
        if not re.fullmatch(r"[\w-]+", name) or not is_file(self._shipped_path(name)):
            return None
        return self._load(self._shipped_origin(name), f"shipped, for {name}/*")

    def shipped_names(self) -> tuple[str, ...]:
        """The names of the shipped policies, sorted."""
        return tuple(sorted(name[:-5] for name in names_in(self._shipped) if name.endswith(".yaml")))

    def _in_folder(self, folder: Path) -> Path | None:
        fitting = [path for path in (folder / PROJECT_FILE,) if self._files.is_file(path)]
        inside = self._files.below(folder / PROJECT_FOLDER, (".yaml",), deep=False)
        fitting += [path for path in inside if self._has_tiers(path)]
        if len(fitting) < 2:
            return fitting[0] if fitting else None
        shown = [relative(path, self._here) for path in fitting]
        raise InputError(
            Problem(
                code="policy.two",
                message=f"{len(fitting)} policies fit: {', '.join(shown)}",
                hint=f"choose one: --policy {shown[0]}",
            )
        )

    def _load(self, origin: _Origin, how: str) -> PolicyFound:
        drafts: list[PolicyDraft] = []  # what is extended before what extends it
        done: set[str] = set()
        self._gather(origin, None, (), drafts, done)
        root = origin.root
        return PolicyFound(policy=merge(drafts[::-1]), root=root, label=origin.label, how=how)

    def _gather(
        self,
        origin: _Origin,
        at: Location | None,
        chain: tuple[_Origin, ...],
        drafts: list[PolicyDraft],
        done: set[str],
    ) -> None:
        draft = self._draft(self._text(origin, at), origin.label)
        done.add(origin.key)
        chain = (*chain, origin)
        for reference in draft.extends:
            base = self._resolve(reference.text, reference.location, origin)
            keys = [link.key for link in chain]
            if base.key in keys:
                circle = [*(link.label for link in chain[keys.index(base.key) :]), base.label]
                raise InputError(
                    Problem(
                        code="policy.cycle",
                        message=f"policies extend each other in a circle: {' -> '.join(circle)}",
                        location=reference.location,
                        hint="take one extends out",
                    )
                )
            if base.key in done:
                continue
            if len(done) >= _MOST_TEXTS:
                raise InputError(
                    Problem(
                        code="policy.too-many",
                        message=f"this policy extends more than {_MOST_TEXTS} others",
                        location=reference.location,
                    )
                )
            self._gather(base, reference.location, chain, drafts, done)
        drafts.append(draft)

    def _resolve(self, reference: str, at: Location | None, base: _Origin | None) -> _Origin:
        """Where the text of a reference is; ``base`` is the policy that extends it, None for --policy."""
        if reference.startswith("github:"):
            file = parse_github(reference, at)
            return _Origin(label=str(file), key=file.url, source=file)
        if "://" in reference:
            check_url(reference, at)
            url = reference.partition("#")[0]
            return _Origin(label=url, key=url, source=url)
        if not looks_like_path(reference):
            return self._shipped_reference(reference, at)
        source = base.source if base is not None else self._here
        if isinstance(source, GithubFile):
            path = posixpath.normpath(reference.replace("\\", "/"))
            return self._resolve(f"github:{source.owner}/{source.repo}@{source.ref}:{path}", at, None)
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
        return self._local(target, root or project_root(target))

    def _shipped_reference(self, name: str, at: Location | None) -> _Origin:
        from depguard.parse.suggest import did_you_mean

        names = self.shipped_names()
        if name in names:
            return self._shipped_origin(name)
        raise InputError(
            Problem(
                code="policy.unknown",
                message=f"there is no policy {name}",
                location=at,
                allowed=f"{', '.join(names)}, a path (./{name}.yaml), an https URL, github:owner/repo@ref",
                hint=did_you_mean(name, names),
            )
        )

    def _shipped_origin(self, name: str) -> _Origin:
        """In depguard's own checkout the shipped policy is a file of the project, and is called that."""
        path = self._shipped_path(name)
        checkout = self._shipped.parent
        if self._shipped.name == PROJECT_FOLDER and self._here.resolve().is_relative_to(checkout.resolve()):
            return self._local(path, checkout)
        return _Origin(label=name, key=str(path.resolve()), source=path)

    def _shipped_path(self, name: str) -> Path:
        return self._shipped / f"{name}.yaml"

    def _local(self, path: Path, root: Path) -> _Origin:
        return _Origin(label=relative(path, root), key=str(path.resolve()), source=path, root=root)

    def _text(self, origin: _Origin, at: Location | None) -> str:
        match origin.source:
            case Path():
                if at is not None and not self._files.is_file(origin.source):
                    raise InputError(
                        Problem(
                            code="policy.missing",
                            message=f"there is no policy {origin.label}",
                            location=at,
                            hint="paths are relative to the project root",
                        )
                    )
                return self._files.text(origin.source, label=origin.label, limit=POLICY_LIMIT)
            case GithubFile():
                return decode(self._fetched(origin.source.url, at), origin.label)
            case str():
                return decode(self._fetched(origin.source, at), origin.label)

    def _draft(self, text: str, label: str) -> PolicyDraft:
        def read() -> PolicyDraft:
            from depguard.parse.policy import read_draft

            return read_draft(text, label)

        draft: PolicyDraft = self._forms.recall(
            "policy", (label, text), read, to_text=DRAFTS.to_text, from_text=DRAFTS.from_text
        )
        return draft

    def _has_tiers(self, path: Path) -> bool:
        """Whether a file has ``schema`` and ``tiers`` at its top; a broken file is judged by its lines."""
        try:
            text = self._files.text(path, limit=POLICY_LIMIT)
        except InputError:
            return True  # reading it again says what is wrong
        found: bool = self._forms.recall(
            "policy-at-all",
            (text,),
            lambda: _has_tiers(text, str(path)),
            to_text=json.dumps,
            from_text=_truth,
        )
        return found

    def _fetched(self, url: str, at: Location | None) -> bytes:
        if self._fetch is None:
            raise OutOfReachError(
                Problem(
                    code="policy.offline",
                    message=f"offline, and the policy is at {url}",
                    location=at,
                    hint="a saved copy can be given as a path",
                )
            )
        spoil("a policy from the web")
        return self._fetch(url, at)


def web_fetch(url: str, at: Location | None) -> bytes:
    """The ``Fetch`` that asks the web."""
    return fetch(url, at=at)


def _has_tiers(text: str, label: str) -> bool:
    from depguard.parse.yaml_nodes import Mapping, read_yaml

    try:
        root = read_yaml(text, label).root
    except InputError:
        return _says_tiers(text)
    return isinstance(root, Mapping) and None not in (root.get("schema"), root.get("tiers"))


def _says_tiers(text: str) -> bool:
    return {"schema", "tiers"} <= set(_TOP_KEY.findall(text))


def _truth(text: str) -> bool:
    found = json.loads(text)
    if not isinstance(found, bool):
        raise ValueError("neither true nor false")  # noqa: TRY004 - one error for all that does not fit
    return found
