"""Proof files, policies, and what a witness is asked and answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from rxtrail.core.merkle import (
    note,
    policy,
    signed_checkpoint,
    signing,
    tlog_proof,
    tree,
    witness_request,
    witness_rules,
)
from rxtrail.core.merkle.checkpoint import Checkpoint
from rxtrail.core.merkle.errors import BadNote, BadPolicy, BadProof
from rxtrail.core.merkle.signing import NoteSigner
from rxtrail.core.merkle.tlog_proof import TlogProof
from rxtrail.core.merkle.witness_request import AddCheckpoint
from rxtrail.core.merkle.witness_rules import Latest, Refusal

if TYPE_CHECKING:
    from rxtrail.core.merkle.note import VerifierKey

ORIGIN = "log.example/rx"


def signer(name: str, seed: int, kind: int = note.COSIGNATURE_ED25519) -> NoteSigner:
    return signing.ed25519_signer(name, Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32), kind=kind)


LOG = signer(ORIGIN, 1, note.ED25519)
WITNESSES = [signer(f"w{number}.example", 10 + number) for number in range(4)]
POST_QUANTUM = signing.ml_dsa_signer("pq.example", MLDSA44PrivateKey.from_seed_bytes(b"\6" * 32))
ENTRIES = [b"entry %d" % number for number in range(20)]
TREE = tree.MemoryTree(tree.leaf_hashes(ENTRIES))


def head(size: int, origin: str = ORIGIN) -> Checkpoint:
    return Checkpoint(origin, size, TREE.root(size))


def checkpoint(size: int, *cosigners: NoteSigner, log: NoteSigner = LOG) -> bytes:
    text = head(size).text()
    signatures = [log.sign(text), *(one.sign(text, time=1_790_000_000) for one in cosigners)]
    return signed_checkpoint.sign(head(size), signatures).format()


def proof(index: int, size: int, *cosigners: NoteSigner, extra: bytes | None = None) -> TlogProof:
    hashes = tuple(tree.inclusion_proof(TREE, index, size))
    return TlogProof(index, hashes, checkpoint(size, *cosigners), extra)


def policy_text(quorum: str) -> bytes:
    lines = [f"log {LOG.verifier}", *(f"witness W{n} {one.verifier}" for n, one in enumerate(WITNESSES))]
    return "\n".join([*lines, quorum, ""]).encode()


def test_a_proof_is_checked_against_log_and_entry() -> None:
    believes = policy.parse(policy_text("quorum none"))
    for index in range(13):
        believed = proof(index, 13).check(believes, ENTRIES[index])
        assert believed.log == LOG.verifier
        assert believed.signed.checkpoint.size == 13
        with pytest.raises(BadProof):
            proof(index, 13).check(believes, ENTRIES[index + 1])
    with pytest.raises(BadProof):
        msgspec.structs.replace(proof(3, 13), index=4).check(believes, ENTRIES[3])
    with pytest.raises(BadNote):
        msgspec.structs.replace(proof(3, 13), checkpoint=checkpoint(13, log=signer(ORIGIN, 2, note.ED25519))).check(
            believes, ENTRIES[3]
        )
    other_name = signer("other.example", 1, note.ED25519)
    with pytest.raises(BadNote):
        proof(3, 13).check(policy.Policy((policy.Log(other_name.verifier),)), ENTRIES[3])
    proof(3, 13).check(policy.Policy(), ENTRIES[3], more_logs=[LOG.verifier])


def test_a_quorum_is_what_the_policy_says() -> None:
    strict = policy.parse(policy_text("group a 2 W0 W1 W2\ngroup b all a W3\nquorum b"))
    enough = [WITNESSES[0], WITNESSES[2], WITNESSES[3]]
    believed = proof(3, 13, *enough).check(strict, ENTRIES[3])
    assert believed.witnesses == {"W0": 1_790_000_000, "W2": 1_790_000_000, "W3": 1_790_000_000}
    for missing in range(3):
        too_few = [one for number, one in enumerate(enough) if number != missing]
        with pytest.raises(BadNote, match="too few"):
            proof(3, 13, *too_few).check(strict, ENTRIES[3])
    forged = NoteSigner.__new__(NoteSigner)
    forged.verifier, forged._sign = WITNESSES[3].verifier, lambda _: bytes(64)
    stamped = note.Signature(forged.verifier.name, forged.verifier.key_id, bytes(72))
    signed = signed_checkpoint.parse(checkpoint(13, WITNESSES[0], WITNESSES[2])).signed_also([stamped])
    with pytest.raises(BadNote, match="is wrong"):
        strict.believe(signed)


def test_a_post_quantum_witness_counts_as_any_other() -> None:
    text = policy_text("x").replace(b"x\n", f"witness pq {POST_QUANTUM.verifier}\nquorum pq\n".encode())
    believes = policy.parse(text)
    assert proof(3, 13, POST_QUANTUM).check(believes, ENTRIES[3]).witnesses == {"pq": 1_790_000_000}
    with pytest.raises(BadNote):
        proof(3, 13, WITNESSES[0]).check(believes, ENTRIES[3])


@given(st.integers(0, 19), st.one_of(st.none(), st.binary(min_size=1)))
def test_a_proof_is_read_as_it_was_written(index: int, extra: bytes | None) -> None:
    written = proof(index, 20, extra=extra)
    assert tlog_proof.parse(written.format()) == written


@given(st.integers(0, 600), st.binary(max_size=3), st.integers(0, 3))
def test_a_proof_that_is_read_is_written_again_the_same(at: int, noise: bytes, cut: int) -> None:
    octets = proof(3, 13, extra=b"more").format()
    changed = octets[:at] + noise + octets[at + cut :]
    try:
        found = tlog_proof.parse(changed)
    except (BadProof, BadNote):
        return
    assert found.format() == changed


GOOD = proof(3, 13, extra=b"more").format()


@pytest.mark.parametrize(
    "wrong",
    [
        b"",
        GOOD.replace(b"@v1", b"@v2"),
        GOOD.replace(b"extra bW9yZQ==\n", b"extra \n"),
        GOOD.replace(b"extra bW9yZQ==\n", b"extra bW9yZR==\n"),
        GOOD.replace(b"extra bW9yZQ==\n", b"extra bW9yZQ==\nextra bW9yZQ==\n"),
        GOOD.replace(b"index 3\n", b""),
        GOOD.replace(b"index 3\n", b"index 03\n"),
        GOOD.replace(b"index 3\n", b"index -3\n"),
        GOOD.replace(b"index 3\n", b"index 3\nindex 3\n"),
        GOOD.replace(b"index 3\n", b"index 3\n" + b"AAAA\n"),
        GOOD.replace(b"index 3\n", b"index 3\n" + (b"A" * 43 + b"=\n") * 60),
        GOOD.replace(b"\n\nlog.example", b"\n\n\nlog.example"),
        GOOD[:-1],
        b" " + GOOD,
        GOOD.replace(b"\n", b"\r\n"),
    ],
)
def test_a_proof_in_any_other_form_is_refused(wrong: bytes) -> None:
    with pytest.raises((BadProof, BadNote)):
        tlog_proof.parse(wrong)


def test_a_policy_is_read_as_it_was_written() -> None:
    text = policy_text("group a 2 W0 W1\ngroup b any a W3\nquorum b")
    believes = policy.parse(text)
    assert policy.parse(believes.format()) == believes
    assert [one.threshold for one in believes.groups] == [2, 1]
    noisy = b" \t# said\n\n" + text.replace(b"witness W0 ", b"\twitness \t W0\t") + b"  \n"
    assert policy.parse(noisy) == believes


def test_names_in_a_policy_are_opaque_bytes() -> None:
    text = policy_text("x").replace(b" W0 ", b" \xff\xe2\x84\xaa ").replace(b"x\n", b"quorum \xff\xe2\x84\xaa\n")
    believes = policy.parse(text)
    assert policy.parse(believes.format()) == believes
    assert b"quorum \xff\xe2\x84\xaa\n" in believes.format()
    with pytest.raises(BadPolicy):
        policy.parse(text.replace(b"quorum \xff\xe2\x84\xaa", b"quorum \xffK"))
    no_break = policy_text("x").replace(b" W0 ", b" W\xc2\xa00 ").replace(b"x\n", b"quorum W\xc2\xa00\n")
    assert policy.parse(no_break).quorum == "W\u00a00"


def test_many_logs_witnesses_and_groups_are_taken() -> None:
    logs = [f"log {signer(f'l{n}', 100 + n, note.ED25519).verifier} https://l{n}.example" for n in range(32)]
    witnesses = [f"witness w{n} {signer(f'w{n}', 150 + n).verifier} https://w{n}.example" for n in range(32)]
    groups = [f"group g{n} all w{n} {f'g{n - 1}' if n else ''}" for n in range(32)]
    believes = policy.parse("\n".join([*logs, *witnesses, *groups, "quorum g31", ""]).encode())
    assert believes.satisfied({f"w{n}" for n in range(32)})
    assert not believes.satisfied({f"w{n}" for n in range(31)})
    assert believes.witnesses[31].url == "https://w31.example"


W0 = f"witness W0 {WITNESSES[0].verifier}\n"


@pytest.mark.parametrize(
    "wrong",
    [
        "",
        W0,
        "quorum none",
        "quorum none\nquorum none\n",
        "quorum W0\n" + W0,
        W0 + "quorum W1\n",
        W0 + W0 + "quorum W0\n",
        W0 + W0.replace("W0", "W1") + "quorum W0\n",
        W0.replace("W0", "none") + "quorum none\n",
        W0.replace(f"{WITNESSES[0].verifier}", f"{LOG.verifier}") + "quorum none\n",
        f"log {WITNESSES[0].verifier}\nquorum none\n",
        f"log {LOG.verifier}\nlog {signer('again', 1, note.ED25519).verifier}\nquorum none\n",
        f"log {LOG.verifier} url more\nquorum none\n",
        f"log {str(LOG.verifier)[:-4]}\nquorum none\n",
        W0 + "group g 0 W0\nquorum g\n",
        W0 + "group g 2 W0\nquorum g\n",
        W0 + "group g 01 W0\nquorum g\n",
        W0 + "group g -1 W0\nquorum g\n",
        W0 + "group g most W0\nquorum g\n",
        W0 + "group g any\nquorum g\n",
        W0 + "group g any g\nquorum g\n",
        W0 + "group g any none\nquorum g\n",
        W0 + "group g any W0 W0\nquorum g\n",
        W0 + "group g any W0\ngroup h any W0\nquorum h\n",
        W0 + "group W0 any W0\nquorum W0\n",
        W0 + "quorum\n",
        W0 + "Quorum W0\n",
        W0 + "quorum W0\r\n",
        W0 + "quorum\u00a0W0\n",
        W0 + "quorum W0\x7f\n",
    ],
)
def test_a_policy_that_could_be_misread_is_refused(wrong: str) -> None:
    with pytest.raises(BadPolicy):
        policy.parse(wrong.encode())


def test_a_fault_in_a_policy_is_told_with_its_line() -> None:
    with pytest.raises(BadPolicy) as caught:
        policy.parse((W0 + "# fine\nlog nonsense\nquorum none\n").encode())
    assert caught.value.place == "line 3"
    with pytest.raises(BadPolicy):
        policy.parse(b"#" * policy.POLICY_BYTES_MAX + b"\nquorum none\n")


@given(st.integers(0, 2**63 - 1), st.lists(st.binary(min_size=32, max_size=32), max_size=63), st.binary(max_size=100))
def test_a_request_to_a_witness_is_read_as_it_was_written(old: int, hashes: list[bytes], octets: bytes) -> None:
    ask = AddCheckpoint(old, tuple(hashes), octets)
    assert witness_request.parse(ask.format()) == ask


@pytest.mark.parametrize(
    "wrong",
    [
        b"",
        b"old 0\n",
        b"old 0\nx",
        b"old 01\n\nx",
        b"old -1\n\nx",
        b"old  1\n\nx",
        b"Old 1\n\nx",
        b"1\n\nx",
        b"old 1\nAAAA\n\nx",
        b"old 1\n" + (b"A" * 43 + b"=\n") * 64 + b"\nx",
        b"old 1\r\n\r\nx",
        b"old \xd9\xa3\n\nx",
        b"old 1\n\n" + b"x" * witness_request.REQUEST_BYTES_MAX,
    ],
)
def test_a_request_in_any_other_form_is_refused(wrong: bytes) -> None:
    with pytest.raises(BadProof):
        witness_request.parse(wrong)


def test_what_a_witness_answers_is_read() -> None:
    text = head(5).text()
    given_signatures = (WITNESSES[0].sign(text, time=5), POST_QUANTUM.sign(text, time=6))
    assert witness_request.parse_answer(witness_request.format_answer(given_signatures)) == given_signatures
    assert [one.time for one in given_signatures] == [5, 6]
    for wrong in (b"", b"\n", b"text\n", WITNESSES[0].sign(text).line().encode()[:-1], b"\xff\n"):
        with pytest.raises(BadNote):
            witness_request.parse_answer(wrong)
    assert witness_request.parse_size(b"17\n") == 17
    assert [witness_request.parse_size(wrong) for wrong in (b"17", b"017\n", b"", b"x\n", b"\xff\n")] == [None] * 5


def ask(old: int, new: int, *, latest: Latest | None = None, proof_of: int | None = None, **changed: object) -> object:
    """Send a request as a log does; give the refusal, or the head that was taken."""
    hashes = tuple(tree.consistency_proof(TREE, old if proof_of is None else proof_of, new))
    octets = AddCheckpoint(old, hashes, checkpoint(new)).format()
    logs: dict[str, list[VerifierKey]] = {ORIGIN: [LOG.verifier]}
    request = witness_rules.read(octets, logs)
    if isinstance(request, Refusal):
        return request
    refusal = witness_rules.judge(request, latest or Latest(old, TREE.root(old)))
    return refusal or request.signed.checkpoint


def test_a_witness_cosigns_what_follows() -> None:
    for old, new in ((0, 0), (0, 7), (7, 7), (7, 13), (1, 20)):
        assert ask(old, new) == head(new)


def status_of(found: object) -> tuple[int, int | None]:
    assert isinstance(found, Refusal), found
    return found.status, found.size


def test_a_witness_refuses_what_does_not_follow() -> None:
    assert status_of(ask(7, 13, latest=Latest(8, TREE.root(8)))) == (409, 8)
    assert status_of(ask(0, 13, latest=Latest(8, TREE.root(8)))) == (409, 8)
    assert status_of(ask(7, 13, proof_of=6)) == (422, None)
    assert status_of(ask(7, 13, latest=Latest(7, TREE.root(6)))) == (422, None)
    assert status_of(ask(7, 7, latest=Latest(7, TREE.root(6)))) == (422, None)
    assert status_of(ask(0, 7, proof_of=3)) == (422, None)
    assert status_of(ask(8, 7, proof_of=7)) == (400, None)


def test_a_witness_refuses_what_is_unknown_unsigned_or_malformed() -> None:
    octets = AddCheckpoint(0, (), checkpoint(7)).format()
    key = LOG.verifier
    assert status_of(witness_rules.read(octets, {})) == (404, None)
    assert status_of(witness_rules.read(octets, {ORIGIN: []})) == (404, None)
    assert status_of(witness_rules.read(octets, {ORIGIN: [signer(ORIGIN, 9, note.ED25519).verifier]})) == (403, None)
    bent = octets[:-8] + (b"B" if octets[-8:-7] == b"A" else b"A") + octets[-7:]
    assert status_of(witness_rules.read(bent, {ORIGIN: [key]})) == (403, None)
    assert status_of(witness_rules.read(octets[1:], {ORIGIN: [key]})) == (400, None)
    assert status_of(witness_rules.read(octets[:-1], {ORIGIN: [key]})) == (400, None)
    unreadable = octets[:-2] + b"_\n"
    assert status_of(witness_rules.read(unreadable, {ORIGIN: [key]})) == (403, None)


def test_an_empty_log_with_another_root_is_refused() -> None:
    wrong = Checkpoint(ORIGIN, 0, b"\1" * 32)
    octets = signed_checkpoint.sign(wrong, [LOG.sign(wrong.text())]).format()
    request = witness_rules.read(AddCheckpoint(0, (), octets).format(), {ORIGIN: [LOG.verifier]})
    assert not isinstance(request, Refusal)
    assert status_of(witness_rules.judge(request, Latest())) == (422, None)
    with pytest.raises(BadNote, match="no empty log"):
        signed_checkpoint.verify(signed_checkpoint.parse(octets), [LOG.verifier])


def test_a_signature_is_added_once() -> None:
    signed = signed_checkpoint.parse(checkpoint(7))
    cosigned = WITNESSES[0].sign(head(7).text(), time=5)
    twice = signed.signed_also([cosigned, cosigned]).signed_also([cosigned])
    assert twice.note.signatures == (*signed.note.signatures, cosigned)
    assert "NoteSigner(w0.example+" in repr(WITNESSES[0])
