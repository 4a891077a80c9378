"""GS1 Digital Link URIs to canonical identifiers and back.

Source: GS1 Digital Link Standard: URI Syntax 1.4, sections 4 (path) and 5 (query).
"""

from __future__ import annotations

import re
from typing import NamedTuple

import msgspec

from rxtrail.core.gs1 import charsets, content
from rxtrail.core.gs1.identifier import KEYS, NOT_GS1, Identifier, Problem, assemble, shown, split
from rxtrail.core.gs1.tables import TABLE
from rxtrail.errors import BadIdentifier

STEM = "https://id.gs1.org"
GTIN_LENGTHS = (8, 12, 13, 14)
# Words that version 1.1 of the standard allowed instead of the digits of an AI.
NAMES = {
    "sscc": "00",
    "gtin": "01",
    "lot": "10",
    "ser": "21",
    "cpv": "22",
    "gdti": "253",
    "glnx": "254",
    "gcn": "255",
    "ginc": "401",
    "gsin": "402",
    "gln": "414",
    "payto": "415",
    "party": "417",
    "grai": "8003",
    "giai": "8004",
    "itip": "8006",
    "cpid": "8010",
    "cpsn": "8011",
    "gmn": "8013",
    "gsrnp": "8017",
    "gsrn": "8018",
    "srin": "8019",
    "refno": "8020",
}
QUALIFIERS = frozenset(ai for entry in TABLE.values() for group in entry.qualifiers or () for ai in group)
_GTIN_AIS = ("01", "02", "03")

# RFC 3986: the characters of a URI, and those of a host (its name, or an IPv6 address in brackets).
_URI_CHARACTERS = re.compile(r"[-A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=%]*")
_HOST = re.compile(r"(?:[-A-Za-z0-9._]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?")
_URI = re.compile(r"(https?://([^/?#\s]+))(/[^?#]*)?(?:\?([^#]*))?(?:#.*)?", re.IGNORECASE | re.DOTALL)
_ANOTHER = "Give a GS1 Digital Link such as https://id.gs1.org/01/09506000134352/21/A1."


class DigitalLink(msgspec.Struct, frozen=True, gc=False):
    """A Digital Link taken apart: everything decoded, AIs as digits."""

    stem: str  # what stands before the key, such as https://id.gs1.org
    path: list[tuple[str, str]]  # the key, then its qualifiers
    query: list[tuple[str, str]]  # attributes

    @property
    def elements(self) -> list[tuple[str, str]]:
        """All of it as an element string would hold it."""
        return self.path + self.query


class _Parts(NamedTuple):
    stem: str
    host: str
    path: list[tuple[str, str]]
    query: str
    worded: bool  # a word stood for an AI


def parse(uri: str, *, lenient: bool = False) -> DigitalLink:
    """Take a Digital Link apart; raises BadIdentifier when it is none or breaks the standard.

    Strict is version 1.4 of the standard: digits only, qualifiers in order, no attribute that may not be one,
    content as GS1 allows it. ``lenient`` takes what is met on packs: words for AIs, GTINs without leading
    zeros, any order, any content, AIs in the query that are no attributes.
    """
    parts = _take_apart(uri)
    if parts is None:
        raise BadIdentifier(f"no GS1 key in {shown(uri)}", advice=_ANOTHER)
    pairs: list[tuple[str, str]] = []
    for item in parts.query.split("&"):
        name, equals, value = item.partition("=")
        ai = NAMES.get(name, name) if lenient else name
        if not equals or not (ai.isascii() and ai.isdecimal()):
            continue  # other people's parameters
        if ai in TABLE:
            pairs.append((ai, charsets.unescape_query(value)))
        elif not lenient:
            raise BadIdentifier(f"GS1 defines no AI {ai}, in {shown(uri)}", advice=_ANOTHER)
    path, query = parts.path, pairs
    if lenient:
        path = [(ai, _full_gtin(ai, value)) for ai, value in path]
        query = [(ai, _full_gtin(ai, value)) for ai, value in query if value]
    else:
        _check(uri, parts, query)
    return DigitalLink(parts.stem, path, query)


def identify(uri: str) -> tuple[Identifier, Problem | None]:
    """Read the identity out of a Digital Link with any stem; other web addresses are kept as written.

    Attributes and qualifiers that do not identify (a lot beside a serial) are left out (CBV 2.0, section
    8.2).
    """
    parts = _take_apart(uri)
    if parts is None:
        code = "INVALID_EPC_URI" if uri.lower().startswith(STEM) else NOT_GS1
        return Identifier("", uri), Problem(code, f"no GS1 key in {shown(uri)}", f"Kept as written. {_ANOTHER}")
    (ai, value), *others = parts.path
    qualifiers = dict(others)
    value = _full_gtin(ai, value)
    for qualifier in KEYS[ai].qualifiers:
        if qualifier in qualifiers:
            key, serial, problem = assemble(ai, value, qualifier, qualifiers[qualifier])
            break
    else:
        key, serial, problem = assemble(ai, value)
    return Identifier(key, serial, parts.stem) if key else Identifier("", uri), problem


def to_digital_link(canonical: str, stem: str = STEM) -> str:
    """Write a canonical identifier as a Digital Link; raises BadIdentifier for one that is no GS1 key."""
    found = split(canonical)
    if found is None:
        raise BadIdentifier(f"not a GS1 identifier: {shown(canonical)}", advice="Only GS1 keys have a Digital Link.")
    ai, value, qualifier, part = found
    path = f"{stem}/{ai}/{charsets.escape_path(value)}"
    return f"{path}/{qualifier}/{charsets.escape_path(part)}" if qualifier else path


def write(elements: list[tuple[str, str]], stem: str = STEM) -> str:
    """Write elements as one Digital Link; raises BadIdentifier when they cannot be one.

    The first key is the key; its qualifiers follow in their order; the rest are attributes, those of
    predefined length first. An AI that may not be an attribute cannot be written.
    """
    first = next((ai for ai, _ in elements if ai in TABLE and TABLE[ai].qualifiers is not None), "")
    if not first:
        raise BadIdentifier("none of the elements is a key", advice="A Digital Link needs a key such as (01) or (00).")
    values: dict[str, str] = {}
    for ai, value in elements:
        values.setdefault(ai, value)
    present = [found for group in TABLE[first].qualifiers or () if (found := [ai for ai in group if ai in values])]
    chain = [first, *(present[0] if present else ())]
    rest = [ai for ai in values if ai not in chain]
    for ai in rest:
        if ai not in TABLE or not TABLE[ai].attribute:
            raise BadIdentifier(f"({ai}) may not stand in a Digital Link", advice="Leave it out of the link.")
    rest.sort(key=lambda ai: not TABLE[ai].predefined)
    path = "".join([f"/{ai}/{charsets.escape_path(values[ai])}" for ai in chain])
    query = "&".join([f"{ai}={charsets.escape_query(values[ai])}" for ai in rest])
    return f"{stem}{path}?{query}" if query else stem + path


def _take_apart(uri: str) -> _Parts | None:
    """Find the key by reading pairs from the right end of the path; None when there is none."""
    match = _URI.fullmatch(uri)
    if match is None:
        return None
    segments = (match[3] or "").split("/")
    pairs: list[tuple[str, str]] = []
    worded = False
    for index in range(len(segments) - 2, 0, -2):
        word = segments[index]
        ai = NAMES.get(word.lower(), word)
        worded |= ai != word
        if ai not in KEYS and ai not in QUALIFIERS:
            return None
        pairs.append((ai, charsets.unescape(segments[index + 1])))
        if ai in KEYS:
            return _Parts(match[1] + "/".join(segments[:index]), match[2], pairs[::-1], match[4] or "", worded)
    return None


def _full_gtin(ai: str, value: str) -> str:
    """Put back the leading zeros that a GTIN-8, -12 or -13 has as 14 digits."""
    return value.zfill(14) if ai in _GTIN_AIS and len(value) in GTIN_LENGTHS else value


def _check(uri: str, parts: _Parts, query: list[tuple[str, str]]) -> None:
    """Hold a link to the standard; raises BadIdentifier at the first breach."""
    reason = ""
    key, qualifiers = parts.path[0][0], [ai for ai, _ in parts.path[1:]]
    seen: set[str] = set()
    if not _URI_CHARACTERS.fullmatch(uri) or not _HOST.fullmatch(parts.host):
        reason = "holds a character that a URI may not hold"
    elif parts.worded:
        reason = "uses words for AIs, which the standard no longer allows"
    elif not any(qualifiers == [ai for ai in group if ai in qualifiers] for group in TABLE[key].qualifiers or ((),)):
        reason = f"has qualifiers that do not follow ({key}) in this order"
    for ai, value in parts.path + query:
        fault = content.fault_of(ai, value)
        if fault:
            reason = reason or f"has {shown(value)} for ({ai}): {fault}"
        if ai in seen:
            reason = reason or f"has ({ai}) twice"
        seen.add(ai)
    for ai, _ in query:
        if not TABLE[ai].attribute:
            reason = reason or f"has ({ai}) in its query, where it may not stand"
    if reason:
        raise BadIdentifier(f"{shown(uri)} {reason}", advice="Read it leniently, or ask its author to correct it.")
