"""What a document says about itself: parties, master data, the transaction statement."""

from __future__ import annotations

import json
from typing import Any

import pytest

from rxtrail.core.epcis.event import TransactionStatement
from rxtrail.core.epcis.header import attribute_name
from tests.core.epcis.documents import json_document, json_event, object_event, read, sample, xml

TRUE = "<gs1ushc:affirmTransactionStatement>\n true \n</gs1ushc:affirmTransactionStatement>"
NOTICE = "<gs1ushc:legalNotice> Seller has\n complied. </gs1ushc:legalNotice>"
STATEMENT = f"<gs1ushc:dscsaTransactionStatement>{TRUE}{NOTICE}<gs1ushc:later/></gs1ushc:dscsaTransactionStatement>"
U_STATEMENT = '<u:dscsaTransactionStatement xmlns:u="http://epcis.gs1us.org/hc/ns#">'
SAID = TransactionStatement(affirmed=True, legal_notice="Seller has complied.")


def sbdh(sender: str, authority: str) -> str:
    return (
        "<sbdh:StandardBusinessDocumentHeader><sbdh:Sender>"
        f'<sbdh:Identifier Authority="{authority}">{sender}</sbdh:Identifier></sbdh:Sender>'
        "<sbdh:Receiver><sbdh:Identifier> 0399999999298 </sbdh:Identifier></sbdh:Receiver>"
        "<sbdh:DocumentIdentification><sbdh:InstanceIdentifier> 77 </sbdh:InstanceIdentifier>"
        "<sbdh:CreationDateAndTime>2026-03-03T00:00:00Z</sbdh:CreationDateAndTime>"
        "</sbdh:DocumentIdentification></sbdh:StandardBusinessDocumentHeader>"
    )


def vocabulary(kind: str, identifier: str, *attributes: tuple[str, str]) -> str:
    inner = "".join(f'<attribute id="{name}">{value}</attribute>' for name, value in attributes)
    return (
        f'<Vocabulary type="{kind}"><VocabularyElementList><VocabularyElement id="{identifier}">{inner}'
        "</VocabularyElement></VocabularyElementList></Vocabulary>"
    )


def master_data(*vocabularies: str) -> str:
    lists = f"<VocabularyList>{''.join(vocabularies)}</VocabularyList>"
    return f"<extension><EPCISMasterData>{lists}</EPCISMasterData></extension>"


PRODUCT = "urn:epc:idpat:sgtin:0352601.081590.*"
SITE = "urn:epc:id:sgln:0352601.00000.0"
CLASS = "urn:epcglobal:epcis:vtype:EPCClass"
LOCATION = "urn:epcglobal:epcis:vtype:Location"
MDA = "urn:epcglobal:cbv:mda#"


@pytest.mark.parametrize(
    ("sender", "authority"),
    [
        ("urn:epc:id:sgln:0352601.00000.0", "SGLN"),
        ("urn:epc:id:sgln:0352601.00000.7", "SGLN"),
        ("urn:epc:id:pgln:0352601.00000", "PGLN"),
        ("0352601000003", "GLN"),
        (" 0352601000003\n", "GS1"),
        ("https://id.gs1.org/417/0352601000003", ""),
    ],
)
def test_the_sender_is_a_gln_whatever_the_authority_says(sender: str, authority: str) -> None:
    header = read(xml(object_event(), header=sbdh(sender, authority))).header
    assert header.sender == "0352601000003"
    assert header.receiver == "0399999999298"
    assert header.instance_id == "77"
    header = read(json_document(json_event(), sender=sender, receiver="0399999999298", instanceIdentifier="77")).header
    assert (header.sender, header.receiver, header.instance_id) == ("0352601000003", "0399999999298", "77")


def test_a_sender_that_is_no_gln_is_kept_as_written() -> None:
    assert read(xml(object_event(), header=sbdh("ACME Inc.", "NAME"))).header.sender == "ACME Inc."


@pytest.mark.parametrize(
    ("document", "root", "version", "created"),
    [
        (xml(object_event()), "EPCISDocument", "1.2", "2026-03-02T08:00:00Z"),
        (xml(object_event(), root="epcis:EPCISQueryDocument"), "EPCISQueryDocument", "1.2", "2026-03-02T08:00:00Z"),
        (f"<q:QueryResults xmlns:q='x'>{object_event()}</q:QueryResults>", "EPCISQueryDocument", "", ""),
        (object_event(), "ObjectEvent", "", ""),
        (json_document(json_event()), "EPCISDocument", "2.0", "2026-03-02T08:00:00Z"),
        (json.dumps({"type": "EPCISDocument", "schemaVersion": 2.0, "epcisBody": {}}), "EPCISDocument", "2.0", ""),
        (json.dumps(json_event()), "ObjectEvent", "", ""),
        (json.dumps([json_event()]), "EPCISDocument", "", ""),
    ],
)
def test_root_version_and_creation_date_are_told(document: str, root: str, version: str, created: str) -> None:
    header = read(document).header
    assert (header.root, header.version, header.creation_date) == (root, version, created)
    assert header.syntax == ("xml" if document.startswith("<") else "json")


def test_the_date_of_the_business_header_stands_in_for_a_missing_one() -> None:
    document = xml(object_event(), header=sbdh("0352601000003", "GLN"))
    assert read(document).header.creation_date == "2026-03-02T08:00:00Z"
    assert read(document.replace("creationDate", "created")).header.creation_date == "2026-03-03T00:00:00Z"


@pytest.mark.parametrize(
    "header",
    [
        STATEMENT,
        f"<extension/>{STATEMENT}",
        f"<extension>{STATEMENT}</extension>",
        f"<extension><own:wrapper><own:inner>{STATEMENT}</own:inner></own:wrapper></extension>",
        f"<own:wrapper>{STATEMENT}</own:wrapper><own:wrapper/>",
        STATEMENT.replace("gs1ushc:", "u:").replace("<u:dscsaTransactionStatement>", U_STATEMENT),
    ],
)
def test_the_transaction_statement_is_found_anywhere_in_the_header(header: str) -> None:
    assert read(xml(object_event(), header=header)).header.statement == SAID


@pytest.mark.parametrize("affirmed", ["false", "", "no"])
def test_a_statement_that_does_not_affirm_is_no_affirmation(affirmed: str) -> None:
    header = read(xml(object_event(), header=STATEMENT.replace("true", affirmed))).header
    assert header.statement == TransactionStatement(affirmed=False, legal_notice="Seller has complied.")


def test_guideline_and_drop_shipment_are_read_and_the_rest_is_kept() -> None:
    header = read(
        xml(
            object_event(),
            header="<gs1ushc:guidelineVersion> GS1 US DSCSA R1.3 </gs1ushc:guidelineVersion>"
            "<gs1ushc:dropShipment>true</gs1ushc:dropShipment><own:dock>7</own:dock>",
        )
    ).header
    assert (header.guideline, header.drop_shipment) == ("GS1 US DSCSA R1.3", True)
    assert header.extensions == {"{http://own.example/ns/}dock": "7"}


def test_the_header_of_a_json_document_says_the_same() -> None:
    statement = {"gs1ushc:affirmTransactionStatement": True, "gs1ushc:legalNotice": " Seller has\ncomplied. "}
    for members in (
        {"epcisHeader": {"gs1ushc:dscsaTransactionStatement": statement, "gs1ushc:dropShipment": True}},
        {"gs1ushc:dscsaTransactionStatement": statement, "gs1ushc:dropShipment": "true"},
        {"epcisHeader": {"own": [{"gs1ushc:dscsaTransactionStatement": statement}], "gs1ushc:dropShipment": ["true"]}},
    ):
        header = read(json_document(json_event(), **members)).header
        assert header.statement == SAID
        assert header.drop_shipment


# -- master data --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "kind", [CLASS, "urn:epcglobal:epcis:vtype:epcclass", "URN:EPCGLOBAL:EPCIS:VTYPE:EPCCLASS", "EPCClass"]
)
def test_products_are_known_by_their_class(kind: str) -> None:
    attributes = [(MDA + "regulatedProductName", "Examplamide"), ("urn:acme#colour", "red")]
    header = read(xml(object_event(), header=master_data(vocabulary(kind, PRODUCT, *attributes)))).header
    assert header.products == {"01/00352601815904": {"regulatedProductName": "Examplamide", "urn:acme#colour": "red"}}


@pytest.mark.parametrize(
    "kind", [LOCATION, "urn:epcglobal:epcis:vtype:BusinessLocation", "urn:epcglobal:epcis:vtype:ReadPoint"]
)
def test_places_are_known_by_their_location(kind: str) -> None:
    header = read(xml(object_event(), header=master_data(vocabulary(kind, SITE, (MDA + "city", "Springfield"))))).header
    assert header.locations == {"414/0352601000003": {"city": "Springfield"}}


def test_any_other_vocabulary_is_kept() -> None:
    header = read(xml(object_event(), header=master_data(vocabulary("urn:acme:trucks", "t7", ("axles", "3"))))).header
    assert header.vocabularies == [("urn:acme:trucks", "t7", {"axles": "3"})]


def test_of_two_different_values_the_last_wins_and_it_is_said() -> None:
    twice = [
        vocabulary(CLASS, PRODUCT, (MDA + "strengthDescription", "10 mg"), (MDA + "dosageFormType", "PILL")),
        vocabulary(CLASS, PRODUCT, (MDA + "strengthDescription", "20 mg"), (MDA + "dosageFormType", "PILL")),
    ]
    got = read(xml(object_event(), header=master_data(*twice)))
    assert got.header.products["01/00352601815904"] == {"strengthDescription": "20 mg", "dosageFormType": "PILL"}
    (note,) = got.notes
    assert (note.code, note.place, note.epcs) == ("MASTER_DATA_CONFLICT", "line 1", ["01/00352601815904"])
    assert "strengthDescription" in note.message
    assert "dosageFormType" not in note.message
    assert read(xml(object_event(), header=master_data(twice[0], twice[0]))).notes == []


def test_values_that_are_trees_or_lists_are_kept_as_json_text() -> None:
    tree = "<own:a>1</own:a><own:a>2</own:a>"
    element = vocabulary(LOCATION, SITE, ("x", "1"), ("x", "2"), ("y", tree))
    element = element.replace("</VocabularyElement>", "<attribute>z</attribute></VocabularyElement>", 1)
    children = "<children><id>urn:own:1</id><id>urn:own:2</id></children></VocabularyElement>"
    element = element.replace("</VocabularyElement>", children, 1)
    told = read(xml(object_event(), header=master_data(element))).header.locations["414/0352601000003"]
    assert json.loads(told["x"]) == ["1", "2"]
    assert json.loads(told["y"]) == {"{http://own.example/ns/}a": ["1", "2"]}
    assert json.loads(told["children"]) == ["urn:own:1", "urn:own:2"]
    assert told[""] == "z"


@pytest.mark.parametrize("where", ["epcisHeader", "epcisBody"])
def test_master_data_in_json_says_the_same(where: str) -> None:
    data: dict[str, Any] = {
        "epcisMasterData": {
            "vocabularyList": [
                {
                    "type": "urn:epcglobal:epcis:vtype:EPCClass",
                    "vocabularyElementList": [
                        {
                            "id": "https://id.gs1.org/01/00352601815904",
                            "attributes": [{"id": "cbvmda:strengthDescription", "attribute": "10 mg"}],
                        }
                    ],
                },
                {
                    "type": "urn:epcglobal:epcis:vtype:Location",
                    "vocabularyElementList": [
                        {"id": SITE, "attributes": {"id": MDA + "city", "attribute": "Springfield"}, "children": [SITE]}
                    ],
                },
            ]
        }
    }
    document = {"type": "EPCISMasterDataDocument", "epcisBody": {}} | {where: data}
    header = read(json.dumps(document)).header
    assert header.products == {"01/00352601815904": {"strengthDescription": "10 mg"}}
    assert header.locations == {"414/0352601000003": {"city": "Springfield", "children": SITE}}


def test_a_master_data_document_is_read_without_events() -> None:
    lists = vocabulary(LOCATION, SITE, (MDA + "name", "Example Makers Inc."))
    got = read(
        '<m:EPCISMasterDataDocument xmlns:m="urn:epcglobal:epcis-masterdata:xsd:1" schemaVersion="1"><EPCISBody>'
        f"<VocabularyList>{lists}</VocabularyList></EPCISBody></m:EPCISMasterDataDocument>"
    )
    assert got.header.root == "EPCISMasterDataDocument"
    assert got.header.locations == {"414/0352601000003": {"name": "Example Makers Inc."}}
    assert got.notes == []


def test_a_whole_header_is_read_from_the_sample() -> None:
    header = read(sample("shipment_1_2.xml")).header
    assert (header.sender, header.receiver, header.instance_id) == ("0352601000003", "0399999999298", "SHIP-2026-0001")
    assert (header.guideline, header.drop_shipment, header.extensions) == ("GS1 US DSCSA R1.3", True, {})
    assert header.statement is not None
    assert header.statement.legal_notice.endswith("subsection of FDCA Sec. 581(27)(A)-(G).")
    assert header.products["01/00352601815904"]["additionalTradeItemIdentification"] == "52601-8159-0"


@pytest.mark.parametrize(
    ("written", "short"),
    [
        ("urn:epcglobal:cbv:mda#name", "name"),
        ("urn:epcglobal:cbv:mda:name", "name"),
        ("cbvmda:name", "name"),
        ("http://epcis.gs1us.org/hc/ns#licence", "licence"),
        ("urn:epcglobal:cbv:mdax#name", "urn:epcglobal:cbv:mdax#name"),
        (" name ", "name"),
        ("urn:epcglobal:cbv:mda#", "urn:epcglobal:cbv:mda#"),
    ],
)
def test_only_the_standard_s_attributes_have_short_names(written: str, short: str) -> None:
    assert attribute_name(written) == short
