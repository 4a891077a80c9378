"""EPC URNs: pure identities, classes and patterns, to canonical identifiers and back.

Source: EPC Tag Data Standard 2.0, sections 6 (pure identity URIs) and 8 (patterns). A URN shows where the
company prefix ends; the canonical identifier does not, so the length is kept as its form.
"""

from __future__ import annotations

from typing import NamedTuple

from rxtrail.core.gs1 import charsets, check_digit
from rxtrail.core.gs1.identifier import KEYS, Identifier, Problem, assemble, shown, split
from rxtrail.errors import BadIdentifier

START = "urn:epc:"
PREFIX_LENGTH_MIN = 4
PREFIX_LENGTH_MAX = 12
# Schemes of the Tag Data Standard that are no GS1 key: valid identifiers, kept as written.
FOREIGN = frozenset({"adi", "bic", "gid", "imovn", "usdod"})


class Scheme(NamedTuple):
    """How one URN scheme maps: the key's AI, its digits without check digit, the parts between dots."""

    ai: str
    body: int  # digits of prefix and reference together, 0 when the reference is free text
    parts: int  # parts after the company prefix, the reference being the first
    qualifier: str = ""  # AI that carries the last part; "" when it is appended to the value
    leads: bool = False  # the reference's first digit stands before the prefix (indicator or extension digit)


_SCHEMES = {
    "sgtin": Scheme("01", 13, 2, "21", leads=True),
    "lgtin": Scheme("01", 13, 2, "10", leads=True),
    "upui": Scheme("01", 13, 2, "235", leads=True),
    "itip": Scheme("8006", 13, 4, "21", leads=True),
    "sscc": Scheme("00", 17, 1, leads=True),
    "sgln": Scheme("414", 12, 2, "254"),
    "pgln": Scheme("417", 12, 1),
    "gdti": Scheme("253", 12, 2),
    "sgcn": Scheme("255", 12, 2),
    "grai": Scheme("8003", 12, 2),
    "giai": Scheme("8004", 0, 1),
    "ginc": Scheme("401", 0, 1),
    "gsin": Scheme("402", 16, 1),
    "gsrn": Scheme("8018", 17, 1),
    "gsrnp": Scheme("8017", 17, 1),
    "cpi": Scheme("8010", 0, 2, "8011"),
}
# The scheme that a canonical identifier is written with, by key AI and qualifier AI.
_WRITTEN = {
    ("01", "21"): "id:sgtin",
    ("01", "10"): "class:lgtin",
    ("01", "235"): "id:upui",
    ("01", ""): "idpat:sgtin",
    ("8006", "21"): "id:itip",
    ("8006", ""): "idpat:itip",
    ("00", ""): "id:sscc",
    ("414", ""): "id:sgln",
    ("414", "254"): "id:sgln",
    ("417", ""): "id:pgln",
    ("253", ""): "id:gdti",
    ("255", ""): "id:sgcn",
    ("8003", ""): "id:grai",
    ("8004", ""): "id:giai",
    ("401", ""): "id:ginc",
    ("402", ""): "id:gsin",
    ("8018", ""): "id:gsrn",
    ("8017", ""): "id:gsrnp",
    ("8010", "8011"): "id:cpi",
    ("8010", ""): "idpat:cpi",
}


def read(text: str) -> tuple[Identifier, Problem | None]:
    """Read any EPC URN; what cannot be read is kept as written (empty key) beside its problem."""
    kind, _, rest = text[len(START) :].partition(":")
    name, _, body = rest.partition(":")
    kind, name = kind.lower(), name.lower()
    if name in FOREIGN and kind in ("id", "idpat") and body:
        return Identifier("", text), None
    scheme = _SCHEMES.get(name)
    if scheme is None or kind not in ("id", "idpat", "class") or (kind == "class") != (name == "lgtin"):
        return _verbatim(text, "UNSUPPORTED_EPC_TYPE", f"no GS1 key has URNs such as {shown(text)}")
    prefix, *parts = body.split(".", scheme.parts)
    if kind == "idpat" and ("*" in parts[:-1] or parts == ["*"]):
        return Identifier("", text), None  # all products of a company, and the like: a pattern, no identifier
    if name == "sgln" and len(parts) == 1:
        parts.append("0")  # seen in the field: no extension at all
    if len(parts) != scheme.parts:
        return _verbatim(
            text, "INVALID_EPC_URI", f"{shown(text)} does not have {scheme.parts + 1} parts between its dots"
        )
    if charsets.has_bad_escape(body):
        return _verbatim(text, "INVALID_EPC_URI", f"{shown(text)} has a % without two hexadecimal digits")
    value = _number(scheme, prefix, parts[0])
    if not value:
        return _verbatim(text, "INVALID_EPC_URI", f"{shown(text)} does not hold the digits of a {KEYS[scheme.ai].name}")
    is_class = kind == "idpat" and parts[-1] == "*"
    part = "" if is_class or scheme.parts == 1 else charsets.unescape(parts[-1])
    if not part and not is_class and scheme.parts > 1:
        return _verbatim(text, "INVALID_EPC_URI", f"{shown(text)} ends in an empty part")
    value += "".join(parts[1:3]) if name == "itip" else ""
    qualifier = scheme.qualifier if part else ""
    if not qualifier:
        value, part = value + part, ""
    key, serial, problem = assemble(scheme.ai, value, qualifier, part)
    if not key:
        return Identifier("", text), problem
    if problem is None and not PREFIX_LENGTH_MIN <= len(prefix) <= PREFIX_LENGTH_MAX:
        limits = f"{PREFIX_LENGTH_MIN} to {PREFIX_LENGTH_MAX}"
        message = f"{shown(text)} has a company prefix of {len(prefix)} digits; GS1 assigns {limits}"
        problem = Problem("INVALID_COMPANY_PREFIX", message, "Ask the sender to correct the identifier.")
    form = str(len(prefix))
    if is_class and name in ("sgln", "upui"):
        form += f" idpat:{name}"  # the class of an SGTIN, or one GLN, would be written otherwise
    return Identifier(key, serial, form), problem


def scheme_of(name: str) -> Scheme | None:
    """Give how the URNs of a scheme map to GS1 keys; None when it is none of theirs."""
    return _SCHEMES.get(name)


def write(canonical: str, form: str) -> str:
    """Write a canonical identifier as the URN of ``form``; raises BadIdentifier when it has none."""
    found = split(canonical)
    length, _, name = form.partition(" ")
    ai, value, qualifier, part = found or ("", "", "", "")
    name = name or _WRITTEN.get((ai, qualifier), "")
    scheme = _SCHEMES.get(name.rpartition(":")[2])
    if scheme is None:
        raise BadIdentifier(
            f"{shown(canonical)} has no EPC URN",
            advice="Write it as a GS1 Digital Link, which every GS1 key has.",
        )
    prefix, reference, tail = _prefix_and_reference(scheme, value, int(length))
    parts = [prefix, reference]
    if name.endswith("itip"):
        parts += [tail[:2], tail[2:]]
    if name.startswith("idpat:"):
        parts.append("*")
    elif scheme.qualifier:
        parts.append(charsets.escape_urn(part) or "0")
    elif scheme.parts > 1:
        if not tail:
            name = name.replace("id:", "idpat:")
        parts.append(charsets.escape_urn(tail) or "*")
    return f"{START}{name}:{'.'.join(parts)}"


def _number(scheme: Scheme, prefix: str, reference: str) -> str:
    """Give the key's value as in a barcode, without its tail; "" when the digits do not fit."""
    if not charsets.ALL_DIGITS.fullmatch(prefix) or not prefix:
        return ""
    if not scheme.body:
        return prefix + charsets.unescape(reference) if reference else ""
    body = reference[:1] + prefix + reference[1:] if scheme.leads else prefix + reference
    if len(body) != scheme.body or not charsets.ALL_DIGITS.fullmatch(body) or (scheme.leads and not reference):
        return ""
    # A GRAI in a barcode starts with a filler 0 (GS1 General Specifications, section 3.9.1).
    return ("0" if scheme.ai == "8003" else "") + body + check_digit.check_digit(body)


def _prefix_and_reference(scheme: Scheme, value: str, length: int) -> tuple[str, str, str]:
    if not scheme.body:
        digits, reference = value[:length], charsets.escape_urn(value[length:])
        tail = ""
    else:
        start = 1 if scheme.ai == "8003" else 0
        body, tail = value[start : start + scheme.body], value[start + scheme.body + 1 :]
        if scheme.leads:
            digits, reference = body[1 : 1 + length], body[0] + body[1 + length :]
        else:
            digits, reference = body[:length], body[length:]
    if len(digits) != length or not charsets.ALL_DIGITS.fullmatch(digits):
        raise BadIdentifier(
            f"{shown(value)} does not start with a company prefix of {length} digits",
            advice="Give the length of the company prefix that GS1 assigned.",
        )
    if scheme.body and _number(scheme, digits, reference) + tail != value:
        # A URN has no check digit: written, the wrong one would be lost and another product named.
        raise BadIdentifier(f"{shown(value)} is wrong in itself", advice="Write it as a GS1 Digital Link.")
    return digits, reference, tail


def _verbatim(text: str, code: str, message: str) -> tuple[Identifier, Problem]:
    return Identifier("", text), Problem(code, message, "Kept as written; ask the sender to correct the identifier.")
