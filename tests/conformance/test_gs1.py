"""Identifiers, element strings, Digital Links and data checks against published vectors.

Vectors of GS1's syntax engine and syntax tests (Apache-2.0) and of the event hash reference (MIT). Every one
is run, or stands with number and reason in ``NOT_COVERED``; none is skipped in silence.
"""

from __future__ import annotations

import collections
import json
from typing import TYPE_CHECKING, Any

import pytest

from rxtrail.core.gs1 import associations, charsets, content, digital_link, element_string, epc
from rxtrail.core.gs1.data.syntax import ROWS
from rxtrail.core.gs1.scan import SCANNER_FAULT, WRONG_BARCODE, read_scan
from rxtrail.errors import BadIdentifier
from scripts import gs1_tables
from tests.conformance.shared import count

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.conformance

PREFIX_SERVICE = "the engine's own test stands in for a company prefix service; there is none here"
UNKNOWN_ATTRIBUTE = "an option of the engine: AIs that GS1 has not assigned as attributes of a link"
PLAIN_DATA = "plain text in a symbol without GS1 data: not an identifier, so nothing to read"
# What is not run: the file, how many vectors it holds, how many of them are left out for which reason.
NOT_COVERED = {
    "gs1/linter_vectors.jsonl": (3812, PREFIX_SERVICE, 12),
    "gs1/parseDLuri.jsonl": (77, UNKNOWN_ATTRIBUTE, 1),
    "gs1/GenerateDLuri.jsonl": (15, UNKNOWN_ATTRIBUTE, 1),
    "gs1/ProcessScanData.jsonl": (32, PLAIN_DATA, 8),
    "gs1/GenerateScanData.jsonl": (20, PLAIN_DATA, 6),
}
GS1_SYMBOLS = ("]C1", "]d2", "]e0", "]Q3", "]J1")

vector = dict[str, Any]


class Vectors:
    """The vectors of one file: run ones are counted, others need a reason, and both are told at the end."""

    def __init__(self, shared: Path, name: str) -> None:
        self.name = name
        lines = (shared / "conformance" / "epcis" / name).read_text(encoding="utf-8").splitlines()
        self.all: list[vector] = [json.loads(line) for line in lines]
        self.left_out: collections.Counter[str] = collections.Counter()
        self.wrong: list[tuple[vector, object]] = []

    def leave_out(self, reason: str) -> None:
        self.left_out[reason] += 1

    def check(self, case: vector, got: object, expected: object) -> None:
        count()
        if got != expected:
            self.wrong.append((case, got))

    def close(self) -> None:
        assert self.wrong == []
        total, reason, cases = NOT_COVERED.get(self.name, (0, "", 0))
        assert self.left_out.keys() <= {reason}
        # Another edition of the data may hold more or fewer of them.
        assert self.left_out[reason] == cases or len(self.all) != total


def elements_of(text: str, *, unknown_ais: bool = False) -> list[tuple[str, str]] | None:
    """Give the elements of a text that is right in form and content; None when it is not."""
    try:
        if text.startswith("^"):
            elements = element_string.parse_raw(text.replace("^", "\x1d"))
        else:
            elements = element_string.parse_bracketed(text, unknown_ais=unknown_ais)
    except BadIdentifier:
        return None
    return None if any(content.fault_of(ai, value) for ai, value in elements) else elements


def caret(elements: list[tuple[str, str]]) -> str:
    return "^" + element_string.format_raw(elements).replace("\x1d", "^")


def option(case: vector, name: str) -> bool:
    """Tell whether an option of the engine is on at this vector; the last word on it counts."""
    said = [line for line in case["context"] if name in line]
    return bool(said) and ("true" in said[-1])


def test_urns_and_links_have_their_canonical_link(shared: Path) -> None:
    vectors = Vectors(shared, "identifiers/urn_dl_normalise.jsonl")
    for case in vectors.all:
        identifier, _ = epc.examine(str(case["input"]))
        got = epc.to_digital_link(identifier.canonical) if identifier.key else None
        vectors.check(case, got, case["expected"])
    vectors.close()


def test_the_checks_on_data_say_what_the_syntax_tests_say(shared: Path) -> None:
    vectors = Vectors(shared, "gs1/linter_vectors.jsonl")
    for case in vectors.all:
        by_service = case["error"] == "GCP_DATASOURCE_OFFLINE" or (
            case["error"] == "INVALID_GCP_PREFIX" and not case["markup"].replace("*", "").strip("I0123456789")
        )
        if by_service:
            vectors.leave_out(PREFIX_SERVICE)
        else:
            vectors.check(case, content.CHECKS[case["linter"]](case["data"]), case["error"] or "")
    vectors.close()


def test_element_strings_are_right_or_wrong_as_listed(shared: Path) -> None:
    vectors = Vectors(shared, "gs1/processAIdata.jsonl")
    for case in vectors.all:
        vectors.check(case, elements_of(case["element_string"] or "^") is not None, case["valid"])
    vectors.close()


def test_bracketed_element_strings_become_raw_ones(shared: Path) -> None:
    vectors = Vectors(shared, "gs1/parseAIdata.jsonl")
    for case in vectors.all:
        elements = elements_of(case["bracketed_ai"])
        vectors.check(case, caret(elements) if elements else "", case["element_string"])
    vectors.close()


def test_elements_go_together_as_listed(shared: Path) -> None:
    vectors = Vectors(shared, "gs1/validateAIs.jsonl")
    for case in vectors.all:
        unknown = option(case, "setPermitUnknownAIs")
        elements = element_string.parse_bracketed(case["bracketed_ai"], unknown_ais=unknown)
        vectors.check(case, not associations.breaches(elements), case["valid"])
    vectors.close()


def test_links_are_taken_apart_as_listed(shared: Path) -> None:
    vectors = Vectors(shared, "gs1/parseDLuri.jsonl")
    for case in vectors.all:
        if option(case, "setPermitUnknownAIs"):
            vectors.leave_out(UNKNOWN_ATTRIBUTE)
            continue
        lenient = option(case, "permitConvenienceAlphas") or option(case, "setPermitZeroSuppressedGTINinDLuris")
        try:
            got = caret(digital_link.parse(case["digital_link"], lenient=lenient).elements)
        except BadIdentifier:
            got = None
        vectors.check(case, got, case["element_string"])
    vectors.close()


def test_elements_become_the_listed_links(shared: Path) -> None:
    vectors = Vectors(shared, "gs1/GenerateDLuri.jsonl")
    for case in vectors.all:
        unknown = option(case, "setPermitUnknownAIs")
        if unknown and case["valid"]:
            vectors.leave_out(UNKNOWN_ATTRIBUTE)
            continue
        try:
            elements = element_string.parse_bracketed(case["bracketed_ai"], unknown_ais=unknown)
            got = digital_link.write(elements, case["stem"])
        except BadIdentifier:
            got = ""
        vectors.check(case, got, case["digital_link"])
    vectors.close()


def test_texts_are_escaped_for_links_as_listed(shared: Path) -> None:
    vectors = Vectors(shared, "gs1/URIescape.jsonl")
    for case in vectors.all:
        got = (charsets.escape_path(case["input"]), charsets.escape_query(case["input"]))
        vectors.check(case, got, (case["expect_path"], case["expect_query"]))
    vectors.close()


def test_texts_are_unescaped_from_links_as_listed(shared: Path) -> None:
    vectors = Vectors(shared, "gs1/URIunescape.jsonl")
    for case in vectors.all:
        got = (charsets.unescape(case["input"]), charsets.unescape_query(case["input"]))
        vectors.check(case, got, (case["expect_path"], case["expect_query"]))
    vectors.close()


def test_what_a_scanner_sends_is_read_as_listed(shared: Path) -> None:
    vectors = Vectors(shared, "gs1/ProcessScanData.jsonl")
    for case in vectors.all:
        sent, data = case["scan_data"], case["data"]
        scan = read_scan(sent, this_year=2026)
        if not case["valid"]:
            # A linear code is never the code of a medicine pack, right or wrong; others must show damage.
            vectors.check(case, scan.fault in (SCANNER_FAULT, WRONG_BARCODE), expected=True)
        elif sent.startswith(GS1_SYMBOLS):
            expected = element_string.parse_raw(data.replace("^", "\x1d"))
            vectors.check(case, sorted(element_string.parse_bracketed(scan.reading)), sorted(expected))
        elif sent.startswith("]E"):
            vectors.check(case, scan.gtin, data.partition("|")[0].zfill(14))
        elif "://" in sent:
            link = digital_link.parse(data)
            vectors.check(case, element_string.parse_bracketed(scan.reading), link.elements)
        else:
            vectors.leave_out(PLAIN_DATA)
    vectors.close()


def test_what_a_symbol_sends_is_read_back_as_what_it_holds(shared: Path) -> None:
    vectors = Vectors(shared, "gs1/GenerateScanData.jsonl")
    for case in vectors.all:
        scan = read_scan(case["scan_data"], this_year=2026)
        if "TESTING" in case["data"] and not case["data"].startswith("^"):
            vectors.leave_out(PLAIN_DATA)
            continue
        linear, _, composite = case["data"].partition("|")
        elements = [] if linear.startswith("^") else [("01", linear.zfill(14))]
        for part in (linear, composite):
            if part.startswith("^"):
                elements += element_string.parse_raw(part.strip("^").replace("^", "\x1d"))
        if case["scan_data"].startswith("]E"):
            vectors.check(case, scan.gtin, dict(elements)["01"])
        else:
            vectors.check(case, sorted(element_string.parse_bracketed(scan.reading)), sorted(elements))
    vectors.close()


def test_the_ai_table_is_the_dictionary(shared: Path) -> None:
    schemas = shared / "conformance" / "epcis" / "schemas" / "gs1"
    dictionary = (schemas / "gs1-syntax-dictionary.txt").read_text(encoding="utf-8")
    rows = gs1_tables.rows(dictionary)
    assert tuple(rows) == ROWS
    count(len(rows))


def test_every_file_of_vectors_is_run_or_has_a_reason(shared: Path) -> None:
    folder = shared / "conformance" / "epcis"
    run = {
        "gs1/linter_vectors.jsonl",
        "gs1/processAIdata.jsonl",
        "gs1/parseAIdata.jsonl",
        "gs1/validateAIs.jsonl",
        "gs1/parseDLuri.jsonl",
        "gs1/GenerateDLuri.jsonl",
        "gs1/URIescape.jsonl",
        "gs1/URIunescape.jsonl",
        "gs1/ProcessScanData.jsonl",
        "gs1/GenerateScanData.jsonl",
        "identifiers/urn_dl_normalise.jsonl",
    }
    for path in (*(folder / "gs1").glob("*.jsonl"), *(folder / "identifiers").glob("*.jsonl")):
        name = f"{path.parent.name}/{path.name}"
        assert name in run, name
