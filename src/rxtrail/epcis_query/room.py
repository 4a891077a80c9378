"""The EPCIS room of a node: queries, named queries, subscriptions, and what keeps their index."""

from __future__ import annotations

import contextlib
import threading
from typing import TYPE_CHECKING, Final

from rxtrail.epcis_query import EpcisQueries, Refiling, Tokens
from rxtrail.epcis_query.budget import Budget
from rxtrail.epcis_query.delivery import Deliveries, NotTaken
from rxtrail.epcis_query.named import NamedQueries
from rxtrail.epcis_query.subscriptions import Subscriptions
from rxtrail.errors import NotFound, Refused, RxtrailError
from rxtrail.outbound import Reach, Unreachable
from rxtrail.record import retold

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from rxtrail.answers import CaptureJob
    from rxtrail.ledger.writer import Writer
    from rxtrail.store import Reader, Transaction

_JOBS_SECONDS_MAX: Final = 2.0
_SETTING: Final = "epcis-token-secret"
_SECRET_BYTES: Final = 32
_REST_SECONDS: Final = 0.02  # between two steps of the refiling, so that others write


class Epcis:
    """What a node has of EPCIS 2.0's query side. Safe to use from several threads."""

    def __init__(
        self,
        writer: Callable[[], Writer],
        *,
        reader: Callable[[], Reader],
        now_us: Callable[[], int],
        random_bytes: Callable[[int], bytes],
        may_be_told: Callable[[str], bool],
    ) -> None:
        """Take what gives the writer (or raises ``Busy``) and the calling thread's reader, and who may be told."""
        self._writer = writer
        self._reader = reader
        self._random = random_bytes
        self._secret_lock = threading.Lock()
        self._secret = b""
        self._stopping = threading.Event()
        self.tokens = Tokens(self._token_secret, now_us)
        self.queries = EpcisQueries(reader, self.tokens)
        self.named = NamedQueries(writer, reader)
        self.subscriptions = Subscriptions(
            writer, reader, random_bytes=random_bytes, changed=self._subscribed, outside=lambda: self.deliveries.outside
        )
        self.deliveries = Deliveries(self.subscriptions, writer, reader, now_us=now_us, may_be_told=may_be_told)

    def start(self) -> None:
        """Begin with the work in the background."""
        threading.Thread(target=self._refile, name="rxtrail-refile", daemon=True).start()
        self.deliveries.start()

    def stop(self) -> None:
        """End it."""
        self._stopping.set()
        self.deliveries.stop()

    def allow(self, networks: Iterable[str]) -> None:
        """Let those who have a site key be told in these networks too; raises ``BadRequest`` for one that is none."""
        self.deliveries.outside = Reach(everything=False, networks=networks)

    def woke(self) -> None:
        """Note that something was committed; must not wait."""
        self.deliveries.woke()

    def _subscribed(self) -> None:
        self.deliveries.changed()

    def drop_query(self, name: str, *, owner: str = "") -> None:
        """Forget a named query and end its subscriptions, durably; raises NotFound."""
        self.named.drop(name, owner=owner)
        for each in self.subscriptions.of_query(name, owner=owner):
            self.subscriptions.drop(each.id, owner=owner)

    def replay(self, letter: str, *, owner: str | None = "") -> None:
        """Send again what could not be told, and forget it when it was taken.

        :raises NotFound: there is no such letter, or its subscription has ended.
        :raises Refused: its subscriber did not take it.
        """
        found = self.subscriptions.dead_letter(letter, owner=owner)
        try:
            self.deliveries.send(found)
        except (NotTaken, Unreachable) as failed:
            raise Refused(
                f"the subscriber did not take it: {failed}", advice="Look at its end, then try again."
            ) from failed
        self.subscriptions.drop_dead_letter(letter)

    # -- captures of a viewer --------------------------------------------------------------------------------------

    def job(self, find: Callable[[str], CaptureJob], name: str, *, viewer: str = "") -> CaptureJob:
        """Give a capture that the viewer may see: its own; raises NotFound."""
        if viewer and not self._is_of(name, viewer):
            raise NotFound(f"no capture job {name[:80]}")
        return find(name)

    def jobs(
        self, listed: Callable[[str, int], list[CaptureJob]], after: str, limit: int, *, viewer: str = ""
    ) -> tuple[list[CaptureJob], str]:
        """Give captures that the viewer may see, newest first, those after one; and where the next page begins, or "".

        A page ends early when those of others between one's own are too many to be looked at.
        """
        found: list[CaptureJob] = []
        budget = Budget(seconds=_JOBS_SECONDS_MAX)
        while page := listed(after, limit + 1):
            for job in page:
                if len(found) == limit:
                    return found, after
                after = job.job
                if not viewer or self._is_of(job.job, viewer):
                    found.append(job)
                elif budget.spent:
                    return found, after
            if len(page) <= limit:
                break
        return found, ""

    def _is_of(self, name: str, viewer: str) -> bool:
        reader = self._reader()
        row = reader.job(name)
        document = reader.document(row.document) if row is not None else None
        return (document is not None and document.sender == viewer) or retold.was_told(reader, name, viewer)

    # -- in the background -----------------------------------------------------------------------------------------

    def _refile(self) -> None:
        try:
            refiling = Refiling(self._writer())
            while not self._stopping.is_set() and refiling.step():
                self._stopping.wait(_REST_SECONDS)
        except (RxtrailError, RuntimeError):
            return  # the node is closing, or the store failed, which others tell; the next start goes on

    def _token_secret(self) -> bytes:
        """Give the secret that signs tokens: one for all servers of the record, or our own where none can be kept."""
        with self._secret_lock:
            if not self._secret:
                told = self._reader().settings().get(_SETTING, "")
                if not told:
                    told = self._random(_SECRET_BYTES).hex()
                    with contextlib.suppress(RxtrailError):  # a node that was opened for reading signs for itself
                        made = told
                        told = self._writer().do(lambda tx, _log: tx.settings().get(_SETTING) or _keep(tx, made))
                self._secret = bytes.fromhex(told)
            return self._secret


def _keep(tx: Transaction, secret: str) -> str:
    tx.set_settings({_SETTING: secret})
    return secret
