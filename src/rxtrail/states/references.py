"""References such as a prescription number: sealed, beside the record, told to this node's own people only."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from rxtrail.secrets_box import SecretsBox
    from rxtrail.store import Reader, Transaction

KIND = "sealed-reference"
_VERSION = 1


class Reference(msgspec.Struct, frozen=True, gc=False):
    """One reference: of which change (its log position), when (microseconds), for which verb."""

    log_index: int
    at: int
    verb: str
    ref: str


class _Sealed(msgspec.Struct, frozen=True, gc=False, array_like=True):
    version: int
    entries: list[tuple[int, int, str, bytes]]


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(_Sealed).decode


def keep_reference(tx: Transaction, box: SecretsBox, epc: str, position: int, now: int, verb: str, ref: str) -> None:
    """Seal a reference of a change and keep it with the pack's others."""
    kept = tx.kept(KIND, epc)
    entries = _decode(kept[1]).entries if kept is not None else []
    sealed = box.seal(ref, about=f"{epc} {position}")
    tx.keep(KIND, epc, now, _encode(_Sealed(_VERSION, [*entries, (position, now, verb, sealed)])))


def references_of(reader: Reader, box: SecretsBox, epc: str) -> list[Reference]:
    """Open the references of one pack or container, oldest first.

    :raises NotOpened: another key sealed them.
    """
    kept = reader.kept(KIND, epc)
    if kept is None:
        return []
    return [
        Reference(position, at, verb, box.open(sealed, about=f"{epc} {position}"))
        for position, at, verb, sealed in _decode(kept[1]).entries
    ]
