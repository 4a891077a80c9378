"""The transaction that the writer hands to works: what they write beside the events is noted in the log.

Everything else goes straight to the store's own transaction. Rows that the events themselves make (packages,
containers, speakers, parties) are not noted: the log's events make them again.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, cast

import msgspec

from rxtrail.ledger.changes import (
    AddAnswered,
    AddDocument,
    AddFindings,
    AddIssued,
    AddJob,
    AddMaster,
    AddVocabulary,
    DropKept,
    JobProgress,
    Keep,
    SetPartners,
    SetSettings,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from rxtrail.ledger.log import Log
    from rxtrail.store import Transaction
    from rxtrail.store.rows import DocumentRow, FindingRow, JobRow


class Journal:
    """Writes through to a transaction and notes in its log what no event tells."""

    def __init__(self, tx: Transaction) -> None:
        """Stand before ``tx``, as long as that is the store's transaction; the writer says which log is open."""
        self.tx = tx
        self.log: Log | None = None

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 (whatever verb it is)
        """Give the transaction's own verb, and keep it: the next call finds it without asking."""
        verb = getattr(self.tx, name)
        if callable(verb):
            self.__dict__[name] = verb
        return verb

    def as_transaction(self) -> Transaction:
        """Give this as what it stands for."""
        return cast("Transaction", self)

    @property
    def _log(self) -> Log:
        assert self.log is not None, "a work runs while a log is open"
        return self.log

    # -- what is noted ---------------------------------------------------------------------------------------------

    def set_settings(self, settings: Mapping[str, str]) -> None:
        """Write settings."""
        self.tx.set_settings(settings)
        self._log.note(SetSettings(dict(settings)))

    def keep(self, kind: str, key: str, at: int, body: bytes, *, tell: bool = False) -> None:
        """Keep a small thing, or write it anew."""
        self.tx.keep(kind, key, at, body, tell=tell)
        self._log.note(Keep(kind, key, at, body))

    def drop_kept(self, kind: str, key: str, *, tell: bool = False) -> None:
        """Forget a small thing."""
        self.tx.drop_kept(kind, key, tell=tell)
        self._log.note(DropKept(kind, key))

    def set_partners(self, rows: Sequence[tuple[str, bytes, Sequence[str]]]) -> None:
        """Replace the partner table."""
        self.tx.set_partners(rows)
        self._log.note(SetPartners([(name, row, list(glns)) for name, row, glns in rows]))

    def add_answered(self, key: str, recorded_at: int, answer: bytes) -> None:
        """Keep an answer under its key."""
        self.tx.add_answered(key, recorded_at, answer)
        self._log.note(AddAnswered(key, recorded_at, answer))

    def add_issued(self, gtin: str, at: int, serials: Sequence[str]) -> None:
        """Keep serial numbers that are given out."""
        self.tx.add_issued(gtin, at, serials)
        self._log.note(AddIssued(gtin, at, list(serials)))

    def add_document(self, row: DocumentRow, chunks: Iterable[bytes]) -> int:
        """Keep a raw document; give its number."""
        hashes: list[bytes] = []
        number = self.tx.add_document(row, _hashed(chunks, hashes))
        self._log.note(AddDocument(msgspec.structs.replace(row, id=number), hashes))
        return number

    def add_job(self, row: JobRow) -> None:
        """Note an accepted job."""
        self.tx.add_job(row)
        self._log.note(AddJob(row))

    def job_progress(
        self,
        job: str,
        *,
        state: str,
        applied: int,
        packages: int,
        new_events: int,
        position: int,
        finished_at: int,
        error: str,
    ) -> None:
        """Note how far a job has come."""
        self.tx.job_progress(
            job, state=state, applied=applied, packages=packages, new_events=new_events, position=position,
            finished_at=finished_at, error=error,
        )  # fmt: skip
        self._log.note(JobProgress(job, state, applied, packages, new_events, position, finished_at, error))

    def add_findings(self, rows: Sequence[FindingRow]) -> None:
        """Keep findings."""
        self.tx.add_findings(rows)
        if rows:
            self._log.note(AddFindings(list(rows)))

    def add_vocabulary(self, rows: Sequence[tuple[str, str, str, str, int, dict[str, str]]]) -> None:
        """Keep master data under its vocabulary."""
        if rows:
            self.tx.add_vocabulary(rows)
            self._log.note(AddVocabulary(list(rows)))

    def add_master(self, rows: Sequence[tuple[str, str, str, int, dict[str, str]]]) -> None:
        """Keep master data."""
        self.tx.add_master(rows)
        if rows:
            self._log.note(AddMaster(list(rows)))


def _hashed(chunks: Iterable[bytes], hashes: list[bytes]) -> Iterator[bytes]:
    for chunk in chunks:
        hashes.append(hashlib.sha256(chunk).digest())
        yield chunk
