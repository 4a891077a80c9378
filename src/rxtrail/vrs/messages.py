"""The two messages of a product verification, as they go over HTTP.

Source: GS1 Lightweight Messaging Standard for Verification of Product Identifiers 1.1; GS1 US implementation
guideline for DSCSA saleable returns 1.3. ``{base}/verify/gtin/{gtin}/lot/{lot}/ser/{serial}?exp=...`` is the request;
only status 200 carries a JSON body of the standard.
"""

from __future__ import annotations

import datetime
import re
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, urlencode

import msgspec

from rxtrail.core.gs1 import charsets, check_digit, dates
from rxtrail.core.rules.vrs_answer import AdditionalInfo, FailureReason, MakerAnswer
from rxtrail.errors import BadIdentifier, BadRequest

if TYPE_CHECKING:
    from collections.abc import Mapping

VERSION_HEADER: Final = "GS1US-Version"
VERSION: Final = "1.3.0"
LINK_TYPE: Final = "verificationService"
JSON_TYPE: Final = "application/json"
HTTP_OUTCOMES: Final = (200, 400, 401, 403, 404, 405, 408, 500, 502, 503, 504)
_UUID: Final = re.compile("[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_TOKEN: Final = re.compile("[A-Za-z][A-Za-z0-9_.-]{0,63}")
_VERSIONS: Final = re.compile(r"1\.[0-9]{1,3}(?:\.[0-9]{1,3})?")
_ELEMENT_CHARACTERS_MAX: Final = 20  # AI 21 and AI 10
_INFOS: Final = {info.value.lower(): info for info in AdditionalInfo}
_FAILURES: Final = {reason.value.lower(): reason for reason in FailureReason}


class VrsRequest(msgspec.Struct, frozen=True, gc=False):
    """One verification request. ``exp`` is YYMMDD as it goes over the wire, the day may be 00."""

    gtin: str
    lot: str
    serial: str
    exp: str
    context: str
    requester_gln: str
    corr_uuid: str
    ctrl_possess_att: bool = False


# --- the request --------------------------------------------------------------------------------------------------


def url_of(base: str, asked: VrsRequest) -> str:
    """Give the address of a request at a responder."""
    query = {
        "exp": asked.exp,
        "linkType": LINK_TYPE,
        "context": asked.context,
        "reqGLN": asked.requester_gln,
        "corrUUID": asked.corr_uuid,
        **({"ctrlPossessAtt": "true"} if asked.ctrl_possess_att else {}),
    }
    gtin, lot, serial = _segment(asked.gtin), _segment(asked.lot), _segment(asked.serial)
    return f"{base.rstrip('/')}/verify/gtin/{gtin}/lot/{lot}/ser/{serial}?{urlencode(query)}"


def connectivity_url(base: str, gtin: str, requester_gln: str, context: str = "") -> str:
    """Give the address of a connectivity check at a responder."""
    query = {"gtin": gtin, "reqGLN": requester_gln, **({"context": context} if context else {})}
    return f"{base.rstrip('/')}/checkConnectivity?{urlencode(query)}"


def read_request(path: Mapping[str, str], query: list[tuple[str, str]], version: str | None) -> VrsRequest:
    """Read a request from its decoded path parts and query; parameters that we do not know are left alone.

    :raises BadRequest: a part is missing, twice there, or not of its form.
    """
    if version is not None and not _VERSIONS.fullmatch(version.strip()):
        raise BadRequest(f"version {version[:40]!r} is not spoken here", place=VERSION_HEADER, advice="Send 1.3.0.")
    given = _given(query, ("exp", "linkType", "context", "reqGLN", "corrUUID", "ctrlPossessAtt"))
    if _needed(given, "linkType") != LINK_TYPE:
        raise BadRequest(f"linkType {given['linkType'][:60]!r} is not {LINK_TYPE}", place="linkType")
    context, corr_uuid = _needed(given, "context"), _needed(given, "corrUUID")
    if not _TOKEN.fullmatch(context):
        raise BadRequest(f"context {context[:60]!r} is none", place="context", advice="Such as dscsaSaleableReturn.")
    if not _UUID.fullmatch(corr_uuid):
        raise BadRequest(f"corrUUID {corr_uuid[:60]!r} is not a UUID", place="corrUUID")
    attested = given.get("ctrlPossessAtt", "false").lower()
    if attested not in ("true", "false"):
        raise BadRequest("ctrlPossessAtt is neither true nor false", place="ctrlPossessAtt")
    exp = _needed(given, "exp")
    iso_of(exp, this_year=2000)
    return VrsRequest(
        gtin=_gtin(path["gtin"]),
        lot=_element(path["lot"], "lot"),
        serial=_element(path["serial"], "ser"),
        exp=exp,
        context=context,
        requester_gln=_gln(_needed(given, "reqGLN")),
        corr_uuid=corr_uuid,
        ctrl_possess_att=attested == "true",
    )


def read_connectivity(query: list[tuple[str, str]]) -> tuple[str, str]:
    """Read a connectivity check, giving (GTIN-14, GLN of the requester).

    :raises BadRequest: a part is missing, twice there, or not of its form.
    """
    given = _given(query, ("gtin", "reqGLN", "context"))
    return _gtin(_needed(given, "gtin")), _gln(_needed(given, "reqGLN"))


def iso_of(exp: str, *, this_year: int) -> str:
    """Give YYMMDD as an ISO date; day 00 is the last of the month.

    :raises BadRequest: there is no such day.
    """
    try:
        return dates.expiry(exp, this_year=this_year).isoformat()
    except BadIdentifier as wrong:
        raise BadRequest(wrong.message, place="exp", advice="Send the expiry as YYMMDD.") from wrong


def _segment(text: str) -> str:
    # A dot that stands alone would be taken for a step in the path by whoever is on the way.
    return quote(text, safe="") if text.strip(".") else text.replace(".", "%2E")


def _given(query: list[tuple[str, str]], names: tuple[str, ...]) -> dict[str, str]:
    given: dict[str, str] = {}
    for name, value in query:
        if name in given and name in names:
            raise BadRequest(f"{name} is given twice", place=name)
        given[name] = value
    return given


def _needed(given: Mapping[str, str], name: str) -> str:
    if not given.get(name):
        raise BadRequest(f"{name} is missing", place=name, advice="See docs/vrs.md for the whole request.")
    return given[name]


def _gtin(text: str) -> str:
    if not (len(text) == 14 and check_digit.is_valid(text)):
        raise BadRequest(f"{text[:40]!r} is not a GTIN-14 with a right check digit", place="gtin")
    return text


def _gln(text: str) -> str:
    if not (len(text) == 13 and check_digit.is_valid(text)):
        raise BadRequest(f"{text[:40]!r} is not a 13-digit GLN with a right check digit", place="reqGLN")
    return text


def _element(text: str, place: str) -> str:
    if not 0 < len(text) <= _ELEMENT_CHARACTERS_MAX or not charsets.ALL_82.fullmatch(text):
        raise BadRequest(f"{text[:40]!r} is not 1 to 20 characters of GS1's set 82", place=place)
    return text


# --- the answer ---------------------------------------------------------------------------------------------------


class VerificationData(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, rename="camel"):
    """What the responder says of the product identifier."""

    verified: bool
    verification_failure_reason: str = ""
    additional_info: str = ""


_NAMES: Final = {"timestamp": "verificationTimestamp", "responder_gln": "responderGLN", "corr_uuid": "corrUUID"}


class VerificationBody(msgspec.Struct, frozen=True, gc=False, rename=_NAMES):
    """The body of a 200 answer (LMS 1.1)."""

    timestamp: str
    responder_gln: str
    corr_uuid: str
    data: VerificationData


class ConnectivityBody(msgspec.Struct, frozen=True, gc=False, rename=_NAMES):
    """The body of a 200 answer to a connectivity check (LMS 1.1)."""

    responder_gln: str


def body_of(answer: MakerAnswer, asked: VrsRequest, *, timestamp: str) -> VerificationBody:
    """Write an answer; of several additional informations the worst is sent, since the field holds one."""
    assert answer.verified is not None, "an answer that is sent says yes or no"
    order = list(AdditionalInfo)
    infos = sorted(answer.infos, key=order.index)
    data = VerificationData(
        verified=answer.verified,
        verification_failure_reason=answer.failure.value if answer.failure is not None else "",
        additional_info=infos[0].value if infos else "",
    )
    return VerificationBody(timestamp, answer.responder_gln, asked.corr_uuid, data)


class _Data(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    verified: bool
    verification_failure_reason: str | None = None
    additional_info: str | list[str] | None = None


class _Body(msgspec.Struct, frozen=True, gc=False, rename=_NAMES):
    timestamp: str
    responder_gln: str
    corr_uuid: str
    data: _Data


class BadAnswer(Exception):
    """A 200 answer that does not follow the standard, so it says nothing; kept in words."""


_body_decoder: Final[msgspec.json.Decoder[_Body]] = msgspec.json.Decoder(_Body)
_connectivity_decoder: Final[msgspec.json.Decoder[ConnectivityBody]] = msgspec.json.Decoder(ConnectivityBody)


def read_answer(content: bytes, content_type: str, asked: VrsRequest) -> MakerAnswer:
    """Read a 200 answer; ``status`` of what is given is 200.

    :raises BadAnswer: it is not an answer to this request, or it contradicts itself.
    """
    body: _Body = _decoded(_body_decoder, content, content_type)
    if body.corr_uuid.lower() != asked.corr_uuid.lower():
        raise BadAnswer("it answers another request (corrUUID)")
    if not (len(body.responder_gln) == 13 and check_digit.is_valid(body.responder_gln)):
        raise BadAnswer("responderGLN is no GLN")
    try:
        datetime.datetime.fromisoformat(body.timestamp)
    except ValueError as wrong:
        raise BadAnswer("verificationTimestamp is no time") from wrong
    said = body.data.verification_failure_reason or ""
    failure = _FAILURES.get(said.lower())
    if said and failure is None:
        raise BadAnswer(f"unknown verificationFailureReason {said[:60]!r}")
    if body.data.verified and failure is not None:
        raise BadAnswer("it is verified, and a failure reason is given")
    told = body.data.additional_info or []
    infos = []
    for text in [told] if isinstance(told, str) else told:
        if text.lower() not in _INFOS:
            raise BadAnswer(f"unknown additionalInfo {text[:60]!r}")
        infos.append(_INFOS[text.lower()])
    if not body.data.verified and failure is None:
        failure = FailureReason.NO_REASON
    return MakerAnswer(
        verified=body.data.verified,
        failure=failure,
        infos=tuple(infos),
        responder_gln=body.responder_gln,
        status=200,
    )


def read_connected(content: bytes, content_type: str) -> str:
    """Read the GLN from a 200 answer to a connectivity check.

    :raises BadAnswer: it is none.
    """
    body: ConnectivityBody = _decoded(_connectivity_decoder, content, content_type)
    if not (len(body.responder_gln) == 13 and check_digit.is_valid(body.responder_gln)):
        raise BadAnswer("responderGLN is no GLN")
    return body.responder_gln


def _decoded(decoder: msgspec.json.Decoder[Any], content: bytes, content_type: str) -> Any:  # noqa: ANN401 - the caller's type
    if content_type.partition(";")[0].strip().lower() != JSON_TYPE:
        raise BadAnswer(f"its type is {content_type[:60] or 'not told'}, not {JSON_TYPE}")
    try:
        return decoder.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError) as wrong:
        raise BadAnswer(f"its body does not fit: {wrong}") from wrong
