"""Labels: what was drawn is what is read, by a reader that knows nothing of how it was drawn."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rxtrail import labels
from rxtrail.core.gs1.charsets import CSET_82
from rxtrail.core.gs1.check_digit import check_digit
from rxtrail.core.gs1.keyboard_profile import CALIBRATION_TEXT
from rxtrail.errors import BadRequest
from rxtrail.labels import symbol, writing
from tests import pictures

GTIN = "00352601815904"
SSCC = "003011610012270529"
TEXT = st.text(CSET_82, min_size=1, max_size=20)


def text_of(serial: str, lot: str, expiry: str = "270930", gtin: str = GTIN) -> str:
    return f"01{gtin}21{serial}\x1d17{expiry}10{lot}"


def test_the_calibration_symbol_says_every_character_and_a_separator() -> None:
    label = labels.calibration_label()
    assert pictures.read(labels.write(label, "png")) == [("]d2", CALIBRATION_TEXT)]
    assert set(CALIBRATION_TEXT) == set(CSET_82) | {"\x1d"}
    assert len(label.symbol.rows) == label.symbol.width == 36


@settings(max_examples=60)
@given(st.text("0123456789", min_size=13, max_size=13), TEXT, TEXT, st.dates())
def test_any_pack_is_drawn_as_a_square_symbol_that_says_it(body: str, serial: str, lot: str, day: object) -> None:
    gtin, expiry = body + check_digit(body), f"{day:%y%m%d}"
    label = labels.pack_label(gtin, serial, lot, expiry)
    assert pictures.read(labels.write(label, "png")) == [("]d2", text_of(serial, lot, expiry, gtin))]
    assert len(label.symbol.rows) == label.symbol.width


@pytest.mark.parametrize("form", labels.FORMATS)
@pytest.mark.parametrize("serial", ["A1", "A(B)[C", 'x"y&z<!>', "\\%_^~"])
def test_every_format_is_written_or_refused_by_name(form: str, serial: str) -> None:
    if set(serial) <= set(CSET_82):
        assert labels.write(labels.pack_label(GTIN, serial, "L", "270930"), form)
    else:
        with pytest.raises(BadRequest) as refused:
            labels.pack_label(GTIN, serial, "L", "270930")
        assert refused.value.place == "serial"


def test_brackets_in_a_serial_are_data() -> None:
    serial = "A(10)B(21)C"
    assert pictures.read(labels.write(labels.pack_label(GTIN, serial, "L", "270930"), "png")) == [
        ("]d2", text_of(serial, "L"))
    ]


def test_a_logistic_unit_is_a_linear_symbol_of_its_sscc() -> None:
    written = labels.write(labels.sscc_label(SSCC), "png")
    assert pictures.read(written) == [("]C1", f"00{SSCC}")]


@pytest.mark.parametrize(
    ("fields", "place"),
    [
        ((GTIN[:-1] + "5", "A", "L", "270930"), "gtin"),
        (("1234567", "A", "L", "270930"), "gtin"),
        ((GTIN, "", "L", "270930"), "serial"),
        ((GTIN, "A" * 21, "L", "270930"), "serial"),
        ((GTIN, "A B", "L", "270930"), "serial"),
        ((GTIN, "A\x1dB", "L", "270930"), "serial"),
        ((GTIN, "A", "é", "270930"), "lot"),
        ((GTIN, "A", "L" * 21, "270930"), "lot"),
        ((GTIN, "A", "L", "271330"), "expiry"),
        ((GTIN, "A", "L", "2027-09-30"), "expiry"),
    ],
)
def test_what_may_not_stand_in_a_symbol_is_refused(fields: tuple[str, str, str, str], place: str) -> None:
    with pytest.raises(BadRequest) as refused:
        labels.pack_label(*fields)
    assert refused.value.place == place
    assert refused.value.advice


def test_a_wrong_sscc_and_a_wrong_format_are_refused() -> None:
    with pytest.raises(BadRequest):
        labels.sscc_label(SSCC[:-1] + "0")
    with pytest.raises(BadRequest):
        labels.write(labels.sscc_label(SSCC), "bmp")


def test_a_short_gtin_is_filled_and_an_expiry_may_be_a_month() -> None:
    label = labels.pack_label("352601815904", "A", "L", "270900")
    assert label.symbol.text == text_of("A", "L", "270900")


@pytest.mark.parametrize("form", ["svg", "pdf", "png"])
@pytest.mark.parametrize("label", [labels.pack_label(GTIN, "A1", "L", "270930"), labels.sscc_label(SSCC)])
def test_a_label_that_was_drawn_wrongly_is_never_given_out(
    label: labels.Label, form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = list(writing.rectangles(label))
    monkeypatch.setattr(writing, "rectangles", lambda _: iter(whole[: len(whole) // 2]))
    monkeypatch.setattr(writing, "_line", lambda row: b"\x00" + b"\x00" * len(row))
    with pytest.raises((AssertionError, ValueError)):
        labels.write(label, form)


def test_the_lines_for_people_are_escaped() -> None:
    label = labels.pack_label(GTIN, 'a<b>&"c', "(L)", "270930")
    assert b"(21) a&lt;b&gt;&amp;" in labels.write(label, "svg")
    assert rb"(\(10\) \(L\))" in labels.write(label, "pdf")


def test_a_pdf_has_its_objects_where_its_table_says() -> None:
    written = labels.write(labels.sscc_label(SSCC), "pdf")
    places = [int(place) for place in re.findall(rb"^([0-9]{10}) 00000 n", written, re.MULTILINE)]
    for number, place in enumerate(places, 1):
        assert written[place:].startswith(b"%d 0 obj" % number)
    start = int(re.findall(rb"startxref\n([0-9]+)", written)[0])
    assert written[start:].startswith(b"xref\n0 6\n")


def test_zpl_carries_fnc1_first_and_between() -> None:
    written = labels.write(labels.pack_label(GTIN, "A_1", "L", "270930"), "zpl").decode()
    assert f"^FD|101{GTIN}21A_1|11727093010L^FS" in written
    assert written.startswith("^XA")
    assert written.endswith("^XZ\n")
    assert f"^FD(00){SSCC}^FS" in labels.write(labels.sscc_label(SSCC), "zpl").decode()


def test_nothing_is_read_in_an_empty_picture() -> None:
    assert symbol.decoded(((False,) * 20,) * 20) == ("", "")
