"""The EPCIS event as a value: the same for XML and JSON, for URN and Digital Link.

Source: EPCIS 2.0 (GS1, 2022), clauses 7.3 and 7.4. Every identifier is canonical (see ``core.gs1.runs``): the GS1
Digital Link path without domain, e.g. ``414/0300011111246`` for a location, ``00/003011610012270529`` for an
SSCC, ``01/00352601815904/21/X1`` for a package, ``01/00352601815904/10/L7`` for a lot, ``01/00352601815904``
for a product. A text that is not a readable GS1 key is kept as written. Words of the CBV are short names
(``commissioning``, ``in_transit``, ``owning_party``, ``po``); others are kept as written.
"""

from __future__ import annotations

from typing import Any

import msgspec

from rxtrail.core.gs1.runs import EpcRun

# An extension subtree without loss. An element or JSON member is keyed ``{namespace}local`` (or ``local`` when it
# has none); values are strings (XML), any JSON value, dicts for nested elements, lists for repeated ones.
# XML attributes are keyed ``@{ns}name`` and text beside attributes or children ``#text``.
type_tree = dict[str, Any]

OBJECT = "ObjectEvent"
AGGREGATION = "AggregationEvent"
TRANSACTION = "TransactionEvent"
TRANSFORMATION = "TransformationEvent"
ASSOCIATION = "AssociationEvent"
KINDS = (OBJECT, AGGREGATION, TRANSACTION, TRANSFORMATION, ASSOCIATION)


class Quantity(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """So much of a class (EPCIS 2.0 clause 7.3.3.3); no ``quantity`` means an unstated amount."""

    epc_class: str
    quantity: float | None = None
    uom: str = ""


class Typed(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """A business transaction, source or destination: what kind, and which."""

    type: str
    value: str


class ErrorDeclaration(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """The sender's word that the event of the same ``event_id`` was wrong (EPCIS 2.0 clause 7.4.1.2)."""

    declaration_time: int  # microseconds since 1970 UTC
    reason: str = ""
    corrective_event_ids: list[str] = []
    extensions: type_tree = {}


class Event(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """One event; a field that does not apply is empty. ``forms`` and ``record_time`` are not part of the meaning."""

    kind: str
    event_time: int  # microseconds since 1970-01-01 UTC
    zone: str = ""  # eventTimeZoneOffset as written
    event_id: str = ""
    action: str = ""
    biz_step: str = ""
    disposition: str = ""
    epcs: list[EpcRun] = []
    quantities: list[Quantity] = []
    parent: str = ""
    children: list[EpcRun] = []
    child_quantities: list[Quantity] = []
    inputs: list[EpcRun] = []
    input_quantities: list[Quantity] = []
    outputs: list[EpcRun] = []
    output_quantities: list[Quantity] = []
    transformation_id: str = ""
    read_point: str = ""
    biz_location: str = ""
    biz_transactions: list[Typed] = []
    sources: list[Typed] = []
    destinations: list[Typed] = []
    ilmd: type_tree = {}
    persistent_set: list[str] = []
    persistent_unset: list[str] = []
    sensors: list[type_tree] = []
    certification: list[str] = []
    error_declaration: ErrorDeclaration | None = None
    extensions: type_tree = {}
    read_point_extensions: type_tree = {}
    biz_location_extensions: type_tree = {}
    record_time: int = 0  # the sender's recordTime; ours is on the record
    forms: dict[str, str] = {}  # canonical identifier (of a single field) -> text as written, where they differ


class Finding(msgspec.Struct, frozen=True, gc=False):
    """Something the record or a document does not get right; kept beside the evidence, never instead of it."""

    severity: str  # "error" | "warning" | "info"
    code: str  # upper case as in the catalogue of dscsa.md 2.4, e.g. "STALE_EVENT"
    message: str
    place: str = ""  # "line 12" or a JSON pointer such as "/epcisBody/eventList/3"
    epcs: list[str] = []  # canonical identifiers concerned, at most EPCS_PER_FINDING_MAX


EPCS_PER_FINDING_MAX = 20


class TransactionStatement(msgspec.Struct, frozen=True, gc=False):
    """The DSCSA transaction statement of a document header (``gs1ushc:dscsaTransactionStatement``)."""

    affirmed: bool
    legal_notice: str = ""


class Header(msgspec.Struct, gc=False):
    """What a document says about itself; filled while it is read."""

    version: str = ""  # schemaVersion as written
    syntax: str = ""  # "xml" | "json"
    root: str = ""  # "EPCISDocument" | "EPCISQueryDocument" | "EPCISMasterDataDocument" | an event kind
    creation_date: str = ""
    sender: str = ""  # 13-digit GLN when one can be read, otherwise as written
    receiver: str = ""
    instance_id: str = ""  # SBDH InstanceIdentifier
    guideline: str = ""  # gs1ushc:guidelineVersion
    drop_shipment: bool = False
    statement: TransactionStatement | None = None
    products: dict[str, dict[str, str]] = {}  # canonical class "01/{gtin}" -> attribute (short name) -> value
    locations: dict[str, dict[str, str]] = {}  # canonical location -> attribute (short name) -> value
    vocabularies: list[tuple[str, str, dict[str, str]]] = []  # any other master data: (type, id, attributes)
    things: list[tuple[str, str, dict[str, str]]] = []  # all master data: (vocabulary, canonical id, attributes)
    extensions: type_tree = {}
