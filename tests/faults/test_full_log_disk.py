"""A full disk under the signer or a witness: no signature of what was not kept, and with room again they go on."""

from __future__ import annotations

import contextlib
import http.client
import json
import subprocess
from typing import TYPE_CHECKING

import pytest

from rxtrail.core.merkle import note, signed_checkpoint, witness_request
from rxtrail.core.merkle.note import VerifierKey
from rxtrail.core.merkle.tree import consistency_proof
from rxtrail.publishing.signer_client import SignerAway, SocketSigner
from tests.faults.processes import SECONDS_MAX, program, quiet, run, served
from tests.faults.published import wait_until_covered
from tests.faults.test_full_disk import fill, small
from tests.faults.test_killed_dispenses import dispense
from tests.publishing.logs import head_of, numbered, signer_in
from tests.web import scene
from tests.witness.witnesses import served as witness_served

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["small"]
pytestmark = [pytest.mark.slow, pytest.mark.sqlite_only]
TREE = numbered(60)


@contextlib.contextmanager
def signing(folder: Path) -> Iterator[SocketSigner]:
    words = program(folder, "signer", "--json", "--origin", "node.test/log")
    process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=quiet())
    assert process.stdout is not None
    assert process.stdout.readline(), "the signer did not start"
    with contextlib.closing(SocketSigner(folder / "signer.sock")) as signer:
        yield signer
    process.terminate()
    process.communicate(timeout=SECONDS_MAX)


def test_a_signer_on_a_full_disk_gives_no_signature_and_goes_on_when_there_is_room(small: Path) -> None:
    data = small / "data"
    with signing(data) as signer:
        first = signer.sign(head_of(TREE, 10), [])
        fill(small / "ballast")
        for size in (20, 30):
            with pytest.raises(SignerAway, match="could not be kept: No space left"):
                signer.sign(head_of(TREE, size), consistency_proof(TREE, 10, size))
        assert signer.hello().note == first == (data / "keys" / "log.head").read_bytes()
        (small / "ballast").unlink()
        # It has promised nothing of the trees that it could not keep: another one of that size may be signed.
        signed = signer.sign(head_of(TREE, 25), consistency_proof(TREE, 10, 25))
        assert signed == (data / "keys" / "log.head").read_bytes()
        note.verify(note.parse(signed), [VerifierKey.parse(key) for key in signer.hello().keys])
    with signing(data) as again:
        assert again.hello().note == signed


def ask(client: http.client.HTTPConnection, body: bytes) -> tuple[int, bytes]:
    client.request("POST", "/add-checkpoint", body)
    answer = client.getresponse()
    return answer.status, answer.read()


def test_a_witness_on_a_full_disk_cosigns_nothing_and_goes_on_when_there_is_room(small: Path, tmp_path: Path) -> None:
    with contextlib.closing(signer_in(tmp_path)) as signer:
        first = signer.sign(head_of(TREE, 10), [])
        second = signer.sign(head_of(TREE, 40), consistency_proof(TREE, 10, 40))
        vkey = str(signer.keys[0].verifier)
    begin = witness_request.AddCheckpoint(0, (), first).format()
    grown = witness_request.AddCheckpoint(10, tuple(consistency_proof(TREE, 10, 40)), second).format()
    with witness_served(small / "w", logs=[vkey]) as witness:
        authority = witness.url.removeprefix("http://")
        with contextlib.closing(http.client.HTTPConnection(authority, timeout=SECONDS_MAX)) as client:
            assert ask(client, begin)[0] == 200
            fill(small / "ballast")
            for _ in range(2):
                status, words = ask(client, grown)
                assert (status, b"could not be kept" in words) == (503, True), words
                assert not signatures(words, second), "no cosignature of what was not kept"
            client.request("GET", "/healthz")
            health = client.getresponse()
            assert (health.status, health.read()) == (200, b"ok\n"), "it goes on"
            (small / "ballast").unlink()
            status, given = ask(client, grown)
            assert status == 200, given
            assert signatures(given, second)
    with witness_served(small / "w", logs=[vkey]) as witness:
        authority = witness.url.removeprefix("http://")
        with contextlib.closing(http.client.HTTPConnection(authority, timeout=SECONDS_MAX)) as client:
            status, told = ask(client, grown)
            assert (status, told) == (409, b"40\n"), "what it cosigned it knows"


def signatures(answer: bytes, head: bytes) -> bool:
    try:
        given = witness_request.parse_answer(answer)
    except Exception:  # noqa: BLE001 (whatever it is, it is no signature)
        return False
    return bool(signed_checkpoint.parse(head).signed_also(given))


def test_a_serve_whose_signer_has_no_room_goes_on_at_the_counter_and_publishes_when_there_is_room(
    small: Path, tmp_path: Path
) -> None:
    data, keys = tmp_path / "data", tmp_path / "data" / "keys"
    assert run(data, "capture", "-", stdin=scene.shipment("AAA111", "BBB222", "CCC333")).code == 0
    assert run(data, "log", "publish").code == 0
    (small / "keys").mkdir(mode=0o700)
    for file in keys.iterdir():
        (small / "keys" / file.name).write_bytes(file.read_bytes())
        (small / "keys" / file.name).chmod(0o600)
        file.unlink()
    keys.rmdir()
    keys.symlink_to(small / "keys")  # the record has room, its keys have none
    head = (small / "keys" / "log.head").read_bytes()
    with (
        served(data) as server,
        contextlib.closing(http.client.HTTPConnection(server.authority, timeout=SECONDS_MAX)) as client,
    ):
        wait_until_covered(server)
        head = (small / "keys" / "log.head").read_bytes()
        fill(small / "ballast")
        assert dispense(client, "AAA111", key="1")[0] == 200, "a counter does not wait for a signature"
        for _ in range(100):
            client.request("GET", "/api/v1/log")
            told = json.load(client.getresponse())
            if told.get("warnings"):
                break
        assert (small / "keys" / "log.head").read_bytes() == head
        (small / "ballast").unlink()
        wait_until_covered(server)
        assert (small / "keys" / "log.head").read_bytes() != head
