"""Other barcodes: each is named, none is ever a reading."""

from __future__ import annotations

import pytest

from rxtrail.core.gs1 import scan, wrong_barcode
from rxtrail.core.gs1.readings import readings


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("5412345000013", "ean13"),
        ("]E05412345000013", "ean13"),
        ("541234500001301", "ean13+2"),
        ("541234500001300995", "ean13+5"),
        ("96385074", "ean8"),
        ("]E496385074", "ean8"),
        ("352601815904", "upca"),
        ("35260181590405", "upca+2"),
        ("35260181590451995", "upca+5"),
        ("]E001234565", "upce"),
        ("05412345000013", "itf14"),
        ("]I115412345000010", "itf14"),
        ("-12345678", "pzn"),
        ("PZN-12345678", "pzn"),
        ("12345678", "pzn"),
        ("A012345676", "code32"),
        ("0352-6018-15", "ndc"),
        ("NDC 55154-3682-1", "ndc"),
        ("50090123401", "ndc"),
        ("+A123BJC5D6E71G", "hibc"),
        ("+$$32709301234LOT", "hibc"),
        ("=W00001234567800", "isbt128"),
        ("[)>\x1e06\x1dP12345\x1e\x04", "format06"),
        ("https://example.com/medicines", "web-address"),
        ("www.example.com", "web-address"),
        ("example.co.uk/a?b=c", "web-address"),
        ("]Q1https://example.com", "web-address"),
        ("mailto:info@example.com", "email-address"),
        ("info@example.com", "email-address"),
        ("BEGIN:VCARD\nVERSION:3.0\nN:Kim;A\nEND:VCARD", "contact"),
        ("WIFI:S:Net;T:WPA;P:secret;;", "wifi"),
        ("tel:+15551234567", "phone"),
        ("otpauth://totp/x?secret=ABC", "app"),
        ("@\n\x1e\rANSI 636014040002DL00410288", "driving-licence"),
        ("4111111111111111", "payment-card"),
        ("378282246310005", "payment-card"),
        ("M1DESMARAIS/LUC       EABC123 YULFRAAC 0834 326J001A0025 100", "boarding-pass"),
        ("1Z999AA10123456784", "parcel"),
        ("RR123456785DE", "parcel"),
        ("81234567890123456789", "china-trace"),
        ("urn:uuid:7", "epc"),
        ("104512XA", "gs1"),
        ("]A0SHELF7", "linear"),
        ("0123", "digits"),
        ("12 Main Street, Springfield", "text"),
        ("HELLO", "text"),
    ],
)
def test_another_barcode_is_named_and_never_sent_on(text: str, kind: str) -> None:
    found = readings(text, this_year=2026)
    assert (found.fault, found.plain.kind) == (scan.WRONG_BARCODE, kind)
    assert found.candidates == []
    assert kind in wrong_barcode.KINDS


@pytest.mark.parametrize("text", ["5412345000014", "96385075", "352601815905", "05412345000014", "541234500001300994"])
def test_a_number_with_a_wrong_check_digit_is_never_sent_on(text: str) -> None:
    found = readings(text, this_year=2026)
    assert found.fault in (scan.BAD_CHECK_DIGIT, scan.WRONG_BARCODE)
    assert found.candidates == []


@pytest.mark.parametrize(("text", "gtin"), [("541234500001301", "05412345000013"), ("352601815904", "00352601815904")])
def test_the_product_of_a_linear_code_is_kept_for_recalls(text: str, gtin: str) -> None:
    assert readings(text, this_year=2026).plain.gtin == gtin


def test_a_linear_code_on_another_keyboard_is_named_too() -> None:
    french = dict(zip("1234567890", "&é\"'(-è_çà", strict=True))
    found = readings("".join(french[digit] for digit in "5412345000013"), this_year=2026)
    assert (found.fault, found.plain.kind) == (scan.WRONG_BARCODE, "ean13")


def test_a_case_label_is_read_as_such() -> None:
    assert wrong_barcode.kind_of("003011610012270529") == "sscc"
    assert readings("003011610012270529", this_year=2026).plain.sscc == "003011610012270529"
