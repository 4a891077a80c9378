"""What the verification rooms keep and answer: directory rows, exchanges, alerts, settings."""

from __future__ import annotations

from typing import Annotated, Final

import msgspec

DIRECTORY_KIND: Final = "vrs-directory"
EXCHANGE_KIND: Final = "vrs-exchange"
ALERT_KIND: Final = "vrs-alert"
SETTINGS_KIND: Final = "vrs-settings"

_Seconds = Annotated[float, msgspec.Meta(gt=0, le=60)]
_Count = Annotated[int, msgspec.Meta(ge=1)]


class DirectoryRow(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """Who answers for a GTIN, or for every GTIN of a company prefix, and when.

    Dates are ISO; ``valid_until`` is the last day, "" while it is open. Exactly one of ``gtin`` (14 digits) and
    ``prefix`` (4 to 12 digits) is given. ``url`` is what the standard calls connectivity information.
    """

    url: str
    owner_gln: str
    valid_from: str
    gtin: str = ""
    prefix: str = ""
    valid_until: str = ""
    status: str = "active"  # active | suspended
    provider: str = ""
    contact: str = ""


class DirectoryReport(msgspec.Struct, frozen=True, gc=False):
    """What a load of the lookup directory did; nothing is loaded when any row is wrong."""

    rows: int
    added: int
    changed: int
    removed: int
    log_index: int


class DirectoryPage(msgspec.Struct, frozen=True, gc=False):
    """Rows of the lookup directory, by prefix or GTIN and date, and the address of the next page."""

    rows: list[DirectoryRow]
    next: str = ""


class Transfer(msgspec.Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """A GTIN or a company prefix changes hands on a day (ISO): from then on another party answers for it."""

    owner_gln: str
    url: str
    day: str
    gtin: str = ""
    prefix: str = ""
    provider: str = ""
    contact: str = ""


class Exchange(msgspec.Struct, frozen=True, gc=False):
    """One verification request with its answer, asked by us or answered by us. No secret is in it."""

    direction: str  # asked | answered
    at: str
    corr_uuid: str
    requester_gln: str
    responder_gln: str
    gtin: str
    serial: str
    lot: str
    expiry: str  # YYMMDD as sent
    context: str
    ctrl_possess_att: bool
    status: int  # HTTP, 0 when nothing came
    verified: bool | None
    failure_reason: str = ""
    additional_info: list[str] = []
    fault: str = ""
    url: str = ""  # of the responder, without the request
    attempts: int = 1
    milliseconds: int = 0
    credential_sha256: str = ""  # of the credential that came along, whose text is a secret
    log_index: int = -1


class ExchangePage(msgspec.Struct, frozen=True, gc=False):
    """Exchanges, newest first, and the address of the next page."""

    exchanges: list[Exchange]
    next: str = ""


class VrsAlert(msgspec.Struct, frozen=True, gc=False):
    """Somebody seems to be guessing serials (``enumeration``), or many ask for one (``many-requesters``)."""

    kind: str
    at: str
    gtin: str
    message: str
    requester_glns: list[str]
    serial: str = ""
    log_index: int = -1


class VrsAlertPage(msgspec.Struct, frozen=True, gc=False):
    """Alerts, newest first, and the address of the next page."""

    alerts: list[VrsAlert]
    next: str = ""


class Connectivity(msgspec.Struct, frozen=True, gc=False):
    """What a responder said when it was asked whether it is there (LMS 1.1, checkConnectivity)."""

    url: str
    status: int
    responder_gln: str = ""
    milliseconds: int = 0
    fault: str = ""
    advice: str = ""


# Only the first of these tokens is known from a published text; partners agree on the others, so they can be set.
CONTEXTS: Final = {
    "return": "dscsaSaleableReturn",
    "investigate": "dscsaSuspectOrIllegitimate",
    "receive": "dscsaExceptionProcessing",
    "dispense": "dscsaStatusCheck",
    "public": "dscsaStatusCheck",
}


class VrsSettings(msgspec.Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """How this node asks and answers verification requests. Times are in seconds."""

    connect_seconds: _Seconds = 1.5
    seconds: _Seconds = 5.0  # for all attempts together
    retries: Annotated[int, msgspec.Meta(ge=0, le=5)] = 2
    cache_seconds: Annotated[float, msgspec.Meta(ge=0, le=3600)] = 60.0
    requesters: str = "any"  # any | listed: who must stand in the partner table
    unknown_serials_per_hour: _Count = 120  # that one requester may ask for
    requesters_per_serial: Annotated[int, msgspec.Meta(ge=2)] = 3  # in a day; more of them is an alert
    recalled_is_verified: bool = False
    expired_is_verified: bool = True
    credential_header: str = "ATP-Authorization"
    contexts: dict[str, str] = msgspec.field(default_factory=lambda: dict(CONTEXTS))  # purpose -> token
