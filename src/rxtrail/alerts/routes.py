"""Approved routes: loaded as drafts from a file or learned from the record, approved by a person, retired."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from rxtrail.alerts.judging import products_inside
from rxtrail.alerts.tables import read_lanes
from rxtrail.core.epcis import canonical
from rxtrail.core.rules import lanes as rules
from rxtrail.core.rules.lanes import ERROR, WARNING, LaneFlaw
from rxtrail.core.rules.route import APPROVED, DRAFT, RETIRED, Lane
from rxtrail.core.rules.steps import Flag
from rxtrail.core.rules.words import SENDS, gln_of_location
from rxtrail.errors import BadRequest, NotFound, Refused
from rxtrail.record import cold
from rxtrail.record import lanes as kept
from rxtrail.record.times import iso
from rxtrail.store.rows import RecordKind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rxtrail.alerts.values import RouteCommand
    from rxtrail.ledger.log import Log
    from rxtrail.ledger.writer import Writer
    from rxtrail.store import Reader, Transaction

EVENTS_AT_ONCE: Final = 1_000
LANES_MAX: Final = 50_000
_encode = msgspec.msgpack.Encoder().encode


class RoutesReport(msgspec.Struct, frozen=True, gc=False):
    """What became of lanes, and what is odd about them; nothing is changed when there is an error."""

    lanes: list[Lane]
    flaws: list[LaneFlaw]


class RouteDesk:
    """The use case."""

    def __init__(
        self, writer: Callable[[], Writer], reader: Callable[[], Reader], *, changed: Callable[[], None]
    ) -> None:
        """``changed`` is told after each change: everything is then judged again."""
        self._writer, self._reader, self._changed = writer, reader, changed
        self.learned: list[Lane] = []

    def all(self, *, state: str = "") -> list[Lane]:
        """List the lanes in the order of id and version; raises ``BadRequest`` for a state that is none."""
        if state not in ("", DRAFT, APPROVED, RETIRED):
            raise BadRequest(f"state {state[:40]!r} is none of draft, approved, retired", place="state")
        return [lane for lane in kept.lanes_of(self._reader()) if state in ("", lane.state)]

    def get(self, number: str) -> Lane:
        """Give the latest version of a lane, or the one that ``ID@VERSION`` names; raises ``NotFound``."""
        return _latest(self.all(), number)

    def check(self, table: bytes | None = None) -> RoutesReport:
        """Tell what is wrong with the lanes of a file beside those on record, or with those on record.

        :raises BadRequest: the file cannot be read.
        """
        lanes = read_lanes(table) if table is not None else []
        return self._checked(self._reader(), lanes)

    def suggest(self) -> Iterator[tuple[int, int]]:
        """Walk through the record's despatches; give (events looked at, all of them) as it goes on."""
        reader = self._reader()
        parties = kept.PartyTable(reader)
        moves: list[tuple[str, str, str]] = []
        after, size = -1, reader.log_size()
        while positions := reader.event_positions(after, EVENTS_AT_ONCE):
            heads = reader.event_heads(positions)
            sends = [p for p, head in heads.items() if head.biz_step in SENDS and not head.flags & Flag.DECLARATION]
            for body in reader.event_bodies(sends):
                head = heads[body.position]
                if head.disposition == "returned":
                    continue
                one, two = _end(head.source, head.read_point or head.biz_location), _end(head.destination, "")
                if (
                    not (one and two)
                    or {parties.role(one), parties.role(two)} & {"3pl"}
                    or parties.one(one) == parties.one(two)
                ):
                    continue
                keys = {run.key for run in canonical.decode(body.canonical).epcs}
                gtins = {key[3:17] for key in keys if key.startswith("01/")} or _inside(reader, body.canonical)
                moves += [(gtin, parties.one(one), parties.one(two)) for gtin in gtins]
            after = positions[-1]
            yield min(after + 1, size), size
        self.learned = rules.suggested(moves)

    # -- acting ----------------------------------------------------------------------------------------------------

    def act(self, command: RouteCommand) -> RoutesReport:
        """Load, approve or retire lanes, durably; all of them or none.

        :raises BadRequest: nobody is named, or the file cannot be read.
        :raises NotFound: there is no such lane.
        :raises Refused: lanes are wrong, loop or contradict each other.
        """
        if not command.by.strip():
            raise BadRequest("say who does it", place="by")
        if command.what == "load":
            lanes = read_lanes(command.table)
        elif command.what == "suggest":
            for _ in self.suggest():
                pass
            lanes = self.learned
        elif command.what in ("approve", "retire"):
            lanes = []
        else:
            raise BadRequest(f"{command.what[:40]!r} is none of load, suggest, approve, retire", place="what")

        def write(tx: Transaction, log: Log) -> RoutesReport:
            if lanes or command.what in ("load", "suggest"):
                return self._load(tx, log, lanes, command.by)
            return self._move(tx, log, command)

        report = self._writer().do(write)
        self._changed()
        return report

    def _load(self, tx: Transaction, log: Log, lanes: list[Lane], by: str) -> RoutesReport:
        report = self._checked(tx, lanes)
        _refuse(report.flaws)
        made: list[Lane] = []
        known = {kept.key_of(lane): lane for lane in kept.lanes_of(tx)}
        if len(known) + len(lanes) > LANES_MAX:
            raise Refused(f"there would be more than {LANES_MAX:,} lanes", place="file", advice="Retire old ones.")
        for lane in lanes:
            old = known.get(kept.key_of(lane))
            if old is not None and _same(old, lane):
                made.append(old)  # said again
                continue
            fresh = msgspec.structs.replace(
                lane, state=DRAFT, loaded_at=iso(log.now), loaded_by=by, approved_at="", approved_by=""
            )
            self._keep(tx, log, fresh, "route-loaded")
            made.append(fresh)
        return RoutesReport(made, report.flaws)

    def _move(self, tx: Transaction, log: Log, command: RouteCommand) -> RoutesReport:
        every = kept.lanes_of(tx)
        approve = command.what == "approve"
        wanted = (
            [_latest(every, number) for number in command.ids]
            if command.ids
            else [lane for lane in every if lane.state == (DRAFT if approve else APPROVED)]
        )
        if not wanted:
            raise NotFound(f"there is no lane to {command.what}", advice="List the lanes with: rxtrail route list")
        if approve:
            held = {kept.key_of(lane) for lane in wanted}
            others = [lane for lane in every if lane.state == APPROVED and kept.key_of(lane) not in held]
            flaws = rules.contradictions([*others, *wanted])
            for lane in wanted:
                flaws += [flaw for flaw in rules.flaws_of(lane, kept.PartyTable(tx).listed) if flaw.severity == ERROR]
            _refuse(flaws)
        made: list[Lane] = []
        for lane in wanted:
            state = APPROVED if approve else RETIRED
            fresh = lane
            if lane.state != state:
                more = {"approved_at": iso(log.now), "approved_by": command.by} if approve else {}
                fresh = msgspec.structs.replace(lane, state=state, **more)
                self._keep(tx, log, fresh, f"route-{state}", command.by, command.reason)
            made.append(fresh)
        return RoutesReport(made, [])

    @staticmethod
    def _keep(tx: Transaction, log: Log, lane: Lane, what: str, *said: str) -> None:
        log.append(RecordKind.DECISION, b"\x01" + _encode([log.now, what, lane, *said]))
        tx.keep(kept.KIND, kept.key_of(lane), log.now, kept.encode(lane), tell=True)

    @staticmethod
    def _checked(reader: Reader, lanes: list[Lane]) -> RoutesReport:
        parties = kept.PartyTable(reader)
        on_record = kept.lanes_of(reader)
        known = {kept.key_of(lane): lane for lane in on_record}
        flaws: list[LaneFlaw] = []
        seen: dict[str, Lane] = {}
        for lane in lanes:
            key = kept.key_of(lane)
            flaws += rules.flaws_of(lane, parties.listed)
            for old in (seen.get(key), known.get(key)):
                if old is not None and not _same(old, lane):
                    flaws.append(
                        LaneFlaw(
                            lane.id, ERROR, "lane-changed",
                            f"version {lane.version} of lane {lane.id} says something else already; "
                            f"give it version {lane.version + 1}",
                            "version",
                        )
                    )  # fmt: skip
                    break
            seen[key] = lane
        profiles = {profile.id for profile in cold.every(reader) if profile.state != RETIRED}
        flaws += [
            LaneFlaw(
                lane.id, WARNING, "lane-temperature",
                f"there is no temperature profile {lane.temperature[:40]!r}: nothing is judged by it", "temperature",
            )
            for lane in lanes or on_record
            if lane.temperature and lane.temperature not in profiles and lane.state != RETIRED
        ]  # fmt: skip
        if not lanes:
            flaws += [
                flaw for lane in on_record if lane.state != RETIRED for flaw in rules.flaws_of(lane, parties.listed)
            ]
        approved = [lane for lane in on_record if lane.state == APPROVED and kept.key_of(lane) not in seen]
        flaws += rules.contradictions([*approved, *lanes] if lanes else [x for x in on_record if x.state != RETIRED])
        return RoutesReport(lanes or on_record, flaws)


def _same(one: Lane, other: Lane) -> bool:
    blank = {"state": "", "loaded_at": "", "loaded_by": "", "approved_at": "", "approved_by": "", "learned": 0}
    return msgspec.structs.replace(one, **blank) == msgspec.structs.replace(other, **blank)


def _refuse(flaws: list[LaneFlaw]) -> None:
    errors = [flaw for flaw in flaws if flaw.severity == ERROR]
    if errors:
        first = errors[0]
        more = f" ({len(errors) - 1} more)" if len(errors) > 1 else ""
        raise Refused(
            f"lane {first.lane}: {first.message}{more}",
            place=first.place,
            advice="See all of it with: rxtrail route check FILE",
        )


def _latest(lanes: list[Lane], number: str) -> Lane:
    named = [lane for lane in lanes if number in (lane.id, kept.key_of(lane))]
    if not named:
        raise NotFound(f"no lane {number[:60]!r}", place="id", advice="List the lanes with: rxtrail route list")
    return max(named, key=lambda lane: lane.version)


def _end(three: tuple[str, str, str], place: str) -> str:
    owner, possessor, location = three
    return possessor or gln_of_location(location) or owner or gln_of_location(place)


def _inside(reader: Reader, written: bytes) -> set[str]:
    """Give the products of the containers that an event moves."""
    keys = [run.key + serial for run in canonical.decode(written).epcs for serial in run.serials]
    return products_inside(reader, keys)
