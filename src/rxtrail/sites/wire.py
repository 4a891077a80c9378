"""What a hub and the nodes that joined it say to each other, as JSON on the wire."""

from __future__ import annotations

from typing import Any

import msgspec

from rxtrail.cases import Case
from rxtrail.core.rules.alert import EuView
from rxtrail.core.rules.answer import Verdict
from rxtrail.core.rules.recall import Recall


class Asked(msgspec.Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """A scan that is asked about; ``claim``: to dispense it now. ``release``: a claim that came to nothing."""

    scan: str
    purpose: str = "dispense"
    key: str = ""
    claim: bool = False
    override: bool = False  # a named person takes amber on
    release: bool = False


class Claim(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """The hub's verdict; ``granted``: dispense it. ``taken``: another site is doing so at this moment.

    ``eu``: the alert that a refused dispensing raises in the EU market.
    """

    verdict: Verdict
    granted: bool = False
    again: bool = False  # the same key claimed it before
    taken: bool = False
    eu: EuView | None = None


class ScanNote(msgspec.Struct, frozen=True, gc=False):
    """That a scan happened: ``at`` in microseconds by the site's clock, ``told`` the verdict that was given."""

    position: int
    at: int
    text: str
    gtin: str = ""
    serial: str = ""
    purpose: str = ""
    key: str = ""
    told: str = ""
    reasons: list[str] = []


class Told(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """What a site knows of a product or place (``01/{gtin}``, ``414/{gln}``), and of when that is."""

    thing: str
    said_at: str
    attributes: dict[str, str]


class Feed(msgspec.Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """One batch of a site's log: positions ``first`` to ``through`` of the log that is called ``log``.

    ``document`` is an EPCIS 2.0 JSON document; ``commands`` are the indexes of those of its events that were ordered
    at a counter of the site, not captured from somebody's file. ``masters`` is what the site knows of the products and
    places in them.
    """

    log: str
    first: int
    through: int
    document: msgspec.Raw
    commands: list[int] = []
    scans: list[ScanNote] = []
    masters: list[Told] = []


class Fed(msgspec.Struct, frozen=True, gc=False):
    """Up to which position the hub has a site's log, durably, and the cases that the last batch opened."""

    through: int
    cases: list[str] = []


class Anchor(msgspec.Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """The head of a site's log: ``request`` as a witness takes it (C2SP tlog-witness), and the log's keys."""

    request: str
    keys: list[str]


class Anchored(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """How many entries of a site's log are in the last head that the hub has; why it refuses this one, if so."""

    size: int
    refused: str = ""


class Item(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """One thing that a site must know: an EPCIS 2.0 event with its first speaker, a case, or a recall.

    ``hub``: it is the word of the hub itself.
    """

    position: int
    speaker: str = ""
    hub: bool = False
    event: dict[str, Any] | None = None
    case: Case | None = None
    recall: Recall | None = None


class Page(msgspec.Struct, frozen=True, gc=False):
    """What stands in the hub's log up to the position ``next``, which is the cursor to go on from."""

    next: int
    size: int
    items: list[Item]


class HubStatus(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """What a node says of itself to those who would join it, and of the hub that it has joined itself."""

    service: str  # rxtrail
    version: str
    role: str
    market: str
    key: str  # the verifier key that speaks for this node
    site: str = ""  # the GLN of the site key that was shown
    signature: str = ""  # of the nonce that was sent, base64
    fed: int = -1  # up to where the log that was named has been told
    joined: JoinStatus | None = None


class JoinStatus(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """How the node stands with the hub that it has joined."""

    url: str
    site: str
    state: str  # connected | away | refused | not-running
    hub_key: str = ""
    last_contact: str = ""
    error: str = ""
    waiting: int = 0  # records of this node's log that the hub does not have yet
    cursor: int = -1  # up to where the hub's log has been read
    copy: str = ""  # when the hub made the copy that answers while it is away
