"""The keys of a record as rows of its table ``data_key``: wrapped, so that the table tells nobody anything.

The root key wraps the keys of each tenant, a tenant's newest key wraps its data keys, and a data key seals one segment:
what one process has written since it started. A key that was destroyed keeps its row, with nothing in ``wrapped``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

from cryptography.hazmat.primitives.keywrap import (
    InvalidUnwrap,
    aes_key_unwrap_with_padding,
    aes_key_wrap_with_padding,
)

from rxtrail.sealing.refusals import CannotDecrypt, Shredded
from rxtrail.sealing.root import Root, derive

if TYPE_CHECKING:
    from collections.abc import Iterable

TENANT, SEGMENT = 1, 2
ORIGIN_BYTES: Final = 16


class KeyRow(NamedTuple):
    """One key; ``version``: the tenant's key when it was made, ``wrapped_by``: the one it lies under now."""

    id: int
    kind: int
    tenant: int
    version: int
    wrapped_by: int
    root: str  # of a tenant's key: the name of the root key that wraps it
    origin: str  # of the record: bound into all that is sealed, so that nothing can be carried into another one
    made_at: int  # microseconds
    ended_at: int  # when it was destroyed; 0 while it is there
    wrapped: bytes

    @property
    def name(self) -> str:
        """Name the key for people."""
        if self.kind == TENANT:
            return f"key {self.version} of tenant {self.tenant}"
        return f"key {self.id} (a segment of tenant {self.tenant})"


class KeyTable(Protocol):
    """What is asked of an engine that keeps the rows."""

    def data_key(self, number: int) -> KeyRow | None:
        """Read one key."""
        ...

    def tenant_keys(self, tenant: int) -> Iterable[KeyRow]:
        """Read the keys of one tenant itself, in the order of their versions."""
        ...

    def is_committed_to(self, table: str, row: tuple[int, ...], data: bytes) -> bool:
        """Tell whether the log commits to these bytes as what lies there; of what it does not commit to, yes."""
        ...


def wrap_tenant(root: Root, row: KeyRow, key: bytes) -> bytes:
    """Wrap a tenant's key under the root key."""
    return aes_key_wrap_with_padding(root.derive("tenant key wrapping/v1", _tenant_about(row)), key)


def unwrap_tenant(root: Root, row: KeyRow) -> bytes:
    """Open a tenant's key.

    :raises Shredded: it was destroyed.
    :raises CannotDecrypt: another root key wrapped it, or its row was changed.
    """
    _refuse_ended(row)
    return _unwrapped(root.derive("tenant key wrapping/v1", _tenant_about(row)), row)


def moved_tenant(old: Root, new: Root, row: KeyRow) -> KeyRow:
    """Give a row as it stands under another root key: a tenant's key wrapped anew, any other row as it is.

    :raises CannotDecrypt: the old root key does not open it.
    """
    if row.kind != TENANT or row.ended_at or row.root == new.id:
        return row
    moved = row._replace(root=new.id)
    return moved._replace(wrapped=wrap_tenant(new, moved, unwrap_tenant(old, row)))


def wrap_segment(tenant_key: bytes, row: KeyRow, key: bytes) -> bytes:
    """Wrap a data key under a tenant's key."""
    return aes_key_wrap_with_padding(derive(tenant_key, "data key wrapping/v1", _segment_about(row)), key)


def unwrap_segment(tenant_key: bytes, row: KeyRow) -> bytes:
    """Open a data key.

    :raises Shredded: it was destroyed.
    :raises CannotDecrypt: its row was changed.
    """
    _refuse_ended(row)
    return _unwrapped(derive(tenant_key, "data key wrapping/v1", _segment_about(row)), row)


def _tenant_about(row: KeyRow) -> bytes:
    return f"{row.tenant}/{row.version}/{row.origin}".encode()


def _segment_about(row: KeyRow) -> bytes:
    return f"{row.id}/{row.tenant}/{row.version}/{row.origin}".encode()


def _refuse_ended(row: KeyRow) -> None:
    if row.ended_at:
        raise Shredded(
            f"cannot decrypt: {row.name} was destroyed on purpose, and what it sealed is gone for good",
            place=f"data_key {row.id}",
            advice="That it was there, when, and that it was not changed can still be proven from the log.",
        )


def _unwrapped(wrapping: bytes, row: KeyRow) -> bytes:
    try:
        return aes_key_unwrap_with_padding(wrapping, row.wrapped)
    except (InvalidUnwrap, ValueError) as wrong:
        raise CannotDecrypt(
            f"cannot decrypt: {row.name} does not open; its row was changed",
            place=f"data_key {row.id}",
            advice="Restore the record from a backup. What the log proves can still be proven.",
        ) from wrong
