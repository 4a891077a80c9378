"""``rxtrail receipt``: signed receipts of verdicts, given and checked."""

from __future__ import annotations

from pathlib import Path

import click

from rxtrail.cli import exits, say
from rxtrail.cli.call import CODE, GLN, WORDS, Call, command
from rxtrail.cli.defaults import DefaultGroup
from rxtrail.cli.node import writer
from rxtrail.errors import BadRequest

FILE_BYTES_MAX = 64 * 1024
PURPOSES = ("dispense", "receive", "return", "investigate", "public")


@command(
    "of",
    "rxtrail receipt of '(01)00352601815904(21)A1(17)270930(10)QD1DQ'",
    "rxtrail receipt of --site 0300011111246 --qr receipt.svg ']d2010035260181590421A1'",
)
@click.argument("code", type=CODE)
@click.option("--site", type=GLN, help="GLN of the place of the scan.")
@click.option(
    "--purpose", type=click.Choice(PURPOSES), default="dispense", show_default=True, help="Why it is scanned."
)
@click.option("--hidden", is_flag=True, help="Name the pack by a salted hash only.")
@click.option("--qr", type=click.Path(dir_okay=False, path_type=Path), help="Also write it as a QR code: .svg or .png.")
def of(call: Call, code: str, site: str | None, purpose: str, hidden: bool, qr: Path | None) -> int:
    r"""Verify a pack and give a signed receipt of the verdict, whatever it is.

    \b
    Exit code: that of the verdict: 0 ok, 1 stop, 3 check or not covered, 4 not confirmed.
    """
    if qr is not None and qr.suffix.lower() not in (".svg", ".png"):
        raise click.BadParameter("a name that ends in .svg or .png", param_hint="--qr")
    from rxtrail import clock, keys, receipts

    with writer(call) as node:
        verdict = node.verify(code, site=site or "", purpose=purpose)
    key = keys.open_key(_folder(call), random_bytes=clock.random_bytes)
    text = receipts.issue(verdict, key, site=site or "", hidden=hidden, random_bytes=clock.random_bytes)
    if qr is not None:
        from rxtrail.cli import sinks
        from rxtrail.receipts import qr as drawing

        draw = drawing.png if qr.suffix.lower() == ".png" else drawing.svg
        sinks.to_file([draw(text)], qr)
    if call.as_json:
        file = {"file": say.printable(str(qr))} if qr is not None else {}
        say.answer({"receipt": text, "verdict": verdict.verdict, "key": str(key.verifier), **file})
    else:
        say.line((f"{verdict.headline}", verdict.verdict.value))
        say.line(text)
        say.note(f"check it with: rxtrail receipt check TEXT --key '{key.verifier}'")
    return exits.of_answer(verdict.verdict)


@command(
    "check",
    "rxtrail receipt check receipt.txt --key 'rxtrail-0123456789abcdef+1a2b3c4d+AR...'",
    "rxtrail receipt check RXR1:AEAAC... --pack '(01)00352601815904(21)A1(17)270930(10)QD1DQ'",
)
@click.argument("receipt", metavar="TEXT|FILE", type=CODE)
@click.option(
    "--key", type=WORDS, metavar="VKEY", help="The node's verifier key, or a file with it. [default: this node's]"
)
@click.option("--pack", type=CODE, metavar="CODE", help="A scanned pack: is the receipt of this one?")
def check(call: Call, receipt: str, key: str | None, pack: str | None) -> int:
    r"""Check a receipt, offline: whether the node of that key gave it, and what it says.

    \b
    Exit code: 0 genuine, 1 not genuine, no receipt, or of another pack.
    """
    from rxtrail import clock, keys, receipts
    from rxtrail.core.gs1.scan import read_scan

    text = receipt if receipt.upper().startswith(receipts.PREFIX) else _content(receipt)
    if key is None:
        verifier = keys.open_key(_folder(call), random_bytes=clock.random_bytes, create=False).verifier
    else:
        verifier = keys.VerifierKey.parse(key if key.count("+") >= 2 else _content(key))
    scan = read_scan(pack, this_year=clock.today().year) if pack is not None else None
    found = receipts.check(text, verifier, scan=scan)
    if call.as_json:
        say.answer(found)
    else:
        _show(found)
    return exits.FINE if found.genuine and found.same_pack != "no" else exits.NO


@command("key", "rxtrail receipt key")
def key_(call: Call) -> int:
    """The public key of this node, with which anybody checks its receipts."""
    from rxtrail import clock, keys

    key = keys.open_key(_folder(call), random_bytes=clock.random_bytes)
    if call.as_json:
        say.answer({"kind": keys.NODE, "key": str(key.verifier)})
    else:
        say.line(str(key.verifier))
    return exits.FINE


def _folder(call: Call) -> Path:
    """Give the folder of the node, in which its keys lie: that of an SQLite file that stands elsewhere."""
    from rxtrail.bootstrap import folder_of

    return folder_of(call.data, call.store)


def _content(name: str) -> str:
    try:
        with Path(name).open("rb") as file:
            return file.read(FILE_BYTES_MAX).decode("utf-8", "replace").strip()
    except OSError as error:
        raise BadRequest(
            f"this is no receipt and no key, and no file can be read by that name: {error.strerror}",
            place=say.printable(name[:100]),
            advice="Give the text that begins with RXR1:, or a file that holds it.",
        ) from error


def _show(found: object) -> None:
    from rxtrail.receipts import ReceiptCheck

    assert isinstance(found, ReceiptCheck)
    if not found.genuine:
        say.line(("Not genuine", "stop"), ": the node of this key did not give it.")
    else:
        say.line(("Genuine", "ok"), f": verdict {found.verdict}, {found.checked_at}")
    for name, value in (
        ("pack", " ".join(part for part in (found.gtin, found.serial, found.lot, found.expiry) if part)),
        ("pack", "named by its hash only" if found.hidden else ""),
        ("same pack", "" if found.same_pack == "not-asked" else found.same_pack),
        ("site", found.site),
        ("key", found.key),
    ):
        if value:
            say.line(f"  {name}: {value}")


receipt = DefaultGroup(
    "receipt",
    default="of",
    alone=False,
    commands=[of, check, key_],
    summary="Signed receipts of verdicts, which anybody can check offline.",
    epilog="\b\nExamples:\n  rxtrail receipt CODE --qr receipt.svg\n  rxtrail receipt check receipt.txt --key VKEY",
)
COMMANDS = {"receipt": receipt}
