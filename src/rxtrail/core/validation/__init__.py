"""Is a document what the standards say it is? Each finding has code, severity, place, clause and advice.

The verdict is that of the official schemas, by our own model; beside it stand the rules that no schema checks, and the
DSCSA catalogue.

``validate`` reads the document up to three times (schema, meaning, places), each time as a stream where the syntax
allows it. It never raises for a bad document: what cannot be read is a finding, too.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, BinaryIO, Literal, Self, TypeAlias, cast

import msgspec

from rxtrail.core.epcis import incoming, reader
from rxtrail.core.epcis.event_hash import event_hash
from rxtrail.core.epcis.limits import Limits
from rxtrail.core.epcis.notes import Notes
from rxtrail.core.validation import json_schema, places, semantics, xml_schema
from rxtrail.core.validation.catalogue import ONLY_DSCSA, entry
from rxtrail.core.validation.dscsa import DscsaCheck
from rxtrail.core.validation.flaws import Flaw, Flaws, line_of
from rxtrail.errors import BadDocument

if TYPE_CHECKING:
    from collections.abc import Callable

    from rxtrail.core.epcis.event import Finding

__all__ = ["MODES", "PROFILES", "Again", "Flaw", "Mode", "Profile", "ValidationReport", "validate"]

Profile: TypeAlias = Literal["epcis", "dscsa"]
Mode: TypeAlias = Literal["strict", "lenient"]
PROFILES: tuple[Profile, ...] = ("epcis", "dscsa")
MODES: tuple[Mode, ...] = ("strict", "lenient")

_DEFAULT_LIMITS = Limits()
_IDS_REMEMBERED = 1_000_000
# A DOCTYPE that defines nothing: its name alone. It does no harm, but capture refuses every DOCTYPE.
_DOCTYPE = re.compile(rb"<!DOCTYPE\s+[^\s\[\]<>\"']+\s*>")


class Again:
    """A file that can be read again from its start, and stays open when a reader is done with it."""

    def __init__(self, file: BinaryIO) -> None:
        """Take a file that can be sought in."""
        self._file = file

    def __call__(self) -> BinaryIO:
        """Give it anew."""
        self._file.seek(0)
        return cast("BinaryIO", self)  # readers of documents only read

    def read(self, count: int = -1) -> bytes:
        """Give the next bytes."""
        return self._file.read(count)

    def __enter__(self) -> Self:
        """Read on."""
        return self

    def __exit__(self, *_: object) -> None:
        """Leave the file open."""


class ValidationReport(msgspec.Struct):
    """What was found about one document."""

    valid: bool = False  # strict: the schemas say so (with the dscsa profile: and no error); lenient: it can be read
    schema: str = ""  # "valid" | "invalid" | "none": no schema is for it | "": not asked (lenient)
    profile: str = ""
    mode: str = ""
    syntax: str = ""  # "xml" | "json" | ""
    root: str = ""
    version: str = ""
    events: int = 0
    errors: int = 0
    warnings: int = 0
    findings: list[Flaw] = []


def validate(
    open_stream: Callable[[], BinaryIO],
    *,
    now_us: int,
    profile: Profile = "epcis",
    mode: Mode = "strict",
    limits: Limits = _DEFAULT_LIMITS,
) -> ValidationReport:
    """Validate one document, whose bytes ``open_stream`` gives anew each time it is called."""
    report = ValidationReport(profile=profile, mode=mode)
    flaws = Flaws()
    readable = True
    if mode == "strict":
        readable = _check_schema(open_stream, limits, flaws, report)
    has_schema_error = flaws.has_error
    _check_meaning(open_stream, limits, flaws, report, profile, now_us, told=not readable)
    report.findings = _with_lines(open_stream, [_completed(each) for each in flaws.found], report.syntax)
    counts = {"error": 0, "warning": 0, "info": 0}
    for each in report.findings:
        counts[each.severity] += 1
    report.errors, report.warnings = counts["error"], counts["warning"]
    if mode == "strict":
        if not report.schema:
            report.schema = "invalid" if has_schema_error else "valid"
        by_schema = report.schema == "valid" or (report.schema == "none" and not counts["error"])
        report.valid = readable and by_schema and not (profile == "dscsa" and counts["error"])
    else:
        report.valid = not any(each.code in _REFUSALS for each in report.findings) and not (
            profile == "dscsa" and counts["error"]
        )
    return report


_REFUSALS = frozenset(("NOT_READABLE",))


def _check_schema(open_stream: Callable[[], BinaryIO], limits: Limits, flaws: Flaws, report: ValidationReport) -> bool:
    """Hold a document against the model of the schemas; False when it cannot be read at all."""
    try:
        with open_stream() as stream:
            found = incoming.open_bytes(_past_doctype(stream, flaws), limits, Notes())
            report.syntax = found.syntax
            if found.syntax == "json":
                json_schema.check_document(b"".join(found.chunks), limits, flaws)
                return True
            kind = xml_schema.check_document(found.chunks, limits, flaws)
            if kind == "bare":
                report.schema = "none"
    except BadDocument as bad:
        _refuse(bad, flaws)
        report.schema = "invalid"
        return False
    return True


def _past_doctype(stream: BinaryIO, flaws: Flaws | None = None) -> BinaryIO:
    """Read over a DOCTYPE that defines nothing, its lines kept; any other stays, to be refused."""
    head = stream.read(incoming.PROLOG_BYTES_MAX)
    declared = _DOCTYPE.search(head)
    if declared is not None and b"<!" not in head[: declared.start()].replace(b"<!--", b""):
        if flaws is not None:
            line = head.count(b"\n", 0, declared.start()) + 1
            message = "a document type declaration (DOCTYPE), which capture refuses"
            flaws.add(Flaw("warning", "DTD_REFUSED", message, f"line {line}", line))
        head = head[: declared.start()] + b"\n" * declared[0].count(b"\n") + head[declared.end() :]
    return _joined(head, stream)


def _joined(head: bytes, rest: BinaryIO) -> BinaryIO:
    return cast("BinaryIO", _Joined(head, rest))  # readers of documents only read


class _Joined:
    """Bytes that were read already, and the rest of their stream."""

    def __init__(self, head: bytes, rest: BinaryIO) -> None:
        self._head = head
        self._rest = rest

    def read(self, count: int) -> bytes:
        """Give the next bytes."""
        if self._head:
            taken, self._head = self._head[:count], self._head[count:]
            return taken
        return self._rest.read(count)


def _check_meaning(
    open_stream: Callable[[], BinaryIO],
    limits: Limits,
    flaws: Flaws,
    report: ValidationReport,
    profile: Profile,
    now_us: int,
    *,
    told: bool,
) -> None:
    """Read the document as capture does, and look at what each event and all of them together say."""
    follow = DscsaCheck(flaws, now_us) if profile == "dscsa" else None
    names: dict[str, str] = {}
    try:
        with open_stream() as stream:
            document = reader.open_document(_past_doctype(stream), limits=limits, proceed=True)
            report.syntax = document.header.syntax
            for event, findings, place in document:
                report.events += 1
                for finding in findings:
                    _note(flaws, finding, profile)
                line = line_of(place)
                for severity, code, message, epcs in semantics.check(event, now_us):
                    flaws.add(Flaw(severity, code, message, place, line, epcs=list(epcs)))
                if event.event_id and len(names) < _IDS_REMEMBERED:
                    content = event_hash(event) + ("" if event.error_declaration is None else "!")
                    if names.setdefault(event.event_id, content).rstrip("!") != content.rstrip("!"):
                        message = f"the eventID {event.event_id[:80]} names two different events"
                        flaws.add(Flaw("warning", "EVENT_ID_REUSED", message, place, line))
                if follow is not None:
                    follow.event(event, place)
            for finding in document.findings:
                _note(flaws, finding, profile)
            report.root, report.version = document.header.root, document.header.version
            if follow is not None:
                follow.finish(document.header)
    except BadDocument as bad:
        # A query or a capture job is no document for capture, and may be good by its schema all the same.
        is_message = bad.code == "unknown-root" and report.mode == "strict" and not flaws.has_error
        if not told and not is_message:
            _refuse(bad, flaws)


def _note(flaws: Flaws, finding: Finding, profile: Profile) -> None:
    severity = finding.severity
    if finding.code in ONLY_DSCSA:
        if profile != "dscsa":
            return
        severity = "error" if finding.code in ("MISSING_DSCSA_STATEMENT", "MISSING_EXPIRY") else severity
    elif finding.code == "INVALID_DISPOSITION" and "does not go with" in finding.message and profile != "dscsa":
        severity = "info"
    flaws.note(msgspec.structs.replace(finding, severity=severity))


def _refuse(bad: BadDocument, flaws: Flaws) -> None:
    place = bad.place
    flaws.add(Flaw("error", "NOT_READABLE", f"{bad.code}: {bad.message}", place, line_of(place), advice=bad.advice))


def _completed(flaw: Flaw) -> Flaw:
    """Add the clause, and the advice when the finding brings none of its own."""
    known = entry(flaw.code)
    return msgspec.structs.replace(flaw, clause=flaw.clause or known.clause, advice=flaw.advice or known.advice)


def _with_lines(open_stream: Callable[[], BinaryIO], found: list[Flaw], syntax: str) -> list[Flaw]:
    """Tell the line of each finding that a JSON pointer places."""
    pointers = {each.place for each in found if each.place.startswith("/")}
    if syntax != "json" or not pointers:
        return found
    with open_stream() as stream:
        try:
            text = b"".join(incoming.open_bytes(stream, _DEFAULT_LIMITS, Notes()).chunks)
        except BadDocument:
            return found
    lines = places.lines_of(text, {"" if each == "/" else each for each in pointers})
    return [
        msgspec.structs.replace(each, line=lines.get("" if each.place == "/" else each.place, 0))
        if each.place.startswith("/")
        else each
        for each in found
    ]
