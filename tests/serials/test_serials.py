"""Serial numbers: random, of letters that nobody mistakes, never twice for one GTIN, only for one's own products."""

from __future__ import annotations

import itertools
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import msgspec
import pytest

from rxtrail.errors import BadRequest, Refused
from rxtrail.serials import ALPHABET, COUNT_MAX, GUESS_MAX, LENGTH, Serials, SerialsOrder
from tests import story
from tests.story import GTIN, MAKER, PHARMACY, delivery, gtin, made, pack, scene

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.story import Scene

OTHER = gtin("55555")


@pytest.fixture
def maker(tmp_path: Path) -> Iterator[Scene]:
    """The record of a maker."""
    with scene(tmp_path / "data", "maker", MAKER) as opened:
        yield opened


def issue(node: Scene, count: int, *, product: str = GTIN, length: int = LENGTH) -> list[str]:
    return node.node.serials.issue(SerialsOrder(product, count, length)).serials


def drawn(node: Scene, random_bytes: Callable[[int], bytes]) -> Serials:
    """The use case with bytes that a test chooses."""
    return Serials(lambda: node.node._writing()[0], reader=node.node._reader, random_bytes=random_bytes)


def test_every_one_is_new_and_of_letters_that_look_like_no_other(maker: Scene) -> None:
    found = [*issue(maker, COUNT_MAX), *issue(maker, 500)]
    assert len(set(found)) == COUNT_MAX + 500
    assert {len(serial) for serial in found} == {LENGTH}
    assert set("".join(found)) == set(ALPHABET)
    assert not set(ALPHABET) & set("0O1Ilio")
    assert len(set(ALPHABET)) == len(ALPHABET) == 32


def test_every_letter_is_drawn_as_often_as_every_other(maker: Scene) -> None:
    every_byte = itertools.cycle(range(256))
    serials = drawn(maker, lambda count: bytes(itertools.islice(every_byte, count)))
    found = serials.issue(SerialsOrder(GTIN, 1, 16)).serials + serials.issue(SerialsOrder(GTIN, 1, 16)).serials
    assert Counter("".join(found)) == Counter(ALPHABET)


def test_none_is_given_out_twice_also_when_the_draw_repeats_itself(maker: Scene) -> None:
    stream = iter([b"\0" * 24, b"\0" * 12, b"\1" * 12, b"\0" * 12, b"\1" * 12, b"\2" * 12])
    serials = drawn(maker, lambda _count: next(stream))
    assert serials.issue(SerialsOrder(GTIN, 2)).serials == ["2" * 12, "3" * 12]
    assert serials.issue(SerialsOrder(GTIN, 1)).serials == ["4" * 12]


def test_one_that_is_on_record_already_is_not_given_out(maker: Scene) -> None:
    # One that holds others is a container on record.
    maker.capture(made(pack("2" * 12)), *delivery(pack("B1", OTHER), unit=pack("3" * 12)))
    stream = iter([b"\0" * 12, b"\1" * 12, b"\2" * 12])
    serials = drawn(maker, lambda _count: next(stream))
    assert serials.issue(SerialsOrder(GTIN, 1)).serials == ["4" * 12]


def test_another_product_may_have_the_same_number(maker: Scene) -> None:
    serials = drawn(maker, lambda count: b"\7" * count)
    assert serials.issue(SerialsOrder(GTIN, 1)).serials == ["9" * 12]
    assert serials.issue(SerialsOrder(OTHER, 1)).serials == ["9" * 12]


def test_the_probability_of_a_guess_is_told_and_kept_below_one_in_ten_thousand(maker: Scene) -> None:
    first = maker.node.serials.issue(SerialsOrder(GTIN, 10, 8))
    assert first.guess_probability == 10 / 32**8
    assert first.issued == 10
    assert maker.node.serials.issue(SerialsOrder(GTIN, 5, 8)).issued == 15
    many = int(32**8 * GUESS_MAX)
    maker.node._writing()[0].do(lambda tx, log: tx.keep("serials", GTIN, log.now, msgspec.msgpack.encode(many - 15)))
    assert maker.node.serials.issue(SerialsOrder(GTIN, 15, 8)).guess_probability <= GUESS_MAX
    with pytest.raises(Refused, match="guessed") as refused:
        issue(maker, 1, length=8)
    assert refused.value.place == "length"
    assert len(issue(maker, 1, length=9)) == 1


@pytest.mark.parametrize(
    ("order", "place"),
    [
        (SerialsOrder("123"), "gtin"),
        (SerialsOrder(GTIN[:13] + str((int(GTIN[13]) + 1) % 10)), "gtin"),
        (SerialsOrder("\u0660" * 14), "gtin"),
        (SerialsOrder(GTIN, 0), "count"),
        (SerialsOrder(GTIN, COUNT_MAX + 1), "count"),
        (SerialsOrder(GTIN, 1, 7), "length"),
        (SerialsOrder(GTIN, 1, 21), "length"),
    ],
)
def test_what_cannot_be_is_refused_by_name(order: SerialsOrder, place: str, maker: Scene) -> None:
    with pytest.raises(BadRequest) as refused:
        maker.node.serials.issue(order)
    assert refused.value.place == place
    assert maker.node.serials.page(GTIN) == []


def test_they_are_given_out_for_ones_own_products_only(maker: Scene) -> None:
    size = maker.node.status().log_size
    with pytest.raises(Refused, match="company prefix"):
        issue(maker, 1, product=gtin("11111", maker=story.OTHER_MAKER))
    assert maker.node.status().log_size == size


@pytest.mark.parametrize("role", ["hub", "wholesaler", "pharmacy"])
def test_only_a_makers_record_gives_any_out(role: str, tmp_path: Path) -> None:
    with scene(tmp_path / "data", role, *([] if role == "hub" else [PHARMACY])) as other, pytest.raises(Refused):
        issue(other, 1)


def test_they_are_listed_in_order_and_page_by_page(maker: Scene) -> None:
    found = sorted(issue(maker, 25))
    first = maker.node.serials.page(GTIN, limit=10)
    rest = maker.node.serials.page(GTIN, first[-1].serial, limit=100)
    assert [one.serial for one in (*first, *rest)] == found
    assert {one.issued_at for one in first} == {"2026-11-23T12:00:00Z"}
    assert maker.node.serials.page(OTHER) == []


def test_two_who_ask_at_once_get_no_number_in_common(maker: Scene) -> None:
    with ThreadPoolExecutor(4) as pool:
        lists = list(pool.map(lambda _: issue(maker, 300, length=8), range(8)))
    assert len({serial for found in lists for serial in found}) == 2_400
    assert maker.node.serials.issue(SerialsOrder(GTIN, 1, 8)).issued == 2_401


def test_what_was_given_out_stays_so_after_a_restart(tmp_path: Path) -> None:
    with scene(tmp_path / "data", "maker", MAKER) as first:
        drawn(first, lambda count: b"\0" * count).issue(SerialsOrder(GTIN, 1))
    with scene(tmp_path / "data") as again:
        stream = iter([b"\0" * 12, b"\1" * 12])
        assert drawn(again, lambda _count: next(stream)).issue(SerialsOrder(GTIN, 1)).serials == ["3" * 12]


def test_a_package_that_only_has_a_number_is_no_package_yet(maker: Scene) -> None:
    (serial,) = issue(maker, 1)
    assert maker.verify(pack(serial)).verdict.value == "stop"
    assert maker.export() == b""
