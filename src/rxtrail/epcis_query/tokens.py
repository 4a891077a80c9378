"""Tokens of the next page: a signed cursor with an expiry, that fits the query it was given for and no other.

Nothing is kept for a token, so a million clients that never come back cost nothing.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import threading
from collections import OrderedDict
from typing import TYPE_CHECKING, Final

import msgspec

from rxtrail.core.epcis.query.parse import TOKEN_CHARACTERS_MAX
from rxtrail.core.epcis.query.refusals import BadQuery
from rxtrail.epcis_query.pages import Cursor

if TYPE_CHECKING:
    from collections.abc import Callable

    from rxtrail.core.epcis.query.parse import Query

LIFETIME_US: Final = 3_600 * 1_000_000
_SIGNATURE_BYTES: Final = 16
_REVOKED_MAX: Final = 10_000


class _Token(msgspec.Struct, frozen=True, array_like=True):
    expires: int
    digest: bytes
    cursor: Cursor


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(_Token).decode


class Tokens:
    """Makes and reads tokens. Safe to use from several threads."""

    def __init__(self, secret: Callable[[], bytes], now_us: Callable[[], int]) -> None:
        """``secret`` gives the key that all servers of one record share."""
        self._secret = secret
        self._now = now_us
        self._revoked: OrderedDict[bytes, None] = OrderedDict()
        self._lock = threading.Lock()

    def make(self, cursor: Cursor, scope: str, query: Query) -> tuple[str, int]:
        """Give a token and when it expires (microseconds)."""
        expires = self._now() + LIFETIME_US
        body = _encode(_Token(expires, _digest(scope, query), cursor))
        return base64.urlsafe_b64encode(body + self._sign(body)).rstrip(b"=").decode(), expires

    def read(self, token: str, scope: str, query: Query) -> Cursor:
        """Read a token back.

        :raises BadQuery: it is none of ours, has expired, or belongs to another query.
        """
        found = self._open(token)
        if found is None:
            raise BadQuery("this nextPageToken is not valid here", place="nextPageToken", advice=_AGAIN)
        if found.expires < self._now():
            raise BadQuery("this nextPageToken has expired", place="nextPageToken", advice=_AGAIN)
        if found.digest != _digest(scope, query):
            raise BadQuery(
                "this nextPageToken belongs to another query",
                place="nextPageToken",
                advice="Follow the Link header as it is.",
            )
        return found.cursor

    def revoke(self, token: str) -> None:
        """Have a token fail from now on, on this server; one that is none has failed already."""
        with self._lock:
            self._revoked[_mark(token.rstrip("="))] = None
            if len(self._revoked) > _REVOKED_MAX:
                self._revoked.popitem(last=False)

    def _open(self, token: str) -> _Token | None:
        if len(token) > TOKEN_CHARACTERS_MAX or _mark(token.rstrip("=")) in self._revoked:
            return None
        try:
            padded = token.encode("ascii") + b"=" * (-len(token) % 4)
            # Strictly: one token has one spelling, or a revoked one would pass in another.
            whole = base64.b64decode(padded, altchars=b"-_", validate=True)
        except (ValueError, UnicodeEncodeError):
            return None
        if base64.urlsafe_b64encode(whole).rstrip(b"=") != token.encode("ascii").rstrip(b"="):
            return None
        body, signature = whole[:-_SIGNATURE_BYTES], whole[-_SIGNATURE_BYTES:]
        if not hmac.compare_digest(self._sign(body), signature):
            return None
        return _decode(body)

    def _sign(self, body: bytes) -> bytes:
        return hmac.digest(self._secret(), body, "sha256")[:_SIGNATURE_BYTES]


_AGAIN: Final = "Ask again from the first page."


def _mark(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()


def _digest(scope: str, query: Query) -> bytes:
    """Tell one query from another; how many events a page has may change on the way."""
    plain = msgspec.structs.replace(query, token="", per_page=0)
    return hashlib.sha256(msgspec.json.encode([scope, plain], order="deterministic")).digest()[:12]
