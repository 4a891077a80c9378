"""Subscriptions: what a client asked to be told, how far it has been told, and what could not be told.

Source: EPCIS 2.0, clauses 8.2.5 and 12.3.4. Each is told every matching event at least once: how far it has come is
kept only after its client has answered, and a client knows an event that it is told twice by its eventID.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any, Final

import msgspec

from rxtrail.core.epcis.query.parse import Query, from_object
from rxtrail.epcis_query.refusals import BadSubscription, SubscriptionExists
from rxtrail.epcis_query.schedule import Schedule, read_schedule
from rxtrail.errors import BadRequest, NotFound
from rxtrail.outbound import Reach, usable_url
from rxtrail.record.times import iso

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rxtrail.epcis_query.named import NamedQuery
    from rxtrail.ledger.log import Log
    from rxtrail.ledger.writer import Writer
    from rxtrail.store import Reader, Transaction

KIND: Final = "epcis-subscription"
DEAD: Final = "epcis-dead-letter"
SUBSCRIPTIONS_MAX: Final = 20_000
SUBSCRIPTIONS_EACH_MAX: Final = 2_000
"""So many of one company: what one makes takes no place from another."""

TOKEN_CHARACTERS_MAX: Final = 1_000
_PAGE: Final = 1_000


class Subscription(msgspec.Struct, frozen=True):
    """One subscription; times are microseconds, 0 for never."""

    id: str
    query_name: str
    query: dict[str, Any]
    owner: str
    dest: str
    token: str  # signs what is sent; never shown
    created_at: int
    position: int  # events from here on are still to be told
    stream: bool = False
    schedule: dict[str, str] = {}
    report_if_empty: bool = False
    initial_record_time: int = 0
    min_record_time: int = 0
    last_notified: int = 0
    next_run: int = 0
    attempts: int = 0
    next_attempt: int = 0
    last_error: str = ""
    epc_format: str = "Always_GS1_Digital_Link"
    cbv_format: str = "No_Preference"
    xml: bool = False  # the answers are written as XML 1.2, for who subscribed by SOAP

    @property
    def shown(self) -> str:
        """The identifier as its subscriber knows it: a name that one company chose says nothing to another."""
        return self.id.rpartition("\n")[2]

    def read(self) -> Query:
        """Read the query."""
        return from_object(self.query)

    def timetable(self) -> Schedule:
        """Read the schedule."""
        return read_schedule(self.schedule)


class DeadLetter(msgspec.Struct, frozen=True):
    """What could not be told: the events of one subscription between two positions."""

    id: str
    subscription: str
    query_name: str
    owner: str
    dest: str
    low: int
    high: int
    error: str
    at: str


class Wish(msgspec.Struct, frozen=True):
    """What a client asks for when it subscribes."""

    dest: str
    token: str = ""
    stream: bool = False
    schedule: dict[str, str] = {}
    report_if_empty: bool = False
    initial_record_time: int = 0
    epc_format: str = "Always_GS1_Digital_Link"
    cbv_format: str = "No_Preference"
    id: str = ""  # SOAP clients choose it themselves
    xml: bool = False


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Subscription).decode
_encode_dead = _encode
_decode_dead = msgspec.msgpack.Decoder(DeadLetter).decode


class Subscriptions:
    """All subscriptions of a record, as the store keeps them. Safe to use from several threads."""

    def __init__(
        self,
        writer: Callable[[], Writer],
        reader: Callable[[], Reader],
        *,
        random_bytes: Callable[[int], bytes],
        changed: Callable[[], None],
        outside: Callable[[], Reach] = lambda: Reach(everything=False),
    ) -> None:
        """``changed`` is told after each change; ``outside`` gives what who has a key may have us connect to."""
        self._writer = writer
        self._reader = reader
        self._random = random_bytes
        self._changed = changed
        self.outside = outside

    def create(self, named: NamedQuery, wish: Wish, *, owner: str = "") -> Subscription:
        """Subscribe, durably.

        :raises BadSubscription: its schedule, address or controls are not valid, or there are as many as there may be.
        :raises BadQuery: its query is not valid.
        """
        check_controls(stream=wish.stream, schedule=wish.schedule)
        if len(wish.token) > TOKEN_CHARACTERS_MAX:
            raise BadSubscription(f"a signatureToken has at most {TOKEN_CHARACTERS_MAX} characters")
        try:
            host = usable_url(wish.dest).hostname
            if owner and host is not None:
                self.outside().refuse_literal(host)
        except BadRequest as wrong:
            raise BadSubscription(wrong.message, place="dest", advice=wrong.advice) from wrong
        schedule = read_schedule(wish.schedule) if wish.schedule else None
        named.read()
        # All are looked through for this one's own: before writing, so that nothing waits for it meanwhile.
        if owner and sum(each.owner == owner for each in _all(self._reader())) >= SUBSCRIPTIONS_EACH_MAX:
            raise BadSubscription(f"you have {SUBSCRIPTIONS_EACH_MAX} subscriptions already", advice=_UNUSED)
        start = self._reader().recorded_from(wish.initial_record_time) if wish.initial_record_time else -1

        def write(tx: Transaction, log: Log) -> Subscription:
            if tx.kept_count(KIND) >= SUBSCRIPTIONS_MAX:
                raise BadSubscription(f"there are {SUBSCRIPTIONS_MAX} subscriptions already")
            if wish.id and tx.kept(KIND, _chosen(owner, wish.id)) is not None:
                raise SubscriptionExists(f"there is a subscription {wish.id[:80]!r} already", place="subscriptionID")
            made = Subscription(
                id=_chosen(owner, wish.id) if wish.id else self._new_id(),
                query_name=named.name,
                query=named.query,
                owner=owner,
                dest=wish.dest,
                token=wish.token,
                created_at=log.now,
                position=start if start >= 0 else log.position,
                stream=wish.stream,
                schedule=wish.schedule,
                report_if_empty=wish.report_if_empty,
                initial_record_time=wish.initial_record_time or log.now,
                min_record_time=wish.initial_record_time or log.now,
                next_run=schedule.next_after(log.now) if schedule is not None else 0,
                epc_format=wish.epc_format,
                cbv_format=wish.cbv_format,
                xml=wish.xml,
            )
            tx.keep(KIND, made.id, log.now, _encode(made))
            return made

        made = self._writer().do(write)
        self._changed()
        return made

    def _new_id(self) -> str:
        digits = bytearray(self._random(16))
        digits[6], digits[8] = digits[6] & 0x0F | 0x40, digits[8] & 0x3F | 0x80
        text = digits.hex()
        return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"

    def find(self, name: str, *, query: str = "", owner: str | None = "") -> Subscription:
        """Give one subscription (of a query, when one is named); raises NotFound."""
        reader = self._reader()
        row = reader.kept(KIND, name) if "\0" not in name else None
        if owner and "\0" not in name:
            row = reader.kept(KIND, _chosen(owner, name)) or row
        found = _decode(row[1]) if row is not None else None
        if found is None or (owner is not None and found.owner != owner) or (query and found.query_name != query):
            raise NotFound(f"there is no subscription {name[:200]!r}", place="subscriptionID")
        return found

    def all(self) -> list[Subscription]:
        """Give all subscriptions, the oldest first."""
        return list(_all(self._reader()))

    def of_query(self, query: str, *, owner: str = "") -> list[Subscription]:
        """Give the subscriptions of one query."""
        return [each for each in self.all() if each.query_name == query and each.owner == owner]

    def save(self, subscription: Subscription) -> None:
        """Keep how far a subscription has come; one that was dropped meanwhile stays dropped."""

        def write(tx: Transaction, _log: Log) -> None:
            if tx.kept(KIND, subscription.id) is not None:
                tx.keep(KIND, subscription.id, subscription.created_at, _encode(subscription))

        self._writer().do(write)

    def drop(self, name: str, *, query: str = "", owner: str | None = "") -> None:
        """Unsubscribe, durably; raises NotFound."""
        found = self.find(name, query=query, owner=owner)
        self._writer().do(lambda tx, _log: tx.drop_kept(KIND, found.id))
        self._changed()

    # -- what could not be told ------------------------------------------------------------------------------------

    def bury(self, subscription: Subscription, low: int, high: int, error: str, now: int) -> None:
        """Note what could not be told, and go on behind it, in one transaction."""
        letter = DeadLetter(
            self._new_id(), subscription.id, subscription.query_name, subscription.owner, subscription.dest, low, high,
            error, iso(now),
        )  # fmt: skip

        def write(tx: Transaction, _log: Log) -> None:
            tx.keep(DEAD, letter.id, now, _encode_dead(letter))
            if tx.kept(KIND, subscription.id) is not None:
                tx.keep(KIND, subscription.id, subscription.created_at, _encode(subscription))

        self._writer().do(write)

    def dead_letters(self, *, owner: str | None = "", limit: int = 1_000) -> list[DeadLetter]:
        """Give what could not be told, the oldest first."""
        letters = (_decode_dead(body) for body in _bodies(self._reader(), DEAD))
        return list(islice((each for each in letters if owner is None or each.owner == owner), limit))

    def dead_letter(self, name: str, *, owner: str | None = "") -> DeadLetter:
        """Give one of them; raises NotFound."""
        row = self._reader().kept(DEAD, name) if "\0" not in name else None
        found = _decode_dead(row[1]) if row is not None else None
        if found is None or (owner is not None and found.owner != owner):
            raise NotFound(f"there is no dead letter {name[:80]!r}", place="id")
        return found

    def drop_dead_letter(self, name: str) -> None:
        """Forget one, durably."""
        self._writer().do(lambda tx, _log: tx.drop_kept(DEAD, name))


_UNUSED: Final = "Delete those not in use."


def _chosen(owner: str, name: str) -> str:
    """Give what a subscription is kept under whose name its subscriber chose."""
    return f"{owner}\n{name}" if owner else name


def _all(reader: Reader) -> Iterator[Subscription]:
    return (_decode(body) for body in _bodies(reader, KIND))


def _bodies(reader: Reader, kind: str) -> Iterator[bytes]:
    """Give all that is kept of one kind, the oldest first."""
    place = (-1, "")
    while rows := reader.kept_from(kind, place, _PAGE):
        yield from (body for _, _, body in rows)
        place = (rows[-1][1], rows[-1][0])


def check_controls(*, stream: bool, schedule: dict[str, str]) -> None:
    """See to it that a subscription says when it runs, in one way; raises BadSubscription."""
    if stream and schedule:
        raise BadSubscription("a subscription has a schedule or stream=true, not both", place="stream")
    if not stream and not schedule:
        raise BadSubscription(
            "a subscription says when it runs",
            place="schedule",
            advice="Give stream=true, or a schedule such as {'hour': '1', 'minute': '5'}.",
        )
