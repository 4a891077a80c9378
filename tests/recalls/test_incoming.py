"""Reports that come again: what says no more is left alone, and what says more is never taken for known."""

from __future__ import annotations

import msgspec
import pytest

from rxtrail.core.rules.recall import LotScope, Recall
from rxtrail.recalls import AskedRecall, NoticesReport, RecallCommand, Report, asked_of, open_fresh
from rxtrail.recalls.values import NOTICE_CHARACTERS_MAX
from rxtrail.record.orders import KIND, encode
from tests.story import Scene, delivery, packs

KIM = "A. Kim"
NDC = "52601-8159-0"


@pytest.fixture
def stocked(pharmacy: Scene) -> Scene:
    pharmacy.capture(*delivery(*packs(2)))
    return pharmacy


def told(code_info: str, classification: str = "Class II", description: str = f"Tablets, NDC {NDC}") -> AskedRecall:
    report = Report(
        recall_number="D-1-2026", classification=classification, product_description=description, code_info=code_info
    )
    return asked_of(report)


def come(scene: Scene, *wanted: AskedRecall) -> NoticesReport:
    desk = scene.node.recalls
    return open_fresh(desk.incoming(list(wanted)), KIM, scene.node.recall, desk.incoming)


def states(scene: Scene) -> list[str]:
    return sorted(each.state for each in scene.node.recalls.page())


def as_earlier_code_read_it(asked: AskedRecall, *lots: str) -> AskedRecall:
    return msgspec.structs.replace(asked, doubts=[], lots=[LotScope(lot) for lot in lots])


def test_a_notice_whose_words_now_say_more_than_was_understood_waits_for_a_person(stocked: Scene) -> None:
    assert come(stocked, told("Lot A123")).opened == 1
    more = told("Lot A123 and all subsequent lots")
    assert (more.lots, bool(more.doubts)) == (told("Lot A123").lots, True)
    assert come(stocked, more) == NoticesReport(1, opened=1, changed=1, review=1, of_products_on_record=0)
    assert states(stocked) == ["live", "review"]
    for again in (more, told("Lot  A123 and all\nsubsequent lots"), told("Lot A123")):
        assert (come(stocked, again).known, states(stocked)) == (1, ["live", "review"])


def test_a_doubtful_notice_that_says_more_comes_beside_the_doubtful_one_before(stocked: Scene) -> None:
    come(stocked, told("Lots A123 through A125"))
    assert come(stocked, told("Lots A123 through A125 and following lots")).review == 1
    assert states(stocked) == ["review", "review"]


def test_a_notice_that_is_understood_now_holds_beside_the_one_that_was_not(stocked: Scene) -> None:
    come(stocked, told("Lot A123 and further lots"))
    assert come(stocked, told("Lot A123")).opened == 1
    assert states(stocked) == ["live", "review"]


@pytest.mark.parametrize("narrow", [("A123",), ("A123-A129",)])
def test_what_earlier_code_read_too_narrowly_goes_to_a_person_when_it_comes_again(
    stocked: Scene, narrow: tuple[str, ...]
) -> None:
    now = told("Lots A123-A129")
    assert now.doubts
    come(stocked, as_earlier_code_read_it(now, *narrow))
    assert states(stocked) == ["live"]
    assert come(stocked, now).review == 1
    assert come(stocked, now).known == 1
    assert states(stocked) == ["live", "review"]


def test_what_is_read_otherwise_now_and_without_a_doubt_holds_too(stocked: Scene) -> None:
    now = told("Lot A123, A124")
    assert not now.doubts
    come(stocked, as_earlier_code_read_it(now, "A123"))
    assert come(stocked, now).opened == 1
    assert (come(stocked, now).known, states(stocked)) == (1, ["live", "live"])


def test_what_a_person_has_confirmed_or_lifted_is_not_asked_again(stocked: Scene) -> None:
    now = told("Lots A123-A129")
    come(stocked, now)
    (waiting,) = stocked.node.recalls.page()
    scope = msgspec.structs.replace(waiting.scope, lots=[LotScope("A123")])
    stocked.node.recall(RecallCommand("confirm", KIM, waiting.id, "Only this lot.", scope=scope))
    assert (come(stocked, now).known, states(stocked)) == (1, ["live"])
    stocked.node.recall(RecallCommand("withdraw", KIM, waiting.id, "Not ours."))
    assert (come(stocked, now).lifted, states(stocked)) == (1, ["withdrawn"])


def test_two_notices_that_are_alike_as_far_as_they_are_kept_are_two(stocked: Scene) -> None:
    long = "Lot A123, " + "exp 01/2027 as told " * (NOTICE_CHARACTERS_MAX // 18)
    first, other = told(long + "Lot B1"), told(long + "Lot B2")
    assert max(len(first.notice), len(other.notice)) <= NOTICE_CHARACTERS_MAX
    assert "SHA-256 of the whole" in first.notice
    assert (come(stocked, first).review, come(stocked, other).review) == (1, 1)
    assert (come(stocked, first).known, come(stocked, other).known) == (1, 1)


def test_a_notice_that_earlier_code_cut_without_a_word_is_not_taken_for_the_whole(stocked: Scene) -> None:
    now = told("Lot A123, " + "exp 01/2027 as told " * (NOTICE_CHARACTERS_MAX // 18))
    come(stocked, msgspec.structs.replace(now, notice="x" * NOTICE_CHARACTERS_MAX))
    assert come(stocked, now).opened == 1


@pytest.mark.parametrize(
    "other",
    [
        told("Lot A123", "Class I"),
        told("Lot A123 and all subsequent lots"),
        msgspec.structs.replace(told("Lot A123"), doubts=["this record is not whole"]),
    ],
    ids=["class", "words", "doubts"],
)
def test_a_second_record_of_a_number_in_one_file_that_says_more_is_opened_too(
    stocked: Scene, other: AskedRecall
) -> None:
    for wanted in ([told("Lot A123"), other], [other, told("Lot A123")]):
        assert len(stocked.node.recalls.incoming(wanted).fresh) == 2
    assert come(stocked, told("Lot A123"), other, told("Lot A123")).opened == 2
    assert (come(stocked, told("Lot A123"), other).known, len(states(stocked))) == (2, 2)


def test_two_doubtful_records_of_a_number_that_differ_in_words_are_opened_together(stocked: Scene) -> None:
    one, other = told("Lots A123 through A125"), told("Lots A123 through A125", description=f"Syrup, NDC {NDC}")
    assert (one.lots, one.doubts) == (other.lots, other.doubts)
    assert come(stocked, one, other).review == 2
    assert (come(stocked, one, other).known, len(states(stocked))) == (2, 2)


def test_a_hubs_notice_that_waits_to_be_read_there_is_not_opened_here_too(stocked: Scene) -> None:
    now = told("Lot A123 and following")
    come(stocked, now)
    (waiting,) = stocked.node.recalls.page()
    abroad = msgspec.structs.replace(waiting, hub="https://hub.example", notice="", doubts=[], history=[])
    keep(stocked, abroad)
    assert (come(stocked, now).known, states(stocked)) == (1, ["review"])


def keep(scene: Scene, recall: Recall) -> None:
    scene.node.recalls._writer().do(lambda tx, _log: tx.keep(KIND, recall.id, 1, encode(recall)))
