"""What is read again for the files that it names: a text that names one must never be passed over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pytest

from depguard.app.check_reading import Homes
from depguard.app.check_targets import may_name_files, targets_in
from depguard.model.policy import Installer
from kit.git_project import notebook_text


@dataclass(frozen=True)
class OneFile:
    """A revision that has one file."""

    path: str
    text: bytes
    label: str = "here"

    def paths(self) -> Sequence[str]:
        return (self.path,)

    def identity(self, path: str) -> str | None:
        return "1" if path == self.path else None

    def data(self, path: str) -> bytes:
        assert path == self.path
        return self.text


def looked_for(path: str, text: bytes) -> set[str]:
    read = targets_in(OneFile(path, text), path, homes=Homes(), installer=Installer.PIP)
    assert read.targets
    return set(read.tried)


SHELL = [
    "pip install -r more.txt",
    "pip install -qr more.txt",
    "pip install -qqrmore.txt",
    "pip install\t-r\tmore.txt",
    "pip install '-r' more.txt",
    "pip install \\-r more.txt",
    "pip install \\\n-r more.txt",
    "pip install --requirement=more.txt",
    "pip install captum --cons more.txt",
    "pip install captum -cmore.txt",
    "uv pip install --requirements more.txt",
    "uv pip sync more.txt",
    "uv --quiet pip sync more.txt",
]


@pytest.mark.parametrize("line", SHELL)
@pytest.mark.parametrize("path", ["setup.sh", "lab.ipynb", "Dockerfile"])
def test_every_spelling_is_read_again(path: str, line: str) -> None:
    texts = {
        "setup.sh": line,
        "lab.ipynb": notebook_text(((), (f"!{line}",))),
        "Dockerfile": f"FROM scratch\nRUN {line}\n",
    }
    data = texts[path].encode()
    assert "more.txt" in looked_for(path, data)
    assert may_name_files(path, data)


@pytest.mark.parametrize(
    "words",
    [
        "['pip', 'install', '-rmore.txt']",
        "['uv', 'pip', 'sync', 'more.txt']",
        "'pip install a\\t-r more.txt'",
    ],
)
def test_calls_in_python_likewise(words: str) -> None:
    data = f"import subprocess\nsubprocess.run({words})\n".encode()
    assert looked_for("setup.py", data) == {"more.txt"}
    assert may_name_files("setup.py", data)


@pytest.mark.parametrize(
    "line",
    [
        "pip install --upgrade captum",
        "pip install --no-cache-dir --force-reinstall captum",
        "echo a -r b.txt",
    ],
)
def test_what_names_no_file_is_not_read_again(line: str) -> None:
    assert not may_name_files("setup.sh", line.encode())
    assert not may_name_files(
        "lab.ipynb", notebook_text(((), (f"!{line}",), ("async def f(): ...",))).encode()
    )
