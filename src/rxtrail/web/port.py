"""What the web floor asks of a node: the same verbs in this process and over the writer's socket."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, BinaryIO, Protocol

if TYPE_CHECKING:
    from rxtrail.alerts import (
        Alert,
        AlertCommand,
        Channel,
        ChannelCommand,
        ProfileCommand,
        ProfilesReport,
        RouteCommand,
        RoutesReport,
    )
    from rxtrail.answers import (
        CaptureJob,
        CaptureReceipt,
        ChangeReceipt,
        CountIn,
        CountInReceipt,
        Document,
        ExportFilters,
        Holders,
        Journey,
        NodeIdentity,
        Partner,
        PartnersReport,
        Status,
        Verdict,
    )
    from rxtrail.calibration import Station
    from rxtrail.cases import Case
    from rxtrail.core.rules.coverage import Product
    from rxtrail.errors import StoreFailed
    from rxtrail.products import ProductsReport
    from rxtrail.recalls import Recall, RecallCommand
    from rxtrail.states import ChangeItem, ChangeJob, ChangeResult, Order, Reference

Progress = Callable[[int, int], None]


class StationsPort(Protocol):
    """The scanning stations of a node."""

    def save(self, name: str, scan: str, *, took_ms: float | None = None) -> Station:
        """Calibrate a station by a scan of the symbol; raises ``BadRequest`` when it is not the symbol."""

    def remove(self, name: str) -> None:
        """Forget a station; raises ``NotFound``."""

    def all(self) -> list[Station]:
        """List the stations by name."""


class NodePort(Protocol):
    """A node's use cases. All may be called from any thread; ``verify`` is fast enough for the event loop."""

    def identity(self) -> NodeIdentity:
        """Whose record this is."""

    @property
    def stations(self) -> StationsPort:
        """The calibrated scanning stations."""

    def verify(
        self, scan: str, *, site: str = "", purpose: str = "dispense", key: str = "", station: str = ""
    ) -> Verdict:
        """Judge one scanned text, of a calibrated station if one is named, and note that the scan happened."""

    def trace(self, code: str) -> Journey:
        """The whole way of one pack or container."""

    def change(
        self,
        verb: str,
        code: str,
        *,
        site: str = "",
        key: str = "",
        partial: str = "",
        ref: str = "",
        reason: str = "",
        by: str = "",
        to: str = "",
        override: str = "",
        attestation: str = "",
    ) -> ChangeReceipt:
        """Change the state of a pack or container, durably, or raise ``Refused``."""

    def submit_changes(self, order: Order, items: list[ChangeItem]) -> ChangeJob:
        """Begin with a list of changes; ``order`` holds what they have in common."""

    def change_job(self, job: str, *, wait_seconds: float = 0.0) -> ChangeJob:
        """How far a list of changes is; raises ``NotFound``."""

    def change_results(self, job: str, after: int = -1, limit: int = 100) -> list[ChangeResult]:
        """What became of the items of a list behind a number; raises ``NotFound``."""

    def references(self, code: str) -> list[Reference]:
        """The references that were given for a pack."""

    def close_case(self, case: str, *, reason: str, by: str) -> Case:
        """Close a case with a reason and a name; raises ``NotFound`` and ``Refused``."""

    def recall(self, command: RecallCommand) -> Recall:
        """Carry out one step of a recall; raises ``NotFound`` and ``Refused``."""

    def alert(self, command: AlertCommand) -> Alert:
        """Carry out one step of an alert; raises ``NotFound`` and ``Refused``."""

    def route(self, command: RouteCommand) -> RoutesReport:
        """Load, approve or retire approved routes; raises ``NotFound`` and ``Refused``."""

    def profile(self, command: ProfileCommand) -> ProfilesReport:
        """Load or retire temperature profiles; raises ``NotFound`` and ``Refused``."""

    def channel(self, command: ChannelCommand) -> list[Channel]:
        """Add or remove who is told of alerts, or send again what was not taken; raises as ``alert`` does."""

    def capture(
        self, stream: BinaryIO, *, name: str, proceed: bool = False, progress: Progress | None = None
    ) -> CaptureReceipt:
        """Accept a document and apply it; raises ``BadDocument`` when it is refused."""

    def submit(self, stream: BinaryIO, *, name: str, proceed: bool = False) -> CaptureJob:
        """Accept a document, apply it in the background; raises ``BadDocument`` when it is refused."""

    def job(self, job_id: str) -> CaptureJob:
        """How far one capture is; raises ``NotFound``."""

    def jobs(self, after: str = "", limit: int = 100) -> list[CaptureJob]:
        """Captures, newest first, those after the job of this id."""

    def count_in(self, rows: list[CountIn], *, by: str, supplier: str, ref: str) -> CountInReceipt:
        """Count in packs received before the record began."""

    def export(self, what: str, fmt: str, *, filters: ExportFilters) -> Iterator[bytes]:
        """Packs or events as CSV, JSON or EPCIS."""

    def holders(self, gtin: str, lot: str, *, expiry: str = "") -> Holders:
        """Who holds the packages of a lot now (GTIN-14, lot, ISO expiry or empty for any)."""

    def load_partners(self, table: bytes, /) -> PartnersReport:
        """Replace the partner table."""

    def load_products(self, table: bytes, *, replace: bool = False) -> ProductsReport:
        """Add products of a CSV or JSON table or change them."""

    def remove_product(self, gtin: str) -> Product:
        """Remove a product from the table; raises ``NotFound``."""

    def partners(self) -> list[Partner]:
        """The partner table."""

    def documents(self, after: str = "", limit: int = 100) -> list[Document]:
        """Documents that are kept, in the node's order, those after the one of this SHA-256."""

    def document_raw(self, sha256: str) -> Iterator[bytes]:
        """The bytes of one document as they came; raises ``NotFound``."""

    def document_receipt(self, sha256: str) -> CaptureReceipt:
        """The receipt of a kept document with its findings; raises ``NotFound``."""

    def status(self) -> Status:
        """What this node holds."""


class ServedNode(NodePort, Protocol):
    """A node of this process, which also tells how its writer is."""

    @property
    def failed(self) -> StoreFailed | None:
        """The failure that stopped the writer, if any."""

    @property
    def lost(self) -> StoreFailed | None:
        """Why writes wait for the database, None when they do not."""

    def backup(self) -> Iterator[bytes]:
        """The whole record as it is now, in one file."""

    @property
    def scans_dropped(self) -> int:
        """Scans that could not be recorded because too many were waiting."""
