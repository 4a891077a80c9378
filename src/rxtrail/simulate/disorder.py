"""Files as they really arrive: some twice, some in another order than they were written in, some only much later."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import msgspec

from rxtrail.errors import BadRequest
from rxtrail.simulate.epcis_text import midnight
from rxtrail.simulate.market import DAY

if TYPE_CHECKING:
    from rxtrail.simulate.epcis_text import File
    from rxtrail.simulate.market import Market

DELAYED_DAYS = 10  # a file that arrives in another order was on its way for up to so long
LATE_DAYS = 10  # a late file comes within so many days after the first scan
RESENT_DAYS = 2


def disorder(whole: Market, share: float) -> None:
    """Let a share of a market's files arrive in disorder, a third of it in each way; raises BadRequest past 0 to 1.

    *Twice*: sent again within two days, half of them as the same bytes, half as a document of its own with the same
    events. *Out of order*: delayed by up to ten days, and there before the first scan. *Late*: it arrives only within
    ten days after the first scan. One seed and share always give the same disorder.
    """
    if not 0 <= share <= 1:
        raise BadRequest(f"files in disorder are a share from 0 to 1, not {share}", place="disorder")
    rng = random.Random(f"rxtrail:disorder:{whole.seed}:{share}")  # noqa: S311
    begin = midnight(whole.today)
    resent: list[File] = []
    for file in whole.files:
        if rng.random() >= share:
            continue
        way = rng.randrange(3)
        if way == 0:
            again = msgspec.structs.replace(file, arrives=file.created + 60 + rng.randrange(RESENT_DAYS * DAY))
            if rng.random() < 0.5:
                again.instance_id = f"{file.instance_id}:again"
            resent.append(again)
        elif way == 1:
            file.arrives = max(file.created, min(begin - 1, file.created + rng.randrange(DELAYED_DAYS * DAY)))
        else:
            file.arrives = max(file.created, begin + rng.randrange(LATE_DAYS * DAY))
    whole.files += resent
