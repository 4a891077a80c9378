"""Exports: packages, events and transaction information, filtered, streamed, whatever their number.

Who holds a lot is counted in ``query.holders``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from rxtrail.core.epcis.notes import Notes
from rxtrail.core.gs1 import ndc
from rxtrail.errors import BadRequest
from rxtrail.ledger.containers import is_sgtin
from rxtrail.query import sheets, ti
from rxtrail.query.documents import TARGETS, document, events_of_packages
from rxtrail.query.events import COLUMNS as EVENT_COLUMNS
from rxtrail.query.events import event_lines, event_row, events_asked, moment
from rxtrail.query.sheets import Column
from rxtrail.query.transactions import transactions
from rxtrail.record.contents import contents_of
from rxtrail.record.exact import Shelf
from rxtrail.record.facts import Memory, Pending, Recalls, find
from rxtrail.record.identify import identify
from rxtrail.record.standing import as_seen_by, identity_of

if TYPE_CHECKING:
    import datetime
    from collections.abc import Iterable, Iterator

    from rxtrail.answers import ExportFilters, NodeIdentity
    from rxtrail.core.rules.authority import Authority
    from rxtrail.core.rules.steps import Custody
    from rxtrail.store import Reader

PAGE = 2_000
KINDS = ("ti", "events", "packs")
FORMATS = ("json", "csv", "pdf", "parquet", *TARGETS)


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


PACK_COLUMNS = (
    Column("gtin", "text", 14),
    Column("serial", "text", 20),
    Column("lot", "text", 15),
    Column("expiry", "text", 10),
    Column("disposition", "text", 14),
    Column("custodian", "text", 13),
    Column("owner", "text", 13),
    Column("location", "text", 18),
    Column("in_transit_to", "text", 13),
    Column("container", "text", 24),
    Column("holds", "texts", 12),
    Column("recalled", "flag", 8),
    Column("basis", "text", 10),
)


def export(
    reader: Reader,
    authority: Authority,
    what: str,
    fmt: str,
    filters: ExportFilters,
    *,
    today: datetime.date,
    notes: Notes | None = None,
) -> Iterator[bytes]:
    """Stream an export; an empty one still has its header.

    ``notes`` hear what EPCIS cannot say as the record has it; they are whole once the export is exhausted.

    :raises BadRequest: an unknown kind, format or filter value, or one that this installation cannot write.
    """
    if what not in KINDS or fmt not in FORMATS:
        advice = f"There are {', '.join(KINDS)}, each as {', '.join(FORMATS)}."
        raise BadRequest(f"no export of {what!r} as {fmt!r}", place="format", advice=advice)
    notes = notes if notes is not None else Notes()
    match what:
        case "ti":
            return _transactions(reader, authority, fmt, filters, today, notes)
        case "packs":
            return _packs(reader, authority, fmt, filters, today, notes)
        case _:
            return _events(reader, fmt, filters, today, notes)


def _events(reader: Reader, fmt: str, filters: ExportFilters, today: datetime.date, notes: Notes) -> Iterator[bytes]:
    events = events_asked(reader, filters, gtins_of(filters), today=today)
    if fmt == "json":
        return event_lines(events)
    if fmt in TARGETS:
        return document(events, TARGETS[fmt], today, notes)
    return _sheet("Events", fmt, EVENT_COLUMNS, (event_row(body, event) for body, event in events), today)


def _transactions(
    reader: Reader, authority: Authority, fmt: str, filters: ExportFilters, today: datetime.date, notes: Notes
) -> Iterator[bytes]:
    times = moment(filters.since, "since"), moment(filters.until, "until")
    lines = transactions(reader, authority, filters, gtins_of(filters), times, today=today)
    if fmt in TARGETS:
        return ti.as_document(reader, lines, TARGETS[fmt], today, notes)
    told = (line.transaction for line in lines)
    match fmt:
        case "json":
            return ti.as_json(told)
        case "csv":
            return sheets.as_csv(ti.PACKAGE_COLUMNS, ti.package_rows(told))
        case "parquet":
            return sheets.as_parquet(ti.COLUMNS, ti.rows(told))
        case _:
            return ti.as_pdf(told, today)


def _packs(
    reader: Reader, authority: Authority, fmt: str, filters: ExportFilters, today: datetime.date, notes: Notes
) -> Iterator[bytes]:
    rows = packs(reader, authority, filters, today=today)
    if fmt == "json":
        return _json_lines(rows)
    if fmt in TARGETS:
        return document(events_of_packages(reader, rows), TARGETS[fmt], today, notes)
    return _sheet("Packages", fmt, PACK_COLUMNS, map(msgspec.structs.astuple, rows), today)


def _sheet(
    title: str, fmt: str, columns: tuple[Column, ...], rows: Iterable[sheets.Row], today: datetime.date
) -> Iterator[bytes]:
    match fmt:
        case "csv":
            return sheets.as_csv(columns, rows)
        case "parquet":
            return sheets.as_parquet(columns, rows)
        case _:
            return sheets.as_pdf(title, columns, rows, today)


# -- packs ---------------------------------------------------------------------------------------------------------


def packs(reader: Reader, authority: Authority, filters: ExportFilters, *, today: datetime.date) -> Iterator[PackRow]:
    """Give packages by product and serial, then those that are containers themselves."""
    wanted = gtins_of(filters)
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


def gtins_of(filters: ExportFilters) -> set[str]:
    """Give the products that filters name, an NDC at all its packaging levels; empty means all."""
    wanted: set[str] = set()
    if filters.gtin:
        if not (filters.gtin.isascii() and filters.gtin.isdigit() and len(filters.gtin) <= 14):
            raise BadRequest(f"{filters.gtin!r} is not a GTIN", place="gtin")
        wanted.add(filters.gtin.zfill(14))
    if filters.ndc:
        wanted.update(ndc.to_gtin(filters.ndc, indicator) for indicator in range(9))
    return wanted


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
