"""Two writers never meet: beside a running serve the command line goes through it, and says so when it cannot."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from typing import TYPE_CHECKING, Any

import pytest

from rxtrail.cli import node
from tests.cli.conftest import PACK, PHARMACY, CommandLine, bracketed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

CODE = bracketed(PACK)
START_SECONDS_MAX = 60


class Process:
    """An ``rxtrail`` process that serves; ``lines`` are what it said when it was ready."""

    def __init__(self, *arguments: str, lines: int) -> None:
        self.popen = subprocess.Popen(
            [sys.executable, "-m", "rxtrail", *arguments],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=os.environ,
        )  # fmt: skip
        watchdog = threading.Timer(START_SECONDS_MAX, self.popen.kill)
        watchdog.start()
        assert self.popen.stdout is not None
        self.said = [self.popen.stdout.readline() for _ in range(lines)]
        watchdog.cancel()

    @property
    def lines(self) -> list[Any]:
        return [json.loads(line) for line in self.said]

    def stop(self, number: signal.Signals = signal.SIGTERM) -> tuple[int, str]:
        self.popen.send_signal(number)
        out, err = self.popen.communicate(timeout=30)
        assert out == b""
        return self.popen.returncode, err.decode()

    def gone(self) -> None:
        if self.popen.poll() is None:
            self.popen.kill()
            self.popen.communicate()


@contextlib.contextmanager
def started(*arguments: str, lines: int = 1) -> Iterator[Process]:
    process = Process(*arguments, lines=lines)
    try:
        yield process
    finally:
        process.gone()


def get(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=10) as answer:
        body: bytes = answer.read()
    return body


@pytest.mark.slow
def test_beside_a_serve_the_command_line_writes_through_it(
    pharmacy: CommandLine, shipment: Callable[..., str], tmp_path: Path
) -> None:
    settings = tmp_path / "rxtrail.toml"
    settings.write_text(f'port = 0\ndata = "{pharmacy.data}"\n')
    with started("serve", "--config", str(settings), "--json") as serve:
        [ready] = serve.lines
        assert ready["data"] == str(pharmacy.data)
        assert get(f"{ready['url']}/healthz")
        assert pharmacy.json("verify", CODE, "--site", PHARMACY).one["verdict"] == "ok"
        assert pharmacy.json("capture", shipment("N1", name="next.xml")).one["packages"] == 1
        assert pharmacy.json("dispense", CODE, "--site", PHARMACY).one["disposition"] == "dispensed"
        assert pharmacy("dispense", "(01)00352601815904(21)ZZ(17)301231(10)QD1DQ").code == 3
        bad = tmp_path / "bad.xml"
        bad.write_bytes(b"<EPCISDocument>")
        assert pharmacy.json("capture", str(bad)).one["state"] == "refused"
        assert pharmacy.json("status").one["packages"] == 4  # reading needs no lock
        refused = pharmacy("init", "--role", "hub")
        assert refused.code == 4
        assert "serve" in refused.err
        assert serve.stop() == (0, "stopped\n")
    assert pharmacy("verify", CODE, "--site", PHARMACY).code != 0
    assert pharmacy("init", "--role", "pharmacy", "--gln", PHARMACY).code == 0


@pytest.mark.slow
def test_a_served_port_that_is_taken_is_wrong_use(rxtrail: CommandLine) -> None:
    rxtrail("init", "--role", "hub")
    with started("serve", "--port", "0", "--json", "--data", str(rxtrail.data)) as serve:
        port = serve.lines[0]["url"].rpartition(":")[2]
        other = rxtrail.data.with_name("other")
        command = [sys.executable, "-m", "rxtrail", "serve", "--port", port, "--data", str(other)]
        ran = subprocess.run(command, capture_output=True, text=True, check=False)
        assert ran.returncode == 2
        assert "port" in ran.stderr
        assert serve.stop(signal.SIGINT)[0] == 0


@pytest.mark.slow
def test_sigterm_before_it_serves_ends_it_and_gives_the_lock_back(rxtrail: CommandLine) -> None:
    command = [sys.executable, "-m", "rxtrail", "demo", "--packs", "100000", "--port", "0", "--data", str(rxtrail.data)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stderr is not None
    process.stderr.readline()  # capturing ...
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=30)
    assert (process.returncode, out, err) == (143, b"", b"")
    assert rxtrail("store", "init").code == 0


def test_a_serve_does_not_listen_where_strangers_are(rxtrail: CommandLine) -> None:
    ran = rxtrail("serve", "--host", "0.0.0.0", "--port", "0")
    assert ran.code == 2
    assert "accounts" in ran.err


def test_a_holder_that_does_not_answer_is_told_and_nothing_is_written(
    pharmacy: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(node, "LOCK_WAIT_SECONDS_MAX", 0.3)
    monkeypatch.setattr(node, "OWN_WAIT_SECONDS_MAX", 0.1)
    monkeypatch.setattr(node, "LOCK_TELL_SECONDS", 0.1)
    before = pharmacy.json("status").one["log_size"]
    with (pharmacy.data / "writer.lock").open("r+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for command in (["verify", CODE], ["dispense", CODE], ["hold", CODE, "--reason", "x"]):
            ran = pharmacy.json(*command)
            assert ran.code == 4
            assert ran.one["error"]["code"] == "busy"
            assert "waiting" in ran.err
        assert pharmacy("init", "--role", "hub").code == 4
        assert pharmacy("demo").code == 4
        assert pharmacy("trace", CODE).code == 0  # readers do not wait
        assert pharmacy("export", "packs").code == 0
    assert pharmacy.json("status").one["log_size"] == before


def test_a_command_waits_for_another_command_to_end(pharmacy: CommandLine) -> None:
    lock = (pharmacy.data / "writer.lock").open("r+")
    fcntl.flock(lock, fcntl.LOCK_EX)
    threading.Timer(0.3, lock.close).start()
    begun = time.monotonic()
    assert pharmacy("dispense", CODE).code == 0
    assert time.monotonic() - begun >= 0.25
