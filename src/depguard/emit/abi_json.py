"""What binaries ask for, as JSON (``depguard.abi/1``; additions only)."""

from __future__ import annotations

from typing import Any

from depguard.emit.abi_facts import newest_need, outside_libraries
from depguard.emit.quoting import json_text
from depguard.model.abi_report import AbiReport, AbiSubject, Clash
from depguard.model.binary import Binary, NumpyMark
from depguard.model.host_abi import HostAbi


def abi_json(report: AbiReport) -> str:
    """The report as JSON text, ending in a newline."""
    data = {
        "schema": "depguard.abi/1",
        "against": _against(report.host) if report.judged else None,
        "subjects": [_subject(subject, judged=report.judged) for subject in report.subjects],
    }
    return json_text(data)


def _against(host: HostAbi) -> dict[str, Any]:
    return {
        "numpy": str(host.numpy) if host.numpy is not None else None,
        "torch": str(host.torch.version) if host.torch is not None else None,
        "torch_symbols_known": host.torch is not None and host.torch.exports is not None,
        "glibc": ".".join(map(str, host.glibc)) if host.glibc is not None else None,
        "libstdcxx": ".".join(map(str, host.libstdcxx)) if host.libstdcxx is not None else None,
        "python_symbols_known": host.interpreter is not None,
    }


def _subject(subject: AbiSubject, *, judged: bool) -> dict[str, Any]:
    contents = subject.contents
    if contents is None:
        return {"name": subject.label, "fit": subject.fit.value, "unknown": subject.unknown}
    return {
        "name": subject.label,
        "fit": subject.fit.value if judged else None,
        "findings": [_clash(clash) for clash in subject.clashes],
        "numpy_floor": str(subject.floor) if subject.floor is not None else None,
        "glibc": newest_need(contents.binaries, "GLIBC_"),
        "libstdcxx": newest_need(contents.binaries, "GLIBCXX_"),
        "libraries": outside_libraries(contents),
        "files": len(contents.files),
        "fetched": contents.fetched,
        "binaries": [_binary(binary) for binary in contents.binaries],
        "unread": [{"path": u.path, "bytes": u.cost} for u in contents.unread],
    }


def _clash(clash: Clash) -> dict[str, Any]:
    return {
        "code": clash.code,
        "severity": "error" if clash.certain else "warning",
        "message": clash.message,
        "files": list(clash.files),
    }


def _binary(binary: Binary) -> dict[str, Any]:
    use = binary.numpy
    numpy = None
    if use.mark is not NumpyMark.NONE:
        floor = str(use.floor) if use.floor is not None else None
        numpy = {"built_for": use.mark.name.lower(), "how": use.how, "floor": floor}
    return {
        "path": binary.path,
        "size": binary.size,
        "numpy": numpy,
        "soname": binary.soname,
        "needed": list(binary.needed),
        "versions": [f"{need.library} {need.version}" for need in binary.versions],
        "torch_symbols": len(binary.torch),
        "python_symbols": len(binary.python),
        "damaged": binary.damaged,
    }
