"""Refusals of a change that raise an alert in the EU market."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rxtrail.errors import NotFound, Refused

if TYPE_CHECKING:
    from rxtrail.core.rules.alert import EuView


class Alerted:
    """What an alert adds to a refusal: its code and its name."""

    eu: EuView


class RefusedWithAlert(Alerted, Refused):
    """A change that the record does not allow, and that may be about a falsified pack."""

    def __init__(self, refused: Refused, eu: EuView) -> None:
        """Add the alert to a refusal."""
        super().__init__(refused.message, place=refused.place, advice=refused.advice)
        self.state = refused.state
        self.eu = eu


class NotFoundWithAlert(Alerted, NotFound):
    """A change of a pack that nobody reported."""

    def __init__(self, missing: NotFound, eu: EuView) -> None:
        """Add the alert to a refusal."""
        super().__init__(missing.message, place=missing.place, advice=missing.advice)
        self.eu = eu
