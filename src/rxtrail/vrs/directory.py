"""The lookup directory: who answers for a GTIN today, kept so that one request costs a few point reads."""

from __future__ import annotations

import datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Final

import msgspec

from rxtrail.core.gs1 import check_digit
from rxtrail.errors import BadRequest
from rxtrail.store.rows import RecordKind
from rxtrail.vrs import table
from rxtrail.vrs.values import DIRECTORY_KIND, DirectoryReport, DirectoryRow, Transfer

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rxtrail.ledger.log import Log
    from rxtrail.store import Reader, Transaction

_ROWS_VERSION: Final = b"\x01"
_DECISION_VERSION: Final = b"\x01"
_ROWS_A_PAGE: Final = 2_000
_CHANGES_A_RECORD: Final = 5_000
_AT: Final = 0  # one time for all rows, so that they are listed in the order of their keys
_encode = msgspec.msgpack.encode
_decode = msgspec.msgpack.Decoder(list[DirectoryRow]).decode


class Entry(msgspec.Struct, frozen=True, gc=False):
    """What the directory says of a GTIN: who answers; without a ``row`` but ``named``, that nobody does."""

    row: DirectoryRow | None = None
    named: bool = False


def look_up(reader: Reader, gtin: str, day: str) -> Entry:
    """Give who answers for a GTIN-14 on a day (ISO).

    A row for the GTIN itself comes before one for its company prefix, a longer prefix before a shorter one. A GTIN
    whose own rows have all ended, or that is suspended, has nobody: who answers for its prefix answers for what is
    left of the prefix.
    """
    for key in (f"g/{gtin}", *(f"p/{gtin[1 : 1 + digits]}" for digits in reversed(table.PREFIX_DIGITS))):
        rows = _rows_of(reader, key)
        standing = [row for row in rows if row.valid_from <= day and (not row.valid_until or day <= row.valid_until)]
        if standing:
            return Entry(standing[0] if standing[0].status == "active" else None, named=True)
        if any(row.valid_from <= day for row in rows):
            return Entry(named=True)
    return Entry()


def rows_after(reader: Reader, after: str, limit: int) -> list[DirectoryRow]:
    """List rows by prefix or GTIN and date; ``after`` is the place (:func:`place_of`) of the last one seen.

    :raises BadRequest: ``after`` is no such place.
    """
    key, slash, day = after.rpartition("/")
    if after and not (slash and table.is_day(day)):
        raise BadRequest(f"{after[:60]!r} is no place in the directory", place="after")
    found = [row for row in _rows_of(reader, key) if row.valid_from > day] if after else []
    while len(found) < limit:
        page = reader.kept_from(DIRECTORY_KIND, (_AT, key), limit)
        for key, _, body in page:  # noqa: B007 - the last key is where the next page begins
            found.extend(_decode(body[1:]))
        if len(page) < limit:
            break
    return found[:limit]


def place_of(row: DirectoryRow) -> str:
    """Give where a row stands in the list."""
    return f"{table.key_of(row)}/{row.valid_from}"


def all_rows(reader: Reader) -> Iterator[DirectoryRow]:
    """Give the whole directory."""
    after = ""
    while page := reader.kept_from(DIRECTORY_KIND, (_AT, after), _ROWS_A_PAGE):
        for _, _, body in page:
            yield from _decode(body[1:])
        after = page[-1][0]


def load(
    tx: Transaction, log: Log, standing: list[DirectoryRow], removed: list[DirectoryRow], *, delta: bool, source: bytes
) -> DirectoryReport:
    """Load a directory: in place of the one before, or with ``delta`` into it.

    :raises BadRequest: two rows would stand for the same day; nothing is loaded.
    """
    before = {place_of(row): row for row in all_rows(tx)}
    after = dict(before) if delta else {}
    after.update({place_of(row): row for row in standing})
    for row in removed:
        after.pop(place_of(row), None)
    table.refuse(table.overlaps(after.values()))
    return _write(tx, log, before, after, ["load", "delta" if delta else "full", sha256(source).hexdigest()])


def transfer(tx: Transaction, log: Log, order: Transfer) -> DirectoryReport:
    """Hand a GTIN or a company prefix over: whoever had it answers up to the day before.

    :raises BadRequest: the order cannot be read, or there is a row from that day on already.
    """
    new = DirectoryRow(
        url=order.url.rstrip("/"),
        owner_gln=order.owner_gln,
        valid_from=order.day,
        gtin=order.gtin,
        prefix=order.prefix,
        provider=order.provider,
        contact=order.contact,
    )
    problems = table.problems_of(new)
    if problems:
        raise BadRequest("; ".join(problems), place="transfer")
    key = table.key_of(new)
    rows = _rows_of(tx, key)
    later = [row for row in rows if row.valid_from >= order.day]
    if later:
        raise BadRequest(
            f"{key[2:]} has a row from {later[0].valid_from} already",
            place="day",
            advice="Take that row away with a delta import first.",
        )
    eve = (datetime.date.fromisoformat(order.day) - datetime.timedelta(days=1)).isoformat()
    before = {place_of(row): row for row in rows}
    after = {
        place: msgspec.structs.replace(row, valid_until=eve) if not row.valid_until or row.valid_until > eve else row
        for place, row in before.items()
    }
    return _write(tx, log, before, {**after, place_of(new): new}, ["transfer", key, order.day])


def is_gln(text: str) -> bool:
    """Tell whether a text is a 13-digit GLN with a right check digit."""
    return len(text) == 13 and check_digit.is_valid(text)


def _rows_of(reader: Reader, key: str) -> Sequence[DirectoryRow]:
    kept = reader.kept(DIRECTORY_KIND, key)
    return _decode(kept[1][1:]) if kept is not None else ()


def _write(
    tx: Transaction,
    log: Log,
    before: dict[str, DirectoryRow],
    after: dict[str, DirectoryRow],
    what: list[str],
) -> DirectoryReport:
    """Write what differs, key by key, and record it in the log."""
    added = [row for place, row in after.items() if place not in before]
    changed = [row for place, row in after.items() if before.get(place, row) != row]
    removed = [row for place, row in before.items() if place not in after]
    touched = {table.key_of(row) for row in (*added, *changed, *removed)}
    rows: dict[str, list[DirectoryRow]] = {key: [] for key in touched}
    for place in sorted(after):
        if (key := table.key_of(after[place])) in rows:
            rows[key].append(after[place])
    for key, same in rows.items():
        if same:
            tx.keep(DIRECTORY_KIND, key, _AT, _ROWS_VERSION + _encode(same))
        else:
            tx.drop_kept(DIRECTORY_KIND, key)
    log_index = log.position
    changes = [*((False, row) for row in removed), *((True, row) for row in (*added, *changed))]
    for start in range(0, max(1, len(changes)), _CHANGES_A_RECORD):
        part = changes[start : start + _CHANGES_A_RECORD]
        log.append(RecordKind.DECISION, _DECISION_VERSION + _encode([log.now, "vrs-directory", what, part]))
    return DirectoryReport(len(after), len(added), len(changed), len(removed), log_index)
