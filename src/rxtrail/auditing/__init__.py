"""The audit: the record held against its own log, row by row, and made again from it.

Three things are looked at. The log itself: every record is opened and committed to again, every block is hashed as it
is stored, the tree is made again and held against every tile and every signed head. The documents: each chunk against
its hash. The tables: the log is done again in a fresh store with the writer's own code, and every row is compared.
"""

from __future__ import annotations

import hashlib
import itertools
from typing import TYPE_CHECKING

import msgspec

from rxtrail.answers import AuditFault, AuditReport
from rxtrail.auditing.boards_part import BOARDS, count_again, counted
from rxtrail.auditing.destruction import Destruction
from rxtrail.auditing.documents_part import DocumentsPart
from rxtrail.auditing.faults import Faults, shown
from rxtrail.auditing.log_part import LogPart
from rxtrail.auditing.marker import Marker
from rxtrail.auditing.numbers import Numbers
from rxtrail.auditing.postings_part import SETTING as UNFILED
from rxtrail.auditing.postings_part import VALUE as UNFILED_VALUE
from rxtrail.auditing.postings_part import Unfiled
from rxtrail.auditing.published_part import LOG_KEYS, PublishedPart
from rxtrail.auditing.rebuilding import rebuild
from rxtrail.auditing.remains import Remains
from rxtrail.auditing.replay import Diverged, Replay, TakenOver
from rxtrail.auditing.tables_part import compare_keys, compare_tables
from rxtrail.core.merkle.tile import TileBuilder
from rxtrail.errors import RxtrailError, StoreDamaged, StoreFailed
from rxtrail.sealing import CannotDecrypt, Shredded
from rxtrail.store.rows import RecordKind
from rxtrail.store.tables import BY_NAME

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from rxtrail.auditing.log_part import Opened
    from rxtrail.store import Store
    from rxtrail.store.copying import View
    from rxtrail.store.rows import Record
    from rxtrail.store.tables import Row, Value

    Progress = Callable[[str, int, int], None]

_encode = msgspec.msgpack.Encoder().encode
__all__ = ["AuditFault", "AuditReport", "Faults", "Marker", "audit", "rebuild", "shown"]


class Checked(msgspec.Struct, gc=False):
    """What an audit has done, beside the faults."""

    entries: int = 0
    blocks: int = 0
    documents: int = 0
    rows: int = 0
    checkpoints: int = 0
    packages: int = 0
    root: str = ""
    log_size: int = 0
    marker: Marker | None = None  # where the next audit may go on; None when this one found anything wrong
    waypoint: str = ""  # the root at the size that was asked for
    destroyed_up_to: int = -1  # the last record that was destroyed on purpose
    boards: int = 0  # the boards are counted up to this record, and were compared
    boards_of_before: bool = False  # another version has counted them: they were not compared


class Audit:
    """One run over one store."""

    def __init__(
        self, store: Store, again: Store, faults: Faults, *, progress: Progress, since: Marker | None = None,
        signed: bytes = b"", waypoint: int = 0,
    ) -> None:  # fmt: skip
        """``again`` is a fresh store, or with ``since`` the copy that an earlier audit has left.

        ``signed`` is the last head that the signer keeps, as it was before this began. The root at the size
        ``waypoint`` is told.
        """
        self._waypoint = waypoint
        self._destruction = Destruction()
        self._signed = signed
        self._store = store
        self._again = again
        self._faults = faults
        self._progress = progress
        self._since = since
        self._remains = Remains()
        self._settings: dict[Value, Value] = {}
        self._rows = hashlib.sha256()  # of the records that are read
        self.checked = Checked()

    def run(self) -> Checked:
        """Look at everything.

        :raises RxtrailError: it cannot be looked at; what was found so far stands in the faults.
        """
        view = self._store.copying().view(lenient=True)
        try:
            self._look(view)
        except Exception as error:
            failure = error if isinstance(error, StoreFailed) else self._store.failure(error)
            damaged = failure is not None or isinstance(error, UnicodeError)
            if not damaged and (isinstance(error, RxtrailError | AssertionError) or not self._faults.count):
                raise
            self._faults.find("file", "unreadable", f"the store cannot be read on: {failure or error!r}")
            self._faults.miss("whatever lies behind what cannot be read")
        finally:
            view.close()
        return self.checked

    def _look(self, view: View) -> None:
        checked, since = self.checked, self._since
        start = since.size if since is not None else 0
        if self._declared_otherwise(view):
            self._faults.miss("everything but the file itself: its tables are not those of this program")
            return
        total = view.count(BY_NAME["record"])
        if total and not self._signed and _is_of_before(view):
            self._faults.miss(
                "everything but the file itself: an earlier version wrote this record, which commits to nothing; "
                "open it for writing once (rxtrail serve, or any command that writes), then audit it"
            )
            return
        numbers = Numbers(view)
        settings = self._settings = {key: value for page in view.pages(BY_NAME["setting"]) for key, value in page}
        log = LogPart(view, self._faults, numbers.names, progress=lambda done: self._progress("log", done, total))
        builder = since.builder() if since is not None else TileBuilder()
        published = PublishedPart(view, self._faults, str(settings.get(LOG_KEYS, "")), builder, self._signed)
        reader = self._store.reader()
        replay = Replay(self._again, numbers, reader.body_of)
        if since is not None:
            replay.keys = {key.id: key for key in since.keys}
        try:
            if since is not None:
                log.last_id = bytes.fromhex(since.last_id)
                self._check_since(view, since)
                self._check_rows(view, since)
            stopped = self._read(log, published, replay, start)
            log.judge_ids(replay.taken_over)
            published.finish(whole=log.position >= total and self._faults.count == log.unopened)
            if not stopped:
                stopped = self._finish(replay)
        finally:
            replay.undo()
            reader.close()
        checked.entries, checked.blocks, checked.packages = log.entries, log.blocks, replay.packages
        checked.checkpoints = published.checkpoints
        checked.log_size, checked.root = log.position, published.builder.root().hex()
        self._check_unpublished(published.unpublished)
        all_told = keys_told = not stopped
        if stopped:
            self._faults.miss(f"the tables, but for single rows: {stopped}", tables=bool(log.lost))
            untold = [lost.last for lost in log.lost.values()] + [replay.taken_over - 1] * bool(replay.taken_over)
            lost_up_to = max(untold, default=log.position)
            keys_told = not self._faults.count and replay.keys_anew > lost_up_to
            checked.rows = self._remains.compare(view, self._faults, lost_up_to=lost_up_to)
        else:
            self._tables(view, numbers.names)
        checked.rows += compare_keys(view, replay.keys, self._faults, all_told=keys_told)
        documents = DocumentsPart(
            view, self._faults, replay.documents, all_told=all_told,
            progress=lambda done: self._progress("documents", done, len(replay.documents)),
        )  # fmt: skip
        documents.read(since.document if since is not None else 0)
        checked.documents = documents.documents
        checked.destroyed_up_to = self._destruction.judge(replay.keys, log.lost, documents.lost, self._faults)
        if documents.untold:
            self._faults.miss(f"{len(documents.untold):,} documents: what told of them cannot be read any more")
        if not self._faults.count and self._faults.complete:
            last = max(replay.documents, default=since.document if since is not None else 0)
            rows = list(since.rows) if since is not None else []
            if log.position > start:
                rows.append((log.position, self._rows.hexdigest()))
            checked.marker = Marker.at(published.builder, log.last_id, last, replay.keys.values(), rows)

    def _check_unpublished(self, signed: int) -> None:
        """Look once more when the signer has signed more than was published as this began: it may be here by now."""
        if not signed:
            return
        reader = self._store.reader()
        try:
            row = reader.checkpoint()
        finally:
            reader.close()
        if row is None or row.size < signed:
            self._faults.miss(
                f"the head of {signed:,} entries that was signed last: it was not stored, or was taken away; "
                "publish anew (rxtrail serve, or rxtrail log publish), then audit again"
            )

    def _declared_otherwise(self, view: View) -> bool:
        """Tell of tables and indexes that are not declared as in a fresh store, which nothing could be read from."""
        again = self._again.copying().view()
        try:
            mine, right = view.declared(), again.declared()
        finally:
            again.close()
        if not mine or mine == right:
            return False
        there = {bytes(row[0] or b""): row for row in mine}  # type: ignore[arg-type]  # names, as bytes
        for row in right:
            name = bytes(row[0] or b"")  # type: ignore[arg-type]
            found = there.pop(name, None)
            if found != row:
                self._faults.find("table", "row-missing" if found is None else "row-changed",
                                  "a table or index is not declared as it was made", table="sqlite_master",
                                  key=f"name={name.decode('utf-8', 'replace')}", field="sql", expected=row[3],
                                  found=None if found is None else found[3])  # fmt: skip
        for name in there:
            self._faults.find("table", "row-added", "a table or index that this program does not make",
                              table="sqlite_master", key=f"name={name.decode('utf-8', 'replace')}")  # fmt: skip
        return True

    def _read(self, log: LogPart, published: PublishedPart, replay: Replay, start: int) -> str:
        """Read the log; give why the replay stopped, "" when it did not."""
        stopped = ""
        for run, opened, whole in log.read(start):
            leaves, to_go = leaves_of(run), self._waypoint - published.builder.size
            if 0 < to_go <= len(leaves):
                published.extend(leaves[:to_go])
                self.checked.waypoint = published.builder.root().hex()
                leaves = leaves[to_go:]
            published.extend(leaves)
            self._destruction.take(opened)
            self._rows.update(_encoded(run))
            if not whole:
                stopped = stopped or f"from record {run[0].position} on the log cannot be done again"
            if not stopped:
                stopped = self._feed(replay, opened)
            if stopped:
                replay.gather(opened, self._remains)
        return stopped

    def _feed(self, replay: Replay, opened: Sequence[Opened]) -> str:
        try:
            replay.feed(opened)
        except TakenOver as error:
            return f"its first {error.size:,} records are of an earlier version, which logged nothing beside the events"
        except Shredded as error:
            return f"what was appended later refers to what lies under a key that was destroyed ({error.message})"
        except Diverged as error:
            self._diverged(error)
            return f"the log cannot be done again from record {error.position} on"
        return ""

    def _finish(self, replay: Replay) -> str:
        try:
            replay.finish()
        except Diverged as error:
            self._diverged(error)
            return f"the log cannot be done again from record {error.position} on"
        return ""

    def _diverged(self, error: Diverged) -> None:
        self._faults.find("log", "replay-differs", f"record {error.position}: {error.message}", table="record",
                          key=f"position={error.position}", position=error.position)  # fmt: skip

    def _check_since(self, view: View, since: Marker) -> None:
        """Check that the log still has the record up to which an earlier audit came."""
        if not since.size:
            return
        page = next(view.pages(BY_NAME["record"], (since.size - 2,)), [])
        if not page or page[0][0] != since.size - 1 or page[0][5] != bytes.fromhex(since.last_id):
            message = f"the log is not the one that was audited up to {since.size} entries"
            self._faults.find("log", "log-differs", message, table="record", key=f"position={since.size - 1}",
                              field="id", expected=since.last_id, position=since.size - 1)  # fmt: skip

    def _check_rows(self, view: View, since: Marker) -> None:
        """Check that no column of a record that an earlier audit has opened was changed since."""
        rows = (row for page in view.pages(BY_NAME["record"]) for row in page)
        first = 0
        for end, told in since.rows:
            found = hashlib.sha256()
            for row in itertools.islice(rows, end - first):
                found.update(_encoded((row,)))
            if found.hexdigest() != told:
                message = f"a record of those from {first} to {end - 1} was changed: a whole audit says which"
                self._faults.find("log", "row-changed", message, table="record", key=f"position={first} to {end - 1}",
                                  expected=told, found=found.hexdigest(), position=first)  # fmt: skip
            first = end

    def _tables(self, view: View, names: Mapping[int, str]) -> None:
        without = BOARDS - self._boards(view)
        unfiled = None
        if self._settings.get(UNFILED) == UNFILED_VALUE:
            unfiled = Unfiled(view, names)
            self._again.begin().set_settings({UNFILED: UNFILED_VALUE})
            self._again.commit()
        again = self._again.copying().view()
        try:
            total = sum(again.count(table) for table in BY_NAME.values())
            self.checked.rows = compare_tables(
                view, again, self._faults, progress=lambda done: self._progress("tables", done, total),
                without=without, unfiled=unfiled,
            )  # fmt: skip
            _compare_own(view, again, self._faults)
        finally:
            again.close()

    def _boards(self, view: View) -> frozenset[str]:
        """Count the boards again, and give which tables of them can be compared: both or none."""
        if self._faults.count:
            self._faults.miss("the boards: the log that they are counted from is not whole")
            return frozenset()
        reader = self._store.reader()
        try:
            boards = counted(view, reader, self.checked.log_size)
            if not boards.here:
                self.checked.boards_of_before = True
                return frozenset()
            count_again(self._again, reader, boards.at, lambda done, all_: self._progress("boards", done, all_))
        except (StoreDamaged, CannotDecrypt) as error:  # of a record in front of those that were read now
            self._faults.miss(f"the boards: {error.message}; a whole audit says what is damaged")
            return frozenset()
        finally:
            reader.close()
        self.checked.boards = boards.at
        return BOARDS


def audit(
    store: Store, again: Store, faults: Faults, *, progress: Progress, since: Marker | None = None,
    signed: bytes = b"", waypoint: int = 0,
) -> Checked:  # fmt: skip
    """Hold a store against its log; ``again`` is where it is made again."""
    return Audit(store, again, faults, progress=progress, since=since, signed=signed, waypoint=waypoint).run()


def _encoded(rows: Iterable[Row]) -> bytes:
    """Give all columns of rows, one row after the other; what cannot be written is no row that was ever right."""
    try:
        return b"".join(map(_encode, rows))
    except (UnicodeEncodeError, OverflowError, TypeError):
        return b""


def _is_of_before(view: View) -> bool:
    """Tell whether an earlier version wrote all of this log: nothing is committed to, published or told beside it."""
    if view.count(BY_NAME["checkpoint"]) or view.count(BY_NAME["tile"]):
        return False
    kinds = {RecordKind.EVENT, RecordKind.SCAN, RecordKind.COMMAND, RecordKind.DECISION}
    return all(row[-1] is None and row[1] in kinds for page in view.pages(BY_NAME["record"]) for row in page)


def leaves_of(run: Iterable[Record]) -> list[bytes]:
    """Give the leaf hashes of records as the log has them."""
    sha256 = hashlib.sha256
    return [
        sha256(b"\x00\x01" + bytes((record.kind,)) + record.id + (record.commitment or b"")).digest() for record in run
    ]


def _compare_own(view: View, again: View, faults: Faults) -> None:
    """Compare what an engine keeps for itself, where both are of one engine, and let it look for contradictions."""
    mine, right = view.own_rows(), again.own_rows()
    if mine.keys() == right.keys():
        for table, rows in right.items():
            there, expected = dict.fromkeys(mine[table]), frozenset(rows)
            for row in rows:
                if row not in there:
                    faults.find("table", "row-changed", f"{table} is not what the log makes it", table=table,
                                key=str(row[0]), expected=row)  # fmt: skip
            for row in there:
                if row not in expected:
                    faults.find("table", "row-changed", f"{table} holds what the log does not make", table=table,
                                key=str(row[0]), found=row)  # fmt: skip
    for fault in view.contradictions():
        faults.add(fault)
