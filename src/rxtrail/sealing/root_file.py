"""The file ``DATA/keys/root.key``: the root key as it is, under a passphrase, or wrapped by a key management service.

It is one JSON object. ``id`` names the key without telling it; the same name stands wherever that key is needed.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final

import msgspec

from rxtrail import private_file
from rxtrail.sealing import kms, passphrase
from rxtrail.sealing.refusals import CannotDecrypt
from rxtrail.sealing.root import KEY_BYTES, Root

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

FOLDER: Final = "keys"
FILE: Final = "root.key"
FILE_BYTES_MAX: Final = 64 * 1024
PLAIN, PASSPHRASE, KMS = "file", "passphrase", "kms"
_VERSION: Final = 1
_ESCROW: Final = (
    "Put it back from escrow: rxtrail keys import FILE. Without it, what it sealed is lost; what was published of its "
    "log can still be proven: rxtrail log verify, rxtrail proof check."
)


class RootFile(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, forbid_unknown_fields=True):
    """What the file says; of ``key`` and ``wrapped`` one is there."""

    rxtrail_root_key: int
    id: str
    form: str
    key: bytes = b""
    wrapped: bytes = b""
    scrypt: passphrase.Scrypt | None = None
    kms: str = ""

    def __repr__(self) -> str:
        """Give all but the key."""
        return f"RootFile({self.id}, {self.form})"

    def open(self, ask: Callable[[], str], place: str) -> Root:
        """Give the root key.

        :raises WrongPassphrase: the passphrase is another one.
        :raises CannotDecrypt: the service does not answer, or the file is damaged.
        """
        if self.form == PLAIN:
            key = self.key
        elif self.form == PASSPHRASE and self.scrypt is not None:
            key = passphrase.unwrap(self.scrypt, self.wrapped, ask())
        elif self.form == KMS:
            key = kms.unwrap(self.kms, self.wrapped)
        else:
            raise _failed(place, "is of a kind that this program does not know")
        if len(key) != KEY_BYTES or Root(key).id != self.id:
            raise _failed(place, f"does not hold the root key {self.id}")
        return Root(key)


def parse(content: bytes, place: str) -> RootFile:
    """Read the file.

    :raises CannotDecrypt: it is none.
    """
    try:
        file = msgspec.json.decode(content, type=RootFile)
    except msgspec.DecodeError as wrong:
        raise _failed(place, "is damaged") from wrong
    if file.rxtrail_root_key != _VERSION:
        raise _failed(place, "was written by a newer rxtrail")
    return file


def plain(root: Root) -> RootFile:
    """The root key as it is, guarded by the rights of the file alone."""
    return RootFile(_VERSION, root.id, PLAIN, key=root.secret())


def locked(root: Root, text: str, random_bytes: Callable[[int], bytes]) -> RootFile:
    """The root key under a passphrase."""
    scrypt, wrapped = passphrase.wrap(root.secret(), text, random_bytes)
    return RootFile(_VERSION, root.id, PASSPHRASE, wrapped=wrapped, scrypt=scrypt)


def kept_by(root: Root, service: str) -> RootFile:
    """The root key wrapped by a key management service."""
    return RootFile(_VERSION, root.id, KMS, wrapped=kms.wrap(service, root.secret()), kms=service)


def encode(file: RootFile) -> bytes:
    """Give what stands in the file."""
    return msgspec.json.format(msgspec.json.encode(file)) + b"\n"


# Root keys that a passphrase or a service has opened in this process: a second opening asks nobody.
_opened: dict[RootFile, Root] = {}


class Keeper:
    """Keeps the root key of one data folder: reads it when it is first needed, and makes it when it may."""

    def __init__(
        self,
        data: Path,
        *,
        random_bytes: Callable[[int], bytes],
        elsewhere: Path | None = None,
        ask: Callable[[], str] = passphrase.asked,
    ) -> None:
        """``elsewhere`` is a file that is kept outside of ``data``; ``ask`` gives the passphrase of a key under one."""
        self.folder = data
        self.path = elsewhere or data / FOLDER / FILE
        self._inside = elsewhere is None
        self._random = random_bytes
        self._ask = ask
        self._root: Root | None = None
        self._lock = threading.Lock()

    def file(self) -> RootFile | None:
        """Read the file; None when there is none.

        :raises CannotDecrypt: others may read it, or it is damaged.
        """
        place = str(self.path)
        try:
            content = private_file.read(self.path, FILE_BYTES_MAX)
        except private_file.Exposed as seen:
            raise CannotDecrypt(
                "others on this machine may read the root key",
                place=place,
                advice=f"chmod 600 {place}, and find out who could have read it.",
            ) from seen
        except OSError as error:
            raise _failed(place, f"cannot be read: {error.strerror}") from error
        return None if content is None else parse(content, place)

    def root(self, *, create: bool = False, wanted: str = "") -> Root:
        """Give the root key; ``wanted`` names the one that is needed, ``create`` makes one where there is none.

        :raises CannotDecrypt: there is none, it cannot be opened, or it is another one than is wanted.
        """
        with self._lock:
            if self._root is None:
                file = self.file()
                if file is None and create:
                    self._write_new()
                    file = self.file()
                if file is None:
                    raise CannotDecrypt(
                        f"the root key {wanted} is not here" if wanted else "there is no root key",
                        place=str(self.path),
                        advice=_ESCROW,
                    )
                if wanted and file.id != wanted:  # said before anybody types a passphrase for it
                    raise self._another(file.id, wanted)
                self._root = _opened.get(file)
                if self._root is None:
                    self._root = file.open(self._ask, str(self.path))
                    if file.form != PLAIN:
                        _opened[file] = self._root
            if wanted and self._root.id != wanted:
                raise self._another(self._root.id, wanted)
            return self._root

    def write(self, file: RootFile) -> None:
        """Put a file in the place of the one that may be there.

        :raises CannotDecrypt: it cannot be written; what was there still is.
        """
        try:
            private_file.replace(self.path, encode(file), folder_too=self._inside)
        except OSError as error:
            raise _failed(str(self.path), f"cannot be written: {error.strerror}") from error

    def adopt(self, file: RootFile) -> None:
        """Take a root key from elsewhere as it is; one that is here already stays.

        :raises CannotDecrypt: another one is here, or it cannot be written.
        """
        try:
            private_file.write_new(self.path, encode(file), folder_too=self._inside)
        except OSError as error:
            raise _failed(str(self.path), f"cannot be written: {error.strerror}") from error
        here = self.file()
        assert here is not None, "it was just written"
        if here.id != file.id:
            raise self._another(here.id, file.id)

    def _write_new(self) -> None:
        file = plain(Root(self._random(KEY_BYTES)))
        try:
            private_file.write_new(self.path, encode(file), folder_too=self._inside)
        except OSError as error:
            raise _failed(str(self.path), f"cannot be written: {error.strerror}") from error

    def _another(self, here: str, wanted: str) -> CannotDecrypt:
        return CannotDecrypt(
            f"the root key {wanted} is needed, and the one that is here is {here}",
            place=str(self.path),
            advice="Move this file aside, then put the right one back from escrow: rxtrail keys import FILE",
        )


def _failed(place: str, why: str) -> CannotDecrypt:
    return CannotDecrypt(f"the root key file {why}", place=place, advice=_ESCROW)
