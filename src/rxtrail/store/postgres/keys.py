"""A package's key: its product's number in a few characters, then its serial, in one column and one index.

The characters stand in their byte order, and longer numbers start with the highest one, so keys sort as (product,
serial) does.
"""

from __future__ import annotations

import functools

_ALPHABET = "".join(chr(code) for code in range(33, 127) if code != ord("\\"))  # no character that COPY would escape
_BASE = len(_ALPHABET)
_LONG = _ALPHABET[-1]  # starts the keys of products whose numbers need more than three characters
_SHORT_NUMBERS = (_BASE - 1) * _BASE**2
_SHORT, _LONGER = 3, 6


@functools.lru_cache(maxsize=4096)
def start_of(product: int) -> str:
    """Give what the keys of a product's packages start with."""
    if product < _SHORT_NUMBERS:
        return _digits(product, _SHORT)
    return _LONG + _digits(product - _SHORT_NUMBERS, _LONGER - 1)


def product_of(key: str) -> tuple[int, str]:
    """Give (product, serial) of a key."""
    if key[0] == _LONG:
        return _number(key[1:_LONGER]) + _SHORT_NUMBERS, key[_LONGER:]
    return _number(key[:_SHORT]), key[_SHORT:]


def _digits(number: int, count: int) -> str:
    found = ""
    for _ in range(count):
        number, digit = divmod(number, _BASE)
        found = _ALPHABET[digit] + found
    assert not number, "a product's number has a key"
    return found


def _number(digits: str) -> int:
    number = 0
    for digit in digits:
        number = number * _BASE + _ALPHABET.index(digit)
    return number
