"""The partner table: who we trade with, loaded whole from CSV."""

from __future__ import annotations

import csv
import datetime
import io
from typing import TYPE_CHECKING

import msgspec

from rxtrail.answers import Partner, PartnersReport
from rxtrail.core.gs1 import check_digit
from rxtrail.errors import BadRequest
from rxtrail.record.standing import partners_of
from rxtrail.store.rows import RecordKind

if TYPE_CHECKING:
    from rxtrail.ledger.log import Log
    from rxtrail.store import Transaction

COLUMNS = ("name", "gln", "role", "relation", "status", "valid_until")
REQUIRED = ("name", "gln", "role")
ROLES = ("maker", "repackager", "wholesaler", "3pl", "pharmacy", "authority")
RELATIONS = ("", "supplier", "customer", "both", "self")
STATUSES = ("active", "suspended", "ended")
TABLE_BYTES_MAX = 16 << 20
PROBLEMS_TOLD_MAX = 10


def read_table(data: bytes) -> list[Partner]:
    """Read a partner table: CSV, UTF-8, a header with name, gln, role and, if wanted, relation, status, valid_until.

    Several GLNs of one partner stand in one cell, separated by ``|``, or in several rows of the same name.

    :raises BadRequest: with line and column of what is wrong; nothing is loaded then.
    """
    if len(data) > TABLE_BYTES_MAX:
        raise BadRequest(f"the table is larger than {TABLE_BYTES_MAX} bytes", place="file")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadRequest(
            f"the table is not UTF-8 (byte {error.start})", place="file", advice="Save it as CSV UTF-8."
        ) from error
    rows = csv.DictReader(io.StringIO(text, newline=""))
    try:
        header = [column.strip().lower() for column in rows.fieldnames or []]
        rows.fieldnames = header
        missing = [column for column in REQUIRED if column not in header]
        if missing:
            raise BadRequest(
                f"the header lacks {', '.join(missing)}", place="line 1", advice=f"Columns: {', '.join(COLUMNS)}."
            )
        partners, problems = _read_rows(rows)
    except csv.Error as error:
        raise BadRequest(f"not a CSV table: {error}", place=f"line {rows.reader.line_num}") from error
    if problems:
        more = f" (and {len(problems) - PROBLEMS_TOLD_MAX} more)" if len(problems) > PROBLEMS_TOLD_MAX else ""
        raise BadRequest("; ".join(problems[:PROBLEMS_TOLD_MAX]) + more, place=problems[0].split(":", 1)[0])
    return partners


def _read_rows(rows: csv.DictReader[str]) -> tuple[list[Partner], list[str]]:
    found: dict[str, Partner] = {}
    owner: dict[str, str] = {}
    problems: list[str] = []
    for row in rows:
        line = rows.line_num
        cell = {column: (row.get(column) or "").strip() for column in COLUMNS}
        if not any(cell.values()):
            continue
        cell["status"] = cell["status"].lower() or "active"
        glns = [gln.strip() for gln in cell["gln"].split("|") if gln.strip()]
        problems.extend(f"line {line}: {problem}" for problem in _problems(cell, glns))
        taken = [gln for gln in glns if owner.setdefault(gln, cell["name"]) != cell["name"]]
        problems.extend(f"line {line}: GLN {gln} belongs to {owner[gln]!r} already" for gln in taken)
        partner = Partner(
            cell["name"], glns, cell["role"].lower(), cell["relation"].lower(), cell["status"], cell["valid_until"]
        )
        earlier = found.setdefault(partner.name, partner)
        if earlier is not partner:
            problems.extend(
                f"line {line}: another {column} than {getattr(earlier, column)!r}, which {partner.name!r} has above"
                for column in ("role", "relation", "status", "valid_until")
                if getattr(partner, column) != getattr(earlier, column)
            )
            glns = list(dict.fromkeys([*earlier.glns, *glns]))
            found[partner.name] = msgspec.structs.replace(earlier, glns=glns)
    return list(found.values()), problems


def _problems(cell: dict[str, str], glns: list[str]) -> list[str]:
    problems = []
    if not cell["name"]:
        problems.append("name is empty")
    if not glns:
        problems.append("gln is empty")
    problems.extend(
        f"gln {gln!r} is not a 13-digit GLN with a right check digit"
        for gln in glns
        if not (len(gln) == 13 and gln.isascii() and gln.isdigit() and check_digit.is_valid(gln))
    )
    if cell["role"].lower() not in ROLES:
        problems.append(f"role {cell['role']!r} is none of {', '.join(ROLES)}")
    if cell["relation"].lower() not in RELATIONS:
        problems.append(f"relation {cell['relation']!r} is none of {', '.join(r for r in RELATIONS if r)}")
    if cell["status"] not in STATUSES:
        problems.append(f"status {cell['status']!r} is none of {', '.join(STATUSES)}")
    if cell["valid_until"] and not _is_date(cell["valid_until"]):
        problems.append(f"valid_until {cell['valid_until']!r} is not a date like 2027-12-31")
    return problems


def _is_date(text: str) -> bool:
    """Tell whether a text is a date with dashes: days are compared as texts, so no other way of writing will do."""
    try:
        return datetime.date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def store_table(tx: Transaction, log: Log, partners: list[Partner]) -> PartnersReport:
    """Replace the partner table and record the decision in the log."""
    old = {partner.name: partner for partner in partners_of(tx)}
    new = {partner.name: partner for partner in partners}
    encode = msgspec.msgpack.encode
    tx.set_partners([(partner.name, encode(partner), partner.glns) for partner in partners])
    log.append(RecordKind.DECISION, b"\x01" + encode([log.now, "partners", partners]))
    return PartnersReport(
        partners=len(new),
        added=len(new.keys() - old.keys()),
        changed=sum(1 for name in new.keys() & old.keys() if new[name] != old[name]),
        removed=len(old.keys() - new.keys()),
    )


def write_table(partners: list[Partner]) -> bytes:
    """Write a partner table as :func:`read_table` reads it."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    for partner in partners:
        writer.writerow(
            [partner.name, "|".join(partner.glns), partner.role, partner.relation, partner.status, partner.valid_until]
        )
    return out.getvalue().encode()
