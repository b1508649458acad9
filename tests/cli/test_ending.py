"""How the command's process ends: at once, with all that it said, its exit code, and others' ends."""

from __future__ import annotations

import subprocess
import sys

import pytest


def ended(*words: str, before: str = "") -> subprocess.CompletedProcess[str]:
    program = f"import sys\n{before}\nsys.argv[0] = 'depguard'\nfrom depguard.cli.main import run\nrun()"
    return subprocess.run(
        [sys.executable, "-c", program, *words], capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize(
    ("words", "code"), [(["--version"], 0), (["plan", "none", "--policy", "nowhere.yaml"], 2), (["what"], 2)]
)
def test_the_exit_code_is_the_commands(words: list[str], code: int) -> None:
    done = ended(*words)
    assert done.returncode == code
    assert bool(done.stdout) == (code == 0)
    assert bool(done.stderr) == (code != 0)


def test_all_that_was_said_arrives() -> None:
    # more than a pipe holds
    long = ended("policy", "schema", before="sys.stdout.write('x' * 300_000)")
    assert long.returncode == 0, long.stderr
    assert len(long.stdout) > 300_000
    assert long.stdout.rstrip().endswith("}")


def test_others_ends_are_kept() -> None:
    before = "import atexit\natexit.register(lambda: print('the end', file=sys.stderr))"
    done = ended("--version", before=before)
    assert done.stderr == "the end\n"


def test_a_defect_is_still_told_with_debug() -> None:
    before = "import depguard.cli.main as m\nm._dispatch = lambda *_: 1 / 0"
    assert "ZeroDivisionError" in ended("--debug", before=before).stderr
    told = ended(before=before)
    assert (told.returncode, "internal error" in told.stderr) == (3, True)
