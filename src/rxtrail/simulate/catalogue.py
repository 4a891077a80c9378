"""The made-up firms and their products: names, numbers and addresses that stand for nobody.

The substances are real generic names, so that pages read as they will in use; the firms, their labeler codes
and GLNs are invented.
"""

from __future__ import annotations

import msgspec

from rxtrail.core.gs1.check_digit import check_digit
from rxtrail.core.gs1.ndc import to_gtin


class Party(msgspec.Struct, frozen=True, gc=False):
    """One firm: who it is on paper (``gln``) and where its goods lie (``site_gln``), often the same."""

    name: str
    role: str  # maker | wholesaler | pharmacy | hub
    company_prefix: str
    gln: str
    urn: str  # SGLN of the firm
    site_gln: str
    site_urn: str  # SGLN of its plant, warehouse or counter
    street: str
    city: str
    state: str
    postal_code: str
    zone: str
    posts_receipts: bool = True


class Product(msgspec.Struct, frozen=True, gc=False):
    """One package of one drug, and the case it comes in."""

    maker: Party
    ndc: str  # FDA's ten digits with their hyphens
    gtin: str
    case_gtin: str
    name: str
    form: str
    strength: str
    content: str
    serial_letters: str  # what this maker draws its serials from
    serial_length: int

    def urn(self, indicator: str) -> str:
        """Give the SGTIN URN up to the serial (GS1 EPC Tag Data Standard, clause 6.3.1)."""
        return f"urn:epc:id:sgtin:{self._item(indicator)}."

    def class_urn(self, indicator: str) -> str:
        """Give the URN of all serials of one packaging level (GS1 EPC Tag Data Standard, clause 8.2)."""
        return f"urn:epc:idpat:sgtin:{self._item(indicator)}.*"

    def lot_urn(self, lot: str) -> str:
        """Give the LGTIN URN of a lot of packs (GS1 EPC Tag Data Standard, clause 6.4.1)."""
        return f"urn:epc:class:lgtin:{self._item('0')}.{lot}"

    def _item(self, indicator: str) -> str:
        prefix = self.maker.company_prefix
        return f"{prefix}.{indicator}{self.gtin[1 + len(prefix) : 13]}"


CASE_INDICATOR = "5"
_UPPER = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"  # no I, O, 0, 1: many makers leave out what people confuse
_DIGITS = "0123456789"
_MIXED = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"


def party(name: str, role: str, prefix: str, site: int, address: tuple[str, str, str, str], zone: str) -> Party:
    """Number a firm: reference 0 is the firm, ``site`` its place; a 12-digit prefix leaves no reference."""
    digits = 12 - len(prefix)

    def numbers(reference: int) -> tuple[str, str]:
        part = f"{reference:0{digits}d}" if digits else ""
        return prefix + part + check_digit(prefix + part), f"urn:epc:id:sgln:{prefix}.{part}.0"

    gln, urn = numbers(0)
    site_gln, site_urn = numbers(site) if digits else (gln, urn)
    street, city, state, postal_code = address
    return Party(name, role, prefix, gln, urn, site_gln, site_urn, street, city, state, postal_code, zone)


MAKERS = (
    party(
        "Alder Bay Pharmaceuticals Inc",
        "maker",
        "0399101",
        1,
        ("2 Tidewater Rd", "Dover", "DE", "19901"),
        "-05:00",
    ),
    party(
        "Corvane Laboratories LLC",
        "maker",
        "0399347",
        12,
        ("880 Foundry St", "Rockford", "IL", "61101"),
        "-06:00",
    ),
    party("Maplewick Pharma Corp", "maker", "030992", 3, ("41 Orchard Ln", "Concord", "NH", "03301"), "-05:00"),
)
WHOLESALERS = (
    party(
        "Tri-River Drug Supply Inc",
        "wholesaler",
        "0399202",
        10,
        ("1900 Levee Rd", "Joliet", "IL", "60431"),
        "-06:00",
    ),
    party(
        "Halden Wholesale Co",
        "wholesaler",
        "0861447",
        20,
        ("7 Switchyard Blvd", "Columbus", "OH", "43215"),
        "-05:00",
    ),
    party(
        "Prairie Line Distribution LLC",
        "wholesaler",
        "0861993",
        30,
        ("650 Grain Belt Ave", "Omaha", "NE", "68102"),
        "-06:00",
    ),
)
HUB = party("Example Record Exchange", "hub", "0862100", 0, ("1 Exchange Sq", "Topeka", "KS", "66603"), "-06:00")

_PHARMACIES = (
    ("Corner Street Pharmacy", ("12 Corner St", "Galena", "IL", "61036")),
    ("Oak & Elm Pharmacy", ("305 Elm St", "Freeport", "IL", "61032")),
    ("Riverside Family Pharmacy", ("48 River Rd", "Dubuque", "IA", "52001")),
    ("St. Brendan Hospital Pharmacy", ("1 Hospital Dr", "Madison", "WI", "53703")),
    ("Lakeview Drugs", ("77 Shore Dr", "Kenosha", "WI", "53140")),
    ("Twelfth Avenue Pharmacy", ("1201 12th Ave", "Moline", "IL", "61265")),
    ("Hillcrest Pharmacy", ("9 Crest Way", "Peoria", "IL", "61602")),
    ("Old Mill Pharmacy", ("230 Mill St", "Aurora", "IL", "60505")),
    ("Sunrise Community Pharmacy", ("600 East Ave", "Gary", "IN", "46402")),
    ("Northgate Pharmacy", ("15 Northgate Plz", "Green Bay", "WI", "54301")),
    ("Depot Square Pharmacy", ("3 Depot Sq", "Elkhart", "IN", "46516")),
    ("Westbrook Drug Store", ("418 Brook Rd", "Ames", "IA", "50010")),
)
# Some pharmacies never post a receipt (US law does not ask for one); the two here stand for them.
_SILENT = (5, 9)


def _pharmacies() -> tuple[Party, ...]:
    parties = []
    for index, (name, address) in enumerate(_PHARMACIES):
        # Half got a single GLN from GS1 (a 12-digit prefix leaves no location reference), half a prefix.
        prefix = f"1100{index:02d}447{index:03d}" if index % 2 else f"08625{index:02d}"
        made = party(name, "pharmacy", prefix, 0, address, "-06:00")
        parties.append(msgspec.structs.replace(made, posts_receipts=index not in _SILENT))
    return tuple(parties)


PHARMACIES = _pharmacies()

_DRUGS = (
    # maker, NDC, name, form, strength, content
    (0, "99101-0127-1", "Atorvastatin Calcium", "TABLET, FILM COATED", "20 mg", "90 TABLET in 1 BOTTLE"),
    (0, "99101-0340-5", "Lisinopril", "TABLET", "10 mg", "100 TABLET in 1 BOTTLE"),
    (0, "99101-2218-3", "Sertraline Hydrochloride", "TABLET", "50 mg", "30 TABLET in 1 BOTTLE"),
    (1, "99347-115-60", "Metformin Hydrochloride", "TABLET", "500 mg", "60 TABLET in 1 BOTTLE"),
    (1, "99347-208-01", "Albuterol Sulfate", "AEROSOL, METERED", "90 ug", "200 INHALANT in 1 CANISTER"),
    (1, "99347-761-30", "Apixaban", "TABLET", "5 mg", "60 TABLET in 1 BOTTLE"),
    (2, "0992-0033-90", "Levothyroxine Sodium", "TABLET", "75 ug", "90 TABLET in 1 BOTTLE"),
    (2, "0992-4107-10", "Amlodipine Besylate", "TABLET", "5 mg", "100 TABLET in 1 BOTTLE"),
    (2, "0992-5582-01", "Insulin Glargine", "INJECTION, SOLUTION", "100 [iU]/mL", "10 mL in 1 VIAL"),
)
_SERIALS = ((_UPPER, 12), (_DIGITS, 14), (_MIXED, 12))

PRODUCTS = tuple(
    Product(
        MAKERS[maker],
        ndc,
        to_gtin(ndc),
        to_gtin(ndc, int(CASE_INDICATOR)),
        name,
        form,
        strength,
        content,
        *_SERIALS[maker],
    )
    for maker, ndc, name, form, strength, content in _DRUGS
)
