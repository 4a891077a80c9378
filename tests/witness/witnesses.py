"""Witnesses for tests: in this process, or as the real command over real HTTP."""

from __future__ import annotations

import contextlib
import json
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, Any, NamedTuple

from rxtrail import clock
from rxtrail.core.merkle.note import VerifierKey
from rxtrail.witness import KnownLog, Witness, open_witness_keys

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

NAME = "witness.test/w1"


def witness_in(folder: Path, *logs: str, name: str = NAME, now_s: Any = lambda: clock.now_us() // 1_000_000) -> Witness:
    return Witness(
        folder,
        [KnownLog([log]) for log in logs],
        lambda: open_witness_keys(folder, name, random_bytes=clock.random_bytes),
        now_s=now_s,
    )


class Served(NamedTuple):
    """A witness that serves."""

    url: str
    keys: list[VerifierKey]
    process: subprocess.Popen[bytes]

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


@contextlib.contextmanager
def served(
    folder: Path,
    *,
    logs: Sequence[str] = (),
    words: Sequence[str] = (),
    name: str = NAME,
    port: int = 0,
    planted: str = "",
) -> Iterator[Served]:
    """Run ``rxtrail witness`` until the context ends; ``planted`` is run in it first."""
    begin = (
        ["-c", f"{planted}\nfrom rxtrail.cli import main\nraise SystemExit(main())"] if planted else ["-m", "rxtrail"]
    )
    named = [word for log in logs for word in ("--log", log)]
    command = [sys.executable, *begin, "witness", "--json", "--data", str(folder), "--name", name, "--port", str(port)]
    process = subprocess.Popen([*command, *named, *words], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        assert line, "the witness did not start"
        told = json.loads(line)
        yield Served(told["url"], [VerifierKey.parse(key) for key in told["keys"]], process)
    finally:
        process.terminate()
        process.wait(20)
        process.stdout.close()
