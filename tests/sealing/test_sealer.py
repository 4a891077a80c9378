"""What is sealed opens at its own place only, under its own key only, and no nonce comes twice."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import hypothesis
import pytest
from hypothesis import strategies as st

from rxtrail.sealing import (
    SEGMENT,
    TENANT,
    CannotDecrypt,
    KeyRow,
    NotSealed,
    Root,
    Sealer,
    Shredded,
    key_of,
    plain,
    sealer,
)
from rxtrail.sealing.key_rows import wrap_tenant
from rxtrail.sealing.sealer import HEAD, MAGIC, OVERHEAD_BYTES

if TYPE_CHECKING:
    from rxtrail.sealing import RootFile

ROOT = Root(bytes(range(32)))


class Roots:
    """Holds one root key in memory."""

    def __init__(self, root: Root | None = ROOT) -> None:
        self.held = root

    def root(self, *, create: bool = False, wanted: str = "") -> Root:
        assert not (create and wanted), "what is wanted is there already"
        if self.held is None or (wanted and wanted != self.held.id):
            raise CannotDecrypt(f"the root key {wanted} is not here")
        return self.held

    def file(self) -> RootFile | None:
        return None


class Rows:
    """The table of keys, in memory."""

    def __init__(self) -> None:
        self.rows: dict[int, KeyRow] = {}

    def data_key(self, number: int) -> KeyRow | None:
        return self.rows.get(number)

    def tenant_keys(self, tenant: int) -> list[KeyRow]:
        return [row for row in self.rows.values() if row.kind == TENANT and row.tenant == tenant]

    def next_data_key(self) -> int:
        return max(self.rows, default=0) + 1

    def add_data_keys(self, rows: list[KeyRow]) -> None:
        self.rows.update({row.id: row for row in rows})

    last = (0, 0)  # block and document
    committed = True

    def last_numbers(self) -> tuple[int, int]:
        return self.last

    def is_committed_to(self, *_: object) -> bool:
        return self.committed


def made(roots: Roots | None = None) -> Sealer:
    return Sealer(roots or Roots(), seals=True, random_bytes=os.urandom, now_us=lambda: 1)


@pytest.fixture
def rows() -> Rows:
    return Rows()


def nonce_of(sealed: bytes) -> tuple[int, int]:
    _, key, nonce = HEAD.unpack_from(sealed)
    return key, nonce


# -- opening -------------------------------------------------------------------------------------------------------


@hypothesis.given(data=st.binary(max_size=5000))
def test_what_was_sealed_opens_again_and_shows_nothing(data: bytes) -> None:
    rows, sealing = Rows(), made()
    sealed = sealing.seal(rows, "block", (1,), data)
    assert len(sealed) == len(data) + OVERHEAD_BYTES
    assert len(data) < 8 or data not in sealed
    assert sealing.open(rows, "block", (1,), sealed) == data
    assert made().open(rows, "block", (1,), sealed) == data, "another process with the same root key"


def test_what_lay_there_before_the_first_key_is_given_as_it_is_and_nothing_else_is(rows: Rows) -> None:
    zstd = b"\x28\xb5\x2f\xfd" + bytes(50)
    assert made().open(rows, "block", (1,), zstd) == zstd, "nothing was sealed yet"
    rows.last = (7, 3)
    sealing = made()
    sealing.seal(rows, "block", (8,), zstd)
    for table, number, read in (("block", 7, True), ("block", 8, False), ("document_chunk", 3, True)):
        for sealer_ in (sealing, made()):
            if read:
                assert sealer_.open(rows, table, (number, 0), zstd) == zstd
            else:
                with pytest.raises(NotSealed, match=f"{table} {number}"):
                    sealer_.open(rows, table, (number, 0), zstd)
    with pytest.raises(NotSealed):
        made().open(rows, "document_chunk", (4, 0), zstd)
    rows.committed = False
    with pytest.raises(NotSealed, match="commits to other bytes"):
        made().open(rows, "block", (7,), zstd)


def test_the_line_before_which_nothing_is_sealed_cannot_be_moved(rows: Rows) -> None:
    sealed = made().seal(rows, "block", (1,), b"told")
    rows.rows = {number: row._replace(origin=row.origin.replace("/0/0", "/9/9")) for number, row in rows.rows.items()}
    for data in (sealed, b"put there"):
        with pytest.raises(CannotDecrypt, match="does not open"):
            made().open(rows, "block", (1,), data)


def test_a_record_without_a_line_gets_one_with_its_next_key(rows: Rows) -> None:
    rows.last = (5, 5)
    first = made()
    first.renew(rows, 0)
    rows.rows.clear()
    row, _ = first.renew(rows, 0)
    old = row._replace(origin="ab" * 16, wrapped=wrap_tenant(ROOT, row._replace(origin="ab" * 16), bytes(32)))
    rows.rows = {1: old}
    assert made().open(rows, "block", (9,), b"of before") == b"of before"
    new, _ = made().renew(rows, 0)
    assert new.origin == "ab" * 16 + "/5/5"
    with pytest.raises(NotSealed):
        made().open(rows, "block", (9,), b"of before")


def test_what_is_not_sealed_is_given_where_nothing_shall_be(rows: Rows) -> None:
    zstd = b"\x28\xb5\x2f\xfd" + bytes(50)
    assert plain().open(rows, "block", (1,), zstd) == zstd
    assert key_of(zstd) == 0
    assert plain().seal(rows, "block", (1,), zstd) == zstd


@pytest.mark.parametrize(
    ("table", "row"), [("block", (2,)), ("document_chunk", (1,)), ("block", (1, 0)), ("block", (0, 1)), ("blo", (1,))]
)
def test_what_was_sealed_opens_at_its_own_place_only(rows: Rows, table: str, row: tuple[int, ...]) -> None:
    sealing = made()
    sealed = sealing.seal(rows, "block", (1,), b"a block")
    with pytest.raises(CannotDecrypt, match="changed, or belong to another place"):
        sealing.open(rows, table, row, sealed)


@pytest.mark.parametrize("field", ["tenant", "version", "origin", "id"])
def test_a_key_row_that_was_changed_opens_nothing(rows: Rows, field: str) -> None:
    sealed = made().seal(rows, "block", (1,), b"a block")
    [number] = [row.id for row in rows.rows.values() if row.kind == SEGMENT]
    row = rows.rows[number]
    value: Any = "00" * 16 if field == "origin" else getattr(row, field) + 1
    rows.rows[number] = KeyRow(**{**row._asdict(), field: value})
    with pytest.raises(CannotDecrypt):
        made().open(rows, "block", (1,), sealed)


def test_every_changed_byte_is_noticed(rows: Rows) -> None:
    sealing = made()
    sealed = sealing.seal(rows, "block", (1,), b"some bytes of a block")
    for at in range(len(sealed)):
        changed = bytearray(sealed)
        changed[at] ^= 1
        with pytest.raises(NotSealed if at < len(MAGIC) else CannotDecrypt):
            made().open(rows, "block", (1,), bytes(changed))
        if at:
            with pytest.raises(CannotDecrypt):
                made().open(rows, "block", (1,), sealed[:at] if at >= len(MAGIC) else sealed[:4])


def test_a_missing_root_key_is_named(rows: Rows) -> None:
    sealed = made().seal(rows, "block", (1,), b"a block")
    for other in (Roots(None), Roots(Root(bytes(32)))):
        with pytest.raises(CannotDecrypt, match=ROOT.id):
            made(other).open(rows, "block", (1,), sealed)


def test_a_key_that_was_destroyed_is_named_as_such(rows: Rows) -> None:
    sealing = made()
    sealed = sealing.seal(rows, "block", (1,), b"a block")
    [row] = [row for row in rows.rows.values() if row.kind == SEGMENT]
    rows.rows[row.id] = row._replace(ended_at=5, wrapped=b"")
    assert sealing.open(rows, "block", (1,), sealed) == b"a block", "it is still in mind"
    with pytest.raises(Shredded, match=rf"key {row.id} .* destroyed on purpose"):
        sealing.open(rows, "block", (1,), sealed, epoch=1)


def test_a_destroyed_key_of_the_tenant_takes_all_its_segments_along(rows: Rows) -> None:
    sealed = made().seal(rows, "block", (1,), b"a block")
    [row] = rows.tenant_keys(0)
    rows.rows[row.id] = row._replace(ended_at=5, wrapped=b"")
    with pytest.raises(Shredded):
        made().open(rows, "block", (1,), sealed)


# -- nonces --------------------------------------------------------------------------------------------------------


def test_no_nonce_comes_twice_whatever_is_undone(rows: Rows) -> None:
    sealing = made()
    used: list[tuple[bytes, int]] = []  # the wrapped key tells one key from another, whatever its number
    for round_ in range(50):
        kept = dict(rows.rows)
        for number in range(round_ % 4 + 1):
            key, nonce = nonce_of(sealing.seal(rows, "block", (number,), b"x"))
            used.append((rows.rows[key].wrapped, nonce))
        if round_ % 3 == 0:
            rows.rows = kept  # the transaction is rolled back, its key with it
            sealing.undone()
        else:
            sealing.committed()
    assert len(set(used)) == len(used) == sum(round_ % 4 + 1 for round_ in range(50))


def test_a_key_whose_row_was_undone_is_never_used_again(rows: Rows) -> None:
    sealing = made()
    first = sealing.seal(rows, "block", (1,), b"x")
    undone = rows.rows
    rows.rows = {}
    sealing.undone()
    again = sealing.seal(rows, "block", (1,), b"x")
    assert again != first
    assert {row.wrapped for row in undone.values()}.isdisjoint(row.wrapped for row in rows.rows.values())
    assert made().open(rows, "block", (1,), again) == b"x"


def test_what_is_undone_after_a_commit_goes_on_with_the_same_key_and_new_nonces(rows: Rows) -> None:
    sealing = made()
    first = nonce_of(sealing.seal(rows, "block", (1,), b"x"))
    sealing.committed()
    second = nonce_of(sealing.seal(rows, "block", (2,), b"x"))
    sealing.undone()
    third = nonce_of(sealing.seal(rows, "block", (2,), b"x"))
    assert [key for key, _ in (first, second, third)] == [first[0]] * 3
    assert len({first, second, third}) == 3


def test_each_process_has_a_key_of_its_own(rows: Rows) -> None:
    one, other = made(), made()
    assert key_of(one.seal(rows, "block", (1,), b"x")) != key_of(other.seal(rows, "block", (2,), b"x"))
    assert len([row for row in rows.rows.values() if row.kind == TENANT]) == 1


def test_a_key_that_has_sealed_enough_is_followed_by_another(rows: Rows, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealer, "SEALS_MAX", 4)
    sealing = made()
    found = [nonce_of(sealing.seal(rows, "block", (number,), b"x")) for number in range(10)]
    assert max(nonce for _, nonce in found) == 3
    assert len({key for key, _ in found}) == 3
    assert len(set(found)) == 10


def test_a_long_row_has_its_key_before_it_begins(rows: Rows, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealer, "SEALS_MAX", 8)
    sealing = made()
    for _ in range(5):
        sealing.seal(rows, "block", (1,), b"x")
    sealing.ready(rows)
    count = len(rows.rows)
    keys = {key_of(sealing.seal(rows, "document_chunk", (1, seq), b"x")) for seq in range(4)}
    assert len(keys) == 1
    assert len(rows.rows) == count, "within a COPY nothing can be asked"


def test_a_renewed_key_is_noticed_by_another_process_at_its_next_transaction(rows: Rows) -> None:
    one, other = made(), made()
    before = key_of(one.seal(rows, "block", (1,), b"x"))
    one.committed()
    other.renew(rows, 0)
    assert key_of(one.seal(rows, "block", (2,), b"x")) == before
    one.recheck()
    after = key_of(one.seal(rows, "block", (3,), b"x"))
    assert after != before
    assert rows.rows[after].version == 2


def test_wrapping_under_a_new_key_leaves_what_was_sealed_readable(rows: Rows) -> None:
    sealed = made().seal(rows, "block", (1,), b"x")
    sealing = made()
    new, key = sealing.renew(rows, 0)
    [row] = [row for row in rows.rows.values() if row.kind == SEGMENT]
    rows.rows[row.id] = sealing.rewrapped(rows, row, new, key)
    [old, _] = rows.tenant_keys(0)
    rows.rows[old.id] = old._replace(ended_at=1, wrapped=b"")
    assert made().open(rows, "block", (1,), sealed) == b"x"


def test_a_root_key_names_itself_and_tells_nothing() -> None:
    assert ROOT.id not in ROOT.secret().hex()
    assert ROOT.secret().hex() not in repr(ROOT)
    assert len({ROOT.derive(label) for label in ("a", "b", "root id/v1")}) == 3
    assert ROOT.derive("a", b"1") != ROOT.derive("a", b"2")
