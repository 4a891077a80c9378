"""Tells small supply chains as EPCIS documents, XML or JSON, URN or Digital Link, and gives them to a real node.

Nothing here leans on the program's own reading or writing of EPCIS: what a partner's file says is spelled out.
"""

from __future__ import annotations

import contextlib
import datetime
import io
import json
import uuid
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any
from unittest import mock
from urllib.parse import quote
from xml.sax.saxutils import escape

from rxtrail import clock
from rxtrail.answers import ExportFilters
from rxtrail.bootstrap import open_node
from rxtrail.core.gs1.check_digit import check_digit

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from rxtrail.answers import CaptureReceipt, ChangeReceipt, Journey
    from rxtrail.bootstrap import Node
    from rxtrail.core.rules.answer import Verdict

START = datetime.datetime(2026, 11, 2, 8, 0, tzinfo=datetime.UTC)  # minute 0 of every story
NOW = datetime.datetime(2026, 11, 23, 12, 0, tzinfo=datetime.UTC)
LOT, EXPIRY = "L7", "2028-09-30"
PREFIX_LENGTH = 7


@dataclass(frozen=True)
class Party:
    """A company with one place; its GLN stands under its company prefix."""

    prefix: str
    name: str
    reference: str = "00001"

    @property
    def gln(self) -> str:
        body = self.prefix + self.reference
        return body + check_digit(body)

    @property
    def sgln(self) -> str:
        return f"414/{self.gln}"

    @property
    def pgln(self) -> str:
        return f"417/{self.gln}"


MAKER = Party("0312345", "Acme Pharma")
OTHER_MAKER = Party("0345678", "Borealis Labs")
WHOLESALER = Party("0354321", "Central Drug")
SECOND_WHOLESALER = Party("0356789", "Delta Supply")
PHARMACY = Party("0376543", "Main Street Pharmacy")
PHARMACY_ANNEX = Party("0376543", "Main Street Annex", "00002")
OTHER_PHARMACY = Party("0367890", "Hill Pharmacy")
OUTSIDER = Party("0388888", "Nobody We Know")


def gtin(item: str = "67890", *, indicator: int = 0, maker: Party = MAKER) -> str:
    body = f"{indicator}{maker.prefix}{item}"
    return body + check_digit(body)


GTIN = gtin()
BLISTER_GTIN = gtin("67880")
CASE_GTIN = gtin(indicator=3)


def pack(serial: str, product: str = GTIN) -> str:
    """A package by its canonical identifier."""
    return f"01/{product}/21/{serial}"


def packs(count: int, product: str = GTIN, *, start: str = "S") -> list[str]:
    return [pack(f"{start}{number}", product) for number in range(count)]


def sscc(number: int, owner: Party = MAKER) -> str:
    body = f"0{owner.prefix}{number:09d}"
    return "00/" + body + check_digit(body)


# -- how identifiers are written -----------------------------------------------------------------------------------


def urn(canonical: str) -> str:
    key, _, rest = canonical.partition("/")
    cut = PREFIX_LENGTH
    if key == "01":
        code, _, serial = rest.partition("/21/")
        item = f"{code[1 : 1 + cut]}.{code[0]}{code[1 + cut : 13]}"
        if serial:
            return f"urn:epc:id:sgtin:{item}.{quote(serial, safe='')}"
        code, _, lot = rest.partition("/10/")
        return f"urn:epc:class:lgtin:{item}.{quote(lot, safe='')}" if lot else f"urn:epc:idpat:sgtin:{item}.*"
    if key == "00":
        return f"urn:epc:id:sscc:{rest[1 : 1 + cut]}.{rest[0]}{rest[1 + cut : 17]}"
    if key == "414":
        return f"urn:epc:id:sgln:{rest[:cut]}.{rest[cut:12]}.0"
    if key == "417":
        return f"urn:epc:id:pgln:{rest[:cut]}.{rest[cut:12]}"
    return canonical


def digital_link(canonical: str) -> str:
    head, mark, serial = canonical.partition("/21/")
    path = head + mark + quote(serial, safe="")
    return f"https://id.gs1.org/{path}" if canonical[:1].isdigit() else canonical


WRITTEN = {"urn": urn, "link": digital_link}


# -- what is told --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Told:
    """One event. ``minute`` counts from START; ``event_id`` "auto" makes one from the content."""

    minute: float
    step: str = ""
    disposition: str = ""
    action: str = "OBSERVE"
    epcs: tuple[str, ...] = ()
    parent: str = ""
    children: tuple[str, ...] | None = None
    inputs: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    at: Party | None = None
    leaves: bool = False  # goods on their way are nowhere: no bizLocation
    seller: Party | None = None
    buyer: Party | None = None
    lot: str = ""
    expiry: str = ""
    event_id: str = "auto"
    wrong: bool = False  # an error declaration that repeats the event
    declared_minute: float = 0.0
    sensors: str = ""  # JSON of a sensorElementList; told by JSON documents only

    @property
    def kind(self) -> str:
        if self.children is not None:
            return "AggregationEvent"
        return "TransformationEvent" if self.inputs or self.outputs else "ObjectEvent"

    @property
    def id(self) -> str:
        if self.event_id != "auto":
            return self.event_id
        plain = replace(self, wrong=False, declared_minute=0.0)
        return uuid.uuid5(uuid.NAMESPACE_URL, repr(plain)).urn

    def at_minute(self, minute: float) -> Told:
        return replace(self, minute=minute)

    def declared_wrong(self, minute: float) -> Told:
        """The sender's word that this event was wrong: the same event with an error declaration."""
        return replace(self, event_id=self.id, wrong=True, declared_minute=minute)


def made(*epcs: str, minute: float = 0, at: Party = MAKER, lot: str = LOT, expiry: str = EXPIRY, **more: Any) -> Told:
    return Told(minute, "commissioning", "active", "ADD", epcs, at=at, lot=lot, expiry=expiry, **more)


def made_unit(*epcs: str, minute: float = 0, at: Party = MAKER, **more: Any) -> Told:
    """A logistic unit: commissioned without lot and expiry."""
    return Told(minute, "commissioning", "active", "ADD", epcs, at=at, **more)


def packed(parent: str, *children: str, minute: float = 5, at: Party = MAKER, **more: Any) -> Told:
    return Told(minute, "packing", "in_progress", "ADD", parent=parent, children=children, at=at, **more)


def unpacked(parent: str, *children: str, minute: float = 50, at: Party = PHARMACY, **more: Any) -> Told:
    """Without children: everything comes out."""
    return Told(minute, "unpacking", "in_progress", "DELETE", parent=parent, children=children, at=at, **more)


def shipped(*epcs: str, seller: Party = MAKER, buyer: Party = PHARMACY, minute: float = 10, **more: Any) -> Told:
    return Told(
        minute, "shipping", "in_transit", "OBSERVE", epcs, at=seller, leaves=True, seller=seller, buyer=buyer, **more
    )


def received(*epcs: str, at: Party = PHARMACY, minute: float = 20, **more: Any) -> Told:
    return Told(minute, "receiving", "in_progress", "OBSERVE", epcs, at=at, **more)


def sensed(
    *epcs: str, values: Iterable[tuple[float, float]] = (), minute: float = 15, device: str = "L1", at: Party = MAKER,
    elements: list[dict[str, Any]] | None = None, **more: Any,
) -> Told:  # fmt: skip
    """A logger's report: ``values`` are (minute, degrees Celsius); ``elements`` are written as they are."""
    told = elements or [
        {
            "sensorMetadata": {"time": _instant(when), "deviceID": f"urn:example:{device}"},
            "sensorReport": [{"type": "gs1:Temperature", "value": value, "uom": "CEL"}],
        }
        for when, value in values
    ]
    return Told(minute, "sensor_reporting", "", "OBSERVE", epcs, at=at, sensors=json.dumps(told), **more)


def span(first: float, last: float, **report: Any) -> list[dict[str, Any]]:
    """One report about a span of minutes."""
    times = {"startTime": _instant(first), "endTime": _instant(last), "deviceID": "urn:example:L1"}
    return [{"sensorMetadata": times, "sensorReport": [{"type": "gs1:Temperature", "uom": "CEL", **report}]}]


def dispensed(*epcs: str, at: Party = PHARMACY, minute: float = 60, **more: Any) -> Told:
    return Told(minute, "dispensing", "dispensed", "OBSERVE", epcs, at=at, **more)


def decommissioned(*epcs: str, at: Party = MAKER, minute: float = 60, **more: Any) -> Told:
    return Told(minute, "decommissioning", "inactive", "DELETE", epcs, at=at, **more)


def destroyed(*epcs: str, at: Party = MAKER, minute: float = 60, **more: Any) -> Told:
    return Told(minute, "destroying", "destroyed", "DELETE", epcs, at=at, **more)


def stolen(*epcs: str, at: Party = MAKER, minute: float = 60, **more: Any) -> Told:
    return Told(minute, "inspecting", "stolen", "OBSERVE", epcs, at=at, **more)


def held(*epcs: str, at: Party = MAKER, minute: float = 60, **more: Any) -> Told:
    return Told(minute, "holding", "non_sellable_other", "OBSERVE", epcs, at=at, **more)


def recalled(*epcs: str, at: Party = MAKER, minute: float = 60, **more: Any) -> Told:
    return Told(minute, "holding", "recalled", "OBSERVE", epcs, at=at, **more)


def recalled_lot(lot: str = LOT, product: str = GTIN, *, at: Party = MAKER, minute: float = 60, **more: Any) -> Told:
    """A whole lot; without a lot, the whole product."""
    name = f"01/{product}/10/{lot}" if lot else f"01/{product}"
    return Told(minute, "holding", "recalled", "OBSERVE", classes=(name,), at=at, **more)


def repacked(
    inputs: Iterable[str], outputs: Iterable[str], *, minute: float = 30, at: Party = MAKER, **more: Any
) -> Told:
    more.setdefault("lot", LOT)
    more.setdefault("expiry", EXPIRY)
    return Told(minute, "repackaging", "active", "", inputs=tuple(inputs), outputs=tuple(outputs), at=at, **more)


def delivery(*epcs: str, unit: str = "", buyer: Party = PHARMACY, seller: Party = MAKER, lot: str = LOT) -> list[Told]:
    """Made, packed into one logistic unit and shipped."""
    unit = unit or sscc(1)
    return [
        made(*epcs, lot=lot),
        made_unit(unit, minute=1),
        packed(unit, *epcs),
        shipped(unit, seller=seller, buyer=buyer),
    ]


# -- as documents --------------------------------------------------------------------------------------------------


def _instant(minute: float) -> str:
    return (START + datetime.timedelta(minutes=minute)).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def xml(
    events: Iterable[Told],
    *,
    sender: Party | None = MAKER,
    receiver: Party | None = None,
    form: str = "urn",
    instance: str = "",
) -> bytes:
    """Write an EPCIS 1.2 document with its business document header, as DSCSA partners send them."""
    write = WRITTEN[form]
    body = "".join(_xml_event(event, write) for event in events)
    parties = "".join(
        f'<sbdh:{role}><sbdh:Identifier Authority="GLN">{party.gln}</sbdh:Identifier></sbdh:{role}>'
        for role, party in (("Sender", sender), ("Receiver", receiver))
        if party is not None
    )
    if instance:
        parties += (
            "<sbdh:DocumentIdentification>"
            f"<sbdh:InstanceIdentifier>{instance}</sbdh:InstanceIdentifier></sbdh:DocumentIdentification>"
        )
    header = (
        "<EPCISHeader><sbdh:StandardBusinessDocumentHeader><sbdh:HeaderVersion>1.0</sbdh:HeaderVersion>"
        f"{parties}</sbdh:StandardBusinessDocumentHeader></EPCISHeader>"
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        '<epcis:EPCISDocument xmlns:epcis="urn:epcglobal:epcis:xsd:1" xmlns:cbvmda="urn:epcglobal:cbv:mda" '
        'xmlns:sbdh="http://www.unece.org/cefact/namespaces/StandardBusinessDocumentHeader" '
        f'schemaVersion="1.2" creationDate="2026-11-04T08:00:00Z">{header if parties else ""}'
        f"<EPCISBody><EventList>{body}</EventList></EPCISBody></epcis:EPCISDocument>"
    ).encode()


def _xml_event(told: Told, write: Any) -> str:
    def listed(name: str, epcs: Iterable[str]) -> str:
        inner = "".join(f"<epc>{escape(write(epc))}</epc>" for epc in epcs)
        return f"<{name}>{inner}</{name}>"

    base = f"<eventID>{told.id}</eventID>" if told.id else ""
    if told.wrong:
        base += (
            f"<errorDeclaration><declarationTime>{_instant(told.declared_minute)}</declarationTime>"
            "<reason>urn:epcglobal:cbv:er:did_not_occur</reason></errorDeclaration>"
        )
    parts = [f"<eventTime>{_instant(told.minute)}</eventTime><eventTimeZoneOffset>+00:00</eventTimeZoneOffset>"]
    parts.append(f"<baseExtension>{base}</baseExtension>" if base else "")
    kind = told.kind
    if kind == "AggregationEvent":
        parts.append(f"<parentID>{escape(write(told.parent))}</parentID>" if told.parent else "")
        parts.append(listed("childEPCs", told.children or ()))
    elif kind == "TransformationEvent":
        parts.append(listed("inputEPCList", told.inputs) + listed("outputEPCList", told.outputs))
    else:
        parts.append(listed("epcList", told.epcs))
    if told.action:
        parts.append(f"<action>{told.action}</action>")
    if told.step:
        parts.append(f"<bizStep>{_urn_word('bizstep', told.step)}</bizStep>")
    if told.disposition:
        parts.append(f"<disposition>{_urn_word('disp', told.disposition)}</disposition>")
    if told.at is not None:
        parts.append(f"<readPoint><id>{write(told.at.sgln)}</id></readPoint>")
        if not told.leaves:
            parts.append(f"<bizLocation><id>{write(told.at.sgln)}</id></bizLocation>")
    extension = ""
    if told.classes:
        inner = "".join(
            f"<quantityElement><epcClass>{write(name)}</epcClass></quantityElement>" for name in told.classes
        )
        extension += f"<quantityList>{inner}</quantityList>"
    for name, party in (("source", told.seller), ("destination", told.buyer)):
        if party is not None:
            extension += (
                f"<{name}List>"
                f'<{name} type="urn:epcglobal:cbv:sdt:owning_party">{write(party.pgln)}</{name}>'
                f'<{name} type="urn:epcglobal:cbv:sdt:location">{write(party.sgln)}</{name}></{name}List>'
            )
    if told.lot or told.expiry:
        lot = f"<cbvmda:lotNumber>{escape(told.lot)}</cbvmda:lotNumber>" if told.lot else ""
        expiry = f"<cbvmda:itemExpirationDate>{told.expiry}</cbvmda:itemExpirationDate>" if told.expiry else ""
        extension += f"<ilmd>{lot}{expiry}</ilmd>"
    if extension:
        parts.append(f"<extension>{extension}</extension>")
    whole = f"<{kind}>{''.join(parts)}</{kind}>"
    return f"<extension>{whole}</extension>" if kind == "TransformationEvent" else whole


def _urn_word(kind: str, word: str) -> str:
    return word if ":" in word else f"urn:epcglobal:cbv:{kind}:{word}"


def jsonld(
    events: Iterable[Told],
    *,
    sender: Party | None = MAKER,
    receiver: Party | None = None,
    form: str = "link",
    instance: str = "",
) -> bytes:
    """Write an EPCIS 2.0 JSON-LD document."""
    document: dict[str, Any] = {
        "@context": ["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"],
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": "2026-11-04T08:00:00Z",
    }
    for name, party in (("sender", sender), ("receiver", receiver)):
        if party is not None:
            document[name] = WRITTEN[form](party.pgln)
    if instance:
        document["instanceIdentifier"] = instance
    document["epcisBody"] = {"eventList": [_json_event(event, WRITTEN[form]) for event in events]}
    return json.dumps(document).encode()


def _json_event(told: Told, write: Any) -> dict[str, Any]:
    event: dict[str, Any] = {
        "type": told.kind,
        "eventTime": _instant(told.minute),
        "eventTimeZoneOffset": "+00:00",
    }
    if told.id:
        event["eventID"] = told.id
    if told.wrong:
        event["errorDeclaration"] = {"declarationTime": _instant(told.declared_minute), "reason": "did_not_occur"}
    if told.kind == "AggregationEvent":
        if told.parent:
            event["parentID"] = write(told.parent)
        event["childEPCs"] = [write(epc) for epc in told.children or ()]
    elif told.kind == "TransformationEvent":
        event["inputEPCList"] = [write(epc) for epc in told.inputs]
        event["outputEPCList"] = [write(epc) for epc in told.outputs]
    elif told.epcs:
        event["epcList"] = [write(epc) for epc in told.epcs]
    if told.sensors:
        event["sensorElementList"] = json.loads(told.sensors)
    words = {"action": told.action, "bizStep": told.step, "disposition": told.disposition}
    event.update({name: word for name, word in words.items() if word})
    if told.at is not None:
        event["readPoint"] = {"id": write(told.at.sgln)}
        if not told.leaves:
            event["bizLocation"] = {"id": write(told.at.sgln)}
    if told.classes:
        event["quantityList"] = [{"epcClass": write(name)} for name in told.classes]
    for name, party in (("source", told.seller), ("destination", told.buyer)):
        if party is not None:
            event[name + "List"] = [
                {"type": "owning_party", name: write(party.pgln)},
                {"type": "location", name: write(party.sgln)},
            ]
    if told.lot or told.expiry:
        ilmd = {"cbvmda:lotNumber": told.lot, "cbvmda:itemExpirationDate": told.expiry}
        event["ilmd"] = {name: text for name, text in ilmd.items() if text}
    return event


SYNTAXES = {"xml": xml, "json": jsonld}


# -- given to a node -----------------------------------------------------------------------------------------------


@dataclass
class Time:
    """The clock of a scene: it stands still until it is moved."""

    now: datetime.datetime = NOW

    def now_us(self) -> int:
        return int(self.now.timestamp() * 1_000_000)

    def today(self) -> datetime.date:
        return self.now.date()

    def pass_by(self, **delta: float) -> None:
        self.now += datetime.timedelta(**delta)


def element_string(canonical: str, *, lot: str = LOT, expiry: str = EXPIRY) -> str:
    """What a scanner sends from a pack's square code: FNC1 as GS after each variable element."""
    product, _, serial = canonical[3:].partition("/21/")
    text = f"]d201{product}21{serial}\x1d"
    text += f"17{expiry[2:].replace('-', '')}" if expiry else ""
    return text + (f"10{lot}" if lot else "")


@dataclass
class Scene:
    """A node with its clock, and the verbs of a story."""

    node: Node
    time: Time
    count: int = field(default=0)

    def capture(
        self,
        *events: Told,
        sender: Party | None = MAKER,
        receiver: Party | None = None,
        syntax: str = "xml",
        form: str = "",
        instance: str = "",
        proceed: bool = False,
    ) -> CaptureReceipt:
        form = form or ("urn" if syntax == "xml" else "link")
        return self.give(
            SYNTAXES[syntax](events, sender=sender, receiver=receiver, form=form, instance=instance), proceed=proceed
        )

    def give(self, document: bytes, *, proceed: bool = False) -> CaptureReceipt:
        self.count += 1
        return self.node.capture(io.BytesIO(document), name=f"document-{self.count}", proceed=proceed)

    def verify(
        self, epc: str, *, lot: str = LOT, expiry: str = EXPIRY, site: Party | None = None, purpose: str = "dispense"
    ) -> Verdict:
        code = element_string(epc, lot=lot, expiry=expiry)
        return self.node.verify(code, site=site.gln if site is not None else "", purpose=purpose)

    def change(
        self, verb: str, epc: str, *, site: Party | None = None, lot: str = LOT, expiry: str = EXPIRY, **more: str
    ) -> ChangeReceipt:
        code = epc if epc.startswith("00/") else element_string(epc, lot=lot, expiry=expiry)
        return self.node.change(verb, code, site=site.gln if site is not None else "", **more)

    def trace(self, epc: str) -> Journey:
        return self.node.trace(epc)

    def export(self, what: str = "packs", fmt: str = "json", **filters: str) -> bytes:
        return b"".join(self.node.export(what, fmt, filters=ExportFilters(**filters)))

    def packs(self) -> list[bytes]:
        """All packs with all fields, sorted."""
        return sorted(self.export().splitlines())

    def pack(self, epc: str) -> dict[str, Any]:
        rows = self.export(gtin=epc[3:17], serial=epc[21:]).splitlines()
        assert len(rows) == 1, f"{epc}: {len(rows)} rows"
        found: dict[str, Any] = json.loads(rows[0])
        return found

    def partners(self, *rows: tuple[Party, str], **columns: str) -> None:
        """Load a partner table of (party, role); the columns hold for all of them."""
        names = ["name", "gln", "role", *columns]
        lines = [",".join([party.name, party.gln, role, *columns.values()]) for party, role in rows]
        self.node.load_partners("\n".join([",".join(names), *lines]).encode())


@contextlib.contextmanager
def scene(folder: Path, role: str = "", *glns: Party, time: Time | None = None) -> Iterator[Scene]:
    """Open a node on a real SQLite file; without a role it is a hub that nobody initialised."""
    time = time or Time()
    with (
        mock.patch.object(clock, "now_us", time.now_us),
        mock.patch.object(clock, "today", time.today),
        open_node(folder) as node,
    ):
        if role:
            node.init(role, [party.gln for party in glns])
        yield Scene(node, time)


def codes(receipt: CaptureReceipt) -> list[str]:
    """The codes of a receipt's findings, without those that every document of ours has."""
    usual = {"MISSING_DSCSA_STATEMENT", "UNLISTED_SENDER", "MISSING_BIZ_TRANSACTION"}
    return [finding.code for finding in receipt.findings if finding.code not in usual]


def reasons(verdict: Verdict) -> dict[str, str]:
    """Reason code -> severity."""
    return {reason.code: reason.severity.value for reason in verdict.reasons}
