"""What a cosigner signs: that it saw this checkpoint, at this time, and that it fits all that it saw before.

Source: C2SP tlog-cosignature. The Ed25519 form (type 0x04) is a statement about a whole checkpoint; the ML-DSA-44 form
(type 0x06) is one about a subtree, of which the whole tree is a case.
"""

from __future__ import annotations

from typing import Final

from rxtrail.core.merkle.tree import HASH_BYTES, SIZE_MAX, is_subtree

TIME_BYTES: Final = 8
TIME_MAX: Final = SIZE_MAX
NAME_BYTES_MAX: Final = 255
_HEADER: Final = "cosignature/v1\n"
_LABEL: Final = b"subtree/v1\n\0"


def ed25519_message(text: str, time: int) -> bytes:
    """Give what an Ed25519 cosigner signs for the text of a checkpoint, at this POSIX time."""
    assert 0 <= time <= TIME_MAX, time
    return f"{_HEADER}time {time}\n{text}".encode()


def ml_dsa_message(cosigner: str, time: int, origin: str, start: int, end: int, root: bytes) -> bytes | None:
    """Give what an ML-DSA-44 cosigner signs for the subtree ``[start, end)``; time 0 says nothing of a latest tree.

    None when there is no such statement: a name that is too long, or a time for what is not a whole tree.
    """
    name, log = cosigner.encode(), origin.encode()
    if not (0 < len(name) <= NAME_BYTES_MAX and 0 < len(log) <= NAME_BYTES_MAX and 0 <= time <= TIME_MAX):
        return None
    if len(root) != HASH_BYTES or (start and time) or not (is_subtree(start, end) or start == end == 0):
        return None
    return b"".join(
        (
            _LABEL,
            bytes((len(name),)),
            name,
            time.to_bytes(TIME_BYTES, "big"),
            bytes((len(log),)),
            log,
            start.to_bytes(8, "big"),
            end.to_bytes(8, "big"),
            root,
        )
    )
