"""The events of EPCIS XML, element by element.

Source: EPCIS 1.2 and 2.0, clause 9.5. EPCIS 1.2 nests what came after 1.0 in extensions; 2.0 has all in one sequence.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rxtrail.core.validation.xml_parts import (
    BOOLEAN,
    DOUBLE,
    HEX,
    MANY,
    SB,
    STAMP,
    STRING,
    URI,
    Attribute,
    Complex,
    Group,
    Other,
    Part,
    may,
    one,
    seq,
)

if TYPE_CHECKING:
    from rxtrail.core.validation.xml_parts import Maker

_STEPS: Final = (
    may("bizStep"),
    may("disposition"),
    may("readPoint", "ReadPoint"),
    may("bizLocation", "BusinessLocation"),
)
_PAPERS: Final = may("bizTransactionList", "BusinessTransactionList")
_PARTIES: Final = (may("sourceList", "SourceList"), may("destinationList", "DestinationList"))
_TRANSFORMATION: Final = (
    may("inputEPCList", "EPCList"),
    may("inputQuantityList", "QuantityList"),
    may("outputEPCList", "EPCList"),
    may("outputQuantityList", "QuantityList"),
    may("transformationID"),
    *_STEPS,
    _PAPERS,
    *_PARTIES,
)


def add_events_1_2(make: Maker) -> None:
    """Add the events of EPCIS 1.2, and the header and lists that differ from those of 2.0."""
    add, other, opened = make.add, make.other, make.open
    add(
        "EPCISHeader",
        one(SB + "StandardBusinessDocumentHeader", "sb:Header"),
        may("extension", "EPCISHeaderExtension"),
        other(),
        any_attribute=True,
    )
    add(
        "EventList",
        Group(
            (
                *(may(name, name, MANY) for name in ("ObjectEvent", "AggregationEvent", "QuantityEvent")),
                may("TransactionEvent", "TransactionEvent", MANY),
                one("extension", "EventListExtension"),
                Other(1, 1, target=make.core),
            ),
            0,
            MANY,
            choice=True,
        ),
    )
    add(
        "EventListExtension",
        Group(
            (
                one("TransformationEvent", "TransformationEvent"),
                one("extension", opened("EventListExtension2")),
            ),
            choice=True,
        ),
    )
    add(
        "ErrorDeclaration",
        one("declarationTime", "dateTime"),
        may("reason"),
        may("correctiveEventIDs", "CorrectiveEventIDs"),
        may("extension", opened("ErrorDeclarationExtension")),
        other(),
        any_attribute=True,
    )
    add(
        "EventExtension",
        may("eventID"),
        may("errorDeclaration", "ErrorDeclaration"),
        may("extension", opened("EventExtension2")),
        any_attribute=True,
    )
    base = seq(
        one("eventTime", "dateTime"),
        may("recordTime", "dateTime"),
        one("eventTimeZoneOffset", "string"),
        may("baseExtension", "EventExtension"),
    )

    def event(name: str, own: Group, *inside: Part) -> None:
        extension = name + "Extension"
        if inside:
            add(extension, *inside, may("extension", opened(extension + "2")), any_attribute=True)
        else:
            opened(extension)
        add(name, base, own, may("extension", extension), other(), any_attribute=True)

    quantities = may("quantityList", "QuantityList")
    event(
        "ObjectEvent",
        seq(one("epcList", "EPCList"), one("action", "action"), *_STEPS, _PAPERS),
        *(quantities, *_PARTIES, may("ilmd", "ILMD")),
    )
    event(
        "AggregationEvent",
        seq(may("parentID"), one("childEPCs", "EPCList"), one("action", "action"), *_STEPS, _PAPERS),
        *(may("childQuantityList", "QuantityList"), *_PARTIES),
    )
    event("QuantityEvent", seq(one("epcClass"), one("quantity", "int"), *_STEPS, _PAPERS))
    event(
        "TransactionEvent",
        seq(
            one("bizTransactionList", "BusinessTransactionList"),
            may("parentID"),
            one("epcList", "EPCList"),
            one("action", "action"),
            *_STEPS,
        ),
        *(quantities, *_PARTIES),
    )
    event("TransformationEvent", seq(*_TRANSFORMATION, may("ilmd", "ILMD")))


def _sensors(make: Maker) -> tuple[Part, Part]:
    """Add the sensors and persistent dispositions of EPCIS 2.0; give the two elements of an event."""
    add, other, opened = make.add, make.other, make.open
    times, links = Attribute(STAMP), Attribute(URI)
    metadata = {
        **dict.fromkeys(("time", "startTime", "endTime"), times),
        **dict.fromkeys(("deviceID", "deviceMetadata", "rawData", "bizRules", "dataProcessingMethod"), links),
    }
    report = {
        "time": times,
        **dict.fromkeys(
            (
                *("type", "component", "uriValue", "chemicalSubstance", "microorganism", "deviceID", "deviceMetadata"),
                *("rawData", "dataProcessingMethod", "coordinateReferenceSystem", "exception"),
            ),
            links,
        ),
        **dict.fromkeys(
            ("value", "minValue", "maxValue", "sDev", "meanValue", "percRank", "percValue"), Attribute(DOUBLE)
        ),
        "stringValue": Attribute(STRING),
        "uom": Attribute(STRING),
        "booleanValue": Attribute(BOOLEAN),
        "hexBinaryValue": Attribute(HEX),
    }
    make.types["SensorMetadata"] = Complex("SensorMetadata", text=STRING, attributes=metadata, any_attribute=True)
    make.types["SensorReport"] = Complex("SensorReport", text=STRING, attributes=report, any_attribute=True)
    add(
        "SensorElement",
        may("sensorMetadata", "SensorMetadata"),
        one("sensorReport", "SensorReport", high=MANY),
        may("extension", opened("SensorElementExtension")),
        other(),
    )
    add(
        "SensorElementList",
        one("sensorElement", "SensorElement", high=MANY),
        may("extension", opened("SensorElementListExtension")),
    )
    add("PersistentDisposition", may("unset", high=MANY), may("set", high=MANY))
    return may("sensorElementList", "SensorElementList"), may("persistentDisposition", "PersistentDisposition")


def add_events_2_0(make: Maker) -> None:
    """Add the events of EPCIS 2.0, the header and lists that differ from those of 1.2, and the capture job."""
    add, other, opened = make.add, make.other, make.open
    add(
        "EPCISHeader",
        Part(SB + "StandardBusinessDocumentHeader", "sb:Header", 0),
        may("extension", "EPCISHeaderExtension"),
        any_attribute=True,
    )
    kinds = ("ObjectEvent", "AggregationEvent", "TransformationEvent", "TransactionEvent", "AssociationEvent")
    add(
        "EventList",
        Group(
            (
                *(may(name, name, MANY) for name in kinds),
                one("extension", opened("EventListExtension", local=False)),
            ),
            0,
            MANY,
            choice=True,
        ),
        any_attribute=True,
    )
    add(
        "ErrorDeclaration",
        Group(
            (
                one("declarationTime", "dateTimeStamp"),
                may("reason"),
                may("correctiveEventIDs", "CorrectiveEventIDs"),
                may("extension", opened("ErrorDeclarationExtension")),
                other(),
            ),
            0,
            MANY,
            choice=True,
        ),
        any_attribute=True,
    )
    base = seq(
        one("eventTime", "dateTimeStamp"),
        may("recordTime", "dateTimeStamp"),
        one("eventTimeZoneOffset", "string"),
        may("eventID"),
        may("errorDeclaration", "ErrorDeclaration"),
        may("certificationInfo"),
        may("baseExtension", opened("EventExtension", local=False)),
    )
    newer = _sensors(make)

    def event(name: str, *own: Part) -> None:
        extension = opened(name + "Extension", local=False)
        add(name, base, seq(*own), may("extension", extension), other(), any_attribute=True)

    action, ilmd = one("action", "action"), may("ilmd", "ILMD")
    quantities, children = may("quantityList", "QuantityList"), may("childQuantityList", "QuantityList")
    epcs, child_epcs = may("epcList", "EPCList"), may("childEPCs", "EPCList")
    event("ObjectEvent", epcs, action, *_STEPS, _PAPERS, quantities, *_PARTIES, *newer, ilmd)
    event("AggregationEvent", may("parentID"), child_epcs, action, *_STEPS, _PAPERS, children, *_PARTIES, *newer)
    event(
        "TransactionEvent",
        one("bizTransactionList", "BusinessTransactionList"),
        may("parentID"),
        *(epcs, action, *_STEPS, quantities, *_PARTIES, *newer),
    )
    event("TransformationEvent", *_TRANSFORMATION, *newer, ilmd)
    event("AssociationEvent", one("parentID"), child_epcs, children, action, *_STEPS, _PAPERS, *_PARTIES, *newer)
    add(
        "EPCISCaptureJob",
        one("captureErrorBehaviour", "behaviour"),
        may("createdAt", "dateTimeStamp"),
        may("finishedAt", "dateTimeStamp"),
        Group((one("errors", "CaptureErrors"), one("errorFile")), 0, 1, choice=True),
        other(),
        any_attribute=True,
        attributes={
            "running": Attribute(BOOLEAN, required=True),
            "success": Attribute(BOOLEAN, required=True),
            "captureID": Attribute(STRING, required=True),
        },
    )
    add(
        "Flaw",
        one("type"),
        one("title", "string"),
        may("status", "int"),
        may("detail", "string"),
        may("instance"),
        other(),
    )
    add("CaptureErrors", one("error", "Flaw", high=MANY))
