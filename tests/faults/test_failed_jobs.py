"""A mistake of our own in the middle of a capture: nothing is ok by half a document, and nothing stands in the way."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.faults.processes import look, packs_of, run, write_document
from tests.web import scene

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.slow

PACKS = 60_000  # more than one batch takes
# The second batch meets an assertion, as an unforeseen event would.
PLANTED = """
import rxtrail.capture as capture
real, batches = capture.append_events, []
def append_events(*given, **named):
    batches.append(1)
    assert len(batches) < 2, "planted"
    return real(*given, **named)
capture.append_events = append_events
"""


@pytest.fixture
def data(tmp_path: Path) -> Path:
    write_document(tmp_path / "large.xml", PACKS)
    (tmp_path / "shipment.xml").write_bytes(scene.shipment("AAA111"))
    failed = run(tmp_path / "data", "capture", str(tmp_path / "large.xml"), "--json", planted=PLANTED)
    assert failed.code == 70
    assert "AssertionError: planted" in failed.err
    return tmp_path / "data"


def verdicts(data: Path) -> set[str]:
    scans = [pack.scan for at, pack in enumerate(packs_of(PACKS)) if at % 9_973 == 1]
    return {answer["verdict"] for answer in run(data, "verify", "-", stdin="\n".join(scans).encode()).answers}


def test_no_pack_of_a_document_that_came_in_by_half_is_ok(data: Path, tmp_path: Path) -> None:
    left = look(data, str(tmp_path / "large.xml"))
    assert 0 < left.packages < PACKS
    assert left.state == "failed"
    assert verdicts(data) == {"unconfirmed"}


def test_other_documents_come_in_all_the_same(data: Path, tmp_path: Path) -> None:
    other = run(data, "capture", str(tmp_path / "shipment.xml"), "--json")
    assert (other.code, other.answer["state"], other.answer["packages"]) == (0, "success", 1)
    assert run(data, "verify", scene.scan("AAA111"), "--json").code == 0


def test_the_same_document_again_goes_on_where_it_failed(data: Path, tmp_path: Path) -> None:
    again = run(data, "capture", str(tmp_path / "large.xml"), "--json")
    assert (again.code, again.answer["state"]) == (0, "success")
    assert look(data, str(tmp_path / "large.xml")).packages == PACKS + -(-PACKS // 48)
    assert verdicts(data) == {"ok"}


def test_a_document_that_fails_again_is_not_told_as_kept(data: Path, tmp_path: Path) -> None:
    again = run(data, "capture", str(tmp_path / "large.xml"), "--json", planted=PLANTED.replace("< 2", "< 1"))
    assert again.code not in (0, 1, 3)
