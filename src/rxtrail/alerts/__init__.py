"""Alerts: what a person should know of, told once, with its cause, its evidence and what to do next.

Shipments that leave their approved route, lots and sites whose scans say something together. An alert is a record of
the log at each step of its way: open, acknowledged, explained or escalated, closed. What came late explains itself.
"""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Final

import msgspec

from rxtrail.alerts import filing
from rxtrail.alerts.cold_history import history
from rxtrail.alerts.delivery import Channel, ChannelCommand, Channels, DeadAlert, NewChannel, changed_of
from rxtrail.alerts.detection import Detection
from rxtrail.alerts.filing import ALERT, MUTED, Filing, muted_of
from rxtrail.alerts.profiles import ProfileDesk, ProfilesReport
from rxtrail.alerts.routes import RouteDesk, RoutesReport
from rxtrail.alerts.values import (
    STATES,
    STEPS,
    TEXT_CHARACTERS_MAX,
    Alert,
    AlertCommand,
    AlertStep,
    Muted,
    ProfileCommand,
    RouteCommand,
    decode,
    encode_muted,
)
from rxtrail.alerts.watching import Watching
from rxtrail.errors import BadRequest, NotFound, Refused
from rxtrail.record import off_route
from rxtrail.record.newest import newest
from rxtrail.record.off_route import Marks
from rxtrail.record.standing import authority_of
from rxtrail.record.times import day, iso
from rxtrail.store.rows import RecordKind

if TYPE_CHECKING:
    from collections.abc import Callable

    from rxtrail.answers import TemperatureHistory
    from rxtrail.core.rules.answer import Verdict
    from rxtrail.ledger.batch import Appended
    from rxtrail.ledger.log import Log
    from rxtrail.ledger.writer import Writer
    from rxtrail.store import Reader, Transaction

__all__ = [
    "Alert",
    "AlertCommand",
    "Alerts",
    "Channel",
    "ChannelCommand",
    "DeadAlert",
    "Muted",
    "NewChannel",
    "ProfileCommand",
    "ProfilesReport",
    "RouteCommand",
    "RoutesReport",
]

MUTE_DAYS_MAX: Final = 366
_LATEST: Final = (1 << 62, "")
_TO: Final = {
    # from which states a step may be taken, and to which it leads
    "acknowledge": (("open", "escalated"), "acknowledged"),
    "explain": (("open", "acknowledged", "escalated"), "explained"),
    "escalate": (("open", "acknowledged"), "escalated"),
    "close": (("acknowledged", "explained", "escalated"), "closed"),
}
_DONE: Final = {"acknowledge": "acknowledged", "explain": "explained", "escalate": "escalated", "close": "closed"}


class Alerts:
    """The room of a node: alerts, the routes that they are judged by, and who is told of them."""

    def __init__(
        self,
        writer: Callable[[], Writer],
        *,
        reader: Callable[[], Reader],
        now_us: Callable[[], int],
        today: Callable[[], datetime.date],
        seconds: Callable[[], float],
        random_bytes: Callable[[int], bytes],
        changed: Callable[[], None],
    ) -> None:
        """Take what the room needs; ``changed`` has counters look again."""
        self._writer, self._reader, self._today, self._changed = writer, reader, today, changed
        self.detection = Detection(reader, writer, now_us=now_us, seconds=seconds, woke=self.woke, today=today)
        self.channels = Channels(writer, reader, now_us=now_us, random_bytes=random_bytes)
        self.watching = Watching(
            writer,
            reader,
            now_us=now_us,
            today=today,
            seconds=seconds,
            changed=changed,
            told=lambda _changes: self.channels.woke(),
            detection=self.detection,
        )
        self.routes = RouteDesk(writer, reader, changed=self.rejudge)
        self.profiles = ProfileDesk(writer, reader, changed=self.rejudge)

    # -- the background --------------------------------------------------------------------------------------------

    def woke(self, since: int | None = None) -> None:
        """Note that something was committed, from a place in the log on; must not wait."""
        if since is not None:
            self.detection.returns.begin(since)
        self.watching.woke()

    def seen(self, verdict: Verdict, site: str) -> None:
        """Note a scan and its verdict; must not wait."""
        self.detection.seen(verdict, site)

    def captured(self, appended: Appended | None) -> None:
        """Note that events came, some of which the record had from somebody else."""
        if appended is not None and appended.events < len(appended.positions):
            self.watching.retold(appended.positions)
            self.detection.returns.again()

    def rejudge(self) -> None:
        """Note that lanes or parties changed."""
        self.watching.rejudge()
        self.detection.returns.again()
        self._changed()
        self.watching.woke()

    def start(self) -> None:
        """Begin telling channels, and finish judging what an earlier process left."""
        self.detection.serving = True
        self.channels.start()
        self.watching.woke()

    def stop(self) -> None:
        """End, when what was committed has been judged."""
        self.watching.stop()
        self.channels.stop()

    # -- looking ---------------------------------------------------------------------------------------------------

    def page(
        self, after: str = "", limit: int = 100, *, state: str = "", rule: str = "", muted: bool = True
    ) -> list[Alert]:
        """List alerts, the newest first, those after the one of this id; without ``muted`` those that are told.

        ``state`` "standing" is all that nobody has explained.

        :raises BadRequest: a state that is none.
        :raises NotFound: there is no alert ``after``.
        """
        if state not in ("", "standing", *STATES):
            raise BadRequest(f"state {state[:40]!r} is none of standing, {', '.join(STATES)}", place="state")

        def fits(alert: Alert) -> bool:
            wanted = state in ("", alert.state) or (state == "standing" and alert.stands)
            return wanted and rule in ("", alert.rule) and (muted or not alert.muted_until)

        return newest(self._reader(), ALERT, decode, fits, after=after, limit=limit, missing=_missing)

    def latest(self, limit: int) -> list[Alert]:
        """Give the alerts of the last changes as they were then, the oldest change first."""
        rows = self._reader().kept_before(filing.CHANGE, _LATEST, limit)
        return [changed_of(body).alert for _, _, body in reversed(rows)]

    def get(self, number: str) -> Alert:
        """Give one alert; raises ``NotFound``."""
        alert = filing.read(self._reader(), number)
        if alert is None:
            raise _missing(number)
        return alert

    def temperatures(self, code: str) -> TemperatureHistory:
        """Give the temperatures of a pack or container, and of what it was in."""
        reader, today = self._reader(), self._today()
        return history(reader, authority_of(reader, today), code, this_year=today.year)

    def muted(self) -> list[Muted]:
        """List what is told to nobody."""
        return muted_of(self._reader())

    def settle(self) -> None:
        """Wait until all that is committed has been judged."""
        self.watching.settle()

    # -- acting ----------------------------------------------------------------------------------------------------

    def act(self, command: AlertCommand) -> Alert:
        """Carry out one step, durably.

        :raises BadRequest: nobody is named, no reason is given where one is needed, or the step is none.
        :raises NotFound: there is no such alert.
        :raises Refused: its state does not allow the step.
        """
        if command.what not in STEPS:
            raise BadRequest(f"{command.what[:40]!r} is none of {', '.join(STEPS)}", place="what")
        reasoned = command.what not in ("acknowledge", "assign")
        for name, text, needed in (("by", command.by, True), ("reason", command.reason, reasoned)):
            if (needed and not text.strip()) or len(text) > TEXT_CHARACTERS_MAX:
                words = "who does it" if name == "by" else "why"
                raise BadRequest(f"say {words}, in at most {TEXT_CHARACTERS_MAX} characters", place=name)
        keys: dict[str, list[str]] = {}
        for kind in (off_route.KIND, off_route.COLD):
            marked = Marks(kind)
            marked.load(self._reader())
            keys[kind] = [
                key for key, marks in marked.by_key.items() if any(mark.alert == command.id for mark in marks)
            ]

        def write(tx: Transaction, log: Log) -> Alert:
            before = filing.read(tx, command.id)
            if before is None:
                raise _missing(command.id)
            work = Filing(tx, log)
            if command.what == "suppress":
                after = _suppressed(tx, log, before, command)
                work.write(after, "alert-suppressed")
            elif command.what == "assign":
                after = _stepped(before, log, f"given to {command.owner or command.by}", command)
                after = msgspec.structs.replace(after, owner=command.owner or command.by)
                work.write(after, "alert-assigned")
            else:
                after = _moved(before, log, command)
                work.write(after, f"alert-{after.state}")
            # At every step, so that a mark which came in the moment of the one before is brought along with the next.
            for kind, some in keys.items():
                if some:
                    work.mark_stands(some, after, kind)
            return work.changes[-1]

        alert = self._writer().do(write)
        self._changed()
        self.channels.woke()
        return alert


def _moved(alert: Alert, log: Log, command: AlertCommand) -> Alert:
    allowed, state = _TO[command.what]
    if alert.state not in allowed:
        last = alert.history[-1]
        raise Refused(
            f"alert {alert.id} is {alert.state} since {last.at[:16]} by {last.by}, and cannot be {_DONE[command.what]}",
            place="state",
            advice="Look at it with: rxtrail alerts show " + alert.id,
        )
    owner = alert.owner or (command.by if command.what == "acknowledge" else "")
    return msgspec.structs.replace(_stepped(alert, log, _DONE[command.what], command), state=state, owner=owner)


def _suppressed(tx: Transaction, log: Log, alert: Alert, command: AlertCommand) -> Alert:
    """Tell nobody of it and its like until a day; what the counter says stays as it is."""
    today = day(log.now)
    try:
        until = datetime.date.fromisoformat(command.until)
    except ValueError as wrong:
        raise BadRequest(
            f"{command.until[:40]!r} is not a day such as 2026-12-31", place="until", advice="Say until when."
        ) from wrong
    days = (until - datetime.date.fromisoformat(today)).days
    if not 0 <= days <= MUTE_DAYS_MAX:
        raise BadRequest(f"until is from today to {MUTE_DAYS_MAX} days ahead", place="until")
    muted = Muted(
        alert.id, alert.rule, alert.sender, alert.receiver, alert.site, alert.product, command.until, command.by,
        iso(log.now), command.reason,
    )  # fmt: skip
    log.append(RecordKind.DECISION, b"\x01" + encode_muted([log.now, "alert-suppressed", muted]))
    tx.keep(MUTED, alert.id, log.now, encode_muted(muted))
    return msgspec.structs.replace(
        _stepped(alert, log, f"suppressed until {command.until}", command), muted_until=command.until
    )


def _stepped(alert: Alert, log: Log, what: str, command: AlertCommand) -> Alert:
    step = AlertStep(iso(log.now), what, command.by, command.reason)
    return msgspec.structs.replace(alert, history=[*alert.history, step])


def _missing(number: str) -> NotFound:
    return NotFound(f"no alert {number[:40]}", place="alert", advice="List the alerts with: rxtrail alerts list")
