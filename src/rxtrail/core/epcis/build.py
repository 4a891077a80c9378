"""From the pieces of an event, as either syntax gives them, to the Event and its findings.

Source: EPCIS 2.0 (GS1, 2022), clauses 7.3 and 7.4. Both readers hand over the same raw texts, so that a
meaning that is the same in XML and JSON becomes the same value.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, TypedDict, cast

from rxtrail.core.epcis import checks, refusals, trees, vocabulary
from rxtrail.core.epcis.event import (
    EPCS_PER_FINDING_MAX,
    OBJECT,
    ErrorDeclaration,
    Event,
    Finding,
    Quantity,
    Typed,
    type_tree,
)
from rxtrail.core.epcis.limits import FINDINGS_PER_CODE_MAX, IDENTIFIER_CHARACTERS_MAX
from rxtrail.core.epcis.times import instant, zone_minutes
from rxtrail.core.gs1 import epc
from rxtrail.core.gs1.epc import SERIAL_LENGTH_MAX

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rxtrail.core.gs1.runs import EpcRun
    from rxtrail.errors import BadDocument

QUANTITY_EVENT = "QuantityEvent"
_WORD_CHARACTERS_MAX = 256
_TIME_CHARACTERS_MAX = 64
_KEYS_REMEMBERED = 1024
# A list of identifiers longer than this on average is looked at one by one before it is read.
_USUAL_CHARACTERS = 100
_WORD_CODES = {
    vocabulary.BIZ_STEP: "INVALID_BIZSTEP",
    vocabulary.DISPOSITION: "INVALID_DISPOSITION",
}
_ERRORS = frozenset(
    (
        "INVALID_EPC_URI",
        "INVALID_GTIN_CHECK_DIGIT",
        "INVALID_SSCC_CHECK_DIGIT",
        "SERIAL_TOO_LONG",
        "SERIAL_CHARACTER",
    )
)


class Raw(TypedDict, total=False):
    """The fields of one event as written; what is a list of identifiers is read already."""

    event_time: str | None
    record_time: str | None
    zone: str | None
    event_id: str | None
    action: str | None
    biz_step: str | None
    disposition: str | None
    parent: str | None
    transformation_id: str | None
    epc_class: str | None
    quantity: str | None
    read_point: str | None
    biz_location: str | None
    epcs: list[EpcRun]
    children: list[EpcRun]
    inputs: list[EpcRun]
    outputs: list[EpcRun]
    quantities: list[Quantity]
    child_quantities: list[Quantity]
    input_quantities: list[Quantity]
    output_quantities: list[Quantity]
    biz_transactions: list[Typed]
    sources: list[Typed]
    destinations: list[Typed]
    ilmd: type_tree
    persistent_set: list[str]
    persistent_unset: list[str]
    sensors: list[type_tree]
    certification: list[str]
    error_declaration: ErrorDeclaration
    extensions: type_tree
    read_point_extensions: type_tree
    biz_location_extensions: type_tree


class Builder:
    """Builds the events of one document, one after another; keeps the findings of the event at hand."""

    def __init__(self) -> None:
        """Start a document."""
        self.findings: list[Finding] = []
        self.forms: dict[str, str] = {}
        self.place = ""
        self._counts: dict[str, int] = {}
        self._keys: dict[str, str] = {}

    def start(self, place: str) -> None:
        """Begin the next event."""
        self.place = place
        self.findings = []  # always a new list: whoever was given the last one keeps it
        if self._counts:
            self._counts = {}
        self.forms = {}

    def find(self, severity: str, code: str, message: str, epcs: list[str] | None = None, *, inside: str = "") -> None:
        """Note a finding about the event at hand, or what is ``inside`` of it; of each code the first fifty."""
        count = self._counts[code] = self._counts.get(code, 0) + 1
        if count > FINDINGS_PER_CODE_MAX:
            if count > FINDINGS_PER_CODE_MAX + 1:
                return
            severity, code, epcs = "info", "FINDINGS_TRUNCATED", None
            message = f"more than {FINDINGS_PER_CODE_MAX} findings like the last; the rest is left out"
        self.findings.append(Finding(severity, code, message, self.place + inside, epcs or []))

    def unknown(self, names: Iterable[str], where: str) -> None:
        """Note parts of a list's entry for which an event has no room: they are kept in the raw document only."""
        told = sorted(name or "an element of another namespace" for name in names)
        if told:
            message = f"{', '.join(told)[:200]} in {where}: no field of the standard; kept in the raw document only"
            self.find("warning", "UNKNOWN_FIELD", message)

    def finish(self, kind: str, raw: Raw) -> Event:
        """Give the event; raises BadDocument when it has no time that can be read."""
        fields: dict[str, Any] = raw  # type: ignore[assignment]  # the texts in it give way to values
        zone = fields["zone"] = self.uri(fields.get("zone"))
        fields["event_time"] = self._event_time(fields.get("event_time"), zone)
        if "action" in fields:
            fields["action"] = self._action(fields["action"])
        if "biz_step" in fields:
            fields["biz_step"] = self.word(fields["biz_step"], vocabulary.BIZ_STEP)
        if "disposition" in fields:
            fields["disposition"] = self.word(fields["disposition"], vocabulary.DISPOSITION)
        if "read_point" in fields:
            fields["read_point"] = self.identifier(fields["read_point"])
        if "biz_location" in fields:
            fields["biz_location"] = self.identifier(fields["biz_location"])
        if "parent" in fields:
            fields["parent"] = self._parent(fields["parent"])
        if "event_id" in fields:
            fields["event_id"] = self.uri(fields["event_id"])
        if "transformation_id" in fields:
            fields["transformation_id"] = self.identifier(fields["transformation_id"], any_text=True)
        if "record_time" in fields:
            fields["record_time"] = self.time(fields["record_time"], "recordTime", zone)
        if kind == QUANTITY_EVENT or "epc_class" in fields or "quantity" in fields:
            kind = self._quantity_event(kind, fields)
        if self.forms:
            fields["forms"] = self.forms
        event = Event(self.uri(kind), **fields)
        for severity, code, message in checks.check(event):
            self.find(severity, code, message)
        return event

    def runs(self, written: Sequence[str | None]) -> list[EpcRun]:
        """Read a list of identifiers; an empty one is left out with a finding."""
        texts = cast("list[str]", written)
        if not all(texts):
            texts = [text for text in written if text and text.strip()]
            message = f"{len(written) - len(texts)} empty identifiers in a list of {len(written)}"
            self.find("error", "INVALID_EPC_URI", message)
        if not texts:
            return []
        if len("".join(texts)) > _USUAL_CHARACTERS * len(texts):
            self._check_lengths(texts)
        runs, problems = epc.read_runs(texts)
        if problems or not runs[0].key or (len(runs) > 1 and not all(run.key for run in runs)):
            self._check_lengths(texts)
            self._note(problems, texts)
        return runs

    def identifier(self, text: str | None, *, any_text: bool = False) -> str:
        """Read one identifier to its canonical form; how it was written is kept in the event's forms.

        With ``any_text`` a text that is no GS1 key is nobody's fault: papers have numbers of all kinds.
        """
        if not text:
            return ""
        if len(text) > IDENTIFIER_CHARACTERS_MAX:
            raise self._too_long("an identifier")
        identifier, problem = epc.examine(text)
        canonical = identifier.key + identifier.serial
        # A URI that claims to be no GS1 key (a sender's own name for a place) is nobody's fault either.
        if problem is not None and problem.code != "NOT_GS1" and not (any_text and not identifier.key):
            self._note([(0, problem.code, problem.message)], [text])
        if canonical != text:
            self.forms.setdefault(canonical, text.strip())
        return canonical

    def uri(self, text: str | None) -> str:
        """Read a text that is kept as written."""
        text = (text or "").strip()
        if len(text) > IDENTIFIER_CHARACTERS_MAX:
            raise self._too_long("an identifier")
        return text

    def word(self, text: str | None, kind: str) -> str:
        """Read a word of the vocabulary to its short name."""
        if not text:
            return ""
        if len(text) > _WORD_CHARACTERS_MAX:
            return self.uri(text)
        name, wrong = vocabulary.corrected(text, kind)
        if wrong:
            self.find("warning", _WORD_CODES.get(kind, "INVALID_VOCABULARY"), wrong)
        return name

    def typed(self, type_text: str | None, value: str | None, kind: str) -> Typed:
        """Read a business transaction, a source or a destination."""
        is_paper = kind == vocabulary.TRANSACTION_TYPE
        return Typed(self.word(type_text, kind), self.identifier(value, any_text=is_paper))

    def quantity(self, epc_class: str | None, quantity: str | float | None, uom: str | None) -> Quantity:
        """Read so much of a class; an amount that is no number is left out with a finding."""
        return Quantity(self.identifier(epc_class), self.number(quantity, "quantity"), self.uri(uom))

    def number(self, value: str | float | None, name: str) -> float | None:
        """Read a number; None with a finding when it is none."""
        if value is None or value == "":
            return None
        try:
            number = float(value)
        except (ValueError, OverflowError):
            number = math.nan
        # Python's own spelling 1_000 is no number in any document.
        if math.isfinite(number) and "_" not in str(value):
            return number
        self.find("error", "INVALID_NUMBER", f"{name} is no number: {str(value)[:80]!r}")
        return None

    def time(self, text: str | None, name: str, zone: str = "") -> int:
        """Read an instant other than the event's own; 0 with a finding when it is none."""
        if not text or not text.strip():
            return 0
        found = instant(text, zone) if len(text) <= _TIME_CHARACTERS_MAX else None
        if found is None:
            self.find("warning", "INVALID_TIME", f"{name} is no time: {text[:80]!r}")
            return 0
        if not found[1]:
            self.find("warning", "MISSING_TIME_ZONE", f"{name} has no time zone: {text}")
        return found[0]

    def declaration(
        self, time: str | None, reason: str | None, corrective: list[str], extensions: type_tree
    ) -> ErrorDeclaration:
        """Read an error declaration."""
        return ErrorDeclaration(
            self.time(time, "declarationTime"),
            self.word(reason, vocabulary.ERROR_REASON),
            corrective,
            extensions,
        )

    def _parent(self, text: str | None) -> str:
        """Read a parentID: each event has its own, so what is remembered is the start that they share."""
        if not text or len(text) > IDENTIFIER_CHARACTERS_MAX:
            return self.identifier(text)
        start, point, serial = text.rpartition(".")
        key = self._keys.get(start)
        if key and len(serial) <= SERIAL_LENGTH_MAX and serial.isalnum() and serial.isascii():
            canonical = key + serial
            self.forms[canonical] = text
            return canonical
        if len(self._keys) < _KEYS_REMEMBERED and start.startswith("urn:epc:id:sgtin:"):
            found, problem = epc.examine(f"{start}{point}1")
            self._keys[start] = found.key if problem is None and found.serial == "1" else ""
        return self.identifier(text)

    def _quantity_event(self, kind: str, fields: dict[str, Any]) -> str:
        """Read EPCIS 1.0's QuantityEvent: an ObjectEvent that observed so much of a class."""
        epc_class, quantity = fields.pop("epc_class", None), fields.pop("quantity", None)
        if kind == QUANTITY_EVENT:
            fields["quantities"] = [self.quantity(epc_class, quantity, None)]
            fields["action"] = "OBSERVE"
            return OBJECT
        for name, text in (("epcClass", epc_class), ("quantity", quantity)):
            if text is not None:
                trees.add(fields.setdefault("extensions", {}), name, text)
        return kind

    def _check_lengths(self, texts: list[str]) -> None:
        if max(map(len, texts), default=0) > IDENTIFIER_CHARACTERS_MAX:
            raise self._too_long("an identifier")

    def _too_long(self, what: str) -> BadDocument:
        return refusals.too_large(what, IDENTIFIER_CHARACTERS_MAX, "characters", self.place)

    def _event_time(self, text: str | None, zone: str) -> int:
        found = instant(text, zone) if text and len(text) <= _TIME_CHARACTERS_MAX else None
        if found is None:
            raise refusals.no_event_time(text or "", self.place)
        micros, has_zone = found
        if not has_zone:
            used = zone if zone and zone_minutes(zone) is not None else "UTC"
            self.find("warning", "MISSING_TIME_ZONE", f"eventTime has no time zone: {text}; read as {used}")
        if not zone:
            self.find("warning", "MISSING_MANDATORY_FIELD", "eventTimeZoneOffset is missing")
        elif zone_minutes(zone) is None:
            self.find("warning", "INVALID_TIME_ZONE", f"eventTimeZoneOffset is no offset: {zone[:40]!r}")
        return micros

    def _action(self, text: str | None) -> str:
        if text in checks.ACTIONS:
            return text
        written = (text or "").strip()
        action = written.upper()
        if action in checks.ACTIONS:
            if action != written:
                self.find("warning", "INVALID_ACTION", f"action {written!r} is read as {action}")
            return action
        return written

    def _note(self, problems: list[tuple[int, str, str]], texts: list[str]) -> None:
        """Make one finding of each kind of problem, with some of the identifiers concerned."""
        by_code: dict[str, list[tuple[int, str]]] = {}
        for index, code, message in problems:
            by_code.setdefault(code, []).append((index, message))
        for code, each in by_code.items():
            more = f" (and {len(each) - 1} more)" if len(each) > 1 else ""
            self.find(
                "error" if code in _ERRORS else "warning",
                code,
                each[0][1] + more,
                [epc.canonical(texts[index]) for index, _ in each[:EPCS_PER_FINDING_MAX]],
            )
