"""The partner table: whole or not at all, told line by line, and the same whenever it comes."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

import pytest

from rxtrail.answers import Partner, PartnersReport
from rxtrail.errors import BadRequest
from rxtrail.partners import TABLE_BYTES_MAX
from tests import story
from tests.story import (
    GTIN,
    MAKER,
    OTHER_PHARMACY,
    PHARMACY,
    PHARMACY_ANNEX,
    SECOND_WHOLESALER,
    WHOLESALER,
    Scene,
    codes,
    delivery,
    made,
    pack,
    packs,
    reasons,
    shipped,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HEADER = "name,gln,role,relation,status,valid_until"
MAIN, ANNEX = PHARMACY.gln, PHARMACY_ANNEX.gln
TABLE = f"""{HEADER}
Acme Pharma,{MAKER.gln},maker,supplier,active,2027-12-31
"Central Drug, Inc.",{WHOLESALER.gln},wholesaler,both,suspended,
Main Street,{MAIN}|{ANNEX},pharmacy,customer,,
"""
PARTNERS = [
    Partner("Acme Pharma", [MAKER.gln], "maker", "supplier", "active", "2027-12-31"),
    Partner("Central Drug, Inc.", [WHOLESALER.gln], "wholesaler", "both", "suspended", ""),
    Partner("Main Street", [MAIN, ANNEX], "pharmacy", "customer", "active", ""),
]
WRONG_DIGIT = MAIN[:-1] + str((int(MAIN[-1]) + 1) % 10)


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Scene]:
    """A node that nobody told anything."""
    with story.scene(tmp_path / "data") as scene:
        yield scene


def load(scene: Scene, *rows: str, header: str = HEADER) -> PartnersReport:
    return scene.node.load_partners("\n".join([header, *rows]).encode())


def listed(scene: Scene) -> dict[str, Partner]:
    return {partner.name: partner for partner in scene.node.partners()}


# -- what is read --------------------------------------------------------------------------------------------------


def by_name(partners: list[Partner]) -> list[Partner]:
    return sorted(partners, key=lambda partner: partner.name)


@pytest.mark.parametrize(
    "table",
    [
        TABLE.encode(),
        b"\xef\xbb\xbf" + TABLE.encode(),
        TABLE.replace("\n", "\r\n").encode(),
        TABLE.replace(HEADER, " Name ,GLN, Role,RELATION,status,Valid_Until").encode(),
        (TABLE + "\n,,,,,\n\n").encode(),
        TABLE.replace("maker", "Maker").replace("supplier", "SUPPLIER").replace("suspended", "Suspended").encode(),
        TABLE.replace(f"{MAIN}|{ANNEX}", f" {MAIN} | {ANNEX} |").encode(),
        TABLE.replace(f"{MAIN}|{ANNEX}", MAIN).encode() + f"Main Street,{ANNEX},pharmacy,customer,,\n".encode(),
    ],
    ids=["plain", "BOM", "CRLF", "header in any case", "empty rows", "words in any case", "blanks", "two rows"],
)
def test_a_table_is_read_however_a_spreadsheet_writes_it(table: bytes, node: Scene) -> None:
    report = node.node.load_partners(table)
    assert report == PartnersReport(partners=3, added=3, changed=0, removed=0)
    assert by_name(node.node.partners()) == PARTNERS


def test_only_name_gln_and_role_are_needed(node: Scene) -> None:
    load(node, f"pharmacy,{MAIN},Main Street,kept for us", header="role,gln,name,remark")
    assert node.node.partners() == [Partner("Main Street", [MAIN], "pharmacy", "", "active", "")]


def test_what_was_exported_is_read_again_as_it_was(node: Scene) -> None:
    odd = 'A "quoted", name\nof two lines, Ünïcode'
    rows = io.StringIO(newline="")
    csv.writer(rows).writerows([HEADER.split(","), [odd, f"{MAIN}|{ANNEX}", "pharmacy", "self", "ended", "2026-02-28"]])
    node.node.load_partners(rows.getvalue().encode())
    before = node.node.partners()
    assert before == [Partner(odd, [MAIN, ANNEX], "pharmacy", "self", "ended", "2026-02-28")]
    exported = node.node.export_partners()
    assert node.node.load_partners(exported) == PartnersReport(partners=1, added=0, changed=0, removed=0)
    assert node.node.partners() == before
    assert node.node.export_partners() == exported


def test_an_empty_table_exports_as_its_header_and_reads_as_nobody(node: Scene) -> None:
    assert node.node.export_partners().decode().strip() == HEADER
    assert node.node.load_partners(node.node.export_partners()).partners == 0


# -- what is refused -----------------------------------------------------------------------------------------------

GOOD = f"Acme Pharma,{MAKER.gln},maker,,,"
WRONG_ROWS = {
    "no name": (f",{MAIN},pharmacy,,,", "name"),
    "no GLN": ("Main Street,,pharmacy,,,", "gln"),
    "a GLN too short": ("Main Street,123,pharmacy,,,", "gln"),
    "a wrong check digit": (f"Main Street,{WRONG_DIGIT},pharmacy,,,", "gln"),
    "the second GLN is wrong": (f"Main Street,{MAIN}|{WRONG_DIGIT},pharmacy,,,", "gln"),
    "other digits": (f"Main Street,{MAIN[:-1]}²,pharmacy,,,", "gln"),
    "no role": (f"Main Street,{MAIN},,,,", "role"),
    "an unknown role": (f"Main Street,{MAIN},chemist,,,", "role"),
    "an unknown relation": (f"Main Street,{MAIN},pharmacy,friend,,", "relation"),
    "an unknown status": (f"Main Street,{MAIN},pharmacy,,maybe,", "status"),
    "no date": (f"Main Street,{MAIN},pharmacy,,,31.12.2027", "valid_until"),
    "a day that is none": (f"Main Street,{MAIN},pharmacy,,,2027-02-30", "valid_until"),
    "a date without dashes": (f"Main Street,{MAIN},pharmacy,,,20261201", "valid_until"),
    "a week": (f"Main Street,{MAIN},pharmacy,,,2027-W01-1", "valid_until"),
    "an unquoted comma": (f"Main Street, Inc.,{MAIN},pharmacy,,,", "gln"),
    "somebody else's GLN": (f"Main Street,{MAKER.gln},pharmacy,,,", "GLN"),
    "another role for the same name": (f"Acme Pharma,{MAIN},pharmacy,,,", "role"),
    "another status for the same name": (f"Acme Pharma,{MAIN},maker,,ended,", "status"),
    "another date for the same name": (f"Acme Pharma,{MAIN},maker,,,2026-01-01", "valid_until"),
}


@pytest.mark.parametrize("name", WRONG_ROWS)
def test_a_wrong_row_is_told_with_line_and_column_and_nothing_is_loaded(name: str, node: Scene) -> None:
    load(node, f"Before,{WHOLESALER.gln},wholesaler,,,")
    before = (node.node.partners(), node.node.status().log_size)
    row, column = WRONG_ROWS[name]
    with pytest.raises(BadRequest) as refused:
        load(node, GOOD, row, f"Central,{WHOLESALER.gln},wholesaler,,,")
    assert refused.value.place == "line 3"
    assert refused.value.message.startswith("line 3: ")
    assert column in refused.value.message
    assert (node.node.partners(), node.node.status().log_size) == before


@pytest.mark.parametrize(
    ("table", "place"),
    [
        (b"", "line 1"),
        (b"\n", "line 1"),
        (b"name;gln;role\nA;1;maker\n", "line 1"),
        (f"name,role\nA,{MAIN}\n".encode(), "line 1"),
        ((HEADER + f"\nM\u00fcller,{MAIN},maker,,,\n").encode("latin-1"), "file"),
        (TABLE.encode("utf-16"), "file"),
        (b"x" * (TABLE_BYTES_MAX + 1), "file"),
        ((HEADER + "\n" + "x" * 200_000 + ",1,maker,,,\n").encode(), "line 2"),
    ],
    ids=["empty", "one empty line", "semicolons", "a column missing", "latin-1", "utf-16", "too large", "a huge cell"],
)
def test_bytes_that_are_no_table_are_refused_by_place(table: bytes, place: str, node: Scene) -> None:
    with pytest.raises(BadRequest) as refused:
        node.node.load_partners(table)
    assert refused.value.place == place
    assert node.node.partners() == []


def test_every_wrong_row_is_told_up_to_ten(node: Scene) -> None:
    with pytest.raises(BadRequest) as refused:
        load(node, *(f"P{number},{number},pharmacy,,," for number in range(14)))
    assert [f"line {line}:" in refused.value.message for line in (2, 11, 12)] == [True, True, False]
    assert "4 more" in refused.value.message


# -- what a new table changes --------------------------------------------------------------------------------------


def test_a_reload_replaces_the_table_and_tells_the_difference(node: Scene) -> None:
    node.node.load_partners(TABLE.encode())
    again = node.node.load_partners(TABLE.encode())
    assert again == PartnersReport(partners=3, added=0, changed=0, removed=0)
    report = load(
        node,
        f"Acme Pharma,{MAKER.gln},maker,supplier,active,2028-12-31",
        f"Main Street,{MAIN}|{ANNEX},pharmacy,customer,,",
        f"Hill Pharmacy,{OTHER_PHARMACY.gln},pharmacy,,,",
        f"Delta Supply,{SECOND_WHOLESALER.gln},wholesaler,,,",
    )
    assert report == PartnersReport(partners=4, added=2, changed=1, removed=1)
    assert listed(node).keys() == {"Acme Pharma", "Main Street", "Hill Pharmacy", "Delta Supply"}
    assert listed(node)["Acme Pharma"].valid_until == "2028-12-31"
    assert load(node) == PartnersReport(partners=0, added=0, changed=0, removed=4)
    assert node.node.partners() == []


def test_the_table_is_there_after_the_node_was_closed(tmp_path: Path) -> None:
    with story.scene(tmp_path) as scene:
        scene.node.load_partners(TABLE.encode())
    with story.scene(tmp_path) as scene:
        assert by_name(scene.node.partners()) == PARTNERS


def test_an_unlisted_sender_is_one_finding_of_its_document(node: Scene) -> None:
    listed_sender = load(node, f"Central Drug,{WHOLESALER.gln},wholesaler,,,")
    assert listed_sender.partners == 1
    by_stranger = node.capture(made(*packs(50)), shipped(*packs(50), minute=2), sender=SECOND_WHOLESALER)
    assert [finding.code for finding in by_stranger.findings].count("UNLISTED_SENDER") == 1
    by_known = node.capture(made(*packs(50, start="K")), sender=WHOLESALER)
    assert "UNLISTED_SENDER" not in [finding.code for finding in by_known.findings]
    assert codes(by_known) == []


def test_an_authorisation_ends_with_its_last_day(tmp_path: Path) -> None:
    with story.scene(tmp_path, "pharmacy", PHARMACY) as scene:
        load(scene, f"Acme Pharma,{MAKER.gln},maker,supplier,active,2026-11-23")
        epc = pack("S0")
        scene.capture(*delivery(epc))
        assert reasons(scene.verify(epc, site=PHARMACY)) == {}
        scene.time.pass_by(hours=23)
        assert reasons(scene.verify(epc, site=PHARMACY)) == {"not-authorised-partner": "check"}
        load(scene, f"Acme Pharma,{MAKER.gln},maker,supplier,active,2026-11-24")
        assert reasons(scene.verify(epc, site=PHARMACY)) == {}


@pytest.mark.parametrize("status", ["suspended", "ended"])
def test_a_partner_that_is_not_active_is_told_at_the_counter(status: str, tmp_path: Path) -> None:
    with story.scene(tmp_path, "pharmacy", PHARMACY) as scene:
        epc = pack("S0")
        scene.capture(*delivery(epc))
        load(scene, f"Acme Pharma,{MAKER.gln},maker,supplier,{status},")
        verdict = scene.verify(epc, site=PHARMACY)
        assert (verdict.verdict.value, reasons(verdict)) == ("check", {"not-authorised-partner": "check"})


# -- the order of table and documents ------------------------------------------------------------------------------


def world(scene: Scene) -> None:
    """Documents of every kind of sender about the same eight packs."""
    epcs = packs(8)
    scene.capture(*delivery(*epcs, buyer=WHOLESALER))
    scene.capture(
        story.received(story.sscc(1), at=WHOLESALER, minute=15),
        shipped(story.sscc(1), seller=WHOLESALER, buyer=PHARMACY, minute=20),
        made(epcs[0], lot="OTHER", minute=3),
        story.recalled(epcs[1]),
        sender=WHOLESALER,
    )
    scene.capture(story.dispensed(epcs[2]), sender=PHARMACY)
    scene.capture(story.dispensed(epcs[3], at=OTHER_PHARMACY), sender=OTHER_PHARMACY)
    scene.capture(story.received(epcs[4], at=PHARMACY_ANNEX, minute=25), sender=PHARMACY_ANNEX)
    scene.capture(
        made(epcs[5], lot="FAKE", at=SECOND_WHOLESALER),
        story.stolen(epcs[6], at=SECOND_WHOLESALER),
        story.recalled_lot("FAKE", at=SECOND_WHOLESALER),
        sender=SECOND_WHOLESALER,
    )


COMPLETE = (
    f"Acme Pharma,{MAKER.gln},maker,supplier,,",
    f"Central Drug,{WHOLESALER.gln},wholesaler,supplier,,",
    f"Main Street,{MAIN}|{ANNEX},pharmacy,,,",
    f"Hill Pharmacy,{OTHER_PHARMACY.gln},pharmacy,,,",
)
OTHERS = (
    (f"Delta Supply,{SECOND_WHOLESALER.gln},wholesaler,,,",),
    (f"Acme Pharma,{MAKER.gln},maker,,ended,", f"Central Drug,{WHOLESALER.gln},wholesaler,,suspended,"),
    (),
)


def answers(scene: Scene) -> list[tuple[str, dict[str, str]]]:
    found = []
    for epc in [*packs(9), pack("X", GTIN)]:
        for site in (None, PHARMACY, PHARMACY_ANNEX, OTHER_PHARMACY, WHOLESALER):
            # Not to dispense: a code scanned for that at one place after the other is told as seen elsewhere.
            verdict = scene.verify(epc, site=site, purpose="receive")
            found.append((verdict.verdict.value, reasons(verdict)))
    return found


@pytest.mark.parametrize("role", ["hub", "pharmacy"])
@pytest.mark.parametrize("table", [COMPLETE, *OTHERS], ids=["complete", "an outsider only", "nobody active", "nobody"])
def test_a_table_loaded_after_the_documents_ends_in_the_same_verdicts(
    table: tuple[str, ...], role: str, tmp_path: Path
) -> None:
    own = (PHARMACY,) if role == "pharmacy" else ()
    with story.scene(tmp_path / "before", role, *own) as before:
        load(before, *table)
        world(before)
        expected = (answers(before), before.packs())
    with story.scene(tmp_path / "after", role, *own) as after:
        world(after)
        load(after, *table)
        assert (answers(after), after.packs()) == expected
    with story.scene(tmp_path / "changed", role, *own) as changed:
        load(changed, *OTHERS[0])
        world(changed)
        load(changed, *OTHERS[1])
        load(changed, *table)
        assert (answers(changed), changed.packs()) == expected
    assert len({verdict for verdict, _ in expected[0]}) > 1


def test_a_role_told_after_the_documents_ends_in_the_same_verdicts(tmp_path: Path) -> None:
    with story.scene(tmp_path / "before", "pharmacy", PHARMACY) as before:
        load(before, *COMPLETE)
        world(before)
        expected = (answers(before), before.packs())
    with story.scene(tmp_path / "after") as after:
        load(after, *COMPLETE)
        world(after)
        after.node.init("pharmacy", [PHARMACY.gln])
        assert (answers(after), after.packs()) == expected
