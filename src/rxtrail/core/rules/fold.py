"""The fold: a pure function from the set of a thing's events to its state.

Whatever order documents arrive in, twice or late, the end state is the same, because steps are sorted by
``Step.key`` and nothing else is looked at. Only commands of this node also know the log: a person lifts what was on
record when the person looked, never what came in later. Location, custodian and movement are the outermost
container's: a thing inside a container has no custody of its own, and takes the container's with it when it comes out.

Sources: EPCIS 2.0 clause 7.4 (events), CBV 2.0 clause 7.1-7.2 (business steps, dispositions), dscsa.md section 3.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from rxtrail.core.epcis.event import KINDS
from rxtrail.core.rules.authority import OTHER, PARTNER
from rxtrail.core.rules.custody import around, custody_of, marks_at
from rxtrail.core.rules.makings import Weighed, agree, weigh
from rxtrail.core.rules.steps import Custody, Doubt, Flag, Key, Mark, Note, Role, State, Stay, Step, Timeline
from rxtrail.core.rules.words import (
    END_RANKS,
    FINAL,
    NOT_SELLABLE,
    REACTIVATING,
    RECALLED,
    RECEIVES,
    RELEASING,
    SELLABLE,
    SENDS,
    VOID_SHIPPING,
    empties,
    end_of,
    gln_of_location,
    is_making,
    parties,
    places_of,
    unique,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

    from rxtrail.core.rules.authority import Authority

__all__ = [
    "REACTIVATING",
    "RECEIVES",
    "RELEASING",
    "SENDS",
    "Containers",
    "agree",
    "custody_of",
    "fold",
    "gln_of_location",
]

RING_MAX = 8  # containers of a ring, and of what hangs on it, that are followed; elsewhere depth has no limit
GTIN_LENGTH = 14
FOREVER: Key = (1 << 62, b"")


def fold(
    steps: Sequence[Step], *, gtin: str, authority: Authority, timelines: Callable[[int], Timeline | None]
) -> Timeline:
    """Play the steps of one thing in their order.

    ``gtin`` is the GTIN-14 of a trade item or the 18 digits of a logistic unit, since the company under whose prefix
    it stands may always speak for it; empty for anything else. ``timelines`` gives the timeline of a container by its
    number, or None when it is being computed (a ring) or unknown. Voided steps are skipped, except that a voided end
    never reopens the pack by itself.
    """
    ordered = sorted(steps, key=_key)
    is_trade_item = len(gtin) == GTIN_LENGTH
    weighed = weigh(ordered, gtin, authority)
    made = weighed.made
    ordered = _spoken_together(ordered, gtin, authority)
    # Lot and expiry are weighed by everybody who states them; standing comes from those whose word it is.
    making = next((step for step in ordered if made is not None and step.event == made.event), None)
    root = making if is_trade_item else _first_word_of_issuer(ordered, gtin, authority)
    run = _Fold(gtin, authority, timelines, making.speakers if making is not None else frozenset(), root, ordered)
    for step in ordered:
        if step.flags & Flag.DECLARATION or step.kind not in KINDS:
            continue  # a declaration acts through what it voids; an unknown type may mean anything
        if step.voided:
            run.take_back(step)
        elif not (is_trade_item and is_making(step) and made is not None and step.event != made.event):
            run.play(step)  # any other statement of the making was weighed above, and moves nothing
    if ordered:
        run.leave_if_emptied(FOREVER)
    if made is None and is_trade_item and any(s.role in (Role.CHILD, Role.EPC) for s in ordered):
        run.note("MISSING_COMMISSIONING", ordered[0], "handled, but nobody said that it was made")
    return run.timeline(weighed, ordered)


class _Fold:
    """One thing's state while its steps are played; thrown away after :func:`fold`."""

    def __init__(
        self,
        issued: str,
        authority: Authority,
        timelines: Callable[[int], Timeline | None],
        makers: frozenset[str],
        root: Step | None,
        steps: Sequence[Step],
    ) -> None:
        self.steps = steps
        self.hearsay = False  # the step at hand fills a gap
        self.issued = issued
        self.is_trade_item = len(issued) == GTIN_LENGTH
        self.makers = makers
        self.authority = authority
        self.timelines = timelines
        # Before the statement that counts as its beginning, an outsider has no say: see may().
        is_guarded = root is not None and authority.level(root.speakers, issued) > OTHER
        self.guarded_until = root.key if root is not None and is_guarded else (0, b"")
        self.custody = Custody()
        self.stays: list[Stay] = []
        self.inside: Stay | None = None
        self.disposition = ""
        self.ended: Step | None = None
        self.beneath: tuple[str, Step | None] = ("", None)  # what stood before an end that was taken back
        self.marks: list[Mark] = []
        self.doubts: dict[Doubt, int] = {}  # with the log position that raised it
        self.notes: list[Note] = []
        self.history: list[tuple[Key, Custody]] = []
        self.mark_history: list[tuple[Key, tuple[Mark, ...]]] = []
        self.before_shipping: Custody | None = None
        self.emptied: list[Key] = []
        self.open = False  # unpacked by its holder, so free to be used again
        self.first_speakers: frozenset[str] = frozenset()
        self.lifts: list[int] = []  # log positions of what a person of this node lifted doubts with
        self.last = -1

    def timeline(self, weighed: Weighed, ordered: Sequence[Step]) -> Timeline:
        """Give what the steps made of it."""
        self.notes.extend(weighed.notes)
        for doubt, position in weighed.doubts:
            if not any(position < lift for lift in self.lifts):
                self.doubts[doubt] = position
        made, ended = weighed.made, self.ended
        lot, expiry = made.lot if made is not None and made.lot is not None else ("", "")
        state = State(
            made=made.event if made is not None else -1,
            lot=lot,
            expiry=expiry,
            made_by=tuple(sorted(made.speakers)) if made is not None else (),
            made_flags=made.flags if made is not None else 0,
            document=made.document if made is not None else (ordered[0].document if ordered else 0),
            disposition=self.disposition,
            ended_at=ended.event if ended is not None else -1,
            ended_where=places_of(ended) if ended is not None else (),
            ended_time=ended.time if ended is not None else 0,
            recalled=any(mark.word == RECALLED for mark in self.marks),
            holds=unique(mark.word for mark in self.marks if mark.word != RECALLED),
            doubts=tuple(sorted(doubt.value for doubt in self.doubts)),
            custody=self.custody,
            stays=tuple(self.stays),
            notes=tuple(self.notes),
            last=self.last,
        )
        return Timeline(state, tuple(self.history), tuple(self.emptied), tuple(self.mark_history))

    # -- where it is -------------------------------------------------------------------------------------------

    def leave_if_emptied(self, now: Key) -> None:
        """Come out of a container that was emptied as a whole before ``now``."""
        if self.inside is None:
            return
        timeline = self.timelines(self.inside.container)
        if timeline is None:
            return
        for emptied in timeline.emptied:
            if self.inside.since < emptied <= now:
                self.leave(emptied)
                return

    def leave(self, when: Key) -> None:
        """Come out at ``when``, taking along the container's custody, holds and recalls of that moment."""
        assert self.inside is not None, "only what is inside can come out"
        self.custody = self.custody_at(when)
        innermost = self.timelines(self.inside.container)
        if innermost is not None:
            for container in (innermost, *around(innermost, when, self.timelines)):
                self.marks.extend(mark for mark in marks_at(container, when) if mark not in self.marks)
        self.stays[-1] = Stay(self.inside.container, self.inside.since, when, self.inside.event)
        self.inside = None
        self.history.append((when, self.custody))
        self.remember_marks(when)

    def custody_at(self, when: Key) -> Custody:
        """Give the custody at ``when``: the outermost container's while inside, otherwise its own."""
        if self.inside is None:
            return self.custody
        timeline = self.timelines(self.inside.container)
        if timeline is None:
            return self.custody
        inherited = custody_of(timeline, when, self.timelines)
        return inherited if inherited.holders else self.custody

    # -- who may ------------------------------------------------------------------------------------------------

    def may(self, step: Step, custody: Custody) -> bool:
        """Tell whether one of the speakers is the issuer, holds or owns it, is awaited, or is this node itself."""
        if step.flags & Flag.COMMAND:
            return True  # accepted once by this node; refolding never undoes it
        if step.key < self.guarded_until and self.level(step) == OTHER:
            return False  # or an outsider who dates its word early enough could take what is not made yet
        return (
            not custody.holders
            or any(self.authority.is_self(speaker) for speaker in step.speakers)
            or self.issued_by(step.speakers)
            or self.holds(step.speakers, custody)
        )

    def fills_a_gap(self, step: Step, custody: Custody) -> bool:
        """Tell whether a listed partner's word only shows that something on the way to it was not read, or is late.

        It received the thing from the very party that has it on record, or awaits it, and passes things on; or it sends
        on what the record has with the maker, who has sent it to nobody. Gaps upstream are nobody's doubt (SURFACES,
        "Whose record"). What anybody else says of the same hand-over, before or after, leaves it to a person.
        """
        if not self.known(step):
            return False
        receives = step.biz_step in RECEIVES and step.role != Role.CHILD
        sends = step.biz_step in SENDS if step.role != Role.CHILD else step.kind == "AggregationEvent"
        if not receives and not (sends and self.pass_on(step.speakers)):
            return False
        now = (custody,) if self.inside is None else (custody, self.custody_at(FOREVER))
        for each in now:  # what its container did later counts, too: a word may be dated back
            giver = each.to or each.holders
            if receives and not (self.pass_on(giver) and self.same(parties(step.source), giver)):
                return False
            if not receives and (each.to or not self.issued_by(each.holders)):
                return False
        return not any(self.rivals(other, step, custody) for other in self.steps)

    def rivals(self, other: Step, step: Step, custody: Custody) -> bool:
        """Tell whether another step gives what a step takes to somebody else, or takes it for somebody else."""
        if other is step or other.voided or other.time < custody.since or other.role == Role.CHILD:
            return False
        giver = custody.to or custody.holders
        if other.biz_step in SENDS:
            return self.same(other.speakers, giver) and not self.same(parties(other.destination), step.speakers)
        return (
            other.biz_step in RECEIVES
            and self.same(parties(other.source), giver)
            and not self.same(other.speakers, step.speakers)
            and not self.same(parties(other.source), step.speakers)
        )

    def pass_on(self, parties_: Collection[str]) -> bool:
        """Tell whether all of these, and there are some, are such as pass things on."""
        named = [party for party in parties_ if party]
        return bool(named) and all(self.authority.passes_on(party) or self.issued_by([party]) for party in named)

    def issued_by(self, speakers: Collection[str]) -> bool:
        """Tell whether one of these issued its number."""
        return bool(self.issued) and any(self.authority.is_issuer(speaker, self.issued) for speaker in speakers)

    def holds(self, speakers: Collection[str], custody: Custody) -> bool:
        """Tell whether one of these has it, owns it or awaits it."""
        return self.same(speakers, custody.holders) or self.same(speakers, custody.to)

    def same(self, some: Collection[str], others: Collection[str]) -> bool:
        """Tell whether one of some is the same party as one of others."""
        return any(self.authority.same_party(one, other) for one in some for other in others)

    def level(self, step: Step) -> int:
        """Weigh who says it; a command is this node's own word wherever it was given."""
        level = self.authority.level(step.speakers, self.issued)
        return max(level, PARTNER) if step.flags & Flag.COMMAND else level

    def known(self, step: Step) -> bool:
        """Tell whether a speaker without standing is at least a listed, active partner."""
        return any(self.authority.is_partner(speaker) for speaker in step.speakers)

    def note(self, code: str, step: Step, message: str, *, counts: bool = True) -> None:
        self.notes.append(Note(code, step.event, message, counts))

    def doubt(self, doubt: Doubt, step: Step) -> None:
        """Raise a doubt, which holds the thing until a person has looked."""
        self.doubts[doubt] = max(step.event, self.doubts.get(doubt, -1))

    # -- one step -----------------------------------------------------------------------------------------------

    def play(self, step: Step) -> None:
        """Let one step act; what has no standing is kept as evidence with a note."""
        self.hearsay = False
        self.leave_if_emptied(step.key)
        if self.used_again(step):
            self.renew(step)
        custody = self.custody_at(step.key)
        if not self.may(step, custody):
            if not self.fills_a_gap(step, custody):
                self.stranger(step, custody)
                return
            self.hearsay = True
        if self.is_gone() and step.role != Role.PARENT and not self.closes(step):
            self.note("SEEN_AFTER_END", step, f"seen again after it was {self.disposition}")
            self.doubt(Doubt.SEEN_AFTER_END, step)
        self.last = step.event
        if empties(step):
            self.emptied.append(step.key)
        if step.role == Role.CHILD:
            self.child(step)
        elif step.role == Role.PARENT:
            self.open = step.action == "DELETE"
            if not self.custody.holders and self.inside is None:
                self.begin(step)
            elif self.inside is None and step.biz_location:
                self.locate(step)
        else:
            self.move(step, custody)
            self.dispose(step)

    def take_back(self, step: Step) -> None:
        """Leave out what its sender declared an error; but an end still stands until a person has looked."""
        self.leave_if_emptied(step.key)
        end = end_of(step)
        if end and END_RANKS[end] > END_RANKS.get(self.disposition, 0) and self.may(step, self.custody_at(step.key)):
            self.beneath = (self.disposition, self.ended)
            self.disposition, self.ended, self.last = end, step, step.event
            self.doubt(Doubt.END_DECLARED_WRONG, step)
            message = f"'{end}' was declared an error; a person must reactivate the pack"
            self.note("END_DECLARED_WRONG", step, message)
        else:
            self.note("VOIDED", step, "declared an error by its sender", counts=False)

    def used_again(self, step: Step) -> bool:
        """Tell whether a logistic unit begins a new life here: its number is used again after it was unpacked."""
        if self.is_trade_item or not self.first_speakers or step.action != "ADD" or step.kind == "TransactionEvent":
            return False
        custody = self.custody_at(step.key)
        if step.role == Role.PARENT:
            is_self = any(self.authority.is_self(speaker) for speaker in step.speakers)
            return self.open and not is_self and not self.holds(step.speakers, custody)
        if not is_making(step):
            return False
        if self.open or self.disposition in FINAL:
            return True
        # Its first owner numbers anew what it had sent away, and nobody is sending it back.
        if not step.speakers & self.first_speakers:
            return False
        if self.custody.to:
            return step.time > self.custody.since and not self.same(step.speakers, self.custody.to)
        return self.custody.how in RECEIVES and not self.same(step.speakers, self.custody.holders)

    def renew(self, step: Step) -> None:
        """Start over: what was still inside came out just before, with the custody of that moment."""
        just_before = (step.time, step.hash[:-1])  # a prefix sorts just before the step itself
        self.emptied.append(just_before)
        if self.inside is not None:
            self.leave(just_before)
        self.custody, self.disposition, self.ended = Custody(), "", None
        self.marks, self.before_shipping, self.open = [], None, False
        self.remember_marks(step.key)
        self.note("SSCC_REUSED", step, "this logistic unit number is used again; the earlier history is kept apart")

    def is_gone(self) -> bool:
        """Tell whether it has ended for good, on a word that still stands."""
        return self.disposition in FINAL and (self.ended is None or not self.ended.voided)

    @staticmethod
    def closes(step: Step) -> bool:
        """Tell whether the step only says how it ended, or is a person's dealing with the record of it."""
        by_hand = step.flags & Flag.COMMAND and step.biz_step in ("holding", RELEASING, REACTIVATING)
        return end_of(step) in FINAL or bool(by_hand)

    def stranger(self, step: Step, custody: Custody) -> None:
        """Keep what someone without standing says; a listed partner's rival claim makes the state doubtful."""
        who = ", ".join(sorted(step.speakers)) or "unknown"
        if is_making(step):
            return  # a restatement or a conflict: makings are weighed on their own
        if step.kind == "AggregationEvent" and step.action == "ADD":
            inside = self.inside
            if step.role == Role.PARENT or (inside is not None and inside.container == step.parent):
                return  # a copy of what the record has; what it says of other children, they note themselves
        if self.known(step):
            if step.role != Role.PARENT and step.disposition == RECALLED:
                self.mark(RECALLED, step)  # a recall may come from anyone we trust; only its end needs more
                return
            if step.role != Role.PARENT and (step.biz_step in SENDS or step.biz_step in RECEIVES or end_of(step)):
                self.note("TWO_HOLDERS", step, f"{who} says it has it, but the record has it elsewhere", counts=False)
                self.doubt(Doubt.TWO_HOLDERS, step)
                return
        holder = custody.custodian or "nobody"
        self.note("NO_STANDING", step, f"{who} neither made, owns nor holds it (holder: {holder})", counts=False)

    # -- custody ------------------------------------------------------------------------------------------------

    def begin(self, step: Step) -> None:
        """Start a custody: with whoever first speaks for the thing, where it says it is."""
        self.first_speakers = self.first_speakers or step.speakers
        place = gln_of_location(step.biz_location) or gln_of_location(step.read_point)
        speakers = tuple(sorted(s for s in step.speakers if s))
        custodian = place or (speakers[0] if speakers else "")
        # Whoever made it is heard, also when a copy of somebody else's sorts before the maker's own word.
        holders = unique((custodian, *speakers, *sorted(self.makers), *parties(step.source)))
        if not holders:
            holders = ("",)  # our own word without any place: held by whoever the operator is
        owner = step.source[0] or custodian
        location = step.biz_location or step.read_point
        self.put(step, Custody(custodian, owner, location, (), holders, step.time, step.biz_step))

    def locate(self, step: Step) -> None:
        self.put(step, msgspec.structs.replace(self.custody, location=step.biz_location))

    def put(self, step: Step, custody: Custody) -> None:
        if self.hearsay:
            custody = msgspec.structs.replace(custody, hearsay=True)
        self.custody = custody
        self.history.append((step.key, custody))

    def child(self, step: Step) -> None:
        """Go into or come out of a container (AggregationEvent; EPCIS 2.0 clause 7.4.3)."""
        if step.kind != "AggregationEvent" or step.action == "OBSERVE" or not step.parent:
            return  # an observation, an association or a packing into nothing tells no change of containment
        if step.action == "ADD":
            if self.inside is not None:
                if self.inside.container == step.parent:
                    return  # said again
                self.note(
                    "MULTIPLE_PARENTS", step, "packed into a second container without being unpacked from the first"
                )
                self.leave(step.key)
            elif not self.custody.holders:
                self.begin(step)
            self.inside = Stay(step.parent, step.key, None, step.event)
            self.stays.append(self.inside)
        elif self.inside is not None and self.inside.container == step.parent:
            self.leave(step.key)
            if step.biz_location:
                self.locate(step)
        else:
            self.note("DEAGGREGATION_WITHOUT_PRIOR", step, "unpacked from a container it was not in")

    def move(self, step: Step, custody: Custody) -> None:
        """Ship, receive, or be seen somewhere; a container's contents move with it, not by themselves."""
        if self.inside is not None and not is_making(step):
            moves = step.biz_step in SENDS or (
                step.biz_step in RECEIVES and not self.arrives_with_container(step, custody)
            )
            if step.biz_step == VOID_SHIPPING:
                self.stay_behind(step, custody)
                return
            if not moves:
                return
            # Handled alone while the record has it inside: it must have come out.
            self.note("MISSING_UNPACK", step, "moved by itself while the record has it inside a container")
            self.leave(step.key)
        if not self.custody.holders:
            self.begin(step)
        if step.biz_step in SENDS:
            self.send(step)
        elif step.biz_step in RECEIVES:
            self.receive(step)
        elif step.biz_step == VOID_SHIPPING:
            if self.before_shipping is None:
                message = "a shipping is voided that the record does not have, or that was received"
                self.note("VOID_WITHOUT_SHIPPING", step, message)
            else:
                self.put(step, self.before_shipping)
                self.before_shipping = None
        elif step.biz_location and not is_making(step):
            self.locate(step)

    def send(self, step: Step) -> None:
        old = self.before_shipping = self.custody
        to = unique(parties(step.destination))
        source = parties(step.source)
        speakers = sorted(s for s in step.speakers if s)
        custodian = source[0] if source else old.custodian
        holders = unique((*to, *speakers, *source)) or old.holders
        owner, location = step.source[0] or old.owner, step.read_point or old.location
        self.put(step, Custody(custodian, owner, location, to, holders, step.time, step.biz_step))

    def receive(self, step: Step) -> None:
        old = self.custody
        place = gln_of_location(step.biz_location) or gln_of_location(step.read_point)
        speakers = sorted(s for s in step.speakers if s)
        awaited = parties(step.destination) or list(old.to)
        custodian = place or next(iter((*awaited, *speakers)), "")
        owner = step.destination[0] or (old.to[0] if old.to else "") or old.owner
        holders = unique((custodian, *awaited, *speakers))
        self.before_shipping = None
        location = step.biz_location or step.read_point
        self.put(step, Custody(custodian, owner, location, (), holders, step.time, step.biz_step))

    def stay_behind(self, step: Step, custody: Custody) -> None:
        """Come out of a container whose shipping is voided for this thing alone: it was short, it never left."""
        if custody.how not in SENDS:
            message = "a shipping is voided that the record does not have, or that was received"
            self.note("VOID_WITHOUT_SHIPPING", step, message)
            return
        before = self.custody_at((custody.since, b""))
        self.leave(step.key)
        self.put(step, before)

    def arrives_with_container(self, step: Step, custody: Custody) -> bool:
        """Tell whether a receipt of the thing itself only confirms what its container's custody already says."""
        here = [gln for gln in (custody.custodian, *custody.to, *custody.holders) if gln]
        return self.same(places_of(step), here)

    # -- what it is ---------------------------------------------------------------------------------------------

    def dispose(self, step: Step) -> None:
        """Change what the thing is: active, dispensed, destroyed, held."""
        end = end_of(step)
        if end:
            self.end(step, end)
            return
        if step.biz_step == REACTIVATING:
            self.reactivate(step)
            return
        if step.biz_step == RELEASING:
            self.release(step)
            return
        if step.disposition == RECALLED or step.disposition in NOT_SELLABLE:
            self.mark(step.disposition, step)
        elif step.disposition in SELLABLE and step.biz_step not in SENDS and self.marks:
            # Whoever set a hold in a document lifts it by a later word; a person's hold needs a person's release.
            self.lift(
                step,
                lambda mark: (
                    mark.word != RECALLED
                    and not mark.step.flags & Flag.COMMAND
                    and self.same(mark.step.speakers, step.speakers)
                ),
            )
        if step.disposition == "returned":
            if self.disposition in ("", "active", "dispensed"):
                self.disposition, self.ended = "returned", None
        elif not self.disposition or (self.disposition == "returned" and step.disposition in SELLABLE):
            self.disposition = "active"

    def end(self, step: Step, end: str) -> None:
        """End its way, unless it has ended more finally before."""
        rank = END_RANKS.get(self.disposition, 0)
        if end == self.disposition:
            if self.ended is not None and self.ended.voided:
                self.ended = step
                self.doubts.pop(Doubt.END_DECLARED_WRONG, None)  # another says it too, and takes nothing back
            return
        if rank > 1:
            self.note("ENDED_TWICE", step, f"said to be {end} after it was {self.disposition}")
        if END_RANKS[end] <= rank:
            return
        custody = self.custody_at(step.key)
        if self.inside is not None:
            self.leave(step.key)
        if custody.to and self.same(places_of(step), custody.to):
            self.receive(step)  # handing it over implies that it had arrived
        self.disposition, self.ended = end, step
        self.doubts.pop(Doubt.END_DECLARED_WRONG, None)

    def reactivate(self, step: Step) -> None:
        """Open it again: on a person's word about what was on record then, or on the word of who had ended it."""
        ended = self.ended
        if step.flags & Flag.COMMAND:
            if ended is not None and ended.event > step.event:
                self.note("ENDED_TWICE", step, f"it became known only later that it was {self.disposition}")
                return
            self.lifts.append(step.event)
            self.doubts = {doubt: position for doubt, position in self.doubts.items() if position > step.event}
        elif ended is None or self.is_gone() or ended.voided or not self.same(step.speakers, ended.speakers):
            self.note("NO_STANDING", step, "reactivated by someone who did not end it, or after its end", counts=False)
            return
        if ended is not None and ended.voided:
            self.disposition, self.ended = self.beneath
        elif ended is not None or self.disposition == "returned":
            self.disposition, self.ended = "active", None
        self.disposition = self.disposition or "active"

    def release(self, step: Step) -> None:
        """Lift holds and recalls.

        A person lifts what was on record when the person looked; a document lifts what its own speaker set. Nobody
        lifts the recall of someone with more authority.
        """
        level = self.level(step)
        if step.flags & Flag.COMMAND:
            self.lifts.append(step.event)
            self.doubts = {doubt: position for doubt, position in self.doubts.items() if position > step.event}
            self.lift(
                step,
                lambda mark: mark.step.event < step.event and (mark.word != RECALLED or self.level(mark.step) <= level),
            )
        else:
            self.lift(
                step,
                lambda mark: (
                    not mark.step.flags & Flag.COMMAND
                    and self.same(mark.step.speakers, step.speakers)
                    and self.level(mark.step) <= level
                ),
            )

    def mark(self, word: str, step: Step) -> None:
        self.marks.append(Mark(word, step))
        self.remember_marks(step.key)

    def lift(self, step: Step, lifts: Callable[[Mark], bool]) -> None:
        self.marks = [mark for mark in self.marks if not lifts(mark)]
        self.remember_marks(step.key)

    def remember_marks(self, when: Key) -> None:
        marks = tuple(self.marks)
        if marks != (self.mark_history[-1][1] if self.mark_history else ()):
            self.mark_history.append((when, marks))


def _first_word_of_issuer(ordered: Sequence[Step], issued: str, authority: Authority) -> Step | None:
    """Give the first making or packing of a logistic unit by the company whose prefix it bears."""
    if not issued:
        return None
    for step in ordered:
        if step.voided or step.flags & Flag.DECLARATION:
            continue
        begins = is_making(step) or (step.role == Role.PARENT and step.action == "ADD")
        if begins and any(authority.is_issuer(speaker, issued) for speaker in step.speakers):
            return step
    return None


def _spoken_together(ordered: list[Step], issued: str, authority: Authority) -> list[Step]:
    """Let what several parties say, as one event or as copies of one instant, be said by those whose word it is.

    A seller repeats the maker's events in its own file; which copy sorts first is chance, and must not decide who
    holds the thing. Who merely repeats a step gains nothing by it.
    """
    if len({step.speakers for step in ordered}) < 2 and all(len(step.speakers) == 1 for step in ordered[:1]):
        return ordered  # one party says it all
    joined = ordered
    groups: dict[tuple[object, ...], list[int]] = {}
    for index, step in enumerate(ordered):
        groups.setdefault(_saying(step), []).append(index)
    for indexes in groups.values():
        first = ordered[indexes[0]]
        together = first.speakers
        if len(indexes) > 1:
            together = together.union(*(ordered[index].speakers for index in indexes[1:]))
        if len(together) == 1:
            continue
        places = (gln_of_location(first.biz_location), gln_of_location(first.read_point), *parties(first.source))
        heard = authority.heard(together, issued, places)
        for index in indexes:
            if ordered[index].speakers != heard:
                if joined is ordered:
                    joined = list(ordered)
                joined[index] = msgspec.structs.replace(ordered[index], speakers=heard)
    return joined


def _saying(step: Step) -> tuple[object, ...]:
    """Give what makes two steps copies of each other: all that the fold looks at, but who says it."""
    return (
        step.time, step.role, step.kind, step.action, step.biz_step, step.disposition, step.parent, step.read_point,
        step.biz_location, step.source, step.destination, step.lot, step.flags & ~Flag.MORE_SPEAKERS, step.voided,
    )  # fmt: skip


def _key(step: Step) -> Key:
    return (step.time, step.hash)


class Containers:
    """Folds containers on demand, each once; a container inside itself is cut there, not followed."""

    def __init__(self, histories: Mapping[int, Sequence[Step]], gtins: Mapping[int, str], authority: Authority) -> None:
        """Take the steps of every container that can be asked for, and what each was issued as (see :func:`fold`)."""
        self._histories = histories
        self._gtins = gtins
        self._authority = authority
        self._done: dict[int, Timeline] = {}
        self._provisional: dict[int, Timeline] = {}
        self._busy: list[int] = []
        self._cut = False
        self.cyclic: set[int] = set()

    def __call__(self, number: int) -> Timeline | None:
        """Give a container's timeline; None when it is unknown or already being computed."""
        known = self._done.get(number) or self._provisional.get(number)
        if known is not None:
            return known
        if number in self._busy or len(self._busy) >= RING_MAX:
            self._cut = True
            self.cyclic.update(self._busy)
            return None
        if number not in self._histories:
            return None
        if not self._busy:
            for outer in self._from_outside_in(number):
                self._done[outer] = self._fold(outer)
            if number in self._done:
                return self._done[number]
        self._busy.append(number)
        timeline = self._fold(number)
        self._busy.pop()
        # Inside a ring an answer depends on where one started: it is kept for this start only, so that each
        # container's own answer is the same whatever was asked before.
        (self._provisional if self._cut else self._done)[number] = timeline
        if not self._busy:
            self._provisional.clear()
            self._cut = False
        return timeline

    def _fold(self, number: int) -> Timeline:
        gtin = self._gtins.get(number, "")
        return fold(self._histories[number], gtin=gtin, authority=self._authority, timelines=self)

    def _around(self, number: int) -> Iterator[int]:
        """Give the containers that it was ever in and that are not folded yet."""
        for step in self._histories[number]:
            if step.role == Role.CHILD and step.parent in self._histories and step.parent not in self._done:
                yield step.parent

    def _from_outside_in(self, number: int) -> list[int]:
        """Give it and all around it, each after those that it was ever in; nothing when there is a ring.

        So any number of levels is folded without one fold calling the next.
        """
        found: dict[int, None] = {}
        climbing = {number: self._around(number)}
        while climbing:
            inner, outers = next(reversed(climbing.items()))
            outer = next(outers, None)
            if outer is None:
                found[inner] = None
                del climbing[inner]
            elif outer in climbing:
                return []
            elif outer not in found:
                climbing[outer] = self._around(outer)
        return list(found)
