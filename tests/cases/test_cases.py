"""Cases: kept until a person closes them with a reason and a name, listed the newest first, never dropped."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from rxtrail import clock
from rxtrail.cases import Case, open_case
from rxtrail.errors import BadRequest, NotFound, Refused
from rxtrail.store.rows import RecordKind
from tests.story import PHARMACY, pack

if TYPE_CHECKING:
    from rxtrail.bootstrap import Node
    from tests.story import Scene


def opened(node: Node, what: str = "Dispensed twice.", kind: str = "offline-dispensing") -> Case:
    writer = node._writing()[0]
    return writer.do(
        lambda tx, log: open_case(
            tx, log, kind=kind, what=what, random_bytes=clock.random_bytes, pack=pack("A"), site=PHARMACY.gln,
            evidence={"key": "k1", "reasons": ["already-dispensed-elsewhere"]},
        )
    )  # fmt: skip


def test_an_opened_case_says_what_where_when_and_on_what_evidence(hub: Scene) -> None:
    case = opened(hub.node)
    assert hub.node.cases.get(case.id) == case
    assert case.state == "open"
    assert case.opened_at == "2026-11-23T12:00:00Z"
    assert (case.pack, case.site) == (pack("A"), PHARMACY.gln)
    assert case.evidence["reasons"] == ["already-dispensed-elsewhere"]


def test_cases_are_listed_the_newest_first_page_by_page(hub: Scene) -> None:
    made = []
    for number in range(7):
        made.append(opened(hub.node, f"number {number}").id)
        hub.time.pass_by(seconds=1)
    seen: list[str] = []
    while page := hub.node.cases.page(seen[-1] if seen else "", 3):
        seen += [case.id for case in page]
    assert seen == made[::-1]


def test_cases_of_one_moment_are_each_listed_once(hub: Scene) -> None:
    made = {opened(hub.node).id for _ in range(5)}
    first = hub.node.cases.page("", 2)
    rest = hub.node.cases.page(first[-1].id, 10)
    assert {case.id for case in (*first, *rest)} == made
    assert len(first) + len(rest) == 5


def test_a_list_can_be_of_one_state_and_one_kind(hub: Scene) -> None:
    one, other = opened(hub.node), opened(hub.node, kind="offline-scan")
    hub.node.cases.close(one.id, reason="A loan.", by="A. Kim")
    assert [case.id for case in hub.node.cases.page(state="open")] == [other.id]
    assert [case.id for case in hub.node.cases.page(state="closed")] == [one.id]
    assert [case.id for case in hub.node.cases.page(kind="offline-scan")] == [other.id]
    with pytest.raises(BadRequest):
        hub.node.cases.page(state="ajar")


def test_a_case_is_closed_with_a_reason_and_a_name_and_keeps_its_evidence(hub: Scene) -> None:
    case = opened(hub.node)
    hub.time.pass_by(minutes=5)
    closed = hub.node.close_case(case.id, reason="A loan from Hill Pharmacy.", by="A. Kim")
    assert (closed.state, closed.closed_by, closed.reason) == ("closed", "A. Kim", "A loan from Hill Pharmacy.")
    assert closed.closed_at == "2026-11-23T12:05:00Z"
    assert closed.evidence == case.evidence
    assert hub.node.cases.get(case.id) == closed


@pytest.mark.parametrize(("reason", "by"), [("", "A. Kim"), ("A loan.", ""), ("  ", "A. Kim"), ("x" * 501, "A. Kim")])
def test_nobody_closes_a_case_without_a_reason_and_a_name(hub: Scene, reason: str, by: str) -> None:
    case = opened(hub.node)
    with pytest.raises(BadRequest):
        hub.node.close_case(case.id, reason=reason, by=by)
    assert hub.node.cases.get(case.id).state == "open"


def test_a_case_is_closed_once(hub: Scene) -> None:
    case = opened(hub.node)
    closed = hub.node.close_case(case.id, reason="A loan.", by="A. Kim")
    assert hub.node.close_case(case.id, reason="A loan.", by="A. Kim") == closed
    with pytest.raises(Refused, match=r"A\. Kim"):
        hub.node.close_case(case.id, reason="Another one.", by="B. Lee")


def test_a_case_that_is_not_there_is_told(hub: Scene) -> None:
    for ask in (
        lambda: hub.node.cases.get("C-NONE"),
        lambda: hub.node.cases.page("C-NONE"),
        lambda: hub.node.close_case("C-NONE", reason="x", by="y"),
    ):
        with pytest.raises(NotFound):
            ask()


def test_opening_and_closing_stand_in_the_log(hub: Scene) -> None:
    before = len(hub.node._reader().records_from(0, 1000))
    case = opened(hub.node)
    hub.node.close_case(case.id, reason="A loan.", by="A. Kim")
    records = hub.node._reader().records_from(before, 1000)
    kept = [RecordKind.DECISION, RecordKind.CHANGE, RecordKind.BLOCK]
    assert [record.kind for record, _ in records] == kept * 2
    records = [each for each in records if each[0].kind == RecordKind.DECISION]
    assert all(case.id.encode() in body for _, body in records)
