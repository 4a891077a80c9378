"""A label as SVG, PNG, PDF or ZPL; what was written is read again, and its symbol decoded, before it is given out.

SVG 1.1 (W3C), PNG (ISO/IEC 15948), PDF 1.4 (ISO 32000-1). Dark modules that touch in a row are one rectangle, and all
of a symbol are one path: rectangles side by side leave hairlines that scanners stumble over.
"""

from __future__ import annotations

import itertools
import re
import struct
import zlib
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

from rxtrail.errors import BadRequest
from rxtrail.labels import zpl
from rxtrail.labels.symbol import Kind, expect

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rxtrail.labels.label import Label

FORMATS = ("svg", "png", "pdf", "zpl")
Rectangle = tuple[int, int, int]  # x, y and width in modules; each is one module high

_LETTER_WIDTH = 0.62  # of the height, in the fonts whose letters are all as wide
_PNG_PIXELS = 8  # a module
_POINTS_PER_MM = 72 / 25.4


def write(label: Label, form: str) -> bytes:
    """Write a label in one of ``FORMATS``.

    :raises BadRequest: there is no such format.
    """
    match form:
        case "svg":
            written = svg(label)
            _expect_rectangles(label, [_numbers(found) for found in _SVG_PART.findall(written.decode())])
        case "png":
            written = png(label)
            _expect_pixels(label, written)
        case "pdf":
            written = pdf(label)
            found = [_numbers(part) for part in _PDF_PART.findall(written.decode("ascii"))]
            height = max(y for _, y, _ in found)
            _expect_rectangles(label, [(x, height - y, width) for x, y, width in found])
        case "zpl":
            written = zpl.write(label)
        case _:
            raise BadRequest(
                f"{form!r} is no format of labels.", place="format", advice=f"One of {', '.join(FORMATS)}."
            )
    return written


# -- SVG ------------------------------------------------------------------------------------------------------------

_SVG_PART = re.compile(r"M([0-9]+) ([0-9]+)h([0-9]+)v[0-9]+h-[0-9]+z")


def svg(label: Label) -> bytes:
    """Write a label as SVG in the size in which it is to be printed."""
    width, height = _size(label)
    quiet, high = label.symbol.kind.quiet_modules, _row_height(label)
    path = "".join([f"M{x + quiet} {y * high + quiet}h{w}v{high}h-{w}z" for x, y, w in rectangles(label)])
    top = 2 * quiet + high * len(label.symbol.rows)
    letter, line_high = _text_heights(label)
    texts = "".join(
        [
            f'<text x="{quiet}" y="{top + line_high * number + letter}" font-size="{letter}"'
            f' font-family="monospace">{escape(line)}</text>'
            for number, line in enumerate(label.lines)
        ]
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width * label.module_mm:.2f}mm"'
        f' height="{height * label.module_mm:.2f}mm" viewBox="0 0 {width} {height}">'
        f'<rect width="{width}" height="{height}" fill="#fff"/><path d="{path}" shape-rendering="crispEdges"/>'
        f"{texts}</svg>\n"
    ).encode()


def rectangles(label: Label) -> Iterator[Rectangle]:
    """Give the dark parts of the symbol, row by row from the top."""
    for y, row in enumerate(label.symbol.rows):
        x = 0
        for dark, run in itertools.groupby(row):
            width = len(list(run))
            if dark:
                yield x, y, width
            x += width


def _size(label: Label) -> tuple[int, int]:
    """Give width and height in modules, margin and lines of text included."""
    quiet = label.symbol.kind.quiet_modules
    letters = max([len(line) for line in label.lines], default=0)
    letter, line_high = _text_heights(label)
    width = max(label.symbol.width, int(letters * letter * _LETTER_WIDTH) + 1) + 2 * quiet
    return width, 2 * quiet + _row_height(label) * len(label.symbol.rows) + line_high * len(label.lines)


def _text_heights(label: Label) -> tuple[int, int]:
    """Give the heights of a letter and of a line of text in modules."""
    letter = round(label.text_mm / label.module_mm)
    return letter, letter + letter // 3


def _row_height(label: Label) -> int:
    return 1 if label.symbol.kind is Kind.DATAMATRIX else round(label.bar_mm / label.module_mm)


def _numbers(found: tuple[str, str, str]) -> Rectangle:
    x, y, width = found
    return int(x), int(y), int(width)


def _expect_rectangles(label: Label, found: list[Rectangle]) -> None:
    left, top = min(x for x, _, _ in found), min(y for _, y, _ in found)
    high = _row_height(label)
    dark = {(x - left + step, (y - top) // high) for x, y, width in found for step in range(width)}
    columns, count = max(x for x, _ in dark) + 1, max(y for _, y in dark) + 1
    expect(label.symbol, tuple(tuple((x, y) in dark for x in range(columns)) for y in range(count)))


# -- PNG ------------------------------------------------------------------------------------------------------------


def png(label: Label) -> bytes:
    """Write the symbol alone as PNG, eight pixels a module; without the lines that people read."""
    quiet, high = label.symbol.kind.quiet_modules, _row_height(label)
    width = (label.symbol.width + 2 * quiet) * _PNG_PIXELS
    margin = (False,) * quiet
    blank = [(False,) * (label.symbol.width + 2 * quiet)] * quiet
    rows = [row for row in label.symbol.rows for _ in range(high)]
    lines = [_line((*margin, *row, *margin)) for row in rows]
    packed = [line for line in (*map(_line, blank), *lines, *map(_line, blank)) for _ in range(_PNG_PIXELS)]
    per_metre = round(_PNG_PIXELS / label.module_mm * 1000)
    return b"".join(
        [
            b"\x89PNG\r\n\x1a\n",
            _chunk(b"IHDR", struct.pack(">IIBBBBB", width, len(packed), 1, 0, 0, 0, 0)),
            _chunk(b"pHYs", struct.pack(">IIB", per_metre, per_metre, 1)),
            _chunk(b"IDAT", zlib.compress(b"".join(packed), 9)),
            _chunk(b"IEND", b""),
        ]
    )


def _line(row: tuple[bool, ...]) -> bytes:
    # Filter 0, then one bit a pixel, 1 is white; with eight pixels a module each module is one octet.
    return b"\x00" + b"".join([b"\x00" if dark else b"\xff" for dark in row])


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def _expect_pixels(label: Label, written: bytes) -> None:
    at = written.index(b"IDAT")
    (count,) = struct.unpack(">I", written[at - 4 : at])
    octets = zlib.decompress(written[at + 4 : at + 4 + count])
    (pixels,) = struct.unpack(">I", written[16:20])
    wide, quiet, high = 1 + pixels // 8, label.symbol.kind.quiet_modules, _row_height(label)
    lines = [octets[start + 1 : start + wide] for start in range(0, len(octets), wide)][::_PNG_PIXELS]
    rows = lines[quiet:][::high][: len(label.symbol.rows)]
    expect(label.symbol, tuple(tuple(octet == 0 for octet in row[quiet:-quiet]) for row in rows))


# -- PDF ------------------------------------------------------------------------------------------------------------

_PDF_PART = re.compile(r"^([0-9]+) ([0-9]+) ([0-9]+) [0-9]+ re$", re.MULTILINE)


def pdf(label: Label) -> bytes:
    """Write a label as a PDF page of its own size, in vectors."""
    width, height = _size(label)
    quiet, high = label.symbol.kind.quiet_modules, _row_height(label)
    scale = label.module_mm * _POINTS_PER_MM
    drawn = [f"{scale:.4f} 0 0 {scale:.4f} 0 0 cm"]
    drawn += [f"{x + quiet} {height - quiet - (y + 1) * high} {w} {high} re" for x, y, w in rectangles(label)]
    drawn.append("f")
    top = height - 2 * quiet - high * len(label.symbol.rows)
    letter, line_high = _text_heights(label)
    for number, line in enumerate(label.lines):
        shown = re.sub(r"([\\()])", r"\\\1", line)
        drawn.append(f"BT /F1 {letter} Tf {quiet} {top - line_high * number - letter} Td ({shown}) Tj ET")
    stream = "\n".join(drawn)
    box = f"[0 0 {width * scale:.2f} {height * scale:.2f}]"
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        f"<< /Type /Page /Parent 2 0 R /MediaBox {box} /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>",
        f"<< /Length {len(stream)} >>\nstream\n{stream}\nendstream",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Courier >>",
    ]
    written = "%PDF-1.4\n"
    places = []
    for number, body in enumerate(objects, 1):
        places.append(len(written))
        written += f"{number} 0 obj\n{body}\nendobj\n"
    table = "".join([f"{place:010} 00000 n \n" for place in places])
    size = len(objects) + 1
    end = f"xref\n0 {size}\n0000000000 65535 f \n{table}trailer\n<< /Size {size} /Root 1 0 R >>\n"
    return (written + end + f"startxref\n{len(written)}\n%%EOF\n").encode("ascii")
