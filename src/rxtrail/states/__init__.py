"""State changes that a person orders: dispense, receive, hold, return and their kin, as writes that wait.

Each change is judged and written in one transaction of the one writer, so that two counters cannot hand over the
same pack in the same instant; it is also an EPCIS event, like everybody's. The same key within ten minutes gives the
first answer again.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import msgspec

from rxtrail.answers import ChangeReceipt, CountIn, CountInReceipt
from rxtrail.core.epcis.event import OBJECT, Event, Typed
from rxtrail.core.gs1.runs import EpcRun
from rxtrail.core.gs1.scan import Scan, read_scan
from rxtrail.core.rules.answer import Answer, Severity, Verdict
from rxtrail.core.rules.steps import Doubt, Flag
from rxtrail.core.rules.words import COUNTING_IN, REACTIVATING, RELEASING, is_making
from rxtrail.errors import BadRequest, Busy, NotFound, Refused
from rxtrail.ledger.batch import append_events
from rxtrail.ledger.prepare import prepare
from rxtrail.record.contents import contents_of
from rxtrail.record.exact import container_state, unit_state
from rxtrail.record.standing import identity_of
from rxtrail.record.times import iso
from rxtrail.store.rows import RecordKind

if TYPE_CHECKING:
    import datetime
    from collections.abc import Callable, Sequence

    from rxtrail.ledger.log import Log
    from rxtrail.ledger.writer import Writer
    from rxtrail.record.judge import Judge
    from rxtrail.store import Reader, Transaction

REPEAT_US = 600 * 1_000_000
TEXT_CHARACTERS_MAX = 500
CONTENTS_JUDGED_MAX = 20_000
CONTENTS_MAX = 1_000_000


class Order(msgspec.Struct, frozen=True, gc=False):
    """One ordered change, as it came."""

    verb: str
    code: str
    site: str = ""
    key: str = ""
    partial: str = ""
    ref: str = ""
    reason: str = ""
    by: str = ""
    to: str = ""
    override: str = ""


class _Verb(msgspec.Struct, frozen=True, gc=False):
    """What a change is in EPCIS words, and when it may be made."""

    biz_step: str
    disposition: str
    action: str = "OBSERVE"
    purpose: str = "investigate"
    judged: bool = False  # only on ok, or on check with an override
    needs_reason: bool = False
    from_: tuple[str, ...] = ()  # dispositions it may be made from; empty is any that is not ended


OPEN = ("active", "returned", "partially_dispensed", "")
ENDED_BUT_HERE = ("dispensed", "decommissioned", "partially_dispensed", "sample", "returned")
VERBS = {
    "dispense": _Verb("dispensing", "dispensed", purpose="dispense", judged=True),
    "receive": _Verb("receiving", "in_progress", purpose="receive"),
    "decommission": _Verb("decommissioning", "inactive", action="DELETE"),
    "destroy": _Verb("destroying", "destroyed", action="DELETE", from_=(*OPEN, "dispensed", "decommissioned")),
    "reactivate": _Verb(REACTIVATING, "active", needs_reason=True, from_=ENDED_BUT_HERE),
    "hold": _Verb("holding", "non_sellable_other", needs_reason=True),
    "release": _Verb(RELEASING, "active", needs_reason=True),
    "return": _Verb("shipping", "returned"),
}  # fmt: skip
# Reasons that a receipt may carry without being refused: the data may be late, the pack is in hand all the same.
RECEIVABLE = frozenset(
    {"no-transaction-data", "not-shipped-to-you", "custody-open", "lot-unknown", "opening-stock", "unreachable"}
)


UNKNOWN = frozenset({"unknown-serial", "unknown-product", "no-transaction-data"})


class States:
    """The use case, with what it needs given once."""

    def __init__(
        self,
        writer: Writer,
        *,
        today: Callable[[], datetime.date],
        new_event_id: Callable[[], str],
        judge: Callable[[Reader | None], Judge],
        reader: Callable[[], Reader],
        changed: Callable[[], None],
    ) -> None:
        """Take what the use case needs.

        ``judge`` gives a judge that follows the record: of the calling thread's reader for None, else of the given
        transaction. ``reader`` gives the calling thread's reader. ``changed`` is told after each commit.
        """
        self._judge_of = judge
        self._reader = reader
        self._writer = writer
        self._today = today
        self._new_event_id = new_event_id
        self._changed = changed
        self._moment = 0

    def change(self, order: Order) -> ChangeReceipt:
        """Carry out one change and wait until it is durable.

        :raises BadRequest: the order does not fit its verb.
        :raises NotFound: the thing is not on record.
        :raises Refused: the record does not allow it; nothing was written.
        :raises Busy: a file that speaks of the pack is still being written.
        """
        verb = VERBS.get(order.verb)
        if verb is None:
            raise BadRequest(f"{order.verb!r} is none of {', '.join(VERBS)}", place="verb")
        _check(order, verb)
        # What is inside a container is judged before the write: nobody else need wait for ten thousand packs.
        scan = read_scan(order.code, this_year=self._today().year)
        by_verdict = self._judge_contents(order, verb, scan.sscc) if scan.sscc else {}
        receipt = self._writer.do(lambda tx, log: self._change(tx, log, order, verb, by_verdict))
        if not receipt.repeated:
            self._changed()
        return receipt

    def _change(
        self, tx: Transaction, log: Log, order: Order, verb: _Verb, by_verdict: dict[str, int]
    ) -> ChangeReceipt:
        now = self._tick(log)
        answer_key = _answer_key(order) if order.key else ""
        if answer_key:
            earlier = tx.answered(answer_key)
            if earlier is not None and now - earlier[0] < REPEAT_US:
                return msgspec.structs.replace(msgspec.msgpack.decode(earlier[1], type=ChangeReceipt), repeated=True)
        identity = identity_of(tx)
        site = order.site or identity.default_site or (identity.glns[0] if identity.glns else "")
        order = msgspec.structs.replace(order, site=site)
        today = self._today()
        scan = read_scan(order.code, this_year=today.year)
        if scan.sscc:
            receipt = self._change_container(tx, log, order, verb, scan, now, by_verdict)
        else:
            receipt = self._change_pack(tx, log, order, verb, scan, now)
        if answer_key:
            tx.add_answered(answer_key, now, msgspec.msgpack.encode(receipt))
        return receipt

    def _tick(self, log: Log) -> int:
        """Give the time of a command: later than the one before, also when the clock stands still or is set back.

        Only the writing thread asks. There is room before each for the receipt that a dispensing implies.
        """
        self._moment = max(log.now, self._moment + 2)
        return self._moment

    def _judge(self, tx: Transaction, code: str, site: str, purpose: str) -> Verdict:
        return self._judge_of(tx).judge(code, site=site, purpose=purpose)

    # -- one pack --------------------------------------------------------------------------------------------------

    def _change_pack(self, tx: Transaction, log: Log, order: Order, verb: _Verb, scan: Scan, now: int) -> ChangeReceipt:
        if not scan.gtin or not scan.serial or scan.fault:
            raise BadRequest(
                f"no pack can be read from the code ({scan.fault or 'no serial number'})",
                place="code",
                advice="Scan the square (2D) code.",
            )
        verdict = self._judge(tx, order.code, order.site, verb.purpose)
        self._allow(order, verb, verdict)
        epcs = [EpcRun(f"01/{scan.gtin}/21/", [scan.serial])]
        if order.verb == "dispense" and self._awaits(tx, scan, order.site):
            # Handing it over implies that it had arrived (SURFACES, "Whose record").
            self._append(tx, log, self._event(order, VERBS["receive"], now - 1, epcs, partial=False), order.site)
        event = self._event(order, verb, now, epcs, partial=bool(order.partial) and order.verb == "dispense")
        position = self._append(tx, log, event, order.site)
        self._decide(tx, log, order, verdict, position, now)
        after = self._judge(tx, order.code, order.site, verb.purpose)
        _must_have_worked(order, verdict, after)
        epc, disposition = f"01/{scan.gtin}/21/{scan.serial}", after.state.disposition
        return ChangeReceipt(order.verb, epc, disposition, event.event_id, position, iso(now), verdict)

    def _awaits(self, tx: Transaction, scan: Scan, site: str) -> bool:
        """Tell whether the record has a pack on its way to this site."""
        product = tx.product(scan.gtin)
        if product is None or not site:
            return False
        authority = self._judge_of(tx).authority
        unit = tx.units_of(product[0], [scan.serial]).get(scan.serial)
        if unit is not None:
            to = unit_state(tx, authority, product[0], scan.serial, unit).custody.to
        else:
            row = tx.container(f"01/{scan.gtin}/21/{scan.serial}")
            to = container_state(tx, authority, row).custody.to if row is not None else ()
        return any(authority.same_party(site, gln) for gln in to)

    @staticmethod
    def _allow(order: Order, verb: _Verb, verdict: Verdict) -> None:
        """Refuse what the record does not allow; an override lifts amber, never red."""
        first = verdict.reasons[0] if verdict.reasons else None
        if verb.judged:
            if verdict.verdict in (Answer.OK, Answer.NOT_COVERED):
                return
            assert first is not None, "a verdict that is not ok has a reason"
            said = f"{verdict.headline}: {first.message}"
            if verdict.verdict is Answer.UNCONFIRMED:
                raise Busy(said, place=first.code, advice=first.next)
            if verdict.verdict is Answer.CHECK and order.override:
                return
            may_override = " A named person may override amber with a reason."
            advice = first.next + (may_override if verdict.verdict is Answer.CHECK else "")
            raise Refused(said, place=first.code, advice=advice)
        if order.verb == "receive":
            stops = [r for r in verdict.reasons if r.severity is Severity.STOP and r.code not in RECEIVABLE]
            if stops:
                raise Refused(f"{verdict.headline}: {stops[0].message}", place=stops[0].code, advice=stops[0].next)
            return
        if first is not None and any(reason.code in UNKNOWN for reason in verdict.reasons):
            raise NotFound(first.message, place=first.code, advice=first.next)
        if order.verb in ("hold", "release"):
            return
        disposition = verdict.state.disposition
        taken_back = order.verb == "reactivate" and Doubt.END_DECLARED_WRONG.value in verdict.state.holds
        if disposition not in (verb.from_ or OPEN) and not taken_back:
            raise Refused(
                f"cannot {order.verb}: the pack is {disposition or 'unknown'}",
                place=disposition,
                advice="Look at its journey first.",
            )

    # -- a container -----------------------------------------------------------------------------------------------

    def _judge_contents(self, order: Order, verb: _Verb, sscc: str) -> dict[str, int]:
        """Count the packs inside a container by what a scan of each would be told."""
        reader, judge = self._reader(), self._judge_of(None)
        row = reader.container(f"00/{sscc}")
        by_verdict: dict[str, int] = {}
        if row is not None:
            contents = contents_of(reader, judge.authority, row, limit=CONTENTS_MAX)
            for gtin, serial, lot, yymmdd in contents[:CONTENTS_JUDGED_MAX]:
                code = f"(01){gtin}(21){serial}" + (f"(17){yymmdd}" if yymmdd else "") + (f"(10){lot}" if lot else "")
                answer = judge.judge(code, site=order.site, purpose=verb.purpose).verdict.value
                by_verdict[answer] = by_verdict.get(answer, 0) + 1
            if len(contents) > CONTENTS_JUDGED_MAX:
                # Not judged is not ok; each is judged when it is scanned.
                unjudged = len(contents) - CONTENTS_JUDGED_MAX
                by_verdict[Answer.UNCONFIRMED.value] = by_verdict.get(Answer.UNCONFIRMED.value, 0) + unjudged
        return by_verdict

    def _change_container(
        self, tx: Transaction, log: Log, order: Order, verb: _Verb, scan: Scan, now: int, by_verdict: dict[str, int]
    ) -> ChangeReceipt:
        """Change a container as a whole: its row moves, its contents are inferred, never written."""
        if order.verb not in ("receive", "hold", "release", "return"):
            raise BadRequest(
                f"a container cannot be {order.verb}d as a whole", place="code", advice="Scan the packs one by one."
            )
        key = f"00/{scan.sscc}"
        row = tx.container(key)
        if row is None:
            raise NotFound(
                f"SSCC {scan.sscc} is not on record",
                place="no-transaction-data",
                advice="Load the supplier's file, or scan the packs.",
            )
        exact = container_state(tx, self._judge_of(tx).authority, row)
        event = self._event(order, verb, now, [EpcRun("00/", [scan.sscc])], partial=False)
        position = self._append(tx, log, event, order.site)
        self._decide(tx, log, order, None, position, now)
        return ChangeReceipt(
            verb=order.verb,
            epc=key,
            disposition=_after(order.verb, exact.state.disposition or "active"),
            event_id=event.event_id,
            log_index=position,
            recorded_at=iso(now),
            contents=sum(by_verdict.values()),
            by_verdict=by_verdict,
        )

    # -- writing ---------------------------------------------------------------------------------------------------

    def _event(self, order: Order, verb: _Verb, now: int, epcs: list[EpcRun], *, partial: bool) -> Event:
        place = f"414/{order.site}" if order.site else ""
        sends = verb.biz_step == "shipping"
        return Event(
            kind=OBJECT,
            event_time=now,
            zone="+00:00",
            event_id=self._new_event_id(),
            action=verb.action,
            biz_step=verb.biz_step,
            disposition="partially_dispensed" if partial else verb.disposition,
            epcs=epcs,
            read_point=place,
            biz_location="" if sends else place,
            sources=[Typed("owning_party", f"417/{order.site}")] if sends and order.site else [],
            destinations=[Typed("owning_party", f"417/{order.to}")] if sends else [],
        )

    def _append(self, tx: Transaction, log: Log, event: Event, site: str) -> int:
        speaker = site
        prepared = prepare(event, speaker=speaker, flags=Flag.COMMAND)
        appended = append_events(tx, log, self._judge_of(tx).authority, [prepared], speaker=speaker)
        return appended.positions[0]

    @staticmethod
    def _decide(tx: Transaction, log: Log, order: Order, verdict: Verdict | None, position: int, now: int) -> None:
        """Record who ordered what, why, and on which verdict: the prescription reference stays in this record only."""
        answer = verdict.verdict.value if verdict is not None else ""
        codes = [reason.code for reason in verdict.reasons] if verdict is not None else []
        decision = [
            now, position, order.verb, order.site, order.by, order.reason, order.override, order.partial, order.ref,
            order.key, answer, codes,
        ]  # fmt: skip
        kind = RecordKind.DECISION if order.override else RecordKind.COMMAND
        log.append(kind, b"\x01" + msgspec.msgpack.encode(decision), party=tx.name_id(order.site))

    # -- opening stock ---------------------------------------------------------------------------------------------

    def count_in(self, rows: Sequence[CountIn], *, by: str, supplier: str, ref: str, site: str = "") -> CountInReceipt:
        """Count in packs received before the record began: whole, or not at all for a row that cannot be read.

        :raises BadRequest: nobody is named, there are no rows, or one of them cannot be read.
        """
        if not by:
            raise BadRequest("opening stock needs the name of who counted", place="by", advice="Give --by NAME.")
        if not rows:
            raise BadRequest("there is nothing to count in", place="rows")
        _check_texts(by=by, supplier=supplier, ref=ref, site=site)
        if site and not _is_gln(site):
            raise BadRequest(f"site {site!r} is not a 13-digit GLN", place="site")
        receipt = self._writer.do(lambda tx, log: self._count_in(tx, log, rows, by, supplier, ref, site))
        self._changed()
        return receipt

    def _count_in(
        self, tx: Transaction, log: Log, rows: Sequence[CountIn], by: str, supplier: str, ref: str, site: str
    ) -> CountInReceipt:
        now = self._tick(log)
        year = self._today().year
        identity = identity_of(tx)
        site = site or identity.default_site or (identity.glns[0] if identity.glns else "")
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
                kind=OBJECT, event_time=now, zone="+00:00", event_id=self._new_event_id(), action="OBSERVE",
                biz_step=COUNTING_IN, disposition="active", epcs=[EpcRun(f"01/{gtin}/21/", new)],
                read_point=f"414/{site}" if site else "", biz_location=f"414/{site}" if site else "",
                ilmd={"{urn:epcglobal:cbv:mda}lotNumber": lot, "{urn:epcglobal:cbv:mda}itemExpirationDate": expiry},
                extensions={_OWN + "countedBy": by, _OWN + "supplier": supplier, _OWN + "paper": ref},
            )  # fmt: skip
            prepared = prepare(event, speaker=site, flags=Flag.COUNTED_IN | Flag.COMMAND)
            appended = append_events(tx, log, self._judge_of(tx).authority, [prepared], speaker=site)
            counted += len(new)
            if first_position < 0:
                first_position = appended.positions[0]
        return CountInReceipt(counted, already, refused, first_position)


def _must_have_worked(order: Order, before: Verdict, after: Verdict) -> None:
    """Refuse a change that the record does not follow, so that a receipt never says what is not so."""
    state = after.state
    if order.verb == "reactivate" and state.disposition == before.state.disposition and state.disposition != "active":
        advice = "A statement that came in says so with a later time than now. Look at its journey."
        raise Refused(f"cannot reactivate: the pack stays {state.disposition}", place=state.disposition, advice=advice)
    if order.verb == "release" and before.state.holds and state.holds == before.state.holds:
        advice = f"Release its container: {state.container}." if state.container else "Look at its journey."
        raise Refused(f"cannot release: {', '.join(state.holds)} stays", place="on-hold", advice=advice)


def _is_made_case(tx: Transaction, gtin: str, serial: str) -> bool:
    """Tell whether a package that holds others is on record as made."""
    row = tx.container(f"01/{gtin}/21/{serial}")
    return row is not None and any(is_making(step) for step in tx.histories([row.id])[row.id])


def _check(order: Order, verb: _Verb) -> None:
    names = ("site", "key", "partial", "ref", "reason", "by", "to", "override")
    _check_texts(**{name: getattr(order, name) for name in names})
    _check_whole("code", order.code)
    if verb.needs_reason and not order.reason:
        raise BadRequest(f"{order.verb} needs a reason", place="reason", advice="Give --reason TEXT.")
    if order.override and not order.by:
        raise BadRequest("an override needs the name of who takes it on", place="by", advice="Give --by NAME.")
    if order.verb == "return" and not _is_gln(order.to):
        raise BadRequest("a return needs the GLN it goes to", place="to", advice="Give --to with 13 digits.")
    if order.site and not _is_gln(order.site):
        raise BadRequest(f"site {order.site!r} is not a 13-digit GLN", place="site")


def _check_texts(**texts: str) -> None:
    for name, text in texts.items():
        if len(text) > TEXT_CHARACTERS_MAX:
            raise BadRequest(f"{name} is longer than {TEXT_CHARACTERS_MAX} characters", place=name)
        _check_whole(name, text)


def _check_whole(name: str, text: str) -> None:
    """Refuse half a character, which is what a terminal makes of bytes that are no text: it cannot be kept."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise BadRequest(f"{name} is not text: character {error.start + 1} is none", place=name) from error


def _answer_key(order: Order) -> str:
    """Name an order by what makes it the same one; a digest, since a scan may hold any character."""
    words = f"{order.verb}\n{order.site}\n{order.by}\n{order.key}\n{order.code}"
    return hashlib.sha256(words.encode()).hexdigest()


def _is_gln(text: str) -> bool:
    return len(text) == 13 and text.isascii() and text.isdigit()


_OWN = "{urn:rxtrail:ext}"
_AFTER = {
    "dispense": "dispensed",
    "decommission": "decommissioned",
    "destroy": "destroyed",
    "reactivate": "active",
    "return": "returned",
}


def _after(verb: str, before: str) -> str:
    return _AFTER.get(verb, before or "active")


def _as_scan(row: CountIn) -> str:
    expiry = row.expiry.replace("-", "")
    return f"(01){row.gtin}(21){row.serial}(17){expiry[-6:]}(10){row.lot}"


def _count_in_problem(scan: Scan) -> str:
    if scan.fault or not scan.gtin or not scan.serial:
        return f"no pack can be read ({scan.fault or 'no serial number'})"
    if not scan.lot or not scan.expiry:
        return "lot or expiry is missing"
    return ""
