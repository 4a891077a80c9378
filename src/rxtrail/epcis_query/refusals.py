"""Named errors of subscriptions."""

from __future__ import annotations

from rxtrail.errors import RxtrailError


class SubscriptionExists(RxtrailError):
    """There is a subscription of this identifier already (DuplicateSubscriptionException)."""

    code = "subscription-exists"


class BadSubscription(RxtrailError):
    """A subscription whose schedule, address or controls are not valid (SubscriptionControlsException)."""

    code = "bad-subscription"


class NotPermitted(RxtrailError):
    """A query that cannot be subscribed to (SubscribeNotPermittedException)."""

    code = "subscribe-not-permitted"
