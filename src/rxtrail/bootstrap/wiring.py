"""Wiring: starts the one writer of an opened store and joins the rooms; what they do together stands in ``node``."""

from __future__ import annotations

import gc
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from types import SimpleNamespace
from typing import TYPE_CHECKING, Self

from rxtrail import clock
from rxtrail.access import Access, SiteKeys, Tally
from rxtrail.alerts import Alerts
from rxtrail.boards import Boards
from rxtrail.bootstrap.audits import Audits
from rxtrail.bootstrap.engines import SOCKET_FILE
from rxtrail.calibration import Stations
from rxtrail.capture import Capture
from rxtrail.cases import Cases
from rxtrail.epcis_query.room import Epcis
from rxtrail.errors import Busy, StoreFailed, StoreSetBack
from rxtrail.joined import Joined
from rxtrail.keyring import Keyring
from rxtrail.keys import FOLDER as KEYS_FOLDER
from rxtrail.keys import SigningKey, open_key
from rxtrail.ledger.committing import open_writer
from rxtrail.moving import LogPosition, LogWatch
from rxtrail.offline import Offline
from rxtrail.openfda import OpenFda
from rxtrail.products import Products
from rxtrail.proofs import Proofs
from rxtrail.publishing import Publishing
from rxtrail.query.holders import holders
from rxtrail.recalls import RecallDesk
from rxtrail.record.judge import Judge, unreachable
from rxtrail.record.sightings import Recent
from rxtrail.record.standing import authority_of
from rxtrail.sealing import CannotDecrypt
from rxtrail.secrets_box import open_box
from rxtrail.serials import Serials
from rxtrail.sites import Sites, open_alarm
from rxtrail.states import Order, States
from rxtrail.verify import Verify
from rxtrail.vrs import Vrs

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import TracebackType

    from rxtrail.answers import ChangeReceipt
    from rxtrail.core.rules.answer import Verdict
    from rxtrail.ledger.batch import Appended
    from rxtrail.ledger.log import Log
    from rxtrail.ledger.writer import Writer
    from rxtrail.store import Reader, Store, Transaction

GC_THRESHOLDS = (200_000, 20, 100)  # a batch makes a million short-lived strings: collect rarely, not never


class Wired:
    """The record, its writer and the rooms on it, from opening to closing. Safe to use from several threads."""

    def __init__(
        self,
        data: Path,
        store: Store,
        *,
        name: str,
        writes: bool,
        let_go: Callable[[], None] = lambda: None,
        store_url: str | None = None,
    ) -> None:
        """Join the rooms; use :func:`open_node`. ``name`` names the store, ``let_go`` is called when all is closed.

        :raises StoreClosed: the record was moved away, or is not filled yet.
        :raises StoreSetBack: an old copy stands where the record was, and it would be written.
        """
        self.data = data
        self._let_go = let_go
        self._closing = threading.Event()
        self._store = store
        self._readers = threading.local()
        self._writing_side = SimpleNamespace()  # the judge that the writer's thread asks
        self._opened: list[Reader] = []
        self._opening = threading.Lock()
        self._log_size = 0
        self._generation = 0
        self._recent = Recent()
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="rxtrail-capture")
        self._writer: Writer | None = None
        self._capture: Capture | None = None
        self._states: States | None = None
        self.stations = Stations(self._reader, lambda: self._writing()[0], this_year=lambda: clock.today().year)
        self.proofs = Proofs(self._reader, lambda: authority_of(self._reader(), clock.today()))
        self.hub = Joined(
            data,
            store.sealer,
            writer=lambda: self._writing()[0],
            reader=self._reader,
            judge=self._judge,
            changed=self._captured,
            key=self.key,
            now_us=clock.now_us,
            today=clock.today,
            random_bytes=clock.random_bytes,
        )
        self.alerts = Alerts(
            lambda: self._writing()[0],
            reader=self._reader,
            now_us=clock.now_us,
            today=clock.today,
            seconds=time.monotonic,
            random_bytes=clock.random_bytes,
            changed=self._changed,
        )
        self.audits = Audits(data, store_url)
        self.boards = Boards(lambda: self._writing()[0], reader=self._reader, today=clock.today, seconds=time.monotonic)
        self.openfda = OpenFda(data, now_us=clock.now_us, today=clock.today, seconds=time.monotonic)
        self.log = Publishing(
            data,
            reader=self._reader,
            writer=lambda: self._writing()[0],
            shared=store.shared,
            now_us=clock.now_us,
            random_bytes=clock.random_bytes,
            failure=store.failure,
        )
        try:
            self._log_size = self._reader().log_size()
            self._watch = LogWatch(LogPosition(data, name), self._reader, store.failure)
            self.doubt = self._watch.admit(writes=writes)
        except Exception as error:
            for reader in self._opened:
                reader.close()
            failure = self._store.failure(error)
            if failure is None:
                raise
            raise failure from error
        if writes:
            self._writer = open_writer(
                self._store,
                self._reader(),
                random_bytes=clock.random_bytes,
                now_us=clock.now_us,
                committed=self._committed,
            )
            self._capture = Capture(
                self._writer,
                self._reader,
                folder=data,
                now_us=clock.now_us,
                today=clock.today,
                changed=self._captured,
            )
            self._states = States(
                self._writer,
                today=clock.today,
                new_event_id=clock.new_uuid_urn,
                judge=self._judge,
                reader=self._reader,
                changed=lambda: None,
                box=open_box(data / KEYS_FOLDER, clock.random_bytes),
            )
            if store.shared:
                self._states.bulk.watch()
            self._states.bulk.resume()
        self.vrs = Vrs(
            reader=self._reader,
            writer=lambda: self._writing()[0],
            judge=self._judge,
            verify=self.verify,
            now_us=clock.now_us,
            today=clock.today,
            new_uuid_urn=clock.new_uuid_urn,
        )
        self.cases = Cases(lambda: self._writing()[0], self._reader)
        self.keyring = Keyring(store, reader=self._reader, writer=lambda: self._writing()[0])
        self.products = Products(lambda: self._writing()[0], reader=self._reader, changed=lambda: self._captured(None))
        self.serials = Serials(lambda: self._writing()[0], reader=self._reader, random_bytes=clock.random_bytes)
        self.recalls = RecallDesk(
            lambda: self._writing()[0],
            reader=self._reader,
            count=lambda reader, authority, gtin, lot, expiry, made, only_packs: holders(
                reader, authority, gtin, lot, expiry=expiry, made=made, only_packs=only_packs
            ),
            today=clock.today,
            now_us=clock.now_us,
            seconds=time.perf_counter,
            random_bytes=clock.random_bytes,
            new_event_id=clock.new_uuid_urn,
            changed=lambda: self._captured(None),
            has_hub=lambda: self.hub.joined,
        )
        self.offline = Offline(
            lambda: self._writing()[0],
            reader=self._reader,
            judge=self._judge,
            change=self._change,
            key=self.key,
            now_us=clock.now_us,
            random_bytes=clock.random_bytes,
        )
        self._key: SigningKey | None = None
        self.access = Access(
            SiteKeys(lambda: self._writing()[0], self._reader, random_bytes=clock.random_bytes),
            now_us=clock.now_us,
            alarm=lambda alarm: open_alarm(self._writing()[0], alarm, random_bytes=clock.random_bytes),
            tally=Tally(lambda: self._writing()[0], self._reader),
        )
        self.sites = Sites(
            lambda: self._writing()[0],
            reader=self._reader,
            judge=self._judge,
            changed=self._captured,
            random_bytes=clock.random_bytes,
        )
        self.epcis = Epcis(
            lambda: self._writing()[0],
            reader=self._reader,
            now_us=clock.now_us,
            random_bytes=clock.random_bytes,
            may_be_told=self.access.may_be_told,
        )
        gc.set_threshold(*GC_THRESHOLDS)

    def __enter__(self) -> Self:
        """Use the node as a context manager."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace_: TracebackType | None
    ) -> None:
        """Close the node."""
        self.close()

    def close(self) -> None:
        """Finish what runs (a capture job stops between two batches and goes on at the next start), then let go."""
        self._closing.set()
        self.epcis.stop()
        self.alerts.stop()
        self.audits.close()
        self.hub.stop()
        if self._capture is not None:
            self._capture.stop()
        self._pool.shutdown(wait=True, cancel_futures=True)
        if self._states is not None:
            self._states.bulk.close()
        if self._writer is not None:
            self.log.close()
            self._writer.close()
            self._watch.look()
        for reader in self._opened:
            reader.close()
        self.openfda.close()
        self._store.close()
        self._let_go()

    # -- the parts -------------------------------------------------------------------------------------------------

    def _reader(self) -> Reader:
        reader: Reader | None = getattr(self._readers, "reader", None)
        if reader is None:
            reader = self._readers.reader = self._store.reader()
            with self._opening:
                self._opened.append(reader)
        return reader

    def _judge(self, reader: Reader | None = None) -> Judge:
        """Give a judge that follows the record: the calling thread's, or the one of the write transaction."""
        keeper = self._readers if reader is None else self._writing_side
        followed = (reader or self._reader()).follow()  # another process wrote: what is kept in memory follows it
        judge: Judge | None = getattr(keeper, "judge", None)
        if judge is None:
            generation = self._generation
            judge = keeper.judge = Judge(
                reader or self._reader(),
                now_us=clock.now_us,
                today=clock.today,
                log_size=lambda: self._log_size,
                doubted=lambda: self.log.doubt is not None,
                recent=self._recent,
            )
            keeper.generation = generation
        elif followed or keeper.generation != self._generation:
            generation = self._generation
            keeper.generation = -1  # when the record cannot be read now, this is still to be done
            judge.refresh()
            keeper.generation = generation
            if followed and reader is None:
                self._log_size = self._reader().log_size()
        return judge

    def _verify_here(self) -> Verify:
        judge = self._judge()
        verify: Verify | None = getattr(self._readers, "verify", None)
        if verify is None:
            note = self._writer.note_scan if self._writer is not None else None
            verify = self._readers.verify = Verify(
                judge,
                now_us=clock.now_us,
                note_scan=note,
                submit=self._writer.submit if self._writer is not None else None,
                seen=self.alerts.seen,
            )
        return verify

    def _committed(self, log_size: int) -> None:
        since, self._log_size = self._log_size, log_size
        self.hub.woke()
        self.epcis.woke()
        self.alerts.woke(since)

    def _captured(self, appended: Appended | None) -> None:
        self._generation += 1
        self.alerts.captured(appended)

    def _changed(self) -> None:
        self._generation += 1

    def _writing(self) -> tuple[Writer, Capture, States]:
        if self._writer is None or self._capture is None or self._states is None:
            raise Busy(
                "this node was opened for reading",
                advice="Use a command that writes, or stop the other writer.",
            )
        if self.set_back is not None:
            raise self.set_back
        return self._writer, self._capture, self._states

    @property
    def set_back(self) -> StoreSetBack | None:
        """Tell why this record is not the one that there was, if so: no change is made, and nothing is confirmed."""
        return self._watch.set_back or self.log.doubt

    def settle(self) -> None:
        """Wait until all that was noted without waiting, such as scans, is durable."""
        self._writing()[0].do(lambda _tx, _log: None)

    @property
    def failed(self) -> StoreFailed | None:
        """Give the failure that stopped the writer, if any."""
        if self._watch.set_back is not None:
            return self._watch.set_back
        return self._writer.failed if self._writer is not None else None

    @property
    def lost(self) -> StoreFailed | None:
        """Tell why writes wait for the database, None when they do not."""
        return self._writer.lost if self._writer is not None else None

    @property
    def scans_dropped(self) -> int:
        """Count scans that could not be recorded because too many were waiting."""
        return self._writer.scans_dropped if self._writer is not None else 0

    @property
    def log_size_told(self) -> int:
        """Count the records as of the last commit of this process, without asking the store."""
        return self._log_size

    @property
    def socket_path(self) -> Path:
        """Give where the process that holds the writer lock listens for the command line."""
        return self.data / SOCKET_FILE

    # -- what rooms ask of one another ----------------------------------------------------------------------------

    def verify(
        self,
        scan: str,
        *,
        site: str = "",
        purpose: str = "dispense",
        key: str = "",
        station: str = "",
        known_site: bool = True,
    ) -> Verdict:
        """Judge one scanned or typed code; only that the scan happened is recorded. A hub that was joined is asked too.

        The scan of a calibrated ``station`` is turned back through its profile first. A record that cannot be read
        now answers ``unconfirmed``, which is neither yes nor no. Near misses are told to a ``known_site`` only.
        """
        try:
            turned = self.stations.turned(station, scan) if station else None
            verdict = self._verify_here().verify(
                scan, site=site, purpose=purpose, key=key, turned=turned, known_site=known_site
            )
            if self.hub.joined:
                verdict = self.hub.verdict(verdict, scan if turned is None else turned.text, purpose=purpose)
            if purpose == "return":
                verdict = self.vrs.returned(verdict)
            return self.openfda.beside(verdict) if known_site and purpose != "public" else verdict
        except Exception as error:
            if not isinstance(error, CannotDecrypt) and self._store.failure(error) is None:
                raise
            return unreachable(scan, now=clock.now_us(), year=clock.today().year, log_size=self._log_size)

    def _change(
        self,
        verb: str,
        code: str,
        *,
        also: Callable[[Transaction, Log, ChangeReceipt], None] | None = None,
        proven: str = "",
        **fields: str,
    ) -> ChangeReceipt:
        _, _, states = self._writing()
        order = Order(verb, code, proven=proven, **fields)
        change = partial(states.change, also=also)
        return self.hub.change(change, order) if self.hub.joined else change(order)

    def key(self) -> SigningKey:
        """Give the key that speaks for this node, made at its first use; raises ``KeyFailed``."""
        if self._key is None:
            self._key = open_key(self.data, random_bytes=clock.random_bytes)
        return self._key
