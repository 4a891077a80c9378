"""The record as a log that outsiders can check (C2SP tlog-tiles): signed each second, witnessed, served, exported.

``Publishing`` is what a node has of it. The signer is a process of its own (``rxtrail signer``) that ``rxtrail serve``
starts; see docs/log.md.
"""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from rxtrail.answers import LogStatus, RetiredLog
from rxtrail.core.merkle import checkpoint, note
from rxtrail.core.merkle.note import VerifierKey
from rxtrail.core.merkle.policy import NONE, Policy
from rxtrail.core.merkle.tile import TileBuilder
from rxtrail.errors import BadRequest, Busy, LogSetBack, NotFound, RxtrailError
from rxtrail.keys import FOLDER as KEYS_FOLDER
from rxtrail.keys import open_key
from rxtrail.log_settings import CHECKPOINT_SECONDS, CHECKPOINT_SECONDS_MIN, CHILD, INLINE, LogSettings
from rxtrail.private_socket import user_number
from rxtrail.publishing import retired
from rxtrail.publishing.files import LogFiles, place_of
from rxtrail.publishing.opening import child_arguments, next_name, read_policy, signer_of
from rxtrail.publishing.publisher import (
    ENTRIES_AT_ONCE,
    LOG_KEYS,
    LOG_ORIGIN,
    Published,
    Publisher,
    read_published,
)
from rxtrail.publishing.signer_client import InlineSigner, SignerAway, SignerChild, SocketSigner
from rxtrail.publishing.signer_wire import SOCKET_NAME
from rxtrail.publishing.signing import RETIRED_FOLDER, LogRefused, put_away
from rxtrail.publishing.tiles import leaves_of
from rxtrail.publishing.witnesses import Witnesses
from rxtrail.store.rows import RecordKind

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future
    from datetime import date

    from rxtrail.errors import StoreFailed
    from rxtrail.ledger.log import Log
    from rxtrail.ledger.writer import Writer
    from rxtrail.publishing.signer_client import SignerPort
    from rxtrail.store import Reader, Transaction
    from rxtrail.store.rows import CheckpointRow

__all__ = [
    "LogFiles", "LogRefused", "Published", "Publishing", "SignerAway", "place_of", "read_published", "signer_of",
]  # fmt: skip

_ID_BYTES: Final = 8
LOAD_TEST: Final = "load_test"  # a setting of a record that is for load tests
_STALE_FACTOR: Final = 10
FIRST_SECONDS: Final = 3.0


class Publishing:
    """What a node has of its published log."""

    def __init__(
        self,
        data: Path,
        *,
        reader: Callable[[], Reader],
        writer: Callable[[], Writer],
        shared: bool,
        now_us: Callable[[], int],
        random_bytes: Callable[[int], bytes],
        failure: Callable[[BaseException], StoreFailed | None],
    ) -> None:
        """Take what it needs; nothing runs before :meth:`start`."""
        self._data = data
        self._reader = reader
        self._writer = writer
        self._shared = shared
        self._now_us = now_us
        self._random = random_bytes
        self._failure = failure
        self._settings = LogSettings()
        self._policy: Policy | None = None
        self._signer: SocketSigner | InlineSigner | None = None
        self._child: SignerChild | None = None
        self._publisher: Publisher | None = None
        self._witnesses: Witnesses | None = None
        self._adds = False
        self.files = LogFiles(reader, quorum=self._has_quorum)

    # -- while a node is served ------------------------------------------------------------------------------------

    def start(self, settings: LogSettings) -> None:
        """Publish from here on.

        :raises BadRequest: the settings make no sense, or the policy cannot be read.
        :raises KeyFailed: the key is in this process, and cannot be opened.
        """
        if settings.checkpoint_seconds < CHECKPOINT_SECONDS_MIN:
            raise BadRequest(
                f"checkpoints cannot come every {settings.checkpoint_seconds} s", place="checkpoint_seconds"
            )
        self._settings = settings
        self._policy = read_policy(settings.witness_policy) if settings.witness_policy else None
        if settings.signer == CHILD:
            self._child = SignerChild(["--data", str(self._data), *child_arguments(settings)])
            self._child.start()
        self._signer = self._open_signer()
        name = self._random(_ID_BYTES).hex()
        self._publisher = self._new_publisher(self._signer, name, settings.checkpoint_seconds)
        if self._policy is not None and self._policy.witnesses:
            self._witnesses = Witnesses(
                self._policy, reader=self._reader, writer=self._writer, now_us=self._now_us,
                refuse=self._publisher.refuse, failure=self._failure, keys=self._own_keys,
            )  # fmt: skip
            # An old copy of everything agrees with itself, and only a witness can tell: it is asked before any counter
            # is answered, unless it keeps us waiting.
            self._witnesses.start(wait_seconds=FIRST_SECONDS)
        self._publisher.start()

    def close(self) -> None:
        """Publish what is durable, once more, then let go of the signer; what a command wrote, if a signer runs."""
        publisher = self._publisher
        if publisher is None:
            if (self._data / SOCKET_NAME).exists():
                with contextlib.suppress(RxtrailError, OSError):
                    self.publish_now()
            return
        publisher.stop()
        if self._witnesses is not None:
            self._witnesses.stop()
        try:
            publisher.publish()
        except Exception as error:
            if not isinstance(error, RxtrailError) and self._failure(error) is None:
                raise
        if self._signer is not None:
            self._signer.close()
        if self._child is not None:
            self._child.stop()

    @property
    def accused(self) -> bool:
        """Tell whether a witness says, without proof, that it has seen more of this log, or another one."""
        return self._witnesses is not None and self._witnesses.accused

    @property
    def running(self) -> bool:
        """Tell whether this process publishes."""
        return self._publisher is not None

    @property
    def doubt(self) -> LogSetBack | None:
        """Tell why this record cannot be the one that was published before, None when nothing speaks against it."""
        return self._publisher.doubt if self._publisher is not None else None

    # -- load tests ------------------------------------------------------------------------------------------------

    def allow_load_test(self) -> None:
        """Mark this record as one for load tests.

        :raises BadRequest: it holds events or documents, which are no play.
        """
        _, _, events, documents = self._reader().counts()
        if events or documents:
            raise BadRequest(
                "this record holds events: load tests need a record of their own",
                place="--load-test",
                advice="Give --data an empty folder.",
            )
        if not self.is_for_load_tests:
            self._writer().do(lambda tx, _log: tx.set_settings({LOAD_TEST: "1"}))
        self._adds = True

    @property
    def is_for_load_tests(self) -> bool:
        """Tell whether this record was ever opened for load tests."""
        return LOAD_TEST in self._reader().settings()

    def add(self, body: bytes) -> Future[int]:
        """Append anything as a record, in a load test; its index comes when it is durable.

        :raises NotFound: this is no load test.
        """
        if not self._adds:
            raise NotFound("nothing can be added to this log by hand", advice="Records are made by captures and scans.")
        canonical = b"\x01" + msgspec.msgpack.encode(["load-test", body])
        return self._writer().submit(lambda _tx, log: log.append(RecordKind.COMMAND, canonical))

    # -- by commands -----------------------------------------------------------------------------------------------

    def publish_now(self, settings: LogSettings | None = None, *, start_signer: bool = False) -> bool:
        """Publish what is durable by now, when a signer can be asked at once; tell whether there is a head of all.

        :raises SignerAway: there is no signer, or it does not answer.
        :raises LogSetBack: this record is not the one that was published before.
        """
        if self._publisher is not None:
            self._publisher.publish()
            return True
        settings = settings or self._settings
        signer = self._at_once(settings, start=start_signer)
        try:
            self._new_publisher(signer, self._random(_ID_BYTES).hex(), CHECKPOINT_SECONDS).publish()
        finally:
            signer.close()
        return True

    def renew(self, *, origin: str, reason: str, day: date) -> LogStatus:
        """Begin a new log over the record as it is: a new key, a new name, a new tree. The old key is put away.

        :raises BadRequest: the name is the old one.
        """
        assert self._publisher is None, "nobody publishes meanwhile"
        reader = self._reader()
        before = reader.settings().get(LOG_ORIGIN, "")
        origin = origin or next_name(before or f"{open_key(self._data, random_bytes=self._random).verifier.name}/log")
        if origin in {before, *(log.origin for log in retired.logs(reader))}:
            raise BadRequest("a new log needs another name", place="--origin")
        away = f"{day.isoformat()}-{self._random(4).hex()}"
        put_away(self._data, away)
        old, rows = self._given_up(before, day, reason), reader.checkpoints()
        folder = self._data / KEYS_FOLDER / RETIRED_FOLDER
        heads = retired.stored_heads(rows, folder, before)
        if rows and not _is_of_these_records(reader, rows[-1]):
            retired.keep_tiles(reader, rows[-1].size, folder / away)
        settings = LogSettings(origin=origin)
        signer = signer_of(self._data, settings, now_us=self._now_us, random_bytes=self._random)
        with contextlib.closing(InlineSigner(signer)) as port:
            state = port.hello()
            marks = {
                LOG_ORIGIN: state.origin,
                LOG_KEYS: "\n".join(state.keys),
                "log_renewed": f"{day.isoformat()} {before} {reason}",
            }

            def begin(tx: Transaction, _log: Log) -> None:
                if before:
                    retired.retire(tx, old, heads)
                tx.drop_published()
                tx.set_settings(marks)

            self._writer().do(begin, alone=True)
            self._new_publisher(port, self._random(_ID_BYTES).hex(), CHECKPOINT_SECONDS).publish()
        return self.status()

    def _given_up(self, origin: str, day: date, reason: str) -> RetiredLog:
        """Tell of the log that is published now as one that was given up."""
        reader = self._reader()
        row = reader.checkpoint()
        number, keys = retired.number_of(reader), self.keys()
        return RetiredLog(number, origin, keys, row.size if row else 0, day.isoformat(), reason)

    def reader(self) -> Reader:
        """Give the calling thread's reader."""
        return self._reader()

    # -- how it stands ---------------------------------------------------------------------------------------------

    def status(self) -> LogStatus:
        """Tell how the published log stands."""
        reader = self._reader()
        row = reader.checkpoint()
        log_size = reader.log_size()
        warnings = self.warnings()
        doubt = self.doubt
        if row is None:
            state = "refused" if doubt else "not-published"
            return LogStatus(state, log_size=log_size, signer=self._signer_kind(), warnings=warnings)
        head = read_published(row).head
        cosigned = reader.checkpoint(cosigned=True)
        age = max(0.0, (self._now_us() - row.at) / 1e6)
        late = head.size < log_size and age > _STALE_FACTOR * self._settings.checkpoint_seconds
        return LogStatus(
            state="refused" if doubt else "behind" if late else "published",
            origin=head.origin,
            keys=self.keys(),
            size=head.size,
            log_size=log_size,
            root=head.root.hex(),
            age_seconds=age,
            signer=self._signer_kind(),
            quorum="" if not self._has_quorum() else "met" if cosigned and cosigned.size == head.size else "missing",
            cosigned_size=cosigned.size if cosigned else 0,
            witnesses=self._witnesses.told() if self._witnesses is not None else [],
            warnings=warnings,
            number=retired.number_of(reader),
            retired=retired.logs(reader),
        )

    def warnings(self) -> list[str]:
        """Tell what somebody should look at."""
        found: list[str] = []
        if (doubt := self.doubt) is not None:
            found.append(doubt.message)
        if self._publisher is not None:
            if self._settings.signer == INLINE:
                found.append("the log's key is in the process that serves the API (signer = inline)")
            if self._publisher.away:
                found.append(f"no checkpoint: {self._publisher.away}")
        if self._witnesses is not None:
            found += self._witnesses.warnings()
        return found

    def keys(self) -> list[str]:
        """Give the verifier keys of the log, its Ed25519 key first; none while nothing is published."""
        return self._reader().settings().get(LOG_KEYS, "").split()

    # -- the parts -------------------------------------------------------------------------------------------------

    def _own_keys(self) -> list[VerifierKey]:
        return [VerifierKey.parse(key) for key in self.keys()]

    def _has_quorum(self) -> bool:
        return self._policy is not None and self._policy.quorum != NONE

    def _signer_kind(self) -> str:
        if self._publisher is None:
            return ""
        return self._settings.signer if self._settings.signer in (CHILD, INLINE) else "socket"

    def _open_signer(self) -> SocketSigner | InlineSigner:
        settings = self._settings
        if settings.signer == INLINE:
            return InlineSigner(signer_of(self._data, settings, now_us=self._now_us, random_bytes=self._random))
        path = self._data / SOCKET_NAME if settings.signer == CHILD else Path(settings.signer).expanduser()
        return SocketSigner(
            path, user=user_number(settings.signer_user, place="signer_user") if settings.signer_user else None
        )

    def _at_once(self, settings: LogSettings, *, start: bool) -> SocketSigner | InlineSigner:
        """Give a signer that answers now: one that runs, or (``start``) the key opened here for this moment."""
        signer = SocketSigner(self._data / SOCKET_NAME)
        try:
            signer.hello()
        except (SignerAway, BadRequest):
            signer.close()
            if not start:
                raise
        else:
            return signer
        if self.keys() and not (self._data / KEYS_FOLDER / "log.key").exists():
            raise SignerAway(
                "the key of this log is not in a file here",
                place=str(self._data / KEYS_FOLDER),
                advice="Start its signer, or rxtrail serve with its settings.",
            )
        try:
            return InlineSigner(signer_of(self._data, settings, now_us=self._now_us, random_bytes=self._random))
        except Busy as held:
            raise SignerAway("a signer has the key and does not answer", place=held.place) from held

    def _new_publisher(self, signer: SignerPort, name: str, seconds: float) -> Publisher:
        return Publisher(
            reader=self._reader,
            writer=self._writer,
            signer=signer,
            name=name,
            now_us=self._now_us,
            shared=self._shared,
            seconds=seconds,
            published=self._heard,
            failure=self._failure,
        )

    def _heard(self, _published: Published) -> None:
        if self._witnesses is not None:
            self._witnesses.wake()


def _is_of_these_records(reader: Reader, row: CheckpointRow) -> bool:
    """Tell whether the records as they are make the tree of a head."""
    head = checkpoint.parse(note.parse(row.note).text)
    builder = TileBuilder()
    while builder.size < head.size:
        found = reader.entries_from(builder.size, min(ENTRIES_AT_ONCE, head.size - builder.size))
        if not found or found[-1][0] != builder.size + len(found) - 1:
            return False
        builder.extend(leaves_of(found))
    return builder.root() == head.root
