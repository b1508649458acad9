"""Shadows, processes, probes and drift: made values in, findings and the way out."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from packaging.utils import canonicalize_name
from packaging.version import Version

from depguard.adapters.processes import gone
from depguard.app.doctor import examine
from depguard.emit.doctor_text import render_examination
from depguard.model.environment import (
    Depth,
    Folder,
    FolderKind,
    HostKind,
    Installed,
    LoadedModule,
    ProbeOutcome,
    ProbeResult,
    Process,
    Snapshot,
)
from depguard.model.examination import Examination, WayOutKind
from depguard.model.finding import Verdict
from depguard.model.host import Host
from depguard.model.policy import Policy, Protected, Severity
from kit.hosts import small_host
from kit.site_packages import install, snapshot

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
TODAY = date(2026, 11, 22)
NUMPY = canonicalize_name("numpy")
POLICY = Policy(
    name="lab",
    protected=(Protected(pattern="numpy", reason="C ABI"), Protected(pattern="torch", reason="CUDA")),
    tiers={},
    rules={},
)
SITE = "/usr/local/lib/python3.12/dist-packages"


def dist(name: str, version: str, *, minutes: int = 0, requires: tuple[str, ...] = ()) -> Installed:
    return Installed(
        name=canonicalize_name(name),
        spelled=name,
        version=Version(version),
        folder=SITE,
        info=f"{name}-{version}.dist-info",
        recorded=True,
        installed_at=NOON + timedelta(minutes=minutes),
        files=10,
        size=1000,
        modules=(name.replace("-", "_"),),
        requires=requires,
    )


def machine(*distributions: Installed, kind: HostKind = HostKind.COLAB) -> Snapshot:
    return Snapshot(
        taken=NOON + timedelta(hours=2),
        depth=Depth.FAST,
        python="3.12.13",
        executable="/usr/bin/python3",
        prefix="/usr",
        kind=kind,
        folders=(Folder(path=SITE, kind=FolderKind.SITE),),
        distributions=distributions,
    )


def published() -> Host:
    names = {"numpy": "2.0.2", "torch": "2.11.0", "requests": "2.32.4", "six": "1.17.0", "idna": "3.10"}
    return small_host(names, name="colab/2026.07-gpu")


def colab(*others: Installed, without: tuple[str, ...] = ()) -> Snapshot:
    """The published host, with other distributions in place of its own or added."""
    named = {item.name for item in others}
    own = [
        dist(item.name, str(item.version))
        for item in published().installed.values()
        if item.name not in named and item.name not in without
    ]
    return machine(*own, *others)


def judged(taken: Snapshot, planned: Host | None = None, nearest: str | None = None) -> Examination:
    return examine(taken, POLICY, today=TODAY, planned=planned, nearest=nearest)


def told(examined: Examination) -> list[tuple[str, str, str]]:
    return [(f.code, f.severity.value, f.package) for f in examined.findings]


def test_a_fresh_runtime_is_healthy_and_says_so() -> None:
    examined = judged(colab(), published())
    assert (examined.findings, examined.remedy, examined.same) == ((), None, 5)
    assert render_examination(examined).startswith("HEALTHY  colab/2026.07-gpu: 5 as published; 5 ")


def test_a_reused_and_healthy_runtime_is_a_note() -> None:
    examined = judged(colab(dist("einops", "0.8.1", minutes=60)), published())
    assert told(examined) == [("DG909", "note", "einops")]
    assert examined.verdict is Verdict.SAFE
    assert examined.remedy is None


def test_depguards_own_install_is_no_trace_of_anybody() -> None:
    taken = colab(dist("depguard-policy", "0.1", minutes=60), dist("resolvelib", "1.2.1", minutes=60))
    assert told(judged(taken, published())) == []


def test_a_disk_that_was_changed_names_who_did_it() -> None:
    numpy = dist("numpy", "1.26.4", minutes=90)
    captum = dist("captum", "0.8.0", minutes=90, requires=("numpy<2.0", "torch>=1.10"))
    taken = replace(
        colab(numpy, captum),
        commands=(("cell [3]", "pip install einops"), ("cell [7]", "pip install captum==0.8.0")),
    )
    examined = judged(taken, published())
    assert told(examined) == [("DG503", "error", "numpy"), ("DG909", "note", "captum")]
    assert render_examination(examined) == (
        "STOP  numpy on disk is 1.26.4; colab/2026.07-gpu came with 2.0.2  [DG503]\n"
        "\n"
        "Since  2026-11-22 13:30 UTC\n"
        "By     cell [7]: pip install captum==0.8.0 (captum 0.8.0 needs numpy<2.0)\n"
        "Do     Save files from /content. Runtime > Disconnect and delete runtime. Run all.\n"
        '       "Restart session" is not enough: it keeps the disk.\n'
        "Don't  reinstall numpy by hand: what was compiled against it stays as it is.\n"
        "\n"
        "note  this machine was used before: against colab/2026.07-gpu, 1 added (captum)  [DG909]\n"
    )


def test_a_requirement_that_both_versions_meet_is_nobodys_fault() -> None:
    other = dist("einops", "0.8.1", minutes=90, requires=("numpy>=1.20",))
    (first, *_) = judged(colab(dist("numpy", "1.26.4", minutes=90), other), published()).findings
    assert first.culprit is None


def test_what_was_there_before_asked_for_nothing() -> None:
    old = dist("captum", "0.8.0", minutes=0, requires=("numpy<2.0",))
    (first, *_) = judged(colab(dist("numpy", "1.26.4", minutes=90), old), published()).findings
    assert first.culprit is None


def test_a_protected_package_that_is_gone() -> None:
    assert told(judged(colab(without=("torch",)), published())) == [("DG503", "error", "torch")]


def test_another_image_is_a_warning_and_a_new_plan() -> None:
    """The differences are as old as the machine: nobody installed on top of it."""
    examined = judged(colab(dist("numpy", "2.1.0"), dist("six", "1.18.0")), published())
    assert told(examined) == [("DG503", "warning", "numpy")]
    assert examined.remedy is not None
    assert examined.remedy.kind is WayOutKind.REPLAN


def test_a_host_that_fits_better_is_named() -> None:
    examined = judged(colab(dist("numpy", "2.1.0", minutes=5)), published(), nearest="colab/2026.08-gpu")
    assert told(examined) == [("DG503", "warning", "numpy")]
    assert "nearest to colab/2026.08-gpu" in examined.findings[0].message


def test_a_stale_process_on_a_right_disk_is_restarted() -> None:
    stale = Process(
        pid=77,
        kernel=True,
        started=NOON,
        modules=(
            LoadedModule(module="numpy", version="1.26.4"),
            LoadedModule(module="six", version="1.17.0"),
        ),
    )
    examined = judged(replace(colab(), processes=(stale,)), published())
    assert told(examined) == [("DG907", "error", "numpy")]
    assert "kernel 77 has numpy 1.26.4 loaded, on disk is 2.0.2" in examined.findings[0].message
    assert examined.remedy is not None
    assert examined.remedy.kind is WayOutKind.RESTART
    assert examined.remedy.do[0] == "Runtime > Restart session, then run the cells again."


def test_a_stale_process_on_a_wrong_disk_is_not_restarted() -> None:
    stale = Process(pid=77, kernel=True, modules=(LoadedModule(module="numpy", version="2.0.2"),))
    taken = replace(colab(dist("numpy", "1.26.4", minutes=90)), processes=(stale,))
    examined = judged(taken, published())
    assert [code for code, _, _ in told(examined)] == ["DG503", "DG907"]
    assert examined.remedy is not None
    assert examined.remedy.kind is WayOutKind.BEGIN_ANEW


def test_a_local_label_in_a_loaded_version_is_no_difference() -> None:
    same = Process(pid=7, modules=(LoadedModule(module="torch", version="2.11.0+cu128"),))
    assert told(judged(replace(colab(), processes=(same,)), published())) == []


def test_mapped_files_that_are_gone() -> None:
    folders = (Folder(path=SITE, kind=FolderKind.SITE),)
    maps = (
        f"7f00-7f10 r-xp 00000000 08:01 5 {SITE}/numpy/_core/a b.so (deleted)\n"
        f"7f10-7f20 r-xp 00000000 08:01 6 {SITE}/~umpy/_core/b.so\n"
        f"7f10-7f20 rw-p 00000000 08:01 6 {SITE}/~umpy/_core/b.so\n"
        "7f20-7f30 r-xp 00000000 08:01 7 /usr/lib/libc.so.6 (deleted)\n"
        "7f30-7f40 rw-p 00000000 00:00 0 [heap]\n"
    )
    assert gone(maps, folders) == (f"{SITE}/numpy/_core/a b.so", f"{SITE}/~umpy/_core/b.so")


def test_files_gone_from_under_a_process_name_their_project() -> None:
    process = Process(pid=7, gone=(f"{SITE}/numpy.libs/libblas.so", f"{SITE}/~umpy/_core/b.so"))
    examined = judged(replace(colab(), processes=(process,)), published())
    assert told(examined) == [("DG907", "error", "numpy")]


@pytest.mark.parametrize(
    ("outcomes", "expected"),
    [
        ({"numpy.blas": ProbeOutcome.PASSED, "scipy.numpy": ProbeOutcome.SKIPPED}, []),
        (
            {"numpy.blas": ProbeOutcome.FAILED, "scipy.numpy": ProbeOutcome.FAILED},
            [("DG908", "error", "numpy")],
        ),
        (
            {"numpy.blas": ProbeOutcome.PASSED, "scipy.numpy": ProbeOutcome.CRASHED},
            [("DG908", "error", "scipy")],
        ),
    ],
)
def test_of_failing_probes_the_first_cause_is_told(
    outcomes: dict[str, ProbeOutcome], expected: list[tuple[str, str, str]]
) -> None:
    probes = tuple(
        ProbeResult(name=name, project=canonicalize_name(name.partition(".")[0]), outcome=outcome)
        for name, outcome in outcomes.items()
    )
    assert told(judged(replace(colab(), probes=probes), published())) == expected


def test_a_probe_without_an_answer_is_not_known() -> None:
    late = ProbeResult(
        name="torch.import", project=canonicalize_name("torch"), outcome=ProbeOutcome.TIMED_OUT
    )
    assert judged(replace(colab(), probes=(late,))).verdict is Verdict.UNPROVEN


def test_what_is_damaged_is_not_said_to_fail_as_well(tmp_path: Path) -> None:
    install(tmp_path, "numpy", "2.4.6")
    (tmp_path / "numpy/core.py").unlink()
    failed = ProbeResult(name="numpy.import", project=NUMPY, outcome=ProbeOutcome.FAILED)
    examined = judged(replace(snapshot(tmp_path), probes=(failed,)))
    assert told(examined) == [("DG902", "error", "numpy")]


@pytest.mark.parametrize("kind", list(HostKind))
def test_every_kind_of_machine_has_a_way_out_and_none_is_a_reinstall(kind: HostKind) -> None:
    taken = machine(dist("numpy", "1.26.4", minutes=90), *colab(without=("numpy",)).distributions, kind=kind)
    remedy = judged(taken, published()).remedy
    assert remedy is not None
    assert remedy.kind is WayOutKind.BEGIN_ANEW
    assert not any("reinstall" in line for line in remedy.do)
    assert ("keeps the disk" in remedy.do[-1]) is (
        kind in (HostKind.COLAB, HostKind.KAGGLE, HostKind.SAGEMAKER, HostKind.CONTAINER)
    )


def test_an_image_that_is_built_is_rebuilt() -> None:
    taken = colab(dist("numpy", "1.26.4", minutes=90))
    remedy = examine(taken, POLICY, today=TODAY, planned=published(), build=True).remedy
    assert remedy is not None
    assert remedy.do[0].startswith("Rebuild the image")


def test_a_policy_may_silence_or_soften_a_rule() -> None:
    soft = replace(POLICY, rules={"DG503": Severity.WARNING})
    taken = colab(dist("numpy", "1.26.4", minutes=90))
    assert examine(taken, soft, today=TODAY, planned=published()).verdict is Verdict.SAFE


@pytest.mark.parametrize(
    ("kind", "path", "severity"),
    [
        (FolderKind.WORKING, "numpy.py", "error"),
        (FolderKind.WORKING, "numpy/__init__.py", "error"),
        (FolderKind.TESTS, "numpy.py", "warning"),
        (FolderKind.ENVIRONMENT, "numpy/__init__.py", "error"),
    ],
)
def test_what_is_searched_first_shadows(tmp_path: Path, kind: FolderKind, path: str, severity: str) -> None:
    site, first = tmp_path / "site", tmp_path / "first"
    install(site, "numpy", "2.4.6")
    (first / path).parent.mkdir(parents=True)
    (first / path).write_bytes(b"")
    taken = snapshot(first, site, kinds=(kind, FolderKind.SITE))
    assert told(judged(taken)) == [("DG906", severity, "numpy")]


def test_a_namespace_folder_shadows_nothing(tmp_path: Path) -> None:
    site, first = tmp_path / "site", tmp_path / "first"
    install(site, "numpy", "2.4.6")
    (first / "numpy").mkdir(parents=True)
    (first / "numpy/notes.txt").write_bytes(b"")
    assert told(judged(snapshot(first, site, kinds=(FolderKind.WORKING, FolderKind.SITE)))) == []


@pytest.mark.parametrize(("version", "severity"), [("1.26.4", "error"), ("2.4.6", "warning")])
def test_a_copy_in_the_user_site(tmp_path: Path, version: str, severity: str) -> None:
    site, user = tmp_path / "site", tmp_path / "user"
    install(site, "numpy", "2.4.6")
    install(user, "numpy", version)
    examined = judged(snapshot(user, site, kinds=(FolderKind.USER, FolderKind.SITE)))
    assert told(examined) == [("DG906", severity, "numpy")]
    assert "not numpy 2.4.6" in examined.findings[0].message
