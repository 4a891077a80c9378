"""The public answer: one shape, fixed words, and nothing of what is stored.

A pack's code is printed on it and can be copied, so who asks without a key may be who collects codes for a fake. It is
told what keeps a patient from harm, never where, when or by whom. Only the plain reading of the scan is given
back: a repaired one would say which serial the record has.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rxtrail.core.gs1.scan import read_scan
from rxtrail.core.rules.answer import Answer, PackView, Reason, RecordView, ScanView, Severity, StateView, Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping

_ASK = "Do not use it. Ask your pharmacist."
# What is the same for a patient has the same code, so that an answer does not tell more than it must.
_ALIKE: Final[Mapping[str, str]] = {
    "already-dispensed-here": "already-dispensed-elsewhere",
    "partially-dispensed": "already-dispensed-elsewhere",
    "destroyed": "decommissioned",
    "stolen": "decommissioned",
    "exported": "decommissioned",
    "sample": "decommissioned",
    "unknown-product": "unknown-serial",
}
_WORDS: Final[Mapping[str, tuple[str, str]]] = {
    "unknown-serial": ("This code is not on record.", _ASK),
    "no-transaction-data": ("This code is not on record here.", "Ask your pharmacist."),
    "lot-mismatch": ("The lot is not the one on record.", _ASK),
    "expiry-mismatch": ("The expiry date is not the one on record.", _ASK),
    "expired": ("It has expired.", _ASK),
    "recalled": ("It is recalled.", _ASK),
    "suspect": ("There is a warning about packs like this one.", _ASK),
    "withdrawn": ("It is withdrawn from the market.", _ASK),
    "already-dispensed-elsewhere": ("This code has been reported as sold.", _ASK),
    "decommissioned": ("This code is not in use any more.", _ASK),
}
# About the scan alone, so they say nothing of the record.
_OF_THE_SCAN: Final = frozenset(
    {"wrong-barcode", "bad-check-digit", "scanner-fault", "ambiguous-scan", "not-serialised", "unreachable"}
)
_OTHERS: Final = ("It needs a look by a pharmacist.", "Ask your pharmacist.")


def public_answer(verdict: Verdict, text: str) -> Verdict:
    """Give the verdict on ``text`` as the public is told it; never better than it is."""
    plain = read_scan(text, this_year=int(verdict.checked_at[:4] or "2000"))
    reasons: dict[str, Reason] = {}
    for reason in verdict.reasons:
        if reason.severity is Severity.INFO:
            continue
        code = _ALIKE.get(reason.code, reason.code)
        if code in _OF_THE_SCAN:
            reasons.setdefault(code, reason)
        else:
            reasons.setdefault(code, Reason(code, reason.severity, *_WORDS.get(code, _OTHERS)))
    known = verdict.pack.gtin == plain.gtin
    return Verdict(
        verdict=verdict.verdict,
        headline=verdict.headline,
        reasons=list(reasons.values()),
        pack=PackView(
            plain.gtin, "", plain.serial, plain.lot, plain.expiry, verdict.pack.product if known else "", plain.sscc
        ),
        state=StateView(),
        scan=ScanView(plain.raw),
        record=RecordView(not_checked=["custody"]),
        matched=verdict.matched if verdict.verdict is not Answer.UNCONFIRMED else type(verdict.matched)(),
        checked_at=verdict.checked_at,
        log_size=0,
    )
