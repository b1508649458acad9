"""The incident of November 2025 (docs/incident.md): real installers, on that week's host and index, agree."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from depguard.adapters.cache import Cache
from depguard.adapters.index.client import IndexClient
from depguard.adapters.index.default_index import default_index_url
from depguard.adapters.index.settings import IndexSettings
from depguard.adapters.referees.dated_index import DatedIndex
from depguard.adapters.referees.lookup import Lookup, Wish
from depguard.adapters.referees.settings import pip_environment, uv_environment
from depguard.cli.main import main
from depguard.errors import OutOfReachError as ToolOutOfReachError
from depguard.model.crosscheck import Answered, Ask, Check, Program
from kit.catalogue import shipped_host
from kit.live_index import UNDECIDED
from kit.referees import Copy, OutOfReachError, make_copy, reachable

pytestmark = [pytest.mark.network, pytest.mark.referee]

HOST = "colab/2025-11-11-gpu"
DAY = "2025-11-14"
LINES = {
    "captum": ["captum"],
    "datasets": [
        *("datasets>=2.16,<3", "tokenizers<1", "huggingface-hub<1", "torchinfo"),
        *("optuna>=3,<4", "pytest>=7.4,<8", "pytest-cov<5"),
    ],
    "onnx": ["onnx", "onnxruntime"],
    "lightning": ["pytorch-lightning", "optuna", "torchmetrics", "wandb"],
}
NUMPY = "numpy 2.0.2 -> 1.26.4"


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Copy:
    host = shipped_host(HOST)
    made = make_copy(host, tmp_path_factory.mktemp("incident") / "copy")
    if made is None:
        pytest.skip("no Python 3.12 on this machine")
    return made


@pytest.fixture(scope="module")
def lookup(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lookup]:
    """Installers that see the index as of that day."""
    day = datetime.fromisoformat(DAY).replace(tzinfo=UTC)
    settings = IndexSettings(index_url=default_index_url())
    with IndexClient(settings, cache=Cache.none()) as source, DatedIndex(source, day) as dated:
        yield Lookup(
            cache=tmp_path_factory.mktemp("installers"),
            note=print,
            fetch_env=pip_environment(settings),
            pip_env=pip_environment(settings, dated=dated.url),
            uv_env=uv_environment(settings, day),
        )


@pytest.fixture
def simulated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    """What depguard says of a line, as its JSON report."""
    monkeypatch.chdir(tmp_path)

    def ask(line: str) -> dict[str, Any]:
        code = main(["simulate", *LINES[line], "--host", HOST, "--exclude-newer", DAY, "--format", "json"])
        captured = capsys.readouterr()
        assert "internal error" not in captured.err, captured.err
        if code == UNDECIDED:
            raise OutOfReachError(captured.err)
        report: dict[str, Any] = json.loads(captured.out)
        return report

    return ask


@pytest.mark.parametrize("line", LINES)
@pytest.mark.parametrize("program", [Program.PIP, Program.UV])
def test_real_installers_do_what_is_simulated(
    line: str, program: Program, copy: Copy, lookup: Lookup, simulated: Any
) -> None:
    with reachable():
        said = simulated(line)["simulation"]["actions"]
        answer = _answer(lookup, program, copy, line)
    changes = {str(change) for change in answer.changes or ()}
    assert changes == {
        f"{a['name']} {a['from']} -> {a['to']}" if a["from"] else f"{a['name']} {a['to']}" for a in said
    }, answer.said
    assert (NUMPY in changes) == (line == "captum")
    assert NUMPY in changes or not any(change.startswith("numpy ") for change in changes)


def _answer(lookup: Lookup, program: Program, copy: Copy, line: str) -> Answered:
    ask = Ask(
        check=Check.SIMULATION,
        host=copy.host,
        directory=copy.directory,
        uv_options=copy.uv_options,
        requirements=tuple(LINES[line]),
    )
    try:
        referee = lookup.referee(Wish(program=program), copy.host)
    except ToolOutOfReachError as error:
        raise OutOfReachError(str(error)) from None
    answer = referee.answer(ask)
    if not isinstance(answer, Answered):
        raise OutOfReachError(answer.reason)
    if program is Program.PIP:
        assert referee.label == "pip 24.1.2"
    return answer


def test_captum_is_refused_with_the_chain_to_numpy(simulated: Any) -> None:
    with reachable():
        report = simulated("captum")
    (finding,) = (f for f in report["findings"] if f["code"] == "DG101" and f["about"] == "simulation")
    assert report["verdict"] == "unsafe"
    assert finding["package"] == "numpy"
    assert [(link["name"], link["version"], link["requirement"]) for link in finding["chain"]] == [
        ("request", None, "captum"),
        ("captum", "0.8.0", "numpy<2.0"),
    ]
