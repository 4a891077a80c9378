"""Trace: the journey of one pack or container, from all its events and those of what it was in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rxtrail.answers import Custody as CustodyAnswer
from rxtrail.answers import Finding, Journey, JourneyEvent, StateView
from rxtrail.answers import Stay as StayAnswer
from rxtrail.core.rules.fold import custody_of
from rxtrail.core.rules.steps import Custody, Flag, Key, Role, Step
from rxtrail.record.exact import FOREVER, Exact, container_state, unit_state
from rxtrail.record.findings import finding_of
from rxtrail.record.identify import identify
from rxtrail.record.names import Places, product_view
from rxtrail.record.proven import proof_path, published
from rxtrail.record.standing import as_seen_by, identity_of
from rxtrail.record.times import iso

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rxtrail.core.rules.authority import Authority
    from rxtrail.core.rules.steps import Note
    from rxtrail.store import Reader

ROLE_NAMES = {Role.EPC: "epc", Role.PARENT: "parent", Role.CHILD: "child", Role.INPUT: "input", Role.OUTPUT: "output"}


def trace(reader: Reader, authority: Authority, text: str, *, this_year: int) -> Journey:
    """Give the journey of what ``text`` names; ``found`` is False when the record never heard of it."""
    key = identify(text, this_year=this_year)
    gtin = serial = ""
    exact: Exact | None = None
    own_number = 0
    if key.startswith("01/") and key[17:21] == "/21/":
        gtin, serial = key[3:17], key[21:]
        product = reader.product(gtin)
        if product is not None:
            unit = reader.units_of(product[0], [serial]).get(serial)
            if unit is not None:
                exact = unit_state(reader, authority, product[0], serial, unit)
    if exact is None:
        row = reader.container(key)
        if row is not None:
            own_number = row.id
            exact = container_state(reader, authority, row)
    name = product_view(reader, gtin)[0] if gtin else ""
    if exact is None:
        return Journey(
            epc=key,
            found=False,
            product=name,
            gtin=gtin,
            serial=serial,
            lot="",
            expiry="",
            state=StateView(),
            events=[],
            containment=[],
            custody=[],
            findings=[],
        )
    return _journey(reader, key, name, gtin, serial, exact, own_number)


def _journey(reader: Reader, key: str, name: str, gtin: str, serial: str, exact: Exact, own_number: int) -> Journey:
    places = Places(reader)
    rows = _relevant(exact, own_number)
    keys = {number: row.key for number, row in reader.containers(exact.histories).items()}
    particulars = reader.event_particulars({step.event for _, step in rows})
    notes = {note.event: note for note in exact.state.notes}
    documents = {
        number: reader.document(number) for number in {document for _, document, _ in particulars.values()} if number
    }
    events: list[JourneyEvent] = []
    for number, step in rows:
        event_id, document, recorded_at = particulars[step.event]
        row = documents.get(document)
        note = notes.get(step.event) if number in (0, own_number) else None
        events.append(
            JourneyEvent(
                event_id=event_id,
                event_time=iso(step.time),
                kind=step.kind,
                action=step.action,
                biz_step=step.biz_step,
                disposition=step.disposition,
                read_point=places.of(step.read_point),
                biz_location=places.of(step.biz_location),
                role=ROLE_NAMES[Role(step.role)],
                of=key if number in (0, own_number) else keys.get(number, ""),
                speaker=places.of(min(step.speakers)),
                source=places.of(step.source[0] or step.source[1] or step.source[2]),
                destination=places.of(step.destination[0] or step.destination[1] or step.destination[2]),
                parent=keys.get(step.parent, ""),
                log_index=step.event,
                record_time=iso(recorded_at),
                document="sha256:" + row.sha256.hex() if row is not None else "",
                evidence=_evidence(step, is_own=number in (0, own_number)),
                counts=not step.voided and not step.flags & Flag.DECLARATION and (note is None or note.counts),
                note=_note(step, note),
            )
        )
    state = exact.state
    custody = as_seen_by(identity_of(reader), exact.custody)
    container = keys.get(exact.containers[0], "") if exact.containers else ""
    return Journey(
        epc=key,
        found=True,
        product=name,
        gtin=gtin,
        serial=serial,
        lot=state.lot,
        expiry=state.expiry,
        state=StateView(
            disposition=exact.ended.disposition or ("active" if state.made >= 0 or not gtin else ""),
            custodian=custody.custodian,
            owner=custody.owner,
            location=custody.location,
            in_transit_to=custody.to[0] if custody.to else "",
            container=container,
            holds=[*exact.holds, *exact.doubts],
        ),
        events=events,
        containment=[
            StayAnswer(
                keys.get(stay.container, ""), iso(stay.since[0]), iso(stay.until[0]) if stay.until is not None else ""
            )
            for stay in state.stays
        ],
        custody=_custodies(exact, rows, places),
        findings=[
            *(
                Finding("warning" if note.counts else "error", note.code, note.message, f"log {note.event}", [key])
                for note in state.notes
            ),
            *(finding_of(row) for _, row in reader.findings_of_events({step.event for step in exact.steps})),
        ],
        proof=proof_path(gtin, serial) if serial and 0 <= state.made < published(reader) else "",
    )


def _evidence(step: Step, *, is_own: bool) -> str:
    """Tell how a step is known: stated in a document, scanned by hand, or inferred from its container's scan."""
    if not step.flags & Flag.COMMAND:
        return "stated"
    return "scanned" if is_own else "inferred"


def _note(step: Step, note: Note | None) -> str:
    if step.flags & Flag.DECLARATION:
        return "declares an event of the same name wrong"
    if step.voided:
        return "declared an error by its sender"
    return note.message if note is not None else ""


def _relevant(exact: Exact, own_number: int) -> list[tuple[int, Step]]:
    """Give the thing's own steps, and its containers' steps while it was inside them, in order of time."""
    rows: list[tuple[int, Step]] = [(own_number, step) for step in exact.steps]
    seen = {step.event for step in exact.steps}
    stays: list[tuple[int, Key, Key]] = [(s.container, s.since, s.until or FOREVER) for s in exact.state.stays]
    climbed: set[tuple[int, Key, Key]] = set()  # a ring is climbed once
    while stays:
        climbed.update(stays)
        outer: list[tuple[int, Key, Key]] = []
        for number, since, until in stays:
            for step in exact.histories.get(number, []):
                if since <= step.key <= until and step.event not in seen:
                    # What goes into or out of the container beside this one is no part of this one's way; an
                    # unpacking that names no child is, since it takes this one out too.
                    if step.role == Role.PARENT and not (step.flags & Flag.EMPTIES and step.key == until):
                        continue
                    seen.add(step.event)
                    rows.append((number, step))
            timeline = exact.folded(number)
            for stay in timeline.state.stays if timeline is not None else ():
                start, end = max(since, stay.since), min(until, stay.until or FOREVER)
                if start < end:
                    outer.append((stay.container, start, end))
                    packing = next((s for s in exact.histories.get(number, []) if s.event == stay.event), None)
                    if packing is not None and packing.event not in seen:
                        seen.add(packing.event)
                        rows.append((number, packing))
        stays = [stay for stay in outer if stay not in climbed]
    rows.sort(key=lambda row: row[1].key)
    return rows


def _custodies(exact: Exact, rows: Iterable[tuple[int, Step]], places: Places) -> list[CustodyAnswer]:
    """Give who had it from when: sampled at every step of its way."""
    found: list[tuple[int, Custody]] = []
    for _, step in rows:
        custody = custody_of(exact.timeline, step.key, exact.folded)
        if custody.custodian and (
            not found or (found[-1][1].custodian, found[-1][1].to) != (custody.custodian, custody.to)
        ):
            found.append((step.time, custody))
    if not found:
        return []  # nobody was ever said to have it, as with a pack that was counted in at no place
    ends = [iso(time) for time, _ in found[1:]] + [""]
    return [
        CustodyAnswer(places.of(custody.custodian), iso(time), end, "on its way" if custody.to else custody.how)
        for (time, custody), end in zip(found, ends, strict=True)
    ]
