"""The temperatures of one pack or container, as a person looks at them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from rxtrail.alerts.cold import ColdJudge
from rxtrail.answers import TemperatureBand, TemperatureBreach, TemperatureHistory, TemperatureReading, TemperatureUse
from rxtrail.record.cold import Attached, Profiles
from rxtrail.record.identify import identify
from rxtrail.record.times import iso

if TYPE_CHECKING:
    from rxtrail.core.epcis.temperature import Reading
    from rxtrail.core.rules.authority import Authority
    from rxtrail.core.rules.cold import Exposure
    from rxtrail.store import Reader

READINGS_MAX: Final = 1_000


def history(reader: Reader, authority: Authority, code: str, *, this_year: int) -> TemperatureHistory:
    """Give the temperatures of what a code names; ``found`` is False when the record never heard of it."""
    key = identify(code, this_year=this_year)
    looked = ColdJudge(reader, authority, Profiles(reader)).looked_at(key)
    if looked is None:
        return TemperatureHistory(key)
    pieces, uses = looked
    names = {number: row.key for number, row in reader.containers({piece.of for piece in pieces if piece.of}).items()}
    rows = {
        (reading, names.get(piece.of, key))
        for piece in pieces
        for reading in piece.readings
        if reading.end >= piece.since and reading.start <= piece.until
    }
    ordered = sorted(rows, key=lambda row: (row[0].start, row[0].end, row[1], row[0].device, row[0].event))
    shown = ordered[-READINGS_MAX:]
    links = {
        body.position: f"/epcis/events/{quote(body.event_id, safe='')}"
        for body in reader.event_bodies({reading.event for reading, _ in shown})
    }
    return TemperatureHistory(
        epc=key,
        found=True,
        reading_count=len(ordered),
        readings=[_row(reading, of, links.get(reading.event, "")) for reading, of in shown],
        profiles=[_use(attached, products, exposure) for attached, products, exposure in uses],
    )


def _row(reading: Reading, of: str, link: str) -> TemperatureReading:
    until = iso(reading.end) if reading.end > reading.start else ""
    return TemperatureReading(
        iso(reading.start), until, reading.low, reading.high, reading.mean, reading.device, reading.alarm, of, link
    )


def _use(attached: Attached, products: tuple[str, ...], exposure: Exposure) -> TemperatureUse:
    return TemperatureUse(
        profile=attached.profile.id,
        lane=attached.lane.id if attached.lane is not None else "",
        products=list(products),
        min=exposure.low,
        max=exposure.high,
        mkt=exposure.mkt,
        measured_minutes=exposure.measured_minutes,
        unmeasured_minutes=exposure.unmeasured_minutes,
        bands=[
            TemperatureBand(use.beyond, "above" if use.warm else "below", use.minutes, use.minutes_at_most, use.budget)
            for use in exposure.bands
        ],
        breaches=[TemperatureBreach(b.kind, b.severity, iso(b.time), b.what) for b in exposure.breaches],
    )
