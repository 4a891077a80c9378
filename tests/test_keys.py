"""Keys: made once, kept from others, named as signed notes name them; a signature is for one context only."""

from __future__ import annotations

import base64
import hashlib
import stat
import threading
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st

from rxtrail import clock
from rxtrail.keys import BadKey, KeyFailed, SigningKey, VerifierKey, open_key

if TYPE_CHECKING:
    from pathlib import Path


def opened(data: Path, **settings: str) -> SigningKey:
    return open_key(data, random_bytes=clock.random_bytes, **settings)  # type: ignore[arg-type]


def test_a_key_is_made_once_and_is_the_same_ever_after(tmp_path: Path) -> None:
    assert str(opened(tmp_path).verifier) == str(opened(tmp_path).verifier)


def test_only_the_owner_can_read_the_key(tmp_path: Path) -> None:
    opened(tmp_path)
    assert stat.S_IMODE((tmp_path / "keys").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "keys" / "node.key").stat().st_mode) == 0o600
    assert [path.name for path in (tmp_path / "keys").iterdir()] == ["node.key"]


def test_a_key_that_others_may_read_is_refused(tmp_path: Path) -> None:
    opened(tmp_path)
    (tmp_path / "keys" / "node.key").chmod(0o640)
    with pytest.raises(KeyFailed, match="others"):
        opened(tmp_path)


def test_without_leave_to_make_one_a_missing_key_is_told(tmp_path: Path) -> None:
    with pytest.raises(KeyFailed, match="no key yet"):
        open_key(tmp_path, random_bytes=clock.random_bytes, create=False)
    assert not (tmp_path / "keys").exists()


def test_kinds_have_keys_of_their_own(tmp_path: Path) -> None:
    assert opened(tmp_path).verifier.public != opened(tmp_path, kind="log", name="example.org/log").verifier.public
    assert opened(tmp_path, kind="log").verifier.name == "example.org/log"


def test_many_that_make_it_at_once_get_the_same_key(tmp_path: Path) -> None:
    found: list[str] = []
    threads = [threading.Thread(target=lambda: found.append(str(opened(tmp_path).verifier))) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 16
    assert len(set(found)) == 1


@pytest.mark.parametrize("content", [b"", b"rubbish", b"PRIVATE+KEY+a+00000000+AQID\n"])
def test_a_damaged_file_is_refused_and_never_replaced(tmp_path: Path, content: bytes) -> None:
    opened(tmp_path)
    path = tmp_path / "keys" / "node.key"
    path.write_bytes(content)
    with pytest.raises(KeyFailed):
        opened(tmp_path)
    assert path.read_bytes() == content


def test_a_changed_seed_is_noticed_by_the_key_id(tmp_path: Path) -> None:
    opened(tmp_path)
    path = tmp_path / "keys" / "node.key"
    start, _, encoded = path.read_text().strip().rpartition("+" + path.read_text().split("+")[3] + "+")
    octets = bytearray(base64.b64decode(encoded))
    octets[5] ^= 1
    path.write_text(f"{start}+{path.read_text().split('+')[3]}+{base64.b64encode(bytes(octets)).decode()}\n")
    with pytest.raises(KeyFailed):
        opened(tmp_path)


def test_a_key_shows_only_its_public_half(tmp_path: Path) -> None:
    key = opened(tmp_path)
    secret = (tmp_path / "keys" / "node.key").read_text().strip().rpartition("+")[2]
    assert secret not in repr(key)
    assert str(key.verifier) in repr(key)


def test_the_verifier_key_is_as_signed_notes_write_it(tmp_path: Path) -> None:
    name, key_id, encoded = str(opened(tmp_path).verifier).split("+", 2)
    octets = base64.b64decode(encoded)
    assert octets[0] == 1
    assert len(octets) == 33
    assert hashlib.sha256(name.encode() + b"\n" + octets).hexdigest()[:8] == key_id


def test_the_sample_key_of_the_notes_is_read() -> None:
    # The example of golang.org/x/mod/sumdb/note: the key of the author's test server.
    text = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
    assert str(VerifierKey.parse(text)) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a",
        "a+b+c",
        "PeterNeumann+c74f20a4+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "Peter Neumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "PeterNeumann+c74f20a3+AhpC2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
    ],
)
def test_what_is_no_verifier_key_is_refused(text: str) -> None:
    with pytest.raises(BadKey):
        VerifierKey.parse(text)


@given(text=st.text())
def test_any_text_is_a_key_or_is_refused(text: str) -> None:
    try:
        assert str(VerifierKey.parse(text)) == text.strip()
    except BadKey:
        pass


@given(message=st.binary(max_size=300))
def test_a_signature_is_for_one_message_and_one_context(
    tmp_path_factory: pytest.TempPathFactory, message: bytes
) -> None:
    key = opened(tmp_path_factory.getbasetemp() / "one-key")
    signature = key.sign(message, context="receipt/v1")
    assert key.verifier.verifies(message, signature, context="receipt/v1")
    assert not key.verifier.verifies(message, signature, context="site-bundle/v1")
    assert not key.verifier.verifies(message + b"x", signature, context="receipt/v1")
    assert not key.verifier.verifies(message, signature[:-1], context="receipt/v1")
    Ed25519PublicKey.from_public_bytes(key.verifier.public).verify(signature, b"rxtrail/receipt/v1\n" + message)
