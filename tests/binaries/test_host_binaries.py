"""What a captured machine offers compiled modules: written, read, used; and the live one, by the doctor."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from packaging.utils import canonicalize_name
from packaging.version import Version

from depguard.adapters.installed_binaries import installed_binaries, live_abi
from depguard.cli.main import main
from depguard.doctor.abi import abi_findings
from depguard.errors import InputError
from depguard.model.environment import Installed
from depguard.model.host_abi import HostAbi, TorchAbi
from depguard.model.policy import Severity
from depguard.model.symbols import SymbolSet
from depguard.parse.host_binaries import dump_host_binaries, load_host_binaries
from kit.elf import MARKS, build_elf
from kit.hosts import host_text
from kit.wheels import build_wheel

OFFERS = HostAbi(
    numpy=Version("2.0.2"),
    torch=TorchAbi(
        version=Version("2.11.0"), exports=SymbolSet.of([b"_ZN2at4hereE"]),
        libraries=frozenset({"libtorch.so"}), cuda=12,
    ),
    glibc=(2, 35),
    libstdcxx=(3, 4, 30),
    interpreter=SymbolSet.of([b"PyList_New"]),
    python=(3, 12),
)  # fmt: skip
HOST = host_text({"numpy": "2.0.2", "torch": "2.11.0"})
TAG = "cp312-cp312-manylinux_2_17_x86_64"


def test_what_a_machine_offers_comes_back_from_its_file() -> None:
    again = load_host_binaries(dump_host_binaries("host", OFFERS), "x.json")
    assert replace(again, torch=None, interpreter=None) == replace(OFFERS, torch=None, interpreter=None)
    assert again.interpreter is not None
    assert "PyList_New" in again.interpreter
    assert again.torch is not None
    assert again.torch.exports is not None
    assert again.torch.exports.missing(["_ZN2at4hereE", "_ZN2at4goneE"]) == ("_ZN2at4goneE",)
    assert json.loads(dump_host_binaries("host", OFFERS))["offers"]["numpy_api"] == "0x12"


def test_what_is_not_known_stays_unknown() -> None:
    nothing = HostAbi(torch=TorchAbi(version=Version("2.0")))
    assert load_host_binaries(dump_host_binaries("host", nothing), "x.json") == nothing


@pytest.mark.parametrize(
    "change", [lambda d: d["offers"].update(glibc=[2, 99]), lambda d: d.update(format=9)]
)
def test_an_edited_file_is_refused(change: Callable[[dict[str, Any]], None]) -> None:
    data = json.loads(dump_host_binaries("host", OFFERS))
    change(data)
    with pytest.raises(InputError) as caught:
        load_host_binaries(json.dumps(data), "x.binaries.json")
    assert str(caught.value.problems[0].location) == "x.binaries.json"


@pytest.fixture
def simulate(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[[str], list[dict[str, Any]]]:
    """Simulate on a host with what it offers beside it; gives the findings."""
    (tmp_path / "host.yaml").write_text(HOST)
    (tmp_path / "host.binaries.json").write_text(dump_host_binaries("host", OFFERS))
    monkeypatch.chdir(tmp_path)

    def run(package: str) -> list[dict[str, Any]]:
        where = [
            "--no-index",
            "--find-links",
            str(tmp_path / "wheels"),
            "--cache-dir",
            str(tmp_path / "cache"),
        ]
        main(["simulate", *where, "--host", "host.yaml", "--format", "json", package])
        findings: list[dict[str, Any]] = json.loads(capsys.readouterr().out)["findings"]
        return [f for f in findings if f["code"].startswith("DG30") and f["about"] == "simulation"]

    return run


@pytest.mark.parametrize(
    ("module", "code", "said"),
    [
        ({"undefined": ["_ZN2at4goneE"], "needed": ["libtorch.so"]}, "DG302", "_ZN2at4goneE"),
        ({"needed": ["libtorch.so", "libtorch_python.so"]}, "DG302", "libtorch_python.so"),
        ({"versions": {"libstdc++.so.6": ["GLIBCXX_3.4.32"]}}, "DG303", "libstdc++ 3.4.32"),
        ({"undefined": ["_PyGone_Now"]}, "DG303", "_PyGone_Now"),
        ({"undefined": ["_ZN2at4hereE", "PyList_New"], "needed": ["libtorch.so"]}, None, ""),
    ],
)
def test_what_lies_beside_a_host_is_judged_against(
    simulate: Callable[[str], list[dict[str, Any]]], tmp_path: Path, module: Any, code: str | None, said: str
) -> None:
    files = {"x/_c.so": build_elf(**module)}
    build_wheel(tmp_path / "wheels", "ext", "1.0", tag=TAG, files=files, requires=["torch"])
    found = simulate("ext")
    assert [f["code"] for f in found] == ([code] if code else [])
    assert all(said in f["message"] and f["severity"] == "error" for f in found)


def installed(folder: Path, name: str, files: dict[str, bytes]) -> Installed:
    info = f"{name}-1.0.dist-info"
    for path, data in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)
    (folder / info).mkdir(parents=True)
    (folder / info / "RECORD").write_text("".join(f"{path},,\n" for path in [*files, "gone/_x.so"]))
    project = canonicalize_name(name)
    return Installed(
        name=project, spelled=name, version=Version("1.0"), folder=str(folder), info=info, recorded=True
    )


def test_what_is_installed_for_another_numpy_is_found(tmp_path: Path) -> None:
    found = list(
        installed_binaries(
            [
                installed(tmp_path, "old", {"old/_c.so": build_elf(data=MARKS["old"])}),
                installed(tmp_path, "quiet", {"quiet/_c.so": build_elf(data=MARKS["pybind"])}),
                installed(tmp_path, "new", {"new/_c.so": build_elf(data=MARKS["new"]), "new/a.py": b""}),
                installed(tmp_path, "pure", {"pure.py": b""}),
                installed(tmp_path, "numpy", {"numpy/_c.so": build_elf(data=MARKS["old"])}),
            ]
        )
    )
    assert [item.name for item in found] == ["old", "quiet", "new", "numpy"]
    told = list(abi_findings(found, HostAbi(numpy=Version("2.0.2"))))
    assert [(f.package, f.severity) for f in told] == [("old", Severity.ERROR), ("quiet", Severity.WARNING)]
    assert told[0].because == ("old/_c.so",)


def test_an_interpreter_that_does_not_answer_is_not_known(tmp_path: Path) -> None:
    offers = live_abi(str(tmp_path / "python"), Version("2.0.2"), None)
    assert (offers.numpy, offers.interpreter, offers.python, offers.torch) == (
        Version("2.0.2"),
        None,
        None,
        None,
    )


def test_this_interpreter_says_what_it_offers() -> None:
    import sys

    offers = live_abi(sys.executable, None, Version("2.0"))
    assert offers.python == sys.version_info[:2]
    assert offers.torch is not None
    if offers.interpreter is not None:  # not every build exports its symbols where they are looked for
        assert offers.interpreter.missing(["PyList_New", "PyNothing_AtAll"]) == ("PyNothing_AtAll",)
