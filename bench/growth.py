"""How the time of a plan grows with what is installed and not touched, and with what is asked for."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime

from packaging.requirements import Requirement
from packaging.tags import parse_tag
from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import Version

from depguard.app.plan import Question, plan_tier
from depguard.model.host import Host, InstalledDistribution, Knowledge, Requirements
from depguard.model.release import Artifact, ArtifactKind, CoreMetadata, MetadataAnswer, ProjectPage
from depguard.parse.host_compiled import compiled_host, compiled_text
from depguard.parse.platform_tags import marker_environment, parse_platform, wheel_tags
from depguard.parse.policy import parse_policy
from depguard.resolve.ports import Guess

INSTALLED = (10, 100, 700, 2000)
ASKED = (1, 10, 50)
_ROUNDS = 3


class MadeUpIndex:
    """A source of ``new-N`` in 20 versions each, which require two installed ones and the next new one."""

    def __init__(self, installed: int, asked: int) -> None:
        self._pages: dict[NormalizedName, ProjectPage] = {}
        self._installed = installed
        self._asked = asked

    def page(self, name: NormalizedName) -> ProjectPage:
        """As the port says."""
        if name not in self._pages:
            known = name.startswith("new-")
            versions = [Version(f"1.{minor}") for minor in range(20)] if known else []
            self._pages[name] = ProjectPage(
                name=name, artifacts=tuple(_wheel(name, version) for version in versions), found=known
            )
        return self._pages[name]

    def metadata(self, artifact: Artifact) -> MetadataAnswer:
        """As the port says."""
        number = int(artifact.name.removeprefix("new-"))
        wanted = [f"dist-{number % self._installed}>=1", f"dist-{(number * 7) % self._installed}"]
        if number + 1 < self._asked:
            wanted.append(f"new-{number + 1}")
        return CoreMetadata(
            name=artifact.name,
            version=artifact.version,
            requires_dist=tuple(Requirement(text) for text in wanted),
        )

    def size(self, artifact: Artifact) -> int | None:
        """As the port says."""
        return artifact.size

    def prefetch(self, names: Iterable[NormalizedName], guess: Guess | None = None) -> None:
        """As the port says."""

    def prefetch_metadata(self, artifacts: Iterable[Artifact], guess: Guess | None = None) -> None:
        """As the port says."""


def _wheel(name: NormalizedName, version: Version) -> Artifact:
    filename = f"{name.replace('-', '_')}-{version}-py3-none-any.whl"
    return Artifact(
        name=name,
        version=version,
        filename=filename,
        kind=ArtifactKind.WHEEL,
        url=f"https://index.example.org/{filename}",
        hashes=(("sha256", "0" * 64),),
        size=1,
        tags=parse_tag("py3-none-any"),
    )


def _host(installed: int) -> Host:
    python, platform = Version("3.12.13"), parse_platform("manylinux_2_35_x86_64")
    dists: dict[NormalizedName, InstalledDistribution] = {}
    for number in range(installed):
        name = canonicalize_name(f"dist-{number}")
        # Chains of ten, and a few requirements under extras, as real ones have.
        requires = [f"dist-{number + 1}>=1"] if number % 10 != 9 and number + 1 < installed else []
        requires += [f"extra-{number}-{n}; extra == 'test'" for n in range(5)]
        dists[name] = InstalledDistribution(
            name=name,
            spelled=str(name),
            version=Version("1.0"),
            requirements=Requirements(
                how=Knowledge.CAPTURED, source="made up", requires=tuple(Requirement(r) for r in requires)
            ),
        )
    return Host(
        name=f"made-up/{installed}",
        python=python,
        markers=marker_environment(python, platform),
        tags=wheel_tags(python, platform),
        installed=dists,
        sha256="0" * 64,
        glibc=platform.glibc,
    )


def growth() -> dict[tuple[int, int], float]:
    """Milliseconds of a whole plan (host read from its compiled form) by installed and asked for. Medians."""
    found: dict[tuple[int, int], float] = {}
    for installed in INSTALLED:
        text = compiled_text(_host(installed))
        for asked in ASKED:
            found[installed, asked] = statistics.median(_plan(text, installed, asked) for _ in range(_ROUNDS))
    return found


def _plan(text: str, installed: int, asked: int) -> float:
    tier = ", ".join(f"new-{number}" for number in range(asked))
    policy = parse_policy(f"schema: 1\nprotected: {{dist-0: one}}\ntiers:\n  it: [{tier}]\n", "depguard.yaml")
    question = Question(
        policy=policy,
        hosts=(),
        source=MadeUpIndex(installed, asked),
        cutoff=None,
        moment=datetime(2026, 11, 1, tzinfo=UTC),
    )
    gc.collect()
    begun = time.process_time()
    planned = plan_tier(replace(question, hosts=(compiled_host(text),)), "it")
    spent = time.process_time() - begun
    if planned.reports.verdict.value != "safe":
        raise SystemExit(f"the plan of {asked} on {installed} is {planned.reports.verdict.value}")
    return spent * 1000
