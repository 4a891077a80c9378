"""The index of the query: a record of before has none, and gets one; what it narrows it never loses."""

from __future__ import annotations

import io
import json
import random
from typing import TYPE_CHECKING, Any

import pytest

from rxtrail.bootstrap import open_node
from rxtrail.core.epcis.query.identifiers import NoPattern, wanted
from rxtrail.core.epcis.query.parse import from_object
from rxtrail.core.epcis.query.terms import number_of
from rxtrail.core.epcis.query.units import in_base, is_known
from rxtrail.core.gs1 import epc
from rxtrail.epcis_query import Refiling
from rxtrail.epcis_query.budget import Budget
from rxtrail.epcis_query.walk import Members, of_term
from rxtrail.keyring import KeyOrder
from rxtrail.ledger import batch, filing
from tests.epcis_query.events import all_events, document

if TYPE_CHECKING:
    from pathlib import Path

    from rxtrail.bootstrap import Node

SHIPPED = {"EQ_bizStep": ["shipping"]}


def capture(node: Node, events: list[Any]) -> None:
    node.capture(io.BytesIO(json.dumps(document(events)).encode()), name="events")


def found(node: Node, query: dict[str, Any]) -> list[str]:
    page, token, _ = node.epcis.queries.page(from_object({**query, "perPage": 5_000}))
    assert not token
    return [each.name for each in page.events]


def test_a_record_of_before_is_asked_in_full_and_filed_in_the_background(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = all_events(300)
    with open_node(tmp_path) as node:
        with monkeypatch.context() as before:
            before.setattr(batch, "file_events", lambda *_: None)  # as an earlier version wrote it
            capture(node, held[:200])
        capture(node, held[200:])
        wanted_names = [event["eventID"] for event in held if event.get("bizStep") == "shipping"]
        reader = node._reader()
        start = reader.filed_from()
        assert start is not None
        assert start > 0
        assert found(node, SHIPPED) == wanted_names
        monkeypatch.setattr("rxtrail.epcis_query.refiling.EVENTS_AT_ONCE", 70)
        refiling = Refiling(node._writing()[0])
        while refiling.step():
            assert found(node, SHIPPED) == wanted_names, "right at every step"
        assert reader.filed_from() == 0
        assert found(node, SHIPPED) == wanted_names
        assert len(list(of_term(reader, "s:shipping", 0, descending=False))) == len(wanted_names)
        assert refiling.step() is False


def test_a_record_that_never_held_events_is_filed_from_its_first(tmp_path: Path) -> None:
    with open_node(tmp_path) as node:
        assert Refiling(node._writing()[0]).step() is False
        capture(node, all_events(3))
        assert node._reader().filed_from() == 0


def test_an_event_whose_key_was_destroyed_is_no_part_of_an_answer(tmp_path: Path) -> None:
    held = all_events(20)
    with open_node(tmp_path) as node:
        capture(node, held[:10])
        segment = node._store.sealer.segment
    with open_node(tmp_path) as node:
        capture(node, held[10:])
        node.keyring.change(KeyOrder("shred", reason="Contract ended.", by="A. Kim", segment=segment))
        assert found(node, {}) == [event["eventID"] for event in held[10:]]
        assert found(node, {"EQ_eventID": [held[0]["eventID"]]}) == []
        assert node.epcis.queries.named(held[0]["eventID"]) == []


@pytest.mark.parametrize("most", [2, 7, 1_000])
def test_positions_come_back_in_either_order_from_anywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    monkeypatch.setattr(filing, "ROW_POSITIONS_MAX", most)
    rng = random.Random(7)
    positions: list[int] = []
    with open_node(tmp_path) as node:
        at = 0
        rows: list[tuple[int, int, int, bytes]] = []
        for _ in range(12):
            part = []
            for _ in range(rng.randrange(1, 9)):
                at += rng.choice([1, 1, 2, 300, 70_000])
                part.append(at)
            rows += filing.rows_of(number_of("x:y"), part)
            positions += part
        node._writing()[0].do(lambda tx, _log: tx.add_postings(rows))
        reader = node._reader()
        for start in (0, 1, positions[3], positions[3] + 1, positions[-1], positions[-1] + 5):
            assert list(of_term(reader, "x:y", start, descending=False)) == [p for p in positions if p >= start]
            assert list(of_term(reader, "x:y", start, descending=True)) == [p for p in positions[::-1] if p <= start]
        asked = sorted({*positions[::3], 0, 5, positions[-1] + 1, positions[4] + 1})
        assert Members(reader, ["x:y"], Budget()).among(asked) == set(asked) & set(positions)


# -- identifiers by their meaning ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "fits", "others"),
    [
        ("urn:epc:id:sgtin:0614141.107346.2017",
         ["https://id.gs1.org/01/10614141073464/21/2017", "http://example.org/x/01/10614141073464/21/2017?17=270930",
          "01/10614141073464/21/2017"],
         ["urn:epc:id:sgtin:0614141.107346.2018", "urn:epc:id:sgtin:0614141.107347.2017"]),
        ("urn:epc:idpat:sgtin:0614141.107346.*",
         ["urn:epc:id:sgtin:0614141.107346.1", "https://id.gs1.org/01/10614141073464/21/A%2FB"],
         ["urn:epc:id:sgtin:0614141.107347.1", "urn:epc:class:lgtin:0614141.107346.L1"]),
        ("https://id.gs1.org/01/10614141073464", ["urn:epc:id:sgtin:0614141.107346.1",
                                                  "urn:epc:idpat:sgtin:0614141.107346.*"],
         ["urn:epc:id:sgtin:0614141.107347.1"]),
        ("urn:epc:idpat:sgtin:0614141.*.*", ["urn:epc:id:sgtin:0614141.107346.1", "urn:epc:id:sgtin:0614141.000001.X"],
         ["urn:epc:id:sgtin:0614142.107346.1", "urn:epc:id:sscc:0614141.1234567890"]),
        ("urn:epc:idpat:sgtin:*.*.*", ["urn:epc:id:sgtin:0614142.107346.1"], ["urn:epc:id:sscc:0614141.1234567890"]),
        ("urn:epc:idpat:sscc:0614141.*", ["urn:epc:id:sscc:0614141.1234567890",
                                          "https://id.gs1.org/00/106141412345678908"],
         ["urn:epc:id:sscc:0614142.1234567890"]),
        ("urn:epc:idpat:lgtin:0614141.107346.*", ["urn:epc:class:lgtin:0614141.107346.L1"],
         ["urn:epc:id:sgtin:0614141.107346.L1", "urn:epc:idpat:sgtin:0614141.107346.*"]),
        ("urn:epc:idpat:grai:0614141.12345.*", ["urn:epc:id:grai:0614141.12345.400"],
         ["urn:epc:id:grai:0614141.12346.400"]),
        ("urn:epc:idpat:giai:0614141.*", ["urn:epc:id:giai:0614141.abc"], ["urn:epc:id:giai:0614142.abc"]),
        ("urn:epc:idpat:sgln:0614141.00777.*", ["urn:epc:id:sgln:0614141.00777.0", "urn:epc:id:sgln:0614141.00777.x"],
         ["urn:epc:id:sgln:0614141.00778.0"]),
        ("urn:epc:idpat:gid:952056.2718.*", ["urn:epc:id:gid:952056.2718.1414"], ["urn:epc:id:gid:952056.2719.1414"]),
        ("urn:epc:idpat:gid:*.*.*", ["urn:epc:id:gid:952056.2718.1414"], ["urn:epc:id:usdod:CAGEY.5678"]),
        ("urn:epc:idpat:usdod:*.*", ["urn:epc:id:usdod:CAGEY.5678"], ["urn:epc:id:adi:35962.PQ7VZ4.M37GXB92"]),
        ("urn:epc:idpat:usdod:CAGEY.*", ["urn:epc:id:usdod:CAGEY.5678"], ["urn:epc:id:usdod:CAGEYX.5678"]),
        ("urn:epc:idpat:bic:*", ["urn:epc:id:bic:CSQU3054383"], ["urn:epc:id:imovn:9176187"]),
        ("urn:epc:idpat:bic:CSQU3054383", ["urn:epc:id:bic:CSQU3054383"], ["urn:epc:id:bic:CSQU30543830"]),
        ("urn:epc:idpat:sgtin:0614141.*.*", ["urn:epc:idpat:sgtin:0614141.107346.*",
                                             "https://id.gs1.org/01/10614141073464"],
         ["urn:epc:class:lgtin:0614141.107346.L1", "urn:epc:idpat:sgtin:0614142.107346.*"]),
        ("urn:epc:idpat:lgtin:0614141.*.*", ["urn:epc:class:lgtin:0614141.107346.L1"],
         ["urn:epc:idpat:sgtin:0614141.107346.*"]),
        ("https://example.com/my/id", ["https://example.com/my/id"], ["https://example.com/my/id/2"]),
        ("urn:uuid:1-2", ["urn:uuid:1-2"], ["urn:uuid:1-3"]),
        ("https://id.gs1.org/01/10614141073464/21/*", ["urn:epc:id:sgtin:0614141.107346.1"],
         ["urn:epc:class:lgtin:0614141.107346.1"]),
    ],
)  # fmt: skip
def test_an_identifier_matches_by_what_it_means(asked: str, fits: list[str], others: list[str]) -> None:
    pattern = wanted([asked])
    for text in fits:
        assert pattern.fits(epc.canonical(text)), text
        runs, _ = epc.read_runs([text])
        assert pattern.in_runs(runs), text
    for text in others:
        assert not pattern.fits(epc.canonical(text)), text
        assert not pattern.in_runs(epc.read_runs([text])[0]), text


@pytest.mark.parametrize(
    "text",
    ["", "x", ".*", "^urn:", "urn:epc:idpat:sgtin:*.107346.1", "urn:epc:idpat:sgtin:06*.1.*", "urn:epc:idpat:sgtin:1.2",
     "urn:epc:idpat:none:1.*", "urn:epc:idpat:sgtin:abc.1.*", "urn:x y", "http://x/*", "urn:epc:idpat:sgtin:061.1.*"],
)  # fmt: skip
def test_what_is_neither_identifier_nor_pattern_is_refused(text: str) -> None:
    with pytest.raises(NoPattern):
        wanted([text])


# -- units ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "unit", "other", "other_unit"),
    [
        (0, "CEL", 32, "FAH"), (-40, "CEL", -40, "FAH"), (25, "CEL", 298.15, "KEL"), (37, "CEL", 98.6, "FAH"),
        (1, "KGM", 1000, "GRM"), (1, "LBR", 0.45359237, "KGM"), (250, "MLT", 0.25, "LTR"), (1, "MTQ", 1000, "LTR"),
        (1, "BAR", 100_000, "PAL"), (1013.25, "A97", 1, "ATM"), (1, "HUR", 3600, "SEC"), (50, "P1", 0.5, "C62"),
        (36, "KMH", 10, "MTS"), (1, "KWH", 3_600_000, "JOU"), (1, "INH", 2.54, "CMT"), (5, "C18", 0.005, "C34"),
    ],
)  # fmt: skip
def test_values_in_two_units_are_the_same_exactly(one: float, unit: str, other: float, other_unit: str) -> None:
    assert is_known(unit)
    assert in_base(one, unit) == in_base(other, other_unit)


def test_what_is_measured_otherwise_is_never_the_same() -> None:
    assert in_base(1, "KGM")[0] != in_base(1, "LTR")[0]
    assert in_base(1, "XYZ")[0] != in_base(1, "KGM")[0]
    assert in_base(1, "XYZ") == in_base(1, "XYZ")
