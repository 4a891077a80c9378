"""The alert that an answer raises in the EU market, as a value."""

from __future__ import annotations

import msgspec


class EuView(msgspec.Struct, frozen=True, gc=False):
    """The code of an alert of the European Medicines Verification System, and its name at this node."""

    code: str
    alert_id: str
