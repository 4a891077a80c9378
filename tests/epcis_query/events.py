"""Two thousand events of every kind, drawn from a seed, as EPCIS 2.0 JSON; and filters on them in plain Python."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable, Iterator
from typing import Any

Json = dict[str, Any]
CONTEXT = ["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld", {"ex": "https://ex.example/ns/"}]
STEPS = ("commissioning", "shipping", "receiving", "packing", "https://ex.example/step/polishing")
DISPOSITIONS = ("active", "in_transit", "recalled", "sellable_accessible")
PERSISTENT = ("completeness_verified", "recalled", "damaged", "conformant")
PREFIX = "0614141"
COUNT = 2_000


def sgtin(item: int, serial: str) -> str:
    return f"urn:epc:id:sgtin:{PREFIX}.{100000 + item}.{serial}"


def sgln(number: int, extension: str = "0") -> str:
    return f"urn:epc:id:sgln:{PREFIX}.{number:05}.{extension}"


def sscc(number: int) -> str:
    return f"urn:epc:id:sscc:{PREFIX}.{number:010}"


def lgtin(item: int, lot: str) -> str:
    return f"urn:epc:class:lgtin:{PREFIX}.{100000 + item}.{lot}"


def moment(rng: random.Random) -> str:
    when = dt.datetime(2024, 1, 1, tzinfo=dt.UTC) + dt.timedelta(seconds=rng.randrange(366 * 86_400))
    return when.strftime("%Y-%m-%dT%H:%M:%S.000Z")


def fields(rng: random.Random, *, depth: int = 1) -> Json:
    """Extension fields of every type, one of them holding others."""
    found: Json = {}
    if rng.random() < 0.6:
        found["ex:num"] = rng.choice([rng.randrange(40), rng.randrange(1000) / 10])
    if rng.random() < 0.6:
        found["ex:text"] = rng.choice(["red", "green", "blue", "5"])
    if rng.random() < 0.6:
        found["ex:when"] = moment(rng)
    if depth and rng.random() < 0.6:
        found["ex:outer"] = {f"ex:in{key[3:].capitalize()}": value for key, value in fields(rng, depth=0).items()}
    return found


def quantities(rng: random.Random) -> list[Json]:
    found = []
    for _ in range(rng.randrange(1, 3)):
        item = rng.randrange(5)
        epc_class = rng.choice([lgtin(item, rng.choice("AB")), f"urn:epc:idpat:sgtin:{PREFIX}.{100000 + item}.*"])
        each: Json = {"epcClass": epc_class, "quantity": rng.randrange(1, 200)}
        uom = rng.choice(["", "KGM", "GRM", "LTR"])
        if uom:
            each["uom"] = uom
            each["quantity"] = each["quantity"] * (1000 if uom == "GRM" else 1)
        found.append(each)
    return found


def sensors(rng: random.Random) -> list[Json]:
    metadata: Json = {"time": moment(rng), "deviceID": f"urn:epc:id:giai:{PREFIX}.dev{rng.randrange(3)}"}
    if rng.random() < 0.6:
        metadata |= {"startTime": moment(rng), "endTime": moment(rng)}
    if rng.random() < 0.5:
        metadata |= {"dataProcessingMethod": f"https://ex.example/method/{rng.randrange(2)}",
                     "bizRules": f"https://ex.example/rule/{rng.randrange(2)}"}  # fmt: skip
    metadata |= fields(rng)
    report: Json = {"type": rng.choice(["Temperature", "Mass", "Illuminance"])}
    celsius = rng.randrange(-20, 40)
    match report["type"]:
        case "Temperature":
            uom = rng.choice(["CEL", "FAH", "KEL"])
            scale, shift_by = {"CEL": (1.0, 0.0), "FAH": (1.8, 32.0), "KEL": (1.0, 273.15)}[uom]
            report["uom"] = uom
            for name, shift in (("value", 0), ("minValue", -5), ("maxValue", 5), ("meanValue", 1), ("percValue", 2)):
                if rng.random() < 0.8:
                    report[name] = round((celsius + shift) * scale + shift_by, 2)
            report["percRank"] = rng.randrange(100)
        case "Mass":
            report |= {"uom": "KGM", "value": rng.randrange(100), "sDev": rng.randrange(50) / 10}
        case _:
            report |= {"uom": "LUX", "value": rng.randrange(1000), "sDev": rng.randrange(50) / 10}
    if rng.random() < 0.5:
        report |= {"stringValue": rng.choice(["low", "high"]), "booleanValue": rng.random() < 0.5,
                   "hexBinaryValue": rng.choice(["F0F0", "0A0B"]), "uriValue": f"https://ex.example/v/{rng.randrange(2)}",
                   "microorganism": f"https://ex.example/germ/{rng.randrange(2)}",
                   "chemicalSubstance": f"https://ex.example/stuff/{rng.randrange(2)}"}  # fmt: skip
    report |= fields(rng)
    return [{"sensorMetadata": metadata, "sensorReport": [report], **fields(rng)}]


def event(rng: random.Random, index: int) -> Json:
    kind = rng.choice(["ObjectEvent", "ObjectEvent", "AggregationEvent", "TransactionEvent", "TransformationEvent",
                       "AssociationEvent"])  # fmt: skip
    found: Json = {
        "type": kind,
        "eventID": f"urn:uuid:{index:08x}-0000-4000-8000-000000000000",
        "eventTime": moment(rng),
        "eventTimeZoneOffset": "+00:00",
    }
    epcs = [sgtin(rng.randrange(5), f"S{index}"), sgtin(rng.randrange(5), f"T{rng.randrange(400)}")]
    action = rng.choice(["ADD", "OBSERVE", "DELETE"])
    match kind:
        case "ObjectEvent":
            found |= {"epcList": epcs, "action": action}
        case "TransactionEvent":
            found |= {"epcList": epcs, "action": action, "parentID": sscc(rng.randrange(30))}
        case "TransformationEvent":
            found |= {"inputEPCList": epcs[:1], "outputEPCList": epcs[1:]}
            if rng.random() < 0.7:
                found["transformationID"] = f"urn:epc:id:gdti:{PREFIX}.00005.{rng.randrange(20)}"
        case _:
            found |= {"parentID": sscc(rng.randrange(30)), "childEPCs": epcs, "action": action}
    if rng.random() < 0.4:
        match kind:
            case "TransformationEvent":
                found |= {"inputQuantityList": quantities(rng), "outputQuantityList": quantities(rng)}
            case "AggregationEvent" | "AssociationEvent":
                found["childQuantityList"] = quantities(rng)
            case _:
                found["quantityList"] = quantities(rng)
    if rng.random() < 0.8:
        found |= {"bizStep": rng.choice(STEPS), "disposition": rng.choice(DISPOSITIONS)}
    if rng.random() < 0.3 and kind != "TransactionEvent":
        found["persistentDisposition"] = {"set": [rng.choice(PERSISTENT)], "unset": [rng.choice(PERSISTENT)]}
    if rng.random() < 0.8:
        found["readPoint"] = {"id": sgln(rng.randrange(6), rng.choice(["0", "dock"])), **fields(rng)}
    if rng.random() < 0.8:
        found["bizLocation"] = {"id": sgln(rng.randrange(6)), **fields(rng)}
    if rng.random() < 0.6 or kind == "TransactionEvent":
        found["bizTransactionList"] = [
            {
                "type": rng.choice(["po", "inv"]),
                "bizTransaction": f"urn:epcglobal:cbv:bt:5200001000008:{rng.randrange(20)}",
            }
            for _ in range(2)
        ]
    if rng.random() < 0.5:
        for name, one in (("sourceList", "source"), ("destinationList", "destination")):
            found[name] = [{"type": rng.choice(["owning_party", "location"]),
                            one: f"urn:epc:id:pgln:{PREFIX}.{rng.randrange(6):05}"}]  # fmt: skip
    if rng.random() < 0.4:
        found["sensorElementList"] = sensors(rng)
    if kind in ("ObjectEvent", "TransformationEvent") and rng.random() < 0.6:
        found["ilmd"] = fields(rng)
    if rng.random() < 0.3:
        found["errorDeclaration"] = {
            "declarationTime": moment(rng),
            "reason": rng.choice(["incorrect_data", "did_not_occur"]),
            "correctiveEventIDs": [f"urn:uuid:{rng.randrange(20):08x}-1111-4000-8000-000000000000"],
            **fields(rng),
        }
    found |= fields(rng)
    return found


def all_events(count: int = COUNT) -> list[Json]:
    rng = random.Random(20_26)
    return [event(rng, index) for index in range(count)]


def document(events: list[Json], vocabularies: list[Json] | None = None) -> Json:
    found: Json = {
        "@context": CONTEXT,
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": "2025-01-01T00:00:00Z",
        "epcisBody": {"eventList": events},
    }
    if vocabularies:
        found["epcisHeader"] = {"epcisMasterData": {"vocabularyList": vocabularies}}
    return found


# -- filters in plain Python ---------------------------------------------------------------------------------------

Keeps = Callable[[Json], bool]


def gather(event_: Json, *path: str) -> Iterator[Any]:
    """Give the values at a path; of lists each member's."""
    values: list[Any] = [event_]
    for name in path:
        found: list[Any] = []
        for value in values:
            if name in value:
                inner = value[name]
                found += inner if isinstance(inner, list) else [inner]
        values = found
    yield from values


def number_in(value: float, uom: str) -> float:
    """Give a temperature in degrees Celsius, and grams in kilograms; anything else as it is."""
    match uom:
        case "FAH":
            return round((value - 32) * 5 / 9, 6)
        case "KEL":
            return round(value - 273.15, 6)
        case "GRM":
            return value / 1000
        case _:
            return value


KIND_OF = {"CEL": "t", "FAH": "t", "KEL": "t", "KGM": "m", "GRM": "m", "LTR": "v", "LUX": "l"}
