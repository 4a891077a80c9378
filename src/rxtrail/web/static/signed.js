// Verifier keys (C2SP signed-note) and Ed25519 signatures, checked by the browser itself.
const utf8 = new TextEncoder();
export const hex = (octets) => Array.from(octets, (octet) => octet.toString(16).padStart(2, "0")).join("");

function fromBase64(text) {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}

export function joined(...parts) {
  const whole = new Uint8Array(parts.reduce((count, part) => count + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

// Throws when the text is no Ed25519 verifier key, or its hash is not that of its key.
export async function verifierKey(text) {
  const found = /^([!-*,-~]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)$/.exec(text.trim());
  if (!found) throw new Error("not a verifier key");
  const [, name, id, encoded] = found;
  const octets = fromBase64(encoded);
  if (octets.length !== 33 || octets[0] !== 1) throw new Error("not an Ed25519 key");
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", joined(utf8.encode(`${name}\n`), octets)));
  if (hex(digest.slice(0, 4)) !== id) throw new Error("a part of the key is mistyped");
  return { name, id, key: await crypto.subtle.importKey("raw", octets.slice(1), "Ed25519", false, ["verify"]) };
}

export function verifies(key, message, signature, context) {
  return crypto.subtle.verify("Ed25519", key.key, signature, joined(utf8.encode(`rxtrail/${context}\n`), message));
}

export const canVerify = () => globalThis.crypto?.subtle !== undefined; // only on localhost or over TLS
