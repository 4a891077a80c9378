"""Who may knock: Host against DNS rebinding, Origin against forged requests; and what every answer says."""

from __future__ import annotations

import re
from typing import Final

from rxtrail.web.refusals import WrongHost, WrongOrigin

LOOPBACK_NAMES: Final = frozenset({b"localhost", b"127.0.0.1", b"[::1]"})
SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})

# Everything comes from this server; nothing inline runs and nothing frames us.
CONTENT_SECURITY_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; "
    "connect-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)

API_HEADERS: Final = (
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
    (b"cross-origin-resource-policy", b"same-origin"),
)
PAGE_HEADERS: Final = (
    (b"content-security-policy", CONTENT_SECURITY_POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
)

_AUTHORITY = re.compile(rb"(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::[0-9]{1,5})?")


class Doors:
    """Which Host names this server answers to; without accounts these are the loopback names."""

    def __init__(self, hosts: tuple[str, ...] = ()) -> None:
        self._names = LOOPBACK_NAMES | {name.lower().encode("idna" if ":" not in name else "ascii") for name in hosts}

    def check(self, method: str, host: bytes, origin: bytes) -> None:
        """Raise ``WrongHost`` or ``WrongOrigin``; without an Origin it is a program, not a page."""
        found = _AUTHORITY.fullmatch(host.lower())
        if found is None or found[1] not in self._names:
            raise WrongHost(
                f"This server does not answer to the name {_shown(host)}.",
                advice="Open it as http://localhost or http://127.0.0.1 with its port.",
            )
        if origin and method not in SAFE_METHODS and origin.partition(b"://")[2] != host:
            raise WrongOrigin(
                f"A page of {_shown(origin)} may not change anything here.",
                advice="Use the pages of this server, or a program that sends no Origin.",
            )


def _shown(value: bytes) -> str:
    return repr(value[:100].decode("latin-1"))
