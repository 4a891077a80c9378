"""Steps of the simulated chain as the text that US partners exchange: EPCIS XML 1.2, GS1 US DSCSA R1.3.

The text is put together by hand, not by the node's own XML writer, so that what the node reads here was never
touched by its own idea of EPCIS.
"""

from __future__ import annotations

import datetime as dt
import html

import msgspec

from rxtrail.simulate.catalogue import CASE_INDICATOR, Party, Product

GUIDELINE = "GS1 US DSCSA R1.3"
STATEMENT = "Seller has complied with each applicable subsection of FDCA Sec. 581(27)(A)-(G)."
_MDA = "urn:epcglobal:cbv:mda#"


class Step(msgspec.Struct, gc=False, kw_only=True):
    """One event; ``time`` is seconds since 1970 UTC, identifiers are EPC URNs."""

    time: int
    action: str
    biz_step: str
    disposition: str
    epcs: list[str]
    place: Party
    event_id: str
    parent: str = ""
    aggregates: bool = False  # an aggregation event, also when ``epcs`` is empty
    leaves: bool = False  # goods under way have a read point but no business location
    lot: str = ""
    expiry: str = ""
    transactions: tuple[tuple[str, str], ...] = ()  # (type, identifier)
    seller: Party | None = None
    buyer: Party | None = None
    lots: tuple[tuple[str, int], ...] = ()  # (LGTIN URN, packs)


class File(msgspec.Struct, gc=False, kw_only=True):
    """One document as its speaker sends it."""

    kind: str
    created: int
    speaker: Party
    receiver: Party
    instance_id: str
    steps: list[Step]
    products: tuple[Product, ...] = ()
    parties: tuple[Party, ...] = ()
    transfers: bool = False  # ownership moves, so the law wants the transaction statement
    arrives: int = 0  # at the hub; 0: as soon as it is written

    @property
    def arrival(self) -> int:
        """When it arrives."""
        return self.arrives or self.created


def midnight(day: dt.date) -> int:
    """Give the second since 1970 at which a day begins in UTC."""
    return int(dt.datetime.combine(day, dt.time(), dt.UTC).timestamp())


def render(file: File) -> bytes:
    """Write one file as UTF-8 XML."""
    created = _instant(file.created)
    statement = ""
    if file.transfers:
        statement = (
            f"    <gs1ushc:guidelineVersion>{GUIDELINE}</gs1ushc:guidelineVersion>\n"
            "    <gs1ushc:dropShipment>false</gs1ushc:dropShipment>\n"
            "    <gs1ushc:dscsaTransactionStatement>\n"
            "      <gs1ushc:affirmTransactionStatement>true</gs1ushc:affirmTransactionStatement>\n"
            f"      <gs1ushc:legalNotice>{STATEMENT}</gs1ushc:legalNotice>\n"
            "    </gs1ushc:dscsaTransactionStatement>\n"
        )
    head = (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<epcis:EPCISDocument xmlns:epcis="urn:epcglobal:epcis:xsd:1"'
        ' xmlns:sbdh="http://www.unece.org/cefact/namespaces/StandardBusinessDocumentHeader"'
        ' xmlns:cbvmda="urn:epcglobal:cbv:mda" xmlns:gs1ushc="http://epcis.gs1us.org/hc/ns"'
        f' schemaVersion="1.2" creationDate="{created}">\n'
        "  <EPCISHeader>\n"
        "    <sbdh:StandardBusinessDocumentHeader>\n"
        "      <sbdh:HeaderVersion>1.0</sbdh:HeaderVersion>\n"
        f"      <sbdh:Sender>{_identifier(file.speaker, file.speaker)}</sbdh:Sender>\n"
        f"      <sbdh:Receiver>{_identifier(file.receiver, file.speaker)}</sbdh:Receiver>\n"
        "      <sbdh:DocumentIdentification>\n"
        "        <sbdh:Standard>EPCglobal</sbdh:Standard>\n"
        "        <sbdh:TypeVersion>1.0</sbdh:TypeVersion>\n"
        f"        <sbdh:InstanceIdentifier>{file.instance_id}</sbdh:InstanceIdentifier>\n"
        "        <sbdh:Type>Events</sbdh:Type>\n"
        f"        <sbdh:CreationDateAndTime>{created}</sbdh:CreationDateAndTime>\n"
        "      </sbdh:DocumentIdentification>\n"
        "    </sbdh:StandardBusinessDocumentHeader>\n"
        f"{_master_data(file)}{statement}"
        "  </EPCISHeader>\n"
        "  <EPCISBody>\n"
        "    <EventList>\n"
    )
    tail = "    </EventList>\n  </EPCISBody>\n</epcis:EPCISDocument>\n"
    return "".join([head, *[_event(step) for step in file.steps], tail]).encode()


def _instant(seconds: int) -> str:
    return dt.datetime.fromtimestamp(seconds, dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _identifier(party: Party, speaker: Party) -> str:
    """Name a party in one of the three ways that are in use, always the same for one speaker."""
    match int(speaker.gln[-1]) % 3:
        case 0:
            authority, value = "GS1", party.gln
        case 1:
            authority, value = "SGLN", party.urn
        case _:
            authority, value = "GLN", party.gln
    return f'<sbdh:Identifier Authority="{authority}">{value}</sbdh:Identifier>'


def _master_data(file: File) -> str:
    classes = "".join(
        _element(
            product.class_urn(indicator),
            {
                "additionalTradeItemIdentification": product.ndc,
                "additionalTradeItemIdentificationTypeCode": "US_FDA_NDC",
                "regulatedProductName": product.name,
                "manufacturerOfTradeItemPartyName": product.maker.name,
                "dosageFormType": product.form,
                "strengthDescription": product.strength,
                "netContentDescription": product.content,
            },
        )
        for product in file.products
        for indicator in ("0", CASE_INDICATOR)
    )
    locations: dict[str, str] = {}
    for party in file.parties:
        address = {
            "streetAddressOne": party.street,
            "city": party.city,
            "state": party.state,
            "postalCode": party.postal_code,
            "countryCode": "US",
        }
        locations[party.urn] = _element(party.urn, {"name": party.name, **address})
        if party.site_urn != party.urn:
            site_name = f"{party.name}, {party.city}"
            locations[party.site_urn] = _element(party.site_urn, {"name": site_name, **address})
    vocabularies = "".join(
        f'          <Vocabulary type="urn:epcglobal:epcis:vtype:{kind}">\n'
        "            <VocabularyElementList>\n"
        f"{elements}"
        "            </VocabularyElementList>\n"
        "          </Vocabulary>\n"
        for kind, elements in (("EPCClass", classes), ("Location", "".join(locations.values())))
        if elements
    )
    return (
        "    <extension>\n      <EPCISMasterData>\n        <VocabularyList>\n"
        f"{vocabularies}"
        "        </VocabularyList>\n      </EPCISMasterData>\n    </extension>\n"
    )


def _element(urn: str, attributes: dict[str, str]) -> str:
    lines = "".join(
        f'                <attribute id="{_MDA}{name}">{html.escape(value, quote=False)}</attribute>\n'
        for name, value in attributes.items()
    )
    return f'              <VocabularyElement id="{urn}">\n{lines}              </VocabularyElement>\n'


def _event(step: Step) -> str:
    """Write one event with its fields in the order of the EPCIS 1.2 schema."""
    kind = "AggregationEvent" if step.aggregates else "ObjectEvent"
    parts = [
        f"      <{kind}>\n        <eventTime>{_instant(step.time)}</eventTime>\n",
        f"        <eventTimeZoneOffset>{step.place.zone}</eventTimeZoneOffset>\n",
        f"        <baseExtension>\n          <eventID>{step.event_id}</eventID>\n        </baseExtension>\n",
    ]
    if step.aggregates:
        parts.append(f"        <parentID>{step.parent}</parentID>\n")
    name = "childEPCs" if step.aggregates else "epcList"
    if step.epcs:
        epcs = "</epc>\n          <epc>".join(step.epcs)
        parts.append(f"        <{name}>\n          <epc>{epcs}</epc>\n        </{name}>\n")
    else:
        parts.append(f"        <{name}/>\n")
    parts.append(
        f"        <action>{step.action}</action>\n"
        f"        <bizStep>urn:epcglobal:cbv:bizstep:{step.biz_step}</bizStep>\n"
        f"        <disposition>urn:epcglobal:cbv:disp:{step.disposition}</disposition>\n"
        f"        <readPoint>\n          <id>{step.place.site_urn}</id>\n        </readPoint>\n"
    )
    if not step.leaves:
        parts.append(f"        <bizLocation>\n          <id>{step.place.site_urn}</id>\n        </bizLocation>\n")
    if step.transactions:
        lines = "".join(
            f'          <bizTransaction type="urn:epcglobal:cbv:btt:{kind}">'
            f"urn:epcglobal:cbv:bt:{value}</bizTransaction>\n"
            for kind, value in step.transactions
        )
        parts.append(f"        <bizTransactionList>\n{lines}        </bizTransactionList>\n")
    if extension := _extension(step):
        parts.append(f"        <extension>\n{extension}        </extension>\n")
    parts.append(f"      </{kind}>\n")
    return "".join(parts)


def _extension(step: Step) -> str:
    parts = []
    if step.lots:
        lines = "".join(
            "            <quantityElement>\n"
            f"              <epcClass>{urn}</epcClass>\n"
            f"              <quantity>{quantity}</quantity>\n"
            "            </quantityElement>\n"
            for urn, quantity in step.lots
        )
        parts.append(f"          <quantityList>\n{lines}          </quantityList>\n")
    for name, party in (("source", step.seller), ("destination", step.buyer)):
        if party is not None:
            parts.append(
                f"          <{name}List>\n"
                f'            <{name} type="urn:epcglobal:cbv:sdt:owning_party">{party.urn}</{name}>\n'
                f'            <{name} type="urn:epcglobal:cbv:sdt:location">{party.site_urn}</{name}>\n'
                f"          </{name}List>\n"
            )
    if step.lot:
        parts.append(
            "          <ilmd>\n"
            f"            <cbvmda:lotNumber>{step.lot}</cbvmda:lotNumber>\n"
            f"            <cbvmda:itemExpirationDate>{step.expiry}</cbvmda:itemExpirationDate>\n"
            "          </ilmd>\n"
        )
    return "".join(parts)
