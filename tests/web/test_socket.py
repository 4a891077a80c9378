"""The writer's socket: the command line's way to a node that ``serve`` holds."""

from __future__ import annotations

import asyncio
import contextlib
import io
import os
import socket
import stat
import threading
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rxtrail import errors
from rxtrail.answers import CountIn, ExportFilters
from rxtrail.bootstrap import open_node
from rxtrail.web import frames, refusals, socket_server
from rxtrail.web.context import Web
from rxtrail.web.doors import Doors
from rxtrail.web.frames import Kind
from rxtrail.web.socket import RemoteNode
from tests.web import scene
from tests.web.conftest import GOOD, Planted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from rxtrail.bootstrap import Node


@contextlib.contextmanager
def served(node: Any, folder: Path) -> Iterator[None]:
    """The socket's server in a thread of its own."""
    ready = threading.Event()
    stop: list[Callable[[], object]] = []
    failed: list[BaseException] = []

    async def serve() -> None:
        web = Web(node, Doors())
        leave = asyncio.Event()
        loop = asyncio.get_running_loop()
        stop.append(lambda: loop.call_soon_threadsafe(leave.set))
        async with socket_server.serving(web, folder / frames.SOCKET_NAME):
            ready.set()
            await leave.wait()
        web.close()

    def run() -> None:
        try:
            asyncio.run(serve())
        except BaseException as error:  # noqa: BLE001 - handed on to the test
            failed.append(error)
            ready.set()

    thread = threading.Thread(target=run)
    thread.start()
    assert ready.wait(10)
    try:
        if failed:
            raise failed[0]
        yield
    finally:
        if not failed:
            stop[0]()
        thread.join(10)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder


@pytest.fixture
def remote(node: Node, data: Path) -> Iterator[RemoteNode]:
    with served(node, data), RemoteNode(data) as remote:
        # One answer, since a connection that is accepted in the loop's last moment is nobody's to close.
        assert remote.identity().role == "hub"
        yield remote


def test_every_verb_answers_as_the_node_itself(node: Node, remote: RemoteNode) -> None:
    assert remote.identity() == node.identity()
    assert remote.trace(scene.scan(GOOD)) == node.trace(scene.scan(GOOD))
    assert remote.holders(scene.GTIN, scene.LOT) == node.holders(scene.GTIN, scene.LOT)
    assert remote.partners() == node.partners()
    assert remote.documents() == node.documents()
    assert remote.jobs() == node.jobs()
    assert remote.documents(limit=1) == node.documents(limit=1)
    job = node.jobs(limit=1)[0].job
    assert remote.job(job) == node.job(job)
    assert remote.status().packages == node.status().packages
    sha256 = node.documents()[0].sha256
    assert remote.document_receipt(sha256) == node.document_receipt(sha256)
    assert b"".join(remote.document_raw(sha256)) == b"".join(node.document_raw(sha256))
    everything = ExportFilters()
    assert b"".join(remote.export("packs", "csv", filters=everything)) == b"".join(
        node.export("packs", "csv", filters=everything)
    )


def test_a_verdict_comes_through_whole(remote: RemoteNode) -> None:
    verdict = remote.verify(scene.scan(GOOD), site=scene.PHARMACY)
    assert verdict.verdict.value == "ok"
    assert verdict.scan.raw == scene.scan(GOOD)


def test_a_document_is_captured_with_its_progress(remote: RemoteNode) -> None:
    told: list[tuple[int, int]] = []
    document = scene.shipment("NEW1", "NEW2", lot="L8", day="2026-11-05")
    receipt = remote.capture(
        io.BytesIO(document), name="new.xml", progress=lambda done, total: told.append((done, total))
    )
    assert receipt.packages == 2
    assert all(done <= total for done, total in told)
    assert remote.verify(scene.scan("NEW1", lot="L8"), site=scene.PHARMACY).verdict.value == "ok"


def test_a_large_document_that_is_refused_early_does_not_hang(remote: RemoteNode) -> None:
    with pytest.raises(errors.BadDocument) as refused:
        remote.capture(
            io.BytesIO(scene.shipment("X1").replace(b"</EventList>", b"</EventLost>") + b" " * 20_000_000),
            name="bad.xml",
        )
    assert refused.value.code == "not-well-formed"
    assert refused.value.place
    assert remote.verify(scene.scan(GOOD), site=scene.PHARMACY).verdict.value == "ok"


def test_changes_are_made_and_refused_as_by_the_node(remote: RemoteNode) -> None:
    code = scene.scan(GOOD)
    receipt = remote.change("dispense", code, site=scene.PHARMACY, key="k1")
    assert receipt.disposition == "dispensed"
    assert remote.change("dispense", code, site=scene.PHARMACY, key="k1").repeated
    with pytest.raises(errors.Refused) as refused:
        remote.change("dispense", code, site=scene.PHARMACY)
    assert refused.value.advice


def test_named_errors_keep_class_code_place_and_advice(remote: RemoteNode) -> None:
    with pytest.raises(errors.NotFound):
        remote.job("nosuch")
    with pytest.raises(errors.NotFound):
        list(remote.document_raw("0" * 64))
    with pytest.raises(errors.BadRequest):
        remote.load_partners(b"nonsense")


def test_products_go_through_the_socket(node: Node, remote: RemoteNode) -> None:
    assert remote.load_products(f"gtin,name\n{scene.GTIN},P".encode(), replace=True).added == 1
    assert remote.remove_product(scene.GTIN).name == "P"
    assert node.products.page() == []


def test_counting_in_works_through_the_socket(remote: RemoteNode) -> None:
    receipt = remote.count_in([CountIn(scan=scene.scan("OLD1"))], by="A. Kim", supplier="", ref="")
    assert receipt.counted == 1


def test_an_export_left_half_way_harms_nobody(remote: RemoteNode) -> None:
    export = remote.export("events", "json", filters=ExportFilters())
    next(export)
    export.close()  # type: ignore[attr-defined]
    assert remote.identity().role == "hub"


def test_many_threads_share_one_remote_node(remote: RemoteNode) -> None:
    verdicts: list[str] = []

    def ask() -> None:
        verdicts.extend(remote.verify(scene.scan(GOOD), site=scene.PHARMACY).verdict.value for _ in range(20))

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert verdicts == ["ok"] * 80


def test_only_the_owner_can_open_the_socket(remote: RemoteNode, data: Path) -> None:
    mode = (data / frames.SOCKET_NAME).stat().st_mode
    assert stat.S_ISSOCK(mode)
    assert stat.S_IMODE(mode) == 0o600


def test_a_folder_that_others_may_write_to_is_refused_on_both_sides(node: Node, data: Path) -> None:
    data.chmod(0o777)
    with pytest.raises(errors.BadRequest, match="Others may write"), served(node, data):
        pass
    data.chmod(0o700)
    with served(node, data):
        data.chmod(0o770)
        with pytest.raises(errors.BadRequest, match="Others may write"):
            RemoteNode(data)
        data.chmod(0o700)


def test_a_socket_left_by_a_killed_server_is_replaced(node: Node, data: Path) -> None:
    left = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    left.bind(str(data / frames.SOCKET_NAME))
    left.close()
    (data / frames.SOCKET_NAME).chmod(0o600)
    with pytest.raises(errors.Busy):
        RemoteNode(data)
    with served(node, data), RemoteNode(data) as remote:
        assert remote.identity().role == "hub"
    assert not (data / frames.SOCKET_NAME).exists()


def test_a_file_in_the_sockets_place_is_never_deleted(node: Node, data: Path) -> None:
    (data / frames.SOCKET_NAME).write_text("mine")
    with pytest.raises(errors.BadRequest, match="not a socket"), served(node, data):
        pass
    assert (data / frames.SOCKET_NAME).read_text() == "mine"


def test_nobody_there_is_busy(data: Path) -> None:
    with pytest.raises(errors.Busy):
        RemoteNode(data)


def test_a_very_long_path_still_has_a_socket(tmp_path: Path) -> None:
    folder = tmp_path / ("long" * 40)
    folder.mkdir(mode=0o700)
    with (
        open_node(folder / "data") as node,
        served(node, folder / "data"),
        RemoteNode(folder / "data") as remote,
    ):
        assert remote.identity() == node.identity()


def test_our_own_mistake_is_told_without_its_inside_and_ends_nothing(
    node: Node, data: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def broken() -> None:
        raise AssertionError("secret inside")

    with served(Planted(node, status=broken), data), RemoteNode(data) as remote:
        with pytest.raises(errors.RxtrailError) as told:
            remote.status()
        assert told.value.code == "internal-error"
        assert "secret" not in told.value.message
        assert remote.identity().role == "hub"
    assert "secret inside" in caplog.text


@pytest.mark.parametrize(
    "sent",
    [
        b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
        frames.HEAD.pack(Kind.CALL, frames.PAYLOAD_BYTES_MAX + 1),
        frames.frame(Kind.CALL, b"\xc1"),
        frames.frame(Kind.PIECE, b"x"),
        frames.frame(Kind.CALL, b"\x93\xa7__del__\x80\x01"),
        os.urandom(64),
    ],
)
def test_garbage_on_the_socket_ends_that_connection_only(remote: RemoteNode, data: Path, sent: bytes) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as stranger:
        stranger.settimeout(5)
        stranger.connect(str(data / frames.SOCKET_NAME))
        stranger.sendall(sent)
        stranger.shutdown(socket.SHUT_WR)
        while stranger.recv(4096):
            pass
    assert remote.identity().role == "hub"


def test_a_client_of_another_version_is_told_what_to_do(remote: RemoteNode, monkeypatch: pytest.MonkeyPatch) -> None:
    call = msgspec.msgpack.encode({"verb": "identity", "arguments": {}, "protocol": 99})
    monkeypatch.setattr("rxtrail.web.socket._call", lambda *_: frames.frame(Kind.CALL, call))
    with pytest.raises(errors.BadRequest, match="version 99") as told:
        remote.identity()
    assert "start it again" in told.value.advice


@given(
    kind=st.sampled_from([errors.BadScan, errors.Refused, errors.Busy, errors.StoreFailed, refusals.Overloaded]),
    message=st.text(),
    place=st.text(),
    advice=st.text(),
)
def test_errors_survive_the_way(kind: type[errors.RxtrailError], message: str, place: str, advice: str) -> None:
    back = frames.error_of(frames.failure_of(kind(message, place=place, advice=advice)))
    assert type(back) is kind
    assert (back.code, back.message, back.place, back.advice) == (kind.code, message, place, advice)
