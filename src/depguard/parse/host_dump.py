"""Writes a host file: the YAML that `depguard.parse.host_file` reads, made for people's eyes.

The same value gives the same bytes: fields in a fixed order, distributions sorted by name.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping

from depguard.model.host import InstalledDistribution, Knowledge, OriginKind
from depguard.parse.host_file import SCHEMA, UNKNOWN_VERSION, HostFile

HEADER = """\
# A depguard host file. Facts may be edited; what each distribution requires is in the .metadata.json
# beside it, which is machine-written. To read it again: depguard baseline import THIS -o THIS
"""

_PLAIN = re.compile(r"[A-Za-z0-9_/.][A-Za-z0-9_/.+@() <>=!~;'-]*")
_OTHER_TYPE = re.compile(
    r"[-+]?[0-9_]*\.?[0-9_]*|[0-9.]+e[-+]?\d+|0[xob][0-9a-f_]+|\d+-\d+-\d+"
    r"|null|true|false|yes|no|on|off|y|n|\.nan|[-+]?\.inf",
    re.IGNORECASE,
)
_WIDTH = 108


def dump_host_file(file: HostFile) -> str:
    """The host file's text."""
    lines = [f"schema: {SCHEMA}", f"name: {_scalar(file.name)}"]
    for key, value in (("about", file.about), ("family", file.family)):
        lines += [f"{key}: {_scalar(value)}"] if value else []
    lines += [f"python: {_scalar(str(file.python))}", f"platform: {_scalar(file.platform.text)}"]
    for key, value in (("abi", file.abi), ("os", file.os), ("accelerator", file.accelerator)):
        lines += [f"{key}: {_scalar(value)}"] if value else []
    imported = {"from": file.imported_from or "", "on": file.imported_on or ""}
    lines += _flow("imported", {key: value for key, value in imported.items() if value})
    lines += _block("facts", file.facts)
    lines += _block("markers", file.markers)
    if file.tags:
        lines += ["tags:", *(f"  - {tag}" for tag in file.tags)]
    if file.loaded is not None:
        lines += _wrapped("loaded", sorted(file.loaded, key=str.lower))
    lines.append("")
    lines.append("distributions:" if file.distributions else "distributions: {}")
    for distribution in sorted(file.distributions, key=lambda d: d.name):
        lines += _distribution(distribution)
    return HEADER + "\n".join(lines) + "\n"


def _distribution(distribution: InstalledDistribution) -> list[str]:
    name = _scalar(distribution.spelled)
    origin = distribution.origin
    possible = {
        "version": str(distribution.version or UNKNOWN_VERSION),
        "origin": origin.kind.value if origin.kind is not OriginKind.INDEX else None,
        "file": origin.filename,
        "reference": origin.reference,
        "sha256": origin.sha256,
    }
    fields = {key: value for key, value in possible.items() if value is not None}
    stated = distribution.requirements
    if stated.how is Knowledge.STATED:
        lines = [f"  {name}:", *(f"    {key}: {_scalar(value)}" for key, value in fields.items())]
        lines.append(f"    source: {_scalar(stated.source)}")
        lines.append("    requires:" if stated.requires else "    requires: []")
        return [*lines, *(f"      - {_scalar(str(r))}" for r in stated.requires)]
    if len(fields) == 1:
        return [f"  {name}: {_scalar(fields['version'])}"]
    return [f"  {line}" for line in _flow(name, fields)]


def _scalar(text: str) -> str:
    """Plain where every YAML reader takes it for text, else in quotes (JSON's are YAML's)."""
    if _PLAIN.fullmatch(text) and not _OTHER_TYPE.fullmatch(text) and text == text.rstrip():
        return text
    if '"' in text and "'" not in text and text.isprintable():
        return f"'{text}'"
    return json.dumps(text, ensure_ascii=False)


def _flow(key: str, values: Mapping[str, str]) -> list[str]:
    if not values:
        return []
    return [f"{key}: {{{', '.join(f'{k}: {_scalar(v)}' for k, v in values.items())}}}"]


def _block(key: str, values: Mapping[str, str]) -> list[str]:
    if not values:
        return []
    return [f"{key}:", *(f"  {_scalar(k)}: {_scalar(v)}" for k, v in values.items())]


def _wrapped(key: str, values: Iterable[str]) -> list[str]:
    lines, line = [], f"{key}: ["
    for value in values:
        piece = f"{_scalar(value)}, "
        if len(line) + len(piece) > _WIDTH:
            lines.append(line.rstrip())
            line = "  "
        line += piece
    return [*lines, line.removesuffix(", ") + "]"]
