"""A DSCSA document as a whole: made, packed and shipped by its own word, or what it leaves open.

Source: GS1 US, Applying GS1 Standards for DSCSA and Traceability, R1.2 and R1.3; HDA, Exceptions Handling Guidelines.
A complete document is self-contained: commissioning, packing and shipping for everything in it. What a document
does not tell may stand in an earlier one, which is not at hand here, so those findings say so.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from rxtrail.core.epcis import event as events
from rxtrail.core.epcis import namespaces
from rxtrail.core.epcis.ilmd import ilmd_lot_expiry
from rxtrail.core.gs1 import epc
from rxtrail.core.validation.flaws import Flaw, Flaws, line_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from rxtrail.core.epcis.event import Event, Header
    from rxtrail.core.gs1.runs import EpcRun

STALE_DAYS = 365
HIERARCHY_DEPTH_MAX = 5
_DAY_US = 86_400 * 1_000_000
_SHOWN = 20
_ENDS = frozenset(("decommissioning", "destroying"))
_SUSPECT = frozenset(("stolen", "non_conformant", "damaged", "recalled", "expired", "non_sellable_other"))
_FAILED = frozenset(("no_pedigree_match", "mismatch_instance", "mismatch_class", "mismatch_quantity"))
_MAKES = frozenset(("commissioning",))
_GLN_LENGTH = 13


class Made:
    """What a document says of the making of one serial; a class of its own would cost more than it tells."""

    __slots__ = ("at", "expiry", "lot")

    def __init__(self, lot: str, expiry: str, at: int) -> None:
        """Take lot, expiry and time."""
        self.lot, self.expiry, self.at = lot, expiry, at


class DscsaCheck:
    """Follows the packages through one document, event by event."""

    def __init__(self, flaws: Flaws, now_us: int) -> None:
        """Start a document."""
        self._flaws = flaws
        self._now_us = now_us
        self._place = ""
        self._made: dict[str, Made] = {}
        self._parent: dict[str, str] = {}
        self._children: dict[str, set[str]] = {}
        self._shipped: dict[str, int] = {}
        self._ended: dict[str, int] = {}
        self._expiries: dict[tuple[str, str], str] = {}
        self._containers: dict[str, str] = {}  # SSCC that was commissioned or shipped -> where
        self._used_gtins: dict[str, str] = {}
        self._used_places: dict[str, str] = {}
        self._latest = 0
        self._stale = 0
        self._judged: set[str] = set()
        self._made_classes: set[str] = set()
        self._ships: list[tuple[Event, str]] = []
        self._r12 = self._r13 = False
        self._moves = False

    # -- event by event

    def event(self, event: Event, place: str) -> None:
        """Take in one event."""
        self._place = place
        if event.error_declaration is not None:
            return  # it says that something was wrong, not that something happened
        if event.event_time < self._now_us - STALE_DAYS * _DAY_US:
            self._stale += 1
        if event.event_time < self._latest:
            self._add("info", "EVENTS_OUT_OF_ORDER", "the event happened before the one that stands before it")
        self._latest = max(self._latest, event.event_time)
        self._mandatory(event)
        self._identifiers(event)
        match event.kind:
            case events.OBJECT:
                self._object(event)
            case events.AGGREGATION:
                self._aggregation(event)
            case events.TRANSFORMATION:
                self._take(event, event.outputs)
            case _:
                pass

    def _mandatory(self, event: Event) -> None:
        if event.kind not in events.KINDS:
            return
        for name, value in (("bizStep", event.biz_step), ("readPoint", event.read_point)):
            if not value:
                self._add("error", "MISSING_MANDATORY_FIELD", f"{name} is missing, which says what happened, or where")
        if not event.disposition and event.kind != events.AGGREGATION:
            self._add("warning", "MISSING_MANDATORY_FIELD", "disposition is missing")
        for place in (event.read_point, event.biz_location):
            if place.startswith("414/"):
                self._used_places.setdefault(place, self._place)
            elif place:
                message = f"{place[:80]} is no GLN, by which DSCSA names places"
                self._add("warning", "UNSUPPORTED_EPC_TYPE", message)
        for party in (*event.sources, *event.destinations):
            if party.value.startswith(("414/", "417/")):
                self._used_places.setdefault(party.value, self._place)

    def _identifiers(self, event: Event) -> None:
        for runs in (event.epcs, event.children, event.inputs, event.outputs):
            for run in runs:
                if run.key.startswith("01/") and run.key.endswith("/21/"):
                    gtin = run.key[3:17]
                    self._used_gtins.setdefault(gtin, self._place)
                    doubtful = [one for one in run.serials if gtin in one or "(21)" in one or one == gtin[1:]]
                    if doubtful:
                        message = f"the serial {doubtful[0]!r} repeats its GTIN: a whole barcode was taken for a serial"
                        self._add("error", "GTIN_SERIAL_MISMATCH", message, [run.key + one for one in doubtful])
                elif not run.key:
                    self._unreadable(run.serials)
                elif not run.key.startswith("00/"):
                    message = f"{run.key}{run.serials[0]}: DSCSA names packages by SGTIN and containers by SSCC"
                    self._add("warning", "UNSUPPORTED_EPC_TYPE", message, [run.key + run.serials[0]])

    def _unreadable(self, texts: list[str]) -> None:
        stripped = [text for text in texts if _lost_a_zero(text)]
        if stripped:
            message = f"{stripped[0]}: its company prefix and item reference have 12 digits, one too few"
            self._add("error", "LEADING_ZERO_STRIPPED", message, stripped)

    def _object(self, event: Event) -> None:
        if event.biz_step in _MAKES and event.action in ("ADD", ""):
            self._take(event, event.epcs)
        elif event.biz_step == "shipping":
            self._ship(event)
        elif event.biz_step in _ENDS or event.action == "DELETE":
            for one in _each(event.epcs):
                if one in self._shipped:
                    self._add(
                        "error", "DECOMMISSION_AFTER_SHIP", f"{one} is decommissioned after it was shipped", [one]
                    )
                self._ended[one] = event.event_time
        if event.disposition in _SUSPECT and event.biz_step in ("shipping", "receiving"):
            message = f"goods with the disposition {event.disposition} are {event.biz_step.replace('ing', 'ed')}"
            self._add("error", "SUSPECT_PRODUCT", message, _some(event.epcs))
        if event.disposition in _FAILED:
            message = f"a verification failed: {event.disposition}"
            self._add("warning", "VERIFICATION_FAILED", message, _some(event.epcs))
        if event.quantities and event.biz_step in ("shipping", "commissioning"):
            self._lot_level(event)

    def _lot_level(self, event: Event) -> None:
        self._r12 = True
        for quantity in event.quantities:
            if "/10/" in quantity.epc_class and event.ilmd:
                lot = ilmd_lot_expiry(event)[0]
                told = quantity.epc_class.partition("/10/")[2]
                if lot and told != lot:
                    self._add("error", "LOT_MISMATCH", f"quantityList says lot {told!r}, ilmd says {lot!r}")

    def _take(self, event: Event, runs: list[EpcRun]) -> None:
        """Take in a making."""
        lot, expiry, _ = ilmd_lot_expiry(event)
        is_item = False
        for run in runs:
            if run.key.startswith("00/"):
                self._containers.update(dict.fromkeys((run.key + one for one in run.serials), self._place))
                continue
            is_item = True
            gtin = run.key[3:17]
            if lot and expiry:
                other = self._expiries.setdefault((gtin, lot), expiry)
                if other != expiry:
                    message = f"lot {lot!r} of {gtin} has the expiries {other} and {expiry}"
                    self._add("error", "MIXED_EXPIRY_SAME_LOT", message)
            again = []
            for one in run.serials:
                known = self._made.get(run.key + one)
                if known is not None:
                    again.append((run.key + one, known))
                self._made[run.key + one] = Made(lot, expiry, event.event_time)
            if again:
                epcs = [one for one, _ in again]
                message = f"{len(again)} serials are commissioned twice, such as {epcs[0]}"
                self._add("error", "SERIAL_ALREADY_COMMISSIONED", message, epcs)
                if any(known.lot != lot for _, known in again):
                    self._add("error", "LOT_MISMATCH", f"commissioned twice, with different lots: {epcs[0]}", epcs)
            self._after_shipping(event, run)
        if is_item and not lot:
            lacking = "lot" if expiry else "lot and expiry"
            self._add("error", "MISSING_MANDATORY_FIELD", f"commissioned without {lacking}", _some(runs))

    def _after_shipping(self, event: Event, run: EpcRun) -> None:
        if not self._shipped:
            return
        late = [
            run.key + one
            for one in run.serials
            if self._shipped.get(self._outermost(run.key + one), 1 << 62) < event.event_time
        ]
        if late:
            message = f"{len(late)} serials are commissioned after they were shipped, such as {late[0]}"
            self._add("error", "COMMISSION_AFTER_SHIP", message, late)

    def _aggregation(self, event: Event) -> None:
        parent = event.parent
        if event.action == "ADD" and parent:
            self._pack(event, parent)
        elif event.action == "DELETE":
            self._unpack(event, parent)
        for quantity in event.child_quantities:
            if quantity.uom in ("", "EA"):  # a weight is no count
                self._count_children(event, quantity.epc_class, quantity.quantity)

    def _pack(self, event: Event, parent: str) -> None:
        held = self._children.setdefault(parent, set())
        moved, levels = [], set()
        for run in event.children:
            levels.add(run.key[:4] if run.key.startswith("01/") else run.key[:3])
            for one in run.serials:
                child = run.key + one
                if self._parent.get(child, parent) != parent:
                    moved.append(child)
                self._parent[child] = parent
                held.add(child)
        if moved:
            message = f"{len(moved)} are packed into {parent} while they are in another container, such as {moved[0]}"
            self._add("error", "MULTIPLE_PARENTS", message, moved)
        if len(levels) > 1:
            message = f"{parent} holds packages of different levels side by side"
            self._add("warning", "MIXED_PACKAGING_LEVELS", message, [parent])
        if parent.startswith("01/") and "00/" in levels:
            message = f"{parent} is a package and is said to hold a logistic unit"
            self._add("error", "PACKAGING_TYPE_CONFLICT", message, [parent])
        if parent.startswith("01/") and any(run.key[3:17] == parent[3:17] for run in event.children):
            message = f"{parent} is said to hold packages of its own GTIN"
            self._add("error", "PACKAGING_TYPE_CONFLICT", message, [parent])
        depth = self._depth(parent)
        if depth > HIERARCHY_DEPTH_MAX:
            message = f"{parent} stands {depth} levels deep; more than {HIERARCHY_DEPTH_MAX} are not usual"
            self._add("warning", "HIERARCHY_DEPTH_EXCEEDED", message, [parent])

    def _unpack(self, event: Event, parent: str) -> None:
        if not event.children and parent:
            for child in self._children.pop(parent, set()):
                self._parent.pop(child, None)
            return
        strange = []
        for child in _each(event.children):
            if self._parent.get(child) == parent:
                del self._parent[child]
                self._children[parent].discard(child)
            else:
                strange.append(child)
        if strange and parent in self._children:
            message = f"{len(strange)} are unpacked from {parent}, which does not hold them, such as {strange[0]}"
            self._add("error", "DEAGGREGATION_WITHOUT_PRIOR", message, strange)
        elif strange:
            message = f"{parent or 'a container'} is unpacked, and the document does not tell its packing"
            self._add("info", "DELETE_WITHOUT_PRIOR_ADD", message, [parent] if parent else [])

    def _count_children(self, event: Event, class_: str, quantity: float | None) -> None:
        if quantity is None or not event.children:
            return
        start = class_.partition("/10/")[0] + "/21/"
        count = sum(len(run.serials) for run in event.children if run.key == start)
        if count and count != quantity:
            message = f"childQuantityList says {quantity:g} of {class_}, childEPCs names {count}"
            self._add("error", "AGGREGATION_QUANTITY_MISMATCH", message)

    def _ship(self, event: Event) -> None:
        self._ships.append((event, self._place))
        parties = {each.type for each in event.sources} | {each.type for each in event.destinations}
        owners = {each.value for each in event.sources if each.type == "owning_party"}
        holders = {each.value for each in event.sources if each.type == "possessing_party"}
        self._moves = self._moves or bool(owners and holders and _glns(owners) != _glns(holders))
        if "owning_party" in parties and not any(each.type == "owning_party" for each in event.destinations):
            self._add("warning", "OWNERSHIP_TRANSFER_UNCLEAR", "who owns the goods afterwards is not said")
        if event.disposition == "returned" and not any(
            each.type in ("rma", "desadv") for each in event.biz_transactions
        ):
            self._add(
                "warning", "RETURNS_NOT_LINKED", "a return names no return authorisation (rma)", _some(event.epcs)
            )
        again = [one for one in _each(event.epcs) if one in self._shipped]
        if again:
            message = f"{len(again)} are shipped a second time, such as {again[0]}"
            self._add("warning", "OVER_SHIPMENT", message, again)
        for one in _each(event.epcs):
            self._shipped[one] = event.event_time
            if one.startswith("00/"):
                self._containers.setdefault(one, self._place)
        self._of_guideline(event.extensions)

    def _of_guideline(self, tree: dict[str, Any]) -> None:
        direct = tree.get(namespaces.join(namespaces.USHC, "directPurchase"))
        if isinstance(direct, dict) and any(key.endswith("qualifier") for key in direct):
            self._r13 = True
        elif direct is not None:
            self._r12 = True

    # -- at the end

    def finish(self, header: Header) -> None:
        """Look at the document as a whole."""
        self._place = ""
        self._check_packing()
        for event, place in self._ships:
            self._place = place
            self._check_shipment(event)
        self._place = ""
        if self._stale:
            self._add("info", "STALE_EVENT", f"{self._stale} events are more than {STALE_DAYS} days old")
        if self._ships and header.statement is not None and not header.statement.affirmed:
            self._add("error", "DSCSA_STATEMENT_NOT_AFFIRMED", "the transaction statement is there, but not affirmed")
        self._check_header(header)
        for sscc, place in self._containers.items():
            if sscc not in self._children and sscc not in self._parent:
                self._place = place
                self._add("warning", "ORPHAN_SSCC", f"{sscc} holds nothing and is in nothing, as far as told", [sscc])

    def _check_packing(self) -> None:
        """Ask of each package that was packed that it was made, where the document tells the making of its like."""
        made = self._made_classes = {one.partition("/21/")[0] for one in self._made}
        unmade = [
            one
            for one in self._parent
            if one.startswith("01/") and one not in self._made and one.partition("/21/")[0] in made
        ]
        words = "are packed and not commissioned, though others of their GTIN are"
        self._note_many("error", "BROKEN_AGGREGATION", words, unmade)

    def _check_header(self, header: Header) -> None:
        if not (header.sender and header.receiver and header.instance_id) and header.root == "EPCISDocument":
            message = "the header tells no sender, receiver or instance identifier"
            self._add("error", "MISSING_SBDH", message)
        for gtin, place in self._used_gtins.items():
            if f"01/{gtin}" not in header.products:
                self._place = place
                self._add("warning", "UNKNOWN_GTIN", f"no master data describes {gtin}", [f"01/{gtin}"])
        known = {key[4:17] for key in header.locations}
        for used, place in self._used_places.items():
            if used[4:17] not in known:
                known.add(used[4:17])
                self._place = place
                self._add("warning", "UNKNOWN_GLN", f"no master data describes {used[4:17]}", [used])
        self._place = ""
        types = {
            text
            for attributes in header.products.values()
            for name, text in attributes.items()
            if name == "additionalTradeItemIdentificationTypeCode"
        }
        r13 = self._r13 or header.guideline.find("1.3") >= 0 or "US_FDA_NDC" in types
        r12 = "FDA_NDC_11" in types or (self._r12 and not header.guideline)
        if r12 and r13:
            self._add("warning", "MIXED_GUIDELINE", "the document mixes forms of the guidelines R1.2 and R1.3")
        if self._moves and r13 and not header.drop_shipment:
            message = "owner and holder of the goods differ, and the header tells no drop shipment"
            self._add("info", "DROP_SHIPMENT_INDICATOR_MISSING", message)

    def _check_shipment(self, event: Event) -> None:
        """Expand what was shipped, and ask of each package that it was made, with lot and expiry, and is still good."""
        shipped_on = (
            (dt.datetime(1970, 1, 1, tzinfo=dt.UTC) + dt.timedelta(microseconds=event.event_time)).date().isoformat()
        )
        unmade: list[str] = []
        unknown: list[str] = []
        expired: list[str] = []
        ended: list[str] = []
        early: list[str] = []
        inside: list[str] = []
        counts: dict[str, int] = {}
        outer = set(_each(event.epcs))
        for one in outer:
            parent = self._parent.get(one)
            if parent is not None and parent not in outer:
                inside.append(one)
        for one in self._packages(outer, self._judged):
            if one.startswith("00/"):
                unknown.append(one)
                continue
            made = self._made.get(one)
            class_ = one.partition("/21/")[0]
            counts[class_] = counts.get(class_, 0) + 1
            if made is None:
                unmade.append(one)
                continue
            if made.expiry and made.expiry < shipped_on:
                expired.append(one)
            if made.at > event.event_time:
                early.append(one)
            if one in self._ended and self._ended[one] <= event.event_time:
                ended.append(one)
        alone = [one for one in unmade if one.partition("/21/")[0] in self._made_classes]
        others = [one for one in unmade if one.partition("/21/")[0] not in self._made_classes]
        words = "are shipped and not commissioned, though others of their GTIN are"
        self._note_many("error", "SERIAL_SHIPPED_NOT_COMMISSIONED", words, alone)
        words = "are shipped, and the document does not tell their making"
        self._note_many("error", "MISSING_COMMISSIONING", words, others)
        self._note_many(
            "warning", "BROKEN_AGGREGATION", "are shipped, and the document does not tell what they hold", unknown
        )
        self._note_many("error", "EXPIRED_PRODUCT_SHIPPED", f"are shipped on {shipped_on}, after their expiry", expired)
        self._note_many("error", "DECOMMISSIONED_SERIAL_SHIPPED", "are shipped after they were decommissioned", ended)
        self._note_many("error", "SHIP_BEFORE_COMMISSION", "are shipped before they were commissioned", early)
        self._note_many(
            "warning",
            "PARTIAL_SHIPMENT_UNDECLARED",
            "are shipped without the container they are in, and not unpacked",
            inside,
        )
        for quantity in event.quantities:
            class_ = quantity.epc_class.partition("/10/")[0]
            if quantity.quantity is not None and class_ in counts and counts[class_] != quantity.quantity:
                message = (
                    f"quantityList says {quantity.quantity:g} of {class_}, the serials shipped are {counts[class_]}"
                )
                self._add("error", "QUANTITY_MISMATCH", message)

    def _packages(self, outer: Iterable[str], seen: set[str]) -> Iterator[str]:
        """Give everything that is shipped and holds nothing itself, however deep it lies; each once in a document."""
        todo = list(outer)
        while todo:
            one = todo.pop()
            if one in seen:
                continue
            seen.add(one)
            held = self._children.get(one)
            if held:
                todo += held
                if one.startswith("01/") and one in self._made:
                    yield one
            else:
                yield one

    def _outermost(self, one: str) -> str:
        for _ in range(64):
            parent = self._parent.get(one)
            if parent is None:
                return one
            one = parent
        return one

    def _depth(self, one: str) -> int:
        depth = 1
        for _ in range(64):
            parent = self._parent.get(one)
            if parent is None:
                return depth
            one, depth = parent, depth + 1
        return depth

    def _note_many(self, severity: str, code: str, words: str, epcs: list[str]) -> None:
        if epcs:
            epcs.sort()
            self._add(severity, code, f"{len(epcs)} {words}, such as {epcs[0]}", epcs)

    def _add(self, severity: str, code: str, message: str, epcs: list[str] | None = None) -> None:
        self._flaws.add(Flaw(severity, code, message, self._place, line_of(self._place), epcs=(epcs or [])[:_SHOWN]))


def _each(runs: Iterable[EpcRun]) -> Iterator[str]:
    for run in runs:
        for one in run.serials:
            yield run.key + one


def _some(runs: Iterable[EpcRun]) -> list[str]:
    return [one for _, one in zip(range(_SHOWN), _each(runs), strict=False)]


def _glns(identifiers: Iterable[str]) -> set[str]:
    return {epc.gln_of(one) or one for one in identifiers}


def _lost_a_zero(text: str) -> bool:
    """Tell whether an SGTIN lacks one digit: a spreadsheet took its leading zero."""
    start = "urn:epc:id:sgtin:"
    if not text.startswith(start):
        return False
    prefix, _, rest = text[len(start) :].partition(".")
    reference = rest.partition(".")[0]
    return prefix.isdecimal() and reference.isdecimal() and len(prefix) + len(reference) == _GLN_LENGTH - 1
