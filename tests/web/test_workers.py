"""Threads with a bound and a deadline."""

from __future__ import annotations

import asyncio
import threading
import time
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rxtrail.errors import NotFound
from rxtrail.web import limits
from rxtrail.web.refusals import DeadlinePassed, Overloaded
from rxtrail.web.workers import Workers, in_chunks

if TYPE_CHECKING:
    from collections.abc import Iterator


async def all_done(workers: Workers) -> None:
    for _ in range(5000):
        if not workers.open:
            return
        await asyncio.sleep(0.001)
    raise AssertionError(workers.open)


def test_work_past_its_deadline_is_given_up_and_keeps_its_place_until_done() -> None:
    async def scene() -> None:
        workers = Workers("test", threads=1, waiting_max=0)
        leave = threading.Event()
        with pytest.raises(DeadlinePassed):
            await workers.call(leave.wait, seconds=0.01)
        with pytest.raises(Overloaded):
            await workers.call(leave.wait, seconds=1)
        leave.set()
        await all_done(workers)
        assert await workers.call(lambda: 7, seconds=1) == 7
        workers.close()

    asyncio.run(scene())


def test_what_the_work_raises_is_raised_even_when_it_looks_like_a_deadline() -> None:
    async def scene() -> None:
        workers = Workers("test", threads=1, waiting_max=0)

        def fail() -> None:
            raise TimeoutError("the work's own")

        with pytest.raises(TimeoutError, match="own"):
            await workers.call(fail, seconds=1)
        workers.close()

    asyncio.run(scene())


def test_a_stream_stays_in_one_thread_and_is_closed_when_its_reader_leaves() -> None:
    async def scene() -> None:
        workers = Workers("test", threads=3, waiting_max=0)
        threads: set[int] = set()
        closed = threading.Event()

        def pieces() -> Iterator[bytes]:
            try:
                while True:
                    threads.add(threading.get_ident())
                    yield b"x" * limits.CHUNK_BYTES
            finally:
                threads.add(threading.get_ident())
                closed.set()

        stream = workers.stream(pieces)
        for _ in range(20):
            assert await anext(stream)
        await stream.aclose()
        assert await asyncio.to_thread(closed.wait, 5)
        assert len(threads) == 1
        await all_done(workers)
        workers.close()

    asyncio.run(scene())


def test_a_slow_reader_holds_the_writer_back() -> None:
    async def scene() -> None:
        workers = Workers("test", threads=1, waiting_max=0)
        made = 0

        def pieces() -> Iterator[bytes]:
            nonlocal made
            for _ in range(100):
                made += 1
                yield b"x" * limits.CHUNK_BYTES

        stream = workers.stream(pieces)
        await anext(stream)
        await asyncio.to_thread(time.sleep, 0.05)
        assert made < 10
        assert len([piece async for piece in stream]) == 99
        workers.close()

    asyncio.run(scene())


def test_what_is_raised_before_a_stream_begins_is_raised_at_its_reader() -> None:
    async def scene() -> None:
        workers = Workers("test", threads=1, waiting_max=0)

        def pieces() -> Iterator[bytes]:
            raise NotFound("gone")

        with pytest.raises(NotFound):
            await anext(workers.stream(pieces))
        workers.close()

    asyncio.run(scene())


def test_what_a_stream_raises_is_raised_at_its_reader() -> None:
    async def scene() -> None:
        workers = Workers("test", threads=1, waiting_max=0)

        def pieces() -> Iterator[bytes]:
            yield b"first"
            raise NotFound("gone")

        stream = workers.stream(pieces)
        assert await anext(stream) == b"first"
        with pytest.raises(NotFound):
            await anext(stream)
        workers.close()

    asyncio.run(scene())


@given(st.lists(st.binary(max_size=50_000), max_size=30))
def test_joining_small_pieces_loses_and_moves_no_byte(pieces: list[bytes]) -> None:
    chunks = list(in_chunks(iter(pieces)))
    assert b"".join(chunks) == b"".join(pieces)
    assert all(len(chunk) >= limits.CHUNK_BYTES for chunk in chunks[1:-1])
