"""The three character sets of GS1 data and the two ways of escaping them in URIs.

Source: GS1 General Specifications, section 7.11 (sets 82, 39, 64); Tag Data Standard 2.0, section 5.4 (EPC
URN); GS1 Digital Link: URI Syntax, section 5 (path).
"""

from __future__ import annotations

import re
from urllib.parse import quote

DIGIT = "0123456789"
LETTER = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
CSET_82 = "!\"%&'()*+,-./0123456789:;<=>?ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz"
CSET_39 = "#-/" + DIGIT + "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

# Read as "everything of this set, any number of times"; `.fullmatch` is the question.
ALL_82 = re.compile(f"[{re.escape(CSET_82)}]*")
ALL_39 = re.compile(f"[{re.escape(CSET_39)}]*")
ALL_64 = re.compile("[-_0-9A-Za-z]*")
ALL_DIGITS = re.compile("[0-9]*")
BY_TYPE = {"X": ALL_82, "Y": ALL_39, "Z": ALL_64, "N": ALL_DIGITS}

_ESCAPE = re.compile("%([0-9A-Fa-f]{2})")
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f]")
# Characters that stand for themselves in the last part of an EPC URN; "/", "&", "<" and so on are escaped.
_URN_OTHER = re.compile("[^-!'()*+,.:;=_0-9A-Za-z]")


def unescape(text: str) -> str:
    """Undo percent-encoding, octet by octet; a ``%`` that starts no escape stands for itself."""
    return _ESCAPE.sub(lambda match: chr(int(match[1], 16)), text) if "%" in text else text


def has_bad_escape(text: str) -> bool:
    """Tell whether a ``%`` in the text is not followed by two hexadecimal digits."""
    return text.count("%") != len(_ESCAPE.findall(text)) if "%" in text else False


def escape_urn(text: str) -> str:
    """Percent-encode what may not stand as it is in an EPC URN."""
    return _URN_OTHER.sub(lambda match: _octets(match[0]), text)


def escape_path(text: str) -> str:
    """Percent-encode for a segment of a Digital Link path: all but RFC 3986 unreserved characters."""
    return _quoted(text)


def escape_query(text: str) -> str:
    """Percent-encode for a value in the query of a Digital Link."""
    return escape_path(text).replace("%20", "+")


def unescape_query(text: str) -> str:
    """Undo the encoding of a value in a query, where ``+`` is a space."""
    return unescape(text.replace("+", " "))


def has_control(text: str) -> bool:
    """Tell whether the text holds a control character, which no GS1 data may hold."""
    return _CONTROL.search(text) is not None


def _quoted(text: str) -> str:
    # Escapes are read octet by octet, so octets are written as they are and only what is none becomes UTF-8.
    octets = text.encode("latin-1") if max(text, default="") <= "\xff" else text.encode(errors="surrogatepass")
    return quote(octets, safe="")


def _octets(character: str) -> str:
    return f"%{ord(character):02X}" if character <= "\xff" else _quoted(character)
