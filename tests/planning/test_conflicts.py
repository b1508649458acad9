"""Why a guarded solve failed: what is in the way, and a chain that is true in every link."""

from __future__ import annotations

import pytest

from depguard.model.finding import Link
from depguard.model.report import Report
from planning.asked import ask
from planning.tiny import Tiny

NUMPY_HOST = {
    "numpy": {"version": "2.0.2", "requires": []},
    "viewer": {"version": "1.0", "requires": ["pillow<11"]},
    "pillow": {"version": "10.0", "requires": []},
}
INDEX: dict[str, dict[str, list[str]]] = {
    "lab": {"1.0": ["middle"]},
    "middle": {"1.0": ["numpy<2"], "2.0": ["numpy<1.26"]},
    "numpy": {"1.26.4": [], "2.0.2": [], "2.1.0": []},
    "mover": {"1.0": ["pillow>=11"]},
    "pillow": {"10.0": [], "11.0": []},
    "newer": {"1.0": ["numpy>=2.1"]},
}


def refused(*request: str, protected: tuple[str, ...] = (), held: tuple[str, ...] = ()) -> Report:
    tiny = Tiny(index=INDEX, installed=NUMPY_HOST, protected=protected, held=held, request=request)
    (report,) = ask(tiny).reports.reports
    assert report.plan is not None
    assert report.plan.changes is None
    return report


@pytest.mark.parametrize(
    ("request_", "grips", "code", "package", "chain"),
    [
        (
            "lab",
            {"protected": ("numpy",)},
            "DG101",
            "numpy",
            ["lab -> lab", "lab 1.0 -> middle", "middle 2.0 -> numpy<1.26"],
        ),
        ("numpy<2", {"protected": ("numpy",)}, "DG101", "numpy", ["lab -> numpy<2"]),
        (
            "lab",
            {"held": ("numpy",)},
            "DG201",
            "numpy",
            ["lab -> lab", "lab 1.0 -> middle", "middle 2.0 -> numpy<1.26"],
        ),
        (
            "mover",
            {},
            "DG202",
            "viewer",
            ["lab -> mover", "mover 1.0 -> pillow>=11", "viewer 1.0 -> pillow<11"],
        ),
        ("newer", {"protected": ("numpy",)}, "DG101", "numpy", ["lab -> newer", "newer 1.0 -> numpy>=2.1"]),
    ],
)
def test_the_chain_leads_to_what_is_in_the_way(
    request_: str, grips: dict[str, tuple[str, ...]], code: str, package: str, chain: list[str]
) -> None:
    report = refused(request_, **grips)
    found = next(f for f in report.findings if f.about.value == "plan" and f.severity.value == "error")
    assert (found.code, found.package) == (code, package)
    assert [_line(link) for link in found.chain] == chain


def _line(link: Link) -> str:
    return f"{link.name}{f' {link.version}' if link.version is not None else ''} -> {link.requirement}"
