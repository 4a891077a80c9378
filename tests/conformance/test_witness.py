"""The witness in a conversation that was recorded with another one, over real HTTP."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

import httpx
import pytest

from rxtrail.core.merkle import note, witness_request
from tests.conformance.shared import count
from tests.witness.witnesses import served

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.conformance


class Exchange(NamedTuple):
    """One request of a recorded conversation, and what was asserted of its answer."""

    body: bytes
    status: int
    contains: str
    exactly: bytes | None


def exchanges(recorded: str) -> list[Exchange]:
    """Read the requests of a recording, which is written in the language of hurl."""
    one = re.compile(r"POST [^\n]*/add-checkpoint\n```\n(.*?)```\nHTTP (\d+)\n(.*?)(?=\n\n\nPOST|\Z)", re.DOTALL)
    found = one.findall(recorded)
    assert len(found) == recorded.count("/add-checkpoint\n```"), "every request is read"
    told = []
    for body, status, asserts in found:
        contains = re.search(r'body contains "(.*?)"\n?', asserts)
        exactly = re.search(r'body == "(.*?)"', asserts)
        said = exactly[1].encode().decode("unicode_escape").encode() if exactly else None
        told.append(Exchange(body.encode(), int(status), contains[1] if contains else "", said))
    return told


def key_of(recorded: str, origin: str) -> note.VerifierKey:
    """Give the key that the log signed with: its bytes stand in the recording, its name in the head."""
    publics = [bytes.fromhex(found) for found in re.findall(r"-key=([0-9a-f]{64})", recorded)]
    heads = [note.parse(each.body.partition(b"\n\n")[2]) for each in exchanges(recorded) if each.status == 200]
    ids = {one.key_id for head in heads for one in head.signatures if one.name == origin}
    keys = [note.VerifierKey(origin, note.ED25519, public) for public in publics]
    (key,) = [key for key in keys if key.key_id in ids]
    return key


def test_a_recorded_conversation_has_the_same_answers(shared: Path, tmp_path: Path) -> None:
    for number, path in enumerate(sorted((shared / "conformance/ledger/witness_session").glob("*.txt"))):
        recorded = path.read_text(encoding="utf-8")
        told = exchanges(recorded)
        origin = told[0].body.partition(b"\n\n")[2].split(b"\n")[0].decode()
        log, name = str(key_of(recorded, origin)), re.search(r"-name=(\S+)", recorded)
        assert name is not None
        with served(tmp_path / str(number), logs=[log], name=name[1]) as witness:
            for each in told:
                check(each, httpx.post(f"{witness.url}/add-checkpoint", content=each.body), witness)
                count()


def check(each: Exchange, answer: httpx.Response, witness: Any) -> None:
    # The witness of 2025 answered 403 for a log that it did not know; the specification says 404 since.
    wanted = 404 if each.contains == "unknown log" else each.status
    assert answer.status_code == wanted, (each, answer.text)
    assert each.contains in answer.text
    if each.exactly is not None:
        assert answer.content == each.exactly
        assert answer.headers["content-type"] == witness_request.SIZE_CONTENT_TYPE
    if wanted == 200:
        text = note.parse(each.body.partition(b"\n\n")[2]).text
        given = witness_request.parse_answer(answer.content)
        by = {(key.name, key.key_id): key for key in witness.keys}
        assert [by[one.name, one.key_id].verifies(text, one.signature) for one in given] == [True, True]
