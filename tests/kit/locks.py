"""Locks made by hand and by Hypothesis, for the written files."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import strategies as st
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

from depguard.model.location import Location
from depguard.model.lock import GuardLine, HostConstraints, LockedHost, Pin, PinnedArtifact, TierLock
from depguard.model.plan import Action, ActionKind, Cause, ChangeSet
from depguard.model.policy import Installer, PolicySource, TierRequirement
from depguard.model.release import Artifact, ArtifactKind
from kit.report_parts import POLICY, action, cause, changes, digest, host

_KEPT = action("datasets", "4.0.0", "4.0.0", "datasets")
_ALEMBIC = action("alembic", "1.18.1", "1.20.1", "optuna 5.0.0: alembic>=1.5.0")
_OPTUNA = action("optuna", None, "5.0.0", "optuna>=3", size=None)


def _pin(name: str, version: str, *via: str) -> Pin:
    files = [
        f"{name}-{version}-cp312-cp312-linux_x86_64.whl",
        f"{name}-{version}-cp313-cp313-linux_x86_64.whl",
    ]
    return Pin(
        name=canonicalize_name(name),
        spelled=name.title(),
        version=Version(version),
        artifacts=tuple(
            PinnedArtifact(filename=each, sha256=digest(each), size=1000 + i) for i, each in enumerate(files)
        ),
        via=tuple(cause(text) for text in via),
    )


LOCK = TierLock(
    policy="colab",
    policy_sha256=digest("policy"),
    policy_sources=(
        PolicySource(label="depguard.yaml", sha256=digest("own")),
        PolicySource(label="colab", sha256=digest("shipped")),
    ),
    tier="lab",
    about="what the course needs",
    installer=Installer.PIP,
    requires=(
        TierRequirement(requirement=Requirement("optuna>=3"), location=Location(POLICY, 21, 24)),
        TierRequirement(requirement=Requirement("datasets"), location=Location(POLICY, 21, 35)),
    ),
    cutoff=datetime(2026, 11, 22, 8, 30, tzinfo=UTC),
    hosts=(
        LockedHost(
            name="colab/2026.07-gpu",
            sha256=host().sha256,
            python="3.12.13",
            changes=changes(_ALEMBIC, _OPTUNA, _KEPT),
        ),
        LockedHost(
            name="colab/2026.08-gpu",
            sha256=host("colab/2026.08-gpu").sha256,
            python="3.13.5",
            changes=changes(_OPTUNA, _KEPT),
        ),
    ),
    pins=(
        _pin("optuna", "5.0.0", "optuna>=3"),
        _pin("alembic", "1.20.1", "optuna 5.0.0: alembic>=1.5.0"),
    ),
    guards=(
        GuardLine(
            name=canonicalize_name("torch"),
            spelled="torch",
            specifier=SpecifierSet("==2.11.0+cu128"),
            reason="CUDA build, not on the public index",
            location=Location(POLICY, 7, 3),
        ),
        GuardLine(
            name=canonicalize_name("numpy"),
            spelled="numpy",
            specifier=SpecifierSet(">=2.0.2,<=2.1.3"),
            reason="C ABI of everything compiled here",
            location=Location(POLICY, 6, 3),
        ),
    ),
    output="requirements-lab.txt",
    command="depguard lock lab",
)

CONSTRAINTS = HostConstraints(
    host="colab/2026.07-gpu",
    host_sha256=host().sha256,
    policy="colab",
    policy_sha256=digest("policy"),
    guards=LOCK.guards,
    command="depguard lock",
)

# What a lockfile can hold: texts of any kind, names and versions as their specifications allow.
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
names = st.from_regex(r"[a-z]([a-z0-9-]{0,6}[a-z0-9])?", fullmatch=True).map(canonicalize_name)
versions = st.builds(
    lambda release, tail: Version(".".join(map(str, release)) + tail),
    st.lists(st.integers(0, 30), min_size=1, max_size=3),
    st.sampled_from(["", "", "rc1", ".post1", ".dev3", "+cu128"]),
)
hashes = texts.map(digest)
sizes = st.none() | st.integers(0, 10**12)
locations = st.none() | st.builds(
    Location,
    texts,
    st.none() | st.integers(1, 999),
    st.none() | st.integers(1, 999),
    st.none() | st.integers(1, 99),
)
specifiers = st.builds(lambda version: SpecifierSet(f"=={version}"), versions)
requirements = st.builds(
    lambda name, version, tail: Requirement(f"{name}>={version.public}{tail}"),
    names,
    versions,
    st.sampled_from(["", '; python_version < "4"']),
)
pinned = st.builds(PinnedArtifact, filename=texts, sha256=hashes, size=sizes)
causes = st.builds(
    Cause,
    requirement=requirements,
    parent=st.none() | names,
    parent_version=st.none() | versions,
    breaks=st.booleans(),
    location=locations,
)


@st.composite
def stored_actions(draw: st.DrawFn) -> Action:
    """A change with what a lockfile keeps of it."""
    name, new = draw(names), draw(versions)
    kind = draw(st.sampled_from([kind for kind in ActionKind if kind is not ActionKind.KEEP]))
    filename, sha256, size = draw(texts), draw(st.none() | hashes), draw(sizes)
    artifact = Artifact(
        name=name,
        version=new,
        filename=filename,
        kind=ArtifactKind.WHEEL if filename.endswith(".whl") else ArtifactKind.SDIST,
        url="",
        hashes=(("sha256", sha256),) if sha256 is not None else (),
        size=size,
    )
    bare = draw(st.booleans())
    return Action(
        name=name,
        kind=kind,
        old=draw(st.none() | versions),
        new=new,
        artifact=None if bare else artifact,
        size=None if bare else size,
    )


def _unique(items: st.SearchStrategy[list[Action]]) -> st.SearchStrategy[ChangeSet]:
    return items.map(lambda found: ChangeSet(actions=tuple(sorted(found, key=lambda a: a.name))))


locks = st.builds(
    TierLock,
    policy=texts,
    policy_sha256=hashes,
    policy_sources=st.lists(st.builds(PolicySource, label=texts, sha256=hashes), max_size=2).map(tuple),
    tier=texts,
    about=texts,
    installer=st.sampled_from(Installer),
    requires=st.lists(
        st.builds(TierRequirement, requirement=requirements, location=locations), max_size=3
    ).map(tuple),
    cutoff=st.integers(946684800, 4102444800).map(lambda seconds: datetime.fromtimestamp(seconds, UTC)),
    hosts=st.lists(
        st.builds(
            LockedHost,
            name=texts,
            sha256=hashes,
            python=texts,
            changes=_unique(st.lists(stored_actions(), max_size=3, unique_by=lambda a: a.name)),
        ),
        max_size=2,
    ).map(tuple),
    pins=st.lists(
        st.builds(
            Pin,
            name=names,
            spelled=texts,
            version=versions,
            artifacts=st.lists(pinned, max_size=3, unique=True).map(
                lambda found: tuple(sorted(found, key=lambda a: (a.filename, a.sha256)))
            ),
            via=st.lists(causes, max_size=2).map(tuple),
        ),
        max_size=3,
        unique_by=lambda pin: pin.name,
    ).map(lambda found: tuple(sorted(found, key=lambda pin: pin.name))),
    guards=st.lists(
        st.builds(
            GuardLine, name=names, spelled=texts, specifier=specifiers, reason=texts, location=locations
        ),
        max_size=3,
        unique_by=lambda line: line.name,
    ).map(lambda found: tuple(sorted(found, key=lambda line: line.name))),
    output=texts,
    command=texts,
    no_deps=st.booleans(),
)
