"""The server's side of the writer's socket: the same node, for the command line on this machine."""

from __future__ import annotations

import asyncio
import contextlib
import io
import logging
import time
from functools import partial
from typing import TYPE_CHECKING, Any, BinaryIO, Final, TypeVar, cast

import msgspec

from rxtrail import errors
from rxtrail.private_socket import listen_private
from rxtrail.web import boards_socket, frames, hub_socket, key_socket, limits, serial_socket, vrs_socket
from rxtrail.web.body import BodyStream
from rxtrail.web.frames import Kind
from rxtrail.web.site_door import is_joined

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator
    from pathlib import Path

    from rxtrail.web.context import Web
    from rxtrail.web.port import NodePort

A = TypeVar("A", bound=msgspec.Struct)

_LOG = logging.getLogger("rxtrail.web")
_PROGRESS_SECONDS: Final = 0.1
_BACKLOG: Final = 64


@contextlib.asynccontextmanager
async def serving(web: Web, path: Path) -> AsyncIterator[None]:
    """Listen on the socket while the context lasts; the caller holds DATA's writer lock.

    Raises ``BadRequest`` when others may write into the folder.
    """
    listener = listen_private(path, backlog=_BACKLOG)
    mine = _inode(path)
    open_ = True
    talks: dict[asyncio.Task[None], asyncio.StreamWriter] = {}

    def begin(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # Not a coroutine: one that is cancelled before its first step could not close its connection.
        if not open_:
            writer.close()
            return
        talk = asyncio.create_task(_serve_connection(web, reader, writer))
        talks[talk] = writer
        talk.add_done_callback(talks.pop)

    server = await asyncio.start_unix_server(begin, sock=listener)
    try:
        yield
    finally:
        open_ = False
        server.close()
        _remove(path, mine)
        for talk, writer in talks.items():
            talk.cancel()
            writer.close()
        await asyncio.gather(*talks, return_exceptions=True)


def _inode(path: Path) -> int:
    return path.lstat().st_ino


def _remove(path: Path, mine: int) -> None:
    """Take the socket away, unless it is gone already or another's."""
    with contextlib.suppress(FileNotFoundError):
        if _inode(path) == mine:
            path.unlink()


async def _serve_connection(web: Web, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer one call after the other until the client goes."""
    talk = _Talk(web, reader, writer)
    # A client that goes away in the middle is its own business.
    try:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while await talk.answer_next():
                pass
    finally:
        writer.close()


class _Talk:
    """One connection."""

    def __init__(self, web: Web, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.web = web
        self.node = web.node
        self.writer = writer
        self._reader = reader

    async def answer_next(self) -> bool:
        """Answer one call; False when the connection cannot go on."""
        kind, payload = await self._read()
        try:
            if kind is not Kind.CALL:
                raise errors.BadRequest(f"{kind.name} came where a call belongs.")
            call = _decode(payload, frames.Call)
            if call.protocol != frames.PROTOCOL or call.verb not in _VERBS:
                raise errors.BadRequest(
                    f"This server does not know {call.verb!r} in version {call.protocol} of the socket.",
                    advice="Stop `rxtrail serve` and start it again, so that both sides are of one version.",
                )
            kind_of_arguments, answer = _VERBS[call.verb]
            await answer(self, _decode(bytes(call.arguments), kind_of_arguments))
        except errors.RxtrailError as error:
            self.web.failed(error)
            await self._write(Kind.ERROR, msgspec.msgpack.encode(frames.failure_of(error)))
            return False
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            raise
        except Exception:  # noqa: BLE001 - one call's mistake must not end the others; it is logged whole
            _LOG.exception("our own mistake while answering the writer's socket")
            failure = frames.Failure(
                "", "internal-error", "The server made a mistake; its log has the rest.", advice="Try again."
            )
            await self._write(Kind.ERROR, msgspec.msgpack.encode(failure))
            return False
        return True

    async def answer(self, value: object) -> None:
        """Send the result."""
        await self._write(Kind.ANSWER, msgspec.msgpack.encode(value))

    async def send(self, pieces: Callable[[], Iterator[bytes]]) -> None:
        """Send a stream."""
        async with contextlib.aclosing(self.web.streams.stream(pieces)) as stream:
            async for piece in stream:
                for start in range(0, len(piece), frames.PIECE_BYTES):
                    await self._write(Kind.PIECE, piece[start : start + frames.PIECE_BYTES])
        await self._write(Kind.END)

    def document(self) -> BinaryIO:
        """The document whose pieces follow the call, as a file for a worker."""
        raw = BodyStream(self._pieces(), limit="DOCUMENT_BYTES_MAX", bytes_max=limits.DOCUMENT_BYTES_MAX)
        return cast("BinaryIO", io.BufferedReader(raw, limits.MIB))

    def progress(self) -> Callable[[int, int], None]:
        """A progress callback for a worker: at most ten a second, and always the last."""
        loop = asyncio.get_running_loop()
        told_at = 0.0

        def tell(done: int, total: int) -> None:
            nonlocal told_at
            now = time.monotonic()
            if now - told_at >= _PROGRESS_SECONDS or done >= total:
                told_at = now
                payload = msgspec.msgpack.encode((done, total))
                loop.call_soon_threadsafe(self.writer.write, frames.frame(Kind.PROGRESS, payload))

        return tell

    async def _pieces(self) -> AsyncIterator[bytes]:
        while True:
            kind, payload = await self._read()
            if kind is Kind.END:
                return
            if kind is not Kind.PIECE:
                raise ConnectionError(f"{kind.name} came where a piece belongs")
            yield payload

    async def _read(self) -> tuple[Kind, bytes]:
        kind, count = frames.read_head(await self._reader.readexactly(frames.HEAD.size))
        return kind, await self._reader.readexactly(count)

    async def _write(self, kind: Kind, payload: bytes = b"") -> None:
        self.writer.write(frames.frame(kind, payload))
        await self.writer.drain()


def _decode(payload: bytes, kind: type[A]) -> A:
    try:
        return msgspec.msgpack.decode(payload, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as wrong:
        raise errors.BadRequest(f"The call does not fit: {wrong}.") from wrong


async def _verify(talk: _Talk, asked: frames.VerifyArguments) -> None:
    work = partial(
        talk.node.verify, asked.scan, site=asked.site, purpose=asked.purpose, key=asked.key, station=asked.station
    )
    # A hub that is asked too may take its time, and all counters wait on this thread.
    verdict = await talk.web.read(work) if is_joined(talk.web) else work()
    await talk.answer(verdict)


async def _change(talk: _Talk, asked: frames.ChangeArguments) -> None:
    details = {name: getattr(asked, name) for name in asked.__struct_fields__ if name not in ("verb", "code")}
    await talk.answer(await talk.web.write(partial(talk.node.change, asked.verb, asked.code, **details)))


async def _recall(talk: _Talk, asked: frames.RecallArguments) -> None:
    await talk.answer(await talk.web.write(partial(talk.node.recall, asked.command)))


async def _alert(talk: _Talk, asked: frames.AlertArguments) -> None:
    await talk.answer(await talk.web.write(partial(talk.node.alert, asked.command)))


async def _route(talk: _Talk, asked: frames.RouteArguments) -> None:
    await talk.answer(await talk.web.write(partial(talk.node.route, asked.command)))


async def _profile(talk: _Talk, asked: frames.ProfileArguments) -> None:
    await talk.answer(await talk.web.write(partial(talk.node.profile, asked.command)))


async def _channel(talk: _Talk, asked: frames.ChannelArguments) -> None:
    await talk.answer(await talk.web.write(partial(talk.node.channel, asked.command)))


async def _close_case(talk: _Talk, asked: frames.CloseCaseArguments) -> None:
    await talk.answer(await talk.web.write(partial(talk.node.close_case, asked.case, reason=asked.reason, by=asked.by)))


async def _submit_changes(talk: _Talk, asked: frames.ChangesArguments) -> None:
    await talk.answer(await talk.web.write(partial(talk.node.submit_changes, asked.order, asked.items)))


async def _capture(talk: _Talk, asked: frames.CaptureArguments) -> None:
    work = partial(talk.node.capture, talk.document(), name=asked.name, proceed=asked.proceed, progress=talk.progress())
    await talk.answer(await talk.web.uploads.call(work, seconds=limits.UPLOAD_SECONDS_MAX))


async def _submit(talk: _Talk, asked: frames.CaptureArguments) -> None:
    work = partial(talk.node.submit, talk.document(), name=asked.name, proceed=asked.proceed)
    await talk.answer(await talk.web.uploads.call(work, seconds=limits.UPLOAD_SECONDS_MAX))


async def _count_in(talk: _Talk, asked: frames.CountInArguments) -> None:
    work = partial(talk.node.count_in, asked.rows, by=asked.by, supplier=asked.supplier, ref=asked.ref)
    await talk.answer(await talk.web.write(work))


async def _load_partners(talk: _Talk, asked: frames.PartnersArguments) -> None:
    await talk.answer(await talk.web.write(partial(talk.node.load_partners, asked.csv)))


async def _load_products(talk: _Talk, asked: frames.ProductsArguments) -> None:
    await talk.answer(await talk.web.write(partial(talk.node.load_products, asked.table, replace=asked.replace)))


async def _remove_product(talk: _Talk, asked: frames.CodeArguments) -> None:
    await talk.answer(await talk.web.write(partial(talk.node.remove_product, asked.code)))


async def _save_station(talk: _Talk, asked: frames.StationArguments) -> None:
    work = partial(talk.node.stations.save, asked.name, asked.scan, took_ms=asked.took_ms)
    await talk.answer(await talk.web.write(work))


async def _remove_station(talk: _Talk, asked: frames.StationArguments) -> None:
    await talk.answer(await talk.web.write(partial(talk.node.stations.remove, asked.name)))


async def _export(talk: _Talk, asked: frames.ExportArguments) -> None:
    await talk.send(partial(talk.node.export, asked.what, asked.fmt, filters=asked.filters))


async def _document_raw(talk: _Talk, asked: frames.DocumentArguments) -> None:
    await talk.send(partial(talk.node.document_raw, asked.sha256))


def _reading(work: Callable[[NodePort, Any], object]) -> Callable[[_Talk, Any], Any]:
    """A verb that reads the record and answers with what it found."""

    async def answer(talk: _Talk, asked: msgspec.Struct) -> None:
        await talk.answer(await talk.web.read(partial(work, talk.node, asked)))

    return answer


# Every verb by name: nothing else of the node can be reached.
_VERBS: Final[dict[str, tuple[type[msgspec.Struct], Callable[[_Talk, Any], Any]]]] = {
    "verify": (frames.VerifyArguments, _verify),
    "change": (frames.ChangeArguments, _change),
    "recall": (frames.RecallArguments, _recall),
    "alert": (frames.AlertArguments, _alert),
    "route": (frames.RouteArguments, _route),
    "profile": (frames.ProfileArguments, _profile),
    "channel": (frames.ChannelArguments, _channel),
    "close_case": (frames.CloseCaseArguments, _close_case),
    "submit_changes": (frames.ChangesArguments, _submit_changes),
    "change_job": (
        frames.ChangeJobArguments,
        _reading(lambda node, asked: node.change_job(asked.job, wait_seconds=min(asked.wait_seconds, 1.0))),
    ),
    "change_results": (
        frames.ChangeJobArguments,
        _reading(lambda node, asked: node.change_results(asked.job, asked.after, asked.limit)),
    ),
    "references": (frames.CodeArguments, _reading(lambda node, asked: node.references(asked.code))),
    "capture": (frames.CaptureArguments, _capture),
    "submit": (frames.CaptureArguments, _submit),
    "count_in": (frames.CountInArguments, _count_in),
    "load_partners": (frames.PartnersArguments, _load_partners),
    "load_products": (frames.ProductsArguments, _load_products),
    "remove_product": (frames.CodeArguments, _remove_product),
    "save_station": (frames.StationArguments, _save_station),
    "remove_station": (frames.StationArguments, _remove_station),
    "stations": (frames.NoArguments, _reading(lambda node, _: node.stations.all())),
    "export": (frames.ExportArguments, _export),
    "document_raw": (frames.DocumentArguments, _document_raw),
    "identity": (frames.NoArguments, _reading(lambda node, _: node.identity())),
    "trace": (frames.CodeArguments, _reading(lambda node, asked: node.trace(asked.code))),
    "holders": (
        frames.HoldersArguments,
        _reading(lambda node, asked: node.holders(asked.gtin, asked.lot, expiry=asked.expiry)),
    ),
    "job": (frames.JobArguments, _reading(lambda node, asked: node.job(asked.job_id))),
    "jobs": (frames.PageArguments, _reading(lambda node, asked: node.jobs(asked.after, asked.limit))),
    "partners": (frames.NoArguments, _reading(lambda node, _: node.partners())),
    "documents": (
        frames.PageArguments,
        _reading(lambda node, asked: node.documents(asked.after, asked.limit)),
    ),
    "document_receipt": (
        frames.DocumentArguments,
        _reading(lambda node, asked: node.document_receipt(asked.sha256)),
    ),
    "status": (frames.NoArguments, _reading(lambda node, _: node.status())),
    **vrs_socket.VERBS,
    **hub_socket.VERBS,
    **key_socket.VERBS,
    **serial_socket.VERBS,
    **boards_socket.VERBS,
}
