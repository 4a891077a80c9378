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
from tests.faults.processes import LONG, SECONDS_MAX, chance, kill, run, serve
from tests.faults.published import Heads, Load, assert_one_history, loaded, served_with, wait_until_covered
from tests.faults.test_killed_dispenses import dispensed_on_record
from tests.web import scene
from tests.witness.witnesses import served as witness_served

if TYPE_CHECKING:
    import random
    from pathlib import Path

    from tests.faults.power import Disk

pytestmark = [pytest.mark.slow, pytest.mark.sqlite_only]

# Read when pytest collects: later the suite hides all settings from the tests.
LONG_CUTS = int(os.environ.get("RXTRAIL_FAULT_CUTS", "60"))
CONTROL_CUTS_MAX = 8
# A build that syncs nothing, and does not know it: what it has told as durable is gone with the power.
NO_SYNC = """
import os
os.fsync = os.fdatasync = lambda handle: None
from rxtrail.store.sqlite import engine
real = engine._connect
def without_sync(*given, **more):
    connection = real(*given, **more)
    connection.execute("PRAGMA synchronous = OFF")
    return connection
engine._connect = without_sync
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
        self.settings.write_text(
            f'[log]\nwitness_policy = "{self.policy}"\ncheckpoint_seconds = 0.05\n', encoding="utf-8"
        )

    def round(self, rng: random.Random, *, planted: str = "", seconds: float = 0.8) -> None:
        """Serve under load until the power goes, and start the machine again."""
        with witness_served(self.witness, logs=[self.vkey]) as witness:
            self.policy.write_text(f"witness w {witness.keys[0]} {witness.url}\nquorum none\n", encoding="utf-8")
            server = served_with(self.data, self.settings, planted=planted)
            with loaded(server, self.load, self.heads, witness.url, self.origin):
                self.heads.wait_for_more(20.0)
                time.sleep(rng.uniform(0.0, seconds))
                self.disk.cut()
        self.disk.restart()

    def look(self) -> None:
        """Hold the record against everything that was told to anybody."""
        server = serve(self.data)
        try:
            wait_until_covered(server)
            with contextlib.closing(WebSource(f"http://{server.authority}/log")) as source:
                check(source, [VerifierKey.parse(self.vkey)])
        finally:
            kill(server.process)
        there = dispensed_on_record(self.data)
        lost = [serial for serial in self.load.acknowledged if there[serial] == 0]
        assert not lost, f"acknowledged, and lost: {lost[:5]} and {len(lost)} in all"
        assert [serial for serial, count in there.items() if count > 1] == [], "dispensed twice"
        assert_one_history(self.data, self.heads, VerifierKey.parse(self.vkey), self.load)


@pytest.mark.parametrize(
    "cuts",
    [pytest.param(2, id="short", marks=pytest.mark.timeout(300)), pytest.param(LONG_CUTS, id="long", marks=LONG)],
)
def test_a_power_cut_loses_nothing_that_was_told_and_forks_no_log(tmp_path: Path, cuts: int) -> None:
    rng = chance("power")
    with disk_in(tmp_path) as disk:
        node = Node(disk, tmp_path, cuts * 800)
        for cut in range(1, cuts + 1):
            node.round(rng)
            if not cut % 10:
                node.look()
                print(f"{cut} cuts, log of {node.heads.size:,} entries")
        seen, told = len(node.heads.seen), len(node.load.acknowledged)
        print(f"{cuts} power cuts, {seen} heads seen, {told} dispensings acknowledged")
        assert told
        node.look()


@pytest.mark.faults
@pytest.mark.timeout(SECONDS_MAX * 10)
def test_a_build_that_does_not_sync_is_caught(tmp_path: Path) -> None:
    rng = chance("power, without sync")
    with disk_in(tmp_path) as disk:
        node = Node(disk, tmp_path, CONTROL_CUTS_MAX * 2000)
        os.sync()
        for cut in range(1, CONTROL_CUTS_MAX + 1):
            try:
                node.round(rng, planted=NO_SYNC, seconds=2.0)
                node.look()
                print(f"{cut} cuts, log of {node.heads.size:,} entries")
            except AssertionError as caught:
                print(f"caught after {cut} cuts: {str(caught)[:200]}")
                return
        pytest.fail("a build that syncs nothing went through: these power cuts cut nothing")
