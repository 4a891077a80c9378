"""Asking witnesses for their cosignatures (C2SP tlog-witness), and what it means when one refuses.

A witness that has cosigned a longer log, or another one, shows that an old copy or a fork stands here. Nobody is
believed without proof: only a head that our own key has signed, and that this record does not contain, stops it.
"""

from __future__ import annotations

import hashlib
import logging
import threading
from concurrent.futures import ThreadPoolExecutor, wait
from typing import TYPE_CHECKING, Final

from rxtrail.core.merkle import note, signed_checkpoint, witness_request
from rxtrail.core.merkle.errors import BadNote, BadTile
from rxtrail.core.merkle.policy import NONE
from rxtrail.core.merkle.tile import TileHashes
from rxtrail.core.merkle.tree import consistency_proof, range_root
from rxtrail.errors import RxtrailError, StoreFailed
from rxtrail.outbound.lasting import Lasting
from rxtrail.publishing.publisher import HOUR_US
from rxtrail.publishing.tiles import read_tile

if TYPE_CHECKING:
    from collections.abc import Callable

    from rxtrail.core.merkle.policy import Policy, Witness
    from rxtrail.core.merkle.signed_checkpoint import SignedCheckpoint
    from rxtrail.ledger.log import Log
    from rxtrail.ledger.writer import Writer
    from rxtrail.store import Reader, Transaction
    from rxtrail.store.rows import CheckpointRow

_LOG = logging.getLogger("rxtrail.log")
ANSWER_SECONDS: Final = 5.0
PAUSE_SECONDS: Final = (1.0, 60.0)  # before a witness that did not answer is asked again: first, and at most
UNKNOWN_SECONDS: Final = 60.0
LOOK_SECONDS: Final = 1.0
AT_ONCE_MAX: Final = 8
_SENT: Final = {"Content-Type": "application/octet-stream"}


class WitnessRefused(RxtrailError):
    """A witness that does not cosign, and why."""

    code = "witness-refused"


class _Asked:
    """One witness, and how it stands."""

    def __init__(self, witness: Witness) -> None:
        self.witness = witness
        self.server = Lasting(witness.url)
        self.old = 0  # the size that it cosigned last, as far as we know
        self.signed = 0  # the size of the newest head that it cosigned for us
        self.pause = PAUSE_SECONDS[0]
        self.not_before = 0.0
        self.error = ""
        self.accuses = ""  # it says that it has seen more, or another log


class Witnesses:
    """Asks all witnesses of a policy about each new head, in a thread of its own."""

    def __init__(
        self,
        policy: Policy,
        *,
        reader: Callable[[], Reader],
        writer: Callable[[], Writer],
        now_us: Callable[[], int],
        refuse: Callable[[str], None],
        failure: Callable[[BaseException], StoreFailed | None],
        keys: Callable[[], list[note.VerifierKey]],
    ) -> None:
        """``refuse`` is told when it is proven that this record is not the log that was published before.

        ``keys`` gives the log's own keys. Raises ``BadRequest`` for a witness at an address that may not be asked.
        """
        self._policy = policy
        self._reader = reader
        self._writer = writer
        self._now_us = now_us
        self._refuse = refuse
        self._failure = failure
        self._keys = keys
        self._asked = [_Asked(one) for one in policy.witnesses if one.url]
        self._woken = threading.Event()
        self._stopping = threading.Event()
        self._asked_once = threading.Event()
        self._pool = ThreadPoolExecutor(max_workers=AT_ONCE_MAX, thread_name_prefix="rxtrail-witness")
        self._thread = threading.Thread(target=self._run, name="rxtrail-witnesses", daemon=True)

    def start(self, *, wait_seconds: float = 0.0) -> None:
        """Ask from here on; the newest head first, which each witness is shown once after a start.

        Wait so long for what they say of that.
        """
        self._thread.start()
        self._woken.set()
        if not self._asked_once.wait(wait_seconds) and wait_seconds:
            _LOG.warning("the witnesses have not answered yet: whether this is an old copy is not known")

    def wake(self) -> None:
        """There is a new head."""
        self._woken.set()

    def stop(self) -> None:
        """Ask no more."""
        self._stopping.set()
        self._woken.set()
        for asked in self._asked:
            asked.server.interrupt()
        if self._thread.ident is not None:
            self._thread.join()
        self._pool.shutdown(wait=True, cancel_futures=True)
        for asked in self._asked:
            asked.server.close()

    def told(self) -> list[str]:
        """Tell of each witness up to where it has cosigned."""
        return [f"{one.witness.name}: {one.signed:,}{f' ({one.error})' if one.error else ''}" for one in self._asked]

    def warnings(self) -> list[str]:
        """Tell what the witnesses have against this log."""
        return [f"witness {one.witness.name}: {one.accuses}" for one in self._asked if one.accuses]

    @property
    def accused(self) -> bool:
        """Tell whether a witness says that it has seen more than this log, or another one."""
        return any(one.accuses for one in self._asked)

    # -- the thread ------------------------------------------------------------------------------------------------

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._woken.wait(LOOK_SECONDS)
            self._woken.clear()
            if self._stopping.is_set():
                return
            try:
                self.round()
                self._asked_once.set()
            except StoreFailed as error:
                if not error.curable:
                    return  # told by the node, which stops
            except (RxtrailError, OSError) as error:
                _LOG.warning("the witnesses could not be asked: %s", error)
            except Exception as error:
                if self._failure(error) is None:
                    _LOG.exception("asking the witnesses failed")
                    raise

    def round(self) -> bool:
        """Show the newest head to all witnesses that have not cosigned it; tell whether there were new signatures."""
        reader = self._reader()
        row = reader.checkpoint()
        if row is None:
            return False
        head = signed_checkpoint.parse(row.note)
        now = self._now_us() / 1e6
        due = [one for one in self._asked if one.signed < head.checkpoint.size and one.not_before <= now]
        if not due:
            return False
        source = TileHashes(
            lambda level, number, width: read_tile(reader, level, number, width),
            head.checkpoint.size,
            head.checkpoint.root,
        )
        # The store is read by this thread alone: the proofs are made here, the waiting is done by others.
        found: list[note.Signature] = []
        for _ in range(2):  # a witness that tells another size is asked again at once, with the proof from there
            asking = {
                self._pool.submit(self._ask, one, head, consistency_proof(source, one.old, head.checkpoint.size)): one
                for one in due
            }
            wait(asking)
            due = []
            for future, one in asking.items():
                given = future.result()
                if isinstance(given, int):
                    due += self._told_size(one, given, head, source)
                elif given is None:
                    self._look_into(one, head, source)
                else:
                    found += given
            if not due or self._stopping.is_set():
                break
        if not found:
            return False
        self._writer().do(lambda tx, log: self._store(tx, log, row, head, found))
        return True

    def _store(
        self, tx: Transaction, _log: Log, row: CheckpointRow, head: SignedCheckpoint, found: list[note.Signature]
    ) -> None:
        """Add signatures to a head that is still kept."""
        there = tx.checkpoint()
        if there is not None and there.size == row.size:
            head = signed_checkpoint.parse(there.note)  # another process may have added some
        signed = head.signed_also(found)
        enough = self._policy.quorum != NONE and self._is_enough(signed)
        if there is not None and there.size > row.size and not enough:
            return
        cosigned = tx.checkpoint(cosigned=True)
        if cosigned is not None and cosigned.size > row.size:
            return
        keep = row.size if enough else cosigned.size if cosigned else 0
        newest = there if there is not None and there.size > row.size else None
        filled = row._replace(note=signed.format(), cosigned=int(enough))
        tx.put_checkpoint(filled, since=row.at - row.at % HOUR_US, keep=keep)
        if newest is not None:
            tx.put_checkpoint(newest, since=newest.at - newest.at % HOUR_US, keep=keep)

    def _is_enough(self, signed: SignedCheckpoint) -> bool:
        keys = {one.key: one.name for one in self._policy.witnesses}
        try:
            by = note.verify(signed.note, keys)
        except BadNote:
            return False
        return self._policy.satisfied([keys[key] for key in by])

    # -- one witness -----------------------------------------------------------------------------------------------

    def _ask(self, one: _Asked, head: SignedCheckpoint, proof: list[bytes]) -> list[note.Signature] | int | None:
        """Ask one witness: its signatures, the size that it has instead, or None when it calls the log another one."""
        request = witness_request.AddCheckpoint(one.old, tuple(proof), head.format())
        size = head.checkpoint.size
        try:
            reply = one.server.request(
                "POST", "/add-checkpoint", seconds=ANSWER_SECONDS, headers=_SENT, body=request.format()
            )
            if reply.status == 200:
                given = [
                    each
                    for each in witness_request.parse_answer(reply.body)
                    if (each.name, each.key_id) == (one.witness.key.name, one.witness.key.key_id)
                ]
                if not given or not all(one.witness.key.verifies(head.note.text, each.signature) for each in given):
                    raise WitnessRefused("its cosignature is not of the key in the policy")
                one.old = one.signed = size
                one.pause, one.error, one.accuses = PAUSE_SECONDS[0], "", ""
                return given
            if reply.status == 409 and (told := witness_request.parse_size(reply.body)) is not None:
                return told
            if reply.status == 422:
                return None
            if reply.status in (403, 404):
                one.pause = UNKNOWN_SECONDS
                raise WitnessRefused("it does not know this log, or not by this key")
            raise WitnessRefused(f"it answers {reply.status}")
        except (RxtrailError, OSError) as error:
            self._put_off(one, error.message if isinstance(error, RxtrailError) else str(error))
            return []

    def _put_off(self, one: _Asked, why: str) -> None:
        if one.error != why:
            _LOG.warning("witness %s: %s", one.witness.name, why)
        one.error = why
        one.not_before = self._now_us() / 1e6 + one.pause
        one.pause = min(PAUSE_SECONDS[1], one.pause * 2)

    def _told_size(self, one: _Asked, told: int, head: SignedCheckpoint, source: TileHashes) -> list[_Asked]:
        """Give the witness to be asked again when it has cosigned less than we thought, or more, but not too much."""
        if told <= head.checkpoint.size:
            if told == one.old:
                self._put_off(one, "it contradicts itself about the size that it cosigned")
                return []
            one.old = told
            return [one]
        if self._reader().log_size() >= told:
            return []  # another process has published more meanwhile; so will this one be told
        self._look_into(one, head, source, told=told)
        return []

    def _look_into(self, one: _Asked, head: SignedCheckpoint, source: TileHashes, *, told: int = 0) -> None:
        """Find out whether what a witness says against this log is proven by a head that our own key has signed."""
        one.accuses = (
            f"it has cosigned {told:,} entries, and this log has {head.checkpoint.size:,}"
            if told
            else f"it says that this log is not the one that it cosigned up to {one.old:,} entries"
        )
        self._put_off(one, one.accuses)
        _LOG.critical("witness %s: %s", one.witness.name, one.accuses)
        shown = self._shown_by(one, head)
        if shown is None:
            return
        theirs = shown.checkpoint
        try:
            same = theirs.size <= head.checkpoint.size and range_root(source, 0, theirs.size) == theirs.root
        except BadTile as wrong:
            self._refuse(wrong.message)
            return
        if same:
            one.accuses = ""  # what it shows is a part of this log: it is mistaken, or was set back itself
            one.old = theirs.size
            return
        self._refuse(
            f"our own key has signed a head over {theirs.size:,} entries that this record does not have "
            f"(shown by the witness {one.witness.name})"
        )

    def _shown_by(self, one: _Asked, head: SignedCheckpoint) -> SignedCheckpoint | None:
        """Fetch the head that a witness says to have cosigned; None unless our own key has signed it."""
        origin = head.checkpoint.origin
        path = f"/{hashlib.sha256(origin.encode()).hexdigest()}/checkpoint"
        try:
            reply = one.server.request("GET", path, seconds=ANSWER_SECONDS, headers={})
            if reply.status != 200:
                return None
            shown = signed_checkpoint.parse(reply.body)
            signed_checkpoint.verify(shown, self._keys())
        except RxtrailError:
            return None
        return shown
