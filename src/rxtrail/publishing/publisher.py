"""The publisher: each second it takes what is durable, grows the tree, and has the new head signed.

What is signed is read back from the store first, so a head never commits to what a crash could take away. Tiles and
head become visible in one transaction. When the signer or the record's own tiles say that this record is not the one
that was published before, nothing more is published: see ``doubt``.
"""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING, Final

import msgspec

from rxtrail.core.merkle import checkpoint, note
from rxtrail.core.merkle.checkpoint import Checkpoint
from rxtrail.core.merkle.errors import BadKey, BadNote, BadProof, BadTile
from rxtrail.core.merkle.tile import TileHashes
from rxtrail.core.merkle.tree import consistency_proof
from rxtrail.errors import LogSetBack, RxtrailError, StoreFailed
from rxtrail.publishing.signer_client import SignerAway
from rxtrail.publishing.signing import LogRefused
from rxtrail.publishing.tiles import builder_at, leaves_of, read_tile
from rxtrail.store.rows import CheckpointRow

if TYPE_CHECKING:
    from collections.abc import Callable

    from rxtrail.core.merkle.tile import TileBuilder
    from rxtrail.ledger.writer import Writer
    from rxtrail.publishing.signer_client import SignerPort
    from rxtrail.publishing.signer_wire import State
    from rxtrail.store import Reader, Transaction

_LOG = logging.getLogger("rxtrail.log")
LOG_ORIGIN: Final = "log_origin"  # settings of the store: whose log it is, and its verifier keys, one a line
LOG_KEYS: Final = "log_keys"
CLAIM_US: Final = 10_000_000
"""Where several processes write one record, one publishes: another takes over when it has been silent for so long."""

HOUR_US: Final = 3_600_000_000
ENTRIES_AT_ONCE: Final = 4_096
"""Entries between two looks at whether to stop, and in one transaction of tiles while a long log catches up."""

PAUSE_SECONDS_MAX: Final = 30.0
MISSES_UNTOLD: Final = 4  # rounds without the signer that are not told of
_ADVICE: Final = (
    "An old copy stands where the record was, or it was altered. Look for the newest copy first. When there is none, "
    "accept the loss (rxtrail restore --accept-loss) and begin a new log: rxtrail log renew."
)


class Published(msgspec.Struct, frozen=True):
    """A head as it was published."""

    head: Checkpoint
    row: CheckpointRow


def read_published(row: CheckpointRow) -> Published:
    """Read a head from the store; its signatures are not checked here.

    :raises BadNote: it is none.
    """
    return Published(checkpoint.parse(note.parse(row.note).text), row)


class Publisher:
    """Publishes the log of one store; one round at a time, by :meth:`publish` or by its own thread."""

    def __init__(
        self,
        *,
        reader: Callable[[], Reader],
        writer: Callable[[], Writer],
        signer: SignerPort,
        name: str,
        now_us: Callable[[], int],
        shared: bool,
        seconds: float,
        published: Callable[[Published], None] = lambda _published: None,
        failure: Callable[[BaseException], StoreFailed | None] = lambda _error: None,
    ) -> None:
        """``name`` tells this process from others that write the same record; ``published`` is told each new head."""
        self._reader = reader
        self._writer = writer
        self._signer = signer
        self._name = name
        self._now_us = now_us
        self._shared = shared
        self._seconds = seconds
        self._published = published
        self._failure = failure
        self._builder: TileBuilder | None = None
        self._last: Published | None = None
        self._state: State | None = None
        self._round = threading.Lock()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self.doubt: LogSetBack | None = None
        self.away = ""  # why there is no new head, "" when there is one

    # -- the thread ------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Publish every so many seconds until :meth:`stop`."""
        self._thread = threading.Thread(target=self._run, name="rxtrail-publisher", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Let the round that runs end, and no other begin."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        pause, misses, told = self._seconds, 0, ""
        while not self._stopping.wait(pause):
            pause = self._seconds
            try:
                self.publish()
            except StoreFailed as error:
                if not error.curable:
                    self.away = error.message
                    return  # told by the node, which stops
            except RxtrailError as error:
                pause = min(PAUSE_SECONDS_MAX, self._seconds * 2)
                misses += 1
                # A signer that was started with this process needs a moment, which nobody need hear of.
                if told != error.message and (misses > MISSES_UNTOLD or not isinstance(error, SignerAway)):
                    told = error.message
                    _LOG.warning("no checkpoint: %s", told)
                self.away = error.message
            except Exception as error:
                failure = self._failure(error)
                if failure is None:
                    self.away = repr(error)
                    _LOG.exception("the publisher failed")
                    raise
                self.away = failure.message
            else:
                misses, told = 0, ""
                continue
            self.forget()

    def forget(self) -> None:
        """Begin the next round from what the store and the signer say."""
        self._builder = self._last = self._state = None

    # -- one round -------------------------------------------------------------------------------------------------

    def publish(self) -> bool:
        """Publish what is durable by now; tell whether there is a new head.

        :raises SignerAway: the signer cannot be asked now.
        :raises LogSetBack: this record is not the one that was published before.
        :raises StoreFailed: the store failed.
        """
        with self._round:
            if self.doubt is not None:
                raise self.doubt
            try:
                try:
                    return self._publish(self._reader())
                except LogRefused:
                    # What is known of the signer may be old, as when another process has published meanwhile.
                    self.forget()
                    return self._publish(self._reader())
            except (LogRefused, BadTile, BadProof, BadNote) as wrong:
                raise self._doubt(f"{wrong.message}") from wrong

    def _doubt(self, why: str) -> LogSetBack:
        self.doubt = LogSetBack(f"this record is not the one that was published: {why}", advice=_ADVICE)
        _LOG.critical("%s", self.doubt.message)
        return self.doubt

    def refuse(self, why: str) -> None:
        """Publish nothing more: a witness has shown that this is not the log that was published before."""
        if self.doubt is None:
            self._doubt(why)

    def _publish(self, reader: Reader) -> bool:
        row = reader.checkpoint()
        if self._shared and row is not None and row.publisher != self._name and self._now_us() - row.at < CLAIM_US:
            self.away = ""
            return False
        size = reader.log_size()
        if row is not None and size < row.size:
            raise self._doubt(f"it has {size:,} records, and a head over {row.size:,} was published")
        self._catch_up_with(reader, row)
        state = self._state = self._state or self._signer.hello()
        if self._last is not None and self._last.head.origin == state.origin and size == self._last.head.size:
            self.away = ""
            return False
        marks = self._marks(reader, state)
        signed_before = self._signed_before(reader, state)
        if row is not None and signed_before is None:
            raise SignerAway(
                "the signer does not know what its key has signed",
                advice="Restore DATA/keys/log.head from your backup, or put the newest head there (a witness has it); "
                "or begin a new log: rxtrail log renew.",
            )
        if signed_before is not None and size < signed_before.size:
            raise self._doubt(f"it has {size:,} records, and a head over {signed_before.size:,} was signed")
        if self._last is not None and signed_before is not None and self._last.head.size > signed_before.size:
            # Another machine has signed with this key: what its signer knows by heart, ours must learn first.
            state, signed_before = self._teach(reader, state, signed_before), self._last.head
        pending = self._grow(reader, size)
        builder = self._builder
        assert builder is not None
        head = Checkpoint(state.origin, builder.size, builder.root())
        signed = self._sign(reader, head, pending, signed_before, state)
        row = CheckpointRow(head.size, self._now_us(), self._name, 0, signed)
        if not self._writer().do(lambda tx, _log: self._store(tx, row, pending, marks)):
            self.forget()  # another process was faster: the next round goes on from its head
            return False
        self._last = Published(head, row)
        self._state = msgspec.structs.replace(state, note=signed)
        self.away = ""
        self._published(self._last)
        return True

    def _teach(self, reader: Reader, state: State, before: Checkpoint) -> State:
        """Have the signer take over the newest head of the store, which its key has signed elsewhere."""
        last = self._last
        assert last is not None
        proof: list[bytes] = []
        if before.size:
            source = TileHashes(
                lambda level, number, width: read_tile(reader, level, number, width), last.head.size, last.head.root
            )
            proof = consistency_proof(source, before.size, last.head.size)
        note_ = self._signer.learn(last.row.note, proof)
        self._state = msgspec.structs.replace(state, note=note_)
        return self._state

    @staticmethod
    def _signed_before(reader: Reader, state: State) -> Checkpoint | None:
        """Give the last head that the signer tells of, None for none; one that no key of this log has signed is none.

        :raises SignerAway: what it tells cannot be read, or none of the keys has signed it. So a signer that is sick,
            or is not ours, makes nobody doubt the record.
        """
        if not state.note:
            return None
        known = reader.settings().get(LOG_KEYS, "").split() or state.keys
        try:
            signed = note.parse(state.note)
            note.verify(signed, [note.VerifierKey.parse(key) for key in known])
            return checkpoint.parse(signed.text)
        except (BadNote, BadKey) as wrong:
            raise SignerAway(
                f"the signer tells of a head that no key of this log has signed: {wrong.message}",
                advice="Look at who listens on its socket, and at DATA/keys/log.head.",
            ) from wrong

    @staticmethod
    def _marks(reader: Reader, state: State) -> dict[str, str]:
        """Give what is to be noted of whose log this is; a signer that has another log's key signs nothing here.

        Of the keys that are known one must still sign: so a key that was lost, or put there by somebody, is noticed.
        """
        known = reader.settings()
        origin, keys = known.get(LOG_ORIGIN), known.get(LOG_KEYS, "").split()
        if origin is not None and origin != state.origin:
            raise SignerAway(
                f"this record is the log {origin!r}, and the signer has the key of {state.origin!r}",
                advice="Give this machine the log's key, let the other one publish, or begin a new log: "
                "rxtrail log renew.",
            )
        if keys and not set(keys) & set(state.keys):
            raise SignerAway(
                "the signer has none of the keys that signed this log so far",
                advice="Restore DATA/keys from your backup of it, or begin a new log: rxtrail log renew.",
            )
        return {} if keys == state.keys else {LOG_ORIGIN: state.origin, LOG_KEYS: "\n".join(state.keys)}

    def _catch_up_with(self, reader: Reader, row: CheckpointRow | None) -> None:
        """Have the tree as it was last published."""
        size = 0 if row is None else row.size
        if self._builder is None or (self._last.head.size if self._last else 0) != size:
            self._state = None  # somebody else has published: the signer has signed since
            self._builder = builder_at(reader, size)
            self._last = read_published(row) if row is not None else None
        if self._last is not None and self._builder.size == size and self._builder.root() != self._last.head.root:
            raise BadTile("the tiles do not make the root that was published")

    def _grow(self, reader: Reader, size: int) -> dict[tuple[int, int], bytes]:
        """Grow the tree to a size; give the tiles that are not in the store yet."""
        builder = self._builder
        assert builder is not None
        pending: dict[tuple[int, int], bytes] = {}
        while builder.size < size:
            if self._stopping.is_set() and size - builder.size > ENTRIES_AT_ONCE:
                raise SignerAway("this node is closing")
            start = builder.size
            rows = reader.entries_from(start, min(ENTRIES_AT_ONCE, size - start))
            if not rows or rows[0][0] != start or rows[-1][0] != start + len(rows) - 1:
                raise self._doubt(f"record {start:,} is missing")
            for level, number, hashes in builder.extend(leaves_of(rows)):
                pending[level, number] = hashes
            if builder.size < size:
                # A tile may be longer than what is published: who reads it is held to the size of the head.
                tiles = [(*which, hashes) for which, hashes in pending.items()]
                self._writer().do(lambda tx, _log, tiles=tiles: tx.put_tiles(tiles))  # type: ignore[misc]
                pending = {}
        return pending

    def _sign(
        self,
        reader: Reader,
        head: Checkpoint,
        pending: dict[tuple[int, int], bytes],
        before: Checkpoint | None,
        state: State,
    ) -> bytes:
        def read(level: int, number: int, width: int) -> bytes:
            ours = pending.get((level, number))
            return ours[: 32 * width] if ours is not None else read_tile(reader, level, number, width)

        proof: list[bytes] = []
        if before is not None and 0 < before.size < head.size:
            proof = consistency_proof(TileHashes(read, head.size, head.root), before.size, head.size)
        try:
            signed = self._signer.sign(head.text(), proof, self._last.row.note if self._last is not None else b"")
        except SignerAway:
            self._state = None  # whether it has signed is asked anew
            raise
        try:
            given = note.parse(signed)
            if given.text != head.text():
                raise SignerAway("the signer has signed something else than it was asked for")
            note.verify(given, [note.VerifierKey.parse(key) for key in state.keys])
        except (BadNote, BadKey) as wrong:
            self._state = None
            raise SignerAway(f"what the signer gave is no signature: {wrong.message}") from wrong
        return signed

    def _store(
        self, tx: Transaction, row: CheckpointRow, pending: dict[tuple[int, int], bytes], marks: dict[str, str]
    ) -> bool:
        """Write tiles and head, unless another process has published since this round began."""
        there = tx.checkpoint()
        before = self._last.row if self._last is not None else None
        if there is not None and there.note == row.note:
            return True  # the answer to our own commit was lost, and it is done again
        if (there.size if there else 0) != (before.size if before else 0) or tx.log_size() < row.size:
            return False
        cosigned = tx.checkpoint(cosigned=True)
        tx.put_tiles([(*which, hashes) for which, hashes in pending.items()])
        tx.put_checkpoint(row, since=row.at - row.at % HOUR_US, keep=cosigned.size if cosigned else 0)
        if marks:
            tx.set_settings(marks)
        return True
