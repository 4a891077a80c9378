"""``rxtrail count-in``: opening stock, received before the record began."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import click

from rxtrail.answers import CountIn
from rxtrail.cli import exits, say, sources
from rxtrail.cli.call import CODE, WORDS, Call, command
from rxtrail.cli.node import writer
from rxtrail.errors import BadRequest

FILE_BYTES_MAX = 64 << 20
GTIN_DIGITS = 14
COLUMNS = ("scan", "gtin", "serial", "lot", "expiry")


@command(
    "count-in",
    "rxtrail count-in '(01)00352601815904(21)A1(17)270930(10)QD1DQ' --by 'A. Kim' --supplier 0300011111246 --ref INV-7",
    "rxtrail count-in shelf.csv --by 'A. Kim' --supplier 'Northern Wholesale' --ref INV-7",
)
@click.argument("stock", metavar="CODE|CSV|-", type=CODE)
@click.option("--by", type=WORDS, required=True, metavar="NAME", help="Who counted.")
@click.option("--supplier", type=WORDS, required=True, help="Who supplied it: name or GLN.")
@click.option("--ref", type=WORDS, required=True, help="The paper it came with: invoice or delivery note.")
def count_in(call: Call, stock: str, by: str, supplier: str, ref: str) -> int:
    r"""Count in packs that were received before the record began.

    A CSV file has the columns gtin, serial, lot and expiry, and a heading may put them in any order. A file
    without commas between columns holds one scanned code a line. With - it comes from stdin.

    \b
    Exit code: 0 all are on record, 1 a row was refused, and with it the whole list.
    """
    rows = _rows(stock)
    with writer(call, finish=True) as node, sources.content_refused():
        receipt = node.count_in(rows, by=by, supplier=supplier, ref=ref)
    if call.as_json:
        say.answer(receipt)
    else:
        say.line(f"counted in {receipt.counted:,} of {len(rows):,}; on record before: {receipt.already_on_record:,}")
    return exits.FINE


def read_csv(content: bytes, name: str) -> list[CountIn]:
    """The rows of a CSV file, with or without a heading; raises BadRequest naming the wrong line."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise BadRequest(
            "the file is not UTF-8", place=f"{name}, line {line}", advice="Save it as CSV in UTF-8."
        ) from error
    first = next((line for line in text.split("\n") if line.strip()), "")
    head = tuple(cell.strip().lower() for cell in first.split(","))
    if set(head) & set(COLUMNS):
        return _table(text, name, None)
    if len(head) == len(COLUMNS[1:]) and head[0].isdecimal() and len(head[0]) <= GTIN_DIGITS:
        return _table(text, name, COLUMNS[1:])
    # Not a table: a code a line, each taken whole, since commas and quotes are characters of GS1 serials.
    return [CountIn(scan=line.strip("\r")) for line in text.split("\n") if line.strip()]


def _table(text: str, name: str, columns: tuple[str, ...] | None) -> list[CountIn]:
    """The rows of a table; without ``columns`` its first row is their heading."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    rows: list[CountIn] = []
    try:
        for cells in reader:
            values = [cell.strip(" \t") for cell in cells]
            if not any(values):
                continue
            if columns is None:
                columns = _checked(tuple(value.lower() for value in values), name)
                continue
            if len(values) != len(columns):
                raise BadRequest(
                    f"{len(values)} columns where {len(columns)} are expected",
                    place=f"{name}, line {reader.line_num}",
                    advice=f"Columns here: {', '.join(columns)}.",
                )
            row = {key: cell for key, cell in zip(columns, values, strict=True) if key in COLUMNS}
            rows.append(CountIn(**row))
    except csv.Error as error:
        raise BadRequest(
            f"not a CSV file: {error}", place=f"{name}, line {reader.line_num}", advice="Quote cells with commas."
        ) from error
    return rows


def _checked(heading: tuple[str, ...], name: str) -> tuple[str, ...]:
    missing = [key for key in ("gtin", "serial") if key not in heading]
    if "scan" not in heading and missing:
        raise BadRequest(
            f"no column {' and no column '.join(missing)}",
            place=f"{name}, line 1",
            advice="The heading needs gtin and serial (lot, expiry), or scan.",
        )
    if len(set(heading)) != len(heading):
        raise BadRequest("a column is there twice", place=f"{name}, line 1", advice="Name each column once.")
    return heading


def _rows(stock: str) -> list[CountIn]:
    if stock == sources.STDIN:
        return _from(sources.stdin().read(FILE_BYTES_MAX + 1), "stdin")
    path = Path(stock)
    try:
        is_file = path.is_file()
    except (OSError, ValueError):
        is_file = False  # a code may be too long for a file name, or hold a NUL
    if not is_file:
        if stock.lower().endswith(".csv"):
            raise BadRequest("no such file", place=stock, advice="Check the path of the CSV file.")
        return [CountIn(scan=stock)]
    with sources.Source(stock, path, 0).open() as file:
        return _from(file.read(FILE_BYTES_MAX + 1), stock)


def _from(content: bytes, name: str) -> list[CountIn]:
    if len(content) > FILE_BYTES_MAX:
        raise BadRequest(f"larger than {FILE_BYTES_MAX >> 20} MB", place=name, advice="Count it in by several files.")
    with sources.content_refused():
        return read_csv(content, say.printable(name))


COMMANDS = {"count-in": count_in}
