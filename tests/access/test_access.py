"""Who asks, and what that one is told: site keys, public answers, budgets."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING

import pytest

from rxtrail.access import BudgetSpent, Grant, KeyNeeded, WrongKey, WrongSite
from rxtrail.access.budgets import (
    ASKERS_MIN,
    ENUMERATION,
    MANY_ASKERS,
    SEQUENCE_MIN,
    UNKNOWN_MAX,
    UNKNOWN_PER_HOUR,
    Budgets,
)
from rxtrail.access.public import public_answer
from rxtrail.bootstrap import open_node
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
from rxtrail.errors import BadRequest, NotFound
from tests.web import scene

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from rxtrail.bootstrap import Node

SITE = scene.PHARMACY


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Node]:
    with open_node(tmp_path) as node:
        yield node


def bearer(secret: str) -> str:
    return f"Bearer {secret}"


def verdict(serial: str, *codes: str, answer: Answer = Answer.STOP) -> Verdict:
    return Verdict(
        answer, "Stop", [Reason(code, Severity.STOP, "secret words", "next") for code in codes],
        PackView(scene.GTIN, "", serial), StateView(custodian="0300011111246"),
        ScanView(scene.scan(serial), "reading", ["case"]),
        RecordView("issuer", "sha256:abc"), Matched("yes", "yes", "yes"), "2026-11-23T12:00:00Z", 77,
    )  # fmt: skip


# -- keys ----------------------------------------------------------------------------------------------------------


def test_a_node_without_keys_needs_none(hub: Node) -> None:
    assert hub.access.grant("") == Grant(open=True)


def test_with_the_first_key_whoever_shows_none_is_the_public(hub: Node) -> None:
    made = hub.access.keys.add(SITE, name="Hill")
    assert made.secret.startswith("rxs_")
    assert len(made.secret) == 47  # 256 bits in base64, with the prefix
    assert not hub.access.grant("").known_site
    assert hub.access.grant(bearer(made.secret)) == Grant(site=SITE, key=made.id)


def test_keys_may_be_required_before_there_are_any_and_not_any_more(hub: Node) -> None:
    hub.access.keys.require(on=True)
    assert not hub.access.grant("").open
    hub.access.keys.require(on=False)
    assert hub.access.grant("").open


def test_the_secret_is_not_kept(hub: Node, tmp_path: Path) -> None:
    secret = hub.access.keys.add(SITE).secret.encode()
    hub.access.keys.all()
    assert not [path for path in tmp_path.rglob("*") if path.is_file() and secret in path.read_bytes()]


def test_a_revoked_key_is_refused_at_once_and_stays_in_the_list(hub: Node) -> None:
    made = hub.access.keys.add(SITE)
    hub.access.grant(bearer(made.secret))
    assert hub.access.keys.revoke(made.id).revoked_at
    with pytest.raises(WrongKey):
        hub.access.grant(bearer(made.secret))
    assert [key.id for key in hub.access.keys.all()] == [made.id]
    assert not hub.access.grant("").open, "the last key that goes does not open the door"


def test_a_rotated_key_is_for_the_same_site_and_ends_the_old_one(hub: Node) -> None:
    old = hub.access.keys.add(SITE)
    new = hub.access.keys.rotate(old.id)
    assert hub.access.grant(bearer(new.secret)).site == SITE
    with pytest.raises(WrongKey):
        hub.access.grant(bearer(old.secret))


@pytest.mark.parametrize(
    "shown", ["rxs_", "Bearer", "Bearer rxs_x", "Basic eDp5", "Bearer rxs_" + "A" * 43, "x" * 5000]
)
def test_what_is_no_key_of_ours_is_refused_and_never_the_public(hub: Node, shown: str) -> None:
    hub.access.keys.add(SITE)
    with pytest.raises(WrongKey):
        hub.access.grant(shown)


@pytest.mark.parametrize("gln", ["", "1", "0300011111247", "٠٣٠٠٠١١١١١٢٤٦"])
def test_a_key_is_for_a_right_gln(hub: Node, gln: str) -> None:
    with pytest.raises(BadRequest):
        hub.access.keys.add(gln)


def test_a_key_that_does_not_exist_is_not_revoked(hub: Node) -> None:
    with pytest.raises(NotFound):
        hub.access.keys.revoke("K-0")


def test_a_site_speaks_for_itself_the_public_for_nobody_and_this_machine_for_all() -> None:
    assert Grant(site=SITE).place("") == Grant(site=SITE).place(SITE) == SITE
    assert Grant(open=True).place("0300011111246") == "0300011111246"
    with pytest.raises(WrongSite):
        Grant(site=SITE).place("0300011111246")
    with pytest.raises(KeyNeeded):
        Grant().place(SITE)


# -- public answers ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "code", ["already-dispensed-here", "lot-mismatch", "not-shipped-to-you", "stolen", "unknown-product", "near-miss"]
)
def test_a_public_answer_tells_nothing_that_is_stored(code: str) -> None:
    told = public_answer(verdict("S1", code), scene.scan("S1"))
    assert told.verdict is Answer.STOP
    assert told.state == StateView()
    assert (told.record.basis, told.record.document, told.log_size) == ("none", "", 0)
    assert told.scan.repairs == []
    assert "secret" not in told.reasons[0].message


def test_the_public_is_not_told_which_repair_the_record_confirmed() -> None:
    told = public_answer(verdict("REPAIRED", "lot-mismatch"), scene.scan("typed"))
    assert told.pack.serial == "typed"


def test_where_and_how_a_pack_ended_is_one_answer_for_the_public() -> None:
    codes = ("already-dispensed-here", "already-dispensed-elsewhere", "partially-dispensed")
    told = {public_answer(verdict("S1", code), scene.scan("S1")).reasons[0] for code in codes}
    assert len(told) == 1


def test_a_site_is_told_all_and_the_public_a_public_answer(hub: Node) -> None:
    hub.capture(_stream(scene.shipment("P1")), name="p")
    made = hub.access.keys.add(SITE)
    known = hub.access.verify(
        hub.access.grant(bearer(made.secret)), hub.verify, scene.scan("P1"), site="", purpose="dispense"
    )
    public = hub.access.verify(hub.access.grant(""), hub.verify, scene.scan("P1"), site=SITE, purpose="dispense")
    assert (known.verdict, public.verdict) == (Answer.OK, Answer.OK)
    assert known.state.custodian or known.state.in_transit_to
    assert public.state == StateView()


# -- budgets -------------------------------------------------------------------------------------------------------


class Moment:
    now = 1_000_000_000_000_000

    def __call__(self) -> int:
        return self.now


def test_the_budget_for_unknown_codes_is_spent_one_scan_at_a_time_and_fills_again() -> None:
    moment = Moment()
    budgets = Budgets(now_us=moment)
    for number in range(UNKNOWN_MAX):
        budgets.admit(SITE)
        budgets.count(SITE, verdict(f"X{number * 7919 % 100_000}", "unknown-serial"))
    with pytest.raises(BudgetSpent) as spent:
        budgets.admit(SITE)
    budgets.admit("0300011111246")  # another site has its own
    assert 0 < spent.value.retry_after <= 3600 // UNKNOWN_PER_HOUR
    moment.now += spent.value.retry_after * 1_000_000
    budgets.admit(SITE)


def test_known_codes_cost_nothing() -> None:
    budgets = Budgets(now_us=Moment())
    for number in range(3 * UNKNOWN_MAX):
        budgets.count(SITE, verdict(f"X{number}", "expired"))
    budgets.admit(SITE)


def test_serials_in_sequence_sound_the_alarm_once() -> None:
    budgets = Budgets(now_us=Moment())
    alarms = [
        alarm
        for number in range(2 * SEQUENCE_MIN)
        for alarm in budgets.count(SITE, verdict(f"AB{1000 + number}", "unknown-serial"))
    ]
    assert [(alarm.kind, alarm.subject, alarm.site) for alarm in alarms] == [(ENUMERATION, scene.GTIN, SITE)]


def test_random_unknown_serials_are_no_enumeration() -> None:
    budgets = Budgets(now_us=Moment())
    for number in range(2 * SEQUENCE_MIN):
        assert not budgets.count(SITE, verdict(f"Q{number * 104_729 % 9_999_999:07}", "unknown-serial"))


def test_many_sites_that_ask_for_one_pack_sound_the_alarm_once() -> None:
    budgets = Budgets(now_us=Moment())
    alarms = [
        alarm
        for number in range(2 * ASKERS_MIN)
        for alarm in budgets.count(f"site {number}", verdict("S1", answer=Answer.OK))
    ]
    assert [(alarm.kind, alarm.subject) for alarm in alarms] == [(MANY_ASKERS, f"01/{scene.GTIN}/21/S1")]


def test_an_alarm_becomes_a_case_of_the_hub_and_every_question_after_the_last_is_refused_alike(hub: Node) -> None:
    hub.capture(_stream(scene.shipment("P1")), name="p")
    made = hub.access.keys.add(SITE)
    grant = hub.access.grant(bearer(made.secret))

    def ask(serial: str) -> Verdict:
        return hub.access.verify(grant, hub.verify, scene.scan(serial), site="", purpose="investigate")

    for number in range(UNKNOWN_MAX):
        ask(f"E{number:05}")
    for serial in ("P1", "E99999"):
        with pytest.raises(BudgetSpent):
            ask(serial)
    hub.access.keys.require(on=True)  # waits for all writes before it
    cases = hub.cases.page(kind=ENUMERATION)
    assert [case.site for case in cases] == [SITE]
    assert hub.sites.page(-1, site=SITE).items == [], "who is suspected is not told"
    assert json.loads(json.dumps(cases[0].evidence))["gtin"] == scene.GTIN


def _stream(content: bytes) -> io.BytesIO:
    return io.BytesIO(content)


def test_a_site_that_says_public_asks_from_its_own_budget(hub: Node) -> None:
    grant = hub.access.grant(f"Bearer {hub.access.keys.add(SITE).secret}")

    def ask(number: int, purpose: str) -> None:
        scan = scene.scan(f"Z{number * 7919 % 100_000}")
        hub.access.verify(grant, hub.verify, scan, site="", purpose=purpose)

    for number in range(UNKNOWN_MAX):
        ask(number, ("public", "dispense")[number % 2])
    for purpose in ("public", "dispense"):
        with pytest.raises(BudgetSpent):
            ask(UNKNOWN_MAX, purpose)
