"""Watches returns: packs that come back, held against what the record knows of their numbers (S13).

Needs no lanes. Each new despatch is looked at by its head alone; only the packs of a return are read. What is odd, and
what cannot be decided yet, is kept and looked at again whenever something was committed, so that late files explain it;
what is in order is looked at again each day for a month. One alert holds all that one party returned.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

import msgspec

from rxtrail.alerts.filing import TITLES, id_of
from rxtrail.alerts.judging import RouteJudge, is_package, runs_of
from rxtrail.alerts.values import Alert, AlertPart, Evidence
from rxtrail.core.epcis.query.terms import number_of
from rxtrail.core.rules import returns as rules
from rxtrail.core.rules.route import CHECK, STOP, Routes
from rxtrail.core.rules.steps import Flag, Role
from rxtrail.core.rules.words import SENDS, gln_of_location
from rxtrail.ledger.filing import positions_of
from rxtrail.record import sightings
from rxtrail.record.lanes import PartyTable
from rxtrail.record.standing import authority_of
from rxtrail.record.times import iso

if TYPE_CHECKING:
    import datetime
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from rxtrail.alerts.filing import Filing
    from rxtrail.core.rules.outliers import Suspicion
    from rxtrail.store import Reader
    from rxtrail.store.rows import EventHead

KIND: Final = "return-odd"  # of what the store keeps, by time: packs that are odd, or not decided yet
OK: Final = "return-ok"  # the same, of packs that are in order
SEEN: Final = "return-seen"  # where a returned pack was scanned and was not in order
FULL: Final = "return-look"  # when all of these were looked at the last time
TALLY: Final = "return-tally"  # by time: how many packs one event returned, of one party
DAY_US: Final = 24 * 3_600 * 1_000_000
KEPT_US: Final = 30 * DAY_US
EVENTS_AT_ONCE: Final = 2_000
PACKS_MAX: Final = 2_000
"""Of one return; more come in pieces."""
ROWS_AT_ONCE: Final = 1_000
OK_MAX: Final = 20_000
IN_MIND_MAX: Final = 100_000
"""Of so many packs that were returned last a scan elsewhere is noticed; of older ones what the record has of it."""
PLACES_MAX: Final = 20
SHIPPED_EVENTS_MAX: Final = 20_000
RELOAD_SECONDS: Final = 5.0
LIKELY: Final = {
    rules.DISPENSED: ("{n:,} returned packs had been dispensed, such as {pack} by {party}.", "suspect",
        "A dispensed pack does not come back as goods: a copy, or a code taken from waste.", STOP),
    rules.ELSEWHERE: ("{n:,} returned packs were seen where they were never sent, such as {pack} at {party}.",
        "suspect", "One number on two packs: one of them is a copy.", STOP),
    rules.OTHERS: ("{n:,} returned packs had been sold to somebody else, such as {pack} to {party}.", "suspect",
        "Bought from somewhere else, or copies that get papers by being returned.", STOP),
    rules.AGAIN: ("{n:,} packs were returned more often than they were sold, such as {pack}.", "suspect",
        "One number was handed in twice.", STOP),
    rules.UNTOLD: ("{n:,} returned packs of which {party} has not told a sale to who returns them, such as {pack}.",
        "late-data", "The despatch to who returns them is most likely missing.", CHECK),
    rules.MANY: ("{n:,} packs were returned within 30 days, of {shipped:,} that were ever shipped there.", "suspect",
        "No customer returns so much of what it bought: goods from elsewhere are washed through returns.", CHECK),
}  # fmt: skip
NEXT: Final = "Do not put these back to stock. Find each sale, compare lot and expiry, and ask who returned them."


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


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Returned).decode
_sites = msgspec.msgpack.Decoder(list[str]).decode
_number = msgspec.msgpack.Decoder(tuple[str, int]).decode


class Returns:
    """The rule, for one process: it looks at all that is committed after its first look."""

    def __init__(
        self, reader: Callable[[], Reader], *, today: Callable[[], datetime.date], seconds: Callable[[], float]
    ) -> None:
        """Take what gives the calling thread's reader."""
        self._reader, self._today, self._seconds = reader, today, seconds
        self._looked: int | None = None
        self._reviewed = -1
        self._full_at: int | None = None
        self._returned: dict[str, Returned] = {}
        self._loaded = False
        self._parties: PartyTable | None = None
        self._judge: RouteJudge | None = None
        self._loaded_at = 0.0

    def begin(self, position: int) -> None:
        """Note from where on the record is looked at; the first time counts."""
        if self._looked is None:
            self._looked = position

    def look(self, now: int, scans: Sequence[Suspicion]) -> Callable[[Filing], None] | None:
        """Look at what was committed and scanned since; give what is to be written, None when nothing is."""
        reader = self._reader()
        if self._looked is None:
            return None
        seen = self._seen(reader, scans)
        fine = self._fine(reader, now) or [self._returned[scan] for scan in seen if self._returned[scan].fine]
        if reader.log_size() <= max(self._looked, self._reviewed) and not fine and not seen:
            return None
        fresh, tallies = self._new(reader)
        self._reviewed = reader.log_size()
        rows = [*_rows(reader, KIND, ROWS_AT_ONCE), *fine]
        if not fresh and not rows:
            return None
        parties, judge = self._known(reader)
        before = {row.name: row for row in rows}
        old = [row for row in rows if row.at < now - KEPT_US]
        current = [*fresh, *(row for row in rows if row.at >= now - KEPT_US)]
        judged = self._judged(reader, judge, parties, current, seen)
        self._returned.update({row.pack: row for row in judged})
        for pack in [*itertools.islice(self._returned, max(0, len(self._returned) - IN_MIND_MAX))]:
            del self._returned[pack]
        changed = [row for row in judged if before.get(row.name) != row]
        if not (changed or seen or tallies or old or fine):
            return None

        def write(filing: Filing) -> None:
            for name, at, count in tallies:
                filing.tx.keep(TALLY, name, at, _encode(count))
            for pack, places in seen.items():
                filing.tx.keep(SEEN, pack, now, _encode(places))
            for row in old:
                filing.tx.drop_kept(SEEN, row.pack)
                filing.tx.drop_kept(OK if row.fine else KIND, row.name)
            for row in changed:
                filing.tx.drop_kept(KIND if row.fine else OK, row.name)
                filing.tx.keep(OK if row.fine else KIND, row.name, row.at, _encode(row))
            if self._full_at == now:
                filing.tx.keep(FULL, FULL, now, b"")
            touched = {row.returner for row in changed if not row.fine or row.name in before}
            for returner in sorted(touched | {count[0] for _, _, count in tallies}):
                self._file(filing, parties, returner, now)

        return write

    def _seen(self, reader: Reader, scans: Sequence[Suspicion]) -> dict[str, list[str]]:
        """Give the returned packs among these scans, with all places where they were scanned and were not in order."""
        found: dict[str, list[str]] = {}
        if scans and not self._loaded:
            self._loaded = True
            self._returned.update({row.pack: row for kind in (OK, KIND) for row in _rows(reader, kind, OK_MAX)})
        for scan in scans:
            pack = f"01/{scan.gtin}/21/{scan.serial}"
            if pack in self._returned and scan.site:
                known = found.get(pack) or _places(reader, pack)
                if scan.site not in known and len(known) < PLACES_MAX:
                    found[pack] = [*known, scan.site]
        return found

    def _fine(self, reader: Reader, now: int) -> list[Returned]:
        """Once a day give what was in order: a late file may say otherwise."""
        if self._full_at is None:
            row = reader.kept(FULL, FULL)
            self._full_at = row[0] if row is not None else 0
        if now - self._full_at < DAY_US:
            return []
        self._full_at = now
        return _rows(reader, OK, OK_MAX)

    # -- reading ---------------------------------------------------------------------------------------------------

    def _known(self, reader: Reader) -> tuple[PartyTable, RouteJudge]:
        if self._parties is None or self._judge is None or self._seconds() - self._loaded_at > RELOAD_SECONDS:
            self._parties, self._loaded_at = PartyTable(reader), self._seconds()
            routes = Routes((), self._parties)
            self._judge = RouteJudge(reader, authority_of(reader, self._today()), routes)
        return self._parties, self._judge

    def _new(self, reader: Reader) -> tuple[list[Returned], list[tuple[str, int, tuple[str, int]]]]:
        """Give the packs of new returns, and how many each event has."""
        assert self._looked is not None, "it has begun"
        fresh: list[Returned] = []
        tallies: list[tuple[str, int, tuple[str, int]]] = []
        while positions := reader.event_positions(self._looked - 1, EVENTS_AT_ONCE):
            heads = reader.event_heads(positions)
            sends = {position: head for position, head in heads.items() if head.biz_step in SENDS}
            parties = self._known(reader)[0] if sends else None
            wanted = {p for p, head in sends.items() if parties is not None and _is_return(head, parties)}
            for body in reader.event_bodies(wanted):
                assert parties is not None, "a despatch has parties"
                head = heads[body.position]
                returner = next(iter(_froms(head)), "")
                packs = self._packs(reader, runs_of(body.canonical))
                if returner:
                    one = parties.one(returner)
                    tallies.append((f"{one}@{body.position}", head.time, (one, len(packs))))
                    fresh += [Returned(head.time, body.position, one, key[3:17], key[21:]) for key in packs[:PACKS_MAX]]
            self._looked = positions[-1] + 1
        return fresh, tallies

    @staticmethod
    def _packs(reader: Reader, runs: list[list[str]]) -> list[str]:
        """Give the packs among identifiers, and those that were put into the containers among them."""
        keys = [key + serial for key, serials in runs for serial in serials.split("\n")]
        packs = [key for key in keys if is_package(key)]
        numbers = reader.container_ids([key for key in keys if not is_package(key)])
        histories = reader.histories(numbers.values()) if numbers else {}
        events = {
            step.event
            for number in numbers.values()
            for step in histories.get(number, ())
            if step.role == Role.PARENT and step.action == "ADD" and not step.voided
        }
        for body in reader.event_bodies(events):
            packs += [
                key + serial
                for key, serials in runs_of(body.canonical, children=True)
                for serial in serials.split("\n")
                if is_package(key + serial)
            ]
        return list(dict.fromkeys(packs))

    @staticmethod
    def _judged(
        reader: Reader,
        judge: RouteJudge,
        parties: PartyTable,
        rows: Iterable[Returned],
        seen: Mapping[str, list[str]],
    ) -> list[Returned]:
        """Say of each what is odd; of those of whose way nothing is known nothing is decided."""
        found: list[Returned] = []
        by_gtin: dict[str, list[Returned]] = defaultdict(list)
        for row in rows:
            by_gtin[row.gtin].append(row)
        for gtin, some in by_gtin.items():
            ways = judge.ways_of_packs(gtin, sorted({row.serial for row in some}))
            for row in some:
                way = ways.get(row.pack)
                moves = judge.moves_of_way(way) if way is not None else []
                steps = way.steps if way is not None else ()
                odd = rules.judge(row.event, moves, steps, _scans(reader, row, seen), parties.one, parties.role)
                known = any(move.sends and move.event != row.event for move in moves)
                kind, party = (odd.kind, odd.party) if odd is not None else ("", "")
                found.append(msgspec.structs.replace(row, kind=kind, party=party, fine=odd is None and known))
        return found

    # -- writing ---------------------------------------------------------------------------------------------------

    def _file(self, filing: Filing, parties: PartyTable, returner: str, now: int) -> None:
        """Bring the alert of one party to what is kept of it."""
        rows = [
            row
            for _, _, body in filing.tx.kept_from(KIND, (-1, ""), ROWS_AT_ONCE)
            if (row := _decode(body)).returner == returner and row.kind
        ]
        counts = [(at, *_number(body)) for _, at, body in filing.tx.kept_from(TALLY, (now - KEPT_US, ""), ROWS_AT_ONCE)]
        own = [(at, count) for at, party, count in counts if party == returner]
        returned = sum(count for _, count in own)
        shipped = self._shipped(filing.tx, parties, returner) if returned >= rules.MANY_MIN else 0
        parts: dict[str, AlertPart] = {}
        for kind in rules.KINDS:
            some = sorted((row for row in rows if row.kind == kind), key=lambda row: (row.at, row.pack))
            if some:
                parts[kind] = _part(kind, some[0].at, [row.pack for row in some], parties.name(some[0].party), 0)
        if rules.is_many(returned, shipped):
            parts[rules.MANY] = _part(rules.MANY, max(own)[0], [], "", shipped, returned)
        number = id_of("S13", returner)
        if not parts:
            filing.no_more(number)
            return
        told = min(parts.values(), key=lambda part: (part.severity != STOP, part.time, part.what))
        subjects = sorted({row.pack for row in rows})
        filing.open_or_add(
            Alert(
                number, "S13", TITLES["S13"], told.severity, "open", told.what, told.cause, told.why, NEXT, "",
                iso(told.time), sender=returner, subjects=subjects, subject_count=len(subjects) or returned,
                evidence=_evidence(filing.tx, rows), parts=parts,
            )
        )  # fmt: skip

    @staticmethod
    def _shipped(reader: Reader, parties: PartyTable, party: str) -> int:
        """Count the packs that were ever shipped to a party, those in containers too."""
        positions: list[int] = []
        after = -1
        number = number_of(f"p:{party}")
        while rows := reader.postings(number, after, 100):
            for first, last, steps in rows:
                positions += positions_of(first, steps)
                after = last
            if len(positions) > SHIPPED_EVENTS_MAX:
                break
        heads = reader.event_heads(positions[:SHIPPED_EVENTS_MAX])
        sales = [
            position
            for position, head in heads.items()
            if head.biz_step in SENDS and party in {parties.one(gln) for gln in _tos(head)}
            and not head.flags & Flag.DECLARATION
        ]  # fmt: skip
        return sum(len(Returns._packs(reader, runs_of(body.canonical))) for body in reader.event_bodies(sales))


def _part(kind: str, time: int, packs: list[str], party: str, shipped: int, returned: int = 0) -> AlertPart:
    what, cause, why, severity = LIKELY[kind]
    pack = packs[0] if packs else ""
    words = what.format(n=len(packs) or returned, pack=pack, party=party, shipped=shipped)
    return AlertPart(time, words, cause, why, severity, NEXT, packs[:PACKS_MAX])


def _evidence(reader: Reader, rows: Iterable[Returned]) -> list[Evidence]:
    events = sorted({row.event for row in rows})[:20]
    return [
        Evidence("event", iso(body.time), "return", f"/epcis/events/{quote(body.event_id, safe='')}")
        for body in reader.event_bodies(events)
    ]


def _rows(reader: Reader, kind: str, most: int) -> list[Returned]:
    found: list[Returned] = []
    after = (-1, "")
    while len(found) < most:
        rows = reader.kept_from(kind, after, min(most, ROWS_AT_ONCE))
        found += [_decode(body) for _, _, body in rows]
        if len(rows) < ROWS_AT_ONCE:
            break
        after = (rows[-1][1], rows[-1][0])
    return found


def _scans(reader: Reader, row: Returned, seen: Mapping[str, list[str]]) -> list[str]:
    """Give the places where a pack was scanned, and the record has it elsewhere."""
    told = [place for place, _ in sightings.places_of(reader, row.gtin, row.serial)]
    return [*told, *(seen.get(row.pack) or _places(reader, row.pack))]


def _places(reader: Reader, pack: str) -> list[str]:
    row = reader.kept(SEEN, pack)
    return _sites(row[1]) if row is not None else []


def _is_return(head: EventHead, parties: PartyTable) -> bool:
    return not head.flags & Flag.DECLARATION and rules.is_return(
        head.biz_step, head.disposition, _froms(head), _tos(head), parties.role
    )


def _froms(head: EventHead) -> list[str]:
    owner, possessor, location = head.source
    places = (possessor, gln_of_location(location), owner, gln_of_location(head.read_point))
    return [gln for gln in (*places, *sorted(head.speakers)) if gln]


def _tos(head: EventHead) -> list[str]:
    owner, possessor, location = head.destination
    return [gln for gln in (possessor, gln_of_location(location), owner) if gln]
