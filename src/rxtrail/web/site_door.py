"""The door for sites: who asks is found out once, before any address is served.

On a node that needs no site keys nothing changes. Where they are required, whoever shows none gets public answers and
the few addresses that are for everybody; a site gets what is its own.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, Protocol, cast

from rxtrail.access import Grant, key_needed
from rxtrail.errors import BadRequest

if TYPE_CHECKING:
    from collections.abc import Iterable

    from starlette.requests import Request

    from rxtrail.access import Access
    from rxtrail.core.rules.answer import Verdict
    from rxtrail.joined import Joined
    from rxtrail.sites import Sites
    from rxtrail.web.context import Web

OPEN: Final = Grant(open=True)
_SCOPE: Final = "rxtrail.grant"

# For everybody: that the server lives, what its API is, who it is, a receipt and what its page needs, the page for
# patients and the links to it, the published log (nothing can be guessed from it), and the address for verification
# requests, which asks for a proof of its own.
_FOR_ALL: Final = re.compile(
    r"/healthz|/readyz|/openapi\.json|/api/v1/hub|/api/v1/keys|/api/v1/receipts/.*|/static/.*|/service-worker\.js"
    r"|/favicon\.ico|/receipt|/proof|(/patient)?/01/.*|/vrs/.*|/log/([0-9]+/)?(checkpoint|vkey|heads|tile/.*)"
)
# For a site with its key; what a body or a path names is held against the key's GLN by the handler.
_FOR_SITES: Final = re.compile(
    r"POST /api/v1/sites/(ask|feed|anchor)|GET /api/v1/sites/stream|GET /api/v1/sites/[0-9]{13}/bundle"
    r"|POST /api/v1/scans|PATCH /api/v1/(packs/[^/]+/[^/]+|containers/[^/]+)"
    r"|[A-Z]+ /epcis(/.*)?"
)


class _Hub(Protocol):
    access: Access
    sites: Sites
    hub: Joined

    def verify(
        self,
        scan: str,
        *,
        site: str = "",
        purpose: str = "dispense",
        key: str = "",
        station: str = "",
        known_site: bool = True,
    ) -> Verdict: ...


def hub_of(web: Web) -> _Hub:
    """The node of this process, which has sites."""
    return cast("_Hub", web.node)


def access_of(web: Web) -> Access | None:
    """What decides who asks; None for a node that has no such thing (a part of one, in a test)."""
    return getattr(web.node, "access", None)


def is_joined(web: Web) -> bool:
    """Tell whether a scan here is asked about at a hub, which may take its time."""
    hub = getattr(web.node, "hub", None)
    return hub is not None and hub.joined


def admit(web: Web, method: str, path: str, headers: Iterable[tuple[bytes, bytes]]) -> Grant:
    """Tell who asks, and that this address is for that one.

    Raises ``WrongKey``, ``KeyNeeded``.
    """
    access = access_of(web)
    if access is None:
        return OPEN
    given = [value for name, value in headers if name == b"authorization"]
    if len(given) > 1:
        raise two_keys()  # a proxy and we might each take another one
    authorization = given[0] if given else b""
    grant = grant_by(access, authorization)
    if grant.open or _FOR_ALL.fullmatch(path) or (grant.site and _FOR_SITES.fullmatch(f"{method} {path}")):
        return grant
    raise key_needed()


def two_keys() -> BadRequest:
    """Refuse a request that shows two keys."""
    return BadRequest("There are two Authorization headers.", place="Authorization", advice="Send one.")


def grant_of(request: Request) -> Grant:
    """Who sent this request."""
    return cast("Grant", request.scope.get(_SCOPE, OPEN))


def with_grant(scope: dict[str, object], grant: Grant) -> dict[str, object]:
    """The scope of a request, with who sent it."""
    return {**scope, _SCOPE: grant}


def grant_by(access: Access | None, authorization: bytes) -> Grant:
    """Tell who asks, by the Authorization header; raises ``WrongKey``."""
    if access is None:
        return OPEN
    # Another scheme (a proxy's own password) is not a site key, and not ours to judge.
    given = authorization.decode("latin-1")
    return access.grant(given if given[:7].lower() == "bearer " else "")
