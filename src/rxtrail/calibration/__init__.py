"""Calibration: one scan of a printed symbol tells how a station's scans arrive, and how to put them right."""

from rxtrail.calibration.advice import SLOW_MS, Advice
from rxtrail.calibration.finding import GOOD, NOT_FOUND, PARTLY, PUT_RIGHT, Calibration, calibrate
from rxtrail.calibration.stations import KIND, NAME_LENGTH_MAX, STATIONS_MAX, Station, Stations, try_scan

__all__ = [
    "GOOD",
    "KIND",
    "NAME_LENGTH_MAX",
    "NOT_FOUND",
    "PARTLY",
    "PUT_RIGHT",
    "SLOW_MS",
    "STATIONS_MAX",
    "Advice",
    "Calibration",
    "Station",
    "Stations",
    "calibrate",
    "try_scan",
]
