"""Queries of EPCIS: pages by every kind of index, early and late, and what subscribers cost those who capture.

The floor of a page is what no query can do without: the same events read by their positions, decoded and written.
"""

from __future__ import annotations

import io
import statistics
import time
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import msgspec

from rxtrail.client import Client
from rxtrail.core.epcis.query.parse import Query, from_object
from rxtrail.epcis_query.documents import query_document, spelling_of
from rxtrail.epcis_query.pages import Found
from rxtrail.epcis_query.subscriptions import Wish
from rxtrail.ledger.prepare import restore

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rxtrail.bootstrap import Node

PAGE: Final = 1_000
DEEP: Final = 10  # this page is the deep one, or the last there is
EVENTS_AT_ONCE: Final = 20_000
SUBSCRIPTIONS: Final = 1_000
SUBSCRIBED_EVENTS: Final = 20_000
STEPS: Final = ("shipping", "receiving", "commissioning", "storing", "picking")
PLACES: Final = 50
PRODUCTS: Final = 20
ORDERS: Final = 40
_SPELLING: Final = spelling_of("Always_GS1_Digital_Link")


def questions(count: int) -> dict[str, dict[str, Any]]:
    """Give a query for each kind of index; each matches at least a page of ``count`` events."""
    middle = _time(count // 2)
    return {
        "everything": {},
        "EQ_bizStep": {"EQ_bizStep": ["shipping"]},
        "EQ_readPoint": {"EQ_readPoint": ["urn:epc:id:sgln:0614141.00007.0"]},
        "EQ_bizTransaction_po": {"EQ_bizTransaction_po": ["urn:epcglobal:cbv:bt:5200001000008:7"]},
        "MATCH_epc, a product": {"MATCH_epc": ["urn:epc:idpat:sgtin:0614141.100007.*"]},
        "MATCH_anyEPC, one package": {"MATCH_anyEPC": ["urn:epc:id:sgtin:0614141.100007.7"]},
        "EQ_ILMD lot": {"EQ_ILMD_cbvmda:lotNumber": ["L7"]},
        "GE_eventTime": {"GE_eventTime": middle},
        "GE_recordTime": {"GE_recordTime": "2020-01-01T00:00:00Z"},
        "two terms and a time": {"EQ_bizStep": ["shipping"], "EQ_action": ["OBSERVE"], "GE_eventTime": middle},
        "in the order of event time": {"EQ_bizStep": ["shipping"], "orderBy": "eventTime"},
    }


def _time(number: int) -> str:
    minutes = number
    return (
        f"20{24 + minutes // 525_600:02}-{1 + minutes // 43_200 % 12:02}-{1 + minutes // 1_440 % 28:02}"
        f"T{minutes // 60 % 24:02}:{minutes % 60:02}:00Z"
    )


def document(first: int, count: int) -> bytes:
    """Write events of one package each, as a line or a counter makes them."""
    events = [
        {
            "type": "ObjectEvent",
            "eventTime": _time(number),
            "eventTimeZoneOffset": "+00:00",
            "eventID": f"urn:uuid:{number:08x}-0000-4000-8000-000000000000",
            "action": "OBSERVE" if number % 7 else "ADD",
            "bizStep": STEPS[number % len(STEPS)],
            "disposition": "in_progress",
            "epcList": [f"urn:epc:id:sgtin:0614141.{100_000 + number % PRODUCTS}.{number}"],
            "readPoint": {"id": f"urn:epc:id:sgln:0614141.{number % PLACES:05}.0"},
            "bizTransactionList": [
                {"type": "po", "bizTransaction": f"urn:epcglobal:cbv:bt:5200001000008:{number % ORDERS}"}
            ],
            **({"ilmd": {"cbvmda:lotNumber": f"L{number % 9}"}} if number % 7 == 0 else {}),
        }
        for number in range(first, first + count)
    ]
    whole = {
        "@context": ["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"],
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": "2024-01-01T00:00:00Z",
        "epcisBody": {"eventList": events},
    }
    return msgspec.json.encode(whole)


def fill(node: Node, count: int) -> None:
    """Capture ``count`` events."""
    for first in range(0, count, EVENTS_AT_ONCE):
        part = min(EVENTS_AT_ONCE, count - first)
        node.capture(io.BytesIO(document(first, part)), name=f"events-{first}")


def measure(node: Node, count: int, repeats: int = 5) -> dict[str, dict[str, float]]:
    """Give for each question the seconds of CPU of its first and of a deep page, and of the floor."""
    found: dict[str, dict[str, float]] = {}
    for name, asked in questions(count).items():
        query = from_object({**asked, "perPage": PAGE})
        tokens = ["", *(token for token in _tokens(node, query) if token)]
        deep = msgspec.structs.replace(query, token=tokens[min(DEEP, len(tokens)) - 1])
        page, _, _ = node.epcis.queries.page(query)
        positions = [each.position for each in page.events]
        found[name] = {
            "events": len(positions),
            "pages": len(tokens),
            "first": _spent(partial(_written, node, query), repeats),
            "deep": _spent(partial(_written, node, deep), repeats),
            "floor": _spent(partial(_read, node, positions), repeats),
        }
    return found


def _tokens(node: Node, query: Query) -> Iterator[str]:
    for _ in range(DEEP):
        _, token, _ = node.epcis.queries.page(query)
        if not token:
            return
        yield token
        query = msgspec.structs.replace(query, token=token)


def _write(events: list[Found]) -> bytes:
    return query_document(events, target="json", spelling=_SPELLING, created_at=0, query_name="SimpleEventQuery")


def _written(node: Node, query: Query) -> bytes:
    page, _, _ = node.epcis.queries.page(query)
    return _write(page.events)


def _read(node: Node, positions: list[int]) -> bytes:
    bodies = node._reader().event_bodies(positions)  # noqa: SLF001 (below the query, on purpose)
    return _write(
        [
            Found(each.position, restore(each.canonical, each.envelope), each.recorded_at, each.event_id, 0)
            for each in bodies
        ]
    )


def _spent(work: Callable[[], object], repeats: int) -> float:
    work()
    spent = []
    for _ in range(repeats):
        began = time.thread_time()
        work()
        spent.append(time.thread_time() - began)
    return statistics.median(spent)


def rest_capture(port: int, body: bytes) -> None:
    """Capture a document over the REST binding, until its job says success; raises ValueError when it does not."""
    with Client(f"http://127.0.0.1:{port}/epcis") as client:
        job = client.capture(body)
        if not job.success:
            raise ValueError(f"the document was not captured: {job}")


def subscribed(node: Node, first: int, *, subscriptions: int) -> float:
    """Capture while there are so many subscribers, whom hardly an event concerns; give the process's CPU seconds."""
    for number in range(subscriptions):
        name = f"q{first}-{number}"
        query = {"EQ_readPoint": [f"urn:epc:id:sgln:0614141.{50_000 + number:05}.0"], "EQ_bizStep": [STEPS[number % 5]]}
        named = node.epcis.named.create(name, query)
        node.epcis.subscriptions.create(named, Wish(dest="http://127.0.0.1:9/none", stream=True))
    began = time.process_time()
    for at in range(first, first + SUBSCRIBED_EVENTS, 1_000):
        node.capture(io.BytesIO(document(at, 1_000)), name=f"more-{at}")
    return time.process_time() - began
