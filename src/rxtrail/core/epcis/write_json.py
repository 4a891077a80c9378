"""An event as EPCIS 2.0 JSON (clause 10): identifiers as Digital Links, CBV words bare, extensions with a context.

What the reader took in comes out again; the reader of JSON gives the same event, up to how identifiers are written.
"""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Any

from rxtrail.core.gs1 import epc

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rxtrail.core.epcis.event import Event, Quantity, Typed
    from rxtrail.core.gs1.runs import EpcRun

_EPOCH = datetime.datetime.fromtimestamp(0, datetime.UTC)
# Prefixes that readers of JSON-LD know without being told, or that DSCSA documents always use.
PREFIXES = {
    "urn:epcglobal:cbv:mda": "cbvmda",
    "http://epcis.gs1us.org/hc/ns": "gs1ushc",
    "https://gs1.org/voc/": "gs1",
    "urn:rxtrail:ext": "rxtrail",
}


def event_json(event: Event, *, record_time: str = "") -> dict[str, Any]:
    """Give the members of one event in the order of the standard; ``record_time`` is our own (ISO)."""
    out: dict[str, Any] = {}
    context: dict[str, str] = {}
    out["type"] = event.kind
    if event.event_id:
        out["eventID"] = event.event_id
    out["eventTime"] = moment(event.event_time)
    out["eventTimeZoneOffset"] = event.zone or "+00:00"
    if record_time:
        out["recordTime"] = record_time
    if event.error_declaration is not None:
        out["errorDeclaration"] = _declaration(event, context)
    _what(event, out)
    if event.action:
        out["action"] = event.action
    words = {"bizStep": event.biz_step, "disposition": event.disposition}
    out.update({name: word for name, word in words.items() if word})
    if event.persistent_set or event.persistent_unset:
        sets = {"set": event.persistent_set, "unset": event.persistent_unset}
        out["persistentDisposition"] = {name: words for name, words in sets.items() if words}
    if event.read_point or event.read_point_extensions:
        out["readPoint"] = {"id": link(event.read_point), **_tree(event.read_point_extensions, context)}
    if event.biz_location or event.biz_location_extensions:
        out["bizLocation"] = {"id": link(event.biz_location), **_tree(event.biz_location_extensions, context)}
    _list(out, "bizTransactionList", event.biz_transactions, "bizTransaction")
    _list(out, "sourceList", event.sources, "source")
    _list(out, "destinationList", event.destinations, "destination")
    if event.sensors:
        out["sensorElementList"] = [_tree(sensor, context) for sensor in event.sensors]
    if event.ilmd:
        out["ilmd"] = _tree(event.ilmd, context)
    if event.certification:
        out["certificationInfo"] = event.certification[0] if len(event.certification) == 1 else event.certification
    out.update(_tree(event.extensions, context))
    if context:
        out["@context"] = [{prefix: namespace for namespace, prefix in context.items()}]
    return out


def _what(event: Event, out: dict[str, Any]) -> None:
    if event.parent:
        out["parentID"] = link(event.parent)
    for name, runs in (
        ("epcList", event.epcs),
        ("childEPCs", event.children),
        ("inputEPCList", event.inputs),
        ("outputEPCList", event.outputs),
    ):
        # A list that says "all of them" by being empty is written as such (an AggregationEvent DELETE).
        if runs or (name == "childEPCs" and event.kind == "AggregationEvent"):
            out[name] = links(runs)
    for name, quantities in (
        ("quantityList", event.quantities),
        ("childQuantityList", event.child_quantities),
        ("inputQuantityList", event.input_quantities),
        ("outputQuantityList", event.output_quantities),
    ):
        if quantities:
            out[name] = [_quantity(quantity) for quantity in quantities]
    if event.transformation_id:
        out["transformationID"] = event.transformation_id


def _declaration(event: Event, context: dict[str, str]) -> dict[str, Any]:
    declaration = event.error_declaration
    assert declaration is not None, "asked only of a declaration"
    out: dict[str, Any] = {"declarationTime": moment(declaration.declaration_time)}
    if declaration.reason:
        out["reason"] = declaration.reason
    if declaration.corrective_event_ids:
        out["correctiveEventIDs"] = declaration.corrective_event_ids
    out.update(_tree(declaration.extensions, context))
    return out


def _list(out: dict[str, Any], name: str, entries: list[Typed], member: str) -> None:
    if entries:
        values = (link(entry.value) if member != "bizTransaction" else entry.value for entry in entries)
        out[name] = [
            {"type": entry.type, member: value} if entry.type else {member: value}
            for entry, value in zip(entries, values, strict=True)
        ]


def _quantity(quantity: Quantity) -> dict[str, Any]:
    out: dict[str, Any] = {"epcClass": link(quantity.epc_class)}
    if quantity.quantity is not None:
        whole = int(quantity.quantity)
        out["quantity"] = whole if whole == quantity.quantity else quantity.quantity
    if quantity.uom:
        out["uom"] = quantity.uom
    return out


def links(runs: Iterable[EpcRun]) -> list[str]:
    """Give the identifiers of runs as Digital Links."""
    return [link(run.key + serial) for run in runs for serial in run.serials]


def link(canonical: str) -> str:
    """Give a canonical identifier as a Digital Link; what is none stays as written."""
    return epc.to_digital_link(canonical) if canonical[:1].isdigit() else canonical


def moment(microseconds: int) -> str:
    """Give a time as xs:dateTime in UTC, with as many fractional digits as it has (milliseconds at least)."""
    when = _EPOCH + datetime.timedelta(microseconds=microseconds)
    text = when.strftime("%Y-%m-%dT%H:%M:%S")
    if when.microsecond % 1000:
        return f"{text}.{when.microsecond:06d}Z"
    return f"{text}.{when.microsecond // 1000:03d}Z"


def _tree(tree: dict[str, Any], context: dict[str, str]) -> dict[str, Any]:
    return {_name(key, context): _value(value, context) for key, value in tree.items()}


def _value(value: Any, context: dict[str, str]) -> Any:  # noqa: ANN401 (an extension is any tree)
    if isinstance(value, dict):
        return _tree(value, context)
    if isinstance(value, list):
        return [_value(each, context) for each in value]
    return value


def _name(key: str, context: dict[str, str]) -> str:
    attribute = key.startswith("@{")
    if not key.startswith("{") and not attribute:
        return key
    namespace, _, local = key[2 if attribute else 1 :].partition("}")
    prefix = context.get(namespace)
    if prefix is None:
        prefix = PREFIXES.get(namespace, f"ns{len(context) + 1}")
        context[namespace] = prefix
    return f"{prefix}:{local}"
