"""Events as EPCIS 2.0 JSON-LD (clause 10): CBV words bare, extensions under prefixes that a context declares.

What the reader took in comes out again; the reader of JSON gives the same event, up to how identifiers are written.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rxtrail.core.epcis import event as events
from rxtrail.core.epcis import namespaces, vocabulary
from rxtrail.core.epcis.spelling import Spelling
from rxtrail.core.epcis.times import written as moment

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rxtrail.core.epcis.event import Event, Quantity, Typed, type_tree
    from rxtrail.core.gs1.runs import EpcRun

# Prefixes that readers of JSON-LD know without being told, or that DSCSA documents always use.
PREFIXES = {
    namespaces.CBVMDA: "cbvmda",
    namespaces.USHC: "gs1ushc",
    namespaces.GS1_VOC: "gs1",
    namespaces.CBV: "cbv",
    namespaces.SBDH: "sbdh",
    namespaces.RDFS: "rdfs",
    namespaces.XSI: "xsi",
    namespaces.OWN: "rxtrail",
}
# A JSON-LD prefix stands before local names as it is (JSON-LD 1.1, section 4.1.2), so those of ours that XML writes
# without a delimiter at the end get one here.
_DELIMITED = {namespaces.CBVMDA: ":", namespaces.USHC: "#", namespaces.SBDH: "#"}
_DELIMITERS = (":", "/", "#", "?", "[", "]", "@")
_SENSOR_WORDS = {"type": vocabulary.MEASUREMENT, "exception": vocabulary.ALERT, "component": vocabulary.COMPONENT}
_SENSOR_IDENTIFIERS = frozenset(("deviceID", "deviceMetadata", "rawData", "bizRules", "dataProcessingMethod"))
_LINKS = Spelling("digital-link")


def event_json(event: Event, *, record_time: str = "", spelling: Spelling = _LINKS) -> dict[str, Any]:
    """Give the members of one event in the order of the standard; ``record_time`` is our own (ISO)."""
    return JsonEvents(spelling).event(event, record_time)


class Context:
    """The prefixes of one ``@context``, declared as names need them."""

    def __init__(self, outer: Context | None = None) -> None:
        """Start one; ``outer`` is the context in which it stands."""
        self.prefixes: dict[str, str] = {}
        self._outer = outer.prefixes if outer is not None else {}

    def name(self, key: str) -> str:
        """Give the name of a ``{namespace}local`` key; an XML attribute stays one by its ``@``."""
        is_attribute = key.startswith("@{")
        if not is_attribute and not key.startswith("{"):
            return key
        namespace, _, local = key[2 if is_attribute else 1 :].partition("}")
        prefix = self._outer.get(namespace) or self.prefixes.get(namespace)
        if prefix is None:
            taken = {*self._outer.values(), *self.prefixes.values()}
            prefix, count = PREFIXES.get(namespace, ""), len(taken)
            while not prefix or prefix in taken:
                count += 1
                prefix = f"ns{count}"
            self.prefixes[namespace] = prefix
        return f"@{prefix}:{local}" if is_attribute else f"{prefix}:{local}"

    def tree(self, tree: type_tree) -> dict[str, Any]:
        """Give a tree with its names written."""
        return {self.name(key): self.value(value) for key, value in tree.items()}

    def value(self, value: Any) -> Any:  # noqa: ANN401 -- an extension is any tree
        """Give any value of a tree with its names written."""
        if isinstance(value, dict):
            return self.tree(value)
        if isinstance(value, list):
            return [self.value(each) for each in value]
        return value

    @property
    def declared(self) -> dict[str, Any]:
        """The mapping to stand in the ``@context``; empty when nothing must be declared."""
        return {prefix: _meaning(namespace) for namespace, prefix in self.prefixes.items()}


def _meaning(namespace: str) -> str | dict[str, Any]:
    iri = namespace + _DELIMITED.get(namespace, "")
    # Without a delimiter at its end it is a prefix only when the context says so.
    return iri if iri.endswith(_DELIMITERS) else {"@id": iri, "@prefix": True}


class JsonEvents:
    """Writes the events of one document, each with a context of its own where the document's is not enough."""

    def __init__(self, spelling: Spelling, outer: Context | None = None) -> None:
        """Start a document; ``outer`` is the context of its root."""
        self._outer = outer
        self.spelling = spelling
        self.context = Context(outer)
        self._forms: dict[str, str] = {}

    def event(self, event: Event, record_time: str = "") -> dict[str, Any]:
        """Give the members of one event."""
        self.context = Context(self._outer)
        self._forms = event.forms
        tree = self.context.tree
        # A kind of the sender's own needs a prefix.
        out: dict[str, Any] = {"type": self.context.name(event.kind)} if event.kind else {}
        if event.event_id:
            out["eventID"] = event.event_id
        out["eventTime"] = moment(event.event_time)
        out["eventTimeZoneOffset"] = event.zone or "+00:00"
        recorded = record_time or (moment(event.record_time) if event.record_time else "")
        if recorded:
            out["recordTime"] = recorded
        if event.error_declaration is not None:
            out["errorDeclaration"] = self._declaration(event)
        self._what(event, out)
        if event.action:
            out["action"] = event.action
        if event.biz_step:
            out["bizStep"] = vocabulary.term(vocabulary.BIZ_STEP, event.biz_step)
        if event.disposition:
            out["disposition"] = vocabulary.term(vocabulary.DISPOSITION, event.disposition)
        if event.persistent_set or event.persistent_unset:
            sets = {"set": event.persistent_set, "unset": event.persistent_unset}
            out["persistentDisposition"] = {
                name: [vocabulary.term(vocabulary.DISPOSITION, word) for word in words]
                for name, words in sets.items()
                if words
            }
        if event.read_point or event.read_point_extensions:
            out["readPoint"] = {"id": self._identifier(event.read_point), **tree(event.read_point_extensions)}
        if event.biz_location or event.biz_location_extensions:
            out["bizLocation"] = {"id": self._identifier(event.biz_location), **tree(event.biz_location_extensions)}
        self._list(out, "bizTransactionList", event.biz_transactions, "bizTransaction", vocabulary.TRANSACTION_TYPE)
        self._list(out, "sourceList", event.sources, "source", vocabulary.SOURCE_TYPE)
        self._list(out, "destinationList", event.destinations, "destination", vocabulary.SOURCE_TYPE)
        if event.sensors:
            out["sensorElementList"] = [self._sensor(sensor) for sensor in event.sensors]
        if event.ilmd:
            out["ilmd"] = tree(event.ilmd)
        if event.certification:
            out["certificationInfo"] = event.certification[0] if len(event.certification) == 1 else event.certification
        for key, value in event.extensions.items():
            # One that stands where the standard has a field of another shape must not hide that field.
            name = namespaces.join(namespaces.OWN, key) if key in out else key
            out[self.context.name(name)] = self.context.value(value)
        if self.context.prefixes:
            out["@context"] = [self.context.declared]
        return out

    def _what(self, event: Event, out: dict[str, Any]) -> None:
        if event.parent:
            out["parentID"] = self._identifier(event.parent)
        for name, runs in (
            ("epcList", event.epcs),
            ("childEPCs", event.children),
            ("inputEPCList", event.inputs),
            ("outputEPCList", event.outputs),
        ):
            if runs or _says_nothing(event, name):
                out[name] = self.spelling.runs(runs)
        for name, quantities in (
            ("quantityList", event.quantities),
            ("childQuantityList", event.child_quantities),
            ("inputQuantityList", event.input_quantities),
            ("outputQuantityList", event.output_quantities),
        ):
            if quantities:
                out[name] = [self._quantity(quantity) for quantity in quantities]
        if event.transformation_id:
            out["transformationID"] = self._identifier(event.transformation_id)

    def _declaration(self, event: Event) -> dict[str, Any]:
        declaration = event.error_declaration
        assert declaration is not None, "asked only of a declaration"
        out: dict[str, Any] = {}
        if declaration.declaration_time:  # none is made up for who has told none
            out["declarationTime"] = moment(declaration.declaration_time)
        if declaration.reason:
            out["reason"] = vocabulary.term(vocabulary.ERROR_REASON, declaration.reason)
        if declaration.corrective_event_ids:
            out["correctiveEventIDs"] = declaration.corrective_event_ids
        out.update(self.context.tree(declaration.extensions))
        return out

    def _list(self, out: dict[str, Any], name: str, entries: list[Typed], member: str, kind: str) -> None:
        if entries:
            out[name] = [
                {"type": vocabulary.term(kind, entry.type), member: self._identifier(entry.value)}
                if entry.type
                else {member: self._identifier(entry.value)}
                for entry in entries
            ]

    def _quantity(self, quantity: Quantity) -> dict[str, Any]:
        out: dict[str, Any] = {"epcClass": self._identifier(quantity.epc_class)}
        if quantity.quantity is not None:
            whole = int(quantity.quantity)
            out["quantity"] = whole if whole == quantity.quantity else quantity.quantity
        if quantity.uom:
            out["uom"] = quantity.uom
        return out

    def _sensor(self, tree: type_tree) -> dict[str, Any]:
        out: dict[str, Any] = {}
        for key, value in tree.items():
            if key == "sensorMetadata" and isinstance(value, dict):
                out[key] = self._fields(value)
            elif key == "sensorReport":
                reports = value if isinstance(value, list) else [value]
                out[key] = [
                    self._fields(each) if isinstance(each, dict) else self.context.value(each) for each in reports
                ]
            else:
                out[self.context.name(key)] = self.context.value(value)
        return out

    def _fields(self, tree: type_tree) -> dict[str, Any]:
        out: dict[str, Any] = {}
        for key, value in tree.items():
            kind = _SENSOR_WORDS.get(key)
            if kind is not None and isinstance(value, str):
                out[key] = vocabulary.term(kind, value)
            elif key in _SENSOR_IDENTIFIERS and isinstance(value, str):
                out[key] = self.spelling.text(value)
            else:
                out[self.context.name(key)] = self.context.value(value)
        return out

    def _identifier(self, canonical: str) -> str:
        return self.spelling.identifier(canonical, self._forms)


def _says_nothing(event: Event, name: str) -> bool:
    """Tell whether a list says something by being empty: all children, or that the event is of no object."""
    match event.kind:
        case events.AGGREGATION:
            return name == "childEPCs"
        case events.OBJECT | events.TRANSACTION:
            return name == "epcList" and not event.quantities
        case _:
            return False


def links(runs: Iterable[EpcRun]) -> list[str]:
    """Give the identifiers of runs as Digital Links."""
    return _LINKS.runs(runs)


def link(canonical: str) -> str:
    """Give a canonical identifier as a Digital Link; what is none stays as written."""
    return _LINKS.identifier(canonical, {})
