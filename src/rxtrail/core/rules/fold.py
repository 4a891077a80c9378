"""The fold: a pure function from the set of a thing's events to its state.

Whatever order documents arrive in, twice or late, the end state is the same, because steps are sorted by
``Step.key`` and nothing else is looked at. Location, custodian and movement are the outermost container's: a
thing inside a container has no custody of its own, and takes the container's with it when it comes out.

Sources: EPCIS 2.0 clause 7.4 (events), CBV 2.0 clause 7.1-7.2 (business steps, dispositions), dscsa.md section 3.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from rxtrail.core.epcis.event import KINDS
from rxtrail.core.rules.authority import PARTNER
from rxtrail.core.rules.steps import Custody, Doubt, Flag, Key, Note, Role, State, Stay, Step, Timeline

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from rxtrail.core.rules.authority import Authority

DEPTH_MAX = 32  # levels of containment that are followed; GS1 practice knows about five
REACTIVATING = "urn:rxtrail:bizstep:reactivating"
RELEASING = "urn:rxtrail:bizstep:releasing"
COUNTING_IN = "urn:rxtrail:bizstep:counting_in"

# What ends a pack's way, by disposition first and by business step second (CBV 2.0 clauses 7.1.3, 7.2.3).
ENDS_BY_DISPOSITION = {
    "dispensed": "dispensed",
    "partially_dispensed": "partially_dispensed",
    "retail_sold": "dispensed",
    "destroyed": "destroyed",
    "stolen": "stolen",
    "inactive": "decommissioned",
    "disposed": "destroyed",
    "exported": "exported",
    "urn:rxtrail:disp:exported": "exported",
    "urn:rxtrail:disp:sample": "sample",
}
ENDS_BY_STEP = {
    "dispensing": "dispensed",
    "retail_selling": "dispensed",
    "decommissioning": "decommissioned",
    "destroying": "destroyed",
    "killing": "decommissioned",
    "sampling": "sample",
}
ENDED = frozenset({"dispensed", "destroyed", "stolen", "decommissioned", "exported", "sample", "transformed"})
# Ends after which the thing must never be seen again; a dispensed pack may come back as a return.
FINAL = frozenset({"destroyed", "stolen", "decommissioned", "transformed"})
NOT_SELLABLE = frozenset(
    {"non_sellable_other", "damaged", "non_conformant", "unknown", "no_pedigree_match", "needs_replacement", "unavailable",
     "non_sellable_expired", "non_sellable_damaged", "non_sellable_disposed", "non_sellable_no_pedigree_match", "expired"}
)  # fmt: skip
SELLABLE = frozenset(
    {"active", "sellable_accessible", "sellable_not_accessible", "available", "conformant", "in_progress", "in_transit",
     "container_closed", "mismatch_instance"}
)  # fmt: skip
SENDS = frozenset({"shipping", "departing", "consigning"})
RECEIVES = frozenset({"receiving", "accepting", "arriving"})

class _Fold:
    """One thing's state while its steps are played; thrown away after :func:`fold`."""

    def __init__(
        self, gtin: str, authority: Authority, timelines: Callable[[int], Timeline | None], makers: frozenset[str]
    ) -> None:
        self.gtin = gtin
        self.makers = makers
        self.authority = authority
        self.timelines = timelines
        self.custody = Custody()
        self.stays: list[Stay] = []
        self.inside: Stay | None = None
        self.disposition = ""
        self.ended: Step | None = None
        self.recalled = False
        self.holds: dict[str, None] = {}
        self.doubts: dict[str, None] = {}
        self.notes: list[Note] = []
        self.history: list[tuple[Key, Custody]] = []
        self.before_shipping: Custody | None = None
        self.emptied: list[Key] = []
        self.open = False  # unpacked by its holder, so free to be used again
        self.first_speakers: frozenset[str] = frozenset()
        self.last = -1

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
        """Come out at ``when``, taking along what the container's custody was then."""
        assert self.inside is not None, "only what is inside can come out"
        self.custody = self.custody_at(when)
        self.stays[-1] = Stay(self.inside.container, self.inside.since, when, self.inside.event)
        self.inside = None
        self.history.append((when, self.custody))

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
        for speaker in step.speakers:
            if self.authority.is_self(speaker) or (self.gtin and self.authority.is_issuer(speaker, self.gtin)):
                return True
            if not custody.holders:
                return True
            for holder in custody.holders:
                if self.authority.same_party(speaker, holder):
                    return True
            for awaited in custody.to:
                if self.authority.same_party(speaker, awaited):
                    return True
        return False

    def known(self, step: Step) -> bool:
        """Tell whether a speaker without standing is at least a listed, active partner."""
        return any(self.authority.is_partner(speaker) for speaker in step.speakers)

    def note(self, code: str, step: Step, message: str, *, counts: bool = True) -> None:
        self.notes.append(Note(code, step.event, message, counts))

    # -- one step -----------------------------------------------------------------------------------------------

    def play(self, step: Step) -> None:
        """Let one step act; what has no standing is kept as evidence with a note."""
        self.leave_if_emptied(step.key)
        if self.used_again(step):
            self.renew(step)
        custody = self.custody_at(step.key)
        if not self.may(step, custody):
            self.stranger(step, custody)
            return
        if self.disposition in FINAL and step.role != Role.PARENT and not self.restates_end(step):
            self.note("SEEN_AFTER_END", step, f"seen again after it was {self.disposition}")
            self.doubts[Doubt.SEEN_AFTER_END.value] = None
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

    def used_again(self, step: Step) -> bool:
        """Tell whether a logistic unit begins a new life here: its number is used again after it was unpacked."""
        if self.gtin or not self.first_speakers or step.action != "ADD" or step.kind == "TransactionEvent":
            return False
        if step.role == Role.PARENT:
            return self.open and not self.may(step, self.custody_at(step.key))
        if not is_making(step):
            return False
        if self.open or self.disposition in FINAL:
            return True
        # Its first owner numbers anew what it had shipped away, and nobody is sending it back.
        away = self.custody.to or self.custody.how in RECEIVES
        return bool(away) and bool(step.speakers & self.first_speakers) and not step.speakers & set(self.custody.holders)

    def renew(self, step: Step) -> None:
        """Start over: what was still inside came out just before, with the custody of that moment."""
        self.emptied.append((step.time, step.hash[:-1]))  # a prefix sorts just before the step itself
        if self.inside is not None:
            self.leave((step.time, step.hash[:-1]))
        self.custody, self.disposition, self.ended = Custody(), "", None
        self.before_shipping, self.open = None, False
        self.note("SSCC_REUSED", step, "this logistic unit number is used again; the earlier history is kept apart")

    def restates_end(self, step: Step) -> bool:
        """Tell whether the step only says again how it ended."""
        return bool(end_of(step)) or step.flags & Flag.COMMAND != 0

    def stranger(self, step: Step, custody: Custody) -> None:
        """Keep what someone without standing says; only a listed partner's rival claim makes the state doubtful."""
        who = ", ".join(sorted(step.speakers)) or "unknown"
        if is_making(step):
            return  # a restatement or a conflict: makings are weighed on their own
        if step.kind == "AggregationEvent" and step.action == "ADD":
            inside = self.inside
            if step.role == Role.PARENT or (inside is not None and inside.container == step.parent):
                return  # a copy of what the record has; what it says of other children, they note themselves
        if (step.biz_step in SENDS or step.biz_step in RECEIVES) and self.known(step):
            self.note("TWO_HOLDERS", step, f"{who} says it has it, but the record has it elsewhere", counts=False)
            self.doubts[Doubt.TWO_HOLDERS.value] = None
            return
        holder = custody.custodian or "nobody"
        self.note("NO_STANDING", step, f"{who} neither made, owns nor holds it (holder: {holder})", counts=False)

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
        self.put(
            step,
            Custody(custodian, step.source[0] or custodian, step.biz_location or step.read_point, (), holders, step.time, step.biz_step),
        )

    def locate(self, step: Step) -> None:
        old = self.custody
        self.put(step, Custody(old.custodian, old.owner, step.biz_location, old.to, old.holders, old.since, old.how))

    def put(self, step: Step, custody: Custody) -> None:
        self.custody = custody
        self.history.append((step.key, custody))

    def child(self, step: Step) -> None:
        """Go into or come out of a container (AggregationEvent; EPCIS 2.0 clause 7.4.3)."""
        if step.kind != "AggregationEvent" or step.action == "OBSERVE":
            return  # an observation or an association tells no change of containment
        if step.action == "ADD":
            if self.inside is not None:
                if self.inside.container == step.parent:
                    return  # said again
                self.note("MULTIPLE_PARENTS", step, "packed into a second container without being unpacked from the first")
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
            if step.biz_step in SENDS or (step.biz_step in RECEIVES and not self.arrives_with_container(step, custody)):
                # Handled alone while the record has it inside: it must have come out.
                self.note("MISSING_UNPACK", step, "moved by itself while the record has it inside a container")
                self.leave(step.key)
            else:
                return
        if not self.custody.holders:
            self.begin(step)
        if step.biz_step in SENDS:
            self.before_shipping = self.custody
            to = unique(parties(step.destination))
            source = parties(step.source)
            custodian = source[0] if source else custody.custodian
            holders = unique((*to, *(s for s in step.speakers if s), *source))
            location = step.read_point or custody.location
            self.put(
                step, Custody(custodian, step.source[0] or custody.owner, location, to, holders or custody.holders, step.time, step.biz_step)
            )
        elif step.biz_step in RECEIVES:
            place = gln_of_location(step.biz_location) or gln_of_location(step.read_point)
            awaited = parties(step.destination) or list(custody.to)
            custodian = place or (awaited[0] if awaited else next(iter(sorted(s for s in step.speakers if s)), ""))
            owner = step.destination[0] or (custody.to[0] if custody.to else "") or custody.owner
            holders = unique((custodian, *awaited, *(s for s in step.speakers if s)))
            self.before_shipping = None
            self.put(
                step, Custody(custodian, owner, step.biz_location or step.read_point, (), holders, step.time, step.biz_step)
            )
        elif step.biz_step == "void_shipping":
            if self.before_shipping is None:
                self.note("VOID_WITHOUT_SHIPPING", step, "a shipping is voided that the record does not have, or that was received")
            else:
                self.put(step, self.before_shipping)
                self.before_shipping = None
        elif step.biz_location and not is_making(step):
            self.locate(step)

    def arrives_with_container(self, step: Step, custody: Custody) -> bool:
        """Tell whether a receipt of the thing itself only confirms what its container's custody already says."""
        places = (gln_of_location(step.biz_location), gln_of_location(step.read_point), *sorted(step.speakers))
        here = [gln for gln in (custody.custodian, *custody.to, *custody.holders) if gln]
        return any(place and self.authority.same_party(place, gln) for place in places for gln in here)

    def dispose(self, step: Step) -> None:
        """Change what the thing is: active, dispensed, destroyed, held."""
        end = end_of(step)
        if end:
            self.end(step, end)
            return
        if step.biz_step == REACTIVATING:
            self.disposition = "active"
            self.ended = None
            self.doubts.pop(Doubt.SEEN_AFTER_END.value, None)
            self.doubts.pop(Doubt.END_DECLARED_WRONG.value, None)
            return
        if step.biz_step == RELEASING:
            self.holds.clear()
            self.recalled = False
            return
        if step.disposition == "recalled":
            self.recalled = True
        elif step.disposition in NOT_SELLABLE:
            self.holds[step.disposition] = None
        elif step.disposition in SELLABLE and self.holds and step.biz_step not in SENDS:
            self.holds.clear()
        if step.disposition == "returned":
            self.disposition = "returned"
            if self.ended is not None and self.disposition_was("dispensed"):
                self.ended = None
        elif not self.disposition or (self.disposition == "returned" and step.disposition in SELLABLE):
            self.disposition = "active"

    def disposition_was(self, disposition: str) -> bool:
        return self.ended is not None and end_of(self.ended) == disposition

    def end(self, step: Step, end: str) -> None:
        if self.disposition in ENDED:
            if end != self.disposition:
                self.note("ENDED_TWICE", step, f"said to be {end} after it was {self.disposition}")
                # A sold pack may later be destroyed; what was destroyed or stolen stays so.
                if self.disposition in FINAL:
                    return
            else:
                return
        if self.inside is not None and end != "partially_dispensed":
            self.leave(step.key)
        self.disposition = end
        self.ended = step


def fold(
    steps: Sequence[Step], *, gtin: str, authority: Authority, timelines: Callable[[int], Timeline | None]
) -> Timeline:
    """Play the steps of one thing in their order.

    ``timelines`` gives the timeline of a container by its number, or None when it is being computed (a cycle) or
    unknown. Voided steps are skipped, except that a voided end never reopens the pack by itself.
    """
    ordered = sorted(steps, key=_key)
    made, conflict = _weigh_makings(ordered, gtin, authority)
    ordered = _spoken_together(ordered, gtin, authority)
    run = _Fold(gtin, authority, timelines, made.speakers if made is not None else frozenset())
    for step in ordered:
        if step.flags & Flag.DECLARATION or step.kind not in KINDS:
            continue  # a declaration acts through what it voids; an unknown type may mean anything
        if step.voided:
            end = end_of(step)
            if end in ENDED and step.role != Role.PARENT:
                run.play(step)
                run.doubts[Doubt.END_DECLARED_WRONG.value] = None
                run.note("END_DECLARED_WRONG", step, f"'{end}' was declared an error; a person must reactivate the pack")
            else:
                run.note("VOIDED", step, "declared an error by its sender", counts=False)
            continue
        if gtin and is_making(step) and made is not None and step.event != made.event:
            continue  # another statement of the making: weighed above, it moves nothing
        run.play(step)
    if ordered:
        run.leave_if_emptied((1 << 62, b""))
    run.notes.extend(conflict.notes)
    for doubt in conflict.doubts:
        run.doubts[doubt] = None
    if made is None and ordered and any(s.role in (Role.CHILD, Role.EPC) for s in ordered) and gtin:
        run.note("MISSING_COMMISSIONING", ordered[0], "handled, but nobody said that it was made")
    ended = run.ended
    lot, expiry = made.lot if made is not None and made.lot is not None else ("", "")
    state = State(
        made=made.event if made is not None else -1,
        lot=lot,
        expiry=expiry,
        made_by=tuple(sorted(made.speakers)) if made is not None else (),
        made_flags=made.flags if made is not None else 0,
        document=made.document if made is not None else (ordered[0].document if ordered else 0),
        disposition=run.disposition,
        ended_at=ended.event if ended is not None else -1,
        ended_where=unique(
            (gln_of_location(ended.biz_location), gln_of_location(ended.read_point), *sorted(ended.speakers))
        )
        if ended is not None
        else (),
        ended_time=ended.time if ended is not None else 0,
        recalled=run.recalled,
        holds=tuple(run.holds),
        doubts=tuple(sorted(run.doubts)),
        custody=run.custody,
        stays=tuple(run.stays),
        notes=tuple(run.notes),
        last=run.last,
    )
    return Timeline(state, tuple(run.history), tuple(run.emptied))


def _spoken_together(ordered: list[Step], gtin: str, authority: Authority) -> list[Step]:
    """Let copies of one step, said by several parties of the same instant, be said by the best of them together.

    A seller repeats the maker's events in its own file; which copy sorts first is chance, and must not decide who
    holds the thing. Who merely copies a step gains nothing where a partner or the issuer said it too.
    """
    groups: dict[tuple[int, int, str, str, str, int], list[int]] = {}
    for index, step in enumerate(ordered):
        key = (step.time, step.role, step.kind, step.action, step.biz_step, step.parent)
        groups.setdefault(key, []).append(index)
    if len(groups) == len(ordered):
        return ordered
    joined = list(ordered)
    for indexes in groups.values():
        together = frozenset[str]().union(*(ordered[index].speakers for index in indexes))
        if len(indexes) == 1 or len(together) == 1:
            continue
        levels = {speaker: authority.level((speaker,), gtin) for speaker in together}
        best = max(levels.values())
        heard = frozenset(s for s, level in levels.items() if level >= min(best, PARTNER))
        for index in indexes:
            if ordered[index].speakers != heard and not ordered[index].voided:
                joined[index] = msgspec.structs.replace(ordered[index], speakers=heard)
    return joined


class _Conflict:
    def __init__(self) -> None:
        self.notes: list[Note] = []
        self.doubts: list[str] = []


def _weigh_makings(ordered: Sequence[Step], gtin: str, authority: Authority) -> tuple[Step | None, _Conflict]:
    """Choose the making that counts: the highest authority, then the earliest; a rival holds the pack only when it
    has authority too (or when nobody has any)."""
    found = _Conflict()
    makings = [s for s in ordered if is_making(s) and not s.voided and not s.flags & Flag.DECLARATION]
    if not makings:
        return None, found
    if len(makings) == 1:
        return makings[0], found
    # Opening stock is our own count; any supplier's word on lot and expiry outweighs it.
    ranked = sorted(
        makings, key=lambda s: (bool(s.flags & Flag.COUNTED_IN), -authority.level(s.speakers, gtin), s.time, s.hash)
    )
    best = ranked[0]
    best_level = authority.level(best.speakers, gtin)
    for rival in ranked[1:]:
        if agree(best.lot, rival.lot):
            continue
        level = authority.level(rival.speakers, gtin)
        says = f"lot {_words(rival.lot)} here, lot {_words(best.lot)} in event {best.event}"
        if level == best_level or level >= PARTNER:
            found.doubts.append(Doubt.TWO_LOTS.value)
            found.notes.append(Note("SERIAL_ALREADY_COMMISSIONED", rival.event, f"made twice: {says}", counts=False))
        else:
            found.notes.append(Note("LOT_MISMATCH", rival.event, f"an outsider states {says}", counts=False))
    if best.lot is not None and (not best.lot[0] or not best.lot[1]):
        # A copy that agrees may fill in what the best statement leaves out.
        for other in ranked[1:]:
            if other.lot is not None and agree(best.lot, other.lot) and authority.level(other.speakers, gtin) >= PARTNER:
                lot = (best.lot[0] or other.lot[0], best.lot[1] or other.lot[1])
                best = msgspec.structs.replace(best, lot=lot)
    return best, found


def agree(one: tuple[str, str] | None, other: tuple[str, str] | None) -> bool:
    """Tell whether two statements of (lot, expiry) do not contradict each other; silence agrees."""
    if one is None or other is None:
        return True
    return (not one[0] or not other[0] or one[0] == other[0]) and (not one[1] or not other[1] or one[1] == other[1])


def _words(lot: tuple[str, str] | None) -> str:
    return "unstated" if lot is None else f"{lot[0] or 'unstated'}, expiry {lot[1] or 'unstated'}"


def is_making(step: Step) -> bool:
    """Tell whether the step says that the thing came to be (commissioning, transformation output, counted in)."""
    if step.role == Role.OUTPUT:
        return True
    return step.role == Role.EPC and step.kind == "ObjectEvent" and (step.action == "ADD" or bool(step.flags & Flag.COUNTED_IN))


def end_of(step: Step) -> str:
    """Give what the step ends the thing as, or an empty string."""
    if step.role == Role.INPUT:
        return "transformed"
    if step.role != Role.EPC or step.action == "ADD":
        return ""
    end = ENDS_BY_DISPOSITION.get(step.disposition) or ENDS_BY_STEP.get(step.biz_step)
    if end:
        # A recalled or held pack in a destroying step is destroyed; an inspected one with disposition inactive too.
        return end
    return "decommissioned" if step.action == "DELETE" and step.biz_step not in ("void_shipping", *SENDS) else ""


def empties(step: Step) -> bool:
    """Tell whether the step takes everything out of the container it speaks of."""
    if step.role == Role.PARENT:
        return bool(step.flags & Flag.EMPTIES)
    return step.role == Role.EPC and end_of(step) in FINAL


def gln_of_location(location: str) -> str:
    """Give the 13-digit GLN of a canonical location ``414/{gln}[/254/{extension}]``, or an empty string."""
    return location[4:17] if location.startswith("414/") else ""


def parties(three: tuple[str, str, str]) -> list[str]:
    """Give the GLNs of an (owning party, possessing party, location)."""
    owner, possessor, location = three
    return list(unique((owner, possessor, gln_of_location(location) or location)))


def unique(texts: Iterable[str]) -> tuple[str, ...]:
    """Drop empty and repeated texts, keeping their order."""
    return tuple(dict.fromkeys(t for t in texts if t))


def _key(step: Step) -> Key:
    return (step.time, step.hash)


def custody_of(timeline: Timeline, when: Key, timelines: Callable[[int], Timeline | None], depth: int = 0) -> Custody:
    """Give a container's custody at ``when``: that of the outermost container it was in then."""
    if depth < DEPTH_MAX:
        for stay in reversed(timeline.state.stays):
            if stay.since <= when and (stay.until is None or when < stay.until):
                outer = timelines(stay.container)
                if outer is not None:
                    inherited = custody_of(outer, when, timelines, depth + 1)
                    if inherited.holders:
                        return inherited
                break
    found = Custody()
    for since, custody in timeline.custody:
        if since > when:
            break
        found = custody
    return found


class Containers:
    """Folds containers on demand, each once; a container inside itself is cut there, not followed."""

    def __init__(self, histories: Mapping[int, Sequence[Step]], gtins: Mapping[int, str], authority: Authority) -> None:
        """``histories`` holds the steps of every container that can be asked for, ``gtins`` those of SGTIN cases."""
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
        if number in self._busy or len(self._busy) >= DEPTH_MAX:
            self._cut = True
            self.cyclic.update(self._busy)
            return None
        steps = self._histories.get(number)
        if steps is None:
            return None
        self._busy.append(number)
        timeline = fold(steps, gtin=self._gtins.get(number, ""), authority=self._authority, timelines=self)
        self._busy.pop()
        # Inside a ring an answer depends on where one started: it is kept for this start only, so that each
        # container's own answer is the same whatever was asked before.
        (self._provisional if self._cut else self._done)[number] = timeline
        if not self._busy:
            self._provisional.clear()
            self._cut = False
        return timeline
