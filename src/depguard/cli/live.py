"""The host of a live interpreter: what ``--host live`` means."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from depguard.model.host import Host


FAMILIES = {"google-colab": "colab"}
"""What shows of which family a machine is: a distribution that only its makers install."""


def live_host(python: str | None = None) -> Host:
    """The host of ``python`` (default: the interpreter that depguard runs in).

    Raises InputError if it is no interpreter, OutOfReachError if it does not answer.
    """
    from depguard.adapters.capture import capture
    from depguard.app.baseline_capture import captured_host
    from depguard.app.baseline_host import HostFacts
    from depguard.parse.host_assembly import make_host

    baseline = capture(python)
    family = next((FAMILIES[dist.name] for dist in baseline.distributions if dist.name in FAMILIES), None)
    return make_host(*captured_host(baseline, HostFacts(name="live", family=family)))
