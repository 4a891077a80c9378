"""An ordered change as it came, and whether it makes sense by itself: nothing here looks at the record."""

from __future__ import annotations

import hashlib

import msgspec

from rxtrail.core.rules.states import CHANGES, Change
from rxtrail.errors import BadRequest

TEXT_CHARACTERS_MAX = 500


class Order(msgspec.Struct, frozen=True, gc=False):
    """One ordered change."""

    verb: str
    code: str
    site: str = ""  # 13-digit GLN
    key: str = ""
    partial: str = ""
    ref: str = ""  # sealed when it is kept, see states.references
    reason: str = ""
    by: str = ""
    to: str = ""
    override: str = ""
    attestation: str = ""  # that the pack never left the pharmacy
    proven: str = ""  # the site key that was shown: the site speaks for itself only; "" when a user of the node orders


_TEXTS = ("site", "key", "partial", "ref", "reason", "by", "to", "override", "attestation")


def change_of(order: Order) -> Change:
    """Give the change that an order asks for, having looked at its words.

    :raises BadRequest: there is no such change, or what it needs is missing or cannot be kept.
    """
    change = CHANGES.get(order.verb)
    if change is None:
        raise BadRequest(f"{order.verb!r} is none of {', '.join(CHANGES)}", place="verb")
    for name in _TEXTS:
        text = getattr(order, name)
        if text:
            check_text(name, text)
    _check_whole("code", order.code)
    if change.needs_reason and not (order.reason or order.attestation):
        raise BadRequest(f"{order.verb} needs a reason", place="reason", advice="Give --reason TEXT.")
    if (order.override or order.attestation) and not order.by:
        what = "an override" if order.override else "an attestation"
        raise BadRequest(f"{what} needs the name of who takes it on", place="by", advice="Give --by NAME.")
    if order.verb == "return" and not is_gln(order.to):
        raise BadRequest("a return needs the GLN it goes to", place="to", advice="Give --to with 13 digits.")
    if order.site and not is_gln(order.site):
        raise BadRequest(f"site {order.site!r} is not a 13-digit GLN", place="site")
    return change


def check_text(name: str, text: str) -> None:
    """Refuse a text that is too long or that cannot be kept."""
    if len(text) > TEXT_CHARACTERS_MAX:
        raise BadRequest(f"{name} is longer than {TEXT_CHARACTERS_MAX} characters", place=name)
    _check_whole(name, text)


def _check_whole(name: str, text: str) -> None:
    """Refuse half a character, which is what a terminal makes of bytes that are no text: it cannot be kept."""
    if text.isascii():
        return
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise BadRequest(f"{name} is not text: character {error.start + 1} is none", place=name) from error


def answer_key(order: Order) -> str:
    """Name an order by what makes it the same one; a digest, since a scan may hold any character.

    Empty without a key: such an order is never the same as another.
    """
    if not order.key:
        return ""
    words = f"{order.verb}\n{order.site}\n{order.by}\n{order.key}\n{order.code}"
    return hashlib.sha256(words.encode()).hexdigest()


def is_gln(text: str) -> bool:
    """Tell whether a text has the shape of a GLN; its check digit is the door's business."""
    return len(text) == 13 and text.isascii() and text.isdigit()
