"""From JSON pointers to the lines where their values begin."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from rxtrail.core.validation.places import lines_of

TEXT = rb"""
{
  "a": [
    {"b": 1, "c~/": "x\"}"},
    [1,
     2, "[,"
    ]
  ],
  "d": {
    "e": null
  }
}"""


def test_each_pointer_leads_to_the_line_of_its_value() -> None:
    lines = {"": 2, "/a": 3, "/a/0": 4, "/a/0/c~0~1": 4, "/a/1": 5, "/a/1/1": 6, "/a/1/2": 6, "/d": 9, "/d/e": 10}
    assert lines_of(TEXT, lines) == lines


def test_a_pointer_to_nothing_gives_the_deepest_value_on_its_way() -> None:
    assert lines_of(TEXT, ["/d/none/further", "/none"]) == {"/d/none/further": 9, "/none": 2}


def walk(value: Any, pointer: str) -> list[str]:
    found = [pointer]
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, inner in items:
        found += walk(inner, f"{pointer}/{str(name).replace('~', '~0').replace('/', '~1')}")
    return found


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(VALUES)
def test_lines_follow_the_order_of_the_text(value: Any) -> None:
    text = json.dumps({"root": value}, indent=1).encode()
    pointers = walk({"root": value}, "")
    lines = lines_of(text, pointers)
    told = [lines[each] for each in pointers]
    assert told == sorted(told)
    assert all(1 <= line <= text.count(b"\n") + 1 for line in told)
    # With one value a line, each has a line of its own.
    assert len(set(told)) == len(told)


def test_a_text_of_brackets_costs_no_more_than_its_length() -> None:
    deep = b"[" * 300_000
    assert lines_of(deep, ["/0/0"]) == {"/0/0": 1}
