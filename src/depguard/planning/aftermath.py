"""A host as an install leaves it: what the next command of the same session finds there."""

from __future__ import annotations

import hashlib

from packaging.utils import NormalizedName

from depguard.model.host import Host, InstalledDistribution, Knowledge, Origin, OriginKind, Requirements
from depguard.model.plan import Action, ActionKind
from depguard.model.release import CoreMetadata
from depguard.planning.health import needs_after
from depguard.planning.simulate import Simulation
from depguard.records import replace
from depguard.resolve.host_view import HostView
from depguard.resolve.needs import Candidate, Key


def after(view: HostView, simulation: Simulation) -> Host:
    """The host after the simulated command; the same host where nothing would change.

    Its hash stands for the baseline and all that was done to it. Raises OutOfReachError.
    """
    host = view.host
    if simulation.changes is None or not simulation.changes.changes:
        return host
    installed = dict(host.installed)
    for action in simulation.changes.changes:
        if action.kind is ActionKind.REMOVE:
            installed.pop(action.name, None)
        else:
            installed[action.name] = _installed(view, action, simulation.chosen.get(Key(action.name)))
    done = "\n".join(f"{a.name} {a.kind.value} {a.new}" for a in simulation.changes.changes)
    digest = hashlib.sha256(f"{host.sha256}\n{done}".encode()).hexdigest()
    left = replace(host, installed=dict(sorted(installed.items())), sha256=digest)
    needs_after(left, host)
    return left


def _installed(view: HostView, action: Action, candidate: Candidate | None) -> InstalledDistribution:
    before = view.host.installed.get(action.name)
    return InstalledDistribution(
        name=action.name,
        spelled=before.spelled if before is not None else str(action.name),
        version=action.new,
        requirements=_requirements(view, action.name, candidate),
        origin=Origin(kind=OriginKind.URL, reference=action.url) if action.url else Origin(),
        modules=before.modules if before is not None else (),
    )


def _requirements(view: HostView, name: NormalizedName, candidate: Candidate | None) -> Requirements:
    offer = candidate.offer if candidate is not None else None
    if offer is None:
        return Requirements(how=Knowledge.UNKNOWN, source=f"{name} was installed from a direct URL")
    metadata = view.universe.metadata(offer)
    if not isinstance(metadata, CoreMetadata):
        return Requirements(how=Knowledge.UNKNOWN, source=metadata.reason)
    return Requirements(
        how=Knowledge.RELEASE,
        source=offer.artifact.filename,
        requires=metadata.requires_dist,
        extras=metadata.extras,
        requires_python=metadata.requires_python,
    )
