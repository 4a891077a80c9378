"""One hub and two pharmacies, each a real ``rxtrail serve`` on loopback with a DATA folder of its own."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import select
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

from rxtrail.core.gs1.check_digit import check_digit
from tests.web import scene

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

_OTHER_BODY = "037654400001"
FIRST = scene.PHARMACY
SECOND = _OTHER_BODY + check_digit(_OTHER_BODY)
SECONDS_MAX = 40.0


class Answer:
    """One HTTP answer."""

    def __init__(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.status = status
        self.headers = headers
        self.body = body

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


class Party:
    """One node: a DATA folder, and mostly a server on it."""

    def __init__(self, data: Path, gln: str = "") -> None:
        self.data = data
        self.gln = gln
        self.port = 0
        self.process: subprocess.Popen[bytes] | None = None

    def run(self, *words: str, stdin: bytes = b"", code: int | None = 0) -> bytes:
        """Run one command on this DATA; gives its stdout."""
        done = subprocess.run(
            [sys.executable, "-m", "rxtrail", *words, "--data", str(self.data)],
            input=stdin,
            capture_output=True,
            timeout=SECONDS_MAX,
            check=False,
            env=_quiet(),
        )
        assert code is None or done.returncode == code, (words, done.returncode, done.stdout, done.stderr)
        return done.stdout

    def serve(self) -> None:
        """Start the server, on the port it had before."""
        with (self.data.parent / f"{self.data.name}.err").open("ab") as said:
            self.process = subprocess.Popen(
                [
                    sys.executable,
                    "-m",
                    "rxtrail",
                    "serve",
                    "--port",
                    str(self.port),
                    "--json",
                    "--data",
                    str(self.data),
                ],
                stdout=subprocess.PIPE,
                stderr=said,
                env=_quiet(),
            )
        assert self.process.stdout is not None
        assert select.select([self.process.stdout], [], [], SECONDS_MAX)[0], "the server did not come up"
        self.port = int(json.loads(self.process.stdout.readline())["url"].rpartition(":")[2])

    def signal(self, number: int) -> None:
        """Send the server a signal."""
        assert self.process is not None
        self.process.send_signal(number)

    def kill(self) -> None:
        """Kill -9."""
        assert self.process is not None
        self.process.kill()
        self.process.communicate(timeout=SECONDS_MAX)

    def stop(self) -> None:
        """End the server, whatever became of it."""
        if self.process is not None and self.process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                self.process.send_signal(signal.SIGCONT)
            self.process.terminate()
            try:
                self.process.communicate(timeout=SECONDS_MAX)
            except subprocess.TimeoutExpired:
                self.kill()

    @property
    def url(self) -> str:
        """The address of the server."""
        return f"http://127.0.0.1:{self.port}"

    def ask(self, method: str, path: str, body: object = None, **headers: str) -> Answer:
        """Send one request."""
        client = http.client.HTTPConnection("127.0.0.1", self.port, timeout=SECONDS_MAX)
        try:
            content = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
            given = {"Content-Type": "application/json", **{k.replace("_", "-"): v for k, v in headers.items()}}
            client.request(method, path, content, given)
            reply = client.getresponse()
            return Answer(reply.status, {k.lower(): v for k, v in reply.getheaders()}, reply.read())
        finally:
            client.close()

    def verify(self, serial: str, **more: Any) -> Any:
        """The verdict on a pack at this counter."""
        answer = self.ask("POST", "/api/v1/verify", {"scan": scene.scan(serial), "site": self.gln, **more})
        assert answer.status == 200, answer.body
        return answer.json

    def dispense(self, serial: str, **more: Any) -> Answer:
        """Dispense a pack at this counter."""
        body = {"state": "dispensed", "lot": scene.LOT, "expiry": scene.EXPIRY, "site": self.gln, **more}
        return self.ask("PATCH", f"/api/v1/packs/{scene.GTIN}/{serial}", body)

    def load(self, document: bytes) -> None:
        """Capture a document and wait for it."""
        answer = self.ask("POST", "/api/v1/captures?wait=1", document, Content_Type="application/xml")
        if answer.status >= 400:  # a hub takes documents from its own people only
            self.run("capture", "-", stdin=document)

    def cases(self) -> list[Any]:
        """All cases, the newest first."""
        return [json.loads(line) for line in self.run("cases", "list", "--state", "all", "--json").splitlines()]

    def status(self) -> Any:
        """How this node stands with its hub."""
        return self.ask("GET", "/api/v1/hub").json.get("joined")

    def connected(self) -> bool:
        """Tell whether the hub is there for this node."""
        return bool(self.status()["state"] == "connected")

    def records(self, kind: str) -> list[Any]:
        """The events of this record, in the order of its log."""
        return [json.loads(line) for line in self.run("export", kind, "--format", "json").splitlines()]


class Network:
    """A hub, two pharmacies that have joined it, and the packs that the maker shipped to the first."""

    def __init__(self, folder: Path, *serials: str, market: str = "us", before: Iterable[tuple[str, ...]] = ()) -> None:
        self.hub = Party(folder / "hub")
        self.first = Party(folder / "first", FIRST)
        self.second = Party(folder / "second", SECOND)
        self.hub.run("init", "--role", "hub", "--market", market)
        self.hub.run("capture", "-", stdin=scene.shipment(*serials))
        for words in before:  # done at the hub before anybody has joined it
            self.hub.run(*words)
        for party in self.parties[1:]:
            party.run("init", "--role", "pharmacy", "--gln", party.gln, "--market", market)
        for party in self.parties:
            party.serve()
        self.keys = {
            gln: json.loads(self.hub.run("site-key", "add", "--gln", gln, "--json")) for gln in (FIRST, SECOND)
        }
        for party in self.parties[1:]:
            secret = self.keys[party.gln]["secret"].encode()
            party.run("join", self.hub.url, "--key-file", "-", stdin=secret)
        for party in self.parties[1:]:
            wait_for(party.connected)

    @property
    def parties(self) -> tuple[Party, Party, Party]:
        """All three."""
        return self.hub, self.first, self.second

    def close(self) -> None:
        """End all servers."""
        for party in self.parties:
            party.stop()


def wait_for(what: Callable[[], Any], seconds: float = 20.0) -> Any:
    """Wait until something is so, and give it."""
    until = time.monotonic() + seconds
    while True:
        found = what()
        if found or time.monotonic() > until:
            assert found, "it did not come about in time"
            return found
        time.sleep(0.05)


def codes(verdict: Any) -> list[str]:
    """The codes of a verdict's reasons."""
    return [reason["code"] for reason in verdict["reasons"]]


def _quiet() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
