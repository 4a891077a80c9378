"""The publisher's side of the signer: over the socket of another process, or in this one."""

from __future__ import annotations

import contextlib
import logging
import os
import socket
import subprocess
import sys
import threading
from typing import TYPE_CHECKING, Final, Protocol

from rxtrail.errors import RxtrailError
from rxtrail.private_socket import peer_user, short_address
from rxtrail.publishing import signer_wire as wire
from rxtrail.publishing.signing import LogRefused, MemoryBehind

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from rxtrail.publishing.signing import Signer

_LOG = logging.getLogger("rxtrail.signer")
ANSWER_SECONDS: Final = 15.0
STOP_SECONDS: Final = 5.0
RESTART_SECONDS: Final = (0.1, 5.0)  # before a signer that ended is started again: first, and at most


class SignerAway(RxtrailError):
    """The signer cannot be asked now; what is written waits for its next checkpoint, and nothing else does."""

    code = "signer-away"


@contextlib.contextmanager
def _told() -> Iterator[None]:
    """Have a signer in this process refuse as one in another does."""
    try:
        yield
    except MemoryBehind as behind:
        raise SignerAway(behind.message, place=behind.place, advice=behind.advice) from behind


class SignerPort(Protocol):
    """Who signs heads."""

    def hello(self) -> wire.State:
        """Tell the origin, the verifier keys and the last head that was signed.

        :raises SignerAway: it cannot be asked now.
        """
        ...

    def sign(self, text: str, proof: Sequence[bytes], known: bytes = b"") -> bytes:
        """Sign the text of a checkpoint that grows out of the last one; ``known`` is the store's newest head.

        :raises LogRefused: it does not.
        :raises SignerAway: it cannot be asked now, or does not remember what its key has signed.
        """
        ...

    def learn(self, signed: bytes, proof: Sequence[bytes]) -> bytes:
        """Have it take over a head that its key has signed elsewhere; give the last head that it knows.

        :raises LogRefused: that does not grow out of the last one that it knows.
        :raises SignerAway: it cannot be asked now, or does not remember anything.
        """
        ...


class InlineSigner:
    """The signer in this process: whoever has the process has the key."""

    def __init__(self, signer: Signer) -> None:
        """Take an opened signer."""
        self._signer = signer

    def hello(self) -> wire.State:
        """Tell who signs and what was signed last."""
        signer = self._signer
        return wire.State(signer.origin, [str(key.verifier) for key in signer.keys], signer.note)

    def sign(self, text: str, proof: Sequence[bytes], known: bytes = b"") -> bytes:
        """Sign a head."""
        with _told():
            return self._signer.sign(text, proof, known)

    def learn(self, signed: bytes, proof: Sequence[bytes]) -> bytes:
        """Take over a head."""
        with _told():
            self._signer.learn(signed, proof)
        return self._signer.note

    def close(self) -> None:
        """Let go of the key's folder."""
        self._signer.close()


class SocketSigner:
    """The signer that listens on a socket; a connection is kept until it breaks."""

    def __init__(self, path: Path, *, user: int | None = None) -> None:
        """``user`` is who must have made the socket beside this user and root, None for nobody else."""
        self._path = path
        self._users = {os.geteuid(), 0} | ({user} if user is not None else set())
        self._lock = threading.Lock()
        self._connection: socket.socket | None = None

    def hello(self) -> wire.State:
        """Tell who signs and what was signed last."""
        answer = self._ask(wire.Hello())
        if not isinstance(answer, wire.State):
            raise SignerAway("the signer gave another answer than was asked for", place=str(self._path))
        return answer

    def sign(self, text: str, proof: Sequence[bytes], known: bytes = b"") -> bytes:
        """Sign a head."""
        return self._signed(wire.Sign(text, list(proof), known))

    def learn(self, signed: bytes, proof: Sequence[bytes]) -> bytes:
        """Take over a head."""
        return self._signed(wire.Learn(signed, list(proof)))

    def _signed(self, request: wire.Request) -> bytes:
        answer = self._ask(request)
        if not isinstance(answer, wire.Signed):
            raise SignerAway("the signer gave another answer than was asked for", place=str(self._path))
        return answer.note

    def close(self) -> None:
        """Close the connection."""
        with self._lock:
            self._drop()

    def _ask(self, request: wire.Request) -> wire.Answer:
        with self._lock:
            try:
                answer = self._asked_again(request)
            except OSError as error:
                self._drop()
                raise SignerAway(
                    f"the signer does not answer: {error.strerror or error}",
                    place=str(self._path),
                    advice="Start it: rxtrail signer. `rxtrail serve` starts its own unless told not to.",
                ) from error
        if isinstance(answer, wire.Refusal):
            if answer.code == LogRefused.code:
                raise LogRefused(answer.message, place=answer.place, advice=answer.advice)
            raise SignerAway(answer.message, place=answer.place, advice=answer.advice)
        return answer

    def _asked_again(self, request: wire.Request) -> wire.Answer:
        """Ask; once more when a connection that was kept had been closed, as by a signer that was started anew.

        To ask twice for the same signature is safe: the second answer is the first.
        """
        if self._connection is not None:
            try:
                return self._exchange(request)
            except TimeoutError:
                raise
            except OSError:
                self._drop()
        return self._exchange(request)

    def _exchange(self, request: wire.Request) -> wire.Answer:
        if self._connection is None:
            self._connection = self._connect()
        wire.send(self._connection, request)
        answer = wire.receive(self._connection, wire.ANSWER)
        if answer is None:
            raise wire.BrokenOff("it has closed the connection")
        return answer

    def _connect(self) -> socket.socket:
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            connection.settimeout(ANSWER_SECONDS)
            with short_address(self._path) as address:
                connection.connect(address)
            # Who listens there could tell us that a head is signed when it is not; the signature is checked too.
            user = peer_user(connection)
            if user is not None and user not in self._users:
                raise wire.BrokenOff(f"it is another user's ({user})")
        except BaseException:
            connection.close()
            raise
        return connection

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


class SignerChild:
    """Keeps a signer process running as a child of this one; it ends when this process ends, however that happens."""

    def __init__(self, arguments: Sequence[str]) -> None:
        """``arguments`` are those of ``rxtrail signer``."""
        self._command = [sys.executable, "-m", "rxtrail", "signer", "--with-parent", *arguments]
        self._stopping = threading.Event()
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._keep, name="rxtrail-signer-child", daemon=True)

    def start(self) -> None:
        """Start it, and again whenever it ends."""
        self._thread.start()

    @property
    def pid(self) -> int:
        """The process as it is now; 0 while there is none."""
        process = self._process
        return process.pid if process is not None and process.poll() is None else 0

    def stop(self) -> None:
        """End it."""
        self._stopping.set()
        with self._lock:
            process = self._process
            if process is not None:
                assert process.stdin is not None
                process.stdin.close()  # the word to end
        self._thread.join(STOP_SECONDS)
        if self._thread.is_alive() and process is not None:
            process.kill()  # what it signed is on its disk
            self._thread.join()

    def _keep(self) -> None:
        pause, longest = RESTART_SECONDS
        while not self._stopping.is_set():
            with self._lock:
                if self._stopping.is_set():
                    return
                try:
                    # Its standard input is a pipe from here: that it closes tells the child that we are gone.
                    self._process = subprocess.Popen(  # noqa: S603 (this program, and paths of its own)
                        self._command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, close_fds=True
                    )
                except OSError as error:
                    _LOG.error("the signer cannot be started: %s", error)
                    self._process = None
            if self._process is not None:
                code = self._process.wait()
                with contextlib.suppress(OSError):
                    assert self._process.stdin is not None
                    self._process.stdin.close()
                if not self._stopping.is_set():
                    _LOG.warning("the signer ended with %s and is started again", code)
            self._stopping.wait(pause)
            pause = min(longest, pause * 2)
