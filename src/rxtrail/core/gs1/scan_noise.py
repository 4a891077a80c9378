"""What devices, text boxes and tables put around a scan, taken off: control characters, marks, quotation marks.

Nothing that GS1 data may hold is touched, but a quotation mark on both sides: data may begin with none.
"""

from __future__ import annotations

import re

from rxtrail.core.gs1 import brackets

NOISE_REMOVED = "noise-removed"
FOLDED = "full-width-folded"

_BLANKS = " \t\r\n\x00"
# What devices and text boxes put around a scan: STX, ETX, a byte order mark, blanks without width.
NOISE = (
    f"{_BLANKS}\x01\x02\x03\x05\x06\x0b\x0c\x10\x11\x12\x13\x14\x15\x16\x17\x7f"
    "\xa0\xad\u200b\u200c\u200d\u200e\u200f\u2028\u2029\u2060\ufeff"
)
_ENVELOPE_END = "\x1e\x04"
_FIRST = frozenset("0123456789](")  # how GS1 data begin: an envelope's end is then none
# The same, shown as words.
_MARKS = re.compile(
    r"\A(?:[<{\[](?:STX|SOH|NUL|BOM)[>}\]]|[\u2400-\u2402])+"
    r"|(?:[<{\[](?:CR|LF|CRLF|ENTER|RETURN|TAB|HT|ETX|NUL)[>}\]]|\\r|\\n|\\t|[\u2400\u2403\u2409\u240a\u240d])+\Z",
    re.IGNORECASE,
)


def without_noise(text: str) -> tuple[str, list[str]]:
    """Give the text without what stands around it, and the repairs that this was."""
    body = text.strip(_BLANKS)
    repairs: list[str] = []
    bare = _MARKS.sub("", body.strip(NOISE)).strip(NOISE)
    if bare[:1] in _FIRST:
        bare = bare.rstrip(_ENVELOPE_END)
    if bare[:1] in ('"', "'") and bare[-1:] == bare[:1] and len(bare) > 1:
        bare = bare[1:-1].replace('""', '"')  # a field of a table; GS1 data never begins with a quotation mark
    if bare != body:
        body = bare
        repairs.append(NOISE_REMOVED)
    folded = brackets.fold(body)
    if folded != body:
        repairs.append(FOLDED)
    return folded, repairs
