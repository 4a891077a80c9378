"""The cryptography that we rely on against Wycheproof (Apache-2.0): every attack in it must fail."""

from __future__ import annotations

import hmac
import json
from typing import TYPE_CHECKING, Any

import pytest
from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives import hashes, keywrap
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from rxtrail.core.merkle import note
from tests.conformance.shared import count

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.conformance

vector = dict[str, Any]


def octets(given: vector, name: str) -> bytes:
    return bytes.fromhex(given.get(name, ""))


def ed25519(group: vector, test: vector) -> bool:
    public = bytes.fromhex(group["publicKey"]["pk"])
    return note.signed_by(note.ED25519, public, octets(test, "msg"), octets(test, "sig"))


def ml_dsa_44(group: vector, test: vector) -> bool:
    public = bytes.fromhex(group["publicKey"])
    if "ctx" not in test:
        return note.signed_by(note.COSIGNATURE_ML_DSA_44, public, octets(test, "msg"), octets(test, "sig"))
    try:  # the log's signatures have no context; the primitive knows it
        key = MLDSA44PublicKey.from_public_bytes(public)
        key.verify(octets(test, "sig"), octets(test, "msg"), octets(test, "ctx"))
    except (InvalidSignature, ValueError):
        return False
    return True


def hmac_sha256(group: vector, test: vector) -> bool:
    made = hmac.digest(octets(test, "key"), octets(test, "msg"), "sha256")
    return hmac.compare_digest(made[: group["tagSize"] // 8], octets(test, "tag"))


def aes_gcm(group: vector, test: vector) -> bool:
    if group["tagSize"] != 128:
        return False
    nonce, aad = octets(test, "iv"), octets(test, "aad")
    try:
        cipher = AESGCM(octets(test, "key"))
        opened = cipher.decrypt(nonce, octets(test, "ct") + octets(test, "tag"), aad)
    except (InvalidTag, ValueError):
        return False
    return opened == octets(test, "msg") and cipher.encrypt(nonce, opened, aad) == octets(test, "ct") + octets(
        test, "tag"
    )


def aes_kwp(group: vector, test: vector) -> bool:
    try:
        opened = keywrap.aes_key_unwrap_with_padding(octets(test, "key"), octets(test, "ct"))
    except (keywrap.InvalidUnwrap, ValueError):
        return False
    wrapped = keywrap.aes_key_wrap_with_padding(octets(test, "key"), opened)
    return opened == octets(test, "msg") and wrapped == octets(test, "ct")


def hkdf_sha256(group: vector, test: vector) -> bool:
    try:
        kdf = HKDF(hashes.SHA256(), test["size"], octets(test, "salt"), octets(test, "info"))
    except ValueError:
        return False
    return kdf.derive(octets(test, "ikm")) == octets(test, "okm")


# Not taken where the library refuses more than the vectors do: each is safe, and none is used here.
ODD_NONCES = "AES-GCM with a nonce of less than 8 or more than 128 bytes"
EMPTY_KEYS = "a wrapped key of no bytes"


def left_out(name: str, test: vector) -> str:
    if name == "aes_gcm" and not 8 <= len(octets(test, "iv")) <= 128:
        return ODD_NONCES
    return EMPTY_KEYS if name == "aes_kwp" and not octets(test, "msg") else ""


@pytest.mark.parametrize(
    ("name", "file", "accepts"),
    [
        ("ed25519", "ed25519_test.json", ed25519),
        ("ml_dsa_44", "mldsa_44_verify_test.json", ml_dsa_44),
        ("hmac_sha256", "hmac_sha256_test.json", hmac_sha256),
        ("aes_gcm", "aes_gcm_test.json", aes_gcm),
        ("aes_kwp", "aes_kwp_test.json", aes_kwp),
        ("hkdf_sha256", "hkdf_sha256_test.json", hkdf_sha256),
    ],
)
def test_what_is_valid_is_taken_and_nothing_else(
    shared: Path, name: str, file: str, accepts: Callable[[vector, vector], bool]
) -> None:
    wrong = []
    path = shared / "conformance" / "ledger" / "wycheproof" / file
    for group in json.loads(path.read_text(encoding="utf-8"))["testGroups"]:
        for test in group["tests"]:
            accepted = accepts(group, test)
            if not accepted and left_out(name, test):
                continue
            count()
            if accepted is not (test["result"] == "valid"):
                wrong.append((test["tcId"], test["comment"], test["result"]))
    assert wrong == []
