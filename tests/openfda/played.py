"""openFDA's API, played by a server on this machine."""

from __future__ import annotations

import contextlib
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from tests.openfda import files

if TYPE_CHECKING:
    from collections.abc import Iterator

KEY = "SECRETKEY123"


class Played(BaseHTTPRequestHandler):
    """Answers as openFDA does; the server says what goes wrong."""

    server: Server

    def do_GET(self) -> None:
        server = self.server
        server.asked.append(self.path)
        trouble = server.troubles.pop(0) if server.troubles else None
        if trouble is not None:
            status, body = trouble
            self._send(status, body, {"Retry-After": "0"})
            return
        parts = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        limit, skip = int(query["limit"]), int(query.get("skip", query.get("search_after", "0")))
        some = server.records[skip : skip + limit]
        headers = {}
        if server.links and skip + limit < len(server.records):
            following = f"{server.address}{parts.path}?limit={limit}&api_key={KEY}&search_after={skip + limit}"
            headers["Link"] = f'<{following}>; rel="next"'
        self._send(200, files.answer(*some, total=server.total or len(server.records)), headers)

    def _send(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Say nothing."""


class Server(ThreadingHTTPServer):
    """What the server has, and was asked."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Played)
        self.records: list[Any] = [files.product(f"0093-{number:04}-01", f"N{number}", "X") for number in range(25)]
        self.total = 0  # what it says that there are; 0: as many as there are
        self.links = False
        self.asked: list[str] = []
        self.troubles: list[tuple[int, bytes] | None] = []
        self.address = f"http://127.0.0.1:{self.server_address[1]}"


@contextlib.contextmanager
def played() -> Iterator[Server]:
    """The server while it answers."""
    with Server() as started:
        thread = threading.Thread(target=started.serve_forever, daemon=True)
        thread.start()
        try:
            yield started
        finally:
            started.shutdown()
            thread.join()
