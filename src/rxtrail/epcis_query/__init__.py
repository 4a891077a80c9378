"""EPCIS queries: events by all parameters of the standard in pages, the lists of what there is, and master data.

The front door of the room. What a company may see is told by ``viewer``: "" sees all, a GLN sees the events that it
said, that it sends or gets goods in, or that happened at its places (see ``access``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rxtrail.core.epcis.query.match import canonical_value
from rxtrail.core.epcis.query.terms import number_of
from rxtrail.core.gs1 import epc
from rxtrail.epcis_query import walk
from rxtrail.epcis_query.bodies import bodies_of
from rxtrail.epcis_query.master import Element, MasterQuery, attributes_of, elements, master_data, world_of
from rxtrail.epcis_query.pages import PAGE_DEFAULT, PAGE_MAX, Cursor, Found, Page, read_page
from rxtrail.epcis_query.plan import positions_of_things
from rxtrail.epcis_query.refiling import Refiling
from rxtrail.epcis_query.tokens import Tokens
from rxtrail.errors import NotFound
from rxtrail.ledger.filing import parties_of
from rxtrail.ledger.prepare import identity, restore

if TYPE_CHECKING:
    from collections.abc import Callable

    from rxtrail.core.epcis.query.parse import Query
    from rxtrail.store import Reader

__all__ = [
    "PAGE_DEFAULT",
    "PAGE_MAX",
    "Cursor",
    "Element",
    "EpcisQueries",
    "Found",
    "Page",
    "Refiling",
    "Tokens",
    "attributes_of",
    "elements",
]

KINDS: Final = {
    "eventTypes": ("k", "eventType"),
    "bizSteps": ("s", "bizStep"),
    "dispositions": ("d", "disposition"),
    "readPoints": ("r", "readPoint"),
    "bizLocations": ("l", "bizLocation"),
}


class EpcisQueries:
    """The use case, with what it needs given once. Safe to use from several threads."""

    def __init__(self, reader: Callable[[], Reader], tokens: Tokens) -> None:
        """``reader`` gives the calling thread's reader."""
        self._reader = reader
        self.tokens = tokens

    def page(self, query: Query, *, viewer: str = "", scope: str = "") -> tuple[Page, str, int]:
        """Give one page, the token of the next one ("" at the end) and when that expires (microseconds).

        :raises BadQuery: a value that its parameter cannot have, or a token that is not valid for this query.
        :raises QueryTooLarge: more events than ``maxEventCount``.
        :raises QueryTooComplex: it would cost too much.
        """
        reader = self._reader()
        scope = f"{scope}\n{viewer}"
        cursor = self.tokens.read(query.token, scope, query) if query.token else None
        page = read_page(reader, query, world_of(reader, query.prefixes), viewer=viewer, cursor=cursor)
        if page.next is None:
            return page, "", 0
        token, expires = self.tokens.make(page.next, scope, query)
        return page, token, expires

    def whole(self, query: Query, *, viewer: str = "", upto: int | None = None) -> Page:
        """Give the whole answer, as EPCIS 1.x asks for it; raises as :meth:`page` does."""
        reader = self._reader()
        cursor = None if upto is None else Cursor(upto, left=query.event_count_limit)
        return read_page(reader, query, world_of(reader, query.prefixes), viewer=viewer, cursor=cursor, whole=True)

    def position(self, since: int) -> int:
        """Give where the events recorded from a time on begin; with 0 those that are still to come."""
        reader = self._reader()
        return reader.recorded_from(since) if since else reader.log_size()

    def since(self, query: Query, low: int, *, cursor: Cursor | None = None, viewer: str = "") -> Page:
        """Give a page of the events from a position on; ``upto`` tells how far the record has been looked at."""
        reader = self._reader()
        return read_page(reader, query, world_of(reader, query.prefixes), viewer=viewer, cursor=cursor, low=low)

    def event(self, name: str, *, viewer: str = "") -> list[Found]:
        """Give the event of a name and the declarations that repeat it.

        :raises NotFound: there is none, or none that the viewer may see.
        """
        reader = self._reader()
        found = self._named(reader, name, viewer)
        if not found:
            raise NotFound(f"no event {name[:200]!r} is on record", place="eventID")
        return found

    def named(self, name: str) -> list[Found]:
        """Give the events and declarations of a name; none when there is none."""
        return self._named(self._reader(), name, "")

    @staticmethod
    def _named(reader: Reader, name: str, viewer: str) -> list[Found]:
        positions = reader.events_named([identity(name.strip())])
        heads = reader.event_heads(positions) if positions else {}
        found: list[Found] = []
        for body in bodies_of(reader, positions) if positions else ():
            event, head = restore(body.canonical, body.envelope), heads[body.position]
            if viewer and viewer not in parties_of(
                event, head.speaker, ";".join(head.source), ";".join(head.destination)
            ):
                continue
            found.append(Found(body.position, event, body.recorded_at, body.event_id, body.position))
        return found

    def master_data(self, query: MasterQuery, *, viewer: str = "") -> list[Element]:
        """Give master data; raises QueryTooLarge."""
        return master_data(self._reader(), query, viewer=viewer)

    # -- what there is ---------------------------------------------------------------------------------------------

    def members(self, kind: str, after: str, limit: int, *, viewer: str = "") -> list[str]:
        """Give the words or places of one kind that events use, in order, those after one of them."""
        reader = self._reader()
        if kind == "epcs":
            return _epcs(reader, after, limit, viewer)
        found: list[str] = []
        while len(found) < limit:
            texts = reader.used_from(kind, after, limit)
            found += [text for text in texts if not viewer or _concerns(reader, viewer, kind, text)]
            if len(texts) < limit:
                break
            after = texts[-1]
        return found[:limit]

    def is_member(self, kind: str, text: str, *, viewer: str = "") -> bool:
        """Tell whether any event that the viewer may see uses this word, place, type or identifier."""
        reader = self._reader()
        if kind == "epcs":
            positions = positions_of_things(reader, [epc.canonical(text)])
            if not viewer:
                return bool(positions)
            mine = walk.Members(reader, [f"p:{viewer}"]).among(sorted(positions)) if positions else set()
            return bool(mine)
        family, field = KINDS[kind]
        word = canonical_value(field, text)
        if viewer:
            return _concerns(reader, viewer, kind, word)
        return reader.is_used(kind, word) or bool(reader.postings(number_of(f"{family}:{word}"), -1, 1))


def _concerns(reader: Reader, viewer: str, kind: str, text: str) -> bool:
    """Tell whether one of the viewer's events uses a word or place."""
    term = f"{KINDS[kind][0]}:{text}"
    members = walk.Members(reader, [term])
    for chunk in walk.in_chunks((p, p) for p in walk.of_term(reader, f"p:{viewer}", 0, descending=False)):
        if members.among([position for position, _ in chunk]):
            return True
    return False


def _epcs(reader: Reader, after: str, limit: int, viewer: str) -> list[str]:
    """Give packages by product and serial, then containers by their numbers; those of a viewer by its own events."""
    if viewer:
        return _epcs_of(reader, after, limit, viewer)
    found: list[str] = []
    if not after.startswith("#"):
        key = (0, "")
        if after:
            product = reader.product(after[3:17])
            key = (product[0] if product is not None else 0, after[21:])
        units = reader.units_from(key, limit)
        found = [f"01/{reader.gtin(product_number)}/21/{unit.serial}" for product_number, unit in units]
        if len(found) == limit:
            return found
    number = int(after[1:].partition(" ")[0]) if after.startswith("#") else 0
    rows = reader.containers_from(number, limit - len(found), packages_only=False)
    return found + [f"#{row.id} {row.key}" for row in rows]


def _epcs_of(reader: Reader, after: str, limit: int, viewer: str) -> list[str]:
    start = int(after[1:].partition(" ")[0]) if after.startswith("#") else -1
    found: list[str] = []
    seen: set[str] = set()
    for position in walk.of_term(reader, f"p:{viewer}", start + 1, descending=False):
        for body in bodies_of(reader, [position]):
            event = restore(body.canonical, b"")
            here = [run.key + serial for runs in (event.epcs, event.children, event.inputs, event.outputs)
                    for run in runs for serial in run.serials]  # fmt: skip
            here += [event.parent] if event.parent else []
            found += [f"#{position} {each}" for each in here if each not in seen]
            seen.update(here)
        if len(found) >= limit:
            break
    return found
