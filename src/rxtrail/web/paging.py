"""Keyset pages: a list is read from a named place on, so a page never shifts while rows are added."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, TypeVar
from urllib.parse import urlencode

import msgspec

from rxtrail.web import limits

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request

T = TypeVar("T")


class PageQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """From where on, and how many."""

    after: str = ""
    limit: Annotated[int, msgspec.Meta(ge=1, le=limits.PAGE_ROWS_MAX)] = limits.PAGE_ROWS_DEFAULT


class StateQuery(PageQuery, frozen=True, forbid_unknown_fields=True):
    """From where on, how many, in which state; empty is any."""

    state: str = ""


def next_page(
    request: Request, rows: list[T], limit: int, place_of: Callable[[T], str], **asked: str
) -> tuple[list[T], str]:
    """The rows of this page and the address of the next, "" at the end; ``rows`` may hold one too many.

    ``asked`` is what else the page was asked by, and the next one is too.
    """
    if len(rows) <= limit:
        return rows, ""
    page = rows[:limit]
    return page, address_of(request, place_of(page[-1]), limit, **asked)


def address_of(request: Request, place: str, limit: int, **asked: str) -> str:
    """The address of the page behind a place."""
    told = {"after": place, "limit": str(limit), **asked}
    return f"{request.url.path}?{urlencode({name: value for name, value in told.items() if value})}"
