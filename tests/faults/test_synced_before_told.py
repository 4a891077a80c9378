"""The order of the system calls: the store is synced before a receipt leaves (a kill cannot show a missing sync)."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, NamedTuple

import pytest

from tests.faults.processes import look, run, strace
from tests.web import scene

if TYPE_CHECKING:
    from pathlib import Path

# `[pid] call(FD</path>...) = result`; of two threads at once strace tells one call in two halves.
CALL = re.compile(r"^(?:\d+ +)?(\w+)\((\d+)<([^>]*)>")
RESUMED = re.compile(r"^(?:(\d+) +)?<\.\.\. (\w+) resumed>")
THREAD = re.compile(r"^(\d+) ")


class Done(NamedTuple):
    """One call that came to its end."""

    call: str
    descriptor: int
    path: str
    line: str


def calls(trace: str) -> list[Done]:
    """Read a trace: a call counts from where it ended."""
    done: list[Done] = []
    begun: dict[str, Done] = {}
    for line in trace.splitlines():
        thread = THREAD.match(line)
        number = thread.group(1) if thread else ""
        if RESUMED.match(line):
            done.append(begun.pop(number))
        elif match := CALL.match(line):
            call = Done(match.group(1), int(match.group(2)), match.group(3), line)
            if line.endswith("<unfinished ...>"):
                begun[number] = call
            else:
                done.append(call)
    return done


@pytest.fixture
def data(tmp_path: Path) -> Path:
    document = tmp_path / "shipment.xml"
    document.write_bytes(scene.shipment("AAA111", "BBB222"))
    folder = tmp_path / "data"
    assert run(folder, "capture", str(document)).code == 0
    return folder


def dispense(data: Path, through: tuple[str, ...]) -> tuple[int, bytes]:
    ran = run(data, "dispense", scene.scan("AAA111"), "--site", scene.PHARMACY, "--json", through=through)
    return ran.code, ran.out


def test_the_write_ahead_log_is_synced_before_the_receipt_is_written(data: Path, tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    code, out = dispense(data, strace("-y", "-e", "trace=fsync,fdatasync,write,pwrite64", "-o", str(trace)))
    assert code == 0
    assert json.loads(out)["disposition"] == "dispensed"
    done = calls(trace.read_text(encoding="utf-8", errors="replace"))
    told = next(index for index, call in enumerate(done) if call.call == "write" and call.descriptor == 1)
    assert b"dispensed" in out
    assert '"verb' in done[told].line or "dispense" in done[told].line
    wal = [(index, call) for index, call in enumerate(done[:told]) if call.path.endswith("/rxtrail.sqlite-wal")]
    written = [index for index, call in wal if call.call in ("pwrite64", "write")]
    synced = [index for index, call in wal if call.call in ("fsync", "fdatasync")]
    assert written, "nothing was written to the write-ahead log before the receipt"
    assert synced, "the write-ahead log was not synced before the receipt"
    assert synced[-1] > written[-1], "something was written after the last sync and before the receipt"


def test_a_capture_is_synced_before_its_receipt_too(tmp_path: Path) -> None:
    document, trace = tmp_path / "shipment.xml", tmp_path / "trace"
    document.write_bytes(scene.shipment("AAA111"))
    through = strace("-y", "-e", "trace=fsync,fdatasync,write,pwrite64", "-o", str(trace))
    ran = run(tmp_path / "data", "capture", str(document), "--json", through=through)
    assert (ran.code, ran.answer["state"]) == (0, "success")
    done = calls(trace.read_text(encoding="utf-8", errors="replace"))
    told = next(index for index, call in enumerate(done) if call.call == "write" and call.descriptor == 1)
    last = {
        kind: max(
            (i for i, call in enumerate(done[:told]) if call.path.endswith("-wal") and call.call in names),
            default=-1,
        )
        for kind, names in {"written": ("pwrite64",), "synced": ("fsync", "fdatasync")}.items()
    }
    assert last["synced"] > last["written"] >= 0


def test_a_dispensing_whose_sync_fails_gives_no_receipt(data: Path, tmp_path: Path) -> None:
    """What follows a failed sync cannot be trusted: no receipt, a named error, and the record opens again."""
    trace, wal = tmp_path / "trace", data / "rxtrail.sqlite-wal"
    failing = ("-P", str(wal), "-e", "trace=fsync,fdatasync", "-e", "inject=fsync,fdatasync:error=EIO")
    code, out = dispense(data, strace(*failing, "-o", str(trace)))
    assert "EIO" in trace.read_text(encoding="utf-8"), "no sync was asked for"
    assert code == 4
    assert json.loads(out)["error"]["code"] == "store-failed"
    look(data, "")
    verified = run(data, "verify", scene.scan("BBB222"), "--json")
    assert (verified.code, verified.answer["verdict"]) == (0, "ok")
