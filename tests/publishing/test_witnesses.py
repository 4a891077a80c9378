"""Asking witnesses: quorums, those that are silent, and what it takes to believe that a log was set back."""

from __future__ import annotations

import contextlib
import http.server
import shutil
import threading
from typing import TYPE_CHECKING, Any

import pytest

from rxtrail import clock
from rxtrail.bootstrap import open_node
from rxtrail.core.merkle import note, signed_checkpoint
from rxtrail.core.merkle.note import VerifierKey
from rxtrail.core.merkle.policy import parse as parse_policy
from rxtrail.publishing.signer_client import InlineSigner
from rxtrail.publishing.witnesses import Witnesses
from tests.publishing.logs import add, publisher_of, publishing, signer_in
from tests.witness.witnesses import NAME, served

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from rxtrail.bootstrap import Node

DEAD = "http://127.0.0.1:9"  # the port of discard: nobody listens
LINE = "witness {0} {1} {2}\n"


def witnesses_of(node: Node, policy: str, *, now: Any = clock.now_us) -> tuple[Witnesses, list[str]]:
    told: list[str] = []
    made = Witnesses(
        parse_policy(policy.encode()),
        reader=node._reader,
        writer=lambda: node._writing()[0],
        now_us=now,
        refuse=told.append,
        failure=lambda _: None,
        keys=lambda: [*map(VerifierKey.parse, node.log.keys())],
    )
    _made.append(made)
    return made, told


_made: list[Witnesses] = []


@pytest.fixture(autouse=True)
def _let_go() -> Iterator[None]:
    yield
    while _made:
        _made.pop().stop()


def vkey_of(folder: Path) -> str:
    """Have a log published, so that it has a key that a witness can be told."""
    with publishing(folder) as (node, publisher):
        add(node, 3)
        publisher.publish()
        return node.log.keys()[0]


def cosigned(node: Node, key: VerifierKey) -> bool:
    row = node._reader().checkpoint()
    assert row is not None
    with contextlib.suppress(Exception):
        return bool(note.verify(note.parse(row.note), [key]))
    return False


@pytest.fixture
def log(tmp_path: Path) -> tuple[Path, str]:
    return tmp_path / "node", vkey_of(tmp_path / "node")


@contextlib.contextmanager
def answering(answer: Any) -> Iterator[str]:
    """A witness that is not ours: ``answer(method, path, body)`` gives (status, type, body)."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._say("GET", b"")

        def do_POST(self) -> None:
            self._say("POST", self.rfile.read(int(self.headers["content-length"])))

        def _say(self, method: str, body: bytes) -> None:
            status, kind, said = answer(method, self.path, body)
            self.send_response(status)
            self.send_header("content-type", kind)
            self.send_header("content-length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

        def log_message(self, *_: Any) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def test_a_quorum_is_met_although_one_witness_is_silent_and_kept_with_the_head(
    log: tuple[Path, str], tmp_path: Path
) -> None:
    folder, vkey = log
    dead = VerifierKey("dead.test", note.COSIGNATURE_ED25519, b"d" * 32)
    with (
        served(tmp_path / "w1", logs=[vkey]) as one,
        served(tmp_path / "w2", logs=[vkey], name="w2.test") as two,
        publishing(folder) as (node, publisher),
    ):
        policy = (
            LINE.format("one", one.keys[0], one.url)
            + LINE.format("two", two.keys[1], two.url)
            + LINE.format("dead", dead, DEAD)
            + "group most 2 one two dead\nquorum most\n"
        )
        asking, refused = witnesses_of(node, policy)
        for count in (1, 300, 5):
            add(node, count)
            publisher.publish()
            assert asking.round()
            row = node._reader().checkpoint(cosigned=True)
            assert row == node._reader().checkpoint(), "the newest head has its quorum"
            assert row is not None
            believed = parse_policy(f"log {vkey}\n{policy}".encode()).believe(signed_checkpoint.parse(row.note))
            assert set(believed.witnesses) == {"one", "two"}
        assert not asking.round(), "all that can be had is there"
        assert (refused, asking.warnings()) == ([], [])
        assert "dead" in asking.told()[2]


def test_without_its_quorum_a_head_is_not_the_one_that_is_served(log: tuple[Path, str], tmp_path: Path) -> None:
    folder, vkey = log
    with publishing(folder) as (node, publisher):
        node.log.files._quorum = lambda: True
        first = node.log.files.checkpoint()
        assert first, "until there is a first one, witnesses must be able to begin"
        with served(tmp_path / "w1", logs=[vkey]) as one:
            asking, _ = witnesses_of(node, LINE.format("one", one.keys[0], one.url) + "quorum one\n")
            publisher.publish()
            asking.round()
        with_quorum = node.log.files.checkpoint()
        assert NAME.encode() in with_quorum
        add(node, 10)
        publisher.publish()
        asking.round()
        assert node.log.files.checkpoint() == with_quorum
        newest = node._reader().checkpoint()
        assert newest is not None
        assert newest.note != with_quorum
        assert newest.size > signed_checkpoint.parse(with_quorum).checkpoint.size


def test_a_witness_that_does_not_know_the_log_holds_nobody_up(log: tuple[Path, str], tmp_path: Path) -> None:
    folder, _ = log
    other = str(VerifierKey("else.test/log", note.ED25519, b"e" * 32))
    key = VerifierKey("old.test", note.COSIGNATURE_ED25519, b"o" * 32)
    with (
        served(tmp_path / "w1", logs=[other]) as one,
        answering(lambda *_: (403, "text/plain", b"unknown log\n")) as old,
        publishing(folder) as (node, _),
    ):
        policy = LINE.format("one", one.keys[0], one.url) + LINE.format("old", key, old) + "quorum none\n"
        asking, refused = witnesses_of(node, policy)
        assert not asking.round()
        assert all("does not know this log" in told for told in asking.told())
        assert (refused, asking.accused) == ([], False)


def test_a_witness_that_knows_more_than_this_process_is_asked_again_from_there(
    log: tuple[Path, str], tmp_path: Path
) -> None:
    folder, vkey = log
    with served(tmp_path / "w1", logs=[vkey]) as one, publishing(folder) as (node, publisher):
        policy = LINE.format("one", one.keys[0], one.url) + "quorum one\n"
        assert witnesses_of(node, policy)[0].round()
        add(node, 20)
        publisher.publish()
        fresh, refused = witnesses_of(node, policy)  # as after a new start: it begins from 0
        assert fresh.round()
        assert refused == []
        assert cosigned(node, one.keys[0])


def set_back(folder: Path, copy: Path) -> None:
    shutil.rmtree(folder)
    shutil.copytree(copy, folder)


@pytest.mark.sqlite_only
@pytest.mark.parametrize("more", [0, 40], ids=["shorter", "a fork of it"])
def test_a_whole_old_copy_is_refused_at_its_first_head_and_that_is_proven(
    log: tuple[Path, str], tmp_path: Path, more: int
) -> None:
    folder, vkey = log
    with served(tmp_path / "w1", logs=[vkey]) as one:
        policy = LINE.format("one", one.keys[0], one.url) + "quorum one\n"
        shutil.copytree(folder, tmp_path / "copy")
        with publishing(folder) as (node, publisher):
            add(node, 10)
            publisher.publish()
            assert witnesses_of(node, policy)[0].round()
        set_back(folder, tmp_path / "copy")  # record, key and what the signer remembers: all old
        with publishing(folder) as (node, publisher):
            if more:
                add(node, more)
                publisher.publish()
            asking, refused = witnesses_of(node, policy)
            assert not asking.round()
            assert len(refused) == 1
            assert "our own key has signed" in refused[0]
            assert asking.accused
            publisher.refuse(refused[0])
            node.log._publisher = publisher
            assert node.log.doubt is not None
            assert node.log.status().state == "refused"
            node.log._publisher = None


@pytest.mark.parametrize(
    ("status", "kind", "said"),
    [(409, "text/x.tlog.size", b"999999\n"), (422, "text/plain", b"the consistency proof does not hold\n")],
)
def test_a_false_word_of_a_witness_is_told_and_stops_nothing(
    log: tuple[Path, str], status: int, kind: str, said: bytes
) -> None:
    folder, _ = log
    key = VerifierKey("liar.test", note.COSIGNATURE_ED25519, b"i" * 32)
    forged = b""

    def answer(method: str, _path: str, _body: bytes) -> tuple[int, str, bytes]:
        return (status, kind, said) if method == "POST" else (200, "text/plain", forged)

    with answering(answer) as liar, publishing(folder) as (node, publisher):
        asking, refused = witnesses_of(node, LINE.format("liar", key, liar) + "quorum liar\n")
        assert not asking.round()
        assert refused == []
        assert asking.accused
        assert "liar" in asking.warnings()[0]
        # Nor does a head that somebody else has signed prove anything.
        with contextlib.closing(signer_in(folder.parent / "thief")) as thief:
            row = node._reader().checkpoint()
            assert row is not None
            text = note.parse(row.note).text.replace(f"\n{row.size}\n", f"\n{row.size + 50}\n")
            forged = thief.sign(text, [])
        asking._asked[0].not_before = 0.0
        assert not asking.round()
        assert refused == []
        add(node, 1)
        assert publisher.publish(), "publishing goes on"


def test_a_witness_that_was_set_back_itself_is_told_what_it_forgot(log: tuple[Path, str], tmp_path: Path) -> None:
    folder, vkey = log
    with publishing(folder) as (node, publisher):
        with served(tmp_path / "w1", logs=[vkey]) as one:
            policy = LINE.format("one", one.keys[0], one.url) + "quorum one\n"
            asking, refused = witnesses_of(node, policy)
            assert asking.round()
        for path in (tmp_path / "w1" / "logs").iterdir():
            path.unlink()
        port = int(one.url.rpartition(":")[2])
        with served(tmp_path / "w1", logs=[vkey], port=port):
            add(node, 9)
            publisher.publish()
            assert asking.round()
            assert (refused, asking.accused) == ([], False)
            assert cosigned(node, one.keys[0])


def test_a_wrong_cosignature_is_never_kept(log: tuple[Path, str]) -> None:
    folder, _ = log
    key = VerifierKey("bad.test", note.COSIGNATURE_ED25519, b"b" * 32)
    line = note.Signature(key.name, key.key_id, bytes(72)).line().encode()
    other = note.Signature("else.test", b"elsE", bytes(72)).line().encode()
    for said in (line, other, b"", b"hello\n", line + b"garbage"):
        with answering(lambda *_, said=said: (200, "text/plain", said)) as url, publishing(folder) as (node, _):
            asking, _ = witnesses_of(node, LINE.format("bad", key, url) + "quorum bad\n")
            assert not asking.round()
            assert asking.told()[0].startswith("bad: 0 (")
            row = node._reader().checkpoint()
            assert row is not None
            assert len(note.parse(row.note).signatures) == 1


def test_the_thread_shows_each_witness_the_newest_head_after_a_start(log: tuple[Path, str], tmp_path: Path) -> None:
    folder, vkey = log
    with served(tmp_path / "w1", logs=[vkey]) as one, open_node(folder) as node:
        asking, _ = witnesses_of(node, LINE.format("one", one.keys[0], one.url) + "quorum one\n")
        asking.start()
        waited = threading.Event()
        for _ in range(200):
            if cosigned(node, one.keys[0]):
                break
            waited.wait(0.05)
        asking.stop()
        assert cosigned(node, one.keys[0])
        with contextlib.closing(InlineSigner(signer_in(folder))) as signer:
            publisher_of(node, signer).publish()
