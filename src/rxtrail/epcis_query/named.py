"""Named queries: a query kept under a name, for whoever made it.

Source: EPCIS 2.0, clause 12.3 (``/queries``). A company's names are its own: two may use one name, and neither learns
of the other's. ``SimpleEventQuery`` is there always and matches every event.
"""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

import msgspec

from rxtrail.core.epcis.query.parse import Query, check_counts, from_object
from rxtrail.core.epcis.query.refusals import BadQuery
from rxtrail.core.epcis.query.terms import narrowing
from rxtrail.epcis_query.master import world_of
from rxtrail.errors import BadRequest, NotFound, RxtrailError
from rxtrail.record.times import iso

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rxtrail.ledger.log import Log
    from rxtrail.ledger.writer import Writer
    from rxtrail.store import Reader, Transaction

KIND: Final = "epcis-query"
SIMPLE: Final = "SimpleEventQuery"
NAME_CHARACTERS_MAX: Final = 200
QUERY_BYTES_MAX: Final = 1 << 20
QUERIES_MAX: Final = 10_000
"""So many of one company: what one makes takes no place from another."""

_ROWS_AT_ONCE: Final = 500
_NAME: Final = re.compile(r"[^\x00-\x1f\x7f/?#]+")


class NameTaken(RxtrailError):
    """There is a query of this name already."""

    code = "name-taken"


class NamedQuery(msgspec.Struct, frozen=True):
    """A query under its name, as its maker wrote it."""

    name: str
    query: dict[str, Any]
    owner: str = ""
    created_at: str = ""

    def read(self) -> Query:
        """Read the query; raises BadQuery."""
        return from_object(self.query)


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(NamedQuery).decode


class NamedQueries:
    """All named queries of a record. Safe to use from several threads."""

    def __init__(self, writer: Callable[[], Writer], reader: Callable[[], Reader]) -> None:
        """Take what gives the writer (or raises ``Busy``) and the calling thread's reader."""
        self._writer = writer
        self._reader = reader

    def create(self, name: str, query: dict[str, Any], *, owner: str = "") -> NamedQuery:
        """Keep a query under a name, durably.

        :raises BadRequest: the name is none, or there are as many as there may be.
        :raises BadQuery: the query has a parameter that is not valid.
        :raises NameTaken: the name is in use.
        """
        if not name.strip() or len(name) > NAME_CHARACTERS_MAX or not _NAME.fullmatch(name):
            raise BadRequest(
                f"{name[:80]!r} cannot be the name of a query.",
                place="name",
                advice=f"At most {NAME_CHARACTERS_MAX} characters, none of / ? # or control characters.",
            )
        if len(msgspec.json.encode(query)) > QUERY_BYTES_MAX:
            raise BadRequest(f"A query has at most {QUERY_BYTES_MAX} bytes.", place="query")
        read = from_object(query)
        check_counts(read)
        if read.token:
            raise BadQuery("a named query begins at its beginning", place="nextPageToken")
        world = world_of(self._reader(), read.prefixes, viewer=owner)
        for condition in read.conditions:
            narrowing(condition, world)  # what parses may still mean nothing: told now, not at every asking
        if name == SIMPLE:
            raise NameTaken(f"there is a query {name} already", place="name")

        def write(tx: Transaction, log: Log) -> NamedQuery:
            kind = _kind(owner)
            if tx.kept_count(kind) >= QUERIES_MAX:
                raise BadRequest(f"There are {QUERIES_MAX} named queries already.", advice="Delete those not in use.")
            if _kept(tx, owner, name) is not None:
                raise NameTaken(f"there is a query {name[:80]} already", place="name")
            made = NamedQuery(name, query, owner, iso(log.now))
            tx.keep(kind, _key(owner, name), log.now, _encode(made), tell=True)
            return made

        return self._writer().do(write)

    def find(self, name: str, *, owner: str = "") -> NamedQuery:
        """Give a query by its name; raises NotFound."""
        if name == SIMPLE:
            return NamedQuery(SIMPLE, {}, owner)
        body = _kept(self._reader(), owner, name) if "\0" not in name else None
        if body is None:
            raise NotFound(f"there is no query {name[:200]!r}", place="queryName")
        return _decode(body)

    def page(self, after: str, limit: int, *, owner: str = "") -> list[tuple[str, NamedQuery]]:
        """Give (place, query) of queries in the order of their making, those after a place."""
        at, _, key = after.partition(" ")
        place = (int(at), key) if after else (-1, "")
        found: list[tuple[int, str, bytes]] = []
        for kind in _kinds(owner):
            found += islice(self._own(kind, owner, place), limit)
        return [(f"{at_us} {key}", _decode(body)) for at_us, key, body in sorted(found)[:limit]]

    def _own(self, kind: str, owner: str, place: tuple[int, str]) -> Iterator[tuple[int, str, bytes]]:
        """Give (time, key, body) of what one owner has of a kind, after a place."""
        while rows := self._reader().kept_from(kind, place, _ROWS_AT_ONCE):
            yield from ((at_us, key, body) for key, at_us, body in rows if key.startswith(f"{owner}\n"))
            place = (rows[-1][1], rows[-1][0])

    def drop(self, name: str, *, owner: str = "") -> None:
        """Forget a query, durably.

        :raises NotFound: there is none.
        :raises BadRequest: it is the one that is always there.
        """
        if name == SIMPLE:
            raise BadRequest(f"{SIMPLE} cannot be deleted.", place="queryName")
        self.find(name, owner=owner)

        def write(tx: Transaction, _log: Log) -> None:
            for kind in _kinds(owner):
                if tx.kept(kind, _key(owner, name)) is not None:
                    tx.drop_kept(kind, _key(owner, name), tell=True)

        self._writer().do(write)


def _kept(reader: Reader, owner: str, name: str) -> bytes | None:
    rows = (reader.kept(kind, _key(owner, name)) for kind in _kinds(owner))
    return next((row[1] for row in rows if row is not None), None)


def _kinds(owner: str) -> tuple[str, ...]:
    """Give under what an owner's queries are kept: an earlier version kept those of all owners under one kind."""
    return (_kind(owner), KIND) if owner else (KIND,)


def _kind(owner: str) -> str:
    return f"{KIND} {owner}" if owner else KIND


def _key(owner: str, name: str) -> str:
    return f"{owner}\n{name}"
