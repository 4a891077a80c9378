"""The document every benchmark captures: one maker's packaging lines, lot by lot, as XML 1.2 or JSON 2.0.

Bottles are commissioned a thousand an event, 48 go into a case (an SGTIN with indicator 5), 40 cases onto a
pallet (an SSCC); a lot is 24,000 bottles; each lot is shipped and received by its pallets alone. The text is
a function of the arguments only, so that two runs, and two machines, capture the same bytes. It is written
apart from ``rxtrail.simulate`` on purpose: a better simulation must not move the yardstick.

Run: ``python -m benchmarks.documents --packs 100000 --format xml --out big.xml``
"""

from __future__ import annotations

import argparse
import datetime as dt
import random
import sys
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterator

BOTTLES_PER_EVENT = 1_000
BOTTLES_PER_CASE = 48
CASES_PER_PALLET = 40
BOTTLES_PER_LOT = 24_000
SERIAL_CHARACTERS = 12
DAYS_OF_PRODUCTION = 90

# Made up: neither firm nor its numbers stand for a real one.
MAKER_PREFIX = "0399101"  # GS1 company prefix of labeler 99101
MAKER_PGLN_URN = "urn:epc:id:pgln:0399101.00000"
MAKER_GLN_URN = "urn:epc:id:sgln:0399101.00000.0"
MAKER_SITE_URN = "urn:epc:id:sgln:0399101.00001.0"
MAKER_GLN = "0399101000003"
BUYER_PGLN_URN = "urn:epc:id:pgln:0399202.00000"
BUYER_GLN_URN = "urn:epc:id:sgln:0399202.00000.0"
BUYER_SITE_URN = "urn:epc:id:sgln:0399202.00001.0"
BUYER_GLN = "0399202000001"
PRODUCTS = tuple(f"{item:05d}" for item in range(10101, 10109))
YARDSTICK_DAY = dt.date(2026, 11, 20)

_ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
_FAIR_BYTES = 252  # the largest multiple of 36 that a byte holds: bytes above it would favour some letters
_TO_SERIAL = bytes(_ALPHABET[byte % 36] for byte in range(256))
_UNFAIR = bytes(range(_FAIR_BYTES, 256))


class Shape(msgspec.Struct, frozen=True):
    """What is written: the same shape and seed always give the same bytes."""

    packages: int
    seed: int = 1
    day: dt.date = YARDSTICK_DAY  # everything happens in the 90 days before it
    event_ids: bool = False
    bottles_per_lot: int = BOTTLES_PER_LOT
    lot_prefix: str = "L"  # with another one, and other pallets, the same record can take several documents
    first_pallet: int = 0


class Counts(msgspec.Struct):
    """What a document holds; a mention is one identifier in one EPC list."""

    packages: int = 0
    cases: int = 0
    pallets: int = 0
    events: int = 0
    mentions: int = 0


class Step(msgspec.Struct, gc=False):
    """One event, whichever syntax it is written in."""

    time: str
    action: str
    biz_step: str
    disposition: str
    epcs: list[str]
    read_point: str = ""
    biz_location: str = ""
    parent: str = ""
    lot: str = ""
    expiry: str = ""
    order: str = ""  # the number that the purchase order and the despatch advice share
    event_id: str = ""


def serials(rng: random.Random, count: int) -> list[str]:
    """``count`` random serials of 12 letters and digits, each letter equally likely."""
    wanted = count * SERIAL_CHARACTERS
    letters = b""
    while len(letters) < wanted:
        letters += rng.randbytes(wanted - len(letters) + 64).translate(_TO_SERIAL, _UNFAIR)
    text = letters.decode("ascii")
    return [text[at : at + SERIAL_CHARACTERS] for at in range(0, wanted, SERIAL_CHARACTERS)]


def steps(shape: Shape, counts: Counts) -> Iterator[Step]:
    """Every event in the order the line writes them; ``counts`` is complete when the last was taken."""
    rng = random.Random(shape.seed)  # repeatable, not secret
    lot_count = -(-shape.packages // shape.bottles_per_lot)
    midnight = dt.datetime.combine(shape.day, dt.time(), dt.UTC)
    pallet_number = shape.first_pallet
    for lot_index in range(lot_count):
        product = PRODUCTS[lot_index % len(PRODUCTS)]
        bottles = min(shape.bottles_per_lot, shape.packages - lot_index * shape.bottles_per_lot)
        start = midnight - dt.timedelta(days=DAYS_OF_PRODUCTION * (lot_count - lot_index) / lot_count + 1)
        lot = f"{shape.lot_prefix}{lot_index + 1:05d}"
        expiry = (start.date() + dt.timedelta(days=730)).isoformat()

        case_count = -(-bottles // BOTTLES_PER_CASE)
        pallet_count = -(-case_count // CASES_PER_PALLET)
        pallets = [f"urn:epc:id:sscc:{MAKER_PREFIX}.1{pallet_number + index:09d}" for index in range(pallet_count)]
        pallet_number += pallet_count
        second = 0
        for step in _lot_steps(rng, product, bottles, pallets, lot, expiry):
            # The pallet is on the road ten minutes after the line stops and arrives an hour later.
            second += {"shipping": 600, "receiving": 3600}.get(step.biz_step, 1)
            at = (start + dt.timedelta(seconds=second)).strftime("%Y-%m-%dT%H:%M:%S.000Z")
            event_id = uuid.UUID(int=rng.getrandbits(128), version=4).urn if shape.event_ids else ""
            counts.events += 1
            counts.mentions += len(step.epcs)
            yield msgspec.structs.replace(step, time=at, event_id=event_id)
        counts.packages += bottles
        counts.cases += case_count
        counts.pallets += pallet_count


def _lot_steps(
    rng: random.Random, product: str, bottles: int, pallets: list[str], lot: str, expiry: str
) -> Iterator[Step]:
    item = f"urn:epc:id:sgtin:{MAKER_PREFIX}.0{product}."
    case = f"urn:epc:id:sgtin:{MAKER_PREFIX}.5{product}."
    packs = [item + serial for serial in serials(rng, bottles)]
    cases = [case + serial for serial in serials(rng, -(-bottles // BOTTLES_PER_CASE))]
    site = MAKER_SITE_URN
    for at in range(0, bottles, BOTTLES_PER_EVENT):
        some = packs[at : at + BOTTLES_PER_EVENT]
        yield Step("", "ADD", "commissioning", "active", some, site, site, lot=lot, expiry=expiry)
    yield Step("", "ADD", "commissioning", "active", cases, site, site, lot=lot, expiry=expiry)
    for index, parent in enumerate(cases):
        some = packs[index * BOTTLES_PER_CASE : (index + 1) * BOTTLES_PER_CASE]
        yield Step("", "ADD", "packing", "in_progress", some, site, site, parent)
    yield Step("", "ADD", "commissioning", "active", pallets, site, site)
    for index, parent in enumerate(pallets):
        some = cases[index * CASES_PER_PALLET : (index + 1) * CASES_PER_PALLET]
        yield Step("", "ADD", "packing", "in_progress", some, site, site, parent)
    yield Step("", "OBSERVE", "shipping", "in_transit", pallets, site, order=lot)
    yield Step("", "OBSERVE", "receiving", "in_progress", pallets, BUYER_SITE_URN, BUYER_SITE_URN, order=lot)


def write_xml(out: BinaryIO, shape: Shape) -> Counts:
    """Write the document as EPCIS XML 1.2 with its header, one event at a time."""
    counts = Counts()
    out.write(_xml_head(shape).encode())
    out.writelines(_xml_event(step).encode() for step in steps(shape, counts))
    out.write(b"    </EventList>\n  </EPCISBody>\n</epcis:EPCISDocument>\n")
    return counts


def write_json(out: BinaryIO, shape: Shape) -> Counts:
    """Write the document as EPCIS JSON 2.0, compact, one event at a time."""
    counts = Counts()
    out.write(_json_head(shape))
    comma = b""
    for step in steps(shape, counts):
        out.write(comma + msgspec.json.encode(_json_event(step)))
        comma = b","
    out.write(b"]}}")
    return counts


def _instance_identifier(shape: Shape) -> str:
    return f"rxtrail-benchmark-{shape.packages}-{shape.seed}-{shape.day.isoformat()}"


def _xml_head(shape: Shape) -> str:
    created = f"{shape.day.isoformat()}T00:00:00Z"
    classes = "".join(
        _xml_element(
            f"urn:epc:idpat:sgtin:{MAKER_PREFIX}.{indicator}{product}.*",
            {
                "additionalTradeItemIdentification": f"{MAKER_PREFIX[2:]}-{product[:3]}-{product[3:]}",
                "additionalTradeItemIdentificationTypeCode": "US_FDA_NDC",
                "regulatedProductName": f"Benchmark product {product}",
                "manufacturerOfTradeItemPartyName": "Benchmark Maker Inc",
                "dosageFormType": "TABLET",
                "strengthDescription": "10 mg",
                "netContentDescription": "30 TABLET",
            },
        )
        for product in PRODUCTS
        for indicator in "05"
    )
    locations = "".join(
        _xml_element(
            urn,
            {
                "name": name,
                "streetAddressOne": "1 Example Road",
                "city": "Springfield",
                "state": "IL",
                "postalCode": "62701",
                "countryCode": "US",
            },
        )
        for urn, name in (
            (MAKER_GLN_URN, "Benchmark Maker Inc"),
            (MAKER_SITE_URN, "Benchmark Maker Inc, plant"),
            (BUYER_GLN_URN, "Benchmark Wholesale LLC"),
            (BUYER_SITE_URN, "Benchmark Wholesale LLC, warehouse"),
        )
    )
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<epcis:EPCISDocument xmlns:epcis="urn:epcglobal:epcis:xsd:1" \
xmlns:sbdh="http://www.unece.org/cefact/namespaces/StandardBusinessDocumentHeader" \
xmlns:cbvmda="urn:epcglobal:cbv:mda" xmlns:gs1ushc="http://epcis.gs1us.org/hc/ns" \
schemaVersion="1.2" creationDate="{created}">
  <EPCISHeader>
    <sbdh:StandardBusinessDocumentHeader>
      <sbdh:HeaderVersion>1.0</sbdh:HeaderVersion>
      <sbdh:Sender>
        <sbdh:Identifier Authority="GS1">{MAKER_GLN}</sbdh:Identifier>
      </sbdh:Sender>
      <sbdh:Receiver>
        <sbdh:Identifier Authority="GS1">{BUYER_GLN}</sbdh:Identifier>
      </sbdh:Receiver>
      <sbdh:DocumentIdentification>
        <sbdh:Standard>EPCglobal</sbdh:Standard>
        <sbdh:TypeVersion>1.0</sbdh:TypeVersion>
        <sbdh:InstanceIdentifier>{_instance_identifier(shape)}</sbdh:InstanceIdentifier>
        <sbdh:Type>Events</sbdh:Type>
        <sbdh:CreationDateAndTime>{created}</sbdh:CreationDateAndTime>
      </sbdh:DocumentIdentification>
    </sbdh:StandardBusinessDocumentHeader>
    <extension>
      <EPCISMasterData>
        <VocabularyList>
          <Vocabulary type="urn:epcglobal:epcis:vtype:EPCClass">
            <VocabularyElementList>
{classes}            </VocabularyElementList>
          </Vocabulary>
          <Vocabulary type="urn:epcglobal:epcis:vtype:Location">
            <VocabularyElementList>
{locations}            </VocabularyElementList>
          </Vocabulary>
        </VocabularyList>
      </EPCISMasterData>
    </extension>
    <gs1ushc:guidelineVersion>GS1 US DSCSA R1.3</gs1ushc:guidelineVersion>
    <gs1ushc:dscsaTransactionStatement>
      <gs1ushc:affirmTransactionStatement>true</gs1ushc:affirmTransactionStatement>
      <gs1ushc:legalNotice>Seller has complied with each applicable subsection of FDCA Sec. \
581(27)(A)-(G).</gs1ushc:legalNotice>
    </gs1ushc:dscsaTransactionStatement>
  </EPCISHeader>
  <EPCISBody>
    <EventList>
"""


def _xml_element(urn: str, attributes: dict[str, str]) -> str:
    pad = " " * 14
    lines = "".join(
        f'{pad}  <attribute id="urn:epcglobal:cbv:mda#{name}">{value}</attribute>\n'
        for name, value in attributes.items()
    )
    return f'{pad}<VocabularyElement id="{urn}">\n{lines}{pad}</VocabularyElement>\n'


def _xml_event(step: Step) -> str:
    kind = "AggregationEvent" if step.parent else "ObjectEvent"
    epcs = "</epc>\n          <epc>".join(step.epcs)
    parts = [
        f"      <{kind}>\n        <eventTime>{step.time}</eventTime>\n",
        "        <eventTimeZoneOffset>-05:00</eventTimeZoneOffset>\n",
    ]
    if step.event_id:
        parts.append(
            f"        <baseExtension>\n          <eventID>{step.event_id}</eventID>\n        </baseExtension>\n"
        )
    if step.parent:
        parts.append(
            f"        <parentID>{step.parent}</parentID>\n"
            f"        <childEPCs>\n          <epc>{epcs}</epc>\n        </childEPCs>\n"
        )
    else:
        parts.append(f"        <epcList>\n          <epc>{epcs}</epc>\n        </epcList>\n")
    parts.append(
        f"        <action>{step.action}</action>\n"
        f"        <bizStep>urn:epcglobal:cbv:bizstep:{step.biz_step}</bizStep>\n"
        f"        <disposition>urn:epcglobal:cbv:disp:{step.disposition}</disposition>\n"
        f"        <readPoint>\n          <id>{step.read_point}</id>\n        </readPoint>\n"
    )
    if step.biz_location:
        parts.append(f"        <bizLocation>\n          <id>{step.biz_location}</id>\n        </bizLocation>\n")
    if step.order:
        parts.append(
            "        <bizTransactionList>\n"
            '          <bizTransaction type="urn:epcglobal:cbv:btt:po">'
            f"urn:epcglobal:cbv:bt:{BUYER_GLN}:PO{step.order}</bizTransaction>\n"
            '          <bizTransaction type="urn:epcglobal:cbv:btt:desadv">'
            f"urn:epcglobal:cbv:bt:{MAKER_GLN}:DA{step.order}</bizTransaction>\n"
            "        </bizTransactionList>\n"
            "        <extension>\n"
            "          <sourceList>\n"
            f'            <source type="urn:epcglobal:cbv:sdt:owning_party">{MAKER_GLN_URN}</source>\n'
            f'            <source type="urn:epcglobal:cbv:sdt:location">{MAKER_SITE_URN}</source>\n'
            "          </sourceList>\n"
            "          <destinationList>\n"
            '            <destination type="urn:epcglobal:cbv:sdt:owning_party">'
            f"{BUYER_GLN_URN}</destination>\n"
            f'            <destination type="urn:epcglobal:cbv:sdt:location">{BUYER_SITE_URN}</destination>\n'
            "          </destinationList>\n"
            "        </extension>\n"
        )
    if step.lot:
        parts.append(
            "        <extension>\n          <ilmd>\n"
            f"            <cbvmda:lotNumber>{step.lot}</cbvmda:lotNumber>\n"
            f"            <cbvmda:itemExpirationDate>{step.expiry}</cbvmda:itemExpirationDate>\n"
            "          </ilmd>\n        </extension>\n"
        )
    parts.append(f"      </{kind}>\n")
    return "".join(parts)


def _json_head(shape: Shape) -> bytes:
    head = {
        "@context": ["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"],
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": f"{shape.day.isoformat()}T00:00:00Z",
        "instanceIdentifier": _instance_identifier(shape),
        "sender": MAKER_PGLN_URN,
        "receiver": BUYER_PGLN_URN,
        "epcisHeader": {
            "epcisMasterData": {
                "vocabularyList": [
                    {
                        "type": "urn:epcglobal:epcis:vtype:EPCClass",
                        "vocabularyElementList": [
                            {
                                "id": f"urn:epc:idpat:sgtin:{MAKER_PREFIX}.{indicator}{product}.*",
                                "attributes": [
                                    {
                                        "id": "urn:epcglobal:cbv:mda#regulatedProductName",
                                        "attribute": f"Benchmark product {product}",
                                    }
                                ],
                            }
                            for product in PRODUCTS
                            for indicator in "05"
                        ],
                    }
                ]
            }
        },
    }
    return msgspec.json.encode(head)[:-1] + b',"epcisBody":{"eventList":['


def _json_event(step: Step) -> dict[str, object]:
    event: dict[str, object] = {
        "type": "AggregationEvent" if step.parent else "ObjectEvent",
        "eventTime": step.time,
        "eventTimeZoneOffset": "-05:00",
    }
    if step.event_id:
        event["eventID"] = step.event_id
    if step.parent:
        event["parentID"] = step.parent
        event["childEPCs"] = step.epcs
    else:
        event["epcList"] = step.epcs
    event["action"] = step.action
    event["bizStep"] = step.biz_step
    event["disposition"] = step.disposition
    event["readPoint"] = {"id": step.read_point}
    if step.biz_location:
        event["bizLocation"] = {"id": step.biz_location}
    if step.order:
        event["bizTransactionList"] = [
            {"type": "po", "bizTransaction": f"urn:epcglobal:cbv:bt:{BUYER_GLN}:PO{step.order}"},
            {"type": "desadv", "bizTransaction": f"urn:epcglobal:cbv:bt:{MAKER_GLN}:DA{step.order}"},
        ]
        event["sourceList"] = [
            {"type": "owning_party", "source": MAKER_GLN_URN},
            {"type": "location", "source": MAKER_SITE_URN},
        ]
        event["destinationList"] = [
            {"type": "owning_party", "destination": BUYER_GLN_URN},
            {"type": "location", "destination": BUYER_SITE_URN},
        ]
    if step.lot:
        event["ilmd"] = {"cbvmda:lotNumber": step.lot, "cbvmda:itemExpirationDate": step.expiry}
    return event


def main(arguments: list[str]) -> None:
    """Write one document and tell on stderr what it holds."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.documents", description="Write one benchmark document.")
    parser.add_argument("--packs", type=int, default=100_000, help="bottles, not cases and not mentions")
    parser.add_argument("--format", choices=("xml", "json"), default="xml")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--day", type=dt.date.fromisoformat, default=YARDSTICK_DAY)
    parser.add_argument("--event-ids", action="store_true", help="give every event a urn:uuid eventID")
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args(arguments)
    shape = Shape(given.packs, given.seed, given.day, given.event_ids)
    write = write_xml if given.format == "xml" else write_json
    with given.out.open("wb") as out:
        counts = write(out, shape)
    sys.stderr.write(f"{given.out}: {given.out.stat().st_size:,} bytes, {counts}\n")


if __name__ == "__main__":
    main(sys.argv[1:])
