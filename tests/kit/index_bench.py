"""Index clients for tests, which see nothing of the machine they run on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from packaging.utils import NormalizedName, canonicalize_name

from depguard.adapters.cache import Cache
from depguard.adapters.index.client import IndexClient
from depguard.adapters.index.settings import IndexSettings
from depguard.model.release import Artifact, CoreMetadata, MetadataAnswer
from depguard.resolve.ports import PackageSource

DEMO, OTHER = map(canonicalize_name, ("demo", "other"))


class Bench:
    """Makes clients and closes them: ``now`` is their clock, ``slept`` and ``notes`` what they did.

    With ``clock`` they go by that instead.
    """

    def __init__(self, clock: Callable[[], float] | None = None) -> None:
        self.notes: list[str] = []
        self.slept: list[float] = []
        self.now = 1_000_000.0
        self.clock = clock or (lambda: self.now)
        self.environ: dict[str, str] = {}
        self._clients: list[IndexClient] = []

    def client(self, index_url: str | None, *, cache: Path | None = None, **settings: object) -> IndexClient:
        made = IndexClient(
            IndexSettings(index_url=index_url, **{"timeout": 5.0, "keyring": False, **settings}),  # type: ignore[arg-type]  # names are fields
            cache=Cache.none() if cache is None else Cache.in_folder(cache, note=self.notes.append),
            note=self.notes.append,
            environ=self.environ,
            find_proxy=lambda _: None,
            clock=self.clock,
            sleep=self.slept.append,
        )
        self._clients.append(made)
        return made

    def close(self) -> None:
        for client in self._clients:
            client.close()


def one(client: PackageSource, name: NormalizedName = DEMO) -> Artifact:
    """A project's first artifact."""
    return client.page(name).artifacts[0]


def requires(answer: MetadataAnswer) -> list[str]:
    """The requirements of metadata that is known."""
    assert isinstance(answer, CoreMetadata), answer
    return [str(requirement) for requirement in answer.requires_dist]
