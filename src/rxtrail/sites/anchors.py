"""Heads of the logs of joined nodes, kept as records of the hub's own log: so that commits to the logs of all of them.

A hub takes a head as a witness would (C2SP tlog-witness): only when it is proven to grow out of the last one that this
site sent. The key of a site's log is the one that it sent first; later ones must be vouched for by that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from rxtrail.core.merkle import note, witness_rules
from rxtrail.core.merkle.errors import BadKey
from rxtrail.core.merkle.note import VerifierKey
from rxtrail.core.merkle.witness_rules import Latest, Refusal
from rxtrail.errors import BadRequest
from rxtrail.sites.wire import Anchor, Anchored
from rxtrail.store.rows import RecordKind

if TYPE_CHECKING:
    from rxtrail.ledger.log import Log
    from rxtrail.store import Reader, Transaction

ANCHORS: Final = "site-anchor"  # what the store keeps: of each site's log the last head
KEYS_MAX: Final = 4


class Last(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """The last head of a site's log, and the keys that sign it."""

    size: int
    root: bytes
    keys: list[str]
    position: int  # of the record that has it


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Last).decode


def last_of(reader: Reader, site: str) -> dict[str, Last]:
    """Give the last head of each log that a site has sent, by origin."""
    rows = reader.kept_from(ANCHORS, (-1, ""), 1000)
    return {name.partition(":")[2]: _decode(body) for name, _, body in rows if name.startswith(f"{site}:")}


def take(tx: Transaction, log: Log, anchor: Anchor, site: str) -> Anchored:
    """Keep a head that grows out of the last one; tell how far the hub has this log, and why it refuses.

    :raises BadRequest: it is no head, or none that its keys have signed.
    """
    try:
        keys = [VerifierKey.parse(key) for key in anchor.keys[:KEYS_MAX]]
    except BadKey as wrong:
        raise BadRequest(wrong.message, place="keys") from wrong
    if not keys:
        raise BadRequest("a head comes with the keys that signed it", place="keys")
    origin = keys[0].name
    request = witness_rules.read(anchor.request.encode(), {origin: keys})
    if isinstance(request, Refusal):
        raise BadRequest(request.message, place="request")
    name = f"{site}:{origin}"
    row = tx.kept(ANCHORS, name)
    last = _decode(row[1]) if row is not None else None
    if last is not None and not set(last.keys) & {str(key) for key in _signers(request, keys)}:
        return Anchored(last.size, refused="none of the keys that signed this log before has signed this head")
    refusal = witness_rules.judge(request, Latest() if last is None else Latest(last.size, last.root))
    if refusal is not None:
        return Anchored(last.size if last is not None else 0, refused=refusal.message)
    head = request.signed.checkpoint
    if last is not None and head.size == last.size:
        return Anchored(last.size)
    told = [log.now, "anchor", site, [str(key) for key in keys], request.signed.format()]
    position = log.append(RecordKind.ANCHOR, b"\x01" + _encode(told), party=tx.name_id(site))
    tx.keep(ANCHORS, name, log.now, _encode(Last(head.size, head.root, [str(key) for key in keys], position)))
    return Anchored(head.size)


def _signers(request: witness_rules.Request, keys: list[VerifierKey]) -> list[VerifierKey]:
    return list(note.verify(request.signed.note, keys))
