"""The AI table is whole and is what its script derives."""

from __future__ import annotations

from rxtrail.core.gs1 import content, tables
from rxtrail.core.gs1.identifier import KEYS


def test_the_ais_of_a_medicine_pack_are_what_gs1_says() -> None:
    gtin, serial, expiry = tables.TABLE["01"], tables.TABLE["21"], tables.TABLE["17"]
    assert (gtin.length_min, gtin.length_max, gtin.predefined, gtin.qualifiers) == (
        14,
        14,
        True,
        (("22", "10", "21"), ("235",)),
    )
    assert (serial.length_min, serial.length_max, serial.predefined) == (1, 20, False)
    assert expiry.components[0].checks == ("yymmd0",)
    assert serial.required == (("01", "03", "8006"),)


def test_every_ai_has_its_length_by_its_first_two_digits() -> None:
    assert len(tables.TABLE) > 500
    assert all(tables.AI_LENGTH[ai[:2]] == len(ai) for ai in tables.TABLE)


def test_every_check_that_the_table_names_exists() -> None:
    named = {check for entry in tables.TABLE.values() for part in entry.components for check in part.checks}
    assert named <= content.CHECKS.keys()


def test_every_ai_that_a_rule_names_is_in_the_table() -> None:
    for entry in tables.TABLE.values():
        groups = [pattern for alternatives in entry.required for group in alternatives for pattern in group.split("+")]
        for pattern in (*groups, *entry.excluded):
            assert any(ai.startswith(pattern.rstrip("n")) and len(ai) == len(pattern) for ai in tables.TABLE), pattern


def test_every_key_of_ours_is_a_digital_link_key_of_gs1() -> None:
    for ai, key in KEYS.items():
        assert tables.TABLE[ai].qualifiers is not None
        allowed = {name for group in tables.TABLE[ai].qualifiers or () for name in group}
        assert key.qualifiers.keys() <= allowed
        assert key.digits + (key.tail.length_max if key.tail else 0) == tables.TABLE[ai].length_max
    assert {ai for ai, entry in tables.TABLE.items() if entry.qualifiers is not None} == KEYS.keys()
