"""One question for every parameter of the query language, with the filter that says in plain Python what it keeps."""

from __future__ import annotations

import operator
from typing import Any

from tests.epcis_query.events import (
    KIND_OF,
    PREFIX,
    STEPS,
    Json,
    Keeps,
    gather,
    lgtin,
    number_in,
    sgln,
    sgtin,
    sscc,
)

Case = tuple[str, str, Keeps]  # name as asked, value as in a query string, filter
OPS = {"EQ": operator.eq, "GT": operator.gt, "GE": operator.ge, "LT": operator.lt, "LE": operator.le}
WHEN = "2024-07-01T00:00:00.000Z"
LINK = "https://id.gs1.org"


def one_of(values: list[Any], *path: str) -> Keeps:
    return lambda event: any(value in values for value in gather(event, *path))


def compared(op: str, limit: float, *paths: tuple[str, ...]) -> Keeps:
    compare = OPS[op]
    return lambda event: any(compare(float(value), limit) for path in paths for value in gather(event, *path))


def there(*path: str) -> Keeps:
    return lambda event: any(True for _ in gather(event, *path))


def before(*path: str) -> Keeps:
    return lambda event: any(value < WHEN for value in gather(event, *path))


def from_then(*path: str) -> Keeps:
    return lambda event: any(value >= WHEN for value in gather(event, *path))


def runs(event: Json, *names: str) -> list[str]:
    return [epc for name in names for epc in gather(event, name)]


QUANTITIES = ("quantityList", "childQuantityList", "inputQuantityList", "outputQuantityList")
REPORTS = ("sensorElementList", "sensorReport")
METADATA = ("sensorElementList", "sensorMetadata")
ANY = ("epcList", "childEPCs", "parentID", "inputEPCList", "outputEPCList")


def fixed(middle: str) -> list[Case]:
    """``middle`` is a time between two record times."""
    cases: list[Case] = [
        ("eventType", "AggregationEvent|TransformationEvent",
         lambda e: e["type"] in ("AggregationEvent", "TransformationEvent")),
        ("GE_eventTime", WHEN, from_then("eventTime")),
        ("LT_eventTime", WHEN, before("eventTime")),
        ("GE_recordTime", middle, lambda e: e["recordTime"] >= middle),
        ("LT_recordTime", middle, lambda e: e["recordTime"] < middle),
        ("EQ_action", "ADD|DELETE", one_of(["ADD", "DELETE"], "action")),
        ("EQ_bizStep", f"urn:epcglobal:cbv:bizstep:shipping|{STEPS[4]}", one_of(["shipping", STEPS[4]], "bizStep")),
        ("EQ_disposition", "https://ref.gs1.org/cbv/Disp-recalled", one_of(["recalled"], "disposition")),
        ("EQ_persistentDisposition_set", "damaged", one_of(["damaged"], "persistentDisposition", "set")),
        ("EQ_persistentDisposition_unset", "damaged", one_of(["damaged"], "persistentDisposition", "unset")),
        ("EQ_readPoint", f"{LINK}/414/0614141000012", one_of([sgln(1)], "readPoint", "id")),
        ("WD_readPoint", sgln(9), one_of([sgln(1), sgln(2, "dock")], "readPoint", "id")),
        ("EQ_bizLocation", sgln(3), one_of([sgln(3)], "bizLocation", "id")),
        ("WD_bizLocation", sgln(9), one_of([sgln(1)], "bizLocation", "id")),
        ("EQ_transformationID", f"urn:epc:id:gdti:{PREFIX}.00005.7",
         one_of([f"urn:epc:id:gdti:{PREFIX}.00005.7"], "transformationID")),
        ("MATCH_epc", f"urn:epc:idpat:sgtin:{PREFIX}.100002.*",
         lambda e: any(f".{100002}." in epc for epc in runs(e, "epcList", "childEPCs"))),
        ("MATCH_parentID", f"{LINK}/00/006141410000000074|{sscc(9)}", one_of([sscc(7), sscc(9)], "parentID")),
        ("MATCH_inputEPC", f"urn:epc:idpat:sgtin:{PREFIX}.100001.*",
         lambda e: any(".100001." in epc for epc in runs(e, "inputEPCList"))),
        ("MATCH_outputEPC", "https://example.org/01/10614141000019",
         lambda e: any(".100001." in epc for epc in runs(e, "outputEPCList"))),
        ("MATCH_anyEPC", f"{sgtin(3, 'T5')}|{sscc(4)}|{LINK}/01/10614141000019/21/T7",
         lambda e: any(epc in (sgtin(3, "T5"), sscc(4), sgtin(1, "T7")) for epc in runs(e, *ANY))),
        ("MATCH_epcClass", lgtin(1, "A"),
         lambda e: any(c == lgtin(1, "A") for name in QUANTITIES[:2] for c in gather(e, name, "epcClass"))),
        ("MATCH_inputEPCClass", f"urn:epc:idpat:lgtin:{PREFIX}.100002.*",
         lambda e: any(".100002." in c and "lgtin" in c for c in gather(e, "inputQuantityList", "epcClass"))),
        ("MATCH_outputEPCClass", f"urn:epc:idpat:sgtin:{PREFIX}.100002.*",
         lambda e: any(".100002." in c and "idpat" in c for c in gather(e, "outputQuantityList", "epcClass"))),
        ("MATCH_anyEPCClass", f"{LINK}/01/10614141000019/10/B",
         lambda e: any(c == lgtin(1, "B") for name in QUANTITIES for c in gather(e, name, "epcClass"))),
        ("EQ_eventID", "urn:uuid:00000007-0000-4000-8000-000000000000|urn:uuid:00000009-0000-4000-8000-000000000000",
         lambda e: e["eventID"][:17] in ("urn:uuid:00000007", "urn:uuid:00000009")),
        ("EXISTS_errorDeclaration", "true", lambda e: "errorDeclaration" in e),
        ("EQ_errorReason", "did_not_occur", one_of(["did_not_occur"], "errorDeclaration", "reason")),
        ("EQ_correctiveEventID", "urn:uuid:00000003-1111-4000-8000-000000000000",
         one_of(["urn:uuid:00000003-1111-4000-8000-000000000000"], "errorDeclaration", "correctiveEventIDs")),
        ("EXISTS_sensorElementList", "", lambda e: "sensorElementList" in e),
        ("EQ_type", "gs1:Temperature", one_of(["Temperature"], *REPORTS, "type")),
        ("EQ_deviceID", f"{LINK}/8004/{PREFIX}dev1", one_of([f"urn:epc:id:giai:{PREFIX}.dev1"], *METADATA, "deviceID")),
        ("EQ_booleanValue", "true", one_of([True], *REPORTS, "booleanValue")),
        ("EQ_stringValue", "low", one_of(["low"], *REPORTS, "stringValue")),
        ("EQ_hexBinaryValue", "f0f0", one_of(["F0F0"], *REPORTS, "hexBinaryValue")),
        ("EQ_uriValue", "https://ex.example/v/1", one_of(["https://ex.example/v/1"], *REPORTS, "uriValue")),
        ("EQ_microorganism", "https://ex.example/germ/1",
         one_of(["https://ex.example/germ/1"], *REPORTS, "microorganism")),
        ("EQ_chemicalSubstance", "https://ex.example/stuff/0",
         one_of(["https://ex.example/stuff/0"], *REPORTS, "chemicalSubstance")),
        ("EQ_dataProcessingMethod", "https://ex.example/method/1",
         one_of(["https://ex.example/method/1"], *METADATA, "dataProcessingMethod")),
        ("EQ_bizRules", "https://ex.example/rule/0", one_of(["https://ex.example/rule/0"], *METADATA, "bizRules")),
    ]  # fmt: skip
    for name, path in (
        ("errorDeclarationTime", ("errorDeclaration", "declarationTime")),
        ("errorDeclaration_Time", ("errorDeclaration", "declarationTime")),
        ("time", (*METADATA, "time")),
        ("startTime", (*METADATA, "startTime")),
        ("endTime", (*METADATA, "endTime")),
    ):
        cases += [(f"GE_{name}", WHEN, from_then(*path)), (f"LT_{name}", WHEN, before(*path))]
    cases += [(f"{op}_quantity", "50", compared(op, 50, *((name, "quantity") for name in QUANTITIES))) for op in OPS]
    cases += [(f"{op}_percRank", "40", compared(op, 40, (*REPORTS, "percRank"))) for op in OPS if op != "EQ"]
    return cases


def typed() -> list[Case]:
    transaction = "urn:epcglobal:cbv:bt:5200001000008:3"
    party = f"urn:epc:id:pgln:{PREFIX}.00002"
    return [
        ("EQ_bizTransaction_po", transaction, lambda e: any(
            t["type"] == "po" and t["bizTransaction"] == transaction for t in e.get("bizTransactionList", []))),
        ("EQ_source_owning_party", party, lambda e: any(
            s["type"] == "owning_party" and s["source"] == party for s in e.get("sourceList", []))),
        ("EQ_destination_location", f"{LINK}/417/0614141000029", lambda e: any(
            s["type"] == "location" and s["destination"] == party for s in e.get("destinationList", []))),
        ("HASATTR_readPoint", "colour", one_of([sgln(1)], "readPoint", "id")),
        ("EQ_ATTR_bizLocation_colour", "grey", one_of([sgln(1)], "bizLocation", "id")),
    ]  # fmt: skip


def measured() -> list[Case]:
    """Values with units: asked in Celsius and kilograms, held in other units too."""
    cases: list[Case] = []
    for value, uom, limit in (
        ("value", "CEL", 10), ("minValue", "CEL", 5), ("maxValue", "CEL", 15), ("meanValue", "CEL", 11),
        ("percValue", "CEL", 12), ("sDev", "KGM", 2.5), ("quantity", "KGM", 100),
    ):  # fmt: skip
        paths = [(name,) for name in QUANTITIES] if value == "quantity" else [REPORTS]
        for op, compare in OPS.items():
            if op == "EQ" and value not in ("value", "quantity"):
                continue

            def keeps(
                event: Json, value: str = value, uom: str = uom, limit: float = limit, paths: Any = paths,
                compare: Any = compare,
            ) -> bool:  # fmt: skip
                return any(
                    compare(number_in(each[value], each["uom"]), limit)
                    for path in paths
                    for each in gather(event, *path)
                    if value in each and KIND_OF.get(each.get("uom", "")) == KIND_OF[uom]
                )

            cases.append((f"{op}_{value}_{uom}", str(limit), keeps))
    return cases


SCOPES: dict[str, tuple[str, ...]] = {
    "": (),
    "ILMD_": ("ilmd",),
    "ERROR_DECLARATION_": ("errorDeclaration",),
    "SENSORELEMENT_": ("sensorElementList",),
    "SENSORMETADATA_": METADATA,
    "SENSORREPORT_": REPORTS,
    "readPoint_": ("readPoint",),
    "bizLocation_": ("bizLocation",),
}


def extensions() -> list[Case]:
    """Fields of every scope, at the top of it and inside another field."""
    cases: list[Case] = []
    for inner in (False, True):
        for scope, path in SCOPES.items():
            holder = (*path, "ex:outer") if inner else path
            names = ("ex:inNum", "ex:inText", "ex:inWhen") if inner else ("ex:num", "ex:text", "ex:when")
            start = "INNER_" if inner else ""
            number, text, when = names
            cases += [
                (f"EQ_{start}{scope}{text}", "red|green", one_of(["red", "green"], *holder, text)),
                (f"EXISTS_{start}{scope}{when}", "", there(*holder, when)),
                (f"EQ_{start}{scope}{number}", "5", compared("EQ", 5, (*holder, number))),
                *((f"{op}_{start}{scope}{number}", "30", compared(op, 30, (*holder, number)))
                  for op in OPS if op != "EQ"),
                (f"GE_{start}{scope}{when}", WHEN, from_then(*holder, when)),
                (f"LT_{start}{scope}{when}", WHEN, before(*holder, when)),
            ]  # fmt: skip
    return cases


def every_case(middle: str) -> list[Case]:
    return [*fixed(middle), *typed(), *measured(), *extensions()]


VOCABULARIES: list[Json] = [
    {
        "type": "urn:epcglobal:epcis:vtype:BusinessLocation",
        "vocabularyElementList": [
            {"id": sgln(9), "children": [sgln(8), sgln(1)]},
            {"id": sgln(8), "children": [sgln(2, "dock")]},
            {"id": sgln(1), "attributes": [{"id": "https://ex.example/ns/colour", "attribute": "grey"},
                                            {"id": "colour", "attribute": "grey"}]},
        ],
    }
]  # fmt: skip
