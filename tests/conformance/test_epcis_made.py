"""Events made by chance from every field of the standard: judged as the official schema does, and hashed alike.

No file tells all that the schema allows. Each event here takes some fields of its type, now and then with a value that
is not valid; the seed makes them the same each time.
"""

from __future__ import annotations

import io
import json
import random
from typing import TYPE_CHECKING, Any

import jsonschema_rs
import pytest

from rxtrail.core.epcis.convert import TARGETS, Report, convert
from rxtrail.core.epcis.event_hash import event_hash
from rxtrail.core.epcis.reader import open_document
from rxtrail.core.epcis.spelling import EPC_FORMATS, Spelling
from rxtrail.core.validation import validate
from tests.conformance.shared import count

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.conformance

EVENTS = 800
SEED = 20261130
WRONG = 0.02  # so often a value is one that may not stand there
NOW_US = 1_795_000_000_000_000
CREATED = "2026-11-23T09:14:02Z"

EPCS = ["urn:epc:id:sgtin:0614141.107346.2017", "https://id.gs1.org/01/10614141073464/21/2017", "urn:my:thing",
        "urn:epc:id:sscc:0614141.1234567890", "https://example.com/x/00/106141412345678908", "http://a.example/c",
        "urn:epc:id:giai:0614141.12345400", "https://id.gs1.org/8004/401234599999",
        "urn:uuid:550e8400-e29b-41d4-a716-446655440000", "https://x.example/8003/04012345555554987"]  # fmt: skip
CLASSES = ["urn:epc:class:lgtin:4012345.012345.998877", "urn:epc:idpat:sgtin:4012345.066666.*",
           "https://id.gs1.org/01/04012345123456/10/998877", "https://x.example/01/04012345666663"]  # fmt: skip
TIMES = ["2024-03-01T10:00:00Z", "2024-03-01T10:00:00.123+02:00", "2024-02-29T23:59:59.999999999-05:00"]
NO_IDS: list[Any] = ["foo", "", 5, None, "(01)123", " urn:x:y", "a b:c"]
STEPS = ["shipping", "https://ref.gs1.org/cbv/BizStep-receiving", "https://my.example/step", "urn:my:step"]
WORDS = ["in_transit", "https://ref.gs1.org/cbv/Disp-active", "https://my.example/disposition"]
PARTIES = ["owning_party", "location", "https://ref.gs1.org/cbv/SDT-possessing_party", "https://x.example/type"]
ORDERS = ["po", "inv", "https://ref.gs1.org/cbv/BTT-desadv", "https://x.example/type"]
TREES: list[Any] = [1, "a", True, 2.5, None, "https://a.example/c", [1, 2], {"ex:in": "v"}, {"ex:a": {"ex:b": "x"}},
                    {"ex:l": ["a", {"ex:b": 1}]}]  # fmt: skip


class Maker:
    """Makes events."""

    def __init__(self) -> None:
        self.chance = random.Random(SEED)

    def often(self, share: float) -> bool:
        return self.chance.random() < share

    def one(self, good: list[Any], wrong: tuple[Any, ...] = ()) -> Any:
        return self.chance.choice(list(wrong)) if wrong and self.often(WRONG) else self.chance.choice(good)

    def some(self, make: Any, least: int = 0, most: int = 3) -> list[Any]:
        return [make() for _ in range(self.chance.randint(0 if self.often(WRONG) else least, most))]

    def epc(self) -> Any:
        return self.one(EPCS, tuple(NO_IDS))

    def time(self) -> Any:
        return self.one(TIMES, ("2024-03-01T10:00:00", "2024-02-30T00:00:00Z", "x", 5, "2024-03-01 10:00:00Z"))

    def number(self) -> Any:
        return self.one([1, 2.5, 0, -3, 1e3], ("5", None, True))

    def word(self) -> Any:
        return self.one(WORDS, ("urn:epcglobal:cbv:disp:active", "odd", None))

    def uom(self) -> Any:
        return self.one(["KGM", "LTR", "CEL", "C62"], ("kg", "KGMX", ""))

    def fields(self, share: float, **made: Any) -> dict[str, Any]:
        return {name.replace("__", ":"): make() for name, make in made.items() if self.often(share)}

    def tree(self) -> Any:
        return self.one(TREES)

    def quantity(self) -> dict[str, Any]:
        return {"epcClass": self.one(CLASSES, tuple(NO_IDS)), **self.fields(0.7, quantity=self.number, uom=self.uom)}

    def place(self) -> dict[str, Any]:
        return {**({} if self.often(WRONG) else {"id": self.epc()}), **self.fields(0.3, ex__p=self.tree)}

    def typed(self, name: str, types: list[str]) -> Any:
        return lambda: {
            name: self.one(EPCS, tuple(NO_IDS)),
            **self.fields(0.9, type=lambda: self.one(types, ("zzz", "urn:epcglobal:cbv:btt:po", 5))),
        }

    def sensor(self) -> dict[str, Any]:
        epc, number, time = self.epc, self.number, self.time
        shared = {"deviceID": epc, "deviceMetadata": epc, "rawData": epc, "dataProcessingMethod": epc, "time": time}

        def report() -> dict[str, Any]:
            kinds = ["Temperature", "gs1:Temperature", "https://gs1.org/voc/Humidity", "https://x.example/T"]
            return {"type": self.one(kinds, ("Foo", 5)), **self.fields(
                0.2, **shared, value=number, uom=self.uom, minValue=number, maxValue=number, meanValue=number,
                sDev=number, percRank=number, percValue=number, stringValue=lambda: self.one(["a", "5"]),
                booleanValue=lambda: self.one([True, False], ("true",)), uriValue=epc, chemicalSubstance=epc,
                hexBinaryValue=lambda: self.one(["F0", "f0f0"], ("XY", "0x1")), microorganism=epc, ex__r=self.tree,
                component=lambda: self.one(["x", "latitude", "https://ref.gs1.org/cbv/Comp-x"], ("zz",)),
                exception=lambda: self.one(["ALARM_CONDITION", "ERROR_CONDITION"], ("X",)),
            )}  # fmt: skip

        metadata = {**shared, "startTime": time, "endTime": time, "bizRules": epc, "ex__m": self.tree}
        made = self.fields(0.7, sensorMetadata=lambda: self.fields(0.3, **metadata))
        return {**made, "sensorReport": self.some(report, 1, 2), **self.fields(0.2, ex__s=self.tree)}

    def declaration(self) -> dict[str, Any]:
        return {"declarationTime": self.time(), **self.fields(
            0.6, reason=lambda: self.one(["did_not_occur", "https://ref.gs1.org/cbv/ER-incorrect_data"], ("zz",)),
            correctiveEventIDs=lambda: self.some(lambda: self.one(["urn:uuid:1", "https://x.example/e/1"]), 1),
            ex__e=self.tree,
        )}  # fmt: skip

    def event(self) -> dict[str, Any]:
        kind = self.one(["ObjectEvent", "AggregationEvent", "TransactionEvent", "TransformationEvent",
                         "AssociationEvent"])  # fmt: skip
        epcs, quantities = lambda: self.some(self.epc), lambda: self.some(self.quantity)
        of_kind: dict[str, Any] = {
            "ObjectEvent": {"epcList": epcs, "quantityList": quantities, "ilmd": lambda: {"ex:a": self.tree()}},
            "TransactionEvent": {"parentID": self.epc, "epcList": epcs, "quantityList": quantities},
            "TransformationEvent": {
                "inputEPCList": epcs, "outputEPCList": epcs, "inputQuantityList": quantities,
                "outputQuantityList": quantities, "transformationID": self.epc, "ilmd": lambda: {"ex:a": self.tree()},
            },
        }.get(kind, {"parentID": self.epc, "childEPCs": epcs, "childQuantityList": quantities})  # fmt: skip
        orders, sources = self.typed("bizTransaction", ORDERS), self.typed("source", PARTIES)
        return {
            "type": kind, "eventTime": self.time(), "eventTimeZoneOffset": self.one(["+00:00", "-05:00"], ("Z", "")),
            **({} if kind == "TransformationEvent" else {"action": self.one(["ADD", "OBSERVE", "DELETE"], ("FLY",))}),
            **self.fields(0.8, **of_kind),
            **self.fields(
                0.4, bizStep=lambda: self.one(STEPS, ("urn:epcglobal:cbv:bizstep:shipping", "flying", 5)),
                disposition=self.word, readPoint=self.place, bizLocation=self.place, ex__ext=self.tree,
                bizTransactionList=lambda: self.some(orders, 1), sourceList=lambda: self.some(sources, 1),
                destinationList=lambda: self.some(self.typed("destination", PARTIES), 1),
            ),
            **self.fields(
                0.25, sensorElementList=lambda: self.some(self.sensor, 1, 2), errorDeclaration=self.declaration,
                persistentDisposition=lambda: {self.one(["set", "unset"]): self.some(self.word, 1)},
                eventID=lambda: self.one(["urn:uuid:550e8400-e29b-41d4-a716-446655440000"], ("x", 5)),
                certificationInfo=lambda: self.one(["https://a.example/c", ["https://a.example/c"]], ("c", 5)),
                recordTime=self.time, ex__more=self.tree,
            ),
            **({"unknown": 1} if self.often(WRONG) else {}),
        }  # fmt: skip


def hashes(text: bytes) -> list[str]:
    return [event_hash(event) for event, _, _ in open_document(io.BytesIO(text))]


def test_events_of_any_fields_are_judged_as_the_schema_does_and_keep_their_hash_in_every_form(shared: Path) -> None:
    schema = shared / "conformance" / "epcis" / "schemas" / "epcis-2.0" / "json-schema" / "EPCIS-JSON-Schema.json"
    official = jsonschema_rs.Draft7Validator(json.loads(schema.read_text(encoding="utf-8")), validate_formats=True)
    maker = Maker()
    verdicts = {True: 0, False: 0}
    for number in range(EVENTS):
        whole = {
            "@context": ["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld",
                         {"ex": "https://ex.example/ns/"}],
            "type": "EPCISDocument", "schemaVersion": "2.0", "creationDate": CREATED,
            "epcisBody": {"eventList": [maker.event()]},
        }  # fmt: skip
        text = json.dumps(whole).encode()
        is_valid = official.is_valid(whole)
        verdicts[is_valid] += 1
        assert validate(lambda text=text: io.BytesIO(text), now_us=NOW_US).valid == is_valid, text  # type: ignore[misc]
        if not is_valid:
            continue
        for target in TARGETS:
            spelling = Spelling(EPC_FORMATS[number % len(EPC_FORMATS)])
            pieces = convert(io.BytesIO(text), target, spelling, Report(target), creation_date=CREATED)
            assert hashes("".join(pieces).encode()) == hashes(text), (target, text)
    count(EVENTS)
    assert min(verdicts.values()) > EVENTS // 8
