"""Events for exports: which are asked for, and what a row of a table says of one."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING

import msgspec

from rxtrail.core.epcis.write_json import event_json
from rxtrail.core.gs1 import epc
from rxtrail.errors import BadRequest
from rxtrail.ledger.containers import is_sgtin
from rxtrail.ledger.prepare import restore
from rxtrail.query.sheets import Column
from rxtrail.record.identify import identify
from rxtrail.record.times import iso

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from rxtrail.answers import ExportFilters
    from rxtrail.core.epcis.event import Event
    from rxtrail.query.sheets import Row
    from rxtrail.store import Reader
    from rxtrail.store.rows import EventBody

PAGE = 2_000
COLUMNS = (
    Column("log_index", "number", 9),
    Column("event_id", "text", 17),
    Column("event_time", "text", 11),
    Column("record_time", "text", 11),
    Column("type", "text", 11),
    Column("action", "text", 7),
    Column("biz_step", "text", 13),
    Column("disposition", "text", 12),
    Column("read_point", "text", 14),
    Column("biz_location", "text", 14),
    Column("speaker", "text", 13),
    Column("epcs", "text", 37),
    Column("parent", "text", 21),
)


def event_lines(events: Iterable[tuple[EventBody, Event]]) -> Iterator[bytes]:
    """Write events as JSON, one a line."""
    for body, event in events:
        yield msgspec.json.encode(event_json(event, record_time=iso(body.recorded_at))) + b"\n"


def events_asked(
    reader: Reader, filters: ExportFilters, wanted: set[str], *, today: datetime.date
) -> Iterator[tuple[EventBody, Event]]:
    """Give the events that filters ask for, in log order; ``wanted`` are GTINs, empty for all.

    :raises BadRequest: a filter that cannot be read.
    """
    since, until = moment(filters.since, "since"), moment(filters.until, "until")
    keep = _event_test(filters, wanted, today)
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


def _event_test(filters: ExportFilters, wanted: set[str], today: datetime.date) -> Callable[[EventBody, Event], bool]:
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


def moment(text: str, name: str) -> int | None:
    """Read a date or time as microseconds; None when there is none.

    :raises BadRequest: it is neither.
    """
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


def event_row(body: EventBody, event: Event) -> Row:
    """Give an event under the columns."""
    epcs = [key + serial for key, serials in _listed(event) for serial in serials]
    return (
        body.position,
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
    )


def _is_gs1(canonical: str) -> bool:
    return canonical[:2].isdigit()
