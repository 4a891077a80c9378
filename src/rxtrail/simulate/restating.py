"""What a seller restates of the makers' words: commissioning with lot and expiry, and what was packed into its cases.

Source: GS1 US DSCSA guideline R1.3: a file carries all that is needed to know each pack in the shipment, so a
wholesaler repeats the commissioning and packing that it was sent.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rxtrail.simulate.epcis_text import Step
from rxtrail.simulate.goods import Case

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rxtrail.simulate.goods import Pack


def restated(goods: Sequence[Case | Pack], new_id: Callable[[], str]) -> list[Step]:
    """Give the makers' commissioning of some goods and the packing of the cases among them, at the makers' times."""
    cases = [thing for thing in goods if isinstance(thing, Case)]
    packs = [pack for thing in goods for pack in (thing.packs if isinstance(thing, Case) else (thing,))]
    made: dict[tuple[str, int], list[str]] = {}
    one_of: dict[tuple[str, int], Pack] = {}
    for pack in packs:
        made.setdefault((pack.lot, pack.made), []).append(pack.urn)
        one_of.setdefault((pack.lot, pack.made), pack)
    for case in cases:
        made.setdefault((case.packs[0].lot, case.made), []).append(case.urn)
        one_of.setdefault((case.packs[0].lot, case.made), case.packs[0])
    steps = [
        Step(
            time=when, action="ADD", biz_step="commissioning", disposition="active", epcs=urns,
            place=one_of[lot, when].product.maker, event_id=new_id(), lot=lot, expiry=one_of[lot, when].expiry,
        )
        for (lot, when), urns in made.items()
    ]  # fmt: skip
    steps += [
        Step(
            time=case.packed, action="ADD", biz_step="packing", disposition="in_progress",
            epcs=[pack.urn for pack in case.packs], place=case.product.maker, event_id=new_id(), parent=case.urn,
            aggregates=True,
        )
        for case in cases
    ]  # fmt: skip
    return steps
