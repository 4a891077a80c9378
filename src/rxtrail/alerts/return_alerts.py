"""What one party returned, as one alert (S13): its odd packs by what is odd, and how much came back of how much.

All of it is read before anything is written: to count what was ever shipped to somebody takes long.
"""

from __future__ import annotations

import math
from collections import defaultdict
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

import msgspec

from rxtrail.alerts.filing import TITLES, id_of, read
from rxtrail.alerts.judging import is_package, is_package_run, runs_of
from rxtrail.alerts.return_rows import KEPT_US, Basis, Returned, Tally
from rxtrail.alerts.values import SUBJECTS_MAX, Alert, AlertPart, Evidence
from rxtrail.core.epcis.query.terms import number_of
from rxtrail.core.rules import returns as rules
from rxtrail.core.rules.route import CHECK, STOP
from rxtrail.core.rules.steps import Flag, Role
from rxtrail.core.rules.words import SENDS, gln_of_location
from rxtrail.ledger.filing import positions_of
from rxtrail.record.times import iso

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from rxtrail.alerts.filing import Filing
    from rxtrail.record.lanes import PartyTable
    from rxtrail.store import Reader
    from rxtrail.store.rows import EventHead

PACKS_MAX: Final = 2_000
OPENED_MAX: Final = 200_000
"""Once more than so many packs of one return are found, no further container of it is opened, which the alert tells."""
EVENTS_AT_ONCE: Final = 500
SHIPPED_EVENTS_MAX: Final = 20_000
LIKELY: Final = {
    rules.DISPENSED: ("{n:,} returned packs had been dispensed, such as {pack} by {party}.", "suspect",
        "A dispensed pack does not come back as goods: a copy, or a code taken from waste.", STOP),
    rules.ELSEWHERE: ("{n:,} returned packs were seen where they were never sent, such as {pack} at {party}.",
        "suspect", "One number on two packs: one of them is a copy.", STOP),
    rules.OTHERS: ("{n:,} returned packs had been sold to somebody else, such as {pack} to {party}.", "suspect",
        "Bought from somewhere else, or copies that get papers by being returned.", STOP),
    rules.AGAIN: ("{n:,} packs were returned more often than they were sold, such as {pack}.", "suspect",
        "One number was handed in twice.", STOP),
    rules.UNTOLD: ("{n:,} returned packs of which {party} has not told a sale to who returns them, such as {pack}.",
        "late-data", "The despatch to who returns them is most likely missing.", CHECK),
    rules.MANY: ("{n:,} packs were returned within 30 days, of {shipped:,} that were ever shipped there.", "suspect",
        "No customer returns so much of what it bought: goods from elsewhere are washed through returns.", CHECK),
}  # fmt: skip
NEXT: Final = "Do not put these back to stock. Find each sale, compare lot and expiry, and ask who returned them."


class Told(msgspec.Struct, frozen=True, gc=False):
    """What is to be told of one party: an alert, or None when nothing is odd any more."""

    returner: str
    alert: Alert | None
    explained: bool  # something odd is so no more: it did not only grow old


def told_of(
    reader: Reader, parties: PartyTable, changed: Mapping[str, Returned], before: Mapping[str, Returned],
    tallies: Sequence[Tally], gone: Iterable[Returned], now: int, known: Basis | None = None,
) -> tuple[list[Told], Basis, Basis]:  # fmt: skip
    """Read what is to be told of each party about which something changed; give from what, and what is so afterwards.

    ``changed`` are the rows that are about to be written, ``before`` those in the record by the same names, ``gone``
    those that are about to be dropped since they are too old; ``known`` is what was read or written before.
    """
    odd_before = {name for name in changed if name in before and before[name].kind}
    touched = {row.returner for name, row in changed.items() if row.kind or name in odd_before}
    explained = {changed[name].returner for name in odd_before if not changed[name].kind}
    basis = Basis.read(reader, sorted(touched | {tally.returner for tally in tallies}), now, known)
    dropped = {row.name for row in gone}
    news: dict[str, dict[str, Returned]] = defaultdict(dict)
    for name, row in changed.items():
        news[row.returner][name] = row
    found: list[Told] = []
    after = Basis({}, {}, {})
    for returner, version in basis.versions.items():
        rows = {name: row for name, row in basis.odd[returner].items() if name not in dropped} | news[returner]
        odd = {name: row for name, row in rows.items() if row.kind}
        fresh = {tally.name: tally for tally in tallies if tally.returner == returner}
        every_count = basis.counts[returner] | fresh
        counts = {name: tally for name, tally in every_count.items() if tally.at >= now - KEPT_US}
        # Of several processes that look at one event the first one changes something, and is in nobody's way later.
        changes = odd != basis.odd[returner] or any(basis.counts[returner].get(n) != t for n, t in counts.items())
        after.versions[returner], after.odd[returner] = version + changes, odd
        after.counts[returner] = counts
        alert = _alert(reader, parties, returner, [*odd.values()], [*counts.values()])
        found.append(Told(returner, alert, returner in explained))
    return found, basis, after


def file(filing: Filing, told: Told) -> None:
    """Bring the alert of one party to what was read; one whose packs only grew old is left to people."""
    if told.alert is not None:
        filing.open_or_add(told.alert)
        return
    number = id_of("S13", told.returner)
    known = read(filing.tx, number)
    if known is not None and (told.explained or known.parts.keys() <= {rules.MANY}):
        filing.no_more(number)


def packs_of(reader: Reader, runs: list[list[str]], at_most: int = OPENED_MAX) -> list[str]:
    """Give the packs among identifiers, and those that were ever put into the containers among them, however deep.

    A case with a serial of its own counts as what is in it, where anybody told that. No container is opened once
    more than ``at_most`` packs are found.
    """
    found: dict[str, None] = {}
    opened: set[int] = set()
    while runs and len(found) <= at_most:
        outer: list[str] = []
        for key, serials in runs:
            keys = [key + serial for serial in serials.split("\n")]
            if is_package_run(key) and not _holds(reader, key[3:17]):
                found.update(dict.fromkeys(keys))
            else:
                outer += keys
        numbers = reader.container_ids(outer) if outer else {}
        level = {*numbers.values()} - opened
        opened |= level
        histories = reader.histories(level) if level else {}
        packings = {
            step.event: number
            for number in level
            for step in histories.get(number, ())
            if step.role == Role.PARENT and step.action == "ADD" and not step.voided
        }
        told = {*packings.values()} | (opened - level)
        found.update(dict.fromkeys(key for key in outer if is_package(key) and numbers.get(key) not in told))
        runs = [run for body in reader.event_bodies(packings) for run in runs_of(body.canonical, children=True)]
    return list(found)


def _holds(reader: Reader, gtin: str) -> bool:
    """Tell whether packages of a product hold others."""
    known = reader.product(gtin)
    return known is not None and known[1]


def tos(head: EventHead) -> list[str]:
    """Give to whom a despatch goes."""
    owner, possessor, location = head.destination
    return [gln for gln in (possessor, gln_of_location(location), owner) if gln]


def _alert(
    reader: Reader, parties: PartyTable, returner: str, rows: Sequence[Returned], counts: Sequence[Tally]
) -> Alert | None:
    returned = sum(tally.count for tally in counts)
    parts: dict[str, AlertPart] = {}
    for kind in rules.KINDS:
        some = sorted((row for row in rows if row.kind == kind), key=lambda row: (row.at, row.pack))
        if some:
            parts[kind] = _part(kind, some[0].at, [row.pack for row in some], parties.name(some[0].party))
    if returned >= rules.MANY_MIN:
        shipped = _shipped(reader, parties, returner, math.ceil(returned / rules.MANY_SHARE))
        if rules.is_many(returned, shipped):
            last = max(tally.at for tally in counts)
            parts[rules.MANY] = _part(rules.MANY, last, [], "", shipped, returned)
    if not parts:
        return None
    advice = NEXT
    if any(tally.count > OPENED_MAX for tally in counts):
        advice += f" More than {OPENED_MAX:,} packs came back at once: not all of its containers were opened here."
    told = min(parts.values(), key=lambda part: (part.severity != STOP, part.time, part.what))
    subjects = sorted({row.pack for row in rows})
    return Alert(
        id_of("S13", returner), "S13", TITLES["S13"], told.severity, "open", told.what, told.cause, told.why, advice,
        "", iso(told.time), sender=returner, subjects=subjects[:SUBJECTS_MAX], subject_count=len(subjects) or returned,
        evidence=_evidence(reader, rows), parts=parts,
    )  # fmt: skip


def _part(kind: str, time: int, packs: list[str], party: str, shipped: int = 0, returned: int = 0) -> AlertPart:
    what, cause, why, severity = LIKELY[kind]
    pack = packs[0] if packs else ""
    words = what.format(n=len(packs) or returned, pack=pack, party=party, shipped=shipped)
    return AlertPart(time, words, cause, why, severity, NEXT, packs[:PACKS_MAX])


def _evidence(reader: Reader, rows: Iterable[Returned]) -> list[Evidence]:
    events = sorted({row.event for row in rows})[:20]
    return [
        Evidence("event", iso(body.time), "return", f"/epcis/events/{quote(body.event_id, safe='')}")
        for body in reader.event_bodies(events)
    ]


def _shipped(reader: Reader, parties: PartyTable, party: str, enough: int) -> int:
    """Count the packs that were ever shipped to a party, those in containers too, as far as they matter."""
    count = 0
    for positions in _events_of(reader, parties, party):
        heads = reader.event_heads(positions)
        sales = [
            position
            for position, head in heads.items()
            if head.biz_step in SENDS and party in {parties.one(gln) for gln in tos(head)}
            and not head.flags & Flag.DECLARATION
        ]  # fmt: skip
        for body in reader.event_bodies(sales):
            count += len(packs_of(reader, runs_of(body.canonical), enough - count))
            if count >= enough:
                return count
    return count


def _events_of(reader: Reader, parties: PartyTable, party: str) -> Iterator[list[int]]:
    """Give the events that a party is in, under any of its GLNs, some at a time."""
    seen: set[int] = set()
    for gln in parties.glns(party):
        number, after = number_of(f"p:{gln}"), -1
        while len(seen) < SHIPPED_EVENTS_MAX and (rows := reader.postings(number, after, 20)):
            after = rows[-1][1]
            positions = [p for first, _, steps in rows for p in positions_of(first, steps) if p not in seen]
            seen.update(positions)
            for at in range(0, len(positions), EVENTS_AT_ONCE):
                yield positions[at : at + EVENTS_AT_ONCE]
