"""Simulated documents read with lxml alone, so that these tests do not lean on the node's own reader."""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple

from lxml import etree


class Told(NamedTuple):
    """One event as plain text; lists are EPC URNs."""

    document: str
    speaker: str
    time: dt.datetime
    kind: str
    action: str
    step: str
    disposition: str
    epcs: list[str]
    parent: str
    lot: str
    expiry: str
    event_id: str
    buyer: str
    lots: list[str]


def local(tag: str) -> str:
    return tag.rpartition("}")[2]


def texts(element: etree._Element, name: str) -> list[str]:
    return [found.text or "" for found in element.iter("{*}" + name)]


def text(element: etree._Element, name: str) -> str:
    return next(iter(texts(element, name)), "")


def told(name: str, data: bytes) -> list[Told]:
    root = etree.fromstring(data)
    sender = next(root.iter("{*}Sender"))
    events = next(root.iter("EventList"))
    return [_event(name, text(sender, "Identifier"), event) for event in events]


def _event(name: str, speaker: str, event: etree._Element) -> Told:
    owners = [found.text or "" for found in event.iter("destination") if found.get("type", "").endswith("owning_party")]
    return Told(
        document=name,
        speaker=speaker,
        time=dt.datetime.fromisoformat(text(event, "eventTime")),
        kind=local(str(event.tag)),
        action=text(event, "action"),
        step=text(event, "bizStep").rpartition(":")[2],
        disposition=text(event, "disposition").rpartition(":")[2],
        epcs=texts(event, "epc"),
        parent=text(event, "parentID"),
        lot=text(event, "lotNumber"),
        expiry=text(event, "itemExpirationDate"),
        event_id=text(event, "eventID"),
        buyer=next(iter(owners), ""),
        lots=texts(event, "epcClass"),
    )
