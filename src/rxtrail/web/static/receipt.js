// Checks a receipt in this browser, as src/rxtrail/receipts describes it; works without any network.
import { dateWords, el, shape, visible } from "./dom.js";
import { canVerify, hex, verifierKey, verifies } from "./signed.js";
import { watchScanner } from "./wedge.js";

const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const VERDICTS = ["ok", "check", "stop", "unconfirmed", "not-covered"];
const WORDS = { ok: "OK", check: "Check first", stop: "Stop", unconfirmed: "Not confirmed", "not-covered": "Not tracked" };
const HEAD_BYTES = 29;
const SIGNATURE_BYTES = 64;
const HIDDEN = 1;
const NO_DAY = 0xffff;
const WHEN = new Intl.DateTimeFormat("en-GB", { dateStyle: "long", timeStyle: "long" });
const field = document.getElementById("scan");
const keyField = document.getElementById("key");
const result = document.getElementById("result");
const empty = result.firstElementChild;

class BadReceipt extends Error {}

function octetsOf(text) {
  const octets = [];
  let held = 0;
  let bits = 0;
  for (const letter of text) {
    const value = LETTERS.indexOf(letter);
    if (value < 0) throw new BadReceipt("A part of it is mistyped.");
    held = ((held << 5) | value) & 0xfff;
    bits += 5;
    if (bits >= 8) {
      bits -= 8;
      octets.push((held >> bits) & 0xff);
    }
  }
  return new Uint8Array(octets);
}

function number(octets) {
  return octets.reduce((sum, octet) => sum * 256 + octet, 0);
}

function read(text) {
  const plain = text.replace(/\s+/g, "").toUpperCase();
  if (!plain.startsWith("RXR1:")) throw new BadReceipt("It does not begin with RXR1:.");
  const octets = octetsOf(plain.slice(5));
  const body = octets.slice(0, -SIGNATURE_BYTES);
  if (body.length <= HEAD_BYTES) throw new BadReceipt("A part of it is missing.");
  const [version, flags, verdict] = body;
  if (version !== 1 || flags > HIDDEN || !VERDICTS[verdict - 1]) throw new BadReceipt("It is of a version that is not known here.");
  const gln = number(body.slice(19, 25));
  const receipt = {
    body, signature: octets.slice(-SIGNATURE_BYTES), verdict: VERDICTS[verdict - 1], at: number(body.slice(3, 11)),
    site: gln ? String(gln).padStart(13, "0") : "", keyId: hex(body.slice(25, 29)), isHidden: flags === HIDDEN,
  };
  if (receipt.isHidden) return receipt;
  const rest = body.slice(HEAD_BYTES);
  const utf8 = new TextDecoder("utf-8", { fatal: true });
  const days = number(rest.slice(6, 8));
  return {
    ...receipt,
    gtin: String(number(rest.slice(0, 6))).padStart(14, "0"),
    serial: utf8.decode(rest.slice(9, 9 + rest[8])),
    lot: utf8.decode(rest.slice(9 + rest[8])),
    expiry: days === NO_DAY ? "" : new Date(Date.UTC(2000, 0, 1 + days)).toISOString().slice(0, 10),
  };
}

async function check(text) {
  if (!canVerify()) return tell("unconfirmed", "Not checked", "This browser checks signatures only over https, or on this very machine.");
  let key;
  try {
    key = await verifierKey(keyField.value);
  } catch {
    return tell("unconfirmed", "Not checked", "The key is none: put in the one line that the node publishes.");
  }
  try {
    const receipt = read(text);
    const genuine = receipt.keyId === key.id && await verifies(key, receipt.body, receipt.signature, "receipt/v1");
    if (!genuine) return tell("stop", "Not genuine", `The node of the key ${key.name} did not give this receipt.`);
    return tell(receipt.verdict, `Genuine: ${WORDS[receipt.verdict]}`, "", receipt);
  } catch (wrong) {
    return tell("unconfirmed", "Not a receipt", wrong instanceof BadReceipt ? wrong.message : "A part of it is missing or mistyped.");
  }
}

function fact(name, value) {
  return value ? el("div", { class: "fact" }, el("dt", {}, name), el("dd", { class: "mono wrap" }, visible(value))) : null;
}

function tell(mark, headline, why, receipt = null) {
  const facts = receipt && el("dl", { class: "facts verdict-facts" },
    fact("Verified at", WHEN.format(new Date(receipt.at * 1000))),
    fact("GTIN", receipt.gtin), fact("Serial", receipt.serial), fact("Lot", receipt.lot),
    fact("Expiry", receipt.expiry && dateWords(receipt.expiry)),
    fact("Pack", receipt.isHidden && "named by its hash only"),
    fact("Place", receipt.site));
  result.replaceChildren(el("div", { class: "verdict" },
    el("div", { class: "band" }, shape(mark, "big"), el("div", { class: "band-words" },
      el("h2", { id: "verdict-title" }, headline), why ? el("p", { class: "why" }, visible(why)) : null)),
    el("div", { class: "verdict-body" }, facts)));
  result.dataset.verdict = mark;
  result.dataset.genuine = receipt ? "yes" : "no";
  result.dataset.checkedAt = new Date().toISOString();
  result.setAttribute("aria-labelledby", "verdict-title");
  const urgent = mark === "stop";
  document.getElementById("say-now").textContent = urgent ? `${headline}. ${why}` : "";
  document.getElementById("say-polite").textContent = urgent ? "" : `${headline}. ${why}`;
  field.focus();
}

function clear() {
  field.value = "";
  for (const name of ["verdict", "genuine", "checkedAt"]) delete result.dataset[name];
  result.removeAttribute("aria-labelledby");
  result.replaceChildren(empty);
}

function onReceipt(text) {
  if (text.trim() === "") return clear();
  field.value = text.trim();
  field.select();
  return check(text);
}

watchScanner(field, (text) => onReceipt(text));
document.getElementById("receipt-form").addEventListener("submit", (event) => {
  event.preventDefault();
  onReceipt(field.value);
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") clear();
});
navigator.serviceWorker?.register("/service-worker.js").catch(() => {}); // without it the page lasts until it is left
field.focus();
