from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from packaging.specifiers import SpecifierSet

from depguard.emit.constraints import render_constraints
from depguard.emit.requirements import render_requirements
from depguard.model.lock import TierLock
from depguard.model.policy import Installer
from depguard.parse.requirement_lines import read_requirements
from kit import locks as kit
from kit.golden import matches_golden
from kit.report_parts import digest

GOLDEN = Path(__file__).parent / "golden"


def as_pip_reads(text: str, tmp_path: Path) -> dict[str, list[str]]:
    """Requirement to hashes, read by pip's own parser of requirements files."""
    req_file = pytest.importorskip("pip._internal.req.req_file")
    session = pytest.importorskip("pip._internal.network.session")
    path = tmp_path / "requirements.txt"
    path.write_bytes(text.encode("ascii"))
    found = {}
    with session.PipSession() as own:
        for parsed in req_file.parse_requirements(str(path), session=own):
            hashes = (parsed.options or {}).get("hashes", {})
            found[parsed.requirement.strip()] = hashes.get("sha256", [])
    return found


def as_depguard_reads(text: str) -> dict[str, list[str]]:
    lines = read_requirements("requirements.txt", read=lambda *_: text, installer=Installer.PIP)
    return {str(item.requirement): sorted(digest for _, digest in item.hashes) for item in lines.items}


def test_a_requirements_file_is_as_it_was_found_good() -> None:
    matches_golden(render_requirements(kit.LOCK), GOLDEN / "requirements-lab.txt")


def test_a_file_with_nothing_to_add() -> None:
    lock = replace(kit.LOCK, pins=(), about="", policy_sources=())
    matches_golden(render_requirements(lock), GOLDEN / "requirements-nothing.txt")


def test_a_constraints_file_is_as_it_was_found_good() -> None:
    matches_golden(render_constraints(kit.CONSTRAINTS), GOLDEN / "constraints-colab-2026.07-gpu.txt")


def test_pip_reads_pins_with_their_hashes_and_bare_guards(tmp_path: Path) -> None:
    found = as_pip_reads(render_requirements(kit.LOCK), tmp_path)
    assert list(found) == ["alembic==1.20.1", "optuna==5.0.0", "numpy>=2.0.2,<=2.1.3", "torch==2.11.0+cu128"]
    files = [f"optuna-5.0.0-cp{minor}-cp{minor}-linux_x86_64.whl" for minor in (312, 313)]
    assert found["optuna==5.0.0"] == sorted(map(digest, files))
    assert found["torch==2.11.0+cu128"] == []


def test_pip_reads_constraints(tmp_path: Path) -> None:
    found = as_pip_reads(render_constraints(kit.CONSTRAINTS), tmp_path)
    assert found == {"numpy>=2.0.2,<=2.1.3": [], "torch==2.11.0+cu128": []}


def test_both_commands_are_there_and_an_override_changes_pips() -> None:
    text = render_requirements(kit.LOCK)
    assert "# Install  pip install -r requirements-lab.txt\n" in text
    assert "#          uv pip install -r requirements-lab.txt\n" in text
    text = render_requirements(replace(kit.LOCK, no_deps=True))
    assert "# Install  pip install --no-deps -r requirements-lab.txt\n" in text
    assert "#          uv pip install --no-deps -r requirements-lab.txt\n" in text


def test_a_comment_cannot_break_out_or_declare_an_encoding(tmp_path: Path) -> None:
    evil = "x\nevil==1.0\r\n# -*- coding: utf-16 -*- \x0b\x85 λ \\"
    lock = replace(
        kit.LOCK,
        tier=evil,
        about=evil,
        policy=evil,
        output=evil,
        command=evil,
        guards=tuple(replace(line, reason=evil) for line in kit.LOCK.guards),
    )
    text = render_requirements(lock)
    assert text.isascii()
    assert "coding" not in "".join(text.splitlines()[:2])
    assert list(as_pip_reads(text, tmp_path)) == list(as_pip_reads(render_requirements(kit.LOCK), tmp_path))
    constraints = replace(kit.CONSTRAINTS, host=evil, policy=evil, command=evil, guards=lock.guards)
    assert len(as_pip_reads(render_constraints(constraints), tmp_path)) == 2


@given(kit.locks)
def test_any_lock_is_read_back_as_its_pins_and_guards(lock: TierLock) -> None:
    """Also the law of the format: nothing but the pins and guards, each once, with all its hashes."""
    names = {pin.name for pin in lock.pins}
    lock = replace(lock, guards=tuple(line for line in lock.guards if line.name not in names))
    text = render_requirements(lock)
    assert text.isascii()
    assert text == render_requirements(lock)
    expected = {
        f"{pin.name}=={pin.version}": sorted({artifact.sha256 for artifact in pin.artifacts})
        for pin in lock.pins
    }
    expected |= {f"{line.name}{line.specifier}": [] for line in lock.guards}
    assert as_depguard_reads(text) == expected


def test_a_range_has_one_order_of_its_clauses() -> None:
    one = replace(kit.LOCK.guards[0], specifier=SpecifierSet("<3,>=2,!=2.5"))
    two = replace(kit.LOCK.guards[0], specifier=SpecifierSet("!=2.5,>=2,<3"))
    texts = {render_requirements(replace(kit.LOCK, guards=(guard,))) for guard in (one, two)}
    assert len(texts) == 1
