r"""Lines of text as PDF pages, written as they come (PDF 1.4, ISO 32000-1).

Letters are Courier, one of the fourteen fonts that every reader has: all are equally wide, so columns stand. What its
encoding (WinAnsi) lacks is written as its code point, ``\u4E2D``: nothing is left out, and nothing looks like
something else.
"""

from __future__ import annotations

import enum
import zlib

_LETTER_WIDTH = 0.6  # of the height of a letter
_LINE_HEIGHT = 1.25
_MARGIN = 30.0  # points
_TITLE_SIZE = 11.0


class Paper(enum.Enum):
    """US letter, width and height in points."""

    PORTRAIT = (612, 792)
    LANDSCAPE = (792, 612)


class Pdf:
    """Writes one document: ``start``, lines and breaks with ``take`` in between, ``finish``."""

    def __init__(self, paper: Paper, title: str, note: str, *, size: float, head: list[str] | None = None) -> None:
        """``title`` and ``note`` stand on each page, with the lines of ``head`` below them; ``size`` is in points."""
        self._width, self._height = paper.value
        self._title, self._note = title, note
        self._size = size
        self._head = head or []
        self._step = size * _LINE_HEIGHT
        self._places: list[int] = [0, 0, 0, 0]  # of the objects 1 to 4, which come last but for the fonts
        self._pages: list[int] = []
        self._done = 0
        self._pieces: list[bytes] = []
        self._drawn: list[str] = []
        self._left = 0.0
        self._open = False

    @property
    def letters(self) -> int:
        """How many letters a line holds."""
        return int((self._width - 2 * _MARGIN) / (self._size * _LETTER_WIDTH))

    @property
    def waiting(self) -> bool:
        """Tell whether whole pages can be taken."""
        return bool(self._pieces)

    def start(self) -> bytes:
        """Give everything before the first page."""
        self._add(b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n")
        for number, font in ((3, "Courier"), (4, "Courier-Bold")):
            self._object(number, f"<< /Type /Font /Subtype /Type1 /BaseFont /{font} /Encoding /WinAnsiEncoding >>")
        return self.take()

    def line(self, text: str = "", *, bold: bool = False) -> None:
        """Write one line; a full page ends by itself."""
        if not self._open or self._left < self._step:
            self._new_page()
        self._left -= self._step
        if text:
            self._drawn.append(f"BT /{'B' if bold else 'F'} {self._size} Tf {_MARGIN} {self._left + _MARGIN:.2f} Td ")
            self._drawn.append(f"({escaped(text)}) Tj ET\n")

    def room(self, lines: int) -> None:
        """Begin a page unless this one has room for so many lines."""
        if self._open and self._left < lines * self._step:
            self._end_page()

    def take(self) -> bytes:
        """Give what is written since."""
        data = b"".join(self._pieces)
        self._pieces = []
        return data

    def finish(self) -> bytes:
        """Give the last page and everything after it; without a line there is one empty page."""
        if not self._open and not self._pages:
            self._new_page()
        if self._open:
            self._end_page()
        kids = " ".join(f"{page} 0 R" for page in self._pages)
        self._object(2, f"<< /Type /Pages /Kids [{kids}] /Count {len(self._pages)} >>")
        self._object(1, "<< /Type /Catalog /Pages 2 0 R >>")
        at = self._done
        count = len(self._places) + 1
        table = "".join([f"{place:010} 00000 n \n" for place in self._places])
        self._add(f"xref\n0 {count}\n0000000000 65535 f \n{table}".encode())
        self._add(f"trailer\n<< /Size {count} /Root 1 0 R >>\nstartxref\n{at}\n%%EOF\n".encode())
        return self.take()

    def _new_page(self) -> None:
        if self._open:
            self._end_page()
        self._open = True
        self._left = self._height - 2 * _MARGIN - _TITLE_SIZE * _LINE_HEIGHT
        top = self._left + _MARGIN
        self._drawn = [f"BT /B {_TITLE_SIZE} Tf {_MARGIN} {top:.2f} Td ({escaped(self._title)}) Tj ET\n"]
        note = f"{self._note}  page {len(self._pages) + 1}"
        right = self._width - _MARGIN - len(note) * self._size * _LETTER_WIDTH
        self._drawn.append(f"BT /F {self._size} Tf {right:.2f} {top:.2f} Td ({escaped(note)}) Tj ET\n")
        self._left -= self._step
        for line in self._head:
            self.line(line, bold=True)

    def _end_page(self) -> None:
        self._open = False
        content = zlib.compress("".join(self._drawn).encode("cp1252"))
        stream = self._number()
        head = f"<< /Length {len(content)} /Filter /FlateDecode >>\nstream\n".encode()
        self._object(stream, head + content + b"\nendstream")
        page = self._number()
        box = f"[0 0 {self._width} {self._height}]"
        fonts = "<< /Font << /F 3 0 R /B 4 0 R >> >>"
        self._object(page, f"<< /Type /Page /Parent 2 0 R /MediaBox {box} /Contents {stream} 0 R /Resources {fonts} >>")
        self._pages.append(page)

    def _number(self) -> int:
        self._places.append(0)
        return len(self._places)

    def _object(self, number: int, body: str | bytes) -> None:
        self._places[number - 1] = self._done
        written = body.encode("ascii") if isinstance(body, str) else body
        self._add(f"{number} 0 obj\n".encode() + written + b"\nendobj\n")

    def _add(self, data: bytes) -> None:
        self._pieces.append(data)
        self._done += len(data)


def printable(text: str) -> str:
    """Give a text as the encoding can say it: other letters by their code points, control characters too."""
    if text.isascii() and text.isprintable():
        return text
    return "".join([one if _is_known(one) else f"\\u{ord(one):04X}" for one in text])


def wrapped(text: str, width: int) -> list[str]:
    """Break a text into lines of at most ``width`` letters, at spaces where there are any."""
    lines: list[str] = []
    line = ""
    for word in printable(text).split(" "):
        joined = f"{line} {word}" if line else word
        if len(joined) <= width:
            line = joined
            continue
        if line:
            lines.append(line)
        while len(word) > width:
            lines.append(word[:width])
            word = word[width:]  # noqa: PLW2901 (what is left of it)
        line = word
    return [*lines, line] if line or not lines else lines


def escaped(text: str) -> str:
    """Give a text as it stands between the brackets of a PDF string."""
    return printable(text).replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)")


def _is_known(one: str) -> bool:
    try:
        one.encode("cp1252")
    except UnicodeEncodeError:
        return False
    return one.isprintable()
