"""How much a document may ask of the machine; every limit has a name and a refusal of its own."""

from __future__ import annotations

import msgspec

DEPTH_MAX = 64
DOCUMENT_BYTES_MAX = 8 << 30
JSON_BYTES_MAX = 1 << 30
EVENT_BYTES_MAX = 256 << 20
TEXT_CHARACTERS_MAX = 1 << 20
IDENTIFIER_CHARACTERS_MAX = 2048
# The parser looks attributes up one by one, so their number counts twice in time.
ATTRIBUTES_MAX = 256
FINDINGS_PER_CODE_MAX = 50


class Limits(msgspec.Struct, frozen=True, gc=False):
    """What one document may hold; past any of these it is refused by name."""

    document_bytes: int = DOCUMENT_BYTES_MAX
    # JSON is read whole, XML streams: so JSON has a smaller limit.
    json_bytes: int = JSON_BYTES_MAX
    # The part of an XML document between two finished events, or one JSON event.
    event_bytes: int = EVENT_BYTES_MAX
    depth: int = DEPTH_MAX
    text_characters: int = TEXT_CHARACTERS_MAX
