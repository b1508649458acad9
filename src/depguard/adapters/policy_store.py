"""Which policy, and all that it extends: by path, URL, repository or shipped name, or the project's own."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

from depguard.adapters.compiled import CompiledForms
from depguard.adapters.file_view import Disk, FileView
from depguard.adapters.files import decode
from depguard.adapters.policy_origins import Origin, Origins, local
from depguard.adapters.policy_places import (
    PROJECT_FILE,
    PROJECT_FOLDER,
    project_root,
    relative,
    up_to_git_root,
)
from depguard.adapters.policy_web import POLICY_LIMIT, GithubFile, fetch
from depguard.adapters.shipped import shipped_root
from depguard.adapters.witness import is_file, spoil
from depguard.errors import InputError, OutOfReachError, Problem
from depguard.model.location import Location
from depguard.model.policy import Policy
from depguard.parse.policy_draft import DRAFTS, PolicyDraft
from depguard.parse.policy_merge import merge
from depguard.records import dataclass

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
        self._origins = Origins(self._here, shipped if shipped is not None else shipped_root())

    def named(self, reference: str) -> PolicyFound:
        """The policy of ``--policy``: a path, an https URL, github:owner/repo@ref[:path] or a shipped name.

        A folder stands for the one policy in it. Raises InputError, OutOfReachError.
        """
        return self._load(self._named(reference), "--policy")

    def project(self) -> PolicyFound | None:
        """The project's own policy: the nearest one from the working directory up to the git root.

        Outside a git repository only the working directory is looked at. Raises InputError when a
        folder has two that fit, or when the policy is broken.
        """
        origin = self._projects()
        return self._load(origin, "the project's own") if origin is not None else None

    def texts(self, reference: str | None = None) -> tuple[PolicyDraft, ...]:
        """The texts of a policy, nearest first; what it extends only as far as that can be reached.

        ``reference`` as for ``named``, None for the project's own. Empty where there is none. Raises
        InputError for a broken text, OutOfReachError where the policy itself cannot be reached.
        """
        origin = self._projects() if reference is None else self._named(reference)
        return self._gathered(origin, partly=True) if origin is not None else ()

    def shipped(self, name: str) -> PolicyFound | None:
        """The shipped policy of that name (a host's family: ``colab``), or None."""
        if not re.fullmatch(r"[\w-]+", name) or not is_file(self._origins.shipped_path(name)):
            return None
        return self._load(self._origins.shipped(name), f"shipped, for {name}/*")

    def shipped_names(self) -> tuple[str, ...]:
        """The names of the shipped policies, sorted."""
        return self._origins.names()

    def _named(self, reference: str) -> Origin:
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
                return local(path, project_root(path))
        return self._origins.of(reference)

    def _projects(self) -> Origin | None:
        for folder in up_to_git_root(self._here):
            path = self._in_folder(folder)
            if path is not None:
                return local(path, folder)
        return None

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

    def _load(self, origin: Origin, how: str) -> PolicyFound:
        drafts = self._gathered(origin)
        return PolicyFound(policy=merge(drafts), root=origin.root, label=origin.label, how=how)

    def _gathered(self, origin: Origin, *, partly: bool = False) -> tuple[PolicyDraft, ...]:
        """A policy's text and all that it extends, each before what it extends itself."""
        drafts: list[PolicyDraft] = []
        self._gather(origin, None, (), drafts, set(), partly=partly)
        return tuple(drafts[::-1])

    def _gather(
        self,
        origin: Origin,
        at: Location | None,
        chain: tuple[Origin, ...],
        drafts: list[PolicyDraft],
        done: set[str],
        *,
        partly: bool,
    ) -> None:
        """Into ``drafts``, what is extended first; ``partly`` leaves out what is out of reach."""
        draft = self._draft(self._text(origin, at), origin.label)
        done.add(origin.key)
        chain = (*chain, origin)
        for reference in draft.extends:
            base = self._origins.of(reference.text, reference.location, origin)
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
            try:
                self._gather(base, reference.location, chain, drafts, done, partly=partly)
            except OutOfReachError:
                if not partly:
                    raise
        drafts.append(draft)

    def _text(self, origin: Origin, at: Location | None) -> str:
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
            "policy", (text,), read, to_text=DRAFTS.to_text, from_text=DRAFTS.from_text, place=label
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
