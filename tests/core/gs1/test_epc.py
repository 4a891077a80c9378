"""Identifiers: every way of writing one gives one canonical form, and back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rxtrail.core.gs1 import charsets, epc
from rxtrail.core.gs1.check_digit import check_digit
from rxtrail.core.gs1.runs import EpcRun
from rxtrail.errors import BadIdentifier

# As written, canonical. The numbers are GS1's own examples and those of published US files.
URNS = [
    ("urn:epc:id:sgtin:0614141.112345.400", "01/10614141123459/21/400"),
    ("urn:epc:id:sgtin:030093.0078701.SER", "01/00300930787010/21/SER"),
    ("urn:epc:id:sgtin:0614141.812345.6789%2F%26%25%22!%3F()", '01/80614141123458/21/6789/&%"!?()'),
    ("urn:epc:id:sgtin:415056789012.0.9.87", "01/04150567890128/21/9.87"),
    ("urn:epc:id:sscc:030116.01001227052", "00/003011610012270529"),
    ("urn:epc:id:sscc:08600145491.003360", "00/008600145491033608"),
    ("urn:epc:id:sgln:0614141.12345.400", "414/0614141123452/254/400"),
    ("urn:epc:id:sgln:030116.000000.0", "414/0301160000009"),
    ("urn:epc:id:sgln:120014419287..0", "414/1200144192879"),
    ("urn:epc:id:pgln:0614141.00000", "417/0614141000005"),
    ("urn:epc:id:pgln:999999999999.", "417/9999999999994"),
    ("urn:epc:id:grai:0614141.12345.400", "8003/00614141123452400"),
    ("urn:epc:id:giai:0614141.12345400", "8004/061414112345400"),
    ("urn:epc:id:giai:0614141.AB%2FC.D", "8004/0614141AB/C.D"),
    ("urn:epc:id:gsrn:0614141.1234567890", "8018/061414112345678902"),
    ("urn:epc:id:gsrnp:0614141.1234567890", "8017/061414112345678902"),
    ("urn:epc:id:gdti:0614141.12345.400", "253/0614141123452400"),
    ("urn:epc:id:sgcn:4012345.67890.04711", "255/401234567890104711"),
    ("urn:epc:id:cpi:0614141.123ABC.123456789", "8010/0614141123ABC/8011/123456789"),
    ("urn:epc:id:cpi:0614141.A-%23%2F.7", "8010/0614141A-#//8011/7"),
    ("urn:epc:id:ginc:0614141.xyz47%2F11", "401/0614141xyz47/11"),
    ("urn:epc:id:gsin:0614141.123456789", "402/06141411234567890"),
    ("urn:epc:id:itip:4012345.012345.01.02.987", "8006/040123451234560102/21/987"),
    ("urn:epc:id:upui:1234567.089456.51qIgY)%3C%26Jp3*j7'SDB", "01/01234567894560/235/51qIgY)<&Jp3*j7'SDB"),
    ("urn:epc:class:lgtin:4012345.012345.998877", "01/04012345123456/10/998877"),
    ("urn:epc:idpat:sgtin:0614141.112345.*", "01/10614141123459"),
    ("urn:epc:idpat:grai:0614141.12345.*", "8003/00614141123452"),
    ("urn:epc:idpat:gdti:0614141.12345.*", "253/0614141123452"),
    ("urn:epc:idpat:sgcn:4012345.67890.*", "255/4012345678901"),
    ("urn:epc:idpat:cpi:4012345.AB12.*", "8010/4012345AB12"),
    ("urn:epc:idpat:itip:4012345.012345.01.02.*", "8006/040123451234560102"),
    ("urn:epc:idpat:upui:1234567.089456.*", "01/01234567894560"),
    ("urn:epc:idpat:sgln:0614141.12345.*", "414/0614141123452"),
]
# Valid, but no GS1 key, or no single one: kept as written.
KEPT = [
    "urn:epc:id:gid:95100000.12345.400",
    "urn:epc:id:usdod:CJ7T5.12345678901",
    "urn:epc:id:adi:2S194..12345678901",
    "urn:epc:id:bic:CSQU3054383",
    "urn:epc:id:imovn:9176187",
    "urn:epc:idpat:sgtin:0614141.*.*",
    "urn:epc:idpat:giai:0614141.*",
    "urn:epc:idpat:sscc:0614141.*",
]
UNREADABLE = [
    ("", "INVALID_EPC_URI"),
    ("hello", "INVALID_EPC_URI"),
    ("00352601815904", "INVALID_EPC_URI"),
    ("urn:epc:", "UNSUPPORTED_EPC_TYPE"),
    ("urn:epc:id:sgtin", "INVALID_EPC_URI"),
    ("urn:epc:id:sgtin:", "INVALID_EPC_URI"),
    ("urn:epc:id:sgtin:0614141.112345", "INVALID_EPC_URI"),
    ("urn:epc:id:sgtin:0614141.112345.", "INVALID_EPC_URI"),
    ("urn:epc:id:sgtin:0614141.12345.400", "INVALID_EPC_URI"),
    ("urn:epc:id:sgtin:0614141.1123456.400", "INVALID_EPC_URI"),
    ("urn:epc:id:sgtin:06A4141.112345.400", "INVALID_EPC_URI"),
    ("urn:epc:id:sgtin:.0614141112345.400", "INVALID_EPC_URI"),
    ("urn:epc:id:sgtin:0614141.112345.4%2", "INVALID_EPC_URI"),
    ("urn:epc:id:sgtin:0614141.112345.4%zz", "INVALID_EPC_URI"),
    ("urn:epc:id:sgtin:0614141.112345.4%0A5", "SERIAL_CHARACTER"),
    ("urn:epc:id:sgtin:٠٦١٤١٤١.112345.400", "INVALID_EPC_URI"),
    ("urn:epc:id:sscc:0614141.12345", "INVALID_EPC_URI"),
    ("urn:epc:id:sscc:0614141.123456789X", "INVALID_EPC_URI"),
    ("urn:epc:id:giai:0614141.", "INVALID_EPC_URI"),
    ("urn:epc:id:sgln:0614141.123456.0", "INVALID_EPC_URI"),
    ("urn:epc:id:itip:4012345.012345.1.2.987", "INVALID_EPC_URI"),
    ("urn:epc:id:unheard:0614141.112345.400", "UNSUPPORTED_EPC_TYPE"),
    ("urn:epc:tag:sgtin-96:3.0614141.812345.6789", "UNSUPPORTED_EPC_TYPE"),
    ("urn:epc:class:sgtin:0614141.112345.400", "UNSUPPORTED_EPC_TYPE"),
    ("https://id.gs1.org/01/123", "INVALID_EPC_URI"),
    ("https://id.gs1.org/nothing/here", "INVALID_EPC_URI"),
    ("https://id.gs1.org", "INVALID_EPC_URI"),
    ("8004/A\x01", "SERIAL_CHARACTER"),
    ("https://id.gs1.org/8004/", "INVALID_EPC_URI"),
    ("https://id.gs1.org/01/00352601815904/21/", "INVALID_EPC_URI"),
    ("https://id.gs1.org/417/03011600000091", "INVALID_EPC_URI"),
    ("01/0035260181590/21/A", "INVALID_EPC_URI"),
    ("01/00352601815904/99/A", "INVALID_EPC_URI"),
]
# Readable, and kept canonical, but wrong.
ODD = [
    ("https://id.gs1.org/01/00352601815905/21/A", "01/00352601815905/21/A", "INVALID_GTIN_CHECK_DIGIT"),
    ("https://id.gs1.org/00/003011610012270520", "00/003011610012270520", "INVALID_SSCC_CHECK_DIGIT"),
    ("https://id.gs1.org/414/0301160000000", "414/0301160000000", "INVALID_GLN_CHECK_DIGIT"),
    ("https://id.gs1.org/8018/061414112345678900", "8018/061414112345678900", "INVALID_CHECK_DIGIT"),
    (f"urn:epc:id:sgtin:0614141.112345.{'A' * 21}", f"01/10614141123459/21/{'A' * 21}", "SERIAL_TOO_LONG"),
    ("urn:epc:id:sgtin:0614141.112345.A%20B", "01/10614141123459/21/A B", "SERIAL_CHARACTER"),
    ("urn:epc:id:sgtin:0614141.112345.ÄB", "01/10614141123459/21/ÄB", "SERIAL_CHARACTER"),
    (f"urn:epc:class:lgtin:0614141.112345.{'L' * 21}", f"01/10614141123459/10/{'L' * 21}", "LOT_TOO_LONG"),
    ("urn:epc:class:lgtin:0614141.112345.L%20M", "01/10614141123459/10/L M", "LOT_CHARACTER"),
    ("https://id.gs1.org/8003/10614141123459X", "8003/10614141123459X", "INVALID_GRAI"),
    ("urn:epc:id:sgtin:061.1141112345.A", "01/10611411123454/21/A", "INVALID_COMPANY_PREFIX"),
]


@pytest.mark.parametrize(("written", "canonical"), URNS)
def test_an_urn_has_this_canonical_form_and_is_written_back(written: str, canonical: str) -> None:
    read = epc.read(written)
    assert read.canonical == canonical
    assert epc.canonical(written) == canonical
    assert epc.write(read.key, read.serial, read.form) == written


@pytest.mark.parametrize(("written", "canonical"), URNS)
def test_urn_link_element_string_and_canonical_name_one_thing(written: str, canonical: str) -> None:
    link = epc.to_digital_link(canonical)
    assert epc.canonical(link) == canonical
    assert epc.canonical(canonical) == canonical
    assert epc.canonical(written.replace("urn:epc:id:", "URN:EPC:ID:")) == canonical
    assert epc.canonical(f"  {written}\n") == canonical
    assert epc.to_element_string(canonical).startswith(f"({canonical.partition('/')[0]})")


def test_partners_who_split_a_gtin_differently_name_the_same_package() -> None:
    assert epc.canonical("urn:epc:id:sgtin:030093.0078701.S") == epc.canonical("urn:epc:id:sgtin:0300930.078701.S")


def test_an_extension_of_zero_is_none() -> None:
    assert epc.canonical("https://id.gs1.org/414/0301160000009/254/0") == "414/0301160000009"
    assert epc.canonical("urn:epc:id:sgln:030116.000000") == "414/0301160000009"


@pytest.mark.parametrize("written", KEPT)
def test_what_is_no_gs1_key_is_kept_as_written(written: str) -> None:
    read = epc.read(written)
    assert (read.key, read.serial) == ("", written)
    assert epc.canonical(written) == written
    assert epc.write(read.key, read.serial, read.form) == written


@pytest.mark.parametrize(("written", "code"), UNREADABLE)
def test_the_unreadable_is_kept_as_written_and_named(written: str, code: str) -> None:
    identifier, problem = epc.examine(written)
    assert identifier.canonical == written
    assert identifier.key == ""
    assert problem is not None
    assert problem.code == code
    with pytest.raises(BadIdentifier) as refused:
        epc.read(written)
    assert refused.value.advice


@pytest.mark.parametrize(("written", "canonical", "code"), ODD)
def test_the_odd_is_kept_canonical_and_named(written: str, canonical: str, code: str) -> None:
    assert epc.canonical(written) == canonical
    runs, problems = epc.read_runs([written])
    assert [run.key + serial for run in runs for serial in run.serials] == [canonical]
    assert [(index, found) for index, found, _ in problems] == [(0, code)]
    with pytest.raises(BadIdentifier):
        epc.read(written)


@pytest.mark.parametrize("written", ["https://example.com/thing/7", "urn:uuid:2a7f", "mailto:a@example.com"])
def test_an_identifier_of_others_is_no_problem_in_an_event(written: str) -> None:
    assert epc.read_runs([written]) == ([EpcRun("", [written])], [])
    with pytest.raises(BadIdentifier):
        epc.read(written)


def test_a_line_feed_never_gets_into_an_identifier() -> None:
    assert "\n" not in epc.canonical("some\nthing")
    assert "\n" not in epc.canonical("urn:epc:id:sgtin:0614141.112345.A\nB")
    assert "\n" not in epc.canonical("https://id.gs1.org/01/10614141123459/21/A%0AB")


@pytest.mark.parametrize(
    ("text", "gln"),
    [
        ("urn:epc:id:sgln:030116.000000.0", "0301160000009"),
        ("urn:epc:id:sgln:030116.000000.DOCK7", "0301160000009"),
        ("urn:epc:id:pgln:030116.000000", "0301160000009"),
        ("https://example.com/414/0301160000009/254/X", "0301160000009"),
        ("414/0301160000009/254/X", "0301160000009"),
        ("417/0301160000009", "0301160000009"),
        (" 0301160000009 ", "0301160000009"),
        ("0301160000000", ""),
        ("urn:epc:id:sscc:030116.01001227052", ""),
        ("Main Street 7", ""),
        ("", ""),
    ],
)
def test_the_gln_that_a_location_is_named_by(text: str, gln: str) -> None:
    assert epc.gln_of(text) == gln


def test_an_element_string_has_fnc1_only_where_it_is_needed() -> None:
    assert epc.to_raw_element_string("01/00352601815904/21/A") == "010035260181590421A"
    assert epc.to_raw_element_string("8010/0614141A/8011/7") == "80100614141A\x1d80117"
    assert epc.to_element_string("414/0301160000009/254/X") == "(414)0301160000009(254)X"


def test_an_urn_needs_a_company_prefix_that_fits() -> None:
    assert epc.to_urn("01/00300930787010/21/S", 6) == "urn:epc:id:sgtin:030093.0078701.S"
    assert epc.to_urn("01/00300930787010/21/S", 7) == "urn:epc:id:sgtin:0300930.078701.S"
    assert epc.to_urn("414/1200144192879", 12) == "urn:epc:id:sgln:120014419287..0"
    with pytest.raises(BadIdentifier):
        epc.to_urn("01/00300930787010/21/S", 14)
    with pytest.raises(BadIdentifier):
        epc.to_urn("00/00301161001227052", 6)
    with pytest.raises(BadIdentifier):
        epc.to_urn("8013/1987654Ad4X4bL5ttr2310c2K", 7)
    with pytest.raises(BadIdentifier):
        epc.to_digital_link("Main Street 7")
    with pytest.raises(BadIdentifier):
        epc.to_element_string("urn:uuid:7")


@pytest.mark.parametrize("wrong", ["01/00300930787011/21/S", "00/003011610012270520", "8003/10614141123459X"])
def test_a_wrong_check_digit_is_never_lost_in_an_urn(wrong: str) -> None:
    with pytest.raises(BadIdentifier):
        epc.to_urn(wrong, 6)
    assert epc.canonical(epc.to_digital_link(wrong)) == wrong


serials = st.text(charsets.CSET_82, min_size=1, max_size=20)
digits_13 = st.text("0123456789", min_size=13, max_size=13)


@given(digits_13, serials, st.integers(6, 12))
def test_any_sgtin_survives_every_way_of_writing(body: str, serial: str, length: int) -> None:
    gtin = body + check_digit(body)
    canonical = f"01/{gtin}/21/{serial}"
    assert epc.canonical(epc.to_urn(canonical, length)) == canonical
    assert epc.canonical(epc.to_digital_link(canonical, "http://x.example/a")) == canonical
    assert epc.canonical(canonical) == canonical
    read = epc.read(epc.to_urn(canonical, length))
    assert (read.canonical, read.form) == (canonical, str(length))
    assert epc.to_urn(canonical, length) == epc.write(read.key, read.serial, read.form)


@given(st.sampled_from([canonical for _, canonical in URNS]), st.text(max_size=30), st.text(max_size=3))
def test_no_text_breaks_the_reading(start: str, rest: str, middle: str) -> None:
    for text in (
        start + rest,
        start[: len(start) // 2] + middle + start[len(start) // 2 :],
        rest,
        "urn:epc:" + rest,
    ):
        read, problem = epc.examine(text)
        assert "\n" not in read.canonical
        assert read.key or problem is not None or text.startswith("urn:epc:")
        assert epc.canonical(read.canonical) == read.canonical or not read.key


@given(st.text(), st.sampled_from(["", "7", "https://id.gs1.org"]))
def test_a_verbatim_identifier_is_written_as_it_is(text: str, form: str) -> None:
    assert epc.write("", text, form) == text
