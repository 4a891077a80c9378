// What a proof of a record shows, as src/rxtrail/core/merkle describes it: a record opened, or packages of an event.
import { hex } from "./signed.js";
import { Bad, checkInclusion, fromBase64, hashOf, same, sha256, textOf } from "./tlog.js";

const utf8 = new TextEncoder();
const FORMAT = "rxtrail proof v1";
const KINDS = ["", "event", "scan", "command", "decision", "change", "block", "anchor"];
const FIELDS = ["format", "entry", "salt", "opening", "count", "leaves"];
const LEAF_FIELDS = ["index", "salt", "text", "path"];
const HEAD_BYTES = 18;

// JSON as the program writes it, and in no other way: a name told twice, or another order, would be a second reading.
function jsonOf(text, what) {
  let value;
  try {
    value = JSON.parse(text);
  } catch {
    throw new Bad(`${what} cannot be read.`);
  }
  if (JSON.stringify(value) !== text || value === null || typeof value !== "object") throw new Bad(`${what} cannot be read.`);
  return value;
}

const isOrdered = (value, names) => {
  const places = Object.keys(value ?? {}).map((name) => names.indexOf(name));
  return places.every((place, at) => place >= 0 && (at === 0 || place > places[at - 1]));
};
const isCount = (value) => Number.isSafeInteger(value) && value >= 0;

export function extraOf(octets) {
  const extra = jsonOf(textOf(octets, "The extra data"), "The extra data");
  const leaves = extra.leaves ?? [];
  const fits = extra.format === FORMAT && isOrdered(extra, FIELDS) && typeof extra.entry === "string" && Array.isArray(leaves) &&
    isCount(extra.count ?? 0) && leaves.every((leaf) => isOrdered(leaf, LEAF_FIELDS) && isCount(leaf.index) &&
      typeof leaf.salt === "string" && typeof leaf.text === "string" && Array.isArray(leaf.path));
  if (!fits) throw new Bad("The proof does not say what it is about in a way that is known here.");
  return {
    entry: fromBase64(extra.entry, "The entry"),
    salt: fromBase64(extra.salt ?? "", "The salt"),
    opening: fromBase64(extra.opening ?? "", "The record"),
    count: extra.count ?? 0,
    leaves: leaves.map((leaf) => ({
      index: leaf.index, salt: fromBase64(leaf.salt, "A salt"), text: leaf.text, path: leaf.path.map((text) => hashOf(String(text), "A hash")),
    })),
  };
}

// Throws unless all that the extra data opens follows from its entry.
export async function shownBy(extra) {
  const { entry } = extra;
  const kind = KINDS[entry[1]];
  const commitment = entry.slice(HEAD_BYTES);
  const lengths = kind === "event" ? [32, 64] : kind === "block" ? [48] : [32];
  if (entry[0] !== 1 || !kind || !lengths.includes(commitment.length)) throw new Bad("The entry is none of this log's kinds.");
  const shown = { kind, id: hex(entry.slice(2, HEAD_BYTES)), opening: null, summary: {}, packages: [], count: 0 };
  if (extra.salt.length > 0 || extra.opening.length > 0) shown.opening = await opened(extra, kind, commitment);
  if (extra.leaves.length === 0) {
    if (extra.count !== 0) throw new Bad("The proof counts packages and shows none.");
    return shown;
  }
  if (commitment.length !== 64) throw new Bad("The log has no packages of this record.");
  extra.leaves.forEach((leaf, at) => {
    if (at === 0 ? leaf.index !== 0 : leaf.index <= extra.leaves[at - 1].index) throw new Bad("The packages do not stand in the order of the event.");
  });
  await Promise.all(extra.leaves.map(async (leaf) => {
    if (leaf.salt.length !== 16) throw new Bad("A salt has not 16 bytes.");
    const hash = await sha256([0], leaf.salt, utf8.encode(leaf.text));
    await checkInclusion(hash, BigInt(leaf.index), BigInt(extra.count), leaf.path, commitment.slice(32));
  }));
  const [summary, ...packages] = extra.leaves.map((leaf) => leaf.text);
  const told = jsonOf(summary, "The summary of the event");
  // A root alone does not tell how many leaves are below it: many counts lead to the same one.
  if (told.identifierCount !== String(extra.count - 1)) throw new Bad("The event names another number of identifiers than the proof says.");
  return { ...shown, summary: told, packages, count: extra.count - 1 };
}

async function opened(extra, kind, commitment) {
  if (extra.salt.length !== 32 || kind === "block") throw new Bad("The proof opens no record.");
  const key = await crypto.subtle.importKey("raw", extra.salt, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  const made = new Uint8Array(await crypto.subtle.sign("HMAC", key, extra.opening));
  if (!same(made, commitment.slice(0, 32))) throw new Bad("The record is not the one that the log commits to.");
  const [number, , party, recordedAt, canonical] = valuesOf(extra.opening);
  if (KINDS[number] !== kind) throw new Bad("The record is of another kind than the log says.");
  return { party, recordedAt, bytes: canonical.length };
}

// The msgpack of six values: integers, one text, two strings of bytes.
function valuesOf(octets) {
  const view = new DataView(octets.buffer, octets.byteOffset, octets.byteLength);
  let at = 2;
  const unread = new Bad("The record is proven, but cannot be read here.");
  const next = (count) => {
    at += count;
    if (at > octets.length) throw unread;
    return at - count;
  };
  const value = () => {
    const tag = octets[next(1)];
    if (tag <= 0x7f) return tag;
    if (tag >= 0xa0 && tag <= 0xbf) return new TextDecoder().decode(octets.slice(next(tag & 31), at));
    const number = { 0xcc: 1, 0xcd: 2, 0xce: 4, 0xcf: 8 }[tag];
    if (number) return { 1: () => view.getUint8(next(1)), 2: () => view.getUint16(next(2)), 4: () => view.getUint32(next(4)), 8: () => Number(view.getBigUint64(next(8))) }[number]();
    const length = { 0xd9: 1, 0xda: 2, 0xdb: 4, 0xc4: 1, 0xc5: 2, 0xc6: 4 }[tag];
    if (!length) throw unread;
    const count = { 1: () => view.getUint8(next(1)), 2: () => view.getUint16(next(2)), 4: () => view.getUint32(next(4)) }[length]();
    const bytes = octets.slice(next(count), at);
    return tag >= 0xd9 ? new TextDecoder().decode(bytes) : bytes;
  };
  if (octets[0] !== 1 || octets[1] !== 0x96) throw unread;
  const values = Array.from({ length: 6 }, value);
  if (at !== octets.length || typeof values[2] !== "string" || !(values[4] instanceof Uint8Array)) throw unread;
  return values;
}
