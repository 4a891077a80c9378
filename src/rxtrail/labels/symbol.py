"""Symbols that carry GS1 data, each decoded back before it is given out.

Square GS1 DataMatrix (ISO/IEC 16022, ECC 200) for packs, GS1-128 (ISO/IEC 15417) for logistic units; both with FNC1
first, as GS1 General Specifications, sections 5.4 and 5.6, ask for.
"""

from __future__ import annotations

import enum
from typing import cast

import msgspec

from rxtrail.core.gs1 import element_string

PIXELS_PER_MODULE = 4
BAR_PIXELS = 40  # of a linear symbol, when it is looked at
QUIET_MODULES = 10  # more than either symbology asks for; the reader looks at a picture with a margin


class Kind(enum.Enum):
    """Which symbol: its AIM identifier, and the clear margin around it in modules."""

    DATAMATRIX = ("]d2", 1)
    GS1_128 = ("]C1", 10)

    @property
    def identifier(self) -> str:
        """The symbology identifier with which a reader tells it (ISO/IEC 15424)."""
        return self.value[0]

    @property
    def quiet_modules(self) -> int:
        """The margin that the symbology asks for."""
        return self.value[1]


class Symbol(msgspec.Struct, frozen=True):
    """One symbol; a linear one has one row."""

    kind: Kind
    text: str  # the element string that it carries, with GS between its parts
    rows: tuple[tuple[bool, ...], ...]  # True is dark

    @property
    def width(self) -> int:
        """The modules of a row, without the margin."""
        return len(self.rows[0])


def datamatrix(elements: list[tuple[str, str]]) -> Symbol:
    """Draw elements ``(AI, data)`` as one square GS1 DataMatrix; their data are already judged."""
    return _symbol(Kind.DATAMATRIX, elements)


def gs1_128(elements: list[tuple[str, str]]) -> Symbol:
    """Draw elements ``(AI, data)`` as one GS1-128; their data are already judged."""
    return _symbol(Kind.GS1_128, elements)


def _symbol(kind: Kind, elements: list[tuple[str, str]]) -> Symbol:
    import zxingcpp  # noqa: PLC0415 - three megabytes that a node which draws nothing need not load

    # Square brackets: no GS1 data can hold one, so no serial can pass for an AI.
    given = "".join([f"[{ai}]{value}" for ai, value in elements])
    if kind is Kind.DATAMATRIX:
        # Left alone, the encoder takes rectangles too, which pack scanners need not read.
        drawn = zxingcpp.create_barcode(given, zxingcpp.DataMatrix, gs1=True, force_square=True)
    else:
        drawn = zxingcpp.create_barcode(given, zxingcpp.Code128, gs1=True)
    image = drawn.to_image(scale=1, add_quiet_zones=False)
    height, width = image.shape
    octets = memoryview(cast("bytes", image)).tobytes()  # one a pixel; its stub does not tell that it is a buffer
    rows = [tuple(octet == 0 for octet in octets[at : at + width]) for at in range(0, height * width, width)]
    symbol = Symbol(kind, element_string.format_raw(elements), tuple(rows[:1] if kind is Kind.GS1_128 else rows))
    expect(symbol, symbol.rows)
    return symbol


def expect(symbol: Symbol, rows: tuple[tuple[bool, ...], ...]) -> None:
    """Stop unless these modules, looked at as a scanner does, say what the symbol is to say."""
    read = decoded(rows)
    assert read == (symbol.kind.identifier, symbol.text), f"{symbol.text!r} was drawn, {read!r} was read"


def decoded(rows: tuple[tuple[bool, ...], ...]) -> tuple[str, str]:
    """Read modules as a picture: (symbology identifier, text), both "" when there is no symbol in it."""
    import zxingcpp  # noqa: PLC0415 - as above

    high = PIXELS_PER_MODULE if len(rows) > 1 else BAR_PIXELS
    margin = b"\xff" * (QUIET_MODULES * PIXELS_PER_MODULE)
    lines = []
    for row in rows:
        line = b"".join([(b"\x00" if dark else b"\xff") * PIXELS_PER_MODULE for dark in row])
        lines += [margin + line + margin] * high
    blank = [b"\xff" * len(lines[0])] * (QUIET_MODULES * PIXELS_PER_MODULE)
    picture = memoryview(b"".join([*blank, *lines, *blank])).cast("B", (len(lines) + 2 * len(blank), len(lines[0])))
    found = zxingcpp.read_barcodes(picture, text_mode=zxingcpp.TextMode.Plain)
    return (found[0].symbology_identifier, found[0].text) if len(found) == 1 else ("", "")
