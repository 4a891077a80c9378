"""Rows under columns, as CSV, PDF or Parquet: one description of the columns for all three, streamed."""

from __future__ import annotations

import csv
import io
from itertools import islice
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from rxtrail.core.cells import plain_cell
from rxtrail.errors import BadRequest
from rxtrail.query.pdf import Paper, Pdf, wrapped

if TYPE_CHECKING:
    import datetime
    from collections.abc import Iterable, Iterator, Sequence

    import pyarrow as pa

PAGE = 2_000
_SMALL = 6.0  # points, of a table's letters
_GAP = " "


class Column(NamedTuple):
    """A column: its name, what stands in it, and how many letters wide it is in print."""

    name: str
    kind: Literal["text", "texts", "number", "amount", "flag"]
    width: int


Row = tuple[Any, ...]  # one value a column: str, list[str], int or float, bool


def as_csv(columns: Sequence[Column], rows: Iterable[Row]) -> Iterator[bytes]:
    """Write CSV with a header; an empty table still has its header."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow([column.name for column in columns])
    for count, row in enumerate(rows, 1):
        writer.writerow([plain_cell(_text(value, "|")) for value in row])
        if count % PAGE == 0:
            yield out.getvalue().encode()
            out.seek(0)
            out.truncate()
    yield out.getvalue().encode()


def as_pdf(title: str, columns: Sequence[Column], rows: Iterable[Row], today: datetime.date) -> Iterator[bytes]:
    """Write a table for print: letter paper, landscape; a cell that is too long goes on in further lines."""
    names = _lines(columns, [column.name.replace("_", " ") for column in columns])
    rule = "-" * (sum(column.width for column in columns) + len(_GAP) * (len(columns) - 1))
    out = Pdf(Paper.LANDSCAPE, title, f"{today.isoformat()}", size=_SMALL, head=[*names, rule])
    yield out.start()
    for row in rows:
        for line in _lines(columns, [_text(value, " ") for value in row]):
            out.line(line)
        if out.waiting:
            yield out.take()
    yield out.finish()


def as_parquet(columns: Sequence[Column], rows: Iterable[Row]) -> Iterator[bytes]:
    """Write Parquet, some thousands of rows a group.

    :raises BadRequest: this installation has no pyarrow.
    """
    try:
        import pyarrow as arrow  # noqa: PLC0415 (an extra)
        from pyarrow import parquet  # noqa: PLC0415
    except ImportError as error:
        advice = "Install it: pip install 'rxtrail[arrow]'."
        raise BadRequest("Parquet needs pyarrow, which is not installed", place="format", advice=advice) from error
    types: dict[str, pa.DataType] = {
        "text": arrow.string(),
        "texts": arrow.list_(arrow.string()),
        "number": arrow.int64(),
        "amount": arrow.float64(),
        "flag": arrow.bool_(),
    }
    schema = arrow.schema([(column.name, types[column.kind]) for column in columns])
    return _parquet(arrow, parquet, schema, iter(rows))


def _parquet(arrow: Any, parquet: Any, schema: pa.Schema, rows: Iterator[Row]) -> Iterator[bytes]:  # noqa: ANN401
    sink = io.BytesIO()
    pipe = _Pipe(sink)
    with parquet.ParquetWriter(arrow.PythonFile(pipe, mode="w"), schema, compression="zstd") as writer:
        while page := list(islice(rows, PAGE)):
            arrays = [
                arrow.array(values, type=field.type)
                for values, field in zip(zip(*page, strict=True), schema, strict=True)
            ]
            writer.write_batch(arrow.record_batch(arrays, schema=schema))
            yield pipe.take()
    yield pipe.take()


class _Pipe(io.RawIOBase):
    """A file that is only written to, and emptied on the way."""

    def __init__(self, held: io.BytesIO) -> None:
        self._held = held
        self._gone = 0

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:  # noqa: ANN401 (any buffer)
        return self._held.write(data)

    def tell(self) -> int:
        return self._gone + self._held.tell()

    def take(self) -> bytes:
        """Give what was written since."""
        data = self._held.getvalue()
        self._gone += len(data)
        self._held.seek(0)
        self._held.truncate()
        return data


def _text(value: object, between: str) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return between.join(value)
    return str(value)


def _lines(columns: Sequence[Column], cells: Sequence[str]) -> list[str]:
    parts = [wrapped(cell, column.width) for cell, column in zip(cells, columns, strict=True)]
    count = max([len(part) for part in parts], default=0)
    return [
        _GAP.join(
            (part[line] if line < len(part) else "").ljust(column.width)
            for part, column in zip(parts, columns, strict=True)
        ).rstrip()
        for line in range(count)
    ]
