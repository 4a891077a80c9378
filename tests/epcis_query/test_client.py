"""The Python client against a real server; the examples of the docs run as they stand."""

from __future__ import annotations

import datetime
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from pyarrow import parquet

from rxtrail.client import Client, Refusal, verify_signature
from rxtrail.outbound.signing import signature
from tests.epcis_query.events import all_events, document
from tests.web import scene
from tests.web.conftest import Planted
from tests.web.test_serve import Running

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rxtrail.bootstrap import Node

PAGE = Path(__file__).resolve().parents[2] / "docs/how-to/epcis.md"
EXAMPLES = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)


@pytest.fixture
def address(node: Node) -> Iterator[str]:
    with Running(Planted(node, failed=None)) as (authority, _):
        yield f"http://{authority}/epcis"


@pytest.fixture
def client(address: str) -> Iterator[Client]:
    with Client(address, prefixes={"ex": "https://ex.example/ns/"}) as opened:
        yield opened


def test_the_examples_of_the_docs_run_as_they_stand(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert len(EXAMPLES) >= 9
    (tmp_path / "shipment.xml").write_bytes(scene.shipment("W1", "W2"))
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    for example in EXAMPLES:
        exec(example.replace("http://127.0.0.1:8470/epcis", address), names)
    assert parquet.read_table("events.parquet").num_rows > 5


def test_all_pages_are_read_and_nothing_twice(client: Client) -> None:
    held = all_events(120)
    job = client.capture(json.dumps(document(held)).encode())
    assert job.success
    found = list(client.events(per_page=7, EQ_action=["ADD"], orderBy="eventTime", orderDirection="ASC"))
    wanted = [event["eventID"] for event in held if event.get("action") == "ADD"]
    assert sorted(event.event_id for event in found if event.event_id in wanted) == sorted(wanted)
    assert [event.event_time for event in found] == sorted(event.event_time for event in found)
    assert all(event.record_time is not None for event in found)
    first = client.events(EQ_action=["ADD"]).first()
    assert first is not None
    assert client.events(EQ_bizStep=["holding"]).first() is None


def test_a_query_too_long_for_an_address_is_asked_all_the_same(client: Client) -> None:
    many = [f"urn:epc:id:sgtin:0614141.107346.{number}" for number in range(2_000)]
    (one,) = client.events(MATCH_epc=[*many, scene.pack_urn("A1")], EQ_action=["ADD"], EQ_bizStep="commissioning")
    assert one.biz_step == "commissioning"
    assert client._ask("GET", "/queries").body == b"[]", "and leaves no query behind"


def test_a_table_holds_what_the_events_say(client: Client, tmp_path: Path) -> None:
    client.capture(json.dumps(document(all_events(40))).encode())
    events = list(client.events())
    table = client.events().to_arrow()
    assert table.column("event_id").to_pylist() == [event.event_id for event in events]
    assert table.column("event_time").to_pylist() == [event.event_time for event in events]
    assert table.column("epcs").to_pylist() == [event.epcs for event in events]
    assert [json.loads(text) for text in table.column("json").to_pylist()] == [event.members for event in events]
    assert client.events().to_parquet(tmp_path / "all.parquet") == len(events)
    assert parquet.read_table(tmp_path / "all.parquet").equals(table)
    empty = client.events(EQ_bizStep=["holding"]).to_arrow()
    assert (empty.num_rows, empty.schema) == (0, table.schema)


def test_values_are_written_as_their_types_say(client: Client) -> None:
    day = datetime.datetime(2026, 11, 2, 8, 3, tzinfo=datetime.UTC)
    late = [event.biz_step for event in client.events(GE_eventTime=day)]
    assert late == ["packing", "shipping"]
    east = day.astimezone(datetime.timezone(datetime.timedelta(hours=2)))
    assert [event.biz_step for event in client.events(GE_eventTime=east)] == late
    assert list(client.events(EXISTS_errorDeclaration=True)) == []
    assert len(list(client.events(EXISTS_errorDeclaration=False))) == 4


def test_a_refusal_is_told_with_its_type_and_advice(client: Client, address: str) -> None:
    with pytest.raises(Refusal) as wrong:
        client.capture(b"<a/>")
    assert (wrong.value.status, wrong.value.type) == (400, "epcisException:ValidationException")
    with pytest.raises(Refusal) as missing:
        client.event("urn:uuid:none")
    assert missing.value.status == 404
    with pytest.raises(Refusal) as strange, Client(address.removesuffix("/epcis") + "/elsewhere") as other:
        list(other.events())
    assert strange.value.status == 404


def test_a_signature_is_that_of_the_node_and_no_other() -> None:
    assert verify_signature("secret", b"body", signature("secret", b"body"))
    assert not verify_signature("secret", b"body!", signature("secret", b"body"))
    assert not verify_signature("other", b"body", signature("secret", b"body"))
