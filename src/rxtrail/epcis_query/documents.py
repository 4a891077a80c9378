"""Events as query documents, spelt as a client asked: for answers, webhooks and sockets alike."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from rxtrail.core.epcis import convert
from rxtrail.core.epcis.head import QUERY, Head
from rxtrail.core.epcis.notes import Notes
from rxtrail.core.epcis.spelling import EpcFormat, Spelling, WordFormat
from rxtrail.core.epcis.times import written as moment

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from rxtrail.epcis_query.pages import Found

_EPC: Final[dict[str, EpcFormat]] = {
    "No_Preference": "as-written",
    "Never_Translates": "as-written",
    "Always_EPC_URN": "urn",
    "Always_GS1_Digital_Link": "digital-link",
}
_WORDS: Final[dict[str, WordFormat]] = {
    "No_Preference": "urn",
    "Never_Translates": "urn",
    "Always_URN": "urn",
    "Always_Web_URI": "uri",
}


def spelling_of(epc_format: str, cbv_format: str = "No_Preference") -> Spelling:
    """Give what spells identifiers and words as the headers ask."""
    return Spelling(_EPC[epc_format], _WORDS[cbv_format])


def query_document(
    found: Iterable[Found],
    *,
    target: convert.Target,
    spelling: Spelling,
    created_at: int,
    query_name: str,
    subscription_id: str = "",
    prefixes: Mapping[str, str] | None = None,
) -> bytes:
    """Write an EPCISQueryDocument; ``prefixes`` are namespaces by the names that the client gives them."""
    named = {iri: prefix for prefix, iri in (prefixes or {}).items()}
    head = Head(root=QUERY, query_name=query_name, subscription_id=subscription_id, prefixes=named)
    out = convert.writer(target, head, spelling, Notes(), creation_date=moment(created_at))
    parts = [out.start()]
    for each in found:
        # An event that came without an eventID is given its name, by which it can be asked for again.
        event = each.event if each.event.event_id else msgspec.structs.replace(each.event, event_id=each.name)
        parts.append(out.event(event, record_time=moment(each.recorded_at)))
    parts.append(out.finish())
    return "".join(parts).encode("utf-8", "replace")
