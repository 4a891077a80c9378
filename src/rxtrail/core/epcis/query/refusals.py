"""Why a query is not answered, each with the exception of EPCIS 2.0, clause 8.2.6, that it is told as."""

from __future__ import annotations

from rxtrail.errors import RxtrailError


class BadQuery(RxtrailError):
    """A parameter that does not exist, or a value that it cannot have (QueryParameterException)."""

    code = "bad-query"


class QueryTooComplex(RxtrailError):
    """A query that would cost more than one may (QueryTooComplexException)."""

    code = "query-too-complex"


class QueryTooLarge(RxtrailError):
    """More events than ``maxEventCount``, or than one answer may hold (QueryTooLargeException)."""

    code = "query-too-large"
