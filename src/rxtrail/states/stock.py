"""Opening stock: packs that were received before the record began are counted in, all rows or none."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec

from rxtrail.answers import CountIn, CountInReceipt
from rxtrail.core.epcis.event import OBJECT, Event
from rxtrail.core.gs1.runs import EpcRun
from rxtrail.core.gs1.scan import Scan, read_scan
from rxtrail.core.rules.steps import Flag
from rxtrail.core.rules.words import COUNTING_IN, is_making
from rxtrail.errors import BadRequest
from rxtrail.ledger.batch import append_events
from rxtrail.ledger.prepare import prepare
from rxtrail.record.standing import identity_of
from rxtrail.states.orders import check_text, is_gln

if TYPE_CHECKING:
    from collections.abc import Callable

    from rxtrail.core.rules.authority import Authority
    from rxtrail.ledger.log import Log
    from rxtrail.store import Transaction


_OWN = "{urn:rxtrail:ext}"


class Count(msgspec.Struct, frozen=True, gc=False):
    """What was counted, by whom, from whom and where."""

    rows: Sequence[CountIn]
    by: str
    supplier: str
    ref: str
    site: str


def check_count(count: Count) -> None:
    """Look at a count before anything is written.

    :raises BadRequest: nobody is named, there are no rows, or a text cannot be kept.
    """
    if not count.by:
        raise BadRequest("opening stock needs the name of who counted", place="by", advice="Give --by NAME.")
    if not count.rows:
        raise BadRequest("there is nothing to count in", place="rows")
    for name in ("by", "supplier", "ref", "site"):
        check_text(name, getattr(count, name))
    if count.site and not is_gln(count.site):
        raise BadRequest(f"site {count.site!r} is not a 13-digit GLN", place="site")


def write_count(
    tx: Transaction,
    log: Log,
    authority: Authority,
    count: Count,
    *,
    now: int,
    year: int,
    new_event_id: Callable[[], str],
) -> CountInReceipt:
    """Count in packs: whole, or not at all for a row that cannot be read.

    :raises BadRequest: one of the rows cannot be read.
    """
    rows = count.rows
    identity = identity_of(tx)
    site = count.site or identity.default_site or (identity.glns[0] if identity.glns else "")
    refused: list[tuple[int, str]] = []
    groups: dict[tuple[str, str, str], dict[str, int]] = {}
    stated: dict[tuple[str, str], tuple[int, tuple[str, str]]] = {}
    for number, row in enumerate(rows, 1):
        scan = read_scan(row.scan or _as_scan(row), this_year=year)
        problem = _count_in_problem(scan)
        if not problem:
            said = (scan.lot, scan.expiry)
            earlier = stated.setdefault((scan.gtin, scan.serial), (number, said))
            if earlier[1] != said:
                problem = f"another lot or expiry than row {earlier[0]} has for the same pack"
        if problem:
            refused.append((number, problem))
        else:
            groups.setdefault((scan.gtin, scan.lot, scan.expiry), {}).setdefault(scan.serial, number)
    if refused:
        first = "; ".join(f"row {number}: {why}" for number, why in refused[:5])
        raise BadRequest(
            f"{len(refused)} of {len(rows)} rows cannot be counted in: {first}", place=f"row {refused[0][0]}",
            advice="Correct these rows and load the whole list again; nothing was counted in.",
        )  # fmt: skip
    first_position = -1
    counted = already = 0
    for (gtin, lot, expiry), serials in groups.items():
        product = tx.product(gtin)
        known = tx.units_of(product[0], serials) if product is not None else {}
        new = [
            serial
            for serial in serials
            if (known[serial].made is None if serial in known else not _is_made_case(tx, gtin, serial))
        ]
        already += len(serials) - len(new)
        if not new:
            continue
        event = Event(
            kind=OBJECT, event_time=now, zone="+00:00", event_id=new_event_id(), action="OBSERVE",
            biz_step=COUNTING_IN, disposition="active", epcs=[EpcRun(f"01/{gtin}/21/", new)],
            read_point=f"414/{site}" if site else "", biz_location=f"414/{site}" if site else "",
            ilmd={"{urn:epcglobal:cbv:mda}lotNumber": lot, "{urn:epcglobal:cbv:mda}itemExpirationDate": expiry},
            extensions={_OWN + "countedBy": count.by, _OWN + "supplier": count.supplier, _OWN + "paper": count.ref},
        )  # fmt: skip
        prepared = prepare(event, speaker=site, flags=Flag.COUNTED_IN | Flag.COMMAND)
        appended = append_events(tx, log, authority, [prepared], speaker=site)
        counted += len(new)
        if first_position < 0:
            first_position = appended.positions[0]
    return CountInReceipt(counted, already, refused, first_position)


def _is_made_case(tx: Transaction, gtin: str, serial: str) -> bool:
    """Tell whether a package that holds others is on record as made."""
    row = tx.container(f"01/{gtin}/21/{serial}")
    return row is not None and any(is_making(step) for step in tx.histories([row.id])[row.id])


def _as_scan(row: CountIn) -> str:
    expiry = row.expiry.replace("-", "")
    return f"(01){row.gtin}(21){row.serial}(17){expiry[-6:]}(10){row.lot}"


def _count_in_problem(scan: Scan) -> str:
    if scan.fault or not scan.gtin or not scan.serial:
        return f"no pack can be read ({scan.fault or 'no serial number'})"
    if not scan.lot or not scan.expiry:
        return "lot or expiry is missing"
    return ""
