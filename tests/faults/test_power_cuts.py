"""Power cuts under load: what was acknowledged is there, once, and no head that was ever shown is taken back."""

from __future__ import annotations

import contextlib
import hashlib
import os
import time
from typing import TYPE_CHECKING

import pytest

from rxtrail.core.merkle.note import VerifierKey
from rxtrail.publishing.checking import WebSource, check
from tests.faults.power import disk_in
from tests.faults.processes import LONG, SECONDS_MAX, PromiseBroken, chance, chance_at, kill, run, serve
from tests.faults.published import (
    Heads,
    Load,
    check_dispensed,
    check_one_history,
    check_opens,
    loaded,
    served_with,
    wait_until_covered,
)
from tests.web import scene
from tests.witness.witnesses import served as witness_served

if TYPE_CHECKING:
    from pathlib import Path

    from tests.faults.power import Disk

pytestmark = [pytest.mark.slow, pytest.mark.sqlite_only]

# Read when pytest collects: later the suite hides all settings from the tests.
LONG_CUTS = int(os.environ.get("RXTRAIL_FAULT_CUTS", "60"))
CONTROL_CUTS_MAX = 8
TRUE_CUTS = 3  # the first ones of the same control, with the build as it is
NAME, CONTROL = "power", "power, without sync"
# A build that syncs nothing, and does not know it: what it has told as durable is gone with the power.
NO_SYNC = """
import os
os.fsync = os.fdatasync = lambda handle: None
from rxtrail.store.sqlite import engine
real = engine.connect
def without_sync(*given, **more):
    connection = real(*given, **more)
    connection.execute("PRAGMA synchronous = OFF")
    return connection
engine.connect = without_sync
"""


class Node:
    """A record on the disk whose power is cut, with a witness on another one."""

    def __init__(self, disk: Disk, folder: Path, packs: int) -> None:
        self.disk = disk
        self.data = disk.mount_point / "data"
        self.settings = folder / "rxtrail.toml"
        self.policy = folder / "policy"
        self.witness = folder / "witness"
        self.heads, self.load = Heads(), Load(packs)
        assert run(self.data, "init", "--role", "hub").code == 0
        assert run(self.data, "capture", "-", stdin=scene.shipment(*(f"K{n}" for n in range(packs)))).code == 0
        told = run(self.data, "log", "publish", "--json").answer
        self.vkey, self.origin = told["keys"][0], hashlib.sha256(told["origin"].encode()).hexdigest()
        self.policy.write_text("quorum none\n", encoding="utf-8")
        self.settings.write_text(
            f'[log]\nwitness_policy = "{self.policy}"\ncheckpoint_seconds = 0.05\n', encoding="utf-8"
        )

    def round(self, name: str, number: int, *, planted: str = "", seconds: float = 0.8) -> bool:
        """Serve under load until the power goes, and start the machine again; tell whether the cut hit work.

        Name, number and the seed decide when it goes. Only a cut counts while a server answers, after its log was seen
        to grow and counters had receipts.

        :raises PromiseBroken: the record does not open for this round.
        """
        before = len(self.load.acknowledged)
        wait = chance_at(name, number).uniform(0.0, seconds)
        check_opens(self.data)
        with witness_served(self.witness, logs=[self.vkey]) as witness:
            self.policy.write_text(f"witness w {witness.keys[0]} {witness.url}\nquorum none\n", encoding="utf-8")
            server = served_with(self.data, self.settings, planted=planted)
            with loaded(server, self.load, self.heads, witness.url, self.origin):
                grown = self.heads.wait_for_more(20.0)
                time.sleep(wait)
                alive = server.process.poll() is None
                receipts = len(self.load.acknowledged) - before
                self.disk.cut()
        self.disk.restart()
        hit = grown and alive and receipts > 0
        said = f"{receipts} receipts" if hit else "NO HIT"
        print(f"{name} {number}: power cut {wait:.3f} s after the log grew, {said}")
        return hit

    def look(self) -> None:
        """Hold the record against everything that was told to anybody.

        :raises PromiseBroken: something is lost, doubled, or of another history.
        """
        check_opens(self.data)
        self.heads.see((self.data / "keys" / "log.head").read_bytes())
        check_one_history(self.data, self.heads, VerifierKey.parse(self.vkey), self.load)
        check_dispensed(self.data, self.load)
        server = serve(self.data)
        try:
            wait_until_covered(server)
            with contextlib.closing(WebSource(f"http://{server.authority}/log")) as source:
                check(source, [VerifierKey.parse(self.vkey)])
        finally:
            kill(server.process)


@pytest.mark.parametrize(
    "cuts",
    [pytest.param(2, id="short", marks=pytest.mark.timeout(300)), pytest.param(LONG_CUTS, id="long", marks=LONG)],
)
def test_a_power_cut_loses_nothing_that_was_told_and_forks_no_log(tmp_path: Path, cuts: int) -> None:
    chance(NAME)
    with disk_in(tmp_path) as disk:
        node = Node(disk, tmp_path, cuts * 800)
        done = played(node, NAME, cuts)
        seen, told = len(node.heads.seen), len(node.load.acknowledged)
        print(f"{done} power cuts that hit work, {seen} heads seen, {told} dispensings acknowledged, none lost")
        assert done == cuts


def played(node: Node, name: str, cuts: int, *, planted: str = "", seconds: float = 0.8, every: int = 10) -> int:
    """Cut the power until so many cuts have hit work; look after every so many, and at the end. Give how many hit.

    :raises PromiseBroken: something that was told is gone.
    """
    done = number = 0
    while done < cuts:
        number += 1
        assert number <= cuts * 2 + 3, f"only {done} of {number - 1} cuts have hit anything at work"
        done += node.round(name, number, planted=planted, seconds=seconds)
        if not done % every or done == cuts:
            node.look()
            print(f"{done} cuts, log of {node.heads.size:,} entries")
    return done


def goes_on_without_power_cuts(node: Node) -> None:
    """See that the broken build does everything else right: it is caught by a cut, or by nothing."""
    server = served_with(node.data, node.settings, planted=NO_SYNC)
    try:
        wait_until_covered(server)
    finally:
        kill(server.process)
    check_opens(node.data)


@pytest.mark.faults
@pytest.mark.timeout(SECONDS_MAX * 10)
def test_a_build_that_does_not_sync_is_caught_and_the_true_one_goes_through_the_same_cuts(tmp_path: Path) -> None:
    """The control. Only a broken promise counts: a server that is slow or a machine that is full is no catch."""
    chance(CONTROL)
    (tmp_path / "broken").mkdir()
    (tmp_path / "true").mkdir()
    with disk_in(tmp_path / "broken") as disk:
        node = Node(disk, tmp_path / "broken", CONTROL_CUTS_MAX * 2000)
        os.sync()
        goes_on_without_power_cuts(node)
        with pytest.raises(PromiseBroken) as caught:
            played(node, CONTROL, CONTROL_CUTS_MAX, planted=NO_SYNC, seconds=2.0, every=1)
        print(f"caught: {str(caught.value)[:200]}")
    with disk_in(tmp_path / "true") as disk:
        node = Node(disk, tmp_path / "true", CONTROL_CUTS_MAX * 2000)
        assert played(node, CONTROL, TRUE_CUTS, seconds=2.0, every=1) == TRUE_CUTS
