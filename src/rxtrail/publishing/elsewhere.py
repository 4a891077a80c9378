"""What witnesses show that the log's key has signed: the signer's memory is held against it before it first signs.

A signer remembers its last head in one file. A copied key has two such files, and a key in an HSM whose folder was lost
has none; then only others know what was signed.
"""

from __future__ import annotations

import contextlib
import hashlib
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Final, NamedTuple

from rxtrail.errors import RxtrailError
from rxtrail.outbound.lasting import Lasting

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rxtrail.core.merkle.policy import Witness

ANSWER_SECONDS: Final = 5.0
AT_ONCE_MAX: Final = 8


class Elsewhere(NamedTuple):
    """The heads that witnesses show, by their names, and those that did not answer."""

    heads: tuple[tuple[str, bytes], ...] = ()
    silent: tuple[str, ...] = ()


def ask(witnesses: Sequence[Witness], origin: str) -> Elsewhere:
    """Ask witnesses for the head of a log that each has cosigned last; one that knows none is no silent one."""
    path = f"/{hashlib.sha256(origin.encode()).hexdigest()}/checkpoint"

    def one(witness: Witness) -> bytes | None:
        with contextlib.closing(Lasting(witness.url)) as server:
            try:
                reply = server.request("GET", path, seconds=ANSWER_SECONDS, headers={})
            except (RxtrailError, OSError):
                return None
        return reply.body if reply.status == 200 else b"" if reply.status == 404 else None

    asked = [witness for witness in witnesses if witness.url]
    with ThreadPoolExecutor(max_workers=AT_ONCE_MAX) as pool:
        answers = list(zip(asked, pool.map(one, asked), strict=True))
    return Elsewhere(
        tuple((witness.name, answer) for witness, answer in answers if answer),
        tuple(witness.name for witness, answer in answers if answer is None),
    )
