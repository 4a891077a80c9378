"""A receipt as a QR code, SVG or PNG (ISO/IEC 18004, error correction level M)."""

from __future__ import annotations

import io

import segno

SCALE_SVG = 4
SCALE_PNG = 6
BORDER = 4  # modules of quiet zone, as ISO/IEC 18004 asks for


def svg(text: str) -> bytes:
    """Draw a text as an SVG image without styles, so that a strict page may show it."""
    out = io.BytesIO()
    segno.make_qr(text, error="m").save(out, kind="svg", scale=SCALE_SVG, border=BORDER, light="#fff", svgclass=None)
    return out.getvalue()


def png(text: str) -> bytes:
    """Draw a text as a PNG image of one bit a pixel."""
    out = io.BytesIO()
    segno.make_qr(text, error="m").save(out, kind="png", scale=SCALE_PNG, border=BORDER)
    return out.getvalue()


def version(text: str) -> int:
    """Tell the size of the QR code, from 1 (21 modules a side) to 40 (177)."""
    return int(segno.make_qr(text, error="m").version)
