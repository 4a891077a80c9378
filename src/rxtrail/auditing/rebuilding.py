"""A record made anew from its log: the log is copied as it is, and every table is made again from it."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from typing import TYPE_CHECKING

from rxtrail.auditing.boards_part import count_again
from rxtrail.auditing.documents_part import CHUNKS
from rxtrail.auditing.faults import Faults
from rxtrail.auditing.log_part import LogPart
from rxtrail.auditing.numbers import Numbers
from rxtrail.auditing.replay import Diverged, Replay
from rxtrail.errors import BadRequest, StoreDamaged
from rxtrail.ledger.changes import data_keys_of
from rxtrail.ledger.log import Log
from rxtrail.store.rows import RecordKind
from rxtrail.store.tables import BY_NAME

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from rxtrail.auditing.log_part import Lost, Opened
    from rxtrail.store import Store
    from rxtrail.store.copying import View
    from rxtrail.store.rows import Record

    Progress = Callable[[str, int, int], None]

ANY_SEQ = 1 << 62


def rebuild(
    source: Store, target: Store, *, random_bytes: Callable[[int], bytes], now_us: Callable[[], int], progress: Progress
) -> tuple[int, int]:
    """Fill an empty store from another one's log; give (records, packages).

    :raises BadRequest: the target is not empty.
    :raises StoreDamaged: the log itself or a document is damaged: there is nothing to make the tables from.
    """
    reader = target.reader()
    try:
        if reader.log_size() or reader.settings():
            raise BadRequest("the store to rebuild into is not empty", place="TARGET", advice="Give a new one.")
    finally:
        reader.close()
    view = source.copying().view(lenient=True)
    bodies = source.reader()
    try:
        return _Rebuild(view, target, bodies.body_of, random_bytes, now_us).run(progress)
    finally:
        bodies.close()
        view.close()


class _Rebuild:
    def __init__(
        self, view: View, target: Store, bodies: Callable[[int], tuple[bytes, bytes]],
        random_bytes: Callable[[int], bytes], now_us: Callable[[], int],
    ) -> None:  # fmt: skip
        self.view = view
        self.target = target
        self.random = random_bytes
        self.now = now_us
        self.faults = Faults()
        self.replay = Replay(target, None, bodies, chunks=self._chunks)
        self.hashes: dict[int, tuple[bytes, int, int]] = {}  # block -> as it is stored there, first and last record
        self.told: dict[int, bytes] = {}  # block -> what its newest record says

    def run(self, progress: Progress) -> tuple[int, int]:
        total = self.view.count(BY_NAME["record"])
        names = Numbers(self.view).names
        log = LogPart(self.view, self.faults, names, progress=lambda done: progress("rebuilding", done, total))
        try:
            for run, opened, whole in log.read(0):
                if not whole or self.faults.count:
                    raise _damaged(self.faults, log.lost)
                self._write(run, opened)
                self.replay.feed(opened)
            if self.faults.count:
                raise _damaged(self.faults, {})
            self.replay.finish()
        except Diverged as error:
            raise StoreDamaged(
                f"the log cannot be done again: record {error.position}: {error.message}", place="record"
            ) from error
        finally:
            self.replay.undo()
        self._published()
        reader = self.target.reader()
        try:
            count_again(self.target, reader, log.position, lambda done, all_: progress("boards", done, all_))
        finally:
            reader.close()
        self._commit_to_blocks()
        return log.position, self.replay.packages

    def _write(self, run: list[Record], opened: list[Opened]) -> None:
        """Copy blocks and records; whoever captured one has another number here."""
        tx = self.replay.begun()
        parts: dict[int, list[bytes]] = defaultdict(list)
        ends: dict[int, list[int]] = {}
        party: dict[int, int] = {}
        for record, text, canonical, envelope in opened:
            parts[record.block] += (canonical, envelope)
            ends.setdefault(record.block, [record.position, record.position])[1] = record.position
            party[record.position] = tx.name_id(text) if text else 0
        for number, pieces in parts.items():
            if number in self.hashes:
                raise StoreDamaged(f"block {number} lies apart", place="record")
            self.hashes[number] = (tx.add_block(number, b"".join(pieces)), ends[number][0], ends[number][1])
        tx.add_records([record._replace(party=party.get(record.position, 0)) for record in run])
        for record in run:
            if record.kind == RecordKind.BLOCK:
                self.told[record.block] = (record.commitment or b"")[:32]

    def _chunks(self, number: int, hashes: list[bytes]) -> Iterator[bytes]:
        seq = -1
        for page in self.view.pages(CHUNKS, (number, -1)):
            for document, at, data in page:
                if document != number:
                    return
                seq += 1
                opened = self.view.unsealed_chunk(number, seq, data) if isinstance(data, bytes) else None
                if at != seq or opened is None or seq >= len(hashes) or _sha(opened) != hashes[seq]:
                    raise StoreDamaged(f"document {number} is damaged at chunk {seq}", place="document_chunk")
                yield opened

    def _published(self) -> None:
        """Copy what was published: it is signed, so it is right or it is seen."""
        filled = self.target.copying()
        for name in ("tile", "checkpoint"):
            for page in self.view.pages(BY_NAME[name]):
                filled.fill(BY_NAME[name], page, {})
        filled.close()

    def _commit_to_blocks(self) -> None:
        """Commit to those blocks that lie here in other bytes than there, and tell of the keys here."""
        others = [(number, *held) for number, held in self.hashes.items() if self.told.get(number) != held[0]]
        tx = self.target.begin()
        try:
            keys = tx.data_keys()
            log = Log(tx, self.random, tx.clock(self.now()))
            if keys or self.replay.keys:
                log.note(data_keys_of(keys, anew=True))
            for number, sha256, first, last in others:
                log.commit_to_block(number, sha256, first, last)
            log.flush()
            self.target.commit()
        except BaseException:
            self.target.rollback()
            raise


def _sha(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def _damaged(faults: Faults, lost: Mapping[int, Lost]) -> StoreDamaged:
    if lost and not faults.count:
        key, records = next(iter(lost.items()))
        return StoreDamaged(
            f"the tables cannot be made anew: records {records.first} to {records.last} lie under key {key}, "
            "which was destroyed", place="record",
            advice="What was destroyed stays so. Carry the record on, or move it as it is: rxtrail move-store.",
        )  # fmt: skip
    first = faults.told[0].message if faults.told else "a run of records cannot be opened"
    return StoreDamaged(
        f"the log itself is damaged: {first}", place="record",
        advice="Restore a backup; rxtrail audit tells all that is damaged.",
    )  # fmt: skip
