"""Shell text taken apart."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from depguard.model.location import Location
from depguard.parse.shell_words import shell_commands, with_redirects


def words(text: str, *, magic: bool = False) -> list[list[str]]:
    return [[w.text for w in c.words] for c in shell_commands(text, file="f", magic=magic)]


def doubts(text: str, *, magic: bool = False) -> list[str | None]:
    return [w.doubt for c in shell_commands(text, file="f", magic=magic) for w in c.words]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("pip install a b", [["pip", "install", "a", "b"]]),
        ("pip install 'a>=1' \"b<2\" c\\>3", [["pip", "install", "a>=1", "b<2", "c>3"]]),
        ('diffusers["torch"]=="1.0"', [["diffusers[torch]==1.0"]]),
        ("a && b || c; d | e & f", [["a"], ["b"], ["c"], ["d"], ["e"], ["f"]]),
        ("a \\\n  b # c\nd", [["a", "b"], ["d"]]),
        ("a#b #c", [["a#b"]]),
        ("a 2>&1 > log.txt < in &> x", [["a"]]),
        ("(cd x && pip install .)", [["cd", "x"], ["pip", "install", "."]]),
        ("cat <<EOF > r.txt\npip install no\nEOF\nb", [["cat"], ["b"]]),
        ("a '' \"\"", [["a", "", ""]]),
        ("", []),
    ],
)
def test_words(text: str, expected: list[list[str]]) -> None:
    assert words(text) == expected


@pytest.mark.parametrize(
    ("text", "magic", "doubt"),
    [
        ("torch==$VERSION", False, "the value of $VERSION is not known"),
        ('"torch==${VERSION}"', False, "the value of ${VERSION} is not known"),
        ("'torch==$VERSION'", False, None),
        ("torch=={version}", True, "the value of {version} is not known"),
        ("'torch=={version}'", True, "the value of {version} is not known"),
        ("torch=={{version}}", True, None),
        ("torch=={version}", False, None),
        ("jax{,lib}", False, "bash replaces {,lib} by several words"),
        ("$(cat r.txt)", False, "$(cat r.txt) is the output of another command"),
        ("`cat r.txt`", False, "`cat r.txt` is the output of another command"),
        ("dist/*.whl", False, "the shell replaces the pattern by the files that fit it"),
        ("numpy==1.26.*", False, None),
        ("'open", False, "a quote is not closed"),
        (
            "{' '.join([f'{x}' for x in y])}",
            True,
            "the value of {' '.join([f'{x}' for x in y])} is not known",
        ),
    ],
)
def test_what_cannot_be_known(text: str, *, magic: bool, doubt: str | None) -> None:
    assert doubts(text, magic=magic) == [doubt]


def test_places() -> None:
    (command,) = shell_commands("pip install \\\n  numpy", file="f", line=7, column=2, cell=3)
    assert [w.location for w in command.words] == [
        Location("f", 7, 2, 3),
        Location("f", 7, 6, 3),
        Location("f", 8, 3, 3),
    ]
    assert command.text == "pip install numpy"


@pytest.mark.parametrize(
    ("text", "note", "doubt"),
    [
        ("pip install a>=1.4", "unquoted >=1.4 is a redirect to the shell: a is installed without it", None),
        ("pip install a >=1.4 b", "unquoted >=1.4 is a redirect", None),
        ("pip install a<2", None, "the shell takes <2 for an input file and fails"),
        ("pip install a>=1,<2", "unquoted >=1, is a redirect", "the shell takes <2 for an input file"),
        ("pip install a > 1.log", None, None),
        ("pip install a 2> 1", None, None),
        ("pip install a >/dev/null", None, None),
    ],
)
def test_unquoted_specifiers_are_redirects(text: str, note: str | None, doubt: str | None) -> None:
    (command,) = shell_commands(text, file="f")
    found, notes = with_redirects(command)
    assert found[2].text == "a"
    assert (notes == ()) == (note is None)
    if note is not None:
        assert notes[0].startswith(note)
    assert (found[2].doubt is None) == (doubt is None)
    if doubt is not None:
        assert (found[2].doubt or "").startswith(doubt)


@given(st.text(alphabet="a1 '\"\\\n$(){}`<>|&;#*=-", max_size=60), st.booleans())
def test_any_text_is_read_to_its_end(text: str, magic: bool) -> None:
    for command in shell_commands(text, file="f", magic=magic):
        for word in command.words:
            assert word.location is not None
            assert 1 <= (word.location.line or 0) <= text.count("\n") + 1
