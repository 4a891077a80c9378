"""What the store keeps of returns (S13): each odd pack and how much came back, by party, with a version of each party.

A version is one small row that is raised whenever any of it changes: whether another process wrote something of a party
meanwhile is told by it alone, however much that party returned.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Final

import msgspec

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator

    from rxtrail.store import Reader, Transaction

TALLY: Final = "return-tally"  # of what the store keeps, by time: how many packs one event returned, of one party
TALLIES: Final = "return-tally/"  # with the party behind it: the same of this party, once it has a version
BY: Final = "return-by/"  # with the party behind it, by time: its odd packs
VERSION: Final = "return-version"  # by party: raised whenever its odd packs or what it returned changes; without, 0
PAGE: Final = 1_000
KEPT_US: Final = 30 * 24 * 3_600 * 1_000_000


class Returned(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """One returned pack: who returned it by which event, and what is odd ("" not decided yet)."""

    at: int
    event: int
    returner: str
    gtin: str
    serial: str
    kind: str = ""
    party: str = ""
    fine: bool = False

    @property
    def pack(self) -> str:
        """Give the pack by its canonical identifier."""
        return f"01/{self.gtin}/21/{self.serial}"

    @property
    def name(self) -> str:
        """Give the name of its row."""
        return f"{self.returner}/{self.event}/{self.pack}"


class Tally(msgspec.Struct, frozen=True, gc=False):
    """How many packs one event returned."""

    returner: str
    event: int
    at: int
    count: int

    @property
    def name(self) -> str:
        """Give the name of its row."""
        return f"{self.returner}@{self.event}"


encode = msgspec.msgpack.Encoder().encode
decode = msgspec.msgpack.Decoder(Returned).decode
_returner_and_count = msgspec.msgpack.Decoder(tuple[str, int]).decode
_number = msgspec.msgpack.Decoder(int).decode


class Basis(msgspec.Struct, frozen=True):
    """What the record has of some parties, from which is read what is to be told of them."""

    versions: dict[str, int]
    odd: dict[str, dict[str, Returned]]  # by party and name
    counts: dict[str, dict[str, Tally]]

    @classmethod
    def read(cls, reader: Reader, returners: Iterable[str], now: int, known: Basis | None) -> Basis:
        """Read it, but for what is known of parties of which nothing was written since."""
        # First the versions: what is written while the rest is read makes them wrong, and they are asked again.
        versions = {returner: _version(reader, returner) for returner in returners}
        same = known if known is not None else cls({}, {}, {})
        news = {returner for returner, version in versions.items() if same.versions.get(returner) != version}
        older = _counts(reader, first, now) if (first := {one for one in news if not versions[one]}) else {}
        odd: dict[str, dict[str, Returned]] = {}
        counts: dict[str, dict[str, Tally]] = {}
        for one, version in versions.items():
            if one not in news:
                odd[one], counts[one] = same.odd[one], same.counts[one]
                continue
            odd[one] = {name: decode(body) for name, _, body in every(reader, BY + one)}
            counts[one] = older.get(one, {}) if not version else {
                name: _tally(name, at, body) for name, at, body in every(reader, TALLIES + one, (now - KEPT_US, ""))
            }  # fmt: skip
        return cls(versions, odd, counts)

    def is_so_still(self, reader: Reader) -> bool:
        """Tell whether nobody else has written any of it since: one small row of each party is read."""
        return all(_version(reader, returner) == version for returner, version in self.versions.items())

    def write(self, tx: Transaction, before: Basis, now: int) -> None:
        """Note of whom something changes, for others who tell of the same parties, and what each of them returned."""
        for returner, version in self.versions.items():
            was = before.versions[returner]
            if version == was:
                continue
            tx.keep(VERSION, returner, now, encode(version))
            written = before.counts[returner] if was else {}
            for name, tally in self.counts[returner].items():
                if written.get(name) != tally:
                    tx.keep(TALLIES + returner, name, tally.at, _encode_tally(tally))


def note_gone(tx: Transaction, rows: Iterable[Returned], but: Container[str], now: int) -> None:
    """Note that rows of these parties were dropped since they are too old, of those that are not noted anyhow.

    One that has no version yet gets none: what it returned is not kept under its name so far.
    """
    for returner in sorted({row.returner for row in rows if row.kind}):
        if returner not in but and (version := _version(tx, returner)):
            tx.keep(VERSION, returner, now, encode(version + 1))


def keep_tally(tx: Transaction, tally: Tally) -> None:
    """Write how many packs one event returned, for whoever forgets it in a month."""
    tx.keep(TALLY, tally.name, tally.at, _encode_tally(tally))


def too_old(reader: Reader, now: int, at_most: int) -> list[Tally]:
    """Give what nobody counts any more, the oldest first."""
    rows = reader.kept_from(TALLY, (-1, ""), at_most)
    return [_tally(name, at, body) for name, at, body in rows if at < now - KEPT_US]


def forget(tx: Transaction, tallies: Iterable[Tally]) -> None:
    """Drop what nobody counts any more."""
    for tally in tallies:
        tx.drop_kept(TALLY, tally.name)
        tx.drop_kept(TALLIES + tally.returner, tally.name)


def every(reader: Reader, kind: str, after: tuple[int, str] = (-1, "")) -> Iterator[tuple[str, int, bytes]]:
    """Give all rows of a kind by their times."""
    while True:
        rows = reader.kept_from(kind, after, PAGE)
        yield from rows
        if len(rows) < PAGE:
            return
        after = (rows[-1][1], rows[-1][0])


def _counts(reader: Reader, returners: Container[str], now: int) -> dict[str, dict[str, Tally]]:
    """Give what these parties returned of late, event by event."""
    found: dict[str, dict[str, Tally]] = defaultdict(dict)
    for name, at, body in every(reader, TALLY, (now - KEPT_US, "")):
        tally = _tally(name, at, body)
        if tally.returner in returners:
            found[tally.returner][name] = tally
    return dict(found)


def _tally(name: str, at: int, body: bytes) -> Tally:
    returner, count = _returner_and_count(body)
    return Tally(returner, int(name.rpartition("@")[2]), at, count)


def _version(reader: Reader, returner: str) -> int:
    row = reader.kept(VERSION, returner)
    return _number(row[1]) if row is not None else 0


def _encode_tally(tally: Tally) -> bytes:
    return encode((tally.returner, tally.count))
