"""The EU market: the thirteen qualification cases of the European Medicines Verification System, one after another.

01 to 04 are about lists, 05 to 08 about single packs, 09 about alerts, 10 about typing, 11 about the character set,
12 about elements that are none, 13 about reports.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from rxtrail.errors import BadRequest, NotFound, Refused, RxtrailError
from rxtrail.states import ChangeItem, ChangeResult, Order
from rxtrail.states.refusals import Alerted
from tests import story
from tests.story import (
    EXPIRY,
    GTIN,
    LOT,
    MAKER,
    OTHER_PHARMACY,
    PHARMACY,
    WHOLESALER,
    Party,
    Scene,
    delivery,
    element_string,
    gtin,
    made,
    pack,
    packs,
    shipped,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MANY = packs(12, start="M")
REPACKAGER = Party("0399999", "Parallel Trade")
CHARACTERS = "!\"%&'()*+,-./0123456789:;<=>?ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz"


@pytest.fixture
def system(tmp_path: Path) -> Iterator[Scene]:
    """A national system: a hub in the EU market that knows two pharmacies, a wholesaler, a maker and a repackager."""
    with story.scene(tmp_path / "data") as opened:
        opened.node.init("hub", [], market="eu")
        opened.partners(
            (WHOLESALER, "wholesaler"), (PHARMACY, "pharmacy"), (OTHER_PHARMACY, "pharmacy"), (MAKER, "maker"),
            (REPACKAGER, "repackager"),
        )  # fmt: skip
        opened.capture(*delivery(*MANY, *packs(20)))
        yield opened


def refused(system: Scene, verb: str, epc: str, **more: Any) -> RxtrailError:
    """Have a change refused, and see that it left nothing."""
    system.time.pass_by(seconds=1)
    before = system.packs()
    with pytest.raises((Refused, NotFound)) as caught:
        system.change(verb, epc, **{"site": PHARMACY, **more})
    assert system.packs() == before
    return caught.value


def alert(error: RxtrailError) -> str:
    if not isinstance(error, Alerted):
        return ""
    assert error.eu.alert_id.startswith(f"{error.eu.code}-20")
    return error.eu.code


def done(system: Scene, verb: str, epc: str, **more: Any) -> str:
    system.time.pass_by(seconds=1)
    return system.change(verb, epc, **{"site": PHARMACY, **more}).disposition


def listed(system: Scene, verb: str, epcs: list[str], **order: str) -> list[ChangeResult]:
    system.time.pass_by(seconds=1)
    items = [ChangeItem(element_string(epc)) for epc in epcs]
    job = system.node.submit_changes(Order(verb, "", **{"site": PHARMACY.gln, **order}), items)
    while job.state == "running":
        job = system.node.change_job(job.job, wait_seconds=0.2)
    results = system.node.change_results(job.job, limit=1_000)
    assert [result.item for result in results] == list(range(len(epcs)))
    assert job.refused == sum(result.outcome == "refused" for result in results)
    return results


def eu_of(system: Scene, epc: str, **more: Any) -> str:
    """Give the alert code of a verification."""
    verdict = system.verify(epc, **{"site": PHARMACY, **more})
    told = msgspec.to_builtins(verdict)
    return str(told["eu"]["code"]) if "eu" in told else ""


# -- 01 to 04: lists -----------------------------------------------------------------------------------------------


def test_case_01_a_list_is_verified(system: Scene) -> None:
    told = [system.verify(epc, site=PHARMACY).verdict.value for epc in [*MANY, pack("NOBODYS")]]
    assert told == ["ok"] * 12 + ["stop"]


def test_case_02_a_list_is_supplied(system: Scene) -> None:
    results = listed(system, "dispense", [*MANY, pack("NOBODYS"), MANY[0]])
    assert [result.disposition for result in results[:12]] == ["dispensed"] * 12
    assert [(result.outcome, result.eu.code if result.eu else "") for result in results[12:]] == [
        ("refused", "A3"),
        ("refused", "A7"),
    ]
    assert len({result.event_id for result in results[:12]}) == 1, "a list of one hand is one event"
    assert results[0].undo_until == "2026-12-03T12:00:01Z"


def test_case_03_a_list_is_put_back(system: Scene) -> None:
    listed(system, "dispense", MANY)
    results = listed(system, "reactivate", [*MANY, packs(1)[0]], reason="wrong list")
    assert [result.disposition for result in results] == ["active"] * 12 + [""]
    assert results[12].place == "active"
    assert {system.verify(epc, site=PHARMACY).verdict.value for epc in MANY} == {"ok"}


def test_case_04_a_list_is_decommissioned(system: Scene) -> None:
    assert {result.disposition for result in listed(system, "destroy", MANY[:6])} == {"destroyed"}
    assert {result.disposition for result in listed(system, "sample", MANY[6:])} == {"sample"}
    assert {result.outcome for result in listed(system, "reactivate", MANY[:6], reason="no")} == {"refused"}


# -- 05 to 08: single packs ----------------------------------------------------------------------------------------


def test_case_05_a_pack_is_verified_and_stays_as_it_is(system: Scene) -> None:
    before = system.packs()
    assert system.verify(MANY[0], site=PHARMACY).verdict.value == "ok"
    assert system.packs() == before


def test_case_06_a_pack_is_supplied_once(system: Scene) -> None:
    first = system.change("dispense", MANY[0], site=PHARMACY, key="till-1")
    system.time.pass_by(minutes=9)
    again = system.change("dispense", MANY[0], site=PHARMACY, key="till-1")
    assert (again.repeated, again.event_id) == (True, first.event_id), "the same order within ten minutes"
    error = refused(system, "dispense", MANY[0], key="till-2")
    assert (alert(error), error.place) == ("A7", "already-dispensed-here")
    error = refused(system, "dispense", MANY[0], site=OTHER_PHARMACY)
    assert (alert(error), error.place) == ("A7", "already-dispensed-elsewhere")
    override = {"override": "the patient waits", "by": "A. Person"}
    assert alert(refused(system, "dispense", MANY[0], **override)) == "A7", "nobody lifts a second supply"


def test_case_07_a_pack_is_put_back_within_ten_days_at_the_same_place(system: Scene) -> None:
    receipt = system.change("dispense", MANY[0], site=PHARMACY)
    assert receipt.undo_until == "2026-12-03T12:00:00Z"
    done(system, "dispense", MANY[1])
    error = refused(system, "reactivate", MANY[0], reason="patient never came", site=OTHER_PHARMACY)
    assert (alert(error), error.place) == ("A24", "dispensed")
    system.time.pass_by(days=9)
    assert done(system, "reactivate", MANY[0], reason="patient never came") == "active"
    system.time.pass_by(days=1)
    assert alert(refused(system, "reactivate", MANY[1], reason="patient never came")) == "A24"
    assert "10 days" in refused(system, "reactivate", MANY[1], reason="patient never came").message


def test_case_08_a_pack_is_decommissioned_by_those_who_may(system: Scene) -> None:
    assert done(system, "destroy", MANY[0]) == "destroyed"
    assert alert(refused(system, "reactivate", MANY[0], reason="still here")) == "A24"
    error = refused(system, "free-sample", MANY[1])
    assert (error.place, alert(error)) == ("not-authorised-partner", ""), "not for a pharmacy"
    assert done(system, "free-sample", MANY[1], site=WHOLESALER) == "free_sample"
    assert done(system, "export", MANY[2], site=MAKER) == "exported"
    assert done(system, "lock", MANY[3], site=MAKER) == "locked"
    assert done(system, "check-out", MANY[4], site=REPACKAGER) == "checked_out"
    assert done(system, "steal", MANY[5], site=WHOLESALER) == "stolen"
    assert done(system, "sample", MANY[6]) == "sample"
    for epc in MANY[:7]:
        assert system.verify(epc, site=PHARMACY).verdict.value == "stop"
    system.time.pass_by(days=40)
    assert done(system, "reactivate", MANY[3], site=MAKER, reason="looked at it") == "active"
    assert done(system, "reactivate", MANY[4], site=REPACKAGER, reason="not repacked") == "active"
    assert alert(refused(system, "reactivate", MANY[5], site=WHOLESALER, reason="found again")) == "A24"


@pytest.mark.parametrize("site", [PHARMACY, OTHER_PHARMACY, WHOLESALER, None], ids=lambda site: site and site.name)
def test_a_lock_is_undone_by_nobody_but_the_place_that_set_it(site: Party | None, system: Scene) -> None:
    assert done(system, "lock", MANY[0], site=MAKER) == "locked"
    order = {"reason": "it looks fine", **({"site": site.gln} if site is not None else {})}
    before = system.packs()
    system.time.pass_by(seconds=1)
    with pytest.raises(Refused):
        system.node.change("reactivate", element_string(MANY[0]), **order)
    assert system.packs() == before
    assert done(system, "reactivate", MANY[0], site=MAKER, reason="looked at it") == "active"


# -- 09: alerts ----------------------------------------------------------------------------------------------------


def test_case_09_each_alert_has_its_code(system: Scene) -> None:
    known, sold = MANY[0], MANY[1]
    done(system, "dispense", sold)
    done(system, "destroy", MANY[2])
    unknown = pack("NOBODYS")
    expected = [
        (eu_of(system, known), ""),
        (eu_of(system, unknown), "A3"),
        (eu_of(system, unknown, lot="NOLOT"), "A2"),
        (eu_of(system, pack("X1", gtin("99999"))), ""),
        (eu_of(system, known, lot="OTHER"), "A68"),
        (eu_of(system, known, lot=LOT.lower()), ""),
        (eu_of(system, known, expiry="2029-01-31"), "A52"),
        (eu_of(system, known, expiry="2028-09-01"), ""),
        (eu_of(system, sold), ""),
        (alert(refused(system, "dispense", unknown)), "A3"),
        (alert(refused(system, "dispense", known, lot="OTHER")), "A68"),
        (alert(refused(system, "dispense", known, expiry="2029-01-31")), "A52"),
        (alert(refused(system, "dispense", sold)), "A7"),
        (alert(refused(system, "dispense", MANY[2])), "A24"),
        (alert(refused(system, "destroy", sold)), "A24"),
        (alert(refused(system, "destroy", unknown)), "A3"),
        (alert(refused(system, "reactivate", known, reason="why")), ""),
    ]
    assert [told for told, _ in expected] == [code for _, code in expected]


def test_case_09_the_same_scan_on_one_day_is_one_alert_and_the_next_day_another(system: Scene) -> None:
    first, again = (refused(system, "dispense", pack("NOBODYS")) for _ in range(2))
    elsewhere = refused(system, "dispense", pack("NOBODYS"), site=OTHER_PHARMACY)
    system.time.pass_by(days=1)
    later = refused(system, "dispense", pack("NOBODYS"))
    names = [error.eu.alert_id for error in (first, again, elsewhere, later) if isinstance(error, Alerted)]
    assert names[0] == names[1]
    assert len(set(names)) == 3


def test_case_09_a_recalled_or_expired_pack_is_refused_without_an_alert(system: Scene) -> None:
    done(system, "dispense", MANY[0])
    system.capture(story.recalled(MANY[0], MANY[1]))
    assert alert(refused(system, "dispense", MANY[1])) == ""
    assert alert(refused(system, "dispense", MANY[0])) == ""
    assert refused(system, "reactivate", MANY[0], reason="why").place == "recalled"


# -- 10 to 13 ------------------------------------------------------------------------------------------------------


def test_case_10_a_pack_may_be_typed(system: Scene) -> None:
    typed = f"(01){GTIN}(21){MANY[0][21:]}(17)280930(10){LOT}"
    assert system.node.verify(typed, site=PHARMACY.gln).verdict.value == "ok"
    assert system.node.change("dispense", typed, site=PHARMACY.gln).disposition == "dispensed"
    without = f"(01){GTIN}(21){MANY[1][21:]}"
    assert system.node.verify(without, site=PHARMACY.gln).verdict.value == "check"
    with pytest.raises(Refused):
        system.node.change("dispense", without, site=PHARMACY.gln)


def test_case_11_all_82_characters_are_kept(system: Scene) -> None:
    assert len(CHARACTERS) == 82
    serials = [CHARACTERS[start : start + 20] for start in range(0, 82, 20)]
    epcs = [pack(serial) for serial in [*serials, "0110X2117A", "<&>'%2F"]]
    system.capture(made(*epcs), shipped(*epcs), syntax="json")
    for epc in epcs:
        assert system.verify(epc, site=PHARMACY).verdict.value == "ok", epc
        assert done(system, "dispense", epc) == "dispensed", epc
    assert {system.pack(epc)["disposition"] for epc in epcs} == {"dispensed"}


@pytest.mark.parametrize(
    "code",
    [
        element_string(MANY[0]).replace(GTIN, GTIN[:-1] + str((int(GTIN[-1]) + 1) % 10)),
        element_string(pack("X" * 21)),
        element_string(pack("A{B")),
        element_string(MANY[0], expiry="2028-13-30"),
        GTIN[1:],
        f"]d201{GTIN}17280930\x1d10{LOT}",
        "",
    ],
    ids=["check digit", "long serial", "character", "month 13", "linear code", "no serial", "nothing"],
)
def test_case_12_elements_that_are_none_are_refused_and_raise_no_alert(code: str, system: Scene) -> None:
    before = system.packs()
    verdict = system.node.verify(code, site=PHARMACY.gln)
    assert verdict.verdict.value == "check"
    assert b'"eu"' not in msgspec.json.encode(verdict)
    with pytest.raises(BadRequest):
        system.node.change("dispense", code, site=PHARMACY.gln)
    assert system.packs() == before


def test_case_13_what_a_site_did_is_reported(system: Scene) -> None:
    done(system, "dispense", MANY[0])
    done(system, "destroy", MANY[1])
    done(system, "reactivate", MANY[0], reason="patient never came")
    events = [json.loads(line) for line in system.export("events").splitlines()]
    ours = [event for event in events if event.get("readPoint", {}).get("id", "").endswith(PHARMACY.gln)]
    assert [event["bizStep"].rpartition(":")[2] for event in ours] == [
        "receiving", "dispensing", "destroying", "reactivating",
    ]  # fmt: skip
    assert [row["disposition"] for row in (system.pack(epc) for epc in MANY[:3])] == ["active", "destroyed", "active"]
    assert EXPIRY in str(system.pack(MANY[0]))
