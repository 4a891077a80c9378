"""The standard fields of sensor metadata and reports: numbers as numbers, words as short names, times in UTC.

Source: EPCIS 2.0, clauses 7.3.7 and 7.3.8. In XML they are attributes, in JSON members; here they are members
of the same tree. Identifiers in them stay as written.
"""

from __future__ import annotations

from string import hexdigits
from typing import TYPE_CHECKING, Any

from rxtrail.core.epcis import vocabulary
from rxtrail.core.epcis.times import utc

if TYPE_CHECKING:
    from rxtrail.core.epcis.build import Builder

NUMBERS = frozenset(("value", "minValue", "maxValue", "meanValue", "sDev", "percRank", "percValue"))
_TIMES = frozenset(("time", "startTime", "endTime"))
_WORDS = {"type": vocabulary.MEASUREMENT, "exception": vocabulary.ALERT, "component": vocabulary.COMPONENT}
_BOOLEANS = {"true": True, "1": True, "false": False, "0": False}


def is_half_octet(written: object) -> bool:
    """Tell whether a value is hexadecimal digits of which the last has no second: JSON allows it, XML does not."""
    return isinstance(written, str) and len(written) % 2 == 1 and not written.strip(hexdigits)


def tell_half_octet(build: Builder, inside: str) -> None:
    """Note such a value, with its JSON pointer inside of the event."""
    message = "hexBinaryValue has an odd count of digits, which EPCIS XML refuses: octets are two digits each"
    build.find("warning", "SENSOR_HEX_ODD", message, inside=inside)


def value(name: str, written: Any, build: Builder) -> Any:  # noqa: ANN401 -- a leaf of an extension tree
    """Give one field of metadata or report; one that is not the standard's stays as it is."""
    if name in NUMBERS and isinstance(written, str | int | float) and not isinstance(written, bool):
        number = build.number(written, name)
        return written if number is None else number
    if not isinstance(written, str):
        return written
    if name in _TIMES:
        return utc(written) if len(written) < 64 else written
    if name in _WORDS:
        return vocabulary.short(written.strip(), _WORDS[name]) if len(written) < 256 else written
    if name == "booleanValue":
        return _BOOLEANS.get(written.strip().lower(), written)
    return written
