"""What can go wrong while an index is asked. Imported without an HTTP client."""

from __future__ import annotations

from depguard.adapters.index.addresses import redact
from depguard.errors import OutOfReachError, Problem


class InterruptedAnswerError(Exception):
    """A body broke off; the request may be sent again."""


class TooLargeError(Exception):
    """A body is longer than its reader allows."""


def unreachable(url: str, why: str, *, hint: str | None = None) -> OutOfReachError:
    """The error for what cannot be asked at ``url``, which is shown without its secrets."""
    return OutOfReachError(
        Problem(
            code="index.unreachable",
            message=f"cannot read {redact(url)}: {why}",
            hint=hint or "check the network and the index options, or use --offline for what is cached",
        )
    )
