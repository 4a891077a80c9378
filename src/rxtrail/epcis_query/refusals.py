"""Named errors of subscriptions."""

from __future__ import annotations

from rxtrail.errors import RxtrailError


class BadSubscription(RxtrailError):
    """A subscription whose schedule, address or controls are not valid (SubscriptionControlsException)."""

    code = "bad-subscription"
