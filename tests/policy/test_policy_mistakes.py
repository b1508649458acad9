"""Broken policies: each mistake with its place, what is allowed and what to do about it."""

from __future__ import annotations

from typing import NamedTuple

import pytest

from depguard.errors import InputError
from depguard.parse.policy import parse_policy, read_draft


class Told(NamedTuple):
    """What is said of a mistake; ``message`` and ``allowed`` are parts of the whole."""

    where: str
    code: str
    message: str
    hint: str | None = None
    allowed: str = ""


CASES: dict[str, tuple[str, list[Told]]] = {
    "an unknown key": (
        "schema: 1\nprotcted:\n  numpy: why\n",
        [Told("2:1", "policy.unknown-key", "no key protcted", "did you mean protected?", "held, forbidden")],
    ),
    "no reason, short and long": (
        "schema: 1\nprotected:\n  numpy:\n  torch: {family: [triton]}\n  scipy: {reason: ''}\n",
        [
            Told(
                "3:3",
                "policy.no-reason",
                "protected numpy",
                'say why: numpy: "C ABI of everything compiled here"',
            ),
            Told("4:3", "policy.no-reason", "protected torch", 'say why: reason: "CUDA build of this host"'),
            Told("5:11", "policy.no-reason", "protected scipy", 'say why: reason: "CUDA build of this host"'),
        ],
    ),
    "held without its reason": (
        "schema: 1\nheld:\n  protobuf: same-major\n",
        [
            Told(
                "3:13",
                "policy.no-reason",
                "held protobuf has no reason",
                'protobuf: {allow: "same-major", reason: "..."}',
            )
        ],
    ),
    "a range that is none": (
        (
            "schema: 1\nheld:\n  protobuf: {allow: same-majr, reason: why}\n"
            "  pillow: {allow: 5.10, reason: why}\n"
        ),
        [
            Told("3:21", "policy.bad-specifier", "'same-majr'", "did you mean same-major?"),
            Told("4:19", "policy.bad-specifier", "'5.10'", 'did you mean "==5.10" or ">=5.10"?', ">=5.29,<6"),
        ],
    ),
    "protected and held at once": (
        (
            "schema: 1\nprotected:\n  torch: {family: [triton], reason: why}\nheld:\n"
            "  Triton: {allow: same-major, reason: why}\nforbidden:\n  torch: why\n"
        ),
        [
            Told(
                "5:3",
                "policy.contradiction",
                "triton is in held, and in protected at line 3",
                "a package is protected, held or forbidden: keep one",
            ),
            Told(
                "7:3",
                "policy.contradiction",
                "torch is in forbidden, and in protected at line 3",
                "a package is protected, held or forbidden: keep one",
            ),
        ],
    ),
    "one package under two spellings": (
        "schema: 1\nprotected:\n  ml-dtypes: why\n  ml_dtypes: why\n",
        [Told("4:3", "policy.twice", "ml-dtypes twice: first at line 3 as ml-dtypes", "keep one of the two")],
    ),
    "a version where a name belongs": (
        "schema: 1\nprotected:\n  numpy==2.0.2: why\n",
        [Told("3:3", "policy.bad-glob", "'numpy==2.0.2'", "a name alone: numpy", "nvidia-*")],
    ),
    "requirements that are none": (
        'schema: 1\ntiers:\n  lab: [captum=0.8, "-r base.txt", "./mypkg", "torch 2.1", https://example.org/a.whl]\n',
        [
            Told("3:9", "policy.bad-requirement", "'captum=0.8'", "did you mean captum==0.8?", "name @ url"),
            Told(
                "3:21",
                "policy.bad-requirement",
                "'-r base.txt'",
                "options have no place here; index options belong under sources:",
            ),
            Told(
                "3:36",
                "policy.bad-requirement",
                "'./mypkg'",
                "a file needs a name and a URL: name @ file:///...",
            ),
            Told("3:47", "policy.bad-requirement", "'torch 2.1'", "did you mean torch==2.1?"),
            Told(
                "3:60", "policy.bad-requirement", "a.whl", "a file needs a name and a URL: name @ file:///..."
            ),
        ],
    ),
    "tiers that extend nothing, or each other": (
        (
            "schema: 1\ntiers:\n  a: {extends: b, requires: [x]}\n  b: {extends: [c, teir], requires: [x]}\n"
            "  c: {extends: a, requires: [x]}\n  tier: [x]\n"
        ),
        [
            Told("4:20", "policy.unknown-tier", "tier b extends teir", "did you mean tier?", "a, b, c, tier"),
            Told("5:16", "policy.tier-cycle", "a -> b -> c -> a", "take one extends out"),
        ],
    ),
    "a tier that extends itself": (
        "schema: 1\ntiers:\n  a: {extends: a, requires: [x]}\n",
        [Told("3:16", "policy.tier-cycle", "a -> a", "take one extends out")],
    ),
    "tiers that ask for nothing, or twice": (
        "schema: 1\ntiers:\n  a: []\n  b: {about: x}\n  c: [onnx, ONNX>=1]\n  d:\n",
        [
            Told("3:6", "policy.empty", "tier a requires nothing", None, "a list of requirements"),
            Told("4:3", "policy.missing-key", "tier b requires nothing"),
            Told("5:13", "policy.twice", "onnx twice: first at line 5 as onnx", "say it once"),
            Told("6:5", "policy.wrong-kind", "cannot be empty"),
        ],
    ),
    "outputs outside the project, or shared": (
        (
            "schema: 1\ntiers:\n  a: {requires: [x], output: ../a.txt}\n"
            "  b: {requires: [x], output: /etc/b.txt}\n"
            "  c: {requires: [x], output: a.lock}\n  d: {requires: [x], output: R.txt}\n"
            "  e: {requires: [x], output: r.txt}\n  f: {requires: [x], output: 'C:\\f.txt'}\n"
        ),
        [
            Told("3:30", "policy.bad-output", "'../a.txt'", None, "inside the project"),
            Told("4:30", "policy.bad-output", "'/etc/b.txt'"),
            Told("5:30", "policy.bad-output", "'a.lock'", None, "ending in .txt"),
            Told("7:30", "policy.same-output", "e and tier d", "give one of them another output"),
            Told("8:30", "policy.bad-output", "C:"),
        ],
    ),
    "overrides that say too little or too much": (
        (
            "schema: 1\noverrides:\n"
            "  - {package: captum>=0.8, drop: numpy, reason: why}\n"
            "  - {package: captum==0.8.*, drop: numpy, reason: why}\n"
            "  - {package: captum==0.8.0, reason: why}\n"
            "  - {package: captum==0.8.0, drop: numpy, requires: [x], reason: why}\n"
            "  - {package: captum==0.8.0, drop: 'numpy < two'}\n"
            "  - {drop: numpy, reason: why}\n"
        ),
        [
            Told("3:15", "policy.not-exact", "captum>=0.8", None, "captum==0.8.0"),
            Told("4:15", "policy.not-exact", "captum==0.8.*"),
            Told("5:5", "policy.missing-key", "changes nothing"),
            Told("6:43", "policy.drop-and-requires", "drops requirements or states", "keep drop or requires"),
            Told("7:5", "policy.no-reason", "this override", 'say why: reason: "our tests pass on 2.0.2"'),
            Told("7:36", "policy.bad-requirement", "'numpy < two'"),
            Told("8:5", "policy.missing-key", "names no package"),
        ],
    ),
    "waivers without an end, or of no rule": (
        (
            "schema: 1\nwaive:\n"
            "  - {code: DG20, package: ydf, until: 2027-02-30, reason: why}\n"
            "  - {code: DG202, reason: why}\n"
            "  - {code: DG202, package: ydf, until: soon, reason: why}\n"
        ),
        [
            Told("3:12", "policy.unknown-value", "'DG20'", "did you mean DG204?", "DG202"),
            Told("3:39", "policy.bad-date", "2027-02-30 is no day"),
            Told("4:5", "policy.missing-key", "no package and no until", None, "until: 2027-01-31"),
            Told("5:40", "policy.bad-date", "'soon'", None, "YYYY-MM-DD"),
        ],
    ),
    "rules and severities that are not": (
        "schema: 1\nrules: {DG24: warn, DG204: wran, dg101: error}\n",
        [
            Told("2:9", "policy.unknown-rule", "no rule DG24", "did you mean DG204?"),
            Told(
                "2:28",
                "policy.unknown-value",
                "'wran'",
                "did you mean warn?",
                "error, warning, warn, note, off",
            ),
            Told("2:34", "policy.unknown-rule", "no rule dg101", "did you mean DG101?"),
        ],
    ),
    "sources": (
        (
            "schema: 1\nsources:\n  builds: sometimes\n  exclude_newer: 2026-11-01\n"
            "  exclude-newer: 2026-11-01T10:00:00\n  index-url: example.org/simple\n"
            "  extra-index-urls: [https://me:secret@example.org/simple]\n"
        ),
        [
            Told("3:11", "policy.unknown-value", "'sometimes'", None, "never, allow"),
            Told("4:3", "policy.unknown-key", "exclude_newer", "did you mean exclude-newer?"),
            Told("5:18", "policy.bad-date", "no time zone", "write 2026-11-01T10:00:00Z for UTC"),
            Told("6:14", "policy.bad-url", "'example.org/simple'", None, "http, https or file URL"),
            Told(
                "7:22",
                "policy.credentials",
                "credentials",
                "keep them in netrc, the keyring or the installer's configuration, and change this password",
                "without a user and password",
            ),
        ],
    ),
    "a newer schema says only that": (
        "schema: 2\nsomething: new\n",
        [Told("1:9", "policy.schema", "'2'", "a newer depguard reads this policy", "1")],
    ),
    "no schema, wrong kinds": (
        "protected: [numpy]\nhosts:\nwaive: {}\ntiers: none\n",
        [
            Told("1:1", "policy.no-schema", "does not say its schema", "schema: 1"),
            Told("1:12", "policy.wrong-kind", "protected cannot be a list", None, 'numpy: "why"'),
            Told("2:7", "policy.wrong-kind", "hosts cannot be empty", None, "a list of texts"),
            Told("3:8", "policy.wrong-kind", "waive cannot be a mapping", None, "a list of"),
            Told("4:8", "policy.wrong-kind", "tiers cannot be 'none'"),
        ],
    ),
    "names that cannot stand in a file name": (
        "schema: 1\nname: a/b\ntiers:\n  ../x: [y]\n",
        [
            Told("2:7", "policy.bad-name", "'a/b'", None, "letters, digits"),
            Told("4:3", "policy.bad-name", "'../x'"),
        ],
    ),
    "an unquoted exclusion": (
        "schema: 1\nprotected:\n  torch: {family: [nvidia-*, !nvidia-ml-py ], reason: why}\n",
        [
            Told("3:30", "yaml.tag", "!nvidia-ml-py", 'quote it if it is text: "!nvidia-ml-py"'),
            Told("3:30", "policy.wrong-kind", "family cannot be empty"),
        ],
    ),
    "a list instead of a policy": ("- schema: 1\n", [Told("1:1", "policy.wrong-kind", "cannot be a list")]),
    "nothing at all": (
        "# later\n",
        [Told("1:1", "policy.empty", "empty", "schema: 1, then tiers: with the packages to add")],
    ),
    "the same host twice": (
        "schema: 1\nhosts: [a/b, a/b]\n",
        [Told("2:14", "policy.twice", "hosts names a/b twice", "say it once")],
    ),
}


@pytest.mark.parametrize(("text", "told"), CASES.values(), ids=CASES.keys())
def test_each_mistake_is_told_with_its_place_and_remedy(text: str, told: list[Told]) -> None:
    with pytest.raises(InputError) as caught:
        read_draft(text, "p.yaml")
    problems = caught.value.problems
    assert [(str(p.location), p.code) for p in problems] == [(f"p.yaml:{t.where}", t.code) for t in told]
    for problem, expected in zip(problems, told, strict=True):
        assert expected.message in problem.message
        assert problem.hint == expected.hint
        assert expected.allowed in (problem.allowed or "")


def test_all_mistakes_of_a_file_come_at_once_in_order() -> None:
    text = "".join(body.removeprefix("schema: 1\n") for body in ["schema: 1\nname: /\n", "rules: {X: y}\n"])
    with pytest.raises(InputError) as caught:
        read_draft(text + "schema: 1\nbogus: 1\nrules: {}\n", "p.yaml")
    lines = [p.location.line or 0 for p in caught.value.problems if p.location]
    assert lines == sorted(lines)
    assert {p.code for p in caught.value.problems} >= {
        "policy.bad-name",
        "policy.unknown-rule",
        "policy.unknown-value",
        "policy.unknown-key",
        "yaml.duplicate-key",
    }


def test_a_password_is_never_repeated() -> None:
    text = (
        "schema: 1\nsources: {index-url: 'ftp://u:s3cret@example.org/x', find-links: ['https://u:s3cret@example.org']}\n"
        "tiers: {lab: ['a @ https://u:s3cret@example.org/a.whl', 'https://u:s3cret@example.org/b.whl']}\n"
    )
    with pytest.raises(InputError) as caught:
        read_draft(text, "p.yaml")
    assert len(caught.value.problems) == 4
    assert "s3cret" not in repr(caught.value.problems)


def test_a_deep_chain_of_tiers_and_many_diamonds_end_quickly() -> None:
    chain = [f"  t{i}: {{extends: t{i + 1}, requires: [x]}}" for i in range(3000)]
    text = "schema: 1\ntiers:\n" + "\n".join([*chain, "  t3000: [x]"])
    assert len(read_draft(text, "p.yaml").tiers) == 3001
    layers = [
        f"  l{i}{s}: {{extends: [l{i + 1}a, l{i + 1}b], requires: [x]}}" for i in range(60) for s in "ab"
    ]
    text = "schema: 1\ntiers:\n" + "\n".join([*layers, "  l60a: [x]", "  l60b: [x]"])
    assert len(read_draft(text, "p.yaml").tiers) == 122


def test_parse_policy_alone_does_not_drop_what_is_extended() -> None:
    with pytest.raises(InputError) as caught:
        parse_policy("schema: 1\nextends: colab\n", "p.yaml")
    assert caught.value.problems[0].code == "policy.extends"
