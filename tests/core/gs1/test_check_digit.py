"""Check digits against the general specifications' own examples and against a plain reckoning."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rxtrail.core.gs1.check_digit import check_digit, check_digits, is_valid

bodies = st.text("0123456789", min_size=1, max_size=24)


def plain(body: str) -> str:
    total = sum(int(digit) * (3 if place % 2 == 0 else 1) for place, digit in enumerate(reversed(body)))
    return str((10 - total % 10) % 10)


@pytest.mark.parametrize(
    ("body", "digit"),
    [
        ("0030093078701", "0"),
        ("00301161001227052", "9"),
        ("00860014549103360", "8"),
        ("030116000000", "9"),
        ("9638507", "4"),
    ],
)
def test_the_check_digit_of_known_keys(body: str, digit: str) -> None:
    assert check_digit(body) == digit
    assert is_valid(body + digit)


@given(bodies)
def test_the_check_digit_is_what_plain_reckoning_gives(body: str) -> None:
    assert check_digit(body) == plain(body)
    assert is_valid(body + check_digit(body))


@given(st.integers(1, 24), st.data())
def test_many_check_digits_at_once_are_those_one_by_one(length: int, data: st.DataObject) -> None:
    many = data.draw(st.lists(st.text("0123456789", min_size=length, max_size=length), min_size=1, max_size=40))
    assert check_digits(many) == "".join(map(check_digit, many))


@given(bodies, st.integers(0, 30), st.integers(1, 9))
def test_one_wrong_digit_is_always_found(body: str, place: int, add: int) -> None:
    digits = body + check_digit(body)
    place %= len(digits)
    wrong = digits[:place] + str((int(digits[place]) + add) % 10) + digits[place + 1 :]
    assert not is_valid(wrong)


@pytest.mark.parametrize("text", ["", "7", "12A", "①②③", "١٢٣", "12 ", "-12"])
def test_what_is_not_ascii_digits_is_never_valid(text: str) -> None:
    assert not is_valid(text)
