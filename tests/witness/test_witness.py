"""A witness: what it answers, what it keeps, and that it never cosigns two histories."""

from __future__ import annotations

import contextlib
import hashlib
import threading
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

import rxtrail.witness
from rxtrail.core.merkle import note, signed_checkpoint, witness_rules
from rxtrail.core.merkle.checkpoint import Checkpoint
from rxtrail.core.merkle.signing import ed25519_signer
from rxtrail.core.merkle.tree import consistency_proof
from rxtrail.core.merkle.witness_request import AddCheckpoint, parse_answer
from rxtrail.errors import BadRequest, Busy, NotFound, StoreFailed
from rxtrail.keys import KeyFailed
from tests.publishing.logs import ORIGIN, numbered
from tests.witness.witnesses import NAME, served, witness_in

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from rxtrail.core.merkle.tree import MemoryTree
    from rxtrail.witness import Witness

LOG = ed25519_signer(ORIGIN, Ed25519PrivateKey.from_private_bytes(b"l" * 32))
VKEY = str(LOG.verifier)
TREE, OTHER = numbered(100), numbered(100, "x")


def head(size: int, tree: MemoryTree = TREE, *, signer: Any = LOG, origin: str = ORIGIN, root: bytes = b"") -> bytes:
    made = Checkpoint(origin, size, root or tree.root(size))
    return signed_checkpoint.sign(made, [signer.sign(made.text())]).format()


def ask(old: int, size: int, tree: MemoryTree = TREE, *, proof: list[bytes] | None = None, **more: Any) -> bytes:
    given = consistency_proof(tree, old, size) if proof is None else proof
    return AddCheckpoint(old, tuple(given), head(size, tree, **more)).format()


@pytest.fixture
def witness(tmp_path: Path) -> Iterator[Witness]:
    with contextlib.closing(witness_in(tmp_path, VKEY)) as opened:
        yield opened


def statuses(witness: Witness, *asked: bytes) -> list[int]:
    return [witness.add_checkpoint(each).status for each in asked]


def test_a_log_that_grows_is_cosigned_by_both_keys_each_time(witness: Witness) -> None:
    for old, size in ((0, 3), (3, 3), (3, 64), (64, 100)):
        answer = witness.add_checkpoint(ask(old, size))
        assert answer.status == 200, answer.body
        text = note.parse(head(size)).text
        given = parse_answer(answer.body)
        assert [key.verifier.verifies(text, one.signature) for key, one in zip(witness.keys, given, strict=True)] == [
            True,
            True,
        ]
        assert all(one.time > 1_700_000_000 for one in given)


def test_each_refusal_has_the_status_of_the_specification(witness: Witness) -> None:
    stranger = ed25519_signer("else.test/log", Ed25519PrivateKey.from_private_bytes(b"e" * 32))
    thief = ed25519_signer(ORIGIN, Ed25519PrivateKey.from_private_bytes(b"t" * 32))
    forged = head(10).replace(b"\n10\n", b"\n11\n")
    assert statuses(witness, ask(0, 10)) == [200]
    assert (
        statuses(
            witness,
            b"",
            b"old x\n\n" + head(10),
            b"old 010\n\n" + head(10),
            AddCheckpoint(10, tuple([bytes(32)] * 63), b"").format(),
            b"old 10\nAAAA\n\n" + head(12),
            AddCheckpoint(11, (), head(10)).format(),
        )
        == [400] * 6
    )
    assert statuses(witness, ask(10, 20, signer=stranger, origin="else.test/log")) == [404]
    assert statuses(witness, ask(10, 20, signer=thief), AddCheckpoint(10, (), forged).format()) == [403, 403]
    assert statuses(witness, ask(9, 20), ask(0, 20), ask(11, 20)) == [409] * 3
    assert (
        statuses(
            witness,
            ask(10, 20, proof=[]),
            ask(10, 20, OTHER),
            ask(10, 20, proof=[*consistency_proof(TREE, 10, 20), bytes(32)]),
            ask(10, 10, OTHER, proof=[]),
            ask(10, 10, proof=[bytes(32)]),
        )
        == [422] * 5
    )
    assert witness.sizes() == {ORIGIN: 10}


def test_an_empty_log_is_cosigned_with_its_one_root_only_and_a_proof_from_it_is_empty(witness: Witness) -> None:
    assert statuses(witness, ask(0, 0, root=bytes(32))) == [422]
    assert statuses(witness, ask(0, 0), ask(0, 0), ask(0, 5, proof=[bytes(32)]), ask(0, 5)) == [200, 200, 422, 200]


def test_a_conflict_tells_the_size_that_was_cosigned(witness: Witness) -> None:
    assert witness.add_checkpoint(ask(3, 5)).body == b"0\n"
    witness.add_checkpoint(ask(0, 7))
    answer = witness.add_checkpoint(ask(3, 50))
    assert (answer.status, answer.body, answer.media_type) == (409, b"7\n", "text/x.tlog.size")


def test_other_signatures_under_a_head_are_neither_looked_at_nor_kept(witness: Witness) -> None:
    more = head(5) + "— else.test/w AAAAAAAA\n".encode()
    assert witness.add_checkpoint(AddCheckpoint(0, (), more).format()).status == 200
    kept = note.parse(witness.checkpoint(hashlib.sha256(ORIGIN.encode()).hexdigest()))
    assert [one.name for one in kept.signatures] == [ORIGIN, NAME, NAME]


def test_what_was_cosigned_is_told_by_the_hash_of_the_origin(witness: Witness) -> None:
    name = hashlib.sha256(ORIGIN.encode()).hexdigest()
    for wrong in (name, name.upper(), "x", ""):
        with pytest.raises(NotFound):
            witness.checkpoint(wrong)
    witness.add_checkpoint(ask(0, 7))
    shown = signed_checkpoint.parse(witness.checkpoint(name))
    assert shown.checkpoint == Checkpoint(ORIGIN, 7, TREE.root(7))
    assert set(note.verify(shown.note, [LOG.verifier, *(key.verifier for key in witness.keys)])) == {
        LOG.verifier,
        *(key.verifier for key in witness.keys),
    }


def test_a_new_start_knows_what_was_cosigned(tmp_path: Path) -> None:
    with contextlib.closing(witness_in(tmp_path, VKEY)) as first:
        first.add_checkpoint(ask(0, 10))
    with contextlib.closing(witness_in(tmp_path, VKEY)) as again:
        assert statuses(again, ask(0, 20), ask(10, 20, OTHER), ask(10, 20)) == [409, 422, 200]


def test_its_time_never_goes_back_also_over_a_new_start(tmp_path: Path) -> None:
    now = 2_000_000_000
    for size, clock_says in ((5, now), (6, now - 86_400), (7, now - 1), (8, now + 5)):
        with contextlib.closing(witness_in(tmp_path, VKEY, now_s=lambda clock_says=clock_says: clock_says)) as witness:
            old = witness.sizes()[ORIGIN]
            (one, _) = parse_answer(witness.add_checkpoint(ask(old, size)).body)
            assert one.time == max(now, clock_says)


def test_a_damaged_memory_is_never_taken_for_none(tmp_path: Path) -> None:
    with contextlib.closing(witness_in(tmp_path, VKEY)) as first:
        first.add_checkpoint(ask(0, 10))
    (path,) = (tmp_path / "logs").iterdir()
    whole = path.read_bytes()
    for at in range(len(whole)):
        path.write_bytes(whole[:at] + bytes((whole[at] ^ 1,)) + whole[at + 1 :])
        with contextlib.suppress(KeyFailed), contextlib.closing(witness_in(tmp_path, VKEY)) as witness:
            # Only a signature line of somebody else could be altered unseen: the tree is what it was.
            assert statuses(witness, ask(0, 20), ask(10, 20, OTHER)) == [409, 422]
    path.write_bytes(b"")
    with pytest.raises(KeyFailed):
        witness_in(tmp_path, VKEY)


def test_what_cannot_be_kept_is_not_cosigned_and_nothing_else_is_after_it(
    witness: Witness, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: Any) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(rxtrail.witness, "replace_file", fails)
    with pytest.raises(StoreFailed):
        witness.add_checkpoint(ask(0, 10))
    monkeypatch.undo()
    with pytest.raises(StoreFailed):
        witness.add_checkpoint(ask(0, 10))


def race(witness: Witness) -> tuple[list[int], int]:
    """Show many heads of growing sizes at once, each from the empty tree; give the statuses and the last size."""
    start = threading.Barrier(16)
    answers: list[int] = []

    def show(size: int) -> None:
        start.wait()
        answers.append(witness.add_checkpoint(ask(0, size)).status)

    threads = [threading.Thread(target=show, args=(size,)) for size in range(20, 36)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(answers), witness.sizes()[ORIGIN]


def test_of_many_at_once_one_is_cosigned(witness: Witness) -> None:
    answers, size = race(witness)
    assert answers == [200, *[409] * 15]
    assert 20 <= size < 36


def test_a_witness_that_compares_and_keeps_in_two_steps_is_caught_by_this_suite(
    witness: Witness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(witness, "_lock", contextlib.nullcontext())
    judge, judged = witness_rules.judge, threading.Barrier(16)

    def together(*given: Any) -> Any:
        verdict = judge(*given)
        with contextlib.suppress(threading.BrokenBarrierError):
            judged.wait(5)
        return verdict

    monkeypatch.setattr(witness_rules, "judge", together)
    monkeypatch.setattr(rxtrail.witness, "replace_file", lambda *_: None)  # sixteen threads would share one name
    answers, _ = race(witness)
    assert answers != [200, *[409] * 15]


def test_two_witnesses_never_share_a_folder_and_two_logs_no_name(witness: Witness, tmp_path: Path) -> None:
    with pytest.raises(Busy):
        witness_in(tmp_path, VKEY)
    with pytest.raises(BadRequest, match="twice"):
        witness_in(tmp_path / "other", VKEY, VKEY)
    with pytest.raises(BadRequest, match="not a verifier key"):
        witness_in(tmp_path / "other", "nonsense")


def test_a_log_whose_key_has_another_name_is_known_by_its_origin(tmp_path: Path) -> None:
    renamed = signed_checkpoint.sign(
        Checkpoint("go.sum database tree", 5, TREE.root(5)),
        [LOG.sign(Checkpoint("go.sum database tree", 5, TREE.root(5)).text())],
    )
    body = AddCheckpoint(0, (), renamed.format()).format()
    with served(tmp_path, logs=[f"{VKEY} go.sum database tree"]) as witness:
        assert httpx.post(f"{witness.url}/add-checkpoint", content=body).status_code == 200
        assert httpx.post(f"{witness.url}/add-checkpoint", content=ask(0, 10)).status_code == 404


# -- over HTTP ------------------------------------------------------------------------------------------------------


def test_the_command_serves_what_the_specification_says(tmp_path: Path) -> None:
    with served(tmp_path, logs=[VKEY]) as witness, httpx.Client(base_url=witness.url) as client:
        added = client.post("/add-checkpoint", content=ask(0, 10))
        assert (added.status_code, added.headers["content-type"]) == (200, "text/plain; charset=utf-8")
        assert added.text.startswith(f"— {NAME} ")
        conflict = client.post("/add-checkpoint", content=ask(3, 20))
        assert (conflict.status_code, conflict.content) == (409, b"10\n")
        assert conflict.headers["content-type"] == "text/x.tlog.size"
        assert client.post("/add-checkpoint", content=b"x" * 2_000_000).status_code == 413
        shown = client.get(f"/{hashlib.sha256(ORIGIN.encode()).hexdigest()}/checkpoint")
        assert (shown.status_code, shown.headers["content-type"]) == (200, "text/plain; charset=utf-8")
        assert NAME in shown.text
        assert client.get(f"/{'0' * 64}/checkpoint").status_code == 404
        assert client.get("/add-checkpoint").status_code == 405
        assert client.get("/vkey").text.split() == [str(key) for key in witness.keys]
        assert client.get("/healthz").status_code == 200


def test_a_witness_that_dies_between_keeping_and_answering_has_kept_it(tmp_path: Path) -> None:
    planted = (
        "import os, rxtrail.witness as w\n"
        "real = w.replace_file\n"
        "def dies(path, content):\n"
        "    real(path, content)\n"
        "    os._exit(9)\n"
        "w.replace_file = dies\n"
    )
    with served(tmp_path, logs=[VKEY], planted=planted) as witness:
        with pytest.raises(httpx.TransportError):
            httpx.post(f"{witness.url}/add-checkpoint", content=ask(0, 10))
        assert witness.process.wait(10) == 9
    with served(tmp_path, logs=[VKEY]) as witness:

        def post(body: bytes) -> httpx.Response:
            return httpx.post(f"{witness.url}/add-checkpoint", content=body)

        assert post(ask(0, 20, OTHER)).status_code == 409, "whoever was not answered is told what was kept"
        assert post(ask(10, 20, OTHER)).status_code == 422
        assert post(ask(10, 20)).status_code == 200
