"""What checking a proof costs the browser: the modules of the page, run by Node.js, which has the same WebCrypto.

A pack's proof out of an event of 500 is read, its signature checked, its way to the root and its packages hashed. The
floor is the one Ed25519 signature alone. Without Node.js on the machine there is nothing to measure.
"""

from __future__ import annotations

import io
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from benchmarks.audits import document_of
from benchmarks.documents import MAKER_PREFIX, MAKER_SITE_URN
from rxtrail.bootstrap import open_node
from rxtrail.core.gs1 import epc
from rxtrail.log_settings import LogSettings

if TYPE_CHECKING:
    from benchmarks.task import Task

PACKS = 500
CHECKS = 200
_STATIC = Path(__file__).parents[1] / "src" / "rxtrail" / "web" / "static"
_MODULES = ("tlog.js", "proof-record.js", "signed.js")
_SCRIPT = """
import { readFileSync } from "node:fs";
import { extraOf, shownBy } from "./proof-record.js";
import { policyOf, readProof } from "./tlog.js";

const [, , file, key, times] = process.argv;
const octets = new Uint8Array(readFileSync(file));
const policy = await policyOf(key);
const pair = await crypto.subtle.generateKey({ name: "Ed25519" }, true, ["sign", "verify"]);
const message = octets.slice(0, 150);
const signature = await crypto.subtle.sign({ name: "Ed25519" }, pair.privateKey, message);

async function each(run) {
  for (let at = 0; at < 20; at += 1) await run();
  const begun = process.cpuUsage();
  for (let at = 0; at < Number(times); at += 1) await run();
  const { user, system } = process.cpuUsage(begun);
  return (user + system) / Number(times);
}

const proof = await each(async () => {
  const read = readProof(octets);
  const extra = extraOf(read.extra);
  await read.check(extra.entry, policy);
  const { packages } = await shownBy(extra);
  if (packages.length !== 1) throw new Error("the proof shows one pack");
});
const bare = await each(() => crypto.subtle.verify({ name: "Ed25519" }, pair.publicKey, signature, message));
console.log(JSON.stringify({ proof, signature: bare }));
"""


def proof_page(task: Task) -> dict[str, float]:
    """Give microseconds of CPU for one proof and for one signature; nothing where there is no Node.js."""
    node_js = shutil.which("node")
    if node_js is None:
        return {}
    with open_node(Path(task.data), store_url=task.store or None) as node:
        serials = [f"urn:epc:id:sgtin:{MAKER_PREFIX}.019002.N{at}" for at in range(PACKS)]
        event = {
            "type": "ObjectEvent",
            "eventTime": "2026-10-05T09:00:00Z",
            "eventTimeZoneOffset": "+00:00",
            "epcList": serials,
            "action": "ADD",
            "bizStep": "commissioning",
            "disposition": "active",
            "readPoint": {"id": MAKER_SITE_URN},
            "ilmd": {"cbvmda:lotNumber": "N0", "cbvmda:itemExpirationDate": "2029-01-31"},
        }
        node.capture(io.BytesIO(document_of([event])), name="one.json")
        node.log.publish_now(LogSettings(origin="bench.example/log"), start_signer=True)
        octets = node.proofs.of_pack(epc.canonical(serials[7])).octets
        key = node.log.keys()[0]
    with tempfile.TemporaryDirectory() as folder:
        there = Path(folder)
        for name in _MODULES:
            shutil.copy(_STATIC / name, there)
        (there / "package.json").write_text('{"type": "module"}')
        (there / "measure.js").write_text(_SCRIPT)
        (there / "pack.tlog-proof").write_bytes(octets)
        command = [node_js, "measure.js", "pack.tlog-proof", key, str(CHECKS)]
        told = subprocess.run(command, cwd=there, check=True, capture_output=True, text=True)
    return msgspec.json.decode(told.stdout, type=dict[str, float])
