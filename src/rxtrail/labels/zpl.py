"""A label as ZPL II, the language of many label printers; the printer draws the symbol itself.

So what is decoded here is the same data drawn by us, taken out of the written commands again.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from rxtrail.core.gs1 import element_string
from rxtrail.labels.symbol import Kind, datamatrix, gs1_128

if TYPE_CHECKING:
    from rxtrail.labels.label import Label

DOTS_PER_MM = 8  # 203 dots an inch, as most printers have
_MARGIN_DOTS = 24
_FIELD = re.compile(r"\^(BX|BC)[^^]*\^FD([^^]*)\^FS")
# "|" stands in no GS1 data; "_", the usual escape, does.
_ESCAPE = "|"
_FNC1 = f"{_ESCAPE}1"


def write(label: Label) -> bytes:
    """Write a label as ZPL for a printer of 203 dots an inch."""
    dots = max(2, round(label.module_mm * DOTS_PER_MM))
    if label.symbol.kind is Kind.DATAMATRIX:
        data = _FNC1 + label.symbol.text.replace("\x1d", _FNC1)
        drawn, high = f"^BXN,{dots},200,,,,{_ESCAPE},1^FD{data}^FS", dots * len(label.symbol.rows)
    else:
        high = round(label.bar_mm * DOTS_PER_MM)
        data = element_string.format(element_string.parse(label.symbol.text))
        # Mode D puts FNC1 where it belongs and takes brackets for people only.
        drawn = f"^BY{dots}^BCN,{high},N,N,N,D^FD{data}^FS"
    letter = round(label.text_mm * DOTS_PER_MM)
    lines = [
        f"^FO{_MARGIN_DOTS},{2 * _MARGIN_DOTS + high + number * letter * 4 // 3}^A0N,{letter},{letter}^FD{line}^FS"
        for number, line in enumerate(label.lines)
    ]
    written = "\n".join(["^XA", f"^FO{_MARGIN_DOTS},{_MARGIN_DOTS}{drawn}", *lines, "^XZ", ""])
    _expect(label, written)
    return written.encode("ascii")


def _expect(label: Label, written: str) -> None:
    found = _FIELD.search(written)
    assert found is not None, written
    if found[1] == "BX":
        text = found[2].replace(_FNC1, "\x1d")
        again = datamatrix(element_string.parse(text))
    else:
        again = gs1_128(element_string.parse(found[2]))
    assert again.text == label.symbol.text, (again.text, label.symbol.text)
