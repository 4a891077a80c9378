"""Lists of identifiers: whole-list reading gives exactly what reading one by one gives."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from rxtrail.core.gs1 import charsets, epc
from rxtrail.core.gs1.identifier import NOT_GS1
from rxtrail.core.gs1.runs import EpcRun

STARTS = [
    "urn:epc:id:sgtin:0352601.081590.",
    "urn:epc:id:sgtin:0352601.181590.",
    "urn:epc:id:sgtin:035.26010815904.",
    "urn:epc:id:sgtin:0352601.81590.",
    "urn:epc:class:lgtin:0352601.081590.",
    "urn:epc:id:sscc:0352601.",
    "urn:epc:id:sscc:035.",
    "urn:epc:id:giai:0352601.",
    "urn:epc:id:grai:0352601.12345.",
    "urn:epc:id:itip:4012345.012345.01.02.",
    "urn:epc:id:sgln:0352601.12345.",
    "urn:epc:idpat:sgtin:0352601.081590.",
    "https://id.gs1.org/01/00352601815904/21/",
    "https://id.gs1.org/01/00352601815905/21/",
    "https://id.gs1.org/01/00352601815904/10/L/21/",
    "https://id.gs1.org/00/",
    "http://a.example/gtin/352601815904/ser/",
    "01/00352601815904/21/",
    "",
]
tails = st.one_of(
    st.text("0123456789", min_size=8, max_size=12),
    st.text("0123456789ABCxyz", max_size=22),
    st.text(charsets.CSET_82, max_size=22),
    st.text(charsets.CSET_82, max_size=22).map(charsets.escape_path),
    st.sampled_from(
        [
            "*",
            "1",
            "A%0AB",
            "A%2",
            "A?b",
            "A#b",
            " ",
            "a b",
            "A\nB",
            "٣٣٣",
            "é",
            "A/B",
            "..",
            "\x85",
            "\u2028",
        ]
    ),
)


def one_by_one(texts: list[str]) -> tuple[list[EpcRun], list[tuple[int, str, str]]]:
    runs: list[EpcRun] = []
    problems = []
    for index, text in enumerate(texts):
        read, problem = epc.examine(text)
        if problem is not None and problem.code != NOT_GS1:
            problems.append((index, problem.code, problem.message))
        if runs and (runs[-1].key, runs[-1].form) == (read.key, read.form):
            runs[-1].serials.append(read.serial)
        else:
            runs.append(EpcRun(read.key, [read.serial], read.form))
    return runs, problems


@given(st.sampled_from(STARTS), st.lists(tails, min_size=1, max_size=8))
def test_a_list_with_one_start_is_read_as_its_members_are(start: str, endings: list[str]) -> None:
    texts = [start + ending for ending in endings]
    assert epc.read_runs(texts) == one_by_one(texts)


@given(st.lists(st.tuples(st.sampled_from(STARTS), tails), max_size=12))
def test_a_mixed_list_is_read_as_its_members_are(pairs: list[tuple[str, str]]) -> None:
    texts = [start + ending for start, ending in pairs]
    assert epc.read_runs(texts) == one_by_one(texts)


@given(st.sampled_from(STARTS), tails)
def test_the_canonical_form_alone_is_that_of_the_whole_reading(start: str, ending: str) -> None:
    assert epc.canonical(start + ending) == epc.examine(start + ending)[0].canonical


def test_a_text_of_any_length_is_read_and_shown_short() -> None:
    text = "urn:epc:id:sgtin:0352601.081590." + "A" * 100_000
    runs, problems = epc.read_runs([text] * 5)
    assert [len(run.serials) for run in runs] == [5]
    assert {code for _, code, _ in problems} == {"SERIAL_TOO_LONG"}
    assert max(len(message) for _, _, message in problems) < 500
    assert epc.canonical("9" * 5000) == "9" * 5000


def test_an_empty_list_has_no_runs() -> None:
    assert epc.read_runs([]) == ([], [])


def test_a_thousand_serials_are_one_run() -> None:
    texts = [f"urn:epc:id:sgtin:0352601.081590.A{number:04d}" for number in range(1000)]
    runs, problems = epc.read_runs(texts)
    assert problems == []
    assert [(run.key, run.form, len(run.serials)) for run in runs] == [("01/00352601815904/21/", "7", 1000)]
    assert epc.write_run(runs[0]) == texts


def test_escaped_serials_are_decoded_in_the_whole_list() -> None:
    texts = [f"urn:epc:id:sgtin:0352601.081590.A%2F{number}" for number in range(30)]
    runs, problems = epc.read_runs(texts)
    assert problems == []
    assert runs[0].serials == [f"A/{number}" for number in range(30)]
    assert epc.write_run(runs[0]) == texts


def test_pallets_are_read_with_their_check_digits() -> None:
    texts = [f"urn:epc:id:sscc:030116.0{1001227000 + number}" for number in range(100)]
    runs, problems = epc.read_runs(texts)
    assert problems == []
    assert runs[0].key == "00/"
    assert runs[0].serials[52] == "003011610012270529"
    assert epc.write_run(runs[0]) == texts


def test_a_line_feed_inside_a_text_does_not_make_two_identifiers() -> None:
    start = "urn:epc:id:sgtin:0352601.081590."
    runs, problems = epc.read_runs([f"{start}A\n{start}B", f"{start}C"])
    assert sum(len(run.serials) for run in runs) == 2
    assert [index for index, _, _ in problems] == [0]
    assert all("\n" not in serial for run in runs for serial in run.serials)


def test_one_long_serial_among_many_is_named_with_its_place() -> None:
    texts = [f"urn:epc:id:sgtin:0352601.081590.A{number}" for number in range(50)]
    texts[33] = "urn:epc:id:sgtin:0352601.081590." + "B" * 21
    runs, problems = epc.read_runs(texts)
    assert [(index, code) for index, code, _ in problems] == [(33, "SERIAL_TOO_LONG")]
    assert [serial for run in runs for serial in run.serials][33] == "B" * 21
    assert len(runs) == 1


@given(
    st.sampled_from(STARTS[:13]),
    st.lists(st.text(charsets.CSET_82, min_size=1, max_size=20), min_size=1, max_size=5),
)
def test_a_run_is_written_as_its_members_are(start: str, endings: list[str]) -> None:
    for run in epc.read_runs([start + charsets.escape_path(ending) for ending in endings])[0]:
        assert epc.write_run(run) == [epc.write(run.key, serial, run.form) for serial in run.serials]
