"""How long a company prefix is, which the digits of a GTIN or GLN do not show.

Asked in this order: prefixes that the caller knows, the rule for US drug codes (GTINs that start with 03
carry an NDC, whose labeler code ends the prefix), the prefix table that the biip library ships.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_REMEMBERED = 4096
_NDC_START = "03"


def length_of(digits: str, own: Iterable[str] = ()) -> int | None:
    """Give the length of the company prefix that ``digits`` starts with; None when nobody knows.

    Takes 13 digits (GTIN-13, GLN), 14 (GTIN, indicator first) or 18 (SSCC, extension digit first), or a part
    of them from the prefix on. ``own`` are company prefixes known for sure; the longest that fits wins.
    """
    if not (digits.isascii() and digits.isdecimal()):
        return None
    start = digits[1:] if len(digits) in (14, 18) else digits
    known = [len(prefix) for prefix in own if prefix and start.startswith(prefix)]
    return max(known) if known else _from_tables(start[:12])


def matches(gln: str, gtin: str, own: Iterable[str] = ()) -> bool:
    """Tell whether a GLN and a GTIN-14 come from one company prefix; not known is no."""
    length = length_of(gtin, own)
    return length is not None and len(gln) >= length and gln[:length] == gtin[1 : 1 + length]


@lru_cache(maxsize=_REMEMBERED)
def _from_tables(start: str) -> int | None:
    if start.startswith(_NDC_START):
        # A labeler code has 4 digits when it starts with 0, otherwise 5 (reference: FDA labeler codes).
        return 6 if start[2:3] == "0" else 7
    # Reading the table takes 50 ms, which most commands never need.
    from biip.gs1_prefixes import GS1CompanyPrefix  # noqa: PLC0415

    found = GS1CompanyPrefix.extract(start)
    return len(found.value) if found and found.value else None
