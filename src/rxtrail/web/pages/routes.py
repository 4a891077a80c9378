"""The addresses of the pages. A page reads the record; whatever changes it goes through the API."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

import msgspec
from starlette.responses import Response
from starlette.routing import Route

from rxtrail.core.gs1.epc import gln_of
from rxtrail.core.gs1.keyboard_profile import CALIBRATION_TEXT, GS
from rxtrail.errors import NotFound, RxtrailError
from rxtrail.web import problems
from rxtrail.web.api.alerts import alerts_of
from rxtrail.web.api.changes import journey_of
from rxtrail.web.api.documents import digest_of
from rxtrail.web.api.log import log_of
from rxtrail.web.api.openfda import openfda_of
from rxtrail.web.api.recalls import recalls_of
from rxtrail.web.api.stations import SYMBOL_PATH
from rxtrail.web.api.verify import PURPOSES
from rxtrail.web.codes import container_code, pack_code
from rxtrail.web.context import Web, path_part, query_of, refusal
from rxtrail.web.pages import words
from rxtrail.web.pages.boards import boards_page
from rxtrail.web.pages.offline import proof_page, receipt_page, service_worker
from rxtrail.web.pages.patient import patient_page
from rxtrail.web.pages.render import page, static_file
from rxtrail.web.paging import PageQuery, next_page

if TYPE_CHECKING:
    from starlette.requests import Request

    from rxtrail.answers import Journey, NodeIdentity, Partner
    from rxtrail.recalls import RecallPreview
    from rxtrail.web.problems import Problem

SITES_MAX: Final = 500
SUBJECTS_SHOWN: Final = 200

PageHandler = Callable[[Web, "Request"], Awaitable[Response]]


class Site(msgspec.Struct, frozen=True, gc=False):
    """A place where packs are scanned."""

    gln: str
    name: str
    own: bool


def routes(web: Web) -> list[Route]:
    """All pages and the files they need."""
    table: dict[str, PageHandler] = {
        "/": check_page,
        "/packs/{gtin}/{serial}": pack_page,
        "/containers/{sscc}": container_page,
        "/documents": documents_page,
        "/documents/{sha256}": document_page,
        "/alerts": alerts_page,
        "/alerts/{id}": alert_page,
        "/recalls": recalls_page,
        "/recalls/{id}": recall_page,
        "/boards": boards_page,
        "/validate": validate_page,
        "/calibrate": calibrate_page,
        "/patient/{rest:path}": patient_page,
        "/receipt": receipt_page,
        "/proof": proof_page,
        "/service-worker.js": service_worker,
        "/about": about_page,
    }
    made = [Route(path, _answering(web, handler), methods=["GET"]) for path, handler in table.items()]
    return [*made, Route("/static/{version}/{name}", static_file, methods=["GET"])]


def _answering(web: Web, handler: PageHandler) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        try:
            return await handler(web, request)
        except RxtrailError as error:
            return problem_page(web, refusal(web, error))

    return answer


def problem_page(web: Web, problem: Problem) -> Response:  # noqa: ARG001 - as every page
    """A refusal for a person: what was wrong and what to do."""
    answer = page("problem.html", status=problem.status, problem=problem)
    answer.headers.update(problems.headers_of(problem))
    return answer


async def check_page(web: Web, request: Request) -> Response:  # noqa: ARG001
    """The check page."""
    identity = await web.read(web.node.identity)
    partners = await web.read(web.node.partners)
    return page(
        "check.html",
        identity=identity,
        sites=sites_of(identity, partners),
        purposes=[purpose for purpose in PURPOSES if purpose != "public"],
        log_warnings=doubts_of(web),
    )


def doubts_of(web: Web) -> list[str]:
    """What a person at the counter must know of the log: that this record may be an old copy."""
    log = log_of(web)
    if log is None or not (log.doubt or log.accused):
        return []
    return ["This record may be an old copy: do not rely on it. Tell whoever runs this server.", *log.warnings()]


def sites_of(identity: NodeIdentity, partners: list[Partner]) -> list[Site]:
    """Where a scan may be made: one's own GLNs first; a hub is scanned at from its partners' places too."""
    names = {gln: partner.name for partner in partners for gln in partner.glns}
    own = [Site(gln, names.get(gln, ""), own=True) for gln in identity.glns]
    if identity.role != "hub":
        return own
    mine = set(identity.glns)
    others = [
        Site(gln, partner.name, own=False)
        for partner in sorted(partners, key=lambda partner: (partner.role != "pharmacy", partner.name))
        for gln in partner.glns
        if gln not in mine and partner.status == "active"
    ]
    return [*own, *others][:SITES_MAX]


async def validate_page(web: Web, request: Request) -> Response:  # noqa: ARG001
    """Where a partner drops a file and sees what is wrong with it, in its own text."""
    return page("validate.html")


async def pack_page(web: Web, request: Request) -> Response:
    """The journey of a pack."""
    gtin, serial = path_part(request, "gtin"), path_part(request, "serial")
    return await _journey(web, pack_code(gtin, serial))


async def container_page(web: Web, request: Request) -> Response:
    """The journey of a container."""
    return await _journey(web, container_code(path_part(request, "sscc")))


async def _journey(web: Web, code: str) -> Response:
    try:
        journey = await journey_of(web, code)
    except NotFound as missing:
        return page("missing.html", status=404, code=code.partition("id.gs1.org/")[2], problem=missing)
    state_tone = tone_of(journey.state.disposition)
    names = names_of(journey)
    return page(
        "journey.html",
        journey=journey,
        state_tone=state_tone,
        tone="stop" if journey.state.holds else state_tone,
        custodian=names.get(journey.state.custodian, ""),
        bound_for=names.get(journey.state.in_transit_to, ""),
        restated=restatements_of(journey),
        json_address=_json_address(journey),
        safety=await web.read(partial(openfda_of(web).notes, journey.gtin)) if journey.gtin else [],
    )


def names_of(journey: Journey) -> dict[str, str]:
    """The names of the parties of a journey by their GLN."""
    places = [custody.party for custody in journey.custody]
    for event in journey.events:
        places += [event.speaker, event.source, event.destination, event.biz_location]
    # A party's own name comes before that of one of its places.
    return {gln: place.name for place in reversed(places) if place.name and (gln := gln_of(place.id))}


def restatements_of(journey: Journey) -> set[int]:
    """Which events, by their number, only tell again what another party has told before."""
    told: dict[tuple[str, str, str, str], str] = {}
    return {
        number
        for number, event in enumerate(journey.events)
        if told.setdefault((event.event_time, event.biz_step, event.action, event.of), event.speaker.id)
        != event.speaker.id
    }


def tone_of(disposition: str) -> str:
    """Which colour stands beside a state."""
    if disposition in words.STOPPED:
        return "stop"
    if disposition in words.ENDED:
        return "ended"
    return "plain" if disposition else "unknown"


def _json_address(journey: Journey) -> str:
    path = words.identifier_path(journey.epc)
    return f"/api/v1{path}/journey" if path else ""


async def documents_page(web: Web, request: Request) -> Response:
    """Documents, and the place to drop a partner's file."""
    asked = query_of(request, PageQuery)
    rows = await web.read(partial(web.node.documents, asked.after, asked.limit + 1))
    jobs = await web.read(partial(web.node.jobs, "", 20))
    documents, next_address = next_page(request, rows, asked.limit, lambda document: document.sha256)
    return page(
        "documents.html",
        documents=documents,
        jobs=[job for job in jobs if job.state != "success"],
        next_address=next_address,
        first=not asked.after,
    )


async def document_page(web: Web, request: Request) -> Response:
    """One document: its receipt and what was found in it."""
    sha256 = digest_of(request)
    receipt = await web.read(partial(web.node.document_receipt, sha256))
    return page("document.html", receipt=receipt, sha256=sha256)


async def recalls_page(web: Web, request: Request) -> Response:
    """All recalls, and the place to open one."""
    asked = query_of(request, PageQuery)
    rows = await web.read(partial(recalls_of(web).page, asked.after, asked.limit + 1))
    recalls, next_address = next_page(request, rows, asked.limit, lambda recall: recall.id)
    return page("recalls.html", recalls=recalls, next_address=next_address)


async def recall_page(web: Web, request: Request) -> Response:
    """One recall: who has its packs, who answered, and what can be done."""
    number = path_part(request, "id")
    status = await web.ask(partial(recalls_of(web).status, number))
    preview: RecallPreview = await web.ask(partial(recalls_of(web).preview, number))
    return page("recall.html", status_=status, preview=preview)


class AlertsQuery(PageQuery, frozen=True, forbid_unknown_fields=True):
    """A page of alerts: those that nobody has explained, or those in one state, or all."""

    state: str = "standing"


async def alerts_page(web: Web, request: Request) -> Response:
    """What a person should know of, the newest first."""
    asked = query_of(request, AlertsQuery)
    state = "" if asked.state == "all" else asked.state
    rows = await web.read(partial(alerts_of(web).page, asked.after, asked.limit + 1, state=state))
    alerts, next_address = next_page(request, rows, asked.limit, lambda alert: alert.id, state=asked.state)
    lanes = await web.read(partial(alerts_of(web).routes.all, state="approved"))
    return page("alerts.html", alerts=alerts, next_address=next_address, state=asked.state, lanes=len(lanes))


async def alert_page(web: Web, request: Request) -> Response:
    """One alert: what was seen, which packs, what can be done."""
    alert = await web.read(partial(alerts_of(web).get, path_part(request, "id")))
    return page("alert.html", alert=alert, subjects=[(key, page_of(key)) for key in alert.subjects[:SUBJECTS_SHOWN]])


def page_of(key: str) -> str:
    """The page of a pack or container, "" when it has none."""
    head, _, rest = key.partition("/")
    if head == "00":
        return f"/containers/{quote(rest, safe='')}"
    gtin, mark, serial = rest.partition("/21/")
    return f"/packs/{gtin}/{quote(serial, safe='')}" if head == "01" and mark else ""


async def calibrate_page(web: Web, request: Request) -> Response:  # noqa: ARG001
    """The page on which a scanning station is calibrated."""
    return page("calibrate.html", symbol=SYMBOL_PATH, held=CALIBRATION_TEXT.replace(GS, " <GS> "))


async def about_page(web: Web, request: Request) -> Response:  # noqa: ARG001
    """What this node is and holds."""
    return page("about.html", status_=await web.read(web.node.status))
