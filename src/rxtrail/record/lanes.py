"""The approved routes as they are kept, and the parties that they speak of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from rxtrail.core.rules.route import APPROVED, Lane, Routes
from rxtrail.record.names import Places
from rxtrail.record.spots import Spots
from rxtrail.record.standing import partners_of

if TYPE_CHECKING:
    from rxtrail.core.rules.spots import Spot
    from rxtrail.store import Reader

KIND: Final = "lane"  # of what the store keeps; the key is id@version
PAGE: Final = 1_000

encode = msgspec.msgpack.Encoder().encode
decode = msgspec.msgpack.Decoder(Lane).decode


def key_of(lane: Lane) -> str:
    """Give the name under which one version of a lane is kept."""
    return f"{lane.id}@{lane.version}"


def lanes_of(reader: Reader) -> list[Lane]:
    """Read all lanes, in every version and state, in the order of id and version."""
    found: list[Lane] = []
    after = (-1, "")
    while True:
        rows = reader.kept_from(KIND, after, PAGE)
        found.extend(decode(body) for _, _, body in rows)
        if len(rows) < PAGE:
            return sorted(found, key=lambda lane: (lane.id, lane.version))
        after = (rows[-1][1], rows[-1][0])


def routes_of(reader: Reader) -> Routes:
    """Read the lanes that are approved, ready to judge by."""
    lanes = [lane for lane in lanes_of(reader) if lane.state == APPROVED]
    return Routes(lanes, PartyTable(reader))


class PartyTable:
    """What the partner table and master data say of parties; each GLN is looked up once."""

    def __init__(self, reader: Reader) -> None:
        """Read the partner table."""
        self._names = Places(reader)
        self._spots = Spots(reader)
        self._role: dict[str, str] = {}
        self._until: dict[str, str] = {}
        self._one: dict[str, str] = {}
        self._glns: dict[str, tuple[str, ...]] = {}
        self._title: dict[str, str] = {}
        for partner in partners_of(reader):
            for gln in partner.glns:
                self._role[gln] = partner.role
                self._one[gln] = partner.glns[0]
                self._glns[gln] = tuple(partner.glns)
                self._title[gln] = partner.name
                self._until[gln] = partner.valid_until if partner.status == "active" else "0"

    def one(self, gln: str) -> str:
        """Give the first GLN of its partner."""
        return self._one.get(gln, gln)

    def glns(self, gln: str) -> tuple[str, ...]:
        """Give all GLNs of its partner."""
        return self._glns.get(gln, (gln,))

    def role(self, gln: str) -> str:
        """Give its role, or ""."""
        return self._role.get(gln, "")

    def listed(self, gln: str) -> bool:
        """Tell whether it is in the table."""
        return gln in self._role

    def lapsed(self, gln: str, day: str) -> bool:
        """Tell whether its authorisation had run out on a day; of one who is ended or suspended no day is known."""
        until = self._until.get(gln, "")
        return until not in ("", "0") and until < day

    def spot(self, gln: str) -> Spot:
        """Give where it is."""
        return self._spots.of(gln)

    def name(self, gln: str) -> str:
        """Give its name and GLN."""
        name = self._title.get(gln) or (self._names.of(f"414/{gln}").name if gln else "")
        return f"{name} ({gln})" if name else gln or "nobody"
