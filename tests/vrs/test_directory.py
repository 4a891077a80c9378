"""The lookup directory: whole or not at all, one answer for a day, and out as it went in."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rxtrail.errors import BadRequest
from rxtrail.store.rows import RecordKind
from rxtrail.vrs import DirectoryRow, Transfer, place_of
from rxtrail.vrs.table import overlaps, read_table, write_table
from tests.story import GTIN, MAKER, OTHER_MAKER, OUTSIDER, gtin

if TYPE_CHECKING:
    from tests.story import Scene

HEADER = "gtin,prefix,url,owner_gln,valid_from,valid_until,status\n"
OTHER = gtin("67880")


def load(scene: Scene, *rows: str, delta: bool = False) -> object:
    return scene.node.vrs.load_directory((HEADER + "\n".join(rows) + "\n").encode(), delta=delta)


def row(
    product: str = "", prefix: str = "", url: str = "https://a.example/vrs", owner: str = MAKER.gln,
    since: str = "2026-01-01", until: str = "", status: str = "",
) -> str:  # fmt: skip
    return f"{product},{prefix},{url},{owner},{since},{until},{status}"


def owner(scene: Scene, product: str, day: str) -> str:
    found = scene.node.vrs.look_up(product, day)
    return found.owner_gln if found is not None else ""


def test_the_product_comes_before_the_prefix_and_the_longer_prefix_first(maker: Scene) -> None:
    load(
        maker,
        row(prefix="0312"),
        row(prefix=MAKER.prefix, owner=OTHER_MAKER.gln),
        row(GTIN, owner=OUTSIDER.gln),
    )
    assert owner(maker, GTIN, "2026-02-01") == OUTSIDER.gln
    assert owner(maker, OTHER, "2026-02-01") == OTHER_MAKER.gln
    assert owner(maker, gtin(maker=OTHER_MAKER), "2026-02-01") == ""
    assert owner(maker, GTIN, "2025-12-31") == ""


def test_the_first_and_the_last_day_count(maker: Scene) -> None:
    load(maker, row(GTIN, since="2026-02-01", until="2026-02-28"), row(prefix=MAKER.prefix, owner=OTHER_MAKER.gln))
    assert [owner(maker, GTIN, f"2026-{day}") for day in ("01-31", "02-01", "02-28", "03-01")] == [
        OTHER_MAKER.gln, MAKER.gln, MAKER.gln, "",
    ]  # fmt: skip


def test_a_suspended_row_answers_nobody(maker: Scene) -> None:
    load(maker, row(GTIN, status="suspended"), row(prefix=MAKER.prefix))
    assert owner(maker, GTIN, "2026-02-01") == ""


def test_a_transfer_leaves_no_day_without_an_owner_and_none_with_two(maker: Scene) -> None:
    load(maker, row(GTIN), row(prefix=MAKER.prefix))
    maker.node.vrs.transfer(
        Transfer(owner_gln=OTHER_MAKER.gln, url="https://b.example/vrs", day="2026-07-01", gtin=GTIN)
    )
    assert [owner(maker, GTIN, day) for day in ("2026-06-30", "2026-07-01")] == [MAKER.gln, OTHER_MAKER.gln]
    maker.node.vrs.transfer(
        Transfer(owner_gln=OUTSIDER.gln, url="https://c.example/vrs", day="2026-08-01", prefix=MAKER.prefix)
    )
    assert owner(maker, OTHER, "2026-08-01") == OUTSIDER.gln
    assert owner(maker, GTIN, "2026-08-01") == OTHER_MAKER.gln
    with pytest.raises(BadRequest, match="already"):
        maker.node.vrs.transfer(
            Transfer(owner_gln=OUTSIDER.gln, url="https://c.example/vrs", day="2026-07-01", gtin=GTIN)
        )


def test_a_load_replaces_and_a_delta_adds_changes_and_removes(maker: Scene) -> None:
    load(maker, row(GTIN), row(OTHER))
    report = load(
        maker,
        row(GTIN, url="https://new.example/vrs"),
        row(OTHER, status="removed"),
        row(prefix=MAKER.prefix),
        delta=True,
    )
    assert (report.rows, report.added, report.changed, report.removed) == (2, 1, 1, 1)  # type: ignore[attr-defined]
    assert [place_of(each) for each in maker.node.vrs.directory()] == [
        f"g/{GTIN}/2026-01-01",
        f"p/{MAKER.prefix}/2026-01-01",
    ]
    load(maker, row(OTHER))
    assert [each.gtin for each in maker.node.vrs.directory()] == [OTHER]


def test_pages_join_to_the_whole(maker: Scene) -> None:
    rows = [row(gtin(f"{number:05d}"), until="2026-06-30") for number in range(7)]
    rows += [row(gtin(f"{number:05d}"), since="2026-07-01") for number in range(7)]
    load(maker, *rows)
    vrs = maker.node.vrs
    whole, after = [], ""
    while page := vrs.directory(after, 3):
        whole += page
        after = place_of(page[-1])
    assert whole == vrs.directory(limit=500)
    assert len(whole) == 14
    with pytest.raises(BadRequest):
        vrs.directory("nowhere")


def test_what_is_exported_loads_again_as_the_same(maker: Scene) -> None:
    load(maker, row(GTIN, until="2026-06-30"), row(prefix=MAKER.prefix))
    before = maker.node.vrs.directory()
    for fmt in ("csv", "json"):
        content = maker.node.vrs.export_directory(fmt)
        report = maker.node.vrs.load_directory(content, fmt=fmt)
        assert (report.added, report.changed, report.removed) == (0, 0, 0)
    assert maker.node.vrs.directory() == before


def test_every_change_is_a_decision_in_the_log(maker: Scene) -> None:
    report = maker.node.vrs.load_directory((HEADER + row(GTIN) + "\n").encode())
    [(record, _)] = maker.node._reader().records_from(report.log_index, 1)
    assert record.kind == RecordKind.DECISION


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (row(), "either a gtin or a prefix"),
        (row(GTIN, prefix=MAKER.prefix), "either a gtin or a prefix"),
        (row(GTIN[:-1] + "9"), "check digit"),
        (row(prefix="031"), "company prefix"),
        (row(GTIN, owner="0300000000000"), "check digit"),
        (row(GTIN, url="http://far.example/vrs"), "this machine only"),
        (row(GTIN, url="ftp://a.example"), "https"),
        (row(GTIN, url="https://user:secret@a.example/"), "user"),
        (row(GTIN, url="https://a.example/?x=1"), "query"),
        (row(GTIN, since="1 January"), "not a date"),
        (row(GTIN, since="2026-03-01", until="2026-02-01"), "before"),
        (row(GTIN, status="removed"), "none of"),
        (row(GTIN) + "\n" + row(GTIN), "the same GTIN"),
        (row(GTIN) + "\n" + row(GTIN, since="2026-05-01"), "overlap"),
    ],
)
def test_one_wrong_row_and_nothing_is_loaded(maker: Scene, wrong: str, words: str) -> None:
    load(maker, row(OTHER))
    with pytest.raises(BadRequest, match=words) as refused:
        load(maker, row(OTHER, since="2026-02-02"), wrong)
    assert refused.value.place
    assert [each.valid_from for each in maker.node.vrs.directory()] == ["2026-01-01"]


@pytest.mark.parametrize(
    ("content", "fmt"),
    [
        (b"\xff\xfe", "csv"),
        (b"a,b\n1,2\n", "csv"),
        (b"{}", "json"),
        (b'[{"gtin": 123}]', "json"),
        (b'[{"gitn": "1"}]', "json"),
        (b"", "xml"),
    ],
)
def test_what_is_no_directory_is_refused(content: bytes, fmt: str) -> None:
    with pytest.raises(BadRequest):
        read_table(content, fmt)


@given(st.binary(max_size=200), st.sampled_from(["csv", "json"]), st.booleans())
def test_any_bytes_are_a_directory_or_refused(content: bytes, fmt: str, delta: bool) -> None:
    try:
        standing, _ = read_table(content, fmt, delta=delta)
    except BadRequest:
        return
    assert all(isinstance(each, DirectoryRow) for each in standing)


TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0\r"), max_size=20).map(str.strip)


@given(st.lists(st.tuples(st.integers(0, 99999), TEXT, TEXT), max_size=5, unique_by=lambda each: each[0]))
def test_rows_are_read_as_they_were_written(told: list[tuple[int, str, str]]) -> None:
    rows = [
        DirectoryRow(
            url="https://a.example/vrs",
            owner_gln=MAKER.gln,
            valid_from="2026-01-01",
            gtin=gtin(f"{number:05d}"),
            provider=provider,
            contact=contact,
        )
        for number, provider, contact in told
    ]
    for fmt in ("csv", "json"):
        assert read_table(write_table(rows, fmt), fmt) == (rows, [])
    assert overlaps(rows) == []
    assert json.loads(write_table(rows, "json")) is not None
