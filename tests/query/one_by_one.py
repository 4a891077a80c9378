"""Who holds a lot, asked the slow way: the counter's own facts of every single package."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from rxtrail.core.rules.words import END_RANKS
from rxtrail.query.holders import holders
from rxtrail.record.exact import container_state, unit_state
from rxtrail.record.facts import Memory, Pending, Recalls, find
from rxtrail.record.standing import as_seen_by, authority_of, identity_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rxtrail.answers import Holders
    from rxtrail.record.exact import Exact
    from rxtrail.store import Reader
    from tests.story import Scene


class Held(NamedTuple):
    """Where one package is, as far as it is shown."""

    state: str
    custodian: str
    location: str
    to: str
    disposition: str
    holds: tuple[str, ...]


def told(answer: Holders) -> tuple[Counter[Held], dict[Held, set[str]]]:
    """What an answer says: packages, and outermost containers, of each share."""
    packs: Counter[Held] = Counter()
    containers: dict[Held, set[str]] = {}
    for share in answer.holders:
        held = Held(
            share.state,
            share.custodian.id,
            share.location.id,
            share.in_transit_to.id,
            share.disposition,
            tuple(share.holds),
        )
        assert held not in packs
        assert share.containers_count == len(share.containers)
        packs[held] = share.packs
        containers[held] = {*share.containers, *([""] if share.loose else [])}
    return packs, containers


def only_packs(hub: Scene, gtin: str, lot: str, expiry: str = "") -> tuple[bool, int]:
    """How many packages the same question counts that does not ask where they are, and whether it finds any."""
    reader = hub.node._reader()
    authority = authority_of(reader, hub.time.today())
    answer = holders(reader, authority, gtin, lot, expiry=expiry, only_packs=True)
    assert (answer.holders, answer.by_state) == ([], {})
    return answer.found, answer.packs


def one_by_one(hub: Scene, gtin: str, lot: str, expiry: str = "") -> tuple[Counter[Held], dict[Held, set[str]]]:
    reader = hub.node._reader()
    authority = authority_of(reader, hub.time.today())
    identity = identity_of(reader)
    recalls = Recalls()
    recalls.load(reader, authority)
    packs: Counter[Held] = Counter()
    containers: dict[Held, set[str]] = {}
    for serial, exact in _each(hub, reader, gtin):
        facts = find(reader, authority, recalls, gtin, serial, "", Pending(), Memory()).facts
        if not facts.on_record or facts.lot != lot or expiry not in ("", facts.expiry):
            continue
        custody = as_seen_by(identity, facts.custody)
        to = custody.to[0] if custody.to else ""
        holds = tuple(sorted({*facts.holds, *facts.doubts}))
        if facts.disposition in END_RANKS:
            state = "dispensed" if facts.disposition in ("dispensed", "partially_dispensed") else "ended"
        elif holds:
            state = "on-hold"
        elif to:
            state = "in-transit"
        else:
            state = "on-hand" if custody.custodian or custody.location else "unknown"
        held = Held(state, custody.custodian, custody.location, to, facts.disposition, holds)
        packs[held] += 1
        outermost = exact.containers[-1] if exact.containers else 0
        key = reader.containers([outermost])[outermost].key if outermost else ""
        containers.setdefault(held, set()).add(key)
    return packs, containers


def _each(hub: Scene, reader: Reader, gtin: str) -> Iterator[tuple[str, Exact]]:
    authority = authority_of(reader, hub.time.today())
    after = (0, "")
    while page := reader.units_from(after, 500):
        for product, row in page:
            if reader.gtin(product) == gtin:
                yield row.serial, unit_state(reader, authority, product, row.serial, row)
        after = (page[-1][0], page[-1][1].serial)
    number = 0
    while rows := reader.containers_from(number, 500, packages_only=True):
        for case in rows:
            if case.key[3:17] == gtin:
                yield case.key[21:], container_state(reader, authority, case)
        number = rows[-1].id
