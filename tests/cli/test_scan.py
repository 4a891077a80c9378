"""``rxtrail scan``: one object a code, null fields unless one reading is left."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.cli.conftest import CommandLine

GTIN = "00352601815904"
PACK = f"01{GTIN}21CF32ERFb3Dvc\x1d1727093010QD1DQ"
READING = f"(01){GTIN}(21)CF32ERFb3Dvc(17)270930(10)QD1DQ"
FIELDS = ("product", "serial", "lot", "expiry")
WHOLE = [GTIN, "CF32ERFb3Dvc", "QD1DQ", "270930"]


def fields(answer: dict[str, object]) -> list[object]:
    return [answer[name] for name in FIELDS]


@pytest.mark.parametrize(
    ("code", "repairs"),
    [
        (PACK, []),
        (f"]d2{PACK}", []),
        (PACK.replace("\x1d", "|"), ["group-separator-restored"]),
        (PACK.replace("\x1d", ""), ["group-separator-restored", "split-by-grammar"]),
        (f"{PACK}{PACK}", ["repeated-scan-dropped"]),
    ],
)
def test_one_reading_is_valid_and_may_be_sent_on(rxtrail: CommandLine, code: str, repairs: list[str]) -> None:
    ran = rxtrail.json("scan", code)
    assert ran.code == 0
    assert fields(ran.one) == WHOLE
    assert (ran.one["scheme"], ran.one["valid"], ran.one["submit"], ran.one["fault"]) == ("gs1", True, True, "")
    assert (ran.one["readings"], ran.one["repairs"]) == ([READING], repairs)


def test_a_code_with_a_ppn_has_the_ppn_as_product(rxtrail: CommandLine) -> None:
    code = "[)>\x1e06\x1d9N111234567842\x1d1TDd\x1dD280331\x1dSyCH\x1e\x04"
    ran = rxtrail.json("scan", code)
    assert (ran.code, ran.one["scheme"], fields(ran.one)) == (0, "ifa", ["111234567842", "yCH", "Dd", "280331"])
    assert "PPN" in rxtrail("scan", code).out.decode()


def test_several_readings_are_listed_and_none_is_sent_on(rxtrail: CommandLine) -> None:
    ran = rxtrail.json("scan", f"01{GTIN}17270930" + "10QD1DQ21CF32ERFb")
    assert ran.code == 3
    assert (ran.one["fault"], ran.one["valid"], ran.one["submit"]) == ("ambiguous-scan", False, False)
    assert fields(ran.one) == [None] * 4
    assert f"(01){GTIN}(21)CF32ERFb(17)270930(10)QD1DQ" in ran.one["readings"]
    assert 2 <= len(ran.one["readings"]) <= 8


def test_a_product_without_a_serial_is_valid_and_not_sent_on(rxtrail: CommandLine) -> None:
    ran = rxtrail.json("scan", f"]d201{GTIN}10LOT")
    assert (ran.code, ran.one["valid"], ran.one["submit"], ran.one["fault"]) == (3, True, False, "not-serialised")
    assert fields(ran.one) == [GTIN, None, "LOT", None]


@pytest.mark.parametrize(
    ("code", "kind", "words"),
    [
        ("5412345000013", "ean13", "EAN-13"),
        ("https://example.com/medicines", "web-address", "web address"),
        ("+A123BJC5D6E71G", "hibc", "HIBC"),
    ],
)
def test_another_barcode_is_named(rxtrail: CommandLine, code: str, kind: str, words: str) -> None:
    ran = rxtrail.json("scan", code)
    assert ran.code == 3
    assert (ran.one["fault"], ran.one["kind"], ran.one["valid"], ran.one["submit"]) == (
        "wrong-barcode",
        kind,
        False,
        False,
    )
    assert fields(ran.one) == [None] * 4
    assert words in rxtrail("scan", code).out.decode()


def test_bytes_that_no_argument_can_hold_are_read_from_stdin(rxtrail: CommandLine) -> None:
    lines = [PACK.replace("\x1d", "\0"), "\x02" + PACK + "\x03\r", "\xff\xfe nothing"]
    ran = rxtrail("scan", "-", stdin="\n".join(lines).encode("latin-1") + b"\n")
    assert [line["valid"] for line in ran.lines] == [True, True, False]
    assert [fields(line) for line in ran.lines[:2]] == [WHOLE, WHOLE]
    assert ran.code == 3
