"""Units of measurement by their UN/ECE codes: what a value in one unit is in another, exactly.

Source: UN/ECE Recommendation 20, codes for units of measure. A code that is not here is equal to itself only.
"""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache
from typing import Final, NamedTuple


class _Unit(NamedTuple):
    kind: str
    factor: Fraction
    offset: Fraction = Fraction(0)  # added before the factor: what zero of this unit is in the base unit


def _units(kind: str, text: str) -> dict[str, _Unit]:
    """Read ``CODE=factor`` words; a factor is a decimal or a ratio of the base unit."""
    found: dict[str, _Unit] = {}
    for word in text.split():
        code, _, factor = word.partition("=")
        over, _, under = factor.partition("/")
        found[code] = _Unit(kind, Fraction(over) / Fraction(under or "1"))
    return found


_UNITS: Final[dict[str, _Unit]] = {
    "KEL": _Unit("temperature", Fraction(1)),
    "CEL": _Unit("temperature", Fraction(1), Fraction("273.15")),
    "FAH": _Unit("temperature", Fraction(5, 9), Fraction("459.67")),
    "A48": _Unit("temperature", Fraction(5, 9)),
    **_units("mass", "KGM=1 GRM=0.001 MGM=0.000001 MC=0.000000001 TNE=1000 HGM=0.1 DJ=0.01 DG=0.0001 CGM=0.00001 "
                     "LBR=0.45359237 ONZ=0.028349523125 GRN=0.00006479891 STN=907.18474 LTN=1016.0469088 "
                     "STI=6.35029318 DTN=100 2U=1000 APZ=0.0311034768 E4=0.001"),
    **_units("length", "MTR=1 DMT=0.1 CMT=0.01 MMT=0.001 4H=0.000001 C45=0.000000001 C52=0.000000000001 A45=10 HMT=100 "
                       "KMT=1000 INH=0.0254 FOT=0.3048 YRD=0.9144 SMI=1609.344 NMI=1852 77=0.0000254"),
    **_units("area", "MTK=1 DMK=0.01 CMK=0.0001 MMK=0.000001 KMK=1000000 HAR=10000 ARE=100 ACR=4046.8564224 "
                     "INK=0.00064516 FTK=0.09290304 YDK=0.83612736 MIK=2589988.110336"),
    **_units("volume", "MTQ=1 LTR=0.001 DMQ=0.001 MLT=0.000001 CMQ=0.000001 MMQ=0.000000001 4G=0.000000001 "
                       "CLT=0.00001 DLT=0.0001 HLT=0.1 A44=0.01 K6=1 Q34=0.000000000001 "
                       "GLL=0.003785411784 GLI=0.00454609 OZA=0.0000295735295625 OZI=0.0000284130625 "
                       "PTL=0.000473176473 PTI=0.00056826125 QTL=0.000946352946 QTI=0.0011365225 "
                       "INQ=0.000016387064 FTQ=0.028316846592 YDQ=0.764554857984 BLL=0.158987294928"),
    **_units("time", "SEC=1 MIN=60 HUR=3600 DAY=86400 WEE=604800 C26=0.001 B98=0.000001 C47=0.000000001 ANN=31556952"),
    **_units("pressure", "PAL=1 KPA=1000 A97=100 MPA=1000000 A89=1000000000 BAR=100000 MBR=100 HBA=10000000 ATM=101325 "
                         "ATT=98066.5 74=0.001 B96=0.000001 HN=133.322387415 UA=101325/760 PS=6894757293168/1000000000 "
                         "F79=3386.389"),
    **_units("ratio", "C62=1 P1=0.01 NX=0.001 59=0.000001 61=0.000000001 EA=1 H87=1 PR=2 DZN=12 GRO=144 CEN=100 "
                      "MIL=1000"),
    **_units("mass concentration", "KMQ=1 A93=0.001 GP=0.000001 GQ=0.000000001 GL=1 GJ=1000 M1=0.001 23=1000 B35=1000 "
                                   "H29=0.000001 87=16.01846337396014"),
    **_units("amount of substance", "C34=1 C18=0.001 FH=0.000001 B45=1000 Q44=1000 Q45=0.001"),
    **_units("amount concentration", "C36=1 C38=1000 C35=1000 B46=1000 M33=1"),
    **_units("energy", "JOU=1 KJO=1000 3B=1000000 GV=1000000000 C15=0.001 WHR=3600 KWH=3600000 MWH=3600000000 "
                       "D70=4.1868 K51=4184 K53=4184 E14=4186.8 BTU=1055.05585262"),
    **_units("power", "WTT=1 KWT=1000 MAW=1000000 A90=1000000000 C31=0.001 D80=0.000001 BHP=745.6998715822702"),
    **_units("voltage", "VLT=1 2Z=0.001 KVT=1000 B78=1000000 D82=0.000001"),
    **_units("current", "AMP=1 4K=0.001 B22=1000 B84=0.000001 C39=0.000000001 C70=0.000000000001"),
    **_units("resistance", "OHM=1 B49=1000 B75=1000000 E45=0.001 B94=0.000001"),
    **_units("frequency", "HTZ=1 KHZ=1000 MHZ=1000000 A86=1000000000 D29=1000000000000"),
    **_units("speed", "MTS=1 KMH=5/18 2M=0.01 C16=0.001 HM=0.44704 KNT=1852/3600 FS=0.3048 FR=0.00508 2X=1/60"),
    **_units("acceleration", "MSK=1 M38=1000 M39=0.01 M41=0.001 A76=0.01 K40=9.80665 A73=0.3048"),
    **_units("force", "NEW=1 B47=1000 B73=1000000 C20=0.001 DU=0.00001 B51=9.80665 C78=4.4482216152605"),
    **_units("torque", "NU=1 B48=1000 B74=1000000 D83=0.000001 M94=9.80665"),
    **_units("angle", "DD=1 D61=1/60 D62=1/3600 M43=0.05625 A91=0.9 M44=360"),
    **_units("radian", "C81=1 C25=0.001 B97=0.000001"),
    **_units("illuminance", "LUX=1 KLX=1000 B60=1 P25=10.763910416709722"),
    **_units("absorbed dose", "A95=1 C13=0.001 C80=0.01"),
    **_units("dose equivalent", "D13=1 C28=0.001 D91=0.01 P72=0.001"),
    **_units("radioactivity", "BQL=1 2Q=1000 4N=1000000 GBQ=1000000000 H08=0.000001 CUR=37000000000 "
                              "MCU=37000000 M5=37000"),
    **_units("memory", "AD=1 A99=0.125 2P=1000 4L=1000000 E34=1000000000 E35=1000000000000 E64=1024 E63=1048576 "
                       "E62=1073741824"),
    **_units("volume flow", "MQS=1 MQH=1/3600 G51=1/60000 E32=1/3600000 LD=1/86400000 L2=1/60000 4X=1/3600"),
    **_units("mass flow", "KGS=1 E93=1/3600 F31=1/60 4M=1/3600000000 F26=0.001/86400 TNH=1000/3600 4W=1000/86400"),
    **_units("electric charge", "COU=1 AMH=3600 A8=1 E09=3.6 D86=0.001 B86=0.000001"),
}  # fmt: skip


@lru_cache(maxsize=8192)
def exact(value: float) -> Fraction:
    """Give a number as its shortest decimal says it: 0.1 is one tenth."""
    return Fraction(repr(value))


def in_base(value: float, uom: str) -> tuple[str, Fraction]:
    """Give what is measured and how much of its base unit; an unknown unit is a kind of its own."""
    unit = _UNITS.get(uom)
    if unit is None:
        return uom, exact(value)
    return unit.kind, (exact(value) + unit.offset) * unit.factor


def is_known(uom: str) -> bool:
    """Tell whether values in this unit are converted."""
    return uom in _UNITS
