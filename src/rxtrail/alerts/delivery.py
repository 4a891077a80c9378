"""Tells of alerts: signed webhooks (CloudEvents 1.0), chats, e-mail; with patience, and a place for what nobody took.

A change of an alert is a row of the outbox, written in the same transaction. Each channel remembers up to where it was
told; what it does not take is tried again, and then laid aside where a person finds it and can send it again. Each
channel is told in a turn of its own, so that one which says nothing holds up no other. Channels are made by who runs
the node, and may therefore lead anywhere.
"""

from __future__ import annotations

import base64
import logging
import os
import threading
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import msgspec

from rxtrail.alerts import chat
from rxtrail.alerts.chat import CLOUD_EVENTS, NoForm, Told
from rxtrail.alerts.filing import CHANGE
from rxtrail.alerts.values import Alert
from rxtrail.errors import BadRequest, NotFound, Refused, RxtrailError
from rxtrail.outbound import Unreachable, request, usable_url
from rxtrail.outbound.mail import send_mail, usable_address, usable_server
from rxtrail.outbound.signing import signature
from rxtrail.outbound.turns import Turns
from rxtrail.record.standing import identity_of
from rxtrail.record.times import day, iso
from rxtrail.store.rows import RecordKind

if TYPE_CHECKING:
    from collections.abc import Callable

    from rxtrail.ledger.log import Log
    from rxtrail.ledger.writer import Writer
    from rxtrail.store import Reader, Transaction

_LOG = logging.getLogger("rxtrail.alerts")
CHANNEL: Final = "alert-channel"  # of what the store keeps
DEAD: Final = "alert-dead"
CLAIM: Final = "alert-deliveries"
ATTEMPTS_MAX: Final = 12
BACK_OFF_US: Final = 2_000_000
BACK_OFF_MAX_US: Final = 3_600_000_000
LOOK_SECONDS: Final = 1.0
CONNECT_SECONDS: Final = 5.0
ANSWER_SECONDS: Final = 15.0
CHANGES_AT_ONCE: Final = 100
TOKEN_CHARACTERS_MAX: Final = 500
CHANNELS_MAX: Final = 100
TYPE: Final = "org.rxtrail.alert."
PASSWORD_VARIABLE: Final = "RXTRAIL_SMTP_PASSWORD"  # noqa: S105 (a name)
TOLD: Final = frozenset({"alert-opened", "alert-opened-again", "alert-escalated", "alert-explained", "alert-closed"})
SEVERITIES: Final = ("check", "stop")


class Channel(msgspec.Struct, frozen=True, gc=False):
    """Where alerts are told: ``to`` is an https:// address or mailto:NAME. ``severity`` is the least that is told.

    A chat's address is its password: ``to`` then has only the server.
    """

    id: str
    to: str
    smtp: str = ""
    sender: str = ""
    severity: str = "check"
    rules: list[str] = []
    created_at: str = ""
    created_by: str = ""
    position: int = 0
    attempts: int = 0
    next_attempt: int = 0
    last_error: str = ""
    last_told: str = ""
    form: str = CLOUD_EVENTS


class _Kept(msgspec.Struct, frozen=True, gc=False):
    channel: Channel
    token: str = ""  # signs what is sent; never shown
    address: str = ""  # of a chat, whole; never shown


class NewChannel(msgspec.Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """A channel that is asked for."""

    to: str
    by: str
    token: str = ""
    smtp: str = ""
    sender: str = ""
    severity: str = "check"
    rules: list[str] = []
    form: str = CLOUD_EVENTS  # or slack, teams, matrix, text, or that of a plug-in


class ChannelCommand(msgspec.Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """``what`` is add (with ``new``), remove, or replay and forget of what a channel did not take."""

    what: str
    by: str
    id: str = ""
    new: NewChannel | None = None


class DeadAlert(msgspec.Struct, frozen=True, gc=False):
    """A change that a channel did not take, after every attempt."""

    id: str
    channel: str
    to: str
    alert: str
    position: int
    error: str
    at: str


class Change(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """A row of the outbox."""

    what: str
    at: int
    alert: Alert


_encode = msgspec.msgpack.Encoder().encode
_channel = msgspec.msgpack.Decoder(_Kept).decode
_dead = msgspec.msgpack.Decoder(DeadAlert).decode
changed_of = msgspec.msgpack.Decoder(Change).decode
_json = msgspec.json.Encoder().encode


class NotTaken(Exception):
    """The channel answered that it did not take it."""


class Channels:
    """Channels and what tells them. Safe to use from several threads."""

    def __init__(
        self,
        writer: Callable[[], Writer],
        reader: Callable[[], Reader],
        *,
        now_us: Callable[[], int],
        random_bytes: Callable[[int], bytes],
    ) -> None:
        """Take what gives the writer and the calling thread's reader; :meth:`start` begins telling."""
        self._writer, self._reader = writer, reader
        self._now, self._random = now_us, random_bytes
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._turns = Turns("rxtrail-alert-channel", at_once=CHANNELS_MAX, failing_at_once=CHANNELS_MAX)
        self._busy: set[str] = set()

    # -- channels --------------------------------------------------------------------------------------------------

    def act(self, command: ChannelCommand) -> list[Channel]:
        """Add, remove, replay or forget; give the channel that it was about.

        :raises BadRequest: it is none of these, or what is added cannot be used.
        :raises NotFound: there is no such channel or letter.
        :raises Refused: it was not taken this time either, or there are too many channels.
        """
        if command.what == "add" and command.new is not None:
            return [self.add(command.new)]
        if command.what == "remove":
            return [self.remove(command.id, by=command.by)]
        if command.what == "replay":
            letter = self.replay(command.id)
            return [each for each in self.all() if each.id == letter.channel]
        if command.what == "forget":
            self.forget(command.id)
            return []
        raise BadRequest(f"{command.what[:40]!r} is none of add, remove, replay, forget", place="what")

    def add(self, new: NewChannel) -> Channel:
        """Tell alerts there from now on, durably.

        :raises BadRequest: the address cannot be used.
        :raises Refused: there are too many channels.
        """
        if new.severity not in SEVERITIES:
            raise BadRequest(f"severity {new.severity[:40]!r} is none of {', '.join(SEVERITIES)}", place="severity")
        if len(new.token) > TOKEN_CHARACTERS_MAX or len(new.by.strip()) == 0 or len(new.rules) > 50:
            raise BadRequest(
                "say who adds it; a token has at most 500 characters, and rules are at most 50", place="by"
            )
        if new.to.startswith("mailto:"):
            usable_address(new.to.removeprefix("mailto:"))
            usable_server(new.smtp)
            usable_address(new.sender)
        else:
            usable_url(new.to)
            chat.check(new.form, new.token)
        is_chat = new.form != CLOUD_EVENTS and not new.to.startswith("mailto:")
        to = chat.masked(new.to) if is_chat else new.to

        def write(tx: Transaction, log: Log) -> Channel:
            if len(tx.kept_from(CHANNEL, (-1, ""), CHANNELS_MAX)) >= CHANNELS_MAX:
                raise Refused(f"there are {CHANNELS_MAX} channels already", place="to", advice="Remove one first.")
            name = f"C-{base64.b32encode(self._random(5)).decode()}"
            log.append(RecordKind.DECISION, b"\x01" + _encode([log.now, "alert-channel-added", name, to, new.by]))
            channel = Channel(
                name, to, new.smtp, new.sender, new.severity, new.rules, iso(log.now), new.by, position=log.position,
                form=new.form,
            )  # fmt: skip
            tx.keep(CHANNEL, name, log.now, _encode(_Kept(channel, new.token, new.to if is_chat else "")))
            return channel

        made = self._writer().do(write)
        self._wake.set()
        return made

    def all(self) -> list[Channel]:
        """List the channels, the oldest first."""
        return [each.channel for each in self._kept()]

    def remove(self, name: str, *, by: str) -> Channel:
        """Tell a channel nothing more, durably; raises ``NotFound``."""

        def write(tx: Transaction, log: Log) -> Channel:
            row = tx.kept(CHANNEL, name)
            if row is None:
                raise _missing("channel", name)
            log.append(RecordKind.DECISION, b"\x01" + _encode([log.now, "alert-channel-removed", name, by]))
            tx.drop_kept(CHANNEL, name)
            return _channel(row[1]).channel

        return self._writer().do(write)

    def dead(self) -> list[DeadAlert]:
        """List what nobody took, the oldest first; at most a thousand."""
        return [_dead(body) for _, _, body in self._reader().kept_from(DEAD, (-1, ""), 1_000)]

    def replay(self, name: str) -> DeadAlert:
        """Send one again, and forget it when it was taken.

        :raises NotFound: there is no such letter, or its channel is gone.
        :raises Refused: it was not taken this time either.
        """
        row = self._reader().kept(DEAD, name)
        letter = _dead(row[1]) if row is not None else None
        channel = self._reader().kept(CHANNEL, letter.channel) if letter is not None else None
        change = self._reader().kept(CHANGE, f"{letter.position:016d}") if letter is not None else None
        if letter is None or channel is None or change is None:
            raise _missing("dead letter", name)
        try:
            self._send(_channel(channel[1]), letter.position, changed_of(change[1]), self._name())
        except (NotTaken, Unreachable, BadRequest) as failed:
            raise Refused(
                f"it was not taken: {failed}", place="to", advice="Look at the receiver, then again."
            ) from failed
        self._writer().do(lambda tx, _log: tx.drop_kept(DEAD, name))
        return letter

    def forget(self, name: str) -> None:
        """Forget one, durably."""
        self._writer().do(lambda tx, _log: tx.drop_kept(DEAD, name))

    def _kept(self) -> list[_Kept]:
        return [_channel(body) for _, _, body in self._reader().kept_from(CHANNEL, (-1, ""), CHANNELS_MAX)]

    # -- telling ---------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Begin telling in the background."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="rxtrail-alert-channels", daemon=True)
            self._thread.start()

    def woke(self) -> None:
        """Note that there may be something to tell."""
        self._wake.set()

    def stop(self) -> None:
        """End: what is being sent is waited for."""
        self._stopping.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join(ANSWER_SECONDS)
        self._turns.close(ANSWER_SECONDS)

    def _run(self) -> None:
        claimed = False
        while not self._stopping.is_set():
            self._wake.wait(LOOK_SECONDS)
            self._wake.clear()
            try:
                busy = frozenset(self._busy)  # before it is read how far they are: one that ends now is told later
                channels = self._kept()
                if not channels:
                    continue
                claimed = claimed or self._writer().do(lambda tx, _log: tx.claim(CLAIM))
                if claimed:
                    self._begin([each for each in channels if each.channel.id not in busy])
            except RxtrailError:
                self._stopping.wait(LOOK_SECONDS)  # the store is lost or closing, which others tell

    def _begin(self, channels: list[_Kept]) -> None:
        """Have every channel that has something new, and is not being told already, told it in its turn."""
        for each in channels:
            if each.channel.id in self._busy or not (changes := self._new_for(each)):
                continue
            self._busy.add(each.channel.id)
            work = partial(self._in_turn, each, changes, self._name())
            failing = each.channel.attempts > 0
            if not self._turns.take(work, target=each.channel.id, failing=failing):
                self._busy.discard(each.channel.id)

    def _in_turn(self, each: _Kept, changes: list[tuple[int, Change]], name: str) -> None:
        try:
            self._told(each, changes, name)
        except Exception as failed:  # noqa: BLE001 (told; the channel is tried again)
            # The store is lost, full or closing: all of it is told again, and nobody is flooded with it meanwhile.
            if not isinstance(failed, RxtrailError):
                _LOG.exception("channel %s could not be told", each.channel.id)
            self._stopping.wait(LOOK_SECONDS)
        finally:
            self._busy.discard(each.channel.id)
            self._wake.set()  # there may be more

    def tell(self) -> None:
        """Tell every channel what is new for it, in this thread, one after the other."""
        for each in self._kept():
            while changes := self._new_for(each):
                each = self._told(each, changes, self._name())  # noqa: PLW2901

    def _new_for(self, each: _Kept) -> list[tuple[int, Change]]:
        if self._stopping.is_set() or each.channel.next_attempt > self._now():
            return []
        rows = self._reader().kept_from(CHANGE, (each.channel.position, "\x7f"), CHANGES_AT_ONCE)
        return [(at, changed_of(body)) for _, at, body in rows]

    def _told(self, each: _Kept, changes: list[tuple[int, Change]], name: str) -> _Kept:
        """Tell one channel some changes, and keep how far it is; ``name`` is this node's."""
        channel = each.channel
        letter: DeadAlert | None = None
        for position, change in changes:
            if self._stopping.is_set():
                break
            if self._concerns(channel, change):
                try:
                    self._send(each, position, change, name)
                except (NotTaken, Unreachable, BadRequest) as failed:
                    error, attempts = str(failed)[:300], channel.attempts + 1
                    if attempts < ATTEMPTS_MAX:
                        wait = min(BACK_OFF_MAX_US, BACK_OFF_US << (attempts - 1))
                        channel = msgspec.structs.replace(
                            channel, attempts=attempts, next_attempt=self._now() + wait, last_error=error
                        )
                        break
                    letter = DeadAlert(
                        f"{channel.id}-{position}", channel.id, channel.to, change.alert.id, position, error,
                        iso(self._now()),
                    )  # fmt: skip
                else:
                    channel = msgspec.structs.replace(channel, last_told=iso(self._now()), last_error="")
            channel = msgspec.structs.replace(channel, position=position, attempts=0, next_attempt=0)
            if letter is not None:
                break
        after = msgspec.structs.replace(each, channel=channel)

        def write(tx: Transaction, _log: Log) -> None:
            row = tx.kept(CHANNEL, channel.id)
            if row is None:
                return  # it was removed meanwhile
            tx.keep(CHANNEL, channel.id, row[0], _encode(after))
            if letter is not None:
                tx.keep(DEAD, letter.id, self._now(), _encode(letter))

        self._writer().do(write)
        return after

    def _concerns(self, channel: Channel, change: Change) -> bool:
        alert = change.alert
        return (
            change.what in TOLD
            and SEVERITIES.index(alert.severity) >= SEVERITIES.index(channel.severity)
            and (not channel.rules or alert.rule in channel.rules)
            and alert.muted_until < day(self._now())
        )

    def _send(self, each: _Kept, position: int, change: Change, name: str) -> None:
        channel = each.channel
        if channel.to.startswith("mailto:"):
            self._mail(channel, position, change, name)
            return
        key = f"{change.alert.id}-{position}"
        if channel.form == CLOUD_EVENTS:
            posting = self._signed(each, position, change, name, key)
        else:
            told = Told(change.what.removeprefix("alert-"), change.alert, each.address, each.token, key)
            try:
                posting = chat.posting_of(channel.form, told)
            except NoForm as wrong:
                raise NotTaken(str(wrong)) from wrong
        reply = request(
            posting.method, posting.url, connect_seconds=CONNECT_SECONDS, seconds=ANSWER_SECONDS,
            headers=posting.headers, body=posting.body,
        )  # fmt: skip
        if not 200 <= reply.status < 300:
            raise NotTaken(f"the receiver answered {reply.status}")

    def _signed(self, each: _Kept, position: int, change: Change, name: str, key: str) -> chat.Posting:
        body = _json(self.cloud_event(position, change, name))
        headers = {
            "Content-Type": "application/cloudevents+json; charset=utf-8",
            "Rxtrail-Signature": signature(each.token, body),
            "Idempotency-Key": key,
        }
        return chat.Posting(each.channel.to, headers, body)

    @staticmethod
    def cloud_event(position: int, change: Change, name: str) -> dict[str, Any]:
        """Give a change as a CloudEvent 1.0 in JSON: ``id`` is the same each time it is sent."""
        return {
            "specversion": "1.0",
            "id": f"{change.alert.id}/{position}",
            "source": f"urn:rxtrail:node:{name}",
            "type": TYPE + change.what.removeprefix("alert-"),
            "subject": change.alert.id,
            "time": iso(change.at),
            "datacontenttype": "application/json",
            "data": change.alert,
        }

    def _name(self) -> str:
        identity = identity_of(self._reader())
        return identity.default_site or next(iter(identity.glns), identity.role)

    @staticmethod
    def _mail(channel: Channel, position: int, change: Change, name: str) -> None:
        alert = change.alert
        lines = [
            alert.what, "", f"Probable cause: {alert.cause}. {alert.why}", f"What to do: {alert.next}", "",
            f"Alert {alert.id}, rule {alert.rule}, {alert.severity}, {alert.state}.",
            f"{alert.subject_count:,} packs or containers.",
        ]  # fmt: skip
        if alert.clock_until:
            lines.append(f"Decide before {alert.clock_until}.")
        lines += ["", f"rxtrail alerts show {alert.id}"]
        subject = f"[rxtrail] {change.what.removeprefix('alert-')}: {alert.title} ({alert.id})"
        send_mail(
            channel.smtp,
            password=os.environ.get(PASSWORD_VARIABLE, ""),
            sender=channel.sender,
            to=channel.to.removeprefix("mailto:"),
            subject=subject,
            text="\n".join(lines) + "\n",
            message_id=f"<{alert.id}.{position}@{name}.rxtrail.invalid>",
            seconds=ANSWER_SECONDS,
        )


def _missing(what: str, name: str) -> NotFound:
    return NotFound(f"no {what} {name[:60]!r}", place=what)
