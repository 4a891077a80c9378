"""Which barcode was scanned instead of the square code of the pack: named, so that a person knows what to do.

A pack carries several codes, and the paper around it more. Only the serialised one says which pack it is; every
other one is named here and never sent on. Sources: GS1 General Specifications, section 5.2 (EAN/UPC and add-on
symbols); ANSI/HIBC 2.6 (HIBC); IFA (PZN in Code 39); 21 CFR 207.33 (NDC); ISO/IEC 7812-1 (card numbers); UPU S10
(postal items); ISBT 128 (blood).
"""

from __future__ import annotations

import re

from rxtrail.core.gs1 import check_digit, ifa, symbology

# The kind, and what it is in words: "This is ...".
KINDS = {
    "ean13": "the EAN-13 barcode with lines",
    "ean13+2": "an EAN-13 barcode with lines and a two-digit add-on",
    "ean13+5": "an EAN-13 barcode with lines and a five-digit add-on",
    "ean8": "the EAN-8 barcode with lines",
    "upca": "the UPC-A barcode with lines",
    "upca+2": "a UPC-A barcode with lines and a two-digit add-on",
    "upca+5": "a UPC-A barcode with lines and a five-digit add-on",
    "upce": "the UPC-E barcode with lines",
    "itf14": "the barcode of a case (ITF-14)",
    "sscc": "the label of a case or pallet (SSCC)",
    "databar": "a GS1 DataBar symbol without a serial number",
    "pzn": "the PZN barcode with lines",
    "code32": "the Italian drug code (Code 32)",
    "ndc": "the National Drug Code without a serial number",
    "hibc": "an HIBC code of a medical device",
    "isbt128": "an ISBT 128 code of blood or tissue",
    "format06": "a label with data identifiers, not of a medicine pack",
    "web-address": "a web address",
    "email-address": "an e-mail address",
    "contact": "a contact card",
    "wifi": "the access to a wireless network",
    "phone": "a telephone number or a message",
    "app": "a link of a program or a payment",
    "driving-licence": "a driving licence",
    "payment-card": "a card number",
    "boarding-pass": "a boarding pass",
    "parcel": "a parcel label",
    "china-trace": "the trace code of China (20 digits)",
    "epc": "an EPC that names no pack",
    "gs1": "GS1 data that names neither a pack nor a case",
    "linear": "a barcode with lines",
    "digits": "a number, not the code of a pack",
    "text": "a text, not the code of a pack",
}

_HOST = r"[-a-z0-9]+(?:\.[-a-z0-9]+)*\.[a-z]{2,6}"
_WEB = re.compile(rf"(?:https?|ftp)[:.]/?/?\S+|(?:www\.|//)\S+|{_HOST}(?:[/?#]\S*)?", re.IGNORECASE)
_ADDRESS = r"[-.+\w]{1,64}@[-\w]{1,63}(?:\.[-\w]{1,63})+\Z"
_APPS = r"(?:geo|market|bitcoin|ethereum|otpauth|upi|intent|fb|tg|spc|bcd)[:\r\n]|BCD\n|SPC\r?\n|000201"
_NDC_FORMATS = r"[0-9]{4}-[0-9]{4}-[0-9]{2}|[0-9]{5}-[0-9]{3,4}-[0-9]{1,2}|[0-9]{6}-[0-9]{4}-[0-9]{2}"
# How a text begins, and what it then is; letters in either case unless a case is part of the standard.
_STARTS = tuple(
    (kind, re.compile(start, flags))
    for kind, start, flags in (
        ("wifi", "WIFI:", re.IGNORECASE),
        ("contact", "BEGIN:V(?:CARD|EVENT|CALENDAR)|MECARD:|BIZCARD:", re.IGNORECASE),
        ("email-address", f"MAILTO:|MATMSG:|SMTP:|{_ADDRESS}", re.IGNORECASE),
        ("phone", "(?:TEL|SMS|SMSTO|MMS|MMSTO|FACETIME|WHATSAPP):", re.IGNORECASE),
        ("app", _APPS, re.IGNORECASE),
        ("driving-licence", r"@\s{0,3}\x1e?\s?(?:ANSI|AAMVA) ?|(?:ANSI|AAMVA) [0-9]{9,}", 0),
        ("hibc", r"\+(?:[A-Z][0-9A-Z]{2,}|\$|[0-9]{5})[-0-9A-Z $/.+%]*\Z|\+/", 0),
        ("isbt128", r"=[<>%*A-Z{(\[)&][0-9A-Z]|&[<>(]", 0),
        ("format06", r"\[\)>", 0),
        ("boarding-pass", "M[1-4][A-Z/ ]{20}", 0),
        ("parcel", r"1Z[0-9A-Z]{16}\Z|[A-Z]{2}[0-9]{9}[A-Z]{2}\Z|JJD[0-9]{10,}|%0[0-9]{7}", 0),
        ("ndc", rf"(?:NDC[: ]*)?(?:{_NDC_FORMATS})\Z", re.IGNORECASE),
        ("epc", "urn:", re.IGNORECASE),
    )
)
_PZN = re.compile(r"(?:PZN)?[-: ]*([0-9]{7,8})", re.IGNORECASE)
_CODE_32 = re.compile(r"A?([0-9]{9})")
_CARD = re.compile(
    r"4[0-9]{15}|4[0-9]{12}|4[0-9]{18}|5[1-5][0-9]{14}|2(?:2[2-9]|[3-6][0-9]|7[01])[0-9]{13}|3[47][0-9]{13}"
    r"|3(?:0[0-5]|[68][0-9])[0-9]{11}|6(?:011|5[0-9]{2}|4[4-9][0-9])[0-9]{12}|35[0-9]{14}|62[0-9]{14,17}"
)


def kind_of(text: str, identifier: str = "") -> str:
    """Name what was scanned, as one of ``KINDS``; ``identifier`` is the symbology identifier, when one was sent."""
    body = text.strip()
    if body.isascii() and body.isdecimal():
        return _number(body, identifier)
    for kind, start in _STARTS:
        if start.match(body):
            return kind
    if _WEB.fullmatch(body):
        return "web-address"
    pzn = _PZN.fullmatch(body)
    if pzn is not None and (ifa.is_pzn(pzn[1]) or body[:1] in "-Pp"):
        return "pzn"
    code_32 = _CODE_32.fullmatch(body)
    if code_32 is not None and _is_code_32(code_32[1]):
        return "code32"
    compact = body.replace(" ", "").replace("-", "")
    if compact.isascii() and compact.isdecimal():
        return _number(compact, identifier) if len(compact) > 6 else "digits"
    if symbology.is_linear(identifier):
        return "linear"
    return "text"


def _number(digits: str, identifier: str) -> str:
    """Name a number by the symbol, its length and its check digits."""
    right, count = check_digit.is_valid, len(digits)
    if identifier[:2] == "]E" and count == 8 and identifier != "]E4":
        return "upce"
    if identifier[:2] == "]e":
        return "databar"
    lengths = {8: "ean8", 12: "upca", 13: "ean13", 14: "itf14", 18: "sscc"}
    if count in lengths and right(digits):
        return lengths[count]
    if count == 8 and ifa.is_pzn(digits):
        return "pzn"
    for whole, name in ((13, "ean13"), (12, "upca")):
        if count - whole in (2, 5) and right(digits[:whole]):
            return f"{name}+{count - whole}"
    if _CARD.fullmatch(digits) and _is_luhn(digits):
        return "payment-card"
    if count in (7, 8) and ifa.is_pzn(digits):
        return "pzn"
    if count == 9 and _is_code_32(digits):
        return "code32"
    if count in (10, 11):
        return "ndc"
    if count == 20 and digits[0] == "8":
        return "china-trace"
    if count in (20, 22, 26, 30, 34):
        return "parcel"
    return "linear" if symbology.is_linear(identifier) and count not in lengths else "digits"


def _is_luhn(digits: str) -> bool:
    """Tell whether the check digit of ISO/IEC 7812-1 is right."""
    doubled = sum(sum(divmod(2 * int(digit), 10)) for digit in digits[-2::-2])
    return (doubled + sum(int(digit) for digit in digits[-1::-2])) % 10 == 0


def _is_code_32(digits: str) -> bool:
    """Tell whether the last of nine digits is their check digit (every second digit doubled, modulo ten)."""
    doubled = sum(sum(divmod(2 * int(digit), 10)) for digit in digits[1:8:2])
    return (doubled + sum(int(digit) for digit in digits[0:8:2])) % 10 == int(digits[8])
