"""Is the data of an Application Identifier what GS1 allows there? One named check per rule.

Source: GS1 Barcode Syntax Dictionary, whose names of checks and of faults are used here (``csum``,
``INCORRECT_CHECK_DIGIT``), so that its published test values apply.
"""

from __future__ import annotations

import calendar
from typing import TYPE_CHECKING

from rxtrail.core.gs1 import charsets, check_digit, coupon
from rxtrail.core.gs1.data import code_lists
from rxtrail.core.gs1.tables import TABLE

if TYPE_CHECKING:
    from collections.abc import Callable

OK = ""
COMPANY_PREFIX_LENGTH_MIN = 4
IBAN_LENGTH_MAX = 34
IBAN_LENGTH_MIN = 11
_CSET_32 = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
_PRIMES = [number for number in range(2, 510) if all(number % other for other in range(2, int(number**0.5) + 1))]
_INDEX_CHARACTERS = frozenset("-_" + charsets.DIGIT + charsets.LETTER)


def fault_of(ai: str, value: str) -> str:
    """Name what is wrong with the data of ``ai``; "" when nothing is, ``UNKNOWN_AI`` for no AI."""
    entry = TABLE.get(ai)
    if entry is None:
        return "UNKNOWN_AI"
    index = 0
    for part in entry.components:
        text = value[index : index + part.length_max]
        if not text and part.optional:
            break
        if len(text) < part.length_min:
            return "DATA_TOO_SHORT"
        for name in (_TYPE_CHECKS[part.type], *part.checks):
            fault = CHECKS[name](text)
            if fault:
                return fault
        index += len(text)
    return "DATA_TOO_LONG" if index < len(value) else OK


def _digits(text: str) -> str:
    return OK if charsets.ALL_DIGITS.fullmatch(text) else "NON_DIGIT_CHARACTER"


def _cset_82(text: str) -> str:
    return OK if charsets.ALL_82.fullmatch(text) else "INVALID_CSET82_CHARACTER"


def _cset_39(text: str) -> str:
    return OK if charsets.ALL_39.fullmatch(text) else "INVALID_CSET39_CHARACTER"


def _cset_64(text: str) -> str:
    data = text.rstrip("=")
    padding = len(text) - len(data)
    if padding > 2 or (padding and len(text) % 3):
        return "INVALID_CSET64_PADDING"
    return OK if charsets.ALL_64.fullmatch(data) else "INVALID_CSET64_CHARACTER"


def _check_digit(text: str) -> str:
    if not text:
        return "TOO_SHORT_FOR_CHECK_DIGIT"
    if _digits(text):
        return "NON_DIGIT_CHARACTER"
    body = check_digit.weighted_sum(text[:-1])
    return OK if check_digit.COMPLEMENT[body % 10] == text[-1] else "INCORRECT_CHECK_DIGIT"


def _check_pair(text: str) -> str:
    # GS1 General Specifications, section 7.9.5: prime weights from the right, modulo 1021, two characters of
    # set 32.
    if len(text) > len(_PRIMES) + 2:
        return "TOO_LONG_FOR_CHECK_PAIR_IMPLEMENTATION"
    if len(text) < 2:
        return "TOO_SHORT_FOR_CHECK_PAIR"
    body, pair = text[:-2], text[-2:]
    if _cset_82(body):
        return "INVALID_CSET82_CHARACTER"
    weights = zip(reversed(body), _PRIMES, strict=False)
    total = sum(charsets.CSET_82.index(character) * prime for character, prime in weights) % 1021
    return OK if pair == _CSET_32[total >> 5] + _CSET_32[total & 31] else "INCORRECT_CHECK_PAIR"


def _company_prefix(text: str) -> str:
    if len(text) < COMPANY_PREFIX_LENGTH_MIN:
        return "TOO_SHORT_FOR_GCP"
    return "INVALID_GCP_PREFIX" if _digits(text[:COMPANY_PREFIX_LENGTH_MIN]) else OK


def _company_prefix_second(text: str) -> str:
    return _company_prefix(text[1:])


def _date_day_00(text: str) -> str:
    """YYYYMMDD where day 00 is the whole month."""
    if len(text) != 8:
        return "DATE_TOO_SHORT" if len(text) < 8 else "DATE_TOO_LONG"
    if _digits(text):
        return "NON_DIGIT_CHARACTER"
    year, month, day = int(text[:4]), int(text[4:6]), int(text[6:])
    if not 1 <= month <= 12:
        return "ILLEGAL_MONTH"
    days = 29 if month == 2 and calendar.isleap(year) else (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)[month - 1]
    return OK if day <= days else "ILLEGAL_DAY"


def _short_date_day_00(text: str) -> str:
    """YYMMDD where day 00 is the whole month; the century decides nothing before the year 2100."""
    if len(text) != 6:
        return "DATE_TOO_SHORT" if len(text) < 6 else "DATE_TOO_LONG"
    return _date_day_00("20" + text)


def _date(text: str) -> str:
    return _date_day_00(text) or ("ILLEGAL_DAY" if text.endswith("00") else OK)


def _short_date(text: str) -> str:
    return _short_date_day_00(text) or ("ILLEGAL_DAY" if text.endswith("00") else OK)


def _part_of_time(name: str, largest: int) -> Callable[[str], str]:
    def check(text: str) -> str:
        if len(text) != 2:
            return f"{name}_TOO_SHORT" if len(text) < 2 else f"{name}_TOO_LONG"
        if _digits(text):
            return "NON_DIGIT_CHARACTER"
        return OK if int(text) <= largest else f"ILLEGAL_{name}"

    return check


_hour = _part_of_time("HOUR", 23)
_minute = _part_of_time("MINUTE", 59)
_second = _part_of_time("SECOND", 59)


def _hour_minute(text: str) -> str:
    if len(text) != 4:
        return "HOUR_WITH_MINUTE_TOO_SHORT" if len(text) < 4 else "HOUR_WITH_MINUTE_TOO_LONG"
    return _hour(text[:2]) or _minute(text[2:])


def _has_non_digit(text: str) -> str:
    return "REQUIRES_NON_DIGIT_CHARACTER" if charsets.ALL_DIGITS.fullmatch(text) else OK


def _iban(text: str) -> str:
    if len(text) < 4:
        return "IBAN_TOO_SHORT"
    if text[:2] not in code_lists.COUNTRIES_ALPHA_2:
        return "ILLEGAL_IBAN_COUNTRY_CODE"
    if len(text) > IBAN_LENGTH_MAX:
        return "IBAN_TOO_LONG"
    if len(text) < IBAN_LENGTH_MIN:
        return "IBAN_TOO_SHORT"
    if not (text.isascii() and text.isalnum() and text == text.upper()):
        return "INVALID_IBAN_CHARACTER"
    # ISO 7064, MOD 97-10: A is 10 ... Z is 35.
    number = "".join(str(int(character, 36)) for character in text[4:] + text[:4])
    return OK if int(number) % 97 == 1 else "INCORRECT_IBAN_CHECKSUM"


def _importer_index(text: str) -> str:
    if len(text) != 1:
        return "IMPORTER_IDX_MUST_BE_ONE_CHARACTER"
    return OK if text in _INDEX_CHARACTERS else "INVALID_IMPORT_IDX_CHARACTER"


def _coordinate(name: str, largest: int) -> Callable[[str], str]:
    def check(text: str) -> str:
        if len(text) != 10:
            return f"{name}_INVALID_LENGTH"
        if _digits(text):
            return "NON_DIGIT_CHARACTER"
        return OK if int(text) <= largest else f"INVALID_{name}"

    return check


def _non_zero(text: str) -> str:
    return _digits(text) or (OK if text.strip("0") else "ILLEGAL_ZERO_VALUE")


def _no_zero_prefix(text: str) -> str:
    return "ILLEGAL_ZERO_PREFIX" if text.startswith("0") else _digits(text)


def _percent(text: str) -> str:
    return "INVALID_PERCENT_SEQUENCE" if charsets.has_bad_escape(text) else OK


def _piece_of_total(text: str) -> str:
    if _digits(text):
        return "NON_DIGIT_CHARACTER"
    if not text or len(text) % 2:
        return "INVALID_LENGTH_FOR_PIECE_OF_TOTAL"
    piece, total = int(text[: len(text) // 2]), int(text[len(text) // 2 :])
    if not piece:
        return "ZERO_PIECE_NUMBER"
    if not total:
        return "ZERO_TOTAL_PIECES"
    return OK if piece <= total else "PIECE_NUMBER_EXCEEDS_TOTAL"


def _position_in_sequence(text: str) -> str:
    position, _, end = text.partition("/")
    if not position or not end or _digits(position + end):
        return "POSITION_IN_SEQUENCE_MALFORMED"
    if position[0] == "0" or end[0] == "0":
        return "ILLEGAL_ZERO_PREFIX"
    return OK if int(position) <= int(end) else "POSITION_EXCEEDS_END"


def _one_of(codes: frozenset[str], fault: str) -> Callable[[str], str]:
    return lambda text: OK if text in codes else fault


def _only(character: str, fault: str) -> Callable[[str], str]:
    return lambda text: OK if text and not text.strip(character) else fault


CHECKS: dict[str, Callable[[str], str]] = {
    "couponcode": coupon.fault_of_coupon,
    "couponposoffer": coupon.fault_of_positive_offer,
    "cset39": _cset_39,
    "cset64": _cset_64,
    "cset82": _cset_82,
    "csetnumeric": _digits,
    "csum": _check_digit,
    "csumalpha": _check_pair,
    "gcppos1": _company_prefix,
    "gcppos2": _company_prefix_second,
    "hasnondigit": _has_non_digit,
    "hh": _hour,
    "hhmi": _hour_minute,
    "hyphen": _only("-", "NOT_HYPHEN"),
    "iban": _iban,
    "importeridx": _importer_index,
    "iso3166": _one_of(code_lists.COUNTRIES_NUMERIC, "NOT_ISO3166"),
    "iso3166999": _one_of(code_lists.COUNTRIES_NUMERIC | {"999"}, "NOT_ISO3166_OR_999"),
    "iso3166alpha2": _one_of(code_lists.COUNTRIES_ALPHA_2, "NOT_ISO3166_ALPHA2"),
    "iso4217": _one_of(code_lists.CURRENCIES_NUMERIC, "NOT_ISO4217"),
    "iso5218": _one_of(frozenset("0129"), "INVALID_BIOLOGICAL_SEX_CODE"),
    "latitude": _coordinate("LATITUDE", 180_0000000),
    "longitude": _coordinate("LONGITUDE", 360_0000000),
    "mediatype": _one_of(code_lists.MEDIA_TYPES, "INVALID_MEDIA_TYPE"),
    "mi": _minute,
    "nonzero": _non_zero,
    "nozeroprefix": _no_zero_prefix,
    "packagetype": _one_of(code_lists.PACKAGE_TYPES, "INVALID_PACKAGE_TYPE"),
    "pcenc": _percent,
    "pieceoftotal": _piece_of_total,
    "posinseqslash": _position_in_sequence,
    "ss": _second,
    "winding": _one_of(frozenset("019"), "INVALID_WINDING_DIRECTION"),
    "yesno": _one_of(frozenset("01"), "NOT_ZERO_OR_ONE"),
    "yymmd0": _short_date_day_00,
    "yymmdd": _short_date,
    "yyyymmd0": _date_day_00,
    "yyyymmdd": _date,
    "zero": _only("0", "NOT_ZERO"),
}
_TYPE_CHECKS = {"N": "csetnumeric", "X": "cset82", "Y": "cset39", "Z": "cset64"}
