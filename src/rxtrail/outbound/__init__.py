"""The only door outwards: HTTP requests to others, with bounds on time and size."""

from rxtrail.outbound.http import BODY_BYTES_MAX, HttpReply, Unreachable, is_loopback, request, usable_url
from rxtrail.outbound.reach import ANYWHERE, Reach

__all__ = ["ANYWHERE", "BODY_BYTES_MAX", "HttpReply", "Reach", "Unreachable", "is_loopback", "request", "usable_url"]
