"""One node: what the rooms do, alone and together, as the command line, the API and the socket ask for it."""

from __future__ import annotations

import contextlib
import threading
from importlib import metadata
from typing import TYPE_CHECKING, BinaryIO

import msgspec

from rxtrail import clock, partners
from rxtrail.answers import (
    CaptureJob,
    CaptureReceipt,
    ChangeReceipt,
    CountIn,
    CountInReceipt,
    Document,
    ExportFilters,
    Holders,
    Journey,
    NodeIdentity,
    Partner,
    PartnersReport,
    Status,
)
from rxtrail.bootstrap import audit_base
from rxtrail.bootstrap.engines import How, open_engine, store_name
from rxtrail.bootstrap.wiring import Wired
from rxtrail.capture import Accepted, receipt_of
from rxtrail.core.gs1 import check_digit
from rxtrail.errors import BadRequest, NotFound, StoreFailed
from rxtrail.ledger.committing import OFF, ON, PACKAGE_PROOFS
from rxtrail.ledger.containers import fold_all
from rxtrail.moving import backup
from rxtrail.offline import scans_of
from rxtrail.query import export as export_rows
from rxtrail.query.holders import holders
from rxtrail.record.standing import authority_of, identity_of, partners_of
from rxtrail.record.times import iso
from rxtrail.trace import trace
from rxtrail.verify.told import VerdictTold, verdicts_since

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from rxtrail.alerts import (
        Alert,
        AlertCommand,
        Channel,
        ChannelCommand,
        ProfileCommand,
        ProfilesReport,
        RouteCommand,
        RoutesReport,
    )
    from rxtrail.cases import Case
    from rxtrail.core.epcis.notes import Notes
    from rxtrail.core.rules.coverage import Product
    from rxtrail.ledger.log import Log
    from rxtrail.moving.filling import Progress
    from rxtrail.products import ProductsReport
    from rxtrail.recalls import Recall, RecallCommand
    from rxtrail.states import ChangeItem, ChangeJob, ChangeResult, Order, Reference
    from rxtrail.store import Reader, Transaction
    from rxtrail.store.rows import JobRow

ROLES = ("hub", "maker", "wholesaler", "pharmacy")
MARKETS = ("us", "eu")
RESUME_SECONDS = 15.0  # between looks for captures that a process which died has left


class Node(Wired):
    """One node: the record, its writer and the use cases on it. Safe to use from several threads."""

    # -- whose record ----------------------------------------------------------------------------------------------

    def identity(self) -> NodeIdentity:
        """Tell whose record this is."""
        return identity_of(self._reader())

    def init(
        self,
        role: str,
        glns: list[str],
        *,
        default_site: str = "",
        market: str = "us",
        package_proofs: bool | None = None,
    ) -> NodeIdentity:
        """Say whose record this is, and whether each package of an event shall be provable alone (None: as before).

        :raises BadRequest: an unknown role or market, or a GLN that is none.
        """
        if role not in ROLES:
            raise BadRequest(f"role {role!r} is none of {', '.join(ROLES)}", place="role")
        if market not in MARKETS:
            raise BadRequest(f"market {market!r} is none of {', '.join(MARKETS)}", place="market")
        for gln in [*glns, *([default_site] if default_site else [])]:
            if not (len(gln) == 13 and gln.isascii() and gln.isdigit() and check_digit.is_valid(gln)):
                raise BadRequest(f"{gln!r} is not a 13-digit GLN with a right check digit", place="gln")
        if role != "hub" and not glns:
            raise BadRequest(f"a {role} needs at least one GLN of its own", place="gln")
        settings = {
            "role": role,
            "glns": ",".join(glns),
            "default_site": default_site or (glns[0] if glns else ""),
            "market": market,
        }
        if package_proofs is not None:
            settings[PACKAGE_PROOFS] = ON if package_proofs else OFF
        writer, _, _ = self._writing()
        today = clock.today()

        def write(tx: Transaction, log: Log) -> None:
            tx.set_settings(settings)
            fold_all(tx, log, authority_of(tx, today))
            self._generation += 1  # for the writer's own judge; for all others once more after the commit

        writer.do(write, alone=True)
        if package_proofs is not None:
            writer.package_proofs = package_proofs
        self._generation += 1
        return self.identity()

    # -- capture ---------------------------------------------------------------------------------------------------

    def capture(
        self,
        stream: BinaryIO,
        *,
        name: str,
        proceed: bool = False,
        progress: Callable[[int, int], None] | None = None,
        read: Callable[[int], None] | None = None,
        speaker: str = "",
    ) -> CaptureReceipt:
        """Read, keep and apply one document, and wait for it; unfinished jobs go first.

        ``read`` is told the bytes read while the document is accepted, ``progress`` (events applied, events).

        :raises BadDocument: the document cannot be read; nothing was kept.
        """
        _, capture, _ = self._writing()
        accepted = capture.accept(stream, name=name, proceed=proceed, progress=read, speaker=speaker)
        return self._apply_now(accepted, progress)

    def capture_first(self, stream: BinaryIO, *, name: str, speaker: str = "") -> CaptureReceipt | None:
        """Capture one document and wait for it; None for all but the first of those who send it for one speaker.

        Of several who send the same bytes at one moment, one gets the receipt, whoever of them wrote the events.

        :raises BadDocument: the document cannot be read; nothing was kept.
        """
        _, capture, _ = self._writing()
        accepted = capture.accept(stream, name=name, speaker=speaker)
        repeats = accepted.repeats
        receipt = self._apply_now(accepted)
        return None if repeats else receipt

    def _apply_now(self, accepted: Accepted, progress: Callable[[int, int], None] | None = None) -> CaptureReceipt:
        _, capture, _ = self._writing()
        self._captured(None)
        try:
            return capture.apply(accepted, progress=progress)
        finally:
            self._captured(None)

    def submit(self, stream: BinaryIO, *, name: str, proceed: bool = False, speaker: str = "") -> CaptureJob:
        """Read and keep one document; its events are applied in the background.

        :raises BadDocument: the document cannot be read; nothing was kept.
        :raises Busy: somebody else sent it before, and the node is being stopped: it is sent again.
        """
        _, capture, _ = self._writing()
        accepted = capture.accept(stream, name=name, proceed=proceed, speaker=speaker)
        self._captured(None)
        if accepted.again:
            # Its job is done already, so its new speaker is told so when that is noted, or that it was not.
            self._apply_now(accepted)
        elif not accepted.duplicate:
            self._pool.submit(self._apply, accepted)
        return self.job(accepted.job)

    def _apply(self, accepted: Accepted) -> None:
        _, capture, _ = self._writing()
        try:
            capture.apply(accepted)
        except StoreFailed:
            return  # told by failed and by the job, which stays open and goes on at the next start
        finally:
            self._captured(None)

    def resume(self, *, progress: Callable[[int, int], None] | None = None) -> int:
        """Finish the jobs that an earlier process left, and wait; give how many there were."""
        _, capture, _ = self._writing()
        count = capture.resume_all(progress=progress)
        if count:
            self._captured(None)
        return count

    def resume_in_background(self) -> None:
        """Have the jobs that an earlier process left finished while the node already answers.

        Where several processes write, those of a process that dies later too.
        """
        self._pool.submit(self._resume_if_possible)
        self.epcis.start()
        self.alerts.start()
        if self._store.shared:
            threading.Thread(target=self._resume_again, name="rxtrail-resume", daemon=True).start()

    def watch_log(self) -> None:
        """Keep how far the log has come, every minute, and stop writing when it has gone back."""
        threading.Thread(target=self._watch.run, args=(self._closing,), name="rxtrail-watch", daemon=True).start()

    def _resume_again(self) -> None:
        while not self._closing.wait(RESUME_SECONDS):
            with contextlib.suppress(RuntimeError):  # the pool is closed
                self._pool.submit(self._resume_if_possible)

    def _resume_if_possible(self) -> None:
        with contextlib.suppress(StoreFailed):  # told by failed, lost and by the jobs, which stay open
            self.resume()

    def job(self, job: str) -> CaptureJob:
        """Tell how far a capture has come.

        :raises NotFound: there is no such job.
        """
        row = self._reader().job(job)
        if row is None:
            raise NotFound(f"no capture job {job}", advice="List the jobs with: rxtrail jobs")
        return self._job(row)

    def _job(self, row: JobRow) -> CaptureJob:
        reader = self._reader()
        document = reader.document(row.document)
        return CaptureJob(
            job=row.id,
            document="sha256:" + document.sha256.hex() if document is not None else "",
            name=row.name,
            state=row.state,
            events=row.events,
            applied=row.applied,
            packages=row.packages,
            created_at=iso(row.created_at),
            finished_at=iso(row.finished_at) if row.finished_at else "",
            error=row.error,
            receipt=None if row.open else receipt_of(reader, row.id),
            proceed=row.proceed,
        )

    def jobs(self, after: str = "", limit: int = 50) -> list[CaptureJob]:
        """List capture jobs, newest first; ``after`` is the identifier of the last one seen."""
        reader = self._reader()
        at = 1 << 62
        if after:
            row = reader.job(after)
            if row is None:
                raise NotFound(f"no capture job {after}")
            at = row.created_at
        return [self._job(row) for row in reader.jobs_before(at, limit, after=after)]

    def jobs_open(self) -> int:
        """Count the capture jobs that are not finished."""
        return sum(job.open for job in self._reader().jobs_unfinished())

    # -- at the counter --------------------------------------------------------------------------------------------

    def verdicts_since(self, position: int, *, limit: int) -> tuple[list[VerdictTold], int]:
        """Give the last verdicts from a position of the log on, and where the log ends now."""
        return verdicts_since(self._reader(), position, limit=limit)

    def trace(self, code: str) -> Journey:
        """Give the journey of a pack or container."""
        reader = self._reader()
        today = clock.today()
        journey = trace(reader, authority_of(reader, today), code, this_year=today.year)
        scans = scans_of(reader, journey.epc)
        temperature = self.alerts.temperatures(journey.epc) if journey.found else None
        if temperature is not None and not temperature.readings:
            temperature = None
        return msgspec.structs.replace(journey, scans=scans, temperature=temperature)

    def change(
        self,
        verb: str,
        code: str,
        *,
        site: str = "",
        key: str = "",
        partial: str = "",
        ref: str = "",
        reason: str = "",
        by: str = "",
        to: str = "",
        override: str = "",
        attestation: str = "",
        scanned_at: str = "",
        told: str = "",
        proven: str = "",
    ) -> ChangeReceipt:
        """Carry out a state change and wait until it is durable; ``proven`` is the site key that was shown.

        ``scanned_at`` and ``told``: it was made then, while this node could not be reached, and on that verdict.

        :raises Refused: the record does not allow it.
        """
        if scanned_at:
            more = {"partial": partial, "ref": ref, "reason": reason, "by": by, "to": to, "override": override}
            more["attestation"] = attestation
            return self.offline.change(
                verb, code, site=site, key=key, scanned_at=scanned_at, told=told, proven=proven, **more
            )
        return self._change(
            verb, code, site=site, key=key, partial=partial, ref=ref, reason=reason, by=by, to=to, override=override,
            attestation=attestation, proven=proven,
        )  # fmt: skip

    def change_soon(self, order: Order, tell: Callable[[ChangeReceipt | Exception], None]) -> bool:
        """Carry out a change of a pack without waiting (see ``States.submit``); False when it has to be waited for."""
        _, _, states = self._writing()
        if self.hub.joined:
            return False
        states.submit(order, tell)
        return True

    def submit_changes(self, order: Order, items: list[ChangeItem]) -> ChangeJob:
        """Begin with a list of changes; ``order`` holds what they have in common.

        :raises BadRequest: there is nothing to change or too much, or the order makes no sense.
        """
        _, _, states = self._writing()
        return states.bulk.submit(order, items)

    def change_job(self, job: str, *, wait_seconds: float = 0.0) -> ChangeJob:
        """Tell how far a list of changes is, after waiting for it to come further.

        :raises NotFound: there is no such list.
        """
        _, _, states = self._writing()
        return states.bulk.wait(job, wait_seconds) if wait_seconds else states.bulk.job(job)

    def change_results(self, job: str, after: int = -1, limit: int = 100) -> list[ChangeResult]:
        """Tell what became of the items of a list behind a number.

        :raises NotFound: there is no such list.
        """
        _, _, states = self._writing()
        return states.bulk.results(job, after, limit)

    def references(self, code: str) -> list[Reference]:
        """Open the references (prescription numbers) that were given for a pack; only ever for this node's own people.

        :raises NotOpened: another key sealed them.
        """
        _, _, states = self._writing()
        return states.references(code)

    def close_case(self, case: str, *, reason: str, by: str) -> Case:
        """Close a case with a reason and a name."""
        return self.cases.close(case, reason=reason, by=by)

    def count_in(
        self, rows: list[CountIn], *, by: str, supplier: str = "", ref: str = "", site: str = ""
    ) -> CountInReceipt:
        """Count in opening stock, all rows or none."""
        _, _, states = self._writing()
        return states.count_in(rows, by=by, supplier=supplier, ref=ref, site=site)

    # -- partners, documents, exports --------------------------------------------------------------------------------

    def load_partners(self, table: bytes) -> PartnersReport:
        """Replace the partner table by a CSV, whole or not at all."""
        writer, _, _ = self._writing()
        rows = partners.read_table(table)
        today = clock.today()

        def write(tx: Transaction, log: Log) -> PartnersReport:
            report = partners.store_table(tx, log, rows)
            fold_all(tx, log, authority_of(tx, today))
            self._generation += 1  # for the writer's own judge; for all others once more after the commit
            return report

        report = writer.do(write, alone=True)
        self.alerts.rejudge()
        return report

    def partners(self) -> list[Partner]:
        """List the trading partners."""
        return partners_of(self._reader())

    def export_partners(self) -> bytes:
        """Give the partner table as CSV."""
        return partners.write_table(self.partners())

    def load_products(self, table: bytes, *, replace: bool = False) -> ProductsReport:
        """Add products of a CSV or JSON table or change them, all or none."""
        return self.products.load(table, replace=replace)

    def remove_product(self, gtin: str) -> Product:
        """Remove a product from the table; raises ``NotFound``."""
        return self.products.remove(gtin)

    def documents(self, after: str = "", limit: int = 50) -> list[Document]:
        """List kept documents in order of arrival; ``after`` is the SHA-256 of the last one seen."""
        reader = self._reader()
        number = 0
        if after:
            row = reader.document_by_sha(_sha256(after))
            if row is None:
                raise NotFound(f"no document {after}")
            number = row.id
        return [
            Document(
                row.sha256.hex(),
                row.name,
                row.size,
                iso(row.received_at),
                row.sender,
                row.receiver,
                row.instance_id,
                row.events,
            )
            for row in reader.documents_after(number, limit)
        ]

    def document_receipt(self, sha256: str) -> CaptureReceipt:
        """Give the receipt of a kept document, its findings included."""
        reader = self._reader()
        row = reader.document_by_sha(_sha256(sha256))
        job = reader.job_of_document(row.id) if row is not None else None
        if job is None:
            raise NotFound(f"no document {sha256}")
        return receipt_of(reader, job.id)

    def document_raw(self, sha256: str) -> Iterator[bytes]:
        """Stream the raw bytes of a kept document.

        :raises NotFound: there is no such document.
        """
        store_reader = self._store.reader()
        row = store_reader.document_by_sha(_sha256(sha256))
        if row is None:
            store_reader.close()
            raise NotFound(f"no document {sha256}")
        return _closing(store_reader, store_reader.raw(row.id))

    def export(
        self, what: str, fmt: str, *, filters: ExportFilters | None = None, notes: Notes | None = None
    ) -> Iterator[bytes]:
        """Stream an export of packs or events; ``notes`` hear what EPCIS cannot say as the record has it.

        :raises BadRequest: an unknown kind, format or filter.
        """
        today = clock.today()
        reader = self._store.reader()
        try:
            reader.hold_still()
            authority = authority_of(reader, today)
            rows = export_rows(reader, authority, what, fmt, filters or ExportFilters(), today=today, notes=notes)
        except BaseException:
            reader.close()
            raise
        return _closing(reader, rows)

    def holders(self, gtin: str, lot: str, *, expiry: str = "") -> Holders:
        """Tell who holds the packages of a lot now (GTIN-14, lot, ISO expiry or empty for any)."""
        reader = self._reader()
        reader.hold_still()  # counts of two moments must not be mixed
        try:
            return holders(reader, authority_of(reader, clock.today()), gtin, lot, expiry=expiry)
        finally:
            reader.let_go()

    def recall(self, command: RecallCommand) -> Recall:
        """Carry out one step of a recall, durably.

        :raises BadRequest: what is asked is not whole.
        :raises NotFound: there is no such recall.
        :raises Refused: its state, or who asks, does not allow the step.
        """
        return self.recalls.act(command)

    def alert(self, command: AlertCommand) -> Alert:
        """Carry out one step of an alert, durably; raises ``BadRequest``, ``NotFound`` and ``Refused``."""
        return self.alerts.act(command)

    def route(self, command: RouteCommand) -> RoutesReport:
        """Load, approve or retire approved routes, durably; raises ``BadRequest``, ``NotFound`` and ``Refused``."""
        return self.alerts.routes.act(command)

    def profile(self, command: ProfileCommand) -> ProfilesReport:
        """Load or retire temperature profiles, durably; raises ``BadRequest``, ``NotFound`` and ``Refused``."""
        return self.alerts.profiles.act(command)

    def channel(self, command: ChannelCommand) -> list[Channel]:
        """Add or remove who is told of alerts, or send again what was not taken."""
        return self.alerts.channels.act(command)

    def backup(self, *, progress: Progress = lambda _what, _done, _in_all: None) -> Iterator[bytes]:
        """Stream a backup of the whole record as it is now, raw documents included, sealed; others go on writing.

        :raises CopyDiffers: the record is damaged.
        """
        created_at = iso(clock.now_us())
        pieces = backup(
            self._store.copying(), rxtrail=version(), created_at=created_at, progress=progress,
            beside=audit_base.pieces(self.data),
        )  # fmt: skip
        return self._store.sealer.sealed_stream(pieces)

    def status(self) -> Status:
        """Tell what this node holds right now."""
        reader = self._reader()
        packages, containers, events, documents = reader.counts()
        return Status(
            identity=identity_of(reader),
            packages=packages,
            containers=containers,
            events=events,
            documents=documents,
            log_size=reader.log_size(),
            store_bytes=reader.store_bytes(),
            running_jobs=sum(job.open for job in reader.jobs_unfinished()),
            version=version(),
            encryption="on" if self.keyring.encrypted else "off",
            log=self.log.status(),
        )


def _closing(reader: Reader, rows: Iterator[bytes]) -> Iterator[bytes]:
    try:
        yield from rows
    finally:
        reader.close()


def _sha256(text: str) -> bytes:
    try:
        digest = bytes.fromhex(text.removeprefix("sha256:"))
    except ValueError:
        digest = b""
    if len(digest) != 32:
        raise BadRequest(f"{text[:80]!r} is not a SHA-256 in hex", place="sha256")
    return digest


def version() -> str:
    """Give the installed version."""
    return metadata.version("rxtrail")


def open_node(
    data: Path, *, store_url: str | None = None, write: bool = True, create: bool = True, encrypt: bool = True
) -> Node:
    """Open the node in a data folder; without ``encrypt`` a store that is new shall not be encrypted.

    :raises Busy: another process holds the writer lock.
    :raises StoreFailed: there is no store (``create`` is False), or it cannot be opened.
    :raises StoreClosed: the record was moved away and would be written, or is not filled yet.
    :raises StoreSetBack: an old copy stands where the record was, and it would be written.
    :raises CannotDecrypt: the root key of the record is not here.
    :raises NotEncrypted: the record is not encrypted, and nobody has said that it shall not be.
    """
    how = How(write, encrypt)
    folder, store, writes, let_go = open_engine(data, store_url=store_url, how=how, create=create)
    try:
        return Node(folder, store, name=store_name(data, store_url), writes=writes, let_go=let_go, store_url=store_url)
    except BaseException:
        store.close()
        let_go()
        raise
