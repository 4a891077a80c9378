"""Opening one connection to a SQLite file, encrypted or not: the only place that sets PRAGMAs.

Source: SQLCipher's design (https://www.zetetic.net/sqlcipher/design): each page is AES-256 in CBC mode with an
initialization vector of its own and an HMAC-SHA512 over it, in the file and in the write-ahead log alike. The key is
derived from the root key, so no passphrase is stretched here. The first 16 bytes of a file are SQLCipher's salt, the
only ones that are not encrypted; 8 of them name the root key, so that a missing key can be told from a damaged file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlcipher3 import dbapi2

from rxtrail import clock
from rxtrail.errors import StoreFailed
from rxtrail.sealing import CannotDecrypt

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from rxtrail.sealing import Root

CHECKPOINT_PAGES = 4000  # 16 MiB of WAL between checkpoints: fewer second writes of the same page
PLAIN = "plain"  # what root_of gives for a file that is not encrypted
_PURPOSE = "sqlite file/v1"
_SALT_BYTES = 16
_ID_BYTES = 8
_PLAIN_HEADER = b"SQLite format 3\0"


def root_of(path: Path) -> str | None:
    """Tell which root key a file is encrypted under, PLAIN when under none; None when there is no file yet.

    :raises StoreFailed: it cannot be read.
    """
    salt = _salt_of(path)
    if salt is None:
        return None
    return PLAIN if salt == _PLAIN_HEADER else salt[:_ID_BYTES].hex()


def connect(path: Path, root: Root | None, *, cache_kib: int, read_only: bool = False) -> dbapi2.Connection:
    """Open a connection.

    :raises CannotDecrypt: the file is not encrypted under this root key.
    """
    mode = "ro" if read_only else "rwc"
    quoted = str(path).replace("%", "%25").replace("?", "%3f").replace("#", "%23")
    connection: dbapi2.Connection = dbapi2.connect(
        f"file:{quoted}?mode={mode}",
        uri=True,
        isolation_level=None,
        check_same_thread=False,
        cached_statements=256,
        timeout=10,
    )
    try:
        run: Callable[[str], Any] = connection.execute
        if root is not None:
            _turn_key(connection, path, root)
        if not read_only:
            run("PRAGMA journal_mode = WAL")
            run("PRAGMA synchronous = FULL")
            run(f"PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES}")
        run("PRAGMA temp_store = MEMORY")  # what a sort or an index needs in between never lies on the disk
        run(f"PRAGMA cache_size = -{cache_kib}")
        run("PRAGMA trusted_schema = OFF")
        run("PRAGMA foreign_keys = OFF")
    except BaseException:
        connection.close()
        raise
    return connection


def page_secret(root: Root, salt: bytes) -> bytes:
    """Give the key of the pages of a file that begins with this salt."""
    return root.derive(_PURPOSE, salt)


def salt_in(path: Path) -> bytes:
    """Give what a file begins with.

    :raises StoreFailed: it cannot be read.
    """
    return _salt_of(path) or bytes(_SALT_BYTES)


def _turn_key(connection: dbapi2.Connection, path: Path, root: Root) -> None:
    run: Callable[[str], Any] = connection.execute
    run("PRAGMA cipher_log_level = NONE")  # what it would say on stderr is said below, in words
    salt = _salt_of(path) or bytes.fromhex(root.id) + clock.random_bytes(_SALT_BYTES - _ID_BYTES)
    key = page_secret(root, salt)
    run(f"PRAGMA key = \"x'{key.hex()}{salt.hex()}'\"")
    if not run("PRAGMA cipher_version").fetchone():
        raise StoreFailed("this SQLite cannot encrypt", advice="Install the program's own packages: sqlcipher3.")
    run("PRAGMA cipher_page_size = 4096")
    try:
        run("SELECT count(*) FROM sqlite_master").fetchone()
    except dbapi2.DatabaseError as error:
        if "not a database" not in str(error):
            raise
        if salt == _PLAIN_HEADER:
            raise StoreFailed("this file is not encrypted, and was opened as if it were", place=path.name) from error
        named = salt[:_ID_BYTES].hex()
        if named != root.id:
            raise CannotDecrypt(
                f"cannot decrypt: the record is encrypted under the root key {named}, and the one here is {root.id}",
                place=str(path),
                advice="Put that key back from escrow: rxtrail keys import FILE",
            ) from error
        raise CannotDecrypt(
            f"cannot decrypt: the first page of the record does not open under its root key {root.id}: it is damaged",
            place=str(path),
            advice="Restore the record from a backup.",
        ) from error


def _salt_of(path: Path) -> bytes | None:
    try:
        with path.open("rb") as file:
            salt = file.read(_SALT_BYTES)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StoreFailed(f"the record cannot be read: {error.strerror}", place=str(path)) from error
    return salt if len(salt) == _SALT_BYTES else None
