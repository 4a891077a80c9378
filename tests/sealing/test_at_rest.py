"""Nothing that a record holds can be read from its data folder: what was captured, scanned, dispensed, or half done."""

from __future__ import annotations

import contextlib
import io
import subprocess
import time
from typing import TYPE_CHECKING

import pytest

from rxtrail.answers import CountIn
from rxtrail.bootstrap import open_node
from rxtrail.bootstrap.moving import move_store
from rxtrail.capture import raw, spool
from rxtrail.errors import RxtrailError
from rxtrail.sealing import CannotDecrypt, NotEncrypted
from rxtrail.states import ChangeItem, Order
from tests.engines import connect_file
from tests.faults.processes import program, quiet
from tests.story import GTIN, MAKER, PHARMACY, made, pack, packed, shipped, sscc, xml

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.engines import Rows

SERIALS = [f"Zq7SERIAL{number:03}xK" for number in range(40)]
LATE = [f"Zq7LATE{number:05}xK" for number in range(30_000)]
LOTS = "Zq7LOTABC"
# What a thief would look for: serials, the lot, containers, order and prescription numbers, names of files and people.
SECRETS = [
    *(b"Zq7SERIAL", b"Zq7LATE", b"Zq7LOT", sscc(7)[-18:].encode(), b"PO-7734-ORDER", b"RX-REF-5512", b"B. Nurse"),
    *(b"shipment-from-acme", MAKER.gln.encode(), PHARMACY.gln.encode(), b"commissioning", b"epcisBody", b"eventTime"),
]


def found_in(folder: Path) -> list[tuple[str, bytes]]:
    """Look for secrets in every byte of every file, file names included, as ``grep -raF`` does."""
    found = []
    for entry in sorted(folder.rglob("*")):
        content = entry.read_bytes() if entry.is_file() and not entry.is_symlink() else b""
        found += [(entry.name, secret) for secret in SECRETS if secret in content or secret.decode() in entry.name]
    return found


def document(serials: list[str], *, name: str) -> bytes:
    epcs = [pack(serial) for serial in serials]
    told = xml([made(*epcs, lot=LOTS), packed(sscc(7), *epcs), shipped(sscc(7))])
    return told + f"<!-- {name} PO-7734-ORDER -->".encode()


def tell(folder: Path) -> None:
    """Have a record of everything that a counter does."""
    with open_node(folder) as node:
        node.init("hub", [])
        node.capture(io.BytesIO(document(SERIALS, name="a")), name="shipment-from-acme.xml")
        for serial in SERIALS[:5]:
            node.verify(f"01{GTIN}21{serial}\x1d10{LOTS}", site=PHARMACY.gln)
        with contextlib.suppress(RxtrailError):  # refused or not, it is written down
            node.change("dispense", f"(01){GTIN}(21){SERIALS[0]}", site=PHARMACY.gln, ref="RX-REF-5512", by="B. Nurse")
        order = Order("hold", "", reason="PO-7734-ORDER", by="B. Nurse", site=PHARMACY.gln)
        job = node.submit_changes(order, [ChangeItem(f"(01){GTIN}(21){serial}") for serial in SERIALS[10:30]])
        node.change_job(job.job, wait_seconds=10.0)
        with contextlib.suppress(RxtrailError):
            node.count_in([CountIn(f"(01){GTIN}(21)Zq7SERIALcounted(10){LOTS}(17)280930")], by="B. Nurse")


@pytest.mark.sqlite_only
def test_nothing_of_a_record_can_be_read_from_its_folder_open_or_closed(tmp_path: Path) -> None:
    tell(tmp_path / "data")
    assert found_in(tmp_path / "data") == []
    with open_node(tmp_path / "data") as node:  # with its write-ahead log and locks beside it
        node.verify(f"01{GTIN}21{SERIALS[3]}", site=PHARMACY.gln)
        node.capture(io.BytesIO(document(["Zq7SERIALagain"], name="b")), name="shipment-from-acme-2.xml")
        assert (tmp_path / "data" / "rxtrail.sqlite-wal").stat().st_size > 0
        assert found_in(tmp_path / "data") == []
        assert node.status().packages >= len(SERIALS)
    with contextlib.closing(connect_file(tmp_path / "data" / "rxtrail.sqlite", read_only=False)) as connection:
        connection.execute("VACUUM")
    assert found_in(tmp_path / "data") == []
    (tmp_path / "a.backup").write_bytes(b"".join(open_and_back_up(tmp_path / "data")))
    assert found_in(tmp_path) == []


def open_and_back_up(folder: Path) -> list[bytes]:
    with open_node(folder, write=False) as node:
        return list(node.backup())


@pytest.mark.sqlite_only
def test_the_search_finds_what_is_not_encrypted(tmp_path: Path) -> None:
    """The control: the same record without encryption shows all of it."""
    with open_node(tmp_path / "data", encrypt=False) as node:
        node.capture(io.BytesIO(document(SERIALS, name="a")), name="shipment-from-acme.xml")
        assert node.status().encryption == "off"
    found = {secret for _, secret in found_in(tmp_path / "data")}
    assert {b"Zq7SERIAL", b"shipment-from-acme"} <= found


@pytest.mark.sqlite_only
def test_a_capture_that_is_killed_in_its_midst_leaves_nothing_to_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data, file = tmp_path / "data", tmp_path / "in.xml"
    file.write_bytes(document(LATE, name="late"))
    open_node(data).close()
    for wait in (0.5, 1.0, 1.6):
        planted = (
            "import rxtrail.capture.raw as r, rxtrail.capture.spool as s\n"
            "r.MEMORY_BYTES_MAX = 1000; s.MEMORY_BYTES_MAX = 1000"
        )
        words = program(data, "capture", str(file), planted=planted)
        process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=quiet())
        time.sleep(wait)
        process.kill()
        process.wait()
        assert found_in(data) == []
    monkeypatch.setattr(raw, "MEMORY_BYTES_MAX", 1000)
    monkeypatch.setattr(spool, "MEMORY_BYTES_MAX", 1000)
    with open_node(data) as node:
        node.resume()
        node.capture(io.BytesIO(file.read_bytes()), name="shipment-from-acme.xml")
        assert node.status().packages == len(LATE)
    assert found_in(data) == []


def test_blocks_and_documents_are_sealed_on_every_engine(tmp_path: Path, rows: Rows) -> None:
    with open_node(tmp_path) as node:
        node.capture(io.BytesIO(document(SERIALS, name="a")), name="a")
        held = node.keyring.status()
    assert held.encrypted
    assert (held.blocks_plain, held.documents_plain) == (0, 0)
    assert held.blocks > 0
    assert held.documents == 1
    kept = rows(tmp_path)
    for table, column in (("block", 1), ("document_chunk", 2)):
        assert kept[table]
        assert all(bytes(row[column]).startswith(b"rxs\x01") for row in kept[table])


# -- a lost key, an old record, a choice ---------------------------------------------------------------------------


@pytest.mark.sqlite_only
def test_a_lost_root_key_is_named_and_nothing_is_touched(tmp_path: Path) -> None:
    tell(tmp_path)
    key = tmp_path / "keys" / "root.key"
    kept, content = key.read_bytes(), (tmp_path / "rxtrail.sqlite").read_bytes()
    key.unlink()
    for write in (False, True):
        with pytest.raises(CannotDecrypt, match=r"the root key [0-9a-f]{16} is not here"):
            open_node(tmp_path, write=write)
    assert not key.exists(), "no new one is made in its place"
    assert (tmp_path / "rxtrail.sqlite").read_bytes() == content
    key.write_bytes(kept)
    key.chmod(0o600)
    with open_node(tmp_path) as node:
        assert node.status().packages >= len(SERIALS)


@pytest.mark.sqlite_only
def test_a_damaged_first_page_is_told_from_a_wrong_key(tmp_path: Path) -> None:
    open_node(tmp_path).close()
    path = tmp_path / "rxtrail.sqlite"
    content = bytearray(path.read_bytes())
    content[2000] ^= 1
    path.write_bytes(content)
    with pytest.raises(CannotDecrypt, match="it is damaged"):
        open_node(tmp_path)


@pytest.mark.sqlite_only
def test_a_record_of_an_older_version_says_what_to_do(tmp_path: Path, move: Callable[[Path, Path], None]) -> None:
    old = tmp_path / "old"
    with open_node(old, encrypt=False) as node:
        node.capture(io.BytesIO(document(SERIALS, name="a")), name="a")
    with contextlib.closing(connect_file(old / "rxtrail.sqlite", read_only=False)) as connection:
        connection.execute("DELETE FROM setting WHERE key = 'unencrypted'")
    for write in (False, True):
        with pytest.raises(NotEncrypted) as told:
            open_node(old, write=write)
        assert "move-store" in told.value.advice
        assert "--no-encryption" in told.value.advice
    move(old, tmp_path / "new")
    with open_node(tmp_path / "new") as node:
        held = node.keyring.status()
        assert held.file_encrypted
        assert held.blocks_plain > 0
        assert b"".join(node.document_raw(node.documents()[0].sha256)) == document(SERIALS, name="a")
    assert found_in(tmp_path / "new") == [], "its file is encrypted as a whole; its blocks can be sealed anew"


@pytest.fixture
def move() -> Callable[[Path, Path], None]:
    def moved(old: Path, new: Path) -> None:
        url = "sqlite:///{}/rxtrail.sqlite"
        move_store(url.format(old), url.format(new), progress=lambda *_: None)

    return moved


def test_a_record_that_shall_not_be_encrypted_says_so_and_stays_so(tmp_path: Path) -> None:
    with open_node(tmp_path, encrypt=False) as node:
        node.capture(io.BytesIO(document(SERIALS, name="a")), name="a")
    with open_node(tmp_path) as node:
        assert node.status().encryption == "off"
        assert not node.keyring.status().encrypted
        node.capture(io.BytesIO(document(["Zq7SERIALmore"], name="b")), name="b")
        assert node.keyring.status().blocks_plain == node.keyring.status().blocks
