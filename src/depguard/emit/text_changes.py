"""Changes as text: what comes and goes, what is there already, and what plain pip would break."""

from __future__ import annotations

from packaging.utils import NormalizedName

from depguard.emit.selection import harm, required_name
from depguard.emit.wording import (
    WIDTH,
    described,
    listed,
    megabytes,
    move,
    one_line,
    plural,
    size_of,
    table,
    wrapped,
)
from depguard.model.plan import Action, ActionKind, ChangeSet
from depguard.model.report import Broken, Report, SimulationResult

SHOWN_MOVES = 3
SHOWN_BROKEN = 5


def change_table(changes: ChangeSet, *, verbose: int) -> list[str]:
    """One line a change, with who asked for it or what holds it back."""
    rows: list[tuple[str, ...]] = []
    for action in changes.changes:
        notes = [note for note in (_held_back(action), _parents(action)) if note]
        if verbose:
            notes = [note for note in (_held_back(action), *_details(action)) if note]
            rows += [(described(action) if i == 0 else "", note) for i, note in enumerate(notes or [""])]
        else:
            rows.append((described(action), "; ".join(notes)))
    return table(rows)


def change_flow(changes: ChangeSet) -> list[str]:
    """The changes side by side; what is held back has its own lines below."""
    lines: list[str] = []
    for item in (described(action) for action in changes.changes if action.held_back is None):
        if lines and len(lines[-1]) + 3 + len(item) <= WIDTH:
            lines[-1] += f"   {item}"
        else:
            lines.append(f"  {item}")
    return lines + table((described(a), _held_back(a)) for a in changes.changes if a.held_back is not None)


def already_there(report: Report, changes: ChangeSet) -> list[str]:
    """The requested names that the host has and keeps."""
    moving = {action.name for action in changes.changes}
    kept = {action.name for action in changes.actions} - moving
    names = sorted({a.name for a in report.request.requirements if a.name is not None and a.name in kept})
    return wrapped(", ".join(names), first="  already there: ") if names else []


def avoided(report: Report, where: str = "") -> list[str]:
    """What plain pip would have done wrong, beside a plan that does not; empty where it is harmless."""
    simulation = report.simulation
    if simulation is None or simulation.changes is None:
        return []
    if not simulation.broken and not harm(report):
        return []
    plan = report.plan.changes if report.plan is not None else None
    lead = f"Avoided{where}: plain {installer_word(simulation)} would"
    return _damage(report, simulation, lead, _taken_otherwise(simulation.changes, plan), colon=False)


def damage(report: Report, lead: str, *, verbose: int) -> list[str]:
    """What a refused install would move and break; empty where it would do neither."""
    simulation = report.simulation
    if simulation is None or simulation.changes is None:
        return []
    return _damage(report, simulation, lead, [], colon=True, verbose=verbose)


def installer_word(simulation: SimulationResult) -> str:
    """``pip`` of ``pip 24.1.2``."""
    return simulation.installer.split()[0] if simulation.installer else "pip"


def _damage(
    report: Report,
    simulation: SimulationResult,
    lead: str,
    takes: list[str],
    *,
    colon: bool,
    verbose: int = 0,
) -> list[str]:
    gone = [a for a in _moves(report, simulation) if a.kind is ActionKind.REMOVE]
    moves = [f"{a.name} {move(a)}" for a in _moves(report, simulation) if a not in gone]
    removes = [f"{a.name} {move(a)}" for a in gone]
    deeds = []
    if takes:
        deeds.append(f"take {listed(takes, SHOWN_MOVES)}")
    if moves:
        deeds.append(f"move {listed(moves, len(moves) if verbose else SHOWN_MOVES)}")
    if removes:
        deeds.append(f"remove {listed(removes, len(removes) if verbose else SHOWN_MOVES)}")
    if not deeds and not simulation.broken:
        return []
    broken = _by_package(simulation.broken)
    whole = verbose > 0 or len(broken) <= SHOWN_BROKEN
    if broken:
        deeds.append(f"break {plural(len(broken), 'installed package')}:" if colon or not whole else "break")
    lines = wrapped(f"{lead} {_joined(deeds)}", rest="  ")
    if not broken:
        return lines
    if whole:
        rows = ((f"{b[0].name} {b[0].version or ''}".rstrip(), _needs(b)) for b in broken.values())
        return lines + table(rows)
    names = list(broken)
    text = f"{', '.join(names[:SHOWN_BROKEN])} and {len(names) - SHOWN_BROKEN} more (-v)"
    return lines + wrapped(text, first="  ")


def _joined(deeds: list[str]) -> str:
    if len(deeds) < 3:
        return " and ".join(deeds)
    return f"{', '.join(deeds[:-1])}, and {deeds[-1]}"


def _needs(broken: list[Broken]) -> str:
    return f"needs {', '.join(dict.fromkeys(needed(item) for item in broken))}"


def needed(broken: Broken) -> str:
    """The clauses that the change violates; where they are not known, the requirement without marker."""
    return one_line(broken.violated or broken.requirement.partition(";")[0])


def _by_package(broken: tuple[Broken, ...]) -> dict[NormalizedName, list[Broken]]:
    grouped: dict[NormalizedName, list[Broken]] = {}
    for item in sorted(broken, key=lambda b: (b.name, b.requirement)):
        grouped.setdefault(item.name, []).append(item)
    return grouped


def _moves(report: Report, simulation: SimulationResult) -> list[Action]:
    """The host's distributions that the simulation changes; those that do harm first."""
    harmful = [f.package for f in harm(report)]
    harmful += [name for b in simulation.broken if (name := required_name(b.requirement)) is not None]
    changes = simulation.changes.changes if simulation.changes is not None else ()
    moved = [action for action in changes if action.kind is not ActionKind.ADD]
    return sorted(moved, key=lambda a: (harmful.index(a.name) if a.name in harmful else len(harmful), a.name))


def _taken_otherwise(simulated: ChangeSet, plan: ChangeSet | None) -> list[str]:
    planned = {action.name: action.new for action in plan.changes} if plan is not None else {}
    return [
        f"{action.name} {action.new}"
        for action in simulated.changes
        if action.kind is ActionKind.ADD and action.name in planned and planned[action.name] != action.new
    ]


def _held_back(action: Action) -> str:
    if action.held_back is None:
        return ""
    reason = f": {one_line(action.held_back.reason)}" if action.held_back.reason else ""
    return f"not {action.held_back.newest}{reason}"


def _parents(action: Action) -> str:
    if any(cause.parent is None for cause in action.because):
        return ""
    names = sorted({cause.parent for cause in action.because if cause.parent is not None})
    return (
        f"for {', '.join(names[:3])}{f' and {len(names) - 3} more' if len(names) > 3 else ''}"
        if names
        else ""
    )


def _details(action: Action) -> list[str]:
    lines = []
    for cause in action.because:
        where = f" ({cause.location})" if cause.location is not None and cause.parent is None else ""
        lines.append(one_line(f"{cause}{where}"))
    if action.artifact is not None:
        size = size_of(action)
        lines.append(action.artifact.filename + (f", {megabytes(size)}" if size is not None else ""))
    elif action.url is not None:
        lines.append(one_line(action.url))
    return lines
