"""The canonical bytes of an event: frozen by vectors, read back whole, blind to presentation."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rxtrail.core.epcis import canonical
from rxtrail.core.epcis.event import KINDS, ErrorDeclaration, Event, Quantity, Typed
from rxtrail.core.gs1.runs import EpcRun

VECTORS = json.loads((Path(__file__).parents[2] / "samples" / "canonical_v1.json").read_text(encoding="utf-8"))
SGTIN = "01/00352601815904/21/"

_text = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\n"), max_size=12)
_some_text = _text.filter(bool)
_leaf = st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False) | _text
_tree = st.dictionaries(
    _some_text,
    st.recursive(
        _leaf,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_text, inner, max_size=3),
        max_leaves=5,
    ),
    max_size=3,
)
_runs = st.lists(
    st.builds(
        EpcRun,
        st.sampled_from([SGTIN, "00/", "8004/", ""]),
        st.lists(_some_text, min_size=1, max_size=4),
        st.sampled_from(["", "7", "https://id.gs1.org"]),
    ),
    max_size=3,
)
_quantities = st.lists(
    st.builds(Quantity, _text, st.none() | st.floats(allow_nan=False, allow_infinity=False), _text),
    max_size=2,
)
_typed = st.lists(st.builds(Typed, _text, _text), max_size=2)
_words = st.lists(_text, max_size=2)
_times = st.integers(-(2**62), 2**62)
events = st.builds(
    Event,
    kind=st.sampled_from(KINDS),
    event_time=_times,
    zone=_text,
    event_id=_text,
    action=st.sampled_from(["", "ADD", "OBSERVE", "DELETE"]),
    biz_step=_text,
    disposition=_text,
    epcs=_runs,
    quantities=_quantities,
    parent=_text,
    children=_runs,
    child_quantities=_quantities,
    inputs=_runs,
    input_quantities=_quantities,
    outputs=_runs,
    output_quantities=_quantities,
    transformation_id=_text,
    read_point=_text,
    biz_location=_text,
    biz_transactions=_typed,
    sources=_typed,
    destinations=_typed,
    ilmd=_tree,
    persistent_set=_words,
    persistent_unset=_words,
    sensors=st.lists(_tree, max_size=2),
    certification=_words,
    error_declaration=st.none() | st.builds(ErrorDeclaration, _times, _text, _words, _tree),
    extensions=_tree,
    read_point_extensions=_tree,
    biz_location_extensions=_tree,
    record_time=_times,
    forms=st.dictionaries(_text, _text, max_size=2),
)
# Events so poor that two of them are often alike, or almost.
few_events = st.builds(
    Event,
    kind=st.just("ObjectEvent"),
    event_time=st.integers(0, 1),
    epcs=st.lists(
        st.builds(EpcRun, st.sampled_from([SGTIN, ""]), st.lists(st.sampled_from("12"), min_size=1, max_size=2)),
        max_size=2,
    ),
    ilmd=st.dictionaries(st.sampled_from("ab"), st.sampled_from(["", "a", None]), max_size=1),
    biz_step=st.sampled_from(["", "a"]),
)


def meaning(event: Event) -> Event:
    """Give the event without what is presentation: forms, record time, and where a list was cut into runs."""
    lists = {name: joined(getattr(event, name)) for name in canonical.LISTS}
    return msgspec.structs.replace(event, record_time=0, forms={}, **lists)


def joined(runs: list[EpcRun]) -> list[EpcRun]:
    result: list[EpcRun] = []
    for run in runs:
        if result and result[-1].key == run.key:
            result[-1] = EpcRun(run.key, result[-1].serials + run.serials)
        else:
            result.append(EpcRun(run.key, run.serials))
    return result


@pytest.mark.parametrize("vector", VECTORS["vectors"], ids=lambda vector: vector["name"])
class TestVectors:
    """What version 1 wrote once is what every later program writes and reads."""

    def test_the_event_gives_these_bytes(self, vector: dict[str, Any]) -> None:
        event = msgspec.convert(vector["event"], Event)
        assert canonical.encode(event).hex() == vector["canonical"]

    def test_the_bytes_give_this_order_hash(self, vector: dict[str, Any]) -> None:
        assert canonical.order_hash(bytes.fromhex(vector["canonical"])).hex() == vector["order_hash"]

    def test_the_bytes_are_read_back(self, vector: dict[str, Any]) -> None:
        event = msgspec.convert(vector["event"], Event)
        assert canonical.decode(bytes.fromhex(vector["canonical"])) == meaning(event)


def test_the_version_of_the_vectors_is_the_version_written() -> None:
    assert canonical.VERSION.hex() == VECTORS["version"]


@given(events)
def test_an_event_is_read_back_but_for_its_presentation(event: Event) -> None:
    assert canonical.decode(canonical.encode(event)) == meaning(event)


@given(events)
def test_reading_and_writing_again_changes_no_byte(event: Event) -> None:
    written = canonical.encode(event)
    assert canonical.encode(canonical.decode(written)) == written


@given(events)
def test_presentation_is_not_in_the_bytes(event: Event) -> None:
    assert canonical.encode(meaning(event)) == canonical.encode(event)


@given(_tree)
def test_the_order_of_members_is_not_in_the_bytes(tree: dict[str, Any]) -> None:
    event = Event(kind="ObjectEvent", event_time=0, extensions=tree)
    reverse = Event(kind="ObjectEvent", event_time=0, extensions=dict(reversed(tree.items())))
    assert canonical.encode(event) == canonical.encode(reverse)


@given(few_events, few_events)
def test_two_meanings_are_never_the_same_bytes(one: Event, other: Event) -> None:
    assert meaning(one) == meaning(other) or canonical.encode(one) != canonical.encode(other)


def test_the_order_of_serials_is_kept() -> None:
    one = Event(kind="ObjectEvent", event_time=0, epcs=[EpcRun(SGTIN, ["2", "1"])])
    other = Event(kind="ObjectEvent", event_time=0, epcs=[EpcRun(SGTIN, ["1", "2"])])
    assert canonical.decode(canonical.encode(one)).epcs[0].serials == ["2", "1"]
    assert canonical.encode(one) != canonical.encode(other)


def test_the_order_hash_is_the_sha_256_of_the_bytes() -> None:
    written = canonical.encode(Event(kind="ObjectEvent", event_time=0))
    assert canonical.order_hash(written) == hashlib.sha256(written).digest()


def test_bytes_of_an_unknown_version_are_never_taken_for_an_event() -> None:
    written = canonical.encode(Event(kind="ObjectEvent", event_time=0))
    with pytest.raises(AssertionError):
        canonical.decode(b"\x02" + written[1:])
