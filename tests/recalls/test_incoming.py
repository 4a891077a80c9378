"""Reports that come again: what says no more is left alone, and what says more is never taken for known."""

from __future__ import annotations

import msgspec
import pytest

from rxtrail.core.rules.recall import LotScope, Recall, Step
from rxtrail.recalls import AskedRecall, NoticesReport, RecallCommand, Report, asked_of, incoming, open_fresh
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


def draft_of(scene: Scene, asked: AskedRecall) -> Recall:
    draft = scene.node.recall(RecallCommand("open", KIM, asked=msgspec.structs.replace(asked, source="issued")))
    assert draft.state == "draft"
    return draft


def come_again_and_again(scene: Scene, *wanted: AskedRecall) -> None:
    before = states(scene)
    for _ in range(2):
        report = come(scene, *wanted)
        assert (report.known, report.opened, states(scene)) == (len(wanted), 0, before)


@pytest.mark.parametrize("notice", ["", told("Lot A123").notice], ids=["typed in", "same words"])
@pytest.mark.parametrize("is_withdrawn", [False, True], ids=["draft", "withdrawn"])
def test_a_draft_holds_nothing_so_the_report_of_its_number_holds_beside_it(
    stocked: Scene, notice: str, *, is_withdrawn: bool
) -> None:
    now = told("Lot A123")
    draft = draft_of(stocked, msgspec.structs.replace(now, notice=notice))
    if is_withdrawn:
        stocked.node.recall(RecallCommand("withdraw", KIM, draft.id, "Opened by mistake."))
    assert come(stocked, now).opened == 1
    come_again_and_again(stocked, now)
    live = next(each for each in stocked.node.recalls.page() if each.state == "live")
    if not is_withdrawn:
        stocked.node.recall(RecallCommand("withdraw", KIM, draft.id, "Opened by mistake."))
        come_again_and_again(stocked, now)
    for step in ("close", "withdraw"):
        stocked.node.recall(RecallCommand(step, KIM, live.id, "All packs are back."))
        come_again_and_again(stocked, now)


def test_a_received_notice_that_is_opened_alone_is_not_refused_for_a_draft(stocked: Scene) -> None:
    draft_of(stocked, told("Lot A123"))
    assert stocked.node.recall(RecallCommand("open", KIM, asked=told("Lot A123"))).state == "live"


def test_what_is_opened_as_ones_own_is_known_by_its_draft(stocked: Scene) -> None:
    own = msgspec.structs.replace(told("Lot A123"), source="issued")
    assert (come(stocked, own).opened, states(stocked)) == (1, ["draft"])
    come_again_and_again(stocked, own)
    (draft,) = stocked.node.recalls.page()
    stocked.node.recall(RecallCommand("withdraw", KIM, draft.id, "Not ours."))
    come_again_and_again(stocked, own)


def test_an_updated_notice_waits_for_a_person_after_the_hub_lifted_the_one_before(stocked: Scene) -> None:
    lifted(stocked, told("Lot A123 and following"), "review at the hub", "withdrawn at the hub")
    now = told("Lot A123 and following, also those of other pharmacies")
    assert (come(stocked, now).review, states(stocked)) == (1, ["review", "withdrawn"])
    come_again_and_again(stocked, now)
    waiting = next(each for each in stocked.node.recalls.page() if each.state == "review")
    stocked.node.recall(RecallCommand("withdraw", KIM, waiting.id, "Read: not ours."))
    come_again_and_again(stocked, now)


@pytest.mark.parametrize(
    ("steps", "opened"), [(["withdrawn at the hub"], 1), (["review at the hub", "withdrawn at the hub"], 0)]
)
def test_what_was_only_a_draft_at_the_hub_hides_no_report(stocked: Scene, steps: list[str], opened: int) -> None:
    now = told("Lot A123")
    lifted(stocked, now, *steps)
    assert come(stocked, now).opened == opened
    come_again_and_again(stocked, now)


def lifted(scene: Scene, asked: AskedRecall, *steps: str) -> None:
    """Keep a recall as it is at a site when its hub has lifted it before it ever held."""
    draft = draft_of(scene, asked)
    history = [Step("2026-01-01T00:00:00Z", what, "https://hub.example") for what in steps]
    there = msgspec.structs.replace(draft, state="withdrawn", source="received", hub="https://hub.example")
    keep(scene, msgspec.structs.replace(there, notice="", doubts=[], history=history))


@pytest.mark.parametrize(
    "weaker",
    [{"depth": "wholesale"}, {"depth": "wholesale", "notice": ""}],
    ids=["same words", "typed in"],
)
def test_a_recall_that_reaches_wholesalers_only_does_not_hide_a_report_for_pharmacies(
    stocked: Scene, weaker: dict[str, str]
) -> None:
    now = told("Lot A123")
    come(stocked, msgspec.structs.replace(now, **weaker))
    assert (come(stocked, now).opened, states(stocked)) == (1, ["live", "live"])
    come_again_and_again(stocked, now)
    come_again_and_again(stocked, msgspec.structs.replace(now, depth="wholesale"))
    assert come(stocked, msgspec.structs.replace(now, depth="consumer")).opened == 1


def test_a_counterfeit_notice_is_not_known_by_a_recall_of_the_same_packs(stocked: Scene) -> None:
    now = told("Lot A123")
    fake = msgspec.structs.replace(now, kind="counterfeit")
    come(stocked, now)
    assert come(stocked, fake).opened == 1
    come_again_and_again(stocked, now, fake)


def test_a_counterfeit_notice_stops_all_that_a_recall_of_the_same_packs_would(stocked: Scene) -> None:
    come(stocked, msgspec.structs.replace(told("Lot A123"), kind="counterfeit"))
    come_again_and_again(stocked, told("Lot A123"))


def test_how_far_a_person_let_the_same_words_reach_stands(stocked: Scene) -> None:
    now = told("Lots A123-A129")
    come(stocked, msgspec.structs.replace(now, depth="wholesale"))
    (waiting,) = stocked.node.recalls.page()
    scope = msgspec.structs.replace(waiting.scope, lots=[LotScope("A123")])
    stocked.node.recall(RecallCommand("confirm", KIM, waiting.id, "For wholesalers.", scope=scope))
    come_again_and_again(stocked, now)


@pytest.mark.parametrize("code_info", ["Lot A123", "Lots A123-A129"], ids=["live", "review"])
def test_the_same_words_of_which_more_products_are_read_now_are_opened_too(stocked: Scene, code_info: str) -> None:
    now = told(code_info)
    come(stocked, msgspec.structs.replace(now, gtins=now.gtins[:1]))
    assert come(stocked, now).opened == 1
    come_again_and_again(stocked, now)
    assert {*now.gtins} == {gtin for each in stocked.node.recalls.page() for gtin in each.scope.gtins}


def test_which_products_a_person_read_in_the_same_words_stands(stocked: Scene) -> None:
    now = told("Lots A123-A129")
    come(stocked, now)
    (waiting,) = stocked.node.recalls.page()
    scope = msgspec.structs.replace(waiting.scope, gtins=now.gtins[:1], lots=[LotScope("A123")])
    stocked.node.recall(RecallCommand("confirm", KIM, waiting.id, "Only the bottle.", scope=scope))
    come_again_and_again(stocked, now)


def test_products_of_a_recall_of_the_same_words_but_fewer_lots_are_not_known(stocked: Scene) -> None:
    now = told("Lot A123, A124")
    narrow = msgspec.structs.replace(as_earlier_code_read_it(now, "A123"), gtins=now.gtins[:5])
    come(stocked, narrow)
    stocked.node.recall(RecallCommand("open", KIM, asked=msgspec.structs.replace(now, gtins=now.gtins[5:])))
    assert come(stocked, now).opened == 1
    come_again_and_again(stocked, now)


def test_a_report_in_several_parts_is_known_by_all_of_them_and_a_part_that_is_missing_is_opened(
    stocked: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = told("Lot A123")
    come(stocked, msgspec.structs.replace(now, gtins=now.gtins[:4]))
    monkeypatch.setattr(incoming, "GTINS_MAX", 4)
    draft_of(stocked, msgspec.structs.replace(now, gtins=now.gtins[4:8]))
    assert come(stocked, now).opened == 2
    assert states(stocked) == ["draft", "live", "live", "live"]
    come_again_and_again(stocked, now)


def keep(scene: Scene, recall: Recall) -> None:
    scene.node.recalls._writer().do(lambda tx, _log: tx.keep(KIND, recall.id, 1, encode(recall)))
