"""The pages where a receipt or a proof is checked, and the worker that holds pages while the node cannot be reached."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from starlette.responses import Response

from rxtrail.web.api.proofs import proofs_of
from rxtrail.web.api.sites import node_of
from rxtrail.web.pages.render import STATIC, VERSION, page, static_address

if TYPE_CHECKING:
    from starlette.requests import Request

    from rxtrail.web.context import Web

WORKER = "service-worker.js"


async def receipt_page(web: Web, request: Request) -> Response:  # noqa: ARG001 - as every page
    """The page where a receipt is checked, in the browser and without asking anybody."""
    key = await web.read(node_of(web).key)
    return page("receipt.html", key=str(key.verifier))


async def proof_page(web: Web, request: Request) -> Response:  # noqa: ARG001 - as every page
    """The page where a proof of a log is checked, in the browser and without asking anybody."""
    keys = await web.read(proofs_of(web).keys)
    return page("proof.html", key=keys[0] if keys else "")


async def service_worker(web: Web, request: Request) -> Response:  # noqa: ARG001
    """The worker; it stands at the root, since it may only hold what lies beneath it."""
    files = [static_address(name) for name in sorted(STATIC) if name != WORKER]
    start = f"const VERSION = {json.dumps(VERSION)};\nconst FILES = {json.dumps(files)};\n".encode()
    headers = {"content-type": "text/javascript; charset=utf-8", "cache-control": "no-cache"}
    return Response(start + STATIC[WORKER].body, headers=headers)
