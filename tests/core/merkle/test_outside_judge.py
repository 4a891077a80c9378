"""A program of another language, that shares no line with ours, judges logs that we wrote."""

from __future__ import annotations

import functools
import http.server
import subprocess
import threading
from typing import TYPE_CHECKING, Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from rxtrail.core.merkle import note, signing, tile, tree
from tests import outside

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

ORIGIN = "log.example/rx"
LOG = signing.ed25519_signer(ORIGIN, Ed25519PrivateKey.from_private_bytes(b"\1" * 32))
WITNESS = signing.ed25519_signer(
    "w.example", Ed25519PrivateKey.from_private_bytes(b"\2" * 32), kind=note.COSIGNATURE_ED25519
)
OTHER = signing.ed25519_signer(ORIGIN, Ed25519PrivateKey.from_private_bytes(b"\3" * 32))
SIZES = (0, 1, 2, 255, 256, 257, 511, 513, 70_000)
LARGE = 70_000


def entries(count: int) -> list[bytes]:
    return [b"\1\2" + index.to_bytes(16, "big") + bytes([index % 251]) * 32 for index in range(count)]


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A log that grew to 70,000 entries; tests that change a file put it back."""
    folder = tmp_path_factory.mktemp("large")
    return outside.write_log(folder, entries(LARGE), ORIGIN, LOG, WITNESS, steps=(1, 256, 300, 65_536))


def refused(found: subprocess.CompletedProcess[str], *words: str) -> None:
    assert found.returncode == 1, found.stdout
    assert found.stderr.startswith("FAIL: ")
    assert all(word in found.stderr for word in words), found.stderr


class Served:
    """A plain web server over a folder, as anybody may put a log on."""

    def __init__(self, folder: Path) -> None:
        class Handler(http.server.SimpleHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def log_message(self, *_: Any) -> None:
                pass

        class Server(http.server.ThreadingHTTPServer):
            request_queue_size = 128
            daemon_threads = True

        self.server = Server(("127.0.0.1", 0), functools.partial(Handler, directory=str(folder)))
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def altered(large: Path) -> Iterator[Any]:
    """Give a function that flips one bit of a file; at the end all files are as they were."""
    kept: dict[Path, bytes] = {}

    def flip(name: str, at: int) -> Path:
        path = large / name
        kept.setdefault(path, path.read_bytes())
        octets = bytearray(path.read_bytes())
        octets[at] ^= 1
        path.write_bytes(octets)
        return path

    yield flip
    for path, octets in kept.items():
        path.write_bytes(octets)


@pytest.mark.parametrize("size", SIZES)
def test_our_logs_are_accepted_at_every_kind_of_size(tmp_path: Path, size: int) -> None:
    folder = outside.write_log(tmp_path, entries(size), ORIGIN, LOG, WITNESS)
    found = outside.judge(folder, LOG.verifier, witnesses=(WITNESS.verifier,))
    assert found.returncode == 0, found.stderr
    root = tree.root(tree.leaf_hashes(entries(size))).hex()
    assert found.stdout == f"OK: {ORIGIN}: {size} entries, root {root}\n"


def test_a_log_on_a_plain_web_server_is_accepted(large: Path) -> None:
    served = Served(large)
    try:
        found = outside.judge(served.url, LOG.verifier, old=large / "checkpoint.300")
        assert found.returncode == 0, found.stderr
        (large / "tile/entries/273.p/112").rename(large / "away")
        refused(outside.judge(served.url, LOG.verifier), "tile/entries/273")
    finally:
        (large / "away").rename(large / "tile/entries/273.p/112")
        served.server.shutdown()
        served.server.server_close()


def test_every_older_checkpoint_of_the_log_is_accepted(large: Path) -> None:
    for size in (1, 256, 300, 65_536, LARGE):
        found = outside.judge(large, LOG.verifier, old=large / f"checkpoint.{size}")
        assert found.returncode == 0, found.stderr


@pytest.mark.parametrize("name", ["tile/entries/100", "tile/entries/273.p/112"])
def test_an_altered_entry_is_refused(large: Path, altered: Any, name: str) -> None:
    altered(name, 40)
    refused(outside.judge(large, LOG.verifier), "differs from the entries")


@pytest.mark.parametrize("name", ["tile/0/100", "tile/0/273.p/112", "tile/1/000", "tile/1/001.p/17", "tile/2/000.p/1"])
def test_an_altered_tile_is_refused(large: Path, altered: Any, name: str) -> None:
    altered(name, 17)
    refused(outside.judge(large, LOG.verifier), name.partition(".p")[0], "differs from the entries")


def test_an_altered_entry_with_its_tile_made_consistent_is_refused(large: Path, altered: Any) -> None:
    bundle = tile.decode_bundle(altered("tile/entries/100", 40).read_bytes())
    leaves = b"".join(tree.leaf_hashes(bundle))
    path = altered("tile/0/100", 0)
    path.write_bytes(leaves)
    refused(outside.judge(large, LOG.verifier), "tile/1/000")

    above = altered("tile/1/000", 0)
    octets = bytearray(above.read_bytes())
    octets[0] ^= 1
    octets[100 * 32 : 101 * 32] = tree.root(tree.leaf_hashes(bundle))
    above.write_bytes(octets)
    top = altered("tile/2/000.p/1", 0)
    top.write_bytes(tree.root(tile.decode_tile(bytes(octets), 256)))
    refused(outside.judge(large, LOG.verifier), "do not make the root")


def test_a_truncated_log_is_refused(large: Path, tmp_path: Path) -> None:
    shorter = outside.write_log(tmp_path, entries(300), ORIGIN, LOG, WITNESS)
    assert outside.judge(shorter, LOG.verifier).returncode == 0
    refused(outside.judge(shorter, LOG.verifier, old=large / "checkpoint"), "truncated")
    (shorter / "checkpoint").write_bytes((large / "checkpoint").read_bytes())
    refused(outside.judge(shorter, LOG.verifier), "no such file")


def test_a_forked_log_is_refused_though_it_is_whole_and_signed(large: Path, tmp_path: Path) -> None:
    other = entries(400)
    other[299] = b"another"
    forked = outside.write_log(tmp_path, other, ORIGIN, LOG, WITNESS)
    assert outside.judge(forked, LOG.verifier, witnesses=(WITNESS.verifier,)).returncode == 0
    assert outside.judge(forked, LOG.verifier, old=large / "checkpoint.256").returncode == 0
    refused(outside.judge(forked, LOG.verifier, old=large / "checkpoint.300"), "forked")


def test_a_bundle_that_breaks_off_or_holds_more_is_refused(large: Path, altered: Any) -> None:
    path = altered("tile/entries/100", 0)
    refused(outside.judge(large, LOG.verifier))
    altered("tile/entries/100", 0)
    whole = path.read_bytes()
    path.write_bytes(whole[:-1])
    refused(outside.judge(large, LOG.verifier), "breaks off")
    path.write_bytes(whole + b"\0\0")
    refused(outside.judge(large, LOG.verifier), "257 entries")


def test_only_the_logs_own_key_and_the_named_witnesses_count(large: Path, altered: Any) -> None:
    refused(outside.judge(large, OTHER.verifier), "has not signed")
    stranger = signing.ed25519_signer(
        "v.example", Ed25519PrivateKey.from_private_bytes(b"\4" * 32), kind=note.COSIGNATURE_ED25519
    )
    refused(outside.judge(large, LOG.verifier, witnesses=(stranger.verifier,)), "has not cosigned")
    altered("checkpoint", len(ORIGIN) + 2)
    refused(outside.judge(large, LOG.verifier), "is wrong")


def test_the_judge_called_wrongly_says_so_and_judges_nothing(large: Path) -> None:
    assert outside.judge(large, "nonsense").returncode == 2
    assert outside.judge(large, LOG.verifier, "more").returncode == 2


def test_the_judge_uses_nothing_but_the_standard_library_and_is_formatted(tmp_path: Path) -> None:
    listed = outside.go("list", "-deps", "-f", "{{if not .Standard}}{{.ImportPath}}{{end}}", ".", work=tmp_path)
    assert listed.stdout.split() == ["logcheck"], listed.stderr
    gofmt = outside.toolchain() / "bin" / "gofmt"
    formatted = subprocess.run([gofmt, "-l", outside.SOURCE], capture_output=True, text=True, check=True)
    assert formatted.stdout == ""
