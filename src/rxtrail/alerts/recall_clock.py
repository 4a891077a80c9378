"""Recalls that wait for somebody: holders that should have answered, and notices that nobody has read within a day.

Nobody has to look for that. A recall tells in its own transaction that it has moved on (a row of ``recall-due``); when
its time has come it is looked at here, and what is late becomes an alert: one for a recall, with its late holders as
parts. Who answers is taken out of it, and the last answer explains it.
"""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Final

from rxtrail.alerts import filing
from rxtrail.alerts.values import CLOCK_US, Alert, AlertPart, Evidence
from rxtrail.core.rules.recall import COUNTERFEIT, Recall, overdue, unanswered
from rxtrail.record.orders import DUE, DUE_BEGUN, KIND, PAGE, decode, waits
from rxtrail.record.times import iso

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from rxtrail.alerts.filing import Filing
    from rxtrail.store import Reader

AT_ONCE: Final = 500
HOLDERS_MAX: Final = 200  # that are told one by one
RULE: Final = "recall"
SECOND_US: Final = 1_000_000


class RecallClock:
    """What the one process that judges asks, again and again."""

    def __init__(self, write: Callable[[Callable[[Filing], None]], None]) -> None:
        """Take what writes in one transaction."""
        self._write = write
        self._begun = False

    def has_work(self, reader: Reader) -> bool:
        """Tell whether any recall waits, or comes from before recalls told that they do."""
        return bool(reader.kept_from(DUE, (-1, ""), 1)) or self._is_older(reader)

    def step(self, reader: Reader, now: int) -> None:
        """Look at those recalls whose time has come."""
        if self._is_older(reader):
            self._write(_begin)
        self._begun = True
        due = [key for key, at, _ in reader.kept_from(DUE, (-1, ""), AT_ONCE) if at <= now]
        if due:
            here = _on_record(reader, due, now)
            self._write(lambda work: _look(work, due, here, now))

    def _is_older(self, reader: Reader) -> bool:
        if self._begun:
            return False
        return reader.kept(DUE_BEGUN, KIND) is None and bool(reader.kept_from(KIND, (-1, ""), 1))


def _begin(work: Filing) -> None:
    """Have all recalls of a record looked at that come from before they told of it themselves."""
    after = (-1, "")
    while rows := work.tx.kept_from(KIND, after, PAGE):
        for key, _, body in rows:
            if waits(decode(body)):
                work.tx.keep(DUE, key, 0, b"")
        after = (rows[-1][1], rows[-1][0])
    work.tx.keep(DUE_BEGUN, KIND, 0, b"")


def _on_record(reader: Reader, keys: Iterable[str], now: int) -> set[str]:
    """Give those of these recalls that wait for a reader and mean a product that is on record here.

    Asked before anything is written, one question a recall: each may mean thousands of products.
    """
    found: set[str] = set()
    for key in keys:
        row = reader.kept(KIND, key)
        recall = decode(row[1]) if row is not None else None
        if recall is None or recall.state != "review" or now < _microseconds(recall.opened_at) + CLOCK_US:
            continue
        if reader.products_known(recall.scope.gtins):
            found.add(key)
    return found


def _look(work: Filing, keys: Iterable[str], here: set[str], now: int) -> None:
    tx = work.tx
    for key in keys:
        row = tx.kept(KIND, key)
        later = _bring(work, decode(row[1]), now, is_here=key in here) if row is not None else 0
        if later:
            tx.keep(DUE, key, later, b"")
        else:
            tx.drop_kept(DUE, key)


def _bring(work: Filing, recall: Recall, now: int, *, is_here: bool) -> int:
    """Bring the alerts of a recall to what is true now; give when it is to be looked at again, 0 for never."""
    unread, late = filing.id_of("recall-unread", recall.id), filing.id_of("recall-late", recall.id)
    if recall.state in ("draft", "review"):
        begun = _microseconds(recall.opened_at)
        if now < begun + CLOCK_US:
            return begun + CLOCK_US
        if recall.state == "review" and not is_here:
            return now + CLOCK_US  # of nothing that is on record here; it may come
        work.open_or_add(_unread(recall, unread))
        return 0
    work.no_more(unread)
    holders = overdue(recall, iso(now))
    if holders:
        work.open_or_add(_late(recall, holders, late))
        return 0
    work.no_more(late)
    is_asked = recall.state in ("live", "drill") and recall.answer_by and unanswered(recall)
    return _microseconds(recall.answer_by) + SECOND_US if is_asked else 0


def _unread(recall: Recall, number: str) -> Alert:
    if recall.state == "draft":
        title, what = "A recall that waits to be approved", f"{recall.opened_by} opened it, and nobody has approved it."
        do = f"A second person looks at it and approves it, or withdraws it: rxtrail recall preview {recall.id}"
    else:
        title, what = "A recall notice that nobody has read", "It was not understood without a doubt, and waits."
        do = f"Read it, and say what it means: rxtrail recall confirm {recall.id}; or withdraw it with a reason."
    return _alert(recall, number, title, f"{_named(recall)}: {what}", do, recall.opened_at, {})


def _late(recall: Recall, holders: list[str], number: str) -> Alert:
    due = recall.answer_by[:16].replace("T", " ")
    packs = sum(recall.expected[gln] for gln in holders)
    count = f"{len(holders):,} holders have" if len(holders) > 1 else f"{holders[0]} has"
    what = f"{_named(recall)}: {count} not told by {due} UTC what became of {packs:,} packs."
    do = f"Ask again, then open cases: rxtrail recall escalate {recall.id}; close it with a reason if nobody answers."
    parts = {
        gln: AlertPart(
            _microseconds(recall.answer_by), f"{recall.expected[gln]:,} packs of it were there when it began to hold.",
            "process", "It has the notice." if gln in recall.acknowledged else "It never said that it has the notice.",
            _severity(recall), "Ask what was found, sent back and destroyed.", [],
        )
        for gln in holders[:HOLDERS_MAX]
    }  # fmt: skip
    return _alert(recall, number, "Holders that have not answered a recall", what, do, recall.answer_by, parts)


def _alert(
    recall: Recall, number: str, title: str, what: str, do: str, since: str, parts: dict[str, AlertPart]
) -> Alert:
    lots = recall.scope.lots
    why = "It is a rehearsal." if recall.drill else "Its time is over, and somebody has to look."
    return Alert(
        number, RULE, title, _severity(recall), "open", what, "process", why, do, "", since,
        product=recall.scope.gtins[0] if recall.scope.gtins else "", lot=lots[0].lot if lots else "",
        evidence=[Evidence("recall", recall.opened_at, recall.id, f"/recalls/{recall.id}")], parts=parts,
    )  # fmt: skip


def _severity(recall: Recall) -> str:
    is_grave = recall.classification == "I" or recall.kind == COUNTERFEIT
    return "stop" if is_grave and not recall.drill else "check"


def _named(recall: Recall) -> str:
    return f"Recall {recall.id} ({recall.title})"


def _microseconds(told: str) -> int:
    return round(datetime.datetime.fromisoformat(told).timestamp() * 1_000_000)
