"""What the use cases answer: values that the command line prints and the API sends, field for field."""

from __future__ import annotations

from typing import Any

import msgspec

from rxtrail.core.epcis.event import Finding
from rxtrail.core.rules.answer import StateView, Verdict

__all__ = ["Finding", "StateView", "Verdict"]


class NodeIdentity(msgspec.Struct, frozen=True, gc=False):
    """Whose record this is: the role and the GLNs that are the node's own."""

    role: str  # hub | maker | wholesaler | pharmacy
    glns: list[str]
    default_site: str = ""
    market: str = "us"


class CaptureReceipt(msgspec.Struct, frozen=True, gc=False):
    """One captured document. ``packages`` counts trade items with a serial that are new to the record."""

    document: str  # sha256:...
    name: str
    job: str
    state: str  # success | running | refused
    events: int  # read from the document
    new_events: int
    packages: int
    findings: list[Finding]
    log_index: int  # position of the first record written, -1 when none was
    instance_id: str = ""
    sender: str = ""
    receiver: str = ""
    duplicate: bool = False  # this very document (or instance identifier) was captured before
    findings_truncated: int = 0


class CaptureJob(msgspec.Struct, frozen=True, gc=False):
    """The state of one capture, also while it runs; ``applied`` events of ``events`` are in the record."""

    job: str
    document: str
    name: str
    state: str  # accepted | running | success | failed
    events: int
    applied: int
    packages: int
    created_at: str
    finished_at: str = ""
    error: str = ""
    receipt: CaptureReceipt | None = None
    proceed: bool = False  # an event that cannot be read is left out, and does not refuse the document


class Place(msgspec.Struct, frozen=True, gc=False):
    """A location or party: canonical identifier and its name from master data, when any."""

    id: str
    name: str = ""


class JourneyEvent(msgspec.Struct, frozen=True, gc=False):
    """One step, in event-time order; ``role`` tells how the pack or its container took part."""

    event_id: str
    event_time: str
    kind: str
    action: str
    biz_step: str
    disposition: str
    read_point: Place
    biz_location: Place
    role: str  # epc | child | parent | input | output
    of: str  # canonical identifier of what took part: the pack itself or the container it was in
    speaker: Place  # who said so
    source: Place
    destination: Place
    parent: str = ""  # canonical container of a packing or unpacking
    log_index: int = -1
    record_time: str = ""
    document: str = ""
    evidence: str = "stated"  # stated | scanned | inferred
    counts: bool = True  # False: kept as evidence only
    note: str = ""  # why it does not count, in words


class Stay(msgspec.Struct, frozen=True, gc=False):
    """One interval inside a container; ``until`` is empty while it lasts."""

    container: str
    since: str
    until: str = ""


class Custody(msgspec.Struct, frozen=True, gc=False):
    """Who had it from when."""

    party: Place
    since: str
    until: str = ""
    how: str = ""


class JourneyScan(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """What was done with a pack while this node could not be reached, and told it later."""

    scanned_at: str  # by the clock of the station that scanned
    record_time: str
    site: str
    what: str  # scan, or the change of state: dispense, receive, ...
    told: str  # the verdict that the counter was given then
    verdict: str  # the verdict when it was told; "refused" for a change that could not be made
    case: str = ""  # the case that a conflict opened


class TemperatureReading(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """What a sensor reported, in degrees Celsius; ``of`` is the pack, or what it was in. ``until`` "": a moment."""

    at: str
    until: str = ""
    min: float | None = None
    max: float | None = None
    mean: float | None = None
    device: str = ""
    alarm: bool = False
    of: str = ""
    event: str = ""  # where the event can be read


class TemperatureBand(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """For how many minutes it was above or below a limit; ``minutes_allowed`` None: no budget of minutes."""

    limit: float
    side: str  # above | below
    minutes: float
    minutes_at_most: float
    minutes_allowed: float | None = None


class TemperatureBreach(msgspec.Struct, frozen=True, gc=False):
    """One way in which a profile was left: ``kind`` is frozen, beyond, budget, outside, mkt or alarm."""

    kind: str
    severity: str
    at: str
    what: str


class TemperatureUse(msgspec.Struct, frozen=True, gc=False):
    """What the readings make of goods by one profile; ``lane`` names the route that asks for it."""

    profile: str
    lane: str = ""
    products: list[str] = []
    min: float | None = None
    max: float | None = None
    mkt: float | None = None
    measured_minutes: float = 0
    unmeasured_minutes: float = 0
    bands: list[TemperatureBand] = []
    breaches: list[TemperatureBreach] = []


class TemperatureHistory(msgspec.Struct, frozen=True, gc=False):
    """The temperatures of a pack or container, and of what it was in; the last thousand readings, oldest first."""

    epc: str
    found: bool = False
    reading_count: int = 0
    readings: list[TemperatureReading] = []
    profiles: list[TemperatureUse] = []


class Journey(msgspec.Struct, frozen=True, gc=False):
    """The whole way of one pack or container."""

    epc: str
    found: bool
    product: str
    gtin: str
    serial: str
    lot: str
    expiry: str
    state: StateView
    events: list[JourneyEvent]
    containment: list[Stay]
    custody: list[Custody]
    findings: list[Finding]
    proof: str = ""
    scans: list[JourneyScan] = []  # those made without the record, oldest first
    temperature: TemperatureHistory | None = None  # where any was reported


class ChangeReceipt(msgspec.Struct, frozen=True, gc=False):
    """A state change that is durable: what changed, on which verdict, under which log position."""

    verb: str
    epc: str
    disposition: str
    event_id: str
    log_index: int
    recorded_at: str
    verdict: Verdict | None = None
    repeated: bool = False  # the same key within ten minutes: the first answer again
    undo_until: str = ""
    contents: int = 0  # packs inside, when the code was a container's
    by_verdict: dict[str, int] = {}


class CountIn(msgspec.Struct, frozen=True, gc=False):
    """One pack of opening stock, as scanned or as four columns."""

    scan: str = ""
    gtin: str = ""
    serial: str = ""
    lot: str = ""
    expiry: str = ""


class CountInReceipt(msgspec.Struct, frozen=True, gc=False):
    """Opening stock that was counted in; ``refused`` gives (row number from 1, why)."""

    counted: int
    already_on_record: int
    refused: list[tuple[int, str]]
    log_index: int


class Partner(msgspec.Struct, frozen=True, gc=False):
    """One trading partner: GLN-13s, role, relation to us, status, last day of validity (ISO, "" = open)."""

    name: str
    glns: list[str]
    role: str  # maker | repackager | wholesaler | 3pl | pharmacy | authority
    relation: str = ""  # supplier | customer | both | self
    status: str = "active"
    valid_until: str = ""


class PartnersReport(msgspec.Struct, frozen=True, gc=False):
    """What a partner table load did; nothing is loaded when any row is wrong."""

    partners: int
    added: int
    changed: int
    removed: int


class ExportFilters(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """What to export; empty means all. Times are ISO; since is inclusive, until exclusive."""

    gtin: str = ""
    ndc: str = ""
    lot: str = ""
    serial: str = ""
    sscc: str = ""
    po: str = ""
    partner: str = ""
    since: str = ""
    until: str = ""


class Holder(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """How many packages of a lot are in one state with one party at one place.

    ``state`` is one of on-hand, in-transit, on-hold, dispensed, ended and unknown. ``containers`` are the outermost
    ones, canonical, at most a hundred of ``containers_count``; packages in none are counted in ``loose``.
    """

    state: str
    packs: int
    custodian: Place = Place("")
    location: Place = Place("")
    in_transit_to: Place = Place("")
    disposition: str = ""
    holds: list[str] = []
    loose: int = 0
    containers_count: int = 0
    containers: list[str] = []


class Holders(msgspec.Struct, frozen=True, gc=False):
    """Who holds the packages of a lot now, the largest share first; ``packs`` is the sum of all shares."""

    gtin: str
    lot: str
    expiry: str  # as asked for, empty: any
    found: bool
    product: str = ""
    ndc: str = ""
    recalled: str = ""  # product | lot, when the whole of it is recalled
    pending: bool = False  # a document that speaks of this product is still being written
    packs: int = 0
    by_state: dict[str, int] = {}
    holders: list[Holder] = []


class Document(msgspec.Struct, frozen=True, gc=False):
    """A raw document that is kept."""

    sha256: str
    name: str
    bytes: int
    received_at: str
    sender: str
    receiver: str
    instance_id: str
    events: int


class RetiredLog(msgspec.Struct, frozen=True, gc=False):
    """A log of this record that was given up for a new one; it is still read at ``/log/NUMBER``."""

    number: int
    origin: str
    keys: list[str]
    size: int  # of the largest head of it that was in the store
    day: str
    reason: str


class LogStatus(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """How the published log stands.

    ``number`` counts the logs of this record from 1; ``retired`` are those before this one.

    ``state``: ``published`` | ``behind`` | ``not-published`` | ``refused``. ``size`` of the ``log_size`` records are in
    the newest head, which is ``age_seconds`` old; ``cosigned_size`` are in the newest with its quorum of witnesses.
    """

    state: str
    origin: str = ""
    keys: list[str] = []
    size: int = 0
    log_size: int = 0
    root: str = ""
    age_seconds: float = 0.0
    signer: str = ""  # child | inline | socket, of a process that publishes
    quorum: str = ""  # met | missing, where one is asked for
    cosigned_size: int = 0
    witnesses: list[str] = []
    warnings: list[str] = []
    number: int = 1
    retired: list[RetiredLog] = []


class LogHead(msgspec.Struct, frozen=True, gc=False):
    """A signed head that is kept of a log."""

    size: int
    root: str
    note: str  # C2SP checkpoint with its signatures


class LogHeads(msgspec.Struct, frozen=True, gc=False):
    """Signed heads that are kept of one log of this record, the largest first.

    ``next`` is the address of the following page, "" at the end.
    """

    number: int
    origin: str
    heads: list[LogHead]
    next: str = ""


class ProvenLog(msgspec.Struct, frozen=True, gc=False):
    """Where a proven record stands: number ``index`` of a log that had ``size`` records when its head was signed."""

    origin: str
    key: str  # the verifier key that signed
    index: int
    size: int
    root: str
    witnesses: dict[str, str]  # when each known witness cosigned


class ProvenRecord(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """What a proof shows of a record.

    ``packages`` are those of the ``package_count`` identifiers of an event that are shown. ``party`` and
    ``recorded_at`` are known when the record was opened whole, and ``content`` when it is no event.
    """

    kind: str  # event | scan | command | decision | change | block | anchor
    id: str
    event: dict[str, str] = {}
    packages: list[str] = []
    package_count: int = 0
    party: str = ""
    recorded_at: str = ""
    content: Any = None


class ProofCheck(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """Whether a proof holds, and then what it proves; nothing is shown of one that does not."""

    holds: bool
    why: str = ""  # it does not
    advice: str = ""
    log: ProvenLog | None = None
    record: ProvenRecord | None = None


class Status(msgspec.Struct, frozen=True, gc=False):
    """What this node holds right now."""

    identity: NodeIdentity
    packages: int
    containers: int
    events: int
    documents: int
    log_size: int
    store_bytes: int
    running_jobs: int
    version: str
    encryption: str = "on"  # of what lies at rest: on | off
    extra: dict[str, Any] = {}
    log: LogStatus | None = None


class AuditFault(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """One thing that an audit found wrong, and where it is."""

    part: str  # file | log | document | table | checkpoint
    code: str
    message: str
    table: str = ""
    key: str = ""  # of the row
    field: str = ""
    expected: str = ""
    found: str = ""
    position: int = -1  # in the log
    file: str = ""
    page: int = 0  # of the file, from 1
    offset: int = -1  # in the file


class Destroyed(msgspec.Struct, frozen=True, gc=False):
    """What lies under a key that was destroyed on purpose, as the log says; what commits to it was checked."""

    key: int
    at: str
    by: str  # "" when the record that says so is itself under a key that was destroyed later
    reason: str
    records: int
    first: int  # their positions in the log; -1 when there are none
    last: int
    chunks: int  # of raw documents


class AuditReport(msgspec.Struct, frozen=True, gc=False):
    """What an audit looked at, and what it found."""

    whole: bool  # nothing is wrong, and everything was compared that was not destroyed on purpose
    complete: bool  # everything was compared; when not, ``left_out`` says what was not
    log_size: int
    root: str  # of the tree over all entries, in hex
    since: int  # the entries before this one were checked by an earlier audit
    entries: int
    blocks: int
    documents: int
    rows: int  # of tables, compared
    pages: int  # of files, checked
    checkpoints: int  # signed heads that the log was held against
    faults: list[AuditFault]
    faults_count: int
    left_out: list[str]  # what could not be compared, and why, and what no audit looks at
    audited_at: str
    destroyed: list[Destroyed] = []
    boards: int = 0  # the boards had counted the records in front of this one; up to there they were compared


class AuditJob(msgspec.Struct, frozen=True, gc=False):
    """An audit that a server was asked for."""

    state: str  # running | done | failed
    incremental: bool
    started_at: str
    finished_at: str = ""
    what: str = ""  # is looked at now
    done: int = 0
    total: int = 0
    report: AuditReport | None = None
    error: str = ""


class Rebuilt(msgspec.Struct, frozen=True, gc=False):
    """A record whose tables were made anew from its log."""

    store: str
    records: int
    packages: int
