"""Findings about a whole document: one for each kind, never one for each pack or event."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rxtrail.core.epcis.event import Finding, Header

if TYPE_CHECKING:
    from rxtrail.core.rules.authority import Authority
    from rxtrail.ledger.prepare import Prepared

FUTURE_US = 300 * 1_000_000  # dscsa.md 2.4: FUTURE_EVENT_TIME past 300 s
STALE_US = 365 * 86_400 * 1_000_000  # and STALE_EVENT past 365 days


class Watch:
    """Looks at every event of a document once and says at the end what is wrong with it as a whole."""

    def __init__(self, now_us: int) -> None:
        """``now_us`` is when the document arrived."""
        self._now = now_us
        self._future: tuple[int, str] | None = None
        self._stale: tuple[int, str] | None = None

    def see(self, prepared: Prepared) -> None:
        """Look at one event."""
        event = prepared.event
        if event.event_time > self._now + FUTURE_US:
            count, place = self._future or (0, prepared.place)
            self._future = (count + 1, place)
        elif event.event_time < self._now - STALE_US:
            count, place = self._stale or (0, prepared.place)
            self._stale = (count + 1, place)

    def findings(self, header: Header, authority: Authority) -> list[Finding]:
        """Say what is wrong with the document as a whole."""
        found: list[Finding] = []
        if self._future is not None:
            count, place = self._future
            found.append(
                Finding(
                    "error",
                    "FUTURE_EVENT_TIME",
                    f"{count} events lie more than 300 s ahead of our clock",
                    place,
                )
            )
        if self._stale is not None:
            count, place = self._stale
            found.append(Finding("info", "STALE_EVENT", f"{count} events are more than 365 days old", place))
        if header.statement is not None and not header.statement.affirmed:
            message = "the DSCSA transaction statement is not affirmed"
            found.append(Finding("error", "DSCSA_STATEMENT_NOT_AFFIRMED", message))
        if not authority.is_self(header.sender):
            if not authority.is_listed(header.sender):
                found.append(
                    Finding("warning", "UNLISTED_SENDER", f"sender {header.sender} is not in the partner table")
                )
            elif not authority.is_valid(header.sender):
                found.append(
                    Finding(
                        "error",
                        "NOT_AUTHORISED_PARTNER",
                        f"sender {header.sender} is listed, but not active or no longer valid",
                    )
                )
        return found
