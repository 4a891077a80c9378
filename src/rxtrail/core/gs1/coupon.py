"""Coupon codes of North America: AI 8110 (coupon) and AI 8112 (positive offer file).

Source: GS1 US, "North American Coupon Application Guideline Using GS1 DataBar Expanded Symbols"; names of
faults as in the GS1 Barcode Syntax Dictionary. A medicine pack never carries one; the AI table would not be
whole without them.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from rxtrail.core.gs1 import charsets

if TYPE_CHECKING:
    from collections.abc import Callable

_OFFER_DIGITS = 6
_FAMILY_DIGITS = 3
_DATE_DIGITS = 6


class _FaultyError(Exception):
    """Carries the name of the fault out of the reading; never leaves this module."""


class _Digits:
    """What is left of the code, eaten from the left."""

    def __init__(self, text: str) -> None:
        self.rest = text

    def take(self, count: int, fault: str) -> str:
        if len(self.rest) < count:
            raise _FaultyError(fault)
        taken, self.rest = self.rest[:count], self.rest[count:]
        return taken

    def code(self, allowed: str, missing: str, wrong: str) -> str:
        digit = self.take(1, missing)
        if digit not in allowed:
            raise _FaultyError(wrong)
        return digit

    def sized(self, name: str, allowed: str, add: int) -> str:
        """Take a length digit and then so many digits, ``add`` more than it says."""
        length = self.code(allowed, f"COUPON_MISSING_{name}_VLI", f"COUPON_INVALID_{name}_LENGTH")
        return self.take(int(length) + add, f"COUPON_TRUNCATED_{name}")

    def starts(self, digit: str) -> bool:
        """Take the digit that announces an optional field, when it is there."""
        if not self.rest.startswith(digit):
            return False
        self.rest = self.rest[1:]
        return True


def fault_of_coupon(text: str) -> str:
    """Name what is wrong with the data of AI 8110; "" when nothing is."""
    return _fault(text, _read_coupon)


def fault_of_positive_offer(text: str) -> str:
    """Name what is wrong with the data of AI 8112; "" when nothing is."""
    return _fault(text, _read_positive_offer)


def _fault(text: str, read: Callable[[_Digits], None]) -> str:
    if not charsets.ALL_DIGITS.fullmatch(text):
        return "NON_DIGIT_CHARACTER"
    digits = _Digits(text)
    try:
        read(digits)
    except _FaultyError as fault:
        return str(fault)
    return "COUPON_EXCESS_DATA" if digits.rest else ""


def _read_coupon(digits: _Digits) -> None:
    digits.sized("GCP", "0123456", 6)
    digits.take(_OFFER_DIGITS, "COUPON_TRUNCATED_OFFER_CODE")
    digits.sized("SAVE_VALUE", "12345", 0)
    _read_purchase(digits, "1ST")
    if digits.starts("1"):
        name = "ADDITIONAL_PURCHASE_RULES_CODE"
        digits.code("0123", f"COUPON_MISSING_{name}", f"COUPON_INVALID_{name}")
        _read_purchase(digits, "2ND")
        _read_prefix_or_none(digits, "2ND")
    if digits.starts("2"):
        _read_purchase(digits, "3RD")
        _read_prefix_or_none(digits, "3RD")
    expires = ""
    if digits.starts("3"):
        # The misspelt name is the dictionary's own.
        wrong = "COUPON_INVALID_EXIPIRATION_DATE"
        expires = _read_date(digits, "COUPON_TOO_SHORT_FOR_EXPIRATION_DATE", wrong)
    if digits.starts("4"):
        begins = _read_date(digits, "COUPON_TOO_SHORT_FOR_START_DATE", "COUPON_INVALID_START_DATE")
        if expires and begins > expires:
            raise _FaultyError("COUPON_EXPIRATION_BEFORE_START")
    if digits.starts("5"):
        digits.sized("SERIAL_NUMBER", charsets.DIGIT, 6)
    if digits.starts("6"):
        digits.sized("RETAILER_GCP_OR_GLN", "1234567", 6)
    if digits.starts("9"):
        for name, allowed in _MISCELLANEOUS:
            digits.code(allowed, f"COUPON_MISSING_{name}", f"COUPON_INVALID_{name}")


_MISCELLANEOUS = (
    ("SAVE_VALUE_CODE", "01256"),
    ("SAVE_VALUE_APPLIES_TO_ITEM", "012"),
    ("STORE_COUPON_FLAG", charsets.DIGIT),
    ("DONT_MULTIPLY_FLAG", "01"),
)


def _read_purchase(digits: _Digits, which: str) -> None:
    name = f"{which}_PURCHASE_REQUIREMENT"
    digits.sized(name, "12345", 0)
    digits.code("012349", f"COUPON_MISSING_{name}_CODE", f"COUPON_INVALID_{name}_CODE")
    digits.take(_FAMILY_DIGITS, f"COUPON_TRUNCATED_{which}_PURCHASE_FAMILY_CODE")


def _read_prefix_or_none(digits: _Digits, which: str) -> None:
    if not digits.starts("9"):
        digits.sized(f"{which}_PURCHASE_GCP", "0123456", 6)


def _read_date(digits: _Digits, too_short: str, wrong: str) -> str:
    yymmdd = digits.take(_DATE_DIGITS, too_short)
    try:
        # The century decides nothing before the year 2100: 2000 is a leap year.
        date(2000 + int(yymmdd[:2]), int(yymmdd[2:4]), int(yymmdd[4:]))
    except ValueError as reason:
        raise _FaultyError(wrong) from reason
    return yymmdd


def _read_positive_offer(digits: _Digits) -> None:
    digits.code("01", "COUPON_MISSING_FORMAT_CODE", "COUPON_INVALID_FORMAT_CODE")
    digits.sized("FUNDER", "0123456", 6)
    digits.take(_OFFER_DIGITS, "COUPON_TRUNCATED_OFFER_CODE")
    digits.sized("SERIAL_NUMBER", charsets.DIGIT, 6)
