"""What may stand where in an EPCIS XML document, by our own model.

Source: EPCIS 1.2 and 2.0, clause 9, with query and master data documents; Standard Business Document Header 1.3. The
model is written from the standards, as values; the conformance tests hold it against the official schemas.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from rxtrail.core.validation.xml_events import add_events_1_2, add_events_2_0
from rxtrail.core.validation.xml_frame import MESSAGES, add_documents, add_master_data, add_queries, sbdh
from rxtrail.core.validation.xml_parts import SB, Maker, Type, Version


class Model(NamedTuple):
    """The types of one version, and the elements that a document or an unknown part of one may begin with."""

    types: dict[str, Type]
    roots: dict[str, str]  # {namespace}name -> type
    named: dict[str, str]  # {namespace}type -> type, for xsi:type
    events: dict[str, str]  # tag of an event in an EventList -> type


def _model(version: Version) -> Model:
    make = Maker(version)
    make.types.update(sbdh())
    add_documents(make)
    (add_events_1_2 if version == "1.2" else add_events_2_0)(make)
    add_queries(make)
    add_master_data(make)
    core, query, master = make.core, make.query, make.master
    roots = {
        f"{{{core}}}EPCISDocument": "EPCISDocument",
        f"{{{query}}}EPCISQueryDocument": "EPCISQueryDocument",
        f"{{{master}}}EPCISMasterDataDocument": "EPCISMasterDataDocument",
        f"{SB}StandardBusinessDocumentHeader": "sb:Header",
        f"{SB}StandardBusinessDocument": "sb:Document",
        f"{SB}CorrelationInformation": "sb:Correlation",
        f"{SB}BusinessService": "sb:Service",
        **{f"{{{query}}}{name}": type_ for name, type_ in MESSAGES.items()},
        f"{{{query}}}VoidHolder": "VoidHolder",
        f"{{{query}}}EPCISException": "EPCISException",
    }
    if version == "2.0":
        roots[f"{{{core}}}EPCISCaptureJob"] = "EPCISCaptureJob"
        roots[f"{{{core}}}EPCISException"] = "Flaw"
    events = {name: name for name in make.types if name.endswith("Event")}
    named = {f"{{{core}}}{name}Type": name for name in make.types if name[:1].isupper()}
    named |= {f"{{{query}}}{name}": name for name in ("ArrayOfString", "VoidHolder", "EmptyParms", "QueryParams")}
    named |= {f"{{{query}}}{name}": name for name in ("Poll", "Subscribe", "QuerySchedule", "SubscriptionControls")}
    return Model(make.types, roots, named, events)


MODELS: Final[dict[Version, Model]] = {"1.2": _model("1.2"), "2.0": _model("2.0")}
