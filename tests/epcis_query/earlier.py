"""Rows as an earlier version kept them, which took a query that is refused now."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from rxtrail.bootstrap import Node

CREATED_US = 1_770_000_000_000_000


def keep_query(node: Node, name: str, query: dict[str, Any]) -> None:
    """Keep a named query that no door has looked at."""
    body = {"name": name, "query": query, "owner": "", "created_at": "2026-02-02T02:40:00Z"}
    _keep(node, "epcis-query", f"\n{name}", body)


def keep_stream(node: Node, name: str, query: dict[str, Any], *, dest: str) -> None:
    """Keep a subscription that has been told all there is."""
    body = {
        "id": name, "query_name": "old", "query": query, "owner": "", "dest": dest, "token": "", "stream": True,
        "created_at": CREATED_US, "position": node.epcis.queries.position(0), "min_record_time": CREATED_US,
    }  # fmt: skip
    _keep(node, "epcis-subscription", name, body)


def _keep(node: Node, kind: str, key: str, body: dict[str, Any]) -> None:
    row = msgspec.msgpack.encode(body)
    node._writing()[0].do(lambda tx, _log: tx.keep(kind, key, CREATED_US, row, tell=True))
