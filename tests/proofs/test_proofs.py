"""A proof is made of all that is published, holds for whoever has the log's key, and tells no more than it must."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from rxtrail.core.merkle import record_proof, tlog_proof
from rxtrail.core.merkle.policy import Log, Policy
from rxtrail.errors import BadRequest, NotFound
from rxtrail.proofs import NotPublished, RecordAltered
from rxtrail.proofs.checking import check
from rxtrail.sealing.refusals import Shredded
from tests.engines import ENGINE, SQLITE
from tests.published import LOG, ORIGIN, WITNESS, publish
from tests.story import LOT, PHARMACY, dispensed, gtin, made, packed, packs, shipped, sscc

if TYPE_CHECKING:
    from rxtrail.proofs import Proof
    from tests.story import Scene

KEYS = [LOG.verifier]
PACKS = packs(300)
UNIT = sscc(1)


@pytest.fixture
def delivered(hub: Scene) -> Scene:
    """300 packs made, packed into a unit and shipped; nothing is published yet."""
    hub.capture(made(*PACKS), packed(UNIT, *PACKS), shipped(UNIT))
    return hub


def holds(proof: Proof) -> dict[str, object]:
    answer = check(proof.octets, KEYS)
    assert answer.holds, answer.why
    found: dict[str, object] = json.loads(msgspec.json.encode(answer))
    return found


def extra_of(proof: Proof) -> bytes:
    return tlog_proof.parse(proof.octets).extra or b""


def test_a_pack_is_proven_to_be_in_the_event_that_made_it(delivered: Scene) -> None:
    publish(delivered.node)
    proof = delivered.node.proofs.of_pack(PACKS[7])
    answer = check(proof.octets, KEYS)
    assert answer.holds
    assert answer.log is not None
    assert answer.record is not None
    assert (answer.log.origin, answer.log.index) == (ORIGIN, proof.index)
    assert answer.record.packages == [PACKS[7]]
    assert answer.record.package_count == 300
    assert answer.record.event["lot"] == LOT
    assert answer.record.event["gtin"] == gtin()
    assert answer.record.event["action"] == "ADD"
    assert answer.record.event["eventTime"] == "2026-11-02T08:00:00Z"


def test_nothing_of_the_other_packs_is_in_the_proof(delivered: Scene) -> None:
    publish(delivered.node)
    proof = delivered.node.proofs.of_pack(PACKS[7])
    text = extra_of(proof)
    assert PACKS[7].encode() in text
    assert not any(f'{pack}"'.encode() in text for pack in PACKS if pack != PACKS[7])
    assert len(proof.octets) < 4_000


def test_a_pack_is_proven_in_another_event_that_names_it_and_in_no_other(delivered: Scene) -> None:
    delivered.capture(dispensed(PACKS[7], PACKS[8]), sender=PHARMACY)
    publish(delivered.node)
    events = [event.log_index for event in delivered.trace(PACKS[7]).events]
    last = delivered.node.proofs.of_pack(PACKS[7], index=max(events))
    record = check(last.octets, KEYS).record
    assert record is not None
    assert record.packages == [PACKS[7]]
    assert record.package_count == 2
    with pytest.raises(NotFound):
        delivered.node.proofs.of_pack(PACKS[9], index=max(events))


def test_an_event_is_proven_by_its_name_also_when_it_was_declared_wrong(delivered: Scene) -> None:
    told = dispensed(PACKS[7], PACKS[8])
    delivered.capture(told, sender=PHARMACY)
    delivered.capture(told.declared_wrong(90), sender=PHARMACY)
    publish(delivered.node)
    for one in (delivered.node.proofs.of_event(told.id), delivered.node.proofs.of_event(told.id, key=PACKS[8])):
        record = check(one.octets, KEYS).record
        assert record is not None
        assert PACKS[8] in record.packages
        assert record.event["eventID"] == told.id
    with pytest.raises(NotFound):
        delivered.node.proofs.of_event(told.id, key=PACKS[9])
    with pytest.raises(NotFound):
        delivered.node.proofs.of_event("urn:uuid:none")


def test_a_container_is_proven_too(delivered: Scene) -> None:
    publish(delivered.node)
    answer = check(delivered.node.proofs.of_pack(UNIT).octets, KEYS)
    assert answer.record is not None
    assert answer.record.packages == [UNIT]


def test_every_record_of_the_log_is_proven_whole(delivered: Scene) -> None:
    delivered.verify(PACKS[1])
    delivered.change("hold", PACKS[2], reason="broken seal")
    head = publish(delivered.node)
    kinds = set()
    for index in range(head.size):
        answer = check(delivered.node.proofs.of_record(index).octets, KEYS)
        assert answer.holds, answer.why
        assert answer.record is not None
        kinds.add(answer.record.kind)
        if answer.record.kind == "event":
            assert answer.record.event["eventTime"]
            assert answer.record.package_count == len(answer.record.packages) > 0
        elif answer.record.kind == "block":
            assert answer.record.content["last"] < index
        else:
            assert answer.record.content is not None
            assert answer.record.recorded_at.startswith("2026-11-23T12:00")
    assert {"event", "block", "command"} <= kinds or {"event", "block", "decision"} <= kinds
    first = check(delivered.node.proofs.of_record(0).octets, KEYS).record
    assert first is not None
    assert first.packages == PACKS or first.kind != "event"


def test_only_what_is_published_is_proven(delivered: Scene) -> None:
    with pytest.raises(NotPublished):
        delivered.node.proofs.of_pack(PACKS[7])
    index = delivered.node._reader().log_size()
    publish(delivered.node)
    later = packs(3, start="LATER")
    delivered.capture(made(*later, minute=30))
    with pytest.raises(NotPublished) as caught:
        delivered.node.proofs.of_pack(later[0])
    assert caught.value.code == "not-published"
    with pytest.raises(NotPublished):
        delivered.node.proofs.of_record(index)
    with pytest.raises(NotFound):
        delivered.node.proofs.of_record(10_000)
    with pytest.raises(NotFound):
        delivered.node.proofs.of_record(-1)
    with pytest.raises(NotFound):
        delivered.node.proofs.of_pack("01/00312345678906/21/NOBODY")
    publish(delivered.node)
    assert holds(delivered.node.proofs.of_pack(later[0]))


def test_a_verdict_names_its_proof_only_when_there_is_one(delivered: Scene) -> None:
    assert delivered.verify(PACKS[7]).proof == ""
    publish(delivered.node)
    delivered.time.pass_by(seconds=1)
    verdict = delivered.verify(PACKS[7])
    assert verdict.proof == f"/api/v1/packs/{gtin()}/{PACKS[7][21:]}/proof"
    assert verdict.log_size >= 3
    assert delivered.trace(PACKS[7]).proof == verdict.proof
    assert delivered.trace(UNIT).proof == ""
    later = packs(1, start="A/B")
    delivered.capture(made(*later, minute=30))
    assert delivered.verify(later[0]).proof == ""
    publish(delivered.node)
    delivered.time.pass_by(seconds=1)
    assert delivered.verify(later[0]).proof == f"/api/v1/packs/{gtin()}/{later[0][21:].replace('/', '%2F')}/proof"
    assert delivered.verify("01/00312345678906/21/NOBODY").proof == ""


def test_the_newest_head_with_its_witnesses_is_taken_where_it_reaches(delivered: Scene) -> None:
    size = publish(delivered.node, cosigned_by=(WITNESS,)).size
    delivered.capture(made(*packs(3, start="LATER"), minute=30))
    newer = publish(delivered.node)
    old = delivered.node.proofs.of_pack(PACKS[7])
    assert old.size == size < newer.size
    both = check(old.octets, [LOG.verifier, WITNESS.verifier])
    assert both.log is not None
    assert list(both.log.witnesses.values()) == ["2026-11-18T11:06:40Z"]
    new = delivered.node.proofs.of_pack(packs(1, start="LATER")[0])
    assert new.size == newer.size
    assert check(new.octets, KEYS).holds
    assert not check(new.octets, [LOG.verifier, WITNESS.verifier]).holds


def test_a_proof_is_not_believed_by_whoever_trusts_another_log(delivered: Scene) -> None:
    publish(delivered.node)
    octets = delivered.node.proofs.of_pack(PACKS[7]).octets
    answer = check(octets, Policy((Log(msgspec.structs.replace(LOG.verifier, public=bytes(32))),)))
    assert not answer.holds
    assert (answer.log, answer.record) == (None, None)
    with pytest.raises(BadRequest):
        check(octets, [WITNESS.verifier])


def test_no_changed_byte_of_a_proof_is_believed(delivered: Scene) -> None:
    publish(delivered.node)
    octets = delivered.node.proofs.of_pack(PACKS[7]).octets
    for at in range(len(octets)):
        for bit in (0, 5):
            changed = bytearray(octets)
            changed[at] ^= 1 << bit
            assert not check(bytes(changed), KEYS).holds, (at, bit)


def test_how_many_others_there_are_is_proven_too(delivered: Scene) -> None:
    """Many numbers of leaves lead to the same root: the summary says which is right."""
    publish(delivered.node)
    parsed = tlog_proof.parse(delivered.node.proofs.of_pack(PACKS[7]).octets)
    extra = record_proof.decode(parsed.extra or b"")
    for count in range(1, 600):
        changed = record_proof.encode(msgspec.structs.replace(extra, count=count))
        answer = check(msgspec.structs.replace(parsed, extra=changed).format(), KEYS)
        assert answer.holds is (count == 301)


def test_what_is_no_proof_is_told_so() -> None:
    for wrong in (b"", b"\xff", b"c2sp.org/tlog-proof@v1\n", b"<html>" * 1000):
        answer = check(wrong, KEYS)
        assert not answer.holds
        assert answer.why


def test_a_proof_that_says_nothing_is_not_taken_for_one_of_a_record(delivered: Scene) -> None:
    publish(delivered.node)
    bare = msgspec.structs.replace(tlog_proof.parse(delivered.node.proofs.of_record(0).octets), extra=None)
    assert check(bare.format(), KEYS).why == "the proof does not say what it is about: it has no extra data"
    other = msgspec.structs.replace(bare, extra=b'{"age":1}')
    assert "not that of a record" in check(other.format(), KEYS).why


def test_a_record_that_was_altered_is_not_proven(delivered: Scene) -> None:
    head = publish(delivered.node)
    writer = delivered.node._writing()[0]

    def execute(statement: str, *values: Any) -> Any:
        def run(tx: Any, _log: Any) -> Any:  # behind the journal's back
            mark = "?" if ENGINE == SQLITE else "%s"
            found = tx._connection.execute(statement.replace("?", mark), values)
            return found.fetchall() if statement.startswith("SELECT") else None

        return writer.do(run, alone=True)

    for table, column, where in (
        ("record", "recorded_at", "position = 0"),
        ("record", "salt", "position = 0"),
        ("record", "commitment", "position = 0"),
        ("tile", "hashes", "level = 0 AND number = 0"),
    ):
        ((kept,),) = execute(f"SELECT {column} FROM {table} WHERE {where}")
        wrong = kept + 1 if isinstance(kept, int) else bytes([kept[0] ^ 1]) + bytes(kept[1:])
        execute(f"UPDATE {table} SET {column} = ? WHERE {where}", wrong)
        with pytest.raises(RecordAltered) as caught:
            delivered.node.proofs.of_record(0)
        assert caught.value.place == "log 0"
        execute(f"UPDATE {table} SET {column} = ? WHERE {where}", kept)
    assert check(delivered.node.proofs.of_record(0).octets, KEYS).log is not None
    assert head.size == delivered.node.proofs.of_record(0).size


def test_of_a_record_whose_key_was_destroyed_it_is_proven_that_it_was_there(
    delivered: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(delivered.node)
    whole = check(delivered.node.proofs.of_record(5).octets, KEYS)

    def destroyed(*_: object) -> None:
        raise Shredded("cannot decrypt: its key was destroyed on purpose")

    monkeypatch.setattr(type(delivered.node._reader()), "_body", destroyed)
    bare = check(delivered.node.proofs.of_record(5).octets, KEYS)
    assert whole.record is not None
    assert bare.record is not None
    assert (bare.record.kind, bare.record.id) == (whole.record.kind, whole.record.id)
    assert bare.log == whole.log
    assert (bare.record.event, bare.record.packages, bare.record.content) == ({}, [], None)
    with pytest.raises(Shredded):
        delivered.node.proofs.of_pack(PACKS[7], index=5)


def test_a_proof_can_be_read_by_anybody(delivered: Scene) -> None:
    """The format is public: header, extra data, index, hashes, blank line, checkpoint."""
    publish(delivered.node)
    proof = delivered.node.proofs.of_pack(PACKS[7])
    lines = proof.octets.decode().split("\n")
    assert lines[0] == "c2sp.org/tlog-proof@v1"
    extra = json.loads(base64.b64decode(lines[1].removeprefix("extra ")))
    assert extra["format"] == "rxtrail proof v1"
    assert [leaf["text"] for leaf in extra["leaves"]][1] == PACKS[7]
    assert lines[2] == f"index {proof.index}"
    assert lines[lines.index("") + 1] == ORIGIN
    assert proof.name == f"01-{gtin()}-21-{PACKS[7][21:]}.tlog-proof"
