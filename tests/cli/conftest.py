"""A command line on a real SQLite node in a temporary folder."""

from __future__ import annotations

import io
import json
import sys
import zlib
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from rxtrail.cli.app import run

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

PHARMACY = "0300011111246"


class Ran(NamedTuple):
    """How one command ended."""

    code: int
    out: bytes
    err: str

    @property
    def lines(self) -> list[Any]:
        return [json.loads(line) for line in self.out.splitlines()]

    @property
    def one(self) -> Any:
        [line] = self.lines
        return line


class CommandLine:
    """Runs commands in this process, on one DATA."""

    def __init__(self, data: Path, capture: pytest.CaptureFixture[bytes], patch: pytest.MonkeyPatch) -> None:
        self.data = data
        self._capture = capture
        self._patch = patch

    def __call__(self, *arguments: str, stdin: bytes = b"") -> Ran:
        self._patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        self._capture.readouterr()
        code = run([*arguments, "--data", str(self.data)])
        told = self._capture.readouterr()
        return Ran(code, told.out, told.err.decode())

    def json(self, *arguments: str, stdin: bytes = b"") -> Ran:
        return self(*arguments, "--json", stdin=stdin)


@pytest.fixture
def rxtrail(tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch) -> CommandLine:
    return CommandLine(tmp_path / "data", capsysbinary, monkeypatch)


Pack = tuple[str, str, str, str]  # GTIN, serial, lot, expiry as YYMMDD

PACK: Pack = ("00352601815904", "A1", "QD1DQ", "301231")


def bracketed(pack: Pack) -> str:
    gtin, serial, lot, expiry = pack
    return f"(01){gtin}(21){serial}(17){expiry}(10){lot}"


SSCC = "003011610012270529"


def document(serials: list[str], *, buyer: str = PHARMACY) -> bytes:
    """A maker's file: commissioned, packed into one case with an SSCC, shipped to the buyer."""
    maker = "urn:epc:id:sgln:0352601.00000.0"
    epcs = "".join(f"<epc>urn:epc:id:sgtin:0352601.081590.{serial}</epc>" for serial in serials)
    sscc = f"urn:epc:id:sscc:{SSCC[1:8]}.{SSCC[0]}{SSCC[8:17]}"
    when = "<eventTime>2026-0{}-02T08:14:00Z</eventTime><eventTimeZoneOffset>+00:00</eventTimeZoneOffset>"
    where = f"<readPoint><id>{maker}</id></readPoint><bizLocation><id>{maker}</id></bizLocation>"
    bizstep = "<bizStep>urn:epcglobal:cbv:bizstep:{}</bizStep><disposition>urn:epcglobal:cbv:disp:{}</disposition>"
    party = "urn:epcglobal:cbv:sdt:owning_party"
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<epcis:EPCISDocument xmlns:epcis="urn:epcglobal:epcis:xsd:1" xmlns:cbvmda="urn:epcglobal:cbv:mda"
 xmlns:sbdh="http://www.unece.org/cefact/namespaces/StandardBusinessDocumentHeader"
 schemaVersion="1.2" creationDate="2026-03-02T09:00:00Z">
<EPCISHeader><sbdh:StandardBusinessDocumentHeader><sbdh:HeaderVersion>1.0</sbdh:HeaderVersion>
<sbdh:Sender><sbdh:Identifier Authority="GS1">{maker}</sbdh:Identifier></sbdh:Sender>
<sbdh:Receiver><sbdh:Identifier Authority="GS1">urn:epc:id:sgln:{buyer[:12]}..0</sbdh:Identifier></sbdh:Receiver>
<sbdh:DocumentIdentification><sbdh:Standard>EPCglobal</sbdh:Standard><sbdh:TypeVersion>1.0</sbdh:TypeVersion>
<sbdh:InstanceIdentifier>{zlib.crc32(epcs.encode())}</sbdh:InstanceIdentifier><sbdh:Type>Events</sbdh:Type>
<sbdh:CreationDateAndTime>2026-03-02T09:00:00Z</sbdh:CreationDateAndTime></sbdh:DocumentIdentification>
</sbdh:StandardBusinessDocumentHeader></EPCISHeader><EPCISBody><EventList>
<ObjectEvent>{when.format(1)}<epcList>{epcs}</epcList><action>ADD</action>
{bizstep.format("commissioning", "active")}{where}<extension><ilmd><cbvmda:lotNumber>{PACK[2]}</cbvmda:lotNumber>
<cbvmda:itemExpirationDate>2030-12-31</cbvmda:itemExpirationDate></ilmd></extension></ObjectEvent>
<AggregationEvent>{when.format(2)}<parentID>{sscc}</parentID><childEPCs>{epcs}</childEPCs><action>ADD</action>
{bizstep.format("packing", "in_progress")}{where}</AggregationEvent>
<ObjectEvent>{when.format(3)}<epcList><epc>{sscc}</epc></epcList><action>OBSERVE</action>
{bizstep.format("shipping", "in_transit")}{where}<extension>
<sourceList><source type="{party}">{maker}</source></sourceList>
<destinationList><destination type="{party}">urn:epc:id:sgln:{buyer[:12]}..0</destination></destinationList>
</extension></ObjectEvent></EventList></EPCISBody></epcis:EPCISDocument>
""".encode()


@pytest.fixture
def shipment(tmp_path: Path) -> Callable[..., str]:
    """Write a maker's file and give its path."""

    def write(*serials: str, name: str = "shipment.xml", buyer: str = PHARMACY) -> str:
        path = tmp_path / name
        path.write_bytes(document(list(serials or ("A1", "A2", "A3")), buyer=buyer))
        return str(path)

    return write


@pytest.fixture
def pharmacy(rxtrail: CommandLine, shipment: Callable[..., str]) -> CommandLine:
    """A pharmacy's node that holds one shipment of the packs A1, A2 and A3 in one case."""
    assert rxtrail("init", "--role", "pharmacy", "--gln", PHARMACY).code == 0
    captured = rxtrail.json("capture", shipment())
    assert captured.code == 0, captured.err
    return rxtrail
