"""The query control interface of EPCIS 1.x and 2.0 by SOAP: poll, subscribe, and what is there, with its WSDL.

Source: EPCIS 1.2 and 2.0, clauses 8.2.5 (operations), 8.2.6 (exceptions) and 11 (bindings). The namespace of a request
says the version: ``urn:epcglobal:epcis-query:xsd:1`` is answered in 1.2, ``...:2`` in 2.0. SOAP 1.1 and 1.2 envelopes
are read, and the operation alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal

from lxml import etree
from starlette.responses import Response
from starlette.routing import Route

from rxtrail import clock
from rxtrail.core.epcis.head import QUERY, Head, VocabularyElement
from rxtrail.core.epcis.notes import Notes
from rxtrail.core.epcis.query.parse import from_object, narrowed
from rxtrail.core.epcis.spelling import Spelling
from rxtrail.core.epcis.times import written as moment
from rxtrail.core.epcis.write_xml_document import XmlDocument
from rxtrail.epcis_query.documents import query_document
from rxtrail.epcis_query.master import read_master_query
from rxtrail.epcis_query.named import SIMPLE, NamedQuery
from rxtrail.epcis_query.refusals import BadSubscription, NotPermitted, SubscriptionExists
from rxtrail.epcis_query.subscriptions import Wish
from rxtrail.errors import BadRequest, NotFound, RxtrailError
from rxtrail.web import limits, refusals
from rxtrail.web.body import media_type_of, read_whole
from rxtrail.web.epcis import problems
from rxtrail.web.epcis.speaking import VENDOR_VERSION
from rxtrail.web.epcis.subscriptions import moment_of
from rxtrail.web.epcis.visitor import node_of, visitor_of
from rxtrail.web.epcis.writing import escaped
from rxtrail.web.epcis.wsdl import wsdl

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request

    from rxtrail.epcis_query import Element
    from rxtrail.web.context import Web

PATH: Final = "/epcis/soap"
MASTER: Final = "SimpleMasterDataQuery"
BYTES_MAX: Final = 4 * limits.MIB
_QUERY: Final = "urn:epcglobal:epcis-query:xsd:"
_SOAP_11: Final = "http://schemas.xmlsoap.org/soap/envelope/"
_SOAP_12: Final = "http://www.w3.org/2003/05/soap-envelope"
_TYPES: Final = ("text/xml", "application/xml", "application/soap+xml")
_FIELDS: Final = ("second", "minute", "hour", "dayOfMonth", "month", "dayOfWeek")


class Call:
    """One operation that was asked for."""

    def __init__(self, element: etree._Element, soap: str) -> None:
        self.element = element
        self.soap = soap  # namespace of the envelope, "" without one
        name = etree.QName(element)
        self.name = name.localname
        self.number = (name.namespace or "").removeprefix(_QUERY)

    @property
    def version(self) -> Literal["1.2", "2.0"]:
        """The version of EPCIS that the answer is written in."""
        return "1.2" if self.number == "1" else "2.0"

    def text(self, name: str) -> str:
        """The text of a parameter; "" when it is not there."""
        found = self.child(name)
        return (found.text or "").strip() if found is not None else ""

    def child(self, name: str) -> etree._Element | None:
        """A parameter; its namespace does not count, since clients differ there."""
        return next((each for each in self.element.iterchildren("*") if _local(each) == name), None)


def _local(element: etree._Element) -> str:
    return etree.QName(element).localname


def route(web: Web) -> Route:
    """The address of the interface."""

    async def answer(request: Request) -> Response:
        if request.method in ("GET", "HEAD"):
            return Response(wsdl(str(request.url.replace(query=""))), media_type="text/xml")
        soap = _SOAP_12 if media_type_of(request.headers.get("content-type", "")) == _TYPES[2] else _SOAP_11
        number = "1"
        try:
            visitor = visitor_of(web, request)
            given = media_type_of(request.headers.get("content-type", ""))
            if given not in _TYPES:
                raise refusals.WrongMediaType(f"SOAP is XML, not {given[:40]!r}.", advice="Send text/xml.")
            call = read_call(await read_whole(request, "BYTES_MAX", BYTES_MAX))
            soap, number = call.soap or soap, call.number
            operation = _OPERATIONS.get(call.name)
            if operation is None:
                raise BadRequest(f"There is no operation {call.name[:40]!r}.", advice=f"See {PATH}?wsdl.")
            body = await web.ask(lambda: operation(web, call, visitor.sees), visitor.sees)
        except RxtrailError as error:
            web.failed(error)
            return _fault(error, soap, number)
        media_type = _TYPES[2] if soap == _SOAP_12 else _TYPES[0]
        return Response(_envelope(body, soap), media_type=media_type)

    return Route(PATH, answer, methods=["GET", "HEAD", "POST"], include_in_schema=False)


def _parsed(body: bytes) -> etree._Element:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    return etree.fromstring(body, parser)


def read_call(body: bytes) -> Call:
    """Read an envelope, or an operation alone.

    :raises BadRequest: it is neither.
    """
    try:
        root = _parsed(body)
    except (etree.XMLSyntaxError, ValueError) as wrong:
        raise BadRequest(f"This is no XML: {str(wrong)[:200]}") from wrong
    if getattr(root.getroottree().docinfo, "doctype", ""):
        raise BadRequest("A document type declaration (DOCTYPE) is not taken.")
    name = etree.QName(root)
    soap = ""
    found: etree._Element | None = root
    if name.localname == "Envelope" and name.namespace in (_SOAP_11, _SOAP_12):
        soap = name.namespace
        inside = root.find(f"{{{soap}}}Body")
        found = next(inside.iterchildren("*"), None) if inside is not None else None
    if found is None or not (etree.QName(found).namespace or "").startswith(_QUERY):
        raise BadRequest("There is no EPCIS operation in it.", advice=f"See {PATH}?wsdl.")
    return Call(found, soap)


# -- the operations ------------------------------------------------------------------------------------------------


def _names(web: Web, call: Call, viewer: str) -> str:
    named = [each.name for _, each in node_of(web).epcis.named.page("", 10_000, owner=viewer)]
    return _strings(call, "GetQueryNamesResult", [SIMPLE, MASTER, *named])


def _subscription_ids(web: Web, call: Call, viewer: str) -> str:
    name = call.text("queryName")
    epcis = node_of(web).epcis
    if name != MASTER:
        epcis.named.find(name, owner=viewer)
    ids = [each.shown for each in epcis.subscriptions.of_query(name, owner=viewer)]
    return _strings(call, "GetSubscriptionIDsResult", ids)


def _standard_version(_web: Web, call: Call, _viewer: str) -> str:
    return _element(call, "GetStandardVersionResult", call.version)


def _vendor_version(_web: Web, call: Call, _viewer: str) -> str:
    return _element(call, "GetVendorVersionResult", VENDOR_VERSION)


def _poll(web: Web, call: Call, viewer: str) -> str:
    name, params = call.text("queryName"), params_of(call.child("params"))
    epcis = node_of(web).epcis
    if name == MASTER:
        found = epcis.queries.master_data(read_master_query(params), viewer=viewer)
        return _vocabularies(call, found)
    query = narrowed(epcis.named.find(name, owner=viewer).read(), from_object(params))
    page = epcis.queries.whole(query, viewer=viewer)
    document = query_document(
        page.events,
        target="xml-1.2" if call.version == "1.2" else "xml-2.0",
        spelling=Spelling("urn"),
        created_at=clock.now_us(),
        query_name=name,
    )
    results = _parsed(document).find(f".//{{{_QUERY}{call.number}}}QueryResults")
    assert results is not None, "a query document holds its results"
    return etree.tostring(results, encoding="unicode", with_tail=False)


def _subscribe(web: Web, call: Call, viewer: str) -> str:
    name, params, controls = call.text("queryName"), params_of(call.child("params")), call.child("controls")
    epcis = node_of(web).epcis
    if name == MASTER:
        raise NotPermitted(f"{MASTER} cannot be subscribed to.")
    named = epcis.named.find(name, owner=viewer)
    told = {_local(each): each for each in controls.iterchildren("*")} if controls is not None else {}
    schedule = {
        _local(each): (each.text or "").strip() for each in (told.get("schedule", ())) if _local(each) in _FIELDS
    }
    narrowed(named.read(), from_object(params))
    wish = Wish(
        dest=call.text("dest"),
        stream="trigger" in told,
        schedule=schedule,
        report_if_empty=_text(told.get("reportIfEmpty")) in ("true", "1"),
        initial_record_time=moment_of(_text(told.get("initialRecordTime"))),
        epc_format="Always_EPC_URN",
        id=call.text("subscriptionID"),
        xml=True,
    )
    if not wish.id:
        raise BadSubscription("a subscription names its subscriptionID", place="subscriptionID")
    epcis.subscriptions.create(NamedQuery(name, {**named.query, **params}, viewer), wish, owner=viewer)
    return _element(call, "SubscribeResult", "")


def _unsubscribe(web: Web, call: Call, viewer: str) -> str:
    node_of(web).epcis.subscriptions.drop(call.text("subscriptionID"), owner=viewer)
    return _element(call, "UnsubscribeResult", "")


_OPERATIONS: Final[dict[str, Callable[[Web, Call, str], str]]] = {
    "GetQueryNames": _names,
    "GetSubscriptionIDs": _subscription_ids,
    "GetStandardVersion": _standard_version,
    "GetVendorVersion": _vendor_version,
    "Poll": _poll,
    "Subscribe": _subscribe,
    "Unsubscribe": _unsubscribe,
}


def params_of(element: etree._Element | None) -> dict[str, Any]:
    """Read QueryParams: each name with its values, as texts.

    :raises BadRequest: a parameter without a name, or one that is named twice.
    """
    found: dict[str, Any] = {}
    for param in element.iterchildren("{*}param") if element is not None else ():
        parts = {_local(each): each for each in param.iterchildren("*")}
        name = _text(parts.get("name"))
        if not name or name in found:
            raise BadRequest(f"The parameter {name[:80]!r} has no name, or comes twice.", place="params")
        value = parts.get("value")
        inside = list(value.iterchildren("*")) if value is not None else []
        # An ArrayOfString has its values one by one, a VoidHolder none, all else one text.
        texts = [_text(each) for each in inside] if inside else [_text(value)] if _text(value) else []
        found[name] = texts
    return found


def _text(element: etree._Element | None) -> str:
    return (element.text or "").strip() if element is not None else ""


# -- answers -------------------------------------------------------------------------------------------------------


def _element(call: Call, name: str, text: str) -> str:
    return f'<epcisq:{name} xmlns:epcisq="{_QUERY}{call.number}">{escaped(text)}</epcisq:{name}>'


def _strings(call: Call, name: str, texts: list[str]) -> str:
    inside = "".join(f"<string>{escaped(text)}</string>" for text in texts)
    return f'<epcisq:{name} xmlns:epcisq="{_QUERY}{call.number}">{inside}</epcisq:{name}>'


def _vocabularies(call: Call, found: list[Element]) -> str:
    spelling = Spelling("urn")
    head = Head(root=QUERY)
    for each in found:
        attributes: list[tuple[str, Any]] = [(_attribute(name), value) for name, value in each.attributes.items()]
        children = [spelling.identifier(child, {}) for child in each.children]
        element = VocabularyElement(spelling.identifier(each.id, {}), attributes, children)
        head.vocabulary(each.type).elements.append(element)
    out = XmlDocument(head, call.version, spelling, Notes(), creation_date=moment(clock.now_us()))
    out.start()
    inside = "".join(out.vocabulary(each) for each in head.vocabularies)
    return (
        f'<epcisq:QueryResults xmlns:epcisq="{_QUERY}{call.number}"><queryName>{MASTER}</queryName>'
        f"<resultsBody><VocabularyList>{inside}</VocabularyList></resultsBody></epcisq:QueryResults>"
    )


def _attribute(name: str) -> str:
    return name if ":" in name or "#" in name or "/" in name else f"urn:epcglobal:cbv:mda#{name}"


def _envelope(body: str, soap: str) -> bytes:
    text = (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<soapenv:Envelope xmlns:soapenv="{soap}"><soapenv:Body>'
        f"{body}</soapenv:Body></soapenv:Envelope>"
    )
    return text.encode("utf-8", "replace")


def _fault(error: RxtrailError, soap: str, number: str) -> Response:
    """Give a fault with the exception of clause 8.2.6."""
    problem = problems.of(error)
    name = _exception(error, problem.type.partition(":")[2])
    more = "<severity>ERROR</severity>" if name == "ImplementationException" else ""
    detail = (
        f'<epcisq:{name} xmlns:epcisq="{_QUERY}{number if number in ("1", "2") else "1"}">'
        f"<reason>{escaped(error.message)}</reason>{more}</epcisq:{name}>"
    )
    whose = "Server" if name == "ImplementationException" else "Client"
    if soap == _SOAP_12:
        code = "Receiver" if whose == "Server" else "Sender"
        body = (
            f"<soapenv:Fault><soapenv:Code><soapenv:Value>soapenv:{code}</soapenv:Value></soapenv:Code><soapenv:Reason>"
            f'<soapenv:Text xml:lang="en">{escaped(error.message)}</soapenv:Text></soapenv:Reason>'
            f"<soapenv:Detail>{detail}</soapenv:Detail></soapenv:Fault>"
        )
    else:
        body = (
            f"<soapenv:Fault><faultcode>soapenv:{whose}</faultcode><faultstring>{escaped(error.message)}</faultstring>"
            f"<detail>{detail}</detail></soapenv:Fault>"
        )
    # SOAP 1.1, section 6.2: a fault has status 500; who may not ask is told so by HTTP too.
    status = problem.status if problem.status in (401, 403, 413, 415, 503) else 500
    headers = {"www-authenticate": "Bearer"} if status == 401 else {}
    media_type = _TYPES[2] if soap == _SOAP_12 else _TYPES[0]
    return Response(_envelope(body, soap), status_code=status, headers=headers, media_type=media_type)


def _exception(error: RxtrailError, rest: str) -> str:
    if isinstance(error, NotPermitted):
        return "SubscribeNotPermittedException"
    if isinstance(error, SubscriptionExists):
        return "DuplicateSubscriptionException"
    if isinstance(error, NotFound) and error.place == "subscriptionID":
        return "NoSuchSubscriptionException"
    if isinstance(error, BadSubscription) and error.place == "dest":
        return "InvalidURIException"
    if rest in _SAME:
        return rest
    return "ImplementationException" if rest == "ImplementationException" else "ValidationException"


_SAME: Final = (
    "QueryParameterException",
    "QueryTooLargeException",
    "QueryTooComplexException",
    "NoSuchNameException",
    "SubscriptionControlsException",
    "SecurityException",
)
