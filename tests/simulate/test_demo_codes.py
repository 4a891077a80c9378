"""The choice of codes against a record made up for each claim; the real node's is tested end to end."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from rxtrail import simulate
from rxtrail.answers import ExportFilters, Partner
from rxtrail.core.gs1.scan import read_scan
from rxtrail.core.rules.answer import (
    Answer,
    Matched,
    PackView,
    Reason,
    RecordView,
    ScanView,
    Severity,
    StateView,
    Verdict,
)
from rxtrail.errors import NotFound

if TYPE_CHECKING:
    from collections.abc import Iterator

TODAY = dt.date(2026, 11, 23)
HERE, THERE, DEPOT = "0862500000009", "1100014470017", "0399202000001"
GTIN = "00300930787010"


def row(serial: str, **more: object) -> dict[str, Any]:
    return {
        "gtin": GTIN,
        "serial": serial,
        "lot": "L1",
        "expiry": "2027-05-31",
        "disposition": "active",
        "custodian": HERE,
        "location": f"414/{HERE}",
        "in_transit_to": "",
        "holds": [],
        "recalled": False,
        **more,
    }


ROWS = [
    row("FINE1"),
    row("CASE1", gtin="50300930787015"),
    row("RECALLED1", recalled=True),
    row("DISPENSED1", disposition="dispensed"),
    row("OLD1", expiry="2026-11-22"),
    row("THEIRS1", custodian=THERE),
    row("DEPOT1", custodian=DEPOT),
]
REASONS = {
    "RECALLED1": "recalled",
    "DISPENSED1": "already-dispensed-here",
    "OLD1": "expired",
    "THEIRS1": "not-shipped-to-you",
    "DEPOT1": "not-shipped-to-you",
}


class Fake:
    """A record that answers what it is told to, and remembers what it was asked."""

    def __init__(self, rows: list[dict[str, Any]], reasons: dict[str, str], chunk: int = 10**6) -> None:
        self.rows = rows
        self.reasons = reasons
        self.chunk = chunk
        self.asked: list[str] = []

    def export(self, what: str, fmt: str, *, filters: ExportFilters) -> Iterator[bytes]:
        assert (what, fmt, filters) == ("packs", "json", ExportFilters())
        whole = b"".join(msgspec.json.encode(one) + b"\n" for one in self.rows)
        for at in range(0, len(whole), self.chunk):
            yield whole[at : at + self.chunk]

    def partners(self) -> list[Partner]:
        return [
            Partner("Here", [HERE], "pharmacy"),
            Partner("There", [THERE], "pharmacy"),
            Partner("Depot", [DEPOT], "wholesaler"),
        ]

    def verify(self, scan: str, *, site: str, purpose: str) -> Verdict:
        assert (site, purpose) == (HERE, "dispense")
        serial = read_scan(scan, this_year=2026).serial
        self.asked.append(serial)
        known = {one["serial"] for one in self.rows}
        code = self.reasons.get(serial, "") if serial in known else "unknown-serial"
        reasons = [Reason(code, Severity.STOP, "", "")] if code else []
        return Verdict(
            Answer.STOP if code else Answer.OK,
            "",
            reasons,
            PackView(),
            StateView(),
            ScanView(scan),
            RecordView(),
            Matched(),
            "",
            0,
        )


def chosen(record: Fake, seed: int = 1) -> dict[str, str]:
    codes = simulate.demo_codes(record, site=HERE, seed=seed, today=TODAY)
    assert {code.site for code in codes} == {HERE}
    return {code.label: read_scan(code.code, this_year=2026).serial for code in codes}


def test_each_label_gets_a_pack_of_its_kind_in_the_promised_order() -> None:
    serials = chosen(Fake(ROWS, REASONS))
    assert list(serials) == ["fine", "recalled", "already-dispensed", "unknown", "off-route", "expired"]
    unknown = serials.pop("unknown")
    assert unknown not in {one["serial"] for one in ROWS}
    assert serials == {
        "fine": "FINE1",
        "recalled": "RECALLED1",
        "already-dispensed": "DISPENSED1",
        "off-route": "THEIRS1",
        "expired": "OLD1",
    }


def test_rows_may_be_cut_anywhere_on_their_way() -> None:
    assert chosen(Fake(ROWS, REASONS, chunk=7)) == chosen(Fake(ROWS, REASONS))


def test_another_seed_chooses_other_packs() -> None:
    many = [*ROWS, *(row(f"FINE{number}") for number in range(2, 500))]
    assert len({chosen(Fake(many, REASONS), seed)["fine"] for seed in range(8)}) > 1
    assert chosen(Fake(many, REASONS), 3) == chosen(Fake(many, REASONS), 3)


def test_a_pack_the_node_judges_otherwise_is_not_offered_as_fine() -> None:
    rows = [*ROWS, row("HELD1")]
    for seed in range(8):
        assert chosen(Fake(rows, {**REASONS, "HELD1": "on-hold"}), seed)["fine"] == "FINE1"


def test_a_label_that_the_record_cannot_serve_is_an_error_that_names_it() -> None:
    with pytest.raises(NotFound, match="recalled"):
        chosen(Fake([one for one in ROWS if not one["recalled"]], REASONS))
    with pytest.raises(NotFound, match="fine"):
        chosen(Fake([], {}))


def test_a_pack_on_its_way_to_a_neighbour_is_off_route_too() -> None:
    rows = [one for one in ROWS if one["serial"] != "THEIRS1"]
    rows.append(row("MOVING1", custodian=DEPOT, in_transit_to=f"414/{THERE}"))
    assert chosen(Fake(rows, {**REASONS, "MOVING1": "not-shipped-to-you"}))["off-route"] == "MOVING1"
