"""What packs and containers have in common: a journey, and changes of state, one at a time or as a list."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Annotated, Final, Literal
from urllib.parse import unquote

import msgspec

from rxtrail.answers import StateView
from rxtrail.core.rules.alert import EuView  # noqa: TC001 (msgspec reads the annotation)
from rxtrail.errors import BadRequest, NotFound, Refused, RxtrailError
from rxtrail.states import ChangeItem, ChangeJob, ChangeResult, Order
from rxtrail.web import limits, problems, refusals
from rxtrail.web.body import decode_json, expect_media_type, read_whole
from rxtrail.web.codes import gtin14, pack_code
from rxtrail.web.context import Endpoint, Web, idempotency_key, json_response, path_part, query_of
from rxtrail.web.site_door import access_of, grant_of

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from rxtrail.access import Grant
    from rxtrail.answers import Journey

State = Literal[
    "dispensed",
    "decommissioned",
    "destroyed",
    "sample",
    "free-sample",
    "locked",
    "exported",
    "checked-out",
    "stolen",
    "active",
    "received",
    "on-hold",
    "released",
    "returned",
]
VERBS: Final[dict[State, str]] = {
    "dispensed": "dispense",
    "decommissioned": "decommission",
    "destroyed": "destroy",
    "sample": "sample",
    "free-sample": "free-sample",
    "locked": "lock",
    "exported": "export",
    "checked-out": "check-out",
    "stolen": "steal",
    "active": "reactivate",
    "received": "receive",
    "on-hold": "hold",
    "released": "release",
    "returned": "return",
}
_NOT_DETAILS: Final = ("state", "lot", "expiry", "key")
LINES_TYPES: Final = ("application/json", "application/x-ndjson", "application/jsonl")


class AlertProblem(problems.Problem, frozen=True, gc=False, omit_defaults=True):
    """A refused change, with the alert that it raises in the EU market."""

    eu: EuView | None = None


async def journey_of(web: Web, code: str) -> Journey:
    """The journey of a code; raises ``NotFound`` when nothing on record speaks of it."""
    journey = await web.read(partial(web.node.trace, code))
    if not journey.found:
        raise NotFound(
            "Nothing on record speaks of it.",
            advice="Load the supplier's file, or ask the supplier for it. Not found is not counterfeit.",
        )
    return journey


async def carry_out(
    web: Web, request: Request, code: str, state: State, change: msgspec.Struct, body_key: str
) -> Response:
    """Make the change and answer with its receipt, or 409 with the state that forbids it."""
    key = _key(request, body_key)
    details = {name: getattr(change, name) for name in change.__struct_fields__ if name not in _NOT_DETAILS}
    grant, access = grant_of(request), access_of(web)
    details["site"] = grant.place(details["site"])
    if grant.site:
        details["proven"] = grant.key
    if access is not None:
        access.admit(grant)
    work = partial(web.node.change, VERBS[state], code, key=key, **details)
    try:
        return json_response(await web.write(work))
    except (Refused, NotFound) as refused:
        asked = request.path_params
        about = unquote(str(asked.get("gtin", ""))).zfill(14), unquote(str(asked.get("serial", "")))
        return await refused_change(web, grant, code, about, refused)


async def refused_change(
    web: Web, grant: Grant, code: str, about: tuple[str, str], refused: Refused | NotFound
) -> Response:
    """Answer a change that was refused with the state that forbids it; it asked ``about`` a pack, which counts."""
    access = access_of(web)
    if access is not None:
        access.refused(grant, *about, refused.place)
    eu: EuView | None = getattr(refused, "eu", None)
    if isinstance(refused, NotFound) and eu is None:
        raise refused
    now: StateView | None = None
    if isinstance(refused, Refused):
        now = refused.state if isinstance(refused.state, StateView) else await _state_now(web, code)
    problem = problems.of(refused, state=now)
    if eu is None:
        return problems.respond(problem)
    known = {name: getattr(problem, name) for name in problem.__struct_fields__}
    return problems.respond(AlertProblem(**known, eu=eu))


def _key(request: Request, body_key: str) -> str:
    header_key = idempotency_key(request)
    if header_key and body_key and header_key != body_key:
        raise BadRequest("The Idempotency-Key and the key in the body differ.", place="key")
    return header_key or body_key


async def _state_now(web: Web, code: str) -> StateView | None:
    try:
        return (await journey_of(web, code)).state
    except RxtrailError as error:
        # The refusal stands whether or not the state can be read beside it.
        web.failed(error)
        return None


# -- lists ---------------------------------------------------------------------------------------------------------


class ListedChange(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, forbid_unknown_fields=True):
    """One item of a list: a scanned code, or the four elements; what it does not say the list says for it."""

    code: str = ""
    gtin: str = ""
    serial: str = ""
    lot: str = ""
    expiry: str = ""
    state: State | None = None
    partial: str = ""
    ref: str = ""
    reason: str = ""
    override: str = ""
    to: str = ""
    key: str = ""


class PackChanges(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, forbid_unknown_fields=True):
    """Up to 100,000 packs, and the state they shall have with all that holds for each of them."""

    items: list[ListedChange]
    state: State | None = None
    site: str = ""
    ref: str = ""
    reason: str = ""
    by: str = ""
    to: str = ""
    override: str = ""
    attestation: str = ""
    key: str = ""


class ChangesQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """For JSON lines, each an item: what holds for all of them."""

    state: State | None = None
    site: str = ""
    reason: str = ""
    by: str = ""
    to: str = ""
    override: str = ""
    attestation: str = ""


class ResultsQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``after`` is the number of the last item that is known already."""

    after: int = -1
    limit: Annotated[int, msgspec.Meta(ge=1, le=limits.PAGE_ROWS_MAX)] = limits.PAGE_ROWS_DEFAULT


class ResultPage(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """What became of the items, in their order, as far as they are answered."""

    job: ChangeJob
    results: list[ChangeResult]
    next: str = ""


_LIST = msgspec.json.Decoder(PackChanges)
_LINE = msgspec.json.Decoder(ListedChange)


async def change_packs(web: Web, request: Request) -> Response:
    """Take in a list of changes: 202 with its job; the answers of the items are read from there."""
    asked = query_of(request, ChangesQuery)
    media = expect_media_type(request, LINES_TYPES)
    body = await read_whole(request, "TABLE_BYTES_MAX", limits.TABLE_BYTES_MAX)
    if media == "application/json":
        listed = decode_json(body, _LIST)
    else:
        items = [decode_json(line, _LINE) for line in body.splitlines() if line.strip()]
        common = {name: getattr(asked, name) for name in asked.__struct_fields__}
        listed = PackChanges(items, **common)
    order = Order(
        verb=VERBS[listed.state] if listed.state is not None else "",
        code="",
        site=listed.site,
        key=_key(request, listed.key),
        ref=listed.ref,
        reason=listed.reason,
        by=listed.by,
        to=listed.to,
        override=listed.override,
        attestation=listed.attestation,
    )
    work = partial(_submit, web, order, listed.items)
    job = await web.write(work)
    return json_response(job, status=202, headers={"location": f"{CHANGES}/{job.job}"})


def _submit(web: Web, order: Order, listed: list[ListedChange]) -> ChangeJob:
    return web.node.submit_changes(order, [_item(number, each) for number, each in enumerate(listed)])


def _item(number: int, listed: ListedChange) -> ChangeItem:
    code = listed.code
    if not code:
        try:
            code = pack_code(gtin14(listed.gtin), listed.serial, lot=listed.lot, expiry=listed.expiry)
        except BadRequest as wrong:
            raise BadRequest(wrong.message, place=f"items.{number}.{wrong.place}", advice=wrong.advice) from wrong
    return ChangeItem(
        code,
        VERBS[listed.state] if listed.state is not None else "",
        listed.partial,
        listed.ref,
        listed.reason,
        listed.override,
        listed.to,
        listed.key,
    )


async def get_change_job(web: Web, request: Request) -> Response:
    """Answer how far a list of changes is."""
    return json_response(await web.read(partial(web.node.change_job, path_part(request, "job"))))


async def get_change_results(web: Web, request: Request) -> Response:
    """Answer with a page of what became of the items."""
    asked = query_of(request, ResultsQuery)
    name = path_part(request, "job")
    job = await web.read(partial(web.node.change_job, name))
    results = await web.read(partial(web.node.change_results, name, asked.after, asked.limit))
    following = results[-1].item if results else asked.after
    more = following + 1 < job.items
    address = f"{request.url.path}?after={following}&limit={asked.limit}" if more else ""
    return json_response(ResultPage(job, results, address))


CHANGES: Final = "/api/v1/changes"
ENDPOINTS: Final = (
    Endpoint(
        "POST",
        "/api/v1/packs/changes",
        "Change the states of up to 100,000 packs: JSON with items, or JSON lines and the rest as parameters.",
        change_packs,
        ChangeJob,
        status=202,
        query=ChangesQuery,
        body=PackChanges,
        refusals=(BadRequest, refusals.TooLarge, refusals.WrongMediaType, refusals.Overloaded),
        key=True,
    ),
    Endpoint(
        "GET",
        f"{CHANGES}/{{job}}",
        "How far a list of changes is.",
        get_change_job,
        ChangeJob,
        refusals=(NotFound,),
    ),
    Endpoint(
        "GET",
        f"{CHANGES}/{{job}}/results",
        "What became of each item of a list of changes; next is the address of the page after this one.",
        get_change_results,
        ResultPage,
        query=ResultsQuery,
        refusals=(BadRequest, NotFound),
    ),
)
