"""A keep-alive HTTP client in a process of its own, so that its work never counts as the server's.

Run: ``python -m benchmarks.load PORT REQUESTS CONNECTIONS SECONDS`` with a method, an address and a JSON body in each
line of REQUESTS, blanks between them. It sends each at most once, stops after SECONDS whatever happened, speaks to
loopback only, and prints one JSON object: how many answers came, how long they took, how often each verdict and status
was among them.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections import Counter
from pathlib import Path

import msgspec

HOST = "127.0.0.1"
ANSWER_BYTES_MAX = 1 << 20


class Load(msgspec.Struct):
    """What the client saw."""

    sent: int = 0
    answered: int = 0
    seconds: float = 0.0
    p50_us: float = 0.0
    p99_us: float = 0.0
    statuses: dict[str, int] = {}
    verdicts: dict[str, int] = {}


class _Verdict(msgspec.Struct):
    verdict: str = ""


class _Answer(msgspec.Struct):
    verdict: str | _Verdict | None = ""  # a receipt holds the whole verdict that it stands on


async def run(port: int, lines: list[bytes], connections: int, seconds: float) -> Load:
    """Keep ``connections`` requests under way until all are sent or the time is up."""
    requests = []
    for line in reversed(lines):
        method, path, body = line.split(b" ", 2)
        head = f" HTTP/1.1\r\nHost: {HOST}:{port}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}"
        requests.append(method + b" " + path + head.encode() + b"\r\n\r\n" + body)
    spent: list[float] = []
    statuses: Counter[str] = Counter()
    verdicts: Counter[str] = Counter()
    load = Load()
    deadline = time.perf_counter() + seconds
    decode = msgspec.json.Decoder(_Answer).decode

    async def one_connection() -> None:
        reader, writer = await asyncio.open_connection(HOST, port)
        while requests and time.perf_counter() < deadline:
            writer.write(requests.pop())
            load.sent += 1
            began = time.perf_counter()
            answer_head = await reader.readuntil(b"\r\n\r\n")
            length = int(_header(answer_head, b"content-length"))
            if length > ANSWER_BYTES_MAX:
                raise ValueError(f"an answer of {length} bytes is none that this client asked for")
            body = await reader.readexactly(length)
            spent.append(time.perf_counter() - began)
            statuses[answer_head[9:12].decode()] += 1
            told = decode(body).verdict
            verdicts[told.verdict if isinstance(told, _Verdict) else told or ""] += 1
        writer.close()
        await writer.wait_closed()

    began = time.perf_counter()
    await asyncio.wait_for(asyncio.gather(*(one_connection() for _ in range(connections))), timeout=seconds + 10)
    load.seconds = time.perf_counter() - began
    load.answered = len(spent)
    spent.sort()
    if spent:
        load.p50_us = round(spent[len(spent) // 2] * 1e6, 1)
        load.p99_us = round(spent[len(spent) * 99 // 100] * 1e6, 1)
    load.statuses, load.verdicts = dict(statuses), dict(verdicts)
    return load


def _header(head: bytes, name: bytes) -> bytes:
    for line in head.split(b"\r\n")[1:]:
        key, _, value = line.partition(b":")
        if key.strip().lower() == name:
            return value.strip()
    raise ValueError(f"the server's answer has no {name.decode()}: {head[:200]!r}")


def main(arguments: list[str]) -> None:
    """Load one server and print what came back."""
    port, path, connections, seconds = arguments
    lines = Path(path).read_bytes().splitlines()
    load = asyncio.run(run(int(port), lines, int(connections), float(seconds)))
    sys.stdout.write(msgspec.json.encode(load).decode() + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
