"""Files of openFDA into the shelf: all files of a load, or nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from rxtrail.errors import BadRequest
from rxtrail.openfda.reading import FAULTS_TOLD_MAX, FileCut, batches, members
from rxtrail.openfda.rows import keys_of_label, label_of, products_of, shortage_of, with_changes
from rxtrail.openfda.shelf import Shelf, encode, packed
from rxtrail.openfda.values import (
    KINDS,
    Dataset,
    Label,
    LabelRecord,
    NdcRecord,
    Record,
    ShortageRecord,
)

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import BinaryIO


_FORGET: Final = {
    Dataset.NDC: "forget_ndc",
    Dataset.LABEL: "forget_label",
    Dataset.SHORTAGES: "forget_shortages",
}


class LoadReport(msgspec.Struct, frozen=True, gc=False):
    """What a load did. ``faults`` are records that were left out, the first of them told with place and reason.

    ``unlinked`` records name no package or product, so that no scan meets them.
    """

    dataset: str
    files: int
    records: int
    kept: int
    unlinked: int
    faults: int
    faults_told: list[str]
    forgotten: int = 0


class Loading:
    """One load within one transaction of the shelf."""

    def __init__(self, shelf: Shelf, dataset: Dataset, now_us: int) -> None:
        """Take the shelf, open for writing."""
        self._shelf, self._dataset, self._now = shelf, dataset, now_us
        self._files = self._records = self._kept = self._unlinked = self._faults = 0
        self._told: list[str] = []

    def file(self, stream: BinaryIO, name: str) -> tuple[int, int]:
        """Load one file, packed or not; give how many records it had, and how many of them were left out.

        :raises FileCut: it is not whole, or holds no record of this dataset.
        """
        self._files += 1
        before, faults = self._records, self._faults
        first_fault = ""
        for inner, member in members(stream, name):
            for batch in batches(member, KINDS[self._dataset], inner):
                self._take(batch.records)
                self._records += batch.count
                self._faults += len(batch.faults)
                told = [f"{place}: {why}" for place, why in batch.faults]
                first_fault = first_fault or next(iter(told), "")
                self._told += told[: FAULTS_TOLD_MAX - len(self._told)]
        records, wrong = self._records - before, self._faults - faults
        if records and records == wrong:
            raise FileCut(
                f"no record of this file is one of openFDA's drug/{self._dataset.value}: {first_fault}",
                place=name,
                advice="Look at which file it is; nothing of it was kept.",
            )
        return records, wrong

    def forget_others(self) -> int:
        """Forget what the files of this load did not hold; give how many records that were."""
        count = self._shelf.run(_FORGET[self._dataset], self._now)
        if self._dataset is Dataset.LABEL:
            self._shelf.run("forget_label_of")
        return count

    def report(self, forgotten: int = 0) -> LoadReport:
        """Tell what was done."""
        return LoadReport(
            self._dataset.value, self._files, self._records, self._kept, self._unlinked, self._faults, self._told,
            forgotten,
        )  # fmt: skip

    def _take(self, records: Iterable[Record]) -> None:
        match self._dataset:
            case Dataset.NDC:
                self._products([each for each in records if isinstance(each, NdcRecord)])
            case Dataset.LABEL:
                self._labels([each for each in records if isinstance(each, LabelRecord)])
            case Dataset.SHORTAGES:
                self._shortages([each for each in records if isinstance(each, ShortageRecord)])

    def _products(self, records: list[NdcRecord]) -> None:
        rows: list[tuple[str, str, int, bytes]] = []
        for record in records:
            count = len(rows)
            for key, product in products_of(record):
                rows.append((key, f"{product.brand} {product.generic}".lower(), self._now, encode(product)))
            self._unlinked += count == len(rows)
        self._shelf.run_many("put_product", rows)
        self._kept += len(rows)

    def _labels(self, records: list[LabelRecord]) -> None:
        known = self._shelf.label_versions({record.set_id for record in records})
        labels = list(map(label_of, records))
        older = [
            label.set_id
            for label in labels
            if label.set_id in known and (label.effective, label.version) > known[label.set_id][::-1]
        ]
        before = self._shelf.labels(older)
        put: dict[str, Label] = {}
        keys: dict[str, list[str]] = {}
        for record, read in zip(records, labels, strict=True):
            label = read
            earlier = put.get(label.set_id) or before.get(label.set_id)
            if earlier is not None and (label.effective, label.version) > (earlier.effective, earlier.version):
                label = with_changes(label, earlier)
            elif earlier is not None or label.set_id in known:
                continue  # it is here already, or a newer one is
            put[label.set_id] = label
            keys[label.set_id] = keys_of_label(record)
            self._unlinked += not keys[label.set_id]
        self._shelf.run_many("touch_label", [(self._now, record.set_id) for record in records])
        self._shelf.run_many(
            "put_label",
            [(label.set_id, label.version, label.effective, self._now, packed(label)) for label in put.values()],
        )
        self._shelf.run_many("drop_labels_of", [(set_id,) for set_id in put if set_id in known])
        self._shelf.run_many("put_label_of", [(key, set_id) for set_id, each in keys.items() for key in each])
        self._kept += len(put)

    def _shortages(self, records: list[ShortageRecord]) -> None:
        rows = []
        for record in records:
            keys, number, shortage = shortage_of(record)
            self._unlinked += not keys
            rows += [(key, number, shortage.updated, self._now, encode(shortage)) for key in keys]
        self._shelf.run_many("put_shortage", rows)
        self._kept += len(rows)


def dataset_of(text: str) -> Dataset:
    """Give the dataset of a name; raises ``BadRequest``."""
    try:
        return Dataset(text)
    except ValueError as wrong:
        names = ", ".join(each.value for each in Dataset)
        raise BadRequest(f"{text[:40]!r} is none of {names}", place="dataset") from wrong
