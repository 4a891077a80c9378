"""Strict checking of JSON: each member is one that the standard knows, and of the shape that it wants.

Source: EPCIS 2.0, clause 10 and its JSON schema, as our own model: what each object may and must hold. A name that is
not the standard's must be a URI or a compact one (``prefix:name``). Events are decoded one at a time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeAlias

import msgspec

from rxtrail.core.epcis import refusals, vocabulary
from rxtrail.core.validation import json_types
from rxtrail.core.validation.flaws import Flaw, Flaws

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from rxtrail.core.epcis.limits import Limits

    Check: TypeAlias = Callable[["JsonChecker", Any, str], None]

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
_NO_PARENTHESIS: Final = "Give it a name with a prefix that the @context declares, as in example:name, or leave it out."


def check_document(text: bytes, limits: Limits, flaws: Flaws) -> None:
    """Check a whole document; raises BadDocument for what is no JSON."""
    JsonChecker(text, limits, flaws).document()


class JsonChecker:
    """Checks one document."""

    def __init__(self, text: bytes, limits: Limits, flaws: Flaws) -> None:
        """Take the text of the document in UTF-8."""
        self._text = text
        self._limits = limits
        self._flaws = flaws

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
            pointer = "/" + _escaped(name)
            if name == "epcisBody":
                (self._query_body if is_query else self._body)(raw, pointer)
            elif (check := (_QUERY_CHECKS if is_query else _DOCUMENT_CHECKS).get(name)) is not None:
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
            check = _EVENT_CHECKS.get(name)
            if check is not None and name in fields:
                check(self, value, f"{pointer}/{name}")
            elif name == "epcList" and name in fields:
                (_UNIQUE_URIS if kind == "ObjectEvent" else _URIS)(self, value, f"{pointer}/{name}")
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

    # -- flaws and pieces

    def names(self, members: Iterable[str], known: frozenset[str], pointer: str) -> None:
        """Check that each member is known, or has a name with a prefix."""
        for name in members:
            if name not in known and not json_types.uri(name):
                place = f"{pointer}/{_escaped(name)}"
                message = f"{name[:_SHOWN]!r} is no field that may stand here"
                self.wrong(place, "SCHEMA_MEMBER", message, _NO_PARENTHESIS)

    def missing(self, pointer: str, name: str) -> None:
        """Note a member that must stand and does not."""
        self.wrong(pointer, "SCHEMA_MISSING", f"{name} is missing", f"Add {name}.")

    def wrong(self, pointer: str, code: str, message: str, advice: str = "") -> None:
        """Note a flaw at a place."""
        self._flaws.add(Flaw("error", code, message, pointer or "/", advice=advice))

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


def _escaped(name: str) -> str:
    """Escape a name in a JSON pointer (RFC 6901, section 3)."""
    return name.replace("~", "~0").replace("/", "~1")


# -- what a value must be


def text(checker: JsonChecker, value: Any, pointer: str) -> None:  # noqa: ANN401 -- any JSON value
    """Check a text of any kind."""
    if not isinstance(value, str):
        checker.wrong(pointer, "SCHEMA_TYPE", f"{pointer.rpartition('/')[2]} is no text")


def of_form(test: Callable[[str], bool], what: str) -> Check:
    """Give the check of a text of one form."""

    def check(checker: JsonChecker, value: Any, pointer: str) -> None:  # noqa: ANN401 -- any JSON value
        if not isinstance(value, str) or not test(value):
            shown = repr(value[:_SHOWN]) if isinstance(value, str) else msgspec.json.encode(value).decode()[:_SHOWN]
            code = "SCHEMA_VALUE" if isinstance(value, str) else "SCHEMA_TYPE"
            article = "an" if what[0] in "aeio" else "a"
            checker.wrong(pointer, code, f"{shown} is no {what.partition(',')[0]}", f"Write {article} {what}.")

    return check


def number(checker: JsonChecker, value: Any, pointer: str) -> None:  # noqa: ANN401 -- any JSON value
    """Check a number."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        shown = msgspec.json.encode(value).decode()[:_SHOWN]
        checker.wrong(pointer, "SCHEMA_TYPE", f"{shown} is no number", "Write it without quotes, as in 12.5.")


def boolean(checker: JsonChecker, value: Any, pointer: str) -> None:  # noqa: ANN401 -- any JSON value
    """Check true or false."""
    if not isinstance(value, bool):
        checker.wrong(pointer, "SCHEMA_TYPE", "neither true nor false", "Write true or false, without quotes.")


def a_word(kind: str, what: str) -> Check:
    """Give the check of a word of the vocabulary."""

    def check(checker: JsonChecker, value: Any, pointer: str) -> None:  # noqa: ANN401 -- any JSON value
        if not isinstance(value, str):
            checker.wrong(pointer, "SCHEMA_TYPE", f"{what} is no text")
        elif not json_types.word(value, kind):
            meant = vocabulary.corrected(value, kind)[0]
            advice = f"Write {meant!r}." if meant in json_types.WORDS[kind] else "Write a word of the CBV, or a URI."
            checker.wrong(pointer, "SCHEMA_VALUE", f"{value[:_SHOWN]!r} is no {what}", advice)

    return check


def each(check: Check, *, unique: bool = False, low: int = 0) -> Check:
    """Give the check of a list."""

    def check_list(checker: JsonChecker, value: Any, pointer: str) -> None:  # noqa: ANN401 -- any JSON value
        if not isinstance(value, list):
            checker.wrong(pointer, "SCHEMA_TYPE", f"{pointer.rpartition('/')[2]} is no list", "Write [ ] round it.")
            return
        if len(value) < low:
            checker.wrong(pointer, "SCHEMA_MISSING", f"{pointer.rpartition('/')[2]} is empty")
        if unique and _repeats(value):
            advice = "Name each once."
            checker.wrong(pointer, "SCHEMA_VALUE", f"{pointer.rpartition('/')[2]} names one twice", advice)
        for index, one in enumerate(value):
            check(checker, one, f"{pointer}/{index}")

    return check_list


def _uri_list(*, unique: bool = False) -> Check:
    """Give the check of a list of identifiers, which may be long."""
    general = each(_URI, unique=unique)

    def check(checker: JsonChecker, value: Any, pointer: str) -> None:  # noqa: ANN401 -- any JSON value
        if (
            isinstance(value, list)
            and set(map(type, value)) <= {str}
            and (not unique or len(set(value)) == len(value))
            and (not value or json_types.uris(value))
        ):
            return
        general(checker, value, pointer)

    return check


def _repeats(values: list[Any]) -> bool:
    try:
        return len(set(values)) != len(values)
    except TypeError:
        return len({msgspec.json.encode(one, order="sorted") for one in values}) != len(values)


def an_object(
    checks: dict[str, Check],
    required: tuple[str, ...] = (),
    *,
    known: frozenset[str] | None = None,
    closed: bool = False,
) -> Check:
    """Give the check of an object: ``known`` names what it may hold beside prefixed names, ``closed`` nothing else."""

    def check(checker: JsonChecker, value: Any, pointer: str) -> None:  # noqa: ANN401 -- any JSON value
        if not isinstance(value, dict):
            checker.wrong(pointer, "SCHEMA_TYPE", f"{pointer.rpartition('/')[2]} is no object")
            return
        for name in required:
            if name not in value:
                checker.missing(pointer, name)
        if closed:
            for name in value:
                if name not in checks:
                    message = f"{name[:_SHOWN]!r} is no field that may stand here"
                    checker.wrong(f"{pointer}/{_escaped(name)}", "SCHEMA_MEMBER", message, "Leave it out.")
        elif known is not None:
            checker.names(value, known, pointer)
        for name, member in value.items():
            if (inner := checks.get(name)) is not None:
                inner(checker, member, f"{pointer}/{name}")

    return check


def context(checker: JsonChecker, value: Any, pointer: str) -> None:  # noqa: ANN401 -- any JSON value
    """Check a ``@context``."""
    if isinstance(value, list):
        if _repeats(value):
            checker.wrong(pointer, "SCHEMA_VALUE", "@context names one twice", "Name each once.")
        entries = [(one, f"{pointer}/{index}") for index, one in enumerate(value)]
    else:
        entries = [(value, pointer)]
    for one, place in entries:
        if not isinstance(one, dict):
            _URI(checker, one, place)


def certification(checker: JsonChecker, value: Any, pointer: str) -> None:  # noqa: ANN401 -- any JSON value
    """Check a ``certificationInfo``: one URI, or a list of them."""
    (_URIS if isinstance(value, list) else _URI)(checker, value, pointer)


def persistent(checker: JsonChecker, value: Any, pointer: str) -> None:  # noqa: ANN401 -- any JSON value
    """Check a ``persistentDisposition``."""
    _PERSISTENT(checker, value, pointer)
    if isinstance(value, dict) and not value.keys() & {"set", "unset"}:
        checker.missing(pointer, "set or unset")


def attribute(checker: JsonChecker, value: Any, pointer: str) -> None:  # noqa: ANN401 -- any JSON value
    """Check the value of a master data attribute."""
    if isinstance(value, bool) or not isinstance(value, str | int | float | dict):
        checker.wrong(pointer, "SCHEMA_TYPE", "an attribute is neither text, number nor object")


_URI: Final = of_form(json_types.uri, "URI, such as urn:epc:id:sgln:0614141.00001.0 or https://id.gs1.org/414/...")
_TIME: Final = of_form(json_types.time, "time with its zone, as in 2026-11-23T09:14:02Z")
_URIS: Final = _uri_list()
_UNIQUE_URIS: Final = _uri_list(unique=True)
_DISPOSITION: Final = a_word(vocabulary.DISPOSITION, "disposition")
_ACTION: Final = of_form(("OBSERVE", "ADD", "DELETE").__contains__, "action, one of ADD, OBSERVE and DELETE")
_PERSISTENT: Final = an_object(dict.fromkeys(("set", "unset"), each(_DISPOSITION, unique=True, low=1)), closed=True)
_QUANTITY: Final = an_object(
    {
        "epcClass": _URI,
        "quantity": number,
        "uom": of_form(json_types.uom, "unit of UN/ECE recommendation 20, such as KGM"),
    },
    ("epcClass",),
    closed=True,
)
_PLACE: Final = an_object({"id": _URI}, ("id",))
_PARTY: Final = a_word(vocabulary.SOURCE_TYPE, "type of source or destination")
_LINKS: Final = dict.fromkeys(("deviceID", "deviceMetadata", "rawData", "dataProcessingMethod", "bizRules"), _URI)
_METADATA: Final[dict[str, Check]] = {**dict.fromkeys(("time", "startTime", "endTime"), _TIME), **_LINKS}
_REPORT: Final[dict[str, Check]] = {
    **_LINKS,
    "type": a_word(vocabulary.MEASUREMENT, "type of measurement"),
    "exception": a_word(vocabulary.ALERT, "type of alert"),
    "component": a_word(vocabulary.COMPONENT, "component"),
    "time": _TIME,
    **dict.fromkeys(("microorganism", "chemicalSubstance", "coordinateReferenceSystem", "uriValue"), _URI),
    **dict.fromkeys(("value", "minValue", "maxValue", "meanValue", "sDev", "percRank", "percValue"), number),
    **dict.fromkeys(("stringValue", "uom"), text),
    "booleanValue": boolean,
    "hexBinaryValue": of_form(json_types.hex_binary, "row of hexadecimal digits"),
}
_SENSOR_FIELDS: Final = frozenset(("sensorMetadata", "sensorReport"))
_SENSOR: Final = an_object(
    {
        "sensorMetadata": an_object(_METADATA, known=frozenset(_METADATA)),
        "sensorReport": each(an_object(_REPORT, ("type",), known=frozenset(_REPORT)), low=1),
    },
    ("sensorReport",),
    known=_SENSOR_FIELDS,
)
_DECLARATION: Final[dict[str, Check]] = {
    "declarationTime": _TIME,
    "reason": a_word(vocabulary.ERROR_REASON, "reason of an error"),
    "correctiveEventIDs": _URIS,
}
_EVENT_CHECKS: Final[dict[str, Check]] = {
    "@context": context,
    "eventTime": _TIME,
    "recordTime": _TIME,
    "eventTimeZoneOffset": of_form(json_types.zone, "offset from UTC, as in -05:00"),
    "eventID": _URI,
    "certificationInfo": certification,
    "errorDeclaration": an_object(_DECLARATION, ("declarationTime",), known=frozenset(_DECLARATION)),
    "action": _ACTION,
    "bizStep": a_word(vocabulary.BIZ_STEP, "business step"),
    "disposition": _DISPOSITION,
    "persistentDisposition": persistent,
    "readPoint": _PLACE,
    "bizLocation": _PLACE,
    "parentID": _URI,
    "transformationID": _URI,
    "childEPCs": _URIS,
    "inputEPCList": _UNIQUE_URIS,
    "outputEPCList": _UNIQUE_URIS,
    **dict.fromkeys(("quantityList", "childQuantityList", "inputQuantityList", "outputQuantityList"), each(_QUANTITY)),
    "bizTransactionList": each(
        an_object(
            {"type": a_word(vocabulary.TRANSACTION_TYPE, "type of transaction"), "bizTransaction": _URI},
            ("bizTransaction",),
            closed=True,
        )
    ),
    "sourceList": each(an_object({"type": _PARTY, "source": _URI}, ("type", "source"), closed=True)),
    "destinationList": each(an_object({"type": _PARTY, "destination": _URI}, ("type", "destination"), closed=True)),
    "sensorElementList": each(_SENSOR),
    "ilmd": an_object({}, known=frozenset()),
}
vocabulary_of: Final = an_object(
    {
        "type": _URI,
        "vocabularyElementList": each(
            an_object(
                {
                    "id": _URI,
                    "attributes": each(an_object({"id": _URI, "attribute": attribute}, ("id",))),
                    "children": _URIS,
                },
                ("id",),
            )
        ),
    },
    ("type",),
)
_HEADER: Final = an_object(
    {"epcisMasterData": an_object({"vocabularyList": each(vocabulary_of)})}, known=frozenset(("epcisMasterData",))
)
_QUERY_CHECKS: Final[dict[str, Check]] = {
    "@context": context,
    "id": _URI,
    "schemaVersion": of_form(json_types.version, "version, such as 2.0"),
    "creationDate": _TIME,
}
_DOCUMENT_CHECKS: Final[dict[str, Check]] = {
    **_QUERY_CHECKS,
    **dict.fromkeys(("instanceIdentifier", "sender", "receiver"), text),
    "epcisHeader": _HEADER,
}
