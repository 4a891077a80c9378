"""The connection to the database is lost at every point of what is being written: it is all done, and done once."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

import psycopg
import pytest

from rxtrail import capture
from rxtrail.bootstrap import open_node
from tests.faults.client import shipment
from tests.faults.cutting import Wire
from tests.faults.fleet import check_log
from tests.faults.processes import LONG, chance
from tests.web import scene

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from rxtrail.bootstrap import Node

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("one_root")]

PACKS = 9
SAMPLED = 12
TABLE = f"name,gln,role,relation,status,valid_until\nAcme Pharma,{scene.MAKER},maker,supplier,active,\n".encode()


class Scene(NamedTuple):
    node: Node
    wire: Wire
    dsn: str


@pytest.fixture
def given(tmp_path: Path, postgres_dsn: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    """A node whose every word to its database goes over one wire; a document takes it several batches."""
    for name, value in (("BATCH_EVENTS_MAX", 2), ("BATCH_PACKAGES_MAX", 4), ("BATCH_PACKAGES_GOOD", 2)):
        monkeypatch.setattr(capture, name, value)
    port = urlsplit(postgres_dsn).port
    assert port is not None
    with Wire(port) as wire, open_node(tmp_path / "data", store_url=wire.url(postgres_dsn)) as node:
        yield Scene(node, wire, postgres_dsn)


def story(node: Node, number: int) -> None:
    """Capture a document, hand one pack over, hold another, without any key, and load the partners."""
    serials = [f"N{number}P{index}" for index in range(PACKS)]
    receipt = node.capture(io.BytesIO(shipment(f"document-{number}", serials)), name=f"document-{number}")
    assert (receipt.state, receipt.new_events, receipt.packages) == ("success", 4, PACKS)
    change = node.change("dispense", scene.scan(serials[0]), site=scene.PHARMACY, by="A. Kim")
    assert not change.repeated
    node.change("hold", scene.scan(serials[1]), site=scene.PHARMACY, reason="seal broken", by="A. Kim")
    node.load_partners(TABLE)
    verdicts = [node.verify(scene.scan(serial), site=scene.PHARMACY) for serial in serials[:3]]
    told = [(verdict.verdict.value, [reason.code for reason in verdict.reasons]) for verdict in verdicts]
    assert told[0][1][0] == "already-dispensed-here", told
    assert told[1][0] == "stop", told
    assert told[2][0] == "ok", told


@pytest.mark.parametrize("sampled", [pytest.param(SAMPLED, id="short"), pytest.param(0, id="every", marks=LONG)])
@pytest.mark.parametrize("delivers", [True, False], ids=["heard by the server", "not heard"])
def test_a_connection_lost_at_any_point_leaves_everything_done_once(
    given: Scene, *, sampled: int, delivers: bool
) -> None:
    rng = chance("cuts")
    story(given.node, 0)
    before = given.wire.pieces
    story(given.node, 1)
    pieces = given.wire.pieces - before
    points = sorted(rng.sample(range(1, pieces + 1), sampled)) if sampled else list(range(1, pieces + 1))
    for number, point in enumerate(points, 2):
        print(f"cut at piece {point} of {pieces}")
        given.wire.cut_after(point, delivers=delivers)
        story(given.node, number)
    assert given.wire.cuts >= len(points) - 1  # the last pieces may not come to pass
    with psycopg.connect(given.dsn) as connection:
        rows = connection.execute(
            "select n.text, count(*) from event e join name n on n.id = e.biz_step group by n.text"
        ).fetchall()
        applied = connection.execute("select count(*), sum(new_events), sum(packages) from job").fetchone()
    stories = len(points) + 2
    steps: dict[str, int] = dict(rows)
    # Commissioning: of the packs, and of the case that they are in.
    assert steps == {
        "commissioning": 2 * stories, "packing": stories, "shipping": stories, "receiving": stories,
        "dispensing": stories, "holding": stories,
    }  # fmt: skip
    assert applied == (stories, 4 * stories, PACKS * stories)
    check_log(given.node)
