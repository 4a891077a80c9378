"""The signer as a process of its own, on a Unix socket of the data folder: it alone opens the log's key."""

from __future__ import annotations

import contextlib
import logging
import os
import threading
from typing import TYPE_CHECKING, Final

from rxtrail.errors import RxtrailError
from rxtrail.private_socket import listen_private, peer_user
from rxtrail.publishing import signer_wire as wire

if TYPE_CHECKING:
    import socket
    from pathlib import Path

    from rxtrail.publishing.signing import Signer

_LOG = logging.getLogger("rxtrail.signer")
_BACKLOG: Final = 8
CONNECTIONS_MAX: Final = 8
IDLE_SECONDS: Final = 600.0


class SignerServer:
    """Answers on the socket until it is stopped; a connection is served by a thread of its own."""

    def __init__(self, signer: Signer, path: Path, *, others: frozenset[int] = frozenset()) -> None:
        """Listen; ``others`` are users beside this one (and root) that may ask.

        :raises BadRequest: others may write into the folder of the socket, or it is taken by something else.
        """
        self._signer = signer
        self._users = {os.geteuid(), 0} | others
        # Whom the system lets connect is asked again for each connection: only users that were named are answered.
        self._listener = listen_private(path, backlog=_BACKLOG, mode=0o666 if others else 0o600)
        self._path = path
        self._inode = path.lstat().st_ino
        self._strict = bool(others)
        self._stopping = threading.Event()
        self._slots = threading.BoundedSemaphore(CONNECTIONS_MAX)

    def run(self) -> None:
        """Serve until :meth:`stop`, or until the head that was signed cannot be kept; then that is raised."""
        self._listener.settimeout(0.5)
        try:
            while not self._stopping.is_set():
                if self._signer.failed is not None:
                    raise self._signer.failed
                try:
                    connection, _ = self._listener.accept()
                except TimeoutError:
                    continue
                except OSError:
                    if self._stopping.is_set():
                        return
                    raise
                if not self._slots.acquire(blocking=False):
                    connection.close()
                    continue
                threading.Thread(target=self._serve, args=(connection,), name="rxtrail-signer", daemon=True).start()
        finally:
            self._listener.close()
            with contextlib.suppress(FileNotFoundError):
                if self._path.lstat().st_ino == self._inode:
                    self._path.unlink()

    def stop(self) -> None:
        """End :meth:`run` soon."""
        self._stopping.set()

    def _serve(self, connection: socket.socket) -> None:
        try:
            with connection, contextlib.suppress(OSError):
                if not self._welcome(connection):
                    return
                connection.settimeout(IDLE_SECONDS)
                while (request := wire.receive(connection, wire.REQUEST)) is not None:
                    wire.send(connection, self._answer(request))
        finally:
            self._slots.release()

    def _welcome(self, connection: socket.socket) -> bool:
        user = peer_user(connection)
        if user in self._users or (user is None and not self._strict):
            return True
        _LOG.warning("user %s asked the signer and was refused", "unknown" if user is None else user)
        return False

    def _answer(self, request: wire.Request) -> wire.Answer:
        signer = self._signer
        try:
            if isinstance(request, wire.Hello):
                return wire.State(signer.origin, [str(key.verifier) for key in signer.keys], signer.note)
            if isinstance(request, wire.Learn):
                signer.learn(request.note, request.proof)
                return wire.Signed(signer.note)
            return wire.Signed(signer.sign(request.text, request.proof, request.known))
        except RxtrailError as error:
            _LOG.warning("not signed: %s", error.message)
            return wire.Refusal(error.code, error.message, error.place, error.advice)
