"""A real serve before a judge in plain Python: the log, its witness and a proof, by the public specifications only."""

from __future__ import annotations

import base64
import hashlib
import json
import shutil
import urllib.error
import urllib.request
from functools import partial
from typing import TYPE_CHECKING

import pytest

from rxtrail.core.merkle.tree import consistency_proof
from rxtrail.publishing.signing import NOTHING_YET
from tests.faults.processes import run, served
from tests.faults.published import wait_until_covered
from tests.publishing import plain
from tests.publishing.logs import head_of, numbered, signer_in
from tests.web import scene
from tests.witness.witnesses import served as witness_served

if TYPE_CHECKING:
    from pathlib import Path

    from rxtrail.core.merkle.tree import MemoryTree

pytestmark = [pytest.mark.slow, pytest.mark.sqlite_only, pytest.mark.timeout(300)]
SERIALS = [f"Jq9SERIAL{number}" for number in range(5)]


def fetch(url: str, path: str = "", body: bytes | None = None) -> bytes:
    with urllib.request.urlopen(urllib.request.Request(url + path, data=body), timeout=30) as answer:
        content: bytes = answer.read()
    return content


def status(url: str, body: bytes) -> tuple[int, str, bytes]:
    """POST; give the status, the media type and the body, whatever it is."""
    try:
        with urllib.request.urlopen(urllib.request.Request(url, data=body), timeout=30) as answer:
            return answer.status, answer.headers.get("content-type", ""), answer.read()
    except urllib.error.HTTPError as refused:
        return refused.code, refused.headers.get("content-type", ""), refused.read()


def ask(url: str, serial: str) -> None:
    body = json.dumps({"scan": scene.scan(serial), "site": scene.PHARMACY}).encode()
    request = urllib.request.Request(url + "/api/v1/verify", data=body, headers={"Content-Type": "application/json"})
    urllib.request.urlopen(request, timeout=30).close()


def test_a_log_is_what_it_says_and_grows_and_a_pack_is_proven_in_it_by_hand(tmp_path: Path) -> None:
    data = tmp_path / "data"
    assert run(data, "init", "--role", "hub").code == 0
    assert run(data, "capture", "-", stdin=scene.shipment(*SERIALS)).code == 0
    with served(data) as server:
        url = f"http://{server.authority}"
        read = partial(fetch, f"{url}/log/")
        wait_until_covered(server)
        vkey = read("vkey").decode()
        origin, first, first_root = plain.checkpoint(read("checkpoint"), vkey)
        assert plain.root([plain.leaf(entry) for entry in plain.entries(read, first)]) == first_root
        for number in range(280):  # past the first full tile
            ask(url, f"S{number}")
        wait_until_covered(server)
        name, size, root = plain.checkpoint(read("checkpoint"), vkey)
        entries = plain.entries(read, size)
        assert (name, size > 256 + first) == (origin, True)
        leaves = [plain.leaf(entry) for entry in entries]
        assert plain.root(leaves) == root
        assert plain.root(leaves[:first]) == first_root, "the old head is a head of the same log"
        assert all(len(entry) in (50, 66, 82) and entry[0] == 1 for entry in entries), "commitments of fixed sizes"
        assert not [secret for secret in (b"Jq9SERIAL", scene.GTIN.encode()) if any(secret in e for e in entries)]
    proof = tmp_path / "a.tlog-proof"
    made = run(data, "proof", f"(01){scene.GTIN}(21){SERIALS[3]}", "-o", str(proof), "--json")
    assert made.code == 0, made.err
    extra, index, hashes, note = plain.tlog_proof(proof.read_bytes())
    _, size, root = plain.checkpoint(note, vkey)
    assert plain.included(leaves[index], index, size, hashes) == root
    told = json.loads(extra)
    entry = base64.b64decode(told["entry"])
    assert entry == entries[index]
    # The package itself: its salted leaf leads to the root that the entry commits to; the others stay hidden.
    packs = entry[18 + 32 :]
    texts = []
    for shown in told["leaves"]:
        hash_ = hashlib.sha256(b"\0" + base64.b64decode(shown["salt"]) + shown["text"].encode()).digest()
        path = [base64.b64decode(step) for step in shown["path"]]
        assert plain.included(hash_, shown["index"], told["count"], path) == packs
        for at in range(len(path)):
            wrong = [*path[:at], bytes(32), *path[at + 1 :]]
            assert plain.included(hash_, shown["index"], told["count"], wrong) != packs
        texts.append(shown["text"])
    assert f"01/{scene.GTIN}/21/{SERIALS[3]}" in texts
    assert int(json.loads(texts[0])["identifierCount"]) == told["count"] - 1 == len(SERIALS)
    assert not [serial for serial in SERIALS if serial != SERIALS[3] and serial in extra.decode()]
    for at in range(len(hashes)):
        assert plain.included(leaves[index], index, size, [*hashes[:at], bytes(32), *hashes[at + 1 :]]) != root
    for other in (index - 1, index + 1):
        assert plain.included(leaves[index], other, size, hashes) != root
    assert run(data, "proof", "check", str(proof), "--vkey", vkey.strip()).code == 0
    proof.write_bytes(proof.read_bytes().replace(b"index ", b"index 1"))
    assert run(data, "proof", "check", str(proof), "--vkey", vkey.strip()).code == 1


def test_a_witness_answers_as_it_is_specified(tmp_path: Path) -> None:
    tree, other = numbered(40), numbered(40, "x")
    signers = {name: signer_in(tmp_path / name) for name in ("log", "stranger")}
    sizes = ((0, 10), (10, 20), (20, 33))
    heads = {size: signers["log"].sign(head_of(tree, size), _proof(tree, last, size)) for last, size in sizes}
    foreign = signers["stranger"].sign(head_of(tree, 10), [])
    unknown = head_of(tree, 10, "else.test/log").encode() + b"\n\xe2\x80\x94 else.test/log " + b"AAAAAAAA" * 12 + b"\n"
    vkey = str(signers["log"].keys[0].verifier)
    for signer in signers.values():
        signer.close()
    forked = fork_of(tmp_path, other, 33)

    with witness_served(tmp_path / "w", logs=[vkey]) as witness:
        add = f"{witness.url}/add-checkpoint"
        assert status(add, request(0, [], unknown))[0] == 404
        assert status(add, request(0, [], foreign))[0] == 403
        assert status(add, request(10, [], heads[20]))[::2] == (409, b"0\n"), "it has cosigned nothing yet"
        code, _, given = status(add, request(0, [], heads[10]))
        assert code == 200
        text = plain.signed_text(heads[10] + given, str(witness.keys[0]))
        assert text.encode() == heads[10].partition(b"\n\n")[0] + b"\n"
        code, kind, told = status(add, request(0, [], heads[20]))
        assert (code, kind.partition(";")[0], told) == (409, "text/x.tlog.size", b"10\n")
        assert status(add, request(10, [], heads[20]))[0] == 422, "no proof"
        assert status(add, request(10, _proof(other, 10, 20), heads[20]))[0] == 422, "a proof of another tree"
        assert status(add, request(10, _proof(tree, 10, 20), heads[20]))[0] == 200
        assert status(add, request(30, _proof(tree, 20, 33), heads[20]))[0] == 400, "an old size behind the head"
        assert status(add, request(20, _proof(other, 20, 33), forked))[0] == 422, "a fork with a proof of its own"
        assert status(add, request(20, _proof(tree, 20, 33), heads[33]))[0] == 200
        assert status(add, request(20, _proof(tree, 20, 33), heads[33]))[::2] == (409, b"33\n"), "an old copy"
        assert status(add, b"old 0\nnonsense")[0] == 400
        kept = fetch(f"{witness.url}/{hashlib.sha256(b'node.test/log').hexdigest()}/checkpoint")
        assert plain.checkpoint(kept, vkey)[1] == 33
        assert plain.signed_text(kept, str(witness.keys[0]))


def _proof(tree: MemoryTree, old: int, new: int) -> list[bytes]:
    return consistency_proof(tree, old, new) if old else []


def request(old: int, proof: list[bytes], head: bytes) -> bytes:
    return b"".join([f"old {old}\n".encode(), *(base64.b64encode(each) + b"\n" for each in proof), b"\n", head])


def fork_of(folder: Path, tree: MemoryTree, size: int) -> bytes:
    """Sign another history with the same key, as whoever has stolen it would."""
    keys = folder / "thief" / "keys"
    keys.mkdir(parents=True)
    shutil.copy(folder / "log" / "keys" / "log.key", keys)
    (keys / "log.head").write_bytes(NOTHING_YET)
    thief = signer_in(folder / "thief")
    signed = thief.sign(head_of(tree, size), [])
    thief.close()
    return signed
