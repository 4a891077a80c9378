"""What one stage of the benchmarks is told."""

from __future__ import annotations

import msgspec


class Task(msgspec.Struct, frozen=True):
    """What one stage is told; fields that a stage does not need are left out."""

    data: str = ""
    store: str = ""  # URL of the record, empty: in the data folder
    servers: list[int] = []  # postmasters whose CPU counts
    document: str = ""
    packages: int = 0
    day: str = ""
    count: int = 0
    seed: int = 1
    lost: bool = False  # the scanner sends no separator
    plain: bool = False  # a record that shall not be encrypted
    unknown: int = 10  # of a hundred codes, how many have a serial that was never issued
    lanes: bool = False  # a lane is approved for the products of the document
