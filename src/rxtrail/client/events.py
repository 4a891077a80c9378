"""Events as a client gets them: one by one over all pages, or as a table."""

from __future__ import annotations

import datetime
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import pyarrow as pa

_LISTS: Final = ("epcList", "childEPCs", "inputEPCList", "outputEPCList")
_QUANTITIES: Final = ("quantityList", "childQuantityList", "inputQuantityList", "outputQuantityList")
ROWS_AT_ONCE: Final = 10_000


class EpcisEvent(msgspec.Struct, frozen=True):
    """One event; what has no field of its own stands in ``members``, as EPCIS JSON has it."""

    event_id: str
    type: str
    event_time: datetime.datetime
    record_time: datetime.datetime | None
    action: str
    biz_step: str
    disposition: str
    read_point: str
    biz_location: str
    parent_id: str
    epcs: list[str]  # of epcList, childEPCs, inputEPCList and outputEPCList
    members: dict[str, Any]

    @classmethod
    def of(cls, members: dict[str, Any]) -> EpcisEvent:
        """Read an event of an EPCIS JSON document."""
        recorded = members.get("recordTime")
        return cls(
            event_id=members.get("eventID", ""),
            type=members.get("type", ""),
            event_time=datetime.datetime.fromisoformat(members["eventTime"]),
            record_time=datetime.datetime.fromisoformat(recorded) if recorded else None,
            action=members.get("action", ""),
            biz_step=members.get("bizStep", ""),
            disposition=members.get("disposition", ""),
            read_point=_id(members.get("readPoint")),
            biz_location=_id(members.get("bizLocation")),
            parent_id=members.get("parentID", ""),
            epcs=[epc for name in _LISTS for epc in members.get(name, ())],
            members=members,
        )


def _id(value: object) -> str:
    return str(value.get("id", "")) if isinstance(value, dict) else ""


class Events:
    """The answer to a query; each walk over it asks anew, page by page, and keeps no page longer than it is read."""

    def __init__(self, pages: Callable[[], Iterator[list[dict[str, Any]]]]) -> None:
        """``pages`` asks for the pages of the answer."""
        self._pages = pages

    def __iter__(self) -> Iterator[EpcisEvent]:
        """Give the events in order; raises Refusal."""
        for page in self._pages():
            for members in page:
                yield EpcisEvent.of(members)

    def first(self) -> EpcisEvent | None:
        """Give the first event; None when there is none."""
        return next(iter(self), None)

    def to_arrow(self) -> pa.Table:
        """Give all events as one table; needs pyarrow (``pip install 'rxtrail[arrow]'``)."""
        import pyarrow as arrow  # noqa: PLC0415 (an extra)

        schema = _schema()
        return arrow.Table.from_batches(self._batches(schema), schema=schema)

    def to_parquet(self, path: str | Path) -> int:
        """Write all events to a Parquet file, some thousands in memory at a time; give how many there were."""
        from pyarrow import parquet  # noqa: PLC0415

        schema = _schema()
        count = 0
        with parquet.ParquetWriter(path, schema) as writer:
            for batch in self._batches(schema):
                writer.write_batch(batch)
                count += batch.num_rows
        return count

    def _batches(self, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
        import pyarrow as arrow  # noqa: PLC0415

        events = iter(self)
        while rows := [_row(event) for event in islice(events, ROWS_AT_ONCE)]:
            yield arrow.RecordBatch.from_pylist(rows, schema=schema)


def _row(event: EpcisEvent) -> dict[str, Any]:
    row = {name: getattr(event, name) for name in EpcisEvent.__struct_fields__ if name != "members"}
    row["quantities"] = [
        {"epc_class": each.get("epcClass", ""), "quantity": each.get("quantity"), "uom": each.get("uom", "")}
        for name in _QUANTITIES
        for each in event.members.get(name, ())
    ]
    row["biz_transactions"] = [
        {"type": each.get("type", ""), "id": each.get("bizTransaction", "")}
        for each in event.members.get("bizTransactionList", ())
    ]
    row["json"] = msgspec.json.encode(event.members).decode()
    return row


def _schema() -> pa.Schema:
    import pyarrow as arrow  # noqa: PLC0415

    text, when = arrow.string(), arrow.timestamp("us", tz="UTC")
    quantity = arrow.struct([("epc_class", text), ("quantity", arrow.float64()), ("uom", text)])
    transaction = arrow.struct([("type", text), ("id", text)])
    texts = ("action", "biz_step", "disposition", "read_point", "biz_location", "parent_id")
    return arrow.schema(
        [
            ("event_id", text),
            ("type", text),
            ("event_time", when),
            ("record_time", when),
            *((name, text) for name in texts),
            ("epcs", arrow.list_(text)),
            ("quantities", arrow.list_(quantity)),
            ("biz_transactions", arrow.list_(transaction)),
            ("json", text),
        ]
    )
