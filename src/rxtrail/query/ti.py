"""Transaction information in its forms: JSON, CSV, Parquet, pages for print, EPCIS with all events behind it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from rxtrail.core.epcis import namespaces
from rxtrail.core.epcis.head import Head
from rxtrail.query.documents import document, events_at
from rxtrail.query.pdf import Paper, Pdf, wrapped
from rxtrail.query.sheets import Column

if TYPE_CHECKING:
    import datetime
    from collections.abc import Iterable, Iterator

    from rxtrail.core.epcis.convert import Target
    from rxtrail.core.epcis.notes import Notes
    from rxtrail.query.sheets import Row
    from rxtrail.query.transactions import Company, Line, Transaction
    from rxtrail.store import Reader

_SIZE = 9.0  # points, of the letters of a page
_SERIAL_LETTERS = 22  # 20 and a gap
_NAME_LETTERS = 18

_FRONT = (
    Column("transaction_date", "text", 10),
    Column("shipment_date", "text", 10),
    Column("from_name", "text", 20),
    Column("from_gln", "text", 13),
    Column("from_address", "text", 20),
    Column("to_name", "text", 20),
    Column("to_gln", "text", 13),
    Column("to_address", "text", 20),
    Column("ndc", "text", 13),
    Column("gtin", "text", 14),
    Column("name", "text", 20),
    Column("strength", "text", 10),
    Column("dosage_form", "text", 10),
    Column("container_size", "text", 10),
    Column("lot", "text", 20),
    Column("expiry", "text", 10),
)
_BACK = (
    Column("quantity", "amount", 8),
    Column("references", "texts", 20),
    Column("statement", "text", 20),
    Column("direct_purchase", "text", 10),
    Column("containers", "texts", 21),
    Column("shipped_at", "text", 20),
    Column("event_id", "text", 20),
    Column("document", "text", 20),
    Column("received_at", "text", 20),
)
COLUMNS = (*_FRONT, Column("serials", "texts", 20), *_BACK)
PACKAGE_COLUMNS = (*_FRONT, Column("serial", "text", 20), *_BACK)


def as_json(lines: Iterable[Transaction]) -> Iterator[bytes]:
    """Write one JSON list, a transaction a line."""
    between = b"["
    for line in lines:
        yield between + msgspec.json.encode(line)
        between = b",\n"
    yield b"[]\n" if between == b"[" else b"]\n"


def rows(lines: Iterable[Transaction]) -> Iterator[Row]:
    """Give a row a transaction."""
    for line in lines:
        front, back = _cells(line)
        yield (*front, line.serials, line.quantity, *back)


def package_rows(lines: Iterable[Transaction]) -> Iterator[Row]:
    """Give a row a package, since no cell of a sheet holds thousands of serial numbers; what has none is one row."""
    for line in lines:
        front, back = _cells(line)
        for serial in line.serials:
            yield (*front, serial, 1, *back)
        if not line.serials:
            yield (*front, "", line.quantity, *back)


def _cells(line: Transaction) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    seller, buyer = line.seller, line.buyer
    front = (
        line.transaction_date, line.shipment_date, seller.name, seller.gln, seller.address, buyer.name, buyer.gln,
        buyer.address, line.ndc, line.gtin, line.name, line.strength, line.dosage_form, line.container_size, line.lot,
        line.expiry,
    )  # fmt: skip
    references = [f"{each.type}={each.id}" for each in line.references]
    back = (
        references, line.statement, line.direct_purchase, line.containers, line.shipped_at, line.event_id,
        line.document, line.received_at,
    )  # fmt: skip
    return front, back


# -- for print -----------------------------------------------------------------------------------------------------


def as_pdf(lines: Iterable[Transaction], today: datetime.date) -> Iterator[bytes]:
    """Write pages for print: each transaction with all its serial numbers and its statement."""
    out = Pdf(Paper.PORTRAIT, "DSCSA transaction information and statement", today.isoformat(), size=_SIZE)
    yield out.start()
    count = 0
    for count, line in enumerate(lines, 1):
        _print(out, line, count)
        if out.waiting:
            yield out.take()
    if not count:
        out.line("No transaction on record fits what was asked for.")
    yield out.finish()


def _print(out: Pdf, line: Transaction, number: int) -> None:
    out.room(14)
    product = " ".join(text for text in (line.name, line.strength, line.dosage_form) if text)
    out.line(f"Transaction {number}", bold=True)
    _say(out, "Product", product or "not named in the record")
    _say(out, "NDC", line.ndc)
    _say(out, "GTIN", line.gtin or "the contents of this unit are not on record")
    _say(out, "Container size", line.container_size)
    _say(out, "Containers", f"{line.quantity:g}" if isinstance(line.quantity, float) else str(line.quantity))
    _say(out, "Lot, expiry", f"{line.lot}, {line.expiry}" if line.expiry else line.lot)
    _say(out, "Transaction date", line.transaction_date)
    _say(out, "Shipment date", line.shipment_date)
    _say(out, "Sold by", _company(line.seller))
    _say(out, "Sold to", _company(line.buyer))
    for reference in line.references:
        _say(out, f"Reference {reference.type}", reference.id)
    _say(out, "Direct purchase", line.direct_purchase)
    _say(out, "Shipped in", ", ".join(line.containers))
    if line.serials:
        out.line("Serial numbers", bold=True)
        across = max(1, out.letters // _SERIAL_LETTERS)
        for start in range(0, len(line.serials), across):
            out.line("".join([one.ljust(_SERIAL_LETTERS) for one in line.serials[start : start + across]]).rstrip())
    out.line("Transaction statement", bold=True)
    for text in wrapped(line.statement or "None came with this shipment.", out.letters):
        out.line(text)
    _say(out, "Source", f"{line.document or 'no file'}, event {line.event_id}, received {line.received_at}")
    out.line()


def _say(out: Pdf, name: str, text: str) -> None:
    if text:
        for at, part in enumerate(wrapped(text, out.letters - _NAME_LETTERS)):
            out.line(("" if at else name).ljust(_NAME_LETTERS) + part)


def _company(company: Company) -> str:
    told = ", ".join(text for text in (company.name, company.address) if text)
    return f"{told} (GLN {company.gln})" if told else f"GLN {company.gln}"


# -- as EPCIS ------------------------------------------------------------------------------------------------------


def as_document(
    reader: Reader, lines: Iterable[Line], target: Target, today: datetime.date, notes: Notes
) -> Iterator[bytes]:
    """Write the shipments with the events that made and packed what was in them, as they were said.

    The transaction statement stands in the header when it came with every one of the shipments, in the same words;
    that it is left out is noted.
    """
    positions: set[int] = set()
    statements: set[str] = set()
    for line in lines:
        positions |= line.events
        statements.add(line.transaction.statement)
    head = Head()
    if len(statements) == 1 and "" not in statements:
        name = "dscsaTransactionStatement"
        head.in_header = {
            namespaces.join(namespaces.USHC, name): {
                namespaces.join(namespaces.USHC, "affirmTransactionStatement"): "true",
                namespaces.join(namespaces.USHC, "legalNotice"): statements.pop(),
            }
        }
        head.prefixes = {namespaces.USHC: "gs1ushc"}
    elif statements - {""}:
        message = (
            "transaction statements are left out: a document has room for one, and these shipments came with several "
            "or some without"
        )
        notes.add("warning", "NOT_EXPRESSIBLE", message, "header")
    yield from document(events_at(reader, positions), target, today, notes, head=head)
