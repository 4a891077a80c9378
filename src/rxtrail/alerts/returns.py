"""Watches returns: packs that come back, held against what the record knows of their numbers (S13).

Needs no lanes. Each new despatch is looked at by its head alone; only the packs of a return are read. What is odd, and
what cannot be decided yet, is kept and looked at again when more events came, so that late files explain it; what is in
order is looked at again each day for a month. One alert holds all that one party returned.
"""

from __future__ import annotations

import bisect
import itertools
from collections import defaultdict
from typing import TYPE_CHECKING, Final

import msgspec

from rxtrail.alerts.cursor import Cursor
from rxtrail.alerts.judging import RouteJudge, runs_of
from rxtrail.alerts.return_alerts import Told, file, packs_of, told_of, tos
from rxtrail.alerts.return_rows import (
    BY,
    KEPT_US,
    Basis,
    Returned,
    Tally,
    decode,
    encode,
    forget,
    keep_tally,
    note_gone,
    too_old,
)
from rxtrail.core.rules import returns as rules
from rxtrail.core.rules.route import Routes
from rxtrail.core.rules.steps import Flag
from rxtrail.core.rules.words import SENDS, gln_of_location
from rxtrail.errors import Busy
from rxtrail.record import sightings
from rxtrail.record.lanes import PartyTable
from rxtrail.record.standing import authority_of

if TYPE_CHECKING:
    import datetime
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from rxtrail.alerts.filing import Filing
    from rxtrail.core.rules.outliers import Suspicion
    from rxtrail.core.rules.route import Move
    from rxtrail.ledger.writer import Writer
    from rxtrail.store import Reader, Transaction
    from rxtrail.store.rows import EventHead

    Write = Callable[[Callable[[Filing], None]], None]
    Place = tuple[int, str]

OPEN: Final = "return-odd"  # of what the store keeps, by time: packs that are not decided yet (and odd ones of before)
ODD: Final = "return-found"  # the same, of packs that are odd
OK: Final = "return-ok"  # the same, of packs that are in order
SEEN: Final = "return-seen"  # where a returned pack was scanned and was not in order
WALK: Final = "return-look"  # by kind: when the last walk over its rows began, and how far it is
RETURNS: Final = "returns"
PART: Final = "return-part"  # of a return with more packs than one look has room for: its event, and the last of them
DAY_US: Final = 24 * 3_600 * 1_000_000
EVENTS_AT_ONCE: Final = 2_000
PACKS_AT_ONCE: Final = 10_000
"""So many packs are judged and written in one transaction; what is behind them in the next ones."""
CAUGHT_UP: Final = EVENTS_AT_ONCE
"""So far behind it may be kept how far it has come: each note of that is a record of the log, too."""
ROWS_AT_ONCE: Final = 1_000
FORGOTTEN_AT_ONCE: Final = 1_000
LOADED_MAX: Final = 20_000
IN_MIND_MAX: Final = 100_000
"""Of so many packs that were returned last a scan elsewhere is noticed; of older ones what the record has of it."""
TRIES: Final = 5  # to tell of returns of which another process tells something at the same time
PLACES_MAX: Final = 20
SCANS_MAX: Final = 20_000
RELOAD_SECONDS: Final = 5.0
_START: Final = (-1, "")

_encode = msgspec.msgpack.Encoder().encode
_sites = msgspec.msgpack.Decoder(list[str]).decode
_place = msgspec.msgpack.Decoder(tuple[int, str]).decode
_NO_PART: Final = (-1, "")


class _Walk:
    """Goes over all that is kept of one kind, one page a look: none keeps another from its turn, however many."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.begun_at: int | None = None
        self.wanted = False
        self._after: Place | None = None

    def load(self, reader: Reader) -> None:
        """Go on where an earlier process was."""
        row = reader.kept(WALK, self.kind)
        self.begun_at = row[0] if row is not None else 0
        self._after = _place(row[1]) if row is not None and row[1] else None

    def page(self, reader: Reader) -> _Page | None:
        """Give the next rows, and where the walk is behind them; None when none is on its way or wanted."""
        if self._after is None and not self.wanted:
            return None
        rows = reader.kept_from(self.kind, self._after or _START, ROWS_AT_ONCE)
        ends = (rows[-1][1], rows[-1][0]) if len(rows) == ROWS_AT_ONCE else None
        return _Page([decode(body) for _, _, body in rows], self._after, ends)

    def is_kept(self, page: _Page) -> bool:
        """Tell whether it is to be written how far it will have come: a short walk is simply begun again."""
        return page.begins is not None or page.ends is not None or (self.kind == OK and bool(page.rows))

    def keep(self, tx: Transaction, page: _Page, now: int) -> None:
        """Write how far it will have come."""
        if self.is_kept(page):
            at = now if page.begins is None else self.begun_at or now
            tx.keep(WALK, self.kind, at, b"" if page.ends is None else _encode(page.ends))

    def came(self, page: _Page, now: int) -> None:
        """Note that a page is done with."""
        if page.begins is None:
            self.wanted, self.begun_at = False, now
        self._after = page.ends


class _Page(msgspec.Struct, frozen=True):
    rows: list[Returned]
    begins: Place | None  # None at the beginning of a walk
    ends: Place | None  # None at its end


class _Look(msgspec.Struct):
    """What one look found; nothing of it counts before it is written."""

    position: int | None = None  # of the last event that was looked at whole
    part: Place | None = None  # how far the event behind it was looked at
    fresh: list[Returned] = []
    tallies: list[Tally] = []
    more: bool = False


class Returns:
    """The rule, for one process; it goes on where the one before it was."""

    def __init__(
        self,
        reader: Callable[[], Reader],
        writer: Callable[[], Writer],
        *,
        today: Callable[[], datetime.date],
        seconds: Callable[[], float],
    ) -> None:
        """Take what gives the calling thread's reader."""
        self._reader, self._today, self._seconds = reader, today, seconds
        self._since: int | None = None
        self._again = False
        self._log_size = -1  # when it was looked for events the last time
        self._cursor = Cursor(RETURNS, writer, seconds)
        self._part = _NO_PART
        self._basis: Basis | None = None  # of the parties whose packs the next look goes on with
        self._walks = {kind: _Walk(kind) for kind in (OPEN, ODD, OK)}
        self._scans: list[Suspicion] = []  # those that were not looked at yet
        self._returned: dict[str, Returned] = {}
        self._loaded = False
        self._parties: PartyTable | None = None
        self._judge: RouteJudge | None = None
        self._asks: Reader | None = None  # whom the judge asks: a reader belongs to one thread
        self._loaded_at = 0.0

    # -- from other threads ----------------------------------------------------------------------------------------

    def begin(self, position: int) -> None:
        """Note from where on the record is looked at when none was looked at before; the first time counts."""
        if self._since is None:
            self._since = position

    def again(self) -> None:
        """Note that parties or speakers changed: what is odd or not decided is looked at again."""
        self._again = True

    # -- in the background -----------------------------------------------------------------------------------------

    def look(self, now: int, scans: Sequence[Suspicion], write: Write) -> bool:
        """Look at what was committed and scanned since, and write what comes of it; tell whether there is more.

        What cannot be written is looked at again the next time.
        """
        reader = self._reader()
        if not self._has_begun(reader):
            return False
        self._scans = [*self._scans, *scans][-SCANS_MAX:]
        seen = self._seen(reader, self._scans)
        size = reader.log_size()
        found = self._new(reader) if size != self._log_size else _Look()
        self._want(now, has_events=found.position is not None)
        pages = {walk: page for walk in self._walks.values() if (page := walk.page(reader)) is not None}
        self._bring(reader, found, pages, seen, now, write)
        self._scans = []
        for walk, page in pages.items():
            walk.came(page, now)
        if not found.more:
            self._log_size = size
        if not found.more and not any(page.ends for page in pages.values()):
            self._basis = None
        return found.more

    def keep_cursor(self, *, always: bool) -> None:
        """Keep how far it has come, unless the next process has soon caught up: to look again changes nothing."""
        if self._cursor.behind > CAUGHT_UP:
            self._cursor.keep(always=always)

    def _has_begun(self, reader: Reader) -> bool:
        if self._cursor.position is not None:
            return True
        if self._cursor.load(reader, again=False) == -1:
            if self._since is None:
                self._cursor.position = None
                return False
            self._cursor.position = max(-1, self._since - 1 - CAUGHT_UP)
        if (row := reader.kept(PART, RETURNS)) is not None:
            self._part = _place(row[1])
        for walk in self._walks.values():
            walk.load(reader)
        return True

    def _want(self, now: int, *, has_events: bool) -> None:
        """Begin to look again at what was kept, where something may have changed of it."""
        if self._again or has_events:
            if self._again:
                self._loaded_at = -RELOAD_SECONDS
            self._again = False
            self._walks[OPEN].wanted = self._walks[ODD].wanted = True
        if now - (self._walks[OK].begun_at or 0) >= DAY_US:
            self._walks[OK].wanted = True

    def _bring(
        self,
        reader: Reader,
        found: _Look,
        pages: Mapping[_Walk, _Page],
        seen: Mapping[str, list[str]],
        now: int,
        write: Write,
    ) -> None:
        """Judge what is new and what is looked at again, and write what changes."""
        homes = {row.name: (walk.kind, row) for walk, page in pages.items() for row in page.rows}
        for pack in seen:
            row = self._returned[pack]
            homes.setdefault(row.name, (_home(row), row))
        before = {name: row for name, (_, row) in homes.items()}
        walked = any(page.rows or page.begins is not None for page in pages.values())
        if not (walked or before or found.fresh or found.tallies):
            if found.position is not None:
                self._cursor.position = found.position
            return
        parties, judge = self._known(reader)
        old = [(kind, row) for kind, row in homes.values() if row.at < now - KEPT_US]
        current = [*found.fresh, *(row for row in before.values() if row.at >= now - KEPT_US)]
        judged = self._judged(reader, judge, parties, current, seen)
        changed = {row.name: row for row in judged if before.get(row.name) != row or homes[row.name][0] != _home(row)}
        forgotten = too_old(reader, now, FORGOTTEN_AT_ONCE) if found.tallies else []

        def work(filing: Filing, told: Iterable[Told]) -> None:
            tx = filing.tx
            for tally in found.tallies:
                keep_tally(tx, tally)
            forget(tx, forgotten)
            for pack, places in seen.items():
                every = dict.fromkeys((*_places(tx, pack), *places))  # each process has its own scans
                tx.keep(SEEN, pack, now, _encode([*every][:PLACES_MAX]))
            for kind, row in old:
                tx.drop_kept(SEEN, row.pack)
                tx.drop_kept(kind, row.name)
                tx.drop_kept(BY + row.returner, row.name)
            for name, row in changed.items():
                if name in homes and homes[name][0] != _home(row):
                    tx.drop_kept(homes[name][0], name)
                tx.keep(_home(row), name, row.at, encode(row))
                if row.kind:
                    tx.keep(BY + row.returner, name, row.at, encode(row))
                elif name in before and before[name].kind:
                    tx.drop_kept(BY + row.returner, name)
            for walk, page in pages.items():
                walk.keep(tx, page, now)
            if found.position is not None:
                self._cursor.write(tx, found.position)
            if found.part is not None:
                tx.keep(PART, RETURNS, found.part[0], _encode(found.part))
            for each in told:
                file(filing, each)

        def attempt() -> bool:
            """Write it all, unless another process tells something of the same parties meanwhile."""
            gone = [row for _, row in old]
            told, basis, after = told_of(reader, parties, changed, before, found.tallies, gone, now, self._basis)
            is_so = False

            def write_so(filing: Filing) -> None:
                nonlocal is_so
                is_so = basis.is_so_still(filing.tx)
                if is_so:
                    work(filing, told)
                    after.write(filing.tx, basis, now)
                    note_gone(filing.tx, gone, after.versions, now)

            write(write_so)
            self._basis = after if is_so else basis
            return is_so

        if changed or seen or found.tallies or old or any(walk.is_kept(page) for walk, page in pages.items()):
            if not any(attempt() for _ in range(TRIES)):
                raise Busy(
                    "other processes tell of the same returns all the time", advice="Nothing: it is tried again."
                )
            if found.position is not None:
                self._cursor.came(found.position)
        elif found.position is not None:
            self._cursor.position = found.position
        self._part = found.part or self._part
        self._returned.update({row.pack: row for row in judged})
        for pack in [*itertools.islice(self._returned, max(0, len(self._returned) - IN_MIND_MAX))]:
            del self._returned[pack]

    # -- reading ---------------------------------------------------------------------------------------------------

    def _seen(self, reader: Reader, scans: Sequence[Suspicion]) -> dict[str, list[str]]:
        """Give the returned packs among these scans, with all places where they were scanned and were not in order."""
        found: dict[str, list[str]] = {}
        if scans and not self._loaded:
            self._loaded = True
            rows = [row for kind in (OK, OPEN, ODD) for row in _last(reader, kind)]
            self._returned = {row.pack: row for row in sorted(rows, key=lambda row: row.at)} | self._returned
        for scan in scans:
            pack = f"01/{scan.gtin}/21/{scan.serial}"
            if pack in self._returned and scan.site:
                known = found.get(pack) or _places(reader, pack)
                if scan.site not in known and len(known) < PLACES_MAX:
                    found[pack] = [*known, scan.site]
        return found

    def _known(self, reader: Reader) -> tuple[PartyTable, RouteJudge]:
        is_stale = self._seconds() - self._loaded_at > RELOAD_SECONDS
        if self._parties is None or self._judge is None or self._asks is not reader or is_stale:
            self._parties, self._loaded_at, self._asks = PartyTable(reader), self._seconds(), reader
            routes = Routes((), self._parties)
            self._judge = RouteJudge(reader, authority_of(reader, self._today()), routes)
        return self._parties, self._judge

    def _new(self, reader: Reader) -> _Look:
        """Give the packs of the next returns, as many as one look has room for, and how many each event has."""
        assert self._cursor.position is not None, "it has begun"
        positions = reader.event_positions(self._cursor.position, EVENTS_AT_ONCE)
        if not positions:
            return _Look()
        found = _Look(positions[-1], more=len(positions) == EVENTS_AT_ONCE)
        heads = reader.event_heads(positions)
        sends = {position: head for position, head in heads.items() if head.biz_step in SENDS}
        parties = self._known(reader)[0] if sends else None
        wanted = {p for p, head in sends.items() if parties is not None and _is_return(head, parties)}
        for body in reader.event_bodies(wanted):
            assert parties is not None, "a despatch has parties"
            head = heads[body.position]
            returner = next(iter(_froms(head)), "")
            if not returner:
                continue
            # In the order of their names, so that the next look goes on behind the last of them.
            packs = sorted(packs_of(reader, runs_of(body.canonical)))
            done = bisect.bisect(packs, self._part[1]) if self._part[0] == body.position else 0
            some = packs[done : done + PACKS_AT_ONCE - len(found.fresh)]
            one = parties.one(returner)
            found.tallies.append(Tally(one, body.position, head.time, len(packs)))
            found.fresh += [Returned(head.time, body.position, one, key[3:17], key[21:]) for key in some]
            if done + len(some) < len(packs):
                found.position, found.more = body.position - 1, True
                found.part = (body.position, some[-1]) if some else None
                break
        return found

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
            moved: dict[int, list[Move]] = {}  # a thousand packs of one despatch share one way
            for row in some:
                way = ways.get(row.pack)
                if way is not None and id(way) not in moved:
                    moved[id(way)] = judge.moves_of_way(way)
                moves = moved[id(way)] if way is not None else []
                steps = way.steps if way is not None else ()
                odd = rules.judge(row.event, moves, steps, _scans(reader, row, seen), parties.one, parties.role)
                known = any(move.sends and move.event != row.event for move in moves)
                kind, party = (odd.kind, odd.party) if odd is not None else ("", "")
                found.append(msgspec.structs.replace(row, kind=kind, party=party, fine=odd is None and known))
        return found


def _home(row: Returned) -> str:
    """Give the kind under which a pack is kept."""
    return ODD if row.kind else OK if row.fine else OPEN


def _last(reader: Reader, kind: str) -> list[Returned]:
    """Read the packs that were returned last."""
    found: list[Returned] = []
    before = (1 << 62, "")
    while len(found) < LOADED_MAX and (rows := reader.kept_before(kind, before, ROWS_AT_ONCE)):
        found += [decode(body) for _, _, body in rows]
        before = (rows[-1][1], rows[-1][0])
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
        head.biz_step, head.disposition, _froms(head), tos(head), parties.role
    )


def _froms(head: EventHead) -> list[str]:
    owner, possessor, location = head.source
    places = (possessor, gln_of_location(location), owner, gln_of_location(head.read_point))
    return [gln for gln in (*places, *sorted(head.speakers)) if gln]
