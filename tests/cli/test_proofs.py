"""``rxtrail proof``: made from a published record, checked by whoever has the file and a key."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.cli.conftest import PACK, CommandLine, bracketed

if TYPE_CHECKING:
    from pathlib import Path

CODE = bracketed(PACK)
KEY = f"01/{PACK[0]}/21/{PACK[1]}"


@pytest.fixture
def published(pharmacy: CommandLine) -> CommandLine:
    """A pharmacy whose log is published."""
    ran = pharmacy.json("log", "publish")
    assert ran.code == 0, ran.err
    return pharmacy


@pytest.fixture
def proof(published: CommandLine, tmp_path: Path) -> Path:
    """The proof of a pack, as a file."""
    file = tmp_path / "a1.tlog-proof"
    ran = published("proof", CODE, "-o", str(file))
    assert ran.code == 0, ran.err
    assert ran.out == b""
    assert "in the log" in ran.err
    return file


def key_of(log: CommandLine) -> str:
    return str(log.json("log", "status").one["keys"][0])


def test_a_pack_is_proven_and_the_proof_holds_anywhere(published: CommandLine, proof: Path, tmp_path: Path) -> None:
    key = key_of(published)
    published.data = tmp_path / "nothing"
    checked = published.json("proof", "check", str(proof), "--vkey", key)
    assert checked.code == 0, checked.err
    assert checked.one["holds"] is True
    assert checked.one["record"]["packages"] == [KEY]
    assert checked.one["record"]["package_count"] == 3
    assert checked.one["record"]["event"]["lot"] == PACK[2]
    assert not (tmp_path / "nothing").exists()
    shown = published("proof", "check", str(proof), "--vkey", key)
    assert shown.code == 0
    words = shown.out.decode()
    assert "Holds" in words
    assert KEY in words
    assert "2 others, which are not shown" in words
    assert b"21/A2" not in proof.read_bytes()


def test_a_node_checks_the_proofs_of_its_own_log_without_being_told_a_key(published: CommandLine, proof: Path) -> None:
    checked = published("proof", "check", str(proof))
    assert checked.code == 0
    assert "own log" in checked.err
    assert published.json("proof", "check", "-", stdin=proof.read_bytes()).one["holds"] is True


def test_without_a_key_nobody_is_believed(published: CommandLine, proof: Path, tmp_path: Path) -> None:
    published.data = tmp_path / "nothing"
    ran = published("proof", "check", str(proof))
    assert ran.code == 2
    assert "--vkey" in ran.err
    assert not (tmp_path / "nothing").exists()


def test_a_proof_that_does_not_hold_is_a_no(published: CommandLine, proof: Path, tmp_path: Path) -> None:
    key = key_of(published)
    octets = bytearray(proof.read_bytes())
    octets[200] ^= 1
    proof.write_bytes(octets)
    for file in (proof, tmp_path / "empty"):
        file.touch()
        checked = published.json("proof", "check", str(file), "--vkey", key)
        assert checked.code == 1
        assert checked.one["holds"] is False
        assert checked.one["why"]
        assert b"Does not hold" in published("proof", "check", str(file), "--vkey", key).out


def test_a_policy_says_whom_to_believe(published: CommandLine, proof: Path, tmp_path: Path) -> None:
    policy = tmp_path / "policy"
    policy.write_text(f"log {key_of(published)}\nquorum none\n")
    assert published.json("proof", "check", str(proof), "--policy", str(policy)).one["holds"] is True
    policy.write_text("quorum none\n")
    assert published("proof", "check", str(proof), "--policy", str(policy)).code == 1
    policy.write_text("log nonsense\nquorum none\n")
    ran = published("proof", "check", str(proof), "--policy", str(policy))
    assert (ran.code, "line 1" in ran.err) == (2, True)
    assert published("proof", "check", str(proof), "--policy", str(tmp_path / "none")).code == 2
    assert published("proof", "check", str(tmp_path / "none"), "--vkey", key_of(published)).code == 2
    assert published("proof", "check", str(proof), "--vkey", "nonsense").code == 2
    both = published("proof", "check", str(proof), "--policy", str(policy), "--vkey", key_of(published))
    assert both.code == 2


def test_an_event_is_proven_whole_or_for_one_pack_of_it(published: CommandLine, tmp_path: Path) -> None:
    events = published.json("trace", CODE).one["events"]
    shipped = events[-1]["event_id"]
    file = tmp_path / "event.tlog-proof"
    assert published("proof", shipped, "-o", str(file)).code == 0
    whole = published.json("proof", "check", str(file)).one
    assert whole["record"]["event"]["bizStep"] == "shipping"
    assert whole["record"]["recorded_at"]
    made = events[0]["event_id"]
    assert published("proof", made, "--pack", CODE, "-o", str(file)).code == 0
    one = published.json("proof", "check", str(file)).one
    assert one["record"]["packages"] == [KEY]
    assert "recorded_at" not in one["record"]
    assert published("proof", CODE, "--event", made, "-o", str(file)).code == 0
    assert published.json("proof", "check", str(file)).one == one
    assert published("proof", CODE, "--event", shipped).code == 1


def test_every_record_is_proven_by_its_position(published: CommandLine) -> None:
    size = published.json("log", "status").one["size"]
    for index in range(size):
        made = published.json("proof", "--index", str(index)).one
        assert made["index"] == index
        assert published("proof", "check", "-", stdin=made["proof"].encode()).code == 0
    assert published("proof", "--index", str(size + 50)).code == 1


def test_a_record_whose_key_was_destroyed_is_still_proven_to_have_been_there(published: CommandLine) -> None:
    index = published.json("trace", CODE).one["events"][0]["log_index"]
    whole = published.json("proof", "check", "-", stdin=published("proof", "--index", str(index)).out).one
    shred = published("keys", "shred", "--tenant", "0", "--reason", "the law", "--by", "A. Person", "--yes")
    assert shred.code == 0, shred.err
    bare = published.json("proof", "check", "-", stdin=published("proof", "--index", str(index)).out).one
    assert bare["holds"] is True
    assert bare["log"] == whole["log"]
    assert bare["record"] == {"kind": "event", "id": whole["record"]["id"]}
    ran = published("proof", CODE)
    assert ran.code != 0
    assert "destroyed" in ran.err


def test_what_is_not_published_is_published_for_its_proof_and_what_is_not_there_has_none(pharmacy: CommandLine) -> None:
    ran = pharmacy("proof", CODE)
    assert ran.code == 0, "what nobody publishes is published for it"
    assert "publishing the log first" in ran.err
    assert pharmacy("proof", CODE.replace(PACK[1], "NOBODY")).code == 1
    assert pharmacy("proof", "urn:uuid:00000000-0000-4000-8000-000000000000").code == 1
    assert pharmacy("proof").code in {0, 2}
    assert pharmacy("proof", "of").code == 2
    assert pharmacy("proof", CODE, "--index", "1").code == 2
    assert pharmacy("proof", CODE, "--pack", CODE).code == 2
