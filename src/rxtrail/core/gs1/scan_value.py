"""What one scan says, as a value, and the names of what may be wrong with it or was repaired in it."""

from __future__ import annotations

import msgspec

from rxtrail.core.gs1 import ifa

WRONG_BARCODE = "wrong-barcode"  # not the code that carries the product identifier
BAD_CHECK_DIGIT = "bad-check-digit"
SCANNER_FAULT = "scanner-fault"  # was GS1 data once, and arrived damaged
AMBIGUOUS = "ambiguous-scan"
NOT_SERIALISED = "not-serialised"  # GS1 data of a product, without a serial

# What was repaired, where several rooms say it.
SEPARATOR_RESTORED = "group-separator-restored"
REPEATED_SCAN = "repeated-scan-dropped"
LINEAR_CODE = "linear-code-dropped"
SPACES_REMOVED = "spaces-removed"
# Kinds of ambiguous scans of which no reading is right.
TWO_CODES = "two-codes"  # it holds two different codes
TWO_VALUES = "two-values"  # it says the same element twice, differently

TEXT_LENGTH_MAX = 4096  # a DataMatrix symbol holds 3,116 digits at most
SERIAL_LENGTH_MAX = 20
SSCC_LENGTH = 18


class Scan(msgspec.Struct, frozen=True, gc=False):
    """What one scan says; a part that it does not say is empty."""

    raw: str
    reading: str = ""  # bracketed element string
    gtin: str = ""  # 14 digits
    serial: str = ""
    lot: str = ""
    expiry: str = ""  # YYYY-MM-DD
    yymmdd: str = ""  # the expiry as the label has it
    sscc: str = ""
    other: dict[str, str] = {}  # every other AI
    symbology: str = ""  # AIM identifier such as "]d2"
    repairs: list[str] = []
    fault: str = ""  # "" or the worst of the faults above
    ppn: str = ""  # the product code of an IFA code; ``gtin`` is then the NTIN of the same article
    kind: str = ""  # what a wrong barcode is (``wrong_barcode.KINDS``), or why none of two readings is right

    @property
    def scheme(self) -> str:
        """Which system of identification it follows: gs1, ifa, or none."""
        return "ifa" if self.ppn else "gs1" if self.reading else "none"

    @property
    def product(self) -> str:
        """The product code as it stands in the code: a PPN or a GTIN."""
        return self.ppn or self.gtin

    @property
    def pzn(self) -> str:
        """The German national number that the product code holds; "" when it holds none."""
        return ifa.pzn_of(self.ppn) if self.ppn else ifa.pzn_of_ntin(self.gtin)
