"""What a host offers compiled modules, from what is known of it."""

from __future__ import annotations

import re

from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import Version

from depguard.model.host import Host
from depguard.model.host_abi import HostAbi, TorchAbi

_NUMPY = canonicalize_name("numpy")
_TORCH = canonicalize_name("torch")
_CUDA_LABEL = re.compile(r"cu(\d+)\d")


def host_abi(host: Host, captured: HostAbi | None = None) -> HostAbi:
    """The host as it is, before anything is installed there.

    ``captured`` is what was read off the machine itself; of torch it counts for the version that it is of.
    """
    known = captured or HostAbi()
    torch = _version(host, _TORCH)
    of_torch = TorchAbi(version=torch, cuda=_cuda(torch)) if torch is not None else None
    if known.torch is not None and known.torch.version == torch:
        of_torch = known.torch
    return HostAbi(
        numpy=_version(host, _NUMPY),
        torch=of_torch,
        glibc=host.glibc or known.glibc,
        libstdcxx=known.libstdcxx,
        interpreter=known.interpreter,
        python=(host.python.major, host.python.minor),
    )


def _version(host: Host, name: NormalizedName) -> Version | None:
    installed = host.installed.get(name)
    return installed.version if installed is not None else None


def _cuda(torch: Version) -> int | None:
    """By the local label of torch's own builds: ``+cu128`` is CUDA 12, ``+cpu`` none."""
    if torch.local == "cpu":
        return 0
    label = _CUDA_LABEL.fullmatch(torch.local or "")
    return int(label.group(1)) if label else None
