"""The page for patients: what the public is told of a pack, at the address that a telephone reads from its code.

The answer is the public one, whoever asks and whether or not this node has site keys: nothing stored, fixed words.
"""

from __future__ import annotations

from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

import msgspec

from rxtrail.access import Grant
from rxtrail.core.gs1 import charsets, digital_link
from rxtrail.core.rules.answer import Severity
from rxtrail.errors import BadIdentifier, BadRequest, NotFound, RxtrailError
from rxtrail.web import limits, problems
from rxtrail.web.context import refusal
from rxtrail.web.pages.render import page
from rxtrail.web.refusals import WrongOrigin
from rxtrail.web.site_door import access_of, hub_of

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from rxtrail.answers import Verdict
    from rxtrail.core.gs1.digital_link import DigitalLink
    from rxtrail.web.context import Web

PATH: Final = "/patient"
PAGE_BYTES: Final = 8192
"""A page is as long as this, or a multiple of it: with a usual name of a product it is shorter."""
_SOLD: Final = "already-dispensed-elsewhere"
_SHAPES: Final = ("ok", "check", "stop", "unconfirmed", "not-covered")
_CURE: Final = "Compare it with the label, or ask your pharmacist."


class Said(msgspec.Struct, frozen=True):
    """A verdict in the words of the page: its shape and colour, a line, why, and what to do."""

    tone: str
    headline: str
    why: str
    next: str


def address_of(link: DigitalLink) -> str:
    """Give the page's address for what a Digital Link says, its lot and expiry kept."""
    path = "".join(f"/{ai}/{charsets.escape_path(value)}" for ai, value in link.path)
    query = "&".join(f"{ai}={charsets.escape_path(value)}" for ai, value in link.query)
    return f"{PATH}{path}" + (f"?{query}" if query else "")


async def patient_page(web: Web, request: Request) -> Response:
    """Judge the code of the address as the public may know it, or say that this cannot be done now."""
    try:
        verdict = await _judged(web, request)
    except RxtrailError as error:
        problem = refusal(web, error)
        answer = page("patient_problem.html", status=problem.status, misread=problem.status == HTTPStatus.BAD_REQUEST)
        answer.headers.update(problems.headers_of(problem))
    else:
        also = [reason for reason in verdict.reasons[1:] if reason.severity is Severity.STOP]
        answer = page("patient.html", pack=verdict.pack, said=said(verdict), rest=also, verdict=verdict)
        # Who only sees how long a page is learns nothing of the pack.
        body = bytes(answer.body)
        answer.body = body.ljust(-(-len(body) // PAGE_BYTES) * PAGE_BYTES)
        answer.headers["content-length"] = str(len(answer.body))
    answer.headers["x-robots-tag"] = "noindex, nofollow"
    answer.headers["vary"] = "Accept, Sec-Fetch-Mode, Sec-Fetch-Dest"
    return answer


async def _judged(web: Web, request: Request) -> Verdict:
    """Give the public answer.

    :raises WrongOrigin: a page of another site made the browser ask, as a picture or in a frame.
    :raises BadRequest: the address holds no GS1 code of a product.
    :raises NotFound: this server has no record.
    :raises BudgetSpent: too many codes that nobody made were asked for.
    """
    for name, alone in (("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "document")):
        if request.headers.get(name, alone) != alone:
            raise WrongOrigin("A page of another site may not ask about packs here.", advice="Open the address itself.")
    access = access_of(web)
    if access is None:
        raise NotFound("There is nothing about packs here.")
    path = request.url.path.removeprefix(PATH)
    try:
        link = digital_link.parse(f"{digital_link.STEM}{path}?{request.url.query}", lenient=True)
    except BadIdentifier as wrong:
        raise BadRequest(wrong.message, place="path", advice=_CURE) from wrong
    if link.stem != digital_link.STEM or link.path[0][0] != "01":
        raise BadRequest("This address holds no code of a product.", place="path", advice=_CURE)
    code = digital_link.STEM + address_of(link).removeprefix(PATH)  # without what others put into the address
    work = partial(access.verify, Grant(), hub_of(web).verify, code, site="", purpose="public")
    return await web.public.call(work, seconds=limits.ANSWER_SECONDS_MAX)


def said(verdict: Verdict) -> Said:
    """Put a public answer into words for who holds the pack; never better than it is."""
    first = verdict.reasons[0] if verdict.reasons else None
    tone = verdict.verdict.value if verdict.verdict.value in _SHAPES else "unconfirmed"
    if first is None:
        return Said(tone, verdict.headline, "", "Use it as your pharmacist or doctor told you.")
    if {reason.code for reason in verdict.reasons} == {_SOLD}:
        # Whoever was given it by a pharmacy holds a pack that was sold: it was sold to him.
        return Said(
            "check",
            "Sold before",
            first.message,
            "If a pharmacy gave you this pack, that was most likely the sale to you. If anybody else offers it, do not "
            "buy or use it: ask a pharmacist.",
        )
    return Said(tone, verdict.headline, first.message, first.next)
