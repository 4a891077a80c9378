"""The words of a recall's ``code_info``: labels, dates, codes, marks of presentations, and noise that is known."""

from __future__ import annotations

import enum
import re
from typing import TYPE_CHECKING

import msgspec

from rxtrail.core.notices.dates import date_at, told_date_at

if TYPE_CHECKING:
    from collections.abc import Iterator


class Sort(enum.Enum):
    """What a piece of the text is."""

    LOT = "lot"  # a word that announces lots
    EXPIRY = "expiry"
    MADE = "made"  # a word that announces a day of making
    SOLD = "sold"  # a word that announces a day of shipping or selling: which packs these are no code tells
    SERIAL = "serial"  # a word that announces serial numbers
    GS1 = "gs1"  # an element string, such as (01)00312345678906(10)A1
    OTHER = "other"  # a word that announces some other number
    ALL = "all"  # all lots
    GROUP = "group"  # a) or 1): of which presentation the following is said
    DATE = "date"
    CODE = "code"
    NDC = "ndc"
    THROUGH = "through"
    FROM = "from"
    AND = "and"
    LIMIT = "limit"  # except, before, after: what a reader of lots alone would miss
    NOTHING = "nothing"  # none, not available
    CLAUSE = "clause"  # ; or a line's end
    COMMA = "comma"
    OPEN = "open"
    CLOSE = "close"
    NOISE = "noise"
    WORD = "word"


class Piece(msgspec.Struct, frozen=True, gc=False):
    """One piece: ``value`` is the date, the code or the group; ``sure`` is False for a date of several readings."""

    sort: Sort
    value: str
    at: int
    end: int
    sure: bool = True


_UNITS = (
    r"mg|mcg|µg|ug|kg|gm?|grams?|ml|l|liters?|litres?|fl\.?\s?oz|oz|lbs?|mmol|meq|iu|usp\s?units?|units?|mci|%|"
    r"percent|fold"
)
_PACKS = (
    r"tablets?|tabs?|caplets?|capsules?|caps|softgels?|gelcaps?|count|cts?|ct\.?|vials?|bottles?|boxes|box|packages?|"
    r"packs?|pks?|cartons?|cases?|syringes?|pre-?filled|bags?|kits?|tubes?|jars?|ampules?|ampuls?|ampoules?|pouches|"
    r"pouch|sachets?|blisters?|cards?|doses?|pens?|inhalers?|patches|patch|strips?|lozenges?|pieces?|pcs?|gallons?|"
    r"pints?|drums?|canisters?|cylinders?|single|multi|days?|months?|years?|hours?|gauge|each|ea|per"
)
_MANY_DRUGS = (
    r"(?:of\s+(?:the\s+)?|the\s+|these\s+|our\s+|remaining\s+|un-?expired\s+|in-?date\s+|current\s+|distributed\s+|"
    r"affected\s+|manufactured\s+|compounded\s+|sterile\s+|human\s+|drugs?\s+|finished\s+|"
    r"aseptic(?:ally)?\s+(?:filled\s+|processed\s+)?)*"
)
_ALL_LOTS = (
    rf"\b(?:all|any|every)\s+{_MANY_DRUGS}"
    r"(?:lots?(?:\s*(?:numbers?|codes?|#'?s?))?|batch(?:es)?(?:\s*(?:numbers?|codes?))?|products?(?:\s+lots?)?|codes?|"
    r"inventory|stock|preparations?|medications?|items?)\b"
)
_EXPIRES = (
    r"\b(?:exp(?:ir(?:ation|y|es?|ing|ed))?|bud|best\s+use|best\s+(?:if\s+used\s+)?(?:by|before)|use(?:d)?[- ]by|"
    r"beyond[- ]use|discard\s+(?:by|after)|sell\s+by)\b\.?"
    r"(?:\s*\(?(?:dates?|dating|dt|dts|d/t|on|month|mo|yr|year)\)?\b\.?)*(?:\s*\(s\)|\(bud\))?"
    r"(?:\s*\((?:BUD|MM/YYYY|MM/YY|M/YY|MM/DD/YYYY|MM/DD/YY|YYYY-MM-DD|DDMMMYYYY|MMM-?YYYY)\))?\s*[:#=]*"
)
_WAS_MADE = (
    r"\b(?:mfg|mfr|mfd|dom|manufactur(?:e|ed|ing)|made|produced|production|packaged|packed|compounded)\b\.?"
    r"(?:\s*(?:dates?|on|dt)\b\.?)*\s*:?"
)
_WAS_SOLD = (
    r"\b(?:distribut(?:ed|ion)|shipped|shipping|ship|sold|dispensed|released|delivered)\b\.?"
    r"(?:\s*(?:dates?|on|dt)\b\.?)*\s*:?"
)
_LOT_LABEL = (
    r"\b(?:(?:sub|bulk|kit|finished)-?\s?lots?|lots?|lot\(s\)|batch(?:es)?|batch\(es\)|b/n|l/n|control|ctrl|codes?|units?)(?![a-z])"
    r"(?:\s*(?:numbers?|number\(s\)|nos?\b\.?|num\b\.?|codes?|id'?s?\b|\(s\)))*\s*(?:#\s?'?s?\b)?\s*[:=#.]*"
)
_OTHER_LABEL = (
    r"\b(?:ref(?:erence)?|catalog(?:ue)?|cat|sku|item|model|product|anda|nda|bla|rx|din|gtin|material|"
    r"version|bar\s?codes?|warehouse|account|phone|telephone|po)"
    r"(?:\s*(?:numbers?|nos?\b\.?|codes?|id|version))*\s*(?:#|:|\bnumbers?\b|\bnos?\b\.|\bcodes?\b)\s*:?"
)
# Without a mark between it must be a number that follows: "Item 45678", and not "item in lot 45678".
_OTHER_NUMBER = r"\b(?:ref|catalog(?:ue)?|cat|sku|item|model|anda|nda|bla|rx|din|po)\s+(?=[A-Za-z]{0,4}-?\d)"
_SERIAL_LABEL = (
    r"\b(?:serials?\b|s/n\b|sn(?=\s*[:#]))(?:\s*(?:numbers?|number\(s\)|nos?\b\.?|codes?|id'?s?\b))*"
    r"\s*(?:#\s?'?s?\b)?\s*[:=#.]*"
)
_ELEMENT = r"\(\d{2,4}\)\s?[^\s();,]{1,90}"
_ELEMENT_STRING = rf"\(01\)\s?\d{{14}}(?:\s?{_ELEMENT})*"
_STRENGTH = (
    rf"(?<![\w-])\d[\d.,]*\s?(?:-\s?)?(?:{_UNITS})"
    rf"(?:\s?/\s?(?:[\d.]+\s?)?(?:{_UNITS}|vial|hr|h|day))?(?![\w])(?:\s+(?:{_PACKS})\b)*"
)
_LIMITS = (
    r"\b(?:except(?:ing|ion)?|exclud(?:e|es|ed|ing)|other\s+than|not\s+(?:affected|includ\w+|limited)|prior\s+to|before|"
    r"after|up\s+to|on\s+or|(?:and|or|&)\s+(?:up|above|below|beyond|lower|higher|greater|more|less)|onwards?|forwards?|"
    r"subsequent|previous|preceding|prior|et\s+al|series|at\s+least|minimum|maximum|"
    r"(?:and|or|&|plus|with)\s+(?:\w+\s+){0,2}?(?:more|others?|additional|associated|related|further|similar)\s+"
    r"(?:\w+\s+)?(?:lots?|batch(?:es)?|numbers?|codes?)|"
    r"(?:and|or|&|plus|with)\s+(?:(?:all|any|the|lots?|those|then)\s+){0,3}(?:following|next|rest|remain\w+|succe\w+|ensuing|"
    r"upwards?|downwards?|ff|so\s+(?:on|forth))|remaining\s+(?:lots?|batch(?:es)?|numbers?|codes?)|et\s+seqq?|thereafter|"
    r"(?:not|non)[\s-]*(?:an?\s+)?(?:exhaustive|complete)|incomplete|among\s+them|cont['\u2019]d|"
    r"(?:to|until|through|thru)\s+(?:the\s+)?present|(?:and|among)\s+others?|etc|e\.g|such\s+as|for\s+example|later|earlier|older|newer|(?:beginning|starting|ending|end|start|begin)s?\s+(?:with|in|on|at)|"
    r"(?:includ\w+|all|any|every|and|with|its|their)\s+(?:\w+\s+)?sub-?\s?lots?|"
    r"(?:first|last)\s+(?:\w+\s+)?(?:digits?|letters?|characters?|numbers?)|since|until|partial|"
    r"only\s+(?:those|the|bottles|lots?(?!\s*(?:numbers?|nos?\.?|#)?\s*:?\s*[A-Z0-9-]*\d))|(?:following\s+)?formats?|prefix(?:ed|es)?|suffix(?:es)?)\b"
)
# Arrows, dots and signs between codes or before one: from here to there, from here on.
_MARKS_OF_MORE = (
    r"(?<![-=])[-=]+>|[\u2192\u21d2\u2026\u2265\u2264]|\.{3,}(?=\s*(?:[A-Z0-9-]*\d|\Z|\n))|(?<=\w)\.\.(?=\w)|"
    r"(?<=\d)[?#]+(?![\s?#]*\d)|"
    r"&\s?(?:up|above|below)\b|~(?=\s?[A-Z0-9])|(?<![a-z/])[<>]=?\s?(?=[A-Z-]{0,6}\d)"
)
_NO_LOTS = (
    r"\b(?:none|n/a|not\s+(?:available|applicable|known|provided|specified|listed)|unknown|unspecified|tbd|"
    r"see\s+(?:attach\w*|list|below|above|recall\w*|product\w*|press\w*)|no\s+(?:lot|code)s?\w*)\b"
)
_PATTERNS: tuple[tuple[Sort, str], ...] = (
    (Sort.NOISE, r"\brecall\s*(?:number|no\.?|#)?\s*:?\s*[DFZB]-\d{3,4}-\d{2,4}\b"),
    (Sort.NOISE, r"\b[DFZB]-\d{3,4}-20\d\d\b"),
    (Sort.NOISE, r"\bUPCs?\b\s*(?:codes?|numbers?|nos?\.?|#)?\s*:?\s*(?:\d[\d -]{8,18}\d)?"),
    (Sort.NOISE, r"\b(?:GTIN|EAN)s?\b\s*(?:numbers?|nos?\.?|#)?\s*:?\s*\d{8,14}\b"),
    (Sort.NDC, r"(?:\bNDC\b\s*(?:numbers?|nos?\.?|codes?|#'?s?)?\s*:?\s*)?\b\d{4,6}-\d{3,4}-\d{1,2}\b(?!-)"),
    (Sort.NOISE, r"\bNDC\b\s*(?:numbers?|nos?\.?|codes?|#'?s?)?\s*:?\s*(?:\d{5}-\d{3,4}\b(?!-)|\d{10,11}\b)?"),
    (Sort.ALL, _ALL_LOTS),
    (Sort.EXPIRY, _EXPIRES),
    (Sort.MADE, _WAS_MADE),
    (Sort.MADE, r"\bdates?\s+(?:of\s+)?(?:manufactur(?:e|ed|ing)|production|produced|compounded|packaged)\b\s*:?"),
    (Sort.SOLD, _WAS_SOLD),
    (Sort.LOT, _LOT_LABEL),
    (Sort.SERIAL, _SERIAL_LABEL),
    (Sort.OTHER, _OTHER_LABEL),
    (Sort.OTHER, _OTHER_NUMBER),
    (Sort.NOISE, _STRENGTH),
    (Sort.NOISE, rf"(?<![\w-])(?:\d{{1,4}}\s?\+\s?)?\d(?:[\d,]{{0,5}}\d)?\s?-?(?:{_PACKS})\b(?:\s+(?:{_PACKS})\b)*"),
    (Sort.NOISE, rf"\b(?:{_PACKS})\s+of\s+\d[\d,]{{0,6}}\b(?:\s?(?:{_PACKS})\b)?"),
    (Sort.NOISE, r"\b(?:qty|quantity)\b\s*:?\s*\d[\d,]*"),
    (Sort.LIMIT, _LIMITS),
    (Sort.LIMIT, _MARKS_OF_MORE),
    (Sort.NOTHING, _NO_LOTS),
    (Sort.THROUGH, r"\b(?:through|thru|to|till)\b|\s[-\u2012-\u2015\u2212]\s|[\u2012-\u2015\u2212]"),
    (Sort.FROM, r"\b(?:from|between|range(?:s|d|ing)?)\b"),
    (Sort.AND, r"\b(?:and|or|plus)\b|&"),
    (Sort.CLAUSE, r";|\r?\n|\|"),
    (Sort.COMMA, r","),
    (Sort.OPEN, r"[(\[{]"),
    (Sort.CLOSE, r"[)\]}]"),
)
_SCANNER = tuple((sort, re.compile(pattern, re.IGNORECASE)) for sort, pattern in _PATTERNS)
_ELEMENTS = re.compile(_ELEMENT_STRING, re.ASCII)
IS_PACK_WORD = re.compile(_PACKS, re.IGNORECASE)
# a) b) or 1) 2), or (a) (1), and several that share what follows: 1) - 5), 2), 3)
_ONE = r"\(?(?<![A-Za-z0-9])(?:[a-z]|\d{1,2})\)"
_NUMBERED = re.compile(r"(?<![\w.])([a-z]|\d{1,2})\.(?=\s+\S)", re.IGNORECASE)
_GROUP = re.compile(rf"(?<![\w(-]){_ONE}(?:(?:\s*(?:,|&|and|-|to|through|thru)\s*)+{_ONE})*", re.IGNORECASE)
_GROUP_STARTS = ";,.:)"
_NUMBERED_STARTS = ";:"
_MEMBER = re.compile(r"([a-z]|\d{1,2})\)|(-|\bto\b|\bthrough\b|\bthru\b)", re.IGNORECASE)
# Compounders write lots such as 05032022:35@1.
_CODE = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9]|[-_/.+*](?=[A-Za-z0-9])|(?<=\d)[:@](?=\d)|@(?=[A-Za-z0-9]))*")
_SKIP = re.compile(r"[ \t\x0b\f\xa0.:#*'\"\u201c\u201d\u2018\u2019\u2022\xb7!?=<>~^\\$@%+_/-]")
GROUPS_MAX = 99
_HYPHENS = str.maketrans(dict.fromkeys("\u2010\u2011\ufe63\uff0d", "-"))  # of other alphabets, or never broken


def pieces(text: str) -> Iterator[Piece]:
    """Cut a text into its pieces, in order; what is no piece of any sort comes as a word or a code."""
    at = 0
    told = False  # the last piece but for marks was a word that announces a date
    heading = False  # "Lot numbers and exp dates:" announces both, one after the other
    while at < len(text):
        piece = _piece_at(text, at, told=told)
        if piece is None:
            at += 1
            continue
        yield piece
        at = piece.end
        if piece.sort in (Sort.EXPIRY, Sort.MADE, Sort.SOLD):
            told = not heading
        elif piece.sort is Sort.LOT:
            told, heading = False, True
            continue
        elif piece.sort not in (Sort.OPEN, Sort.FROM, Sort.NOISE) and not (
            piece.sort in (Sort.COMMA, Sort.AND) and told
        ):
            told = piece.sort is Sort.DATE and told
        heading = heading and piece.sort in (Sort.COMMA, Sort.AND, Sort.OPEN, Sort.CLOSE)


def with_plain_hyphens(text: str) -> str:
    """Give a text whose hyphens are all the one that a lot on a pack is written with; its length stays."""
    return text.translate(_HYPHENS)


def _piece_at(text: str, at: int, *, told: bool) -> Piece | None:
    elements = _ELEMENTS.match(text, at)
    if elements is not None:
        return Piece(Sort.GS1, elements[0], at, elements.end())
    group = _group_at(text, at)
    if group is not None:
        return group
    if told:
        date = told_date_at(text, at)
        if date is not None:
            return Piece(Sort.DATE, date[0], at, date[1], sure=date[2])
    plain = date_at(text, at)
    if plain is not None:
        return Piece(Sort.DATE, plain[0], at, plain[1])
    for sort, pattern in _SCANNER:
        found = pattern.match(text, at)
        if found is not None and found.end() > at:
            return Piece(sort, found[0].strip(), at, found.end())
    if _SKIP.match(text, at):
        return None
    code = _CODE.match(text, at)
    if code is None:
        return Piece(Sort.WORD, text[at], at, at + 1)
    sort = Sort.CODE if any(letter.isdigit() for letter in code[0]) else Sort.WORD
    return Piece(sort, code[0], at, code.end())


def _group_at(text: str, at: int) -> Piece | None:
    numbered = _NUMBERED.match(text, at)
    if numbered is not None and _begins(text, at, _NUMBERED_STARTS):
        return Piece(Sort.GROUP, numbered[1].lower(), at, numbered.end())
    found = _GROUP.match(text, at)
    if found is None or not (text[at - 1 : at].isspace() or _begins(text, at, _GROUP_STARTS)):
        return None
    members: list[str] = []
    through = False
    for name, mark in _MEMBER.findall(found[0]):
        if mark:
            through = True
            continue
        if through and members and members[-1].isdigit() and name.isdigit():
            members.extend(str(number) for number in range(int(members[-1]) + 1, int(name)))
        members.append(name.lower())
        through = False
    return Piece(Sort.GROUP, ",".join(members[:GROUPS_MAX]), at, found.end())


def _begins(text: str, at: int, marks: str) -> bool:
    """Tell whether a clause begins at ``at``: the text, a line, or what follows one of the marks."""
    before = at - 1
    while before >= 0 and text[before] in " \t\r\xa0":
        before -= 1
    return before < 0 or text[before] == "\n" or text[before] in marks
