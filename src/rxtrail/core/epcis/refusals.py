"""The refusals that both readers share: what was wrong, where, and what to do about it."""

from __future__ import annotations

from rxtrail.errors import BadDocument


def too_deep(most: int, place: str) -> BadDocument:
    """Refuse nesting that no EPCIS document needs."""
    return BadDocument(
        "too-deep",
        f"nested more than {most} levels deep",
        place=place,
        advice="No EPCIS document needs this depth; ask the sender for a proper one.",
    )


def too_large(what: str, most: int, unit: str, place: str = "") -> BadDocument:
    """Refuse what is past a limit."""
    return BadDocument(
        "too-large",
        f"{what} is larger than {most:,} {unit}",
        place=place,
        advice="Ask the sender to split the document, or raise the limit if it is meant to be this large.",
    )


def wrong_encoding(message: str, place: str) -> BadDocument:
    """Refuse bytes that are not in the encoding they claim."""
    return BadDocument(
        "wrong-encoding",
        message,
        place=place,
        advice="Ask the sender to save the document as UTF-8 and to declare it so.",
    )


def not_well_formed(message: str, place: str) -> BadDocument:
    """Refuse XML that no parser may read on."""
    return BadDocument(
        "not-well-formed",
        message,
        place=place,
        advice="The file is damaged or cut off: ask the sender to send it again.",
    )


def no_event_time(written: str, place: str) -> BadDocument:
    """Refuse an event that cannot be put in order."""
    said = f"an event time that cannot be read: {written.strip()[:80]!r}" if written.strip() else "no event time"
    return BadDocument(
        "no-event-time",
        f"an event with {said}",
        place=place,
        advice="Ask the sender for eventTime as in 2026-11-23T09:14:02Z, or keep the other events (proceed).",
    )


def bad_json(message: str, place: str) -> BadDocument:
    """Refuse text that is not JSON."""
    return BadDocument(
        "bad-json",
        message,
        place=place,
        advice="The file is damaged or cut off: ask the sender to send it again.",
    )


def not_epcis(message: str, place: str = "") -> BadDocument:
    """Refuse what is neither XML nor JSON, or not shaped like an EPCIS document."""
    return BadDocument(
        "not-epcis",
        message,
        place=place,
        advice="Give an EPCIS document: XML 1.0 to 2.0, or JSON 2.0.",
    )


def not_convertible(name: str) -> BadDocument:
    """Refuse to write again what is neither events nor master data."""
    return BadDocument(
        "not-convertible",
        f"the document holds {name}, a message of the query interface, and no events",
        advice="Convert documents, query results and master data; a query is for the server that answers it.",
    )


def unknown_root(name: str, place: str) -> BadDocument:
    """Refuse a well-formed document of another kind."""
    return BadDocument(
        "unknown-root",
        f"{name[:80]!r} is not an EPCIS document, query document, master data document or event",
        place=place,
        advice="Check that the right file was chosen; ask the sender for the EPCIS document.",
    )
