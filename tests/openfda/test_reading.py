"""Files of records are read as a stream: in every form, of any size, and never half."""

from __future__ import annotations

import gzip
import io
import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rxtrail.openfda import reading
from rxtrail.openfda.reading import FileCut, batches, members
from tests.openfda import files


class Any1(msgspec.Struct, frozen=True):
    """A record of the tests: what is in it does not count, but its number."""

    number: int
    text: str = ""
    parts: list[Any] = []


def numbers(content: bytes, monkeypatch: pytest.MonkeyPatch | None = None, piece: int = 0) -> list[int]:
    if monkeypatch is not None:
        monkeypatch.setattr(reading, "PIECE_BYTES", piece)
    found = []
    for name, stream in members(io.BytesIO(content), "file.json"):
        for batch in batches(stream, Any1, name):
            assert batch.count == len(batch.records) + len(batch.faults)
            found += [record.number for record in batch.records]
    return found


HARD = [
    {"number": 0, "text": 'a "quote", a \\ and }, {"number": 7}, {', "parts": [{"number": 9}, {"number": 8}]},
    {"number": 1, "text": "\u00e9\u4e2d ] } , [", "parts": [[{}], {"a": [{"b": {}}]}]},
    {"number": 2},
    {"text": "the order of names differs", "number": 3},
    {"number": 4, "text": "x" * 5000, "parts": []},
    {"number": 5, "parts": [{"x": "}"}]},
]


@pytest.mark.parametrize("piece", [1, 2, 7, 64, 1000, 1 << 20])
@pytest.mark.parametrize("indent", [None, 2])
def test_every_form_gives_the_same_records(monkeypatch: pytest.MonkeyPatch, piece: int, indent: int | None) -> None:
    whole = files.answer(*HARD, indent=indent)
    turned = json.loads(whole)
    behind = json.dumps({"results": turned["results"], "meta": turned["meta"]}, indent=indent).encode()
    listed = json.dumps(HARD, indent=indent).encode()
    lines = b"\n".join(json.dumps(each).encode() for each in HARD)
    forms = [
        whole,
        behind,
        b"\xef\xbb\xbf" + whole,
        listed,
        lines,
        lines + b"\n\n",
        gzip.compress(whole),
        files.zipped(whole),
    ]
    for form in forms:
        assert numbers(form, monkeypatch, piece) == [0, 1, 2, 3, 4, 5]
    assert numbers(files.zipped(listed, whole), monkeypatch, piece) == [0, 1, 2, 3, 4, 5] * 2


def test_one_record_alone_is_a_file_too() -> None:
    assert numbers(json.dumps(HARD[0]).encode()) == [0]
    assert numbers(files.answer()) == []


@given(
    st.data(),
    st.lists(st.dictionaries(st.text(max_size=4), st.text(max_size=30), max_size=3), max_size=8),
    st.booleans(),
)
def test_a_file_that_was_cut_is_refused_wherever_it_was_cut(
    data: st.DataObject, texts: list[dict[str, str]], pretty: bool
) -> None:
    records = [{"number": number, "parts": [each]} for number, each in enumerate(texts)]
    whole = files.answer(*records, indent=2 if pretty else None)
    assert numbers(whole) == list(range(len(records)))
    at = data.draw(st.integers(0, len(whole) - 1))
    with pytest.raises(FileCut) as cut:
        numbers(whole[:at])
    assert "file.json" in cut.value.place
    assert "byte" in cut.value.place


@pytest.mark.parametrize("pack", [gzip.compress, files.zipped])
def test_a_packed_file_that_was_cut_is_refused(pack: Any) -> None:
    packed = pack(files.answer(*[{"number": number, "text": str(hash(str(number)))} for number in range(2000)]))
    for share in (0.3, 0.6, 0.99):
        with pytest.raises(FileCut) as cut:
            numbers(packed[: int(len(packed) * share)])
        assert "damaged" in cut.value.message


def test_a_changed_byte_of_a_packed_file_is_found() -> None:
    packed = bytearray(files.zipped(files.answer(*[{"number": number} for number in range(2000)])))
    packed[len(packed) // 2] ^= 0xFF
    with pytest.raises(FileCut):
        numbers(bytes(packed))


@pytest.mark.parametrize(
    ("content", "place"),
    [
        (b"", "record 1 (byte 0)"),
        (b"   ", "record 1 (byte 3)"),
        (b"<xml/>", "record 1 (byte 0)"),
        (b'[{"number": 1}, {"number": }]', "record 2 (byte 14)"),
        (b'[{"number": 1} {"number": 2}]', "record 2 (byte 14)"),
        (b'[{"number": 1}]{', "record 2"),
        (b'{"results": [{"number": 1}]}}', "record 2"),
        (b'{"results": {"number": 1}', "record 1"),
    ],
)
def test_what_is_no_such_file_is_refused_with_its_place(content: bytes, place: str) -> None:
    with pytest.raises(FileCut) as cut:
        numbers(content)
    assert place in cut.value.place


def test_a_record_that_does_not_fit_is_left_out_and_told() -> None:
    content = files.answer({"number": 1}, {"number": "two"}, {"number": 3})
    [batch] = batches(io.BytesIO(content), Any1, "f")
    assert [record.number for record in batch.records] == [1, 3]
    [(place, why)] = batch.faults
    assert "record 2 (byte" in place
    assert "$.number" in why


def test_a_record_of_no_end_does_not_fill_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "PIECE_BYTES", 1000)
    monkeypatch.setattr(reading, "RECORD_BYTES_MAX", 10_000)
    assert numbers(files.answer({"number": 1, "text": "x" * 9_000})) == [1]
    with pytest.raises(FileCut, match="longer than"):
        numbers(files.answer({"number": 1, "text": "x" * 100_000}))
    with pytest.raises(FileCut, match="longer than"):
        numbers(b'{"meta": "' + b"x" * 100_000)


def test_a_file_larger_than_many_pieces_is_read_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "PIECE_BYTES", 1000)
    content = files.answer(*[{"number": number, "parts": [{"a": 1}]} for number in range(3000)])
    sizes = [batch.count for batch in batches(io.BytesIO(content), Any1, "f")]
    assert sum(sizes) == 3000
    assert max(sizes) < 100
