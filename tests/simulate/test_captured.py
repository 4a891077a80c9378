"""The simulated files through the program's own doors: the reader, the node, and the codes to try."""

from __future__ import annotations

import datetime as dt
import io

from rxtrail import simulate
from rxtrail.core.epcis.reader import open_document

TODAY = dt.date(2026, 11, 23)


def test_the_reader_finds_nothing_to_say_about_a_simulated_file() -> None:
    world = simulate.world(7, 600, TODAY)
    events = 0
    for file, (_, data) in zip(world.files, simulate.documents(world), strict=True):
        document = open_document(io.BytesIO(data))
        for _, findings, _ in document:
            assert not findings
            events += 1
        assert not document.findings
        assert document.header.sender == file.speaker.gln
        assert document.header.receiver == file.receiver.gln
        assert (document.header.statement is not None) == file.transfers
    assert events == sum(len(file.steps) for file in world.files)
