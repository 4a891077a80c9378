"""What is asked of a recall, and what is answered."""

from __future__ import annotations

import msgspec

from rxtrail.core.rules.recall import RECALL, LotScope, Recall, Response, Scope, SerialScope, Span

TEXT_CHARACTERS_MAX = 500
NOTICE_CHARACTERS_MAX = 200_000
LOTS_MAX = 5_000
SERIALS_MAX = 20_000
SERIAL_CHARACTERS_MAX = 20  # GS1 General Specifications 3.5.2: AI (21)
GTINS_MAX = 2_000  # a notice may name two hundred packages, each on every packaging level
ATTACHMENTS_MAX = 10
ATTACHMENT_BYTES_MAX = 4 << 20


class Attachment(msgspec.Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """A file that belongs to a recall, such as the firm's letter; ``content`` is base64 in JSON."""

    name: str
    content: bytes
    media_type: str = "application/octet-stream"


class AskedRecall(msgspec.Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """A recall as a person, or a notice, asks for it.

    Products by GTIN or NDC; ``source`` "" lets the node decide: issued for one's own GTINs and on a hub, else received.
    """

    title: str = ""
    reason: str = ""
    gtins: list[str] = []
    ndcs: list[str] = []
    lots: list[LotScope] = []
    serials: list[SerialScope] = []
    all_lots: bool = False
    expires: Span = Span()
    made: Span = Span()
    classification: str = "not yet classified"
    depth: str = "retail"
    firm: str = ""
    number: str = ""
    notice: str = ""
    source: str = ""
    doubts: list[str] = []
    drill: bool = False
    kind: str = RECALL
    checks_level: str = "A"
    answer_hours: int = 0  # in which every holder should answer; 0: by class
    attachments: list[Attachment] = []


class RecallCommand(msgspec.Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """One step of a recall: ``what`` is open, approve, confirm, withdraw, close, respond or one of those below.

    ``notice``: the notices for ``holders`` were written. ``acknowledge``: the holder ``gln`` says that it has its
    notice. ``check``: an effectiveness check of the holder ``gln``, with its ``outcome``. ``escalate``: cases are
    opened for the holders that have not answered in time.
    """

    what: str
    by: str
    id: str = ""
    reason: str = ""
    asked: AskedRecall | None = None
    scope: Scope | None = None  # with confirm: what a person read in the notice
    response: Response | None = None
    more: list[AskedRecall] = []  # with open: further ones, opened with it or not at all
    holders: list[str] = []
    gln: str = ""
    outcome: str = ""


class HolderCount(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """What one party has of the packs that are meant; ``gln`` "" is nobody whom the record knows."""

    gln: str
    name: str = ""
    on_hand: int = 0
    in_transit: int = 0
    dispensed: int = 0
    ended: int = 0  # destroyed, decommissioned, exported and the like
    on_hold: int = 0
    unknown: int = 0
    response: Response | None = None

    @property
    def reachable(self) -> int:
        """Packs that can still be found there."""
        return self.on_hand + self.in_transit + self.on_hold


class LotCount(msgspec.Struct, frozen=True, gc=False):
    """One lot of one product and its packs by state."""

    gtin: str
    lot: str
    expiry: str
    packs: int
    by_state: dict[str, int]


class RecallPreview(msgspec.Struct, frozen=True, gc=False):
    """Which packs a recall means now, and who has them."""

    scope: Scope
    packs: int
    by_state: dict[str, int]
    lots: list[LotCount]
    holders: list[HolderCount]
    lot_unknown: int  # packs of these products whose lot nobody stated: amber at the counter, never "not affected"
    not_affected: list[LotCount]  # other lots of these products
    not_on_record: list[str]  # lots that are named, of which no pack is on record here
    products: dict[str, str]  # GTIN to name
    pending: bool  # a document that speaks of these products is still being written
    seconds: float
    unread: list[LotCount] = []  # of a notice in review, in place of "not affected": lots of which it may speak


class RecallStatus(msgspec.Struct, frozen=True, gc=False):
    """How far a recall is: ``effectiveness`` is the share of the packs expected on hand that were accounted for."""

    recall: Recall
    holders: list[HolderCount]
    expected: int
    found: int
    returned: int
    destroyed: int
    answered: int
    silent: list[str]  # GLNs of holders that have neither acknowledged nor answered
    effectiveness: float | None
    owing: list[str] = []  # holders that have their notice and have not told what they found
    overdue: list[str] = []  # holders that should have answered by now
    to_check: list[str] = []  # holders whose effectiveness check is still to be made
    checked: int = 0
    followed: int = 0


class RecallReport(msgspec.Struct, frozen=True, gc=False):
    """What is kept of a recall when it ends, or how far it is: who had what, what was found, and how long it took.

    ``took`` gives seconds since it was opened: until it was ``live``, until ``noticed``, the ``first_answer``,
    ``all_answered`` and ``closed``; what has not come about is left out. ``located`` is how long it took to find who
    has which packs.
    """

    status: RecallStatus
    preview: RecallPreview
    unaccounted: dict[str, int]  # by holder: packs that were expected and neither found, returned nor destroyed
    took: dict[str, float]
    located: float
    made_at: str
