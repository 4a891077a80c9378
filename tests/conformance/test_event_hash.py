"""Event hashes against the reference implementation's own documents and listed hashes (2025-10)."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest

from rxtrail.core.epcis.event_hash import event_hash, ignored_fields
from rxtrail.core.epcis.reader import open_document
from tests.conformance.shared import count

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.conformance

# What the reference program gets wrong, so that its listed hash is no oracle: what it is, and how it shows.
FAULTS = {
    "a JSON true is hashed as True, and no XML document can say that": re.compile(r":\s*(?:true|false)\b"),
    "a number of more than 15 digits is rounded": re.compile(r"[>\"]\d{16,}[<\"]"),
    "cbvmda of the standard's own context is not expanded": re.compile(r'"cbvmda:(?!.*"cbvmda"\s*:)', re.DOTALL),
}


def hashes(path: Path) -> list[str]:
    with path.open("rb") as stream:
        document = open_document(stream)
        events = [event for event, _, _ in document]
    ignored = ignored_fields(document.header)
    return [event_hash(event, ignored) for event in events]


def faults(path: Path) -> list[str]:
    text = path.read_text(encoding="utf-8")
    return [fault for fault, shown in FAULTS.items() if shown.search(text)]


@pytest.fixture
def folder(shared: Path) -> Path:
    return shared / "conformance" / "epcis"


@pytest.mark.parametrize("syntax", ["xml", "jsonld"])
def test_the_examples_have_their_listed_hashes(folder: Path, syntax: str) -> None:
    differing = {}
    for listed in sorted((folder / "eventhash" / "examples").glob("*.hashes")):
        document = listed.with_suffix("." + syntax)
        if document.exists():
            expected = listed.read_text(encoding="utf-8").split()
            got = hashes(document)
            count(len(expected))
            if got != expected:
                differing[document.name] = (got, expected)
    assert differing == {}


def test_events_that_mean_the_same_have_one_hash(folder: Path) -> None:
    differing = {}
    for document in sorted((folder / "eventhash" / "expected_equal").iterdir()):
        got = hashes(document)
        count(len(got))
        if len(got) < 2 or len(set(got)) != 1:
            differing[document.name] = got
    assert differing == {}


def test_xml_and_json_of_one_event_have_one_hash(folder: Path) -> None:
    differing = {}
    lines = (folder / "eventhash" / "openepcis_pairs.jsonl").read_text(encoding="utf-8").splitlines()
    for pair in map(json.loads, lines):
        for document in (pair["xml"], pair["json"]):
            got = hashes(folder / document)
            count(len(pair["hashes"]))
            if got != pair["hashes"]:
                differing[document] = (got, pair["hashes"])
    assert differing == {}


def test_the_official_json_examples_have_their_reference_hashes(folder: Path) -> None:
    listed = json.loads((folder / "eventhash" / "gs1_json_reference_hashes.json").read_text(encoding="utf-8"))
    compared = [name for name in listed if not faults(folder / name)]
    # Most of them are sound; should that change, the faults above hide too much.
    assert len(compared) > len(listed) / 2
    differing = {}
    for name in compared:
        got = hashes(folder / name)
        count(len(listed[name]))
        if got != listed[name]:
            differing[name] = (got, listed[name])
    assert differing == {}
