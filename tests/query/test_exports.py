"""Exports say the same in every form, keep to their filters, and hand no spreadsheet a command to run."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Any

import pytest

from rxtrail.core.validation import validate
from rxtrail.errors import BadRequest
from tests import story
from tests.story import (
    CASE_GTIN,
    GTIN,
    LOT,
    MAKER,
    OTHER_PHARMACY,
    PHARMACY,
    WHOLESALER,
    Scene,
    Told,
    delivery,
    gtin,
    made,
    made_unit,
    pack,
    packs,
    shipped,
    sscc,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TWO = gtin("55555")
UNIT, OTHER_UNIT, PALLET = sscc(1), sscc(2), sscc(3)
FIRST, SECOND = packs(4), packs(3, TWO, start="T")
LOOSE = pack("LOOSE")
CASE = pack("C1", CASE_GTIN)
IN_CASE = packs(2, start="K")
ALL = sorted([*FIRST, *SECOND, LOOSE, CASE, *IN_CASE])
PACK_COLUMNS = [
    "gtin", "serial", "lot", "expiry", "disposition", "custodian", "owner", "location", "in_transit_to", "container",
    "holds", "recalled", "basis",
]  # fmt: skip


def fill(hub: Scene) -> Scene:
    """Two products, a pallet, a serialised case, and one pack for each thing that can be said of one."""
    hub.partners((WHOLESALER, "wholesaler"), (PHARMACY, "pharmacy"), (OTHER_PHARMACY, "pharmacy"))
    hub.capture(*delivery(*FIRST, unit=UNIT), receiver=PHARMACY)
    hub.capture(
        made(*SECOND, lot="B2", expiry="2029-01-31"),
        made_unit(OTHER_UNIT),
        made_unit(PALLET),
        story.packed(OTHER_UNIT, *SECOND),
        made(CASE, *IN_CASE),
        story.packed(CASE, *IN_CASE),
        story.packed(PALLET, OTHER_UNIT, CASE, minute=6),
        shipped(PALLET, buyer=WHOLESALER),
        made(LOOSE),
        story.recalled(FIRST[1]),
        story.destroyed(FIRST[2]),
        story.held(FIRST[3]),
    )
    hub.capture(story.received(PALLET, at=WHOLESALER), sender=WHOLESALER)
    hub.capture(story.dispensed(FIRST[0]), sender=PHARMACY)
    return hub


@pytest.fixture(scope="module")
def stock(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """A filled hub that the tests only read."""
    with story.scene(tmp_path_factory.mktemp("stock")) as hub:
        yield fill(hub)


def packs_of(scene: Scene, fmt: str = "json", **filters: str) -> list[dict[str, Any]]:
    text = scene.export("packs", fmt, **filters).decode()
    if fmt == "json":
        return [json.loads(line) for line in text.splitlines()]
    rows: list[dict[str, Any]] = [dict(row) for row in csv.DictReader(io.StringIO(text, newline=""))]
    for row in rows:
        row["holds"] = row["holds"].split("|") if row["holds"] else []
        row["recalled"] = {"true": True, "false": False}[row["recalled"]]
    return rows


def named(rows: list[dict[str, Any]]) -> list[str]:
    return sorted(f"01/{row['gtin']}/21/{row['serial']}" for row in rows)


def events_of(scene: Scene, fmt: str = "json", **filters: str) -> list[dict[str, Any]]:
    text = scene.export("events", fmt, **filters).decode()
    if fmt == "json":
        return [json.loads(line) for line in text.splitlines()]
    if fmt == "epcis":
        found: list[dict[str, Any]] = json.loads(text)["epcisBody"]["eventList"]
        return found
    return [dict(row) for row in csv.DictReader(io.StringIO(text, newline=""))]


# -- packs ---------------------------------------------------------------------------------------------------------


def test_csv_and_json_say_the_same_of_every_pack(stock: Scene) -> None:
    rows = packs_of(stock)
    assert packs_of(stock, "csv") == rows
    assert named(rows) == ALL
    assert {tuple(row) for row in rows} == {tuple(PACK_COLUMNS)}


def test_a_pack_is_exported_as_it_is_now(stock: Scene) -> None:
    assert stock.pack(FIRST[0]) == {
        "gtin": GTIN, "serial": "S0", "lot": LOT, "expiry": "2028-09-30", "disposition": "dispensed",
        "custodian": PHARMACY.gln, "owner": PHARMACY.gln, "location": PHARMACY.sgln, "in_transit_to": "",
        "container": "", "holds": [], "recalled": False, "basis": "issuer",
    }  # fmt: skip
    states = {epc: (row["disposition"], row["recalled"], row["holds"]) for epc in FIRST if (row := stock.pack(epc))}
    assert states == {
        FIRST[0]: ("dispensed", False, []),
        FIRST[1]: ("active", True, []),
        FIRST[2]: ("destroyed", False, []),
        FIRST[3]: ("active", False, ["non_sellable_other"]),
    }
    assert stock.pack(FIRST[1])["in_transit_to"] == PHARMACY.gln
    assert (stock.pack(SECOND[0])["custodian"], stock.pack(SECOND[0])["container"]) == (WHOLESALER.gln, OTHER_UNIT)
    assert (stock.pack(IN_CASE[0])["custodian"], stock.pack(IN_CASE[0])["container"]) == (WHOLESALER.gln, CASE)
    assert (stock.pack(CASE)["container"], stock.pack(CASE)["lot"]) == (PALLET, LOT)


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"gtin": GTIN}, [*FIRST, LOOSE, *IN_CASE]),
        ({"gtin": GTIN.lstrip("0")}, [*FIRST, LOOSE, *IN_CASE]),
        ({"gtin": CASE_GTIN}, [CASE]),
        ({"gtin": gtin("99999")}, []),
        ({"lot": "B2"}, SECOND),
        ({"lot": "b2"}, []),
        ({"lot": LOT, "gtin": TWO}, []),
        ({"serial": "S1"}, [FIRST[1]]),
        ({"serial": "S1", "gtin": GTIN}, [FIRST[1]]),
        ({"serial": "S1", "gtin": TWO}, []),
        ({"serial": "C1"}, [CASE]),
        ({"serial": "C1", "gtin": CASE_GTIN}, [CASE]),
        ({"serial": "NOBODYS"}, []),
        ({"sscc": UNIT[3:]}, [FIRST[1], FIRST[3]]),
        ({"sscc": UNIT, "serial": "S3"}, [FIRST[3]]),
        ({"sscc": OTHER_UNIT[3:], "lot": "B2"}, SECOND),
        ({"sscc": PALLET[3:], "gtin": TWO}, SECOND),
        ({"sscc": sscc(77)[3:]}, []),
        ({"partner": WHOLESALER.gln}, [*SECOND, CASE, *IN_CASE]),
        ({"partner": PHARMACY.gln}, FIRST),
        ({"partner": OTHER_PHARMACY.gln}, []),
        ({"partner": WHOLESALER.gln, "gtin": GTIN, "serial": "K1"}, [IN_CASE[1]]),
    ],
    ids=str,
)
@pytest.mark.parametrize("fmt", ["json", "csv"])
def test_a_filter_gives_what_fits_it_and_nothing_else(
    filters: dict[str, str], expected: list[str], fmt: str, stock: Scene
) -> None:
    assert named(packs_of(stock, fmt, **filters)) == sorted(expected)


def test_the_packs_inside_a_pallet_are_exported_with_the_cases_that_hold_them(stock: Scene) -> None:
    assert set(named(packs_of(stock, sscc=PALLET[3:]))) >= {*SECOND, *IN_CASE}


def test_what_was_packed_again_by_somebody_else_is_inside_again(hub: Scene) -> None:
    hub.capture(*delivery(*FIRST, unit=UNIT, buyer=WHOLESALER), receiver=WHOLESALER)
    hub.capture(
        story.received(UNIT, at=WHOLESALER),
        story.unpacked(UNIT, at=WHOLESALER),
        story.packed(UNIT, FIRST[0], at=WHOLESALER, minute=55),
        sender=WHOLESALER,
    )
    assert named(packs_of(hub, sscc=UNIT[3:])) == [FIRST[0]]


@pytest.mark.parametrize(
    ("what", "fmt", "filters", "place"),
    [
        ("packs", "xml", {}, "format"),
        ("trucks", "json", {}, "format"),
        ("packs", "json", {"gtin": "abc"}, "gtin"),
        ("packs", "json", {"gtin": "1" * 15}, "gtin"),
        ("packs", "json", {"gtin": "²"}, "gtin"),
        ("packs", "json", {"po": "PO-1"}, "filters"),
        ("packs", "json", {"since": "2026-01-01"}, "filters"),
        ("packs", "csv", {"sscc": "hello"}, "code"),
        ("events", "json", {"since": "yesterday"}, "since"),
        ("events", "epcis", {"until": "31.12.2026"}, "until"),
        ("events", "csv", {"sscc": "hello"}, "code"),
    ],
)
def test_what_cannot_be_exported_is_refused_by_name(
    what: str, fmt: str, filters: dict[str, str], place: str, stock: Scene
) -> None:
    with pytest.raises(BadRequest) as refused:
        stock.export(what, fmt, **filters)
    assert refused.value.place == place


def test_many_packs_come_in_several_pieces_once_each(hub: Scene) -> None:
    many = packs(4_100)
    hub.capture(*delivery(*many))
    pieces = list(hub.node.export("packs", "json"))
    assert len(pieces) > 1
    assert named(packs_of(hub)) == sorted(many)
    assert packs_of(hub, "csv") == packs_of(hub)
    assert len(packs_of(hub, sscc=UNIT[3:])) == len(many)


# -- events --------------------------------------------------------------------------------------------------------


def test_json_csv_and_epcis_hold_the_same_events(stock: Scene) -> None:
    as_json, as_csv = events_of(stock), events_of(stock, "csv")
    assert len(as_json) == stock.node.status().events
    assert events_of(stock, "epcis") == as_json
    for row, event in zip(as_csv, as_json, strict=True):
        assert (row["event_id"], row["type"], row["biz_step"]) == (event["eventID"], event["type"], event["bizStep"])
        assert row["record_time"] == event["recordTime"]
        mentioned = [*event.get("epcList", ()), *event.get("childEPCs", ())]
        assert row["epcs"].split() == mentioned
    assert [int(row["log_index"]) for row in as_csv] == sorted({int(row["log_index"]) for row in as_csv})


@pytest.mark.parametrize(
    ("filters", "steps"),
    [
        ({"sscc": PALLET[3:]}, ["commissioning", "packing", "shipping", "receiving"]),
        ({"serial": "S2"}, ["commissioning", "packing", "destroying"]),
        ({"gtin": TWO}, ["commissioning", "packing"]),
        ({"gtin": TWO, "serial": "S2"}, []),
        ({"lot": "B2"}, ["commissioning"]),
        ({"partner": PHARMACY.gln}, ["dispensing"]),
        ({"partner": WHOLESALER.gln}, ["receiving"]),
        ({"since": "2026-11-02T09:00:00Z"}, ["holding", "destroying", "holding", "dispensing"]),
        ({"since": "2026-11-02T09:00:00Z", "partner": PHARMACY.gln}, ["dispensing"]),
        ({"since": "2026-11-03"}, []),
        ({"since": "2026-11-02T08:20:00Z", "until": "2026-11-02T08:20:01Z"}, ["receiving"]),
        ({"since": "2026-11-02T10:20:00+02:00", "until": "2026-11-02T10:21:00+02:00"}, ["receiving"]),
        ({"serial": "C1", "gtin": CASE_GTIN}, ["commissioning", "packing", "packing"]),
    ],
    ids=str,
)
def test_events_keep_to_their_filters(filters: dict[str, str], steps: list[str], stock: Scene) -> None:
    assert [event["bizStep"] for event in events_of(stock, **filters)] == steps
    assert len(events_of(stock, "csv", **filters)) == len(steps)
    assert len(events_of(stock, "epcis", **filters)) == len(steps)


EPCIS = ["epcis", "epcis-xml-1.2", "epcis-xml-2.0"]


@pytest.mark.parametrize("fmt", EPCIS)
def test_an_exported_document_is_valid_by_the_schemas(fmt: str, stock: Scene) -> None:
    text = stock.export("events", fmt)
    report = validate(lambda: io.BytesIO(text), now_us=1_900_000_000_000_000)
    assert [each for each in report.findings if each.code.startswith("SCHEMA_")] == []
    assert (report.valid, report.events) == (True, stock.node.status().events)


@pytest.mark.parametrize("fmt", EPCIS)
def test_an_exported_document_makes_the_same_packs_on_a_fresh_node(fmt: str, stock: Scene, tmp_path: Path) -> None:
    # A document has one sender: whose word each event was is not in it, so the basis alone may differ.
    def facts(scene: Scene) -> list[dict[str, Any]]:
        return [{name: row[name] for name in row if name != "basis"} for row in packs_of(scene)]

    exported = stock.export("events", fmt)
    with story.scene(tmp_path / "fresh") as fresh:
        receipt = fresh.give(exported)
        assert (receipt.state, receipt.events) == ("success", stock.node.status().events)
        assert facts(fresh) == facts(stock)
        again = fresh.give(fresh.export("events", fmt))
        assert again.new_events == 0
        assert facts(fresh) == facts(stock)


@pytest.mark.parametrize("fmt", EPCIS)
def test_our_own_changes_survive_export_and_capture(fmt: str, hub: Scene, tmp_path: Path) -> None:
    fill(hub)
    for epc, verb in ((SECOND[0], "dispense"), (SECOND[1], "decommission"), (SECOND[2], "hold")):
        hub.time.pass_by(seconds=1)
        hub.change(verb, epc, site=WHOLESALER, lot="B2", expiry="2029-01-31", reason="why")
    with story.scene(tmp_path / "fresh") as fresh:
        fresh.give(hub.export("events", fmt))
        for epc in SECOND:
            there, here = fresh.pack(epc), hub.pack(epc)
            assert (there["disposition"], there["holds"]) == (here["disposition"], here["holds"])
        assert [fresh.pack(epc)["disposition"] for epc in SECOND] == ["dispensed", "decommissioned", "active"]


# -- what strangers write ------------------------------------------------------------------------------------------

FORMULAS = ["=1+1", "+1+1", "-1+1", "=cmd|'/C calc'!A0", "@SUM(1)", "\t=1", "\r=1"]


def cells(table: bytes) -> Iterator[str]:
    for row in csv.reader(io.StringIO(table.decode(), newline="")):
        yield from row


def test_no_cell_of_an_export_is_a_formula(hub: Scene) -> None:
    serials = ["=1+1", "+1-1", "-2+3", "=HYPERLINK(1)"]
    hub.capture(made(*(pack(serial) for serial in serials), lot="=9*9"))
    hub.capture(
        *(
            Told(90 + minute, formula, formula, epcs=(pack("=1+1"),), at=MAKER, event_id=formula)
            for minute, formula in enumerate(FORMULAS)
        )
    )
    for what in ("packs", "events"):
        table = hub.export(what, "csv")
        found = list(cells(table))
        assert any("=" in cell for cell in found)
        assert [cell for cell in found if cell[:1] in ("=", "+", "-", "@", "\t", "\r")] == []
    # Only the form for spreadsheets is touched.
    assert {row["serial"] for row in packs_of(hub)} == set(serials)
    assert {row["lot"] for row in packs_of(hub)} == {"=9*9"}


def test_what_a_sheet_would_split_stays_in_its_cell(hub: Scene) -> None:
    serial = 'A,B"C;D'
    hub.capture(made(pack(serial), lot="L,1"))
    (row,) = packs_of(hub, "csv")
    assert (row["serial"], row["lot"]) == (serial, "L,1")
    assert row == packs_of(hub)[0]


# -- nothing -------------------------------------------------------------------------------------------------------


def test_an_empty_node_exports_empty_forms(tmp_path: Path) -> None:
    with story.scene(tmp_path / "empty") as empty:
        assert empty.export("packs", "json") == b""
        assert empty.export("events", "json") == b""
        assert list(cells(empty.export("packs", "csv"))) == PACK_COLUMNS
        assert next(cells(empty.export("events", "csv"))) == "log_index"
        assert events_of(empty, "csv") == []
        document = empty.export("events", "epcis")
        assert json.loads(document)["epcisBody"] == {"eventList": []}
        receipt = empty.give(document)
        assert (receipt.state, receipt.events, receipt.packages) == ("success", 0, 0)


def test_an_export_shows_one_moment_also_while_a_document_comes_in(hub: Scene) -> None:
    hub.capture(*delivery(*packs(4_100)))
    rows = hub.node.export("packs", "json")
    first = next(rows)
    hub.capture(story.destroyed(*packs(4_100)), made(*packs(9, TWO)))
    whole = (first + b"".join(rows)).splitlines()
    assert len(whole) == 4_100
    assert {json.loads(row)["disposition"] for row in whole} == {"active"}
    assert {row["disposition"] for row in packs_of(hub, gtin=GTIN)} == {"destroyed"}
