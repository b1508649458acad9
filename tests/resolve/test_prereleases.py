"""Which versions count as candidates, by installer."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from depguard.resolve.prereleases import PrereleaseRule, admitted, mentions_prerelease

CLASSIC, MODERN = PrereleaseRule.CLASSIC, PrereleaseRule.MODERN
UV, UV_CLASSIC = PrereleaseRule.UV, PrereleaseRule.UV_CLASSIC


@dataclass(frozen=True)
class Offer:
    version: Version


def shown(versions: str, specifier: str, rule: PrereleaseRule, *, allowed: bool = False) -> str:
    offers = [Offer(Version(text)) for text in versions.split()]
    return " ".join(
        str(o.version) for o in admitted(offers, SpecifierSet(specifier), rule=rule, allowed=allowed)
    )


# Read off the installers themselves: pip 24.1.2 and 26.3, uv 0.13.9 (and uv's documentation before 0.12).
@pytest.mark.parametrize(
    ("versions", "specifier", "answers"),
    [
        ("2.0b1 1.0", "", ("1.0", "1.0", "1.0 2.0b1", "1.0")),
        ("2.0b1 1.0", ">=1.0rc1", ("2.0b1 1.0", "2.0b1 1.0", "1.0 2.0b1", "1.0")),
        ("2.0b1 1.0", ">1.0", ("", "2.0b1", "2.0b1", "")),
        ("2.0b1 1.0", "==2.0b1", ("2.0b1", "2.0b1", "2.0b1", "")),
        ("1.1rc1 1.0", "<2.0rc1", ("1.0", "1.1rc1 1.0", "1.0 1.1rc1", "1.0")),
        ("1.1rc1 1.0", "!=1.2rc1", ("1.0", "1.0", "1.0 1.1rc1", "1.0")),
        ("2.0a2 1.0a1", "", ("2.0a2 1.0a1", "2.0a2 1.0a1", "2.0a2 1.0a1", "2.0a2 1.0a1")),
        ("2.0a2 1.0a1", ">=0.5", ("", "2.0a2 1.0a1", "2.0a2 1.0a1", "2.0a2 1.0a1")),
        (
            "2.0.dev1 1.0.post1 1.0",
            ">=1.0",
            ("1.0.post1 1.0", "1.0.post1 1.0", "1.0.post1 1.0 2.0.dev1", "1.0.post1 1.0"),
        ),
        ("2.0 1.0", "==2.0.*,>=1.0a1", ("2.0", "2.0", "2.0", "2.0")),
    ],
)
def test_admitted(versions: str, specifier: str, answers: tuple[str, ...]) -> None:
    assert tuple(shown(versions, specifier, rule) for rule in (CLASSIC, MODERN, UV, UV_CLASSIC)) == answers


@pytest.mark.parametrize("rule", list(PrereleaseRule))
def test_the_users_word_admits_all(rule: PrereleaseRule) -> None:
    assert shown("2.0b1 1.0 0.5", ">=1.0", rule, allowed=True) == "2.0b1 1.0"


def test_mentions() -> None:
    said = [
        text
        for text in ("==1.0a1", ">=1.0.dev0", "<2.0rc1", "===odd", "!=1.0a1", "==1.0.*", ">1")
        if mentions_prerelease(SpecifierSet(text))
    ]
    assert said == ["==1.0a1", ">=1.0.dev0", "<2.0rc1"]
