"""Cells of tables that people open in a spreadsheet."""

from __future__ import annotations

from typing import Final

_FORMULAS: Final = ("=", "+", "-", "@", "\t", "\r")


def plain_cell(text: str) -> str:
    """Give a cell that no spreadsheet runs, whoever wrote its text (CSV injection)."""
    return f"'{text}" if text.startswith(_FORMULAS) else text
