"""``rxtrail recall``: which packs are meant, who has them, held at every counter, answered and closed."""

from __future__ import annotations

import csv
import mimetypes
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from rxtrail.cli import bars, exits, notices_in, say, show, sources
from rxtrail.cli.call import WORDS, Call, command, group
from rxtrail.cli.node import reader, writer
from rxtrail.core.cells import plain_cell
from rxtrail.errors import BadRequest, Refused

if TYPE_CHECKING:
    from collections.abc import Callable

    from rxtrail.core.rules.recall import Recall
    from rxtrail.recalls import AskedRecall, Attachment, RecallPreview, RecallStatus

LIMIT = 100
_ASKED = (
    click.option("--gtin", type=WORDS, multiple=True, help="A product; may be given several times."),
    click.option("--ndc", type=WORDS, multiple=True, help="A product by its NDC: in packages of every level."),
    click.option("--lot", type=WORDS, multiple=True, metavar="LOT[=EXPIRY]", help="A lot: QD1DQ=2027-09, QD1*."),
    click.option("--serial", type=WORDS, multiple=True, metavar="SERIAL[..LAST]", help="One, a range, or S12*."),
    click.option("--all-lots", is_flag=True, help="All lots of these products."),
    click.option("--expires", type=WORDS, metavar="FROM..TO", help="Only packs that expire in this span of days."),
    click.option("--made", type=WORDS, metavar="FROM..TO", help="Only packs that were made in this span of days."),
    click.option(
        "--notice", type=WORDS, metavar="FILE|-", help="A notice as openFDA gives it (JSON), in place of these."
    ),
)
_PARTICULARS = (
    click.option("--title", type=WORDS, help="In a few words."),
    click.option("--reason", type=WORDS, help="Why."),
    click.option(
        "--class", "classification", type=click.Choice(("I", "II", "III")), help="Not given: not yet classified."
    ),
    click.option(
        "--depth",
        type=click.Choice(("wholesale", "retail", "consumer")),
        default="retail",
        show_default=True,
        help="How far it reaches.",
    ),
    click.option("--firm", type=WORDS, help="Who recalls."),
    click.option("--number", type=WORDS, help="The authority's number, such as D-0115-2026."),
    click.option("--issued", "source", flag_value="issued", help="It is our own: a second person must approve it."),
    click.option(
        "--counterfeit", "kind", flag_value="counterfeit", help="A notice of counterfeits: what is named is stopped."
    ),
    click.option(
        "--checks",
        "checks_level",
        type=click.Choice(("A", "B", "C", "D", "E")),
        default="A",
        show_default=True,
        help="Which share of the holders is checked: all, half, 10 %, 2 %, none.",
    ),
    click.option(
        "--answer-hours", type=click.IntRange(1, 8_760), help="In which holders answer; else 24, 72 or 168 by class."
    ),
    click.option(
        "--received", "source", flag_value="received", help="It is a notice of somebody else: it holds at once."
    ),
)


def _with(options: tuple[Any, ...]) -> Callable[[Callable[..., int]], Callable[..., int]]:
    def add(function: Callable[..., int]) -> Callable[..., int]:
        for option in reversed(options):
            function = option(function)
        return function

    return add


@command("list", "rxtrail recall list", "rxtrail recall list --state live --json")
@click.option("--state", type=WORDS, help="draft, review, live, withdrawn, closed or drill; else all.")
@click.option("--after", type=WORDS, metavar="ID", help="Only those after this one.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=LIMIT, show_default=True, help="At most so many.")
def list_(call: Call, state: str | None, after: str | None, limit: int) -> int:
    """List recalls, the newest first; with --json one line a recall."""
    with reader(call) as node:
        found = node.recalls.page(after or "", limit, state=state or "")
    if call.as_json:
        for recall in found:
            say.answer(recall)
    elif not found:
        say.line("no recalls")
    else:
        lines = [(each.id, each.state, each.opened_at[:10], _class(each), each.depth, each.title) for each in found]
        show.rows(["recall", "state", "opened", "class", "depth", "title"], lines)
    return exits.FINE


@command(
    "preview", "rxtrail recall preview --gtin 00352601815904 --lot QD1DQ", "rxtrail recall preview R-ABCDEFGH --json"
)
@click.argument("recall", type=WORDS, required=False, metavar="[ID]")
@_with(_ASKED)
def preview(call: Call, recall: str | None, **asked: Any) -> int:  # noqa: ANN401 (click's own values)
    """Which packs would be recalled, and who has them now. Nothing is changed.

    Exit code 1 when no pack that is meant is on record, 4 when a document that speaks of them is still being written.
    """
    with reader(call) as node:
        found = [node.recalls.preview(each) for each in ([recall] if recall else _asked(asked))]
    for each in found:
        if call.as_json:
            say.answer(each)
        else:
            _show_preview(each)
    if any(each.pending for each in found):
        return exits.CANNOT_TELL
    return exits.FINE if any(each.packs for each in found) else exits.NO


@command(
    "open",
    "rxtrail recall open --gtin 00352601815904 --lot QD1DQ --class II --reason 'Glass in vials' --by 'A. Kim'",
    "rxtrail recall open --notice enforcement.json --by 'A. Kim'",
)
@_with(_ASKED)
@_with(_PARTICULARS)
@click.option("--by", type=WORDS, required=True, metavar="NAME", help="Who opens it.")
@click.option("--drill", is_flag=True, help="A rehearsal: everything but the hold at the counters.")
@click.option(
    "--attach",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    multiple=True,
    help="A file that belongs to it, such as the firm's letter.",
)
def open_(call: Call, by: str, drill: bool, source: str | None, attach: tuple[Path, ...], **asked: Any) -> int:  # noqa: ANN401 (click's own values)
    """Open a recall. An issued one waits for a second person; a received notice holds at once.

    A notice that was not understood without a doubt waits for a person, and warns at the counter meanwhile. Of a notice
    file every report is opened that was not opened before or that says more than it did then: a load that was broken
    off is simply begun again. A file that is cut is refused whole.
    """
    import msgspec

    from rxtrail.recalls import RecallCommand

    particulars = {name: asked[name] for name in ("kind", "checks_level", "answer_hours") if asked[name]}
    particulars["attachments"] = [_attachment(path) for path in attach]
    wanted = [
        msgspec.structs.replace(each, drill=drill, source=source or each.source, **particulars)
        for each in _asked(asked)
    ]
    if len(wanted) != 1:
        return _open_all(call, wanted, by)
    if asked["notice"] and not drill:
        # One report is sorted out as many are; one that was lifted is opened again where it is given alone.
        found = notices_in.sorted_out(call, wanted)
        if found.standing:
            raise Refused(
                f"recall {found.standing[0]} is of the same notice",
                place="number",
                advice=f"Look at it with: rxtrail recall status {found.standing[0]}",
            )
        if len(found.fresh) > 1:  # of more products than one recall can name
            return _open_all(call, wanted, by)
        wanted = found.fresh or wanted
    with writer(call) as node:
        opened = node.recall(RecallCommand("open", by, asked=wanted[0]))
        _tell(call, opened)
    if not call.as_json:
        _tell_missing(call, opened)
    return exits.FINE


def _attachment(path: Path) -> Attachment:
    from rxtrail.recalls import ATTACHMENT_BYTES_MAX, Attachment

    if path.stat().st_size > ATTACHMENT_BYTES_MAX:
        raise BadRequest(f"{path} has more than {ATTACHMENT_BYTES_MAX >> 20} MiB", place="attach")
    media_type = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    return Attachment(path.name, path.read_bytes(), media_type)


def _open_all(call: Call, wanted: list[AskedRecall], by: str) -> int:
    """Open the reports of a notice file that are not known; tell how many there were."""
    with bars.bar() as told:
        counts = notices_in.open_reports(call, wanted, by, lambda done, in_all: told("opening", done, in_all))
    if call.as_json:
        say.answer(counts)
    else:
        notices_in.tell(counts)
    return exits.FINE


@command("attachment", "rxtrail recall attachment R-ABCDEFGH letter.pdf -o letter.pdf")
@click.argument("recall", type=WORDS, metavar="ID")
@click.argument("name", type=WORDS, metavar="NAME")
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), required=True, help="Where to.")
def attachment(call: Call, recall: str, name: str, output: Path) -> int:
    """Write a file that was attached to a recall."""
    with reader(call) as node:
        told, content = node.recalls.attachment(recall, name)
    output.write_bytes(content)
    if call.as_json:
        say.answer(told)
    else:
        say.line(f"{told.size:,} bytes, sha256 {told.sha256}")
    return exits.FINE


def _step(what: str, example: str, words: str, *, reason: bool) -> click.Command:
    @command(what, example)
    @click.argument("recall", type=WORDS, metavar="ID")
    @click.option("--by", type=WORDS, required=True, metavar="NAME", help="Who does it.")
    @click.option("--reason", type=WORDS, required=reason, help="Why.")
    def step(call: Call, recall: str, by: str, reason: str | None) -> int:
        from rxtrail.recalls import RecallCommand

        with writer(call) as node:
            stepped = node.recall(RecallCommand(what, by, recall, reason or ""))
            _tell(call, stepped)
        if what == "approve" and not call.as_json:
            _tell_missing(call, stepped)
        return exits.FINE

    step.help = words
    return step


@command("confirm", "rxtrail recall confirm R-ABCDEFGH --lot QD1DQ --by 'A. Kim' --reason 'Read: one lot.'")
@click.argument("recall", type=WORDS, metavar="ID")
@_with(_ASKED[:-1])
@click.option("--by", type=WORDS, required=True, metavar="NAME", help="Who has read the notice.")
@click.option("--reason", type=WORDS, required=True, help="What was read.")
def confirm(call: Call, recall: str, by: str, reason: str, **asked: Any) -> int:  # noqa: ANN401 (click's own values)
    """Say what a notice means that waits to be read; it then holds. What is not given stays as it was read."""
    import msgspec

    from rxtrail.core.rules.recall import Scope
    from rxtrail.recalls import RecallCommand, scope_of

    with reader(call) as looked:
        before = looked.recalls.get(recall).scope
    told = _told(asked)
    scope = before
    if told is not None:
        products = told.gtins or told.ndcs
        whole = told if products else msgspec.structs.replace(told, gtins=before.gtins)
        read = scope_of(whole)
        scope = Scope(read.gtins, read.lots, read.serials, read.all_lots, read.expires, read.made)
    with writer(call) as node:
        confirmed = node.recall(RecallCommand("confirm", by, recall, reason, scope=scope))
        _tell(call, confirmed)
    if not call.as_json:
        _tell_missing(call, confirmed)
    return exits.FINE


@command("respond", "rxtrail recall respond R-ABCDEFGH --gln 0862500000009 --found 12 --returned 12 --by 'A. Kim'")
@click.argument("recall", type=WORDS, metavar="ID")
@click.option("--gln", type=WORDS, required=True, help="The holder that answers.")
@click.option("--found", type=click.IntRange(0), default=0, help="Packs found.")
@click.option("--returned", type=click.IntRange(0), default=0, help="Of these, sent back.")
@click.option("--destroyed", type=click.IntRange(0), default=0, help="Of these, destroyed.")
@click.option("--note", type=WORDS, help="In words.")
@click.option("--by", type=WORDS, required=True, metavar="NAME", help="Who notes it.")
def respond(
    call: Call, recall: str, gln: str, found: int, returned: int, destroyed: int, note: str | None, by: str
) -> int:
    """Note what a holder answered; a later answer of the same holder takes the place of the earlier."""
    from rxtrail.core.rules.recall import Response
    from rxtrail.recalls import RecallCommand

    response = Response(gln, "", by, found, returned, destroyed, note or "")
    with writer(call) as node:
        _tell(call, node.recall(RecallCommand("respond", by, recall, response=response)))
    return exits.FINE


@command("status", "rxtrail recall status R-ABCDEFGH --json")
@click.argument("recall", type=WORDS, metavar="ID")
def status(call: Call, recall: str) -> int:
    """How far a recall is: who has the packs, who answered, what share was accounted for."""
    with reader(call) as node:
        answer = node.recalls.status(recall)
    if call.as_json:
        say.answer(answer)
        return exits.FINE
    _show(answer.recall)
    lines = [
        (each.gln or "nobody", each.name, f"{each.reachable:,}", f"{each.dispensed:,}", _answer(each))
        for each in answer.holders
    ]
    if lines:
        show.rows(["holder", "name", "to find", "dispensed", "answered"], lines)
    _show_counts(answer)
    for step in answer.recall.history:
        say.line(f"  {step.at[:16]}  {step.what}  {step.by}  {step.reason}")
    return exits.FINE


@command("packs", "rxtrail recall packs R-ABCDEFGH --out notices/")
@click.argument("recall", type=WORDS, metavar="ID")
@click.option(
    "--out", type=click.Path(file_okay=False, path_type=Path), help="A folder: one CSV a holder, to send out."
)
def packs(call: Call, recall: str, out: Path | None) -> int:
    """Every pack of a recall, one a line; or one list for each holder with its own packs."""
    lists: dict[str, list[tuple[str, ...]]] = {}
    with reader(call) as node:
        for pack in node.recalls.packs(recall):
            if call.as_json:
                say.answer(pack._asdict())
            elif out is None:
                say.line("  ".join(str(part) for part in pack))
            lists.setdefault(pack.in_transit_to or pack.custodian, []).append(tuple(str(part) for part in pack[:5]))
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        for holder, rows in lists.items():
            _write_list(out / f"{recall}-{holder or 'nobody'}.csv", rows)
        say.note(f"{len(lists)} lists in {out}")
    return exits.FINE


def _write_list(path: Path, rows: list[tuple[str, ...]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(("gtin", "serial", "lot", "expiry", "state"))
        table.writerows([plain_cell(cell) for cell in row] for row in rows)


@command("notices", "rxtrail recall notices R-ABCDEFGH --out notices/ --by 'A. Kim'")
@click.argument("recall", type=WORDS, metavar="ID")
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), required=True, help="A folder.")
@click.option("--by", type=WORDS, required=True, metavar="NAME", help="Who sends them.")
def notices(call: Call, recall: str, out: Path, by: str) -> int:
    """Write for each holder a letter and the list of its own packs, and keep that this was done.

    A node that joined this hub has the recall already; the letter asks everybody for an answer all the same.
    """
    from rxtrail.recalls import RecallCommand

    lists: dict[str, list[tuple[str, ...]]] = {}
    with reader(call) as looked:
        status = looked.recalls.status(recall)
        for pack in looked.recalls.packs(recall):
            lists.setdefault(pack.in_transit_to or pack.custodian, []).append(tuple(str(part) for part in pack[:5]))
    out.mkdir(parents=True, exist_ok=True)
    names = {holder.gln: holder.name for holder in status.holders}
    told = sorted({*status.recall.expected, *(gln for gln in lists if gln)})
    for gln in told:
        _write_list(out / f"{recall}-{gln}.csv", lists.get(gln, []))
        letter = _letter(status.recall, gln, names.get(gln, ""), len(lists.get(gln, [])))
        (out / f"{recall}-{gln}.txt").write_text(letter, encoding="utf-8")
    if told:
        with writer(call) as node:
            kept = node.recall(RecallCommand("notice", by, recall, holders=told))
    else:
        kept = status.recall
    if lists.get(""):
        say.note(f"{len(lists['']):,} packs are with nobody whom the record knows: rxtrail recall packs {recall}")
    if call.as_json:
        say.answer({"recall": recall, "holders": told, "folder": str(out), "noticed": kept.noticed})
    else:
        say.line((f"{len(told)} notices", "strong"), f" in {out}")
    return exits.FINE


def _letter(recall: Recall, gln: str, name: str, packs: int) -> str:
    """Write what a holder must know and do (21 CFR 7.49)."""
    scope = recall.scope
    what = "COUNTERFEIT NOTICE" if recall.kind == "counterfeit" else "RECALL, A REHEARSAL" if recall.drill else "RECALL"
    lots = ", ".join(f"{each.lot}{'*' if each.prefix else ''}" for each in scope.lots[:200]) or "see the list"
    return "\n".join(
        [
            f"{what} {recall.id}" + (f" ({recall.number})" if recall.number else ""),
            f"To: {name or 'the holder'} (GLN {gln})",
            "",
            f"What: {recall.title}",
            f"Products: {', '.join(scope.gtins)}",
            f"Lots: {'all' if scope.all_lots else lots}",
            f"Class: {recall.classification}. Depth: {recall.depth} level.",
            f"Why: {recall.reason or 'not told'}",
            *([f"By: {recall.firm}"] if recall.firm else []),
            "",
            f"The record has {packs:,} packs with you; their serial numbers are in {recall.id}-{gln}.csv.",
            "Stop selling them at once and set them aside. If you passed any on, tell those who got them.",
            f"Answer by {recall.answer_by[:16].replace('T', ' ')} UTC, also when you found none:",
            "how many packs you found, sent back and destroyed.",
            "",
        ]
    )


@command("acknowledge", "rxtrail recall acknowledge R-ABCDEFGH --gln 0862500000009 --by 'A. Kim'")
@click.argument("recall", type=WORDS, metavar="ID")
@click.option("--gln", type=WORDS, required=True, help="The holder that has its notice.")
@click.option("--by", type=WORDS, required=True, metavar="NAME", help="Who notes it.")
def acknowledge(call: Call, recall: str, gln: str, by: str) -> int:
    """Note that a holder has its notice; what it found comes later, with respond."""
    from rxtrail.recalls import RecallCommand

    with writer(call) as node:
        _tell(call, node.recall(RecallCommand("acknowledge", by, recall, gln=gln)))
    return exits.FINE


@command("check", "rxtrail recall check R-ABCDEFGH --gln 0862500000009 --outcome followed --by 'A. Kim'")
@click.argument("recall", type=WORDS, metavar="ID")
@click.option("--gln", type=WORDS, required=True, help="The holder that was checked.")
@click.option(
    "--outcome", type=click.Choice(("followed", "not-followed", "not-reached")), required=True, help="What was found."
)
@click.option("--note", type=WORDS, help="In words.")
@click.option("--by", type=WORDS, required=True, metavar="NAME", help="Who checked.")
def check(call: Call, recall: str, gln: str, outcome: str, note: str | None, by: str) -> int:
    """Note an effectiveness check: whether a holder got the notice and did what it asks."""
    from rxtrail.recalls import RecallCommand

    with writer(call) as node:
        _tell(call, node.recall(RecallCommand("check", by, recall, note or "", gln=gln, outcome=outcome)))
    return exits.FINE


@command("report", "rxtrail recall report R-ABCDEFGH", "rxtrail recall report R-ABCDEFGH --json > report.json")
@click.argument("recall", type=WORDS, metavar="ID")
def report(call: Call, recall: str) -> int:
    """What is kept of a recall, or of a drill, when it ends: who had what, what was found, how long it took."""
    with reader(call) as node:
        found = node.recalls.report(recall)
    if call.as_json:
        say.answer(found)
        return exits.FINE
    status = found.status
    _show(status.recall)
    _show_preview(found.preview)
    _show_counts(status)
    took = ", ".join(f"{what.replace('_', ' ')} after {_span_words(took)}" for what, took in found.took.items())
    say.line(f"  who has what was found in {found.located * 1000:.0f} ms; {took or 'nothing has come about yet'}")
    say.line(
        f"  checks of level {status.recall.checks_level}: {status.checked} made, {status.followed} followed, "
        f"{len(status.to_check)} to make"
    )
    for gln, packs in found.unaccounted.items():
        say.line("  ", (f"{packs:,} packs of {gln} are not accounted for", "check"))
    for step in status.recall.history:
        say.line(f"  {step.at[:16]}  {step.what}  {step.by}  {step.reason}")
    return exits.FINE


def _span_words(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.1f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7_200 else f"{seconds / 3_600:.1f} h"


@command("read", "rxtrail recall read 'Lot #: A12345, A12346, Exp 01/25' --json")
@click.argument("text", type=WORDS, metavar="TEXT|-")
def read(call: Call, text: str) -> int:
    """Read the code_info of a notice only: which lots it names, and what was not understood (then exit code 3)."""
    import msgspec

    from rxtrail.core.notices.code_info import read_code_info

    found = read_code_info(sys.stdin.read() if text == sources.STDIN else text)
    if call.as_json:
        say.answer({**msgspec.to_builtins(found), "confident": found.confident, "groups": found.by_group})
    else:
        for lot in found.lots:
            say.line(f"{lot.lot}  {lot.expiry or ''}  {' '.join(lot.groups)}".rstrip())
        for span in found.ranges:
            say.line(f"{span.first} .. {span.last}  {span.expiry or ''}".rstrip())
        say.line((f"{found.kind.value}{'' if found.confident else ': a person must read it'}", "strong"))
        for doubt in found.doubts:
            say.line(f"  {doubt}")
    return exits.FINE if found.confident else exits.CHECK


# -- what was typed ------------------------------------------------------------------------------------------------


def _asked(given: dict[str, Any]) -> list[AskedRecall]:
    """Give what is asked for: of a notice file one for each report."""
    notice = given.get("notice")
    told = _told(given)
    if notice:
        if told is not None:
            raise click.UsageError("give a notice, or products and lots: not both")
        from rxtrail.recalls import asked_of, read_reports

        return [asked_of(report) for report in read_reports(sources.content(notice))]
    if told is None:
        raise click.UsageError(
            "say what is recalled: --gtin or --ndc with --lot, --serial or --all-lots, or a --notice"
        )
    return [told]


def _told(given: dict[str, Any]) -> AskedRecall | None:
    from rxtrail.core.rules.recall import LotScope, SerialScope
    from rxtrail.recalls import AskedRecall

    names = ("gtin", "ndc", "lot", "serial", "all_lots", "expires", "made")
    if not any(given.get(name) for name in names):
        return None
    lots = [
        LotScope(lot.removesuffix("*"), expiry, lot.endswith("*"))
        for lot, _, expiry in (each.partition("=") for each in given["lot"])
    ]
    serials = [
        SerialScope(first.removesuffix("*"), (last or first).removesuffix("*"), first.endswith("*"))
        for first, _, last in (each.partition("..") for each in given["serial"])
    ]
    return AskedRecall(
        title=given.get("title") or "",
        reason=given.get("reason") or "",
        gtins=list(given["gtin"]),
        ndcs=list(given["ndc"]),
        lots=lots,
        serials=serials,
        all_lots=bool(given["all_lots"]),
        expires=_span(given["expires"], "expires"),
        made=_span(given["made"], "made"),
        classification=given.get("classification") or "not yet classified",
        depth=given.get("depth") or "retail",
        firm=given.get("firm") or "",
        number=given.get("number") or "",
        kind=given.get("kind") or "recall",
        checks_level=given.get("checks_level") or "A",
        answer_hours=given.get("answer_hours") or 0,
    )


def _span(text: str | None, place: str) -> Any:  # noqa: ANN401 (imported where it is used)
    from rxtrail.core.rules.recall import Span

    if not text:
        return Span()
    since, dots, until = text.partition("..")
    if not dots:
        raise BadRequest(f"{text!r} is no span of days", place=place, advice="Write it as 2026-01-01..2026-03-31.")
    return Span(since, until)


# -- what is shown -------------------------------------------------------------------------------------------------


def _class(recall: Recall) -> str:
    return recall.classification if recall.classification.startswith("not") else f"class {recall.classification}"


def _tell(call: Call, recall: Recall) -> None:
    if call.as_json:
        say.answer(recall)
    else:
        _show(recall)


def _tell_missing(call: Call, recall: Recall) -> None:
    """Tell which lots that are named have no pack on record: most likely they were typed wrong."""
    with reader(call) as looked:
        missing = looked.recalls.preview(recall.id).not_on_record
    for lot in missing:
        say.line("  ", (f"lot {lot}: no pack on record here; it holds all the same", "check"))


def _show(recall: Recall) -> None:
    say.line((f"{recall.id}  {recall.state}", "strong"), f"  {recall.title}  {_class(recall)}, {recall.depth} level")
    lots = ", ".join(lot.lot for lot in recall.scope.lots[:10]) or ("all lots" if recall.scope.all_lots else "")
    say.line(f"  {', '.join(recall.scope.gtins[:4])}{' ...' if len(recall.scope.gtins) > 4 else ''}  {lots}")
    for doubt in recall.doubts:
        say.line("  ", (f"not understood: {doubt}", "check"))
    if recall.state == "draft":
        say.line("  ", ("waits for a second person: rxtrail recall approve", "check"), f" {recall.id} --by NAME")
    if recall.state == "review":
        say.line("  ", ("waits to be read by a person: rxtrail recall confirm", "check"), f" {recall.id} --by NAME")


def _show_preview(found: RecallPreview) -> None:
    counts = ", ".join(f"{count:,} {state}" for state, count in found.by_state.items()) or "none on record"
    say.line((f"{found.packs:,} packs", "strong"), f": {counts}  ({found.seconds * 1000:.0f} ms)")
    if found.lots:
        show.rows(["gtin", "lot", "expiry", "packs"], [(e.gtin, e.lot, e.expiry, f"{e.packs:,}") for e in found.lots])
    if found.holders:
        show.rows(
            ["holder", "name", "on hand", "in transit", "on hold", "dispensed", "ended"],
            [
                (
                    e.gln or "nobody",
                    e.name,
                    *(f"{n:,}" for n in (e.on_hand, e.in_transit, e.on_hold, e.dispensed, e.ended)),
                )
                for e in found.holders
            ],
        )
    if found.lot_unknown:
        say.line("  ", (f"{found.lot_unknown:,} packs whose lot nobody stated: amber at the counter", "check"))
    for lot in found.not_on_record:
        say.line("  ", (f"lot {lot}: no pack on record here", "check"))
    if found.unread:
        count = sum(each.packs for each in found.unread)
        say.line("  ", (f"perhaps meant, until somebody has read the notice: {count:,} packs of other lots", "check"))
    if found.not_affected:
        count = sum(each.packs for each in found.not_affected)
        say.line(f"  not affected: {count:,} packs of {len(found.not_affected)} other lots")


def _show_counts(answer: RecallStatus) -> None:
    share = "" if answer.effectiveness is None else f", {answer.effectiveness:.1%} accounted for"
    say.line(
        f"  {answer.expected:,} packs expected, {answer.found:,} found, {answer.returned:,} returned, "
        f"{answer.destroyed:,} destroyed{share}; {len(answer.silent)} holders silent, {len(answer.owing)} with a "
        "notice and no answer"
    )
    for gln in answer.overdue:
        say.line("  ", (f"{gln} should have answered by {answer.recall.answer_by[:16]}", "check"))


def _answer(holder: Any) -> str:  # noqa: ANN401 (HolderCount, imported where it is used)
    told = holder.response
    return (
        ""
        if told is None
        else f"{told.at[:16]} found {told.found}, returned {told.returned}, destroyed {told.destroyed}"
    )


recall = group(
    "recall",
    "Recalls: preview, open, approve, status, close.",
    [
        list_,
        preview,
        open_,
        _step(
            "approve",
            "rxtrail recall approve R-ABCDEFGH --by 'B. Lee'",
            "Approve an issued recall that somebody else opened; it then holds at every counter.",
            reason=False,
        ),
        confirm,
        respond,
        status,
        packs,
        attachment,
        notices,
        acknowledge,
        check,
        _step(
            "escalate",
            "rxtrail recall escalate R-ABCDEFGH --by 'A. Kim'",
            "Open a case for each holder that should have answered by now; with a reason, for each that has not.",
            reason=False,
        ),
        report,
        _step(
            "withdraw",
            "rxtrail recall withdraw R-ABCDEFGH --by 'B. Lee' --reason 'A wrong lot number.'",
            "Withdraw a recall with a reason: its packs are as they were before.",
            reason=True,
        ),
        _step(
            "close",
            "rxtrail recall close R-ABCDEFGH --by 'B. Lee'",
            "Close a recall; packs that were not found stay recalled. Silent holders need a reason.",
            reason=False,
        ),
        read,
    ],
)
COMMANDS = {"recall": recall}
