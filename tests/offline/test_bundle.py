"""The bundle: exact, small, quick to ask, and nobody's but the node's that signed it."""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rxtrail import clock
from rxtrail.keys import SigningKey, open_key
from rxtrail.offline.bundle import BadBundle, Bundle, Facts, Group, Known, RecalledLot, Said, read, write

if TYPE_CHECKING:
    from pathlib import Path

GTIN, OTHER_GTIN = "00352601815904", "00312345678906"
STOLEN = Said("stolen", "stop", "This pack was reported stolen.", "Put this pack in quarantine.")
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> SigningKey:
    return open_key(tmp_path_factory.mktemp("data"), random_bytes=clock.random_bytes)


def facts(*groups: Group, key: SigningKey) -> Facts:
    return Facts(
        site="0376543000014",
        as_of="2026-11-23T08:14:00Z",
        log_size=12,
        key=str(key.verifier),
        role="pharmacy",
        market="us",
        glns=["0376543000014"],
        site_name="Main Street",
        reasons=[STOLEN],
        groups=list(groups),
        recalled=[RecalledLot(GTIN, "BAD"), RecalledLot(OTHER_GTIN, "")],
        products={GTIN: ("Examplinib", "52601-8159-0")},
    )


def made(key: SigningKey, *some: tuple[Group, list[str]]) -> bytes:
    return write(facts(*(group for group, _ in some), key=key), [serials for _, serials in some], key)


def test_what_was_written_is_found_and_nothing_else(key: SigningKey) -> None:
    content = made(
        key,
        (Group(GTIN, "L1", "2028-09-30", 1, (), 0), ["A1", "A2", "B"]),
        (Group(GTIN, "L2", "2028-09-30", 0, (0,), 0), ["A11"]),
    )
    bundle = read(content, key.verifier)
    assert bundle.packs == 4
    assert bundle.find(GTIN, "A2") == Known("L1", "2028-09-30", here=True, reasons=())
    assert bundle.find(GTIN, "A11") == Known("L2", "2028-09-30", here=False, reasons=(STOLEN,))
    for gtin, serial in ((GTIN, "A"), (GTIN, "A12"), (GTIN, "a1"), (OTHER_GTIN, "A1"), (GTIN, "")):
        assert bundle.find(gtin, serial) is None
    assert bundle.product(GTIN) == ("Examplinib", "52601-8159-0")
    assert bundle.product(OTHER_GTIN) == ("", "")


def test_recalled_lots_and_products_are_known_without_packs(key: SigningKey) -> None:
    bundle = read(made(key), key.verifier)
    assert bundle.recalled(GTIN, "BAD") == "lot"
    assert bundle.recalled(GTIN, "", "GOOD") == ""
    assert bundle.recalled(OTHER_GTIN, "ANY") == "product"
    assert bundle.packs == 0


def test_a_bundle_of_another_node_is_refused(key: SigningKey, tmp_path: Path) -> None:
    with pytest.raises(BadBundle, match="not signed"):
        read(made(key), open_key(tmp_path, random_bytes=clock.random_bytes).verifier)


@given(place=st.integers(0, 10_000), bit=st.integers(0, 7))
def test_no_bit_of_a_bundle_can_be_changed(key: SigningKey, place: int, bit: int) -> None:
    content = bytearray(made(key, (Group(GTIN, "L1", "2028-09-30", 1, (), 0), ["A1", "A2", "B"])))
    content[place % len(content)] ^= 1 << bit
    with pytest.raises(BadBundle):
        read(bytes(content), key.verifier)


@given(count=st.integers(0, 400))
def test_half_a_bundle_is_refused(key: SigningKey, count: int) -> None:
    content = made(key, (Group(GTIN, "L1", "2028-09-30", 1, (), 0), ["A1", "A2", "B"]))
    if count < len(content):
        with pytest.raises(BadBundle):
            read(content[:count], key.verifier)


@given(content=st.binary(max_size=300))
def test_what_the_key_signed_but_is_no_bundle_is_refused(key: SigningKey, content: bytes) -> None:
    whole = b"RXB1" + len(content).to_bytes(4, "big") + content
    with pytest.raises(BadBundle):
        read(whole + key.sign(whole, context="site-bundle/v1"), key.verifier)


@given(
    groups=st.lists(
        st.tuples(
            st.sampled_from([GTIN, OTHER_GTIN]), st.text("ABC", max_size=3), st.sets(st.text(min_size=1, max_size=20))
        ),
        max_size=6,
    )
)
def test_any_serials_come_back_as_they_were(key: SigningKey, groups: list[tuple[str, str, set[str]]]) -> None:
    taken: set[tuple[str, str]] = set()
    some = []
    for gtin, lot, serials in groups:
        fresh = [
            serial
            for serial in serials
            if (gtin, serial) not in taken and not any(0xD800 <= ord(letter) < 0xE000 for letter in serial)
        ]
        taken |= {(gtin, serial) for serial in fresh}
        some.append((Group(gtin, lot, "", 1, (), 0), fresh))
    bundle = read(made(key, *some), key.verifier)
    assert bundle.packs == len(taken)
    for group, serials_ in some:
        for serial in serials_:
            found = bundle.find(group.gtin, serial)
            assert found is not None
            assert found.lot == group.lot


@pytest.fixture(scope="module")
def hundred_thousand(key: SigningKey) -> tuple[bytes, list[str]]:
    """Packs of 50 products in 200 lots, their serials 12 random letters and digits."""
    rng = random.Random(7)
    groups = []
    serials = []
    for number in range(200):
        groups.append(Group(f"003526018{number % 50:05}", f"LOT{number}", "2028-09-30", 1, (), 0))
        serials.append(["".join(rng.choices(LETTERS, k=12)) for _ in range(500)])
    return write(facts(*groups, key=key), serials, key), serials[0]


def test_a_hundred_thousand_packs_take_at_most_twelve_bytes_each(hundred_thousand: tuple[bytes, list[str]]) -> None:
    content, _ = hundred_thousand
    assert len(content) <= 12 * 100_000


def test_a_pack_is_found_in_less_than_fifty_microseconds(
    key: SigningKey, hundred_thousand: tuple[bytes, list[str]]
) -> None:
    content, serials = hundred_thousand
    bundle: Bundle = read(content, key.verifier)
    began = time.perf_counter()
    for serial in serials:
        assert bundle.find("00352601800000", serial) is not None
        assert bundle.find("00352601800000", serial + "x") is None
    assert (time.perf_counter() - began) / len(serials) / 2 < 50e-6
