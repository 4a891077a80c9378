"""Notes, checkpoints, keys and cosignatures: read in one form only, and believed only when signed."""

from __future__ import annotations

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from rxtrail.core.merkle import checkpoint, cosignature, note
from rxtrail.core.merkle.checkpoint import Checkpoint
from rxtrail.core.merkle.errors import BadKey, BadNote
from rxtrail.core.merkle.note import Note, Signature, VerifierKey
from rxtrail.core.merkle.tree import EMPTY_ROOT

SECRET = Ed25519PrivateKey.from_private_bytes(b"\7" * 32)
LOG = VerifierKey("example.com/log", note.ED25519, SECRET.public_key().public_bytes_raw())
WITNESS = VerifierKey("witness.example", note.COSIGNATURE_ED25519, SECRET.public_key().public_bytes_raw())
POST_QUANTUM_SECRET = MLDSA44PrivateKey.from_seed_bytes(b"\7" * 32)
POST_QUANTUM = VerifierKey(
    "pq.example", note.COSIGNATURE_ML_DSA_44, POST_QUANTUM_SECRET.public_key().public_bytes_raw()
)
HEAD = Checkpoint("example.com/log", 7, b"\1" * 32)
TEXT = HEAD.text()

names = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Z"], exclude_characters="+"), min_size=1)
texts = st.text(st.characters(codec="utf-8", exclude_categories=["Cc"], include_characters="\n")).map(
    lambda s: s + "\n"
)


def by_log(text: str = TEXT) -> Signature:
    return Signature(LOG.name, LOG.key_id, SECRET.sign(text.encode()))


def by_witness(text: str = TEXT, time: int = 1_700_000_000) -> Signature:
    signed = SECRET.sign(cosignature.ed25519_message(text, time))
    return Signature(WITNESS.name, WITNESS.key_id, time.to_bytes(8, "big") + signed)


def by_post_quantum(time: int = 1_700_000_000) -> Signature:
    message = cosignature.ml_dsa_message(POST_QUANTUM.name, time, HEAD.origin, 0, HEAD.size, HEAD.root)
    assert message is not None
    return Signature(
        POST_QUANTUM.name, POST_QUANTUM.key_id, time.to_bytes(8, "big") + POST_QUANTUM_SECRET.sign(message)
    )


@given(
    texts, st.lists(st.tuples(names, st.binary(min_size=4, max_size=4), st.binary(min_size=1)), min_size=1, max_size=5)
)
def test_a_note_is_read_as_it_was_written(text: str, signatures: list[tuple[str, bytes, bytes]]) -> None:
    written = Note(text, tuple(Signature(*one) for one in signatures))
    assert note.parse(written.format()) == written


@given(st.binary(max_size=60), st.integers(0, 200))
def test_what_is_read_is_written_again_the_same(noise: bytes, at: int) -> None:
    octets = Note(TEXT, (by_log(),)).format()
    changed = octets[:at] + noise + octets[at:]
    try:
        found = note.parse(changed)
    except BadNote:
        return
    assert found.format() == changed


LINE = "— a AAAAAAA=\n"


@pytest.mark.parametrize(
    "wrong",
    [
        "",
        "text\n",
        f"text\n{LINE}",
        f"text\n\n{LINE[:-1]}",
        "text\n\n",
        f"text\n\n{LINE}\n",
        f"te\rxt\n\n{LINE}",
        f"te\txt\n\n{LINE}",
        f"text\n\n-{LINE[1:]}",
        "text\n\n— a AAAAAAB=\n",
        "text\n\n— a AAAAAA==\n",
        "text\n\n— a AAAAAAA=AAAA\n",
        "text\n\n— a AAAAAAA\n",
        "text\n\n— a  AAAAAAA=\n",
        "text\n\n— a AAAAAAA= \n",
        "text\n\n— a b AAAAAAA=\n",
        "text\n\n— a+b AAAAAAA=\n",
        "text\n\n— a\u00a0b AAAAAAA=\n",
        "text\n\n— a\u2028b AAAAAAA=\n",
        "text\n\n—  AAAAAAA=\n",
        "text\n\n— a AAAA_AA=\n",
        "text\n\n" + LINE * (note.SIGNATURES_MAX + 1),
    ],
)
def test_a_note_in_any_other_form_is_refused(wrong: str) -> None:
    with pytest.raises(BadNote):
        note.parse(wrong.encode())


def test_bytes_that_are_no_text_are_no_note() -> None:
    for wrong in (
        b"te\xff\n\n" + LINE.encode(),
        b"te\xed\xa0\x80\n\n" + LINE.encode(),
        b"x" * (note.NOTE_BYTES_MAX + 1),
    ):
        with pytest.raises(BadNote):
            note.parse(wrong)


def test_many_signatures_are_read() -> None:
    assert len(note.parse(f"text\n\n{LINE * note.SIGNATURES_MAX}".encode()).signatures) == note.SIGNATURES_MAX


def test_a_text_with_blank_lines_ends_at_the_last_one() -> None:
    assert note.parse(f"a\n\nb\n\n\n{LINE}".encode()).text == "a\n\nb\n\n"


@pytest.mark.parametrize(
    ("key", "signature"), [(LOG, by_log()), (WITNESS, by_witness()), (POST_QUANTUM, by_post_quantum())]
)
def test_a_signature_is_of_its_text_key_and_time(key: VerifierKey, signature: Signature) -> None:
    signed = Note(TEXT, (signature,))
    assert note.verify(signed, [key]) == {key: signature}
    other_text = Checkpoint("example.com/log", 8, b"\1" * 32).text()
    with pytest.raises(BadNote):
        note.verify(Note(other_text, (signature,)), [key])
    for at in (0, 7, 8, 40, len(signature.signature) - 1):
        octets = bytearray(signature.signature)
        octets[at] ^= 1
        with pytest.raises(BadNote):
            note.verify(Note(TEXT, (Signature(key.name, key.key_id, bytes(octets)),)), [key])
    for wrong in (signature.signature[:-1], signature.signature + b"\0", b"\0"):
        assert not key.verifies(TEXT, wrong)


def test_unknown_signatures_are_passed_over_and_wrong_ones_of_known_keys_are_not() -> None:
    stranger = Signature("stranger", b"1234", b"anything")
    assert note.verify(Note(TEXT, (stranger, by_log())), [LOG, WITNESS]) == {LOG: by_log()}
    with pytest.raises(BadNote, match="no key that we know"):
        note.verify(Note(TEXT, (stranger,)), [LOG])
    same_name = Signature(LOG.name, b"1234", b"anything")
    assert note.verify(Note(TEXT, (same_name, by_log())), [LOG]) == {LOG: by_log()}
    forged = Signature(LOG.name, LOG.key_id, bytes(64))
    with pytest.raises(BadNote, match="is wrong"):
        note.verify(Note(TEXT, (by_witness(), forged)), [LOG, WITNESS])
    with pytest.raises(BadNote):
        note.verify(Note(TEXT, (by_log(), forged)), [LOG])


def test_a_log_signature_is_no_cosignature() -> None:
    """The same secret under two types: neither signature passes for the other."""
    assert not WITNESS.verifies(TEXT, bytes(8) + by_log().signature)
    assert not LOG.verifies(TEXT, by_witness().signature)


def test_a_cosignature_is_of_checkpoints_only_and_of_times_that_can_be() -> None:
    signed = SECRET.sign(cosignature.ed25519_message("a text\n", 5))
    assert not WITNESS.verifies("a text\n", (5).to_bytes(8, "big") + signed)
    late = 2**63
    message = f"cosignature/v1\ntime {late}\n{TEXT}".encode()
    assert not WITNESS.verifies(TEXT, late.to_bytes(8, "big") + SECRET.sign(message))
    assert note.verify(Note(TEXT, (by_witness(time=0), by_witness())), [WITNESS])[WITNESS].time == 0


def test_an_ml_dsa_statement_names_whole_trees_and_subtrees() -> None:
    message = cosignature.ml_dsa_message("c", 5, "log", 0, 7, b"\1" * 32)
    assert message == (
        b"subtree/v1\n\0" + b"\1c" + (5).to_bytes(8, "big") + b"\3log" + bytes(8) + (7).to_bytes(8, "big") + b"\1" * 32
    )
    assert cosignature.ml_dsa_message("c", 0, "log", 8, 13, b"\1" * 32) is not None
    assert cosignature.ml_dsa_message("c", 0, "log", 0, 0, EMPTY_ROOT) is not None
    assert cosignature.ml_dsa_message("c" * 255, 5, "l" * 255, 0, 7, b"\1" * 32) is not None
    for wrong in (
        ("c", 5, "log", 8, 13, b"\1" * 32),
        ("c", 0, "log", 8, 8, b"\1" * 32),
        ("c", 0, "log", 1, 3, b"\1" * 32),
        ("c", 0, "log", 0, 7, b"\1" * 31),
        ("", 0, "log", 0, 7, b"\1" * 32),
        ("c", 0, "", 0, 7, b"\1" * 32),
        ("c" * 256, 0, "log", 0, 7, b"\1" * 32),
        ("c", 0, "l" * 256, 0, 7, b"\1" * 32),
        ("c", 2**63, "log", 0, 7, b"\1" * 32),
    ):
        assert cosignature.ml_dsa_message(*wrong) is None


@given(names, st.integers(0, 2**63 - 1), st.binary(min_size=32, max_size=32), st.lists(names, max_size=3))
def test_a_checkpoint_is_read_as_it_was_written(origin: str, size: int, root: bytes, extensions: list[str]) -> None:
    head = Checkpoint(origin, size, root if size else EMPTY_ROOT, tuple(extensions))
    assert checkpoint.parse(head.text()) == checkpoint.parse(head.text().encode()) == head


ROOT = base64.b64encode(b"\1" * 32).decode()


@pytest.mark.parametrize(
    "wrong",
    [
        "",
        "o\n",
        "o\n7\n",
        f"o\n7\n{ROOT}",
        f"\n7\n{ROOT}\n",
        f"o\n07\n{ROOT}\n",
        f"o\n+7\n{ROOT}\n",
        f"o\n-7\n{ROOT}\n",
        f"o\n 7\n{ROOT}\n",
        f"o\n7_0\n{ROOT}\n",
        f"o\n\u0667\n{ROOT}\n",
        f"o\n\u00b2\n{ROOT}\n",
        f"o\n{2**63}\n{ROOT}\n",
        f"o\n{'9' * 5000}\n{ROOT}\n",
        f"o\n7\n{ROOT}\n\n",
        f"o\n7\n{ROOT}\n\next\n",
        f"o\n7\n{ROOT} \n",
        f"o\n7\r\n{ROOT}\n",
        f"o\n7\n{ROOT[:-1]}\n",
        f"o\n7\n{ROOT[:-2]}F=\n",
        f"o\n7\n{base64.b64encode(bytes(31)).decode()}\n",
        f"o\n7\n{base64.b64encode(bytes(33)).decode()}\n",
    ],
)
def test_a_checkpoint_in_any_other_form_is_refused(wrong: str) -> None:
    with pytest.raises(BadNote):
        checkpoint.parse(wrong)


def test_an_empty_log_has_one_possible_root() -> None:
    assert not checkpoint.parse(f"o\n0\n{ROOT}\n").is_possible
    assert Checkpoint("o", 0, EMPTY_ROOT).is_possible
    assert HEAD.is_possible


def test_a_checkpoint_that_is_no_text_is_refused() -> None:
    with pytest.raises(BadNote):
        checkpoint.parse(b"o\xff\n7\n" + ROOT.encode() + b"\n")


@pytest.mark.parametrize("key", [LOG, WITNESS, POST_QUANTUM])
def test_a_verifier_key_is_read_as_it_was_written_and_in_no_other_form(key: VerifierKey) -> None:
    text = str(key)
    assert VerifierKey.parse(text) == key
    name, key_id, encoded = text.split("+", 2)
    for wrong in (
        f"{text} ",
        f"{text}\n",
        f"x{text}",
        f"{name}+{'0' * 8}+{encoded}",
        f"{name}+{key_id.upper()}A+{encoded}",
        f"{name}+{key_id}",
        f"{name}+{key_id}+",
        f"{name}+{key_id}+{encoded[:-4]}",
        f" {text}",
        "",
    ):
        with pytest.raises(BadKey):
            VerifierKey.parse(wrong)


def test_a_key_of_another_type_is_refused() -> None:
    octets = bytes((0x02,)) + LOG.public
    with pytest.raises(BadKey):
        VerifierKey.parse(f"{LOG.name}+00000000+{base64.b64encode(octets).decode()}")
