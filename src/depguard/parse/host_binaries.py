"""The machine-written file beside a captured host file: what the machine offers compiled modules.

JSON: ``{"format": 1, "host": ..., "sha256": ..., "offers": {...}}``. ``sha256`` is the hash of the canonical
form of ``offers``; symbols are packed (`depguard.model.symbols`). What could not be had is null.
"""

from __future__ import annotations

import json
from typing import Any

from packaging.version import InvalidVersion, Version

from depguard.errors import InputError, Problem
from depguard.model.host_abi import HostAbi, TorchAbi
from depguard.model.location import Location
from depguard.model.symbols import SymbolSet
from depguard.parse.host_assembly import canonical_sha256
from depguard.parse.numpy_abi import api_code

FORMAT = 1


def dump_host_binaries(host: str, abi: HostAbi) -> str:
    """The file's text: the same value gives the same bytes."""
    offers = _offers(abi)
    data = {"format": FORMAT, "host": host, "sha256": canonical_sha256(offers), "offers": offers}
    return json.dumps(data, indent=1) + "\n"


def load_host_binaries(text: str, label: str) -> HostAbi:
    """What the machine offers. Raises InputError for what was edited or is no such file."""
    try:
        data = json.loads(text)
        if data["format"] != FORMAT:
            raise ValueError("another format")  # noqa: TRY301 - one way out for all that is wrong with it
        offers = data["offers"]
        if data["sha256"] != canonical_sha256(offers):
            raise ValueError("its hash is not that of its content")  # noqa: TRY301 - likewise
        return _abi(offers)
    except (ValueError, TypeError, KeyError, AttributeError, InvalidVersion) as error:
        raise InputError(
            Problem(
                code="host.binaries",
                message=f"not what `depguard baseline capture` writes: {error}",
                location=Location(label),
                hint="capture the host again, or remove the file",
            )
        ) from None


def _offers(abi: HostAbi) -> dict[str, Any]:
    code = api_code(abi.numpy) if abi.numpy is not None else None
    torch = abi.torch
    return {
        "numpy": str(abi.numpy) if abi.numpy is not None else None,
        "numpy_api": f"{code:#x}" if code is not None else None,
        "glibc": list(abi.glibc) if abi.glibc is not None else None,
        "libstdcxx": list(abi.libstdcxx) if abi.libstdcxx is not None else None,
        "python": list(abi.python) if abi.python is not None else None,
        "python_exports": abi.interpreter.encode() if abi.interpreter is not None else None,
        "torch": None
        if torch is None
        else {
            "version": str(torch.version),
            "cuda": torch.cuda,
            "libraries": sorted(torch.libraries) if torch.libraries is not None else None,
            "exports": torch.exports.encode() if torch.exports is not None else None,
        },
    }


def _abi(offers: dict[str, Any]) -> HostAbi:
    torch, python = offers["torch"], offers["python"]
    return HostAbi(
        numpy=Version(offers["numpy"]) if offers["numpy"] is not None else None,
        torch=None
        if torch is None
        else TorchAbi(
            version=Version(torch["version"]),
            cuda=torch["cuda"],
            libraries=frozenset(torch["libraries"]) if torch["libraries"] is not None else None,
            exports=SymbolSet.decode(torch["exports"]) if torch["exports"] is not None else None,
        ),
        glibc=tuple(offers["glibc"]) if offers["glibc"] is not None else None,
        libstdcxx=tuple(offers["libstdcxx"]) if offers["libstdcxx"] is not None else None,
        interpreter=SymbolSet.decode(offers["python_exports"]) if offers["python_exports"] else None,
        python=(python[0], python[1]) if python is not None else None,
    )
