"""Joined: a node's side of the hub that it has joined (:mod:`rxtrail.sites` is the other side).

What happens here goes up by itself, in order, whenever the hub can be reached. What every counter must know comes down.
Before a pack is handed over the hub is asked, and has 1.5 seconds; when it does not answer, this record does, together
with the copy that the hub gave for that case, and says so.
"""

from __future__ import annotations

import base64
import contextlib
import threading
import time
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

import msgspec

from rxtrail.core.epcis.write_json import event_json
from rxtrail.core.rules.answer import Answer, Severity
from rxtrail.errors import BadRequest, Busy, NotFound, Refused, RxtrailError, StoreFailed
from rxtrail.joined.anchoring import Anchoring
from rxtrail.joined.copy import HubCopy
from rxtrail.joined.down import Down
from rxtrail.joined.key_file import HubKey, forget, load, save
from rxtrail.joined.merging import ABSENT, alone, by_the_copy, merged
from rxtrail.joined.up import Up
from rxtrail.keys import BadKey, VerifierKey
from rxtrail.offline.bundle import BUNDLE_BYTES_MAX
from rxtrail.outbound import Unreachable
from rxtrail.outbound.lasting import Lasting, Refusing
from rxtrail.record.standing import identity_of
from rxtrail.record.times import iso
from rxtrail.sites.wire import Anchored, Asked, Claim, Fed, HubStatus, JoinStatus, Page
from rxtrail.states.refusals import RefusedWithAlert

if TYPE_CHECKING:
    import datetime
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from rxtrail.answers import ChangeReceipt
    from rxtrail.core.rules.answer import Verdict
    from rxtrail.keys import SigningKey
    from rxtrail.ledger.batch import Appended
    from rxtrail.ledger.writer import Writer
    from rxtrail.outbound import HttpReply
    from rxtrail.record.judge import Judge
    from rxtrail.sealing import Sealer
    from rxtrail.states import Order
    from rxtrail.store import Reader

__all__ = ["HUB_CONTEXT", "Joined"]

HUB_CONTEXT: Final = "hub/v1"
"""What a hub signs a nonce under, to show that it is the one that was joined."""

LIVE_SECONDS: Final = 1.5
"""For the hub's answer at the counter; after that the local record answers."""

HELLO_SECONDS: Final = 3.0
FEED_SECONDS: Final = 60.0
TELL_NOW_SECONDS: Final = 3.0
"""How long a command without a running server goes on sending up what it did and what came before."""

SILENCE_SECONDS: Final = 6.0
"""The hub's stream says something every second; after so long without a word it is taken for dead."""

PAUSE_SECONDS: Final = 0.5
PAUSE_SECONDS_MAX: Final = 15.0
REFUSED_SECONDS: Final = 5.0
IDLE_SECONDS: Final = 0.5
COPY_SECONDS: Final = 600.0
COPY_AGAIN_SECONDS: Final = 30.0
COPY_SECONDS_MAX: Final = 600.0
"""A hub with many millions of packs takes minutes to make a copy."""

REPLY_BYTES_MAX: Final = 16 * 1024 * 1024
NONCE_BYTES: Final = 24

_claim = msgspec.json.Decoder(Claim).decode
_anchored = msgspec.json.Decoder(Anchored).decode
_fed = msgspec.json.Decoder(Fed).decode
_page = msgspec.json.Decoder(Page).decode
_hello = msgspec.json.Decoder(HubStatus).decode
_encode = msgspec.json.Encoder().encode


class Joined:
    """The link to one hub, or none. Safe to use from several threads."""

    def __init__(
        self,
        data: Path,
        sealer: Sealer,
        *,
        writer: Callable[[], Writer],
        reader: Callable[[], Reader],
        judge: Callable[[Reader | None], Judge],
        changed: Callable[[Appended | None], None],
        key: Callable[[], SigningKey],
        now_us: Callable[[], int],
        today: Callable[[], datetime.date],
        random_bytes: Callable[[int], bytes],
    ) -> None:
        """Take what the use case needs; a node that has joined before is joined again."""
        self._data = data
        self._reader = reader
        self._writer = writer
        self._key = key
        self._judge = judge
        self._now = now_us
        self._random = random_bytes
        self._up = Up(reader, writer)
        self._anchoring = Anchoring(now_us)
        self._down = Down(writer, reader=reader, judge=judge, changed=changed, random_bytes=random_bytes)
        self._copy = HubCopy(data, sealer, now_us=now_us, today=today)
        self._hub: HubKey | None = None
        self._lasting: Lasting | None = None
        self._threads: list[threading.Thread] = []
        self._runs = False
        self._stopping = threading.Event()
        self._wake = threading.Event()
        self._contact = threading.Event()
        self._contact_us = 0
        self._error = ""
        self._refused = False
        self._failures = 0
        self._closed_until = 0.0
        self._fed = self._passed = -1
        self._use(load(data))

    # -- whether ---------------------------------------------------------------------------------------------------

    @property
    def joined(self) -> bool:
        """Tell whether there is a hub to ask."""
        return self._hub is not None

    def join(self, url: str, secret: str) -> JoinStatus:
        """Join a hub: look who it is and whether it takes the key, then keep both; ``secret`` is a site key.

        :raises BadRequest: it is no hub, it is this node itself, or the key is for a site that is not ours.
        :raises Busy: the hub cannot be reached.
        """
        secret = secret.strip()
        if not secret.startswith("rxs_") or not secret.isascii() or not secret.isprintable() or " " in secret:
            raise BadRequest("this is no site key", place="key", advice="It begins with rxs_ and is one word.")
        lasting = Lasting(url)
        try:
            status = self._say_hello(lasting, secret, "")
        except Refusing as refusing:
            raise BadRequest(
                f"the hub does not take this key (HTTP {refusing.status})",
                place="key",
                advice="Ask whoever runs the hub for a new one: rxtrail site-key add --gln GLN",
            ) from refusing
        except Unreachable as away:
            raise Busy(f"the hub cannot be reached: {away.message}", place=url, advice="Check the address.") from away
        finally:
            lasting.close()
        identity = identity_of(self._reader())
        if status.key == str(self._key().verifier):
            raise BadRequest("this is this node itself", place="url", advice="Give the address of the hub.")
        if status.role != "hub":
            raise BadRequest(f"what answers there is a {status.role}, not a hub", place="url")
        if status.site not in identity.glns:
            raise BadRequest(
                f"this key is for the site {status.site or 'of nobody'}, which is none of this node's",
                place="key",
                advice="Run rxtrail init with that GLN, or use the key of this site.",
            )
        hub = HubKey(url.rstrip("/"), secret, status.site, status.key)
        runs = self._runs
        self.stop()
        save(self._data, hub)
        self._use(hub)
        self._was_there()
        if runs:
            self.start()
        return self.status()

    def leave(self) -> bool:
        """Leave the hub: its key is forgotten, what came from it stays; tell whether there was one."""
        runs = self._runs
        self.stop()
        was = forget(self._data)
        self._copy.forget()
        self._use(None)
        self._runs = runs
        return was

    def status(self) -> JoinStatus:
        """Tell how this node stands with its hub; raises ``NotFound`` when it has joined none."""
        hub = self._hub
        if hub is None:
            raise NotFound("this node has joined no hub", advice="Join one with: rxtrail join URL --key-file FILE")
        reader = self._reader()
        through = max(self._fed, self._passed, self._up.kept(hub.hub_key))
        state = "refused" if self._refused else "connected" if self._contact.is_set() else "away"
        return JoinStatus(
            url=hub.url,
            site=hub.site,
            state=state if self._runs else "not-running",
            hub_key=hub.hub_key,
            last_contact=iso(self._contact_us) if self._contact_us else "",
            error=self._error or self._anchoring.refused,
            waiting=self._up.waiting(reader, through),
            cursor=self._down.cursor(reader, hub.hub_key),
            copy=self._copy.as_of,
        )

    def _use(self, hub: HubKey | None) -> None:
        if self._lasting is not None:
            self._lasting.close()
        self._hub = hub
        self._lasting = Lasting(hub.url) if hub is not None else None
        self._contact.clear()
        self._error, self._refused, self._failures, self._closed_until, self._fed = "", False, 0, 0.0, -1
        self._passed = -1
        if hub is not None:
            self._copy.load(hub, VerifierKey.parse(hub.hub_key))

    # -- at the counter --------------------------------------------------------------------------------------------

    def verdict(self, local: Verdict, scan: str, *, purpose: str) -> Verdict:
        """Ask the hub about a scan too: the worse answer wins; without the hub the local one says that it is alone."""
        if self._hub is None or not (local.pack.gtin and local.pack.serial):
            return local
        claim = self._ask(Asked(scan, purpose))
        return self._alone(local, purpose) if claim is None else merged(local, claim.verdict, purpose=purpose)

    def change(self, local: Callable[[Order], ChangeReceipt], order: Order) -> ChangeReceipt:
        """Dispense after the hub has granted it, or without the hub when that does not answer; all else is local.

        :raises Refused: the hub does not allow it, or another site is dispensing the pack at this moment.
        """
        claim = None
        if self._hub is not None and order.verb == "dispense":
            asked = Asked(order.code, "dispense", key=order.key, claim=True, override=bool(order.override))
            claim = self._ask(asked)
        if claim is None:
            if self._hub is not None and order.verb == "dispense":
                self._expect_copy_allows(order)
            return local(order)
        _allow(claim, order.override)
        receipt = self._carry_out(local, order, claim)
        if not self._runs:
            self._tell_now(receipt.log_index)
        return receipt

    def _carry_out(self, local: Callable[[Order], ChangeReceipt], order: Order, claim: Claim) -> ChangeReceipt:
        """Make a change that the hub has granted; raises what this record has against it."""
        try:
            return local(order)
        except (Refused, NotFound) as refused:
            if not claim.again and not self._is_only_absent(order, refused, claim):
                self._release(order.code)
                raise
        except RxtrailError:
            self._release(order.code)
            raise
        # The hub's record is ours too: what it holds and grants is not held up because no file came here.
        override = order.override or "The hub's record holds it, and the hub granted it."
        receipt = local(msgspec.structs.replace(order, override=override, by=order.by or "the hub"))
        if receipt.verdict is None:
            return receipt
        verdict = merged(receipt.verdict, claim.verdict, purpose="dispense")
        return msgspec.structs.replace(receipt, verdict=verdict)

    def _tell_now(self, position: int) -> None:
        """Tell the hub of a dispensing where no thread does it: a command that ends soon after."""
        until = time.monotonic() + TELL_NOW_SECONDS
        # What cannot be told now goes up when the server runs; the dispensing itself stands.
        with contextlib.suppress(RxtrailError):
            self._hello_again()
            while self._fed < position and time.monotonic() < until and self._send_batch():
                pass

    def _is_only_absent(self, order: Order, refused: RxtrailError, claim: Claim) -> bool:
        """Tell whether the hub's record holds a pack against which this record has nothing but that it holds none."""
        if refused.place not in ABSENT or claim.verdict.record.basis == "none":
            return False
        local = self._judge(None).judge(order.code, site=order.site, known_site=True)
        return all(reason.code in ABSENT or reason.severity is Severity.INFO for reason in local.reasons)

    def _release(self, code: str) -> None:
        self._ask(Asked(code, "dispense", release=True))

    def _alone(self, verdict: Verdict, purpose: str) -> Verdict:
        contact = iso(self._contact_us)[:19] + "Z" if self._contact_us else ""
        return alone(verdict, contact, self._copy.of(verdict.pack, purpose=purpose), purpose=purpose)

    def _expect_copy_allows(self, order: Order) -> None:
        """Hold a dispensing without the hub against its copy; raises ``Refused``."""
        pack = self._judge(None).judge(order.code, site=order.site, known_site=True).pack
        copied = self._copy.of(pack, purpose="dispense")
        for reason in copied.reasons if copied is not None else ():
            assert copied is not None
            said = f"{reason.message} ({by_the_copy(copied)})"
            if reason.severity is Severity.STOP:
                raise Refused(f"Do not dispense: {said}", place=reason.code, advice=reason.next)
            if reason.severity is Severity.CHECK and not order.override:
                lift = " A named person may override amber with a reason."
                raise Refused(f"Check before you dispense: {said}", place=reason.code, advice=reason.next + lift)

    def _ask(self, asked: Asked) -> Claim | None:
        """Ask the hub within its time; None when it does not answer, and then nobody waits for it again soon."""
        if self._hub is None or time.monotonic() < self._closed_until:
            return None
        if self._failures and self._runs and not self._contact.is_set():
            return None
        try:
            reply = self._request("POST", "/api/v1/sites/ask", LIVE_SECONDS, _encode(asked))
        except Unreachable as away:
            self._failures += 1
            self._closed_until = time.monotonic() + min(30.0, 2.0 * self._failures)
            self._went_away(away.message)
            return None
        if reply.status != 200:
            self._error = f"the hub answered {reply.status}"
            self._refused = reply.status in (401, 403)
            return None
        self._failures = 0
        self._was_there()
        return _claim(reply.body)

    # -- the line to the hub ---------------------------------------------------------------------------------------

    def start(self) -> None:
        """Keep in touch with the hub in the background, until :meth:`stop`; without one, as soon as it is joined."""
        self._runs = True
        if self._hub is None or self._threads:
            return
        self._stopping.clear()
        self._threads = [
            threading.Thread(target=self._listen, name="rxtrail-hub-down", daemon=True),
            threading.Thread(target=self._tell, name="rxtrail-hub-up", daemon=True),
            threading.Thread(target=self._renew_copy, name="rxtrail-hub-copy", daemon=True),
        ]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End the threads; what has not gone up yet goes up after the next start."""
        self._runs = False
        self._stopping.set()
        self._wake.set()
        self._contact.set()
        if self._lasting is not None:
            self._lasting.interrupt()
        for thread in self._threads:
            thread.join()
        self._threads = []
        self._contact.clear()

    def woke(self) -> None:
        """Take note that something was written here."""
        self._wake.set()

    def _listen(self) -> None:
        """Stay in touch: find out whether the hub is there, then take in what it sends, again and again."""
        pause = PAUSE_SECONDS
        while not self._stopping.is_set():
            try:
                self._hello_again()
                pause = PAUSE_SECONDS
                self._take_in()
            except Refusing as refusing:
                self._refused = True
                self._went_away(refusing.message)
                self._stopping.wait(REFUSED_SECONDS)
            except (RxtrailError, msgspec.DecodeError) as error:
                if isinstance(error, StoreFailed) and not error.curable:
                    return  # told by the node, which stops
                self._went_away(str(error))
                self._stopping.wait(pause)
                # A hub that is back is found soon: who waits for it has customers before him.
                pause = min(2.0, pause * 2)

    def _hello_again(self) -> None:
        hub, lasting = self._hub, self._lasting
        assert hub is not None
        assert lasting is not None
        status = self._say_hello(lasting, hub.secret, self._up.log_id())
        if status.key != hub.hub_key:
            self._refused = True
            raise BadRequest("another hub answers at this address than the one that was joined", place="url")
        self._fed = self._passed = status.fed
        self._refused = False
        self._was_there()
        self._wake.set()

    def _take_in(self) -> None:
        hub, lasting = self._hub, self._lasting
        assert hub is not None
        assert lasting is not None
        path = f"/api/v1/sites/stream?after={self._down.cursor(self._reader(), hub.hub_key)}"
        headers = {**_authorization(hub.secret), "Accept": "text/event-stream"}
        with contextlib.closing(
            lasting.lines(path, connect_seconds=HELLO_SECONDS, idle_seconds=SILENCE_SECONDS, headers=headers)
        ) as lines:
            for line in lines:
                if self._stopping.is_set():
                    return
                self._was_there()
                if line.startswith(b"data: "):
                    self._down.apply(_page(line[6:]), hub.hub_key, hub.url)

    def _tell(self) -> None:
        """Send up what was written here, batch after batch, whenever the hub is there."""
        pause = PAUSE_SECONDS
        while not self._stopping.is_set():
            if not self._contact.wait(IDLE_SECONDS) or self._refused:
                self._stopping.wait(IDLE_SECONDS)
                continue
            self._wake.clear()
            try:
                more = self._send_batch()
                self._send_head()
                pause = PAUSE_SECONDS
            except RxtrailError as error:
                if isinstance(error, StoreFailed) and not error.curable:
                    return
                self._error = error.message
                if isinstance(error, Unreachable) and not isinstance(error, Refusing):
                    self._went_away(error.message)
                self._stopping.wait(pause)
                pause = min(PAUSE_SECONDS_MAX, pause * 2)
                continue
            if not more and not self._stopping.is_set():
                self._wake.wait(IDLE_SECONDS)

    def _renew_copy(self) -> None:
        """Fetch the copy when the hub is there, and again every ten minutes."""
        while not self._stopping.is_set():
            hub = self._hub
            if not self._contact.wait(IDLE_SECONDS) or self._refused or hub is None:
                self._stopping.wait(IDLE_SECONDS)
                continue
            try:
                self._copy.fetch(hub, VerifierKey.parse(hub.hub_key), self._ask_for_copy)
                self._stopping.wait(COPY_SECONDS)
            except RxtrailError as error:
                self._error = error.message
                self._stopping.wait(COPY_AGAIN_SECONDS)

    def _ask_for_copy(self, path: str, headers: dict[str, str]) -> HttpReply:
        return self._request("GET", path, COPY_SECONDS_MAX, b"", headers, BUNDLE_BYTES_MAX)

    def _send_batch(self) -> bool:
        hub = self._hub
        assert hub is not None
        after = max(self._passed, self._fed)
        self._passed, feed = self._up.batch(self._reader(), after, self._fed, event_json)
        if feed is None:
            return self._passed > after
        reply = self._request("POST", "/api/v1/sites/feed", FEED_SECONDS, _encode(feed))
        if reply.status != 200:
            if reply.status == 400:  # the hub may have been set back: it knows best from where to go on
                self._contact.clear()
                self._hello_again()
            self._passed = self._fed
            raise Refusing(reply.status)
        self._fed = _fed(reply.body).through
        self._up.things.taken()
        self._up.keep(hub.hub_key, self._fed)
        self._was_there()
        self._error = ""
        return True

    def _send_head(self) -> None:
        """Send up the newest head of this node's log, when it is time."""
        anchor = self._anchoring.due(self._reader())
        if anchor is None:
            return
        reply = self._request("POST", "/api/v1/sites/anchor", FEED_SECONDS, _encode(anchor))
        if reply.status == 200:
            self._anchoring.answered(anchor, _anchored(reply.body))

    def _request(
        self,
        method: str,
        path: str,
        seconds: float,
        body: bytes,
        more: Mapping[str, str] = MappingProxyType({}),
        body_bytes_max: int = REPLY_BYTES_MAX,
    ) -> HttpReply:
        hub, lasting = self._hub, self._lasting
        if hub is None or lasting is None:
            raise Unreachable("this node has left its hub", sent=False)
        headers = {**_authorization(hub.secret), "Content-Type": "application/json", **more}
        return lasting.request(method, path, seconds=seconds, headers=headers, body=body, body_bytes_max=body_bytes_max)

    def _say_hello(self, lasting: Lasting, secret: str, log: str) -> HubStatus:
        """Ask who is there, and have it sign a nonce with the key that it says is its own."""
        nonce = base64.urlsafe_b64encode(self._random(NONCE_BYTES)).decode()
        path = f"/api/v1/hub?nonce={nonce}" + (f"&log={log}" if log else "")
        reply = lasting.request("GET", path, seconds=HELLO_SECONDS, headers=_authorization(secret))
        if reply.status in (401, 403):
            raise Refusing(reply.status)
        try:
            status = _hello(reply.body) if reply.status == 200 else None
            signed = status is not None and VerifierKey.parse(status.key).verifies(
                nonce.encode(), base64.b64decode(status.signature), context=HUB_CONTEXT
            )
        except (msgspec.DecodeError, BadKey, ValueError) as bad:
            raise Unreachable("what answers there is no rxtrail", sent=True) from bad
        if status is None or not signed or status.service != "rxtrail":
            raise Unreachable("what answers there is no rxtrail hub", sent=True)
        return status

    def _was_there(self) -> None:
        self._contact_us = self._now()
        if not self._contact.is_set() and not self._stopping.is_set():
            self._contact.set()
            self._wake.set()

    def _went_away(self, why: str) -> None:
        self._error = why
        if not self._stopping.is_set():
            self._contact.clear()


def _allow(claim: Claim, override: str) -> None:
    """Refuse what the hub does not grant; its own override is ours."""
    verdict = claim.verdict
    if claim.granted:
        return
    if claim.taken:
        raise Refused(
            "Another site is dispensing this pack at this moment (told by the hub).",
            place="already-dispensed-elsewhere",
            advice="Put this pack in quarantine. Tell the pharmacist.",
        )
    if not verdict.reasons:
        raise Busy("The hub did not grant it.", place="unreachable", advice="Try again.")
    first = verdict.reasons[0]
    said = f"{verdict.headline}: {first.message} (told by the hub)"
    if verdict.verdict is Answer.UNCONFIRMED:
        raise Busy(said, place=first.code, advice=first.next)
    may_override = " A named person may override amber with a reason." if verdict.verdict is Answer.CHECK else ""
    refused = Refused(said, place=first.code, advice=first.next + (may_override if not override else ""))
    raise refused if claim.eu is None else RefusedWithAlert(refused, claim.eu)


def _authorization(secret: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {secret}"}
