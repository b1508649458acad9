"""``depguard baseline`` from the command line: output, files, exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from depguard.adapters.host_store import HostStore
from depguard.cli.main import main
from depguard.model.host import Host, Knowledge
from kit.catalogue import no_live_host
from kit.wheels import build_sdist, build_wheel

FREEZE = """\
# a lab's image
numpy==2.0.2
torch==2.11.0+cu128
Gateway @ git+https://example.org/gateway@b134
static==1.0
"""
PLACE = ("--python", "3.12.13", "--platform", "manylinux_2_35_x86_64")


def read(path: Path) -> Host:
    return HostStore([], no_live_host).find(str(path))


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty project with a list and a folder of distributions beside it."""
    monkeypatch.chdir(tmp_path)
    wheels = tmp_path / "wheels"
    build_wheel(wheels, "numpy", "2.0.2", requires_python=">=3.9", tag="cp312-cp312-manylinux_2_17_x86_64")
    build_wheel(wheels, "torch", "2.11.0", requires=["numpy", "nvidia-cublas==13.0"])
    build_sdist(wheels, "static", "1.0", requires=["numpy>=2"])
    (tmp_path / "list.txt").write_text(FREEZE)
    return tmp_path


def import_list(*more: str) -> int:
    index = ("--no-index", "--find-links", "wheels", "--cache-dir", "cache")
    return main(["baseline", "import", "list.txt", *index, "--date", "2026-11-22", *more])


def test_a_list_becomes_a_host_file_with_its_metadata(lab: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert import_list("-o", "lab.yaml", "--name", "lab", "--about", "the lab's image", *PLACE) == 0
    said = capsys.readouterr()
    assert "4 distributions; requirements: 2 read from the index, 1 assumed, 1 unknown" in said.out
    assert "set aside, contradicted here: nvidia-cublas==13.0" in said.out
    assert "list.txt:4:1: warning: nothing on this line carries the version of Gateway" in said.err
    host = read(lab / "lab.yaml")
    assert (host.name, host.about, len(host.installed)) == ("lab", "the lab's image", 4)
    text = (lab / "lab.yaml").read_text()
    assert 'imported: {from: list.txt, on: "2026-11-22"}' in text
    assert "  torch: 2.11.0+cu128\n" in text
    assert {path.name for path in lab.iterdir()} >= {"lab.yaml", "lab.metadata.json"}
    assert not list(lab.glob(".*.part"))


def test_a_second_import_keeps_what_people_stated(lab: Path) -> None:
    assert import_list("-o", "lab.yaml", *PLACE) == 0
    path = lab / "lab.yaml"
    line = next(line for line in path.read_text().splitlines() if "Gateway" in line)
    statement = line.replace("unknown", "2.5.2").replace("}", ", source: its repository, requires: [numpy]}")
    path.write_text(path.read_text().replace(line, statement))
    assert import_list("-o", "lab.yaml") == 0
    gateway = next(d for d in read(path).installed.values() if d.spelled == "Gateway")
    assert (str(gateway.version), gateway.requirements.how) == ("2.5.2", Knowledge.STATED)


def test_a_host_file_can_be_read_again(lab: Path) -> None:
    assert import_list("-o", "lab.yaml", *PLACE) == 0
    before = (lab / "lab.yaml").read_bytes(), (lab / "lab.metadata.json").read_bytes()
    assert (
        main(["baseline", "import", "lab.yaml", "--no-index", "--date", "2026-11-22", "-o", "lab.yaml"]) == 0
    )
    assert ((lab / "lab.yaml").read_bytes(), (lab / "lab.metadata.json").read_bytes()) == before


def test_an_edited_baseline_is_refused_until_it_is_read_again(
    lab: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert import_list("-o", "lab.yaml", *PLACE) == 0
    path = lab / "lab.yaml"
    path.write_text(path.read_text().replace("numpy: 2.0.2", "numpy: 2.0.1"))
    assert main(["baseline", "show", "lab.yaml"]) == 2
    assert "its baseline was edited since" in capsys.readouterr().err
    again = ["baseline", "import", "lab.yaml", "--no-index", "--find-links", "wheels", "-o", "lab.yaml"]
    assert main(again) == 0
    assert main(["baseline", "show", "lab.yaml"]) == 0


def test_mistakes_of_a_list_are_told_with_their_places_and_nothing_is_written(
    lab: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (lab / "list.txt").write_text("numpy>=2\nbroken==x\n")
    assert import_list("-o", "lab.yaml", *PLACE) == 2
    said = capsys.readouterr().err
    assert "list.txt:1:1: error:" in said
    assert "list.txt:2:9: error:" in said
    assert not (lab / "lab.yaml").exists()


def test_what_a_list_cannot_say_has_to_be_given(lab: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert import_list("-o", "lab.yaml") == 2
    said = capsys.readouterr().err
    assert "hint: give --python" in said
    assert "hint: give --platform" in said
    assert import_list("-o", "lab.txt", *PLACE) == 2
    assert "not the name of a host file" in capsys.readouterr().err
    assert not list(lab.glob("lab.*"))


def test_an_index_out_of_reach_decides_nothing(lab: Path) -> None:
    words = ["baseline", "import", "list.txt", "-o", "lab.yaml", *PLACE, "--cache-dir", "cache"]
    assert main([*words, "--index-url", "http://127.0.0.1:9/simple", "--offline"]) == 3
    assert not (lab / "lab.yaml").exists()


def test_pip_inspect_is_taken_as_well(lab: Path) -> None:
    report = {
        "version": "1",
        "installed": [
            {"metadata": {"name": "a", "version": "1.0", "requires_dist": ["b"]}, "installer": "pip"}
        ],
        "environment": {"python_full_version": "3.12.13", "platform_release": "6.1"},
    }
    (lab / "list.txt").write_text(json.dumps(report))
    assert import_list("-o", "lab.yaml", "--platform", "manylinux_2_35_x86_64") == 0
    host = read(lab / "lab.yaml")
    (found,) = host.installed.values()
    assert found.requirements.how is Knowledge.CAPTURED
    assert host.markers["platform_release"] == "6.1"


def test_a_live_interpreter_becomes_a_host_file(lab: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["baseline", "capture", "-o", "here.yaml", "--date", "2026-11-22"]) == 0
    host = read(lab / "here.yaml")
    assert {d.requirements.how for d in host.installed.values()} == {Knowledge.CAPTURED}
    assert host.unknown_markers == frozenset()
    capsys.readouterr()
    assert main(["baseline", "diff", "here.yaml", "live"]) == 0
    assert "no difference in what is installed" in capsys.readouterr().out


def test_show_and_diff_speak_json_and_markdown(lab: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert lab.is_dir()
    assert main(["baseline", "show", "2026.07-gpu", "--format", "json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert (shown["name"], len(shown["distributions"])) == ("colab/2026.07-gpu", 704)
    assert main(["baseline", "diff", "2026.07-gpu", "2026.08-gpu", "--format", "json"]) == 0
    compared = json.loads(capsys.readouterr().out)
    assert {"name": "numpy", "kind": "upgraded", "before": "2.0.2", "after": "2.1.3"} in compared["changed"]
    assert main(["baseline", "diff", "2026.07-gpu", "2026.08-gpu", "--format", "markdown"]) == 0
    assert "| numpy | 2.0.2 | 2.1.3 |" in capsys.readouterr().out


def test_the_list_has_the_catalogue_and_the_projects_own_hosts(
    lab: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (lab / "policies" / "hosts").mkdir(parents=True)
    assert import_list("-o", "policies/hosts/mine.yaml", *PLACE) == 0
    (lab / "policies" / "hosts" / "broken.yaml").write_text("schema: 1\n")
    capsys.readouterr()
    assert main(["baseline", "list"]) == 0
    said = capsys.readouterr()
    names = [line.split()[0] for line in said.out.splitlines()]
    assert {"colab/2026.07-gpu", "mine", "broken"} <= set(names)
    assert "the host file has no 'distributions'" in said.err


def test_an_unknown_host_is_answered_with_the_nearest(lab: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert lab.is_dir()
    assert main(["baseline", "show", "2026.07-gpuu"]) == 2
    assert "did you mean colab/2026.07-gpu" in capsys.readouterr().err
