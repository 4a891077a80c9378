"""Encryption at rest: the root key and where it is kept, the keys under it, and sealing what the store writes."""

from rxtrail.sealing.key_rows import SEGMENT, TENANT, KeyRow, moved_tenant
from rxtrail.sealing.refusals import CannotDecrypt, NotEncrypted, NotSealed, Shredded, WrongPassphrase
from rxtrail.sealing.root import KEY_BYTES, Root
from rxtrail.sealing.root_file import Keeper, RootFile
from rxtrail.sealing.sealer import REREAD_SECONDS, Sealer, key_of, plain
from rxtrail.sealing.stream import SealedFile, Spill
from rxtrail.sealing.unsealed import not_sealed

__all__ = [
    "KEY_BYTES",
    "REREAD_SECONDS",
    "SEGMENT",
    "TENANT",
    "CannotDecrypt",
    "Keeper",
    "KeyRow",
    "NotEncrypted",
    "NotSealed",
    "Root",
    "RootFile",
    "SealedFile",
    "Sealer",
    "Shredded",
    "Spill",
    "WrongPassphrase",
    "key_of",
    "moved_tenant",
    "not_sealed",
    "plain",
]
