"""Hearing what other processes change: one connection of its own that listens, in a thread of its own.

While it cannot listen (no connection, or a copy that follows another server) readers ask a counter instead, so what
they keep in mind is never older than their question.
"""

from __future__ import annotations

import contextlib
import os
import socket
import threading
from typing import TYPE_CHECKING

import psycopg

from rxtrail.store.postgres.connect import connect_reader

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rxtrail.store.names import Names
    from rxtrail.store.postgres.connect import Connection, PatientConnection

CHANNEL = "rxtrail_moved"
_WAIT_SECONDS = 0.5
_AGAIN_SECONDS = 1.0
ANSWER_SECONDS = 2.0


class Listener:
    """Tells ``names`` of each change that another process has committed."""

    def __init__(self, url: str, names: Names, sender: str) -> None:
        """``sender`` is this store's own mark: what it changed itself it has heard of already."""
        self._url = url
        self._names = names
        self._sender = sender
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None
        self._starting = threading.Lock()
        self._line: socket.socket | None = None  # a second handle of the connection that listens
        self.hearing = False
        self.missing = False  # the server gave no answer to somebody, and has given none since

    def miss(self) -> None:
        """Note that the server gives no answer; this thread looks until it does."""
        self.missing = True
        self.start()

    def start(self) -> None:
        """Start listening, once."""
        with self._starting:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="rxtrail-listener", daemon=True)
                self._thread.start()

    def close(self) -> None:
        """Stop listening, at once: a command that lasts milliseconds does not wait for the next look."""
        with self._starting:
            self._closing.set()
            if self._line is not None:
                with contextlib.suppress(OSError):  # the other side was faster
                    self._line.shutdown(socket.SHUT_RDWR)
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        while not self._closing.is_set():
            try:
                with connect_reader(self._url) as connection, self._open_line(connection):
                    connection.patience = ANSWER_SECONDS
                    self._look(connection)
                    self._hear(connection)
            except psycopg.Error:
                self.hearing = False  # readers ask the counter until we hear again
                self._closing.wait(_AGAIN_SECONDS)
        self.hearing = False

    @contextlib.contextmanager
    def _open_line(self, connection: Connection) -> Iterator[None]:
        """Keep a handle by which :meth:`close` ends the waiting."""
        with socket.socket(fileno=os.dup(connection.fileno())) as line:
            with self._starting:
                self._line = line
                if self._closing.is_set():
                    line.shutdown(socket.SHUT_RDWR)
            try:
                yield
            finally:
                with self._starting:
                    self._line = None

    def _look(self, connection: PatientConnection) -> None:
        """Find out whether the server answers."""
        connection.execute(b"SELECT 1")
        self.missing = False

    def _hear(self, connection: PatientConnection) -> None:
        connection.execute(f"LISTEN {CHANNEL}".encode())
        self._names.follow()  # whatever was changed before we listened
        self.hearing = True
        while not self._closing.is_set():
            if self.missing:
                self._look(connection)
            for notify in connection.notifies(timeout=_WAIT_SECONDS, stop_after=1):
                if notify.payload != self._sender:
                    self._names.follow()
