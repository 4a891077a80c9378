"""What is said when something at rest cannot be opened; it is never an answer about a pack."""

from __future__ import annotations

from rxtrail.errors import RxtrailError


class CannotDecrypt(RxtrailError):
    """The key that something was sealed with is not here, is another one, or the sealed bytes were changed."""

    code = "cannot-decrypt"


class Shredded(CannotDecrypt):
    """The key was destroyed on purpose: what it sealed can never be read again."""

    code = "shredded"


class NotSealed(CannotDecrypt):
    """Bytes that nobody sealed lie where only what is sealed may lie; they are not read."""

    code = "not-sealed"


class WrongPassphrase(CannotDecrypt):
    """The passphrase does not open the root key; nothing was changed."""

    code = "wrong-passphrase"


class NotEncrypted(RxtrailError):
    """A store that is not encrypted, and of which nobody has said that it shall be so."""

    code = "not-encrypted"
