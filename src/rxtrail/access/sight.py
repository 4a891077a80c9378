"""What one company may see of what others said: the one place that decides it, for events and for master data.

"" is who may see everything: a node's own users, and everybody on a node that asks for no keys.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Container


def may_see_event(viewer: str, parties: Container[str]) -> bool:
    """Tell whether a company may see an event; ``parties`` are the GLNs of those whom it concerns.

    It concerns all who said it, who send or get the goods in it, and at whose places it happened.
    """
    return not viewer or viewer in parties


def may_see_master_data(viewer: str, speaker: str) -> bool:
    """Tell whether a company may see, or ask by, what a speaker says of a place or product: only its own word.

    Whom a sender told it to is not kept, so nobody else is taken to know it.
    """
    return not viewer or speaker == viewer
