"""Rules that no schema checks, and the DSCSA catalogue over a whole document."""

from __future__ import annotations

import io
from typing import Any

import pytest

from rxtrail.core.validation import ValidationReport, validate
from rxtrail.core.validation.catalogue import CATALOGUE

NOW_US = 1_795_000_000_000_000
MAKER, BUYER = "urn:epc:id:sgln:0352601.00000.0", "urn:epc:id:sgln:0300011.11124.0"
GTIN = "urn:epc:id:sgtin:0352601.081590."
SSCC = "urn:epc:id:sscc:0352601.0000000001"
LOT = (
    "<extension><ilmd><m:lotNumber>L1</m:lotNumber><m:itemExpirationDate>2028-01-31</m:itemExpirationDate></ilmd>"
    "</extension>"
)
STATEMENT = (
    "<u:dscsaTransactionStatement><u:affirmTransactionStatement>true</u:affirmTransactionStatement>"
    "<u:legalNotice>Seller has complied.</u:legalNotice></u:dscsaTransactionStatement>"
)
PARTIES = (
    f"<sourceList><source type='urn:epcglobal:cbv:sdt:owning_party'>{MAKER}</source></sourceList><destinationList>"
    f"<destination type='urn:epcglobal:cbv:sdt:owning_party'>{BUYER}</destination></destinationList>"
)


def epcs(*serials: str) -> str:
    return "".join(f"<epc>{each if each.startswith('urn:') else GTIN + each}</epc>" for each in serials)


def made(*serials: str, at: str = "2026-11-01T08:00:00Z", more: str = LOT, action: str = "ADD") -> str:
    return (
        f"<ObjectEvent><eventTime>{at}</eventTime><eventTimeZoneOffset>+00:00</eventTimeZoneOffset>"
        f"<epcList>{epcs(*serials)}</epcList><action>{action}</action>"
        "<bizStep>urn:epcglobal:cbv:bizstep:commissioning</bizStep><disposition>urn:epcglobal:cbv:disp:active</disposition>"
        f"<readPoint><id>{MAKER}</id></readPoint>{more}</ObjectEvent>"
    )


def packed(parent: str, *serials: str, at: str = "2026-11-02T08:00:00Z", action: str = "ADD", more: str = "") -> str:
    return (
        f"<AggregationEvent><eventTime>{at}</eventTime><eventTimeZoneOffset>+00:00</eventTimeZoneOffset>"
        f"<parentID>{parent}</parentID><childEPCs>{epcs(*serials)}</childEPCs><action>{action}</action>"
        "<bizStep>urn:epcglobal:cbv:bizstep:packing</bizStep><disposition>urn:epcglobal:cbv:disp:in_progress</disposition>"
        f"<readPoint><id>{MAKER}</id></readPoint>{more}</AggregationEvent>"
    )


def shipped(
    *what: str,
    at: str = "2026-11-03T08:00:00Z",
    parties: str = PARTIES,
    step: str = "shipping",
    state: str = "in_transit",
) -> str:
    return (
        f"<ObjectEvent><eventTime>{at}</eventTime><eventTimeZoneOffset>+00:00</eventTimeZoneOffset>"
        f"<epcList>{epcs(*what)}</epcList><action>OBSERVE</action><bizStep>urn:epcglobal:cbv:bizstep:{step}</bizStep>"
        f"<disposition>urn:epcglobal:cbv:disp:{state}</disposition><readPoint><id>{MAKER}</id></readPoint>"
        "<bizTransactionList><bizTransaction type='urn:epcglobal:cbv:btt:po'>urn:epcglobal:cbv:bt:0300011111246:1"
        f"</bizTransaction></bizTransactionList><extension>{parties}</extension></ObjectEvent>"
    )


def document(*events: str, statement: str = STATEMENT) -> bytes:
    gtin, places = GTIN + "*", (MAKER, BUYER)
    locations = "".join(
        f"<VocabularyElement id='{each}'><attribute id='urn:epcglobal:cbv:mda#name'>N</attribute></VocabularyElement>"
        for each in places
    )
    return f"""<e:EPCISDocument xmlns:e="urn:epcglobal:epcis:xsd:1" xmlns:m="urn:epcglobal:cbv:mda"
 xmlns:u="http://epcis.gs1us.org/hc/ns" xmlns:s="http://www.unece.org/cefact/namespaces/StandardBusinessDocumentHeader"
 schemaVersion="1.2" creationDate="2026-11-04T00:00:00Z"><EPCISHeader><s:StandardBusinessDocumentHeader>
<s:HeaderVersion>1.0</s:HeaderVersion><s:Sender><s:Identifier>{MAKER}</s:Identifier></s:Sender>
<s:Receiver><s:Identifier>{BUYER}</s:Identifier></s:Receiver>
<s:DocumentIdentification><s:Standard>EPCglobal</s:Standard>
<s:TypeVersion>1.0</s:TypeVersion><s:InstanceIdentifier>1</s:InstanceIdentifier><s:Type>Events</s:Type>
<s:CreationDateAndTime>2026-11-04T00:00:00Z</s:CreationDateAndTime></s:DocumentIdentification>
</s:StandardBusinessDocumentHeader><extension><EPCISMasterData><VocabularyList>
<Vocabulary type="urn:epcglobal:epcis:vtype:EPCClass"><VocabularyElementList>
<VocabularyElement id="{gtin.replace("id:", "idpat:")}">
<attribute id="urn:epcglobal:cbv:mda#regulatedProductName">P</attribute></VocabularyElement>
</VocabularyElementList></Vocabulary>
<Vocabulary type="urn:epcglobal:epcis:vtype:Location"><VocabularyElementList>{locations}
</VocabularyElementList></Vocabulary></VocabularyList></EPCISMasterData></extension>{statement}</EPCISHeader>
<EPCISBody><EventList>
{chr(10).join(events)}
</EventList></EPCISBody></e:EPCISDocument>""".encode()


def judged(text: bytes, profile: Any = "dscsa") -> ValidationReport:
    return validate(lambda: io.BytesIO(text), now_us=NOW_US, profile=profile)


def told(text: bytes, profile: Any = "dscsa") -> set[str]:
    return {each.code for each in judged(text, profile).findings}


COMPLETE = (made("A", "B"), made(SSCC, more=""), packed(SSCC, "A", "B"), shipped(SSCC))


def test_a_complete_shipment_has_no_findings() -> None:
    report = judged(document(*COMPLETE))
    assert report.findings == []
    assert report.valid


LATE = "2026-11-09T08:00:00Z"
CASES: dict[str, tuple[str, bytes]] = {
    "MISSING_COMMISSIONING": ("error", document(made(SSCC, more=""), packed(SSCC, "A", "B"), shipped(SSCC))),
    "SERIAL_SHIPPED_NOT_COMMISSIONED": ("error", document(made("A"), packed(SSCC, "A", "B"), shipped(SSCC))),
    "VERIFICATION_FAILED": ("warning", document(shipped("A", step="inspecting", state="no_pedigree_match"))),
    "BROKEN_AGGREGATION": ("error", document(made("A"), made(SSCC, more=""), packed(SSCC, "A", "B"), shipped(SSCC))),
    "SERIAL_ALREADY_COMMISSIONED": ("error", document(made("A", "B"), *COMPLETE)),
    "LOT_MISMATCH": ("error", document(made("A", more=LOT.replace("L1", "L2")), *COMPLETE)),
    "MIXED_EXPIRY_SAME_LOT": ("error", document(made("C", more=LOT.replace("2028", "2029")), *COMPLETE)),
    "MISSING_MANDATORY_FIELD": ("error", document(made("A", more=""))),
    "MISSING_EXPIRY": (
        "error",
        document(made("A", more="<extension><ilmd><m:lotNumber>L1</m:lotNumber></ilmd></extension>")),
    ),
    "EXPIRED_PRODUCT_SHIPPED": (
        "error",
        document(made("A", more=LOT.replace("2028-01-31", "2026-11-02")), shipped("A")),
    ),
    "MULTIPLE_PARENTS": ("error", document(*COMPLETE[:3], packed(SSCC[:-1] + "2", "A"))),
    "MIXED_PACKAGING_LEVELS": ("warning", document(made("A"), packed(SSCC, "A", SSCC[:-1] + "2"))),
    "PACKAGING_TYPE_CONFLICT": ("error", document(made("A", "B"), packed(GTIN + "A", "B"))),
    "HIERARCHY_DEPTH_EXCEEDED": (
        "warning",
        document(*(packed(SSCC[:-1] + str(9 - n), SSCC[:-1] + str(8 - n)) for n in range(7))),
    ),
    "AGGREGATION_QUANTITY_MISMATCH": (
        "error",
        document(
            made("A"),
            packed(
                SSCC,
                "A",
                more="<extension><childQuantityList><quantityElement><epcClass>urn:epc:idpat:sgtin:0352601.081590.*"
                "</epcClass><quantity>2</quantity></quantityElement></childQuantityList></extension>",
            ),
        ),
    ),
    "DEAGGREGATION_WITHOUT_PRIOR": ("error", document(*COMPLETE[:3], packed(SSCC, "C", action="DELETE"))),
    "DELETE_WITHOUT_PRIOR_ADD": ("info", document(packed(SSCC, "C", action="DELETE"))),
    "PARTIAL_SHIPMENT_UNDECLARED": ("warning", document(*COMPLETE[:3], shipped("A"))),
    "OVER_SHIPMENT": ("warning", document(*COMPLETE, shipped(SSCC))),
    "ORPHAN_SSCC": ("warning", document(made(SSCC, more=""))),
    "COMMISSION_AFTER_SHIP": ("error", document(shipped("A"), made("A", at=LATE))),
    "SHIP_BEFORE_COMMISSION": ("error", document(made("A", at=LATE), shipped("A"))),
    "DECOMMISSION_AFTER_SHIP": (
        "error",
        document(*COMPLETE, shipped(SSCC, step="decommissioning", state="inactive", at=LATE)),
    ),
    "DECOMMISSIONED_SERIAL_SHIPPED": (
        "error",
        document(
            made("A"), shipped("A", step="decommissioning", state="inactive", at="2026-11-02T08:00:00Z"), shipped("A")
        ),
    ),
    "SUSPECT_PRODUCT": ("error", document(*COMPLETE[:3], shipped(SSCC, state="stolen"))),
    "RETURNS_NOT_LINKED": ("warning", document(*COMPLETE[:3], shipped(SSCC, state="returned"))),
    "EVENTS_OUT_OF_ORDER": ("info", document(COMPLETE[3], *COMPLETE[:3])),
    "STALE_EVENT": ("info", document(made("A", at="2024-11-01T08:00:00Z"))),
    "MISSING_DSCSA_STATEMENT": ("error", document(*COMPLETE, statement="")),
    "DSCSA_STATEMENT_NOT_AFFIRMED": ("error", document(*COMPLETE, statement=STATEMENT.replace(">true<", ">false<"))),
    "MISSING_SOURCE_DESTINATION": ("error", document(*COMPLETE[:3], shipped(SSCC, parties=""))),
    "OWNERSHIP_TRANSFER_UNCLEAR": (
        "warning",
        document(*COMPLETE[:3], shipped(SSCC, parties=PARTIES.partition("<destinationList>")[0])),
    ),
    "UNKNOWN_GTIN": ("warning", document(made("urn:epc:id:sgtin:0352601.081591.A"))),
    "UNKNOWN_GLN": (
        "warning",
        document(*COMPLETE).replace(
            b"<readPoint><id>" + MAKER.encode(), b"<readPoint><id>urn:epc:id:sgln:0352601.00009.0"
        ),
    ),
    "LEADING_ZERO_STRIPPED": ("error", document(made("urn:epc:id:sgtin:352601.081590.A"))),
    "GTIN_SERIAL_MISMATCH": (
        "error",
        document(made("(21)A")),
    ),
    "UNSUPPORTED_EPC_TYPE": ("warning", document(made("urn:epc:id:giai:0352601.A"))),
    "MISSING_SBDH": ("error", document(*COMPLETE).replace(b">1</s:InstanceIdentifier>", b"></s:InstanceIdentifier>")),
    "MIXED_GUIDELINE": (
        "warning",
        document(*COMPLETE)
        .replace(b"</EPCISHeader>", b"<u:guidelineVersion>GS1 US DSCSA R1.3</u:guidelineVersion></EPCISHeader>")
        .replace(
            b">P</attribute>",
            b">P</attribute><attribute id='urn:epcglobal:cbv:mda#additionalTradeItemIdentificationTypeCode'>FDA_NDC_11"
            b"</attribute>",
        ),
    ),
    "QUANTITY_MISMATCH": (
        "error",
        document(
            *COMPLETE[:3],
            shipped(SSCC).replace(
                "<extension>",
                "<extension><quantityList><quantityElement><epcClass>urn:epc:idpat:sgtin:0352601.081590.*</epcClass><quantity>3</quantity></quantityElement></quantityList>",
            ),
        ),
    ),
}


@pytest.mark.parametrize("code", CASES)
def test_each_rule_of_the_dscsa_catalogue_is_told(code: str) -> None:
    severity, text = CASES[code]
    report = judged(text)
    found = [each for each in report.findings if each.code == code]
    assert found, [each.code for each in report.findings]
    assert found[0].severity == severity
    assert found[0].clause
    assert found[0].advice
    assert report.valid == (report.schema == "valid" and not report.errors)


@pytest.mark.parametrize("code", ["MISSING_DSCSA_STATEMENT", "MISSING_SOURCE_DESTINATION", "MISSING_COMMISSIONING"])
def test_other_trades_are_not_asked_for_dscsa(code: str) -> None:
    assert code not in told(CASES[code][1], "epcis")


EVENT = """<e:EPCISDocument xmlns:e="urn:epcglobal:epcis:xsd:2" xmlns:m="urn:epcglobal:cbv:mda" schemaVersion="2.0"
creationDate="2026-11-01T00:00:00Z"><EPCISBody><EventList>{}</EventList></EPCISBody></e:EPCISDocument>"""
TIME = "<eventTime>2026-11-01T00:00:00Z</eventTime><eventTimeZoneOffset>+00:00</eventTimeZoneOffset>"
PARENT, ADD = "<parentID>urn:epc:id:giai:0614141.1</parentID>", "<action>ADD</action></AssociationEvent>"
OBJECT = (
    "<ObjectEvent><eventTime>2026-11-01T00:00:00Z</eventTime><eventTimeZoneOffset>+00:00</eventTimeZoneOffset>{}"
    "<epcList><epc>urn:epc:id:sgtin:0614141.107346.1</epc></epcList><action>OBSERVE</action>{}</ObjectEvent>"
)


def sensed(metadata: str, report: str) -> str:
    return (
        f"<sensorElementList><sensorElement>{metadata}<sensorReport type='gs1:Temperature' {report}/>"
        "</sensorElement></sensorElementList>"
    )


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("FUTURE_EVENT_TIME", OBJECT.format("", "").replace("2026", "2027")),
        ("ILMD_NOT_ALLOWED", OBJECT.format("", "<ilmd><m:lotNumber>L</m:lotNumber></ilmd>")),
        (
            "DUPLICATE_SERIAL",
            OBJECT.format("", "").replace("</epcList>", "<epc>urn:epc:id:sgtin:0614141.107346.1</epc></epcList>"),
        ),
        (
            "DECLARATION_WITHOUT_ID",
            OBJECT.format(
                "<errorDeclaration><declarationTime>2026-11-02T00:00:00Z</declarationTime></errorDeclaration>", ""
            ),
        ),
        (
            "TIMING_INVERSION",
            OBJECT.format(
                "<errorDeclaration><declarationTime>2026-10-02T00:00:00Z</declarationTime></errorDeclaration>", ""
            ),
        ),
        (
            "DECLARATION_CORRECTS_ITSELF",
            OBJECT.format(
                "<eventID>urn:x:1</eventID><errorDeclaration><declarationTime>2026-11-02T00:00:00Z</declarationTime>"
                "<correctiveEventIDs><correctiveEventID>urn:x:1</correctiveEventID></correctiveEventIDs></errorDeclaration>",
                "",
            ),
        ),
        (
            "PERSISTENT_DISPOSITION_CONFLICT",
            OBJECT.format(
                "",
                "<persistentDisposition><unset>urn:epcglobal:cbv:disp:damaged</unset>"
                "<set>urn:epcglobal:cbv:disp:damaged</set></persistentDisposition>",
            ),
        ),
        (
            "SENSOR_FIELD_TWICE",
            OBJECT.format(
                "",
                sensed("<sensorMetadata deviceID='urn:x:d'/>", "value='1' uom='CEL' deviceID='urn:x:e'"),
            ),
        ),
        (
            "SENSOR_VALUE_INCOMPLETE",
            OBJECT.format("", sensed("", "value='1'")),
        ),
        (
            "SENSOR_TIME_SPAN",
            OBJECT.format(
                "",
                sensed(
                    "<sensorMetadata startTime='2026-11-02T00:00:00Z' endTime='2026-11-01T00:00:00Z'/>",
                    "value='1' uom='CEL'",
                ),
            ),
        ),
        (
            "EVENT_ID_REUSED",
            OBJECT.format("<eventID>urn:x:1</eventID>", "")
            + OBJECT.format("<eventID>urn:x:1</eventID>", "").replace("346.1", "346.2"),
        ),
        (
            "MISSING_MANDATORY_FIELD",
            f"<TransformationEvent>{TIME}<inputEPCList><epc>urn:x:a</epc></inputEPCList></TransformationEvent>",
        ),
        (
            "HIERARCHY_CYCLE",
            f"<AssociationEvent>{TIME}{PARENT}<childEPCs><epc>urn:epc:id:giai:0614141.1</epc></childEPCs>{ADD}",
        ),
        (
            "MISSING_CHILDREN",
            f"<AssociationEvent>{TIME}{PARENT}{ADD}",
        ),
    ],
)
def test_what_no_schema_checks_is_told(code: str, text: str) -> None:
    report = judged(EVENT.format(text).encode(), "epcis")
    assert report.schema == "valid", report.findings
    assert code in {each.code for each in report.findings}


def test_a_good_event_has_no_findings() -> None:
    assert told(EVENT.format(OBJECT.format("", "")).encode(), "epcis") == set()


def test_every_code_of_the_catalogue_says_what_to_do() -> None:
    assert [code for code, entry in CATALOGUE.items() if not entry.advice] == []
