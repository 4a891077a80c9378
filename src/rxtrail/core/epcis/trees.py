"""Extension trees: members put together, texts taken out (see ``event.type_tree``)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rxtrail.core.epcis.event import type_tree


def add(tree: type_tree, key: str, value: Any) -> None:  # noqa: ANN401 -- an extension is any tree
    """Put a member into a tree; a repeated one makes a list."""
    if key not in tree:
        tree[key] = value
    elif isinstance(tree[key], list):
        tree[key].append(value)
    else:
        tree[key] = [tree[key], value]


def text(value: object) -> str:
    """Give the text of a leaf: of several the first that has one, of one with attributes its own."""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, list):
        return next((found for found in map(text, value) if found), "")
    if isinstance(value, dict):
        return text(value.get("#text", value.get("@value", "")))
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)
