"""A real ``rxtrail serve`` and what it exports, before the judge in Go that shares no line with it."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING

import pytest

from rxtrail.core.merkle import signed_checkpoint
from rxtrail.core.merkle.note import VerifierKey
from rxtrail.proofs.checking import check
from tests import outside
from tests.publishing.test_served import Server, covers_all, run, wait_for
from tests.web import scene

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.slow, pytest.mark.sqlite_only, pytest.mark.timeout(600)]


def published(server: Server) -> tuple[str, bytes]:
    """Wait until all is published; give the log's key and its head."""
    wait_for(partial(covers_all, server), 60.0)
    return server.http.get("/log/vkey").text.strip(), server.http.get("/log/checkpoint").content


def test_a_served_and_an_exported_log_are_what_they_say_and_grow_from_what_they_were(tmp_path: Path) -> None:
    data, www = tmp_path / "node", tmp_path / "www"
    run(data, "init", "--role", "hub")
    heads: list[Path] = []
    vkey = ""
    for number in range(3):
        run(data, "capture", "-", stdin=scene.shipment(f"A{number}", f"B{number}", lot=f"L{number}"))
        server = Server(data)
        try:
            for scan in range(150):  # past the first full tile
                server.scan(f"S{number}.{scan}")
            vkey, head = published(server)
            url = f"{str(server.http.base_url).rstrip('/')}/log"
            for old in heads:
                found = outside.judge(url, vkey, old=old)
                assert found.returncode == 0, found.stderr
            found = outside.judge(url, vkey)
            assert found.returncode == 0, found.stderr
            # The counters look for new heads each second.
            wait_for(lambda: server.scan(f"A{number}")["proof"], 30.0)  # noqa: B023 (called at once)
            proof = server.http.get(server.scan(f"A{number}")["proof"])
            answer = check(proof.content, [VerifierKey.parse(vkey)])
            assert answer.record is not None, answer.why
            assert answer.record.packages == [f"01/{scene.GTIN}/21/A{number}"]
        finally:
            server.stop()
        heads.append(tmp_path / f"head-{number}")
        heads[-1].write_bytes(head)
        run(data, "log", "export", str(www))
        found = outside.judge(www, vkey, old=heads[0])
        assert found.returncode == 0, found.stderr
    assert signed_checkpoint.parse(heads[-1].read_bytes()).checkpoint.size > 300

    bundle = www / "tile/entries/000"
    octets = bytearray(bundle.read_bytes())
    octets[100] ^= 1
    bundle.write_bytes(octets)
    found = outside.judge(www, vkey)
    assert found.returncode == 1
    assert "tile/0/000" in found.stderr


def test_an_old_copy_that_was_put_back_and_went_on_is_a_fork_to_whoever_kept_a_head(tmp_path: Path) -> None:
    import shutil

    data = tmp_path / "node"
    run(data, "init", "--role", "hub")
    run(data, "log", "publish")
    shutil.copytree(data, tmp_path / "copy")
    run(data, "capture", "-", stdin=scene.shipment("A1"))
    vkey = json.loads(run(data, "log", "publish", "--json"))["keys"][0]
    run(data, "log", "export", str(tmp_path / "www"))
    kept = tmp_path / "kept"
    kept.write_bytes((tmp_path / "www" / "checkpoint").read_bytes())

    # Somebody who owns the machine puts back the old copy with what the signer remembers, and goes on.
    run(tmp_path / "copy", "capture", "-", stdin=scene.shipment("B1", "B2"))
    run(tmp_path / "copy", "capture", "-", stdin=scene.shipment("C1", "C2", lot="L2"))
    run(tmp_path / "copy", "log", "publish")
    run(tmp_path / "copy", "log", "export", str(tmp_path / "other"))
    assert outside.judge(tmp_path / "other", vkey).returncode == 0
    found = outside.judge(tmp_path / "other", vkey, old=kept)
    assert found.returncode == 1
    assert "forked" in found.stderr
