"""Pictures as a scanner sees them: a PNG's pixels, and what the symbols in them say."""

from __future__ import annotations

import struct
import zlib

import zxingcpp


def read(png: bytes) -> list[tuple[str, str]]:
    """Give (symbology identifier, text) of each symbol in a PNG of eight bits a channel, or of one bit a pixel."""
    width, height, grey = pixels(png)
    picture = memoryview(grey).cast("B", (height, width))
    found = zxingcpp.read_barcodes(picture, text_mode=zxingcpp.TextMode.Plain)
    return [(one.symbology_identifier, one.text) for one in found]


def pixels(png: bytes) -> tuple[int, int, bytes]:
    """Give width, height and one octet of brightness a pixel (ISO/IEC 15948, section 9: filters)."""
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    at, data, width, height, depth, colour = 8, b"", 0, 0, 0, 0
    while at < len(png):
        count, kind = struct.unpack(">I4s", png[at : at + 8])
        body = png[at + 8 : at + 8 + count]
        assert zlib.crc32(kind + body) == struct.unpack(">I", png[at + 8 + count : at + 12 + count])[0]
        if kind == b"IHDR":
            width, height, depth, colour = struct.unpack(">IIBB", body[:10])
        elif kind == b"IDAT":
            data += body
        at += 12 + count
    octets = zlib.decompress(data)
    channels = {0: 1, 2: 3, 6: 4}[colour]
    wide = (width * channels * depth + 7) // 8
    lines: list[bytes] = []
    for start in range(0, len(octets), wide + 1):
        lines.append(_unfiltered(octets[start], octets[start + 1 : start + 1 + wide], lines, channels))
    assert len(lines) == height
    if depth == 1:
        bits = [f"{int.from_bytes(line):0{8 * wide}b}"[:width] for line in lines]
        return width, height, b"".join([bytes(255 * int(bit) for bit in row) for row in bits])
    return width, height, b"".join([line[min(1, channels - 1) :: channels] for line in lines])  # green is bright enough


def _unfiltered(kind: int, line: bytes, before: list[bytes], channels: int) -> bytes:
    above = before[-1] if before else bytes(len(line))
    done = bytearray(line)
    for index, octet in enumerate(line):
        left = done[index - channels] if index >= channels else 0
        up = above[index]
        corner = above[index - channels] if index >= channels else 0
        done[index] = (octet + _predicted(kind, left, up, corner)) & 0xFF
    return bytes(done)


def _predicted(kind: int, left: int, up: int, corner: int) -> int:
    if kind == 4:
        guess = left + up - corner
        return min((left, up, corner), key=lambda one: abs(guess - one))
    return (0, left, up, (left + up) // 2)[kind]
