"""The words of the Core Business Vocabulary: short names here, URNs, web URIs and CURIEs on the wire.

Source: CBV 2.0 (GS1, 2022), sections 7.1 (business steps), 7.2 (dispositions), 7.3 (transaction types), 7.4
(sources and destinations), 7.5 (error reasons), 7.6 (sensor types and components); CBV 1.1 for the
dispositions it retired.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

BIZ_STEP = "bizstep"
DISPOSITION = "disp"
TRANSACTION_TYPE = "btt"
SOURCE_TYPE = "sdt"
ERROR_REASON = "er"
COMPONENT = "comp"
MEASUREMENT = "measurement"
ALERT = "alert"


class _Kind(NamedTuple):
    urn: str
    uri: str
    words: frozenset[str]


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_KINDS = {
    BIZ_STEP: _Kind(
        "urn:epcglobal:cbv:bizstep:",
        "https://ref.gs1.org/cbv/BizStep-",
        _words(
            "accepting arriving assembling collecting commissioning consigning creating_class_instance "
            "cycle_counting decommissioning departing destroying disassembling dispensing encoding "
            "entering_exiting holding inspecting installing killing loading other packing picking "
            "receiving removing repackaging repairing replacing reserving retail_selling sampling "
            "sensor_reporting shipping staging_outbound stock_taking stocking storing transporting "
            "unloading unpacking void_shipping"
        ),
    ),
    DISPOSITION: _Kind(
        "urn:epcglobal:cbv:disp:",
        "https://ref.gs1.org/cbv/Disp-",
        _words(
            "active available completeness_inferred completeness_verified conformant container_closed "
            "container_open damaged destroyed dispensed disposed encoded expired in_progress in_transit "
            "inactive mismatch_class mismatch_instance mismatch_quantity needs_replacement "
            "no_pedigree_match non_conformant non_sellable_other partially_dispensed recalled reserved "
            "retail_sold returned sellable_accessible sellable_not_accessible stolen unavailable unknown "
            # CBV 1.1, retired since; partners' systems still say them.
            "non_sellable_damaged non_sellable_disposed non_sellable_expired "
            "non_sellable_no_pedigree_match non_sellable_recalled"
        ),
    ),
    TRANSACTION_TYPE: _Kind(
        "urn:epcglobal:cbv:btt:",
        "https://ref.gs1.org/cbv/BTT-",
        _words("bol cert desadv inv pedigree po poc prodorder recadv rma testprd testres upevt"),
    ),
    SOURCE_TYPE: _Kind(
        "urn:epcglobal:cbv:sdt:",
        "https://ref.gs1.org/cbv/SDT-",
        _words("location owning_party possessing_party"),
    ),
    ERROR_REASON: _Kind("urn:epcglobal:cbv:er:", "https://ref.gs1.org/cbv/ER-", _words("did_not_occur incorrect_data")),
    COMPONENT: _Kind(
        "urn:epcglobal:cbv:comp:",
        "https://ref.gs1.org/cbv/Comp-",
        _words(
            "altitude axial_distance azimuth easting elevation_angle height latitude longitude northing "
            "polar_angle spherical_radius x y z"
        ),
    ),
    MEASUREMENT: _Kind(
        "gs1:",
        "https://gs1.org/voc/",
        _words(
            "AbsoluteHumidity AbsorbedDose AbsorbedDoseRate Acceleration Altitude AmountOfSubstance "
            "AmountOfSubstancePerUnitVolume Angle AngularAcceleration AngularMomentum AngularVelocity "
            "Area Capacitance Conductance Conductivity Count Density Dimensionless DoseEquivalent "
            "DoseEquivalentRate DynamicViscosity ElectricCharge ElectricCurrent ElectricCurrentDensity "
            "ElectricFieldStrength Energy Exposure Force Frequency Illuminance Inductance Irradiance "
            "KinematicViscosity Length LinearMomentum Luminance LuminousFlux LuminousIntensity "
            "MagneticFlux MagneticFluxDensity MagneticVectorPotential Mass MassConcentration MassFlowRate "
            "MassPerAreaTime MemoryCapacity MolalityOfSolute MolarEnergy MolarMass MolarVolume Power "
            "Pressure RadiantFlux RadiantIntensity Radioactivity RelativeHumidity Resistance Resistivity "
            "SolidAngle SpecificVolume Speed SurfaceDensity SurfaceTension Temperature Time Torque "
            "Voltage Volume VolumeFlowRate VolumeFraction VolumetricFlux Wavenumber"
        ),
    ),
    ALERT: _Kind("gs1:", "https://gs1.org/voc/", _words("ALARM_CONDITION ERROR_CONDITION")),
}
KINDS = tuple(_KINDS)
# CBV 1.1, retired since: EPCIS 2.0 JSON knows them by their web URI only.
RETIRED = _words(
    "non_sellable_damaged non_sellable_disposed non_sellable_expired non_sellable_no_pedigree_match "
    "non_sellable_recalled"
)
_OPEN = (MEASUREMENT, ALERT)
_BARE = re.compile(r"\w+")

# The GS1 hosts under which the vocabulary has been published, and the CURIE prefixes of its JSON-LD contexts.
_URI = re.compile(
    r"(?:https?://(?:ref\.|ns\.|epcis\.|www\.)?gs1\.org/(?:cbv|voc|epcis/cbv)/|cbv:|gs1:)"
    r"(?:(BizStep|Disp|BTT|SDT|ER|Comp)-)?(.+)",
    re.IGNORECASE,
)
_URI_KINDS = {"bizstep": BIZ_STEP, "disp": DISPOSITION, "btt": TRANSACTION_TYPE}
_URI_KINDS |= {"sdt": SOURCE_TYPE, "er": ERROR_REASON, "comp": COMPONENT}


@lru_cache(maxsize=4096)
def short(text: str, kind: str) -> str:
    """Give the short name of a CBV word however it is written; any other text as it is."""
    text = text.strip()
    word = _bare(text, kind)
    if word is None:
        return text
    # Measurement types are an open list: whatever stands in GS1's own vocabulary goes by its bare name.
    return word if word in _KINDS[kind].words or kind in _OPEN else text


@lru_cache(maxsize=4096)
def corrected(text: str, kind: str) -> tuple[str, str]:
    """Give the short name and what was wrong with the spelling; an unknown CBV word comes back as written."""
    text = text.strip()
    word = _bare(text, kind)
    if word is None or word in _KINDS[kind].words:
        return short(text, kind), ""
    meant = _LIKE[kind].get(_likeness(word))
    if meant is not None:
        return meant, f"{text!r} is read as {meant!r}"
    return text, f"{text!r} is no word of the Core Business Vocabulary"


def words(kind: str) -> frozenset[str]:
    """Give the short names of a kind."""
    return _KINDS[kind].words


def urn(kind: str, short: str) -> str:
    """Give the URN that EPCIS 1.x XML writes; a word that is not of the vocabulary stays as it is."""
    return _KINDS[kind].urn + short if _is_own(short, kind) else short


def uri(kind: str, short: str) -> str:
    """Give the web URI of CBV 2.0; a word that is not of the vocabulary stays as it is."""
    return _KINDS[kind].uri + short if _is_own(short, kind) else short


def term(kind: str, short: str) -> str:
    """Give the term that EPCIS 2.0 JSON writes: a bare word where its context has one, the web URI otherwise."""
    if short in _KINDS[kind].words and short not in RETIRED:
        return short
    if kind in _OPEN:
        return "gs1:" + short if _BARE.fullmatch(short) else short
    return uri(kind, short)


def _is_own(name: str, kind: str) -> bool:
    return name in _KINDS[kind].words or (kind in _OPEN and _BARE.fullmatch(name) is not None)


def _bare(text: str, kind: str) -> str | None:
    """Take the vocabulary's own prefix off; None when the text is of another vocabulary."""
    start = _KINDS[kind].urn
    if text[: len(start)].lower() == start:
        return text[len(start) :]
    match = _URI.fullmatch(text)
    if match is not None:
        of = _URI_KINDS.get(match[1].lower()) if match[1] else None
        return match[2] if of == kind or (of is None and kind in _OPEN) else None
    return text if ":" not in text and "/" not in text else None


def _likeness(word: str) -> str:
    """Blur the slips of the keyboard: case, word joints, doubled letters, ie for ei."""
    letters = "".join(c for c in word.lower() if c.isalnum())
    return re.sub(r"(.)\1+", r"\1", letters).replace("ie", "ei")


_LIKE = {kind: {_likeness(word): word for word in each.words} for kind, each in _KINDS.items()}
