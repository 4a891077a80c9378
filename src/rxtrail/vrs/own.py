"""Which GTINs are ours to answer for, and what our record holds of one pack."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rxtrail.core.rules.answer import Severity
from rxtrail.core.rules.recall import weigh
from rxtrail.core.rules.steps import Doubt
from rxtrail.core.rules.vrs_answer import Held
from rxtrail.record.facts import find
from rxtrail.record.judge import COPY_SECONDS_MAX
from rxtrail.record.standing import identity_of, partners_of
from rxtrail.record.times import day as day_of
from rxtrail.vrs import directory

if TYPE_CHECKING:
    import datetime

    from rxtrail.answers import NodeIdentity
    from rxtrail.core.rules.authority import Authority
    from rxtrail.record.facts import Found
    from rxtrail.record.judge import Judge
    from rxtrail.store import Reader
    from rxtrail.vrs.directory import Entry

# Whose word on a commissioning we pass on as ours: a contract manufacturer commissions on the maker's behalf.
_MAKES_FOR_US = frozenset({"maker", "repackager", "3pl"})


def own_gln(identity: NodeIdentity, authority: Authority, entry: Entry, gtin: str) -> str:
    """Give the GLN under which this node answers for a GTIN, "" when it is not this node's to answer for.

    The directory comes first, since a GTIN may have been sold; without a word of it, the company prefix decides.
    """
    if entry.named:
        return entry.row.owner_gln if entry.row is not None and entry.row.owner_gln in identity.glns else ""
    return next((gln for gln in identity.glns if authority.is_issuer(gln, gtin)), "")


def responder_gln(reader: Reader, authority: Authority, gtin: str, lot: str, day: str) -> str:
    """Give the GLN under which this node answers a request, "" when it does not.

    A hub answers for every maker whose product is on its record, unless the directory sends elsewhere.
    """
    identity = identity_of(reader)
    entry = directory.look_up(reader, gtin, day)
    gln = own_gln(identity, authority, entry, gtin)
    if gln or identity.role != "hub" or entry.named:
        return gln
    known = reader.product(gtin)
    if known is None:
        return ""
    if identity.default_site or identity.glns:
        return identity.default_site or identity.glns[0]
    listed = (gln for partner in partners_of(reader) for gln in partner.glns)
    makings = reader.makings(
        making for number, _ in reader.lots_of(known[0], lot) for making in reader.makings_of(number)
    )
    said = (gln for making in makings.values() for gln in sorted(making.speakers))
    return next((gln for gln in (*listed, *said) if gln and authority.is_issuer(gln, gtin)), "")


def found_by(judge: Judge, reader: Reader, gtin: str, serial: str, today: datetime.date) -> Found:
    """Find one pack with what the judge of this thread has in memory, exactly as asked: no reading, no repair."""
    if judge._day != today:  # noqa: SLF001 - recalls and partners are the judge's; the same memory, not a second one
        judge.refresh()
    return find(
        reader,
        judge.authority,
        judge._recalls,  # noqa: SLF001
        gtin,
        serial,
        "",
        judge._pending,  # noqa: SLF001
        judge._memory,  # noqa: SLF001
    )


def held_of(judge: Judge, reader: Reader, found: Found, gtin: str, serial: str, today: datetime.date) -> Held | None:
    """Tell what the maker's record holds of a pack; None when it has none on a word that the maker may pass on."""
    facts = found.facts
    if not facts.on_record or not _vouched(reader, found, judge.authority):
        return None
    ordered = _ordered(judge, found, gtin, serial)
    return Held(
        lot=facts.lot,
        expiry=facts.expiry,
        disposition=facts.disposition,
        recalled=bool(facts.recalled) or "recalled" in ordered,
        held=bool(facts.holds),
        # Two holders are a late file somewhere; they leave no doubt about which pack it is.
        doubtful=bool({*facts.doubts} - {Doubt.TWO_HOLDERS.value}) or "suspect" in ordered,
        expired=bool(facts.expiry) and facts.expiry < today.isoformat(),
    )


def _ordered(judge: Judge, found: Found, gtin: str, serial: str) -> set[str]:
    """Give why recalls that are kept here stop the pack; who asks would sell it on, so every depth counts."""
    made = day_of(found.made_time) if found.made_time else ""
    ordered = judge.orders.of(gtin, serial, found.facts.lot, found.facts.expiry, made)
    return {each.code for each in ordered if weigh(each, "wholesaler", "return") is Severity.STOP}


def _vouched(reader: Reader, found: Found, authority: Authority) -> bool:
    if found.facts.basis == "counted-in":
        return identity_of(reader).role != "hub"  # a hub counts nothing in on a maker's behalf
    if found.facts.basis == "issuer" or any(authority.is_self(speaker) for speaker in found.speakers):
        return True
    for_us = {gln for partner in partners_of(reader) if partner.role in _MAKES_FOR_US for gln in partner.glns}
    return any(authority.is_partner(speaker) for speaker in found.speakers & for_us)


def too_old(reader: Reader, now_us: int) -> bool:
    """Tell whether the record that is read here is a copy that has not heard of its original for too long."""
    as_of = reader.as_of()
    return as_of is not None and now_us - as_of > COPY_SECONDS_MAX * 1_000_000
