"""A wire to a server that is cut at a chosen moment, in the middle of whatever is being said."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from typing import Self
from urllib.parse import urlsplit, urlunsplit

CHUNK_BYTES = 1 << 16
HOST = "127.0.0.1"


class Wire:
    """Carries what is said between clients and a server, and counts the pieces; one piece may be the last.

    ``cut_after(n)`` cuts every connection at the nth piece from now. A piece to the server is still delivered, or is
    not: either way nobody hears the answer. New connections are carried again.
    """

    def __init__(self, port: int) -> None:
        self._port = port
        self._listener = socket.create_server((HOST, 0))
        self._pairs: list[tuple[socket.socket, socket.socket]] = []
        self._lock = threading.Lock()
        self._left = -1
        self._delivers = True
        self.pieces = 0
        self.cuts = 0

    @property
    def port(self) -> int:
        """Where clients connect to."""
        port: int = self._listener.getsockname()[1]
        return port

    def url(self, dsn: str) -> str:
        """Give the same URL by way of this wire."""
        parts = urlsplit(dsn)
        who = parts.netloc.rpartition("@")[0]
        return urlunsplit(parts._replace(netloc=f"{who}@{HOST}:{self.port}"))

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()
        with self._lock:
            self._cut()

    def cut_after(self, pieces: int, *, delivers: bool) -> None:
        """Cut at this piece from now, the first being 1; ``delivers`` tells whether it still arrives."""
        with self._lock:
            self._left, self._delivers = pieces, delivers

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                far = socket.create_connection((HOST, self._port))
                with self._lock:
                    self._pairs.append((near, far))
                for source, sink in ((near, far), (far, near)):
                    threading.Thread(target=self._carry, args=(source, sink), daemon=True).start()

    def _carry(self, source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while piece := source.recv(CHUNK_BYTES):
                with self._lock:
                    self.pieces += 1
                    self._left -= 1
                    last = self._left == 0
                    if last:
                        if self._delivers:
                            sink.sendall(piece)
                        self.cuts += 1
                        self._cut()
                if not last:
                    sink.sendall(piece)
        for end in (source, sink):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def _cut(self) -> None:
        """Close both ends; the client's with a reset, as a firewall that forgot the connection would."""
        for near, far in self._pairs:
            for end, lingers in ((near, 0), (far, 1)):
                with contextlib.suppress(OSError):
                    if not lingers:
                        end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    end.shutdown(socket.SHUT_RDWR)
                end.close()
        self._pairs.clear()
