"""Applying writes batch by batch: the same again changes nothing, a stopped job goes on, a cut leaves no trace."""

from __future__ import annotations

import copy
import io
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from rxtrail import capture
from rxtrail.capture import spool
from rxtrail.errors import Busy, StoreLost
from rxtrail.record import retold
from tests import story
from tests.story import MAKER, PHARMACY, Scene, codes, delivery, jsonld, made, made_unit, pack, packed, packs, sscc, xml

if TYPE_CHECKING:
    from pathlib import Path

    from rxtrail.answers import CaptureReceipt
    from tests.story import Party, Told

PACKS = packs(3)
INSTANCE = "urn:example:transmission:1"


def lots(count: int, size: int = 4) -> list[Told]:
    """Lots one after the other: each is made, packed into a unit of its own and shipped."""
    told: list[Told] = []
    for number in range(count):
        serials = packs(size, start=f"L{number}-")
        unit = sscc(number + 1)
        told += [
            made(*serials, minute=number, lot=f"LOT{number}"),
            made_unit(unit, minute=number + 0.1),
            packed(unit, *serials, minute=number + 0.2),
            story.shipped(unit, minute=number + 100),
        ]
    return told


# -- the same again ------------------------------------------------------------------------------------------------


def check_nothing_new(scene: Scene, before: list[bytes], receipt: CaptureReceipt) -> None:
    assert (receipt.state, receipt.new_events, receipt.packages, receipt.log_index) == ("success", 0, 0, -1)
    assert scene.packs() == before


@pytest.mark.parametrize("syntax", ["xml", "json"])
def test_the_same_file_twice_changes_nothing(syntax: str, hub: Scene) -> None:
    document = story.SYNTAXES[syntax](delivery(*PACKS))
    first = hub.give(document)
    assert (first.new_events, first.packages, first.duplicate) == (4, 3, False)
    before, log_size = hub.packs(), hub.node.status().log_size
    again = hub.give(document)
    assert again.duplicate
    check_nothing_new(hub, before, again)
    assert again.job == first.job
    assert hub.node.status().documents == 1
    assert hub.node.status().log_size == log_size


@pytest.mark.parametrize("again", ["xml", "json"])
@pytest.mark.parametrize("first", ["xml", "json"])
@pytest.mark.parametrize("event_id", ["auto", ""], ids=["named events", "events without eventID"])
def test_the_same_events_in_another_file_change_nothing(first: str, again: str, event_id: str, hub: Scene) -> None:
    told = [replace(each, event_id=event_id) for each in delivery(*PACKS)]
    assert hub.capture(*told, syntax=first, instance="one").packages == 3
    before = hub.packs()
    receipt = hub.capture(*told, syntax=again, instance="two")
    assert not receipt.duplicate
    check_nothing_new(hub, before, receipt)
    assert receipt.events == 4
    assert hub.node.status().events == 4
    assert hub.node.status().documents == 2


def test_the_same_events_by_digital_link_change_nothing(hub: Scene) -> None:
    hub.capture(*delivery(*PACKS))
    before = hub.packs()
    check_nothing_new(hub, before, hub.capture(*delivery(*PACKS), form="link"))


def test_the_same_event_twice_in_one_file_is_one(hub: Scene) -> None:
    told = made(*PACKS)
    receipt = hub.capture(told, told)
    assert (receipt.events, receipt.new_events, receipt.packages) == (2, 1, 3)


def test_the_same_instance_identifier_with_other_content_is_a_finding_and_kept(hub: Scene) -> None:
    hub.capture(made(PACKS[0]), instance=INSTANCE)
    receipt = hub.capture(made(PACKS[1]), instance=INSTANCE)
    assert codes(receipt) == ["DUPLICATE_TRANSMISSION"]
    assert INSTANCE in next(f.message for f in receipt.findings if f.code == "DUPLICATE_TRANSMISSION")
    assert receipt.packages == 1
    assert len(hub.packs()) == 2


def test_two_senders_may_use_one_instance_identifier(hub: Scene) -> None:
    hub.capture(made(PACKS[0]), instance=INSTANCE)
    assert codes(hub.capture(*delivery(PACKS[1]), instance=INSTANCE, sender=story.WHOLESALER)) == []


# -- one event identifier, two contents ---------------------------------------------------------------------------


@pytest.mark.parametrize("in_one_file", [True, False])
@pytest.mark.parametrize("turned", [True, False])
def test_one_event_id_with_two_contents_keeps_both_in_either_order(
    turned: bool, in_one_file: bool, hub: Scene, tmp_path: Path
) -> None:
    one = made(PACKS[0], event_id="urn:uuid:00000000-0000-4000-8000-000000000001")
    other = replace(one, epcs=(PACKS[1],), minute=3)
    told = [other, one] if turned else [one, other]
    if in_one_file:
        findings = codes(hub.capture(*told))
    else:
        assert codes(hub.capture(told[0])) == []
        findings = codes(hub.capture(told[1]))
    assert findings == ["EVENT_ID_REUSED"]
    assert hub.node.status().events == 2
    assert [hub.pack(epc)["disposition"] for epc in PACKS[:2]] == ["active", "active"]
    for repeated in told:
        assert hub.capture(repeated, instance=f"again {repeated.minute}").new_events == 0
    with story.scene(tmp_path / "other") as plain:
        plain.capture(one)
        plain.capture(other)
        assert plain.packs() == hub.packs()


# -- findings ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("events_per_batch", [7, 10_000])
def test_findings_of_one_code_are_capped_and_the_rest_is_counted(
    events_per_batch: int, hub: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(capture, "BATCH_EVENTS_MAX", events_per_batch)
    receipt = hub.capture(*(made(pack(f"{number:021}"), minute=number) for number in range(60)))
    assert codes(receipt).count("SERIAL_TOO_LONG") == capture.FINDINGS_PER_CODE_MAX == 50
    assert receipt.findings_truncated == 10
    assert "FINDINGS_TRUNCATED" not in codes(receipt)
    assert receipt.packages == 60


def test_findings_of_a_document_are_capped_over_all_codes(hub: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(capture, "FINDINGS_PER_DOCUMENT_MAX", 5)
    told = [made(pack(f"{number:021}"), minute=number, expiry="271399") for number in range(10)]
    receipt = hub.capture(*told)
    assert len(receipt.findings) == 5
    assert len(receipt.findings) + receipt.findings_truncated == 21  # two an event, and the sender is not listed


def test_faults_of_the_document_itself_are_capped_and_the_receipt_tells_that_there_were_more(hub: Scene) -> None:
    document = xml([made(*PACKS)])
    event = document[document.index(b"<ObjectEvent>") : document.index(b"</EventList>")]
    untimed = event.replace(event[event.index(b"<eventTime>") : event.index(b"<eventTimeZone")], b"")
    receipt = hub.give(document.replace(b"</EventList>", untimed * 60 + b"</EventList>"), proceed=True)
    assert codes(receipt).count("NO_EVENT_TIME") == capture.FINDINGS_PER_CODE_MAX
    assert receipt.findings_truncated > 0
    assert receipt.packages == 3


def test_faults_within_one_event_are_capped_and_the_receipt_tells_that_there_were_more(hub: Scene) -> None:
    name = story.urn(f"01/{story.GTIN}")
    element = f"<quantityElement><epcClass>{name}</epcClass><quantity>many</quantity></quantityElement>"
    quantities = f"<extension><quantityList>{element * 60}</quantityList>".encode()
    receipt = hub.give(xml([made(*PACKS)]).replace(b"<extension>", quantities))
    assert codes(receipt).count("INVALID_NUMBER") == capture.FINDINGS_PER_CODE_MAX
    assert receipt.findings_truncated > 0
    assert (receipt.state, receipt.new_events, receipt.packages) == ("success", 1, 3)


# -- batches -------------------------------------------------------------------------------------------------------


LIMITS = {
    "by packages": {"BATCH_PACKAGES_MAX": 5, "BATCH_PACKAGES_GOOD": 3},
    "in the middle of a lot": {"BATCH_PACKAGES_MAX": 1, "BATCH_PACKAGES_GOOD": 1},
    "between lots": {"BATCH_PACKAGES_GOOD": 1},
    "by events": {"BATCH_EVENTS_MAX": 3},
    "every event alone": {"BATCH_EVENTS_MAX": 1},
    "by mentions": {"BATCH_MENTIONS_MAX": 1},
}


def undisturbed(folder: Path, document: bytes) -> tuple[list[bytes], list[bytes], int]:
    with story.scene(folder) as scene:
        receipt = scene.give(document)
        return scene.packs(), scene.export("events").splitlines(), receipt.packages


@pytest.mark.parametrize("where", LIMITS)
def test_wherever_a_batch_is_cut_the_packs_are_the_same(
    where: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = xml(lots(4))
    expected, events, packages = undisturbed(tmp_path / "whole", document)
    assert packages == 16
    for name, value in LIMITS[where].items():
        monkeypatch.setattr(capture, name, value)
    steps: list[tuple[int, int]] = []
    with story.scene(tmp_path / "cut") as scene:
        receipt = scene.node.capture(
            io.BytesIO(document), name="cut", progress=lambda done, total: steps.append((done, total))
        )
        assert len(steps) > 1, "the limits cut it"
        assert steps[-1] == (16, 16)
        assert (receipt.packages, receipt.new_events) == (16, 16)
        assert scene.packs() == expected
        assert scene.export("events").splitlines() == events


def test_a_lot_packed_in_a_later_batch_than_it_was_made_in_is_packed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    serials = packs(6)
    units = [sscc(1), sscc(2)]
    told = [made(*serials), made_unit(*units), packed(units[0], *serials[:3]), packed(units[1], *serials[3:], minute=6)]
    expected = undisturbed(tmp_path / "whole", xml(told))
    monkeypatch.setattr(capture, "BATCH_EVENTS_MAX", 3)
    assert undisturbed(tmp_path / "cut", xml(told)) == expected
    containers = [line for line in expected[0] if b'"container":"' + units[1].encode() in line]
    assert len(containers) == 3


@pytest.mark.parametrize("syntax", ["xml", "json"])
def test_events_that_do_not_fit_in_memory_are_applied_all_the_same(
    syntax: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = story.SYNTAXES[syntax](lots(4))
    expected = undisturbed(tmp_path / "memory", document)
    monkeypatch.setattr(spool, "MEMORY_BYTES_MAX", 20_000)
    assert undisturbed(tmp_path / "file", document) == expected


# -- a job that was stopped ----------------------------------------------------------------------------------------


def stopped(scene: Scene, document: bytes, *, after: int, proceed: bool = False) -> CaptureReceipt:
    """Capture, and ask to stop when that many events are in."""
    worker = scene.node._capture
    assert worker is not None
    stop = worker.stop

    def progress(applied: int, _total: int) -> None:
        if applied >= after:
            stop()

    return scene.node.capture(io.BytesIO(document), name="stopped", progress=progress, proceed=proceed)


@pytest.mark.parametrize("after", [1, 2, 3, 7, 15])
@pytest.mark.parametrize("syntax", ["xml", "json"])
def test_a_job_stopped_between_batches_goes_on_and_ends_like_an_undisturbed_one(
    syntax: str, after: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(capture, "BATCH_EVENTS_MAX", 1)
    document = story.SYNTAXES[syntax](lots(4))
    expected, events, _ = undisturbed(tmp_path / "whole", document)
    with story.scene(tmp_path / "data") as scene:
        receipt = stopped(scene, document, after=after)
        assert receipt.state == "running"
        assert scene.node.job(receipt.job).applied == after
        assert scene.node.jobs_open() == 1
        assert scene.packs() != expected
    with story.scene(tmp_path / "data") as scene:
        assert scene.node.resume() == 1
        job = scene.node.job(receipt.job)
        assert (job.state, job.applied, job.packages) == ("success", 16, 16)
        assert job.receipt is not None
        assert job.receipt.new_events == 16
        assert scene.packs() == expected
        assert scene.export("events").splitlines() == events
        assert scene.node.resume() == 0


def test_a_pack_of_a_job_that_is_not_finished_is_unconfirmed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(capture, "BATCH_EVENTS_MAX", 1)
    with story.scene(tmp_path / "data", "pharmacy", PHARMACY) as scene:
        scene.partners((MAKER, "maker"))
        stopped(scene, xml(delivery(*PACKS)), after=1)
        assert scene.verify(PACKS[0]).verdict.value == "unconfirmed"
    with story.scene(tmp_path / "data") as scene:
        scene.node.resume()
        assert scene.verify(PACKS[0]).verdict.value == "ok"


def test_the_same_file_again_goes_on_with_a_stopped_job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(capture, "BATCH_EVENTS_MAX", 1)
    document = xml(lots(2))
    expected, _, _ = undisturbed(tmp_path / "whole", document)
    with story.scene(tmp_path / "data") as scene:
        first = stopped(scene, document, after=2)
    with story.scene(tmp_path / "data") as scene:
        again = scene.give(document)
        assert (again.job, again.state, again.packages) == (first.job, "success", 8)
        assert scene.packs() == expected
        assert scene.node.status().documents == 1


def test_a_resumed_job_leaves_out_what_was_left_out_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(capture, "BATCH_EVENTS_MAX", 1)
    document = xml(lots(2)).replace(b"<eventTime>2026-11-02T08:00:06.000Z</eventTime>", b"")
    assert document != xml(lots(2))
    with story.scene(tmp_path / "data") as scene:
        receipt = stopped(scene, document, after=3, proceed=True)
        assert receipt.events == 7
    with story.scene(tmp_path / "data") as scene:
        scene.node.resume()
        job = scene.node.job(receipt.job)
        assert (job.state, job.applied, job.packages) == ("success", 7, 8)
        assert job.receipt is not None
        assert codes(job.receipt).count("NO_EVENT_TIME") == 1


def test_a_job_that_was_accepted_and_never_begun_is_finished_at_the_next_start(tmp_path: Path) -> None:
    document = jsonld(delivery(*PACKS))
    expected, _, _ = undisturbed(tmp_path / "whole", document)
    with story.scene(tmp_path / "data") as scene:
        worker = scene.node._capture
        assert worker is not None
        accepted = worker.accept(io.BytesIO(document), name="accepted")
        assert accepted.spool is not None
        accepted.spool.close()
        assert scene.packs() == []
        assert scene.node.job(accepted.job).state == "accepted"
    with story.scene(tmp_path / "data") as scene:
        assert scene.node.resume() == 1
        assert scene.packs() == expected


def test_several_stopped_jobs_go_on_oldest_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(capture, "BATCH_EVENTS_MAX", 1)
    told = lots(3)
    documents = [xml(told[:4]), xml(told[4:8]), xml(told[8:])]
    with story.scene(tmp_path / "data") as scene:
        jobs = []
        for document in documents:
            jobs.append(stopped(scene, document, after=0).job)
            scene.time.pass_by(seconds=1)
        assert [scene.node.job(job).applied for job in jobs] == [1, 0, 0]
    with story.scene(tmp_path / "data") as scene:
        assert scene.node.resume() == 3
        starts = [receipt.log_index for job in jobs if (receipt := scene.node.job(job).receipt) is not None]
        assert len(starts) == 3
        assert starts == sorted(starts)
        assert len(scene.packs()) == 12


XML_WITH_EXTENSIONS = b"""<e:EPCISDocument xmlns:e="urn:epcglobal:epcis:xsd:2" xmlns:x="http://ns.example.com/"
 schemaVersion="2.0" creationDate="2026-11-01T00:00:00Z"><EPCISBody><EventList><ObjectEvent>
<eventTime>2026-11-01T00:00:00Z</eventTime><eventTimeZoneOffset>+00:00</eventTimeZoneOffset>%s
<epcList><epc>urn:epc:id:sgtin:0614141.107346.2017</epc></epcList><action>OBSERVE</action>
<bizStep>urn:epcglobal:cbv:bizstep:inspecting</bizStep><x:level grade="7">3</x:level><x:warm>true</x:warm>
</ObjectEvent></EventList></EPCISBody></e:EPCISDocument>"""
JSON_WITH_EXTENSIONS: dict[str, Any] = {
    "@context": ["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld", {"x": "http://ns.example.com/"}],
    "type": "EPCISDocument",
    "schemaVersion": "2.0",
    "creationDate": "2026-11-01T00:00:00Z",
    "epcisBody": {
        "eventList": [
            {
                "type": "ObjectEvent",
                "eventTime": "2026-11-01T00:00:00Z",
                "eventTimeZoneOffset": "+00:00",
                "epcList": ["https://id.gs1.org/01/10614141073464/21/2017"],
                "action": "OBSERVE",
                "bizStep": "inspecting",
                "x:level": {"grade": 7, "#text": 3},
                "x:warm": True,
            }
        ]
    },
}


@pytest.mark.parametrize("name", ["", "urn:uuid:00000000-0000-4000-8000-000000000009"])
@pytest.mark.parametrize("turned", [True, False])
def test_one_event_in_xml_and_json_is_one_event(name: str, turned: bool, hub: Scene) -> None:
    as_xml = XML_WITH_EXTENSIONS % (f"<eventID>{name}</eventID>".encode() if name else b"")
    document = copy.deepcopy(JSON_WITH_EXTENSIONS)
    if name:
        document["epcisBody"]["eventList"][0]["eventID"] = name
    as_json = json.dumps(document).encode()
    first, second = (as_json, as_xml) if turned else (as_xml, as_json)
    assert hub.give(first).new_events == 1
    again = hub.give(second)
    assert (again.new_events, codes(again)) == (0, [])
    assert hub.node.status().events == 1


# -- a document that a second one says, too ------------------------------------------------------------------------


def said_by(scene: Scene, document: bytes, speaker: Party) -> CaptureReceipt:
    return scene.node.capture(io.BytesIO(document), name="said", speaker=speaker.gln)


def test_a_second_speaker_is_not_heard_before_the_first_one_is_heard_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(capture, "BATCH_EVENTS_MAX", 1)
    document = story.jsonld(lots(2), sender=None)
    with story.scene(tmp_path / "data") as scene:
        worker = scene.node._capture
        assert worker is not None
        job = scene.node.capture(
            io.BytesIO(document), name="first", speaker=MAKER.gln, progress=lambda *_: worker.stop()
        ).job
        written = scene.export("events")
        with pytest.raises(Busy):
            said_by(scene, document, PHARMACY)
        assert scene.export("events") == written
    with story.scene(tmp_path / "data") as scene:
        again = said_by(scene, document, PHARMACY)
        assert (again.job, again.state, again.duplicate) == (job, "success", True)
        assert scene.node.job(job).applied == 8
        reader = scene.node._reader()
        assert {body.speaker for body in reader.events_from(-1, 100)} == {MAKER.gln}
        assert retold.was_told(reader, job, PHARMACY.gln)


def test_a_second_speaker_that_the_store_lost_is_told_so_and_sends_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = story.jsonld(lots(1), sender=None)

    def lost(*_: object, **__: object) -> None:
        raise StoreLost("the database cannot be reached")

    with story.scene(tmp_path / "data") as scene:
        job = said_by(scene, document, MAKER).job
        with monkeypatch.context() as patched:
            patched.setattr(capture, "_write_again", lost)
            with pytest.raises(StoreLost):
                scene.node.submit(io.BytesIO(document), name="second", speaker=PHARMACY.gln)
        assert not retold.was_told(scene.node._reader(), job, PHARMACY.gln)
        assert scene.node.submit(io.BytesIO(document), name="second", speaker=PHARMACY.gln).state == "success"
        assert retold.was_told(scene.node._reader(), job, PHARMACY.gln)
