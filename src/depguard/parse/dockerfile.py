"""What a Dockerfile runs: the shell text of its ``RUN`` lines, at its own lines, and what was copied before.

https://docs.docker.com/reference/dockerfile/
"""

from __future__ import annotations

import json
import posixpath
import re
import shlex
from collections.abc import Iterator

from depguard.records import dataclass

_INSTRUCTION = re.compile(r"\s*(?P<name>[A-Za-z]+)(?=\s|$)(?P<rest>.*)", re.DOTALL)
_FLAGS = re.compile(r"(?:\s+--[A-Za-z][\w-]*(?:=\S*)?)+(?=\s)")
_ESCAPE = re.compile(r"#\s*escape\s*=\s*(\S)\s*$", re.IGNORECASE)
_HEREDOC = re.compile(r"<<-?\s*[\"']?(\w+)[\"']?")
_MOST_LINES = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class DockerRun:
    """One ``RUN``: its shell text with as many blank lines before it as the file has, and where it runs.

    ``stage`` counts the ``FROM`` lines so far. ``copied`` has, for each path in the image, the path in the
    build context that was copied there; folders end in ``/``.
    """

    script: str
    stage: int
    folder: str
    copied: tuple[tuple[str, str], ...]

    def source(self, path: str) -> str | None:
        """The path in the build context of a path in the image; None where nothing says."""
        target = posixpath.normpath(posixpath.join(self.folder, path))
        # A file that was named comes before what lies in a folder: whether a source is one is not known.
        for image, context in reversed(self.copied):
            if image == target:
                return context
        for image, context in reversed(self.copied):
            if image.endswith("/") and target.startswith(image):
                return posixpath.join(context, target[len(image) :])
        return None


def docker_runs(text: str) -> tuple[DockerRun, ...]:
    """The ``RUN`` lines in order. Reads tolerantly: what is no Dockerfile has none."""
    return tuple(_runs(text))


def _runs(text: str) -> Iterator[DockerRun]:
    lines = text.split("\n")[:_MOST_LINES]
    escape = next((m[1] for m in map(_ESCAPE.match, lines[:3]) if m), "\\")
    stage, folder = 0, "/"
    copied: list[tuple[str, str]] = []
    at = 0
    while at < len(lines):
        last, body = _instruction(lines, at, escape)
        found = _INSTRUCTION.match(body)
        name = found["name"].upper() if found else ""
        rest = found["rest"] if found else ""
        if name in ("RUN", "COPY", "ADD"):
            last, inside = _heredoc(lines, rest, last)
        else:
            inside = None
        match name:
            case "FROM":
                stage, folder, copied = stage + 1, "/", []
            case "WORKDIR":
                folder = posixpath.normpath(posixpath.join(folder, rest.strip().strip("\"'")))
            case "COPY" | "ADD" if "--from" not in rest:
                copied += _copied(rest, folder)
            case "RUN":
                script = _script(body, rest, at)
                if inside is not None and re.match(r"\s*(--\S+\s+)*<<", rest):
                    script = "\n" * inside[0] + "\n".join(lines[slice(*inside)])
                yield DockerRun(script=script, stage=max(stage, 1), folder=folder, copied=tuple(copied))
            case _:
                pass
        at = last + 1


def _instruction(lines: list[str], at: int, escape: str) -> tuple[int, str]:
    """The last line (0-based) of the instruction that begins at ``at``, and its text with its line ends."""
    body = lines[at].rstrip("\r")
    if body.lstrip().startswith("#"):
        return at, ""
    parts = []
    last = at
    while True:
        line = lines[last].rstrip("\r").rstrip()
        comment = last > at and (line.lstrip().startswith("#") or not line.strip())
        goes_on = comment or (line.endswith(escape) and bool(line))
        # To the shell a continued line ends in a backslash, and a comment between is none.
        kept = "" if comment else line[: -len(escape)] if goes_on else line
        parts.append(kept + ("\\" if goes_on else ""))
        if not goes_on or last + 1 >= len(lines):
            return last, "\n".join(parts)
        last += 1


def _heredoc(lines: list[str], rest: str, last: int) -> tuple[int, tuple[int, int] | None]:
    """Where an instruction with ``<<END`` ends, and the lines (0-based, end excluded) between."""
    found = _HEREDOC.search(rest)
    if found is None:
        return last, None
    for end in range(last + 1, len(lines)):
        if lines[end].strip() == found[1]:
            return end, (last + 1, end)
    return len(lines) - 1, (last + 1, len(lines))


def _script(body: str, rest: str, at: int) -> str:
    """The command of a RUN at its own lines and columns, whatever stands before it."""
    lead = "\n" * at
    if rest.lstrip().startswith("["):
        try:
            words = json.loads(rest.replace("\\\n", "\n"))
        except (ValueError, RecursionError):
            words = None
        if isinstance(words, list) and words and all(isinstance(word, str) for word in words):
            return lead + shlex.join(words)
    begin = len(body) - len(rest)
    flags = _FLAGS.match(rest)
    if flags is not None:
        begin += flags.end()
    blank = re.sub(r"[^\n\\]|\\(?!\n)", " ", body[:begin])
    return lead + blank.replace("\\\n", "\n") + body[begin:]


def _copied(rest: str, folder: str) -> Iterator[tuple[str, str]]:
    flags = _FLAGS.match(rest)
    bare = (rest[flags.end() :] if flags else rest).replace("\\\n", " ").strip()
    try:
        words = json.loads(bare) if bare.startswith("[") else shlex.split(bare)
    except (ValueError, RecursionError):
        return
    if not isinstance(words, list) or len(words) < 2 or not all(isinstance(word, str) for word in words):
        return
    *sources, target = words
    into = posixpath.normpath(posixpath.join(folder, target))
    for source in sources:
        context = posixpath.normpath(source).lstrip("/")
        folders = f"{into.rstrip('/')}/"
        if context == ".":
            yield folders, ""
        elif "*" in context:
            yield folders, posixpath.dirname(context)
        else:  # the source may be a folder or a file; what is said last is looked at first
            yield folders, context
            yield posixpath.join(into, posixpath.basename(context)), context
            if not target.endswith("/") and len(sources) == 1:
                yield into, context
