"""Events and lists as the client asked for them: JSON-LD or XML, identifiers and words as agreed.

A page is written whole before it is sent: half of one never leaves.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final
from xml.sax.saxutils import escape

import msgspec
from starlette.responses import Response

from rxtrail import clock
from rxtrail.core.epcis import convert
from rxtrail.core.epcis.head import EVENTS, Head
from rxtrail.core.epcis.notes import Notes
from rxtrail.core.epcis.times import written as moment
from rxtrail.core.epcis.write_json import event_json
from rxtrail.core.epcis.write_json_document import CONTEXT
from rxtrail.epcis_query import documents
from rxtrail.epcis_query.documents import spelling_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rxtrail.epcis_query import Found
    from rxtrail.web.epcis.speaking import Speaks

_encode = msgspec.json.Encoder().encode
_TAG: Final = re.compile(r"[A-Za-z_]\w*", re.ASCII)
_UNFIT: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def query_document(found: Iterable[Found], speaks: Speaks, *, query_name: str = "SimpleEventQuery") -> bytes:
    """Write an EPCISQueryDocument."""
    return documents.query_document(
        found,
        target="json" if not speaks.xml else "xml-1.2" if speaks.version == "1.2" else "xml-2.0",
        spelling=spelling_of(speaks.epc_format, speaks.cbv_format),
        created_at=clock.now_us(),
        query_name=query_name,
        prefixes=speaks.extensions,
    )


def single_event(found: Found, speaks: Speaks) -> bytes:
    """Write one event that stands by itself: a member of a document in JSON, the only one of a document in XML."""
    if speaks.xml:
        head = Head(root=EVENTS)
        target: convert.Target = "xml-1.2" if speaks.version == "1.2" else "xml-2.0"
        spelling = spelling_of(speaks.epc_format, speaks.cbv_format)
        out = convert.writer(target, head, spelling, Notes(), creation_date=moment(clock.now_us()))
        text = out.start() + out.event(found.event, record_time=moment(found.recorded_at)) + out.finish()
        return text.encode("utf-8", "surrogatepass")
    event = event_json(found.event, record_time=moment(found.recorded_at), spelling=spelling_of(speaks.epc_format))
    context = event.pop("@context", [])
    own = context if isinstance(context, list) else [context]
    event.setdefault("eventID", found.name)
    return _encode({"@context": [CONTEXT, *(each for each in own if each != CONTEXT)], **event})


def answer(body: bytes, speaks: Speaks, *, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """Give an answer in the agreed form."""
    told = {**speaks.headers(), **(headers or {})}
    return Response(body, status_code=status, media_type=speaks.media_type if body else None, headers=told)


def json_or_xml(
    value: Any,  # noqa: ANN401 (an object or a list)
    speaks: Speaks,
    *,
    root: str,
    status: int = 200,
    headers: dict[str, str] | None = None,
) -> Response:
    """Give a small value, a JSON object or list, in the agreed form."""
    if speaks.xml:
        namespace = ' xmlns:epcis="urn:epcglobal:epcis:xsd:2"'
        body = f'<?xml version="1.0" encoding="UTF-8"?>\n<epcis:{root}{namespace}>{_xml(value)}</epcis:{root}>'
        return answer(body.encode("utf-8", "replace"), speaks, status=status, headers=headers)
    return answer(_encode(value), speaks, status=status, headers=headers)


def collection(members: list[str], speaks: Speaks, headers: dict[str, str] | None = None) -> Response:
    """Give a list of what there is."""
    value = {"@context": CONTEXT, "type": "Collection", "member": members}
    return json_or_xml({"member": members} if speaks.xml else value, speaks, root="Collection", headers=headers)


def escaped(value: object) -> str:
    """Give a plain value as XML text; what XML cannot hold is left out."""
    return _fit(escape(_plain(value)))


def _fit(text: str) -> str:
    return _UNFIT.sub("\ufffd", text)


def _xml(value: Any) -> str:  # noqa: ANN401 (any JSON value)
    if isinstance(value, dict):
        return "".join(_members(str(name), each) for name, each in value.items())
    if isinstance(value, list):
        return "".join(_members("item", each) for each in value)
    return escaped(value)


def _members(name: str, value: Any) -> str:  # noqa: ANN401
    if isinstance(value, list):
        return "".join(_members(name, each) for each in value)
    tag = name if _TAG.fullmatch(name) else "member"
    named = "" if tag == name else f' name="{_fit(escape(name, {chr(34): "&quot;"}))}"'
    return f"<{tag}{named}>{_xml(value)}</{tag}>"


def _plain(value: Any) -> str:  # noqa: ANN401
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)
