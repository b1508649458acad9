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


def host_abi(host: Host) -> HostAbi:
    """The host as it is, before anything is installed there."""
    torch = _version(host, _TORCH)
    return HostAbi(
        numpy=_version(host, _NUMPY),
        torch=TorchAbi(version=torch, cuda=_cuda(torch)) if torch is not None else None,
        glibc=host.glibc,
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
