"""A wholesaler's published sample through the command line: as the hub sees it, and as its buyer's pharmacy does."""

from __future__ import annotations

import datetime as dt
import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from tests.conformance.shared import count, shared_dir

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.conformance

SAMPLE = "jamischarles__epcis_1.2.cardinal_health.xml"
GTIN = "00355154944954"
SERIALS = ("40095247428196", "40023811077021", "40075808151866", "40047623652721")
CASE = "01/30355154944955/21/40072894693743"
SELLER, BUYER = "0300011111246", "0399999999298"
SELLER_NAME, BUYER_NAME = "GS1 Pharma LLC", "GS1 Drug Distro LLC"


class Ran(NamedTuple):
    code: int
    answer: Any


def scan(serial: str) -> str:
    """A label of the sample's lot, which expired in 2015."""
    return f"(01){GTIN}(21){serial}(17)150315(10)PR456"


@pytest.fixture(scope="module")
def sample() -> Path:
    shared = shared_dir()
    if shared is None:
        pytest.skip("no shared test data: set RXTRAIL_SHARED or put a folder 'shared' beside this one")
    return shared / "conformance" / "dscsa" / "epcis" / SAMPLE


def rxtrail(data: Path, *words: str) -> Ran:
    command = [sys.executable, "-m", "rxtrail", *words, "--json", "--data", str(data)]
    ran = subprocess.run(command, capture_output=True, check=False, timeout=120)
    assert ran.stdout, ran.stderr.decode()
    count()
    return Ran(ran.returncode, json.loads(ran.stdout))


@pytest.fixture(scope="module")
def hub(sample: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    data = tmp_path_factory.mktemp("hub")
    captured = rxtrail(data, "capture", str(sample))
    assert captured.code == 0
    receipt = captured.answer
    assert (receipt["events"], receipt["new_events"], receipt["packages"]) == (3, 3, len(SERIALS) + 1)
    assert (receipt["sender"], receipt["receiver"], receipt["log_index"]) == (SELLER, BUYER, 2), (
        "behind the document and its block"
    )
    assert receipt["state"] == "success"
    # The sender is in nobody's partner table: one finding for the document, none for its packs.
    assert [finding["code"] for finding in receipt["findings"]].count("UNLISTED_SENDER") == 1
    return data


@pytest.fixture(scope="module")
def pharmacy(sample: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    data = tmp_path_factory.mktemp("pharmacy")
    made = rxtrail(data, "init", "--role", "pharmacy", "--gln", BUYER)
    assert (made.code, made.answer["role"], made.answer["glns"]) == (0, "pharmacy", [BUYER])
    assert rxtrail(data, "capture", str(sample)).code == 0
    return data


def codes(verdict: Any) -> list[str]:
    return [reason["code"] for reason in verdict["reasons"]]


@pytest.mark.parametrize("serial", SERIALS)
def test_each_of_its_packs_verifies_and_only_its_age_stops_it(hub: Path, serial: str) -> None:
    verified = rxtrail(hub, "verify", scan(serial))
    assert (verified.code, verified.answer["verdict"], codes(verified.answer)) == (1, "stop", ["expired"])
    assert verified.answer["matched"] == {"serial": "yes", "lot": "yes", "expiry": "yes"}
    assert verified.answer["record"]["basis"] == "supplier"
    assert verified.answer["pack"]["product"] == "EpcistraiTEM"
    assert verified.answer["pack"]["ndc"] == "05515494495"
    assert verified.answer["state"]["container"] == CASE
    assert verified.answer["state"]["in_transit_to"] == BUYER


def test_its_journey_shows_made_packed_and_shipped_with_names_from_its_master_data(hub: Path) -> None:
    traced = rxtrail(hub, "trace", scan(SERIALS[0]))
    assert traced.code == 0
    journey = traced.answer
    assert (journey["gtin"], journey["serial"]) == (GTIN, SERIALS[0])
    assert (journey["lot"], journey["expiry"], journey["product"]) == ("PR456", "2015-03-15", "EpcistraiTEM")
    steps = [(event["biz_step"], event["event_time"], event["role"]) for event in journey["events"]]
    assert steps == [
        ("commissioning", "2012-03-25T17:10:16Z", "epc"),
        ("packing", "2012-03-25T17:10:17Z", "child"),
        ("shipping", "2012-03-27T17:10:18Z", "epc"),
    ]
    made, packed, shipped = journey["events"]
    assert [event["read_point"]["name"] for event in journey["events"]] == [SELLER_NAME] * 3
    assert packed["parent"] == CASE
    # The pack itself was never shipped: the case was, and the pack was inside.
    assert (made["of"], shipped["of"]) == (f"01/{GTIN}/21/{SERIALS[0]}", CASE)
    assert (shipped["source"]["name"], shipped["destination"]["name"]) == (SELLER_NAME, BUYER_NAME)
    assert [stay["container"] for stay in journey["containment"]] == [CASE]
    assert {event["speaker"]["name"] for event in journey["events"]} == {SELLER_NAME}


def test_on_the_hub_a_serial_that_was_never_reported_is_a_red_light(hub: Path) -> None:
    verified = rxtrail(hub, "verify", f"(01){GTIN}(21)40095247000001")
    assert (verified.code, verified.answer["verdict"]) == (1, "stop")
    assert "unknown-serial" in codes(verified.answer)


def test_for_the_buyers_pharmacy_the_same_pack_is_theirs(pharmacy: Path) -> None:
    for site, not_checked in ((), ["custody"]), (("--site", BUYER), []):
        verified = rxtrail(pharmacy, "verify", scan(SERIALS[0]), *site)
        assert codes(verified.answer) == ["expired"], "nothing but its age stands against it"
        assert verified.answer["matched"] == {"serial": "yes", "lot": "yes", "expiry": "yes"}
        assert verified.answer["record"]["not_checked"] == not_checked, "with a site, the place was checked too"
        state = verified.answer["state"]
        assert BUYER in (state.get("custodian"), state.get("in_transit_to"))


def test_at_another_site_the_pack_is_not_where_it_was_shipped(pharmacy: Path) -> None:
    elsewhere = rxtrail(pharmacy, "verify", scan(SERIALS[0]), "--site", "0300011111253")
    assert "not-shipped-to-you" in codes(elsewhere.answer)


def test_for_the_pharmacy_an_unknown_serial_is_missing_data_and_no_red_light(pharmacy: Path) -> None:
    next_year = f"{dt.datetime.now(dt.UTC).year + 1}"[2:]
    for code in (f"(01){GTIN}(21)40095247000001", f"(01){GTIN}(21)40095247000001(17){next_year}1231(10)PR456"):
        verified = rxtrail(pharmacy, "verify", code)
        assert (verified.code, verified.answer["verdict"]) == (3, "check")
        assert codes(verified.answer) == ["no-transaction-data"]
        assert verified.answer["matched"]["serial"] == "not-held"
    unknown_product = rxtrail(pharmacy, "verify", "(01)00301430001019(21)A1")
    assert (unknown_product.code, codes(unknown_product.answer)) == (3, ["no-transaction-data"])


def test_captured_again_it_changes_nothing(hub: Path, sample: Path) -> None:
    before = rxtrail(hub, "status").answer
    again = rxtrail(hub, "capture", str(sample))
    assert (again.code, again.answer["duplicate"]) == (0, True)
    assert (again.answer["new_events"], again.answer["packages"]) == (0, 0)
    after = rxtrail(hub, "status").answer
    assert [after[held] for held in ("packages", "events", "documents", "log_size")] == [
        before[held] for held in ("packages", "events", "documents", "log_size")
    ]
