"""Recalls: what one means, which packs it means, and how much it weighs for who asks. Pure.

An *issued* recall is this node's own; a *received* one came as a notice of the maker or an authority. Depth and class
are those of 21 CFR 7.41 and 7.42: a recall reaches the wholesale, the retail or the consumer level; it is class I, II
or III, or not yet classified. What cannot be told of a pack, because its lot or expiry is not known, is never taken
for "not recalled".
"""

from __future__ import annotations

import enum
import re

import msgspec

from rxtrail.core.rules.answer import Severity

DEPTHS = ("wholesale", "retail", "consumer")
CLASSES = ("I", "II", "III", "not yet classified")
STATES = ("draft", "review", "live", "withdrawn", "closed", "drill")
RECALL = "recall"
COUNTERFEIT = "counterfeit"
KINDS = (RECALL, COUNTERFEIT)
OUTCOMES = ("followed", "not-followed", "not-reached")  # of an effectiveness check
# The share of holders that is checked; B is what was agreed in the single case, and is given in per cent.
LEVELS = {"A": 1.0, "B": 0.5, "C": 0.1, "D": 0.02, "E": 0.0}
SOURCES = ("issued", "received")
_STANDS = frozenset({"live", "review", "closed"})
_UPSTREAM = frozenset({"maker", "repackager", "wholesaler", "3pl", "hub"})


class LotScope(msgspec.Struct, frozen=True, gc=False, order=True):
    """One lot, or with ``prefix`` all that begin so; ``expiry`` is ``YYYY-MM-DD``, ``YYYY-MM`` or "" for any."""

    lot: str
    expiry: str = ""
    prefix: bool = False


class SerialScope(msgspec.Struct, frozen=True, gc=False, order=True):
    """Serials from ``first`` to ``last`` of one length, or the one serial that both are, or all that begin so."""

    first: str
    last: str
    prefix: bool = False


class Span(msgspec.Struct, frozen=True, gc=False):
    """ISO dates from ``since`` to ``until``, both included; "" is open."""

    since: str = ""
    until: str = ""

    def __bool__(self) -> bool:
        """Tell whether it limits anything."""
        return bool(self.since or self.until)

    def holds(self, day: str) -> bool:
        """Tell whether a day lies within."""
        return (not self.since or self.since <= day) and (not self.until or day <= self.until)


class Scope(msgspec.Struct, frozen=True, gc=False):
    """Which packs are meant: all conditions that are given must hold."""

    gtins: list[str]
    lots: list[LotScope] = []
    serials: list[SerialScope] = []
    all_lots: bool = False
    expires: Span = Span()
    made: Span = Span()


class Response(msgspec.Struct, frozen=True, gc=False):
    """What a holder answered; counts are packs."""

    gln: str
    at: str
    by: str
    found: int = 0
    returned: int = 0
    destroyed: int = 0
    note: str = ""


class Step(msgspec.Struct, frozen=True, gc=False):
    """What somebody did with a recall, when and why."""

    at: str
    what: str
    by: str
    reason: str = ""


class Check(msgspec.Struct, frozen=True, gc=False):
    """What was found when it was checked whether a holder got the notice and did what it asks."""

    gln: str
    at: str
    by: str
    outcome: str
    note: str = ""


class Attached(msgspec.Struct, frozen=True, gc=False):
    """What was attached to a recall, such as the firm's letter; its content is kept beside it."""

    name: str
    media_type: str
    sha256: str
    size: int


class Recall(msgspec.Struct, frozen=True, gc=False):
    """One recall as this node keeps it."""

    id: str
    state: str
    source: str
    scope: Scope
    title: str
    reason: str
    classification: str = "not yet classified"
    depth: str = "retail"
    firm: str = ""
    number: str = ""  # the authority's, such as D-0115-2026
    notice: str = ""  # the text of the notice, as it came
    doubts: list[str] = []  # what was not understood of the notice
    opened_at: str = ""
    opened_by: str = ""
    live_since: str = ""
    history: list[Step] = []
    responses: list[Response] = []
    expected: dict[str, int] = {}  # packs on hand by holder (GLN) when it went live
    said_at: int = 0  # the time (microseconds) of the event that tells of it; what lifts it is later
    drill: bool = False  # a rehearsal: everything but the hold at the counters
    hub: str = ""  # the address of the hub that it came from, and where alone it is lifted
    kind: str = RECALL  # or counterfeit: what is named is not the maker's, whatever the record says
    answer_by: str = ""  # when every holder should have answered
    noticed: dict[str, str] = {}  # when the notice for a holder (GLN) was written
    acknowledged: dict[str, str] = {}  # when a holder said that it has the notice
    answer_hours: int = 0  # in which every holder should answer; 0: by class
    checks_level: str = "A"  # of effectiveness checks (21 CFR 7.42(b)(3))
    checks: list[Check] = []
    attachments: list[Attached] = []


class Fit(enum.Enum):
    """Whether a recall means a pack."""

    YES = "yes"
    MAYBE = "maybe"
    NO = "no"


class Ordered(msgspec.Struct, frozen=True, gc=False):
    """A recall that means, or may mean, the pack at hand."""

    recall: Recall
    fit: Fit
    why: str = ""  # of a maybe: what is not known or differs

    @property
    def code(self) -> str:
        """Give the code of the reason that it is in a verdict."""
        return "suspect" if self.recall.kind == COUNTERFEIT else "recalled"


def stands(recall: Recall) -> bool:
    """Tell whether scans are judged by it; a closed one still stands, since what was not found is not sold."""
    return recall.state in _STANDS and not recall.drill


def unanswered(recall: Recall) -> list[str]:
    """Give the holders that have not told what they found."""
    return sorted(recall.expected.keys() - {response.gln for response in recall.responses})


def overdue(recall: Recall, now: str) -> list[str]:
    """Give the holders that should have answered by now (ISO 8601); nobody while it neither holds nor is rehearsed."""
    is_due = recall.state in ("live", "drill") and bool(recall.answer_by) and recall.answer_by <= now
    return unanswered(recall) if is_due else []


def told_abroad(recall: Recall) -> Recall:
    """Give what other stations and sites need of a recall to judge by it: what it means, and none of who has what."""
    return msgspec.structs.replace(
        recall,
        notice="",
        doubts=[],
        opened_by="",
        history=[],
        responses=[],
        expected={},
        said_at=0,
        noticed={},
        acknowledged={},
        attachments=[],
        checks=[],
    )


def lot_text(lot: str) -> str:
    """Give a lot as lots are compared: people and scanners do not keep to capitals."""
    return lot.strip().upper()


def fit(scope: Scope, gtin: str, serial: str, lot: str, expiry: str, made: str) -> tuple[Fit, str]:
    """Tell whether a scope means a pack; lot, expiry (ISO) and day of making are "" where they are not known."""
    if gtin not in scope.gtins:
        return Fit.NO, ""
    maybe = ""
    if scope.lots:
        if not lot:
            maybe = "its lot is not known"
        else:
            named = [each for each in scope.lots if names_lot(each, lot)]
            if not named:
                return Fit.NO, ""
            if expiry and not any(_same_month(each.expiry, expiry) for each in named):
                maybe = "its lot is named, with another expiry"
    if scope.serials:
        if not serial:
            maybe = maybe or "its serial number is not known"
        elif not any(_within(each, serial) for each in scope.serials):
            return Fit.NO, ""
    for span, day, what in ((scope.expires, expiry, "expiry"), (scope.made, made, "day of making")):
        if span and not day:
            maybe = maybe or f"its {what} is not known"
        elif span and not span.holds(day):
            return Fit.NO, ""
    return (Fit.MAYBE, maybe) if maybe else (Fit.YES, "")


def means(recall: Recall, gtin: str, serial: str, lot: str, expiry: str, made: str) -> Ordered | None:
    """Tell whether a recall means a pack; None when it does not. What is not known of the pack is ""."""
    fits, why = fit(recall.scope, gtin, serial, lot, expiry, made)
    if fits is Fit.NO and recall.state == "review" and gtin in recall.scope.gtins:
        # Whatever was read of it: there is more in the notice, and nobody knows yet what.
        fits, why = Fit.MAYBE, "the notice was not read to its end"
    return Ordered(recall, fits, why) if fits is not Fit.NO else None


def names_lot(scope: LotScope, lot: str) -> bool:
    """Tell whether a lot is that which is named, or begins so."""
    text = lot_text(lot)
    return text.startswith(lot_text(scope.lot)) if scope.prefix else text == lot_text(scope.lot)


def _same_month(named: str, expiry: str) -> bool:
    return not named or named[:7] == expiry[:7]


_TAIL = re.compile(r"^(.*?)([0-9]+)$", re.DOTALL)


def _within(scope: SerialScope, serial: str) -> bool:
    if scope.prefix:
        return serial.startswith(scope.first)
    if scope.first == scope.last or len(serial) != len(scope.first):
        return serial == scope.first
    first, last, at_hand = (_TAIL.match(text) for text in (scope.first, scope.last, serial))
    if first and last and at_hand and first[1] == last[1] == at_hand[1]:
        return int(first[2]) <= int(at_hand[2]) <= int(last[2])
    return scope.first <= serial <= scope.last


def weigh(ordered: Ordered, role: str, purpose: str) -> Severity:
    """Weigh a recall for who asks: ``role`` is that of the place where the pack lies.

    A recall reaches everybody up to its depth. Below that, what a wholesaler must send back a pharmacy need only
    look at. A notice that nobody has read yet stops a pack of its products only when it is of class I.
    """
    recall = ordered.recall
    if purpose == "investigate":
        return Severity.CHECK
    if recall.state == "review":
        return Severity.STOP if recall.classification == "I" else Severity.CHECK
    if ordered.fit is Fit.MAYBE:
        return Severity.CHECK
    if recall.kind == COUNTERFEIT:
        return Severity.STOP
    if recall.depth == "wholesale" and role not in _UPSTREAM:
        return Severity.INFO if recall.classification == "III" else Severity.CHECK
    return Severity.STOP


_COMPARE = "Set aside. Compare lot and expiry with the recall."
_NOT_THE_MAKERS = "Put this pack in quarantine. Tell the pharmacist: it may have to be reported."


def _what(scope: Scope, lot: str) -> str:
    if scope.lots:
        return f"lot {lot}" if lot else "lots of this product"
    if scope.serials:
        return "by its serial number"
    return "by its expiry" if scope.expires else "by its day of making" if scope.made else "all lots"


def words(ordered: Ordered, lot: str) -> tuple[str, str]:
    """Give what is said of it, and what to do."""
    recall = ordered.recall
    what = _what(recall.scope, lot)
    classed = recall.classification if recall.classification == CLASSES[-1] else f"class {recall.classification}"
    told = ", ".join(part for part in (what, classed, recall.live_since[:10], recall.title) if part)
    if recall.state == "review":
        return f"A recall notice of this product waits to be read by a person: {recall.title}.", (
            "Set aside. Tell the pharmacist: the notice stands among the recalls."
        )
    if recall.kind == COUNTERFEIT:
        told = ", ".join(part for part in (what, recall.live_since[:10], recall.title) if part)
        if ordered.fit is Fit.MAYBE:
            return f"Perhaps named in a counterfeit notice ({told}): {ordered.why}.", _COMPARE
        return f"Named in a counterfeit notice: {told}.", _NOT_THE_MAKERS
    if ordered.fit is Fit.MAYBE:
        return f"Perhaps recalled ({told}): {ordered.why}.", _COMPARE
    if recall.depth == "wholesale":
        return f"Recalled at wholesale level: {told}.", "Do not send it on. At a pharmacy, ask the supplier."
    return f"Recalled: {told}.", "Put this pack in quarantine. Tell the pharmacist."
