"""What the business steps and dispositions of events mean to the fold (CBV 2.0 clauses 7.1 and 7.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rxtrail.core.rules.steps import Flag, Role

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rxtrail.core.rules.steps import Step

REACTIVATING = "urn:rxtrail:bizstep:reactivating"
RELEASING = "urn:rxtrail:bizstep:releasing"
COUNTING_IN = "urn:rxtrail:bizstep:counting_in"
VOID_SHIPPING = "void_shipping"
RECALLED = "recalled"
# Dispositions that CBV 2.0 has no word for.
EXPORTED = "urn:rxtrail:disp:exported"
SAMPLE = "urn:rxtrail:disp:sample"
FREE_SAMPLE = "urn:rxtrail:disp:free_sample"
LOCKED = "urn:rxtrail:disp:locked"
CHECKED_OUT = "urn:rxtrail:disp:checked_out"

# What ends a pack's way, by disposition first and by business step second (CBV 2.0 clauses 7.1.3, 7.2.3).
ENDS_BY_DISPOSITION = {
    "dispensed": "dispensed",
    "partially_dispensed": "partially_dispensed",
    "retail_sold": "dispensed",
    "destroyed": "destroyed",
    "stolen": "stolen",
    "inactive": "decommissioned",
    "disposed": "destroyed",
    "exported": "exported",
    EXPORTED: "exported",
    SAMPLE: "sample",
    FREE_SAMPLE: "free_sample",
    LOCKED: "locked",
    CHECKED_OUT: "checked_out",
}
ENDS_BY_STEP = {
    "dispensing": "dispensed",
    "retail_selling": "dispensed",
    "decommissioning": "decommissioned",
    "destroying": "destroyed",
    "killing": "decommissioned",
    "sampling": "sample",
}
# How final an end is: a later one replaces an earlier one only when it is more final. A sold pack may still be
# destroyed; what was destroyed is never merely dispensed again.
END_RANKS = {
    "partially_dispensed": 1,
    "dispensed": 2,
    "exported": 3,
    "sample": 3,
    "free_sample": 3,
    "locked": 3,
    "checked_out": 3,
    "decommissioned": 4,
    "transformed": 4,
    "stolen": 5,
    "destroyed": 6,
}
# Ends after which the thing must never be seen again; a dispensed pack may come back as a return.
FINAL = frozenset({"destroyed", "stolen", "decommissioned", "transformed"})
NOT_SELLABLE = frozenset(
    {
        "damaged",
        "expired",
        "needs_replacement",
        "no_pedigree_match",
        "non_conformant",
        "non_sellable_damaged",
        "non_sellable_disposed",
        "non_sellable_expired",
        "non_sellable_no_pedigree_match",
        "non_sellable_other",
        "unavailable",
        "unknown",
    }
)
SELLABLE = frozenset(
    {
        "active",
        "available",
        "conformant",
        "container_closed",
        "in_progress",
        "in_transit",
        "mismatch_instance",
        "sellable_accessible",
        "sellable_not_accessible",
    }
)
SENDS = frozenset({"shipping", "departing", "consigning"})
RECEIVES = frozenset({"receiving", "accepting", "arriving"})


def is_making(step: Step) -> bool:
    """Tell whether the step says that the thing came to be (commissioning, transformation output, counted in)."""
    if step.role == Role.OUTPUT:
        return True
    return (
        step.role == Role.EPC
        and step.kind == "ObjectEvent"
        and (step.action == "ADD" or bool(step.flags & Flag.COUNTED_IN))
    )


def end_of(step: Step) -> str:
    """Give what the step ends the thing as, or an empty string."""
    if step.role == Role.INPUT:
        return "transformed"
    if step.role != Role.EPC or step.action == "ADD":
        return ""
    end = ENDS_BY_DISPOSITION.get(step.disposition) or ENDS_BY_STEP.get(step.biz_step)
    if end:
        return end
    return "decommissioned" if step.action == "DELETE" and step.biz_step not in (VOID_SHIPPING, *SENDS) else ""


def empties(step: Step) -> bool:
    """Tell whether the step takes everything out of the container it speaks of.

    A logistic unit's number is taken out of use when it is opened. One that is stolen, destroyed or sold takes what
    is in it along.
    """
    if step.role == Role.PARENT:
        return bool(step.flags & Flag.EMPTIES)
    return step.role == Role.EPC and end_of(step) in ("decommissioned", "transformed")


def places_of(step: Step) -> tuple[str, ...]:
    """Give the GLNs of where a step was and of who says so."""
    return unique((gln_of_location(step.biz_location), gln_of_location(step.read_point), *sorted(step.speakers)))


def gln_of_location(location: str) -> str:
    """Give the 13-digit GLN of a canonical location ``414/{gln}[/254/{extension}]``, or an empty string."""
    return location[4:17] if location.startswith("414/") else ""


def parties(three: tuple[str, str, str]) -> list[str]:
    """Give the GLNs of an (owning party, possessing party, location)."""
    owner, possessor, location = three
    return list(unique((owner, possessor, gln_of_location(location) or location)))


def unique(texts: Iterable[str]) -> tuple[str, ...]:
    """Drop empty and repeated texts, keeping their order."""
    return tuple(dict.fromkeys(t for t in texts if t))
