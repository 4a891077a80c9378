"""Proofs before the judge in Go, which shares no line with the program."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest

from rxtrail.core.merkle import record_proof, tlog_proof
from tests import outside
from tests.published import LOG, WITNESS, publish
from tests.story import made, packs

if TYPE_CHECKING:
    from pathlib import Path

    from tests.story import Scene

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

PACKS = packs(300)


def test_the_outside_judge_takes_our_proofs_and_refuses_what_was_changed(hub: Scene, tmp_path: Path) -> None:
    hub.capture(made(*PACKS))
    size = publish(hub.node, cosigned_by=(WITNESS,)).size
    file = tmp_path / "proof"
    for index in range(size):
        file.write_bytes(hub.node.proofs.of_record(index).octets)
        found = outside.judge_proof(file, LOG.verifier, WITNESS.verifier)
        assert found.returncode == 0, found.stderr
        assert f"record {index} of {size}" in found.stdout
    for pack in PACKS[::37]:
        file.write_bytes(hub.node.proofs.of_pack(pack).octets)
        found = outside.judge_proof(file, LOG.verifier)
        assert found.returncode == 0, found.stderr
        assert found.stdout.splitlines()[-1] == f"  {pack}"

    octets = hub.node.proofs.of_pack(PACKS[7]).octets
    parsed = tlog_proof.parse(octets)
    extra = record_proof.decode(parsed.extra or b"")
    summary, leaf = extra.leaves
    replace = msgspec.structs.replace

    def with_extra(changed: record_proof.Extra) -> bytes:
        return replace(parsed, extra=record_proof.encode(changed)).format()

    for wrong in (
        b"",
        octets[:-1],
        octets.replace(b"index ", b"index 0"),
        replace(parsed, index=parsed.index + 1).format(),
        replace(parsed, hashes=parsed.hashes[:-1]).format(),
        replace(parsed, extra=(parsed.extra or b"") + b" ").format(),
        with_extra(replace(extra, leaves=(summary, replace(leaf, text=PACKS[9])))),
        with_extra(replace(extra, leaves=(leaf, summary))),
        with_extra(replace(extra, count=extra.count + 1)),
        with_extra(replace(extra, salt=bytes(32), opening=b"\1")),
        with_extra(replace(extra, entry=extra.entry[:20] + b"\1" + extra.entry[21:])),
    ):
        file.write_bytes(wrong)
        found = outside.judge_proof(file, LOG.verifier)
        assert found.returncode == 1, found.stdout
        assert found.stderr.startswith("FAIL: ")
    step = len(octets) // 120
    for at in range(0, octets.index(b"\n\n"), step):
        changed = bytearray(octets)
        changed[at] ^= 4
        file.write_bytes(changed)
        assert outside.judge_proof(file, LOG.verifier).returncode == 1, at
