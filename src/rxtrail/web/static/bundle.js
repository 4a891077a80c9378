// The site bundle, as src/rxtrail/offline/bundle.py describes it: signed, exact, read once and then asked from memory.
import { verifierKey, verifies } from "./signed.js";

const SIGNATURE_BYTES = 64;

async function inflated(octets) {
  const stream = new Blob([octets]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

// Throws when it is no whole bundle or the owner of the key did not sign it.
export async function openBundle(content, key) {
  const octets = new Uint8Array(content);
  const view = new DataView(octets.buffer, octets.byteOffset, octets.length);
  const end = octets.length - SIGNATURE_BYTES;
  if (end < 8 || new TextDecoder().decode(octets.slice(0, 4)) !== "RXB1" || 8 + view.getUint32(4) !== end) {
    throw new Error("no whole site bundle");
  }
  if (!await verifies(await verifierKey(key), octets.slice(0, end), octets.slice(end), "site-bundle/v1")) {
    throw new Error("the site bundle is not signed by this node");
  }
  const plain = await inflated(octets.slice(8, end));
  const start = 4 + new DataView(plain.buffer).getUint32(0);
  const facts = JSON.parse(new TextDecoder().decode(plain.slice(4, start)));
  if (facts.format !== 1) throw new Error("the site bundle is of a version that is not known here");
  return bundleOf(facts, packsOf(facts, plain, start));
}

function packsOf(facts, plain, start) {
  const count = facts.groups.reduce((sum, group) => sum + group[5], 0);
  const utf8 = new TextDecoder();
  const serial = new Uint8Array(255);
  const packs = new Map();
  let pack = 0;
  let at = start + 2 * count;
  facts.groups.forEach(([gtin, , , , , size], number) => {
    if (!packs.has(gtin)) packs.set(gtin, new Map());
    const serials = packs.get(gtin);
    for (const last = pack + size; pack < last; pack += 1) {
      const shared = plain[start + pack];
      const length = plain[start + count + pack];
      serial.set(plain.subarray(at, at + length - shared), shared);
      at += length - shared;
      serials.set(utf8.decode(serial.subarray(0, length)), number);
    }
  });
  if (at !== plain.length) throw new Error("packs are missing in the site bundle");
  return packs;
}

function bundleOf(facts, packs) {
  const known = facts.groups.map(([, lot, expiry, here, reasons, , made]) => ({
    lot, expiry, here: here === 1, reasons: reasons.map((place) => facts.reasons[place]), made: made ?? "",
  }));
  const recalled = new Set(facts.recalled.map(([gtin, lot]) => `${gtin} ${lot}`));
  return {
    facts,
    find: (gtin, serial) => known[packs.get(gtin)?.get(serial)],
    recalled(gtin, ...lots) {
      if (recalled.has(`${gtin} `)) return "product";
      return lots.some((lot) => lot && recalled.has(`${gtin} ${lot}`)) ? "lot" : "";
    },
    product: (gtin) => facts.products[gtin] ?? ["", ""],
  };
}
