"""The floor of the HTTP figures: an application that says the same thing to everyone, under the same server.

Run: ``python -m benchmarks.bare PORT``
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import uvicorn

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

ANSWER = b'{"verdict":"ok","headline":"Fine to dispense","filler":"' + b"x" * 700 + b'"}'  # as long as a verdict
_HEADERS = [(b"content-type", b"application/json"), (b"content-length", str(len(ANSWER)).encode())]


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """Read the request's body, look at nothing, and answer."""
    if scope["type"] != "http":
        raise RuntimeError(scope["type"])
    while (await receive()).get("more_body", False):
        pass
    await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
    await send({"type": "http.response.body", "body": ANSWER})


if __name__ == "__main__":
    uvicorn.run(
        app,
        host="127.0.0.1",
        port=int(sys.argv[1]),
        loop="uvloop",
        http="httptools",
        lifespan="off",
        access_log=False,
        log_level="warning",
    )
