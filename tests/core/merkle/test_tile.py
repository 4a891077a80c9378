"""Tiles and bundles: their paths, what a growing log writes, and that nothing altered is believed."""

from __future__ import annotations

from functools import cache

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from rxtrail.core.merkle import tile, tree
from rxtrail.core.merkle.errors import BadTile

LARGEST = 66_000
Files = dict[tuple[int, int, int], bytes]


@cache
def leaves() -> list[bytes]:
    return tree.leaf_hashes(b"entry %d" % index for index in range(LARGEST))


@cache
def whole() -> tree.MemoryTree:
    return tree.MemoryTree(leaves())


def files_of(*sizes: int) -> Files:
    """Write a log that grew in these steps, keeping every tile of every step."""
    builder, files = tile.TileBuilder(), {}
    for size in sizes:
        for level, number, hashes in builder.extend(leaves()[builder.size : size]):
            files[level, number, len(hashes) // 32] = hashes
    return files


def reader(files: Files) -> tile.TileHashes:
    size = max((number * 256 + width for level, number, width in files if level == 0), default=0)
    return tile.TileHashes(lambda *name: files[name], size, whole().root(size))


def test_paths_are_those_of_the_specification() -> None:
    assert tile.tile_path(0, 1234067) == "tile/0/x001/x234/067"
    assert tile.tile_path(2, 0, 1) == "tile/2/000.p/1"
    assert tile.entries_path(273, 112) == "tile/entries/273.p/112"
    assert tile.tile_path(63, 1000) == "tile/63/x001/000"


@given(st.one_of(st.none(), st.integers(0, 63)), st.integers(0, 2**63 - 1), st.integers(1, 256))
def test_a_path_is_read_as_it_was_written(level: int | None, number: int, width: int) -> None:
    path = tile.TilePath(level, number, width)
    assert tile.parse_path(str(path)) == path


@pytest.mark.parametrize(
    "text",
    [
        "",
        "tile/0/0",
        "tile/0/00",
        "tile/00/000",
        "tile/64/000",
        "tile/-1/000",
        "tile/0/000.p/0",
        "tile/0/000.p/256",
        "tile/0/000.p/01",
        "tile/0/000.p/",
        "tile/0/x000/000",
        "tile/0/001/000",
        "tile/0/x001/x000",
        "tile/0/000/",
        "/tile/0/000",
        "tile/0/000\n",
        "tile/0/\u0660\u0660\u0660",
        "tile/data/000",
        "tile/0/../000",
        "tile/0/" + "x999/" * 9 + "000",
    ],
)
def test_a_path_in_any_other_form_is_refused(text: str) -> None:
    with pytest.raises(BadTile):
        tile.parse_path(text)


def test_the_specifications_example_of_70_000_entries() -> None:
    names = tile.tiles_between(0, 70_000)
    assert sum(level == 0 and width == 256 for level, _, width in names) == 273
    assert (0, 273, 112) in names
    assert [name for name in names if name[0] == 1] == [(1, 0, 256), (1, 1, 17)]
    assert [name for name in names if name[0] == 2] == [(2, 0, 1)]
    assert tile.tiles_between(0, 256) == [(0, 0, 256), (1, 0, 1)]
    assert tile.tiles_between(70_000, 70_000) == []


@given(st.lists(st.integers(0, LARGEST), min_size=1, max_size=4))
@example([255, 256, 257, 65_535, 65_536, 65_537])
def test_a_log_may_grow_in_any_steps(sizes: list[int]) -> None:
    sizes = sorted(sizes)
    files = files_of(*sizes)
    assert files.keys() == {
        name for old, new in zip([0, *sizes], sizes, strict=False) for name in tile.tiles_between(old, new)
    }
    reader(files)
    for (level, number, width), hashes in files.items():
        wanted = [(8 * level, number * 256 + index) for index in range(width)]
        assert hashes == b"".join(whole().hashes(wanted))


@given(st.integers(0, LARGEST), st.integers(0, 300))
def test_a_log_goes_on_from_its_partial_tiles(size: int, more: int) -> None:
    more = min(more, LARGEST - size)
    files = files_of(size)
    partial = {level: files[level, number, width] for level, number, width in files if width < 256}
    builder = tile.TileBuilder(size, partial)
    assert builder.root() == whole().root(size)
    files |= {
        (level, number, len(new) // 32): new for level, number, new in builder.extend(leaves()[size : size + more])
    }
    assert files == files_of(size, size + more)


def test_a_log_does_not_go_on_from_tiles_of_another_size() -> None:
    for size, partial in ((5, {0: bytes(32 * 4)}), (5, {}), (256, {0: b""}), (3, {0: bytes(95)})):
        with pytest.raises(BadTile):
            tile.TileBuilder(size, partial)


@given(st.data())
def test_proofs_from_tiles_are_those_of_the_tree(data: st.DataObject) -> None:
    size = data.draw(st.integers(1, LARGEST))
    served = reader(files_of(size))
    for _ in range(3):
        index = data.draw(st.integers(0, size - 1))
        assert tree.inclusion_proof(served, index, size) == tree.inclusion_proof(whole(), index, size)
        assert tree.consistency_proof(served, index, size) == tree.consistency_proof(whole(), index, size)


@given(st.data())
def test_no_altered_tile_is_believed(data: st.DataObject) -> None:
    """Also not one of which only a few subtrees are asked for: some readers pass over exactly that."""
    size = data.draw(st.integers(1, LARGEST))
    files = files_of(size)
    index = data.draw(st.integers(0, size - 1))
    level = data.draw(st.sampled_from(sorted({level for level, _, _ in files})))
    number = index >> 8 * (level + 1)
    width = tile.tile_width(level, number, size)
    if not width:
        return
    octets = bytearray(files[level, number, width])
    octets[data.draw(st.integers(0, len(octets) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    files[level, number, width] = bytes(octets)
    with pytest.raises(BadTile):
        reader(files).tile(level, number)
    if level == 0:
        with pytest.raises(BadTile):
            tree.inclusion_proof(reader(files), index, size)


def test_a_tile_made_consistent_below_is_not_believed() -> None:
    files = files_of(66_000)
    changed = tree.leaf_hash(b"another")
    files[0, 7, 256] = changed + files[0, 7, 256][32:]
    root = tree.root(tile.decode_tile(files[0, 7, 256], 256))
    files[1, 0, 256] = files[1, 0, 256][: 7 * 32] + root + files[1, 0, 256][8 * 32 :]
    with pytest.raises(BadTile):
        reader(files).tile(0, 7)


def test_few_tiles_are_kept_in_memory() -> None:
    files = files_of(66_000)
    served = tile.TileHashes(lambda *name: files[name], 66_000, whole().root(66_000), cached=2)
    for index in (0, 60_000, 30_000, 0, 65_999):
        assert tree.inclusion_proof(served, index, 66_000) == tree.inclusion_proof(whole(), index, 66_000)


@given(st.lists(st.binary(max_size=300), min_size=1, max_size=256))
def test_a_bundle_is_read_as_it_was_written(entries: list[bytes]) -> None:
    octets = tile.encode_bundle(entries)
    assert tile.decode_bundle(octets) == tile.decode_bundle(octets, len(entries)) == entries
    for wrong in (octets[:-1], octets + b"\0"):
        with pytest.raises(BadTile):
            tile.decode_bundle(wrong, len(entries))
    with pytest.raises(BadTile):
        tile.decode_bundle(octets, len(entries) + 1)


def test_a_bundle_of_none_or_too_many_is_refused() -> None:
    longest = bytes(65_535)
    assert tile.decode_bundle(tile.encode_bundle([longest])) == [longest]
    for wrong in (b"", b"\0\0" * 257, b"\0", b"\0\1"):
        with pytest.raises(BadTile):
            tile.decode_bundle(wrong)
