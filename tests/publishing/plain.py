"""The formats of a log in plain Python, written from the public specifications and sharing no line with rxtrail.

RFC 6962 section 2.1 (tree), C2SP tlog-tiles, signed-note, tlog-checkpoint, tlog-proof, tlog-cosignature. Ed25519 comes
from ``cryptography``; everything else is here.
"""

from __future__ import annotations

import base64
import hashlib
import struct
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

if TYPE_CHECKING:
    from collections.abc import Callable


class Wrong(Exception):
    """It is not what it says."""


def leaf(entry: bytes) -> bytes:
    return hashlib.sha256(b"\0" + entry).digest()


def node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\1" + left + right).digest()


def root(leaves: list[bytes]) -> bytes:
    """RFC 6962 2.1, by its definition."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return node(root(leaves[:split]), root(leaves[split:]))


def verifier_key(text: str) -> tuple[str, bytes, int, bytes]:
    """Give (name, key id, type, key) of ``name+id+base64``."""
    name, id_, material = text.strip().split("+", 2)
    raw = base64.b64decode(material)
    right = hashlib.sha256(name.encode() + b"\n" + raw).digest()[:4]
    if right != bytes.fromhex(id_):
        raise Wrong("the key's id is not that of the key")
    return name, right, raw[0], raw[1:]


def signed_text(note: bytes, vkey: str) -> str:
    """Give the text of a note that this key has signed (type 1), or cosigned (type 4)."""
    text, _, signatures = note.decode().partition("\n\n")
    text += "\n"
    name, id_, kind, key = verifier_key(vkey)
    for line in signatures.splitlines():
        dash, by, blob = line.split(" ")
        raw = base64.b64decode(blob)
        if dash != "\u2014" or by != name or raw[:4] != id_:
            continue
        signature, message = raw[4:], text.encode()
        if kind == 4:
            (time,) = struct.unpack(">Q", signature[:8])
            message, signature = f"cosignature/v1\ntime {time}\n{text}".encode(), signature[8:]
        try:
            Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
        except InvalidSignature as wrong:
            raise Wrong("the signature is not of this key") from wrong
        return text
    raise Wrong(f"{name} has not signed")


def checkpoint(note: bytes, vkey: str) -> tuple[str, int, bytes]:
    """Give (origin, size, root) of a signed head."""
    origin, size, hash_, *_ = signed_text(note, vkey).splitlines()
    return origin, int(size), base64.b64decode(hash_)


def number(index: int) -> str:
    """Give a tile's number as a path: ``x001/x234/067``."""
    parts = [f"{index % 1000:03}"]
    while index := index // 1000:
        parts.insert(0, f"x{index % 1000:03}")
    return "/".join(parts)


def path(level: str, index: int, width: int) -> str:
    return f"tile/{level}/{number(index)}" + ("" if width == 256 else f".p/{width}")


def entries(fetch: Callable[[str], bytes], size: int) -> list[bytes]:
    """Read all entries of a log, and hold every tile of every level against them."""
    found: list[bytes] = []
    while len(found) < size:
        width = min(256, size - len(found))
        data = fetch(path("entries", len(found) // 256, width))
        for _ in range(width):
            (length,) = struct.unpack(">H", data[:2])
            found.append(data[2 : 2 + length])
            data = data[2 + length :]
        if data:
            raise Wrong("a bundle has more than its entries")
    hashes, level = [leaf(entry) for entry in found], 0
    while hashes:
        for at in range(0, len(hashes), 256):
            part = hashes[at : at + 256]
            if fetch(path(str(level), at // 256, len(part))) != b"".join(part):
                raise Wrong(f"tile {at // 256} of level {level} is not that of the entries")
        hashes = [root(hashes[at : at + 256]) for at in range(0, len(hashes) // 256 * 256, 256)]
        level += 1
    return found


def included(hash_: bytes, index: int, size: int, proof: list[bytes]) -> bytes:
    """Give the root that an inclusion proof makes (RFC 9162 2.1.3.2)."""
    if not 0 <= index < size:
        raise Wrong("the entry is not in a tree of this size")
    at, last, made = index, size - 1, hash_
    for step in proof:
        if last == 0:
            raise Wrong("the proof is too long")
        if at % 2 or at == last:
            made = node(step, made)
            while at % 2 == 0 and at:
                at, last = at >> 1, last >> 1
        else:
            made = node(made, step)
        at, last = at >> 1, last >> 1
    if last:
        raise Wrong("the proof is too short")
    return made


def tlog_proof(content: bytes) -> tuple[bytes, int, list[bytes], bytes]:
    """Give (extra data, index, hashes, signed head) of a ``.tlog-proof`` file."""
    head, _, note = content.partition(b"\n\n")
    first, *lines = head.decode().splitlines()
    if first != "c2sp.org/tlog-proof@v1":
        raise Wrong("this is no proof")
    extra = b""
    if lines[0].startswith("extra "):
        extra = base64.b64decode(lines.pop(0)[6:])
    if not lines[0].startswith("index "):
        raise Wrong("a proof without an index")
    return extra, int(lines[0][6:]), [base64.b64decode(line) for line in lines[1:]], note
