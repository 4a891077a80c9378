"""The primary is killed, etcd is cut off: nobody is told wrongly, nothing acknowledged is lost, and work goes on."""

from __future__ import annotations

import collections
import contextlib
import http.client
import itertools
import json
import threading
import time
from typing import TYPE_CHECKING, Any, NamedTuple, Self

import psycopg
import pytest

from tests.faults.client import AFTER_DISPENSING, HttpDoor, Later, Wish, shipment
from tests.faults.fleet import Fleet, Serve, check_like_undisturbed, check_on_record, wait_for_jobs
from tests.faults.ha import TTL_SECONDS, HaCluster
from tests.faults.processes import SEED, chance
from tests.postgres.binaries import NoServer
from tests.web import scene

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.faults.client import Acknowledged

pytestmark = [pytest.mark.faults, pytest.mark.slow, pytest.mark.timeout(1200), pytest.mark.usefixtures("one_root")]

RECONNECT_SECONDS_MAX = 5.0  # what we may take beside the cluster's own time
LOAD_SECONDS = 4.0
WITHOUT_ETCD_SECONDS = 8.0
PROBE_SECONDS = 0.1
ANSWER_SECONDS_MAX = 30.0
HELD, GONE = "HELD", "GONE"  # a pack that stays in stock, and one that was handed over
STOCK = Wish("stock", shipment("stock", [HELD, GONE]), [HELD, GONE], [GONE])
CLIENTS = {"serves": 2, "http": 3, "nodes": 1, "commands": 0}


class Probe(NamedTuple):
    """One answer of a server while the cluster was in whatever state."""

    at: float
    seconds: float
    asked: str
    status: int
    told: dict[str, Any]


class Prober:
    """A counter that scans two packs again and again, and asks how the server is."""

    def __init__(self, serve: Serve) -> None:
        self._authority = serve.authority
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self.probes: list[Probe] = []
        self.failure: BaseException | None = None

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ending.set()
        self._thread.join()

    def _run(self) -> None:
        try:
            while not self._ending.wait(PROBE_SECONDS):
                for serial in (HELD, GONE):
                    self._scan(serial)
                self._ask("ready", "GET", "/readyz")
                self._ask("alive", "GET", "/healthz")
        except BaseException as error:  # noqa: BLE001 (told by the test's own thread)
            self.failure = error

    def _scan(self, serial: str) -> None:
        body = json.dumps({"scan": scene.scan(serial), "site": scene.PHARMACY}).encode()
        self._ask(serial, "POST", "/api/v1/verify", body)

    def _ask(self, asked: str, method: str, path: str, body: bytes = b"") -> None:
        started = time.time()
        client = http.client.HTTPConnection(self._authority, timeout=ANSWER_SECONDS_MAX)
        client.request(method, path, body, {"Content-Type": "application/json"})
        answer = client.getresponse()
        told = json.loads(answer.read())
        client.close()
        self.probes.append(Probe(started, time.time() - started, asked, answer.status, told))

    def check(self) -> None:
        """See that no answer was wrong at any time, and that the server said when it could not tell."""
        if self.failure is not None:
            raise self.failure
        for probe in self.probes:
            if probe.asked == "alive":
                assert probe.status == 200
            elif probe.asked == "ready":
                assert (probe.status, probe.told.get("code")) in {(200, None), (503, "store-lost")}, probe
                assert probe.status == 200 or probe.told["detail"]
            else:
                assert probe.status == 200, probe
                codes = {reason["code"] for reason in probe.told["reasons"]}
                if probe.told["verdict"] == "unconfirmed":
                    assert codes == {"unreachable"}, probe
                elif probe.asked == HELD:
                    assert probe.told["verdict"] == "ok", probe
                else:
                    assert codes & AFTER_DISPENSING, probe

    def seen(self, since: float) -> collections.Counter[str]:
        """Count the answers from a time on."""
        return collections.Counter(
            f"{probe.asked}: {probe.told.get('verdict') or probe.told.get('code') or probe.status}"
            for probe in self.probes
            if probe.at >= since
        )

    def slowest(self, since: float) -> str:
        """Tell the longest wait of each kind from a time on."""
        kinds = {probe.asked for probe in self.probes}
        longest = {
            kind: max((p.seconds for p in self.probes if p.asked == kind and p.at >= since), default=0.0)
            for kind in kinds
        }
        return ", ".join(f"{kind} {seconds:.2f} s" for kind, seconds in sorted(longest.items()))


@pytest.fixture(scope="module")
def cluster() -> Iterator[HaCluster]:
    try:
        made = HaCluster()
    except NoServer as error:
        pytest.skip(str(error))
    with made:
        yield made


@pytest.fixture
def dsn(cluster: HaCluster, request: pytest.FixtureRequest) -> str:
    """Give the URI of a new database, by which whoever leads is found."""
    name = f"record_{abs(hash(request.node.name)) % 1_000_000}"
    cluster.wait_until_whole()
    with psycopg.connect(cluster.dsn(), autocommit=True) as connection:
        connection.execute(
            f"create database {name} template template0 encoding 'UTF8' lc_collate 'C' lc_ctype 'C'".encode()
        )
    return cluster.dsn(name)


def fleet_of(folder: Path, dsn: str) -> Fleet:
    return Fleet(folder, dsn, SEED, **CLIENTS)


def stock(serve: Serve) -> None:
    """Have one pack in stock and one handed over."""
    deadline = time.monotonic() + 60
    with contextlib.closing(HttpDoor(serve.authority)) as door:
        while True:
            try:
                door.capture(STOCK.document, STOCK.name)
                door.dispense(GONE, "stock-gone")
            except Later:
                assert time.monotonic() < deadline
                time.sleep(0.1)
            else:
                return


def gap(told: Acknowledged, since: float) -> float:
    """Give the longest time without any acknowledgement that began or ended after a moment."""
    times = sorted([since, *(answer["at"] for some in told for answer in some.values() if answer["at"] >= since)])
    longest: float = max(later - earlier for earlier, later in itertools.pairwise(times))
    return longest


def finish(folder: Path, fleet: Fleet, dsn: str, before: Acknowledged) -> Acknowledged:
    check_on_record(dsn, before)
    told = fleet.finish()
    wait_for_jobs(dsn)
    check_on_record(dsn, told)
    for serve in fleet.serves:
        serve.stop()
    return told


def test_a_killed_primary_costs_a_pause_and_nothing_else(tmp_path: Path, cluster: HaCluster, dsn: str) -> None:
    chance("failover")
    with fleet_of(tmp_path, dsn) as fleet:
        stock(fleet.serves[0])
        fleet.wait_until_more(0, 20)
        with Prober(fleet.serves[0]) as prober:
            time.sleep(LOAD_SECONDS)
            first = cluster.wait_for_leader()
            before = fleet.acknowledged()
            killed = time.time()
            cluster.kill_node(first)
            count = sum(map(len, before))
            fleet.wait_until_more(count, 20)
            second = cluster.wait_for_leader()
            assert second != first
            time.sleep(LOAD_SECONDS)
            during = prober.seen(killed)
            cluster.restart_node(first)
            assert cluster.wait_until_whole()[second] == "leader"
            back = time.time()
            time.sleep(LOAD_SECONDS)
        longest = gap(fleet.acknowledged(), killed)
        print(f"{len(before.dispensed)} dispensed before; write gap {longest:.1f} s; longest {prober.slowest(killed)}")
        print(dict(during))
        prober.check()
        assert during[f"{HELD}: unconfirmed"]
        assert during["ready: store-lost"]
        assert f"{HELD}: ok" in prober.seen(back)
        assert f"{HELD}: unconfirmed" not in prober.seen(back)
        assert longest <= TTL_SECONDS + 5 + RECONNECT_SECONDS_MAX
        told = finish(tmp_path, fleet, dsn, before)
    check_like_undisturbed(tmp_path, dsn, told, SEED, 4, also=STOCK)


def test_without_etcd_nobody_is_told_wrongly_and_work_goes_on_afterwards(
    tmp_path: Path, cluster: HaCluster, dsn: str
) -> None:
    with fleet_of(tmp_path, dsn) as fleet:
        stock(fleet.serves[0])
        fleet.wait_until_more(0, 20)
        with Prober(fleet.serves[0]) as prober:
            time.sleep(LOAD_SECONDS)
            before = fleet.acknowledged()
            frozen = time.time()
            cluster.freeze_etcd()
            try:
                cluster.wait_for_no_leader()
                time.sleep(WITHOUT_ETCD_SECONDS)
            finally:
                cluster.thaw_etcd()
            thawed = time.time()
            count = sum(map(len, fleet.acknowledged()))
            fleet.wait_until_more(count, 20)
            cluster.wait_until_whole()
            during = prober.seen(frozen)
            time.sleep(LOAD_SECONDS)
        longest = gap(fleet.acknowledged(), frozen)
        print(f"etcd frozen for {thawed - frozen:.1f} s; write gap {longest:.1f} s; longest {prober.slowest(frozen)}")
        print(dict(during))
        prober.check()
        assert during[f"{HELD}: unconfirmed"]
        assert during["ready: store-lost"]
        told = finish(tmp_path, fleet, dsn, before)
    check_like_undisturbed(tmp_path, dsn, told, SEED, 4, also=STOCK)
