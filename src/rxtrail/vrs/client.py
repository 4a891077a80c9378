"""Asking a maker: one question, a few attempts under one corrUUID, an answer or the reason why there is none."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from typing import TYPE_CHECKING, Final

import msgspec

from rxtrail.core.gs1 import company_prefix
from rxtrail.core.rules.vrs_answer import MakerAnswer
from rxtrail.errors import BadRequest
from rxtrail.outbound import Unreachable, request
from rxtrail.vrs import messages
from rxtrail.vrs.values import Connectivity

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from rxtrail.vrs.messages import VrsRequest
    from rxtrail.vrs.values import VrsSettings

CACHED_MAX: Final = 10_000
PAUSE_SECONDS: Final = 0.1  # before the second attempt; doubled for each further one
_RETRIED: Final = frozenset({408, 500, 502, 503, 504})

# What each outcome without an answer means, and what to do (LMS 1.1; the words are ours).
FAULTS: Final[dict[int, tuple[str, str]]] = {
    400: ("its system could not read the question", "Check the product code, and report this to the maker's system."),
    401: ("its system does not know us", "Ask the maker's provider to register this site's GLN."),
    403: ("its system does not admit us", "Check the licence and credential of this site with the maker's provider."),
    404: (
        "its system does not handle this product",
        "The lookup directory may be out of date: load it again, or call the maker.",
    ),
    405: ("its system does not take this question", "Check the address in the lookup directory."),
    408: ("its system waited too long for the question", "Try again."),
    429: ("its system was asked too often", "Try again later."),
    500: ("its system made a mistake", "Try again later, or call the maker."),
    502: ("the way to its system is broken", "Try again later, or call the maker."),
    503: ("its system is closed for maintenance", "Try again later, or call the maker."),
    504: ("its system did not answer in time", "Try again later, or call the maker."),
}
_OTHERWISE: Final = "Set the pack aside. Try again later, or call the maker. This is no sign of a bad pack."


class VrsAnswer(msgspec.Struct, frozen=True, gc=False):
    """A maker's answer, and how it was got."""

    answer: MakerAnswer
    corr_uuid: str
    attempts: int
    milliseconds: int
    cached: bool = False


class VrsClient:
    """Asks responders, for many threads at once; answers that say yes or no are remembered for a short while."""

    def __init__(
        self,
        *,
        same_party: Callable[[str, str], bool] = str.__eq__,
        credential: Callable[[str], Mapping[str, str]] = lambda _corr_uuid: {},
        pause: Callable[[float], None] = time.sleep,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """``credential`` gives the header fields that prove who asks under one corrUUID (OCI presentation)."""
        self._same_party = same_party
        self._credential = credential
        self._pause = pause
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._cache: OrderedDict[tuple[str, ...], tuple[float, VrsAnswer]] = OrderedDict()

    def verify(self, base: str, owner_gln: str, asked: VrsRequest, settings: VrsSettings) -> VrsAnswer:
        """Ask one responder about one pack; ``owner_gln`` is who shall answer. Never raises for what others do."""
        key = (base, asked.gtin, asked.lot, asked.serial, asked.exp, asked.context, asked.requester_gln)
        cached = self._cached(key)
        if cached is not None:
            return cached
        begun = self._monotonic()
        until = begun + settings.seconds
        answer = MakerAnswer(verified=None, fault="nobody answered in time", advice=_OTHERWISE)
        attempts = 0
        while attempts <= settings.retries and self._monotonic() < until:
            attempts += 1
            answer, again, wait = self._once(base, owner_gln, asked, settings, until)
            if not again or attempts > settings.retries:
                break
            wait = max(wait, PAUSE_SECONDS * 2 ** (attempts - 1))
            if self._monotonic() + wait >= until:
                break
            self._pause(wait)
        taken = round((self._monotonic() - begun) * 1000)
        found = VrsAnswer(answer, asked.corr_uuid, attempts, taken)
        if answer.verified is not None and settings.cache_seconds:
            self._remember(key, self._monotonic() + settings.cache_seconds, found)
        return found

    def check(
        self, base: str, gtin: str, requester_gln: str, settings: VrsSettings, *, context: str = ""
    ) -> Connectivity:
        """Ask a responder whether it is there and handles a GTIN for us.

        :raises BadRequest: the address is none that may be asked.
        """
        begun = self._monotonic()
        status, gln, fault, advice = 0, "", "", ""
        try:
            reply = request(
                "GET",
                messages.connectivity_url(base, gtin, requester_gln, context),
                connect_seconds=settings.connect_seconds,
                seconds=settings.seconds,
                headers=self._headers(""),
            )
            status = reply.status
            if status == 200:
                gln = messages.read_connected(reply.body, reply.headers.get("content-type", ""))
            else:
                fault, advice = FAULTS.get(status, (f"it answered HTTP {status}", _OTHERWISE))
        except Unreachable as gone:
            fault, advice = gone.message, "Check the address and the network."
        except messages.BadAnswer as bad:
            fault, advice = f"what it answered is not the standard's: {bad}", "Report this to its provider."
        taken = round((self._monotonic() - begun) * 1000)
        return Connectivity(base, status, gln, taken, fault, advice)

    def forget(self) -> None:
        """Drop what is remembered."""
        with self._lock:
            self._cache.clear()

    def _once(
        self, base: str, owner_gln: str, asked: VrsRequest, settings: VrsSettings, until: float
    ) -> tuple[MakerAnswer, bool, float]:
        """Ask once: the answer, whether to ask again, and how long to wait at least (seconds)."""
        try:
            reply = request(
                "GET",
                messages.url_of(base, asked),
                connect_seconds=settings.connect_seconds,
                seconds=until - self._monotonic(),
                headers=self._headers(asked.corr_uuid),
            )
        except Unreachable as gone:
            return MakerAnswer(verified=None, fault=gone.message, advice=_OTHERWISE), True, 0.0
        except BadRequest as wrong:
            advice = "Correct the address in the lookup directory."
            return MakerAnswer(verified=None, fault=wrong.message, advice=advice), False, 0.0
        if reply.status != 200:
            fault, advice = FAULTS.get(reply.status, ("its system answered nothing that can be used", _OTHERWISE))
            answer = MakerAnswer(
                verified=None, status=reply.status, fault=f"{fault} (HTTP {reply.status})", advice=advice
            )
            return answer, reply.status in _RETRIED, _retry_after(reply.headers)
        try:
            answer = messages.read_answer(reply.body, reply.headers.get("content-type", ""), asked)
            self._expect_owner(answer.responder_gln, owner_gln)
        except messages.BadAnswer as bad:
            advice = "Report this to the maker's provider. This is no sign of a bad pack."
            return (
                MakerAnswer(verified=None, status=200, fault=f"its answer cannot be used: {bad}", advice=advice),
                False,
                0.0,
            )
        return answer, False, 0.0

    def _expect_owner(self, responder: str, owner: str) -> None:
        """Take the word only of who is entitled to give it: the owner, by any GLN of its.

        Not by the prefix of the GTIN: after a transfer that is somebody else's.
        """
        if not (
            responder == owner or self._same_party(responder, owner) or company_prefix.matches(responder, "0" + owner)
        ):
            raise messages.BadAnswer(f"{responder} answered, where {owner} should")

    def _headers(self, corr_uuid: str) -> dict[str, str]:
        return {
            "Accept": messages.JSON_TYPE,
            "Content-Type": messages.JSON_TYPE,
            messages.VERSION_HEADER: messages.VERSION,
            **self._credential(corr_uuid),
        }

    def _cached(self, key: tuple[str, ...]) -> VrsAnswer | None:
        with self._lock:
            found = self._cache.get(key)
            if found is None or found[0] < self._monotonic():
                return None
            return msgspec.structs.replace(found[1], cached=True)

    def _remember(self, key: tuple[str, ...], until: float, answer: VrsAnswer) -> None:
        with self._lock:
            self._cache[key] = (until, answer)
            self._cache.move_to_end(key)
            while len(self._cache) > CACHED_MAX:
                self._cache.popitem(last=False)


def _retry_after(headers: Mapping[str, str]) -> float:
    """Give the seconds of a Retry-After; a date there is left alone: clocks differ by more than we wait."""
    given = headers.get("retry-after", "").strip()
    return float(given[:6]) if given.isascii() and given.isdigit() else 0.0
