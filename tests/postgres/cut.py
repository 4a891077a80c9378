"""A line to a PostgreSQL server that can be cut, stalled, or made deaf to the answer of a COMMIT.

It stands on loopback between a client and the server and reads the client's messages (PostgreSQL documentation,
"Message Formats"), so that a test can say at which statement of which connection what happens.
"""

from __future__ import annotations

import contextlib
import enum
import socket
import struct
import threading
from typing import TYPE_CHECKING, NamedTuple, Self

from psycopg import conninfo

from tests.postgres.databases import HOST, uri

if TYPE_CHECKING:
    from collections.abc import Callable

PIECE_BYTES = 1 << 16
# What ends a statement as the client sends it: a simple query, the sync of an extended one, the end of a COPY.
_QUERY, _PARSE, _BIND, _SYNC, _COPY_DATA, _COPY_DONE = b"Q", b"P", b"B", b"S", b"d", b"c"
_READY, _COPY_BEGINS = b"Z", b"G"


class Fate(enum.Enum):
    """What becomes of a line at a statement."""

    PASS = "pass"
    BEFORE = "cut before the server gets it"
    HALF = "cut in the middle of it"
    AFTER = "cut when the server has answered it, and the answer is lost"


class Statement(NamedTuple):
    """A moment at which a client hands the server something to do."""

    line: Line
    kind: bytes  # Q a query, S a prepared one, d a piece of a COPY, c the end of a COPY
    text: bytes  # of the statement, or of the one that the piece belongs to

    @property
    def writes(self) -> bool:
        """Tell whether it is the writer's."""
        return self.line.client == "rxtrail writer"


def passes(_statement: Statement) -> Fate:
    """Let everything through."""
    return Fate.PASS


class Proxy:
    """The server's address for one test; closing it cuts all lines."""

    def __init__(self, dsn: str) -> None:
        self._params = conninfo.conninfo_to_dict(dsn)
        self._socket = socket.create_server((HOST, 0))
        self._lines: list[Line] = []
        self._flows = threading.Event()
        self._flows.set()
        self._open = True
        self.judge: Callable[[Statement], Fate] = passes
        self.refuses = False  # new connections are hung up on
        self._accepting = threading.Thread(target=self._accept, daemon=True)
        self._accepting.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._open = False
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)  # wakes who accepts
        self.go_on()
        self._accepting.join()
        self._socket.close()
        for line in self._lines:
            line.close()

    @property
    def dsn(self) -> str:
        """Give the URI by way of this line."""
        port = self._socket.getsockname()[1]
        # Nothing hides the messages from us.
        return uri({**self._params, "host": HOST, "port": port, "sslmode": "disable", "gssencmode": "disable"})

    def lines(self, client: str = "") -> list[Line]:
        """Give the open lines, of all clients or of those of one application_name."""
        return [line for line in self._lines if line.is_open and client in {"", line.client}]

    def cut(self, client: str = "") -> int:
        """Cut lines; give how many there were."""
        lines = self.lines(client)
        for line in lines:
            line.cut()
        return len(lines)

    def stall(self) -> None:
        """Hold every byte back in both directions, as a network does that has lost a route."""
        self._flows.clear()

    def go_on(self) -> None:
        """Let the bytes go on."""
        self._flows.set()

    def _judged(self, statement: Statement) -> Fate:
        return self.judge(statement)  # as it is then: a test changes it on the way

    def _accept(self) -> None:
        while self._open:
            try:
                client, _ = self._socket.accept()
            except OSError:
                return
            if self.refuses or not self._open:
                client.close()
                continue
            self._flows.wait()
            host, port = self._params.get("host") or HOST, self._params.get("port") or 5432
            try:
                server = socket.create_connection((str(host), int(port)))
            except OSError:
                client.close()  # the server is down
                continue
            line = Line(client, server, self._flows, self._judged)
            self._lines.append(line)
            line.start()


class Line:
    """One connection through the proxy."""

    def __init__(
        self, client: socket.socket, server: socket.socket, flows: threading.Event, judge: Callable[[Statement], Fate]
    ) -> None:
        self._sockets = client, server
        self._client, self._server = client, server
        self._flows = flows
        self._judge = judge
        self._deaf = False
        self._prepared: dict[bytes, bytes] = {}
        self._bound = b""
        self.client = ""  # its application_name
        self.is_open = True
        self._threads: list[threading.Thread] = []
        for end in self._sockets:
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def start(self) -> None:
        """Carry bytes both ways."""
        self._threads = [
            threading.Thread(target=self._run, args=(carry,), daemon=True) for carry in (self._up, self._down)
        ]
        for thread in self._threads:
            thread.start()

    def cut(self) -> None:
        """Hang up on both."""
        self.is_open = False
        for end in self._sockets:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Hang up and let go."""
        self.cut()
        for thread in self._threads:
            thread.join()
        for end in self._sockets:
            end.close()

    def _run(self, carry: Callable[[], None]) -> None:
        try:
            carry()
        except OSError:
            pass  # cut
        finally:
            self.cut()

    def _up(self) -> None:
        """Carry whole messages to the server, each judged."""
        held = bytearray()
        starting = True
        while piece := self._client.recv(PIECE_BYTES):
            held += piece
            while True:
                head = 0 if starting else 1  # the first message has no type
                if len(held) < head + 4:
                    break
                length = head + struct.unpack_from("!I", held, head)[0]
                if len(held) < length:
                    break
                message = bytes(held[:length])
                del held[:length]
                self._flows.wait()
                if starting:
                    starting = False
                    self.client = _application_name(message)
                    self._server.sendall(message)
                elif not self._carry(message):
                    return

    def _carry(self, message: bytes) -> bool:
        """Send one message on as its fate is; tell whether the line still holds."""
        kind = message[:1]
        if kind == _PARSE:
            name, text, _ = message[5:].split(b"\0", 2)
            self._prepared[name] = text
        elif kind == _BIND:
            _, name, _ = message[5:].split(b"\0", 2)
            self._bound = self._prepared.get(name, b"")
        fate = Fate.PASS
        if kind in {_QUERY, _SYNC, _COPY_DATA, _COPY_DONE}:
            if kind == _QUERY:
                self._bound = message[5:-1]
            fate = self._judge(Statement(self, kind, self._bound))
        match fate:
            case Fate.PASS:
                self._server.sendall(message)
            case Fate.BEFORE:
                return False
            case Fate.HALF:
                self._server.sendall(message[: len(message) // 2])
                return False
            case Fate.AFTER:
                self._deaf = True
                self._server.sendall(message)
        return True

    def _down(self) -> None:
        """Carry answers; a deaf line ends when the server waits for more, which it does once it has committed."""
        held = bytearray()
        while piece := self._server.recv(PIECE_BYTES):
            self._flows.wait()
            if not self._deaf:
                self._client.sendall(piece)
                continue
            held += piece
            while len(held) >= 5:
                length = 1 + struct.unpack_from("!I", held, 1)[0]
                if bytes(held[:1]) in {_READY, _COPY_BEGINS}:
                    return
                if len(held) < length:
                    break
                del held[:length]


def _application_name(startup: bytes) -> str:
    words = startup[8:].split(b"\0")
    given = dict(zip(words[::2], words[1::2], strict=False))
    return given.get(b"application_name", b"").decode()
