"""The terms that an event is filed under, and the terms under which a condition would find it.

A term is a hash of 64 bits. It narrows, it never decides: whatever is found under a term is held against the exact
filter. So what a term leaves out must never be an event that the filter keeps.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from rxtrail.core.epcis.namespaces import split
from rxtrail.core.epcis.query import values
from rxtrail.core.epcis.query.identifiers import key_and_serial
from rxtrail.core.epcis.query.match import (
    TEXTS,
    Condition,
    Seen,
    World,
    canonical_value,
    name_of,
    patterns_of,
    typed_of,
)
from rxtrail.core.epcis.query.parameters import Op
from rxtrail.core.gs1 import epc

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from rxtrail.core.epcis.event import Event
    from rxtrail.core.epcis.query.values import Value

TEXT_CHARACTERS_MAX: Final = 100  # of a value of an extension field that is filed
_REMEMBERED: Final = 65_536
# Fields of one value or a few, filed under it.
_PLAIN: Final = {
    "eventType": "k",
    "action": "a",
    "bizStep": "s",
    "disposition": "d",
    "persistentSet": "ps",
    "persistentUnset": "pu",
    "readPoint": "r",
    "bizLocation": "l",
    "transformationID": "x",
    "errorReason": "er",
    "correctiveEventID": "ce",
    "type": "st",
    "deviceID": "sd",
    "dataProcessingMethod": "sm",
    "microorganism": "sg",
    "chemicalSubstance": "sc",
    "bizRules": "sb",
}
_TYPED: Final = {"bizTransaction": "bt", "source": "so", "destination": "de"}
_HAS: Final = {
    "errorDeclaration": "e",
    "errorDeclarationTime": "e",
    "errorDeclarationField": "e",
    "inner errorDeclarationField": "e",
    "quantity": "q",
    "extension": "f",
    "inner extension": "f",
    "ilmd": "m",
    "inner ilmd": "m",
    "readPointField": "rx",
    "inner readPointField": "rx",
    "bizLocationField": "lx",
    "inner bizLocationField": "lx",
}
_FILED: Final = ("extension", "ilmd")


@lru_cache(maxsize=_REMEMBERED)
def number_of(term: str) -> int:
    """Give the number of a term; two terms may share one, which costs a look and changes nothing."""
    return int.from_bytes(hashlib.blake2b(term.encode(), digest_size=8).digest(), "big", signed=True)


def terms_of(event: Event, parties: Iterable[str] = ()) -> set[str]:
    """Give the terms of an event; ``parties`` are the GLNs of those whom it concerns."""
    found = {f"k:{event.kind}", f"a:{event.action}"}
    add = found.add
    if event.biz_step:
        add(f"s:{event.biz_step}")
    if event.disposition:
        add(f"d:{event.disposition}")
    if event.read_point:
        add(f"r:{event.read_point}")
    if event.biz_location:
        add(f"l:{event.biz_location}")
    for runs in (event.epcs, event.children, event.inputs, event.outputs):
        for run in runs:
            add(f"i:{run.key}")
    if event.parent:
        add(f"i:{key_and_serial(event.parent)[0]}")
    for entries, family in (
        (event.biz_transactions, "bt"),
        (event.sources, "so"),
        (event.destinations, "de"),
    ):
        for entry in entries:
            add(f"{family}:{entry.type}:{entry.value}")
    found.update(f"p:{party}" for party in parties if party)
    if event.ilmd:
        add("m")
        found.update(_filed("ilmd", event.ilmd))
    _rarer(event, found)
    return found


def _rarer(event: Event, found: set[str]) -> None:
    add = found.add
    for quantities in (event.quantities, event.child_quantities, event.input_quantities, event.output_quantities):
        for each in quantities:
            add("q")
            add(f"c:{each.epc_class}")
            add(f"i:{key_and_serial(each.epc_class)[0]}")
    if event.persistent_set or event.persistent_unset:
        found.update(f"ps:{word}" for word in event.persistent_set)
        found.update(f"pu:{word}" for word in event.persistent_unset)
    if event.transformation_id:
        add(f"x:{event.transformation_id}")
    if event.error_declaration is not None:
        add("e")
        add(f"er:{event.error_declaration.reason}")
        found.update(f"ce:{name}" for name in event.error_declaration.corrective_event_ids)
    if event.sensors:
        add("se")
        seen = Seen(event, 0, "")
        for name in ("type", "deviceID", "dataProcessingMethod", "microorganism", "chemicalSubstance", "bizRules"):
            found.update(f"{_PLAIN[name]}:{value}" for value in TEXTS[name](seen))
    if event.extensions:
        add("f")
        found.update(_filed("extension", event.extensions))
    if event.read_point_extensions:
        add("rx")
    if event.biz_location_extensions:
        add("lx")


def _filed(field: str, tree: dict[str, Any]) -> Iterator[str]:
    for key, value in tree.items():
        local = split(key.removeprefix("@"))[1].rpartition(":")[2]
        yield f"f:{field}:{local}"
        for leaf in values.leaves(value):
            term = _value_term(field, local, leaf)
            if term:
                yield term


def _value_term(field: str, local: str, leaf: Value) -> str:
    """File a value by its meaning: two that the filter calls equal have one term."""
    if isinstance(leaf, str) and len(leaf) > TEXT_CHARACTERS_MAX:
        return ""
    if isinstance(leaf, bool):
        return f"v:{field}:{local}={str(leaf).lower()}"
    number = values.number_of(leaf)
    if number is not None:
        return f"v:{field}:{local}={number}"
    when = values.instant_of(leaf)
    if when is not None:
        return f"v:{field}:{local}=@{when}"
    text = str(leaf)
    return f"v:{field}:{local}={epc.canonical(text) if text.startswith(('urn:epc:', 'http')) else text}"


def narrowing(condition: Condition, world: World) -> list[str] | None:
    """Give the terms of which an event has at least one when it fits; None when terms cannot tell.

    Conditions on single identifiers are narrowed by the record's own index of things, not here.
    """
    row = condition.named.parameter
    field = row.field
    if row.op is Op.WD:
        places = world.within(frozenset(epc.canonical(str(value)) for value in condition.values))
        return [f"{_PLAIN[field]}:{place}" for place in sorted(places)]
    if field in _PLAIN and row.op is Op.EQ:
        return [f"{_PLAIN[field]}:{canonical_value(field, str(value))}" for value in condition.values]
    if field in _TYPED:
        type_, asked = typed_of(condition)
        return [f"{_TYPED[field]}:{type_}:{value}" for value in sorted(asked)]
    if row.op is Op.MATCH:
        return _of_patterns(condition)
    if field in _FILED:
        return _of_field(condition, world)
    if field in _HAS:
        return [_HAS[field]]
    if field == "attribute" or row.op is Op.CONTROL or field in ("eventTime", "recordTime", "eventID"):
        return None
    return ["se"]  # whatever is left is about sensors


def _of_patterns(condition: Condition) -> list[str] | None:
    asked = patterns_of(condition)
    if asked.patterns:
        return None
    is_class = condition.named.parameter.field.endswith("Class")
    if not is_class and asked.exact and not asked.starts:
        return None  # the index of things knows it better
    found = [f"c:{each}" for each in sorted(asked.exact)] if is_class else []
    for start in sorted(asked.starts):
        ai = start.partition("/")[0]
        # A key whose serial is part of its value is filed under its AI alone.
        found.append(f"i:{start}" if start.endswith("/") and start.count("/") > 1 else f"i:{ai}/")
    if not is_class:
        found += [f"i:{key_and_serial(each)[0]}" for each in sorted(asked.exact)]
    return found


def _of_field(condition: Condition, world: World) -> list[str] | None:
    row = condition.named.parameter
    local = name_of(condition.named.field, world.prefixes).local.rpartition(":")[2]
    if row.op is not Op.EQ:
        return [f"f:{row.field}:{local}"]
    found = [_value_term(row.field, local, value) for value in condition.values]
    return found if all(found) else [f"f:{row.field}:{local}"]
