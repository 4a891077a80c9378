"""Who else sent a document that was kept already: a document is kept once, and is its further senders' too."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from rxtrail.store import Reader, Transaction

KIND: Final = "capture-told-again"


def note(tx: Transaction, job: str, speaker: str, now: int) -> None:
    """Note that somebody else sent the document of a job, and was heard."""
    tx.keep(KIND, f"{job}\n{speaker}", now, b"")


def was_told(reader: Reader, job: str, speaker: str) -> bool:
    """Tell whether the document of a job was sent by this one, too."""
    return "\0" not in job and reader.kept(KIND, f"{job}\n{speaker}") is not None
