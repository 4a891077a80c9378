"""Strict checking of JSON: each member is one that the standard knows, and of the shape that it wants.

Source: EPCIS 2.0, clause 10 and its JSON schema, as our own model: what each object may and must hold. A name that is
not the standard's must be a URI or a compact one (``prefix:name``). Events are decoded one at a time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from rxtrail.core.epcis import refusals
from rxtrail.core.validation import json_types
from rxtrail.core.validation.json_checks import (
    DOCUMENT_CHECKS,
    EVENT_CHECKS,
    QUERY_CHECKS,
    UNIQUE_URIS,
    URIS,
    Checker,
    each,
    escaped,
    text,
    vocabulary_of,
)

if TYPE_CHECKING:
    from rxtrail.core.epcis.limits import Limits
    from rxtrail.core.validation.flaws import Flaws

_any = msgspec.json.Decoder(float_hook=float)
_object = msgspec.json.Decoder(dict[str, msgspec.Raw])
_list = msgspec.json.Decoder(list[msgspec.Raw])

_DOCUMENTS: Final = ("EPCISDocument", "EPCISQueryDocument")
_SHOWN: Final = 80

_COMMON: Final = (
    *("@context", "type", "eventTime", "recordTime", "eventTimeZoneOffset", "eventID", "certificationInfo"),
    "errorDeclaration",
)
_WHERE: Final = ("action", "bizStep", "disposition", "readPoint", "bizLocation")
_LISTS: Final = ("bizTransactionList", "sourceList", "destinationList", "sensorElementList")
_CHILDREN: Final = ("parentID", "childEPCs", "childQuantityList")
_FIELDS: Final = {
    "ObjectEvent": frozenset((*_COMMON, *_WHERE, *_LISTS, "epcList", "quantityList", "persistentDisposition", "ilmd")),
    "AggregationEvent": frozenset((*_COMMON, *_WHERE, *_LISTS, *_CHILDREN)),
    "AssociationEvent": frozenset((*_COMMON, *_WHERE, *_LISTS, *_CHILDREN)),
    "TransactionEvent": frozenset((*_COMMON, *_WHERE, *_LISTS, "parentID", "epcList", "quantityList")),
    "TransformationEvent": frozenset(
        (
            *(*_COMMON, *_WHERE[1:], *_LISTS, "inputEPCList", "inputQuantityList", "outputEPCList"),
            *("outputQuantityList", "transformationID", "persistentDisposition", "ilmd"),
        )
    ),
}
_REQUIRED: Final = {
    "ObjectEvent": ("action",),
    "AggregationEvent": ("action",),
    "AssociationEvent": ("action", "parentID"),
    "TransactionEvent": ("bizTransactionList", "action"),
    "TransformationEvent": (),
}
_DOCUMENT_FIELDS: Final = frozenset(
    (
        *("@context", "id", "type", "schemaVersion", "creationDate", "instanceIdentifier", "sender", "receiver"),
        *("epcisHeader", "epcisBody"),
    )
)
_QUERY_FIELDS: Final = frozenset(("@context", "id", "type", "schemaVersion", "creationDate", "epcisBody"))


def check_document(text: bytes, limits: Limits, flaws: Flaws) -> None:
    """Check a whole document; raises BadDocument for what is no JSON."""
    JsonChecker(text, limits, flaws).document()


class JsonChecker(Checker):
    """Checks one document."""

    def __init__(self, text: bytes, limits: Limits, flaws: Flaws) -> None:
        """Take the text of the document in UTF-8."""
        self._text = text
        self._limits = limits
        super().__init__(flaws)

    def document(self) -> None:
        """Check the document from its root."""
        root = self._members(self._text, "")
        if root is None:
            self.wrong("", "SCHEMA_TYPE", "the document is no object", "Begin it with {.")
            return
        if "type" not in root:
            self.missing("", "type")
        kind = self._decode(_any, root["type"], "/type") if "type" in root else None
        if kind in _DOCUMENTS:
            self._document(root, is_query=kind == "EPCISQueryDocument")
        elif "type" in root:
            event = self._decode(_any, self._text, "")
            if "@context" not in event:
                self.missing("", "@context")
            self.event(event, "")

    # -- documents

    def _document(self, root: dict[str, msgspec.Raw], *, is_query: bool) -> None:
        needed = ("@context", "epcisBody") if is_query else ("@context", "schemaVersion", "creationDate", "epcisBody")
        for name in needed:
            if name not in root:
                self.missing("", name)
        self.names(root, _QUERY_FIELDS if is_query else _DOCUMENT_FIELDS, "")
        for name, raw in root.items():
            pointer = "/" + escaped(name)
            if name == "epcisBody":
                (self._query_body if is_query else self._body)(raw, pointer)
            elif (check := (QUERY_CHECKS if is_query else DOCUMENT_CHECKS).get(name)) is not None:
                check(self, self._decode(_any, raw, pointer), pointer)

    def _body(self, raw: msgspec.Raw, pointer: str) -> None:
        body = self._object(raw, pointer)
        if body is None:
            return
        if "eventList" in body:
            self._events(body["eventList"], pointer + "/eventList")
        else:
            self.missing(pointer, "eventList")

    def _query_body(self, raw: msgspec.Raw, pointer: str) -> None:
        body = self._object(raw, pointer)
        if body is None:
            return
        self.names(body, frozenset(("queryResults",)), pointer)
        if "queryResults" not in body:
            self.missing(pointer, "queryResults")
            return
        pointer += "/queryResults"
        results = self._object(body["queryResults"], pointer)
        if results is None:
            return
        self.names(results, frozenset(("queryName", "subscriptionID", "resultsBody")), pointer)
        for name in ("queryName", "resultsBody"):
            if name not in results:
                self.missing(pointer, name)
        for name in ("queryName", "subscriptionID"):
            if name in results:
                text(self, self._decode(_any, results[name], pointer), f"{pointer}/{name}")
        if "resultsBody" not in results:
            return
        pointer += "/resultsBody"
        found = self._object(results["resultsBody"], pointer)
        if found is None:
            return
        self.names(found, frozenset(("eventList", "vocabularyList")), pointer)
        if "eventList" in found:
            self._events(found["eventList"], pointer + "/eventList")
        else:
            self.missing(pointer, "eventList")
        if "vocabularyList" in found:
            place = pointer + "/vocabularyList"
            each(vocabulary_of)(self, self._decode(_any, found["vocabularyList"], place), place)

    def _events(self, raw: msgspec.Raw, pointer: str) -> None:
        try:
            events = _list.decode(raw)
        except msgspec.ValidationError:
            self.wrong(pointer, "SCHEMA_TYPE", "eventList is no list")
            return
        except (ValueError, RecursionError) as error:
            raise self._refusal(error, pointer) from error
        for index, text_ in enumerate(events):
            place = f"{pointer}/{index}"
            self.event(self._decode(_any, text_, place), place)

    # -- events

    def event(self, event: Any, pointer: str) -> None:  # noqa: ANN401 -- any JSON value
        """Check one event."""
        if not isinstance(event, dict):
            self.wrong(pointer, "SCHEMA_TYPE", "an event is no object")
            return
        kind = event.get("type")
        if "type" not in event:
            self.missing(pointer, "type")
        elif not isinstance(kind, str):
            self.wrong(pointer + "/type", "SCHEMA_TYPE", "type is no text")
        for name in ("eventTime", "eventTimeZoneOffset"):
            if name not in event:
                self.missing(pointer, name)
        fields = _FIELDS.get(kind) if isinstance(kind, str) else None
        if fields is None or not isinstance(kind, str):
            if isinstance(kind, str) and not json_types.uri(kind):
                message = f"{kind[:_SHOWN]!r} is no type of event"
                advice = (
                    "Write ObjectEvent, AggregationEvent, TransactionEvent, TransformationEvent or AssociationEvent."
                )
                self.wrong(pointer + "/type", "SCHEMA_VALUE", message, advice)
            fields = frozenset(_COMMON)
        else:
            for name in _REQUIRED[kind]:
                if name not in event:
                    self.missing(pointer, name)
            self.names(event, fields, pointer)
            self._what(kind, event, pointer)
        for name, value in event.items():
            check = EVENT_CHECKS.get(name)
            if check is not None and name in fields:
                check(self, value, f"{pointer}/{name}")
            elif name == "epcList" and name in fields:
                (UNIQUE_URIS if kind == "ObjectEvent" else URIS)(self, value, f"{pointer}/{name}")
        papers = event.get("bizTransactionList")
        if kind == "TransactionEvent" and papers == []:
            self.wrong(pointer + "/bizTransactionList", "SCHEMA_MISSING", "a TransactionEvent names no transaction")

    def _what(self, kind: str, event: dict[str, Any], pointer: str) -> None:
        """Check what each type of event must be about."""
        match kind:
            case "ObjectEvent":
                senses = _filled(event, "sensorElementList") and "readPoint" in event
                if not ("epcList" in event or _filled(event, "quantityList") or senses):
                    advice = "Add epcList or quantityList, or sensorElementList with readPoint."
                    self.wrong(pointer, "SCHEMA_MISSING", "an ObjectEvent names nothing that it is about", advice)
                if "ilmd" in event and event.get("action", "ADD") != "ADD":
                    advice = "Leave ilmd out, or set action to ADD."
                    self.wrong(pointer + "/ilmd", "SCHEMA_MEMBER", "ilmd stands with the action ADD only", advice)
            case "AggregationEvent" | "AssociationEvent":
                named = _filled(event, "childEPCs") or _filled(event, "childQuantityList")
                if not named and event.get("action", "DELETE") != "DELETE":
                    advice = "Add childEPCs or childQuantityList."
                    self.wrong(pointer, "SCHEMA_MISSING", f"an {kind} names no children", advice)
            case "TransactionEvent":
                named = "epcList" in event or _filled(event, "quantityList")
                if not named and event.get("action", "DELETE") != "DELETE":
                    advice = "Add epcList or quantityList."
                    self.wrong(pointer, "SCHEMA_MISSING", "a TransactionEvent names nothing that it is about", advice)
            case _:
                taken = _filled(event, "inputEPCList") or _filled(event, "inputQuantityList")
                given = _filled(event, "outputEPCList") or _filled(event, "outputQuantityList")
                if not (taken and given) and not ((taken or given) and "transformationID" in event):
                    advice = "Add inputs and outputs; one of them is enough beside a transformationID."
                    self.wrong(pointer, "SCHEMA_MISSING", "a TransformationEvent lacks inputs or outputs", advice)

    # -- pieces

    def _object(self, raw: msgspec.Raw, pointer: str) -> dict[str, msgspec.Raw] | None:
        found = self._members(raw, pointer)
        if found is None:
            self.wrong(pointer, "SCHEMA_TYPE", f"{pointer.rpartition('/')[2]} is no object")
        return found

    def _members(self, raw: bytes | msgspec.Raw, pointer: str) -> dict[str, msgspec.Raw] | None:
        try:
            return _object.decode(raw)
        except msgspec.ValidationError:
            return None
        except (ValueError, RecursionError) as error:
            raise self._refusal(error, pointer) from error

    def _decode(self, decoder: msgspec.json.Decoder[Any], raw: bytes | msgspec.Raw, pointer: str) -> Any:  # noqa: ANN401
        try:
            return decoder.decode(raw)
        except (ValueError, RecursionError) as error:
            raise self._refusal(error, pointer) from error

    def _refusal(self, error: Exception, pointer: str) -> Exception:
        if isinstance(error, RecursionError):
            return refusals.too_deep(self._limits.depth, pointer or "/")
        return refusals.bad_json(str(error), pointer or "/")


def _filled(event: dict[str, Any], name: str) -> bool:
    value = event.get(name)
    return isinstance(value, list) and bool(value)
