"""One host's protected pins and held ranges as a constraints file, for ``-c`` and PIP_CONSTRAINT."""

from __future__ import annotations

import shlex

from depguard.emit.comments import comment, guard
from depguard.model.lock import HostConstraints


def render_constraints(constraints: HostConstraints) -> str:
    """The file's text: ASCII, LF, sorted, ending in a newline."""
    stem = constraints.host.replace("/", "-")
    path = shlex.quote(f"constraints-{stem}.txt")
    lines = [
        "# Written by depguard. Do not edit: change the policy and make it again.",
        "#",
        f"# host     {comment(constraints.host)}, sha256 {constraints.host_sha256}",
        f"# policy   {comment(constraints.policy)}, sha256 {constraints.policy_sha256}",
        f"# again    {comment(constraints.command)}",
        "#",
        "# Guards every later install on this host; what would move a protected package is refused:",
        f"#   pip       export PIP_CONSTRAINT={comment(path)}",
        f"#   uv        export UV_CONSTRAINT={comment(path)}",
        f"#   notebook  %env PIP_CONSTRAINT={comment(path)}",
        "#   or with -c on each command",
        "",
        *(guard(line) for line in sorted(constraints.guards, key=lambda line: line.name)),
    ]
    return "\n".join(lines).rstrip("\n") + "\n"
