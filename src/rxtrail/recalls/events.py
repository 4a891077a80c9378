"""A recall as EPCIS events, so that every partner that reads this record's events learns of it.

A lot is told as a class (CBV 2.0 disposition ``recalled``), single serials as instances. A recall of the wholesale
level, or of a span of dates, has no such words in the standard: it is kept as this node's own decision only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from rxtrail.core.epcis.event import OBJECT, Event, Quantity
from rxtrail.core.rules.recall import RECALL, names_lot
from rxtrail.core.rules.words import RECALLED, RELEASING
from rxtrail.ledger.batch import append_events
from rxtrail.ledger.prepare import prepare
from rxtrail.record.standing import identity_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from rxtrail.core.rules.authority import Authority
    from rxtrail.core.rules.recall import Recall, Scope
    from rxtrail.ledger.log import Log
    from rxtrail.store import Transaction


def says(tx: Transaction, log: Log, recall: Recall, authority: Authority, new_event_id: Callable[[], str]) -> None:
    """Append the event that tells of a recall, where EPCIS has words for it."""
    _append(tx, log, _classes(tx, recall), authority, new_event_id(), recall.said_at, "holding", RECALLED)


def lifts(
    tx: Transaction,
    log: Log,
    recall: Recall,
    others: Iterable[Recall],
    authority: Authority,
    new_event_id: Callable[[], str],
) -> None:
    """Append the event that lifts a recall, except from what another recall still means.

    What a hub said of it stands in the record as the word of this node, without a speaker, and is lifted so, too.
    """
    if not _has_words(recall):
        return
    # Read once: there may be thousands of recalls, each of which is held against all that was ever told of lots.
    told = _told_by_hub(tx, frozenset(recall.scope.gtins))
    shared = [near for other in others if (near := _about(other, recall.scope.gtins)) is not None]
    still = {each for other in shared for each in (*_classes(tx, other), *_heard(told, other))}
    meant = {*_classes(tx, recall), *(_heard(told, recall) if recall.hub else ())}
    lifted = sorted(meant - still)
    _append(
        tx,
        log,
        lifted,
        authority,
        new_event_id(),
        max(log.now, recall.said_at + 1),
        RELEASING,
        nameless=bool(recall.hub),
    )


def _append(
    tx: Transaction,
    log: Log,
    classes: list[str],
    authority: Authority,
    event_id: str,
    at: int,
    biz_step: str,
    disposition: str = "",
    *,
    nameless: bool = False,
) -> None:
    if not classes:
        return
    identity = identity_of(tx)
    speaker = identity.default_site or (identity.glns[0] if identity.glns else "")
    event = Event(
        kind=OBJECT,
        event_time=at,
        zone="+00:00",
        event_id=event_id,
        action="OBSERVE",
        biz_step=biz_step,
        disposition=disposition,
        quantities=[Quantity(each) for each in classes],
        read_point=f"414/{speaker}" if speaker else "",
    )
    said_by = "" if nameless else speaker
    append_events(tx, log, authority, [prepare(event, speaker=said_by)], speaker=said_by)


def _classes(tx: Transaction, recall: Recall) -> list[str]:
    """Give the classes that a recall means whole: products, or lots as they are spelt on record."""
    scope = recall.scope
    if not _has_words(recall):
        return []
    if scope.all_lots:
        return [f"01/{gtin}" for gtin in scope.gtins]
    return sorted({f"01/{gtin}/10/{lot}" for gtin in scope.gtins for lot in _spelt(tx, gtin, scope)})


def _about(recall: Recall, gtins: Iterable[str]) -> Recall | None:
    """Give what a recall means of these products, or None."""
    scope = recall.scope
    shared = sorted({*scope.gtins} & {*gtins}) if _has_words(recall) else []
    return msgspec.structs.replace(recall, scope=msgspec.structs.replace(scope, gtins=shared)) if shared else None


def _told_by_hub(tx: Transaction, gtins: frozenset[str]) -> set[tuple[str, str]]:
    """Give the products, and lots of them, that a hub has told are recalled."""
    return {
        (gtin, lot)
        for product, lot, step in tx.class_steps()
        if step.disposition == RECALLED and "" in step.speakers and (gtin := tx.gtin(product)) in gtins
    }


def _heard(told: Iterable[tuple[str, str]], recall: Recall) -> set[str]:
    """Give the classes that a recall means whole and a hub has told of; no pack of their lots need be on record."""
    scope = recall.scope
    gtins = {*scope.gtins} if _has_words(recall) else set()
    found: set[str] = set()
    for gtin, lot in told:
        if gtin in gtins:
            if scope.all_lots and not lot:
                found.add(f"01/{gtin}")
            elif lot and any(names_lot(each, lot) for each in scope.lots):
                found.add(f"01/{gtin}/10/{lot}")
    return found


def _has_words(recall: Recall) -> bool:
    """Tell whether EPCIS has words for what a recall means."""
    scope = recall.scope
    return recall.kind == RECALL and recall.depth != "wholesale" and not (scope.serials or scope.expires or scope.made)


def _spelt(tx: Transaction, gtin: str, scope: Scope) -> set[str]:
    known = tx.product(gtin)
    if known is None:
        return set()
    return {
        lot
        for lot, expiry in tx.lots_of_product(known[0])
        if lot and any(names_lot(each, lot) and each.expiry[:7] in ("", expiry[:7]) for each in scope.lots)
    }
