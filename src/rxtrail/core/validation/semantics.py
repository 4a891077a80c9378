"""What EPCIS 2.0 demands of an event and no schema checks.

Source: EPCIS 2.0 (GS1, 2022), clauses 7.3 and 7.4, and its conformance requirements for sensors (TCR-53) and
associations (TCR-54).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from rxtrail.core.epcis import event as events
from rxtrail.core.epcis.times import instant

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rxtrail.core.epcis.event import Event, type_tree

_FUTURE_US = 300 * 1_000_000
_OF_BOTH = ("time", "deviceID", "deviceMetadata", "rawData", "dataProcessingMethod", "bizRules")
_VALUES = ("value", "minValue", "maxValue", "meanValue", "sDev", "percValue")
_VALUE_KINDS = (*_VALUES, "stringValue", "booleanValue", "hexBinaryValue", "uriValue")


class Found(NamedTuple):
    """One thing that is wrong with an event."""

    severity: str
    code: str
    message: str
    epcs: tuple[str, ...] = ()


def check(event: Event, now_us: int) -> Iterator[Found]:
    """Give everything wrong with one event by itself that ``epcis.checks`` does not tell."""
    if event.kind not in events.KINDS:
        return
    if event.event_time > now_us + _FUTURE_US:
        yield Found("warning", "FUTURE_EVENT_TIME", "eventTime lies more than 300 seconds ahead of the clock")
    if event.record_time and event.record_time + _FUTURE_US < event.event_time:
        yield Found("warning", "TIMING_INVERSION", "recordTime is before eventTime: recorded before it happened")
    if event.ilmd and not (event.kind == events.TRANSFORMATION or event.action == "ADD"):
        yield Found("error", "ILMD_NOT_ALLOWED", f"ilmd stands with the action ADD only, this is {event.action}")
    yield from _what(event)
    if event.error_declaration is not None:
        yield from _declaration(event)
    both = sorted(set(event.persistent_set) & set(event.persistent_unset))
    if both:
        yield Found("error", "PERSISTENT_DISPOSITION_CONFLICT", f"{', '.join(both)}: set and unset at once")
    for sensor in event.sensors:
        yield from _sensor(sensor)


def _what(event: Event) -> Iterator[Found]:
    repeated = _repeated(event)
    if repeated:
        message = f"{len(repeated)} identifiers stand twice in one list, such as {repeated[0]}"
        yield Found("warning", "DUPLICATE_SERIAL", message, tuple(repeated[:20]))
    match event.kind:
        case events.TRANSFORMATION:
            taken = bool(event.inputs or event.input_quantities)
            given = bool(event.outputs or event.output_quantities)
            if taken != given and not event.transformation_id:
                lacking = "outputs" if taken else "inputs"
                message = f"a TransformationEvent without {lacking} needs a transformationID that joins it to others"
                yield Found("error", "MISSING_MANDATORY_FIELD", message)
        case events.ASSOCIATION | events.AGGREGATION:
            if event.parent and any(event.parent == run.key + one for run in event.children for one in run.serials):
                yield Found("error", "HIERARCHY_CYCLE", f"{event.parent} is its own child", (event.parent,))
            if event.kind == events.ASSOCIATION and not (
                event.children or event.child_quantities or event.action == "DELETE"
            ):
                yield Found("error", "MISSING_CHILDREN", "an AssociationEvent names no children (TCR-54)")
        case _:
            pass


def _repeated(event: Event) -> list[str]:
    found: list[str] = []
    for runs in (event.epcs, event.children, event.inputs, event.outputs):
        seen: dict[str, set[str]] = {}
        for run in runs:
            known = seen.setdefault(run.key, set())
            before = len(known)
            fresh = set(run.serials)
            if len(fresh) == len(run.serials) and not known & fresh:
                known |= fresh
                continue
            for serial in run.serials:
                if serial in known:
                    found.append(run.key + serial)
                known.add(serial)
            assert len(known) >= before, "a set only grows"
    return found


def _declaration(event: Event) -> Iterator[Found]:
    declaration = event.error_declaration
    assert declaration is not None, "asked only of a declaration"
    if not event.event_id:
        message = "an error declaration names the wrong event by its eventID, and this has none"
        yield Found("warning", "DECLARATION_WITHOUT_ID", message)
    if declaration.declaration_time and declaration.declaration_time < event.event_time:
        message = "declarationTime is before eventTime: declared wrong before it happened"
        yield Found("warning", "TIMING_INVERSION", message)
    if event.event_id and event.event_id in declaration.corrective_event_ids:
        message = "an error declaration names itself as its correction"
        yield Found("error", "DECLARATION_CORRECTS_ITSELF", message)


def _sensor(sensor: type_tree) -> Iterator[Found]:
    metadata = sensor.get("sensorMetadata")
    metadata = metadata if isinstance(metadata, dict) else {}
    yield from _span(metadata)
    reports = sensor.get("sensorReport")
    for report in reports if isinstance(reports, list) else [reports]:
        if not isinstance(report, dict):
            continue
        twice = [name for name in _OF_BOTH if name in metadata and name in report]
        if twice:
            message = f"{', '.join(twice)}: in sensorMetadata and in sensorReport (TCR-53)"
            yield Found("warning", "SENSOR_FIELD_TWICE", message)
        if ("percRank" in report) != ("percValue" in report):
            yield Found("warning", "SENSOR_VALUE_INCOMPLETE", "percRank and percValue stand together only")
        if any(name in report for name in _VALUES) and "uom" not in report and report.get("type") != "Dimensionless":
            yield Found("warning", "SENSOR_VALUE_INCOMPLETE", "a measured value without uom means nothing to others")
        if not any(name in report for name in (*_VALUE_KINDS, "exception", "chemicalSubstance", "microorganism")):
            yield Found("warning", "SENSOR_VALUE_INCOMPLETE", "a sensorReport tells no value and no exception")
        low, high = report.get("minValue"), report.get("maxValue")
        if isinstance(low, float) and isinstance(high, float) and low > high:
            yield Found("warning", "SENSOR_VALUE_INCOMPLETE", f"minValue {low} is above maxValue {high}")


def _span(metadata: type_tree) -> Iterator[Found]:
    start, end = metadata.get("startTime"), metadata.get("endTime")
    if (start is None) != (end is None):
        yield Found("warning", "SENSOR_TIME_SPAN", "startTime and endTime stand together only")
    if isinstance(start, str) and isinstance(end, str):
        first, last = instant(start), instant(end)
        if first and last and first[0] > last[0]:
            yield Found("error", "SENSOR_TIME_SPAN", f"startTime {start} is after endTime {end}")
