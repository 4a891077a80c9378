"""Recalls: opened, looked at before they take hold, held at every counter at once, answered, and closed.

An issued recall takes hold when a second person approves it. A received notice takes hold at once when it was read
without a doubt; one with a doubt stands at the counter as a warning until a person has read it. Every step is a record
of the log.
"""

from __future__ import annotations

import base64
import datetime
import re
import unicodedata
from typing import TYPE_CHECKING, Final

import msgspec

from rxtrail.core.gs1 import check_digit, ndc
from rxtrail.core.rules.recall import (
    CLASSES,
    DEPTHS,
    KINDS,
    LEVELS,
    SOURCES,
    STATES,
    Recall,
    Scope,
    Step,
    stands,
    told_abroad,
    unanswered,
)
from rxtrail.errors import BadRequest, NotFound, Refused
from rxtrail.recalls import counting, following
from rxtrail.recalls.counting import PackOf, Place
from rxtrail.recalls.events import lifts, says
from rxtrail.recalls.incoming import Incoming, NoticesReport, open_fresh, sort_out, told_before
from rxtrail.recalls.notice import Report, asked_of, read_reports
from rxtrail.recalls.values import (
    ATTACHMENT_BYTES_MAX,
    ATTACHMENTS_MAX,
    GTINS_MAX,
    LOTS_MAX,
    NOTICE_CHARACTERS_MAX,
    SERIAL_CHARACTERS_MAX,
    SERIALS_MAX,
    TEXT_CHARACTERS_MAX,
    AskedRecall,
    Attachment,
    HolderCount,
    LotCount,
    RecallCommand,
    RecallPreview,
    RecallReport,
    RecallStatus,
)
from rxtrail.record.newest import newest
from rxtrail.record.orders import DUE, KIND, STANDING, decode, encode, numbered, standing, waits
from rxtrail.record.standing import authority_of, identity_of
from rxtrail.record.times import iso
from rxtrail.store.rows import RecordKind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from rxtrail.core.rules.authority import Authority
    from rxtrail.core.rules.recall import Attached
    from rxtrail.ledger.log import Log
    from rxtrail.ledger.writer import Writer
    from rxtrail.recalls.counting import CountHolders
    from rxtrail.store import Reader, Transaction

__all__ = [
    "ATTACHMENTS_MAX",
    "ATTACHMENT_BYTES_MAX",
    "MORE_MAX",
    "AskedRecall",
    "Attachment",
    "HolderCount",
    "Incoming",
    "LotCount",
    "NoticesReport",
    "PackOf",
    "Recall",
    "RecallCommand",
    "RecallDesk",
    "RecallPreview",
    "RecallReport",
    "RecallStatus",
    "Report",
    "asked_of",
    "open_fresh",
    "read_reports",
    "scope_of",
]

ID_BYTES: Final = 5
MORE_MAX: Final = 500
LOOKED_MAX: Final = 10_000  # packs, for one page of them
INDEX_DIGITS_MAX: Final = 9
NUMBER: Final = "recall-number"  # of what the store keeps: the recalls of an authority's number
ATTACHMENT: Final = "recall-attachment"  # by SHA-256
GTIN_LENGTHS: Final = (8, 12, 13, 14)
_FOLLOWS: Final = {
    "notice": ("noticed", "notices written"),
    "acknowledge": ("acknowledged", "acknowledged by"),
    "check": ("checked", "checked"),
    "escalate": ("escalated", "escalated"),
}
_CHANGES: Final = {
    "notice": following.noticed,
    "acknowledge": following.acknowledged,
    "check": following.checked,
}
_CONTROLS: Final = re.compile(r"[\x00-\x1f\x7f-\x9f]")
# Letters of other alphabets that look like Latin ones, small as names are compared; others than these do not.
_LOOKS_LIKE: Final = str.maketrans(
    "\u0430\u0432\u0435\u0456\u0458\u043a\u043c\u043d\u043e\u0440\u0455\u0441\u0442\u0443\u0445\u0501\u04bb\u051b\u051d\u04cf"
    "\u03b1\u03b2\u03b5\u03b6\u03b7\u03b9\u03ba\u03bc\u03bd\u03bf\u03c1\u03c4\u03c5\u03c7\u03f2\u0131",
    "abeijkmhopsctyxdhqwlabezhikmnoptyxci",
)
_encode = msgspec.msgpack.Encoder().encode


class RecallDesk:
    """The use case."""

    def __init__(
        self,
        writer: Callable[[], Writer],
        *,
        reader: Callable[[], Reader],
        count: CountHolders,
        today: Callable[[], datetime.date],
        now_us: Callable[[], int],
        seconds: Callable[[], float],
        random_bytes: Callable[[int], bytes],
        new_event_id: Callable[[], str],
        changed: Callable[[], None],
        has_hub: Callable[[], bool] = lambda: False,
    ) -> None:
        """Take what the use case needs.

        ``writer`` raises ``Busy`` where nothing may be written, ``reader`` gives the calling thread's reader, ``count``
        tells who holds a lot, ``changed`` is told in the transaction and after it, so that counters look again.
        ``has_hub``: whether this node has joined a hub, which then alone lifts what it sent down.
        """
        self._writer = writer
        self._reader = reader
        self._count = count
        self._today = today
        self._seconds = seconds
        self._now_us = now_us
        self._random = random_bytes
        self._new_event_id = new_event_id
        self._changed = changed
        self._has_hub = has_hub

    # -- looking ---------------------------------------------------------------------------------------------------

    def page(self, after: str = "", limit: int = 100, *, state: str = "") -> list[Recall]:
        """List recalls, the newest first, those after the one of this id.

        :raises BadRequest: a state that is none.
        :raises NotFound: there is no recall ``after``.
        """
        if state not in ("", *STATES):
            raise BadRequest(f"state {state!r} is none of {', '.join(STATES)}", place="state")
        return newest(
            self._reader(),
            KIND,
            decode,
            lambda each: state in ("", each.state),
            after=after,
            limit=limit,
            missing=_missing,
        )

    def get(self, number: str) -> Recall:
        """Give one recall; raises ``NotFound``."""
        return _read(self._reader(), number)[1]

    def preview(self, asked: AskedRecall | str) -> RecallPreview:
        """Tell which packs a recall means now and who has them: one that is asked for, or one that is kept.

        :raises BadRequest: what is asked is not whole.
        :raises NotFound: there is no recall of that id.
        """
        if isinstance(asked, str):
            kept = self.get(asked)
            scope, unread = kept.scope, kept.state == "review"
        else:
            unread = bool(asked.doubts)
            scope = _scope(asked) if unread else scope_of(asked)
        reader = self._reader()
        reader.hold_still()
        try:
            authority = authority_of(reader, self._today())
            return counting.preview(reader, authority, scope, self._count, self._seconds, unread=unread)
        finally:
            reader.let_go()

    def packs(self, number: str) -> Iterator[PackOf]:
        """Give the packs of a recall one by one; raises ``NotFound``."""
        reader = self._reader()
        scope = _read(reader, number)[1].scope
        return counting.packs(reader, authority_of(reader, self._today()), scope)

    def packs_page(self, number: str, holder: str, after: str, limit: int) -> tuple[list[PackOf], str]:
        """Give some packs of a recall behind a place, of one holder or of all (""), and the place behind them.

        Of a large lot of which the holder has little, so many are looked at as one page may cost: it may be short, or
        empty. The place is "" at the end.

        :raises NotFound: there is no such recall.
        :raises BadRequest: nothing like ``after`` is a place.
        """
        reader = self._reader()
        scope = _read(reader, number)[1].scope
        looked = counting.looked_at(reader, authority_of(reader, self._today()), scope, _read_place(after))
        found: list[PackOf] = []
        place = after
        for count, (at, pack) in enumerate(looked):
            if count == LOOKED_MAX or (pack is not None and len(found) == limit):
                return found, place
            if pack is not None and holder in ("", pack.in_transit_to or pack.custodian):
                found.append(pack)
            place = "-".join(map(str, at))
        return found, ""

    def status(self, number: str) -> RecallStatus:
        """Tell who has answered and how much was found; raises ``NotFound``."""
        recall = self.get(number)
        return following.status_of(recall, self.preview(number).holders, iso(self._now_us()))

    def incoming(self, wanted: list[AskedRecall]) -> Incoming:
        """Sort reports of a file or of an authority's API: which are to be opened, which were before."""
        reader = self._reader()
        known = numbered(reader)
        return sort_out(wanted, lambda number: _kept(reader, known.get(number, [])), scope_of, self.on_record)

    def on_record(self, gtins: list[str]) -> bool:
        """Tell whether a product of these is on record here."""
        reader = self._reader()
        return any(reader.product(gtin) is not None for gtin in gtins)

    def attachment(self, number: str, name: str) -> tuple[Attached, bytes]:
        """Give what was attached to a recall, by its name or SHA-256; raises ``NotFound``."""
        reader = self._reader()
        recall = _read(reader, number)[1]
        found = next((each for each in recall.attachments if name in (each.name, each.sha256)), None)
        kept = reader.kept(ATTACHMENT, found.sha256) if found is not None else None
        if found is None or kept is None:
            raise NotFound(f"nothing of that name is attached to recall {number[:40]}", place="attachment")
        return found, kept[1]

    def report(self, number: str) -> RecallReport:
        """Give what is kept of a recall when it ends, or how far it is; raises ``NotFound``."""
        recall, preview = self.get(number), self.preview(number)
        now = iso(self._now_us())
        return following.report_of(following.status_of(recall, preview.holders, now), preview, now)

    # -- acting ----------------------------------------------------------------------------------------------------

    def act(self, command: RecallCommand) -> Recall:
        """Carry out one step, durably.

        :raises BadRequest: nobody is named, or what is asked is not whole.
        :raises NotFound: there is no such recall.
        :raises Refused: its state does not allow the step, or one person may not take it alone.
        """
        for name, text, needed in (("by", command.by, True), ("reason", command.reason, False)):
            if (needed and not text.strip()) or len(text) > TEXT_CHARACTERS_MAX:
                raise BadRequest(
                    f"say {'who does it' if name == 'by' else 'why'}, in at most {TEXT_CHARACTERS_MAX} characters",
                    place=name,
                )
        if command.what == "open":
            if command.asked is None:
                raise BadRequest("a recall is opened with what it means", place="asked")
            if len(command.more) >= MORE_MAX:
                raise BadRequest(f"at most {MORE_MAX} recalls are opened at once", place="more")
            together: set[str] = set()
            writes = [self._open(command, asked, together) for asked in (command.asked, *command.more)]
            recall = self._writer().do(lambda tx, log: _all(writes, tx, log))
        else:
            steps = {
                "approve": self._approve,
                "confirm": self._confirm,
                "withdraw": self._withdraw,
                "close": self._close,
                "respond": self._respond,
                "notice": self._follow,
                "acknowledge": self._follow,
                "check": self._follow,
                "escalate": self._follow,
            }
            step = steps.get(command.what)
            if step is None:
                raise BadRequest(f"{command.what!r} is none of open, {', '.join(steps)}", place="what")
            recall = self._writer().do(lambda tx, log: step(tx, log, command))
        self._changed()
        return recall

    def _open(
        self, command: RecallCommand, asked: AskedRecall, together: set[str]
    ) -> Callable[[Transaction, Log], Recall]:
        """Give what opens a recall; raises ``BadRequest`` before anything is written.

        ``together`` are those that the same command opens: they were sorted out before, and none stands for another.
        """
        _check_words(asked)
        attached = following.attached(asked.attachments)
        doubts = list(asked.doubts)
        # With a doubt it may have no products yet: a person reads the notice and says which are meant.
        scope = _scope(asked) if doubts else scope_of(asked)
        # Of many reports those that are known were left out before; of one it is found out here, before the write.
        alone = bool(asked.number) and not command.more
        known = numbered(self._reader()).get(asked.number, []) if alone else []

        def write(tx: Transaction, log: Log) -> Recall:
            identity = identity_of(tx)
            authority = authority_of(tx, self._today())
            own = all(any(authority.is_issuer(gln, gtin) for gln in identity.glns) for gtin in scope.gtins)
            source = asked.source or ("issued" if identity.role == "hub" or (own and scope.gtins) else "received")
            there = [] if asked.drill else _of_number(tx, asked.number, known)
            decided = msgspec.structs.replace(asked, source=source)
            same = _same(decided, scope, [each for each in there if each.id not in together])
            if same is not None:
                raise Refused(
                    f"recall {same.id} is of the same notice {asked.number}",
                    place="number",
                    advice=f"Look at it with: rxtrail recall status {same.id}",
                )
            if asked.drill:
                state = "drill"
            elif source == "issued":
                state = "draft"
            else:
                state = "review" if doubts else "live"
            at = iso(log.now)
            number = self._new_id(tx)
            together.add(number)
            recall = Recall(
                number, state, source, scope, asked.title.strip() or _title(asked), asked.reason, asked.classification,
                asked.depth, asked.firm, asked.number, asked.notice, doubts, at, command.by, drill=asked.drill,
                history=[Step(at, "opened", command.by, command.reason)], kind=asked.kind,
                checks_level=asked.checks_level, answer_hours=asked.answer_hours, attachments=attached,
            )  # fmt: skip
            for attachment, told in zip(attached, asked.attachments, strict=True):
                tx.keep(ATTACHMENT, attachment.sha256, log.now, told.content)
            if asked.number and not asked.drill:
                tx.keep(NUMBER, asked.number, log.now, " ".join([*(each.id for each in there), number]).encode())
            if state in ("live", "drill"):
                recall = self._go_live(tx, log, recall, at, state)
            return self._write(tx, log, recall, log.now, "recall-opened")

        return write

    def _approve(self, tx: Transaction, log: Log, command: RecallCommand) -> Recall:
        at, recall = _read(tx, command.id)
        _demand(recall, "draft", "approved")
        if _name(command.by) == _name(recall.opened_by):
            raise Refused(
                f"{recall.opened_by} opened this recall, and cannot approve it too",
                place="by",
                advice="A second person looks at the preview and approves it.",
            )
        recall = self._go_live(tx, log, recall, iso(log.now), "live")
        return self._write(tx, log, _stepped(recall, log, "approved", command), at, "recall-approved")

    def _confirm(self, tx: Transaction, log: Log, command: RecallCommand) -> Recall:
        """A person has read the notice and says what it means."""
        at, recall = _read(tx, command.id)
        _demand(recall, "review", "confirmed")
        self._demand_ours(recall)
        if not command.reason.strip():
            raise BadRequest("say what you read the notice to mean", place="reason")
        scope = checked(command.scope if command.scope is not None else recall.scope)
        recall = msgspec.structs.replace(recall, scope=scope)
        recall = self._go_live(tx, log, recall, iso(log.now), "live")
        return self._write(tx, log, _stepped(recall, log, "confirmed", command), at, "recall-confirmed")

    def _withdraw(self, tx: Transaction, log: Log, command: RecallCommand) -> Recall:
        at, recall = _read(tx, command.id)
        if recall.state not in ("draft", "review", "live", "closed"):
            raise _not_now(recall, "withdrawn")
        if not command.reason.strip():
            raise BadRequest("a recall is withdrawn with a reason", place="reason")
        self._demand_ours(recall)
        held = recall.state in ("live", "closed") and not recall.drill
        if held and recall.source == "issued" and _name(command.by) == _name(_who_made_live(recall)):
            raise Refused(
                "who approved an issued recall cannot lift it alone", place="by", advice="Another person withdraws it."
            )
        if held:
            others = [each for each in standing(tx) if each.state != "review" and each.id != recall.id]
            lifts(tx, log, recall, others, self._authority(tx), self._new_event_id)
        recall = msgspec.structs.replace(_stepped(recall, log, "withdrawn", command), state="withdrawn")
        return self._write(tx, log, recall, at, "recall-withdrawn")

    def _close(self, tx: Transaction, log: Log, command: RecallCommand) -> Recall:
        """The recall is done with; packs that were not found stay recalled."""
        at, recall = _read(tx, command.id)
        if recall.state not in ("live", "drill"):
            raise _not_now(recall, "closed")
        silent = unanswered(recall)
        if silent and not command.reason.strip():
            raise Refused(
                f"{len(silent)} holders have not answered, such as {silent[0]}",
                place="reason",
                advice="Ask them again, or close it with a reason.",
            )
        recall = msgspec.structs.replace(_stepped(recall, log, "closed", command), state="closed")
        return self._write(tx, log, recall, at, "recall-closed")

    def _respond(self, tx: Transaction, log: Log, command: RecallCommand) -> Recall:
        at, recall = _read(tx, command.id)
        if recall.state not in ("live", "drill"):
            raise _not_now(recall, "answered")
        told = command.response
        if told is None or not (
            len(told.gln) == 13 and told.gln.isascii() and told.gln.isdigit() and check_digit.is_valid(told.gln)
        ):
            raise BadRequest("an answer names its holder by a 13-digit GLN", place="gln")
        if min(told.found, told.returned, told.destroyed) < 0:
            raise BadRequest("counts of packs are not below 0", place="found")
        response = msgspec.structs.replace(told, at=iso(log.now), by=command.by)
        others = [each for each in recall.responses if each.gln != response.gln]
        recall = msgspec.structs.replace(recall, responses=[*others, response])
        return self._write(tx, log, _stepped(recall, log, f"answer of {response.gln}", command), at, "recall-answered")

    def _follow(self, tx: Transaction, log: Log, command: RecallCommand) -> Recall:
        """A step that comes after it holds: notices, acknowledgements, effectiveness checks, escalation."""
        at, recall = _read(tx, command.id)
        what, words = _FOLLOWS[command.what]
        may = ("live", "drill", "closed") if command.what == "check" else ("live", "drill")
        if recall.state not in may:
            raise _not_now(recall, words)
        told = ""
        if command.what == "escalate":
            following.escalated(tx, log, recall, command, self._random)
        else:
            recall = _CHANGES[command.what](recall, log, command)
            told = f" {command.gln or len(command.holders)}"
        return self._write(tx, log, _stepped(recall, log, f"{words}{told}", command), at, f"recall-{what}")

    # -- writing ---------------------------------------------------------------------------------------------------

    def _demand_ours(self, recall: Recall) -> None:
        if recall.hub and self._has_hub():
            raise Refused(
                f"recall {recall.id} is that of the hub {recall.hub}",
                place="state",
                advice="It is read and lifted there, and then here by itself. Ask whoever runs the hub.",
            )

    def _authority(self, tx: Transaction) -> Authority:
        return authority_of(tx, self._today())

    def _go_live(self, tx: Transaction, log: Log, recall: Recall, at: str, state: str) -> Recall:
        """Have it take hold; who has the packs now is remembered, to tell later how many were found."""
        authority = self._authority(tx)
        seen = counting.preview(tx, authority, recall.scope, self._count, self._seconds)
        expected = {holder.gln: holder.reachable for holder in seen.holders if holder.gln and holder.reachable}
        recall = msgspec.structs.replace(
            recall,
            state=state,
            live_since=at,
            expected=expected,
            said_at=log.now,
            answer_by=following.answer_by(recall.classification, recall.answer_hours, log.now),
        )
        if state == "live":
            says(tx, log, recall, authority, self._new_event_id)
        return recall

    def _write(self, tx: Transaction, log: Log, recall: Recall, at: int, what: str) -> Recall:
        log.append(RecordKind.DECISION, b"\x01" + _encode([log.now, what, recall]))
        tx.keep(KIND, recall.id, at, encode(recall))
        if stands(recall):
            tx.keep(STANDING, recall.id, at, encode(told_abroad(recall)), tell=True)  # every counter keeps it in mind
        else:
            tx.drop_kept(STANDING, recall.id, tell=True)
        if waits(recall):
            tx.keep(DUE, recall.id, 0, b"")  # at once: who watches then says when the next time is
        self._changed()
        return recall

    def _new_id(self, tx: Transaction) -> str:
        while True:
            number = f"R-{base64.b32encode(self._random(ID_BYTES)).decode()}"
            if tx.kept(KIND, number) is None:
                return number


def _all(writes: list[Callable[[Transaction, Log], Recall]], tx: Transaction, log: Log) -> Recall:
    """Open all of them in one transaction; give the first."""
    first, *_ = [write(tx, log) for write in writes]
    return first


# -- what is asked -------------------------------------------------------------------------------------------------


def scope_of(asked: AskedRecall) -> Scope:
    """Give the packs that are asked for.

    :raises BadRequest: no product, an identifier that is none, or neither lots nor serials nor all lots.
    """
    return checked(_scope(asked))


def checked(scope: Scope) -> Scope:
    """Give a scope back when it is whole.

    :raises BadRequest: it names no product, or does not say which of its packs are meant.
    """
    if not scope.gtins:
        raise BadRequest("a recall names at least one product", place="gtins", advice="Give a GTIN or an NDC.")
    named = bool(scope.lots or scope.serials or scope.expires or scope.made)
    if scope.all_lots and scope.lots:
        raise BadRequest("all lots, or these lots: not both", place="all_lots")
    if not (named or scope.all_lots):
        raise BadRequest(
            "say which packs are meant",
            place="lots",
            advice="Name lots, serial numbers or a span of dates, or say that all lots are meant.",
        )
    for span, place in ((scope.expires, "expires"), (scope.made, "made")):
        for day in (span.since, span.until):
            if day and not _is_day(day):
                raise BadRequest(f"{day!r} is not a date such as 2027-09-30", place=place)
        if span.since and span.until and span.since > span.until:
            raise BadRequest("a span of dates begins after it ends", place=place)
    for serial in scope.serials:
        if serial.prefix:
            if not 0 < len(serial.first) <= SERIAL_CHARACTERS_MAX:
                raise BadRequest("what serial numbers begin with has 1 to 20 characters", place="serials")
            continue
        if not serial.first or len(serial.first) > SERIAL_CHARACTERS_MAX or len(serial.last) != len(serial.first):
            raise BadRequest("serial numbers are from one to another of the same length", place="serials")
        if serial.last < serial.first:
            raise BadRequest(
                f"serial numbers from {serial.first} to {serial.last}: the wrong way round", place="serials"
            )
    for lot in scope.lots:
        if not 0 < len(lot.lot.strip()) <= 20:
            raise BadRequest(f"{lot.lot[:40]!r} is not a lot: it has 1 to 20 characters", place="lots")
        if lot.expiry and not (_is_day(lot.expiry) or _is_day(f"{lot.expiry}-01")):
            raise BadRequest(f"{lot.expiry!r} is not an expiry such as 2027-09-30 or 2027-09", place="lots")
    return scope


def _scope(asked: AskedRecall) -> Scope:
    for what, limit in (("gtins", GTINS_MAX), ("ndcs", GTINS_MAX), ("lots", LOTS_MAX), ("serials", SERIALS_MAX)):
        if len(getattr(asked, what)) > limit:
            raise BadRequest(f"a recall has at most {limit:,} {what}", place=what, advice="Open several.")
    gtins: dict[str, None] = {}
    for gtin in asked.gtins:
        whole = gtin.strip().zfill(14)
        if not (
            len(gtin.strip()) in GTIN_LENGTHS and whole.isascii() and whole.isdigit() and check_digit.is_valid(whole)
        ):
            raise BadRequest(f"{gtin[:40]!r} is not a GTIN with a right check digit", place="gtins")
        gtins[whole] = None
    for text in asked.ndcs:
        gtins.update(dict.fromkeys(ndc.to_gtin(text, level) for level in range(ndc.INDICATOR_MAX + 1)))
    return Scope(list(gtins), asked.lots, asked.serials, asked.all_lots, asked.expires, asked.made)


def _check_words(asked: AskedRecall) -> None:
    for name, value, known in (
        ("classification", asked.classification, CLASSES),
        ("depth", asked.depth, DEPTHS),
        ("source", asked.source or SOURCES[0], SOURCES),
        ("kind", asked.kind, KINDS),
        ("checks_level", asked.checks_level, tuple(LEVELS)),
    ):
        if value not in known:
            raise BadRequest(f"{name} {value[:40]!r} is none of {', '.join(known)}", place=name)
    for name in ("title", "reason", "firm", "number"):
        if len(getattr(asked, name)) > TEXT_CHARACTERS_MAX:
            raise BadRequest(f"the {name} has at most {TEXT_CHARACTERS_MAX} characters", place=name)
    if _CONTROLS.search(asked.number):
        raise BadRequest("control characters in the number", place="number")
    if not 0 <= asked.answer_hours <= following.HOURS_MAX:
        raise BadRequest(f"holders answer in 1 to {following.HOURS_MAX:,} hours", place="answer_hours")
    if len(asked.notice) > NOTICE_CHARACTERS_MAX:
        raise BadRequest(f"a notice has at most {NOTICE_CHARACTERS_MAX:,} characters", place="notice")


def _title(asked: AskedRecall) -> str:
    lots = ", ".join(lot.lot for lot in asked.lots[:3]) or ("all lots" if asked.all_lots else "")
    return f"{(asked.gtins or asked.ndcs or ['?'])[0]} {lots}".strip()


def _is_day(text: str) -> bool:
    try:
        datetime.date.fromisoformat(text)
    except ValueError:
        return False
    return len(text) == len("YYYY-MM-DD")


# -- one that is kept ----------------------------------------------------------------------------------------------


def _read(reader: Reader, number: str) -> tuple[int, Recall]:
    row = reader.kept(KIND, number) if number.isprintable() else None  # PostgreSQL takes no NUL in a text
    if row is None:
        raise _missing(number)
    return row[0], decode(row[1])


def _read_place(text: str) -> Place | None:
    if not text:
        return None
    product, _, rest = text.partition("-")
    span, dash, serial = rest.partition("-")
    numbers = all(each.isascii() and each.isdigit() and len(each) <= INDEX_DIGITS_MAX for each in (product, span))
    if not (dash and numbers) or "\0" in serial:
        raise BadRequest("no page begins there", place="after", advice="Take the address of the page before: next.")
    return Place(int(product), int(span), serial)


def _of_number(reader: Reader, number: str, known: Iterable[str]) -> list[Recall]:
    """Give the recalls that were opened by an authority's number, in this order; of ``known`` it is known."""
    row = reader.kept(NUMBER, number) if number else None
    return _kept(reader, dict.fromkeys([*known, *(row[1].decode().split() if row is not None else ())]))


def _kept(reader: Reader, numbers: Iterable[str]) -> list[Recall]:
    kept = [reader.kept(KIND, each) for each in numbers]
    return [decode(each[1]) for each in kept if each is not None]


def _same(asked: AskedRecall, scope: Scope, there: list[Recall]) -> Recall | None:
    """Give a recall that says what a notice says already; one of another class or of more packs does not."""
    before = told_before(asked, scope.gtins, there)
    return next((each for each in before if each.state != "withdrawn" and each.scope == scope), None)


def _stepped(recall: Recall, log: Log, what: str, command: RecallCommand) -> Recall:
    step = Step(iso(log.now), what, command.by, command.reason)
    return msgspec.structs.replace(recall, history=[*recall.history, step])


def _who_made_live(recall: Recall) -> str:
    return next((step.by for step in reversed(recall.history) if step.what == "approved"), "")


def _name(text: str) -> str:
    """Give a name as names are compared: "A. Kim" and "a.kim" are one person.

    In letters of full width too, and in Cyrillic or Greek ones that look like these. Who gives another name is another
    person here: it is for those who hand out keys to see that each has their own.
    """
    name = unicodedata.normalize("NFKC", text).casefold().translate(_LOOKS_LIKE)
    return "".join(letter for letter in name if letter.isalnum())


def _demand(recall: Recall, state: str, done: str) -> None:
    if recall.state != state:
        raise _not_now(recall, done)


def _not_now(recall: Recall, done: str) -> Refused:
    last = recall.history[-1]
    return Refused(
        f"recall {recall.id} is {recall.state} since {last.at[:16]} by {last.by}, and cannot be {done}", place="state"
    )


def _missing(number: str) -> NotFound:
    return NotFound(f"no recall {number[:40]}", place="recall", advice="List the recalls with: rxtrail recall list")
