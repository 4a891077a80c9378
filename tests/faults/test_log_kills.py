"""kill -9 of server, signer and witness under load: one history is signed, and all that was acknowledged is in it."""

from __future__ import annotations

import collections
import contextlib
import hashlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING

import pytest

from rxtrail.core.merkle.note import VerifierKey
from rxtrail.publishing.checking import WebSource, check
from tests.faults import processes
from tests.faults.processes import LONG, chance, chance_at, kill, program, quiet, run, serve
from tests.faults.published import (
    Heads,
    Load,
    check_dispensed,
    check_one_history,
    check_opens,
    loaded,
    served_with,
    signer_of,
    wait_until_covered,
)
from tests.web import scene
from tests.witness.witnesses import served as witness_served

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.slow, pytest.mark.sqlite_only]

NAME = "log"
EVERY_VICTIM_FROM = 30
# Read when pytest collects: later the suite hides all settings from the tests.
LONG_KILLS = int(os.environ.get("RXTRAIL_FAULT_KILLS", "200"))
VICTIMS = ("server", "signer", "signer", "signer", "witness", "signer and server")


@pytest.mark.parametrize(
    "kills",
    [
        pytest.param(4, id="short", marks=pytest.mark.timeout(240)),
        pytest.param(LONG_KILLS, id="long", marks=LONG),
    ],
)
def test_whatever_is_killed_one_history_is_signed_and_all_that_was_acknowledged_is_in_it(
    tmp_path: Path, kills: int
) -> None:
    chance(NAME)
    data = tmp_path / "data"
    packs = kills * 800
    assert run(data, "init", "--role", "hub").code == 0
    assert run(data, "capture", "-", stdin=scene.shipment(*(f"K{n}" for n in range(packs)))).code == 0
    published = run(data, "log", "publish", "--json").answer
    vkey = published["keys"][0]
    origin = hashlib.sha256(published["origin"].encode()).hexdigest()
    heads, load = Heads(), Load(packs)
    policy, settings = tmp_path / "policy", tmp_path / "rxtrail.toml"
    settings.write_text(f'[log]\nwitness_policy = "{policy}"\ncheckpoint_seconds = 0.05\n', encoding="utf-8")
    killed: collections.Counter[str] = collections.Counter()
    number = 0
    while killed.total() < kills:
        with witness_served(tmp_path / "witness", logs=[vkey]) as witness:
            # On another port each time: somebody else may have taken the last one.
            policy.write_text(f"witness w {witness.keys[0]} {witness.url}\nquorum none\n", encoding="utf-8")
            server = served_with(data, settings)
            with loaded(server, load, heads, witness.url, origin):
                over = False
                while not over and killed.total() < kills:
                    number += 1
                    assert number <= kills * 2 + 10, f"only {killed.total()} of {number - 1} blows have hit anything"
                    victim, wait = blow(number)
                    grown = heads.wait_for_more(20.0)
                    time.sleep(wait)
                    hit, over = strike(victim, server.process, witness.process)
                    counted = hit if grown else []  # a blow at a server that does nothing is none
                    killed.update(counted)
                    print(f"{NAME} {number}: {victim} after {wait:.3f} s: {', '.join(counted) or 'NO HIT'}")
        heads.see((data / "keys" / "log.head").read_bytes())
    check_opens(data)
    check_one_history(data, heads, VerifierKey.parse(vkey), load)
    check_dispensed(data, load)
    server = serve(data)
    try:
        wait_until_covered(server)
        with contextlib.closing(WebSource(f"http://{server.authority}/log")) as source:
            checked = check(source, [VerifierKey.parse(vkey)])
    finally:
        kill(server.process)
    seen, acknowledged = len(heads.seen), len(load.acknowledged)
    print(
        f"{killed.total()} kills {dict(killed)}, {seen} heads seen, {acknowledged} acknowledged, {checked.size} entries"
    )
    assert load.acknowledged
    if kills >= EVERY_VICTIM_FROM:
        assert killed.keys() == {"server", "signer", "witness"}


def blow(number: int) -> tuple[str, float]:
    """Give whom a blow is meant for, and how long after the log grew; the seed and its number decide."""
    rng = chance_at(NAME, number)
    return rng.choice(VICTIMS), rng.uniform(0.0, 0.5)


def strike(victim: str, server: subprocess.Popen[bytes], witness: subprocess.Popen[bytes]) -> tuple[list[str], bool]:
    """Kill -9; give who was alive before and is dead of it now, and whether a new round must begin."""
    hit = []
    if "signer" in victim and kill_signer(server.pid):
        hit.append("signer")
    for name, process in (("server", server), ("witness", witness)):
        if name in victim and process.poll() is None:
            process.kill()
            process.wait(30)
            assert process.returncode == -signal.SIGKILL, f"the {name} had ended by itself: {process.returncode}"
            hit.append(name)
    return hit, victim != "signer" or server.poll() is not None


def kill_signer(server: int) -> bool:
    """Kill the signer of a server; tell whether it is dead of it. Its parent starts another one."""
    signer = signer_of(server)
    if not signer:
        return False
    try:
        os.kill(signer, signal.SIGKILL)
    except ProcessLookupError:
        return False
    until = time.monotonic() + 10
    while signer_of(server) == signer:
        assert time.monotonic() < until, "a signer outlives kill -9"
        time.sleep(0.002)
    return True


# -- death at every place of a round -----------------------------------------------------------------------------------

DIES = """
import os, itertools
from rxtrail.publishing import publisher, signer_client, signing
count = itertools.count(1)
def dying(real):
    def call(*given, **more):
        if {before} and next(count) == {at}:
            os._exit(9)
        done = real(*given, **more)
        if not {before} and next(count) == {at}:
            os._exit(9)
        return done
    return call
{where} = dying({where})
"""
PLACES = {
    "the tree grows": "publisher.Publisher._grow",
    "the head is signed": "publisher.Publisher._sign",
    "tiles and head are stored": "publisher.Publisher._store",
    "the signer is asked": "signer_client.SocketSigner._exchange",
}


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    ("where", "before"),
    [
        pytest.param(
            place,
            before,
            id=f"{'before' if before else 'after'} {name}",
            marks=() if name == "the head is signed" and not before else pytest.mark.faults,
        )
        for name, place in PLACES.items()
        for before in (True, False)
    ],
)
def test_a_server_that_dies_there_goes_on_with_the_same_history(tmp_path: Path, where: str, *, before: bool) -> None:
    data = tmp_path / "data"
    assert run(data, "init", "--role", "hub").code == 0
    heads, load = Heads(), Load(300)
    assert run(data, "capture", "-", stdin=scene.shipment(*(f"K{n}" for n in range(300)))).code == 0
    vkey = VerifierKey.parse(run(data, "log", "publish", "--json").answer["keys"][0])
    settings = tmp_path / "rxtrail.toml"
    settings.write_text("[log]\ncheckpoint_seconds = 0.05\n", encoding="utf-8")
    for at in (1, 2, 3):
        die_at(data, settings, DIES.format(where=where, before=before, at=at), load)
        heads.see((data / "keys" / "log.head").read_bytes())
        until = time.monotonic() + 60
        while (published := run(data, "log", "publish")).code == 4 and time.monotonic() < until:
            time.sleep(0.2)  # the signer of the dead server may still be letting go of the key
        assert published.code == 0, published.err
        heads.see((data / "keys" / "log.head").read_bytes())
    check_one_history(data, heads, vkey, load)


def die_at(data: Path, settings: Path, planted: str, load: Load) -> None:
    """Serve and dispense until the server has died where it was told to."""
    process = subprocess.Popen(
        program(data, "serve", "--port", "0", "--json", "--config", str(settings), planted=planted),
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=quiet(),
    )  # fmt: skip
    assert process.stdout is not None
    line = process.stdout.readline()
    if line:  # it may have died before it answered
        counter = threading.Thread(target=load.counter, args=(json.loads(line)["url"].removeprefix("http://"),))
        counter.start()
        counter.join(60)
    process.wait(60)
    process.stdout.close()
    assert process.returncode == 9, "it died where it was told to"


def test_every_blow_is_replayed_by_the_seed_and_its_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "SEED", 4711)
    first = [blow(number) for number in range(1, 40)]
    assert [blow(number) for number in range(39, 0, -1)][::-1] == first, "whatever came before it"
    assert {victim for victim, _ in first} == set(VICTIMS)
    monkeypatch.setattr(processes, "SEED", 4712)
    assert [blow(number) for number in range(1, 40)] != first


def test_a_blow_at_what_is_dead_already_is_not_counted() -> None:
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait(60)
    living = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    try:
        assert strike("server", dead, living) == ([], True)
        assert strike("signer", living, dead) == ([], False)
        assert strike("witness", dead, living) == (["witness"], True)
        assert living.returncode == -signal.SIGKILL
    finally:
        living.kill()
        living.wait(60)
