"""``depguard.require``: silent or a box; and where it finds what a tier is."""

from __future__ import annotations

import json
import pickle
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import NormalizedName
from packaging.version import Version

import depguard
from depguard.adapters.install_work import InstallWork
from depguard.app.required import lacking
from depguard.emit.required_text import render_lacks
from depguard.errors import InputError, MissingTierError
from depguard.model.required import Here, Lack, Wanted
from kit.guarded_host import install_here

ENVIRONMENT = {"python_version": "3.12", "sys_platform": "linux", "extra": ""}


def lacks(
    requires: list[str],
    installed: Mapping[str, tuple[str, list[str]]],
    dropped: Mapping[str, list[str]] | None = None,
) -> list[tuple[str, str | None, str | None]]:
    wanted = Wanted(
        tier="lab",
        about="",
        requires=tuple(map(Requirement, requires)),
        source="p",
        command=(),
        dropped={Requirement(p): tuple(map(Requirement, d)) for p, d in (dropped or {}).items()},
    )

    def look(name: NormalizedName) -> Here | None:
        found = installed.get(name)
        return Here(Version(found[0]), tuple(found[1])) if found is not None else None

    found = lacking(wanted, look, ENVIRONMENT)
    return [(lack.requirement, str(lack.found) if lack.found else None, lack.by) for lack in found]


def test_what_is_there_is_silent() -> None:
    assert (
        lacks(
            ["Captum>=0.7"],
            {"captum": ("0.9", ["torch>=2", "x; extra == 'y'"]), "torch": ("2.11.0+cu128", [])},
        )
        == []
    )
    assert lacks(["a>=2"], {"a": ("2.1rc1", [])}) == []
    assert lacks(["a; sys_platform == 'win32'"], {}) == []


def test_what_is_missing_or_of_another_version() -> None:
    assert lacks(["a>=2", "b"], {"a": ("1.0", ["c"])}) == [("a>=2", "1.0", None), ("b", None, None)]


def test_what_it_needs_in_turn() -> None:
    installed: dict[str, tuple[str, list[str]]] = {
        "a": ("1.0", ["b<2", "broken ==", "d; extra == 'more'", "a"]),
        "b": ("3.0", ["gone"]),
    }
    assert lacks(["a"], installed) == [("b<2", "3.0", "a 1.0")]
    assert lacks(["a[more]"], installed) == [("b<2", "3.0", "a 1.0"), ("d", None, "a 1.0")]


def test_what_the_policy_overrides_does_not_count() -> None:
    installed: dict[str, tuple[str, list[str]]] = {"captum": ("0.8.0", ["numpy<2.0"]), "numpy": ("2.0.2", [])}
    assert lacks(["captum"], installed) == [("numpy<2.0", "2.0.2", "captum 0.8.0")]
    assert lacks(["captum"], installed, {"captum==0.8.0": ["numpy<2.0"]}) == []
    assert len(lacks(["captum"], installed, {"captum==0.8.1": ["numpy<2.0"]})) == 1


def test_the_box() -> None:
    wanted = Wanted(
        tier="tier2",
        about="attribution",
        requires=(),
        source="depguard.yaml",
        command=("depguard", "install", "tier2"),
    )
    found = [
        Lack(name=NormalizedName("captum"), requirement="captum>=0.7", found=None),
        Lack(name=NormalizedName("x"), requirement="torchmetrics", found=None, by="pytorch-lightning 2.6.6"),
        Lack(name=NormalizedName("optuna"), requirement="optuna>=3", found=Version("2.10.1")),
    ]
    assert render_lacks(wanted, found, "!depguard install tier2").split("\n") == [
        "+- depguard: tier2 is not all here -------------------------",
        "| For      attribution",
        "| Missing  captum>=0.7",
        "|          torchmetrics (needed by pytorch-lightning 2.6.6)",
        "| Other    optuna>=3, and 2.10.1 is installed",
        "| Do       !depguard install tier2",
        "| Says     depguard.yaml",
        "+-----------------------------------------------------------",
    ]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory without a policy, a cache of its own, and ``tiny 1.0`` on the search path."""
    site = tmp_path / "site"
    site.mkdir()
    install_here(site, "tiny", "1.0", {"tiny.py": b""})
    monkeypatch.syspath_prepend(str(site))
    monkeypatch.setenv("DEPGUARD_CACHE_DIR", str(tmp_path / "cache"))
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


def policy(requires: str, about: str = "small things") -> str:
    lab = f"  lab: {{about: {about}, requires: [{requires}]}}\n"
    return f"schema: 1\ntiers:\n{lab}  more: {{extends: lab, requires: [tiny]}}\n"


def test_the_projects_policy(here: Path) -> None:
    (here / "depguard.yaml").write_text(policy("tiny>=1"))
    depguard.require("lab")
    depguard.require("more")
    (here / "depguard.yaml").write_text(policy("tiny>=2"))
    with pytest.raises(MissingTierError) as caught:
        depguard.require("more")
    box = caught.value.box
    assert "| Other    tiny>=2, and 1.0 is installed" in box
    assert "-m depguard install more" in box or "| Do       depguard install more" in box
    assert caught.value.name == "tiny"
    assert isinstance(caught.value, ImportError)
    assert caught.value._render_traceback_() == box.split("\n")


def test_overrides_of_what_the_policy_extends_count_too(here: Path) -> None:
    install_here(here.parent / "site", "lead", "1.0", {"lead.py": b""}, requires=["tiny>=2", "gone"])
    base = 'schema: 1\noverrides: [{package: lead==1.0, drop: [%s], reason: "works"}]\n'
    web = "https://example.org/policy.yaml"
    (here / "depguard.yaml").write_text(
        f"{base % 'gone'}extends: [base.yaml, {web}]\ntiers: {{lab: [lead]}}\n"
    )
    (here / "base.yaml").write_text(base % "tiny>=2")
    depguard.require("lab")
    (here / "base.yaml").write_text(base % "other")
    with pytest.raises(MissingTierError, match=r"tiny>=2 \(needed by lead 1\.0\)"):
        depguard.require("lab")


def test_a_named_policy_is_that_of_a_library(here: Path, tmp_path: Path) -> None:
    library = tmp_path / "library" / "depguard.yaml"
    library.parent.mkdir()
    library.write_text(policy("absent"))
    (here / "depguard.yaml").write_text(policy("tiny"))
    with pytest.raises(MissingTierError, match=r"Missing +absent") as caught:
        depguard.require("lab", policy=library)
    assert f"--policy {library}" in caught.value.box


def test_a_requirements_file_of_the_tier(here: Path) -> None:
    text = (
        "# Written by depguard. Do not edit: change the policy and make it again.\n#\n"
        "# tier     lab: small things\n# policy   p\n\n"
        "tiny==2.0 \\\n    --hash=sha256:00\n    # via p (tiny)\n\nnumpy>=2  # p:1:1: C ABI\n"
    )
    (here / "requirements-lab.txt").write_text(text)
    (here / "requirements.txt").write_text("tiny==3\n")
    with pytest.raises(MissingTierError) as caught:
        depguard.require("lab")
    assert "| For      small things" in caught.value.box
    assert "tiny==2.0, and 1.0 is installed" in caught.value.box
    assert "pip install -r requirements-lab.txt" in caught.value.box


def test_a_file_that_is_installed_without_dependencies_is_all_there_is(here: Path) -> None:
    install_here(here.parent / "site", "lead", "1.0", {"lead.py": b""}, requires=["tiny>=2"])
    text = (
        "# Written by depguard. Do not edit: change the policy and make it again.\n#\n# tier     lab\n"
        "# Install  pip install{} -r requirements-lab.txt\n\nlead=={}\n"
    )
    (here / "requirements-lab.txt").write_text(text.format(" --no-deps", "1.0"))
    depguard.require("lab")
    (here / "requirements-lab.txt").write_text(text.format(" --no-deps", "2.0"))
    with pytest.raises(MissingTierError, match=r"pip install --no-deps -r requirements-lab\.txt"):
        depguard.require("lab")
    (here / "requirements-lab.txt").write_text(text.format("", "1.0"))
    with pytest.raises(MissingTierError, match="tiny>=2"):
        depguard.require("lab")


@pytest.mark.usefixtures("here")
def test_the_record_of_an_install_knows_a_policy_from_the_web(tmp_path: Path) -> None:
    records = InstallWork(tmp_path / "cache", Path(sys.prefix)).folder / "records"
    records.mkdir(parents=True)
    source = "github:owner/course@v1:depguard.yaml"
    record: dict[str, Any] = {
        "tier": "lab",
        "about": "small things",
        "plan": {"policy": {"sources": [{"label": source}]}, "request": {"requirements": ["tiny>=2"]}},
    }
    (records / "20261122T090000Z.json").write_text(json.dumps(record))
    (records / "20261122T100000Z.json").write_text("broken")
    with pytest.raises(MissingTierError) as caught:
        depguard.require("lab")
    assert f"install lab --policy {source}" in caught.value.box
    install_here(tmp_path / "site", "lead", "1.0", {"lead.py": b""}, requires=["tiny>=2"])
    record["plan"]["request"]["requirements"] = ["lead"]
    (records / "20261122T090000Z.json").write_text(json.dumps(record))
    with pytest.raises(MissingTierError):
        depguard.require("lab")
    record["overrides"] = [{"package": "lead==1.0", "drop": ["tiny>=2"]}]
    (records / "20261122T090000Z.json").write_text(json.dumps(record))
    depguard.require("lab")


def test_a_tier_that_nothing_speaks_of(here: Path) -> None:
    with pytest.raises(InputError) as caught:
        depguard.require("nothing")
    assert "tier1" in (caught.value.problems[0].allowed or "")
    (here / "depguard.yaml").write_text(policy("tiny"))
    with pytest.raises(InputError) as caught:
        depguard.require("tier1")
    assert caught.value.problems[0].allowed == "lab, more"


def test_it_is_light(here: Path) -> None:
    """Nothing that takes long is imported, and nothing that is looked at."""
    (here / "depguard.yaml").write_text(policy("tiny"))
    script = (
        "import sys; sys.path[:0] = sys.argv[1:]; import depguard; depguard.require('lab')\n"
        "heavy = {'urllib3', 'http.client', 'resolvelib', 'truststore', 'tiny', 'asyncio', 'platformdirs'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-c", script, *sys.path], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_it_stays_what_it_is_from_one_process_to_another() -> None:
    error = pickle.loads(pickle.dumps(MissingTierError("a box", name="captum")))  # noqa: S301 - made here
    assert (str(error), error.name, error.exit_code) == ("\na box", "captum", 1)
