"""Named errors that only the web floor has; no web library here, since the command line reads them too."""

from __future__ import annotations

from rxtrail import errors


class TooLarge(errors.RxtrailError):
    """A body past a named limit."""

    code = "too-large"

    def __init__(self, limit: str, bytes_max: int) -> None:
        """Name the limit, since who meets it must know which to ask for."""
        super().__init__(f"The body is larger than {limit} ({bytes_max:,} bytes).", advice="Send it in smaller parts.")


class WrongMediaType(errors.RxtrailError):
    """A body whose Content-Type this address does not take."""

    code = "unsupported-media-type"


class WrongHost(errors.RxtrailError):
    """A Host header that is not ours: a web page may have rebound its own name to this machine."""

    code = "wrong-host"


class WrongOrigin(errors.RxtrailError):
    """A writing request that another web site made the browser send."""

    code = "wrong-origin"


class WrongMethod(errors.RxtrailError):
    """A method that this address does not have."""

    code = "method-not-allowed"


class Overloaded(errors.RxtrailError):
    """All workers are taken and the queue is full."""

    code = "overloaded"


class DeadlinePassed(errors.RxtrailError):
    """No answer in time; whether a write happened is not known."""

    code = "deadline-passed"


class UploadBroken(errors.RxtrailError):
    """The client went away before its body was whole."""

    code = "upload-incomplete"


class NotAcceptable(errors.RxtrailError):
    """No form, version or format that the client accepts is ours to give."""

    code = "not-acceptable"


class UriTooLong(errors.RxtrailError):
    """A query in an address that is longer than an address may be."""

    code = "uri-too-long"


class ExistsAlready(errors.RxtrailError):
    """What would be created is there already."""

    code = "exists-already"
