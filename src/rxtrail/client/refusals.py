"""What a repository refuses, as it tells it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from rxtrail.errors import RxtrailError

if TYPE_CHECKING:
    from rxtrail.outbound import HttpReply


class Refusal(RxtrailError):
    """A repository's refusal: ``status`` is HTTP's, ``type`` an ``epcisException:*``."""

    code = "epcis-refusal"

    def __init__(self, message: str, *, status: int, type_: str, place: str = "", advice: str = "") -> None:
        """Keep what was told."""
        super().__init__(message, place=place, advice=advice)
        self.status = status
        self.type = type_


class _Problem(msgspec.Struct, frozen=True):
    type: str = ""
    title: str = ""
    detail: str = ""
    place: str = ""
    advice: str = ""


def problem_of(reply: HttpReply) -> Refusal:
    """Read a problem body (RFC 9457); what is none is told by its status."""
    try:
        problem = msgspec.json.decode(reply.body, type=_Problem)
    except msgspec.DecodeError:
        problem = _Problem()
    message = problem.detail or problem.title or f"the repository answered {reply.status}"
    return Refusal(message, status=reply.status, type_=problem.type, place=problem.place, advice=problem.advice)
