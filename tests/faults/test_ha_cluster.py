"""The cluster that other fault tests stand on: it fails over, loses nothing, and stops writing without a quorum."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import psycopg
import pytest

from tests.faults.ha import TTL_SECONDS, HaCluster
from tests.postgres.binaries import NoServer

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [pytest.mark.faults, pytest.mark.slow, pytest.mark.timeout(900), pytest.mark.usefixtures("one_root")]


@pytest.fixture(scope="module")
def cluster() -> Iterator[HaCluster]:
    try:
        made = HaCluster()
    except NoServer as error:
        pytest.skip(str(error))
    with made:
        yield made


def commit(cluster: HaCluster, n: int) -> None:
    with psycopg.connect(cluster.dsn()) as connection:
        connection.execute("create table if not exists kept (n bigint primary key)")
        connection.execute("insert into kept values (%s)", (n,))


def kept(dsn: str) -> list[int]:
    with psycopg.connect(dsn) as connection:
        return [n for (n,) in connection.execute("select n from kept order by n")]


def until_committed(cluster: HaCluster, n: int) -> float:
    """Commit as a patient client does; give the seconds it took."""
    started = time.monotonic()
    while True:
        try:
            commit(cluster, n)
        except psycopg.OperationalError:
            assert time.monotonic() < started + 120
            time.sleep(0.2)
        except psycopg.errors.UniqueViolation:  # the last try was committed, and its answer lost
            return time.monotonic() - started
        else:
            return time.monotonic() - started


def test_a_killed_leader_is_followed_by_another_that_has_every_commit_and_rejoins(cluster: HaCluster) -> None:
    for n in range(100):
        commit(cluster, n)
    first = cluster.wait_for_leader()
    cluster.kill_node(first)
    gap = until_committed(cluster, 100)
    second = cluster.wait_for_leader()
    print(f"write gap after SIGKILL of the leader: {gap:.1f} s")
    assert second != first
    assert kept(cluster.dsn()) == list(range(101))
    assert gap <= TTL_SECONDS + 5
    cluster.restart_node(first)
    assert cluster.wait_until_whole()[second] == "leader"
    deadline = time.monotonic() + 60
    deadline = time.monotonic() + 60
    while kept(cluster.dsn_of(first)) != list(range(101)):
        assert time.monotonic() < deadline, "the old leader does not catch up"
        time.sleep(0.1)


def test_without_etcd_writes_are_refused_and_reads_go_on(cluster: HaCluster) -> None:
    cluster.wait_until_whole()
    commit(cluster, 1_000)
    cluster.freeze_etcd()
    try:
        started = time.monotonic()
        cluster.wait_for_no_leader()
        print(f"writes end {time.monotonic() - started:.1f} s after etcd froze")
        with pytest.raises(psycopg.OperationalError):
            commit(cluster, 1_001)
        assert 1_000 in kept(cluster.dsn_any())
    finally:
        cluster.thaw_etcd()
    print(f"writes go on {until_committed(cluster, 1_001):.1f} s after etcd thawed")
    cluster.wait_until_whole()
    assert kept(cluster.dsn())[-2:] == [1_000, 1_001]
