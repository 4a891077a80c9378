"""The room of openFDA's files: loaded whole or not at all, and shown beside verdicts without touching them."""

from __future__ import annotations

import datetime
import io
import sqlite3
import tracemalloc
from typing import TYPE_CHECKING, Any, BinaryIO

import pytest

from rxtrail.core.gs1.check_digit import check_digit
from rxtrail.errors import BadRequest, BadScan, Busy, NotFound, StoreFailed
from rxtrail.openfda import FILE, Basket, FileCut, OpenFda, baskets
from rxtrail.openfda import shelf as shelf_module
from rxtrail.openfda.shelf import writing
from tests.openfda import files
from tests.openfda.files import BOXED, NDC, OTHER_GTIN, OTHER_NDC, OTHER_SET, SET, answer, label, product, shortage
from tests.web import scene

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

GTIN = scene.GTIN


class Room:
    """The room with a clock that the test turns."""

    def __init__(self, folder: Path) -> None:
        self.day = datetime.date(2026, 11, 30)
        self.second = 0.0
        self.us = 1_000_000
        self.folder = folder
        self.room = self.another()

    def another(self) -> OpenFda:
        return OpenFda(self.folder, now_us=self._now, today=lambda: self.day, seconds=lambda: self.second)

    def _now(self) -> int:
        self.us += 1_000_000
        return self.us

    def load(self, dataset: str, *contents: bytes, **options: Any) -> Any:
        def opening(content: bytes) -> Callable[[], BinaryIO]:
            return lambda: io.BytesIO(content)

        return self.room.load(dataset, [(f"{n}.json", opening(each)) for n, each in enumerate(contents)], **options)

    def kinds(self, gtin: str = GTIN) -> list[str]:
        return [note.kind for note in self.room.notes(gtin)]


@pytest.fixture
def there(tmp_path: Path) -> Iterator[Room]:
    room = Room(tmp_path / "data")
    yield room
    room.room.close()


# -- products --------------------------------------------------------------------------------------------------------


def test_the_ndc_directory_becomes_a_table_of_products_with_their_gtin(there: Room) -> None:
    report = there.load("ndc", answer(*files.PRODUCTS))
    assert (report.records, report.kept, report.faults) == (2, 2, 0)
    found = there.room.product(GTIN)
    assert (found.ndc, found.brand, found.labeler, found.form) == (NDC, "Brand Examplinib", "Acme Pharma", "TABLET")
    assert (found.strength, found.route, found.ingredients) == ("20 mg/1", "ORAL", ["EXAMPLINIB MESYLATE"])
    assert there.room.product(OTHER_NDC).gtin == OTHER_GTIN
    assert there.room.product("30300930787011") == there.room.product(OTHER_GTIN), "a case of it is the same product"
    assert [each.ndc for each in there.room.find("warfarin")] == [OTHER_NDC]
    with pytest.raises(NotFound):
        there.room.product("00352601815904")


def test_a_upc_that_no_ndc_makes_finds_its_only_package(there: Room) -> None:
    upc = "085000000001" + check_digit("085000000001")
    there.load("ndc", answer(product(OTHER_NDC, "Kit", "X", openfda={"upc": [upc]})))
    assert there.room.product(upc).ndc == OTHER_NDC


def test_an_ndc_of_twelve_digits_has_no_gtin_and_is_kept(there: Room) -> None:
    there.load("ndc", answer(product("123456-7890-12", "Later", "LATEREX")))
    assert [each.gtin for each in there.room.find("later")] == [""]


def test_a_newer_word_on_a_product_takes_the_place_of_the_older(there: Room) -> None:
    there.load("ndc", answer(product(NDC, "Old", "X")))
    there.load("ndc", answer(product(NDC, "New", "X")))
    assert there.room.product(GTIN).generic == "New"
    assert there.room.status().products == 1


# -- loading ---------------------------------------------------------------------------------------------------------


def test_a_file_that_is_cut_keeps_nothing_of_any_file_of_the_load(there: Room) -> None:
    there.load("ndc", answer(product(OTHER_NDC, "Warfarin", "WARFARIN")))
    whole, cut = answer(*files.PRODUCTS), answer(product(NDC, "Cut", "CUT"))
    with pytest.raises(FileCut) as refused:
        there.load("ndc", whole, cut[: len(cut) // 2])
    assert refused.value.place.startswith("1.json, record 1 (byte")
    assert there.room.status().products == 1
    assert len(there.room.status().files) == 1
    assert there.room.product(OTHER_GTIN).brand == "Brand Warfarin"


def test_a_file_of_another_dataset_is_refused(there: Room) -> None:
    for dataset in ("label", "shortages"):
        with pytest.raises(FileCut, match=dataset):
            there.load(dataset, answer(*files.PRODUCTS))
    with pytest.raises(FileCut):
        there.load("ndc", answer(label()))
    with pytest.raises(BadRequest):
        there.load("enforcement", answer())


def test_records_that_do_not_fit_are_left_out_and_told(there: Room) -> None:
    report = there.load("ndc", answer(files.PRODUCTS[0], {"product_ndc": 7}, {"generic_name": "x"}))
    assert (report.records, report.kept, report.faults) == (3, 1, 2)
    assert "record 2" in report.faults_told[0]


def test_fields_that_are_null_or_missing_are_no_fault(there: Room) -> None:
    bare: dict[str, Any] = {
        "product_ndc": "1-2",
        "packaging": None,
        "openfda": {},
        "active_ingredients": None,
        "generic_name": None,
    }
    assert there.load("ndc", answer(bare)).unlinked == 1
    assert there.load("label", answer({"set_id": "s"})).unlinked == 1
    assert there.load("shortages", answer({"status": "Current"})).unlinked == 1


def test_with_replace_what_the_files_do_not_hold_is_forgotten(there: Room) -> None:
    there.load("ndc", answer(*files.PRODUCTS))
    there.load("label", answer(label(boxed_warning=BOXED), label(OTHER_SET, ndc=OTHER_NDC)))
    there.load("shortages", answer(shortage(), shortage(OTHER_NDC)))
    for dataset, record in (
        ("ndc", files.PRODUCTS[0]),
        ("label", label(boxed_warning=BOXED)),
        ("shortages", shortage()),
    ):
        assert there.load(dataset, answer(record), replace=True).forgotten == 1
    status = there.room.status()
    assert (status.products, status.labels, status.shortages) == (1, 1, 1)
    assert there.kinds() == ["boxed-warning", "shortage"]


def test_two_loads_at_once_do_not_meet(there: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shelf_module, "LOAD_WAIT_SECONDS", 0.05)
    with writing(there.folder), pytest.raises(Busy):
        there.load("ndc", answer(*files.PRODUCTS))


def test_a_load_that_was_killed_leaves_what_there_was(there: Room) -> None:
    there.load("ndc", answer(files.PRODUCTS[0]))
    connection = sqlite3.connect(there.folder / FILE, isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    connection.execute("DELETE FROM product")
    connection.close()  # as the end of a process does it
    assert there.room.status().products == 1


def test_a_file_of_another_program_version_is_emptied_and_loaded_again(there: Room) -> None:
    there.load("ndc", answer(*files.PRODUCTS))
    with sqlite3.connect(there.folder / FILE) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    there.second += 2
    fresh = there.another()
    assert fresh.status().files == []
    fresh.close()
    there.load("ndc", answer(files.PRODUCTS[0]))
    assert there.room.status().products == 1


def test_a_damaged_file_is_said_to_be_one_and_stops_no_scan(there: Room) -> None:
    there.folder.mkdir(parents=True, exist_ok=True)
    (there.folder / FILE).write_bytes(b"no database, but long enough to look like one" * 100)
    with pytest.raises(StoreFailed):
        there.load("ndc", answer(*files.PRODUCTS))
    assert there.room.notes(GTIN) == []
    assert there.room.status().files == []


# -- beside a verdict ------------------------------------------------------------------------------------------------


def test_a_boxed_warning_is_shown_word_for_word_with_its_source(there: Room) -> None:
    there.load("label", answer(label(boxed_warning=BOXED, contraindications="None.")))
    [note] = there.room.notes(GTIN)
    assert (note.kind, note.text, note.since, note.more) == ("boxed-warning", BOXED, "2026-10-01", False)
    assert SET in note.source
    assert "not clinical advice" in note.advice


def test_a_long_boxed_warning_is_cut_at_a_sentence_and_says_so(there: Room) -> None:
    there.load("label", answer(label(boxed_warning="One sentence is here. " * 200)))
    [note] = there.room.notes(GTIN)
    assert note.more
    assert note.text.endswith("here.")
    assert len(there.room.safety(GTIN).labels[0].sections["boxed_warning"]) > 4000


def test_what_is_new_in_a_label_is_told_by_set_id_and_version(there: Room) -> None:
    old = label(warnings="Keep dry. Do not crush.", contraindications="Allergy.")
    new = label(
        version=2, effective="20261115", warnings="KEEP  dry. Do not crush. May cause fits.", boxed_warning=BOXED,
        contraindications="Allergy.",
    )  # fmt: skip
    there.load("label", answer(old))
    assert there.kinds() == []
    there.load("label", answer(new))
    notes = there.room.notes(GTIN)
    assert [(note.kind, note.section) for note in notes] == [
        ("boxed-warning", "boxed_warning"), ("new-warning", "boxed_warning"), ("new-warning", "warnings"),
    ]  # fmt: skip
    assert notes[2].text == "May cause fits."
    assert notes[2].since == "2026-11-15"
    there.load("label", answer(new), answer(old))
    assert there.room.notes(GTIN) == notes, "loading again, and an older version, change nothing"


def test_both_versions_in_one_file_and_in_any_order_tell_the_same(tmp_path: Path) -> None:
    versions = [
        label(version=1, effective="20261001", warnings="One thing."),
        label(version=2, effective="20261101", warnings="One thing. Another thing."),
        label(version=3, effective="20261120", warnings="One thing. Another thing."),
    ]
    told = []
    for name, order in (("a", versions), ("b", versions[:2])):
        there = Room(tmp_path / name)
        there.load("label", answer(*order))
        told.append([note.text for note in there.room.notes(GTIN)])
        there.room.close()
    assert told == [["Another thing."], ["Another thing."]], "a later version without news hides none"


def test_what_was_new_is_no_longer_told_after_half_a_year(there: Room) -> None:
    there.load("label", answer(label(warnings="Old."), label(version=2, effective="20261115", warnings="Old. New.")))
    assert there.kinds() == ["new-warning"]
    there.day = datetime.date(2027, 6, 1)
    there.second += 2
    assert there.kinds() == []


def test_the_labels_own_list_of_changes_is_told_when_no_version_before_is_here(there: Room) -> None:
    there.load("label", answer(label(recent_major_changes="Warnings and Precautions (5.1) 10/2026")))
    [note] = there.room.notes(GTIN)
    assert (note.kind, note.section) == ("new-warning", "recent_major_changes")


def test_a_shortage_is_shown_until_it_is_resolved(there: Room) -> None:
    there.load("shortages", answer(shortage()))
    [note] = there.room.notes(GTIN)
    assert note.kind == "shortage"
    assert "Demand increase" in note.text
    assert note.since == "2026-10-01"
    there.load("shortages", answer(shortage(updated="11/10/2026", status="Resolved")))
    assert there.kinds() == ["shortage"], "an older word does not count"
    there.load("shortages", answer(shortage(updated="11/25/2026", status="Resolved")))
    assert there.kinds() == []


def test_a_whole_list_with_an_older_word_loses_no_shortage(there: Room) -> None:
    there.load("shortages", answer(shortage()))
    there.load("shortages", answer(shortage(updated="11/01/2026")), replace=True)
    assert there.kinds() == ["shortage"]


def test_one_setting_switches_all_of_it_off_and_on_again(there: Room) -> None:
    there.load("label", answer(label(boxed_warning=BOXED)))
    assert there.room.show(shown=False).shown is False
    assert there.kinds() == []
    assert there.room.safety(GTIN).notes, "who asks for it still gets it"
    assert there.room.show(shown=True).shown is True
    assert there.kinds() == ["boxed-warning"]


def test_what_another_process_loads_is_shown_within_a_second(there: Room) -> None:
    other = there.another()
    assert other.notes(GTIN) == []
    there.load("label", answer(label(boxed_warning=BOXED)))
    there.second += 1.1
    assert [note.kind for note in other.notes(GTIN)] == ["boxed-warning"]
    there.load("label", answer(label(version=2, effective="20261120", warnings="Calm.")))
    there.second += 1.1
    assert [note.kind for note in other.notes(GTIN)] == ["new-warning"]
    other.close()


# -- a basket --------------------------------------------------------------------------------------------------------


def test_a_label_that_names_the_other_packs_substance_is_told(there: Room) -> None:
    there.load("ndc", answer(*files.PRODUCTS))
    text = "7 DRUG INTERACTIONS 7.1 Warfarin: watch the INR. Foods do not matter."
    there.load("label", answer(label(drug_interactions=text)))
    found = there.room.basket([GTIN, OTHER_GTIN, GTIN])
    [note] = found.interactions
    assert (note.gtin, note.other, note.section) == (GTIN, OTHER_GTIN, "drug_interactions")
    assert "watch the INR" in note.text
    assert "not clinical advice" in note.advice
    assert found.without_label == [OTHER_GTIN]


@pytest.mark.parametrize(
    "text", ["Warfarinic acid does nothing.", "pre-warfarin times", "Nothing of note.", "Sodium is salt."]
)
def test_only_whole_names_count_and_salts_are_no_names(there: Room, text: str) -> None:
    there.load("ndc", answer(*files.PRODUCTS))
    there.load("label", answer(label(drug_interactions=text)))
    assert there.room.basket([GTIN, OTHER_GTIN]).interactions == []


def test_two_packs_of_one_substance_say_nothing_of_each_other(there: Room) -> None:
    twin = "0093-0788-01"
    there.load("ndc", answer(product(NDC, "A", "EXAMPLINIB"), product(twin, "B", "EXAMPLINIB MESYLATE")))
    there.load("label", answer(label(drug_interactions="Examplinib is not to be taken with itself.")))
    assert there.room.basket([GTIN, there.room.product(twin).gtin]).interactions == []


def gaps(basket: Basket) -> list[tuple[str, str]]:
    return [(gap.gtin, gap.text) for gap in basket.not_looked_at]


def test_a_basket_tells_of_whom_it_could_not_find_anything_out(there: Room) -> None:
    iron = "0093-0788-01"
    there.load("ndc", answer(*files.PRODUCTS, product(iron, "Ferrous", "IRON"), {**product("0093-0789-01", "B", "X"),
                             "active_ingredients": []}))  # fmt: skip
    there.load("label", answer(label(warnings="Calm."), label(OTHER_SET, ndc=OTHER_NDC, drug_interactions="Iron.")))
    gtins = [GTIN, OTHER_GTIN, *(there.room.product(ndc).gtin for ndc in (iron, "0093-0789-01"))]
    found = there.room.basket(gtins)
    assert (found.interactions, found.without_label) == ([], gtins[2:])
    assert gaps(found) == [
        (GTIN, "Its label has no section on interactions."),
        (gtins[2], "No label was searched for IRON: an ordinary word."),
        (gtins[3], "No active ingredient of it is known, so no label was searched for it."),
    ]


def test_labels_that_were_not_read_are_told_and_the_newest_are_read(there: Room) -> None:
    there.load("ndc", answer(*files.PRODUCTS))
    there.load("label", answer(label(OTHER_SET, ndc=OTHER_NDC, drug_interactions="None.")))
    labels = [
        label(f"{number}", effective=f"202610{number:02}", drug_interactions=f"Warfarin {number}.")
        for number in range(1, 9)
    ]
    there.load("label", answer(*labels))
    found = there.room.basket([GTIN, OTHER_GTIN])
    assert [note.text for note in found.interactions] == ["Warfarin 8."]
    assert gaps(found) == [(GTIN, "Only its 5 newest labels were read, 3 older ones were not.")]
    whole = there.room.safety(GTIN)
    assert ([each.set_id for each in whole.labels], whole.labels_older) == (["8", "7", "6", "5", "4"], 3)


def test_the_work_for_one_basket_has_a_bound_and_what_is_past_it_is_told(
    there: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    there.load("ndc", answer(*files.PRODUCTS))
    there.load("label", answer(label(drug_interactions="Warfarin."), label(OTHER_SET, ndc=OTHER_NDC)))
    monkeypatch.setattr(baskets, "SEARCHED_CHARACTERS_MAX", 9)
    found = there.room.basket([GTIN, OTHER_GTIN])
    assert len(found.interactions) == 1
    monkeypatch.setattr(baskets, "SEARCHED_CHARACTERS_MAX", 8)
    found = there.room.basket([GTIN, OTHER_GTIN])
    assert found.interactions == []
    assert (GTIN, "Its label was not searched for all other packs: ask for fewer at once.") in gaps(found)
    monkeypatch.undo()
    monkeypatch.setattr(baskets, "INTERACTIONS_MAX", 0)
    found = there.room.basket([GTIN, OTHER_GTIN])
    assert found.interactions == []
    assert (GTIN, "Its label says more of the other packs than is listed here.") in gaps(found)


def test_a_basket_of_a_damaged_file_has_no_interactions_ruled_out(there: Room) -> None:
    there.load("ndc", answer(*files.PRODUCTS))
    there.load("label", answer(label(drug_interactions="Warfarin.")))
    with writing(there.folder) as shelf:
        shelf._connection.execute("UPDATE label SET body = x'00'")
    found = there.room.basket([GTIN, OTHER_GTIN])
    assert (found.interactions, found.without_label) == ([], [GTIN, OTHER_GTIN])
    assert gaps(found) == [(GTIN, "What was loaded of it cannot be read.")]


def test_no_label_text_is_kept_in_mind_for_a_verdict(there: Room) -> None:
    there.load("label", answer(label(boxed_warning=BOXED, warnings="Beware. " * 200_000)))
    tracemalloc.start()
    try:
        assert there.kinds() == ["boxed-warning"]
        assert tracemalloc.get_traced_memory()[0] < 500_000
    finally:
        tracemalloc.stop()


def test_a_basket_has_a_bound(there: Room) -> None:
    codes = [f"{number:014}" for number in range(51)]
    assert there.room.basket(codes[:50]).interactions == []
    with pytest.raises(BadRequest):
        there.room.basket(codes)


def test_a_code_names_its_product_however_it_is_written(there: Room) -> None:
    for code in (GTIN, GTIN.lstrip("0"), NDC, scene.scan("A-B-C"), f" {NDC} "):
        assert there.room.named(code) == GTIN
    with pytest.raises(BadScan):
        there.room.named("hello")
