"""A responder that says what it is told to: a process of its own, which knows nothing of rxtrail.

The serial of a request is ``{number}`` or ``{number}-...``; the number is a line of the script it reads at its start:
``status verified reason info``, with ``-`` for what is left out. A status other than 200 has the same body all the
same: whoever reads it there is wrong.
"""

from __future__ import annotations

import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit

GLN, *LINES = sys.stdin.read().splitlines()


class Responder(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        number = unquote(url.path.rsplit("/", 1)[1]).partition("-")[0]
        status, verified, reason, info = LINES[int(number)].split()
        data: dict[str, object] = {"verified": verified == "true"}
        if reason != "-":
            data["verificationFailureReason"] = reason
        if info != "-":
            data["additionalInfo"] = info
        body = json.dumps(
            {
                "verificationTimestamp": "2026-11-23T12:00:00.000Z",
                "responderGLN": GLN,
                "corrUUID": parse_qs(url.query)["corrUUID"][0],
                "data": data,
            }
        ).encode()
        self.send_response(int(status))
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", 0), Responder)
    print(f"http://127.0.0.1:{server.server_address[1]}", flush=True)
    server.serve_forever()
