"""Why a verification request gets no answer, by the codes that go back."""

from __future__ import annotations

from rxtrail.errors import NotFound, RxtrailError


class UnknownRequester(RxtrailError):
    """Who asks is in no partner table, where one has to be."""

    code = "unknown-requester"


class RequesterNotAuthorised(RxtrailError):
    """Who asks is a partner whose partnership or licence does not hold today."""

    code = "requester-not-authorised"


class NotHandled(NotFound):
    """The product is not answered for here, or not any more."""

    code = "gtin-not-handled"


class TooManyUnknown(RxtrailError):
    """Who asks has asked for too many packs that do not exist."""

    code = "too-many-unknown"


class NotNow(RxtrailError):
    """A file that speaks of the pack is still being read, or the record is an old copy."""

    code = "still-being-written"
