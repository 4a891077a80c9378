"""``rxtrail temperature``: profiles loaded, checked and retired; how warm a pack was, in words and as JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.cli.conftest import PACK, SSCC

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import CommandLine

GTIN, SERIAL, LOT, EXPIRY = PACK
PROFILE = f'[[profile]]\nid = "fridge"\nmin = 2\nmax = 8\nfreeze = 0\nproducts = ["{GTIN}"]\n'.encode()
CODE = f"(01){GTIN}(21){SERIAL}"


def reading(celsius: float, unit: str = "CEL") -> bytes:
    event = {
        "type": "ObjectEvent", "eventTime": "2026-11-20T10:00:00Z", "eventTimeZoneOffset": "+00:00",
        "epcList": [f"https://id.gs1.org/00/{SSCC}"], "action": "OBSERVE", "bizStep": "sensor_reporting",
        "sensorElementList": [{
            "sensorMetadata": {"time": "2026-11-20T10:00:00Z", "deviceID": "urn:example:L1"},
            "sensorReport": [{"type": "gs1:Temperature", "value": celsius, "uom": unit}],
        }],
    }  # fmt: skip
    return json.dumps(
        {
            "@context": ["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"], "type": "EPCISDocument",
            "schemaVersion": "2.0", "creationDate": "2026-11-20T10:00:00Z", "epcisBody": {"eventList": [event]},
        }
    ).encode()  # fmt: skip


def test_a_pack_that_froze_is_no_and_one_that_did_not_is_fine(pharmacy: CommandLine) -> None:
    loaded = pharmacy.json("temperature", "load", "-", "--by", "A. Kim", stdin=PROFILE)
    assert (loaded.code, loaded.one["profiles"][0]["state"]) == (0, "in-force")
    assert pharmacy.json("capture", "-", stdin=reading(5)).code == 0
    fine = pharmacy.json("temperature", "show", CODE)
    assert (fine.code, fine.one["reading_count"], fine.one["profiles"][0]["breaches"]) == (0, 1, [])
    assert pharmacy.json("capture", "-", stdin=reading(14, "FAH")).code == 0
    assert pharmacy.json("temperature", "show", CODE).code == 1
    told = pharmacy("temperature", "show", CODE).out.decode()
    assert "It froze: -10.0 °C" in told
    [alert] = pharmacy.json("alerts", "list", "--state", "standing").lines
    assert (alert["rule"], alert["severity"]) == ("R12", "stop")
    codes = {reason["code"] for reason in pharmacy.json("verify", f"{CODE}(10){LOT}(17){EXPIRY}").one["reasons"]}
    assert "temperature-excursion" in codes
    why = "The maker allows it."
    assert pharmacy.json("alerts", "explain", alert["id"], "--by", "B. Lee", "--reason", why).code == 0
    codes = {reason["code"] for reason in pharmacy.json("verify", f"{CODE}(10){LOT}(17){EXPIRY}").one["reasons"]}
    assert "temperature-excursion" not in codes


def test_what_an_export_as_epcis_cannot_say_is_told(pharmacy: CommandLine, tmp_path: Path) -> None:
    assert pharmacy.json("capture", "-", stdin=reading(5)).code == 0
    asked = ("export", "events", "--epcis", "xml-1.2")
    ran = pharmacy(*asked)
    assert ran.out.startswith(b"<?xml")
    assert "info NEWER_THAN_1_2: " in ran.err
    out = tmp_path / "events.xml"
    told = pharmacy(*asked, "-o", str(out))
    assert "NEWER_THAN_1_2" in told.err
    told = pharmacy.json(*asked, "-o", str(out))
    assert (told.one["bytes"], [each["code"] for each in told.one["findings"]]) == (len(ran.out), ["NEWER_THAN_1_2"])
    told = pharmacy.json("export", "events", "--epcis", "xml-2.0", "-o", str(out))
    assert told.one["findings"] == []


def test_a_pack_that_nobody_knows_is_not_found(pharmacy: CommandLine) -> None:
    assert pharmacy("temperature", "show", f"(01){GTIN}(21)NOBODY").code == 1


@pytest.mark.parametrize(("file", "code"), [(PROFILE, 0), (PROFILE.replace(b"min = 2", b"min = 9"), 1), (b"[[x]]", 2)])
def test_a_file_is_checked_and_nothing_changed(pharmacy: CommandLine, file: bytes, code: int) -> None:
    assert pharmacy("temperature", "check", "-", stdin=file).code == code
    assert pharmacy.json("temperature", "list", "--state", "in-force").lines == []


def test_profiles_are_listed_and_retired(pharmacy: CommandLine) -> None:
    pharmacy("temperature", "load", "-", "--by", "A. Kim", stdin=PROFILE)
    assert "15 to 25" in pharmacy("temperature", "list").out.decode()
    assert pharmacy("temperature", "retire", "fridge", "--by", "B. Lee").code == 0
    assert [row["id"] for row in pharmacy.json("temperature", "list", "--state", "retired").lines] == ["fridge"]
    assert pharmacy("temperature", "retire", "none", "--by", "B. Lee").code == 1
