"""Exit codes, as promised to scripts: the same table for every command."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from rxtrail import errors

if TYPE_CHECKING:
    from rxtrail.core.rules.answer import Answer

FINE = 0
NO = 1  # the answer is no: do not dispense, refused, not found
USAGE = 2
CHECK = 3  # a person decides: amber, or not tracked by law
CANNOT_TELL = 4  # the record could not be reached or is still being written
FAULT = 70  # our own mistake (EX_SOFTWARE of sysexits.h); never NO, which would be an answer
INTERRUPTED = 130  # 128 + SIGINT, as shells say it
OUTPUT_CLOSED = 141  # 128 + SIGPIPE
SERVER_FAULT = "internal-error"  # the code by which a serve tells its own mistake

# Of rooms that are not imported for this: what was asked for is published in a moment, who signs or a server elsewhere
# cannot be asked now.
NOT_NOW = frozenset({"not-published", "signer-away", "unreachable"})
TERMINATED = 143  # 128 + SIGTERM


def of_answer(answer: Answer) -> int:
    """The exit code that says what a verdict says."""
    from rxtrail.core.rules.answer import Answer

    match answer:
        case Answer.OK:
            return FINE
        case Answer.STOP:
            return NO
        case Answer.CHECK | Answer.NOT_COVERED:
            return CHECK
        case Answer.UNCONFIRMED:
            return CANNOT_TELL
        case _:
            assert_never(answer)


def worse(one: int, other: int) -> int:
    """The worse of two exit codes, for a run over many: no, then cannot tell, then check, then fine."""
    order = (FINE, CHECK, CANNOT_TELL, NO)
    return max(one, other, key=order.index)


def of_error(error: errors.RxtrailError) -> int:
    """The exit code of a named error."""
    from rxtrail.sealing.refusals import CannotDecrypt, NotEncrypted
    from rxtrail.web import refusals

    match error:
        case errors.BadRequest() | errors.BadIdentifier():
            return USAGE
        case errors.BadScan():
            return CHECK  # the reader or the reading is at fault: scan again
        case errors.Busy() | errors.StoreFailed() | errors.StoreDamaged() | CannotDecrypt() | NotEncrypted():
            return CANNOT_TELL
        case refusals.Overloaded() | refusals.DeadlinePassed() | refusals.UploadBroken():
            return CANNOT_TELL  # what a serve says that holds the record
        case _ if error.code in NOT_NOW:
            return CANNOT_TELL
        case _ if error.code == SERVER_FAULT:
            return FAULT
        case _:
            return NO
