"""The command line's side of the writer's socket: a node that lives in the running ``serve``."""

from __future__ import annotations

import contextlib
import os
import select
import socket
import threading
from typing import TYPE_CHECKING, BinaryIO, Final, Self, TypeVar

import msgspec

from rxtrail import errors
from rxtrail.alerts import (
    Alert,
    AlertCommand,
    Channel,
    ChannelCommand,
    ProfileCommand,
    ProfilesReport,
    RouteCommand,
    RoutesReport,
)
from rxtrail.answers import (
    CaptureJob,
    CaptureReceipt,
    ChangeReceipt,
    CountIn,
    CountInReceipt,
    Document,
    ExportFilters,
    Holders,
    Journey,
    NodeIdentity,
    Partner,
    PartnersReport,
    Status,
    Verdict,
)
from rxtrail.calibration import Station
from rxtrail.cases import Case
from rxtrail.core.rules.coverage import Product
from rxtrail.private_socket import expect_private, short_address
from rxtrail.products import ProductsReport
from rxtrail.recalls import Recall, RecallCommand
from rxtrail.states import ChangeItem, ChangeJob, ChangeResult, Order, Reference
from rxtrail.web import frames
from rxtrail.web.frames import Kind

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from types import TracebackType

    from rxtrail.web.port import Progress

T = TypeVar("T")

ANSWER_SECONDS_MAX: Final = 120.0
"""The server gives up long before; a capture has no such bound, since it tells its progress."""


class RemoteNode:
    """The node of a running ``serve``, with the same verbs; raises what the node itself raises.

    Made with DATA's path. Raises ``Busy`` when nobody answers there, ``BadRequest`` when others could.
    """

    def __init__(self, data: Path) -> None:
        self._path = data / frames.SOCKET_NAME
        self._idle: list[socket.socket] = []
        self._lock = threading.Lock()
        self._release(self._connect())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections; the server goes on."""
        with self._lock:
            while self._idle:
                self._idle.pop().close()

    def identity(self) -> NodeIdentity:
        """Whose record this is."""
        return self._ask("identity", frames.NoArguments(), NodeIdentity)

    @property
    def stations(self) -> RemoteStations:
        """The calibrated scanning stations."""
        return RemoteStations(self)

    def verify(
        self, scan: str, *, site: str = "", purpose: str = "dispense", key: str = "", station: str = ""
    ) -> Verdict:
        """Judge one scanned text, of a calibrated station if one is named, and note that the scan happened."""
        return self._ask("verify", frames.VerifyArguments(scan, site, purpose, key, station), Verdict)

    def trace(self, code: str) -> Journey:
        """The whole way of one pack or container."""
        return self._ask("trace", frames.CodeArguments(code), Journey)

    def holders(self, gtin: str, lot: str, *, expiry: str = "") -> Holders:
        """Who holds the packages of a lot now."""
        return self._ask("holders", frames.HoldersArguments(gtin, lot, expiry), Holders)

    def change(
        self,
        verb: str,
        code: str,
        *,
        site: str = "",
        key: str = "",
        partial: str = "",
        ref: str = "",
        reason: str = "",
        by: str = "",
        to: str = "",
        override: str = "",
        attestation: str = "",
    ) -> ChangeReceipt:
        """Change the state of a pack or container, durably, or raise ``Refused``."""
        arguments = frames.ChangeArguments(
            verb,
            code,
            site=site,
            key=key,
            partial=partial,
            ref=ref,
            reason=reason,
            by=by,
            to=to,
            override=override,
            attestation=attestation,
        )
        return self._ask("change", arguments, ChangeReceipt)

    def recall(self, command: RecallCommand) -> Recall:
        """Carry out one step of a recall."""
        return self._ask("recall", frames.RecallArguments(command), Recall)

    def alert(self, command: AlertCommand) -> Alert:
        """Carry out one step of an alert."""
        return self._ask("alert", frames.AlertArguments(command), Alert)

    def route(self, command: RouteCommand) -> RoutesReport:
        """Load, approve or retire approved routes."""
        return self._ask("route", frames.RouteArguments(command), RoutesReport)

    def profile(self, command: ProfileCommand) -> ProfilesReport:
        """Load or retire temperature profiles."""
        return self._ask("profile", frames.ProfileArguments(command), ProfilesReport)

    def channel(self, command: ChannelCommand) -> list[Channel]:
        """Add or remove who is told of alerts, or send again what was not taken."""
        return self._ask("channel", frames.ChannelArguments(command), list[Channel])

    def close_case(self, case: str, *, reason: str, by: str) -> Case:
        """Close a case with a reason and a name; raises ``NotFound`` and ``Refused``."""
        return self._ask("close_case", frames.CloseCaseArguments(case, reason, by), Case)

    def submit_changes(self, order: Order, items: list[ChangeItem]) -> ChangeJob:
        """Begin with a list of changes; ``order`` holds what they have in common."""
        return self._ask("submit_changes", frames.ChangesArguments(order, items), ChangeJob)

    def change_job(self, job: str, *, wait_seconds: float = 0.0) -> ChangeJob:
        """How far a list of changes is; raises ``NotFound``."""
        return self._ask("change_job", frames.ChangeJobArguments(job, wait_seconds), ChangeJob)

    def change_results(self, job: str, after: int = -1, limit: int = 100) -> list[ChangeResult]:
        """What became of the items of a list behind a number; raises ``NotFound``."""
        asked = frames.ChangeJobArguments(job, after=after, limit=limit)
        return self._ask("change_results", asked, list[ChangeResult])

    def references(self, code: str) -> list[Reference]:
        """The references that were given for a pack."""
        return self._ask("references", frames.CodeArguments(code), list[Reference])

    def capture(
        self, stream: BinaryIO, *, name: str, proceed: bool = False, progress: Progress | None = None
    ) -> CaptureReceipt:
        """Accept a document and apply it; raises ``BadDocument`` when it is refused."""
        return self._send("capture", frames.CaptureArguments(name, proceed), stream, CaptureReceipt, progress)

    def submit(self, stream: BinaryIO, *, name: str, proceed: bool = False) -> CaptureJob:
        """Accept a document, apply it in the background; raises ``BadDocument`` when it is refused."""
        return self._send("submit", frames.CaptureArguments(name, proceed), stream, CaptureJob, None)

    def job(self, job_id: str) -> CaptureJob:
        """How far one capture is; raises ``NotFound``."""
        return self._ask("job", frames.JobArguments(job_id), CaptureJob)

    def jobs(self, after: str = "", limit: int = 100) -> list[CaptureJob]:
        """Captures, newest first, those after the job of this id."""
        return self._ask("jobs", frames.PageArguments(after, limit), list[CaptureJob])

    def count_in(self, rows: list[CountIn], *, by: str, supplier: str, ref: str) -> CountInReceipt:
        """Count in packs received before the record began."""
        return self._ask("count_in", frames.CountInArguments(rows, by, supplier, ref), CountInReceipt)

    def export(self, what: str, fmt: str, *, filters: ExportFilters) -> Iterator[bytes]:
        """Packs or events as CSV, JSON or EPCIS."""
        return self._receive("export", frames.ExportArguments(what, fmt, filters))

    def load_partners(self, table: bytes) -> PartnersReport:
        """Replace the partner table."""
        return self._ask("load_partners", frames.PartnersArguments(table), PartnersReport)

    def load_products(self, table: bytes, *, replace: bool = False) -> ProductsReport:
        """Add products of a CSV or JSON table or change them."""
        return self._ask("load_products", frames.ProductsArguments(table, replace), ProductsReport)

    def remove_product(self, gtin: str) -> Product:
        """Remove a product from the table; raises ``NotFound``."""
        return self._ask("remove_product", frames.CodeArguments(gtin), Product)

    def partners(self) -> list[Partner]:
        """The partner table."""
        return self._ask("partners", frames.NoArguments(), list[Partner])

    def documents(self, after: str = "", limit: int = 100) -> list[Document]:
        """Documents that are kept, in the node's order, those after the one of this SHA-256."""
        return self._ask("documents", frames.PageArguments(after, limit), list[Document])

    def document_raw(self, sha256: str) -> Iterator[bytes]:
        """The bytes of one document as they came; raises ``NotFound``."""
        return self._receive("document_raw", frames.DocumentArguments(sha256))

    def document_receipt(self, sha256: str) -> CaptureReceipt:
        """The receipt of a kept document with its findings; raises ``NotFound``."""
        return self._ask("document_receipt", frames.DocumentArguments(sha256), CaptureReceipt)

    def status(self) -> Status:
        """What this node holds."""
        return self._ask("status", frames.NoArguments(), Status)

    # --- the three shapes of a call -----------------------------------------------------------------------

    def _ask(self, verb: str, arguments: msgspec.Struct, kind: type[T]) -> T:
        """Ask for one value; raises the error that came instead."""
        with self._connection() as connection:
            connection.settimeout(ANSWER_SECONDS_MAX)
            connection.sendall(_call(verb, arguments))
            return msgspec.msgpack.decode(_answer(connection, None), type=kind)

    def _send(
        self, verb: str, arguments: msgspec.Struct, stream: BinaryIO, kind: type[T], progress: Progress | None
    ) -> T:
        with self._connection() as connection:
            connection.settimeout(None)
            connection.sendall(_call(verb, arguments))
            early = _upload(connection, stream, progress)
            return msgspec.msgpack.decode(_answer(connection, progress) if early is None else early, type=kind)

    def _receive(self, verb: str, arguments: msgspec.Struct) -> Iterator[bytes]:
        with self._connection() as connection:
            connection.settimeout(ANSWER_SECONDS_MAX)
            connection.sendall(_call(verb, arguments))
            while True:
                kind, payload = _read(connection)
                if kind is Kind.END:
                    return
                if kind is Kind.ERROR:
                    raise _error(payload)
                yield payload

    # --- connections --------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def _connection(self) -> Iterator[socket.socket]:
        with self._lock:
            connection = self._idle.pop() if self._idle else None
        if connection is None:
            connection = self._connect()
        whole = False
        try:
            yield connection
            whole = True
        except (TimeoutError, ConnectionError) as gone:
            raise _lost(self._path) from gone
        finally:
            # After an error the other side may be in the middle of a frame, so it is not used again.
            if whole:
                self._release(connection)
            else:
                connection.close()

    def _release(self, connection: socket.socket) -> None:
        with self._lock:
            self._idle.append(connection)

    def _connect(self) -> socket.socket:
        us = os.geteuid()
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            expect_private(self._path.parent, self._path.parent.stat(), us)
            expect_private(self._path, self._path.lstat(), us)
            with short_address(self._path) as address:
                connection.connect(address)
        except OSError as gone:
            connection.close()
            raise _lost(self._path) from gone
        except errors.RxtrailError:
            connection.close()
            raise
        return connection


class RemoteStations:
    """The scanning stations of the node of a running ``serve``."""

    def __init__(self, node: RemoteNode) -> None:
        self._ask = node._ask  # noqa: SLF001 - a part of the node, apart because its verbs belong together

    def save(self, name: str, scan: str, *, took_ms: float | None = None) -> Station:
        """Calibrate a station by a scan of the symbol; raises ``BadRequest`` when it is not the symbol."""
        return self._ask("save_station", frames.StationArguments(name, scan, took_ms), Station)

    def remove(self, name: str) -> None:
        """Forget a station; raises ``NotFound``."""
        self._ask("remove_station", frames.StationArguments(name), type(None))

    def all(self) -> list[Station]:
        """List the stations by name."""
        return self._ask("stations", frames.NoArguments(), list[Station])


def _call(verb: str, arguments: msgspec.Struct) -> bytes:
    encoded = msgspec.Raw(msgspec.msgpack.encode(arguments))
    return frames.frame(Kind.CALL, msgspec.msgpack.encode(frames.Call(verb, encoded)))


def _upload(connection: socket.socket, stream: BinaryIO, progress: Progress | None) -> bytes | None:
    """Send a document; gives the answer when one came before its end, raises the refusal that did."""
    while piece := stream.read(frames.PIECE_BYTES):
        try:
            connection.sendall(frames.frame(Kind.PIECE, piece))
        except BrokenPipeError:
            return _answer(connection, progress)  # refused already; what was said before can still be read
        while select.select([connection], [], [], 0)[0]:
            answer = _step(connection, progress)
            if answer is not None:
                return answer
    connection.sendall(frames.frame(Kind.END))
    return None


def _answer(connection: socket.socket, progress: Progress | None) -> bytes:
    """Wait for the answer, telling the progress meanwhile; raises the error that came instead."""
    while (answer := _step(connection, progress)) is None:
        pass
    return answer


def _step(connection: socket.socket, progress: Progress | None) -> bytes | None:
    kind, payload = _read(connection)
    if kind is Kind.ERROR:
        raise _error(payload)
    if kind is Kind.ANSWER:
        return payload
    if kind is not Kind.PROGRESS:
        raise ConnectionError(f"{kind.name} came where an answer belongs")
    if progress is not None:
        progress(*msgspec.msgpack.decode(payload, type=tuple[int, int]))
    return None


def _read(connection: socket.socket) -> tuple[Kind, bytes]:
    kind, count = frames.read_head(_exactly(connection, frames.HEAD.size))
    return kind, _exactly(connection, count)


def _exactly(connection: socket.socket, count: int) -> bytes:
    buffer = bytearray(count)
    view = memoryview(buffer)
    while view:
        got = connection.recv_into(view)
        if got == 0:
            raise ConnectionResetError("the server closed the connection")
        view = view[got:]
    return bytes(buffer)


def _error(payload: bytes) -> errors.RxtrailError:
    return frames.error_of(msgspec.msgpack.decode(payload, type=frames.Failure))


def _lost(path: Path) -> errors.Busy:
    return errors.Busy(
        "The `rxtrail serve` that holds this record does not answer.",
        place=str(path),
        advice="See whether it still runs; a write may have happened, and the same --key finds out.",
    )
