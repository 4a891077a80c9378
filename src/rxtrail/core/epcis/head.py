"""What stands round the events of a document, as written: for whoever writes the document again.

The :class:`~rxtrail.core.epcis.event.Header` tells what a document means; this tells how it said so, so that a
conversion loses nothing: the Standard Business Document Header whole, master data with its own names and order,
and the members that only their sender knows. It is filled only when a reader is given one.
"""

from __future__ import annotations

from typing import Any

import msgspec

from rxtrail.core.epcis.event import type_tree

EVENTS = "EPCISDocument"
QUERY = "EPCISQueryDocument"
MASTER_DATA = "EPCISMasterDataDocument"


class VocabularyElement(msgspec.Struct, gc=False):
    """One thing that master data describes: identifier, attributes (a value is a text or a tree), children."""

    id: str
    attributes: list[tuple[str, Any]] = []
    children: list[str] = []


class Vocabulary(msgspec.Struct, gc=False):
    """Master data of one type, such as ``urn:epcglobal:epcis:vtype:EPCClass``."""

    type: str
    elements: list[VocabularyElement] = []


class Head(msgspec.Struct):
    """A document but its events."""

    root: str = EVENTS
    document_id: str = ""
    creation_date: str = ""
    sbdh: type_tree = {}
    # What JSON says instead of an SBDH, as written.
    sender: str = ""
    receiver: str = ""
    instance_id: str = ""
    vocabularies: list[Vocabulary] = []
    # Master data is what a query found (SimpleMasterDataQuery), not what its header tells.
    in_results: bool = False
    # Members that are not the standard's, by where they stood.
    in_header: type_tree = {}
    in_document: type_tree = {}
    in_body: type_tree = {}
    # Prefixes that the root of the document declares, by namespace: its sender's own words for them.
    prefixes: dict[str, str] = {}
    query_name: str = ""
    subscription_id: str = ""

    def vocabulary(self, type_: str) -> Vocabulary:
        """Give the master data of a type to add to: that of the last, or a new one."""
        if not self.vocabularies or self.vocabularies[-1].type != type_:
            self.vocabularies.append(Vocabulary(type_))
        return self.vocabularies[-1]
