"""US drug codes: NDC of 10, 11 and 12 digits, and the GTINs that carry them.

Source: 21 CFR 207.33 (segments of 4-4-2, 5-3-2 or 5-4-1; 6-4-2 to come); GS1 US, "Assigning GTINs to drugs"
(a GTIN is indicator, 03, the 10 digits, check digit). The digits alone never tell where the hyphens stand: a
GTIN or an NDC without hyphens has several readings, and the NDC directory decides.
"""

from __future__ import annotations

import re

import msgspec

from rxtrail.core.gs1.check_digit import check_digit
from rxtrail.core.gs1.identifier import shown
from rxtrail.errors import BadIdentifier

FORMATS_10 = ((4, 4, 2), (5, 3, 2), (5, 4, 1))
FORMAT_12 = (6, 4, 2)
INDICATOR_MAX = 8  # 9 marks goods of variable measure, which drugs are not

_HYPHENATED = re.compile(r"(\d{4,6})-(\d{3,4})-(\d{1,2})", re.ASCII)
_DIGITS = re.compile(r"\d{10,12}", re.ASCII)
_PADDED = (5, 4, 2)
_NDC_START = "03"


class Ndc(msgspec.Struct, frozen=True, gc=False, order=True):
    """One NDC with its segments: who labels it, what it is, which package."""

    labeler: str
    product: str
    package: str

    @property
    def format(self) -> str:
        """The lengths of the segments, such as ``5-4-1``."""
        return f"{len(self.labeler)}-{len(self.product)}-{len(self.package)}"

    @property
    def hyphenated(self) -> str:
        """The NDC as printed on the pack."""
        return f"{self.labeler}-{self.product}-{self.package}"

    @property
    def digits(self) -> str:
        """The NDC without hyphens."""
        return self.labeler + self.product + self.package

    @property
    def ndc11(self) -> str:
        """The 11 digits (5-4-2) that payers use; raises BadIdentifier when the labeler code has six."""
        labeler = self.labeler.removeprefix("0") if len(self.labeler) > _PADDED[0] else self.labeler
        if len(labeler) > _PADDED[0]:
            raise BadIdentifier(f"NDC {self.hyphenated} has no 11-digit form", advice="Use the 12 digits.")
        return labeler.zfill(5) + self.product.zfill(4) + self.package.zfill(2)

    @property
    def ndc12(self) -> str:
        """The uniform 12 digits (6-4-2)."""
        return self.labeler.zfill(6) + self.product.zfill(4) + self.package.zfill(2)


def parse(text: str) -> Ndc:
    """Read an NDC that has one reading; raises BadIdentifier for none and for several."""
    found = readings(text)
    if not found:
        raise BadIdentifier(f"not an NDC: {shown(text)}", advice="Write it as printed, such as 52601-8159-0.")
    if len(found) > 1:
        choices = ", ".join(ndc.hyphenated for ndc in found)
        raise BadIdentifier(f"NDC {shown(text)} can be read as {choices}", advice="Write it with hyphens, as printed.")
    return found[0]


def readings(text: str) -> list[Ndc]:
    """Give every NDC that the text can mean: one when it has hyphens, several when it has not."""
    text = text.strip()
    match = _HYPHENATED.fullmatch(text)
    if match is not None:
        lengths = (len(match[1]), len(match[2]), len(match[3]))
        if lengths in FORMATS_10 or lengths == FORMAT_12:
            return [Ndc(match[1], match[2], match[3])]
        return _unpadded("".join(match.groups())) if lengths == _PADDED else []
    if _DIGITS.fullmatch(text) is None:
        return []
    if len(text) == 10:
        return [_cut(text, lengths) for lengths in FORMATS_10]
    return _unpadded(text) if len(text) == 11 else [_cut(text, FORMAT_12)]


def ndc11(text: str) -> str:
    """Give the 11 digits of an NDC; raises BadIdentifier when the text has several readings."""
    digits = text.strip().replace("-", "")
    # However an 11-digit form came about, it is the same 11 digits.
    return digits if len(digits) == 11 and readings(text) else parse(text).ndc11


def to_gtin(ndc: str, indicator: int = 0) -> str:
    """Give the GTIN-14 of a 10-digit NDC, with or without hyphens, at a packaging level (0 is the smallest).

    Raises BadIdentifier for 11 digits with several readings, and for a true 12-digit NDC, which no 03-GTIN
    holds.
    """
    if not 0 <= indicator <= INDICATOR_MAX:
        raise BadIdentifier(
            f"no packaging indicator for drugs: {indicator}", advice="Use 0 for the smallest unit, 1 to 8."
        )
    bodies = {reading.digits for reading in readings(ndc) if len(reading.digits) == 10}
    if len(bodies) != 1:
        raise BadIdentifier(
            f"the GTIN of NDC {shown(ndc)} cannot be worked out",
            advice="Give the 10-digit NDC as printed, or look the GTIN up in the maker's master data.",
        )
    body = f"{indicator}{_NDC_START}{bodies.pop()}"
    return body + check_digit(body)


def from_gtin(gtin: str) -> list[str]:
    """Give the hyphenated NDCs that a GTIN-14 may carry, likeliest first; none when it carries no NDC.

    The GTIN does not tell which one it is.
    """
    if len(gtin) != 14 or not (gtin.isascii() and gtin.isdecimal()) or gtin[1:3] != _NDC_START:
        return []
    digits = gtin[3:13]
    # Labeler codes of four digits start with 0, those of five do not; so far a habit of the FDA, not a rule.
    formats = FORMATS_10 if digits[0] == "0" else (*FORMATS_10[:0:-1], FORMATS_10[0])
    return [_cut(digits, lengths).hyphenated for lengths in formats]


def matches_gtin(ndc: str, gtin: str) -> bool:
    """Tell whether the GTIN-14, at any packaging level, can carry this NDC."""
    return gtin[1:3] == _NDC_START and any(reading.digits == gtin[3:13] for reading in readings(ndc))


def _cut(digits: str, lengths: tuple[int, int, int]) -> Ndc:
    first, second = lengths[0], lengths[0] + lengths[1]
    return Ndc(digits[:first], digits[first:second], digits[second:])


def _unpadded(digits: str) -> list[Ndc]:
    """Take back the zero that made 10 digits 11; each segment that starts with 0 may have got it."""
    labeler, product, package = digits[:5], digits[5:9], digits[9:]
    found = []
    if labeler[0] == "0":
        found.append(Ndc(labeler[1:], product, package))
    if product[0] == "0":
        found.append(Ndc(labeler, product[1:], package))
    if package[0] == "0":
        found.append(Ndc(labeler, product, package[1:]))
    return found
