"""One word of the Core Business Vocabulary, whichever of its four spellings."""

from __future__ import annotations

import pytest

from rxtrail.core.epcis import vocabulary as cbv


@pytest.mark.parametrize(
    ("kind", "name", "spellings"),
    [
        (cbv.BIZ_STEP, "shipping", ["urn:epcglobal:cbv:bizstep:shipping", "https://ref.gs1.org/cbv/BizStep-shipping"]),
        (cbv.BIZ_STEP, "shipping", ["cbv:BizStep-shipping", "shipping", " shipping\n", "gs1:Bizstep-shipping"]),
        (cbv.DISPOSITION, "in_transit", ["urn:epcglobal:cbv:disp:in_transit", "cbv:Disp-in_transit"]),
        (cbv.DISPOSITION, "in_transit", ["https://gs1.org/voc/Disp-in_transit", "in_transit"]),
        (cbv.TRANSACTION_TYPE, "po", ["urn:epcglobal:cbv:btt:po", "https://ref.gs1.org/cbv/BTT-po", "po"]),
        (cbv.SOURCE_TYPE, "owning_party", ["urn:epcglobal:cbv:sdt:owning_party", "cbv:SDT-owning_party"]),
        (cbv.ERROR_REASON, "did_not_occur", ["urn:epcglobal:cbv:er:did_not_occur", "cbv:ER-did_not_occur"]),
        (cbv.COMPONENT, "x", ["https://ref.gs1.org/cbv/Comp-x", "cbv:Comp-x", "x"]),
        (cbv.MEASUREMENT, "Temperature", ["gs1:Temperature", "https://gs1.org/voc/Temperature", "Temperature"]),
        (cbv.ALERT, "ALARM_CONDITION", ["gs1:ALARM_CONDITION", "ALARM_CONDITION"]),
    ],
)
def test_every_spelling_has_one_short_name(kind: str, name: str, spellings: list[str]) -> None:
    assert {cbv.short(spelling, kind) for spelling in spellings} == {name}
    assert {cbv.corrected(spelling, kind) for spelling in spellings} == {(name, "")}


@pytest.mark.parametrize("kind", cbv.KINDS)
def test_urn_and_uri_lead_back_to_the_short_name(kind: str) -> None:
    for name in cbv.words(kind):
        assert cbv.short(cbv.urn(kind, name), kind) == name
        assert cbv.short(cbv.uri(kind, name), kind) == name


@pytest.mark.parametrize(
    "text",
    ["urn:acme:bizstep:dancing", "http://acme.example/dancing", "cbv:Disp-active", "urn:epcglobal:cbv:bizstep:dancing"],
)
def test_a_word_of_another_vocabulary_stays_as_written(text: str) -> None:
    assert cbv.short(text, cbv.BIZ_STEP) == text
    assert cbv.urn(cbv.BIZ_STEP, text) == text
    assert cbv.uri(cbv.BIZ_STEP, text) == text


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("urn:epcglobal:cbv:bizstep:decomissioning", "decommissioning"),
        ("urn:epcglobal:cbv:bizstep:recieving", "receiving"),
        ("Shipping", "shipping"),
        ("void-shipping", "void_shipping"),
        ("voidShipping", "void_shipping"),
    ],
)
def test_a_slip_of_the_keyboard_is_read_as_what_was_meant_and_said(written: str, meant: str) -> None:
    name, wrong = cbv.corrected(written, cbv.BIZ_STEP)
    assert name == meant
    assert written in wrong


@pytest.mark.parametrize("kind", [cbv.BIZ_STEP, cbv.DISPOSITION, cbv.TRANSACTION_TYPE])
def test_no_two_words_are_so_alike_that_a_slip_could_mean_both(kind: str) -> None:
    assert len({cbv.corrected(word.upper(), kind)[0] for word in cbv.words(kind)}) == len(cbv.words(kind))


def test_an_unknown_word_is_kept_and_said() -> None:
    assert cbv.corrected("urn:epcglobal:cbv:bizstep:dancing", cbv.BIZ_STEP)[1] != ""
    assert cbv.corrected("dancing", cbv.BIZ_STEP)[0] == "dancing"
    assert cbv.corrected("urn:acme:bizstep:dancing", cbv.BIZ_STEP) == ("urn:acme:bizstep:dancing", "")
