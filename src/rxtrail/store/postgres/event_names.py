"""How an event's identifier is kept: one letter that says its form, then its shortest bytes."""

from __future__ import annotations

from rxtrail.store.names import long_id, short_id


def stored_name(event_id: str) -> bytes:
    """Give an event's identifier as it is kept: u and 16 bytes of a UUID, h and 32 of a hash, t and any other text."""
    short = short_id(event_id)
    if isinstance(short, str):
        return b"t" + short.encode()
    return (b"u" if len(short) == 16 else b"h") + short


def event_name(stored: bytes) -> str:
    """Give an event's identifier from how it is kept."""
    return stored[1:].decode() if stored[:1] == b"t" else long_id(stored[1:])
