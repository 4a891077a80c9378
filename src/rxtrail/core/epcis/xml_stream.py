"""The elements of an XML document as they end, and libxml2's complaints as named refusals.

Source: XML 1.0 (fifth edition). The parser loads no DTD, resolves no entity and asks no network; its own
limits (depth 256, a text of 10 MB) stay on, and its words are translated here.
"""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

from lxml import etree

from rxtrail.core.epcis import refusals

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from lxml.etree import _Element

    from rxtrail.core.epcis.limits import Limits
    from rxtrail.errors import BadDocument

# libxml2's error codes (xmlerror.h).
_INVALID_ENCODING = 81
_RESOURCE_LIMIT = 114


class ElementStream:
    """Gives the elements of certain names as soon as each has ended; the root when all has been read."""

    def __init__(self, chunks: Iterator[bytes], names: Sequence[str], limits: Limits) -> None:
        """Take a document in UTF-8, and the local names of the elements wanted."""
        self._chunks = chunks
        self._names = names
        self._limits = limits
        self.root: _Element | None = None

    def __iter__(self) -> Iterator[_Element]:
        """Give each element with its children; raises BadDocument."""
        parser = etree.XMLPullParser(
            events=("end",),
            tag=["{*}" + name for name in self._names],
            encoding="utf-8",  # whatever the declaration says: the bytes have been brought into it
            resolve_entities=False,
            no_network=True,
            load_dtd=False,
            remove_comments=True,
            remove_pis=True,
            remove_blank_text=True,
            collect_ids=False,
        )
        ended: Iterator[tuple[str, _Element]] = parser.read_events()  # type: ignore[assignment]
        pending = lines = 0
        try:
            for chunk in chain(self._chunks, (None,)):
                if chunk is None:
                    self.root = parser.close()
                else:
                    parser.feed(chunk)
                    lines += chunk.count(b"\n")
                    pending += len(chunk)
                for _, element in ended:
                    pending = 0
                    yield element
                if pending > self._limits.event_bytes:
                    raise refusals.too_large("one event", self._limits.event_bytes, "bytes", f"line {lines + 1}")
        except etree.XMLSyntaxError as error:
            raise self._refusal(error, parser.feed_error_log, lines + 1) from error

    def _refusal(self, error: etree.XMLSyntaxError, log: Iterable[etree._LogEntry], last_line: int) -> BadDocument:
        # An entity that is not defined stops the parser in silence; only its log tells where.
        logged = next((entry for entry in log if not error.lineno), None)
        place = f"line {logged.line if logged else error.lineno or last_line}"
        code: int = error.code  # type: ignore[attr-defined]  # the stubs forget it
        words = (error.msg or "").partition(", line ")[0].strip()
        if code == _INVALID_ENCODING:
            return refusals.wrong_encoding(
                "bytes that are not the declared encoding (UTF-8 if none is declared)", place
            )
        if code == _RESOURCE_LIMIT and "depth" in words:
            return refusals.too_deep(self._limits.depth, place)
        if code == _RESOURCE_LIMIT or "too long" in words or "too big" in words:
            return refusals.too_large("a text or name", 10_000_000, "bytes", place)
        if logged is not None:
            words = logged.message.strip()
        return refusals.not_well_formed(words or "not well-formed XML", place)
