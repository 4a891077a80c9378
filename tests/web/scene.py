"""One maker, one pharmacy, a few packs: EPCIS 1.2 documents as a maker would send them."""

from __future__ import annotations

from urllib.parse import quote
from xml.sax.saxutils import escape

from rxtrail.core.gs1.check_digit import check_digit

MAKER_PREFIX = "0312345"
PHARMACY_PREFIX = "0376543"
ITEM = "67890"
LOT = "L7"
EXPIRY = "2029-09-30"
EXPIRY_PRINTED = "290930"
PRODUCT = "Examplinib 20 mg, 30 tablets"

_GTIN_BODY = f"0{MAKER_PREFIX}{ITEM}"
GTIN = _GTIN_BODY + check_digit(_GTIN_BODY)
_MAKER_BODY = f"{MAKER_PREFIX}00001"
MAKER = _MAKER_BODY + check_digit(_MAKER_BODY)
_PHARMACY_BODY = f"{PHARMACY_PREFIX}00001"
PHARMACY = _PHARMACY_BODY + check_digit(_PHARMACY_BODY)
_CASE_BODY = f"0{MAKER_PREFIX}000000001"
CASE = _CASE_BODY + check_digit(_CASE_BODY)

MAKER_SGLN = f"urn:epc:id:sgln:{MAKER_PREFIX}.00001.0"
PHARMACY_SGLN = f"urn:epc:id:sgln:{PHARMACY_PREFIX}.00001.0"
CASE_URN = f"urn:epc:id:sscc:{MAKER_PREFIX}.0000000001"


def pack_urn(serial: str) -> str:
    """An SGTIN as an EPC URN; the URN escapes what a URI may not hold."""
    return f"urn:epc:id:sgtin:{MAKER_PREFIX}.0{ITEM}.{quote(serial, safe='')}"


def scan(serial: str, *, lot: str = LOT, expiry: str = EXPIRY_PRINTED) -> str:
    """What a scanner reads from the pack: FNC1 as GS after the serial."""
    return f"]d201{GTIN}21{serial}\x1d17{expiry}10{lot}"


def shipment(
    *serials: str, lot: str = LOT, expiry: str = EXPIRY, product: str = PRODUCT, day: str = "2026-11-02"
) -> bytes:
    """Commissioned, packed into a case and shipped to the pharmacy, with master data."""
    epcs = "".join(f"<epc>{pack_urn(serial)}</epc>" for serial in serials)
    ilmd = (
        f"<extension><ilmd><cbvmda:lotNumber>{escape(lot)}</cbvmda:lotNumber>"
        f"<cbvmda:itemExpirationDate>{expiry}</cbvmda:itemExpirationDate></ilmd></extension>"
    )
    made = (
        f"<ObjectEvent>{_when(f'{day}T08:00:00Z')}<epcList>{epcs}</epcList><action>ADD</action>"
        f"{_what('commissioning', 'active', MAKER_SGLN)}{ilmd}</ObjectEvent>"
    )
    case_made = (
        f"<ObjectEvent>{_when(f'{day}T08:01:00Z')}<epcList><epc>{CASE_URN}</epc></epcList>"
        f"<action>ADD</action>{_what('commissioning', 'active', MAKER_SGLN)}</ObjectEvent>"
    )
    packed = (
        f"<AggregationEvent>{_when(f'{day}T08:05:00Z')}<parentID>{CASE_URN}</parentID>"
        f"<childEPCs>{epcs}</childEPCs><action>ADD</action>{_what('packing', 'in_progress', MAKER_SGLN)}"
        "</AggregationEvent>"
    )
    parties = (
        "<extension><sourceList>"
        f'<source type="urn:epcglobal:cbv:sdt:owning_party">{MAKER_SGLN}</source></sourceList>'
        "<destinationList>"
        f'<destination type="urn:epcglobal:cbv:sdt:owning_party">{PHARMACY_SGLN}</destination>'
        "</destinationList></extension>"
    )
    shipped = (
        f"<ObjectEvent>{_when(f'{day}T09:00:00Z')}<epcList><epc>{CASE_URN}</epc></epcList>"
        f"<action>OBSERVE</action>{_what('shipping', 'in_transit', MAKER_SGLN)}{parties}</ObjectEvent>"
    )
    return _document(made + case_made + packed + shipped, product)


def decommissioned(serial: str, day: str = "2026-11-03") -> bytes:
    """The maker takes a pack out of the world."""
    return _document(
        f"<ObjectEvent>{_when(f'{day}T08:00:00Z')}<epcList><epc>{pack_urn(serial)}</epc></epcList>"
        f"<action>DELETE</action>{_what('destroying', 'destroyed', MAKER_SGLN)}</ObjectEvent>",
        PRODUCT,
    )


def _when(time: str) -> str:
    return f"<eventTime>{time}</eventTime><eventTimeZoneOffset>+00:00</eventTimeZoneOffset>"


def _what(step: str, disposition: str, place: str) -> str:
    return (
        f"<bizStep>urn:epcglobal:cbv:bizstep:{step}</bizStep>"
        f"<disposition>urn:epcglobal:cbv:disp:{disposition}</disposition>"
        f"<readPoint><id>{place}</id></readPoint><bizLocation><id>{place}</id></bizLocation>"
    )


def _document(events: str, product: str) -> bytes:
    vocabulary = (
        '<Vocabulary type="urn:epcglobal:epcis:vtype:EPCClass"><VocabularyElementList>'
        f'<VocabularyElement id="urn:epc:idpat:sgtin:{MAKER_PREFIX}.0{ITEM}.*">'
        f'<attribute id="urn:epcglobal:cbv:mda#regulatedProductName">{escape(product)}</attribute>'
        "</VocabularyElement></VocabularyElementList></Vocabulary>"
        '<Vocabulary type="urn:epcglobal:epcis:vtype:Location"><VocabularyElementList>'
        + "".join(
            f'<VocabularyElement id="{place}"><attribute id="urn:epcglobal:cbv:mda#name">{name}</attribute>'
            "</VocabularyElement>"
            for place, name in ((MAKER_SGLN, "Acme Pharma"), (PHARMACY_SGLN, "Main Street Pharmacy"))
        )
        + "</VocabularyElementList></Vocabulary>"
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        '<epcis:EPCISDocument xmlns:epcis="urn:epcglobal:epcis:xsd:1" '
        'xmlns:cbvmda="urn:epcglobal:cbv:mda" '
        'xmlns:sbdh="http://www.unece.org/cefact/namespaces/StandardBusinessDocumentHeader" '
        'schemaVersion="1.2" creationDate="2026-11-04T08:00:00Z"><EPCISHeader>'
        "<sbdh:StandardBusinessDocumentHeader><sbdh:HeaderVersion>1.0</sbdh:HeaderVersion>"
        f'<sbdh:Sender><sbdh:Identifier Authority="GLN">{MAKER}</sbdh:Identifier></sbdh:Sender>'
        f'<sbdh:Receiver><sbdh:Identifier Authority="GLN">{PHARMACY}</sbdh:Identifier></sbdh:Receiver>'
        "</sbdh:StandardBusinessDocumentHeader>"
        f"<extension><EPCISMasterData><VocabularyList>{vocabulary}</VocabularyList></EPCISMasterData>"
        f"</extension></EPCISHeader><EPCISBody><EventList>{events}</EventList></EPCISBody>"
        "</epcis:EPCISDocument>"
    ).encode()
