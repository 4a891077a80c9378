"""Exports: packs and events, filtered, streamed in the order of their keys, whatever their number.

Who holds a lot is counted in ``query.holders``.
"""

from __future__ import annotations

import csv
import datetime
import io
from typing import TYPE_CHECKING

import msgspec

from rxtrail.core.epcis.convert import writer
from rxtrail.core.epcis.head import Head
from rxtrail.core.epcis.notes import Notes
from rxtrail.core.epcis.spelling import Spelling
from rxtrail.core.epcis.write_json import event_json
from rxtrail.core.gs1 import epc, ndc
from rxtrail.errors import BadRequest
from rxtrail.ledger.containers import is_sgtin
from rxtrail.ledger.prepare import restore
from rxtrail.record.contents import contents_of
from rxtrail.record.exact import Shelf
from rxtrail.record.facts import Memory, Pending, Recalls, find
from rxtrail.record.identify import identify
from rxtrail.record.standing import as_seen_by, identity_of
from rxtrail.record.times import iso

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from rxtrail.answers import ExportFilters, NodeIdentity
    from rxtrail.core.epcis.convert import Target
    from rxtrail.core.epcis.event import Event
    from rxtrail.core.rules.authority import Authority
    from rxtrail.core.rules.steps import Custody
    from rxtrail.store import Reader
    from rxtrail.store.rows import EventBody

PAGE = 2_000
_TARGETS: dict[str, Target] = {"epcis": "json", "epcis-xml-1.2": "xml-1.2", "epcis-xml-2.0": "xml-2.0"}
FORMATS = {"packs": ("json", "csv"), "events": ("json", "csv", *_TARGETS)}


class PackRow(msgspec.Struct, frozen=True, gc=False):
    """One package as exported."""

    gtin: str
    serial: str
    lot: str
    expiry: str
    disposition: str
    custodian: str
    owner: str
    location: str
    in_transit_to: str
    container: str
    holds: list[str]
    recalled: bool
    basis: str


PACK_COLUMNS = PackRow.__struct_fields__
EVENT_COLUMNS = (
    "log_index", "event_id", "event_time", "record_time", "type", "action", "biz_step", "disposition", "read_point",
    "biz_location", "speaker", "epcs", "parent",
)  # fmt: skip


def export(
    reader: Reader, authority: Authority, what: str, fmt: str, filters: ExportFilters, *, today: datetime.date
) -> Iterator[bytes]:
    """Stream an export; an empty one still has its header.

    :raises BadRequest: an unknown kind, format or filter value.
    """
    if fmt not in FORMATS.get(what, ()):
        known = "; ".join(f"{kind}: {', '.join(formats)}" for kind, formats in FORMATS.items())
        raise BadRequest(f"no export of {what!r} as {fmt!r}", place="format", advice=f"There are {known}.")
    if what == "packs":
        rows = packs(reader, authority, filters, today=today)
        return _json_lines(rows) if fmt == "json" else _csv(PACK_COLUMNS, (_pack_cells(row) for row in rows))
    events = _events(reader, filters, today=today)
    if fmt == "csv":
        return _csv(EVENT_COLUMNS, (_event_cells(body, event) for body, event in events))
    if fmt == "json":
        return (
            msgspec.json.encode(event_json(event, record_time=iso(body.recorded_at))) + b"\n" for body, event in events
        )
    return _document(events, _TARGETS[fmt], today)


# -- packs ---------------------------------------------------------------------------------------------------------


def packs(reader: Reader, authority: Authority, filters: ExportFilters, *, today: datetime.date) -> Iterator[PackRow]:
    """Give packages by product and serial, then those that are containers themselves."""
    wanted = _gtins(filters)
    recalls = Recalls()
    recalls.load(reader, authority)
    identity = identity_of(reader)
    memory = Memory()
    memory.shelf = Shelf(reader, authority)  # an export reads one unchanging view of the record
    if filters.po or filters.since or filters.until:
        raise BadRequest("packs are filtered by gtin, ndc, lot, serial, sscc and partner", place="filters")
    keys = _pack_keys(reader, authority, filters, wanted, today)
    for gtin, serial in keys:
        row = _pack(reader, authority, recalls, memory, identity, gtin, serial)
        if (not filters.lot or row.lot == filters.lot) and (
            not filters.partner or filters.partner in (row.custodian, row.owner, row.in_transit_to)
        ):
            yield row


def _pack_keys(
    reader: Reader, authority: Authority, filters: ExportFilters, wanted: set[str], today: datetime.date
) -> Iterator[tuple[str, str]]:
    if filters.sscc:
        row = reader.container(identify(filters.sscc, this_year=today.year))
        inside = contents_of(reader, authority, row, limit=1 << 40) if row is not None else []
        for gtin, serial, _, _ in inside:
            if (not wanted or gtin in wanted) and (not filters.serial or serial == filters.serial):
                yield gtin, serial
        return
    if wanted and filters.serial:
        for gtin in sorted(wanted):
            product = reader.product(gtin)
            if product is not None and (
                reader.units_of(product[0], [filters.serial])
                or reader.container(f"01/{gtin}/21/{filters.serial}") is not None
            ):
                yield gtin, filters.serial
        return
    after = (0, "")
    while True:
        page = reader.units_from(after, PAGE)
        for product_number, unit in page:
            gtin = reader.gtin(product_number)
            if (not wanted or gtin in wanted) and (not filters.serial or unit.serial == filters.serial):
                yield gtin, unit.serial
        if len(page) < PAGE:
            break
        after = (page[-1][0], page[-1][1].serial)
    number = 0
    while True:
        rows = reader.containers_from(number, PAGE, packages_only=True)
        for container in rows:
            if is_sgtin(container.key):
                gtin, serial = container.key[3:17], container.key[21:]
                if (not wanted or gtin in wanted) and (not filters.serial or serial == filters.serial):
                    yield gtin, serial
        if len(rows) < PAGE:
            return
        number = rows[-1].id


def _pack(
    reader: Reader,
    authority: Authority,
    recalls: Recalls,
    memory: Memory,
    identity: NodeIdentity,
    gtin: str,
    serial: str,
) -> PackRow:
    found = find(reader, authority, recalls, gtin, serial, "", Pending(), memory)
    facts = found.facts
    custody: Custody = as_seen_by(identity, facts.custody)
    return PackRow(
        gtin=gtin,
        serial=serial,
        lot=facts.lot,
        expiry=facts.expiry,
        disposition=facts.disposition if facts.on_record else "never-commissioned",
        custodian=custody.custodian,
        owner=custody.owner,
        location=custody.location,
        in_transit_to=custody.to[0] if custody.to else "",
        container=found.container,
        holds=sorted([*facts.holds, *facts.doubts]),
        recalled=bool(facts.recalled),
        basis=facts.basis,
    )


def _gtins(filters: ExportFilters) -> set[str]:
    wanted: set[str] = set()
    if filters.gtin:
        if not (filters.gtin.isascii() and filters.gtin.isdigit() and len(filters.gtin) <= 14):
            raise BadRequest(f"{filters.gtin!r} is not a GTIN", place="gtin")
        wanted.add(filters.gtin.zfill(14))
    if filters.ndc:
        wanted.update(ndc.to_gtin(filters.ndc, indicator) for indicator in range(9))
    return wanted


# -- events --------------------------------------------------------------------------------------------------------


def _events(reader: Reader, filters: ExportFilters, *, today: datetime.date) -> Iterator[tuple[EventBody, Event]]:
    since, until = _moment(filters.since, "since"), _moment(filters.until, "until")
    keep = _event_test(filters, today)
    after = -1
    while True:
        page = reader.events_from(after, PAGE)
        for body in page:
            if (since is not None and body.time < since) or (until is not None and body.time >= until):
                continue
            event = restore(body.canonical, body.envelope)
            if keep(body, event):
                yield body, event
        if len(page) < PAGE:
            return
        after = page[-1].position


def _event_test(filters: ExportFilters, today: datetime.date) -> Callable[[EventBody, Event], bool]:
    wanted = _gtins(filters)
    sscc = identify(filters.sscc, this_year=today.year) if filters.sscc else ""

    def keep(body: EventBody, event: Event) -> bool:
        if filters.partner and filters.partner != body.speaker:
            return False
        if filters.po and not any(filters.po in transaction.value for transaction in event.biz_transactions):
            return False
        if (
            filters.lot
            and filters.lot not in _texts(event.ilmd)
            and not any(q.epc_class.endswith(f"/10/{filters.lot}") for q in event.quantities)
        ):
            return False
        if not (wanted or filters.serial or sscc):
            return True
        for key, serials in _lists(event):
            if sscc and any(key + serial == sscc for serial in serials):
                return True
            if key[:3] == "01/" and (wanted or filters.serial):
                if wanted and key[3:17] not in wanted:
                    continue
                if not filters.serial or filters.serial in serials:
                    return True
        return bool(sscc) and event.parent == sscc

    return keep


def _lists(event: Event) -> Iterator[tuple[str, list[str]]]:
    """Give all packages and logistic units that an event speaks of; of the parents, those that are packages too."""
    yield from _listed(event)
    if event.parent and is_sgtin(event.parent):
        yield event.parent[:21], [event.parent[21:]]


def _listed(event: Event) -> Iterator[tuple[str, list[str]]]:
    for runs in (event.epcs, event.children, event.inputs, event.outputs):
        for run in runs:
            yield run.key, run.serials


def _texts(tree: dict[str, object]) -> set[str]:
    return {value for value in tree.values() if isinstance(value, str)}


def _moment(text: str, name: str) -> int | None:
    if not text:
        return None
    try:
        moment = datetime.datetime.fromisoformat(text)
    except ValueError as error:
        raise BadRequest(
            f"{name} {text!r} is not a date or time like 2026-11-23 or 2026-11-23T09:14:02Z", place=name
        ) from error
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=datetime.UTC)
    return int(moment.timestamp() * 1_000_000)


# -- forms ---------------------------------------------------------------------------------------------------------


def _json_lines(rows: Iterable[PackRow]) -> Iterator[bytes]:
    encode = msgspec.json.encode
    chunk: list[bytes] = []
    for row in rows:
        chunk.append(encode(row))
        if len(chunk) == PAGE:
            yield b"\n".join(chunk) + b"\n"
            chunk = []
    if chunk:
        yield b"\n".join(chunk) + b"\n"


def _csv(columns: Iterable[str], rows: Iterable[Iterable[str]]) -> Iterator[bytes]:
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(columns)
    for count, row in enumerate(rows, 1):
        writer.writerow([_safe(cell) for cell in row])
        if count % PAGE == 0:
            yield out.getvalue().encode()
            out.seek(0)
            out.truncate()
    yield out.getvalue().encode()


def _safe(cell: str) -> str:
    """Keep a spreadsheet from running a cell that a stranger wrote (CSV injection)."""
    return "'" + cell if cell[:1] in ("=", "+", "-", "@", "\t", "\r") else cell


def _pack_cells(row: PackRow) -> list[str]:
    cells = []
    for column in PACK_COLUMNS:
        value = getattr(row, column)
        cells.append(
            "|".join(value) if isinstance(value, list) else str(value).lower() if isinstance(value, bool) else value
        )
    return cells


def _event_cells(body: EventBody, event: Event) -> list[str]:
    epcs = [key + serial for key, serials in _listed(event) for serial in serials]
    return [
        str(body.position),
        event.event_id,
        iso(event.event_time),
        iso(body.recorded_at),
        event.kind,
        event.action,
        event.biz_step,
        event.disposition,
        event.read_point,
        event.biz_location,
        body.speaker,
        " ".join(epc.to_digital_link(each) if _is_gs1(each) else each for each in epcs),
        event.parent,
    ]


def _is_gs1(canonical: str) -> bool:
    return canonical[:2].isdigit()


def _document(events: Iterable[tuple[EventBody, Event]], target: Target, today: datetime.date) -> Iterator[bytes]:
    """Write an EPCIS document: identifiers as Digital Links, but as URNs for EPCIS 1.2, which knows no others."""
    spelling = Spelling("urn" if target == "xml-1.2" else "digital-link")
    out = writer(target, Head(), spelling, Notes(), creation_date=f"{today.isoformat()}T00:00:00Z")
    pieces = [out.start()]
    for body, event in events:
        pieces.append(out.event(event, record_time=iso(body.recorded_at)))
        if len(pieces) == PAGE:
            yield "".join(pieces).encode()
            pieces = []
    yield "".join([*pieces, out.finish()]).encode()
