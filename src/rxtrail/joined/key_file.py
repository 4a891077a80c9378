"""The hub that this node has joined, and the site key for it: one file in DATA/keys that only its owner can read.

The secret stands nowhere else: not in the record, not in a log, and on no command line.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from rxtrail import private_file
from rxtrail.keys import FOLDER, KeyFailed

if TYPE_CHECKING:
    from pathlib import Path

FILE: Final = "hub.json"
FILE_BYTES_MAX: Final = 16 * 1024


class HubKey(msgspec.Struct, frozen=True, gc=False):
    """Where the hub is, what this node shows it, for which of its GLNs, and the verifier key of that hub."""

    url: str
    secret: str
    site: str
    hub_key: str

    def __repr__(self) -> str:
        """Give all but the secret."""
        return f"HubKey({self.url}, {self.site})"


def load(data: Path) -> HubKey | None:
    """Read the file; None when there is none.

    :raises KeyFailed: others may read it, or it is damaged.
    """
    path = data / FOLDER / FILE
    try:
        content = private_file.read(path, FILE_BYTES_MAX)
    except private_file.Exposed as seen:
        raise KeyFailed(
            "others on this machine may read the key for the hub",
            place=str(path),
            advice=f"chmod 600 {path}, have the hub rotate the key, and join again.",
        ) from seen
    except OSError as error:
        raise _failed(path, f"cannot be read: {error.strerror}") from error
    if content is None:
        return None
    try:
        return msgspec.json.decode(content, type=HubKey)
    except msgspec.DecodeError as wrong:
        raise _failed(path, "is damaged") from wrong


def save(data: Path, hub: HubKey) -> None:
    """Write the file, whole or not at all; raises ``KeyFailed``."""
    path = data / FOLDER / FILE
    try:
        private_file.replace(path, msgspec.json.encode(hub))
    except OSError as error:
        raise _failed(path, f"cannot be written: {error.strerror}") from error


def forget(data: Path) -> bool:
    """Delete the file; tell whether there was one."""
    path = data / FOLDER / FILE
    try:
        path.unlink()
    except FileNotFoundError:
        return False
    except OSError as error:
        raise _failed(path, f"cannot be deleted: {error.strerror}") from error
    return True


def _failed(path: Path, why: str) -> KeyFailed:
    return KeyFailed(f"the key for the hub {why}", place=str(path), advice="Join the hub again: rxtrail join URL")
