"""What one event by itself shows to be wrong: findings that need no clock, no record and no other event.

Source: EPCIS 2.0, clause 7.4 (what each event type must hold); the validation catalogue of the DSCSA
guidelines (GS1 US, R1.2 and R1.3; HDA exceptions handling).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rxtrail.core.epcis import event as events
from rxtrail.core.epcis.ilmd import ilmd_lot_expiry
from rxtrail.core.epcis.positions import GEO, positions
from rxtrail.core.epcis.temperature import readings

if TYPE_CHECKING:
    from rxtrail.core.epcis.event import Event

ACTIONS = frozenset(("ADD", "OBSERVE", "DELETE"))
_FITTING = {
    "commissioning": frozenset(("active", "")),
    "shipping": frozenset(("in_transit", "returned", "")),
    "packing": frozenset(("in_progress", "container_closed", "active", "")),
}
type_found = tuple[str, str, str]


def check(event: Event) -> list[type_found]:
    """Give severity, code and message of everything wrong with the event by itself."""
    found: list[type_found] = []
    if event.kind not in events.KINDS:
        message = f"{event.kind[:80]!r} is none of the standard's events; it is kept and changes nothing"
        return [("warning", "UNSUPPORTED_EVENT_TYPE", message)]
    if event.kind == events.TRANSFORMATION:
        if event.action:
            found.append(
                (
                    "warning",
                    "INVALID_ACTION",
                    f"a TransformationEvent has no action, this one {event.action!r}",
                )
            )
    elif event.action not in ACTIONS:
        if event.action:
            found.append(("error", "INVALID_ACTION", f"action {event.action[:80]!r} is not ADD, OBSERVE or DELETE"))
        else:
            found.append(("error", "MISSING_MANDATORY_FIELD", "action is missing"))
    _check_what(event, found)
    fitting = _FITTING.get(event.biz_step)
    if fitting is not None:
        if event.disposition not in fitting:
            message = f"disposition {event.disposition[:80]!r} does not go with business step {event.biz_step!r}"
            found.append(("warning", "INVALID_DISPOSITION", message))
        if event.biz_step == "shipping" and event.error_declaration is None:
            _check_shipping(event, found)
    if len(event.certification) > 1:
        message = "certificationInfo is given more than once, which XML has no room for"
        found.append(("warning", "CERTIFICATION_REPEATED", message))
    if event.extensions:
        bare = [
            key or "a member without a name" for key in event.extensions if key[:1] not in ("{", "@") and ":" not in key
        ]
        if bare:
            message = f"{', '.join(bare)[:200]}: no field of the standard, and no extension with a namespace; kept"
            found.append(("warning", "UNKNOWN_FIELD", message))
    if event.sensors or event.read_point[:4].casefold() == GEO:
        odd = positions(event.read_point, event.sensors, event.event_time)[1]
        whys = dict.fromkeys(each.why for each in odd)
        found.extend(("warning", "POSITION_NONSENSE", f"{why}; kept, not judged") for why in whys)
    if event.sensors:
        found.extend(readings(event.sensors, event.event_time)[1])
        if not (event.epcs or event.parent or event.children or event.inputs or event.outputs):
            message = "its sensor reports are about no EPC: kept, and no pack is judged by them"
            found.append(("info", "SENSOR_ON_NOTHING", message))
    if event.ilmd:
        found.extend(("warning", code, message) for code, message in ilmd_lot_expiry(event)[2])
    return found


def _check_what(event: Event, found: list[type_found]) -> None:
    match event.kind:
        case events.AGGREGATION | events.ASSOCIATION:
            if not event.parent and event.action != "OBSERVE":
                found.append(("error", "MISSING_PARENT", f"{event.kind} with action {event.action} names no parentID"))
            # An empty list in a DELETE unpacks everything (EPCIS 2.0 clause 7.4.3); in an ADD it says
            # nothing.
            if not (event.children or event.child_quantities or event.action == "DELETE"):
                found.append(("warning", "MISSING_CHILDREN", f"{event.kind} names no children"))
        case events.TRANSFORMATION:
            if not (event.inputs or event.input_quantities or event.outputs or event.output_quantities):
                found.append(("warning", "MISSING_MANDATORY_FIELD", "a TransformationEvent without inputs and outputs"))
        case events.TRANSACTION:
            if not event.biz_transactions:
                found.append(("warning", "MISSING_BIZ_TRANSACTION", "a TransactionEvent names no business transaction"))
        case _:
            if not (event.epcs or event.quantities or event.sensors):
                found.append(("warning", "MISSING_MANDATORY_FIELD", f"{event.kind} names no EPC and no quantity"))


def _check_shipping(event: Event, found: list[type_found]) -> None:
    parties = {each.type for each in event.sources} | {each.type for each in event.destinations}
    if not parties:
        found.append(("error", "MISSING_SOURCE_DESTINATION", "shipping without source and destination"))
    elif parties == {"location"}:
        message = "shipping names locations only: who owns the goods before and after is not said"
        found.append(("warning", "OWNERSHIP_TRANSFER_UNCLEAR", message))
    if not event.biz_transactions:
        found.append(("warning", "MISSING_BIZ_TRANSACTION", "shipping without purchase order or despatch advice"))
    if event.biz_location:
        found.append(("warning", "UNEXPECTED_BIZ_LOCATION", "shipping has a bizLocation: goods in transit are nowhere"))
