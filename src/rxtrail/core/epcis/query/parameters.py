"""Every parameter of the EPCIS event query, as one table that parsing, matching, narrowing and the docs read.

Source: EPCIS 2.0, clause 8.2.7.1 (SimpleEventQuery) and the query schema of its REST binding. A name in braces is
variable: ``EQ_bizTransaction_{type}``, ``EQ_ILMD_{field}`` (a namespace-qualified name), ``GE_value_{uom}`` (a code of
UN/ECE Recommendation 20). Spellings of EPCIS 1.x and misprints of the official schema are aliases.
"""

from __future__ import annotations

import enum
import re
from functools import lru_cache
from typing import Final

import msgspec


class Op(enum.Enum):
    """How a value of the query is held against a value of the event."""

    EQ = "EQ"
    GT = "GT"
    GE = "GE"
    LT = "LT"
    LE = "LE"
    EXISTS = "EXISTS"
    MATCH = "MATCH"
    WD = "WD"
    HASATTR = "HASATTR"
    EQ_ATTR = "EQ_ATTR"
    CONTROL = "control"  # says what is given back, not which events


class Takes(enum.Enum):
    """What a parameter takes as its value."""

    TEXTS = "one or more texts"
    IDS = "one or more identifiers"
    PATTERNS = "one or more identifiers or patterns"
    TIME = "a time"
    NUMBER = "a number"
    NUMBERS = "one or more numbers"
    BOOLEAN = "true or false"
    VOID = "nothing, or true"
    ANY = "one or more texts, a number or a time"
    ORDERED = "a number or a time"
    COUNT = "a whole number"
    TEXT = "a text"


class Parameter(msgspec.Struct, frozen=True):
    """One row of the table."""

    name: str
    op: Op
    takes: Takes
    field: str  # which part of an event it looks at; see core.epcis.query.match
    about: str

    @property
    def is_pattern(self) -> bool:
        """Tell whether a part of the name is variable."""
        return "{" in self.name


class Named(msgspec.Struct, frozen=True):
    """A parameter as a query names it: the row, and the variable parts of its name."""

    parameter: Parameter
    type: str = ""  # of a business transaction, source or destination
    field: str = ""  # the qualified name of an extension field
    uom: str = ""
    attribute: str = ""


_COMPARE: Final = {
    Op.EQ: "equal to one of the values",
    Op.GT: "greater than the value",
    Op.GE: "greater than or equal to the value",
    Op.LT: "less than the value",
    Op.LE: "less than or equal to the value",
}


def _fixed() -> list[Parameter]:
    eq, match, wd, exists, control = Op.EQ, Op.MATCH, Op.WD, Op.EXISTS, Op.CONTROL
    rows = [
        Parameter("eventType", eq, Takes.TEXTS, "eventType", "Events of one of these types."),
        *_times("eventTime", "whose eventTime is"),
        *_times("recordTime", "that were recorded here at a time"),
        Parameter("EQ_action", eq, Takes.TEXTS, "action", "Events whose action is ADD, OBSERVE or DELETE as given."),
        Parameter("EQ_bizStep", eq, Takes.TEXTS, "bizStep", "Events with one of these business steps."),
        Parameter("EQ_disposition", eq, Takes.TEXTS, "disposition", "Events with one of these dispositions."),
        Parameter(
            "EQ_persistentDisposition_set",
            eq,
            Takes.TEXTS,
            "persistentSet",
            "Events that set one of these persistent dispositions.",
        ),
        Parameter(
            "EQ_persistentDisposition_unset",
            eq,
            Takes.TEXTS,
            "persistentUnset",
            "Events that unset one of these persistent dispositions.",
        ),
        Parameter("EQ_readPoint", eq, Takes.IDS, "readPoint", "Events read at one of these places."),
        Parameter(
            "WD_readPoint",
            wd,
            Takes.IDS,
            "readPoint",
            "Events read at one of these places or at a place within it, as master data tells.",
        ),
        Parameter("EQ_bizLocation", eq, Takes.IDS, "bizLocation", "Events whose objects are at one of these places."),
        Parameter(
            "WD_bizLocation",
            wd,
            Takes.IDS,
            "bizLocation",
            "Events whose objects are at one of these places or within it, as master data tells.",
        ),
        Parameter("EQ_transformationID", eq, Takes.IDS, "transformationID", "Parts of one of these transformations."),
        Parameter("MATCH_epc", match, Takes.PATTERNS, "epc", "Events with one of these in epcList or childEPCs."),
        Parameter("MATCH_parentID", match, Takes.PATTERNS, "parentID", "Events with one of these as parentID."),
        Parameter("MATCH_inputEPC", match, Takes.PATTERNS, "inputEPC", "Events with one of these in inputEPCList."),
        Parameter("MATCH_outputEPC", match, Takes.PATTERNS, "outputEPC", "Events with one of these in outputEPCList."),
        Parameter(
            "MATCH_anyEPC",
            match,
            Takes.PATTERNS,
            "anyEPC",
            "Events with one of these in epcList, childEPCs, parentID, inputEPCList or outputEPCList.",
        ),
        Parameter(
            "MATCH_epcClass",
            match,
            Takes.PATTERNS,
            "epcClass",
            "Events with one of these classes in quantityList or childQuantityList.",
        ),
        Parameter(
            "MATCH_inputEPCClass",
            match,
            Takes.PATTERNS,
            "inputEPCClass",
            "Events with one of these classes in inputQuantityList.",
        ),
        Parameter(
            "MATCH_outputEPCClass",
            match,
            Takes.PATTERNS,
            "outputEPCClass",
            "Events with one of these classes in outputQuantityList.",
        ),
        Parameter(
            "MATCH_anyEPCClass",
            match,
            Takes.PATTERNS,
            "anyEPCClass",
            "Events with one of these classes in any quantity list.",
        ),
        Parameter("EQ_quantity", eq, Takes.NUMBERS, "quantity", "Events with such a quantity, whatever its unit."),
        *_numbers("quantity", "quantity", "with a quantity"),
        Parameter(
            "EQ_eventID",
            eq,
            Takes.TEXTS,
            "eventID",
            "The events of these names; one without an eventID has its CBV event hash as name.",
        ),
        Parameter("EXISTS_errorDeclaration", exists, Takes.VOID, "errorDeclaration", "Error declarations only."),
        *_times("errorDeclarationTime", "that were declared an error at a time"),
        Parameter("EQ_errorReason", eq, Takes.TEXTS, "errorReason", "Error declarations with one of these reasons."),
        Parameter(
            "EQ_correctiveEventID",
            eq,
            Takes.TEXTS,
            "correctiveEventID",
            "Error declarations that name one of these events as their correction.",
        ),
        Parameter("EXISTS_sensorElementList", exists, Takes.VOID, "sensorElementList", "Events with sensor data."),
        *_times("time", "with a sensor time"),
        *_times("startTime", "with a sensor startTime"),
        *_times("endTime", "with a sensor endTime"),
        Parameter("EQ_type", eq, Takes.TEXTS, "type", "Sensor reports of one of these measurement types."),
        Parameter("EQ_deviceID", eq, Takes.IDS, "deviceID", "Sensor data of one of these devices."),
        Parameter(
            "EQ_dataProcessingMethod",
            eq,
            Takes.IDS,
            "dataProcessingMethod",
            "Sensor data made by one of these methods.",
        ),
        Parameter("EQ_microorganism", eq, Takes.IDS, "microorganism", "Sensor reports of one of these organisms."),
        Parameter(
            "EQ_chemicalSubstance", eq, Takes.IDS, "chemicalSubstance", "Sensor reports of one of these substances."
        ),
        Parameter("EQ_bizRules", eq, Takes.IDS, "bizRules", "Sensor data under one of these business rules."),
        Parameter("EQ_stringValue", eq, Takes.TEXTS, "stringValue", "Sensor reports with one of these texts."),
        Parameter("EQ_booleanValue", eq, Takes.BOOLEAN, "booleanValue", "Sensor reports that say so."),
        Parameter(
            "EQ_hexBinaryValue", eq, Takes.TEXTS, "hexBinaryValue", "Sensor reports with one of these hexBinary values."
        ),
        Parameter("EQ_uriValue", eq, Takes.IDS, "uriValue", "Sensor reports with one of these URIs as value."),
        *_numbers("percRank", "percRank", "with a sensor percRank"),
    ]
    rows += [
        Parameter("orderBy", control, Takes.TEXT, "orderBy",
                  "eventTime, recordTime, or the qualified name of an extension field; else in the order of record."),
        Parameter("orderDirection", control, Takes.TEXT, "orderDirection",
                  "ASC or DESC; DESC when only orderBy is given."),
        Parameter("eventCountLimit", control, Takes.COUNT, "eventCountLimit",
                  "Only the first so many events, in the order that orderBy gives."),
        Parameter("maxEventCount", control, Takes.COUNT, "maxEventCount",
                  "QueryTooLargeException when there are more; not together with eventCountLimit."),
        Parameter("perPage", control, Takes.COUNT, "perPage", "How many events one page may hold."),
        Parameter("nextPageToken", control, Takes.TEXT, "nextPageToken", "Where the next page begins."),
    ]  # fmt: skip
    return rows


def _times(field: str, words: str) -> list[Parameter]:
    return [
        Parameter(f"GE_{field}", Op.GE, Takes.TIME, field, f"Events {words} at or after this."),
        Parameter(f"LT_{field}", Op.LT, Takes.TIME, field, f"Events {words} before this."),
    ]


def _numbers(name: str, field: str, words: str) -> list[Parameter]:
    return [
        Parameter(f"{op.value}_{name}", op, Takes.NUMBER, field, f"Events {words} {_COMPARE[op]}.")
        for op in (Op.GT, Op.GE, Op.LT, Op.LE)
    ]


_SENSORS: Final = {
    "SENSORELEMENT_": ("sensorElement", "of a sensorElement"),
    "SENSORMETADATA_": ("sensorMetadata", "of a sensorMetadata"),
    "SENSORREPORT_": ("sensorReport", "of a sensorReport"),
}
# Where an extension field may stand: the part of the name, the field, the words for it.
_SCOPES: Final = {
    "ILMD_": ("ilmd", "of the ILMD"),
    "ERROR_DECLARATION_": ("errorDeclarationField", "of the error declaration"),
    **_SENSORS,
    "readPoint_": ("readPointField", "of the read point"),
    "bizLocation_": ("bizLocationField", "of the business location"),
    "": ("extension", "of the event"),
}


def _patterns() -> list[Parameter]:
    rows = [
        Parameter("EQ_bizTransaction_{type}", Op.EQ, Takes.IDS, "bizTransaction",
                  "Events with one of these business transactions of this type."),
        Parameter("EQ_source_{type}", Op.EQ, Takes.IDS, "source", "Events with one of these sources of this type."),
        Parameter("EQ_destination_{type}", Op.EQ, Takes.IDS, "destination",
                  "Events with one of these destinations of this type."),
        Parameter("EQ_ATTR_{field}_{attribute}", Op.EQ_ATTR, Takes.TEXTS, "attribute",
                  "Events whose field names something whose master data attribute has one of these values."),
        Parameter("HASATTR_{field}", Op.HASATTR, Takes.TEXTS, "attribute",
                  "Events whose field names something that has one of these master data attributes."),
    ]  # fmt: skip
    for value in ("value", "minValue", "maxValue", "meanValue", "sDev", "percValue", "quantity"):
        words = "a quantity" if value == "quantity" else f"a sensor {value}"
        field = "quantity" if value == "quantity" else value
        if value in ("value", "quantity"):
            about = f"Events with {words} equal to one of the values, in this unit or converted to it."
            rows.append(Parameter(f"EQ_{value}_{{uom}}", Op.EQ, Takes.NUMBERS, field, about))
        rows += [
            Parameter(f"{op.value}_{value}_{{uom}}", op, Takes.NUMBER, field,
                      f"Events with {words} {_COMPARE[op]}, in this unit or converted to it.")
            for op in (Op.GT, Op.GE, Op.LT, Op.LE)
        ]  # fmt: skip
    for inner in ("INNER_", ""):
        for scope, (field, words) in _SCOPES.items():
            where = f"{'anywhere inside a field ' if inner else ''}{words}"
            name = inner + scope
            what = f"inner {field}" if inner else field
            rows += [
                Parameter(f"{op.value}_{name}{{field}}", op, Takes.ANY if op is Op.EQ else Takes.ORDERED, what,
                          f"Events with such a field {where} {_COMPARE[op]}.")
                for op in _COMPARE
            ]  # fmt: skip
            rows.append(
                Parameter(f"EXISTS_{name}{{field}}", Op.EXISTS, Takes.VOID, what, f"Events with such a field {where}.")
            )
    return rows


TABLE: Final[tuple[Parameter, ...]] = (*_fixed(), *_patterns())

# Spellings that mean the same: misprints of the query schema, and of EPCIS 1.x.
ALIASES: Final = {
    "GE_errorDeclaration_Time": "GE_errorDeclarationTime",
    "LT_errorDeclaration_Time": "LT_errorDeclarationTime",
    "EXISTS_sensorElement": "EXISTS_sensorElementList",
    "EXISTS_ErrorDeclaration": "EXISTS_errorDeclaration",
    "EQ_persistentDisposition": "EQ_persistentDisposition_set",
}
_RENAMED: Final = (("EQATTR_", "EQ_ATTR_"), ("EQ_ERRORDECLARATION_", "EQ_ERROR_DECLARATION_"))

_PARTS: Final = {
    "{type}": "(?P<type>.+)",
    "{uom}": "(?P<uom>[A-Z0-9]{2,4})",
    "{attribute}": "(?P<attribute>.+)",
}
# A field of the event itself has a namespace; only master data may be asked of the standard's own fields too.
_QUALIFIED: Final = "(?P<field>.+[:#].+)"
_ANY_FIELD: Final = "(?P<field>[A-Za-z]+|.+[:#][^_]+)"
_BY_NAME: Final = {row.name: row for row in TABLE if not row.is_pattern}


def _regex(row: Parameter) -> re.Pattern[str]:
    text = re.escape(row.name).replace(r"\{", "{").replace(r"\}", "}")
    field = _ANY_FIELD if row.field == "attribute" else _QUALIFIED
    for part, pattern in {**_PARTS, "{field}": field}.items():
        text = text.replace(part, pattern)
    return re.compile(text)


_BY_PATTERN: Final = tuple((_regex(row), row) for row in TABLE if row.is_pattern)


@lru_cache(maxsize=1024)
def find(name: str) -> Named | None:
    """Find the row of a name as a query spells it; None when there is no such parameter."""
    name = ALIASES.get(name, name)
    for old, new in _RENAMED:
        if name.startswith(old):
            name = new + name[len(old) :]
    row = _BY_NAME.get(name)
    if row is not None:
        return Named(row)
    for regex, row in _BY_PATTERN:
        match = regex.fullmatch(name)
        if match is not None:
            return Named(row, **match.groupdict())
    return None
