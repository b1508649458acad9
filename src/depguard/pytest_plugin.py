"""A pytest plugin: ``pytest --depguard`` ends a session at once where what is protected is damaged.

One message with the way out instead of an import error for each test module. Without the option, or
``depguard = true`` in pytest's configuration, it does nothing, and nothing of depguard is imported.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest

EXIT_CODE = 3
"""What pytest itself uses for errors that are not the tests'."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option and the setting."""
    text = "end the session where what the depguard policy protects is damaged"
    parser.getgroup("depguard").addoption("--depguard", action="store_true", help=text)
    parser.addini("depguard", text, type="bool", default=False)


def pytest_sessionstart(session: pytest.Session) -> None:
    """Look, before anything is collected; with pytest-xdist in the first process only."""
    config = session.config
    asked = config.getoption("--depguard") or config.getini("depguard")
    if not asked or hasattr(config, "workerinput"):
        return
    problem = damage(config)
    if problem:
        import pytest

        pytest.exit(problem, returncode=EXIT_CODE)


def damage(config: pytest.Config) -> str | None:
    """What the doctor says of what is protected, by sizes and without probes; None if it is whole."""
    from depguard.adapters.policy_store import PolicyStore
    from depguard.cli.console import render_problem
    from depguard.cli.doctoring import judge_snapshot, look_at
    from depguard.cli.setup import DEFAULT_FAMILY
    from depguard.emit.doctor_text import render_examination
    from depguard.errors import DepguardError
    from depguard.model.environment import Depth
    from depguard.model.finding import Verdict

    try:
        store = PolicyStore(config.rootpath, fetch=None)
        found = store.project() or store.shipped(DEFAULT_FAMILY)
        policy = found.policy if found is not None else None
        snapshot = look_at(
            policy, depth=Depth.FAST, only_protected=True, working=config.invocation_params.dir
        )
        examined = judge_snapshot(snapshot, policy)
    except DepguardError as error:
        lines = [render_problem(problem, colour=False) for problem in error.problems]
        return "\n".join(["depguard could not look at this environment", *lines])
    return None if examined.verdict is Verdict.SAFE else f"\n{render_examination(examined)}"
