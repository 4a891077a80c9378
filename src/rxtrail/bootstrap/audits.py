"""Audits that a server was asked for: each in a process of its own, so that no counter waits for one.

The child is ``python -m rxtrail.bootstrap.audits``: what it must know comes on its standard input, since a store's URL
may hold a password that no list of processes should show; what it tells goes out line by line.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from rxtrail import clock
from rxtrail.answers import AuditJob, AuditReport
from rxtrail.bootstrap.auditing import audit_store
from rxtrail.errors import Busy, NotFound, RxtrailError
from rxtrail.record.times import iso

if TYPE_CHECKING:
    from typing import IO

TOLD_PARTS: Final = 200  # lines of progress at most, for each thing that is looked at
NICE: Final = 10


class _Asked(msgspec.Struct, frozen=True):
    data: str
    store: str | None
    incremental: bool


class _Told(msgspec.Struct, frozen=True, omit_defaults=True):
    what: str = ""
    done: int = 0
    total: int = 0
    report: AuditReport | None = None
    error: str = ""


class Audits:
    """The audit that runs in this server, if one does, and the last one that did."""

    def __init__(self, data: Path, store_url: str | None) -> None:
        """Audit this record."""
        self._data = data
        self._store_url = store_url
        self._lock = threading.Lock()
        self._job: AuditJob | None = None
        self._child: subprocess.Popen[bytes] | None = None

    def start(self, *, incremental: bool) -> AuditJob:
        """Start one.

        :raises Busy: one is running.
        """
        with self._lock:
            if self._child is not None:
                raise Busy("an audit is running", advice="Wait until it has ended: GET /api/v1/audit")
            asked = _Asked(str(self._data), self._store_url, incremental)
            child = self._child = subprocess.Popen(
                [sys.executable, "-m", "rxtrail.bootstrap.audits"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
            )
            assert child.stdin is not None
            child.stdin.write(msgspec.json.encode(asked))
            child.stdin.close()
            self._job = AuditJob("running", incremental, iso(clock.now_us()))
            job = self._job
        threading.Thread(target=self._follow, args=(child,), name="rxtrail-audit", daemon=True).start()
        return job

    def latest(self) -> AuditJob:
        """Give the audit that runs or ran last.

        :raises NotFound: there was none since this server was started.
        """
        if self._job is None:
            raise NotFound("no audit was started here yet", advice="Start one: POST /api/v1/audit, or rxtrail audit")
        return self._job

    def close(self) -> None:
        """End the audit that runs."""
        child = self._child
        if child is not None:
            child.terminate()
            child.wait()

    def _follow(self, child: subprocess.Popen[bytes]) -> None:
        assert child.stdout is not None
        report: AuditReport | None = None
        error = ""
        for line in child.stdout:
            told = msgspec.json.decode(line, type=_Told)
            if told.report is not None:
                report = told.report
            elif told.error:
                error = told.error
            else:
                self._change(what=told.what, done=told.done, total=told.total)
        code = child.wait()
        child.stdout.close()
        with self._lock:
            self._child = None
        state = "done" if report is not None else "failed"
        words = error or ("" if report is not None else f"the audit ended with exit code {code}")
        self._change(state=state, report=report, error=words, finished_at=iso(clock.now_us()))

    def _change(self, **fields: object) -> None:
        with self._lock:
            if self._job is not None:
                self._job = msgspec.structs.replace(self._job, **fields)


def main(given: IO[bytes], out: IO[bytes]) -> None:
    """Audit what was asked for, and tell how it goes."""
    asked = msgspec.json.decode(given.read(), type=_Asked)
    os.nice(NICE)
    at: dict[str, int] = {}

    def progress(what: str, done: int, total: int) -> None:
        step = done * TOLD_PARTS // max(1, total)
        if at.get(what) != step:
            at[what] = step
            tell(_Told(what, done, total))

    def tell(told: _Told) -> None:
        out.write(msgspec.json.encode(told) + b"\n")
        out.flush()

    try:
        tell(_Told(report=audit_store(Path(asked.data), asked.store, incremental=asked.incremental, progress=progress)))
    except RxtrailError as error:
        tell(_Told(error=error.message))


if __name__ == "__main__":
    main(sys.stdin.buffer, sys.stdout.buffer)
