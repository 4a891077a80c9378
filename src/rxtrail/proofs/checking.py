"""Judging a proof without any record: the file, a trust policy or verifier keys, and nothing else."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Any, Final

import msgspec

from rxtrail.answers import ProofCheck, ProvenLog, ProvenRecord
from rxtrail.core.epcis import canonical as canonical_bytes
from rxtrail.core.epcis.ilmd import ilmd_lot_expiry
from rxtrail.core.merkle import note, record_proof, signed_checkpoint, tlog_proof
from rxtrail.core.merkle.entry import Kind, sealed_block
from rxtrail.core.merkle.errors import BadEntry, BadNote, BadProof
from rxtrail.core.merkle.event_leaves import leaves_of
from rxtrail.core.merkle.policy import Believed, Group, Log, Policy, Witness
from rxtrail.errors import BadRequest, RxtrailError

if TYPE_CHECKING:
    from rxtrail.core.merkle.entry import Opening
    from rxtrail.core.merkle.note import VerifierKey
    from rxtrail.core.merkle.record_proof import Shown
    from rxtrail.core.merkle.tlog_proof import TlogProof

_EPOCH: Final = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)


def check(octets: bytes, believes: Policy | list[VerifierKey]) -> ProofCheck:
    """Judge a proof by a policy, or by bare keys: one of a log, and witnesses that must all have cosigned.

    Whatever is wrong with the proof is told in the answer, and nothing of it is shown as true.

    :raises BadRequest: none of the keys is that of a log.
    """
    try:
        proof = tlog_proof.parse(octets)
        if isinstance(believes, list):
            believes = _policy_of(believes, signed_checkpoint.parse(proof.checkpoint).checkpoint.origin)
        if proof.extra is None:
            raise BadProof("the proof does not say what it is about: it has no extra data")
        extra = record_proof.decode(proof.extra)
        believed = proof.check(believes, extra.entry)
        shown = record_proof.show(extra)
    except (BadProof, BadNote, BadEntry) as wrong:
        return ProofCheck(holds=False, why=wrong.message, advice=wrong.advice)
    return ProofCheck(holds=True, log=_log(proof, believed), record=_record(shown))


def _policy_of(keys: list[VerifierKey], origin: str) -> Policy:
    logs, witnesses = [], []
    for key in dict.fromkeys(keys):
        # An ML-DSA key signs for logs and witnesses alike; a log's has the name of the log.
        if key.kind == note.ED25519 or (key.kind == note.COSIGNATURE_ML_DSA_44 and key.name == origin):
            logs.append(Log(key))
        else:
            witnesses.append(Witness(f"{key.name}+{key.key_id.hex()}", key))
    if not logs:
        raise BadRequest(
            "none of the keys is that of a log", place="--vkey", advice="Give the key that the log shows at /log/vkey."
        )
    if not witnesses:
        return Policy(tuple(logs))
    names = tuple(one.name for one in witnesses)
    return Policy(tuple(logs), tuple(witnesses), (Group("all", len(names), names),), "all")


def _log(proof: TlogProof, believed: Believed) -> ProvenLog:
    head = believed.signed.checkpoint
    return ProvenLog(
        origin=head.origin,
        key=str(believed.log),
        index=proof.index,
        size=head.size,
        root=head.root.hex(),
        witnesses={name: _iso(time * 1_000_000) for name, time in believed.witnesses.items()},
    )


def _record(shown: Shown) -> ProvenRecord:
    kind, opening = Kind(shown.entry.kind), shown.opening
    record = ProvenRecord(
        kind=kind.name.lower(),
        id=shown.entry.id.hex(),
        event=shown.summary,
        packages=list(shown.packages),
        package_count=shown.package_count,
    )
    if kind is Kind.BLOCK:
        block = sealed_block(shown.entry)
        content = {"sha256": block.sha256.hex(), "first": block.first, "last": block.last}
        return msgspec.structs.replace(record, content=content)
    if opening is None:
        return record
    record = msgspec.structs.replace(record, party=opening.party, recorded_at=_iso(opening.recorded_at))
    return _event(record, opening) if kind is Kind.EVENT else msgspec.structs.replace(record, content=_content(opening))


def _event(record: ProvenRecord, opening: Opening) -> ProvenRecord:
    """Tell a whole event in the words of its summary, with all that it names."""
    try:
        if opening.canonical[:1] != canonical_bytes.VERSION:
            raise ValueError
        event = canonical_bytes.decode(opening.canonical)
        lot, expiry, _ = ilmd_lot_expiry(event)
        summary, *named = leaves_of(event, lot, expiry, whole=True) or [b"{}"]
        packages = [text.decode() for text in named]
    except (msgspec.MsgspecError, ValueError, TypeError, OverflowError, RxtrailError):
        # Written by a later version: it is proven none the less.
        return msgspec.structs.replace(record, content=opening.canonical.hex())
    told = {"eventID": event.event_id, **msgspec.json.decode(summary, type=dict[str, str])}
    return msgspec.structs.replace(
        record,
        event={name: text for name, text in told.items() if text},
        packages=packages,
        package_count=len(packages),
    )


def _content(opening: Opening) -> Any:  # noqa: ANN401 (whatever a record of any kind says)
    """Decode what a command, scan or decision says: a version byte, then msgpack; else its bytes as hexadecimal."""
    try:
        return msgspec.json.decode(msgspec.json.encode(msgspec.msgpack.decode(opening.canonical[1:])))
    except (msgspec.MsgspecError, ValueError, TypeError, RecursionError):
        return opening.canonical.hex()


def _iso(us: int) -> str:
    try:
        at = _EPOCH + datetime.timedelta(microseconds=us)
    except OverflowError:
        return str(us)
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")
