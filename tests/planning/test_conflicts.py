"""Why a guarded solve failed: what is in the way, and a chain that is true in every link."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from depguard.model.finding import Link
from depguard.model.report import Report
from planning.test_laws import ask
from planning.tiny import Tiny, tinies

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


@settings(max_examples=60)
@given(tinies())
def test_every_link_of_every_chain_is_true(tiny: Tiny) -> None:
    (report,) = ask(tiny).reports.reports
    for finding in report.findings:
        for place, link in enumerate(finding.chain):
            requirement = Requirement(link.requirement)
            if link.version is None:
                assert place == 0
                assert requirement in [Requirement(text) for text in tiny.request]
                continue
            assert requirement in _known(tiny, link.name, str(link.version))
            if not place:
                continue
            before = finding.chain[place - 1]
            asked = Requirement(before.requirement)
            if link.name == asked.name:
                # The version meets what the link before asks for.
                assert SpecifierSet(str(asked.specifier)).contains(str(link.version))
            elif link.name != before.name:
                # A host distribution: what the link before moves is not what it needs, so it moves along,
                # or stands in the way. The link behind it, if any, is of its new version.
                assert tiny.installed[link.name]["version"] == str(link.version)
                assert requirement.name == asked.name


def _known(tiny: Tiny, name: str, version: str) -> list[Requirement]:
    """All that any artifact of this version requires."""
    texts = list(tiny.index.get(name, {}).get(version, []))
    if name in tiny.installed and tiny.installed[name]["version"] == version:
        texts += tiny.installed[name]["requires"]
    return [Requirement(text) for text in texts]
