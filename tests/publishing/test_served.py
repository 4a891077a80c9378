"""The log as it is served: by a real ``rxtrail serve`` with its signer, killed and started again."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import stat
import subprocess
import sys
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from rxtrail.core.merkle import note, signed_checkpoint
from rxtrail.core.merkle.note import VerifierKey
from rxtrail.publishing import signer_wire as wire
from rxtrail.publishing.checking import WebSource, check
from rxtrail.publishing.signer_client import SignerAway, SocketSigner
from rxtrail.publishing.signing import LogRefused
from tests.publishing.logs import head_of, numbered
from tests.web import scene
from tests.witness.witnesses import served as witness_served

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = [pytest.mark.slow, pytest.mark.sqlite_only, pytest.mark.timeout(180)]


def quiet() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}


def run(data: Path, *words: str, stdin: bytes = b"", code: int = 0) -> bytes:
    done = subprocess.run(
        [sys.executable, "-m", "rxtrail", *words, "--data", str(data)],
        input=stdin, capture_output=True, check=False, timeout=60, env=quiet(),
    )  # fmt: skip
    assert done.returncode == code, (words, done.returncode, done.stdout, done.stderr)
    return done.stdout


class Server:
    """One ``rxtrail serve``."""

    def __init__(self, data: Path, *words: str) -> None:
        command = [sys.executable, "-m", "rxtrail", "serve", "--port", "0", "--json", "--data", str(data), *words]
        self.data = data
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=quiet())
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, self.said()
        self.http = httpx.Client(base_url=json.loads(line)["url"], timeout=20)

    def said(self) -> bytes:
        assert self.process.stderr is not None
        self.process.wait(20)
        return self.process.stderr.read()

    def signer(self) -> int:
        """The process of its signer; 0 while there is none."""
        for children in Path(f"/proc/{self.process.pid}/task").glob("*/children"):
            if found := children.read_text(encoding="ascii").split():
                return int(found[0])
        return 0

    def head(self) -> Any:
        answer = self.http.get("/log/checkpoint")
        return signed_checkpoint.parse(answer.content).checkpoint if answer.status_code == 200 else None

    def covers(self, size: int) -> bool:
        head = self.head()
        return head is not None and head.size >= size

    def scan(self, serial: str) -> Any:
        return self.http.post("/api/v1/verify", json={"scan": scene.scan(serial)}).json()

    def scan_and_wait(self, serial: str) -> int:
        """Scan, and wait until that is on record: nobody waits for a scan otherwise. Gives the size of the log."""
        before = self.log_size()
        self.scan(serial)
        wait_for(lambda: self.log_size() > before)
        return self.log_size()

    def log_size(self) -> int:
        return int(self.http.get("/api/v1/status").json()["log_size"])

    def stop(self, number: int = signal.SIGTERM) -> None:
        if self.process.poll() is None:
            self.process.send_signal(number)
        self.process.communicate(timeout=30)
        self.http.close()


def wait_for(what: Callable[[], Any], seconds: float = 20.0) -> Any:
    until = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < until, "it did not come about in time"
        time.sleep(0.05)
    return found


def is_gone(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return True
    with contextlib.suppress(OSError):
        return Path(f"/proc/{process}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0] == "Z"
    return False


@pytest.fixture
def data(tmp_path: Path) -> Path:
    run(tmp_path / "node", "init", "--role", "hub")
    run(tmp_path / "node", "capture", "-", stdin=scene.shipment("A1", "B2", "C3"))
    return tmp_path / "node"


@pytest.fixture
def server(data: Path) -> Iterator[Server]:
    made = Server(data)
    yield made
    made.stop()


def checked(server: Server) -> Any:
    key = VerifierKey.parse(server.http.get("/log/vkey").text.strip())
    with contextlib.closing(WebSource(f"{str(server.http.base_url).rstrip('/')}/log")) as source:
        return check(source, [key])


def test_a_stranger_checks_the_whole_log_with_the_key_alone(server: Server) -> None:
    wait_for(lambda: server.covers(server.log_size()))
    told = checked(server)
    assert told.entries_by_kind["event"] == server.http.get("/api/v1/status").json()["events"]
    assert server.http.get("/readyz").json()["published_size"] == told.size
    answer = server.http.get("/log/checkpoint")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.headers["cache-control"] == "public, max-age=1"
    tile = server.http.get(f"/log/tile/0/000.p/{told.size}")
    assert (tile.headers["content-type"], len(tile.content)) == ("application/octet-stream", told.size * 32)
    assert "immutable" in tile.headers["cache-control"]
    assert "content-encoding" not in tile.headers
    assert server.http.head(f"/log/tile/entries/000.p/{told.size}").status_code == 200
    assert server.http.get(f"/log/tile/0/000.p/{told.size + 1}").status_code == 404
    assert server.http.get("/log/tile/0/../0/000").status_code == 404
    assert server.http.post("/log/checkpoint").status_code == 405
    assert server.http.post("/log/add", content=b"x").status_code == 404, "only in a load test"
    metrics = server.http.get("/metrics").text
    assert f"rxtrail_log_published_size {told.size}" in metrics


def test_nothing_of_a_pack_is_in_the_log(server: Server) -> None:
    wait_for(lambda: server.covers(server.log_size()))
    size = server.head().size
    entries = server.http.get(f"/log/tile/entries/000.p/{size}").content
    for secret in (b"A1", scene.GTIN.encode(), scene.LOT.encode()):
        assert secret not in entries


def test_the_log_is_for_everybody_where_site_keys_are_required(server: Server) -> None:
    run(server.data, "site-key", "add", "--gln", scene.PHARMACY)
    wait_for(lambda: server.covers(1))
    for path in ("/log/checkpoint", "/log/vkey"):
        assert server.http.get(path).status_code == 200


def test_the_signer_is_another_process_with_a_socket_of_its_owner(server: Server) -> None:
    wait_for(lambda: server.covers(1))
    process = server.signer()
    assert process not in {0, server.process.pid}
    mode = (server.data / "signer.sock").lstat().st_mode
    assert stat.S_ISSOCK(mode)
    assert stat.S_IMODE(mode) == 0o600


def test_a_signer_that_dies_is_started_again_and_the_log_goes_on(server: Server) -> None:
    wait_for(lambda: server.covers(1))
    for _ in range(3):
        before = wait_for(server.signer)
        os.kill(before, signal.SIGKILL)
        size = server.scan_and_wait("A1")
        wait_for(partial(another_signer, server, before))
        wait_for(partial(server.covers, size), 40.0)
    checked(server)


def another_signer(server: Server, before: int) -> bool:
    return server.signer() not in {0, before}


def covers_all(server: Server) -> bool:
    return server.covers(server.log_size())


def test_a_killed_server_takes_its_signer_with_it_and_both_go_on_afterwards(data: Path) -> None:
    heads = []
    for number in range(3):
        server = Server(data)
        server.scan_and_wait(f"N{number}")
        wait_for(partial(covers_all, server))
        heads.append(server.http.get("/log/checkpoint").content)
        signer = server.signer()
        server.stop(signal.SIGKILL)
        wait_for(partial(is_gone, signer))
    server = Server(data)
    try:
        wait_for(lambda: server.covers(server.log_size()))
        sizes = [signed_checkpoint.parse(head).checkpoint.size for head in heads]
        assert sizes == sorted(set(sizes))
        assert checked(server).size >= sizes[-1]
    finally:
        server.stop()


def test_what_a_command_wrote_is_published_by_the_next_server_or_by_hand(data: Path) -> None:
    told = json.loads(run(data, "log", "publish", "--json"))
    assert told["state"] == "published"
    assert told["size"] >= 4
    status = json.loads(run(data, "log", "status", "--json"))
    assert (status["origin"], status["keys"]) == (told["origin"], told["keys"])
    run(data, "log", "export", str(data.parent / "www"))
    checked_ = json.loads(run(data, "log", "verify", str(data.parent / "www"), "--vkey", told["keys"][0], "--json"))
    assert checked_["size"] == told["size"]
    (data.parent / "www" / "tile" / "entries" / f"000.p/{told['size']}").write_bytes(b"\0\1x")
    run(data, "log", "verify", str(data.parent / "www"), "--vkey", told["keys"][0], code=1)


def test_a_whole_old_copy_is_told_at_the_counter_and_accepts_no_change(data: Path, tmp_path: Path) -> None:
    import shutil

    vkey = json.loads(run(data, "log", "publish", "--json"))["keys"][0]
    shutil.copytree(data, tmp_path / "copy")
    with witness_served(tmp_path / "w", logs=[vkey]) as witness:
        policy = tmp_path / "policy"
        policy.write_text(f"log {vkey}\nwitness w {witness.keys[0]} {witness.url}\nquorum w\n", encoding="utf-8")
        settings = tmp_path / "rxtrail.toml"
        settings.write_text(f'[log]\nwitness_policy = "{policy}"\n', encoding="utf-8")
        server = Server(data, "--config", str(settings))
        server.scan_and_wait("A1")
        wait_for(lambda: server.http.get("/readyz").json()["quorum"] == "met" and server.covers(server.log_size()))
        server.stop()
        shutil.rmtree(data)
        shutil.copytree(tmp_path / "copy", data)
        server = Server(data, "--config", str(settings))
        try:
            assert server.scan("A1")["verdict"] == "unconfirmed", "the very first answer is not ok"
            assert server.http.get("/readyz").json()["code"] == "log-set-back"
            verdict = server.scan("A1")
            assert (verdict["verdict"], verdict["reasons"][0]["code"]) == ("unconfirmed", "unreachable")
            changed = server.http.patch(
                f"/api/v1/packs/{scene.GTIN}/A1",
                json={"state": "dispensed", "lot": scene.LOT, "expiry": scene.EXPIRY},
            )
            assert (changed.status_code, changed.json()["code"]) == (503, "log-set-back")
            assert "data-log-doubt" in server.http.get("/").text
            assert json.loads(run(data, "log", "status", "--json", code=1))["state"] == "refused"
            assert server.process.poll() is None, "it goes on, to say so"
        finally:
            server.stop()


def test_a_load_test_answers_with_indexes_and_never_beside_real_data(data: Path, tmp_path: Path) -> None:
    run(data, "serve", "--load-test", "--port", "0", code=2)
    server = Server(tmp_path / "play", "--load-test")
    try:
        indexes = [server.http.post("/log/add", content=b"leaf %d" % number) for number in range(20)]
        assert all(answer.status_code == 200 and answer.text.isdigit() for answer in indexes)
        numbers = [int(answer.text) for answer in indexes]
        assert numbers == sorted(set(numbers))
        wait_for(lambda: server.covers(numbers[-1] + 1))
        assert checked(server).entries_by_kind["command"] == 20
        assert server.http.post("/log/add", content=b"x" * 70_000).status_code == 413
    finally:
        server.stop()
    run(tmp_path / "play", "serve", "--port", "0", code=2)


# -- the signer's own door ---------------------------------------------------------------------------------------------


@contextlib.contextmanager
def signing(folder: Path, *words: str) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-m", "rxtrail", "signer", "--json", "--origin", "node.test/log", "--data", str(folder)]
    process = subprocess.Popen([*command, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=quiet())
    assert process.stdout is not None
    assert process.stdout.readline()
    try:
        yield process
    finally:
        process.terminate()
        process.communicate(timeout=20)


def test_nonsense_on_the_signers_socket_hurts_nobody(tmp_path: Path) -> None:
    tree = numbered(30)
    with signing(tmp_path):
        path = tmp_path / "signer.sock"
        for nonsense in (b"", b"\0", b"\xff" * 64, b"\0\0\0\5hello", b"\0\0\0\0", b"\x7f\xff\xff\xff" + b"x" * 1000):
            with socket.socket(socket.AF_UNIX) as rude:
                rude.settimeout(5)
                rude.connect(str(path))
                with contextlib.suppress(ConnectionError):  # it closes at once, and reads no more
                    rude.sendall(nonsense)
                    rude.shutdown(socket.SHUT_WR)
                    assert rude.recv(100) == b""
        with contextlib.closing(SocketSigner(path)) as signer:
            first = signer.sign(head_of(tree, 10), [])
            assert signer.hello().note == first
            assert note.verify(note.parse(first), [VerifierKey.parse(key) for key in signer.hello().keys])
            with pytest.raises(LogRefused):
                signer.sign(head_of(tree, 9), [])
            with pytest.raises(SignerAway):
                signer.sign("x" * (wire.MESSAGE_BYTES_MAX + 1), [])
            assert signer.hello().note == first


def test_a_signer_that_was_killed_after_signing_knows_it(tmp_path: Path) -> None:
    tree, other = numbered(30), numbered(30, "x")
    with signing(tmp_path) as process, contextlib.closing(SocketSigner(tmp_path / "signer.sock")) as signer:
        signer.sign(head_of(tree, 10), [])
        process.kill()
        process.wait()
    with (
        signing(tmp_path),
        contextlib.closing(SocketSigner(tmp_path / "signer.sock")) as signer,
        pytest.raises(LogRefused),
    ):
        signer.sign(head_of(other, 10), [])


def test_another_users_signer_is_not_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with signing(tmp_path), contextlib.closing(SocketSigner(tmp_path / "signer.sock")) as signer:
        monkeypatch.setattr("rxtrail.publishing.signer_client.peer_user", lambda _: 12345)
        with pytest.raises(SignerAway, match="another user's"):
            signer.hello()
    monkeypatch.undo()
    with signing(tmp_path), contextlib.closing(SocketSigner(tmp_path / "signer.sock", user=12345)) as signer:
        monkeypatch.setattr("rxtrail.publishing.signer_client.peer_user", lambda _: 12345)
        assert signer.hello().origin == "node.test/log"
