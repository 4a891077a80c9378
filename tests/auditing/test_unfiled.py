"""What an earlier build did not file for a second party reads like no tampering, and what was tampered with does."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import psycopg
import pytest

from rxtrail.bootstrap import open_node
from rxtrail.bootstrap.auditing import audit_store, rebuild_store
from rxtrail.core.epcis.query.terms import number_of
from tests.auditing.records import behind_its_back, look, named
from tests.story import MAKER, OTHER_PHARMACY, delivery, packs, sscc, xml

if TYPE_CHECKING:
    from pathlib import Path

    from rxtrail.answers import AuditReport

pytestmark = pytest.mark.sqlite_only  # it names its servers itself
TERM = number_of(f"p:{MAKER.gln}")
SECOND = number_of(f"p:{OTHER_PHARMACY.gln}")


def filled(folder: Path, url: str | None = None) -> None:
    events = delivery(*packs(3), unit=sscc(1))
    with open_node(folder, store_url=url, encrypt=False) as node:
        for sender in (MAKER, OTHER_PHARMACY):
            node.capture(io.BytesIO(xml(events, sender=sender)), name=sender.gln)


def whole_but_unfiled(report: AuditReport) -> None:
    assert (report.faults, report.whole, report.complete) == ([], False, False)
    [words] = [words for words in report.left_out if "posting" in words]
    assert "4 events that a second party has told as well: earlier builds left them out" in words
    assert "--rebuild" in words


def test_a_record_of_an_earlier_build_is_told_what_to_run_and_is_accused_of_nothing(tmp_path: Path) -> None:
    data = tmp_path / "data"
    filled(data)
    assert look(data).whole
    with behind_its_back(data) as connection:  # as that build has left it
        connection.execute("DELETE FROM migration WHERE number >= 12")
        assert connection.execute("DELETE FROM posting WHERE term = ?", (SECOND,)).rowcount == 1
    open_node(data).close()
    for incremental in (False, True):
        whole_but_unfiled(look(data, incremental=incremental))
    rebuild_store(data, None, f"sqlite:///{tmp_path}/new/rxtrail.sqlite", progress=lambda *_: None)
    assert look(tmp_path / "new").whole


def test_a_record_of_an_earlier_build_on_a_server_is_accused_of_nothing_either(
    tmp_path: Path, postgres_dsn: str
) -> None:
    filled(tmp_path, postgres_dsn)
    with psycopg.connect(postgres_dsn) as connection:
        connection.execute("DELETE FROM migration WHERE number >= 11")
        assert connection.execute("DELETE FROM posting WHERE term = %s", (SECOND,)).rowcount == 1
    open_node(tmp_path, store_url=postgres_dsn).close()
    whole_but_unfiled(audit_store(tmp_path, postgres_dsn, incremental=False, progress=lambda *_: None))


@pytest.mark.parametrize("marked", [True, False])
def test_a_row_that_this_build_has_filed_is_missed(tmp_path: Path, marked: bool) -> None:
    data = tmp_path / "data"
    filled(data)
    with behind_its_back(data) as connection:
        if marked:
            connection.execute("DELETE FROM migration WHERE number >= 12")
            connection.execute("DELETE FROM posting WHERE term = ?", (TERM,))
        connection.execute("DELETE FROM posting WHERE term = ?", (SECOND,))
    open_node(data).close()
    report = look(data)
    assert {fault.code for fault in named(report, "posting")} == {"row-missing"}
    assert len(report.faults) == 1 + marked


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE posting SET steps = x'0100' WHERE term = :term",
        "UPDATE posting SET first = first + 1 WHERE term = :term",
        "INSERT INTO posting SELECT term + 1, last, first, steps FROM posting WHERE term = :term",
        "UPDATE posting SET steps = x'010001' WHERE term = :term",
    ],
)
def test_a_row_that_was_changed_beside_those_that_an_earlier_build_left_out_is_found(
    tmp_path: Path, statement: str
) -> None:
    data = tmp_path / "data"
    filled(data)
    with behind_its_back(data) as connection:
        connection.execute("DELETE FROM migration WHERE number >= 12")
        connection.execute("DELETE FROM posting WHERE term = ?", (SECOND,))
        assert connection.execute(statement, {"term": TERM}).rowcount == 1
    open_node(data).close()
    assert named(look(data), "posting")


def test_no_new_record_says_that_a_second_party_may_be_unfiled(tmp_path: Path) -> None:
    filled(tmp_path)
    open_node(tmp_path).close()
    with behind_its_back(tmp_path) as connection:
        assert not connection.execute("SELECT 1 FROM setting WHERE key = 'second-parties'").fetchone()
