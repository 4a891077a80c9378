"""EPCIS queries: events by all parameters of the standard in pages, the lists of what there is, and master data.

The front door of the room. What a company may see is told by ``viewer``: "" sees all, a GLN sees the events that it
said, that it sends or gets goods in, or that happened at its places (see ``access``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rxtrail.access.sight import may_see_event
from rxtrail.epcis_query.bodies import bodies_of, concerned
from rxtrail.epcis_query.budget import Budget
from rxtrail.epcis_query.costs import Costs
from rxtrail.epcis_query.master import Element, MasterQuery, attributes_of, elements, master_data, world_of
from rxtrail.epcis_query.members import MemberPage, is_member, members
from rxtrail.epcis_query.pages import PAGE_DEFAULT, PAGE_MAX, Cursor, Found, Page, read_page
from rxtrail.epcis_query.refiling import Refiling
from rxtrail.epcis_query.tokens import Tokens
from rxtrail.errors import NotFound
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


class EpcisQueries:
    """The use case, with what it needs given once. Safe to use from several threads."""

    def __init__(self, reader: Callable[[], Reader], tokens: Tokens) -> None:
        """``reader`` gives the calling thread's reader."""
        self._reader = reader
        self.tokens = tokens
        self._costs = Costs()

    def page(self, query: Query, *, viewer: str = "", scope: str = "") -> tuple[Page, str, int]:
        """Give one page, the token of the next one ("" at the end) and when that expires (microseconds).

        :raises BadQuery: a value that its parameter cannot have, or a token that is not valid for this query.
        :raises QueryTooLarge: more events than ``maxEventCount``.
        :raises QueryTooComplex: it would cost too much.
        """
        reader = self._reader()
        scope = f"{scope}\n{viewer}"
        cursor = self.tokens.read(query.token, scope, query) if query.token else None
        world = world_of(reader, query.prefixes, viewer=viewer)
        with self._costs.of(viewer):
            page = read_page(reader, query, world, viewer=viewer, cursor=cursor)
        if page.next is None:
            return page, "", 0
        token, expires = self.tokens.make(page.next, scope, query)
        return page, token, expires

    def whole(self, query: Query, *, viewer: str = "", upto: int | None = None) -> Page:
        """Give the whole answer, as EPCIS 1.x asks for it; raises as :meth:`page` does."""
        reader = self._reader()
        cursor = None if upto is None else Cursor(upto, left=query.event_count_limit)
        world = world_of(reader, query.prefixes, viewer=viewer)
        with self._costs.of(viewer):
            return read_page(reader, query, world, viewer=viewer, cursor=cursor, whole=True)

    def position(self, since: int) -> int:
        """Give where the events recorded from a time on begin; with 0 those that are still to come."""
        reader = self._reader()
        return reader.recorded_from(since) if since else reader.log_size()

    def since(self, query: Query, low: int, *, cursor: Cursor | None = None, viewer: str = "") -> Page:
        """Give a page of the events from a position on; ``upto`` tells how far the record has been looked at."""
        reader = self._reader()
        world = world_of(reader, query.prefixes, viewer=viewer)
        return read_page(reader, query, world, viewer=viewer, cursor=cursor, low=low)

    def event(self, name: str, *, viewer: str = "") -> list[Found]:
        """Give the event of a name and the declarations that repeat it.

        :raises NotFound: there is none, or none that the viewer may see.
        """
        reader = self._reader()
        found = self._named(reader, name, viewer)
        if not found:
            raise NotFound(f"no event {name[:200]!r} is on record", place="eventID")
        return found

    def named(self, name: str, *, viewer: str = "") -> list[Found]:
        """Give the events and declarations of a name that the viewer may see; none when there is none."""
        return self._named(self._reader(), name, viewer)

    @staticmethod
    def _named(reader: Reader, name: str, viewer: str) -> list[Found]:
        positions = reader.events_named([identity(name.strip())])
        heads = reader.event_heads(positions) if positions else {}
        found: list[Found] = []
        for body in bodies_of(reader, positions) if positions else ():
            event, head = restore(body.canonical, body.envelope), heads[body.position]
            if not may_see_event(viewer, concerned(event, head)):
                continue
            found.append(Found(body.position, event, body.recorded_at, body.event_id, body.position))
        return found

    def master_data(self, query: MasterQuery, *, viewer: str = "") -> list[Element]:
        """Give master data; raises QueryTooLarge."""
        return master_data(self._reader(), query, viewer=viewer)

    # -- what there is ---------------------------------------------------------------------------------------------

    def members(self, kind: str, after: str, limit: int, *, viewer: str = "") -> MemberPage:
        """Give the types, words, places or EPCs that events use, in order, those behind a place.

        :raises QueryTooComplex: it takes too long to tell even one.
        """
        with self._costs.of(viewer):
            return members(self._reader(), kind, after, limit, Budget(), viewer=viewer)

    def is_member(self, kind: str, text: str, *, viewer: str = "") -> bool:
        """Tell whether any event that the viewer may see uses this word, place, type or identifier.

        :raises QueryTooComplex: it takes too long to tell.
        """
        with self._costs.of(viewer):
            return is_member(self._reader(), kind, text, Budget(), viewer=viewer)
