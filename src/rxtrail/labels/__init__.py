"""Labels: GS1 DataMatrix for packs, GS1-128 for logistic units, as SVG, PNG, PDF or ZPL; decoded before given out."""

from rxtrail.labels.label import Label, calibration_label, pack_label, sscc_label
from rxtrail.labels.writing import FORMATS, write

__all__ = ["FORMATS", "Label", "calibration_label", "pack_label", "sscc_label", "write"]
