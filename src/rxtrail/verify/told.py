"""Verdicts as they were given, read from the log: those of every process that writes the record."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from rxtrail.record.times import iso
from rxtrail.store.rows import RecordKind

if TYPE_CHECKING:
    from rxtrail.store import Reader

ENTRIES_AT_ONCE: Final = 5_000
_FIELDS: Final = 9  # that every version of a scan's record begins with
_decode = msgspec.msgpack.Decoder(list[object]).decode


class VerdictTold(msgspec.Struct, frozen=True, gc=False):
    """One verdict, without the text that was scanned."""

    verdict: str
    reasons: list[str]
    gtin: str
    serial: str
    site: str
    purpose: str
    checked_at: str
    log_index: int


def verdicts_since(reader: Reader, position: int, *, limit: int) -> tuple[list[VerdictTold], int]:
    """Give the last verdicts, at most ``limit``, from a position of the log on, and where the log ends now."""
    scans: list[int] = []
    while entries := reader.entries_from(position, ENTRIES_AT_ONCE):
        scans = [*scans, *(at for at, kind, _, _ in entries if kind == RecordKind.SCAN)][-limit:]
        position = entries[-1][0] + 1
    return [told for at in scans if (told := _told(at, reader.body_of(at)[0])) is not None], position


def _told(position: int, canonical: bytes) -> VerdictTold | None:
    match _decode(canonical[1:])[:_FIELDS]:
        case [int(at), str(), str(gtin), str(serial), str(site), str(purpose), str(), str(verdict), list(reasons)]:
            return VerdictTold(verdict, [str(each) for each in reasons], gtin, serial, site, purpose, iso(at), position)
        case _:
            return None  # of a version that this program does not know
