"""Whether an event is what a query asks for: the exact filter, on the decoded event.

Source: EPCIS 2.0, clause 8.2.7.1. All parameters of a query must hold; of the values of one parameter one is enough.
Each parameter is compiled once for a query, not once for an event.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

import msgspec

from rxtrail.core.epcis import namespaces, vocabulary
from rxtrail.core.epcis.event import Event
from rxtrail.core.epcis.json_names import split_iri
from rxtrail.core.epcis.query import units, values
from rxtrail.core.epcis.query.identifiers import NoPattern, Wanted, wanted
from rxtrail.core.epcis.query.parameters import Named, Op, Takes
from rxtrail.core.epcis.query.refusals import BadQuery
from rxtrail.core.epcis.query.values import COMPARE, Name, Value
from rxtrail.core.gs1 import epc

if TYPE_CHECKING:
    from rxtrail.core.epcis.event import Quantity, Typed
    from rxtrail.core.gs1.runs import EpcRun


class Seen(msgspec.Struct, frozen=True, gc=False):
    """An event as the record has it."""

    event: Event
    recorded_at: int
    name: str  # its eventID or, without one, its CBV event hash


class Condition(msgspec.Struct, frozen=True):
    """One parameter of a query with its values, read."""

    name: str  # as the query spells it
    named: Named
    values: tuple[Value, ...]


class World(msgspec.Struct, frozen=True):
    """What the filter must know beside the event; master data is asked through here."""

    prefixes: Mapping[str, str] = {}
    within: Callable[[frozenset[str]], frozenset[str]] = lambda places: places
    attributes: Callable[[str], Mapping[str, str]] = lambda _: {}


Test = Callable[[Seen], bool]


def compiled(conditions: Iterable[Condition], world: World) -> Test:
    """Give the filter of a whole query; raises BadQuery for a value that a parameter cannot have."""
    tests = [test_of(condition, world) for condition in conditions]
    if len(tests) == 1:
        return tests[0]
    return lambda seen: all(test(seen) for test in tests)


def test_of(condition: Condition, world: World) -> Test:
    """Give the filter of one parameter.

    :raises BadQuery: a value that the parameter cannot have.
    """
    row = condition.named.parameter
    if row.op is Op.EXISTS:
        return _exists(condition, world)
    if row.op is Op.MATCH:
        return _match(condition)
    if row.op in (Op.HASATTR, Op.EQ_ATTR):
        return _attribute(condition, world)
    if row.op is Op.WD:
        read = TEXTS[row.field]
        places = world.within(frozenset(_canonical(str(value)) for value in condition.values))
        return lambda seen: any(text in places for text in read(seen))
    if row.takes is Takes.TIME:
        return _time(condition)
    if row.field in _NUMBERS:
        return _number(condition)
    if row.field in _TYPED:
        return _typed(condition)
    if row.field in _TREES:
        return _field(condition, world)
    if row.takes is Takes.BOOLEAN:
        wanted_flag = condition.values[0]
        return lambda seen: any(value is wanted_flag for value in _sensor_fields(seen, "booleanValue"))
    read = TEXTS[row.field]
    asked = frozenset(canonical_value(row.field, str(value)) for value in condition.values)
    return lambda seen: not asked.isdisjoint(read(seen))


# -- values by their meaning ---------------------------------------------------------------------------------------


def _canonical(text: str) -> str:
    return epc.canonical(text.strip())


def _event_type(text: str) -> str:
    if text[:1] == "{":
        return text
    for start in ("epcis:", "https://ref.gs1.org/epcis/", "urn:epcglobal:epcis:"):
        if text.startswith(start):
            return text[len(start) :]
    # A sender's own kind of event, as its IRI.
    return split_iri(text) if "//" in text or text.startswith("urn:") else text


_READERS: Final[dict[str, Callable[[str], str]]] = {
    "eventType": _event_type,
    "action": str.strip,
    "bizStep": lambda text: vocabulary.short(text, vocabulary.BIZ_STEP),
    "disposition": lambda text: vocabulary.short(text, vocabulary.DISPOSITION),
    "persistentSet": lambda text: vocabulary.short(text, vocabulary.DISPOSITION),
    "persistentUnset": lambda text: vocabulary.short(text, vocabulary.DISPOSITION),
    "errorReason": lambda text: vocabulary.short(text, vocabulary.ERROR_REASON),
    "type": lambda text: vocabulary.short(text, vocabulary.MEASUREMENT),
    "eventID": str.strip,
    "correctiveEventID": str.strip,
    "stringValue": lambda text: text,
    "hexBinaryValue": lambda text: text.strip().upper(),
}


def canonical_value(field: str, text: str) -> str:
    """Give a value in the form in which events have it: short words, canonical identifiers."""
    return _READERS.get(field, _canonical)(text)


# -- plain fields --------------------------------------------------------------------------------------------------


def _sensor_parts(seen: Seen) -> Iterator[dict[str, Any]]:
    for sensor in seen.event.sensors:
        for part in (sensor.get("sensorMetadata"), sensor.get("sensorReport")):
            for each in part if isinstance(part, list) else [part]:
                if isinstance(each, dict):
                    yield each


def _sensor_fields(seen: Seen, name: str) -> Iterator[Value]:
    for part in _sensor_parts(seen):
        if name in part:
            yield from values.leaves(part[name])


def _reports(seen: Seen) -> Iterator[dict[str, Any]]:
    for sensor in seen.event.sensors:
        part = sensor.get("sensorReport")
        for each in part if isinstance(part, list) else [part]:
            if isinstance(each, dict):
                yield each


def _of_sensor(name: str) -> Callable[[Seen], Iterable[str]]:
    read = _READERS.get(name, _canonical)
    return lambda seen: [read(str(value)) for value in _sensor_fields(seen, name) if value is not None]


TEXTS: Final[dict[str, Callable[[Seen], Iterable[str]]]] = {
    "eventType": lambda seen: (seen.event.kind,),
    "action": lambda seen: (seen.event.action,),
    "bizStep": lambda seen: (seen.event.biz_step,),
    "disposition": lambda seen: (seen.event.disposition,),
    "persistentSet": lambda seen: seen.event.persistent_set,
    "persistentUnset": lambda seen: seen.event.persistent_unset,
    "readPoint": lambda seen: (seen.event.read_point,),
    "bizLocation": lambda seen: (seen.event.biz_location,),
    "transformationID": lambda seen: (seen.event.transformation_id,),
    "eventID": lambda seen: (seen.event.event_id or seen.name,),
    "errorReason": lambda seen: (seen.event.error_declaration.reason,) if seen.event.error_declaration else (),
    "correctiveEventID": lambda seen: (
        seen.event.error_declaration.corrective_event_ids if seen.event.error_declaration else ()
    ),
    **{
        name: _of_sensor(name)
        for name in (
            "type", "deviceID", "dataProcessingMethod", "microorganism", "chemicalSubstance", "bizRules",
            "stringValue", "hexBinaryValue", "uriValue",
        )
    },
}  # fmt: skip


# -- times and numbers ---------------------------------------------------------------------------------------------


def _sensor_times(name: str) -> Callable[[Seen], Iterable[int]]:
    def read(seen: Seen) -> Iterable[int]:
        for value in _sensor_fields(seen, name):
            when = values.instant_of(value)
            if when is not None:
                yield when

    return read


_TIMES: Final[dict[str, Callable[[Seen], Iterable[int]]]] = {
    "eventTime": lambda seen: (seen.event.event_time,),
    "recordTime": lambda seen: (seen.recorded_at,),
    "errorDeclarationTime": lambda seen: (
        (seen.event.error_declaration.declaration_time,)
        if seen.event.error_declaration is not None and seen.event.error_declaration.declaration_time
        else ()
    ),
    "time": _sensor_times("time"),
    "startTime": _sensor_times("startTime"),
    "endTime": _sensor_times("endTime"),
}


def _time(condition: Condition) -> Test:
    read, compare = _TIMES[condition.named.parameter.field], COMPARE[condition.named.parameter.op]
    (value,) = condition.values
    return lambda seen: any(compare(when, value) for when in read(seen))


def _quantities(seen: Seen) -> Iterator[tuple[Value, str]]:
    event = seen.event
    lists: tuple[list[Quantity], ...] = (
        event.quantities, event.child_quantities, event.input_quantities, event.output_quantities,
    )  # fmt: skip
    for quantities in lists:
        for each in quantities:
            yield each.quantity, each.uom


def _measured(name: str) -> Callable[[Seen], Iterator[tuple[Value, str]]]:
    def read(seen: Seen) -> Iterator[tuple[Value, str]]:
        for report in _reports(seen):
            if name in report:
                yield report[name], str(report.get("uom", ""))

    return read


_NUMBERS: Final[dict[str, Callable[[Seen], Iterator[tuple[Value, str]]]]] = {
    "quantity": _quantities,
    **{
        name: _measured(name)
        for name in ("value", "minValue", "maxValue", "meanValue", "sDev", "percRank", "percValue")
    },
}


def _number(condition: Condition) -> Test:
    row, uom = condition.named.parameter, condition.named.uom
    read, compare = _NUMBERS[row.field], COMPARE[row.op]
    if not uom:
        plain = [units.exact(float(value)) for value in condition.values if value is not None]
        if row.op is Op.EQ:
            equal = frozenset(plain)
            return lambda seen: any(values.number_of(value) in equal for value, _ in read(seen))

        def fits(seen: Seen) -> bool:
            for value, _ in read(seen):
                number = values.number_of(value)
                if number is not None and any(compare(number, each) for each in plain):
                    return True
            return False

        return fits
    asked = [units.in_base(float(value), uom) for value in condition.values if value is not None]
    kind = asked[0][0]
    measures = frozenset(measured for _, measured in asked)

    def fits_converted(seen: Seen) -> bool:
        for value, own in read(seen):
            number = values.number_of(value)
            if number is None or not own:
                continue
            own_kind, measured = units.in_base(float(number), own)
            if own_kind != kind:
                continue
            if measured in measures if row.op is Op.EQ else any(compare(measured, each) for each in measures):
                return True
        return False

    return fits_converted


# -- typed lists, identifiers --------------------------------------------------------------------------------------

_TYPED: Final[dict[str, tuple[str, Callable[[Seen], list[Typed]]]]] = {
    "bizTransaction": (vocabulary.TRANSACTION_TYPE, lambda seen: seen.event.biz_transactions),
    "source": (vocabulary.SOURCE_TYPE, lambda seen: seen.event.sources),
    "destination": (vocabulary.SOURCE_TYPE, lambda seen: seen.event.destinations),
}


def _typed(condition: Condition) -> Test:
    kind, read = _TYPED[condition.named.parameter.field]
    of_type = vocabulary.short(condition.named.type, kind)
    asked = frozenset(_canonical(str(value)) for value in condition.values)
    return lambda seen: any(each.type == of_type and each.value in asked for each in read(seen))


def typed_of(condition: Condition) -> tuple[str, frozenset[str]]:
    """Give the type and the canonical values that a condition on a typed list asks for."""
    kind, _ = _TYPED[condition.named.parameter.field]
    return vocabulary.short(condition.named.type, kind), frozenset(_canonical(str(v)) for v in condition.values)


_RUNS: Final[dict[str, Callable[[Event], tuple[list[EpcRun], ...]]]] = {
    "epc": lambda event: (event.epcs, event.children),
    "parentID": lambda _: (),
    "inputEPC": lambda event: (event.inputs,),
    "outputEPC": lambda event: (event.outputs,),
    "anyEPC": lambda event: (event.epcs, event.children, event.inputs, event.outputs),
}
_CLASSES: Final[dict[str, Callable[[Event], tuple[list[Quantity], ...]]]] = {
    "epcClass": lambda event: (event.quantities, event.child_quantities),
    "inputEPCClass": lambda event: (event.input_quantities,),
    "outputEPCClass": lambda event: (event.output_quantities,),
    "anyEPCClass": lambda event: (
        event.quantities, event.child_quantities, event.input_quantities, event.output_quantities,
    ),
}  # fmt: skip


def patterns_of(condition: Condition) -> Wanted:
    """Read what a MATCH condition asks for; raises BadQuery for what is neither identifier nor pattern."""
    try:
        return wanted(str(value) for value in condition.values)
    except NoPattern as wrong:
        advice = "Give an EPC URN, a GS1 Digital Link, or a pattern such as urn:epc:idpat:sgtin:0614141.107346.*"
        raise BadQuery(f"{condition.name}: {wrong}", place=condition.name, advice=advice) from wrong


def _match(condition: Condition) -> Test:
    field, asked = condition.named.parameter.field, patterns_of(condition)
    if field in _CLASSES:
        lists = _CLASSES[field]
        return lambda seen: any(asked.fits(each.epc_class) for one in lists(seen.event) for each in one)
    runs, has_parent = _RUNS[field], field in ("parentID", "anyEPC")

    def fits(seen: Seen) -> bool:
        event = seen.event
        if has_parent and event.parent and asked.fits(event.parent):
            return True
        return any(asked.in_runs(each) for each in runs(event) if each)

    return fits


# -- extension fields ----------------------------------------------------------------------------------------------


def _in_sensors(name: str) -> Callable[[Event], list[Any]]:
    def read(event: Event) -> list[Any]:
        return [sensor[name] for sensor in event.sensors if name in sensor]

    return read


_OF_ELEMENT: Final = frozenset(("sensorMetadata", "sensorReport"))
_OUTER: Final[dict[str, Callable[[Event], list[Any]]]] = {
    "extension": lambda event: [event.extensions],
    "ilmd": lambda event: [event.ilmd],
    "errorDeclarationField": lambda event: [event.error_declaration.extensions] if event.error_declaration else [],
    "readPointField": lambda event: [event.read_point_extensions],
    "bizLocationField": lambda event: [event.biz_location_extensions],
    "sensorElement": lambda event: [
        {key: value for key, value in sensor.items() if key not in _OF_ELEMENT} for sensor in event.sensors
    ],
    "sensorMetadata": _in_sensors("sensorMetadata"),
    "sensorReport": _in_sensors("sensorReport"),
}
_TREES: Final = {**_OUTER, **{f"inner {name}": read for name, read in _OUTER.items()}}


def name_of(field: str, prefixes: Mapping[str, str]) -> Name:
    """Read a qualified name: ``namespace#local``, ``prefix:local``; a prefix nobody declared leaves any namespace."""
    namespace, hash_, local = field.rpartition("#")
    if hash_:
        return Name(namespaces.one_name(namespace), local)
    prefix, _, local = field.partition(":")
    known = prefixes.get(prefix)
    if known is not None:
        return Name(namespaces.split(namespaces.key(namespaces.join(known, "x")))[0], local)
    if "/" in field or prefix == "urn":
        cut = max(field.rfind("/"), field.rfind(":"))
        return Name(namespaces.one_name(field[: cut + 1]), field[cut + 1 :])
    return Name(None, local)


def fields_of(event: Event, named: Named, world: World) -> Iterator[Any]:
    """Give the values of the extension field that a parameter names."""
    field = named.parameter.field
    name = name_of(named.field, world.prefixes)
    walk = values.inner if field.startswith("inner ") else values.top
    for tree in _TREES[field](event):
        if tree:
            yield from walk(tree, name)


def _field(condition: Condition, world: World) -> Test:
    row = condition.named.parameter
    named = condition.named
    if row.op is Op.EQ:
        asked = values.texts(condition.values)
        return lambda seen: any(
            asked.fits(leaf) for value in fields_of(seen.event, named, world) for leaf in values.leaves(value)
        )
    compare = COMPARE[row.op]
    (limit,) = condition.values
    when = values.instant_of(limit)
    number = values.number_of(limit)
    if when is None and number is None:
        raise BadQuery(f"{condition.name}: {str(limit)[:80]!r} is neither a number nor a time", place=condition.name)
    read: Callable[[Value], Any] = values.number_of if when is None else values.instant_of
    bound = number if when is None else when

    def fits(seen: Seen) -> bool:
        for value in fields_of(seen.event, named, world):
            for leaf in values.leaves(value):
                found = read(leaf)
                if found is not None and compare(found, bound):
                    return True
        return False

    return fits


def _exists(condition: Condition, world: World) -> Test:
    named = condition.named
    match named.parameter.field:
        case "errorDeclaration":
            return lambda seen: seen.event.error_declaration is not None
        case "sensorElementList":
            return lambda seen: bool(seen.event.sensors)
        case _:
            return lambda seen: any(True for _ in fields_of(seen.event, named, world))


# -- attributes of master data -------------------------------------------------------------------------------------


def _things(event: Event, field: str, world: World) -> Iterator[str]:
    """Give the canonical names of what a field names: a standard one, or an extension."""
    match field:
        case "readPoint" | "bizLocation" | "parentID":
            yield from filter(None, ({"readPoint": event.read_point, "bizLocation": event.biz_location,
                                      "parentID": event.parent}[field],))  # fmt: skip
        case "bizStep":
            yield event.biz_step
        case "disposition":
            yield event.disposition
        case "source" | "destination" | "bizTransaction":
            lists = {"source": event.sources, "destination": event.destinations}
            yield from (each.value for each in lists.get(field, event.biz_transactions))
        case "epcClass" | "quantityList" | "epcList" | "epc":
            for runs in (event.epcs, event.children, event.inputs, event.outputs):
                yield from (run.key[:17] for run in runs if run.key.startswith("01/"))
            for quantities in (event.quantities, event.child_quantities, event.input_quantities,
                               event.output_quantities):  # fmt: skip
                for each in quantities:
                    yield from (
                        {each.epc_class, each.epc_class[:17]} if each.epc_class[:3] == "01/" else {each.epc_class}
                    )
        case _:
            name = name_of(field, world.prefixes)
            for tree in (event.extensions, event.ilmd):
                for value in values.top(tree, name):
                    yield from (_canonical(leaf) for leaf in values.leaves(value) if isinstance(leaf, str))


def attribute_name(text: str) -> str:
    """Give the short name of a master data attribute as master data is kept under it."""
    for start in ("urn:epcglobal:cbv:mda#", "urn:epcglobal:cbv:mda:", "cbvmda:", "gs1ushc:"):
        if text.startswith(start):
            return text[len(start) :]
    return text


def _attribute(condition: Condition, world: World) -> Test:
    named = condition.named
    if named.parameter.op is Op.HASATTR:
        names = [attribute_name(str(value)) for value in condition.values]

        def has(seen: Seen) -> bool:
            for thing in _things(seen.event, named.field, world):
                told = world.attributes(thing)
                if any(name in told for name in names):
                    return True
            return False

        return has
    name, asked = attribute_name(named.attribute), values.texts(condition.values)
    return lambda seen: any(
        asked.fits(world.attributes(thing).get(name)) for thing in _things(seen.event, named.field, world)
    )
