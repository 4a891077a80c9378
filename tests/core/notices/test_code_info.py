"""What a recall's ``code_info`` says, in the many ways in which firms write it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rxtrail.core.notices.code_info import Kind, LotRange, read_code_info
from tests.core.notices.cases import ALL, FOR_A_PERSON, PLAIN

WORDS = [
    "Lot",
    "lots",
    "#",
    "Exp",
    "exp.",
    "through",
    "and",
    ",",
    ";",
    "\n",
    "a)",
    "2)",
    "01/25",
    "A12",
    "99",
    "all lots",
]


@pytest.mark.parametrize(("text", "lots"), PLAIN.items(), ids=list(PLAIN))
def test_plain_lots_are_read_with_their_expiry_and_without_a_doubt(
    text: str, lots: list[tuple[str, str | None]]
) -> None:
    read = read_code_info(text)
    assert [(lot.lot, lot.expiry) for lot in read.lots] == lots
    assert (read.kind, read.doubts) == (Kind.LOTS, [])


@pytest.mark.parametrize("text", ALL)
def test_all_lots_is_read_as_all_lots(text: str) -> None:
    read = read_code_info(text)
    assert (read.kind, read.doubts) == (Kind.ALL_LOTS, [])


MORE_THAN_IS_NAMED = (
    "Lot A001\u2192A010", "Lot A001 -> A010", "Lots A001~A010", "Lots A001 \u2026 A010", "Lots A001...A010",
    "Lot A001..A010", "Lot A001 \u2212 A010", "Lots in the range A001 A010", "Lots A001 or higher", "Lots >= A001",
    "Lots \u2265 A001", "Lot A001 & up", "Lot A001 onwards", "Lot A001 forward", "Lot: A001, A002, et al.",
    "Lot 12345 and additional lots", "Lot 12345 and three other lots", "Lot 12345 and associated lots",
    "Lot: 12345 series", "Lot 12345-A through E", "Lot 12345 A through E", "Lots 12345 A, B, C",
    "Lots 12345A, B, C; exp 1/2026", "Lots 12345A/B/C", "Lot 21A001/002/003, Exp. 05/2026", "Lot 21A00(1-5)",
)  # fmt: skip


@pytest.mark.parametrize("text", MORE_THAN_IS_NAMED)
def test_a_text_that_means_more_lots_than_it_names_is_left_to_a_person(text: str) -> None:
    assert not read_code_info(text).confident


SPANS = (
    "Lots 12345-50", "Lots: K123-29, exp 01/2027", "Batches A1200-03", "Lots: 12345-50, 12361",
    "Lots 12345-50 and 12361-70", "Lots A12345-50 & A12361-70 Exp 12/2026", "Lots 100-5, 200-9",
    "Lot 12345-50, 12352", "Lot numbers: 12345-50, 12352", "Lots 12345/12346, 12350/51", "Lot numbers 12345-50",
    "Lot Nos. 12345-50", "Lot #s 12345-50", "Lot #'s: 12345-50", "Lot No(s). 12345-50", "Batch numbers A12345-50",
    "Batch(es) 12345-50", "Lot(s) 12345-50", "Lot codes: 12345-50", "Lots 12345/50", "Lots 12345@50", "Lots 12345.50",
    "Lots 12345_50", "Lots 1234567:70", "Lots 12345A-50A", "a) Lots 12345-50; b) Lots 12345-60",
    "Lots 1001-1010", "Lots 101-110", "Lots AB01-AB09", "Lots K123-K129, Exp 05/2027", "Lots 12A-19A", "Lots A1-A5, A9",
    "Lot 1234-5678", "Lots A98-A102", "Lots 998-1002", "Lots A001-010", "Lots 101/110", "Lots A1/A5", "Lots A123_A130",
    "Lots A123456 -- A123460", "Lots A123456--A123460", "Lots A123456 --- A123460", "Lots A123456---A123460",
    "Lots A123456\u223cA123460", "Lots A123456 \u223c A123460", "Lots A123456\uff0dA123460",
    "Lots A123456 \uff0d A123460", "Lots A123456\uff5eA123460", "Lots A123456\u2043A123460",
    "Lots A123456\u2010A123460",
    "Lots A123456 \u2011 A123460", "Lots A123456\xadA123460", "Lots A123456- A123460", "Lots A123456 -A123460",
    "Lots A123456 / A123460", "Lots A123456 = A123460", "Lots A123456 a A123460", "Lots A123456 through to A123460",
)  # fmt: skip


@pytest.mark.parametrize("text", SPANS)
def test_codes_with_a_mark_between_them_may_be_a_span_and_wait_for_a_person(text: str) -> None:
    assert read_code_info(text).doubts


WORDS_FOR_MORE = (
    "and following", "and the following lots", "and all following", "and next", "and the next lots", "upwards",
    "upward",
    "and upwards", "downward", "ff.", "ff", "f.", "et seq", "et seq.", "remaining lots", "and remaining lots",
    "and succeeding lots", "and all subsequent lots", "not exhaustive", "(not exhaustive)", "(non-exhaustive list)",
    "(list is not complete)", "and the rest", "and so forth", "thereafter", "(continued)", "(cont'd)", "cont.",
    "Exp 01/2027 and following lots", "Exp 01/2027 and following", "Exp 01/2027 (continued)", "Exp 01/2027 ff.",
)  # fmt: skip


@pytest.mark.parametrize("words", WORDS_FOR_MORE)
def test_words_behind_a_lot_that_speak_of_more_lots_leave_it_to_a_person(words: str) -> None:
    assert read_code_info(f"Lot A123 {words}").doubts
    assert read_code_info(f"Lots A122, A123, {words}").doubts


@pytest.mark.parametrize(
    "lot",
    ["A12%", "A12_", "A12__", "A1\u25cf\u25cf", "A12\u25a1", "A12\xd7", "A1nn", "A12n", "A12x", "A12yy", "123nn",
     "A12ff", "A12-", "A12--", "A12[]", "A12()", "A12..", "A12^", "A12$", "A12@"],
)  # fmt: skip
def test_a_mark_behind_a_lot_or_small_letters_in_it_may_stand_for_any_digit(lot: str) -> None:
    assert read_code_info(f"Lot {lot}").doubts
    assert read_code_info(f"Lot {lot}, exp 01/2027").doubts


@pytest.mark.parametrize(
    ("text", "lots"),
    [
        ("Lot 12345-50", ["12345-50"]),
        ("Lots 439605-01", ["439605-01"]),
        ("Lots S21-0045, 439605-01, 2025-0012", ["S21-0045", "439605-01", "2025-0012"]),
        ("Lots ProRx051425-5, ProRx051425-6", ["PRORX051425-5", "PRORX051425-6"]),
        ("Lot numbers 439605-01, 439605-02 and 439611-01", ["439605-01", "439605-02", "439611-01"]),
        ("Lots 439605-05, 439605-06, 439605-07", ["439605-05", "439605-06", "439605-07"]),
        ("Lots A12345, A12346; BC-1234/22", ["A12345", "A12346", "BC-1234/22"]),
        ("Lots 05032022:35@1, 05-04-2022:28@9", ["05032022:35@1", "05-04-2022:28@9"]),
        ("Lot A12345 | 01/2025\nLot A12346 | 01/2025", ["A12345", "A12346"]),
        ("Lot A123 and bulk lot A124", ["A123", "A124"]),
        ("Lot A123 - exp 01/2027", ["A123"]),
        ("A. 50 mL: Lot A123, exp 01/2027, B. 100 mL: Lot A124, exp 01/2027", ["A123", "A124"]),
        ("Lot A123, exp 01/2027; B. Braun", ["A123"]),
        ("Lot S21\u20110045", ["S21-0045"]),
        ("Lots: #A123 #A124", ["A123", "A124"]),
        ("\u2022 Lot A123 \u2022 Lot A124", ["A123", "A124"]),
        ("The following lots: A123, A124", ["A123", "A124"]),
        ("Lots a123b, a124c", ["A123B", "A124C"]),
        ('Lots "A123", "A124".', ["A123", "A124"]),
        ("Lot A123- exp 01/2027", ["A123"]),
    ],
)
def test_lots_with_a_hyphen_in_them_and_lists_are_still_read_without_a_doubt(text: str, lots: list[str]) -> None:
    read = read_code_info(text)
    assert ([lot.lot for lot in read.lots], read.doubts) == (lots, [])


@pytest.mark.parametrize("text", ["Lot: ALL", "Lot #: All, Exp. 01/2025"])
def test_all_behind_the_word_lot_is_every_lot_and_not_the_name_of_one(text: str) -> None:
    read = read_code_info(text)
    assert (read.kind, read.lots) == (Kind.ALL_LOTS, [])


@pytest.mark.parametrize("text", FOR_A_PERSON)
def test_what_only_a_person_can_read_is_said_to_be_so(text: str) -> None:
    read = read_code_info(text)
    assert not read.confident
    assert read.doubts


def test_lots_of_lettered_presentations_are_told_apart() -> None:
    read = read_code_info("Lot #'s: a) 90A024, 90A026, Exp 09/13; b) 90A028, Exp 09/13")
    assert read.by_group == {"a": ["90A024", "90A026"], "b": ["90A028"]}


def test_one_mark_may_name_several_presentations() -> None:
    read = read_code_info("1) - 3) Lot A12345; 4) and 6) Lot A12346")
    assert read.by_group == {"1": ["A12345"], "2": ["A12345"], "3": ["A12345"], "4": ["A12346"], "6": ["A12346"]}


def test_a_range_keeps_its_ends_and_its_expiry() -> None:
    read = read_code_info("Lots A100 through A120, Exp 01/2025")
    assert (read.kind, read.ranges) == (Kind.RANGE, [LotRange("A100", "A120", "2025-01")])


def test_ndcs_are_told_and_are_no_lots() -> None:
    read = read_code_info("NDC 0781-1234-01: Lot A12345; NDC 12345-678-90: Lot A12346")
    assert read.ndcs == ["0781-1234-01", "12345-678-90"]
    assert [lot.lot for lot in read.lots] == ["A12345", "A12346"]


def test_serial_numbers_and_products_of_element_strings_are_told_and_left_to_a_person() -> None:
    read = read_code_info("(01)00312345678906(10)A12345(17)250131(21)S1; Lot A12346, serial numbers 1001 through 1009")
    assert read.gtins == ["00312345678906"]
    assert read.serials == [("S1", "S1"), ("1001", "1009")]
    assert [lot.lot for lot in read.lots] == ["A12345", "A12346"]
    assert not read.confident


def test_days_of_shipping_are_no_days_of_making() -> None:
    for word in ("distributed", "shipped", "sold"):
        read = read_code_info(f"Lots {word} between 01/01/2024 and 02/01/2024")
        assert (read.made, read.kind, read.confident) == ([], Kind.RANGE, False)
    assert read_code_info("Lots manufactured from 01/01/2024 to 02/01/2024").made == [("2024-01-01", "2024-02-01")]


@given(st.one_of(st.text(max_size=200), st.lists(st.sampled_from(WORDS), max_size=30).map(" ".join)))
def test_nothing_is_ever_silently_empty(text: str) -> None:
    read = read_code_info(text)
    assert read.lots or read.kind is Kind.ALL_LOTS or read.doubts


@given(
    st.lists(st.from_regex(r"[A-Z]{1,2}[0-9]{4,7}[A-Z]?", fullmatch=True), min_size=1, max_size=20, unique=True),
    st.sampled_from([", ", "; ", " and ", "\n", " & "]),
    st.sampled_from(["Lot # {}, Exp 01/2025", "Lots: {}; Exp. Date: Jan 2025", "Batch numbers {} (exp. 01/25)"]),
)
def test_a_list_of_lots_before_one_expiry_is_read_whole(lots: list[str], mark: str, form: str) -> None:
    text = form.format(mark.join(lots))
    read = read_code_info(text)
    assert [lot.lot for lot in read.lots] == lots
    assert read.doubts or {lot.expiry for lot in read.lots} == {"2025-01"}
