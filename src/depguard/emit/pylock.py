"""One host's changes as a pylock.toml (PEP 751).

The format describes a whole environment and needs URLs, so this is written only where a user asks
for it. TOML is written by hand: the standard library only reads it.
"""

from __future__ import annotations

from urllib.parse import urlsplit, urlunsplit

from depguard.emit.comments import comment
from depguard.emit.wording import moment, size_of
from depguard.model.lock import LockedHost, TierLock
from depguard.model.plan import Action, ActionKind
from depguard.model.release import Artifact, ArtifactKind


def render_pylock(lock: TierLock, host: LockedHost) -> str:
    """The file's text. The host's changes must carry their artifacts, with URLs.

    Raises ValueError for a change whose artifact has no URL or no sha256: the caller refuses those
    before it locks.
    """
    head = [
        "# Written by depguard. Do not edit: change the policy and make it again.",
        "#",
        f"# What tier {comment(lock.tier)} adds to {comment(host.name)}, sha256 {host.sha256}",
        f"# policy   {comment(lock.policy)}, sha256 {lock.policy_sha256}",
        f"# index    as of {moment(lock.cutoff)}",
        f"# again    {comment(lock.command)}",
        "#",
        "# This is an addition to a prepared host, not a whole environment. Install it with",
        "#     uv pip install --no-deps -r pylock.toml",
        "# and never with `uv pip sync`, which would remove everything else that is installed.",
        "",
        'lock-version = "1.0"',
        f"requires-python = {_string(_same_minor(host.python))}",
        'created-by = "depguard"',
    ]
    moved = sorted(host.changes.changes, key=lambda action: action.name)
    blocks = [_package(action) for action in moved if action.kind is not ActionKind.REMOVE]
    if not blocks:
        head.append("packages = []")  # PEP 751 requires the key
    return "\n\n".join(["\n".join(head), *blocks]) + "\n"


def _package(action: Action) -> str:
    lines = ["[[packages]]", f"name = {_string(action.name)}"]
    if action.new is not None:
        lines.append(f"version = {_string(str(action.new))}")
    artifact = action.artifact
    if artifact is None or artifact.sha256 is None or not artifact.url:
        raise ValueError(f"{action.name} has no file with a URL and a sha256")
    if artifact.kind is ArtifactKind.WHEEL:
        lines += ["", "[[packages.wheels]]", *_file(artifact, size_of(action))]
    else:
        lines += ["", "[packages.sdist]", *_file(artifact, size_of(action))]
    return "\n".join(lines)


def _file(artifact: Artifact, size: int | None) -> list[str]:
    lines = [f"name = {_string(artifact.filename)}", f"url = {_string(public_url(artifact.url))}"]
    if artifact.upload_time is not None:
        lines.append(f"upload-time = {moment(artifact.upload_time)}")
    if size is not None:
        lines.append(f"size = {size}")
    lines.append(f"hashes = {{sha256 = {_string(artifact.sha256 or '')}}}")
    return lines


def public_url(url: str) -> str:
    """The URL without credentials and without its fragment (PEP 503 puts a hash there)."""
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, parts.query, ""))


def _same_minor(python: str) -> str:
    return f"=={'.'.join(python.split('.')[:2])}.*"


def _string(text: str) -> str:
    """A basic string of TOML 1.0: quotes, backslashes and control characters escaped."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(c if c >= " " and c != "\x7f" else f"\\u{ord(c):04x}" for c in escaped) + '"'
