"""Site keys: a secret of 256 random bits, bound to one GLN, of which only the SHA-256 is kept.

A plain SHA-256 is enough, and a slow password hash is not needed: nobody can try out 2^256 secrets, and two sites never
have the same one. Since the hash is also what a key is found by, no comparison of secrets takes a telling time.
"""

from __future__ import annotations

import base64
import hashlib
import time
from typing import TYPE_CHECKING, Final, TypeVar

import msgspec

from rxtrail.core.gs1 import check_digit
from rxtrail.errors import BadRequest, NotFound, RxtrailError
from rxtrail.record.times import iso
from rxtrail.store.rows import RecordKind

if TYPE_CHECKING:
    from collections.abc import Callable

    from rxtrail.ledger.log import Log
    from rxtrail.ledger.writer import Writer
    from rxtrail.store import Reader, Transaction

KIND: Final = "site-key"  # of what the store keeps
PREFIX: Final = "rxs_"
SECRET_BYTES: Final = 32
SECRET_CHARACTERS: Final = len(PREFIX) + 43
NAME_CHARACTERS_MAX: Final = 200
SETTING, REQUIRED, NOT_REQUIRED = "sites", "required", "open"
FRESH_SECONDS: Final = 1.0
"""How long what was read is believed: a key that another process revoked is refused after this."""

T = TypeVar("T")
_PAGE: Final = 500
_CACHED_MAX: Final = 10_000


class WrongKey(RxtrailError):
    """A site key that is none, or was revoked."""

    code = "wrong-site-key"


class ListedKey(msgspec.Struct, frozen=True, gc=False):
    """A site key without its secret; times are ISO 8601 in UTC."""

    id: str
    gln: str
    name: str
    created_at: str
    revoked_at: str = ""


class NewKey(msgspec.Struct, frozen=True, gc=False):
    """A site key that was just made; its secret is shown this once."""

    id: str
    gln: str
    name: str
    secret: str


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(ListedKey).decode


class SiteKeys:
    """The keys of a node's sites. Safe to use from several threads."""

    def __init__(
        self, writer: Callable[[], Writer], reader: Callable[[], Reader], *, random_bytes: Callable[[int], bytes]
    ) -> None:
        """Take what gives the writer (or raises ``Busy``) and the calling thread's reader."""
        self._writer = writer
        self._reader = reader
        self._random = random_bytes
        self._found: dict[str, tuple[float, ListedKey]] = {}
        self._required: tuple[float, bool] = (0.0, False)
        self._companies: tuple[float, frozenset[str]] = (0.0, frozenset())

    # -- who asks --------------------------------------------------------------------------------------------------

    def required(self) -> bool:
        """Tell whether who shows no key is the public here."""
        read_at, required = self._required
        now = time.monotonic()
        if now - read_at > FRESH_SECONDS or read_at == 0.0:
            required = self._reader().settings().get(SETTING, NOT_REQUIRED) == REQUIRED
            self._required = (now, required)
        return required

    def companies(self) -> frozenset[str]:
        """Give the GLNs that have a key which was not revoked."""
        read_at, found = self._companies
        now = time.monotonic()
        if now - read_at > FRESH_SECONDS or read_at == 0.0:
            found = frozenset(listed.gln for listed in self.all() if not listed.revoked_at)
            self._companies = (now, found)
        return found

    def find(self, authorization: str) -> ListedKey:
        """Give the key of an Authorization header.

        :raises WrongKey: it is none of ours, or was revoked; the two are not told apart.
        """
        scheme, _, secret = authorization.partition(" ")
        secret = secret.strip()
        if scheme.lower() != "bearer" or not secret.startswith(PREFIX) or len(secret) != SECRET_CHARACTERS:
            raise _wrong()
        digest = _digest(secret)
        now = time.monotonic()
        known = self._found.get(digest)
        if known is None or now - known[0] > FRESH_SECONDS:
            row = self._reader().kept(KIND, digest)
            if row is None:
                raise _wrong()
            if len(self._found) >= _CACHED_MAX:
                self._found.clear()
            known = self._found[digest] = (now, _decode(row[1]))
        if known[1].revoked_at:
            raise _wrong()
        return known[1]

    # -- keeping them ----------------------------------------------------------------------------------------------

    def add(self, gln: str, *, name: str = "") -> NewKey:
        """Make a key for a site; from the first one on, keys are required.

        :raises BadRequest: the GLN is none, or the name is too long.
        """
        if not (len(gln) == 13 and gln.isascii() and gln.isdigit() and check_digit.is_valid(gln)):
            raise BadRequest(f"{gln[:40]!r} is not a 13-digit GLN with a right check digit", place="gln")
        if len(name) > NAME_CHARACTERS_MAX or "\0" in name:
            raise BadRequest(f"a name has at most {NAME_CHARACTERS_MAX} characters", place="name")
        made = self._new(gln, name)

        def write(tx: Transaction, log: Log) -> None:
            first = not tx.kept_from(KIND, (-1, ""), 1)
            self._keep_new(tx, log, made)
            if first:
                tx.set_settings({SETTING: REQUIRED})

        self._do(write)
        return made

    def all(self) -> list[ListedKey]:
        """List all keys, revoked ones too, the oldest first."""
        return [listed for _, _, listed in _rows(self._reader())]

    def revoke(self, key: str) -> ListedKey:
        """Take a key back, durably; one that was revoked stays so.

        :raises NotFound: there is no such key.
        """
        return self._do(lambda tx, log: _revoke(tx, log, key))

    def rotate(self, key: str) -> NewKey:
        """Make a new key for the site of an old one, and revoke the old one, in one transaction.

        :raises NotFound: there is no such key.
        """

        def write(tx: Transaction, log: Log) -> NewKey:
            old = _revoke(tx, log, key)
            made = self._new(old.gln, old.name)
            self._keep_new(tx, log, made)
            return made

        return self._do(write)

    def require(self, *, on: bool) -> None:
        """Say whether who shows no key is the public here."""

        def write(tx: Transaction, log: Log) -> None:
            tx.set_settings({SETTING: REQUIRED if on else NOT_REQUIRED})
            log.append(RecordKind.DECISION, b"\x01" + _encode([log.now, "site-keys-required", on]))

        self._do(write)

    def _do(self, write: Callable[[Transaction, Log], T]) -> T:
        answer = self._writer().do(write)
        self._found.clear()
        self._required = (0.0, False)
        self._companies = (0.0, frozenset())
        return answer

    def _new(self, gln: str, name: str) -> NewKey:
        secret = PREFIX + base64.urlsafe_b64encode(self._random(SECRET_BYTES)).rstrip(b"=").decode()
        return NewKey("K-" + _digest(secret)[:10].upper(), gln, name, secret)

    @staticmethod
    def _keep_new(tx: Transaction, log: Log, made: NewKey) -> None:
        listed = ListedKey(made.id, made.gln, made.name, iso(log.now))
        tx.keep(KIND, _digest(made.secret), log.now, _encode(listed))
        decision = [log.now, "site-key-added", made.id, made.gln, made.name]
        log.append(RecordKind.DECISION, b"\x01" + _encode(decision), party=tx.name_id(made.gln))


def _rows(reader: Reader) -> list[tuple[str, int, ListedKey]]:
    found: list[tuple[str, int, ListedKey]] = []
    after = (-1, "")
    while True:
        rows = reader.kept_from(KIND, after, _PAGE)
        found += [(digest, at, _decode(body)) for digest, at, body in rows]
        if len(rows) < _PAGE:
            return found
        after = (rows[-1][1], rows[-1][0])


def _revoke(tx: Transaction, log: Log, key: str) -> ListedKey:
    for digest, at, listed in _rows(tx):
        if listed.id == key:
            if listed.revoked_at:
                return listed
            revoked = msgspec.structs.replace(listed, revoked_at=iso(log.now))
            tx.keep(KIND, digest, at, _encode(revoked))
            decision = [log.now, "site-key-revoked", key, listed.gln]
            log.append(RecordKind.DECISION, b"\x01" + _encode(decision), party=tx.name_id(listed.gln))
            return revoked
    raise NotFound(f"no site key {key[:40]}", place="key", advice="List them with: rxtrail site-key list")


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _wrong() -> WrongKey:
    return WrongKey(
        "this site key is not valid here",
        place="Authorization",
        advice="It was revoked, or is another node's. Ask whoever runs this node for a new one.",
    )
