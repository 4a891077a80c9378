// A log that outsiders can check: notes, checkpoints, policies and tree proofs (C2SP), read in one form only.
import { hex, joined } from "./signed.js";

export class Bad extends Error {}

const utf8 = new TextEncoder();
const fatal = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const SIZE_MAX = 2n ** 63n - 1n;
const HASH_BYTES = 32;
const NOTE_CHARACTERS_MAX = 1_000_000;
const SIGNATURES_MAX = 128;
const HASHES_MAX = 63;
const LOG = 1;
const WITNESS = 4;
const ML_DSA = 6;
const PUBLIC_BYTES = { [LOG]: 32, [WITNESS]: 32, [ML_DSA]: 1312 };

export const sha256 = async (...parts) => new Uint8Array(await crypto.subtle.digest("SHA-256", joined(...parts)));
export const same = (one, other) => one.length === other.length && one.every((octet, at) => octet === other[at]);

export function textOf(octets, what) {
  try {
    return fatal.decode(octets);
  } catch {
    throw new Bad(`${what} is not UTF-8 text.`);
  }
}

// Standard base64 in its one right form: set bits after the last byte would be a second reading.
export function fromBase64(text, what) {
  let binary;
  try {
    binary = atob(text);
  } catch {
    throw new Bad(`${what} is not base64.`);
  }
  if (btoa(binary) !== text) throw new Bad(`${what} is not base64.`);
  return Uint8Array.from(binary, (character) => character.charCodeAt(0));
}

export function hashOf(text, what) {
  const octets = fromBase64(text, what);
  if (octets.length !== HASH_BYTES) throw new Bad(`${what} has not ${HASH_BYTES} bytes.`);
  return octets;
}

function sizeOf(text, what) {
  const size = /^(0|[1-9][0-9]{0,18})$/.test(text) ? BigInt(text) : -1n;
  if (size < 0n || size > SIZE_MAX) throw new Bad(`${what} is not a number.`);
  return size;
}

const isName = (name) => name !== "" && !/[\s\u0085+]/u.test(name);
const hasControls = (text) => /[\u0000-\u0009\u000b-\u001f]/.test(text);

// --- keys and policies -------------------------------------------------------------------------------------

async function keyOf(text) {
  const [name, id, encoded] = [text.split("+", 1)[0], text.split("+")[1], text.split("+").slice(2).join("+")];
  const octets = fromBase64(encoded ?? "", "The key");
  const kind = octets[0];
  if (!isName(name) || PUBLIC_BYTES[kind] !== octets.length - 1) throw new Bad("This is no verifier key: name+hash+base64.");
  const digest = await sha256(utf8.encode(`${name}\n`), octets);
  if (hex(digest.slice(0, 4)) !== id) throw new Bad("A part of the key is mistyped.");
  const key = kind === ML_DSA ? null : await crypto.subtle.importKey("raw", octets.slice(1), "Ed25519", false, ["verify"]);
  return { name, id, kind, key, text, octets };
}

// Verifier keys, one a line, of which one is a log's and every witness must have cosigned; or a C2SP tlog-policy.
export async function policyOf(text) {
  const lines = text.split("\n").map((line) => line.split(/[ \t\r]+/).filter(Boolean));
  const meant = lines.filter((words) => words.length > 0 && !words[0].startsWith("#"));
  if (meant.length === 0) throw new Bad("Say whom to believe: put in the key of the log.");
  return meant.some(([word]) => ["log", "witness", "group", "quorum"].includes(word)) ? read(meant) : bare(meant);
}

async function bare(lines) {
  const keys = await Promise.all(lines.map((words) => (words.length === 1 ? keyOf(words[0]) : Promise.reject(new Bad("One key a line.")))));
  const logs = keys.filter((key) => key.kind === LOG);
  const witnesses = new Map(keys.filter((key) => key.kind !== LOG).map((key) => [`${key.name}+${key.id}`, key]));
  if (logs.length === 0) throw new Bad("None of the keys is that of a log.");
  const groups = witnesses.size ? [["all", witnesses.size, [...witnesses.keys()]]] : [];
  return { logs, witnesses, groups, quorum: witnesses.size ? "all" : "none" };
}

async function read(lines) {
  const policy = { logs: [], witnesses: new Map(), groups: [], quorum: null };
  const names = new Set(["none"]);
  const members = new Set();
  const define = (name) => {
    if (names.has(name)) throw new Bad(`The name ${name} is taken.`);
    names.add(name);
  };
  const known = (name) => {
    if (!names.has(name) || name === "none") throw new Bad(`There is no ${name} before this line.`);
    return name;
  };
  for (const [word, ...rest] of lines) {
    if (word === "log" && (rest.length === 1 || rest.length === 2)) {
      const key = await keyOf(rest[0]);
      if (key.kind === WITNESS) throw new Bad("A witness's key is none of a log.");
      policy.logs.push(key);
    } else if (word === "witness" && (rest.length === 2 || rest.length === 3)) {
      const key = await keyOf(rest[1]);
      if (key.kind === LOG) throw new Bad("A log's key is none of a witness.");
      if ([...policy.witnesses.values()].some((other) => same(other.octets.slice(1), key.octets.slice(1)))) throw new Bad("A witness's key stands there twice.");
      define(rest[0]);
      policy.witnesses.set(rest[0], key);
    } else if (word === "group" && rest.length >= 3) {
      const [name, wanted, ...of] = rest;
      const count = { any: 1, all: of.length }[wanted] ?? (/^[1-9][0-9]*$/.test(wanted) ? Number(wanted) : 0);
      if (count < 1 || count > of.length) throw new Bad(`The group ${name} asks for more than it has.`);
      for (const member of of) {
        if (members.has(known(member))) throw new Bad(`${member} is a member already.`);
        members.add(member);
      }
      define(name);
      policy.groups.push([name, count, of]);
    } else if (word === "quorum" && rest.length === 1 && policy.quorum === null) {
      policy.quorum = rest[0] === "none" ? "none" : known(rest[0]);
    } else {
      throw new Bad(`Not a line of a policy: ${[word, ...rest].join(" ").slice(0, 60)}`);
    }
  }
  if (policy.quorum === null) throw new Bad("A policy has a quorum line.");
  return policy;
}

function isSatisfied(policy, cosigners) {
  const witnessed = new Set(cosigners);
  for (const [name, count, of] of policy.groups) {
    if (of.filter((member) => witnessed.has(member)).length >= count) witnessed.add(name);
  }
  return policy.quorum === "none" || witnessed.has(policy.quorum);
}

// --- checkpoints -------------------------------------------------------------------------------------------

function checkpointOf(text) {
  const lines = text.slice(0, -1).split("\n");
  if (lines.length < 3 || lines.includes("")) throw new Bad("The checkpoint is not whole.");
  return { origin: lines[0], size: sizeOf(lines[1], "The size of the log"), root: hashOf(lines[2], "The root of the log") };
}

function signatureOf(line) {
  const found = /^\u2014 (\S+) (\S+)$/u.exec(line);
  const octets = found && isName(found[1]) ? fromBase64(found[2], "A signature") : new Uint8Array();
  if (octets.length < 5) throw new Bad("A line of the checkpoint is no signature.");
  return { name: found[1], id: hex(octets.slice(0, 4)), octets: octets.slice(4) };
}

async function verifies(key, text, octets) {
  if (key.kind === LOG) return octets.length === 64 && crypto.subtle.verify("Ed25519", key.key, octets, utf8.encode(text));
  const time = timeOf(octets);
  if (octets.length !== 72 || time > SIZE_MAX) return false;
  return crypto.subtle.verify("Ed25519", key.key, octets.slice(8), utf8.encode(`cosignature/v1\ntime ${time}\n${text}`));
}

const timeOf = (octets) => new DataView(octets.buffer, octets.byteOffset).getBigUint64(0);

// A checkpoint that a log of the policy signed and enough of its witnesses cosigned; throws why it is not believed.
async function believed(note, policy) {
  const at = note.lastIndexOf("\n\n");
  if (at < 0 || !note.endsWith("\n") || note.length > NOTE_CHARACTERS_MAX || hasControls(note)) throw new Bad("The checkpoint is no signed note.");
  const text = note.slice(0, at + 1);
  const head = checkpointOf(text);
  const lines = note.slice(at + 2, -1).split("\n");
  if (lines.length > SIGNATURES_MAX) throw new Bad("The checkpoint has too many signatures.");
  const signatures = lines.map(signatureOf);
  const logs = policy.logs.filter((key) => key.name === head.origin);
  if (logs.length === 0) throw new Bad(`The proof is of the log ${head.origin}, and none of the keys is that log's.`);
  let log = null;
  let unchecked = false;
  const witnesses = new Map();
  for (const { name, id, octets } of signatures) {
    for (const [label, key] of [...logs.map((one) => ["", one]), ...policy.witnesses]) {
      if (key.name !== name || key.id !== id) continue;
      if (key.kind === ML_DSA) {
        unchecked = true; // browsers have no ML-DSA: such a signature counts for nothing here
      } else if (!(await verifies(key, text, octets))) {
        throw new Bad(`The signature of ${name} is wrong.`);
      } else if (label === "") {
        log ??= key;
      } else if (!witnesses.has(label)) {
        witnesses.set(label, timeOf(octets));
      }
    }
  }
  const more = unchecked ? " This browser cannot check ML-DSA signatures; the command line can: rxtrail proof check." : "";
  if (log === null) throw new Bad(`The log has not signed the checkpoint.${more}`);
  if (!isSatisfied(policy, witnesses.keys())) throw new Bad(`Too few of the witnesses that are asked for have cosigned.${more}`);
  return { ...head, log, witnesses };
}

// --- the tree ----------------------------------------------------------------------------------------------

// RFC 9162 section 2.1.3.2; sizes are BigInt, since a log may grow past what a number holds.
export async function checkInclusion(leaf, index, size, hashes, root) {
  if (index >= size) throw new Bad("The proof is of a record that the log has not.");
  let [at, last, found] = [index, size - 1n, leaf];
  for (const sibling of hashes) {
    if (last === 0n) throw new Bad("The proof is too long.");
    if (at & 1n || at === last) {
      found = await sha256([1], sibling, found);
      while (!(at & 1n) && at) [at, last] = [at >> 1n, last >> 1n];
    } else {
      found = await sha256([1], found, sibling);
    }
    [at, last] = [at >> 1n, last >> 1n];
  }
  if (last !== 0n) throw new Bad("The proof is too short.");
  if (!same(found, root)) throw new Bad("What the proof shows is not in this log.");
}

// The extra data of a proof as bytes, and a function that checks an entry against a policy.
export function readProof(octets) {
  const whole = textOf(octets, "The file");
  const at = whole.indexOf("\n\n");
  const lines = at < 0 ? [] : whole.slice(0, at).split("\n");
  if (lines.shift() !== "c2sp.org/tlog-proof@v1") throw new Bad("The file is no proof of a log.");
  const extra = lines[0]?.startsWith("extra ") ? fromBase64(lines.shift().slice(6), "The extra data") : new Uint8Array();
  const index = sizeOf(lines[0]?.startsWith("index ") ? lines.shift().slice(6) : "", "The index");
  if (lines.length > HASHES_MAX) throw new Bad("The proof is too long.");
  const hashes = lines.map((line) => hashOf(line, "A line of the proof"));
  return {
    extra,
    async check(entry, policy) {
      const head = await believed(whole.slice(at + 2), policy);
      await checkInclusion(await sha256([0], entry), index, head.size, hashes, head.root);
      return { ...head, index };
    },
  };
}
