"""VRS: product verification between trading partners, both ways, and the directory of who answers for what.

Source: GS1 Lightweight Messaging Standard for Verification of Product Identifiers 1.1; GS1 US guideline 1.3.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, Final, TypeVar

import msgspec

from rxtrail.errors import BadRequest
from rxtrail.record.standing import identity_of
from rxtrail.store.rows import RecordKind
from rxtrail.vrs import directory, journal, table
from rxtrail.vrs.asking import Asking
from rxtrail.vrs.client import VrsClient
from rxtrail.vrs.messages import VerificationBody, VrsRequest, read_connectivity, read_request
from rxtrail.vrs.responder import Responder, VrsReply
from rxtrail.vrs.values import (
    SETTINGS_KIND,
    Connectivity,
    DirectoryPage,
    DirectoryReport,
    DirectoryRow,
    Exchange,
    ExchangePage,
    Transfer,
    VrsAlert,
    VrsAlertPage,
    VrsSettings,
)

if TYPE_CHECKING:
    import datetime
    from collections.abc import Callable

    from rxtrail.core.rules.answer import Verdict
    from rxtrail.ledger.log import Log
    from rxtrail.ledger.writer import Writer
    from rxtrail.record.judge import Judge
    from rxtrail.store import Reader, Transaction
    from rxtrail.vrs.asking import Judging

__all__ = [
    "Connectivity",
    "DirectoryPage",
    "DirectoryReport",
    "DirectoryRow",
    "Exchange",
    "ExchangePage",
    "Transfer",
    "VerificationBody",
    "Vrs",
    "VrsAlert",
    "VrsAlertPage",
    "VrsClient",
    "VrsReply",
    "VrsRequest",
    "VrsSettings",
    "place_of",
    "read_connectivity",
    "read_request",
]

T = TypeVar("T")

REQUESTERS: Final = ("any", "listed")
_SETTINGS_KEY: Final = "settings"
_VERSION: Final = b"\x01"


class Vrs:
    """A node's verification service. Safe to use from several threads; all but reads wait until they are durable."""

    def __init__(
        self,
        *,
        reader: Callable[[], Reader],
        writer: Callable[[], Writer],
        judge: Callable[[], Judge],
        verify: Judging,
        now_us: Callable[[], int],
        today: Callable[[], datetime.date],
        new_uuid_urn: Callable[[], str],
        client: VrsClient | None = None,
    ) -> None:
        """``writer`` raises Busy on a node that was opened for reading; ``verify`` is the node's own verdict."""
        self._reader = reader
        self._writer = writer
        self._client = client or VrsClient(same_party=self._same_party)
        self._judge = judge
        self._lock = threading.Lock()
        self._responder = Responder(
            reader=reader, judge=judge, write=self._write, settings=self.settings, now_us=now_us, today=today
        )
        self._asking = Asking(
            reader=reader,
            verify=verify,
            write=self._write,
            client=self._client,
            settings=self.settings,
            today=today,
            new_uuid_urn=new_uuid_urn,
        )

    # -- asking ----------------------------------------------------------------------------------------------------

    def verify(
        self,
        scan: str,
        *,
        site: str = "",
        purpose: str = "dispense",
        key: str = "",
        station: str = "",
        customer: str = "",
        attest: bool = False,
    ) -> Verdict:
        """Judge one scanned code and ask its maker too; the exchange is kept before this returns.

        ``customer`` is who returns the pack (13-digit GLN), for a wholesaler's purpose ``return``. ``attest`` sends
        ctrlPossessAtt: the legal statement that whoever asks has the pack in hand. No reply is ``unconfirmed``.

        :raises BadRequest: the purpose, the site or the customer is none.
        :raises Busy: this node was opened for reading.
        """
        self._writer()  # a node that cannot keep the exchange asks nothing
        return self._asking.verify(
            scan, site=site, purpose=purpose, key=key, station=station, customer=customer, attest=attest
        )

    def returned(self, verdict: Verdict) -> Verdict:
        """Judge a return that its maker was not asked about: a wholesaler's is never ok."""
        return self._asking.returned(verdict)

    def check(self, url: str, *, gtin: str, requester_gln: str = "") -> Connectivity:
        """Ask a responder whether it is there and handles a GTIN-14 for us.

        :raises BadRequest: the address is none that may be asked, or this node has no GLN.
        """
        identity = identity_of(self._reader())
        asking = requester_gln or identity.default_site or next(iter(identity.glns), "")
        if not asking:
            raise BadRequest("this node has no GLN to ask under", place="gln", advice="Give one, or run rxtrail init.")
        return self._client.check(url, gtin, asking, self.settings())

    # -- answering -------------------------------------------------------------------------------------------------

    def answer(self, asked: VrsRequest, *, credential: str = "") -> VrsReply:
        """Answer one verification request; the exchange is kept before this returns.

        :raises StoreFailed: the record cannot be read, or the exchange cannot be kept.
        """
        return self._responder.answer(asked, credential=credential)

    def connectivity(self, gtin: str, requester_gln: str) -> VrsReply:
        """Tell whether this node handles a GTIN for a requester."""
        return self._responder.connectivity(gtin, requester_gln)

    # -- the lookup directory --------------------------------------------------------------------------------------

    def load_directory(self, content: bytes, *, fmt: str = "csv", delta: bool = False) -> DirectoryReport:
        """Load a lookup directory in place of the one before, or with ``delta`` into it; whole or not at all.

        :raises BadRequest: with the rows that are wrong.
        """
        standing, removed = table.read_table(content, fmt, delta=delta)

        def work(tx: Transaction, log: Log) -> DirectoryReport:
            return directory.load(tx, log, standing, removed, delta=delta, source=content)

        return self._write(work)

    def transfer(self, order: Transfer) -> DirectoryReport:
        """Hand a GTIN or a company prefix over to another party from a day on.

        :raises BadRequest: the order cannot be read, or a row from that day on is there already.
        """
        return self._write(lambda tx, log: directory.transfer(tx, log, order))

    def directory(self, after: str = "", limit: int = 100) -> list[DirectoryRow]:
        """List the directory by prefix or GTIN and date; ``after`` is the place of the last row seen."""
        return directory.rows_after(self._reader(), after, limit)

    def export_directory(self, fmt: str = "csv") -> bytes:
        """Give the whole directory as CSV or JSON, as :meth:`load_directory` reads it."""
        return table.write_table(directory.all_rows(self._reader()), fmt)

    def look_up(self, gtin: str, day: str) -> DirectoryRow | None:
        """Give who answers for a GTIN-14 on a day (ISO), None when nobody does."""
        return directory.look_up(self._reader(), gtin, day).row

    # -- what was kept ---------------------------------------------------------------------------------------------

    def exchanges(self, after: str = "", limit: int = 100) -> list[Exchange]:
        """List exchanges, newest first; ``after`` is the log index of the last one seen."""
        return journal.exchanges(self._reader(), after, limit)

    def alerts(self, after: str = "", limit: int = 100) -> list[VrsAlert]:
        """List alerts, newest first; ``after`` is the log index of the last one seen."""
        return journal.alerts(self._reader(), after, limit)

    # -- settings --------------------------------------------------------------------------------------------------

    def settings(self) -> VrsSettings:
        """Give how this node asks and answers."""
        kept = self._reader().kept(SETTINGS_KIND, _SETTINGS_KEY)
        return msgspec.msgpack.decode(kept[1][1:], type=VrsSettings) if kept is not None else VrsSettings()

    def change_settings(self, changes: dict[str, Any]) -> VrsSettings:
        """Change some settings, by name; the others stay.

        :raises BadRequest: a name or a value that does not fit.
        """
        with self._lock:
            try:
                changed = msgspec.convert({**msgspec.to_builtins(self.settings()), **changes}, VrsSettings)
            except msgspec.ValidationError as wrong:
                raise BadRequest(
                    f"the settings do not fit: {wrong}",
                    place="settings",
                    advice=f"Known settings: {', '.join(VrsSettings.__struct_fields__)}.",
                ) from wrong
            if changed.requesters not in REQUESTERS:
                raise BadRequest(
                    f"requesters {changed.requesters[:40]!r} is none of {', '.join(REQUESTERS)}", place="requesters"
                )
            body = _VERSION + msgspec.msgpack.encode(changed)

            def work(tx: Transaction, log: Log) -> None:
                tx.keep(SETTINGS_KIND, _SETTINGS_KEY, log.now, body)
                record = [log.now, SETTINGS_KIND, changed]
                log.append(RecordKind.DECISION, _VERSION + msgspec.msgpack.encode(record))

            self._write(work)
        self._client.forget()
        return changed

    def _same_party(self, one: str, other: str) -> bool:
        return self._judge().authority.same_party(one, other)

    def _write(self, work: Callable[[Transaction, Log], T]) -> T:
        return self._writer().do(work)


def place_of(row: DirectoryRow) -> str:
    """Give where a row stands in the directory, for the next page."""
    return directory.place_of(row)
