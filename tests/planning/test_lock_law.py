"""What is written for a tier, read back and simulated by pip and uv, is the tier's plan."""

from __future__ import annotations

from hypothesis import given

from depguard.app.lock import Emitters, lock_tier
from depguard.emit.constraints import render_constraints
from depguard.emit.lock_json import render_lock
from depguard.emit.requirements import render_requirements
from depguard.model.finding import Verdict
from depguard.parse.requirement_lines import read_requirements
from kit.laws import law
from planning.asked import question
from planning.tiny import Tiny, tinies

EMITTERS = Emitters(requirements=render_requirements, lock=render_lock, constraints=render_constraints)


@law(30)
@given(tinies())
def test_a_safe_plan_can_be_written_and_read_back(tiny: Tiny) -> None:
    # lock_tier simulates what it wrote, and raises ReadBackError where that is not the plan.
    locked = lock_tier(question(tiny), "lab", EMITTERS, command="depguard lock")
    assert bool(locked.files) == (locked.planned.reports.verdict is Verdict.SAFE)
    if not locked.files:
        return
    text = next(f.text for f in locked.files if f.path.endswith(".txt"))
    assert locked.planned.plan is not None
    pins = locked.planned.plan.guarded.pins
    lines = read_requirements("r.txt", read=lambda *_: text)
    hashed = {str(item.requirement) for item in lines.items if item.hashes}
    assert hashed == {f"{name}=={version}" for name, version in pins.items()}
    again = lock_tier(question(tiny), "lab", EMITTERS, command="depguard lock")
    assert again.files == locked.files
