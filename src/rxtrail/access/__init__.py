"""Access: what a site may see and do. The one place that decides it, until accounts come.

A site proves itself with a site key, which is bound to one GLN. Where keys are required, whoever shows none is the
public: its answer has one shape and tells nothing that is stored (:mod:`rxtrail.access.public`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

import msgspec

from rxtrail.access.budgets import UNKNOWN, Alarm, Budgets, BudgetSpent
from rxtrail.access.public import public_answer
from rxtrail.access.site_keys import ListedKey, NewKey, SiteKeys, WrongKey
from rxtrail.access.tally import Tally
from rxtrail.errors import RxtrailError

if TYPE_CHECKING:
    from collections.abc import Callable

    from rxtrail.core.rules.answer import Verdict

__all__ = [
    "Access",
    "Alarm",
    "BudgetSpent",
    "Grant",
    "KeyNeeded",
    "ListedKey",
    "NewKey",
    "SiteKeys",
    "Tally",
    "WrongKey",
    "WrongSite",
    "key_needed",
]

PUBLIC: Final = "public"


class KeyNeeded(RxtrailError):
    """What was asked is for sites that prove themselves."""

    code = "site-key-needed"


class WrongSite(RxtrailError):
    """A site key that is bound to another GLN than the one that was named."""

    code = "wrong-site"


class Grant(msgspec.Struct, frozen=True, gc=False):
    """Who asks: a known site, the public, or (``open``) a user of this machine on a node that needs no keys."""

    site: str = ""  # the GLN of the key
    key: str = ""  # the name of the key, never the secret
    open: bool = False

    @property
    def known_site(self) -> bool:
        """Tell whether it may be told more than the public: near misses, custody, stored values."""
        return self.open or bool(self.site)

    def place(self, asked: str) -> str:
        """Give the site that a request speaks for.

        :raises KeyNeeded: the public speaks for none.
        :raises WrongSite: it names another than that of the key.
        """
        if self.open:
            return asked
        if not self.site:
            raise key_needed()
        if asked and asked != self.site:
            raise WrongSite(
                f"this key is bound to {self.site}, and does not speak for {asked[:20]}",
                place="site",
                advice="Use the key of that site, or leave the site out.",
            )
        return self.site


class Judges(Protocol):
    """What gives a verdict: ``Node.verify``."""

    def __call__(
        self, scan: str, *, site: str, purpose: str, key: str, station: str, known_site: bool = True
    ) -> Verdict:
        """Judge a scanned text."""
        ...


class Access:
    """Decides who asks, and what that one is told."""

    def __init__(
        self, keys: SiteKeys, *, now_us: Callable[[], int], alarm: Callable[[Alarm], None], tally: Tally | None = None
    ) -> None:
        """Take the keys; ``alarm`` is told of harvesting, and must not wait; ``tally`` has the budgets on record."""
        self.keys = keys
        self._budgets = Budgets(now_us=now_us, tally=tally)
        self._alarm = alarm

    def grant(self, authorization: str) -> Grant:
        """Tell who asks, by the Authorization header of the request.

        :raises WrongKey: a key that is none, or was revoked. It is never taken for the public.
        """
        if authorization:
            listed = self.keys.find(authorization)
            return Grant(site=listed.gln, key=listed.id)
        return Grant(open=not self.keys.required())

    def verify(
        self, grant: Grant, judge: Judges, scan: str, *, site: str, purpose: str, key: str = "", station: str = ""
    ) -> Verdict:
        """Judge a scan for whoever asks; all readings of one scan count once.

        :raises BudgetSpent: too many codes that nobody made were asked for by this site.
        :raises WrongSite: the request names another site than that of its key.
        """
        if grant.open:
            return judge(scan, site=site, purpose=purpose, key=key, station=station)
        asker = self.asker(grant)  # whatever it says that it is for: it is told all
        self._budgets.admit(asker)
        if grant.site:
            verdict = judge(scan, site=grant.place(site), purpose=purpose, key=key, station=station)
        else:
            verdict = judge(scan, site="", purpose=PUBLIC, key="", station="", known_site=False)
        self.count(asker, verdict)
        return verdict if grant.site else public_answer(verdict, scan)

    def view(self, grant: Grant) -> str:
        """Tell whose events somebody may read: "" is everybody's, a GLN those that concern that company.

        An event concerns who said it, who sends or gets the goods in it, and at whose place it happened.

        :raises KeyNeeded: the public reads none.
        """
        if grant.open:
            return ""
        if not grant.site:
            raise key_needed()
        return grant.site

    def may_be_told(self, company: str) -> bool:
        """Tell whether somebody who subscribed may go on being told: as long as a key of theirs would still open.

        "" is who subscribed without a key: once keys are required, nobody may read so.
        """
        return not self.keys.required() or company in self.keys.companies()

    def asker(self, grant: Grant, purpose: str = "") -> str:
        """Name the budget that a question comes off: that of a site, of the public, or of the public before a site."""
        return f"{PUBLIC} at {grant.site}" if grant.site and purpose == PUBLIC else grant.site or PUBLIC

    def admit(self, grant: Grant, purpose: str = "") -> None:
        """Refuse a site whose budget is spent, before anything is looked up; raises ``BudgetSpent``."""
        if not grant.open:
            self._budgets.admit(self.asker(grant, purpose))

    def count(self, asker: str, verdict: Verdict) -> None:
        """Count what was asked against the budget of who asked, and sound the alarm when it looks like harvesting."""
        for alarm in self._budgets.count(asker, verdict):
            self._alarm(alarm)

    def refused(self, grant: Grant, gtin: str, serial: str, why: str) -> None:
        """Count a change that was refused: it asks about a pack too. ``why`` is the code of the first reason."""
        if grant.site:
            for alarm in self._budgets.count_pack(grant.site, gtin, serial, unknown=why in UNKNOWN):
                self._alarm(alarm)


def key_needed() -> KeyNeeded:
    """Say that a site key is needed."""
    return KeyNeeded(
        "this is for sites with a key",
        place="Authorization",
        advice="Send Authorization: Bearer rxs_..., with a key from: rxtrail site-key add",
    )
