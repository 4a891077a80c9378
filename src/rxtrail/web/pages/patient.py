"""The page for patients: what the public is told of a pack, at the address that a telephone reads from its code.

The answer is the public one, whoever asks and whether or not this node has site keys: nothing stored, fixed words.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

import msgspec

from rxtrail.access import Grant
from rxtrail.core.gs1 import digital_link
from rxtrail.core.rules.answer import Severity
from rxtrail.errors import BadIdentifier, BadRequest, NotFound
from rxtrail.web.pages.render import page
from rxtrail.web.site_door import access_of, hub_of

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from rxtrail.answers import Verdict
    from rxtrail.core.gs1.digital_link import DigitalLink
    from rxtrail.web.context import Web

PATH: Final = "/patient"
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
    path = "".join(f"/{ai}/{quote(value, safe='')}" for ai, value in link.path)
    query = "&".join(f"{ai}={quote(value, safe='')}" for ai, value in link.query)
    return f"{PATH}{path}" + (f"?{query}" if query else "")


async def patient_page(web: Web, request: Request) -> Response:
    """Judge the code of the address as the public may know it.

    :raises BadRequest: the address holds no GS1 code.
    :raises NotFound: this server has no record.
    :raises BudgetSpent: too many codes that nobody made were asked for.
    """
    access = access_of(web)
    if access is None:
        raise NotFound("There is nothing about packs here.")
    asked = f"{digital_link.STEM}{request.url.path.removeprefix(PATH)}?{request.url.query}"
    try:
        link = digital_link.parse(asked, lenient=True)
    except BadIdentifier as wrong:
        raise BadRequest(wrong.message, place="path", advice=_CURE) from wrong
    code = digital_link.STEM + address_of(link).removeprefix(PATH)  # without what others put into the address
    # A node that has joined a hub asks it, so this is no work for the threads of the counter.
    verdict = await web.ask(partial(access.verify, Grant(), hub_of(web).verify, code, site="", purpose="public"))
    also = [reason for reason in verdict.reasons[1:] if reason.severity is Severity.STOP]
    answer = page("patient.html", pack=verdict.pack, said=said(verdict), rest=also, verdict=verdict)
    answer.headers["x-robots-tag"] = "noindex, nofollow"
    return answer


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
