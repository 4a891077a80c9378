"""Documents and codes are found, in order and within limits, whatever is named."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rxtrail.cli import sources
from rxtrail.cli.call import CODE_CHARACTERS_MAX
from rxtrail.errors import BadRequest

if TYPE_CHECKING:
    from pathlib import Path


def _lines(content: bytes) -> list[tuple[int, str, bool]]:
    return [(line.number, line.text, line.too_long) for line in sources.lines(io.BytesIO(content))]


def test_blank_lines_are_passed_over_and_counted() -> None:
    assert _lines(b"A1\n\n  \r\nB2\r\nC3") == [(1, "A1", False), (4, "B2", False), (5, "C3", False)]


def test_separators_inside_a_code_are_part_of_it() -> None:
    code = "]d2010035260181590421A1\x1d10L\x1e"
    assert _lines(code.encode() + b"\n") == [(1, code, False)]


def test_bytes_that_are_not_utf_8_are_replaced() -> None:
    assert _lines(b"A\xff1") == [(1, "A\ufffd1", False)]


def test_a_code_at_the_limit_is_read_and_one_past_it_is_not() -> None:
    at = b"a" * CODE_CHARACTERS_MAX
    assert [too_long for _, _, too_long in _lines(at + b"\n" + at + b"a\n" + b"b")] == [False, True, False]


@pytest.mark.parametrize("end", [b"", b"\n"])
@pytest.mark.parametrize("size", [sources.LINE_BYTES_MAX, sources.LINE_BYTES_MAX + 1, 10_000_000])
def test_an_endless_line_is_one_line_and_the_next_is_read_whole(size: int, end: bytes) -> None:
    got = _lines(b"a" * size + end + (b"B2" if end else b""))
    assert len(got) == (2 if end else 1)
    assert got[0][2]
    assert len(got[0][1]) <= sources.LINE_BYTES_MAX + 1
    if end:
        assert got[1] == (2, "B2", False)


@given(st.binary(max_size=300))
def test_any_bytes_give_lines(content: bytes) -> None:
    numbers = [number for number, _, _ in _lines(content)]
    assert numbers == sorted(set(numbers))


def test_a_folder_is_walked_in_name_order_for_documents_only(tmp_path: Path) -> None:
    for name in ("b.xml", "a/2.JSON", "a/1.jsonld", "c.txt", ".hidden.xml", "a.json"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"12345")
    found = sources.documents([str(tmp_path)])
    names = [source.name.removeprefix(f"{tmp_path}/") for source in found]
    assert names == ["a.json", "b.xml", "a/1.jsonld", "a/2.JSON"]
    assert {source.bytes for source in found} == {5}


def test_a_file_is_taken_by_any_name(tmp_path: Path) -> None:
    (tmp_path / "asn.txt").write_bytes(b"x")
    [found] = sources.documents([str(tmp_path / "asn.txt")])
    with found.open() as stream:
        assert stream.read() == b"x"


@pytest.mark.parametrize("name", ["missing.xml", "nul\x00.xml", "x" * 5000])
def test_what_cannot_be_read_is_named(tmp_path: Path, name: str) -> None:
    with pytest.raises(BadRequest) as refused:
        sources.documents([f"{tmp_path}/{name}"])
    assert refused.value.place.endswith(name)
    assert refused.value.advice


def test_a_folder_without_documents_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadRequest, match="no document"):
        sources.documents([str(tmp_path)])


def test_stdin_can_be_named_once() -> None:
    assert sources.documents(["-"])[0].path is None
    with pytest.raises(BadRequest, match="twice"):
        sources.documents(["-", "-"])
