"""The responder's outcomes: who is answered, what, and that asking often enough writes nobody a list of serials."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rxtrail.core.gs1.charsets import CSET_82
from rxtrail.errors import BadRequest, Busy, StoreFull
from rxtrail.vrs import VrsRequest, read_request
from rxtrail.vrs.messages import iso_of, url_of
from tests.story import (
    GTIN,
    LOT,
    MAKER,
    OTHER_MAKER,
    OTHER_PHARMACY,
    PHARMACY,
    WHOLESALER,
    Party,
    decommissioned,
    delivery,
    destroyed,
    dispensed,
    gtin,
    held,
    made,
    pack,
    recalled,
    scene,
    sscc,
)
from tests.vrs.conftest import HEADER, KNOWN

if TYPE_CHECKING:
    from pathlib import Path

    from rxtrail.vrs import VrsReply
    from tests.story import Scene, Time

ASKED = VrsRequest(
    gtin=GTIN,
    lot=LOT,
    serial="S1",
    exp="280930",
    context="dscsaSaleableReturn",
    requester_gln=PHARMACY.gln,
    corr_uuid="08dd5e1b-0000-4000-8000-0123456789ab",
)


def answer(scene_: Scene, serial: str = "S1", **changes: Any) -> VrsReply:
    from msgspec.structs import replace

    return scene_.node.vrs.answer(replace(ASKED, serial=serial, corr_uuid=str(uuid.uuid4()), **changes))


def code_of(reply: VrsReply) -> str:
    return reply.refusal.code if reply.refusal is not None else ""


def said(reply: VrsReply) -> tuple[bool, str, str]:
    assert reply.status == 200, reply
    data = reply.body.data  # type: ignore[union-attr]
    return data.verified, data.verification_failure_reason, data.additional_info


def test_a_pack_as_it_was_made_is_verified(maker: Scene) -> None:
    assert said(answer(maker)) == (True, "", "")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"serial": "S2"}, "No_match_GTIN_Serial"),
        ({"serial": "s1"}, "No_match_GTIN_Serial"),
        ({"lot": "X"}, "No_match_GTIN_Serial_Lot"),
        ({"lot": LOT.lower()}, "No_match_GTIN_Serial_Lot"),
        ({"exp": "280929"}, "No_match_GTIN_Serial_Expiry"),
        ({"lot": "X", "exp": "280929"}, "No_match_GTIN_Serial_Lot_Expiry"),
        ({"serial": "S2", "lot": "X"}, "No_match_GTIN_Serial"),
    ],
)
def test_what_does_not_match_is_told_as_the_standard_has_it(maker: Scene, changes: dict[str, str], reason: str) -> None:
    assert said(answer(maker, **changes)) == (False, reason, "")


def test_day_00_is_the_last_of_the_month(maker: Scene) -> None:
    assert said(answer(maker, exp="280900"))[0]


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (destroyed, (False, "Not_for_re-distribution", "")),
        (decommissioned, (False, "Not_for_re-distribution", "")),
        (held, (False, "Manufacturer_policy", "")),
        (recalled, (False, "Not_for_re-distribution", "Recalled")),
    ],
)
def test_what_was_done_to_a_pack_is_looked_at(maker: Scene, event: Any, expected: tuple[bool, str, str]) -> None:
    maker.capture(event(pack("S1"), minute=200))
    assert said(answer(maker)) == expected
    assert said(answer(maker, KNOWN)) == (True, "", "")


def test_a_dispensed_pack_is_not_for_redistribution(maker: Scene) -> None:
    maker.partners((WHOLESALER, "wholesaler"))
    maker.capture(dispensed(pack("S1"), at=WHOLESALER, minute=200), sender=WHOLESALER)
    assert said(answer(maker)) == (False, "Not_for_re-distribution", "")


def test_an_expired_pack_is_verified_with_the_word_expired(maker: Scene, time: Time) -> None:
    time.pass_by(days=3 * 365)
    assert said(answer(maker)) == (True, "", "Expired")
    maker.node.vrs.change_settings({"expired_is_verified": False})
    assert said(answer(maker)) == (False, "Not_for_re-distribution", "Expired")


def test_the_word_of_an_outsider_makes_no_serial_known(maker: Scene) -> None:
    outsider = Party("0388888", "Nobody We Know")
    maker.capture(made(pack("FAKE"), at=outsider), sender=outsider)
    assert said(answer(maker, "FAKE")) == (False, "No_match_GTIN_Serial", "")


def test_a_contract_manufacturer_speaks_for_the_maker_when_it_is_listed(maker: Scene) -> None:
    contractor = Party("0345670", "Fill And Finish")
    maker.partners((contractor, "maker"))
    maker.capture(made(pack("CMO"), at=contractor), sender=contractor)
    assert said(answer(maker, "CMO")) == (True, "", "")


def test_a_pack_whose_file_is_still_being_read_is_answered_later(maker: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    from rxtrail.record.facts import Pending

    maker.verify(pack("S1"))
    judge = maker.node._judge()
    monkeypatch.setattr(judge, "_pending", Pending(frozenset(), frozenset({GTIN})))
    reply = answer(maker, "NEW")
    assert (reply.status, code_of(reply), reply.retry_seconds) == (503, "still-being-written", 60)


# -- for whom this node answers ------------------------------------------------------------------------------------


def test_a_product_of_others_is_not_answered_for(maker: Scene, pharmacy: Scene) -> None:
    assert answer(maker, gtin=gtin(maker=OTHER_MAKER)).status == 404
    assert answer(pharmacy).status == 404
    assert pharmacy.node.vrs.connectivity(GTIN, WHOLESALER.gln).status == 404


def test_the_directory_decides_whose_a_product_is(maker: Scene) -> None:
    maker.node.vrs.load_directory(
        (
            HEADER
            + f"{gtin(maker=OTHER_MAKER)},,https://a.example/vrs,{MAKER.gln},2026-01-01,\n"
            + f"{GTIN},,https://b.example/vrs,{OTHER_MAKER.gln},2026-01-01,\n"
        ).encode()
    )
    assert said(answer(maker, gtin=gtin(maker=OTHER_MAKER)))[1] == "No_match_GTIN_Serial"
    assert answer(maker).status == 404


def test_a_row_that_has_ended_is_nobodys(maker: Scene) -> None:
    maker.node.vrs.load_directory(
        (HEADER + f"{GTIN},,https://a.example/vrs,{MAKER.gln},2026-01-01,2026-06-30\n").encode()
    )
    assert answer(maker).status == 404


def test_a_hub_answers_for_the_makers_on_its_record(tmp_path: Path, time: Time) -> None:
    with scene(tmp_path / "hub", time=time) as hub:
        assert answer(hub).status == 404
        hub.capture(*delivery(pack("S1"), unit=sscc(1)))
        reply = answer(hub)
        assert said(reply) == (True, "", "")
        assert reply.body.responder_gln == MAKER.gln  # type: ignore[union-attr]
        assert said(answer(hub, "S2")) == (False, "No_match_GTIN_Serial", "")


def test_a_partner_whose_licence_ended_is_not_admitted(maker: Scene) -> None:
    maker.partners((PHARMACY, "pharmacy"), (OTHER_PHARMACY, "pharmacy"), valid_until="2026-11-22")
    assert answer(maker).status == 403
    assert maker.node.vrs.connectivity(GTIN, PHARMACY.gln).status == 403
    maker.partners((PHARMACY, "pharmacy"), valid_until="2026-11-23")
    assert answer(maker).status == 200


def test_whom_nobody_listed_is_asked_for_a_name_only_where_that_is_set(maker: Scene) -> None:
    assert answer(maker).status == 200
    maker.node.vrs.change_settings({"requesters": "listed"})
    assert answer(maker).status == 401
    assert maker.node.vrs.connectivity(GTIN, PHARMACY.gln).status == 401
    maker.partners((PHARMACY, "pharmacy"))
    assert answer(maker).status == 200


# -- against harvesting --------------------------------------------------------------------------------------------


def test_who_asks_for_too_many_unknown_packs_gets_no_answer_at_all(maker: Scene, time: Time) -> None:
    maker.node.vrs.change_settings({"unknown_serials_per_hour": 3})
    for number in range(3):
        assert said(answer(maker, f"GUESS{number}"))[1] == "No_match_GTIN_Serial"
    refused = answer(maker, "GUESS4")
    for serial in ("GUESS4", "S1"):
        refused = answer(maker, serial)
        assert (refused.status, code_of(refused)) == (429, "too-many-unknown")
        assert 0 < refused.retry_seconds <= 3600
    assert said(answer(maker, requester_gln=WHOLESALER.gln))[0]
    [alert] = maker.node.vrs.alerts()
    assert (alert.kind, alert.requester_glns) == ("enumeration", [PHARMACY.gln])
    time.pass_by(seconds=refused.retry_seconds)
    assert said(answer(maker))[0]


def test_one_unknown_pack_asked_again_and_again_counts_once(maker: Scene) -> None:
    maker.node.vrs.change_settings({"unknown_serials_per_hour": 2})
    for _ in range(5):
        assert said(answer(maker, "GUESS"))[1] == "No_match_GTIN_Serial"


def test_many_requesters_of_one_pack_are_told(maker: Scene) -> None:
    for asker in (PHARMACY, WHOLESALER, PHARMACY, OTHER_PHARMACY):
        assert said(answer(maker, requester_gln=asker.gln))[0]
    [alert] = maker.node.vrs.alerts()
    assert (alert.kind, alert.serial) == ("many-requesters", "S1")
    assert alert.requester_glns == sorted([PHARMACY.gln, WHOLESALER.gln, OTHER_PHARMACY.gln])


def test_unknown_packs_all_get_answers_of_one_shape(maker: Scene) -> None:
    maker.capture(*delivery(pack("S7"), unit=sscc(7), lot="RECALLED"))
    bodies = {said(answer(maker, serial, lot=lot)) for serial in ("A", "S2") for lot in (LOT, "RECALLED", "ELSE")}
    assert bodies == {(False, "No_match_GTIN_Serial", "")}


# -- what is kept --------------------------------------------------------------------------------------------------


def test_an_answer_that_cannot_be_kept_does_not_leave(maker: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise StoreFull("no room left")

    monkeypatch.setattr("rxtrail.vrs.journal.note_exchange", full)
    with pytest.raises(StoreFull):
        answer(maker)


def test_a_node_opened_for_reading_neither_asks_nor_answers(maker: Scene, tmp_path: Path) -> None:
    from rxtrail.bootstrap import open_node

    with open_node(tmp_path / "maker", write=False) as node:
        for verb in (lambda: node.vrs.answer(ASKED), lambda: node.vrs.verify("x")):
            with pytest.raises(Busy):
                verb()


def test_the_text_of_a_credential_is_never_kept(maker: Scene) -> None:
    maker.node.vrs.answer(ASKED, credential="eyJhbGciOiJFUzI1NksifQ.secret")
    [kept] = maker.node.vrs.exchanges()
    assert len(kept.credential_sha256) == 64
    assert "secret" not in repr(kept)


def test_exchanges_are_listed_newest_first_page_by_page(maker: Scene) -> None:
    for number in range(7):
        answer(maker, f"N{number}")
    vrs = maker.node.vrs
    first = vrs.exchanges(limit=3)
    then = vrs.exchanges(after=str(first[-1].log_index), limit=10)
    assert [row.serial for row in first + then] == [f"N{number}" for number in (6, 5, 4, 3, 2, 1, 0)]
    with pytest.raises(BadRequest):
        vrs.exchanges(after="12345678")


# -- the messages --------------------------------------------------------------------------------------------------

PATH = {"gtin": GTIN, "lot": LOT, "serial": "S1"}
QUERY = {
    "exp": "280930",
    "linkType": "verificationService",
    "context": "dscsaSaleableReturn",
    "reqGLN": PHARMACY.gln,
    "corrUUID": ASKED.corr_uuid,
}


@pytest.mark.parametrize("name", QUERY)
def test_a_request_that_lacks_a_part_is_refused_with_its_name(name: str) -> None:
    with pytest.raises(BadRequest, match="missing") as refused:
        read_request(PATH, [pair for pair in QUERY.items() if pair[0] != name], "1.3.0")
    assert refused.value.place == name


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("exp", "281301"),
        ("exp", "2028-09-30"),
        ("linkType", "gs1:pip"),
        ("context", "dscsa saleable"),
        ("reqGLN", PHARMACY.gln[:-1] + "9"),
        ("reqGLN", "123"),
        ("corrUUID", "08dd5e1b"),
        ("ctrlPossessAtt", "yes"),
    ],
)
def test_a_part_that_is_none_is_refused(name: str, value: str) -> None:
    with pytest.raises(BadRequest):
        read_request(PATH, list({**QUERY, name: value}.items()), None)


@pytest.mark.parametrize(
    "path",
    [
        {**PATH, "gtin": GTIN[:-1] + "0"},
        {**PATH, "gtin": GTIN[1:]},
        {**PATH, "lot": "L" * 21},
        {**PATH, "serial": "S" * 21},
        {**PATH, "serial": "ü"},
        {**PATH, "serial": ""},
        {**PATH, "serial": "a\x00"},
    ],
)
def test_a_path_that_names_no_pack_is_refused(path: dict[str, str]) -> None:
    with pytest.raises(BadRequest):
        read_request(path, list(QUERY.items()), None)


def test_a_part_given_twice_is_refused_and_an_unknown_one_is_left_alone() -> None:
    with pytest.raises(BadRequest, match="twice"):
        read_request(PATH, [*QUERY.items(), ("exp", "280930")], None)
    asked = read_request(PATH, [*QUERY.items(), ("email", "a@b"), ("email", "c@d"), ("ctrlPossessAtt", "true")], "1.2")
    assert asked.ctrl_possess_att
    with pytest.raises(BadRequest):
        read_request(PATH, list(QUERY.items()), "2.0.0")


TEXTS = st.text(alphabet=CSET_82, min_size=1, max_size=20)


@given(TEXTS, TEXTS, st.booleans())
def test_every_request_is_read_as_it_was_written(lot: str, serial: str, attested: bool) -> None:
    from urllib.parse import parse_qsl, unquote, urlsplit

    from msgspec.structs import replace

    asked = replace(ASKED, lot=lot, serial=serial, ctrl_possess_att=attested)
    parts = urlsplit(str(httpx.URL(url_of("https://a.example/vrs/", asked))))
    segments = parts.path.split("/")
    assert segments[:4] == ["", "vrs", "verify", "gtin"]
    path = {"gtin": segments[4], "lot": unquote(segments[6]), "serial": unquote(segments[8])}
    assert read_request(path, parse_qsl(parts.query), "1.3.0") == asked


@given(st.text(max_size=8))
def test_any_expiry_is_a_day_or_refused(text: str) -> None:
    try:
        day = iso_of(text, this_year=2026)
    except BadRequest:
        return
    assert day[2:4] + day[5:7] == text[:4]
