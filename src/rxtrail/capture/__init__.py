"""Capture: a document is accepted or refused whole before its first fact is written, then applied in batches.

Accepting reads the whole document once, keeps its raw bytes and notes a job, in one transaction. Applying writes
batches, each with the job's progress in the same transaction, so a killed job goes on where it was. The same
document again changes nothing.
"""

from __future__ import annotations

import errno
import functools
import io
import itertools
import json
import threading
import uuid
from typing import TYPE_CHECKING, BinaryIO

import msgspec

from rxtrail.access import WrongSite
from rxtrail.answers import CaptureReceipt
from rxtrail.capture.findings import Watch
from rxtrail.capture.raw import RawCopy, RawStream
from rxtrail.capture.spool import Spool
from rxtrail.core.epcis.event import Finding, Header
from rxtrail.core.epcis.reader import DocumentReader, open_document
from rxtrail.errors import BadDocument, Busy, NotFound, StoreFailed, StoreFull
from rxtrail.ledger.batch import Appended, append_events
from rxtrail.ledger.prepare import Prepared, prepare
from rxtrail.record import retold
from rxtrail.record.findings import finding_of
from rxtrail.record.standing import authority_of
from rxtrail.store.rows import DocumentRow, FindingRow, JobRow

if TYPE_CHECKING:
    import datetime
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from rxtrail.ledger.log import Log
    from rxtrail.ledger.writer import Writer
    from rxtrail.store import Reader, Transaction

READ_BYTES = 256 << 10
NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
BATCH_PACKAGES_MAX = 50_000
BATCH_PACKAGES_GOOD = 25_000
BATCH_EVENTS_MAX = 10_000
BATCH_MENTIONS_MAX = 250_000
FINDINGS_PER_DOCUMENT_MAX = 2_000
FINDINGS_PER_CODE_MAX = 50
ERROR_CHARACTERS_MAX = 500
EVENTS_MAX = 10_000_000  # in one document
NAME_CHARACTERS_MAX = 500
ELSEWHERE_SECONDS = 0.2  # between looks at a job that another process works on


class Accepted(msgspec.Struct, gc=False):
    """A document that was read whole: kept already (``receipt``), or ready to be applied."""

    job: str
    document: int
    header: Header
    spool: Spool | None
    duplicate: bool = False
    again: bool = False  # kept already, and said by someone else this time

    @property
    def repeats(self) -> bool:
        """Tell whether this very document was kept already, for the same speaker, when this one came."""
        return self.duplicate or self.spool is None


class Capture:
    """The use case, with what it needs given once."""

    def __init__(
        self,
        writer: Writer,
        reader: Callable[[], Reader],
        *,
        folder: Path | None,
        now_us: Callable[[], int],
        today: Callable[[], datetime.date],
        changed: Callable[[Appended | None], None],
    ) -> None:
        """``reader`` gives the calling thread's reader; ``changed`` is told after each commit what came in."""
        self._writer = writer
        self._reader = reader
        self._folder = folder
        self._now = now_us
        self._today = today
        self._changed = changed
        self._stopping = threading.Event()
        self._turns: dict[str, threading.Lock] = {}  # a job is applied by one thread at a time

    def stop(self) -> None:
        """Have a running job stop after its present batch; it goes on when the node starts again."""
        self._stopping.set()

    # -- accepting -------------------------------------------------------------------------------------------------

    def accept(
        self,
        stream: BinaryIO,
        *,
        name: str,
        proceed: bool = False,
        progress: Callable[[int], None] | None = None,
        speaker: str = "",
    ) -> Accepted:
        """Read a document whole and keep it with a job, or refuse it.

        ``speaker`` is the only one for whom the document may speak; one without a sender is then that one's.

        :raises BadDocument: the bytes cannot be read as EPCIS; nothing was kept.
        :raises WrongSite: it names another sender than the one who may speak.
        """
        name = name[:NAME_CHARACTERS_MAX].replace("\0", "\ufffd")
        raw = RawCopy(stream, self._folder, progress=progress)
        buffered = io.BufferedReader(raw, READ_BYTES)
        spool = Spool(self._folder)
        reader = self._reader()
        try:
            now = self._now()
            authority = authority_of(reader, self._today())
            document = open_document(buffered, proceed=proceed)
            watch = Watch(now)
            gtins: set[str] = set()
            header = document.header
            for event, findings, place in document:
                prepared = prepare(
                    event, speaker=header.sender or speaker, receiver=header.receiver, place=place, findings=findings
                )
                if spool.count >= EVENTS_MAX:
                    raise BadDocument("too-large", f"more than {EVENTS_MAX} events in one document", place=place)
                watch.see(prepared)
                for runs in (event.epcs, event.children, event.outputs):
                    for run in runs:
                        if run.key.startswith("01/"):
                            gtins.add(run.key[3:17])
                spool.add(prepared)
            if speaker:
                _check_sender(header, speaker)
                header.sender = speaker
            sha256 = raw.finish()
            earlier = reader.document_by_sha(sha256)
            if earlier is not None:
                return self._again(reader, earlier, header, spool)
            found = [
                *document.findings,
                *watch.findings(header, authority),
            ]
            if header.instance_id and reader.document_by_instance(header.instance_id, header.sender) is not None:
                message = f"instance identifier {header.instance_id} was used by this sender before, with other content"
                found.append(Finding("warning", "DUPLICATE_TRANSMISSION", message))
            row = DocumentRow(
                0, sha256, name, raw.size, now, header.sender, header.receiver, header.instance_id,
                spool.count, msgspec.json.encode(_particulars(header)),
            )  # fmt: skip
            job = JobRow(
                uuid.UUID(bytes=sha256[:16], version=4).hex, 0, name, proceed, "accepted", spool.count, 0, 0, 0,
                -1, now, 0, "", frozenset(gtins),
            )  # fmt: skip
            number = self._writer.do(lambda tx, _log: _keep(tx, row, raw.chunks(), job, found, header), alone=True)
            if number is None:  # the same document came in twice at once, and the other one was first
                earlier = reader.document_by_sha(sha256)
                assert earlier is not None, "what was there before the write is there after it"
                return self._again(reader, earlier, header, spool)
            return Accepted(job.id, number, header, spool)
        except BaseException as error:
            spool.close()
            named = _named(error)
            if named is error:
                raise
            raise named from error
        finally:
            buffered.close()  # and the copy with it

    @staticmethod
    def _again(reader: Reader, earlier: DocumentRow, header: Header, spool: Spool) -> Accepted:
        job = reader.job_of_document(earlier.id)
        assert job is not None, "a kept document has a job"
        # The very same bytes from someone else (who sent it is not in them) are that one's word, too.
        speaker = header.sender
        if speaker and speaker != earlier.sender and not retold.was_told(reader, job.id, speaker):
            return Accepted(job.id, earlier.id, header, spool, again=True)
        spool.close()
        return Accepted(job.id, earlier.id, header, None, duplicate=job.state == "success")

    # -- applying --------------------------------------------------------------------------------------------------

    def apply(self, accepted: Accepted, *, progress: Callable[[int, int], None] | None = None) -> CaptureReceipt:
        """Write what was accepted, batch by batch; give the receipt."""
        if accepted.duplicate:
            return self.receipt(accepted.job, duplicate=True)
        if accepted.spool is None:
            return self.resume(accepted.job, progress=progress)
        if accepted.again:
            return self._retell(accepted, accepted.spool)
        header = accepted.header
        events = accepted.spool.take(speaker=header.sender, receiver=header.receiver)
        try:
            with self._turns.setdefault(accepted.job, threading.Lock()):
                self._apply(
                    accepted.job,
                    accepted.document,
                    header.sender,
                    lambda n: itertools.islice(events, n, None),
                    progress,
                )
        except OSError as error:
            named = _named(error)
            if named is error:
                raise
            raise named from error
        finally:
            accepted.spool.close()
            self._turns.pop(accepted.job, None)
        return self.receipt(accepted.job)

    def _retell(self, accepted: Accepted, spool: Spool) -> CaptureReceipt:
        """Note a further speaker of every event of a document that is kept already.

        Nothing kept says that this is owed, so whatever keeps it from its end is told to the sender, who sends again.

        :raises Busy: this process is being stopped.
        """
        header = accepted.header
        try:
            self.resume(accepted.job)  # what is still being written for the first one comes first
            self._refuse_stopping()
            for batch in _batches(spool.take(speaker=header.sender, receiver=header.receiver)):
                self._refuse_stopping()
                write = functools.partial(
                    _write_again, today=self._today(), batch=batch, speaker=header.sender, document=accepted.document
                )
                self._changed(self._writer.do(write, alone=True))

            def note(tx: Transaction, log: Log) -> None:
                _add_things(tx, header, accepted.document)
                retold.note(tx, accepted.job, header.sender, log.now)

            self._writer.do(note)
        finally:
            spool.close()
        return self.receipt(accepted.job, duplicate=True)

    def _refuse_stopping(self) -> None:
        """Leave the rest to another time: what is not written for the first speaker would seem to be the next one's."""
        if self._stopping.is_set():
            raise Busy("this node is being stopped", advice="Send the document again when it runs.")

    def resume(self, job_id: str, *, progress: Callable[[int, int], None] | None = None) -> CaptureReceipt:
        """Go on with a job that was accepted before the process stopped."""
        reader = self._reader()
        job = reader.job(job_id)
        if job is None:
            raise NotFound(f"no capture job {job_id}")
        if job.state != "success":
            document = reader.document(job.document)
            assert document is not None, "a job's document is kept with it"
            raw = io.BufferedReader(RawStream(reader.raw(job.document)), READ_BYTES)
            source = open_document(raw, proceed=job.proceed)
            sender = document.sender
            try:
                with self._turns.setdefault(job_id, threading.Lock()):
                    self._apply(job_id, job.document, sender, lambda n: _prepared_again(source, document, n), progress)
            finally:
                self._turns.pop(job_id, None)
        return self.receipt(job_id)

    def resume_all(self, *, progress: Callable[[int, int], None] | None = None) -> int:
        """Go on with every unfinished job that nobody works on, oldest first; give how many there were."""
        jobs = [job for job in self._reader().jobs_unfinished() if job.open and job.id not in self._turns]
        count = 0
        for job in jobs:
            if self._writer.do(functools.partial(_claim, job=job.id)):
                self.resume(job.id, progress=progress)
                count += 1
        return count

    def _apply(
        self, job: str, document: int, speaker: str, events_after: Callable[[int], Iterator[Prepared]],
        progress: Callable[[int, int], None] | None,
    ) -> None:  # fmt: skip
        row = self._reader().job(job)
        assert row is not None, "an accepted job is on record"
        total = row.events
        applied = row.applied  # what another thread has applied meanwhile is not applied again
        events = events_after(applied)
        if applied >= total:
            self._writer.do(lambda tx, log: _finish_empty(tx, log, job, applied, self._now()), alone=True)
            return
        for batch in _batches(events):
            if self._stopping.is_set():
                return
            try:
                appended = self._write_ours(job, document, speaker, batch, applied, total)
            except StoreFailed:
                raise  # the job stays open and goes on when the store does
            except Exception as error:
                # Our own mistake: the job must not stand in the way of every later one.
                self._fail(job, applied, repr(error))
                raise
            applied += len(batch)
            self._changed(appended)
            if progress is not None:
                progress(applied, total)

    def _write_ours(
        self, job: str, document: int, speaker: str, batch: list[Prepared], applied: int, total: int
    ) -> Appended | None:
        """Write one batch, or what is left of it when another process came before; None when that was all of it."""
        while batch and not self._stopping.is_set():
            write = functools.partial(
                self._write,
                today=self._today(),
                batch=batch,
                speaker=speaker,
                document=document,
                job=job,
                applied=applied,
                finished_at=self._now() if applied + len(batch) >= total else 0,
            )
            appended = self._writer.do(write, alone=True)
            if appended is not None:
                return appended
            row = self._reader().job(job)
            assert row is not None, "an accepted job is on record"
            if row.applied <= applied:
                self._stopping.wait(ELSEWHERE_SECONDS)  # a living process has it; when that one dies, it is ours
            batch = batch[max(0, row.applied - applied) :]
            applied = max(applied, row.applied)
        return None

    def _write(
        self, tx: Transaction, log: Log, *, today: datetime.date, batch: list[Prepared], speaker: str, document: int,
        job: str, applied: int, finished_at: int,
    ) -> Appended | None:  # fmt: skip
        """Write a batch whose first event is the job's ``applied``-th; None when that is another process's to do."""
        row = tx.job(job)
        assert row is not None, "an accepted job is on record"
        # Whoever writes the last batch keeps nobody waiting: the job is over with it.
        if row.applied != applied or not (finished_at or tx.claim(job)):
            return None
        appended = _write_batch(
            tx, log, today=today, batch=batch, speaker=speaker, document=document, job=job,
            applied=applied + len(batch), finished_at=finished_at,
        )  # fmt: skip
        self._changed(appended)  # for the writer's own judge; for all others once more after the commit
        return appended

    def _fail(self, job: str, applied: int, error: str) -> None:
        def write(tx: Transaction, _log: Log) -> None:
            tx.job_progress(
                job,
                state="failed",
                applied=applied,
                packages=0,
                new_events=0,
                position=-1,
                finished_at=self._now(),
                error=error[:ERROR_CHARACTERS_MAX],
            )

        self._writer.do(write, alone=True)
        self._changed(None)

    # -- telling ---------------------------------------------------------------------------------------------------

    def receipt(self, job_id: str, *, duplicate: bool = False) -> CaptureReceipt:
        """Give the receipt of a job; of a repeated document, with nothing new."""
        return receipt_of(self._reader(), job_id, duplicate=duplicate)


def _check_sender(header: Header, speaker: str) -> None:
    if header.sender and header.sender != speaker:
        raise WrongSite(
            f"this document speaks for {header.sender[:20]}, and its key is bound to {speaker}",
            place="sender",
            advice="Send it with the key of its sender.",
        )


def _named(error: BaseException) -> BaseException:
    """Give a disk without room its name; any other error as it is."""
    if isinstance(error, OSError) and error.errno in NO_ROOM:
        advice = "Free space on the disk of the data folder, then capture the document again."
        return StoreFull(f"no room left for the document: {error.strerror}", advice=advice)
    return error


def receipt_of(reader: Reader, job_id: str, *, duplicate: bool = False) -> CaptureReceipt:
    """Give the receipt of a job as the record has it."""
    job = reader.job(job_id)
    if job is None:
        raise NotFound(f"no capture job {job_id}")
    document = reader.document(job.document)
    assert document is not None, "a job's document is kept with it"
    rows = reader.findings_of_document(job.document)
    # Ours tell how many were left out; the reader's, at a line, only that there were more.
    truncated = sum(int(row.place) if row.place.isdecimal() else 1 for row in rows if row.code == "FINDINGS_TRUNCATED")
    return CaptureReceipt(
        document="sha256:" + document.sha256.hex(),
        name=job.name,
        job=job.id,
        state=job.state,
        events=job.events,
        new_events=0 if duplicate else job.new_events,
        packages=0 if duplicate else job.packages,
        findings=[finding_of(row) for row in rows if row.code != "FINDINGS_TRUNCATED"],
        log_index=-1 if duplicate else job.first_position,
        instance_id=document.instance_id,
        sender=document.sender,
        receiver=document.receiver,
        duplicate=duplicate,
        findings_truncated=truncated,
    )


def _particulars(header: Header) -> dict[str, object]:
    return {
        "version": header.version,
        "syntax": header.syntax,
        "root": header.root,
        "creation_date": header.creation_date,
        "guideline": header.guideline,
        "drop_shipment": header.drop_shipment,
        "statement": header.statement,
    }


def _keep(
    tx: Transaction,
    row: DocumentRow,
    chunks: Iterable[bytes],
    job: JobRow,
    findings: list[Finding],
    header: Header,
) -> int | None:
    """Keep the raw document, its job, its findings and its master data, all in one transaction.

    Gives the document's number, or None when the very same document is kept already.
    """
    earlier = tx.document_by_sha(row.sha256)
    if earlier is not None:
        return None
    number = tx.add_document(row, chunks)
    tx.add_job(msgspec.structs.replace(job, document=number))
    _add_findings(tx, number, [(None, finding) for finding in findings])
    _add_things(tx, header, number)
    return number


def _add_things(tx: Transaction, header: Header, document: int) -> None:
    """Keep the master data of a document as its sender's word."""
    said_at = header.creation_date
    things = [
        *(("01/" + gtin.removeprefix("01/"), attributes) for gtin, attributes in header.products.items()),
        *header.locations.items(),
    ]
    tx.add_master([(thing, header.sender, said_at, document, attributes) for thing, attributes in things])
    tx.add_vocabulary(
        [(kind, thing, header.sender, said_at, document, attributes) for kind, thing, attributes in header.things]
    )


def _write_batch(
    tx: Transaction, log: Log, *, today: datetime.date, batch: list[Prepared], speaker: str, document: int, job: str,
    applied: int, finished_at: int,
) -> Appended:  # fmt: skip
    # The parties are read with the batch: the partner table may have been changed since the last one.
    authority = authority_of(tx, today)
    appended = append_events(tx, log, authority, batch, speaker=speaker, document=document)
    _add_findings(tx, document, appended.findings)
    tx.job_progress(
        job,
        state="success" if finished_at else "running",
        applied=applied,
        packages=appended.packages,
        new_events=appended.events,
        position=appended.first_position if appended.events else -1,
        finished_at=finished_at,
        error="",
    )
    return appended


def _write_again(
    tx: Transaction, log: Log, *, today: datetime.date, batch: list[Prepared], speaker: str, document: int
) -> Appended:
    return append_events(tx, log, authority_of(tx, today), batch, speaker=speaker, document=document)


def _claim(tx: Transaction, _log: Log, *, job: str) -> bool:
    return tx.claim(job)


def _finish_empty(tx: Transaction, _log: Log, job: str, applied: int, now: int) -> None:
    tx.job_progress(
        job,
        state="success",
        applied=applied,
        packages=0,
        new_events=0,
        position=-1,
        finished_at=now,
        error="",
    )


def _add_findings(tx: Transaction, document: int, findings: list[tuple[int | None, Finding]]) -> None:
    """Keep findings up to a number for each code; how many were left out is kept too."""
    if not findings:
        return
    earlier = tx.findings_of_document(document)
    counts: dict[str, int] = {}
    for row in earlier:
        counts[row.code] = counts.get(row.code, 0) + 1
    rows: list[FindingRow] = []
    seq, left_out = len(earlier), 0
    for event, finding in findings:
        count = counts.get(finding.code, 0)
        if count >= FINDINGS_PER_CODE_MAX or seq >= FINDINGS_PER_DOCUMENT_MAX:
            left_out += 1
            continue
        counts[finding.code] = count + 1
        epcs = json.dumps(finding.epcs)
        rows.append(
            FindingRow(document, seq, event, finding.severity, finding.code, finding.message, finding.place, epcs)
        )
        seq += 1
    if left_out:
        rows.append(
            FindingRow(
                document,
                seq,
                None,
                "info",
                "FINDINGS_TRUNCATED",
                f"{left_out} more findings",
                str(left_out),
                "[]",
            )
        )
    tx.add_findings(rows)


def _batches(events: Iterator[Prepared]) -> Iterator[list[Prepared]]:
    """Cut events into batches of at most ``BATCH_PACKAGES_MAX`` new packages.

    A cut falls, where it can, between one lot's packing and the next one's commissioning: a package that is made and
    packed in one batch is written once.
    """
    batch: list[Prepared] = []
    packages = mentions = 0
    packing = False
    for prepared in events:
        event = prepared.event
        makes = event.action == "ADD" and event.kind == "ObjectEvent"
        new = sum(len(run.serials) for run in (event.epcs if makes else event.outputs))
        full = packages + new > BATCH_PACKAGES_MAX or len(batch) >= BATCH_EVENTS_MAX or mentions >= BATCH_MENTIONS_MAX
        if batch and (full or (makes and packing and packages >= BATCH_PACKAGES_GOOD)):
            yield batch
            batch, packages, mentions = [], 0, 0
        batch.append(prepared)
        packages += new
        lists = (event.epcs, event.children, event.inputs, event.outputs)
        mentions += sum(len(run.serials) for runs in lists for run in runs)
        packing = not makes
    if batch:
        yield batch


def _prepared_again(source: DocumentReader, document: DocumentRow, applied: int) -> Iterator[Prepared]:
    """Prepare the events of a kept document that are not applied yet; the others are only read over."""
    for event, findings, place in itertools.islice(source, applied, None):
        yield prepare(event, speaker=document.sender, receiver=document.receiver, place=place, findings=findings)
