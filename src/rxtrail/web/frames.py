"""Frames on the writer's socket: one byte of kind, four of length, the payload. Both sides read this file."""

from __future__ import annotations

import enum
import struct
from typing import Final

import msgspec

from rxtrail import errors
from rxtrail.alerts import AlertCommand, ChannelCommand, ProfileCommand, RouteCommand
from rxtrail.answers import CountIn, ExportFilters
from rxtrail.core.rules.alert import EuView
from rxtrail.recalls import RecallCommand
from rxtrail.states import ChangeItem, Order
from rxtrail.states.allowing import with_alert
from rxtrail.states.refusals import Alerted
from rxtrail.web import refusals

PROTOCOL: Final = 1
HEAD: Final = struct.Struct(">BI")
PAYLOAD_BYTES_MAX: Final = 256 * 1024 * 1024
"""The longest answer, a journey with very many events; anything longer is not ours."""

PIECE_BYTES: Final = 256 * 1024
SOCKET_NAME: Final = "writer.sock"


class Kind(enum.IntEnum):
    """What a frame is."""

    CALL = 1  # client: a verb and its arguments
    PIECE = 2  # both: bytes of a document or an export
    END = 3  # both: no more pieces
    PROGRESS = 4  # server: done, total
    ANSWER = 5  # server: the result
    ERROR = 6  # server: a named error


class Call(msgspec.Struct, frozen=True, gc=False):
    """A verb of the node with its arguments, still encoded: their type depends on the verb."""

    verb: str
    arguments: msgspec.Raw
    protocol: int = PROTOCOL


class Failure(msgspec.Struct, frozen=True, gc=False):
    """A named error on its way to the other side."""

    kind: str
    code: str
    message: str
    place: str = ""
    advice: str = ""
    eu: EuView | None = None  # the alert that a refused change raises


class VerifyArguments(msgspec.Struct, frozen=True, gc=False):
    """The arguments of ``verify``."""

    scan: str
    site: str = ""
    purpose: str = "dispense"
    key: str = ""
    station: str = ""


class StationArguments(msgspec.Struct, frozen=True, gc=False):
    """The arguments of ``save_station`` and ``remove_station``."""

    name: str
    scan: str = ""
    took_ms: float | None = None


class CodeArguments(msgspec.Struct, frozen=True, gc=False):
    """The argument of ``trace``."""

    code: str


class HoldersArguments(msgspec.Struct, frozen=True, gc=False):
    """The arguments of ``holders``."""

    gtin: str
    lot: str
    expiry: str = ""


class ChangeArguments(msgspec.Struct, frozen=True, gc=False):
    """The arguments of ``change``."""

    verb: str
    code: str
    site: str = ""
    key: str = ""
    partial: str = ""
    ref: str = ""
    reason: str = ""
    by: str = ""
    to: str = ""
    override: str = ""
    attestation: str = ""


class RecallArguments(msgspec.Struct, frozen=True):
    """The arguments of ``recall``."""

    command: RecallCommand


class AlertArguments(msgspec.Struct, frozen=True, gc=False):
    """The arguments of ``alert``."""

    command: AlertCommand


class RouteArguments(msgspec.Struct, frozen=True, gc=False):
    """The arguments of ``route``."""

    command: RouteCommand


class ProfileArguments(msgspec.Struct, frozen=True, gc=False):
    """The arguments of ``profile``."""

    command: ProfileCommand


class ChannelArguments(msgspec.Struct, frozen=True, gc=False):
    """The arguments of ``channel``."""

    command: ChannelCommand


class CloseCaseArguments(msgspec.Struct, frozen=True, gc=False):
    """The arguments of ``close_case``."""

    case: str
    reason: str
    by: str


class ChangesArguments(msgspec.Struct, frozen=True, gc=False):
    """The arguments of ``submit_changes``."""

    order: Order
    items: list[ChangeItem]


class ChangeJobArguments(msgspec.Struct, frozen=True, gc=False):
    """The arguments of ``change_job`` and ``change_results``."""

    job: str
    wait_seconds: float = 0.0
    after: int = -1
    limit: int = 100


class CaptureArguments(msgspec.Struct, frozen=True, gc=False):
    """The arguments of ``capture`` and ``submit``; the document follows in pieces."""

    name: str
    proceed: bool = False


class JobArguments(msgspec.Struct, frozen=True, gc=False):
    """The argument of ``job``."""

    job_id: str


class PageArguments(msgspec.Struct, frozen=True, gc=False):
    """The arguments of ``jobs`` and ``documents``."""

    after: str = ""
    limit: int = 100


class CountInArguments(msgspec.Struct, frozen=True, gc=False):
    """The arguments of ``count_in``."""

    rows: list[CountIn]
    by: str
    supplier: str = ""
    ref: str = ""


class ExportArguments(msgspec.Struct, frozen=True, gc=False):
    """The arguments of ``export``."""

    what: str
    fmt: str
    filters: ExportFilters


class PartnersArguments(msgspec.Struct, frozen=True, gc=False):
    """The argument of ``load_partners``."""

    csv: bytes


class ProductsArguments(msgspec.Struct, frozen=True, gc=False):
    """The arguments of ``load_products``."""

    table: bytes
    replace: bool


class DocumentArguments(msgspec.Struct, frozen=True, gc=False):
    """The argument of ``document_raw``."""

    sha256: str


class NoArguments(msgspec.Struct, frozen=True, gc=False):
    """For verbs without any."""


def frame(kind: Kind, payload: bytes = b"") -> bytes:
    """One frame."""
    assert len(payload) <= PAYLOAD_BYTES_MAX, len(payload)
    return HEAD.pack(kind, len(payload)) + payload


def read_head(head: bytes) -> tuple[Kind, int]:
    """Kind and length of the frame that follows; raises ``BadRequest`` for what is not a frame."""
    kind, count = HEAD.unpack(head)
    try:
        known = Kind(kind)
    except ValueError:
        known = None
    if known is None or count > PAYLOAD_BYTES_MAX:
        raise errors.BadRequest(
            "What came over the writer's socket is not a frame.",
            advice="Stop `rxtrail serve` and start it again, so that both sides are of one version.",
        )
    return known, count


_KINDS: Final[dict[str, type[errors.RxtrailError]]] = {
    kind.__name__: kind
    for kind in (
        errors.BadIdentifier,
        errors.BadScan,
        errors.BadRequest,
        errors.NotFound,
        errors.Refused,
        errors.Busy,
        errors.StoreFailed,
        errors.StoreFull,
        refusals.Overloaded,
        refusals.DeadlinePassed,
        refusals.UploadBroken,
    )
}


def failure_of(error: errors.RxtrailError) -> Failure:
    """An error as it travels: by the nearest kind that the other side knows."""
    names = [kind.__name__ for kind in type(error).__mro__]
    known = next((name for name in names if name in _KINDS or name == errors.BadDocument.__name__), "")
    eu = error.eu if isinstance(error, Alerted) else None
    return Failure(known, error.code, error.message, error.place, error.advice, eu)


def error_of(failure: Failure) -> errors.RxtrailError:
    """The error as it was raised on the other side."""
    if failure.kind == errors.BadDocument.__name__:
        return errors.BadDocument(failure.code, failure.message, place=failure.place, advice=failure.advice)
    error = _KINDS.get(failure.kind, errors.RxtrailError)(failure.message, place=failure.place, advice=failure.advice)
    error = with_alert(error, failure.eu)
    error.code = failure.code
    return error
