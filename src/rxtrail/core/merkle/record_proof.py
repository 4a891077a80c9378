"""What a proof of a record shows beside its place in the log: the record itself, or single packages of an event.

It is the ``extra`` data of a ``.tlog-proof``: JSON, written in one way only. ``entry`` is what the log holds. With
``salt`` and ``opening`` it is opened whole. With ``leaves`` one or more packages of an event are shown to be among the
``count`` leaves of its tree (:mod:`rxtrail.core.merkle.packs`), leaf 0 being the event's summary; the others stay
hidden.
"""

from __future__ import annotations

from typing import Final, Literal

import msgspec

from rxtrail.core.merkle import entry as entries
from rxtrail.core.merkle import packs
from rxtrail.core.merkle.entry import Entry, Opening
from rxtrail.core.merkle.errors import BadEntry, BadProof
from rxtrail.core.merkle.packs import LeafProof

FORMAT: Final = "rxtrail proof v1"
EXTRA_BYTES_MAX: Final = 3_000_000
_ENCODE: Final = msgspec.json.Encoder().encode
_SUMMARY: Final = msgspec.json.Decoder(dict[str, str])


class Leaf(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One leaf of an event's tree, opened."""

    index: int
    salt: bytes
    text: str
    path: tuple[bytes, ...]


class Extra(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The extra data of a proof of a record."""

    format: Literal["rxtrail proof v1"]
    entry: bytes
    salt: bytes = b""
    opening: bytes = b""
    count: int = 0
    leaves: tuple[Leaf, ...] = ()


class Shown(msgspec.Struct, frozen=True):
    """What follows from the extra data, if its entry is in the log."""

    entry: Entry
    opening: Opening | None
    """The whole record, when it was opened."""
    summary: dict[str, str]
    """What the event says of itself, when packages of it are shown: ``packs.encode_summary``."""
    packages: tuple[str, ...]
    """The canonical identifiers that are shown to be named by the event."""
    package_count: int
    """How many identifiers the event names, shown or not."""


def encode(extra: Extra) -> bytes:
    """Write the extra data; the same values always give the same bytes."""
    return _ENCODE(extra)


def of_record(octets: bytes, salt: bytes, opening: bytes) -> bytes:
    """Make the extra data that opens a whole record; ``octets`` is its entry."""
    return encode(Extra(FORMAT, octets, salt, opening))


def of_packages(octets: bytes, leaves: list[LeafProof]) -> bytes:
    """Make the extra data that shows leaves of an event's tree, of which the first is its summary."""
    assert leaves, "something is shown"
    assert leaves[0].index == 0, "the summary is shown with every package"
    shown = tuple(Leaf(leaf.index, leaf.salt, leaf.text.decode(), leaf.path) for leaf in leaves)
    return encode(Extra(FORMAT, octets, count=leaves[0].count, leaves=shown))


def decode(octets: bytes) -> Extra:
    """Read the extra data; nothing is checked but its form.

    :raises BadProof: it is none, or is written in another way than the one right one.
    """
    if len(octets) > EXTRA_BYTES_MAX:
        raise BadProof(f"extra data of more than {EXTRA_BYTES_MAX} bytes")
    try:
        extra = msgspec.json.decode(octets, type=Extra)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as wrong:
        raise BadProof(f"the extra data is not that of a record of rxtrail: {wrong}") from wrong
    if encode(extra) != octets:
        raise BadProof("the extra data is written in another way than rxtrail writes it")
    return extra


def show(extra: Extra) -> Shown:
    """Follow the extra data from the entry to what it opens.

    :raises BadEntry: the entry is none, or the record is not the one that it commits to.
    :raises BadProof: a package is not among those of the event.
    """
    found = entries.decode(extra.entry)
    opening = None
    if extra.opening or extra.salt:
        opening = entries.check_opening(found, extra.salt, extra.opening)
    if not extra.leaves:
        if extra.count:
            raise BadProof("a number of packages without any")
        return Shown(found, opening, {}, (), 0)
    root = entries.package_root(found)
    if root is None:
        raise BadProof("the log has no packages of this record")
    indexes = [leaf.index for leaf in extra.leaves]
    if indexes[0] != 0 or indexes != sorted(set(indexes)):
        raise BadProof("the packages do not stand in the order of the event, after its summary")
    for leaf in extra.leaves:
        packs.verify(LeafProof(leaf.index, extra.count, leaf.salt, leaf.text.encode(), leaf.path), root)
    first, *rest = (leaf.text for leaf in extra.leaves)
    summary = _summary(first)
    if summary.get("identifierCount") != str(extra.count - 1):
        # A root alone does not tell how many leaves are below it: many counts lead to the same one.
        raise BadProof("the event names another number of identifiers than the proof says")
    return Shown(found, opening, summary, tuple(rest), extra.count - 1)


def _summary(text: str) -> dict[str, str]:
    try:
        summary = _SUMMARY.decode(text.encode())
    except msgspec.MsgspecError as wrong:
        raise BadEntry("the summary of the event cannot be read") from wrong
    if packs.encode_summary(summary) != text.encode():
        raise BadEntry("the summary of the event is written in another way than rxtrail writes it")
    return summary
