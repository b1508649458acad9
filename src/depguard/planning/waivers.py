"""Which findings a policy accepts beforehand, on a day."""

from __future__ import annotations

from datetime import date

from depguard.model.policy import Policy, Severity, Waiver
from depguard.planning.grips import matches


def waiver_of(policy: Policy | None, code: str, package: str, today: date) -> Waiver | None:
    """The waiver that accepts a finding ``code`` about ``package`` on the day ``today``, if any."""
    for waiver in policy.waivers if policy is not None else ():
        if waiver.code == code and matches(package, waiver.package) and today <= waiver.until:
            return waiver
    return None


def may_break(policy: Policy | None, package: str, today: date | None) -> bool:
    """Whether a plan may leave a host distribution with a requirement that is no longer met (DG202).

    That is so where the policy waives it, or does not count it as an error. Without a day no waiver counts.
    """
    if policy is None:
        return False
    if policy.rules.get("DG202", Severity.ERROR) is not Severity.ERROR:
        return True
    return today is not None and waiver_of(policy, "DG202", package, today) is not None
