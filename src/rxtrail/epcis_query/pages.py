"""Pages of a query: found by the plan, checked by the exact filter, within what one answer may cost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from rxtrail.access.sight import may_see_event
from rxtrail.core.epcis.event import Event
from rxtrail.core.epcis.query import values
from rxtrail.core.epcis.query.match import Seen, World, compiled, name_of
from rxtrail.core.epcis.query.refusals import QueryTooComplex, QueryTooLarge
from rxtrail.epcis_query import walk
from rxtrail.epcis_query.bodies import bodies_of, concerned
from rxtrail.epcis_query.budget import Budget
from rxtrail.epcis_query.plan import Plan, plan
from rxtrail.ledger.prepare import restore

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rxtrail.core.epcis.query.parse import Query
    from rxtrail.epcis_query.walk import Key
    from rxtrail.store import Reader
    from rxtrail.store.rows import EventBody, EventHead

PAGE_DEFAULT: Final = 100
PAGE_MAX: Final = 5_000
WHOLE_MAX: Final = 20_000
"""So many events one answer without pages may hold."""

SORTED_MAX: Final = 20_000
"""So many events are sorted by an extension field."""

_DECODED_AT_ONCE: Final = 200


class Found(msgspec.Struct, frozen=True, gc=False):
    """One event of an answer."""

    position: int
    event: Event
    recorded_at: int
    name: str
    key: int  # what it is ordered by


class Cursor(msgspec.Struct, frozen=True, array_like=True):
    """Where a page begins: behind this event, in the record as it was when the first page was read."""

    upto: int
    key: int = 0
    position: int = -1  # -1: at the beginning
    left: int = 0  # of eventCountLimit; 0: no limit
    shown: int = 0
    after: str = ""  # of a list that is ordered by a text


class Page(msgspec.Struct, frozen=True):
    """Some events, and where the next page begins; None at the end."""

    events: list[Found]
    next: Cursor | None
    upto: int


def read_page(
    reader: Reader,
    query: Query,
    world: World,
    *,
    viewer: str = "",
    cursor: Cursor | None = None,
    whole: bool = False,
    low: int = 0,
) -> Page:
    """Give one page, of events from position ``low`` on; with ``whole`` an incomplete answer is refused.

    :raises BadQuery: a value that its parameter cannot have.
    :raises QueryTooLarge: more events than ``maxEventCount``.
    :raises QueryTooComplex: an order, or a whole answer, that costs too much.
    """
    budget = Budget()
    test = _Test(query, world, viewer)
    at = cursor or Cursor(reader.log_size(), left=query.event_count_limit)
    count = min(query.per_page or PAGE_DEFAULT, PAGE_MAX)
    if whole:
        count = min(query.max_event_count or WHOLE_MAX, WHOLE_MAX)
    if at.left:
        count = min(count, at.left)
    how = plan(reader, query, world, budget, low=low, upto=at.upto, viewer=viewer)
    if query.max_event_count and cursor is None:
        _check_count(reader, query, world, how, test, at)
        budget = Budget()
    found: list[Found] = []
    last: Key | None = None
    ended = True
    for hit, key in _search(reader, query, world, how, test, at, budget):
        last = key
        if hit is None:
            ended = False  # the budget is spent
            break
        found.append(hit)
        if len(found) > count:
            ended = False
            break
    if whole and not ended and not (at.left and len(found) >= at.left):
        if len(found) > count:
            raise QueryTooLarge(f"the answer has more than {count} events", advice="Narrow the query, or read pages.")
        raise QueryTooComplex("this query looks at too many events", advice="Narrow it, or read it page by page.")
    return _page(found, count, at, last, ended=ended)


def _page(found: list[Found], count: int, at: Cursor, last: Key | None, *, ended: bool) -> Page:
    if len(found) > count:
        shown = found[:count]
        end = (shown[-1].key, shown[-1].position)
    else:
        shown, end = found, last or (0, -1)
    left = at.left - len(shown) if at.left else 0
    if ended or (at.left and left <= 0):
        return Page(shown, None, at.upto)
    return Page(shown, Cursor(at.upto, *end, left, at.shown + len(shown)), at.upto)


def _check_count(reader: Reader, query: Query, world: World, how: Plan, test: _Test, at: Cursor) -> None:
    hits = _search(reader, query, world, how, test, at, Budget())
    for count, (hit, _) in enumerate(hits, 1):
        if hit is None:
            raise QueryTooComplex("more events were looked at than one query may, to count those asked for")
        if count > query.max_event_count:
            raise QueryTooLarge(f"more than {query.max_event_count} events match", place="maxEventCount")


class _Test:
    """The exact filter, with what the viewer may see."""

    def __init__(self, query: Query, world: World, viewer: str) -> None:
        self._fits = compiled(query.conditions, world) if query.conditions else None
        self.viewer = viewer

    def keeps(self, body: EventBody, event: Event, head: EventHead | None) -> bool:
        if self.viewer:
            assert head is not None, "who may see an event is told by its typed columns too"
            if not may_see_event(self.viewer, concerned(event, head)):
                return False
        return self._fits is None or self._fits(Seen(event, body.recorded_at, body.event_id))


def _search(
    reader: Reader, query: Query, world: World, how: Plan, test: _Test, at: Cursor, budget: Budget
) -> Iterator[tuple[Found | None, Key]]:
    """Give what matches in order; (None, key) when the budget is spent, with the last key that was looked at."""
    if query.order_by and query.order_by not in ("eventTime", "recordTime"):
        yield from _sorted(reader, query, world, how, test, at)
        return
    chunks, groups = _keys(reader, query, how, at, budget)
    members = [walk.Members(reader, terms, budget) for terms in groups]
    for chunk in chunks:
        budget.look(len(chunk))
        for part, heads in _narrowed(reader, how, test, members, chunk):
            budget.decode(len(part))
            yield from _decoded(reader, part, heads, test, budget)
            if budget.spent:
                yield None, part[-1]
                return
        if budget.spent:
            yield None, chunk[-1]
            return


def _keys(
    reader: Reader, query: Query, how: Plan, at: Cursor, budget: Budget
) -> tuple[Iterator[list[Key]], list[list[str]]]:
    """Give keys in the order of the query, behind the cursor, and the groups that they are still to be held against."""
    descending = query.descending
    bounds = how.bounds
    behind = (at.key, at.position) if at.position >= 0 else None
    # Without an order of its own a query of times goes by the time: its index is the narrowest.
    timely = query.order_by == "eventTime" or (
        not query.order_by and bounds.bounded_in_time and how.positions is None and how.heads_tell_all
    )
    if how.positions is not None:
        keys = [(position, position) for position in how.positions]
        if timely:
            keys = [(head.time, position) for position, head in reader.event_heads(how.positions).items()]
        keys.sort(reverse=descending)
        if behind is not None:
            keys = [key for key in keys if (key < behind if descending else key > behind)]
        return walk.in_chunks(iter(keys)), how.groups
    if timely:
        return walk.in_chunks(walk.by_time(reader, bounds, behind, descending=descending)), how.groups
    start = bounds.high - 1 if descending else bounds.low
    if behind is not None:
        start = behind[1] - 1 if descending else behind[1] + 1
    groups = how.groups
    if groups:
        budget.check()
        driver = min(groups, key=lambda terms: _density(reader, terms, start, descending=descending))
        budget.check()
        positions = walk.of_terms(reader, driver, start, descending=descending)
        groups = [terms for terms in groups if terms is not driver]
    else:
        positions = walk.of_log(reader, start, descending=descending)
    return walk.in_chunks(walk.by_record(positions, bounds, descending=descending)), groups


def _density(reader: Reader, terms: list[str], start: int, *, descending: bool) -> float:
    """Give how many events of the next ones have one of these terms; the sparsest group leads."""
    ahead = [position for position, _ in zip(walk.of_terms(reader, terms, start, descending=descending), range(500),
                                             strict=False)]  # fmt: skip
    return len(ahead) / (abs(ahead[-1] - start) + 1) if ahead else 0.0


def _narrowed(
    reader: Reader, how: Plan, test: _Test, members: list[walk.Members], chunk: list[Key]
) -> Iterator[tuple[list[Key], dict[int, EventHead]]]:
    """Take out what groups and typed columns tell not to match; give the rest in parts to be decoded."""
    left = chunk
    for group in members:
        if not left:
            return
        among = group.among([position for _, position in left])
        left = [key for key in left if key[1] in among]
    heads = reader.event_heads(position for _, position in left) if left and (how.heads or test.viewer) else {}
    if how.heads:
        left = [key for key in left if all(tell(heads[key[1]]) for tell in how.heads)]
    for start in range(0, len(left), _DECODED_AT_ONCE):
        yield left[start : start + _DECODED_AT_ONCE], heads


def _decoded(
    reader: Reader, part: list[Key], heads: dict[int, EventHead], test: _Test, budget: Budget
) -> Iterator[tuple[Found, Key]]:
    bodies = {body.position: body for body in bodies_of(reader, (position for _, position in part))}
    for key in part:
        body = bodies.get(key[1])
        if body is None:
            continue
        budget.check()
        event = restore(body.canonical, body.envelope)
        if test.keeps(body, event, heads.get(key[1])):
            yield Found(body.position, event, body.recorded_at, body.event_id, key[0]), key


# -- ordered by an extension field ---------------------------------------------------------------------------------


def _sorted(
    reader: Reader, query: Query, world: World, how: Plan, test: _Test, at: Cursor
) -> Iterator[tuple[Found | None, Key]]:
    """Find all that matches and sort it; ``key`` is the rank, which stays as it is since the record is as it was."""
    plain = msgspec.structs.replace(query, order_by="", descending=False)
    value_of = _ordering(query.order_by, world)
    rows: list[tuple[Any, Found]] = []
    budget = Budget(decoded=SORTED_MAX * 2)
    for hit, _ in _search(reader, plain, world, how, test, Cursor(at.upto), budget):
        if hit is None or len(rows) >= SORTED_MAX:
            raise QueryTooComplex(
                f"more events than {SORTED_MAX} would have to be sorted by {query.order_by[:80]}",
                place="orderBy",
                advice="Narrow the query, or order it by eventTime or recordTime.",
            )
        rows.append((value_of(hit.event), hit))
    # Those that lack the field come last, whichever way the others are ordered.
    having = [row for row in rows if row[0] is not None]
    having.sort(key=lambda row: row[0], reverse=query.descending)
    ranked = [*having, *(row for row in rows if row[0] is None)]
    for rank, (_, hit) in enumerate(ranked[at.shown :], at.shown):
        yield msgspec.structs.replace(hit, key=rank), (rank, hit.position)


def _ordering(field: str, world: World) -> Callable[[Event], Any]:
    name = name_of(field, world.prefixes)

    def value(event: Event) -> Any:  # noqa: ANN401 (numbers, times and texts, kept apart)
        for found in values.top(event.extensions, name):
            for leaf in values.leaves(found):
                number = values.number_of(leaf)
                if number is not None:
                    return 0, number, ""
                when = values.instant_of(leaf)
                return (1, when, "") if when is not None else (2, 0, str(leaf))
        return None

    return value
