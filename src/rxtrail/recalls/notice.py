"""A notice file, as openFDA gives drug enforcement reports, into recalls that a person or the node can open.

Source: openFDA drug enforcement fields (recall_number, classification, code_info, openfda.package_ndc and others).
Firms often leave the NDC to the text of the product's description, so that is read too.
"""

from __future__ import annotations

import hashlib
import io
import re
import zipfile
import zlib
from typing import Any, Final

import msgspec

from rxtrail.core.gs1 import check_digit, ndc
from rxtrail.core.notices.code_info import Kind, read_code_info
from rxtrail.core.rules.recall import LotScope, SerialScope, Span
from rxtrail.errors import BadIdentifier, BadRequest
from rxtrail.recalls.values import (
    LOTS_MAX,
    NOTICE_CHARACTERS_MAX,
    SERIAL_CHARACTERS_MAX,
    SERIALS_MAX,
    TEXT_CHARACTERS_MAX,
    AskedRecall,
)

NOTICE_BYTES_MAX = 256 << 20
CUT_CHARACTERS: Final = 120  # what a notice that was cut ends with, at most
_NDC = re.compile(r"(?<![\d-])(\d{4,6}-\d{3,4}-\d{1,2})(?![\d-])", re.ASCII)
_CLASSES = {"Class I": "I", "Class II": "II", "Class III": "III"}
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f]+")
_DAY = re.compile(r"(\d{4})(\d\d)(\d\d)")


class _OpenFda(msgspec.Struct, frozen=True, gc=False):
    package_ndc: list[str] = []
    brand_name: list[str] = []


class Report(msgspec.Struct, frozen=True, gc=False):
    """The fields of an enforcement report that matter here; all others are kept with the notice's text."""

    recall_number: str = ""
    classification: str = ""
    status: str = ""
    recalling_firm: str = ""
    reason_for_recall: str = ""
    product_description: str = ""
    code_info: str = ""
    more_code_info: str | None = ""
    recall_initiation_date: str = ""
    openfda: _OpenFda = _OpenFda()
    misfits: list[str] = []  # what could not be read as these fields; a person reads it

    @property
    def says_something(self) -> bool:
        """Tell whether it has any field by which an enforcement report is known."""
        return bool(self.recall_number or self.code_info or self.product_description or self.reason_for_recall)


_REPORT: Final = msgspec.json.Decoder(Report)
_TEXTS: Final = tuple(each.name for each in msgspec.structs.fields(Report) if each.name not in ("openfda", "misfits"))


def read_reports(data: bytes) -> list[Report]:
    """Read one report, a list of them, or what openFDA answers (``results``).

    A record among others whose fields are not as they should be is kept with what could be read of it and its
    ``misfits``, so that a person reads it: one odd record hides neither itself nor the others.

    :raises BadRequest: it is none of these, or none of its records is a report; the message tells where.
    """
    if data.startswith(b"PK\x03\x04"):
        data = _unzipped(data)
    if len(data) > NOTICE_BYTES_MAX:
        raise _too_large()
    try:
        if data.lstrip()[:1] == b"[":
            records = msgspec.json.decode(data, type=list[msgspec.Raw])
        else:
            whole = msgspec.json.decode(data, type=dict[str, msgspec.Raw])
            listed = whole.get("results")
            records = [msgspec.Raw(data)] if listed is None else msgspec.json.decode(listed, type=list[msgspec.Raw])
        reports = [_report(record) for record in records]
    except (msgspec.DecodeError, RecursionError) as wrong:
        is_cut = "truncated" in str(wrong)
        raise BadRequest(
            f"the file ends in the middle of a report, after {len(data):,} bytes"
            if is_cut
            else f"this is not an enforcement report: {wrong}",
            place="notice",
            advice="Give the JSON that openFDA answers, or one of its results; a cut file must be fetched again.",
        ) from wrong
    if reports and not any(report.says_something for report in reports):
        raise BadRequest("this JSON has none of the fields of an enforcement report", place="notice")
    return [report if report.says_something else _odd(report, "no field of a report") for report in reports]


def _report(record: msgspec.Raw) -> Report:
    """Read one record; raises ``DecodeError`` when it is not even JSON."""
    try:
        return _REPORT.decode(record)
    except msgspec.ValidationError as misfit:
        told = msgspec.json.decode(record)
        if not isinstance(told, dict):
            return Report(misfits=[_short(f"{_text(told)}: no report at all")])
        texts = {name: _text(told[name]) for name in _TEXTS if told.get(name) is not None}
        more = told.get("openfda")
        openfda = {} if not isinstance(more, dict) else {name: _words(more.get(name)) for name in more}
        known = {name: openfda[name] for name in ("package_ndc", "brand_name") if name in openfda}
        is_only_empty = all(told.get(name) is None or isinstance(told[name], str) for name in _TEXTS)
        report = msgspec.convert({**texts, "openfda": known}, Report)
        # A field that is null is only empty, as those of openFDA's files may be.
        return report if is_only_empty and (more is None or _is_texts(more)) else _odd(report, str(misfit))


def _odd(report: Report, why: str) -> Report:
    return msgspec.structs.replace(report, misfits=[*report.misfits, _short(f"this record is not whole: {why}")])


def _text(value: Any) -> str:  # noqa: ANN401 (whatever JSON holds)
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def _words(value: Any) -> list[str]:  # noqa: ANN401 (whatever JSON holds)
    if isinstance(value, str):
        return [value]
    return [each for each in value if isinstance(each, str)] if isinstance(value, list) else []


def _is_texts(more: Any) -> bool:  # noqa: ANN401 (whatever JSON holds)
    """Tell whether what openFDA added is as it should be, but for what is null."""
    if not isinstance(more, dict):
        return False
    told = [more.get(name) for name in ("package_ndc", "brand_name")]
    return all(each is None or _words(each) == each for each in told)


def _unzipped(data: bytes) -> bytes:
    """Give the one JSON file of a zip, as openFDA gives its bulk files out."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = [name for name in archive.namelist() if name.endswith(".json")]
            ours = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
            sealed = any(each.flag_bits & 1 or each.compress_type not in ours for each in archive.infolist())
            if len(names) != 1 or sealed:
                raise BadRequest("this zip file does not hold one JSON file", place="notice")
            with archive.open(names[0]) as file:
                content = file.read(NOTICE_BYTES_MAX + 1)
    except (zipfile.BadZipFile, zlib.error, EOFError) as wrong:
        raise BadRequest(
            f"this zip file cannot be read: {wrong}", place="notice", advice="It may be cut: fetch it again."
        ) from wrong
    if len(content) > NOTICE_BYTES_MAX:
        raise _too_large()
    return content


def _too_large() -> BadRequest:
    return BadRequest(f"a notice file has at most {NOTICE_BYTES_MAX >> 20} MiB", place="notice")


def asked_of(report: Report) -> AskedRecall:
    """Give the recall that a report asks for; what was not understood stands in its ``doubts``."""
    code = "\n".join(part for part in (report.code_info, report.more_code_info or "") if part)
    read = read_code_info(code)
    doubts = [*report.misfits, *([] if read.confident else read.doubts)]
    gtins: dict[str, None] = {}
    for text in (*report.openfda.package_ndc, *_NDC.findall(report.product_description), *read.ndcs):
        try:
            # A notice that names the bottle means the case of bottles too.
            gtins.update(dict.fromkeys(ndc.to_gtin(text, level) for level in range(ndc.INDICATOR_MAX + 1)))
        except BadIdentifier:
            doubts.append(f"NDC {text!r} has no one GTIN")
    gtins.update((gtin, None) for gtin in read.gtins if check_digit.is_valid(gtin))
    if not gtins:
        doubts.append("no product that can be told by NDC")
    # Lots that are named are meant whole: a span of time beside them tells about them, and takes none of them out.
    spans = ([], []) if read.lots else (read.expiries, read.made)
    expires, made = ([Span(_first(since), _last(until)) for since, until in each] for each in spans)
    if len(expires) > 1 or len(made) > 1:
        doubts.append("several spans of time")
        expires = made = []
    if _CONTROLS.search(report.recall_number.strip()):
        doubts.append("control characters in the recall's number: it was written without them")
    lots = [LotScope(each.lot, each.expiry or "") for each in read.lots][:LOTS_MAX]
    if len(read.lots) > LOTS_MAX:
        doubts.append(f"more than {LOTS_MAX:,} lots: the rest is in the notice")
    return AskedRecall(
        title=_short(report.product_description),
        reason=_short(report.reason_for_recall),
        gtins=list(gtins),
        lots=lots if read.kind is not Kind.ALL_LOTS else [],
        all_lots=read.kind is Kind.ALL_LOTS,
        expires=expires[0] if expires else Span(),
        made=made[0] if made else Span(),
        serials=_serials(read.serials),
        classification=_CLASSES.get(report.classification, "not yet classified"),
        firm=_short(report.recalling_firm),
        number=_short(report.recall_number),
        notice=_kept_text(report),
        source="received",
        doubts=doubts,
    )


def _kept_text(report: Report) -> str:
    """Give the text that is kept; of one that is too long its beginning, and a hash by which the whole is known."""
    text = msgspec.json.encode(report).decode()
    if len(text) <= NOTICE_CHARACTERS_MAX:
        return text
    cut = f"\u2026 cut here; SHA-256 of the whole: {hashlib.sha256(text.encode()).hexdigest()}"
    return text[: NOTICE_CHARACTERS_MAX - len(cut)] + cut


def _serials(told: list[tuple[str, str]]) -> list[SerialScope]:
    """Give the serial numbers that a pack can have; a person says whether only these are meant."""
    fit = [each for each in told if len(each[0]) == len(each[1]) <= SERIAL_CHARACTERS_MAX and each[0] <= each[1]]
    return [SerialScope(*each) for each in fit[:SERIALS_MAX]]


def _first(date: str) -> str:
    return date if len(date) == len("YYYY-MM-DD") else f"{date}-01"


def _last(date: str) -> str:
    return date if len(date) == len("YYYY-MM-DD") else f"{date}-31"


def _short(text: str) -> str:
    words = " ".join(_CONTROLS.sub(" ", text).split())
    return words if len(words) <= TEXT_CHARACTERS_MAX else words[: TEXT_CHARACTERS_MAX - 1] + "…"
