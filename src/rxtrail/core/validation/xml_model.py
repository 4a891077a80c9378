"""What may stand where in an EPCIS XML document, by our own model.

Source: EPCIS 1.2 and 2.0, clause 9, with query and master data documents; Standard Business Document Header 1.3.
The model is written from the standards, as values: each complex type is a tuple of what it holds, in order. It is held
against the official schemas by the conformance tests.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final, Literal, NamedTuple, TypeAlias

from rxtrail.core.epcis import namespaces
from rxtrail.core.validation import xml_types

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

MANY: Final = 1 << 30
Version: TypeAlias = Literal["1.2", "2.0"]


class Simple(NamedTuple):
    """A type whose value is a text."""

    name: str
    test: Callable[[str], bool]
    hint: str = ""


class Part(NamedTuple):
    """One element in a sequence or choice, this often."""

    tag: str
    type: str
    low: int = 1
    high: int = 1
    nillable: bool = False


class Other(NamedTuple):
    """Elements of other namespaces (or of none: ``local``), checked as far as they are known."""

    low: int = 0
    high: int = MANY
    local: bool = False
    target: str = ""


class Group(NamedTuple):
    """A sequence or choice of parts, this often."""

    parts: tuple[Part | Other | Group, ...]
    low: int = 1
    high: int = 1
    choice: bool = False


class Attribute(NamedTuple):
    """An attribute without namespace."""

    type: Simple
    required: bool = False


class Complex(NamedTuple):
    """A type that has children or attributes."""

    name: str
    content: Group | None = None
    attributes: Mapping[str, Attribute] = MappingProxyType({})
    any_attribute: bool = False
    text: Simple | None = None  # what stands between the tags, when no children do
    anything: bool = False  # mixed content of any kind
    abstract: bool = False


Type: TypeAlias = Simple | Complex


class Model(NamedTuple):
    """The types of one version, and the elements that a document or an unknown part of one may begin with."""

    types: dict[str, Type]
    roots: dict[str, str]  # {namespace}name -> type
    named: dict[str, str]  # {namespace}type -> type, for xsi:type
    events: dict[str, str]  # tag of an event in an EventList -> type


STRING: Final = Simple("string", xml_types.string)
URI: Final = Simple("anyURI", xml_types.any_uri, "a URI such as urn:epc:id:sgln:0614141.00001.0")
STAMP: Final = Simple("dateTimeStamp", xml_types.stamp, "a time with its zone, as in 2026-11-23T09:14:02Z")
DATE_TIME: Final = Simple("dateTime", xml_types.date_time, "a time as in 2026-11-23T09:14:02Z")
ACTION: Final = Simple("action", xml_types.action, "ADD, OBSERVE or DELETE")
DECIMAL: Final = Simple("decimal", xml_types.decimal, "a number such as 12.5")
DOUBLE: Final = Simple("double", xml_types.double, "a number such as 12.5")
BOOLEAN: Final = Simple("boolean", xml_types.boolean, "true or false")
HEX: Final = Simple("hexBinary", xml_types.hex_binary, "pairs of hexadecimal digits")
INT: Final = Simple("int", xml_types.BUILT_IN["int"], "a whole number")
INTEGER: Final = Simple("integer", xml_types.integer, "a whole number")
SEVERITY: Final = Simple("severity", xml_types.one_of("ERROR", "SEVERE"), "ERROR or SEVERE")
BEHAVIOUR: Final = Simple("behaviour", lambda text: text in ("rollback", "proceed"), "rollback or proceed")
SERVICE: Final = Simple(
    "TypeOfServiceTransaction",
    lambda text: text in ("RequestingServiceTransaction", "RespondingServiceTransaction"),
    "RequestingServiceTransaction or RespondingServiceTransaction",
)
_SIMPLE: Final = {
    each.name: each
    for each in (
        *(STRING, URI, STAMP, DATE_TIME, ACTION, DECIMAL, DOUBLE, BOOLEAN, HEX, INT, INTEGER, SEVERITY, BEHAVIOUR),
        SERVICE,
    )
}

_SB: Final = f"{{{namespaces.SBDH}}}"


def one(tag: str, type_: str = "anyURI", high: int = 1) -> Part:
    """Give an element that must stand."""
    return Part(tag, type_, 1, high)


def may(tag: str, type_: str = "anyURI", high: int = 1) -> Part:
    """Give an element that may stand."""
    return Part(tag, type_, 0, high)


def seq(*parts: Part | Other | Group) -> Group:
    """Give a sequence."""
    return Group(parts)


def _sbdh() -> dict[str, Type]:
    def sb(name: str, type_: str = "string", low: int = 1, high: int = 1) -> Part:
        return Part(_SB + name, type_, low, high)

    transaction = ("TypeOfServiceTransaction", SERVICE)
    service = {
        name: Attribute(STRING)
        for name in (
            *("IsNonRepudiationRequired", "IsAuthenticationRequired", "IsNonRepudiationOfReceiptRequired"),
            *("IsIntegrityCheckRequired", "IsApplicationErrorResponseRequested", "TimeToAcknowledgeReceipt"),
            *("TimeToAcknowledgeAcceptance", "TimeToPerform", "Recurrence"),
        )
    }
    service[transaction[0]] = Attribute(transaction[1])
    information = Group(
        (sb("CorrelationInformation", "sb:Correlation", 0, MANY), sb("BusinessService", "sb:Service", 0, MANY)),
        0,
        MANY,
        choice=True,
    )
    found = (
        Complex(
            "sb:Header",
            seq(
                sb("HeaderVersion"),
                sb("Sender", "sb:Partner", 1, MANY),
                sb("Receiver", "sb:Partner", 1, MANY),
                sb("DocumentIdentification", "sb:Identification"),
                sb("Manifest", "sb:Manifest", 0),
                sb("BusinessScope", "sb:BusinessScope", 0),
            ),
        ),
        Complex("sb:Partner", seq(sb("Identifier", "sb:Identifier"), sb("ContactInformation", "sb:Contact", 0, MANY))),
        Complex("sb:Identifier", text=STRING, attributes={"Authority": Attribute(STRING)}),
        Complex(
            "sb:Contact",
            seq(
                sb("Contact"),
                *(
                    sb(name, "string", 0)
                    for name in ("EmailAddress", "FaxNumber", "TelephoneNumber", "ContactTypeIdentifier")
                ),
            ),
        ),
        Complex(
            "sb:Identification",
            seq(
                *(sb(name) for name in ("Standard", "TypeVersion", "InstanceIdentifier", "Type")),
                sb("MultipleType", "boolean", 0),
                sb("CreationDateAndTime", "dateTime"),
            ),
        ),
        Complex("sb:Manifest", seq(sb("NumberOfItems", "integer"), sb("ManifestItem", "sb:Item", 1, MANY))),
        Complex(
            "sb:Item",
            seq(
                sb("MimeTypeQualifierCode"),
                sb("UniformResourceIdentifier", "anyURI"),
                sb("Description", "string", 0),
                sb("LanguageCode", "string", 0),
            ),
        ),
        Complex("sb:BusinessScope", seq(sb("Scope", "sb:Scope", 0, MANY))),
        Complex("sb:Scope", seq(sb("Type"), sb("InstanceIdentifier"), sb("Identifier", "string", 0), information)),
        Complex(
            "sb:Correlation",
            seq(
                sb("RequestingDocumentCreationDateTime", "dateTime", 0),
                sb("RequestingDocumentInstanceIdentifier", "string", 0),
                sb("ExpectedResponseDateTime", "dateTime", 0),
            ),
        ),
        Complex(
            "sb:Service", seq(sb("BusinessServiceName", "string", 0), sb("ServiceTransaction", "sb:Transaction", 0))
        ),
        Complex("sb:Transaction", attributes=service),
        Complex(
            "sb:Document", seq(sb("StandardBusinessDocumentHeader", "sb:Header", 0), Other(1, 1, target=_SB[1:-1]))
        ),
    )
    return {each.name: each for each in found}


_DOCUMENT: Final = {
    "schemaVersion": Attribute(DECIMAL, required=True),
    "creationDate": Attribute(DATE_TIME, required=True),
}
_EMPTY: Final = Group(())


class _Maker:
    """Collects the types of one version."""

    def __init__(self, version: Version) -> None:
        self.version = version
        digit = version[0]
        self.core = f"urn:epcglobal:epcis:xsd:{digit}"
        self.query = f"urn:epcglobal:epcis-query:xsd:{digit}"
        self.master = f"urn:epcglobal:epcis-masterdata:xsd:{digit}"
        self.types: dict[str, Type] = {**_SIMPLE, **_sbdh()}
        self.types["anyType"] = Complex("anyType", anything=True, any_attribute=True)

    def add(self, name: str, *parts: Part | Other | Group, any_attribute: bool = False, **more: object) -> None:
        self.types[name] = Complex(name, Group(parts), any_attribute=any_attribute, **more)  # type: ignore[arg-type]

    def other(self, target: str = "") -> Other:
        return Other(target=target or self.core)

    def open(self, name: str, *, local: bool = True, attributes: bool = True, target: str = "") -> str:
        """Add an extension type: one or more elements of no namespace, or of another."""
        self.add(name, Other(1, MANY, local=local, target=target or self.core), any_attribute=attributes)
        return name


def _common(make: _Maker) -> None:
    """Add the types that 1.2 and 2.0 share."""
    add, other, opened = make.add, make.other, make.open
    add(
        "EPCISDocument",
        may("EPCISHeader", "EPCISHeader"),
        one("EPCISBody", "EPCISBody"),
        may("extension", opened("EPCISDocumentExtension")),
        other(),
        any_attribute=True,
        attributes=_DOCUMENT,
    )
    add(
        "EPCISHeaderExtension",
        may("EPCISMasterData", "EPCISMasterData"),
        may("extension", opened("EPCISHeaderExtension2")),
        any_attribute=True,
    )
    add(
        "EPCISMasterData",
        one("VocabularyList", "VocabularyList"),
        may("extension", opened("EPCISMasterDataExtension", attributes=False)),
    )
    add("VocabularyList", may("Vocabulary", "Vocabulary", high=MANY))
    add(
        "Vocabulary",
        may("VocabularyElementList", "VocabularyElementList"),
        may("extension", opened("VocabularyExtension")),
        other(),
        any_attribute=True,
        attributes={"type": Attribute(URI, required=True)},
    )
    add("VocabularyElementList", one("VocabularyElement", "VocabularyElement", high=MANY))
    add(
        "VocabularyElement",
        may("attribute", "AttributeType", high=MANY),
        may("children", "IDList"),
        may("extension", opened("VocabularyElementExtension")),
        other(),
        any_attribute=True,
        attributes={"id": Attribute(URI, required=True)},
    )
    make.types["AttributeType"] = Complex(
        "AttributeType", anything=True, any_attribute=True, attributes={"id": Attribute(URI, required=True)}
    )
    add("IDList", may("id", high=MANY), any_attribute=True)
    add(
        "EPCISBody",
        may("EventList", "EventList"),
        may("extension", opened("EPCISBodyExtension")),
        other(),
        any_attribute=True,
    )
    make.types["EPC"] = Complex("EPC", text=STRING)
    add("EPCList", may("epc", "EPC", high=MANY))
    quantity = Part("quantity", "decimal", nillable=make.version == "2.0")
    add("QuantityElement", one("epcClass"), Group((quantity, may("uom", "string")), 0))
    add("QuantityList", may("quantityElement", "QuantityElement", high=MANY))
    for name in ("ReadPoint", "BusinessLocation"):
        add(name, one("id"), may("extension", opened(name + "Extension")), other())
    make.types["BusinessTransaction"] = Complex("BusinessTransaction", text=URI, attributes={"type": Attribute(URI)})
    add("BusinessTransactionList", one("bizTransaction", "BusinessTransaction", high=MANY))
    make.types["SourceDest"] = Complex("SourceDest", text=URI, attributes={"type": Attribute(URI, required=True)})
    add("SourceList", one("source", "SourceDest", high=MANY))
    add("DestinationList", one("destination", "SourceDest", high=MANY))
    add("ILMD", may("extension", opened("ILMDExtension")), other(), any_attribute=True)
    add("CorrectiveEventIDs", may("correctiveEventID", high=MANY))


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


def _events_1_2(make: _Maker) -> None:
    add, other, opened = make.add, make.other, make.open
    add(
        "EPCISHeader",
        one(_SB + "StandardBusinessDocumentHeader", "sb:Header"),
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


def _sensors(make: _Maker) -> tuple[Part, Part]:
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


def _events_2_0(make: _Maker) -> None:
    add, other, opened = make.add, make.other, make.open
    add(
        "EPCISHeader",
        Part(_SB + "StandardBusinessDocumentHeader", "sb:Header", 0),
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


# Messages of the query interface (EPCIS 1.2 and 2.0, clause 11): element -> type.
_MESSAGES: Final = {
    "GetQueryNames": "EmptyParms",
    "GetQueryNamesResult": "ArrayOfString",
    "Subscribe": "Subscribe",
    "SubscribeResult": "VoidHolder",
    "Unsubscribe": "Unsubscribe",
    "UnsubscribeResult": "VoidHolder",
    "GetSubscriptionIDs": "GetSubscriptionIDs",
    "GetSubscriptionIDsResult": "ArrayOfString",
    "Poll": "Poll",
    "GetStandardVersion": "EmptyParms",
    "GetStandardVersionResult": "string",
    "GetVendorVersion": "EmptyParms",
    "GetVendorVersionResult": "string",
    "QueryTooLargeException": "QueryTooLargeException",
    "ImplementationException": "ImplementationException",
    "QueryResults": "QueryResults",
    **dict.fromkeys(
        (
            *("DuplicateNameException", "InvalidURIException", "NoSuchNameException", "NoSuchSubscriptionException"),
            *("DuplicateSubscriptionException", "QueryParameterException", "QueryTooComplexException"),
            *("SubscriptionControlsException", "SubscribeNotPermittedException", "SecurityException"),
            "ValidationException",
        ),
        "EPCISException",
    ),
}


def _queries(make: _Maker) -> None:
    add, opened = make.add, make.open
    target = make.query
    other = make.other(target)
    add(
        "EPCISQueryDocument",
        may("EPCISHeader", "EPCISHeader"),
        one("EPCISBody", "QueryBody"),
        may("extension", opened("QueryDocumentExtension", target=target)),
        other,
        any_attribute=True,
        attributes=_DOCUMENT,
    )
    messages = tuple(one(f"{{{target}}}{name}", type_) for name, type_ in _MESSAGES.items())
    add("QueryBody", Group(messages, choice=True))
    add(
        "Subscribe",
        one("queryName", "string"),
        one("params", "QueryParams"),
        one("dest"),
        one("controls", "SubscriptionControls"),
        one("subscriptionID", "string"),
    )
    add("Unsubscribe", one("subscriptionID", "string"))
    add("GetSubscriptionIDs", one("queryName", "string"))
    add("Poll", one("queryName", "string"), one("params", "QueryParams"))
    make.types["VoidHolder"] = Complex("VoidHolder", _EMPTY)
    make.types["EmptyParms"] = Complex("EmptyParms", _EMPTY)
    add("ArrayOfString", may("string", "string", MANY))
    time = "dateTimeStamp" if make.version == "2.0" else "dateTime"
    add(
        "SubscriptionControls",
        may("schedule", "QuerySchedule"),
        may("trigger"),
        may("initialRecordTime", time),
        one("reportIfEmpty", "boolean"),
        may("extension", opened("SubscriptionControlsExtension", target=target)),
        other,
    )
    fields = ("second", "minute", "hour", "dayOfMonth", "month", "dayOfWeek")
    add(
        "QuerySchedule",
        *(may(name, "string") for name in fields),
        may("extension", opened("QueryScheduleExtension", target=target)),
        other,
    )
    add("QueryParams", may("param", "QueryParam", MANY))
    add("QueryParam", one("name", "string"), one("value", "anyType"))
    add(
        "QueryResults",
        one("queryName", "string"),
        may("subscriptionID", "string"),
        one("resultsBody", "QueryResultsBody"),
        may("extension", opened("QueryResultsExtension", target=target)),
        other,
    )
    results = (one("EventList", "EventList"), one("VocabularyList", "VocabularyList"))
    add("QueryResultsBody", Group(results, choice=True))
    add("EPCISException", one("reason", "string"))
    named = (may("queryName", "string"), may("subscriptionID", "string"))
    add("QueryTooLargeException", one("reason", "string"), *named)
    add("ImplementationException", one("reason", "string"), one("severity", "severity"), *named)


def _master_data(make: _Maker) -> None:
    add, opened = make.add, make.open
    target = make.master
    other = make.other(target)
    add(
        "EPCISMasterDataDocument",
        may("EPCISHeader", "EPCISHeader"),
        one("EPCISBody", "MasterDataBody"),
        may("extension", opened("MasterDataDocumentExtension", target=target)),
        other,
        any_attribute=True,
        attributes=_DOCUMENT,
    )
    add(
        "MasterDataBody",
        may("VocabularyList", "VocabularyList"),
        may("extension", opened("MasterDataBodyExtension", target=target)),
        other,
        any_attribute=True,
    )


def _model(version: Version) -> Model:
    make = _Maker(version)
    _common(make)
    (_events_1_2 if version == "1.2" else _events_2_0)(make)
    _queries(make)
    _master_data(make)
    core, query, master = make.core, make.query, make.master
    roots = {
        f"{{{core}}}EPCISDocument": "EPCISDocument",
        f"{{{query}}}EPCISQueryDocument": "EPCISQueryDocument",
        f"{{{master}}}EPCISMasterDataDocument": "EPCISMasterDataDocument",
        f"{_SB}StandardBusinessDocumentHeader": "sb:Header",
        f"{_SB}StandardBusinessDocument": "sb:Document",
        f"{_SB}CorrelationInformation": "sb:Correlation",
        f"{_SB}BusinessService": "sb:Service",
        **{f"{{{query}}}{name}": type_ for name, type_ in _MESSAGES.items()},
        f"{{{query}}}VoidHolder": "VoidHolder",
        f"{{{query}}}EPCISException": "EPCISException",
    }
    if version == "2.0":
        roots[f"{{{core}}}EPCISCaptureJob"] = "EPCISCaptureJob"
        roots[f"{{{core}}}EPCISException"] = "Flaw"
    events = {name: name for name in make.types if name.endswith("Event")}
    named = {f"{{{core}}}{name}Type": name for name in make.types if name[:1].isupper()}
    named |= {f"{{{query}}}{name}": name for name in ("ArrayOfString", "VoidHolder", "EmptyParms", "QueryParams")}
    named |= {f"{{{query}}}{name}": name for name in ("Poll", "Subscribe", "QuerySchedule", "SubscriptionControls")}
    return Model(make.types, roots, named, events)


MODELS: Final[dict[Version, Model]] = {"1.2": _model("1.2"), "2.0": _model("2.0")}
