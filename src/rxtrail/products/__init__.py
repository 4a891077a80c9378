"""The product table: what the operator knows of products that no transaction tells, above all what is not tracked.

It is loaded from CSV or JSON, whole or not at all. Names and NDCs that makers state in their files come before it.
"""

from __future__ import annotations

import csv
import datetime
import io
from typing import TYPE_CHECKING, Any, Final

import msgspec

from rxtrail.core.gs1 import check_digit
from rxtrail.core.gs1.digital_link import GTIN_LENGTHS
from rxtrail.core.rules.coverage import EXEMPT, Product
from rxtrail.errors import BadRequest, NotFound
from rxtrail.record.names import PRODUCT, product_row
from rxtrail.store.rows import RecordKind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rxtrail.ledger.log import Log
    from rxtrail.ledger.writer import Writer
    from rxtrail.store import Reader, Transaction

COLUMNS: Final = ("gtin", "name", "ndc", "exempt", "unserialised_until")
TABLE_BYTES_MAX: Final = 16 << 20
TEXT_CHARACTERS_MAX: Final = 500
_PROBLEMS_TOLD_MAX: Final = 10
_PAGE: Final = 1_000
_AT: Final = 0  # every row is kept as of the same time, so that they are listed by GTIN

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Product).decode


class ProductsReport(msgspec.Struct, frozen=True, gc=False):
    """What a load of products did; nothing is loaded when any row is wrong."""

    products: int  # in the file
    added: int
    changed: int
    removed: int


class Products:
    """The use case: load, list, look at, remove."""

    def __init__(
        self, writer: Callable[[], Writer], *, reader: Callable[[], Reader], changed: Callable[[], None]
    ) -> None:
        """Take what gives the writer and a reader, and what is to be done when the table has changed."""
        self._writer = writer
        self._reader = reader
        self._changed = changed

    def load(self, table: bytes, *, replace: bool = False) -> ProductsReport:
        """Add the products of a table or change them, all or none; with ``replace`` those that it lacks are removed.

        :raises BadRequest: with line and column of what is wrong.
        """
        rows = read_table(table)

        def write(tx: Transaction, log: Log) -> ProductsReport:
            added = changed = 0
            for product in rows:
                known = product_row(tx, product.gtin)
                if known != product:
                    added, changed = added + (known is None), changed + (known is not None)
                    tx.keep(PRODUCT, product.gtin, _AT, _encode(product))
            gone = sorted({one.gtin for one in every(tx)} - {one.gtin for one in rows}) if replace else []
            for gtin in gone:
                tx.drop_kept(PRODUCT, gtin)
            report = ProductsReport(len(rows), added, changed, len(gone))
            if added or changed or gone:
                log.append(RecordKind.DECISION, b"\x01" + _encode([log.now, "products-loaded", report]))
                tx.keep(f"{PRODUCT}s", "changed", log.now, b"", tell=True)
            return report

        report = self._writer().do(write)
        self._changed()
        return report

    def remove(self, gtin: str) -> Product:
        """Remove a product from the table; raises ``NotFound``."""

        def write(tx: Transaction, log: Log) -> Product:
            known = product_row(tx, gtin)
            if known is None:
                raise _missing(gtin)
            log.append(RecordKind.DECISION, b"\x01" + _encode([log.now, "product-removed", known]))
            tx.drop_kept(PRODUCT, gtin, tell=True)
            return known

        removed = self._writer().do(write)
        self._changed()
        return removed

    def get(self, gtin: str) -> Product:
        """Give one product; raises ``NotFound``."""
        known = product_row(self._reader(), gtin)
        if known is None:
            raise _missing(gtin)
        return known

    def page(self, after: str = "", limit: int = 100) -> list[Product]:
        """List products by GTIN, those after this one."""
        return [_decode(body) for _, _, body in self._reader().kept_from(PRODUCT, (_AT, after), limit)]

    def table(self) -> Iterator[bytes]:
        """Give the table as CSV, in the form that ``load`` reads."""
        yield _line(COLUMNS)
        for product in every(self._reader()):
            yield _line(tuple(str(getattr(product, column)) for column in COLUMNS))


def every(reader: Reader) -> Iterator[Product]:
    """Give all products by GTIN."""
    after = ""
    while rows := reader.kept_from(PRODUCT, (_AT, after), _PAGE):
        yield from (_decode(body) for _, _, body in rows)
        after = rows[-1][0]


def read_table(data: bytes) -> list[Product]:
    """Read a table of products: CSV with a header, or a JSON list of objects with the same names.

    :raises BadRequest: with line (or place in the list) and column of what is wrong.
    """
    if len(data) > TABLE_BYTES_MAX:
        raise BadRequest(f"the table is larger than {TABLE_BYTES_MAX >> 20} MB", place="file")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        advice = "Save it as CSV UTF-8."
        raise BadRequest(f"the table is not UTF-8 (byte {error.start})", place="file", advice=advice) from error
    found: dict[str, Product] = {}
    problems: list[str] = []
    for place, cells in _of_json(text) if text.lstrip()[:1] == "[" else _of_csv(text):
        wrong = _problems(cells)
        if not wrong:
            product = Product(**{**cells, "gtin": cells["gtin"].zfill(14)})
            if found.setdefault(product.gtin, product) != product:
                wrong = [f"GTIN {product.gtin} stands above with other words"]
        problems += [f"{place}: {problem}" for problem in wrong]
        if len(problems) > _PROBLEMS_TOLD_MAX:
            break
    if problems:
        raise BadRequest("; ".join(problems[:_PROBLEMS_TOLD_MAX]), place=problems[0].split(":", 1)[0])
    return list(found.values())


def _of_csv(text: str) -> Iterator[tuple[str, dict[str, str]]]:
    rows = csv.DictReader(io.StringIO(text, newline=""))
    try:
        header = [column.strip().lower() for column in rows.fieldnames or []]
        rows.fieldnames = header
        if "gtin" not in header:
            raise BadRequest("the header lacks gtin", place="line 1", advice=f"Columns: {', '.join(COLUMNS)}.")
        for row in rows:
            cells = {column: (row.get(column) or "").strip() for column in COLUMNS}
            if any(cells.values()):
                yield f"line {rows.line_num}", cells
    except csv.Error as error:
        raise BadRequest(f"not a CSV table: {error}", place=f"line {rows.reader.line_num}") from error


def _of_json(text: str) -> Iterator[tuple[str, dict[str, str]]]:
    try:
        rows: list[dict[str, Any]] = msgspec.json.decode(text, type=list[dict[str, Any]])
    except (msgspec.MsgspecError, RecursionError) as error:
        raise BadRequest(f"not a JSON list of products: {error}", place="file") from error
    for number, row in enumerate(rows):
        unknown = sorted(row.keys() - set(COLUMNS))
        if unknown:
            names = ", ".join(COLUMNS)
            raise BadRequest(f"unknown {', '.join(unknown)}", place=f"[{number}]", advice=f"Names: {names}.")
        yield f"[{number}]", {column: str(row.get(column) or "").strip() for column in COLUMNS}


def _problems(cells: dict[str, str]) -> list[str]:
    gtin, until = cells["gtin"], cells["unserialised_until"]
    problems = []
    if len(gtin) not in GTIN_LENGTHS or not check_digit.is_valid(gtin):
        problems.append(f"gtin {gtin!r} is not a GTIN with a right check digit")
    if cells["exempt"] and cells["exempt"] not in EXEMPT:
        problems.append(f"exempt {cells['exempt']!r} is none of {', '.join(EXEMPT)}")
    if until and not _is_date(until):
        problems.append(f"unserialised_until {until!r} is not a date like 2027-12-31")
    problems += [
        f"{name} is longer than {TEXT_CHARACTERS_MAX} characters"
        for name, text in cells.items()
        if len(text) > TEXT_CHARACTERS_MAX
    ]
    return problems


def _is_date(text: str) -> bool:
    try:
        return datetime.date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _line(cells: tuple[str, ...]) -> bytes:
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\r\n").writerow(cells)
    return out.getvalue().encode()


def _missing(gtin: str) -> NotFound:
    return NotFound(f"no product {gtin} in the table", place="gtin", advice="List them: rxtrail product list.")
