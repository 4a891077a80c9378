"""By which clause each finding of validation is one, and what the sender or the receiver does about it."""

from __future__ import annotations

from typing import Final, NamedTuple


class Entry(NamedTuple):
    """What stands behind a code."""

    clause: str
    advice: str


_XML: Final = "EPCIS 1.2/2.0 clause 9.5 (XML schema)"
_JSON: Final = "EPCIS 2.0 clause 10.2 (JSON schema)"
_IDENTIFIERS: Final = "EPC Tag Data Standard 2.0, section 6; CBV 2.0 section 8"
_GENERAL: Final = "GS1 General Specifications"
_WORDS: Final = "CBV 2.0 section 7"
_DSCSA: Final = "GS1 US DSCSA guideline R1.2/R1.3"
_SENDER: Final = "Ask the sender to correct it."
_RESEND: Final = "Ask the sender for a corrected document."

CATALOGUE: Final[dict[str, Entry]] = {
    # the frame
    "SCHEMA_ROOT": Entry(_XML, "Check the root element and its namespace."),
    "SCHEMA_ELEMENT": Entry(_XML, "Move it to its place, or give it a namespace of your own."),
    "SCHEMA_MISSING": Entry("EPCIS 2.0 clause 7.4", "Add what is missing."),
    "SCHEMA_VALUE": Entry("EPCIS 2.0 clause 7.3", "Write a value of the form that the standard wants."),
    "SCHEMA_ATTRIBUTE": Entry(_XML, "Leave it out."),
    "SCHEMA_TEXT": Entry(_XML, "Leave the text out."),
    "SCHEMA_TYPE": Entry(_JSON, "Write a value of the type that the standard wants."),
    "SCHEMA_MEMBER": Entry(_JSON, "Leave it out, or give it a name with a prefix."),
    "DTD_REFUSED": Entry("EPCIS 2.0 clause 9", "Leave the DOCTYPE out: capture refuses it."),
    "NO_SCHEMA": Entry("EPCIS 2.0 clause 9", "Send events in a document: there is no schema for a bare event."),
    # a document
    "NO_EVENTS": Entry("EPCIS 2.0 clause 7.1", "Check that the right file was chosen."),
    "NO_EVENT_TIME": Entry("EPCIS 2.0 clause 7.4.1", "Add eventTime, as in 2026-11-23T09:14:02Z."),
    "ENCODING_ERROR": Entry("XML 1.0 section 4.3.3", "Save the document as UTF-8 and declare it so."),
    "NUL_CHARACTER": Entry("XML 1.0 section 2.2", "Leave the character out."),
    "INVALID_EXTENSION_NAMESPACE": Entry("EPCIS 2.0 clause 9.1", "Declare the namespace or prefix of each extension."),
    "UNSUPPORTED_EVENT_TYPE": Entry("EPCIS 2.0 clause 7.4", "Use one of the five event types."),
    "ELEMENT_ORDER": Entry(_XML, "Write the elements in the order of the standard."),
    "UNKNOWN_FIELD": Entry("EPCIS 2.0 clause 9.1", "Leave it out, or give it a namespace of your own."),
    "MASTER_DATA_CONFLICT": Entry("EPCIS 2.0 clause 9.4", "Describe each product and place once."),
    "FINDINGS_TRUNCATED": Entry("", "Correct the first ones; the others are most likely of the same kind."),
    # identifiers
    "INVALID_EPC_URI": Entry(_IDENTIFIERS, "Write an EPC URN or a GS1 Digital Link."),
    "INVALID_GTIN_CHECK_DIGIT": Entry(f"{_GENERAL}, section 7.9", "Compare the GTIN with the label."),
    "INVALID_SSCC_CHECK_DIGIT": Entry(f"{_GENERAL}, section 7.9", "Compare the SSCC with the label."),
    "INVALID_GLN_CHECK_DIGIT": Entry(f"{_GENERAL}, section 7.9", "Compare the GLN with the GS1 registry."),
    "INVALID_CHECK_DIGIT": Entry(f"{_GENERAL}, section 7.9", _SENDER),
    "INVALID_GRAI": Entry(f"{_GENERAL}, section 3.9.1", _SENDER),
    "INVALID_COMPANY_PREFIX": Entry(_IDENTIFIERS, "Split the identifier after the company prefix that GS1 assigned."),
    "LEADING_ZERO_STRIPPED": Entry(_IDENTIFIERS, "Export the numbers as text: a spreadsheet took a leading zero away."),
    "GTIN_SERIAL_MISMATCH": Entry(_IDENTIFIERS, "Give the serial alone, AI (21), without GTIN and brackets."),
    "SERIAL_TOO_LONG": Entry(f"{_GENERAL}, section 3.5.2", _SENDER),
    "SERIAL_CHARACTER": Entry(f"{_GENERAL}, section 7.11", _SENDER),
    "LOT_TOO_LONG": Entry(f"{_GENERAL}, section 3.4.1", _SENDER),
    "LOT_CHARACTER": Entry(f"{_GENERAL}, section 7.11", _SENDER),
    "UNSUPPORTED_EPC_TYPE": Entry(_IDENTIFIERS, "Name packages by SGTIN, containers by SSCC, places by SGLN."),
    "DUPLICATE_SERIAL": Entry("EPCIS 2.0 clause 7.4.2", "Name each identifier once."),
    "UNKNOWN_GTIN": Entry(f"{_DSCSA}, header master data", "Add the product (EPCClass) to the header's master data."),
    "UNKNOWN_GLN": Entry(f"{_DSCSA}, header master data", "Add the place or party (Location) to the master data."),
    # an event
    "MISSING_MANDATORY_FIELD": Entry("EPCIS 2.0 clause 7.4", "Add the field."),
    "MISSING_TIME_ZONE": Entry("EPCIS 2.0 clause 7.3.2", "Write the zone: ...Z or ...-05:00."),
    "INVALID_TIME_ZONE": Entry("EPCIS 2.0 clause 7.4.1", "Write an offset such as -05:00."),
    "INVALID_TIME": Entry("EPCIS 2.0 clause 7.3.2", "Write a time such as 2026-11-23T09:14:02Z."),
    "INVALID_NUMBER": Entry("EPCIS 2.0 clause 7.3.3", "Write a number such as 12.5."),
    "INVALID_ACTION": Entry("EPCIS 2.0 clause 7.3.3", "Write ADD, OBSERVE or DELETE."),
    "INVALID_BIZSTEP": Entry(f"{_WORDS}.1", "Use a business step of the CBV, or a URI of your own."),
    "INVALID_DISPOSITION": Entry(f"{_WORDS}.2", "Use the disposition that goes with the business step."),
    "INVALID_VOCABULARY": Entry(_WORDS, "Use a word of the CBV, or a URI of your own."),
    "MISSING_PARENT": Entry("EPCIS 2.0 clause 7.4.3 and 7.4.6", "Add parentID."),
    "MISSING_CHILDREN": Entry("EPCIS 2.0 clause 7.4.3 and 7.4.6", "Add childEPCs or childQuantityList."),
    "ILMD_NOT_ALLOWED": Entry("EPCIS 2.0 clause 7.4.2", "Move lot and expiry to the commissioning event (ADD)."),
    "CERTIFICATION_REPEATED": Entry("EPCIS 2.0 clause 7.4.1", "Name one certification: XML has room for one only."),
    "FUTURE_EVENT_TIME": Entry("EPCIS 2.0 clause 7.3.2", "Check the clock and the zone of the sending system."),
    "STALE_EVENT": Entry(_DSCSA, "Check that the right file was chosen."),
    "TIMING_INVERSION": Entry("EPCIS 2.0 clause 7.4.1", "Check the clocks of the sending system."),
    "DECLARATION_WITHOUT_ID": Entry("EPCIS 2.0 clause 7.4.1.2", "Give event and declaration one eventID."),
    "DECLARATION_CORRECTS_ITSELF": Entry("EPCIS 2.0 clause 7.4.1.2", "Name the event that stands in its place."),
    "PERSISTENT_DISPOSITION_CONFLICT": Entry("EPCIS 2.0 clause 7.3.6", "Set it or unset it."),
    "SENSOR_HEX_ODD": Entry("EPCIS 2.0 clause 7.3.7; XML Schema 2, 3.2.15", "Write each octet with two digits."),
    "SENSOR_FIELD_TWICE": Entry("EPCIS 2.0 clause 7.3.7", "Say it once, in sensorMetadata or in sensorReport."),
    "SENSOR_VALUE_INCOMPLETE": Entry("EPCIS 2.0 clause 7.3.7", "Add what belongs to the value."),
    "SENSOR_TIME_SPAN": Entry("EPCIS 2.0 clause 7.3.7", "Write startTime before endTime, both or neither."),
    "EVENT_ID_REUSED": Entry("EPCIS 2.0 clause 7.4.1", "Give each event an eventID of its own."),
    "HIERARCHY_CYCLE": Entry("EPCIS 2.0 clause 7.4.3", _RESEND),
    "UNEXPECTED_BIZ_LOCATION": Entry("CBV 2.0 section 7.1; " + _DSCSA, "Leave bizLocation out of a shipping."),
    # of the DSCSA guidelines, about header
    "MISSING_DSCSA_STATEMENT": Entry("21 USC 360eee(27); " + _DSCSA, "Ask the sender for the transaction statement."),
    "DSCSA_STATEMENT_NOT_AFFIRMED": Entry("21 USC 360eee(27)", "Ask the sender to affirm the statement."),
    "MISSING_SBDH": Entry(f"{_DSCSA}, header", "Add sender, receiver and InstanceIdentifier."),
    "MIXED_GUIDELINE": Entry(_DSCSA, "Agree with the sender on one release of the guideline."),
    "DROP_SHIPMENT_INDICATOR_MISSING": Entry("GS1 US DSCSA guideline R1.3", "Add gs1ushc:dropShipment when it is one."),
    # of the DSCSA guidelines, about transaction
    "MISSING_SOURCE_DESTINATION": Entry(f"21 USC 360eee(26); {_DSCSA}", "Add owning_party of source and destination."),
    "OWNERSHIP_TRANSFER_UNCLEAR": Entry("21 USC 360eee(26)", "Add owning_party of source and destination."),
    "MISSING_BIZ_TRANSACTION": Entry(
        f"{_DSCSA}, shipping", "Add the purchase order (po) and despatch advice (desadv)."
    ),
    "RETURNS_NOT_LINKED": Entry(f"{_DSCSA}, returns", "Add the return authorisation (rma)."),
    "SUSPECT_PRODUCT": Entry("21 USC 360eee-1(c)(4)", "Quarantine the goods and investigate."),
    # of the DSCSA guidelines, about hierarchy
    "BROKEN_AGGREGATION": Entry(
        f"{_DSCSA}, aggregation", "Ask for the packing events, or look for an earlier document."
    ),
    "MULTIPLE_PARENTS": Entry(f"{_DSCSA}, aggregation", "Unpack before packing again; ask the sender which is true."),
    "ORPHAN_SSCC": Entry(f"{_DSCSA}, aggregation", "Ask for the packing events of the container."),
    "MIXED_PACKAGING_LEVELS": Entry(f"{_DSCSA}, aggregation", "Check the packing hierarchy with the sender."),
    "PACKAGING_TYPE_CONFLICT": Entry(f"{_DSCSA}, aggregation", _RESEND),
    "HIERARCHY_DEPTH_EXCEEDED": Entry(f"{_DSCSA}, aggregation", "Check the packing hierarchy with the sender."),
    "AGGREGATION_QUANTITY_MISMATCH": Entry(f"{_DSCSA}, aggregation", _RESEND),
    "DEAGGREGATION_WITHOUT_PRIOR": Entry(f"{_DSCSA}, aggregation", _RESEND),
    "DELETE_WITHOUT_PRIOR_ADD": Entry(f"{_DSCSA}, aggregation", "Look for the packing in an earlier document."),
    # of the DSCSA guidelines, about lots and amounts
    "LOT_MISMATCH": Entry(_DSCSA, "Compare with the label; ask the sender which is true."),
    "QUANTITY_MISMATCH": Entry(_DSCSA, _RESEND),
    "MISSING_EXPIRY": Entry(f"{_DSCSA}, commissioning", "Add itemExpirationDate to the commissioning event."),
    "INVALID_EXPIRY": Entry("CBV 2.0 section 9.2.2", "Write the expiry as YYYY-MM-DD."),
    "EXPIRED_PRODUCT_SHIPPED": Entry(_DSCSA, "Do not sell the goods; ask the sender."),
    "MIXED_EXPIRY_SAME_LOT": Entry(_GENERAL, "Compare with the label; ask the sender which is true."),
    "PARTIAL_SHIPMENT_UNDECLARED": Entry(
        f"{_DSCSA}, unpacking", "Unpack what is shipped alone (AggregationEvent DELETE)."
    ),
    "OVER_SHIPMENT": Entry(_DSCSA, "Check what arrived; ask the sender which shipping is true."),
    # of the DSCSA guidelines, about the order of events
    "EVENTS_OUT_OF_ORDER": Entry(
        "EPCIS 2.0 clause 7.1", "Nothing: order is by eventTime. Write events in their order."
    ),
    "COMMISSION_AFTER_SHIP": Entry(_DSCSA, "Check the clocks and zones of the sending systems."),
    "SHIP_BEFORE_COMMISSION": Entry(_DSCSA, "Check the clocks and zones of the sending systems."),
    "DECOMMISSION_AFTER_SHIP": Entry(_DSCSA, "Ask the sender; hold the goods until then."),
    "SERIAL_ALREADY_COMMISSIONED": Entry(_DSCSA, "Ask the maker; a serial is made once."),
    "MISSING_COMMISSIONING": Entry(
        f"21 USC 360eee-1(g); {_DSCSA}", "Ask for the commissioning, or look in an earlier document."
    ),
    "SERIAL_SHIPPED_NOT_COMMISSIONED": Entry(
        f"21 USC 360eee-1(g); {_DSCSA}", "Hold the packs; ask the maker for them."
    ),
    "VERIFICATION_FAILED": Entry("21 USC 360eee-1(c)(4)", "Quarantine the goods and investigate."),
    "DECOMMISSIONED_SERIAL_SHIPPED": Entry(_DSCSA, "Quarantine the goods and investigate."),
}

# Rules of the DSCSA guidelines that the reader knows too: in other trades they are hints and no faults.
ONLY_DSCSA: Final = frozenset(
    (
        *("MISSING_DSCSA_STATEMENT", "MISSING_SOURCE_DESTINATION", "OWNERSHIP_TRANSFER_UNCLEAR", "MISSING_EXPIRY"),
        *("MISSING_BIZ_TRANSACTION", "UNEXPECTED_BIZ_LOCATION"),
    )
)
_NOTHING: Final = Entry("", "")


def entry(code: str) -> Entry:
    """Give clause and advice of a code; empty ones for a code that tells all by itself."""
    return CATALOGUE.get(code, _NOTHING)
