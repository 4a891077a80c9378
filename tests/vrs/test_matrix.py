"""All that a responder can say: 7 failure reasons, 5 additional informations, 11 HTTP outcomes, between two processes.

Each row is written out: reason, information, HTTP status, verdict, codes of the reasons. They are the words of the
GS1 US guideline 1.3 and what a counter must make of them, and come from no table of the program. A pack that its
supplier's file holds and that nothing stands against is asked about; only the maker's answer differs.
"""

from __future__ import annotations

import contextlib
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from rxtrail.bootstrap import open_node
from tests.story import MAKER, PHARMACY, Scene, Time, element_string, made, made_unit, pack, packed, shipped, sscc

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rxtrail.vrs import Exchange

MATRIX = """
Manufacturer_policy Expired 200 stop expired,not-verified-by-maker
Manufacturer_policy Expired 400 unconfirmed unreachable
Manufacturer_policy Expired 401 unconfirmed unreachable
Manufacturer_policy Expired 403 unconfirmed unreachable
Manufacturer_policy Expired 404 unconfirmed unreachable
Manufacturer_policy Expired 405 unconfirmed unreachable
Manufacturer_policy Expired 408 unconfirmed unreachable
Manufacturer_policy Expired 500 unconfirmed unreachable
Manufacturer_policy Expired 502 unconfirmed unreachable
Manufacturer_policy Expired 503 unconfirmed unreachable
Manufacturer_policy Expired 504 unconfirmed unreachable
Manufacturer_policy ExpirationExtended 200 check expiry-extended,not-verified-by-maker
Manufacturer_policy ExpirationExtended 400 unconfirmed unreachable
Manufacturer_policy ExpirationExtended 401 unconfirmed unreachable
Manufacturer_policy ExpirationExtended 403 unconfirmed unreachable
Manufacturer_policy ExpirationExtended 404 unconfirmed unreachable
Manufacturer_policy ExpirationExtended 405 unconfirmed unreachable
Manufacturer_policy ExpirationExtended 408 unconfirmed unreachable
Manufacturer_policy ExpirationExtended 500 unconfirmed unreachable
Manufacturer_policy ExpirationExtended 502 unconfirmed unreachable
Manufacturer_policy ExpirationExtended 503 unconfirmed unreachable
Manufacturer_policy ExpirationExtended 504 unconfirmed unreachable
Manufacturer_policy Recalled 200 stop not-verified-by-maker,recalled
Manufacturer_policy Recalled 400 unconfirmed unreachable
Manufacturer_policy Recalled 401 unconfirmed unreachable
Manufacturer_policy Recalled 403 unconfirmed unreachable
Manufacturer_policy Recalled 404 unconfirmed unreachable
Manufacturer_policy Recalled 405 unconfirmed unreachable
Manufacturer_policy Recalled 408 unconfirmed unreachable
Manufacturer_policy Recalled 500 unconfirmed unreachable
Manufacturer_policy Recalled 502 unconfirmed unreachable
Manufacturer_policy Recalled 503 unconfirmed unreachable
Manufacturer_policy Recalled 504 unconfirmed unreachable
Manufacturer_policy Suspect 200 stop not-verified-by-maker,suspect
Manufacturer_policy Suspect 400 unconfirmed unreachable
Manufacturer_policy Suspect 401 unconfirmed unreachable
Manufacturer_policy Suspect 403 unconfirmed unreachable
Manufacturer_policy Suspect 404 unconfirmed unreachable
Manufacturer_policy Suspect 405 unconfirmed unreachable
Manufacturer_policy Suspect 408 unconfirmed unreachable
Manufacturer_policy Suspect 500 unconfirmed unreachable
Manufacturer_policy Suspect 502 unconfirmed unreachable
Manufacturer_policy Suspect 503 unconfirmed unreachable
Manufacturer_policy Suspect 504 unconfirmed unreachable
Manufacturer_policy Illegitimate 200 stop illegitimate,not-verified-by-maker
Manufacturer_policy Illegitimate 400 unconfirmed unreachable
Manufacturer_policy Illegitimate 401 unconfirmed unreachable
Manufacturer_policy Illegitimate 403 unconfirmed unreachable
Manufacturer_policy Illegitimate 404 unconfirmed unreachable
Manufacturer_policy Illegitimate 405 unconfirmed unreachable
Manufacturer_policy Illegitimate 408 unconfirmed unreachable
Manufacturer_policy Illegitimate 500 unconfirmed unreachable
Manufacturer_policy Illegitimate 502 unconfirmed unreachable
Manufacturer_policy Illegitimate 503 unconfirmed unreachable
Manufacturer_policy Illegitimate 504 unconfirmed unreachable
No_match_GTIN_Serial Expired 200 stop expired,unknown-serial
No_match_GTIN_Serial Expired 400 unconfirmed unreachable
No_match_GTIN_Serial Expired 401 unconfirmed unreachable
No_match_GTIN_Serial Expired 403 unconfirmed unreachable
No_match_GTIN_Serial Expired 404 unconfirmed unreachable
No_match_GTIN_Serial Expired 405 unconfirmed unreachable
No_match_GTIN_Serial Expired 408 unconfirmed unreachable
No_match_GTIN_Serial Expired 500 unconfirmed unreachable
No_match_GTIN_Serial Expired 502 unconfirmed unreachable
No_match_GTIN_Serial Expired 503 unconfirmed unreachable
No_match_GTIN_Serial Expired 504 unconfirmed unreachable
No_match_GTIN_Serial ExpirationExtended 200 stop expiry-extended,unknown-serial
No_match_GTIN_Serial ExpirationExtended 400 unconfirmed unreachable
No_match_GTIN_Serial ExpirationExtended 401 unconfirmed unreachable
No_match_GTIN_Serial ExpirationExtended 403 unconfirmed unreachable
No_match_GTIN_Serial ExpirationExtended 404 unconfirmed unreachable
No_match_GTIN_Serial ExpirationExtended 405 unconfirmed unreachable
No_match_GTIN_Serial ExpirationExtended 408 unconfirmed unreachable
No_match_GTIN_Serial ExpirationExtended 500 unconfirmed unreachable
No_match_GTIN_Serial ExpirationExtended 502 unconfirmed unreachable
No_match_GTIN_Serial ExpirationExtended 503 unconfirmed unreachable
No_match_GTIN_Serial ExpirationExtended 504 unconfirmed unreachable
No_match_GTIN_Serial Recalled 200 stop recalled,unknown-serial
No_match_GTIN_Serial Recalled 400 unconfirmed unreachable
No_match_GTIN_Serial Recalled 401 unconfirmed unreachable
No_match_GTIN_Serial Recalled 403 unconfirmed unreachable
No_match_GTIN_Serial Recalled 404 unconfirmed unreachable
No_match_GTIN_Serial Recalled 405 unconfirmed unreachable
No_match_GTIN_Serial Recalled 408 unconfirmed unreachable
No_match_GTIN_Serial Recalled 500 unconfirmed unreachable
No_match_GTIN_Serial Recalled 502 unconfirmed unreachable
No_match_GTIN_Serial Recalled 503 unconfirmed unreachable
No_match_GTIN_Serial Recalled 504 unconfirmed unreachable
No_match_GTIN_Serial Suspect 200 stop suspect,unknown-serial
No_match_GTIN_Serial Suspect 400 unconfirmed unreachable
No_match_GTIN_Serial Suspect 401 unconfirmed unreachable
No_match_GTIN_Serial Suspect 403 unconfirmed unreachable
No_match_GTIN_Serial Suspect 404 unconfirmed unreachable
No_match_GTIN_Serial Suspect 405 unconfirmed unreachable
No_match_GTIN_Serial Suspect 408 unconfirmed unreachable
No_match_GTIN_Serial Suspect 500 unconfirmed unreachable
No_match_GTIN_Serial Suspect 502 unconfirmed unreachable
No_match_GTIN_Serial Suspect 503 unconfirmed unreachable
No_match_GTIN_Serial Suspect 504 unconfirmed unreachable
No_match_GTIN_Serial Illegitimate 200 stop illegitimate,unknown-serial
No_match_GTIN_Serial Illegitimate 400 unconfirmed unreachable
No_match_GTIN_Serial Illegitimate 401 unconfirmed unreachable
No_match_GTIN_Serial Illegitimate 403 unconfirmed unreachable
No_match_GTIN_Serial Illegitimate 404 unconfirmed unreachable
No_match_GTIN_Serial Illegitimate 405 unconfirmed unreachable
No_match_GTIN_Serial Illegitimate 408 unconfirmed unreachable
No_match_GTIN_Serial Illegitimate 500 unconfirmed unreachable
No_match_GTIN_Serial Illegitimate 502 unconfirmed unreachable
No_match_GTIN_Serial Illegitimate 503 unconfirmed unreachable
No_match_GTIN_Serial Illegitimate 504 unconfirmed unreachable
No_match_GTIN_Serial_Lot_Expiry Expired 200 stop expired,expiry-mismatch,lot-mismatch
No_match_GTIN_Serial_Lot_Expiry Expired 400 unconfirmed unreachable
No_match_GTIN_Serial_Lot_Expiry Expired 401 unconfirmed unreachable
No_match_GTIN_Serial_Lot_Expiry Expired 403 unconfirmed unreachable
No_match_GTIN_Serial_Lot_Expiry Expired 404 unconfirmed unreachable
No_match_GTIN_Serial_Lot_Expiry Expired 405 unconfirmed unreachable
No_match_GTIN_Serial_Lot_Expiry Expired 408 unconfirmed unreachable
No_match_GTIN_Serial_Lot_Expiry Expired 500 unconfirmed unreachable
No_match_GTIN_Serial_Lot_Expiry Expired 502 unconfirmed unreachable
No_match_GTIN_Serial_Lot_Expiry Expired 503 unconfirmed unreachable
No_match_GTIN_Serial_Lot_Expiry Expired 504 unconfirmed unreachable
No_match_GTIN_Serial_Lot_Expiry ExpirationExtended 200 stop expiry-extended,expiry-mismatch,lot-mismatch
No_match_GTIN_Serial_Lot_Expiry ExpirationExtended 400 unconfirmed unreachable
No_match_GTIN_Serial_Lot_Expiry ExpirationExtended 401 unconfirmed unreachable
No_match_GTIN_Serial_Lot_Expiry ExpirationExtended 403 unconfirmed unreachable
No_match_GTIN_Serial_Lot_Expiry ExpirationExtended 404 unconfirmed unreachable
No_match_GTIN_Serial_Lot_Expiry ExpirationExtended 405 unconfirmed unreachable
No_match_GTIN_Serial_Lot_Expiry ExpirationExtended 408 unconfirmed unreachable
No_match_GTIN_Serial_Lot_Expiry ExpirationExtended 500 unconfirmed unreachable
No_match_GTIN_Serial_Lot_Expiry ExpirationExtended 502 unconfirmed unreachable
No_match_GTIN_Serial_Lot_Expiry ExpirationExtended 503 unconfirmed unreachable
No_match_GTIN_Serial_Lot_Expiry ExpirationExtended 504 unconfirmed unreachable
No_match_GTIN_Serial_Lot_Expiry Recalled 200 stop expiry-mismatch,lot-mismatch,recalled
No_match_GTIN_Serial_Lot_Expiry Recalled 400 unconfirmed unreachable
No_match_GTIN_Serial_Lot_Expiry Recalled 401 unconfirmed unreachable
No_match_GTIN_Serial_Lot_Expiry Recalled 403 unconfirmed unreachable
No_match_GTIN_Serial_Lot_Expiry Recalled 404 unconfirmed unreachable
No_match_GTIN_Serial_Lot_Expiry Recalled 405 unconfirmed unreachable
No_match_GTIN_Serial_Lot_Expiry Recalled 408 unconfirmed unreachable
No_match_GTIN_Serial_Lot_Expiry Recalled 500 unconfirmed unreachable
No_match_GTIN_Serial_Lot_Expiry Recalled 502 unconfirmed unreachable
No_match_GTIN_Serial_Lot_Expiry Recalled 503 unconfirmed unreachable
No_match_GTIN_Serial_Lot_Expiry Recalled 504 unconfirmed unreachable
No_match_GTIN_Serial_Lot_Expiry Suspect 200 stop expiry-mismatch,lot-mismatch,suspect
No_match_GTIN_Serial_Lot_Expiry Suspect 400 unconfirmed unreachable
No_match_GTIN_Serial_Lot_Expiry Suspect 401 unconfirmed unreachable
No_match_GTIN_Serial_Lot_Expiry Suspect 403 unconfirmed unreachable
No_match_GTIN_Serial_Lot_Expiry Suspect 404 unconfirmed unreachable
No_match_GTIN_Serial_Lot_Expiry Suspect 405 unconfirmed unreachable
No_match_GTIN_Serial_Lot_Expiry Suspect 408 unconfirmed unreachable
No_match_GTIN_Serial_Lot_Expiry Suspect 500 unconfirmed unreachable
No_match_GTIN_Serial_Lot_Expiry Suspect 502 unconfirmed unreachable
No_match_GTIN_Serial_Lot_Expiry Suspect 503 unconfirmed unreachable
No_match_GTIN_Serial_Lot_Expiry Suspect 504 unconfirmed unreachable
No_match_GTIN_Serial_Lot_Expiry Illegitimate 200 stop expiry-mismatch,illegitimate,lot-mismatch
No_match_GTIN_Serial_Lot_Expiry Illegitimate 400 unconfirmed unreachable
No_match_GTIN_Serial_Lot_Expiry Illegitimate 401 unconfirmed unreachable
No_match_GTIN_Serial_Lot_Expiry Illegitimate 403 unconfirmed unreachable
No_match_GTIN_Serial_Lot_Expiry Illegitimate 404 unconfirmed unreachable
No_match_GTIN_Serial_Lot_Expiry Illegitimate 405 unconfirmed unreachable
No_match_GTIN_Serial_Lot_Expiry Illegitimate 408 unconfirmed unreachable
No_match_GTIN_Serial_Lot_Expiry Illegitimate 500 unconfirmed unreachable
No_match_GTIN_Serial_Lot_Expiry Illegitimate 502 unconfirmed unreachable
No_match_GTIN_Serial_Lot_Expiry Illegitimate 503 unconfirmed unreachable
No_match_GTIN_Serial_Lot_Expiry Illegitimate 504 unconfirmed unreachable
No_match_GTIN_Serial_Lot Expired 200 stop expired,lot-mismatch
No_match_GTIN_Serial_Lot Expired 400 unconfirmed unreachable
No_match_GTIN_Serial_Lot Expired 401 unconfirmed unreachable
No_match_GTIN_Serial_Lot Expired 403 unconfirmed unreachable
No_match_GTIN_Serial_Lot Expired 404 unconfirmed unreachable
No_match_GTIN_Serial_Lot Expired 405 unconfirmed unreachable
No_match_GTIN_Serial_Lot Expired 408 unconfirmed unreachable
No_match_GTIN_Serial_Lot Expired 500 unconfirmed unreachable
No_match_GTIN_Serial_Lot Expired 502 unconfirmed unreachable
No_match_GTIN_Serial_Lot Expired 503 unconfirmed unreachable
No_match_GTIN_Serial_Lot Expired 504 unconfirmed unreachable
No_match_GTIN_Serial_Lot ExpirationExtended 200 stop expiry-extended,lot-mismatch
No_match_GTIN_Serial_Lot ExpirationExtended 400 unconfirmed unreachable
No_match_GTIN_Serial_Lot ExpirationExtended 401 unconfirmed unreachable
No_match_GTIN_Serial_Lot ExpirationExtended 403 unconfirmed unreachable
No_match_GTIN_Serial_Lot ExpirationExtended 404 unconfirmed unreachable
No_match_GTIN_Serial_Lot ExpirationExtended 405 unconfirmed unreachable
No_match_GTIN_Serial_Lot ExpirationExtended 408 unconfirmed unreachable
No_match_GTIN_Serial_Lot ExpirationExtended 500 unconfirmed unreachable
No_match_GTIN_Serial_Lot ExpirationExtended 502 unconfirmed unreachable
No_match_GTIN_Serial_Lot ExpirationExtended 503 unconfirmed unreachable
No_match_GTIN_Serial_Lot ExpirationExtended 504 unconfirmed unreachable
No_match_GTIN_Serial_Lot Recalled 200 stop lot-mismatch,recalled
No_match_GTIN_Serial_Lot Recalled 400 unconfirmed unreachable
No_match_GTIN_Serial_Lot Recalled 401 unconfirmed unreachable
No_match_GTIN_Serial_Lot Recalled 403 unconfirmed unreachable
No_match_GTIN_Serial_Lot Recalled 404 unconfirmed unreachable
No_match_GTIN_Serial_Lot Recalled 405 unconfirmed unreachable
No_match_GTIN_Serial_Lot Recalled 408 unconfirmed unreachable
No_match_GTIN_Serial_Lot Recalled 500 unconfirmed unreachable
No_match_GTIN_Serial_Lot Recalled 502 unconfirmed unreachable
No_match_GTIN_Serial_Lot Recalled 503 unconfirmed unreachable
No_match_GTIN_Serial_Lot Recalled 504 unconfirmed unreachable
No_match_GTIN_Serial_Lot Suspect 200 stop lot-mismatch,suspect
No_match_GTIN_Serial_Lot Suspect 400 unconfirmed unreachable
No_match_GTIN_Serial_Lot Suspect 401 unconfirmed unreachable
No_match_GTIN_Serial_Lot Suspect 403 unconfirmed unreachable
No_match_GTIN_Serial_Lot Suspect 404 unconfirmed unreachable
No_match_GTIN_Serial_Lot Suspect 405 unconfirmed unreachable
No_match_GTIN_Serial_Lot Suspect 408 unconfirmed unreachable
No_match_GTIN_Serial_Lot Suspect 500 unconfirmed unreachable
No_match_GTIN_Serial_Lot Suspect 502 unconfirmed unreachable
No_match_GTIN_Serial_Lot Suspect 503 unconfirmed unreachable
No_match_GTIN_Serial_Lot Suspect 504 unconfirmed unreachable
No_match_GTIN_Serial_Lot Illegitimate 200 stop illegitimate,lot-mismatch
No_match_GTIN_Serial_Lot Illegitimate 400 unconfirmed unreachable
No_match_GTIN_Serial_Lot Illegitimate 401 unconfirmed unreachable
No_match_GTIN_Serial_Lot Illegitimate 403 unconfirmed unreachable
No_match_GTIN_Serial_Lot Illegitimate 404 unconfirmed unreachable
No_match_GTIN_Serial_Lot Illegitimate 405 unconfirmed unreachable
No_match_GTIN_Serial_Lot Illegitimate 408 unconfirmed unreachable
No_match_GTIN_Serial_Lot Illegitimate 500 unconfirmed unreachable
No_match_GTIN_Serial_Lot Illegitimate 502 unconfirmed unreachable
No_match_GTIN_Serial_Lot Illegitimate 503 unconfirmed unreachable
No_match_GTIN_Serial_Lot Illegitimate 504 unconfirmed unreachable
No_match_GTIN_Serial_Expiry Expired 200 stop expired,expiry-mismatch
No_match_GTIN_Serial_Expiry Expired 400 unconfirmed unreachable
No_match_GTIN_Serial_Expiry Expired 401 unconfirmed unreachable
No_match_GTIN_Serial_Expiry Expired 403 unconfirmed unreachable
No_match_GTIN_Serial_Expiry Expired 404 unconfirmed unreachable
No_match_GTIN_Serial_Expiry Expired 405 unconfirmed unreachable
No_match_GTIN_Serial_Expiry Expired 408 unconfirmed unreachable
No_match_GTIN_Serial_Expiry Expired 500 unconfirmed unreachable
No_match_GTIN_Serial_Expiry Expired 502 unconfirmed unreachable
No_match_GTIN_Serial_Expiry Expired 503 unconfirmed unreachable
No_match_GTIN_Serial_Expiry Expired 504 unconfirmed unreachable
No_match_GTIN_Serial_Expiry ExpirationExtended 200 stop expiry-extended,expiry-mismatch
No_match_GTIN_Serial_Expiry ExpirationExtended 400 unconfirmed unreachable
No_match_GTIN_Serial_Expiry ExpirationExtended 401 unconfirmed unreachable
No_match_GTIN_Serial_Expiry ExpirationExtended 403 unconfirmed unreachable
No_match_GTIN_Serial_Expiry ExpirationExtended 404 unconfirmed unreachable
No_match_GTIN_Serial_Expiry ExpirationExtended 405 unconfirmed unreachable
No_match_GTIN_Serial_Expiry ExpirationExtended 408 unconfirmed unreachable
No_match_GTIN_Serial_Expiry ExpirationExtended 500 unconfirmed unreachable
No_match_GTIN_Serial_Expiry ExpirationExtended 502 unconfirmed unreachable
No_match_GTIN_Serial_Expiry ExpirationExtended 503 unconfirmed unreachable
No_match_GTIN_Serial_Expiry ExpirationExtended 504 unconfirmed unreachable
No_match_GTIN_Serial_Expiry Recalled 200 stop expiry-mismatch,recalled
No_match_GTIN_Serial_Expiry Recalled 400 unconfirmed unreachable
No_match_GTIN_Serial_Expiry Recalled 401 unconfirmed unreachable
No_match_GTIN_Serial_Expiry Recalled 403 unconfirmed unreachable
No_match_GTIN_Serial_Expiry Recalled 404 unconfirmed unreachable
No_match_GTIN_Serial_Expiry Recalled 405 unconfirmed unreachable
No_match_GTIN_Serial_Expiry Recalled 408 unconfirmed unreachable
No_match_GTIN_Serial_Expiry Recalled 500 unconfirmed unreachable
No_match_GTIN_Serial_Expiry Recalled 502 unconfirmed unreachable
No_match_GTIN_Serial_Expiry Recalled 503 unconfirmed unreachable
No_match_GTIN_Serial_Expiry Recalled 504 unconfirmed unreachable
No_match_GTIN_Serial_Expiry Suspect 200 stop expiry-mismatch,suspect
No_match_GTIN_Serial_Expiry Suspect 400 unconfirmed unreachable
No_match_GTIN_Serial_Expiry Suspect 401 unconfirmed unreachable
No_match_GTIN_Serial_Expiry Suspect 403 unconfirmed unreachable
No_match_GTIN_Serial_Expiry Suspect 404 unconfirmed unreachable
No_match_GTIN_Serial_Expiry Suspect 405 unconfirmed unreachable
No_match_GTIN_Serial_Expiry Suspect 408 unconfirmed unreachable
No_match_GTIN_Serial_Expiry Suspect 500 unconfirmed unreachable
No_match_GTIN_Serial_Expiry Suspect 502 unconfirmed unreachable
No_match_GTIN_Serial_Expiry Suspect 503 unconfirmed unreachable
No_match_GTIN_Serial_Expiry Suspect 504 unconfirmed unreachable
No_match_GTIN_Serial_Expiry Illegitimate 200 stop expiry-mismatch,illegitimate
No_match_GTIN_Serial_Expiry Illegitimate 400 unconfirmed unreachable
No_match_GTIN_Serial_Expiry Illegitimate 401 unconfirmed unreachable
No_match_GTIN_Serial_Expiry Illegitimate 403 unconfirmed unreachable
No_match_GTIN_Serial_Expiry Illegitimate 404 unconfirmed unreachable
No_match_GTIN_Serial_Expiry Illegitimate 405 unconfirmed unreachable
No_match_GTIN_Serial_Expiry Illegitimate 408 unconfirmed unreachable
No_match_GTIN_Serial_Expiry Illegitimate 500 unconfirmed unreachable
No_match_GTIN_Serial_Expiry Illegitimate 502 unconfirmed unreachable
No_match_GTIN_Serial_Expiry Illegitimate 503 unconfirmed unreachable
No_match_GTIN_Serial_Expiry Illegitimate 504 unconfirmed unreachable
No_reason_provided Expired 200 stop expired,not-verified-by-maker
No_reason_provided Expired 400 unconfirmed unreachable
No_reason_provided Expired 401 unconfirmed unreachable
No_reason_provided Expired 403 unconfirmed unreachable
No_reason_provided Expired 404 unconfirmed unreachable
No_reason_provided Expired 405 unconfirmed unreachable
No_reason_provided Expired 408 unconfirmed unreachable
No_reason_provided Expired 500 unconfirmed unreachable
No_reason_provided Expired 502 unconfirmed unreachable
No_reason_provided Expired 503 unconfirmed unreachable
No_reason_provided Expired 504 unconfirmed unreachable
No_reason_provided ExpirationExtended 200 check expiry-extended,not-verified-by-maker
No_reason_provided ExpirationExtended 400 unconfirmed unreachable
No_reason_provided ExpirationExtended 401 unconfirmed unreachable
No_reason_provided ExpirationExtended 403 unconfirmed unreachable
No_reason_provided ExpirationExtended 404 unconfirmed unreachable
No_reason_provided ExpirationExtended 405 unconfirmed unreachable
No_reason_provided ExpirationExtended 408 unconfirmed unreachable
No_reason_provided ExpirationExtended 500 unconfirmed unreachable
No_reason_provided ExpirationExtended 502 unconfirmed unreachable
No_reason_provided ExpirationExtended 503 unconfirmed unreachable
No_reason_provided ExpirationExtended 504 unconfirmed unreachable
No_reason_provided Recalled 200 stop not-verified-by-maker,recalled
No_reason_provided Recalled 400 unconfirmed unreachable
No_reason_provided Recalled 401 unconfirmed unreachable
No_reason_provided Recalled 403 unconfirmed unreachable
No_reason_provided Recalled 404 unconfirmed unreachable
No_reason_provided Recalled 405 unconfirmed unreachable
No_reason_provided Recalled 408 unconfirmed unreachable
No_reason_provided Recalled 500 unconfirmed unreachable
No_reason_provided Recalled 502 unconfirmed unreachable
No_reason_provided Recalled 503 unconfirmed unreachable
No_reason_provided Recalled 504 unconfirmed unreachable
No_reason_provided Suspect 200 stop not-verified-by-maker,suspect
No_reason_provided Suspect 400 unconfirmed unreachable
No_reason_provided Suspect 401 unconfirmed unreachable
No_reason_provided Suspect 403 unconfirmed unreachable
No_reason_provided Suspect 404 unconfirmed unreachable
No_reason_provided Suspect 405 unconfirmed unreachable
No_reason_provided Suspect 408 unconfirmed unreachable
No_reason_provided Suspect 500 unconfirmed unreachable
No_reason_provided Suspect 502 unconfirmed unreachable
No_reason_provided Suspect 503 unconfirmed unreachable
No_reason_provided Suspect 504 unconfirmed unreachable
No_reason_provided Illegitimate 200 stop illegitimate,not-verified-by-maker
No_reason_provided Illegitimate 400 unconfirmed unreachable
No_reason_provided Illegitimate 401 unconfirmed unreachable
No_reason_provided Illegitimate 403 unconfirmed unreachable
No_reason_provided Illegitimate 404 unconfirmed unreachable
No_reason_provided Illegitimate 405 unconfirmed unreachable
No_reason_provided Illegitimate 408 unconfirmed unreachable
No_reason_provided Illegitimate 500 unconfirmed unreachable
No_reason_provided Illegitimate 502 unconfirmed unreachable
No_reason_provided Illegitimate 503 unconfirmed unreachable
No_reason_provided Illegitimate 504 unconfirmed unreachable
Not_for_re-distribution Expired 200 stop expired,not-for-redistribution
Not_for_re-distribution Expired 400 unconfirmed unreachable
Not_for_re-distribution Expired 401 unconfirmed unreachable
Not_for_re-distribution Expired 403 unconfirmed unreachable
Not_for_re-distribution Expired 404 unconfirmed unreachable
Not_for_re-distribution Expired 405 unconfirmed unreachable
Not_for_re-distribution Expired 408 unconfirmed unreachable
Not_for_re-distribution Expired 500 unconfirmed unreachable
Not_for_re-distribution Expired 502 unconfirmed unreachable
Not_for_re-distribution Expired 503 unconfirmed unreachable
Not_for_re-distribution Expired 504 unconfirmed unreachable
Not_for_re-distribution ExpirationExtended 200 stop expiry-extended,not-for-redistribution
Not_for_re-distribution ExpirationExtended 400 unconfirmed unreachable
Not_for_re-distribution ExpirationExtended 401 unconfirmed unreachable
Not_for_re-distribution ExpirationExtended 403 unconfirmed unreachable
Not_for_re-distribution ExpirationExtended 404 unconfirmed unreachable
Not_for_re-distribution ExpirationExtended 405 unconfirmed unreachable
Not_for_re-distribution ExpirationExtended 408 unconfirmed unreachable
Not_for_re-distribution ExpirationExtended 500 unconfirmed unreachable
Not_for_re-distribution ExpirationExtended 502 unconfirmed unreachable
Not_for_re-distribution ExpirationExtended 503 unconfirmed unreachable
Not_for_re-distribution ExpirationExtended 504 unconfirmed unreachable
Not_for_re-distribution Recalled 200 stop not-for-redistribution,recalled
Not_for_re-distribution Recalled 400 unconfirmed unreachable
Not_for_re-distribution Recalled 401 unconfirmed unreachable
Not_for_re-distribution Recalled 403 unconfirmed unreachable
Not_for_re-distribution Recalled 404 unconfirmed unreachable
Not_for_re-distribution Recalled 405 unconfirmed unreachable
Not_for_re-distribution Recalled 408 unconfirmed unreachable
Not_for_re-distribution Recalled 500 unconfirmed unreachable
Not_for_re-distribution Recalled 502 unconfirmed unreachable
Not_for_re-distribution Recalled 503 unconfirmed unreachable
Not_for_re-distribution Recalled 504 unconfirmed unreachable
Not_for_re-distribution Suspect 200 stop not-for-redistribution,suspect
Not_for_re-distribution Suspect 400 unconfirmed unreachable
Not_for_re-distribution Suspect 401 unconfirmed unreachable
Not_for_re-distribution Suspect 403 unconfirmed unreachable
Not_for_re-distribution Suspect 404 unconfirmed unreachable
Not_for_re-distribution Suspect 405 unconfirmed unreachable
Not_for_re-distribution Suspect 408 unconfirmed unreachable
Not_for_re-distribution Suspect 500 unconfirmed unreachable
Not_for_re-distribution Suspect 502 unconfirmed unreachable
Not_for_re-distribution Suspect 503 unconfirmed unreachable
Not_for_re-distribution Suspect 504 unconfirmed unreachable
Not_for_re-distribution Illegitimate 200 stop illegitimate,not-for-redistribution
Not_for_re-distribution Illegitimate 400 unconfirmed unreachable
Not_for_re-distribution Illegitimate 401 unconfirmed unreachable
Not_for_re-distribution Illegitimate 403 unconfirmed unreachable
Not_for_re-distribution Illegitimate 404 unconfirmed unreachable
Not_for_re-distribution Illegitimate 405 unconfirmed unreachable
Not_for_re-distribution Illegitimate 408 unconfirmed unreachable
Not_for_re-distribution Illegitimate 500 unconfirmed unreachable
Not_for_re-distribution Illegitimate 502 unconfirmed unreachable
Not_for_re-distribution Illegitimate 503 unconfirmed unreachable
Not_for_re-distribution Illegitimate 504 unconfirmed unreachable
"""
# What is verified: information, verdict, codes.
VERIFIED = """
- ok verified-by-maker
Expired stop expired,verified-by-maker
ExpirationExtended ok expiry-extended,verified-by-maker
Recalled stop recalled,verified-by-maker
Suspect stop suspect,verified-by-maker
Illegitimate stop illegitimate,verified-by-maker
"""

ROWS = [tuple(line.split()) for line in MATRIX.split("\n") if line]
YES = [tuple(line.split()) for line in VERIFIED.split("\n") if line]
EXPIRY = "2060-09-30"  # the serve looks at the real clock
SERVE = (sys.executable, "-m", "rxtrail", "serve", "--port", "0", "--json", "--data")


def test_the_matrix_is_whole() -> None:
    assert len(ROWS) == len({row[:3] for row in ROWS}) == 7 * 5 * 11
    assert [len({row[column] for row in ROWS}) for column in range(3)] == [7, 5, 11]


@contextlib.contextmanager
def process(arguments: tuple[str, ...], script: str = "") -> Iterator[str]:
    """Start a process, give it its script, and give the address that it tells in its first line."""
    with subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as started:
        assert started.stdin is not None
        assert started.stdout is not None
        try:
            started.stdin.write(script)
            started.stdin.close()
            yield started.stdout.readline().strip()
        finally:
            started.terminate()
            started.wait(20)


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[Any], list[Exchange]]:
    """Ask once for every row, with a pharmacy's `serve` between; give the verdicts and what the pharmacy kept."""
    folder = tmp_path_factory.mktemp("matrix")
    script = [MAKER.gln]
    script += [f"{status} false {reason} {info}" for reason, info, status, _, _ in ROWS]
    script += [f"200 true - {info}" for info, _, _ in YES]
    epcs = [pack(str(number)) for number in range(len(ROWS) + len(YES))]
    with process((sys.executable, str(Path(__file__).parent / "scripted.py")), "\n".join(script)) as responder:
        with open_node(folder) as node:
            node.init("pharmacy", [PHARMACY.gln])
            Scene(node, Time()).capture(
                made(*epcs, expiry=EXPIRY),
                made_unit(sscc(1), minute=1),
                packed(sscc(1), *epcs),
                shipped(sscc(1)),
            )
            table = f"gtin,prefix,url,owner_gln,valid_from\n,{MAKER.prefix},{responder},{MAKER.gln},2026-01-01\n"
            node.vrs.load_directory(table.encode())
            node.vrs.change_settings({"retries": 0, "cache_seconds": 0})
        with process((*SERVE, str(folder))) as told:
            address = httpx.Response(200, content=told).json()["url"]
            with httpx.Client(base_url=address, timeout=30) as client:
                verdicts = [_ask(client, epc) for epc in epcs]
    with open_node(folder, write=False) as node:
        exchanges = node.vrs.exchanges(limit=1000)
    return verdicts, exchanges


def _ask(client: httpx.Client, epc: str) -> Any:
    body = httpx.Request("POST", "http://x", json={"scan": element_string(epc, expiry=EXPIRY), "ask": "maker"}).content
    answer = client.post("/api/v1/verify", content=iter([body]), headers={"content-type": "application/json"})
    assert answer.status_code == 200, answer.text
    return answer.json()


def _said(verdict: Any) -> tuple[str, str]:
    return verdict["verdict"], ",".join(sorted(reason["code"] for reason in verdict["reasons"]))


def test_every_answer_makes_the_verdict_that_is_written_here(asked: tuple[list[Any], list[Exchange]]) -> None:
    verdicts, _ = asked
    wrong = [
        (row, _said(verdict))
        for row, verdict in zip(ROWS, verdicts[: len(ROWS)], strict=True)
        if _said(verdict) != row[3:]
    ]
    assert wrong == []


def test_what_is_verified_makes_the_verdict_that_is_written_here(asked: tuple[list[Any], list[Exchange]]) -> None:
    verdicts, _ = asked
    assert [_said(verdict) for verdict in verdicts[len(ROWS) :]] == [row[1:] for row in YES]


def test_no_http_error_is_ever_a_bad_pack(asked: tuple[list[Any], list[Exchange]]) -> None:
    verdicts, _ = asked
    failed = [verdict for row, verdict in zip(ROWS, verdicts[: len(ROWS)], strict=True) if row[2] != "200"]
    assert len(failed) == 350
    assert {verdict["verdict"] for verdict in failed} == {"unconfirmed"}
    assert all(reason["next"] for verdict in failed for reason in verdict["reasons"])


def test_every_exchange_is_kept(asked: tuple[list[Any], list[Exchange]]) -> None:
    _, exchanges = asked
    kept = {exchange.serial: exchange for exchange in exchanges}
    assert len(exchanges) == len(kept) == len(ROWS) + len(YES)
    for number, (reason, info, status, _, _) in enumerate(ROWS):
        exchange = kept[str(number)]
        assert exchange.status == int(status)
        if status == "200":
            assert (exchange.verified, exchange.failure_reason, exchange.additional_info) == (False, reason, [info])
        else:
            assert (exchange.verified, exchange.failure_reason, exchange.additional_info) == (None, "", [])
