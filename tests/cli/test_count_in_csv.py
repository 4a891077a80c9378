"""A count-in file is read whole or refused with its line."""

from __future__ import annotations

import contextlib
import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rxtrail.answers import CountIn
from rxtrail.cli.commands.count_in import read_csv
from rxtrail.errors import BadRequest

PACK = CountIn(gtin="00352601815904", serial="A1", lot="QD1DQ", expiry="2027-09-30")


@pytest.mark.parametrize(
    "content",
    [
        b"gtin,serial,lot,expiry\n00352601815904,A1,QD1DQ,2027-09-30\n",
        b"\xef\xbb\xbfExpiry,LOT,Serial,GTIN\r\n2027-09-30,QD1DQ,A1,00352601815904\r\n",
        b"00352601815904,A1,QD1DQ,2027-09-30",
        b'\n gtin , serial,lot,expiry,shelf\n00352601815904, "A1",QD1DQ,2027-09-30,7\n\n',
    ],
)
def test_columns_come_in_any_order_with_or_without_a_heading(content: bytes) -> None:
    assert read_csv(content.replace(b' "A1"', b"A1"), "shelf.csv") == [PACK]


def test_without_columns_each_line_is_scanned_text() -> None:
    code = "]d2010035260181590421A1\x1d10QD1DQ"
    assert read_csv(f"{code}\r\n\n{code}".encode(), "stdin") == [CountIn(scan=code)] * 2


@pytest.mark.parametrize("serial", ["A,1", 'A"1', '"', "A,B,C,D", "serial"])
def test_a_serial_may_hold_commas_and_quotes(serial: str) -> None:
    code = f"(01)00352601815904(21){serial}"
    assert read_csv(code.encode(), "stdin") == [CountIn(scan=code)]


@pytest.mark.parametrize(
    ("content", "place"),
    [
        (b"gtin,lot\n1,2\n", "shelf.csv, line 1"),
        (b"gtin,serial,serial\n1,2,3\n", "shelf.csv, line 1"),
        (b"gtin,serial\n1,2\n1,2,3\n", "shelf.csv, line 3"),
        (b"1,2,3,4\n1,2,3\n", "shelf.csv, line 2"),
        (b"gtin,serial\n1,\xff\n", "shelf.csv, line 2"),
        (b'gtin,serial\n1,"2\n', "shelf.csv, line 2"),
        (b'gtin,serial\n1,"2"x\n', "shelf.csv, line 2"),
        (b"gtin,serial\n1," + b"x" * 200_000 + b"\n", "shelf.csv, line 2"),
    ],
)
def test_a_row_that_does_not_fit_refuses_the_file_with_its_line(content: bytes, place: str) -> None:
    with pytest.raises(BadRequest) as refused:
        read_csv(content, "shelf.csv")
    assert refused.value.place == place
    assert refused.value.advice


@given(st.lists(st.tuples(*[st.text(st.characters(codec="ascii", categories=["L", "N", "P"]), min_size=1)] * 4)))
def test_any_file_that_a_spreadsheet_writes_is_read_back(rows: list[tuple[str, str, str, str]]) -> None:
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow(["gtin", "serial", "lot", "expiry"])
    writer.writerows(rows)
    assert read_csv(file.getvalue().encode(), "shelf.csv") == [
        CountIn(gtin=gtin, serial=serial, lot=lot, expiry=expiry) for gtin, serial, lot, expiry in rows
    ]


@given(st.binary(max_size=400))
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    with contextlib.suppress(BadRequest):
        read_csv(content, "shelf.csv")
