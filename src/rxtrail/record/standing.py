"""The parties this node knows, read from its settings and its partner table."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import msgspec

from rxtrail.answers import NodeIdentity, Partner
from rxtrail.core.rules.authority import Authority
from rxtrail.core.rules.verdict import PASSES_ON

if TYPE_CHECKING:
    import datetime

    from rxtrail.core.rules.steps import Custody
    from rxtrail.store import Reader

_decode_partner = msgspec.msgpack.Decoder(Partner).decode


def identity_of(reader: Reader) -> NodeIdentity:
    """Tell whose record this is; a node that was never initialised is a hub."""
    settings = reader.settings()
    glns = [gln for gln in settings.get("glns", "").split(",") if gln]
    return NodeIdentity(
        settings.get("role", "hub"), glns, settings.get("default_site", ""), settings.get("market", "us")
    )


def partners_of(reader: Reader) -> list[Partner]:
    """Read the partner table."""
    return [_decode_partner(row) for row in reader.partners()]


def partner_names(reader: Reader) -> dict[str, str]:
    """Give the partners' names by each of their GLNs."""
    return {gln: partner.name for partner in partners_of(reader) for gln in partner.glns}


def authority_of(reader: Reader, today: datetime.date) -> Authority:
    """Build the authority of the parties as they are listed now; authorisations are looked at on ``today``."""
    return _authority(tuple(reader.partners()), tuple(identity_of(reader).glns), today.isoformat())


@lru_cache(maxsize=4)
def _authority(rows: tuple[bytes, ...], own: tuple[str, ...], day: str) -> Authority:
    """Build it once for one table and day: a hub has thousands of partners, and every document asks."""
    partners = [_decode_partner(row) for row in rows]
    active = {gln for p in partners if p.status == "active" for gln in p.glns}
    expired = {gln for p in partners if p.valid_until and p.valid_until < day for gln in p.glns}
    return Authority(
        own,
        {gln: p.name for p in partners for gln in p.glns},
        active=active.__contains__,
        valid=lambda gln: gln not in expired,
        passes_on={gln for p in partners if p.role in PASSES_ON for gln in p.glns}.__contains__,
    )


def as_seen_by(identity: NodeIdentity, custody: Custody) -> Custody:
    """Give a custody as this node sees it: what was shipped to one of its own GLNs is in its custody.

    A pharmacy that never posts receipts has its packs all the same (SURFACES, "Whose record"). A hub only watches.
    """
    if identity.role == "hub" or not custody.to:
        return custody
    ours = [gln for gln in custody.to if gln in identity.glns]
    if not ours:
        return custody
    return msgspec.structs.replace(custody, custodian=ours[0], owner=custody.to[0], to=())
