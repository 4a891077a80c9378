"""What the log says of keys that were destroyed on purpose: who did it, when and why, and what lay under them."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from rxtrail.answers import Destroyed
from rxtrail.record.times import iso
from rxtrail.store.rows import RecordKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from rxtrail.auditing.faults import Faults
    from rxtrail.auditing.log_part import Lost, Opened
    from rxtrail.ledger.changes import DataKey

SEGMENT, TENANT = "segment", "tenant"
_decode = msgspec.msgpack.Decoder().decode


class _Said(NamedTuple):
    """A decision to destroy."""

    reason: str
    by: str


class Destruction:
    """Gathers the decisions, then judges what cannot be read."""

    def __init__(self) -> None:
        """Start with none."""
        self._said: dict[tuple[str, int], _Said] = {}

    def take(self, opened: Iterable[Opened]) -> None:
        """Take the decisions among records, in the order of the log; the first one about a key has destroyed it."""
        for record, _, canonical, _ in opened:
            if record.kind == RecordKind.DECISION and b"keys-shredded" in canonical:
                with contextlib.suppress(msgspec.DecodeError, ValueError, TypeError):
                    _, what, kind, number, _, _, reason, by = _decode(canonical[1:])
                    if what == "keys-shredded":
                        self._said.setdefault((str(kind), int(number)), _Said(str(reason), str(by)))

    def judge(
        self, keys: Mapping[int, DataKey], records: Mapping[int, Lost], chunks: Mapping[int, int], faults: Faults
    ) -> int:
        """Say of all that lies under keys that are not there whether the log says that they were destroyed.

        Give the last record that was destroyed lawfully, -1 for none.
        """
        last = -1
        for key in sorted({*records, *chunks}):
            lost = records.get(key)
            told = keys.get(key)
            if told is not None and told.ended_at:
                said = self._said.get((SEGMENT, key)) or self._said.get((TENANT, told.tenant)) or _Said("", "")
                first, behind, count = (lost.first, lost.last, lost.records) if lost else (-1, -1, 0)
                last = max(last, behind)
                faults.destroyed.append(
                    Destroyed(key, iso(told.ended_at), said.by, said.reason, count, first, behind, chunks.get(key, 0))
                )
                continue
            what = [_records(lost)] * bool(lost) + [f"{chunks.get(key, 0):,} chunks of documents"] * (key in chunks)
            message = (
                f"{' and '.join(what)} lie under key {key}, which is not there, and no record of the log says that it "
                "was destroyed"
            )
            faults.find("log", "key-destroyed", message, table="data_key", key=f"id={key}", field="wrapped")
        return last


def _records(lost: Lost | None) -> str:
    if lost is None:
        return ""
    what = f"records {lost.first} to {lost.last}" if lost.records > 1 else f"record {lost.first}"
    return f"{lost.records:,} records ({what})"
