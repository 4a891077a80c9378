"""Many counters at once over real HTTP, on both engines: a pack is handed over once, an order carried out once."""

from __future__ import annotations

import collections
import http.client
import json
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from rxtrail.bootstrap import STORE_FILE, open_node
from rxtrail.core.gs1.check_digit import check_digit
from rxtrail.core.rules.states import SOLD
from tests.faults.fleet import Serve
from tests.faults.test_several_serves import Asked
from tests.story import GTIN, LOT, PHARMACY, Scene, Time, delivery, packs

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [pytest.mark.slow, pytest.mark.sqlite_only]  # each test names its engine itself

COUNTERS = 64
PACKS = packs(6)


def gln(number: int) -> str:
    """One of the shops of the chain that the packs were shipped to."""
    body = f"{PHARMACY.prefix}{number:05}"
    return body + check_digit(body)


class Hub:
    """A served hub with a site key for each shop of a chain."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder, self.url = folder, url
        self.serve = Serve(folder, url)
        with open_node(folder, store_url=url) as node:
            chain = "|".join(gln(number + 1) for number in range(COUNTERS))
            table = f"name,gln,role,relation,status,valid_until\nChain,{chain},pharmacy,customer,active,\n"
            node.load_partners(table.encode())
            Scene(node, Time()).capture(*delivery(*PACKS))
            node.access.keys.require(on=True)
            self.secrets = [node.access.keys.add(gln(number + 1)).secret for number in range(COUNTERS)]
        self.serve.start()
        asked = Asked(self.serve)  # ready
        asked.close()

    def all_at_once(self, epc: str, counters: list[int], keys: list[str]) -> list[tuple[int, Any]]:
        """Have one pack dispensed by many in the same instant, each on a connection of its own."""
        gate = threading.Barrier(len(counters))
        path = f"/api/v1/packs/{GTIN}/{epc.rpartition('/')[2]}"
        body = json.dumps({"state": "dispensed", "lot": LOT, "expiry": "2028-09-30"})

        def one(counter: int, key: str) -> tuple[int, Any]:
            client = http.client.HTTPConnection(self.serve.authority, timeout=60)
            try:
                client.connect()
                headers = {"Content-Type": "application/json", "Authorization": f"Bearer {self.secrets[counter]}"}
                gate.wait(30)
                client.request("PATCH", path, body, headers | {"Idempotency-Key": key})
                answer = client.getresponse()
                return answer.status, json.loads(answer.read())
            finally:
                client.close()

        with ThreadPoolExecutor(len(counters)) as pool:
            return list(pool.map(one, counters, keys))

    def dispensings(self) -> collections.Counter[str]:
        """Stop the server, and count the dispensings on record by pack."""
        self.serve.stop()
        with open_node(self.folder, store_url=self.url, write=False) as node:
            lines = b"".join(node.export("events", "json")).splitlines()
        events = [json.loads(line) for line in lines]
        return collections.Counter(
            epc for event in events if event["bizStep"].endswith("dispensing") for epc in event["epcList"]
        )


@pytest.fixture(params=["sqlite", "postgres"])
def hub(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Hub]:
    folder = tmp_path / "hub"
    folder.mkdir()
    url = f"sqlite:///{folder / STORE_FILE}" if request.param == "sqlite" else request.getfixturevalue("postgres_dsn")
    made = Hub(folder, url)
    yield made
    made.serve.kill()


def test_64_sites_dispensing_one_pack_get_one_200_and_63_409(hub: Hub) -> None:
    for number, epc in enumerate(PACKS[:3]):
        told = hub.all_at_once(epc, list(range(COUNTERS)), [f"{number}-{n}" for n in range(COUNTERS)])
        assert collections.Counter(status for status, _ in told) == {200: 1, 409: 63}
        refused = [answer for status, answer in told if status == 409]
        assert {answer["state"]["disposition"] for answer in refused} == {"dispensed"}
        assert {answer["place"] for answer in refused} <= SOLD
    counted = hub.dispensings()
    assert (len(counted), set(counted.values())) == (3, {1})


def test_one_site_and_key_get_64_equal_answers_and_one_event(hub: Hub) -> None:
    told = hub.all_at_once(PACKS[0], [0] * COUNTERS, ["one-key"] * COUNTERS)
    assert {status for status, _ in told} == {200}
    first = [answer for _, answer in told if not answer.pop("repeated")]
    assert len(first) == 1
    assert all(answer == first[0] for _, answer in told)
    assert list(hub.dispensings().values()) == [1]


def test_64_sites_dispensing_a_pack_each_keep_their_own_answers(hub: Hub) -> None:
    counters = [number % 6 for number in range(60)]
    gate = threading.Barrier(len(PACKS))

    def one(number: int) -> list[tuple[int, Any]]:
        gate.wait(30)
        return hub.all_at_once(PACKS[number], counters, [f"{number}-{n}" for n in range(60)])

    with ThreadPoolExecutor(len(PACKS)) as pool:
        told = list(pool.map(one, range(len(PACKS))))
    for epc, answers in zip(PACKS, told, strict=True):
        (yes,) = [answer for status, answer in answers if status == 200]
        assert yes["epc"] == epc
        assert {answer["state"]["disposition"] for status, answer in answers if status == 409} == {"dispensed"}
    assert set(hub.dispensings().values()) == {1}
