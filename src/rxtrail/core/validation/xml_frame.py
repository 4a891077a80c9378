"""What stands round the events of an XML document: root, header with SBDH, master data, messages of queries.

Source: EPCIS 1.2 and 2.0, clauses 9 and 11; Standard Business Document Header 1.3.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rxtrail.core.validation.xml_parts import (
    DATE_TIME,
    DECIMAL,
    MANY,
    SB,
    SERVICE,
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
    from rxtrail.core.validation.xml_parts import Maker, Type

_DOCUMENT: Final = {
    "schemaVersion": Attribute(DECIMAL, required=True),
    "creationDate": Attribute(DATE_TIME, required=True),
}
_EMPTY: Final = Group(())


def sbdh() -> dict[str, Type]:
    """Give the types of the Standard Business Document Header."""

    def sb(name: str, type_: str = "string", low: int = 1, high: int = 1) -> Part:
        return Part(SB + name, type_, low, high)

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
        Complex("sb:Document", seq(sb("StandardBusinessDocumentHeader", "sb:Header", 0), Other(1, 1, target=SB[1:-1]))),
    )
    return {each.name: each for each in found}


def add_documents(make: Maker) -> None:
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


# Messages of the query interface (EPCIS 1.2 and 2.0, clause 11): element -> type.
MESSAGES: Final = {
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


def add_queries(make: Maker) -> None:
    """Add the query document with every message of the query interface."""
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
    messages = tuple(one(f"{{{target}}}{name}", type_) for name, type_ in MESSAGES.items())
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


def add_master_data(make: Maker) -> None:
    """Add the master data document."""
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
