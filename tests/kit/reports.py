"""Reports made by hand, for the emitters: each the value behind one kind of answer.

Versions and sizes of the first two are those of real hosts and packages.
"""

from __future__ import annotations

from dataclasses import replace

from packaging.version import Version

from depguard.model.finding import About, Link, Verdict, WayOut
from depguard.model.location import Location
from depguard.model.plan import HeldBack
from depguard.model.policy import Severity
from depguard.model.report import (
    Asked,
    Reports,
)
from kit.report_parts import (
    POLICY,
    action,
    asked,
    broken,
    changes,
    finding,
    host,
    report,
)

TIER3 = asked(
    "torchinfo",
    "captum",
    "pytorch-lightning>=2.4",
    "optuna>=3",
    "torchmetrics",
    "wandb",
    "datasets",
    "tokenizers",
    "huggingface-hub",
    "onnx",
    "onnxruntime",
)

_TIER3_ADDED = (
    action("alembic", None, "1.20.1", "optuna 5.0.0: alembic>=1.5.0"),
    action("captum", None, "0.9.0", "captum"),
    action("colorlog", None, "6.12.0", "optuna 5.0.0: colorlog"),
    action(
        "lightning-utilities",
        None,
        "0.15.3",
        "pytorch-lightning 2.6.6: lightning-utilities>=0.10.0",
        "torchmetrics 1.9.0: lightning-utilities>=0.8.0",
    ),
    action("onnxruntime", None, "1.31.1", "onnxruntime"),
    action("optuna", None, "5.0.0", "optuna>=3"),
    action("pytorch-lightning", None, "2.6.6", "pytorch-lightning>=2.4"),
    action("torchinfo", None, "1.8.0", "torchinfo"),
    action("torchmetrics", None, "1.9.0", "torchmetrics"),
)
_TIER3_KEPT = tuple(
    action(name, version, version, name)
    for name, version in (
        ("datasets", "4.0.0"),
        ("huggingface-hub", "1.2.3"),
        ("tokenizers", "0.22.1"),
        ("wandb", "0.23.0"),
    )
)

_HELD = "needs protobuf>=6.31.1, held at 5.x"
_ONNX_OLD = action("onnx", None, "1.22.0", "onnx", held_back=HeldBack(newest=Version("1.23.2"), reason=_HELD))
_ONNX_NEW = action("onnx", None, "1.23.2", "onnx")
_PROTOBUF = action("protobuf", "5.29.6", "7.36.2", "onnx 1.23.2: protobuf>=6.31.1")
_PROTOBUF_BROKEN = broken(
    "google-ai-generativelanguage 0.6.15 protobuf<6",
    "grpcio-status 1.71.2 protobuf<6",
    "ydf 0.15.0 protobuf<7",
)
_ONNX_CHAIN = (
    Link(name="tier3", version=None, requirement="onnx", location=Location(POLICY, 29, 24)),
    Link(name="onnx", version=Version("1.23.2"), requirement="protobuf>=6.31.1"),
)
_HELD_FINDING = finding(
    "DG201",
    "protobuf",
    "protobuf is held at <6,>=5.29.6; onnx 1.23.2 would move it from 5.29.6 to 7.36.2",
    about=About.SIMULATION,
    hint="protobuf is held: generated code in tensorflow and grpc",
    because=("onnx 1.23.2 requires protobuf>=6.31.1",),
    chain=_ONNX_CHAIN,
    policy=(9, 3, "generated code in tensorflow and grpc"),
)
_PROTOBUF_FINDINGS = (
    _HELD_FINDING,
    *(
        finding(
            "DG202",
            item.name,
            f"{item.name} {item.version} needs {item.requirement}, and protobuf becomes 7.36.2",
            about=About.SIMULATION,
            chain=_ONNX_CHAIN,
        )
        for item in _PROTOBUF_BROKEN
    ),
)

SAFE_PLAN = report(
    Verdict.SAFE,
    tier="tier3",
    requirements=TIER3,
    simulated=changes(*_TIER3_ADDED, *_TIER3_KEPT, _ONNX_NEW, _PROTOBUF),
    breaks=_PROTOBUF_BROKEN,
    planned=changes(*_TIER3_ADDED, *_TIER3_KEPT, _ONNX_OLD),
    findings=_PROTOBUF_FINDINGS,
)

_NUMPY = action("numpy", "2.0.2", "1.26.4", "captum 0.8.0: numpy<2.0")
_CAPTUM_BROKEN = broken(
    *(
        f"{name} 1.0 numpy>=2"
        for name in (
            "jax",
            "jaxlib",
            "opencv-python",
            "rasterio",
            "shap",
            "tobler",
            "treescope",
            "xarray-einstats",
            "opencv-contrib-python",
            "opencv-python-headless",
            "pytensor",
            "umap-learn",
        )
    )
)
_CAPTUM_CHAIN = (
    Link(name="tier2", version=None, requirement="captum==0.8.0", location=Location(POLICY, 21, 24)),
    Link(name="captum", version=Version("0.8.0"), requirement="numpy<2.0"),
)
_CAPTUM_WAYS = (
    WayOut(change="captum==0.9.0", verdict=Verdict.SAFE, note="keeps numpy 2.0.2"),
    WayOut(change="drop captum", verdict=Verdict.SAFE, note="the other 10 requirements stay"),
    WayOut(
        change="captum==0.7.0",
        verdict=Verdict.UNPROVEN,
        note="older than numpy 2, and 0.8.0 excludes it",
    ),
)
_CAPTUM_FINDING = finding(
    "DG101",
    "numpy",
    "captum 0.8.0 would replace numpy",
    hint="numpy is protected: C ABI of everything compiled here",
    chain=_CAPTUM_CHAIN,
    ways_out=_CAPTUM_WAYS,
    policy=(6, 3, "C ABI of everything compiled here"),
)

REFUSED_PLAN = report(
    Verdict.UNSAFE,
    tier="tier3",
    requirements=TIER3,
    simulated=changes(action("captum", None, "0.8.0", "captum==0.8.0"), _NUMPY),
    breaks=_CAPTUM_BROKEN,
    failure=("numpy is protected at 2.0.2; captum 0.8.0 requires numpy<2.0",),
    findings=(_CAPTUM_FINDING, replace(_CAPTUM_FINDING, about=About.SIMULATION, ways_out=())),
)


def _simulated(requirement: str) -> tuple[Asked, ...]:
    return asked(requirement, file="<command line>", line=1)


SIMULATE_SAFE = report(
    Verdict.SAFE,
    subject="simulation",
    command="pip install torchinfo",
    requirements=_simulated("torchinfo"),
    simulated=changes(action("torchinfo", None, "1.8.0", "torchinfo")),
    planned=changes(action("torchinfo", None, "1.8.0", "torchinfo")),
)

SIMULATE_NOTHING = report(
    Verdict.SAFE,
    subject="simulation",
    command="pip install einops",
    requirements=_simulated("einops"),
    simulated=changes(action("einops", "0.8.1", "0.8.1", "einops")),
    planned=changes(action("einops", "0.8.1", "0.8.1", "einops")),
)

SIMULATE_REFUSED = report(
    Verdict.UNSAFE,
    subject="simulation",
    command="pip install onnx",
    requirements=_simulated("onnx"),
    simulated=changes(_ONNX_NEW, _PROTOBUF),
    breaks=_PROTOBUF_BROKEN,
    planned=changes(_ONNX_OLD),
    findings=tuple(
        replace(
            f,
            chain=(replace(_ONNX_CHAIN[0], location=Location("<command line>", 1, 1)), *_ONNX_CHAIN[1:]),
            ways_out=(WayOut(change="onnx==1.22.0", verdict=Verdict.SAFE, note="keeps protobuf 5.29.6"),)
            if f.code == "DG201"
            else (),
        )
        for f in _PROTOBUF_FINDINGS
    ),
)

SIMULATE_NO_POLICY = replace(
    SIMULATE_REFUSED,
    policy=None,
    policy_sources=(),
    findings=tuple(f for f in SIMULATE_REFUSED.findings if f.code == "DG202"),
)

UNSOLVABLE = report(
    Verdict.UNSOLVABLE,
    subject="simulation",
    command="pip install tensorflow==2.15",
    requirements=_simulated("tensorflow==2.15"),
    failure=(
        "tensorflow 2.15.0 has no artifact for Python 3.12",
        "its wheels are for cp39, cp310 and cp311 on macosx_10_15_x86_64, manylinux_2_17_x86_64, win_amd64",
    ),
    findings=(
        finding(
            "DG303",
            "tensorflow",
            "no wheel of tensorflow 2.15.0 fits Python 3.12",
            about=About.SIMULATION,
            hint="take tensorflow>=2.16",
        ),
    ),
)

UNPROVEN = report(
    Verdict.UNPROVEN,
    subject="simulation",
    on=host("colab/2025-11-11-gpu", "3.12.12", 700),
    command="pip install captum",
    requirements=_simulated("captum"),
    simulated=changes(action("captum", None, "0.7.0", "captum")),
    planned=changes(action("captum", None, "0.7.0", "captum")),
    findings=(
        finding(
            "DG404",
            "captum",
            "captum 0.7.0 is silent about numpy where 0.8.0 says numpy<2.0",
            about=About.SIMULATION,
            because=("captum 0.8.0 requires numpy<2.0", "captum 0.7.0 requires numpy"),
            hint="test it, then state it in the policy, or take another package",
            unproven=True,
        ),
    ),
    unknown=("whether captum 0.7.0 works with numpy 2.0.2",),
)

REMARKS = replace(
    SAFE_PLAN,
    findings=(
        *SAFE_PLAN.findings,
        finding(
            "DG204",
            "alembic",
            "alembic changes and alembic is loaded when the session starts",
            severity=Severity.WARNING,
            hint="restart the session after the install",
        ),
        finding(
            "DG404",
            "onnx",
            "onnx 1.22.0 is 90 days older than 1.23.2",
            severity=Severity.NOTE,
        ),
        finding(
            "DG202",
            "ydf",
            "ydf 0.15.0 needs protobuf<7",
            severity=Severity.NOTE,
            waived="unused here",
        ),
        finding("DG202", "ipython", "ipython needs jedi, which is not installed", about=About.BASELINE),
    ),
    notices=("override used: captum==0.8.0 without numpy<2 (our notebooks pass on 2.0.2)",),
)

_LAB = changes(
    action("alembic", None, "1.20.1", "optuna 5.0.0: alembic>=1.5.0"),
    action("captum", None, "0.9.0", "captum"),
    action("colorlog", None, "6.12.0", "optuna 5.0.0: colorlog"),
    action("optuna", None, "5.0.0", "optuna>=3"),
)

SEVERAL_SAME = Reports(
    reports=tuple(
        report(
            Verdict.SAFE,
            on=each,
            tier="lab",
            requirements=asked("captum", "optuna>=3", file="depguard.yaml", line=5),
            simulated=_LAB,
            planned=_LAB,
            policy="project",
        )
        for each in (host(), host("colab/2026.08-gpu", "3.13.5", 710))
    )
)

SEVERAL_DIFFERENT = Reports(
    reports=(
        SAFE_PLAN,
        replace(SAFE_PLAN, host=host("colab/2026.07-cpu", "3.12.13", 650)),
        replace(REFUSED_PLAN, host=host("colab/2026.08-gpu", "3.13.5", 710)),
    )
)

HOSTILE = report(
    Verdict.UNSAFE,
    tier="tier`1|<b>",
    requirements=asked("evil"),
    simulated=changes(action("evil", None, "1.0", "evil")),
    planned=None,
    findings=(
        finding(
            "DG203",
            "evil",
            "evil is forbidden: \x1b[2J<script>alert(1)</script> | @everyone #1 [x](https://example.org) "
            "100%,a:b\n::error::x",
            hint="`rm -rf`\r\nnow",
            chain=(
                Link(
                    name="tier1",
                    version=None,
                    requirement="evil",
                    location=Location("a b,c:d%.yaml", 3, 4),
                ),
            ),
            policy=(3, 4, "r\n```\n# heading"),
        ),
    ),
)

ALL: dict[str, Reports] = {
    "safe-plan": Reports(reports=(SAFE_PLAN,)),
    "refused-plan": Reports(reports=(REFUSED_PLAN,)),
    "simulate-safe": Reports(reports=(SIMULATE_SAFE,)),
    "simulate-nothing": Reports(reports=(SIMULATE_NOTHING,)),
    "simulate-refused": Reports(reports=(SIMULATE_REFUSED,)),
    "simulate-no-policy": Reports(reports=(SIMULATE_NO_POLICY,)),
    "unsolvable": Reports(reports=(UNSOLVABLE,)),
    "unproven": Reports(reports=(UNPROVEN,)),
    "remarks": Reports(reports=(REMARKS,)),
    "several-same": SEVERAL_SAME,
    "several-different": SEVERAL_DIFFERENT,
    "hostile": Reports(reports=(HOSTILE,)),
}
