"""What each member of an EPCIS JSON document must be: checks made of checks, and the tables of the standard.

Source: EPCIS 2.0, clause 10 and its JSON schema.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeAlias

import msgspec

from rxtrail.core.epcis import vocabulary
from rxtrail.core.validation import json_types
from rxtrail.core.validation.flaws import Flaw, Flaws

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    Check: TypeAlias = Callable[["Checker", Any, str], None]

_SHOWN: Final = 80
_PREFIXED: Final = "Give it a name with a prefix that the @context declares, as in example:name, or leave it out."


class Checker:
    """Notes what is wrong with the members of one document."""

    def __init__(self, flaws: Flaws) -> None:
        """Take the findings to add to."""
        self.flaws = flaws

    def names(self, members: Iterable[str], known: frozenset[str], pointer: str) -> None:
        """Check that each member is known, or has a name with a prefix."""
        for name in members:
            if name not in known and not json_types.uri(name):
                place = f"{pointer}/{escaped(name)}"
                message = f"{name[:_SHOWN]!r} is no field that may stand here"
                self.wrong(place, "SCHEMA_MEMBER", message, _PREFIXED)

    def missing(self, pointer: str, name: str) -> None:
        """Note a member that must stand and does not."""
        self.wrong(pointer, "SCHEMA_MISSING", f"{name} is missing", f"Add {name}.")

    def wrong(self, pointer: str, code: str, message: str, advice: str = "") -> None:
        """Note a flaw at a place."""
        self.flaws.add(Flaw("error", code, message, pointer or "/", advice=advice))


def escaped(name: str) -> str:
    """Escape a name in a JSON pointer (RFC 6901, section 3)."""
    return name.replace("~", "~0").replace("/", "~1")


def text(checker: Checker, value: Any, pointer: str) -> None:  # noqa: ANN401 -- any JSON value
    """Check a text of any kind."""
    if not isinstance(value, str):
        checker.wrong(pointer, "SCHEMA_TYPE", f"{pointer.rpartition('/')[2]} is no text")


def of_form(test: Callable[[str], bool], what: str) -> Check:
    """Give the check of a text of one form."""

    def check(checker: Checker, value: Any, pointer: str) -> None:  # noqa: ANN401 -- any JSON value
        if not isinstance(value, str) or not test(value):
            shown = repr(value[:_SHOWN]) if isinstance(value, str) else msgspec.json.encode(value).decode()[:_SHOWN]
            code = "SCHEMA_VALUE" if isinstance(value, str) else "SCHEMA_TYPE"
            article = "an" if what[0] in "aeio" else "a"
            checker.wrong(pointer, code, f"{shown} is no {what.partition(',')[0]}", f"Write {article} {what}.")

    return check


def number(checker: Checker, value: Any, pointer: str) -> None:  # noqa: ANN401 -- any JSON value
    """Check a number."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        shown = msgspec.json.encode(value).decode()[:_SHOWN]
        checker.wrong(pointer, "SCHEMA_TYPE", f"{shown} is no number", "Write it without quotes, as in 12.5.")


def boolean(checker: Checker, value: Any, pointer: str) -> None:  # noqa: ANN401 -- any JSON value
    """Check true or false."""
    if not isinstance(value, bool):
        checker.wrong(pointer, "SCHEMA_TYPE", "neither true nor false", "Write true or false, without quotes.")


def a_word(kind: str, what: str) -> Check:
    """Give the check of a word of the vocabulary."""

    def check(checker: Checker, value: Any, pointer: str) -> None:  # noqa: ANN401 -- any JSON value
        if not isinstance(value, str):
            checker.wrong(pointer, "SCHEMA_TYPE", f"{what} is no text")
        elif not json_types.word(value, kind):
            meant = vocabulary.corrected(value, kind)[0]
            advice = f"Write {meant!r}." if meant in json_types.WORDS[kind] else "Write a word of the CBV, or a URI."
            checker.wrong(pointer, "SCHEMA_VALUE", f"{value[:_SHOWN]!r} is no {what}", advice)

    return check


def each(check: Check, *, unique: bool = False, low: int = 0) -> Check:
    """Give the check of a list."""

    def check_list(checker: Checker, value: Any, pointer: str) -> None:  # noqa: ANN401 -- any JSON value
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

    def check(checker: Checker, value: Any, pointer: str) -> None:  # noqa: ANN401 -- any JSON value
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

    def check(checker: Checker, value: Any, pointer: str) -> None:  # noqa: ANN401 -- any JSON value
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
                    checker.wrong(f"{pointer}/{escaped(name)}", "SCHEMA_MEMBER", message, "Leave it out.")
        elif known is not None:
            checker.names(value, known, pointer)
        for name, member in value.items():
            if (inner := checks.get(name)) is not None:
                inner(checker, member, f"{pointer}/{name}")

    return check


def context(checker: Checker, value: Any, pointer: str) -> None:  # noqa: ANN401 -- any JSON value
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


def certification(checker: Checker, value: Any, pointer: str) -> None:  # noqa: ANN401 -- any JSON value
    """Check a ``certificationInfo``: one URI, or a list of them."""
    (URIS if isinstance(value, list) else _URI)(checker, value, pointer)


def persistent(checker: Checker, value: Any, pointer: str) -> None:  # noqa: ANN401 -- any JSON value
    """Check a ``persistentDisposition``."""
    _PERSISTENT(checker, value, pointer)
    if isinstance(value, dict) and not value.keys() & {"set", "unset"}:
        checker.missing(pointer, "set or unset")


def attribute(checker: Checker, value: Any, pointer: str) -> None:  # noqa: ANN401 -- any JSON value
    """Check the value of a master data attribute."""
    if isinstance(value, bool) or not isinstance(value, str | int | float | dict):
        checker.wrong(pointer, "SCHEMA_TYPE", "an attribute is neither text, number nor object")


_URI: Final = of_form(json_types.uri, "URI, such as urn:epc:id:sgln:0614141.00001.0 or https://id.gs1.org/414/...")
_TIME: Final = of_form(json_types.time, "time with its zone, as in 2026-11-23T09:14:02Z")
URIS: Final = _uri_list()
UNIQUE_URIS: Final = _uri_list(unique=True)
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
    "correctiveEventIDs": URIS,
}
EVENT_CHECKS: Final[dict[str, Check]] = {
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
    "childEPCs": URIS,
    "inputEPCList": UNIQUE_URIS,
    "outputEPCList": UNIQUE_URIS,
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
                    "children": URIS,
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
QUERY_CHECKS: Final[dict[str, Check]] = {
    "@context": context,
    "id": _URI,
    "schemaVersion": of_form(json_types.version, "version, such as 2.0"),
    "creationDate": _TIME,
}
DOCUMENT_CHECKS: Final[dict[str, Check]] = {
    **QUERY_CHECKS,
    **dict.fromkeys(("instanceIdentifier", "sender", "receiver"), text),
    "epcisHeader": _HEADER,
}
