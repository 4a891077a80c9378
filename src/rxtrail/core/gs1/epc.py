"""Identifiers of EPCIS: any written form to the one canonical form, one at a time or whole lists at once.

Source: CBV 2.0, section 8.2; EPC Tag Data Standard 2.0; GS1 Digital Link URI Syntax. Canonical is the Digital
Link path without domain and without percent-encoding, so partners who split a GTIN differently, or write URNs
where others write links, name the same package.
"""

from __future__ import annotations

import re
from functools import lru_cache

from rxtrail.core.gs1 import charsets, check_digit, digital_link, epc_urn
from rxtrail.core.gs1.digital_link import to_digital_link
from rxtrail.core.gs1.identifier import NOT_GS1, Identifier, Problem, assemble, shown, split
from rxtrail.core.gs1.runs import EpcRun
from rxtrail.errors import BadIdentifier

__all__ = [
    "Identifier",
    "canonical",
    "examine",
    "gln_of",
    "read",
    "read_runs",
    "to_digital_link",
    "to_element_string",
    "to_raw_element_string",
    "to_urn",
    "write",
    "write_run",
]

SERIAL_LENGTH_MAX = 20
_REMEMBERED = 8192
_REMEMBERED_LENGTH_MAX = 200  # so hostile texts cannot fill the memory
_LONG_LIST = 4
_SCHEME = re.compile("[A-Za-z][-+.A-Za-z0-9]*:.")
_SGTIN_START = "urn:epc:id:sgtin:"
_SSCC_START = "urn:epc:id:sscc:"
_SSCC_BODY = 17  # digits without the check digit
# Serials with LF between them: as they stand in URNs and in links, with escapes, decoded, and digits only.
_URN_SERIALS = re.compile("[-!'()*+,.:;=_0-9A-Za-z\n]*")
_LINK_SERIALS = re.compile("[-._0-9A-Za-z\n]*")
_ESCAPED_SERIALS = re.compile("(?:[-!'()*+,.:;=_0-9A-Za-z\n]|%[0-9A-Fa-f]{2})*")
_SERIALS = re.compile(f"[{re.escape(charsets.CSET_82)}\n]*")
_DIGIT_LINES = re.compile("[0-9\n]*")


def read(text: str) -> Identifier:
    """Read one identifier; raises BadIdentifier for what is none, or is one with an error in it."""
    identifier, problem = examine(text)
    if problem is not None:
        raise BadIdentifier(problem.message, advice=problem.advice)
    return identifier


def canonical(text: str) -> str:
    """Give the canonical form, or the text as written when it is no GS1 key; never raises."""
    cut = text.rfind("." if text[:4] == "urn:" else "/") + 1
    serial = text[cut:]
    if serial.isalnum() and serial.isascii() and len(serial) <= SERIAL_LENGTH_MAX:
        found = _start(text[:cut])
        if found is not None:
            serial = _sscc(serial, found[2]) if found[2] else serial
            if serial:
                return found[0] + serial
    return examine(text)[0].canonical


def examine(text: str) -> tuple[Identifier, Problem | None]:
    """Read one identifier together with what is wrong with it; the key is empty when it is unreadable."""
    return _examine_again(text) if len(text) <= _REMEMBERED_LENGTH_MAX else _examine(text)


def write(key: str, serial: str, form: str) -> str:
    """Write an identifier as its ``form`` tells; the inverse of :func:`read`."""
    if not key or not form:
        return key + serial
    return epc_urn.write(key + serial, form) if form[0].isdigit() else to_digital_link(key + serial, form)


def write_run(run: EpcRun) -> list[str]:
    """Write a whole run; the shared start is worked out once."""
    if run.key.endswith(("/21/", "/10/")) and run.form and run.serials:
        start = write(run.key, "0", run.form)[:-1]
        escape = charsets.escape_urn if run.form[0].isdigit() else charsets.escape_path
        return [start + (serial if serial.isalnum() and serial.isascii() else escape(serial)) for serial in run.serials]
    return [write(run.key, serial, run.form) for serial in run.serials]


def to_urn(canonical: str, company_prefix_length: int) -> str:
    """Write a canonical identifier as an EPC URN; raises BadIdentifier when that prefix length gives none."""
    if canonical.startswith(epc_urn.START):
        return canonical  # kept as written, so already one
    return epc_urn.write(canonical, str(company_prefix_length))


def to_element_string(canonical: str) -> str:
    """Write as bracketed element string, ``(01)...(21)...``; raises BadIdentifier for what is no GS1 key."""
    ai, value, qualifier, part = _split_or_raise(canonical)
    return f"({ai}){value}({qualifier}){part}" if qualifier else f"({ai}){value}"


def to_raw_element_string(canonical: str) -> str:
    """Write as a barcode carries it, FNC1 (GS, 0x1D) only where the next element needs it."""
    ai, value, qualifier, part = _split_or_raise(canonical)
    # Of the keys, only those of 13, 14 and 18 digits with AI 00, 01 and 41n have a predefined length.
    separator = "" if ai in ("00", "01", "414", "415", "417") else "\x1d"
    return f"{ai}{value}{separator}{qualifier}{part}" if qualifier else f"{ai}{value}"


def gln_of(text: str) -> str:
    """Give the 13-digit GLN that a location or party is named by; "" when it is named by none."""
    text = text.strip()
    if len(text) == 13 and check_digit.is_valid(text):
        return text
    identifier, _ = examine(text)
    return (identifier.canonical)[4:17] if identifier.key.startswith(("414/", "417/", "415/")) else ""


def read_runs(texts: list[str]) -> tuple[list[EpcRun], list[tuple[int, str, str]]]:
    """Read a list of identifiers as runs, with ``(index, code, message)`` for each that has something wrong.

    An unreadable one is kept as written (key ""); a readable one with an error in it is kept canonical.
    """
    # A few texts are read before the joining and counting of a long list has paid.
    found = _one_start(texts) if len(texts) >= _LONG_LIST else None
    return found or _many_starts(texts)


def _one_start(texts: list[str]) -> tuple[list[EpcRun], list[tuple[int, str, str]]] | None:
    """Read a list whose members differ in the serial only: a few passes in C over the joined text."""
    first = texts[0]
    if first.startswith(_SGTIN_START) and first.count(".") >= 2:
        start, plain = first[: first.index(".", first.index(".") + 1) + 1], _URN_SERIALS
    else:
        start, plain = first[: first.rfind("." if first.startswith(_SSCC_START) else "/") + 1], _LINK_SERIALS
    found = _start(start)
    if found is None:
        return None
    joined = "\n".join(texts)
    separator = "\n" + start
    others = len(texts) - 1
    # As many line feeds as joints, and as many starts behind them: so every text begins with the start.
    if joined.count("\n") != others or joined.count(separator) != others:
        return None
    text = joined[len(start) :].replace(separator, "\n")
    key, form, prefix = found
    if prefix:
        return _sscc_run(text.split("\n"), text, form, prefix)
    if plain.fullmatch(text) is None:
        # A canonical path (no form) is never escaped: a "%" in it stands for itself.
        if not form or _ESCAPED_SERIALS.fullmatch(text) is None:
            return None
        text = charsets.unescape(text)
        if _SERIALS.fullmatch(text) is None or text.count("\n") != others:
            return None
    serials = text.split("\n")
    lengths = set(map(len, serials))
    if min(lengths) == 0 or max(lengths) > SERIAL_LENGTH_MAX:
        return None
    return [EpcRun(key, serials, form)], []


def _sscc_run(
    references: list[str], text: str, form: str, prefix: str
) -> tuple[list[EpcRun], list[tuple[int, str, str]]] | None:
    if set(map(len, references)) != {_SSCC_BODY - len(prefix)} or _DIGIT_LINES.fullmatch(text) is None:
        return None
    bodies = [reference[0] + prefix + reference[1:] for reference in references]
    digits = check_digit.check_digits(bodies)
    return [EpcRun("00/", [body + digit for body, digit in zip(bodies, digits, strict=True)], form)], []


def _many_starts(texts: list[str]) -> tuple[list[EpcRun], list[tuple[int, str, str]]]:
    runs: list[EpcRun] = []
    problems: list[tuple[int, str, str]] = []
    starts: dict[str, tuple[str, str, str] | None] = {}
    key_now, form_now, serials = "", "\n", list[str]()
    for index, text in enumerate(texts):
        cut = text.rfind("." if text[:4] == "urn:" else "/") + 1
        start, serial = text[:cut], text[cut:]
        try:
            found = starts[start]
        except KeyError:
            found = starts[start] = _start(start)
        problem = None
        if found is None:
            key, serial, form, problem = _one(text)
        elif serial.isalnum() and serial.isascii() and len(serial) <= SERIAL_LENGTH_MAX:
            key, form, prefix = found
            if prefix:
                serial = _sscc(serial, prefix)
                if not serial:
                    key, serial, form, problem = _one(text)
        else:
            key, serial, form, problem = _one(text)
        if problem is not None and problem.code != NOT_GS1:
            problems.append((index, problem.code, problem.message))
        if key != key_now or form != form_now:
            key_now, form_now, serials = key, form, []
            runs.append(EpcRun(key, serials, form))
        serials.append(serial)
    return runs, problems


def _start(start: str) -> tuple[str, str, str] | None:
    """Give key and form of a start behind which any serial of 20 characters may stand; None for others.

    For the start of an SSCC URN the company prefix is given too: the 18 digits are put together from both.
    """
    return _find_start(start) if len(start) <= _REMEMBERED_LENGTH_MAX else None


@lru_cache(maxsize=_REMEMBERED)
def _find_start(start: str) -> tuple[str, str, str] | None:
    if start.startswith(_SSCC_START):
        prefix = start[len(_SSCC_START) : -1]
        fits = epc_urn.PREFIX_LENGTH_MIN <= len(prefix) <= epc_urn.PREFIX_LENGTH_MAX
        return ("00/", str(len(prefix)), prefix) if fits and charsets.ALL_DIGITS.fullmatch(prefix) else None
    identifier, problem = _examine(start + "1")
    if problem is None and identifier.serial == "1" and identifier.key.endswith(("/21/", "/10/")):
        return identifier.key, identifier.form, ""
    return None


def _sscc(reference: str, prefix: str) -> str:
    """Give the 18 digits of an SSCC URN; "" when they are not 17 without the check digit."""
    body = reference[0] + prefix + reference[1:]
    if len(body) != _SSCC_BODY or not reference.isdecimal():
        return ""
    codes = body.encode()
    # 17 ASCII digits weigh 1,680 too much, which is nothing modulo ten.
    return body + check_digit.COMPLEMENT[(3 * sum(codes[::2]) + sum(codes[1::2])) % 10]


def _one(text: str) -> tuple[str, str, str, Problem | None]:
    identifier, problem = examine(text)
    return identifier.key, identifier.serial, identifier.form, problem


def _examine(text: str) -> tuple[Identifier, Problem | None]:
    text = text.strip()
    start = text[:8].lower()
    if start == epc_urn.START:
        identifier, problem = epc_urn.read(text)
    elif start.startswith(("http://", "https:/")):
        identifier, problem = digital_link.identify(text)
    else:
        identifier, problem = _examine_path(text)
    if not identifier.key and charsets.has_control(text):
        # Lists of identifiers are kept with LF between them, so no identifier may hold one.
        return Identifier("", text.replace("\n", "%0A")), problem
    return identifier, problem


_examine_again = lru_cache(maxsize=_REMEMBERED)(_examine)


def _examine_path(text: str) -> tuple[Identifier, Problem | None]:
    found = split(text)
    if found is None:
        code = NOT_GS1 if _SCHEME.match(text) else "INVALID_EPC_URI"
        advice = "Kept as written; give an EPC URN or a GS1 Digital Link."
        return Identifier("", text), Problem(code, f"not a GS1 identifier: {shown(text)}", advice)
    key, serial, problem = assemble(*found)
    return Identifier(key, serial) if key else Identifier("", text), problem


def _split_or_raise(canonical: str) -> tuple[str, str, str, str]:
    found = split(canonical)
    if found is None:
        raise BadIdentifier(f"not a GS1 identifier: {shown(canonical)}", advice="Only GS1 keys have an element string.")
    return found
