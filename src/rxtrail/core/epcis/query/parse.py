"""From what a client sends (query string, JSON object, SOAP) to a query; every value is read to its type once, here.

Source: EPCIS 2.0, clauses 8.2.7.1 and 12.7 (values of one parameter in a URI are parted by ``|``).
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any, Final

import msgspec

from rxtrail.core.epcis import namespaces
from rxtrail.core.epcis.event import KINDS
from rxtrail.core.epcis.json_names import BUILT_IN, expanded
from rxtrail.core.epcis.query.match import Condition
from rxtrail.core.epcis.query.parameters import TABLE, Named, Op, Takes, find
from rxtrail.core.epcis.query.refusals import BadQuery, QueryTooComplex
from rxtrail.core.epcis.times import instant

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from rxtrail.core.epcis.query.values import Value

PARAMETERS_MAX: Final = 100
VALUES_MAX: Final = 10_000
VALUE_CHARACTERS_MAX: Final = 2048
TOKEN_CHARACTERS_MAX: Final = 12_000
"""A place in a list of texts is one of the longest texts that may be asked for."""

COUNT_MAX: Final = 1 << 53
PREFIXES: Final = {
    "cbvmda": namespaces.CBVMDA,
    "gs1": namespaces.GS1_VOC,
    "gs1ushc": namespaces.USHC,
    "rxtrail": "urn:rxtrail:ext",
}
_LISTS: Final = (Takes.TEXTS, Takes.IDS, Takes.PATTERNS, Takes.NUMBERS, Takes.ANY)
_ACTIONS: Final = ("ADD", "OBSERVE", "DELETE")
_SPACED_ZONE: Final = re.compile(r" (\d\d:?\d\d)$")
_ON, _OFF = ("", "true", "1", "null"), ("false", "0")


class Query(msgspec.Struct, frozen=True):
    """A query: which events, in which order, how many."""

    conditions: tuple[Condition, ...] = ()
    order_by: str = ""  # "" is the order of record
    descending: bool = False
    event_count_limit: int = 0  # 0: no limit
    max_event_count: int = 0
    per_page: int = 0
    token: str = ""
    prefixes: dict[str, str] = {}


def from_pairs(pairs: Iterable[tuple[str, str]], prefixes: Mapping[str, str] | None = None) -> Query:
    """Read a query string, already decoded.

    :raises BadQuery: an unknown parameter, or a value that it cannot have.
    :raises QueryTooComplex: more parameters or values than a query may have.
    """
    given: dict[str, list[Any]] = {}
    for name, value in pairs:
        given.setdefault(name, []).append(value)
    return _query(given, {**PREFIXES, **(prefixes or {})}, split=True)


def from_object(query: Mapping[str, Any], prefixes: Mapping[str, str] | None = None) -> Query:
    """Read a JSON object as named queries have it; ``@context`` declares prefixes.

    :raises BadQuery: an unknown parameter, or a value that it cannot have.
    :raises QueryTooComplex: more parameters or values than a query may have.
    """
    known = {**PREFIXES, **(prefixes or {})}
    given: dict[str, list[Any]] = {}
    for name, value in query.items():
        if name == "@context":
            known.update(_context(value))
        else:
            given[name] = value if isinstance(value, list) else [value]
    return _query(given, known, split=False)


def check_counts(query: Query) -> None:
    """See to it that how many events are wanted makes sense, in a query that comes in whole.

    Neither reading nor :func:`joined` alone can tell: a part need not have the order that the whole has, and a query
    that an earlier version kept is asked as it was then, in the order of record.

    :raises BadQuery: ``eventCountLimit`` without ``orderBy``, or together with ``maxEventCount``.
    """
    if query.event_count_limit and query.max_event_count:
        raise BadQuery("eventCountLimit and maxEventCount exclude each other", place="maxEventCount")
    if query.event_count_limit and not query.order_by:
        # EPCIS 2.0, clause 8.2.7.1: which events are the first is only told by an order.
        raise BadQuery("eventCountLimit needs orderBy", place="eventCountLimit", advice="Say orderBy=eventTime, too.")


def narrowed(kept: Query, asked: Query) -> Query:
    """Narrow a query that is kept by one that comes in.

    :raises BadQuery: a count that comes in makes no sense in what both are together (:func:`check_counts`).
    """
    query = joined(kept, asked)
    if asked.event_count_limit or asked.max_event_count:
        check_counts(query)
    return query


def joined(one: Query, other: Query) -> Query:
    """Narrow a query by another: all conditions of both, and the second's wishes where it has any."""
    return msgspec.structs.replace(
        one,
        conditions=(*one.conditions, *other.conditions),
        order_by=other.order_by or one.order_by,
        descending=other.descending if other.order_by else one.descending,
        event_count_limit=other.event_count_limit or one.event_count_limit,
        max_event_count=other.max_event_count or one.max_event_count,
        per_page=other.per_page or one.per_page,
        token=other.token or one.token,
        prefixes={**one.prefixes, **other.prefixes},
    )


def _context(context: Any) -> dict[str, str]:  # noqa: ANN401 (a context is a text, a mapping, or a list of them)
    found: dict[str, str] = {}
    for each in context if isinstance(context, list) else [context]:
        if isinstance(each, dict):
            found.update({name: iri for name, iri in each.items() if isinstance(iri, str)})
        elif not isinstance(each, str):
            raise BadQuery("@context is a URI, an object, or a list of them", place="@context")
    return found


def _query(given: dict[str, list[Any]], prefixes: dict[str, str], *, split: bool) -> Query:
    if len(given) > PARAMETERS_MAX:
        raise QueryTooComplex(f"more than {PARAMETERS_MAX} parameters in one query", place="query")
    # Compact texts mean what the events mean by them: those of EPCIS's own prefixes are kept as they are written.
    own = {prefix: iri for prefix, iri in prefixes.items() if prefix not in BUILT_IN and prefix not in PREFIXES}
    conditions: list[Condition] = []
    control: dict[str, Any] = {}
    count = 0
    for name, raw in given.items():
        named = find(name) if len(name) <= VALUE_CHARACTERS_MAX else None
        if named is None:
            raise BadQuery(
                f"there is no query parameter {name[:100]!r}",
                place=name[:100],
                advice="See docs/reference/epcis-query.md for all of them; names are case-sensitive.",
            )
        row = named.parameter
        written = [part for each in raw for part in _parted(each, row.takes, split=split)]
        count += len(written)
        if count > VALUES_MAX:
            raise QueryTooComplex(f"more than {VALUES_MAX} values in one query", place=name)
        if row.op is Op.CONTROL:
            control[row.name] = _one(name, named, written)
            continue
        values = _values(name, named, written)
        if values is None:
            continue
        if own:
            values = tuple(
                expanded(each, own) if isinstance(each, str) and " " not in each else each for each in values
            )
            named = msgspec.structs.replace(named, type=expanded(named.type, own))
        conditions.append(Condition(name, named, values))
    return _controlled(tuple(conditions), control, prefixes)


def _controlled(conditions: tuple[Condition, ...], control: dict[str, Any], prefixes: dict[str, str]) -> Query:
    direction = control.get("orderDirection", "DESC" if "orderBy" in control else "")
    if direction not in ("", "ASC", "DESC"):
        raise BadQuery(f"orderDirection is ASC or DESC, not {direction[:80]!r}", place="orderDirection")
    order_by = control.get("orderBy", "")
    if order_by and order_by not in ("eventTime", "recordTime") and not re.fullmatch(".+[:#].+", order_by):
        raise BadQuery(
            f"events cannot be ordered by {order_by[:80]!r}",
            place="orderBy",
            advice="Give eventTime, recordTime, or the qualified name of an extension field.",
        )
    return Query(
        conditions=conditions,
        order_by=order_by,
        descending=direction == "DESC" and bool(order_by),
        event_count_limit=control.get("eventCountLimit", 0),
        max_event_count=control.get("maxEventCount", 0),
        per_page=control.get("perPage", 0),
        token=control.get("nextPageToken", ""),
        prefixes=prefixes,
    )


def _parted(value: Any, takes: Takes, *, split: bool) -> list[Any]:  # noqa: ANN401 (any JSON value)
    if split and takes in _LISTS and isinstance(value, str):
        return value.split("|")
    return [value]


def _one(name: str, named: Named, written: list[Any]) -> Any:  # noqa: ANN401 (a count or a text)
    if len(written) != 1:
        raise BadQuery(f"{name} takes one value", place=name)
    (value,) = written
    if named.parameter.takes is Takes.COUNT:
        text = str(value)
        if isinstance(value, bool) or not re.fullmatch("[0-9]{1,16}", text) or not 1 <= int(text) <= COUNT_MAX:
            raise BadQuery(f"{name} is a whole number of at least 1, not {text[:80]!r}", place=name)
        return int(text)
    most = TOKEN_CHARACTERS_MAX if named.parameter.name == "nextPageToken" else VALUE_CHARACTERS_MAX
    if not isinstance(value, str) or not value or len(value) > most:
        raise BadQuery(f"{name} is a text of at most {most} characters", place=name)
    return value


def _values(name: str, named: Named, written: list[Any]) -> tuple[Value, ...] | None:
    """Read the values of a condition; None when they say that it does not apply."""
    takes = named.parameter.takes
    if takes is Takes.VOID:
        return _void(name, written)
    if not written:
        raise BadQuery(f"{name} has no value", place=name)
    if takes not in _LISTS and len(written) != 1:
        raise BadQuery(f"{name} takes one value", place=name)
    return tuple(_value(name, named, value) for value in written)


def _void(name: str, written: list[Any]) -> tuple[Value, ...] | None:
    value = written[0] if written else None
    text = "" if value is None else str(value).lower()
    if len(written) > 1 or text not in (*_ON, *_OFF):
        raise BadQuery(f"{name} takes no value, or true", place=name)
    return None if text in _OFF else ()


def _value(name: str, named: Named, value: Any) -> Value:  # noqa: ANN401 (any JSON value)
    if value is None or not isinstance(value, str | int | float):
        raise BadQuery(f"{name} does not take {type(value).__name__}", place=name)
    if isinstance(value, str) and (not value or len(value) > VALUE_CHARACTERS_MAX or "\0" in value):
        raise BadQuery(f"{name} has an empty or overlong value", place=name)
    match named.parameter.takes:
        case Takes.TIME:
            return _time(name, value)
        case Takes.NUMBER | Takes.NUMBERS:
            return _number(name, value)
        case Takes.BOOLEAN:
            text = str(value).lower()
            if text not in ("true", "false", "1", "0"):
                raise BadQuery(f"{name} is true or false, not {text[:80]!r}", place=name)
            return text in ("true", "1")
        case Takes.ANY:
            return value
        case Takes.ORDERED:
            return _SPACED_ZONE.sub(r"+\1", value) if isinstance(value, str) else value
        case _:
            if not isinstance(value, str):
                raise BadQuery(f"{name} takes texts, not {value!r}", place=name)
            return _text(name, named, value)


def _time(name: str, value: str | float) -> int:
    found = instant(_SPACED_ZONE.sub(r"+\1", value)) if isinstance(value, str) else None
    if found is None or not found[1]:
        # Without a zone it might be any of 27 hours: xs:dateTimeStamp, RFC 3339 date-time.
        raise BadQuery(
            f"{name}: {str(value)[:80]!r} is no time{' with its zone' if found else ''}",
            place=name,
            advice="Give a time with its zone, such as 2026-11-23T09:14:02Z; in an address + is written %2B.",
        )
    return found[0]


def _number(name: str, value: str | float) -> float:
    try:
        number = float(value) if not isinstance(value, bool) and "_" not in str(value) else math.nan
    except (ValueError, OverflowError):
        number = math.nan
    if not math.isfinite(number):
        raise BadQuery(f"{name}: {str(value)[:80]!r} is no number", place=name)
    return number


def _text(name: str, named: Named, value: str) -> str:
    field = named.parameter.field
    if field == "action" and value.strip() not in _ACTIONS:
        raise BadQuery(f"{name}: an action is ADD, OBSERVE or DELETE, not {value[:80]!r}", place=name)
    if field == "eventType" and value not in KINDS and ":" not in value:
        raise BadQuery(
            f"{name}: there is no event type {value[:80]!r}", place=name, advice=f"It has {', '.join(KINDS)}."
        )
    return value


assert len({row.name for row in TABLE}) == len(TABLE), "each parameter stands once in the table"
