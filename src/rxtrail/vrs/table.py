"""The lookup directory as a file: CSV or JSON, read whole or refused with the lines that are wrong."""

from __future__ import annotations

import csv
import datetime
import io
from collections import defaultdict
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import msgspec

from rxtrail.core.gs1 import check_digit
from rxtrail.errors import BadRequest
from rxtrail.outbound import usable_url
from rxtrail.vrs.values import DirectoryRow

if TYPE_CHECKING:
    from collections.abc import Iterable

COLUMNS: Final = (
    "gtin", "prefix", "url", "owner_gln", "valid_from", "valid_until", "status", "provider", "contact",
)  # fmt: skip
REQUIRED: Final = ("url", "owner_gln", "valid_from")
STATUSES: Final = ("active", "suspended")
REMOVED: Final = "removed"  # in a delta only: the row goes
TABLE_BYTES_MAX: Final = 64 << 20
PROBLEMS_TOLD_MAX: Final = 10
PREFIX_DIGITS: Final = range(4, 13)
FORMATS: Final = ("csv", "json")


class _Given(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A row as a file has it; numbers are texts, so that no leading zero is lost."""

    gtin: str = ""
    prefix: str = ""
    url: str = ""
    owner_gln: str = ""
    valid_from: str = ""
    valid_until: str = ""
    status: str = ""
    provider: str = ""
    contact: str = ""


def read_table(content: bytes, fmt: str, *, delta: bool = False) -> tuple[list[DirectoryRow], list[DirectoryRow]]:
    """Read a directory, giving (rows that shall stand, rows that a delta takes away).

    :raises BadRequest: with the line (or row) of what is wrong; nothing is loaded then.
    """
    if fmt not in FORMATS:
        raise BadRequest(f"the format {fmt!r} is none of {', '.join(FORMATS)}", place="format")
    if len(content) > TABLE_BYTES_MAX:
        raise BadRequest(f"the directory is larger than {TABLE_BYTES_MAX} bytes", place="file")
    given = _read_csv(content) if fmt == "csv" else _read_json(content)
    standing: list[DirectoryRow] = []
    removed: list[DirectoryRow] = []
    problems: list[str] = []
    seen: dict[tuple[str, str], str] = {}
    for place, cell in given:
        gone = delta and cell.status.lower() == REMOVED
        row = DirectoryRow(
            url=cell.url.rstrip("/"),
            owner_gln=cell.owner_gln,
            valid_from=cell.valid_from,
            gtin=cell.gtin,
            prefix=cell.prefix,
            valid_until=cell.valid_until,
            status="active" if gone else cell.status.lower() or "active",
            provider=cell.provider,
            contact=cell.contact,
        )
        problems.extend(f"{place}: {problem}" for problem in problems_of(row))
        first = seen.setdefault((key_of(row), row.valid_from), place)
        if first != place:
            problems.append(f"{place}: the same GTIN or prefix and day as {first}")
        (removed if gone else standing).append(row)
    refuse(problems)
    return standing, removed


def write_table(rows: Iterable[DirectoryRow], fmt: str) -> bytes:
    """Write a directory as :func:`read_table` reads it.

    :raises BadRequest: an unknown format.
    """
    if fmt == "json":
        return msgspec.json.format(msgspec.json.encode(list(rows)), indent=1) + b"\n"
    if fmt != "csv":
        raise BadRequest(f"the format {fmt!r} is none of {', '.join(FORMATS)}", place="format")
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    writer.writerows([getattr(row, column) for column in COLUMNS] for row in rows)
    return out.getvalue().encode()


def key_of(row: DirectoryRow) -> str:
    """Give the key under which the rows of one GTIN or prefix are kept together."""
    return f"g/{row.gtin}" if row.gtin else f"p/{row.prefix}"


def problems_of(row: DirectoryRow) -> list[str]:
    """Tell all that is wrong with a row."""
    found = []
    if bool(row.gtin) == bool(row.prefix):
        found.append("it needs either a gtin or a prefix")
    if row.gtin and not (len(row.gtin) == 14 and check_digit.is_valid(row.gtin)):
        found.append(f"gtin {row.gtin[:40]!r} is not 14 digits with a right check digit")
    if row.prefix and not (row.prefix.isascii() and row.prefix.isdigit() and len(row.prefix) in PREFIX_DIGITS):
        found.append(f"prefix {row.prefix[:40]!r} is not a company prefix of 4 to 12 digits")
    if not (len(row.owner_gln) == 13 and check_digit.is_valid(row.owner_gln)):
        found.append(f"owner_gln {row.owner_gln[:40]!r} is not a 13-digit GLN with a right check digit")
    try:
        if "?" in row.url:
            found.append("url has a query: give the address up to where /verify follows")
        usable_url(row.url)
    except BadRequest as wrong:
        found.append(wrong.message)
    found.extend(
        f"{column} {value[:40]!r} is not a date like 2027-12-31"
        for column, value in (("valid_from", row.valid_from), ("valid_until", row.valid_until))
        if not (is_day(value) or (column == "valid_until" and not value))
    )
    if row.valid_until and row.valid_until < row.valid_from:
        found.append("valid_until is before valid_from")
    if row.status not in STATUSES:
        found.append(f"status {row.status[:40]!r} is none of {', '.join(STATUSES)}")
    if any("\0" in text for text in (row.url, row.provider, row.contact)):
        found.append("a text holds a NUL character")
    return found


def overlaps(rows: Iterable[DirectoryRow]) -> list[str]:
    """Tell where two rows of one GTIN or prefix stand for the same day; ``rows`` of many keys."""
    by_key: dict[str, list[DirectoryRow]] = defaultdict(list)
    for row in rows:
        by_key[key_of(row)].append(row)
    problems = []
    for key, same in by_key.items():
        same.sort(key=lambda row: row.valid_from)
        for earlier, later in pairwise(same):
            if not earlier.valid_until or earlier.valid_until >= later.valid_from:
                problems.append(f"{key[2:]}: the rows from {earlier.valid_from} and from {later.valid_from} overlap")
    return problems


def refuse(problems: list[str]) -> None:
    """Refuse when there are problems, telling the first few.

    :raises BadRequest: there are.
    """
    if problems:
        more = f" (and {len(problems) - PROBLEMS_TOLD_MAX} more)" if len(problems) > PROBLEMS_TOLD_MAX else ""
        raise BadRequest(
            "; ".join(problems[:PROBLEMS_TOLD_MAX]) + more,
            place=problems[0].split(":", 1)[0],
            advice="Correct the directory and load it again; nothing was loaded.",
        )


def is_day(text: str) -> bool:
    """Tell whether a text is a date with dashes: days are compared as texts, so no other way of writing will do."""
    try:
        return datetime.date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _read_csv(content: bytes) -> list[tuple[str, _Given]]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadRequest(
            f"the directory is not UTF-8 (byte {error.start})", place="file", advice="Save it as CSV UTF-8."
        ) from error
    rows = csv.DictReader(io.StringIO(text, newline=""))
    try:
        rows.fieldnames = header = [column.strip().lower() for column in rows.fieldnames or []]
        missing = [column for column in REQUIRED if column not in header]
        if missing or not {"gtin", "prefix"} & {*header}:
            raise BadRequest(
                f"the header lacks {', '.join(missing) or 'gtin or prefix'}",
                place="line 1",
                advice=f"Columns: {', '.join(COLUMNS)}.",
            )
        found = []
        for row in rows:
            cells = {column: (row.get(column) or "").strip() for column in COLUMNS}
            if any(cells.values()):
                found.append((f"line {rows.line_num}", _Given(**cells)))
    except csv.Error as error:
        raise BadRequest(f"not a CSV table: {error}", place=f"line {rows.reader.line_num}") from error
    return found


def _read_json(content: bytes) -> list[tuple[str, _Given]]:
    try:
        rows = msgspec.json.decode(content, type=list[_Given])
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadRequest(
            f"not a directory: {error}", place="file", advice=f"A JSON list of objects with {', '.join(COLUMNS)}."
        ) from error
    return [(f"row {number}", row) for number, row in enumerate(rows, start=1)]
