"""Who may say what: the issuer of a GTIN, our partners, ourselves, anyone else.

ARCHITECTURE "Statements have authority": issuer over partner over others for lot and expiry; only the issuer or
the current owner or possessor moves state; anything else is evidence with a finding.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rxtrail.core.gs1 import company_prefix

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

    from rxtrail.core.epcis.event import Event
    from rxtrail.core.gs1.runs import EpcRun

OTHER, PARTNER, ISSUER = 1, 2, 3


class Authority:
    """The parties this node knows: its own GLNs and the partner table, both given, never read here."""

    def __init__(
        self,
        own: Collection[str],
        partner_of: Mapping[str, str],
        *,
        active: Callable[[str], bool] = lambda _gln: True,
        valid: Callable[[str], bool] = lambda _gln: True,
        passes_on: Callable[[str], bool] = lambda _gln: False,
    ) -> None:
        """Take the parties as they are known.

        ``partner_of`` maps each listed GLN to its partner's name. ``active`` tells whether the partner is not
        suspended or ended: that decides what its statements weigh. ``valid`` tells whether its authorisation also
        holds today: that is told at the counter, but takes nothing back from what it said while it held. ``passes_on``
        tells whether it is a listed maker, wholesaler or the like, whose goods are on their way to somebody.
        """
        self._passes_on = passes_on
        self.own = frozenset(own)
        self._partner_of = partner_of
        self._active = active
        self._valid = valid
        self._issuer: dict[tuple[str, str], bool] = {}

    def is_self(self, speaker: str) -> bool:
        """Tell whether the speaker is this node: a document without a sender is the operator's own word."""
        return not speaker or speaker in self.own

    def is_issuer(self, speaker: str, gtin: str) -> bool:
        """Tell whether the speaker's GLN stands under the company prefix of a GTIN-14 or of an SSCC's 18 digits.

        Source: GS1 General Specifications 1.4.
        """
        known = self._issuer.get((speaker, gtin))
        if known is None:
            if len(self._issuer) > 100_000:
                self._issuer.clear()
            known = self._issuer[(speaker, gtin)] = bool(gtin) and company_prefix.matches(speaker, gtin)
        return known

    def is_partner(self, speaker: str) -> bool:
        """Tell whether the speaker is listed and active."""
        return speaker in self._partner_of and self._active(speaker)

    def passes_on(self, speaker: str) -> bool:
        """Tell whether the speaker is a listed, active party that passes goods on."""
        return self._passes_on(speaker) and self.is_partner(speaker)

    def is_valid(self, speaker: str) -> bool:
        """Tell whether the speaker is listed, active and authorised today."""
        return self.is_partner(speaker) and self._valid(speaker)

    def is_listed(self, speaker: str) -> bool:
        """Tell whether the speaker is in the partner table at all, active or not."""
        return speaker in self._partner_of

    def level(self, speakers: Collection[str], gtin: str) -> int:
        """Weigh a statement about a GTIN by the best of its speakers."""
        best = OTHER
        for speaker in speakers:
            if gtin and speaker and self.is_issuer(speaker, gtin):
                return ISSUER
            if self.is_self(speaker) or self.is_partner(speaker):
                best = PARTNER
        return best

    def heard(self, speakers: frozenset[str], issued: str, places: Collection[str]) -> frozenset[str]:
        """Give those of several speakers of one event that it is the word of; the others merely repeat it.

        First whose places it happened at (``places`` are GLNs) or who issued the thing, then partners, then all.
        """
        own = frozenset(s for s in speakers if (issued and self.is_issuer(s, issued)) or _at_home(s, places))
        known = frozenset(s for s in speakers if self.is_self(s) or self.is_partner(s))
        return own or known or speakers

    def same_party(self, one: str, other: str) -> bool:
        """Tell whether two GLNs belong to one listed partner, to ourselves, or are equal."""
        if one == other:
            return True
        if one in self.own and other in self.own:
            return True
        name = self._partner_of.get(one)
        return name is not None and name == self._partner_of.get(other)


def originates(speaker: str, event: Event) -> bool:
    """Tell whether an event is the speaker's own to state, and so to take back.

    It is when it happened at the speaker's own place, when the speaker is its stated source, or when it is about
    things that the speaker issued; whoever else says it has only copied it. Nothing but the event is looked at.
    """
    keys = [event.parent] if event.parent else []
    keys += [run.key + run.serials[0] for runs in _lists(event) for run in runs if run.serials]
    keys += [quantity.epc_class for quantity in event.quantities]
    places = (event.read_point, event.biz_location, *(source.value for source in event.sources))
    return _at_home(speaker, [p[4:17] for p in places if p.startswith(("414/", "417/"))]) or any(
        company_prefix.matches(speaker, issued) for issued in map(issued_as, keys) if issued
    )


def _lists(event: Event) -> tuple[list[EpcRun], ...]:
    return event.epcs, event.children, event.inputs, event.outputs


def _at_home(speaker: str, glns: Iterable[str]) -> bool:
    """Tell whether one of these places is the speaker's, by its GLN or by its company prefix."""
    return bool(speaker) and any(gln == speaker or company_prefix.matches(speaker, "0" + gln) for gln in glns if gln)


def issued_as(key: str) -> str:
    """Give what a canonical identifier was issued as: the GTIN-14 of a trade item, the 18 digits of an SSCC, or ""."""
    if key.startswith("01/"):
        return key[3:17]
    return key[3:] if key.startswith("00/") and len(key) == 21 else ""
