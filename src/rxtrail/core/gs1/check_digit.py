"""The check digit at the end of GTIN, SSCC, GLN and every other numeric GS1 key.

Source: GS1 General Specifications, section 7.9: weights 3, 1, 3, ... from the right of the body.
"""

from __future__ import annotations

# What completes a weighted sum to a multiple of ten, by the sum's last digit.
COMPLEMENT = "0987654321"

_SINGLE = bytes((code - 48) % 10 for code in range(256))
_TRIPLE = bytes((code - 48) * 3 % 10 for code in range(256))
_COMPLEMENT = bytes(ord(COMPLEMENT[number % 10]) for number in range(256))


def check_digit(body: str) -> str:
    """Give the check digit of a body of ASCII digits; any other text is the caller's mistake."""
    assert body.isdecimal(), "a check digit is computed over digits"
    assert body.isascii(), "a check digit is computed over ASCII digits"
    return COMPLEMENT[weighted_sum(body) % 10]


def is_valid(digits: str) -> bool:
    """Tell whether ``digits`` is digits only and its last one is the check digit of the others."""
    return len(digits) > 1 and digits.isdecimal() and digits.isascii() and check_digit(digits[:-1]) == digits[-1]


def check_digits(bodies: list[str]) -> str:
    """Give the check digits of many bodies of ASCII digits, all of one length, in their order."""
    length = len(bodies[0])
    codes = "".join(bodies).encode()
    assert len(codes) == length * len(bodies), "bodies of one length"
    # A column is the same digit of every body, read as one long number with a byte for each body. Weighted
    # digits are kept below ten and a key has fewer than 25 of them, so no byte overflows into its neighbour.
    assert length < 25, "a GS1 key"
    total = 0
    for index in range(length):
        weights = _TRIPLE if (length - index) % 2 else _SINGLE
        total += int.from_bytes(codes[index::length].translate(weights), "little")
    return total.to_bytes(len(bodies), "little").translate(_COMPLEMENT).decode()


def weighted_sum(body: str) -> int:
    """Add up the digits with weights 3, 1, 3, ... from the right, modulo ten where it matters."""
    codes = body.encode()
    # The ASCII code of a digit is 48 more than the digit, so each weight adds 48 too many: 8 modulo ten.
    triple, single = codes[-1::-2], codes[-2::-2]
    return 3 * sum(triple) + sum(single) - 48 * (3 * len(triple) + len(single))
