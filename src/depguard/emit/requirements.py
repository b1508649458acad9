"""A tier's lock as a requirements file that pip and uv install as it is.

Exact pins with the hashes of every artifact that fits one of the hosts, then the protected packages
as bare pins: whoever would move one of them finds no solution. The format is pip's requirements file
format, with pip's hash-checking mode.
"""

from __future__ import annotations

import shlex

from depguard.emit.comments import comment, guard, via
from depguard.emit.wording import moment
from depguard.model.lock import Pin, TierLock


def render_requirements(lock: TierLock) -> str:
    """The file's text: ASCII, LF, sorted, ending in a newline."""
    blocks = ["\n".join(_header(lock))]
    blocks += [_pin(pin) for pin in sorted(lock.pins, key=lambda pin: pin.name)]
    if not lock.pins:
        blocks.append("# Nothing to add: every requirement of the tier is on the hosts already.")
    if lock.guards:
        intro = (
            "# Protected: on the hosts already, and to stay. Bare, so that pip downloads nothing; any other\n"
            "# version on the machine makes pip stop, and a line that wants one both pip and uv."
        )
        lines = [guard(line) for line in sorted(lock.guards, key=lambda line: line.name)]
        blocks.append("\n".join([intro, *lines]))
    return "\n\n".join(blocks) + "\n"


def _header(lock: TierLock) -> list[str]:
    path = shlex.quote(lock.output)
    no_deps = " --no-deps" if lock.no_deps else ""
    about = f": {comment(lock.about)}" if lock.about else ""
    lines = [
        # The first two lines are constant: pip looks for an encoding declaration in them.
        "# Written by depguard. Do not edit: change the policy and make it again.",
        "#",
        f"# tier     {comment(lock.tier)}{about}",
        f"# policy   {comment(lock.policy)}, sha256 {lock.policy_sha256}",
        *(f"#          {comment(source.label)}, sha256 {source.sha256}" for source in lock.policy_sources),
    ]
    for i, host in enumerate(lock.hosts):
        word = "hosts" if i == 0 else ""
        lines.append(f"# {word:8} {comment(host.name)}, Python {comment(host.python)}, sha256 {host.sha256}")
    lines += [
        f"# index    as of {moment(lock.cutoff)}",
        f"# again    {comment(lock.command)}",
        "#",
        f"# Install  pip install{no_deps} -r {comment(path)}",
        f"#          uv pip install{no_deps} -r {comment(path)}",
    ]
    if lock.no_deps:
        lines += [
            "#          --no-deps: the policy overrides requirements that both would obey, and whatever is",
            "#          needed is listed here or on the host.",
        ]
    if lock.pins:
        lines += [
            "#",
            "# The hashes switch pip to hash-checking mode: it refuses the whole file as soon as somebody",
            "# adds a line without a hash that is not installed yet. Add it to the policy's tier instead.",
            "# uv checks the hashes that are here; its --require-hashes wants one for protected lines too.",
        ]
    return lines


def _pin(pin: Pin) -> str:
    hashes = sorted({artifact.sha256 for artifact in pin.artifacts})
    lines = [f"{pin.name}=={pin.version}", *(f"    --hash=sha256:{digest}" for digest in hashes)]
    # pip joins continued lines before it looks for comments: those come after the last hash.
    causes = sorted({via(cause) for cause in pin.via})
    return "\n".join([" \\\n".join(lines), *(f"    # via {cause}" for cause in causes)])
