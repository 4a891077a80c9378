"""kill -9 of the application and of PostgreSQL under load: what was acknowledged is there, and there once."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

import pytest

from tests.faults.fleet import Fleet, check_like_undisturbed, check_on_record, wait_for_jobs
from tests.faults.processes import LONG, SEED, chance
from tests.postgres.server import Server

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Iterator
    from pathlib import Path

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("one_root")]

# Read when pytest collects: later the suite hides all settings from the tests.
KILLS = int(os.environ.get("RXTRAIL_FAULT_KILLS", "100"))
KILLS_SHORT = 4
SECONDS_BETWEEN_MAX = 1.5
DOWN_SECONDS_MAX = 1.0


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """A server of our own, whatever RXTRAIL_TEST_PG_DSN says: these tests kill it."""
    with Server() as started:
        yield started


def kill_application(fleet: Fleet, _server: Server, rng: random.Random) -> str:
    """Kill one process of ours; another one goes on."""
    told = fleet.kill_one(rng)
    time.sleep(rng.uniform(0, DOWN_SECONDS_MAX / 2))
    return told


def kill_postgres(_fleet: Fleet, server: Server, rng: random.Random) -> str:
    """Kill the postmaster and every backend; ours all stay and wait."""
    server.kill()
    down = rng.uniform(0, DOWN_SECONDS_MAX)
    time.sleep(down)
    server.start()
    return f"PostgreSQL, down for {down:.2f} s"


def kill_either(fleet: Fleet, server: Server, rng: random.Random) -> str:
    """Kill one or the other, or both at once."""
    return " and ".join(kill(fleet, server, rng) for kill in rng.choice(_MIXED))


_MIXED = [(kill_application,), (kill_postgres,), (kill_application, kill_postgres)]


@pytest.mark.parametrize(
    ("kill_some", "kills"),
    [
        pytest.param(kill_either, KILLS_SHORT, id="short"),
        pytest.param(kill_application, KILLS, id="application", marks=LONG),
        pytest.param(kill_postgres, KILLS, id="postgres", marks=LONG),
        pytest.param(kill_either, KILLS, id="either", marks=LONG),
    ],
)
def test_what_was_acknowledged_is_there_once_whatever_is_killed(
    tmp_path: Path, server: Server, kill_some: Callable[[Fleet, Server, random.Random], str], kills: int
) -> None:
    rng = chance(f"kills of {kill_some.__name__}")
    dsn = server.create_database()
    short = kills == KILLS_SHORT
    people = {"serves": 1, "http": 2, "nodes": 1, "commands": 0} if short else {
        "serves": 2, "http": 3, "nodes": 2, "commands": 1
    }  # fmt: skip
    clients = people["http"] + people["nodes"] + people["commands"]
    with Fleet(tmp_path, dsn, SEED, **people) as fleet:
        count = fleet.wait_until_more(0, clients)
        for number in range(kills):
            seconds = rng.uniform(0, SECONDS_BETWEEN_MAX)
            time.sleep(seconds)
            before = fleet.acknowledged()
            told = kill_some(fleet, server, rng)
            print(f"kill {number} after {seconds:.3f} s: {told}; {sum(map(len, before))} acknowledged")
            fleet.keep_up()
            check_on_record(dsn, before)
            # Work goes on before the next kill, so that each one falls into some.
            count = fleet.wait_until_more(count)
        told_all = fleet.finish()
        wait_for_jobs(dsn)
        check_on_record(dsn, told_all)
        for serve in fleet.serves:
            serve.stop()
    check_like_undisturbed(tmp_path, dsn, told_all, SEED, clients)
    print(f"{len(told_all.documents)} documents and {len(told_all.dispensed)} dispensings acknowledged")
    server.drop_database(dsn)
