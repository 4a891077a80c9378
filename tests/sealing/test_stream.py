"""Sealed files and what spills over: whole and unchanged, or not at all."""

from __future__ import annotations

import io
import os
from typing import TYPE_CHECKING

import hypothesis
import pytest
from hypothesis import strategies as st

from rxtrail.sealing import CannotDecrypt, Root, SealedFile, Spill, root_file, stream

if TYPE_CHECKING:
    from pathlib import Path

ROOT = Root(b"r" * 32)
SIZES = [0, 1, 15, stream.CHUNK_BYTES - 1, stream.CHUNK_BYTES, stream.CHUNK_BYTES + 1, 3 * stream.CHUNK_BYTES]


def sealed(content: bytes, pieces: int = 1000) -> bytes:
    cut = [content[at : at + pieces] for at in range(0, len(content), pieces)]
    return b"".join(stream.seal(iter(cut), ROOT, None, os.urandom))


def opened(content: bytes, root: Root = ROOT) -> io.BufferedReader:
    return io.BufferedReader(SealedFile(io.BytesIO(content), len(content), root))


@pytest.mark.parametrize("size", SIZES)
def test_a_file_of_any_size_comes_back(size: int) -> None:
    content = os.urandom(size)
    for pieces in (1000, stream.CHUNK_BYTES, 1 << 20):
        assert opened(sealed(content, pieces)).read() == content


@hypothesis.given(places=st.lists(st.integers(0, 200_000), max_size=20))
@hypothesis.settings(max_examples=20)
def test_any_byte_can_be_gone_to(places: list[int]) -> None:
    content = bytes(range(256)) * 700
    file = opened(sealed(content))
    for place in places:
        file.seek(place)
        assert file.tell() == place
        assert file.read(300) == content[place : place + 300]


@pytest.mark.parametrize("size", SIZES)
def test_a_file_that_was_cut_off_at_a_chunk_is_refused(size: int) -> None:
    content = sealed(os.urandom(size + stream.CHUNK_BYTES))
    with pytest.raises(CannotDecrypt, match="altered or cut off"):
        opened(content[: -stream.CHUNK_BYTES - stream.TAG_BYTES]).read()
    with pytest.raises(CannotDecrypt):
        opened(content[:-1]).read()
    with pytest.raises(CannotDecrypt):
        opened(content + b"\0").read()


def test_two_files_of_one_root_key_cannot_be_mixed() -> None:
    one, other = (sealed(bytes([number]) * 200_000) for number in (1, 2))
    with pytest.raises(CannotDecrypt):
        opened(one[:100_000] + other[100_000:]).read()


def test_another_root_key_is_named() -> None:
    with pytest.raises(CannotDecrypt, match=f"sealed under the root key {ROOT.id}"):
        opened(sealed(b"x"), Root(bytes(32)))
    with pytest.raises(CannotDecrypt, match="no sealed file"):
        opened(b"x" * 100)


def test_a_guarded_root_key_travels_with_the_file_and_a_plain_one_never() -> None:
    for file, travels in ((root_file.plain(ROOT), False), (root_file.locked(ROOT, "correct horse", os.urandom), True)):
        content = b"".join(stream.seal(iter([b"x"]), ROOT, file, os.urandom))
        header = stream.header_of(io.BytesIO(content))
        assert header is not None
        assert (header.key_file is not None) is travels
        assert ROOT.secret() not in content
        assert b'key":"' not in content.split(b"}", 1)[0].replace(b"key_file", b"")


# -- what spills over ----------------------------------------------------------------------------------------------


@hypothesis.given(pieces=st.lists(st.binary(max_size=60_000), max_size=12), reads=st.integers(1, 100_000))
@hypothesis.settings(max_examples=40, suppress_health_check=[hypothesis.HealthCheck.function_scoped_fixture])
def test_what_spills_over_comes_back_in_order(tmp_path: Path, pieces: list[bytes], reads: int) -> None:
    for memory in (0, 50_000, 1 << 30):
        spill = Spill(tmp_path, memory_bytes_max=memory)
        for piece in pieces:
            spill.write(piece)
        spill.rewind()
        found = []
        while read := spill.read(reads):
            found.append(read)
        assert b"".join(found) == b"".join(pieces)
        assert all(len(read) == reads for read in found[:-1])
        spill.rewind()
        assert spill.read(10) == b"".join(pieces)[:10]
        spill.seek(0)
        assert spill.read() == b"".join(pieces)
        spill.close()
    assert list(tmp_path.iterdir()) == [], "the file has no name"


def test_what_spills_over_shows_nothing_on_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = tmp_path / "spill"

    def named(dir: Path | None) -> io.BufferedRandom:  # noqa: A002 (as tempfile calls it)
        assert dir == tmp_path
        return kept.open("w+b")

    monkeypatch.setattr("tempfile.TemporaryFile", named)
    spill = Spill(tmp_path, memory_bytes_max=10)
    for number in range(20_000):
        spill.write(f"SERIAL{number:06}".encode())
    assert kept.stat().st_size > 100_000
    assert b"SERIAL" not in kept.read_bytes()
    spill.rewind()
    assert spill.read(12) == b"SERIAL000000"
    spill.close()
