"""The page where a proof is checked: by a real Chromium, by WebCrypto, with the server out of reach."""

from __future__ import annotations

import base64
import io
import json
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey

from rxtrail.bootstrap import open_node
from rxtrail.core.merkle import note, record_proof, signed_checkpoint, signing, tlog_proof
from rxtrail.proofs.checking import check
from rxtrail.store.rows import RecordKind
from tests.published import LOG, TIME, WITNESS, publish
from tests.web import scene

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from playwright.sync_api import Page

    from tests.e2e.conftest import OpenPage

pytestmark = pytest.mark.browser

SERIALS = [f"P{number:03}" for number in range(500)]
PACK = f"01/{scene.GTIN}/21/P007"
POST_QUANTUM = signing.ml_dsa_signer("pq.example", MLDSA44PrivateKey.from_seed_bytes(b"\5" * 32))
STRANGER = signing.ed25519_signer(
    "v.example", Ed25519PrivateKey.from_private_bytes(b"\6" * 32), kind=note.COSIGNATURE_ED25519
)
Proofs = dict[str, bytes]


@pytest.fixture(scope="module")
def proofs(tmp_path_factory: pytest.TempPathFactory) -> Proofs:
    """Proofs of a node that is long gone when they are checked."""
    folder: Path = tmp_path_factory.mktemp("proofs") / "data"
    with open_node(folder) as node:
        node.capture(io.BytesIO(scene.shipment(*SERIALS)), name="shipment.xml")
        for number in range(300):
            node.verify(scene.scan(SERIALS[number]))
        node._writing()[0].do(lambda _tx, _log: None)  # what was scanned is written with it
        publish(node, cosigned_by=(WITNESS, POST_QUANTUM))
        index = node.proofs.of_pack(PACK).index
        scan = next(row[0] for row in node._reader().entries_from(0, 1000) if row[1] == RecordKind.SCAN)
        return {
            "pack": node.proofs.of_pack(PACK).octets,
            "event": node.proofs.of_record(index).octets,
            "scan": node.proofs.of_record(scan).octets,
        }


def drop(page: Page, octets: bytes, name: str = "pack.tlog-proof") -> str:
    """Drop a file, wait for what is said of it, and give that."""
    page.evaluate("() => { delete document.getElementById('result').dataset.checkedAt; }")
    page.evaluate(
        """([name, content]) => {
            const octets = Uint8Array.from(atob(content), (character) => character.charCodeAt(0));
            const files = new DataTransfer();
            files.items.add(new File([octets], name));
            document.dispatchEvent(new DragEvent('drop', { dataTransfer: files, bubbles: true, cancelable: true }));
        }""",
        [name, base64.b64encode(octets).decode()],
    )
    page.wait_for_selector("#result[data-holds][data-checked-at]")
    return page.get_attribute("#result", "data-holds") or ""


def words(page: Page) -> str:
    return page.inner_text("#result")


@pytest.fixture
def page(open_page: OpenPage) -> Page:
    opened: Page = open_page("/proof")
    opened.fill("#key", str(LOG.verifier))
    return opened


def test_a_proof_is_checked_by_the_browser_alone(page: Page, proofs: Proofs) -> None:
    assert "No proof yet" in words(page)
    page.context.set_offline(True)
    assert drop(page, proofs["pack"]) == "yes"
    told = words(page)
    for part in (
        f"(01){scene.GTIN}(21)P007",
        scene.LOT,
        scene.GTIN,
        "499 others",
        "commissioning",
        LOG.verifier.name,
        str(LOG.verifier),
    ):
        assert part in told
    assert "no verdict on the pack" in told
    assert "P008" not in told
    took = float(page.get_attribute("#result", "data-took-ms") or 0)
    assert took > 0, "what it cost was measured"
    assert "ms, by this browser" in told, "and is told"
    page.set_input_files("#files", {"name": "event.tlog-proof", "mimeType": "text/plain", "buffer": proofs["event"]})
    page.wait_for_function("() => document.getElementById('result').innerText.includes('opened whole')")


def test_a_whole_record_is_opened(page: Page, proofs: Proofs) -> None:
    assert drop(page, proofs["event"]) == "yes"
    assert "opened whole" in words(page)
    assert drop(page, proofs["scan"]) == "yes"
    assert "scan" in words(page)


def test_the_witnesses_that_are_asked_for_must_have_cosigned(page: Page, proofs: Proofs) -> None:
    page.fill("#key", f"{LOG.verifier}\n{WITNESS.verifier}\n")
    assert drop(page, proofs["pack"]) == "yes"
    assert WITNESS.verifier.name in words(page)
    page.fill("#key", f"{LOG.verifier}\n{STRANGER.verifier}\n")
    assert drop(page, proofs["pack"]) == "no"
    assert "Too few of the witnesses" in words(page)
    page.fill("#key", f"{LOG.verifier}\n{POST_QUANTUM.verifier}\n")
    assert drop(page, proofs["pack"]) == "no"
    assert "ML-DSA" in words(page)


def test_a_policy_is_followed(page: Page, proofs: Proofs) -> None:
    lines = [
        f"log {LOG.verifier}",
        f"witness A {WITNESS.verifier} https://a.example",
        f"witness B {STRANGER.verifier}",
        "group one any A B",
        "quorum one",
    ]
    for changed, holds in (("", "yes"), ("group one 2 A B", "no"), ("group one all A", "yes"), ("group one 1 B", "no")):
        page.fill("#key", "\n".join(changed if changed and line.startswith("group") else line for line in lines))
        assert drop(page, proofs["pack"]) == holds, changed
    for wrong in (
        "log x",
        "quorum none\nquorum none",
        "quorum A",
        "witness none x",
        f"log {WITNESS.verifier}\nquorum none",
    ):
        page.fill("#key", wrong)
        assert drop(page, proofs["pack"]) == "unknown"


def test_a_proof_of_another_log_is_not_believed(page: Page, proofs: Proofs) -> None:
    other = signing.ed25519_signer(LOG.verifier.name, Ed25519PrivateKey.from_private_bytes(b"\7" * 32))
    page.fill("#key", str(other.verifier))
    assert drop(page, proofs["pack"]) == "no"
    assert "has not signed" in words(page)
    elsewhere = signing.ed25519_signer("elsewhere", Ed25519PrivateKey.from_private_bytes(b"\1" * 32))
    page.fill("#key", str(elsewhere.verifier))
    assert drop(page, proofs["pack"]) == "no"
    page.fill("#key", "nonsense")
    assert drop(page, proofs["pack"]) == "unknown"
    page.fill("#key", "")
    assert drop(page, proofs["pack"]) == "unknown"


CHECK = """async ([version, keys, proofs]) => {
    const { Bad, policyOf, readProof } = await import(`/static/${version}/tlog.js`);
    const { extraOf, shownBy } = await import(`/static/${version}/proof-record.js`);
    const policy = await policyOf(keys);
    const answers = [];
    for (const content of proofs) {
        try {
            const proof = readProof(Uint8Array.from(atob(content), (character) => character.charCodeAt(0)));
            const extra = extraOf(proof.extra);
            await proof.check(extra.entry, policy);
            const shown = await shownBy(extra);
            answers.push(JSON.stringify([shown.kind, shown.packages, shown.count]));
        } catch (wrong) {
            if (!(wrong instanceof Bad)) throw wrong;
            answers.push('');
        }
    }
    return answers;
}"""


def judged(page: Page, proofs: list[bytes]) -> list[str]:
    """Give what the browser's own check says of each, without a picture of it."""
    from rxtrail.web.pages.render import VERSION

    given = [base64.b64encode(one).decode() for one in proofs]
    answers: list[str] = page.evaluate(CHECK, [VERSION, str(LOG.verifier), given])
    return answers


@pytest.mark.parametrize("kind", ["pack", "event", "scan"])
def test_no_changed_byte_is_believed(page: Page, proofs: Proofs, kind: str) -> None:
    octets = proofs[kind]
    step = max(1, len(octets) // 400)
    changed = []
    for at in range(0, len(octets), step):
        wrong = bytearray(octets)
        wrong[at] ^= 1 << at % 8
        changed.append(bytes(wrong))
    # A signature line of the witness or of the post-quantum key may be changed: with this policy nobody knows them.
    known = [bool(check(one, [LOG.verifier]).holds) for one in changed]
    assert [bool(answer) for answer in judged(page, changed)] == known
    assert sum(known) < len(known) / 2 or kind != "pack"


def resigned(octets: bytes, change: Callable[[tlog_proof.TlogProof], tlog_proof.TlogProof]) -> bytes:
    return change(tlog_proof.parse(octets)).format()


def with_extra(octets: bytes, extra: bytes) -> bytes:
    return msgspec.structs.replace(tlog_proof.parse(octets), extra=extra).format()


def test_the_browser_and_the_program_agree_on_what_is_no_proof(page: Page, proofs: Proofs) -> None:
    pack = proofs["pack"]
    parsed = tlog_proof.parse(pack)
    extra = parsed.extra or b""
    shown = record_proof.decode(extra)
    summary, leaf = shown.leaves
    replace = msgspec.structs.replace
    told: dict[str, Any] = json.loads(extra)
    head = signed_checkpoint.parse(parsed.checkpoint).checkpoint
    unsigned = signed_checkpoint.sign(head, [WITNESS.sign(head.text(), time=TIME)]).format()
    wrong = [
        b"",
        b"\xff",
        pack[:-1],
        pack + b"\n",
        pack.replace(b"@v1", b"@v2"),
        pack.replace(b"\nindex ", b"\nindex 0"),
        with_extra(pack, b"{}"),
        with_extra(pack, extra + b" "),
        with_extra(pack, extra.replace(b'"count":', b'"count":1,"count":')),
        with_extra(pack, json.dumps(dict(reversed(told.items())), separators=(",", ":")).encode()),
        with_extra(pack, record_proof.encode(replace(shown, leaves=(summary, replace(leaf, text=leaf.text + "0"))))),
        with_extra(pack, record_proof.encode(replace(shown, leaves=(leaf, summary)))),
        with_extra(pack, record_proof.encode(replace(shown, leaves=(leaf,)))),
        with_extra(pack, record_proof.encode(replace(shown, leaves=(summary, leaf, leaf)))),
        with_extra(pack, record_proof.encode(replace(shown, leaves=()))),
        with_extra(pack, record_proof.encode(replace(shown, count=shown.count - 100))),
        with_extra(pack, record_proof.encode(replace(shown, salt=bytes(32), opening=b"\x01\x90"))),
        replace(parsed, index=parsed.index + 1).format(),
        replace(parsed, hashes=parsed.hashes[:-1]).format(),
        replace(parsed, hashes=(*parsed.hashes, parsed.hashes[0])).format(),
        replace(parsed, checkpoint=unsigned).format(),
        replace(parsed, extra=None).format(),
    ]
    assert [check(one, [LOG.verifier]).holds for one in wrong] == [False] * len(wrong)
    assert judged(page, wrong) == [""] * len(wrong)
    assert judged(page, [pack]) == ['["event",["' + PACK + '"],500]']


def test_the_page_fits_a_small_phone_and_escapes_what_it_shows(open_page: OpenPage, proofs: Proofs) -> None:
    page = open_page("/proof", viewport={"width": 320, "height": 640})
    page.fill("#key", str(LOG.verifier))
    assert drop(page, proofs["pack"], name="<img src=x onerror=document.title=1>") == "yes"
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    assert page.title().startswith("Check a proof")
    assert drop(page, b"<img src=x onerror=document.title=1>" * 10) == "no"
    assert page.locator("#result img").count() == 0


def test_a_file_that_is_too_large_is_not_read(page: Page) -> None:
    page.evaluate(
        """() => {
            const files = new DataTransfer();
            files.items.add(new File([new Uint8Array(5_000_000)], 'large'));
            document.dispatchEvent(new DragEvent('drop', { dataTransfer: files, bubbles: true, cancelable: true }));
        }"""
    )
    page.wait_for_selector("#result[data-holds=no]")
    assert "larger than any proof" in words(page)
