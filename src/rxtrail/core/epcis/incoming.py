"""The bytes of a document as they come in: which syntax, which encoding, and nothing that could blow up.

Source: XML 1.0 (fifth edition), appendix F (encodings) and production 22 (prolog); RFC 8259, section 8.1.
"""

from __future__ import annotations

import codecs
import re
from itertools import chain
from typing import TYPE_CHECKING, BinaryIO, Literal, NamedTuple

from rxtrail.core.epcis import refusals
from rxtrail.errors import BadDocument

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rxtrail.core.epcis.limits import Limits
    from rxtrail.core.epcis.notes import Notes

CHUNK_BYTES = 1 << 16
PROLOG_BYTES_MAX = 1 << 20
_HEAD_BYTES = 1 << 10

_COMPRESSED = {
    b"\x1f\x8b": "gzip",
    b"PK\x03\x04": "ZIP",
    b"PK\x05\x06": "ZIP",
    b"BZh": "bzip2",
    b"\xfd7zXZ": "xz",
    b"\x28\xb5\x2f\xfd": "zstd",
    b"7z\xbc\xaf": "7-zip",
}
# UTF-32 before UTF-16, whose mark it begins with. Without a mark, "<", "{" and "[" show the width of a
# character.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_WIDTHS = (
    (re.compile(rb"[<{\[]\0\0\0", re.DOTALL), "utf-32-le"),
    (re.compile(rb"\0\0\0[<{\[]", re.DOTALL), "utf-32-be"),
    (re.compile(rb"[<{\[]\0[^\0]", re.DOTALL), "utf-16-le"),
    (re.compile(rb"\0[<{\[]\0", re.DOTALL), "utf-16-be"),
)
_DECLARED = re.compile(rb"""<\?xml\s[^>]*?encoding\s*=\s*["']([A-Za-z][-A-Za-z0-9._]*)["']""")
# Only encodings of plain text: Python also calls compressions and escapes "codecs", and UTF-7 hides markup.
_SINGLE_BYTE = re.compile(r"(?:iso8859-\d+|cp125\d|cp437|cp85\d|koi8-[rut]|mac-roman|tis-620)")
_OTHER_ENCODINGS = frozenset(
    ("big5", "gb2312", "gbk", "gb18030", "shift_jis", "cp932", "euc_jp", "euc_kr", "cp949", "big5hkscs")
)
_SPACE = re.compile(rb"[ \t\r\n]*")
_FIRST = re.compile(rb"[^ \t\r\n]|\Z")
_ROOT_NAME = re.compile(rb"<([^\s/>]+)[\s/>]")


class Incoming(NamedTuple):
    """A document's text in UTF-8 without byte order mark, and what kind it is."""

    syntax: Literal["xml", "json"]
    chunks: Iterator[bytes]
    root: str  # the name of an XML document's root as written, prefix and all
    root_line: int


def open_bytes(stream: BinaryIO, limits: Limits, notes: Notes) -> Incoming:
    """Find out what a stream holds; raises BadDocument when it is neither XML nor JSON, or dangerous."""
    chunks = _bounded(stream, limits)
    head = b""
    for chunk in chunks:
        head += chunk
        if len(head) >= _HEAD_BYTES:
            break
    for mark, name in _COMPRESSED.items():
        if head.startswith(mark):
            raise BadDocument(
                "compressed",
                f"a {name} archive: it is not unpacked, since a small one can hold any amount",
                place="byte 0",
                advice="Unpack it and give the document itself.",
            )
    text = _to_utf8(head, chunks, notes)
    return _sniff(text)


def _bounded(stream: BinaryIO, limits: Limits) -> Iterator[bytes]:
    total = 0
    while chunk := stream.read(CHUNK_BYTES):
        total += len(chunk)
        if total > limits.document_bytes:
            raise refusals.too_large("the document", limits.document_bytes, "bytes")
        yield chunk


def _to_utf8(head: bytes, rest: Iterator[bytes], notes: Notes) -> Iterator[bytes]:
    for mark, name in _MARKS:
        if head.startswith(mark):
            whole = chain((head[len(mark) :],), rest)
            return whole if name == "utf-8" else _transcoded(whole, name)
    whole = chain((head,), rest)
    for pattern, name in _WIDTHS:
        if pattern.match(head):
            return _transcoded(whole, name)
    declared = _DECLARED.match(head)
    if declared is None:
        return whole
    written = declared[1].decode("ascii")
    try:
        name = codecs.lookup(written).name
    except LookupError:
        name = ""
    if name in ("utf-8", "ascii"):
        return whole
    if name.startswith(("utf-16", "utf-32")):
        # It cannot be: the declaration itself was just read one byte a character. Seen from converters that
        # rewrite the text and forget the declaration.
        notes.add(
            "warning",
            "ENCODING_ERROR",
            f"declared as {written}, but written as UTF-8; read as UTF-8",
            "line 1",
        )
        return whole
    if name in _OTHER_ENCODINGS or _SINGLE_BYTE.fullmatch(name):
        return _transcoded(whole, name)
    raise refusals.wrong_encoding(f"unknown encoding {written!r}", "line 1")


def _transcoded(chunks: Iterator[bytes], encoding: str) -> Iterator[bytes]:
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    line = 1
    try:
        for chunk in chunks:
            text = decoder.decode(chunk)
            line += text.count("\n")
            yield text.encode()
        yield decoder.decode(b"", final=True).encode()
    except UnicodeDecodeError as error:
        line += error.object[: error.start].decode(encoding, "replace").count("\n")
        message = f"bytes that are not {encoding}: {error.reason}"
        raise refusals.wrong_encoding(message, f"line {line}") from error


def _sniff(chunks: Iterator[bytes]) -> Incoming:
    """Read as far as the root: an XML document's DOCTYPE can stand nowhere else."""
    head = b""
    for chunk in chunks:
        head += chunk
        first = _FIRST.search(head)[0]  # type: ignore[index]  # it matches anything
        if first in (b"{", b"["):
            return Incoming("json", chain((head,), chunks), "", 0)
        if first not in (b"<", b""):
            break
        found = _root(head)
        if found is not None:
            return Incoming("xml", chain((head,), chunks), *found)
        if len(head) > PROLOG_BYTES_MAX:
            raise refusals.too_large("what stands before the root element", PROLOG_BYTES_MAX, "bytes", "line 1")
    if not head.strip():
        raise refusals.not_epcis("an empty document", "line 1")
    if head.lstrip().startswith(b"<"):
        # It ends before its root element; the parser's own words tell where.
        return Incoming("xml", iter((head,)), "", 0)
    raise refusals.not_epcis(f"neither XML nor JSON: it begins with {head[:16]!r}", "line 1")


def _root(head: bytes) -> tuple[str, int] | None:
    """Find name and line of the root element; None when it is further on, "" when it is malformed."""
    at = 0
    while True:
        at = _SPACE.match(head, at).end()  # type: ignore[union-attr]  # it matches anything
        if head.startswith(b"<!--", at):
            end = head.find(b"-->", at + 4)
        elif head.startswith(b"<?", at):
            end = head.find(b"?>", at + 2)
        elif head.startswith(b"<!", at):
            if head[at : at + 9].upper() == b"<!DOCTYPE":
                line = head.count(b"\n", 0, at) + 1
                raise BadDocument(
                    "dtd-refused",
                    "a document type declaration (DOCTYPE): it could define entities that blow up when read",
                    place=f"line {line}",
                    advice="EPCIS needs none: ask the sender to leave the DOCTYPE out.",
                )
            return None if len(head) - at < 9 else ("", 0)
        else:
            name = _ROOT_NAME.match(head, at)
            if name is not None:
                return name[1].decode("utf-8", "replace"), head.count(b"\n", 0, at) + 1
            return None if len(head) - at < 1024 else ("", 0)
        if end < 0:
            return None
        at = end + (3 if head.startswith(b"<!--", at) else 2)
