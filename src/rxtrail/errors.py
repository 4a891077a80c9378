"""Named errors: each has a stable ``code`` that the API, the command line and the docs all use."""

from __future__ import annotations


class RxtrailError(Exception):
    """Anything that is refused with a reason; only ``web`` and ``cli`` turn it into words for people."""

    code = "error"

    def __init__(self, message: str, *, place: str = "", advice: str = "") -> None:
        """Keep what was wrong, where it stands (line, path or field) and what to do about it."""
        super().__init__(message)
        self.message = message
        self.place = place
        self.advice = advice


class BadIdentifier(RxtrailError):
    """A text that is not the GS1 identifier it claims to be."""

    code = "bad-identifier"


class BadScan(RxtrailError):
    """Scanner text from which no identifier can be read."""

    code = "bad-scan"


class StoreDamaged(RxtrailError):
    """What the store holds is not what its log commits to, so that it cannot be worked with."""

    code = "store-damaged"


class BadDocument(RxtrailError):
    """Bytes that cannot be read as an EPCIS document; ``code`` tells which way it is unreadable."""

    code = "bad-document"

    def __init__(self, code: str, message: str, *, place: str = "", advice: str = "") -> None:
        """Refuse the whole document; ``place`` is ``line N`` or a JSON path."""
        super().__init__(message, place=place, advice=advice)
        self.code = code


class BadRequest(RxtrailError):
    """A command or request whose arguments do not fit."""

    code = "bad-request"


class NotFound(RxtrailError):
    """The named thing is not on record."""

    code = "not-found"


class Refused(RxtrailError):
    """A state change that the pack's record does not allow; nothing was written."""

    code = "refused"
    state: object = None  # what the pack was to those who refused; None where they did not look


class Busy(RxtrailError):
    """The store is held by another writer that does not answer."""

    code = "busy"


class StoreFailed(RxtrailError):
    """The disk or database failed; unless that can be cured, the process stops: its record is doubtful."""

    code = "store-failed"
    curable = False


class StoreFull(StoreFailed):
    """There is no room left; what did not fit was undone, and the record goes on as it was."""

    code = "store-full"
    curable = True


class StoreLost(StoreFailed):
    """The database cannot be reached now, or did not end what it was asked; that is asked again."""

    code = "store-lost"
    curable = True


class StoreClosed(StoreFailed):
    """The record was moved away, or is not filled yet: it is not the one to work on."""

    code = "store-closed"


class StoreOld(StoreFailed):
    """The record is whole and of an earlier version; who only reads does not bring it up to date."""

    code = "store-old"


class StoreSetBack(StoreFailed):
    """The log is shorter than this node has seen it, or has become another: an old copy stands where the record was."""

    code = "store-set-back"


class LogSetBack(StoreSetBack):
    """What was published of this log is not what the record holds; it is not written, and confirms nothing."""

    code = "log-set-back"
    curable = True  # the server goes on: it must be able to say so at the counter


class BadBackup(RxtrailError):
    """A file that is no whole and unchanged backup; nothing was written."""

    code = "bad-backup"


class CopyDiffers(RxtrailError):
    """A copied record is not the one it was copied from; the copy stays closed."""

    code = "copy-differs"
