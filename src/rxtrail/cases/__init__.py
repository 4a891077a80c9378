"""Cases: what a machine cannot settle and a person must look at; opened by any room, closed by name and reason.

A case is opened in the same transaction as what made it necessary, is a record of the log, and is never dropped.
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any, Final

import msgspec

from rxtrail.errors import BadRequest, NotFound, Refused
from rxtrail.record.newest import newest
from rxtrail.record.times import iso
from rxtrail.store.rows import RecordKind

if TYPE_CHECKING:
    from collections.abc import Callable

    from rxtrail.ledger.log import Log
    from rxtrail.ledger.writer import Writer
    from rxtrail.store import Reader, Transaction

KIND: Final = "case"  # of what the store keeps
ID_BYTES: Final = 5
TEXT_CHARACTERS_MAX: Final = 500
STATES: Final = ("open", "closed")


class Case(msgspec.Struct, frozen=True, gc=False):
    """One case. ``pack`` is canonical, "" when the case is about none; times are ISO 8601 in UTC."""

    id: str
    opened_at: str
    kind: str  # kebab-case: what sort of conflict it is
    pack: str
    what: str  # one sentence for a person
    site: str = ""
    evidence: dict[str, Any] = {}
    state: str = "open"
    closed_at: str = ""
    closed_by: str = ""
    reason: str = ""  # why it was closed


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Case).decode


def open_case(
    tx: Transaction,
    log: Log,
    *,
    kind: str,
    what: str,
    random_bytes: Callable[[int], bytes],
    pack: str = "",
    site: str = "",
    evidence: dict[str, Any] | None = None,
) -> Case:
    """Open a case within a transaction; it stands in the log from there on."""
    number = _new_id(tx, random_bytes)
    case = Case(number, iso(log.now), kind, pack, what, site, evidence or {})
    log.append(RecordKind.DECISION, b"\x01" + _encode([log.now, "case-opened", case]), party=tx.name_id(site))
    tx.keep(KIND, number, log.now, _encode(case))
    return case


def is_open(reader: Reader, number: str) -> bool:
    """Tell whether there is a case of this id that nobody has closed."""
    row = reader.kept(KIND, number)
    return row is not None and _decode(row[1]).state == "open"


class Cases:
    """The use case: list, look at, close."""

    def __init__(self, writer: Callable[[], Writer], reader: Callable[[], Reader]) -> None:
        """Take what gives the writer (or raises ``Busy``) and the calling thread's reader."""
        self._writer = writer
        self._reader = reader

    def page(self, after: str = "", limit: int = 100, *, state: str = "", kind: str = "") -> list[Case]:
        """List cases, the newest first, those after the case of this id; of one state and kind when given.

        :raises BadRequest: a state that is none.
        :raises NotFound: there is no case ``after``.
        """
        if state not in ("", *STATES):
            raise BadRequest(f"state {state!r} is none of {', '.join(STATES)}", place="state")
        return newest(
            self._reader(),
            KIND,
            _decode,
            lambda each: state in ("", each.state) and kind in ("", each.kind),
            after=after,
            limit=limit,
            missing=_missing,
        )

    def get(self, number: str) -> Case:
        """Give one case; raises ``NotFound``."""
        row = self._reader().kept(KIND, number)
        if row is None:
            raise _missing(number)
        return _decode(row[1])

    def close(self, number: str, *, reason: str, by: str) -> Case:
        """Close a case, durably; the same words twice close it once.

        :raises BadRequest: nobody is named, or no reason is given.
        :raises NotFound: there is no such case.
        :raises Refused: somebody closed it before, with other words.
        """
        for name, text in (("reason", reason), ("by", by)):
            if not text.strip() or len(text) > TEXT_CHARACTERS_MAX:
                raise BadRequest(
                    f"a case is closed with a {'reason' if name == 'reason' else 'name'}",
                    place=name,
                    advice=f"Give it in at most {TEXT_CHARACTERS_MAX} characters.",
                )

        def write(tx: Transaction, log: Log) -> Case:
            row = tx.kept(KIND, number)
            if row is None:
                raise _missing(number)
            at, body = row
            case = _decode(body)
            if case.state == "closed":
                if (case.reason, case.closed_by) == (reason, by):
                    return case
                raise Refused(
                    f"{case.closed_by} closed this case at {case.closed_at}: {case.reason}",
                    place="closed",
                    advice="Open its pack, and look at what has happened since.",
                )
            closed = msgspec.structs.replace(case, state="closed", closed_at=iso(log.now), closed_by=by, reason=reason)
            decision = [log.now, "case-closed", number, reason, by]
            log.append(RecordKind.DECISION, b"\x01" + _encode(decision), party=tx.name_id(case.site))
            tx.keep(KIND, number, at, _encode(closed))
            return closed

        return self._writer().do(write)


def _new_id(tx: Transaction, random_bytes: Callable[[int], bytes]) -> str:
    """Give an identifier that a person can read out on the telephone."""
    while True:
        number = f"C-{base64.b32encode(random_bytes(ID_BYTES)).decode()}"
        if tx.kept(KIND, number) is None:
            return number


def _missing(number: str) -> NotFound:
    return NotFound(f"no case {number[:40]}", place="case", advice="List the cases with: rxtrail cases")
