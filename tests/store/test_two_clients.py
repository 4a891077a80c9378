"""Two clients of one record at the same time, on every engine: the record ends in the same state whoever came first."""

from __future__ import annotations

import contextlib
import datetime
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any
from unittest import mock

import pytest

from rxtrail import clock
from rxtrail.bootstrap import open_node
from rxtrail.store.postgres import distribute
from tests.store.conftest import ENGINES
from tests.story import MAKER, NOW, PHARMACY, Scene, Time, Told, codes, delivery, made, pack, packs, reasons

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from rxtrail.store.postgres.transaction import PostgresTransaction

DAY = datetime.timedelta(days=1)
PACK = pack("TWO")

pytestmark = pytest.mark.usefixtures("one_root")


class Clients:
    """Opens clients of one record: nodes of their own on a server; on SQLite all go through the one that writes."""

    def __init__(self, folder: Path, url: str | None, opened: contextlib.ExitStack) -> None:
        self._folder = folder
        self._url = url
        self._opened = opened
        self._one: Scene | None = None
        self.count = 0

    def __call__(self, *, wrong_by: datetime.timedelta = datetime.timedelta()) -> Scene:
        """Give one more client, whose clock may be wrong."""
        self.count += 1
        if self._url is None and self._one is not None:
            return self._one
        time = Time(datetime.datetime.now(datetime.UTC) + wrong_by)
        with mock.patch.object(clock, "now_us", time.now_us), mock.patch.object(clock, "today", time.today):
            node = open_node(self._folder / str(self.count), store_url=self._url)
        self._opened.callback(node.close)
        self._one = Scene(node, time)
        return self._one


@pytest.fixture(params=ENGINES)
def clients(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Clients]:
    url: str | None = None if request.param == "sqlite" else request.getfixturevalue(f"{request.param}_dsn")
    if request.param == "citus" and url:
        assert distribute(url)
    with contextlib.ExitStack() as opened:
        yield Clients(tmp_path, url, opened)


def at_once(*doing: Callable[[], Any]) -> list[Any]:
    """Do things in threads of their own that start together."""
    together = threading.Barrier(len(doing))

    def do(one: Callable[[], Any]) -> Any:
        together.wait()
        return one()

    with ThreadPoolExecutor(len(doing)) as pool:
        return list(pool.map(do, doing))


# -- two lots ------------------------------------------------------------------------------------------------------

LOTS = {lot: made(PACK, *packs(40), lot=lot) for lot in ("L7", "L8")}


@pytest.mark.parametrize("order", ["at once", "L7 first", "L8 first"])
def test_a_pack_that_two_clients_make_in_two_lots_is_one_row_on_hold_with_both_statements(
    clients: Clients, order: str
) -> None:
    by = {"L7": clients(), "L8": clients()}

    def capture(lot: str) -> Any:
        return by[lot].capture(LOTS[lot])

    if order == "at once":
        receipts = at_once(*(lambda lot=lot: capture(lot) for lot in LOTS))
    else:
        receipts = [capture(lot) for lot in sorted(LOTS, reverse=order == "L8 first")]
    assert [receipt.state for receipt in receipts] == ["success"] * 2
    assert sorted(codes(receipt) for receipt in receipts) == [[], ["SERIAL_ALREADY_COMMISSIONED"]]
    assert sorted(receipt.packages for receipt in receipts) == [0, 41]

    # What follows is the same on every engine and in every order, word for word.
    for client in by.values():
        assert client.pack(PACK) == {
            "gtin": "00312345678906", "serial": "TWO", "lot": "L7", "expiry": "2028-09-30", "disposition": "active",
            "custodian": MAKER.gln, "owner": MAKER.gln, "location": f"414/{MAKER.gln}", "in_transit_to": "",
            "container": "", "holds": ["two-lots"], "recalled": False, "basis": "issuer",
        }  # fmt: skip
        assert len(client.packs()) == 41
        for lot in LOTS:
            verdict = client.verify(PACK, lot=lot, site=PHARMACY)
            assert verdict.verdict.value == "stop"
            assert reasons(verdict)["on-hold"] == "stop"
        told = client.trace(PACK).events
        assert {event.event_id: event.counts for event in told} == {LOTS["L7"].id: True, LOTS["L8"].id: False}
        assert len(told) == 2
        assert client.node.status().packages == 41


def test_eight_clients_that_make_the_same_packs_at_once_make_each_once(clients: Clients) -> None:
    things = [pack(f"P{number}") for number in range(60)]
    told = [made(*things, lot=f"L{number}") for number in range(8)]
    scenes = [clients() for _ in told]
    receipts = at_once(
        *(lambda scene=scene, one=one: scene.capture(one) for scene, one in zip(scenes, told, strict=True))
    )
    assert [receipt.state for receipt in receipts] == ["success"] * 8
    assert sorted(receipt.packages for receipt in receipts) == [0] * 7 + [60]
    rows = scenes[0].packs()
    assert len(rows) == 60
    assert all(b'"holds":["two-lots"]' in row for row in rows)
    assert {event.event_id for event in scenes[-1].trace(things[0]).events} == {one.id for one in told}


def test_one_document_from_two_clients_at_once_is_kept_and_applied_once(clients: Clients) -> None:
    one, other = clients(), clients()
    receipts = at_once(lambda: one.capture(LOTS["L7"], instance="1"), lambda: other.capture(LOTS["L7"], instance="1"))
    assert [receipt.state for receipt in receipts] == ["success"] * 2
    assert sum(receipt.packages for receipt in receipts) in {41, 82}
    assert one.node.status().packages == 41
    assert len(other.trace(PACK).events) == 1
    assert len(list(one.node.documents())) == 1


# -- clocks --------------------------------------------------------------------------------------------------------


def delivered(client: Scene) -> None:
    client.node.init("pharmacy", [PHARMACY.gln])
    client.partners((MAKER, "maker"))
    client.capture(*delivery(PACK, seller=MAKER))
    client.change("receive", PACK, site=PHARMACY)


def end(client: Scene) -> str:
    state: str = client.pack(PACK)["disposition"]
    return state


@pytest.mark.parametrize("wrong_by", [DAY, -DAY], ids=["ahead", "behind"])
def test_commands_count_in_the_order_of_the_log_whatever_their_clients_clocks_say(
    clients: Clients, wrong_by: datetime.timedelta
) -> None:
    right = clients()
    delivered(right)
    wrong = clients(wrong_by=wrong_by)
    for _ in range(3):
        first = wrong.change("dispense", PACK, site=PHARMACY)
        assert end(right) == end(wrong) == "dispensed"
        second = right.change("reactivate", PACK, site=PHARMACY, by="A. Person", attestation="it never left")
        assert end(right) == end(wrong) == "active"
        assert first.log_index < second.log_index
        assert first.recorded_at <= second.recorded_at
        # And the other way round.
        right.change("dispense", PACK, site=PHARMACY)
        wrong.change("reactivate", PACK, site=PHARMACY, by="A. Person", attestation="it never left")
        assert end(right) == end(wrong) == "active"
    told = right.trace(PACK).events
    assert [event.log_index for event in told] == sorted(event.log_index for event in told)


def test_commands_count_in_the_order_of_the_log_also_when_the_servers_clock_was_set_back(
    clients: Clients, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As after a failover to a server whose clock is behind: for a while its clock says nothing new."""
    from rxtrail.store.postgres import transaction

    one, other = clients(), clients()
    delivered(one)
    ahead = int((NOW + 365 * DAY).timestamp() * 1_000_000)

    def open_set_back(self: PostgresTransaction, **more: Any) -> None:
        real(self, **more)
        self._heads["time"] = max(self._heads["time"], ahead)

    real = transaction.PostgresTransaction.open
    monkeypatch.setattr(transaction.PostgresTransaction, "open", open_set_back)
    for _ in range(8):
        one.change("dispense", PACK, site=PHARMACY)
        assert end(other) == "dispensed"
        other.change("reactivate", PACK, site=PHARMACY, by="A. Person", attestation="it never left")
        assert end(one) == "active"


# -- what one says, the other knows --------------------------------------------------------------------------------


def test_what_one_client_was_told_the_others_say_a_moment_later(clients: Clients) -> None:
    one, other = clients(), clients()
    delivered(one)
    for client in (one, other):
        assert client.verify(PACK, site=PHARMACY).verdict.value == "ok"
    recalled = Told(60, "holding", "recalled", classes=(f"01/{PACK[3:17]}/10/L7",), at=MAKER)
    one.capture(recalled)
    assert one.verify(PACK, site=PHARMACY).verdict.value == "stop"
    deadline = time.monotonic() + 5
    while other.verify(PACK, site=PHARMACY).verdict.value != "stop":
        assert time.monotonic() < deadline
