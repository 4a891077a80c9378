"""Hearing what other processes change: one connection of its own that listens, in a thread of its own.

While it cannot listen (no connection, or a copy that follows another server) readers ask a counter instead, so what
they keep in mind is never older than their question.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import psycopg

from rxtrail.store.postgres.connect import connect

if TYPE_CHECKING:
    from rxtrail.store.names import Names
    from rxtrail.store.postgres.connect import Connection

CHANNEL = "rxtrail_moved"
_WAIT_SECONDS = 0.5
_AGAIN_SECONDS = 1.0


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
        self.hearing = False

    def start(self) -> None:
        """Start listening, once."""
        with self._starting:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="rxtrail-listener", daemon=True)
                self._thread.start()

    def close(self) -> None:
        """Stop listening."""
        self._closing.set()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        while not self._closing.is_set():
            try:
                with connect(self._url, statement_seconds=10) as connection:
                    self._hear(connection)
            except psycopg.Error:
                self.hearing = False  # readers ask the counter until we hear again
                self._closing.wait(_AGAIN_SECONDS)
        self.hearing = False

    def _hear(self, connection: Connection) -> None:
        connection.execute(f"LISTEN {CHANNEL}".encode())
        self._names.follow()  # whatever was changed before we listened
        self.hearing = True
        while not self._closing.is_set():
            for notify in connection.notifies(timeout=_WAIT_SECONDS, stop_after=1):
                if notify.payload != self._sender:
                    self._names.follow()
