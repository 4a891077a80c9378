// Checks a dropped proof in this browser: the log's signature, the way to its root, and what is opened. Nothing is sent.
import { dateWords, el, shape, visible } from "./dom.js";
import { extraOf, shownBy } from "./proof-record.js";
import { canVerify } from "./signed.js";
import { Bad, policyOf, readProof } from "./tlog.js";

const FILE_BYTES_MAX = 4_000_000;
const PACKAGES_SHOWN_MAX = 50;
const WHEN = new Intl.DateTimeFormat("en-GB", { dateStyle: "long", timeStyle: "long" });
const drop = document.getElementById("drop");
const keyField = document.getElementById("key");
const result = document.getElementById("result");
const count = (number) => Number(number).toLocaleString("en-US");
let last = null;

async function check(file) {
  last = file;
  if (!canVerify()) return tell("unknown", "Not checked", "This browser checks signatures only over https, or on this very machine.");
  if (file.size > FILE_BYTES_MAX) return tell("no", "Not a proof", "The file is larger than any proof.");
  const octets = new Uint8Array(await file.arrayBuffer());
  let policy;
  try {
    policy = await policyOf(keyField.value);
  } catch (wrong) {
    return tell("unknown", "Not checked", wrong instanceof Bad ? wrong.message : "The key cannot be read.");
  }
  const begun = performance.now();
  try {
    const proof = readProof(octets);
    const extra = extraOf(proof.extra);
    const head = await proof.check(extra.entry, policy);
    const shown = await shownBy(extra);
    return tell("yes", "The proof holds", "It proves what was recorded. It is no verdict on the pack.", { name: file.name, head, shown, took: performance.now() - begun });
  } catch (wrong) {
    if (!(wrong instanceof Bad)) throw wrong;
    return tell("no", "The proof does not hold", wrong.message);
  }
}

function fact(name, value) {
  return value ? el("div", { class: "fact" }, el("dt", {}, name), el("dd", { class: "mono wrap" }, visible(value))) : null;
}

// "(01)00352601815904(21)A1" for "01/00352601815904/21/A1", as people know it from labels.
function bracketed(text) {
  const found = /^(01)\/(\d{14})\/(21)\/(.+)$/u.exec(text) ?? /^(00)\/(\d{18})$/.exec(text);
  return found ? `(${found[1]})${found[2]}${found[3] ? `(${found[3]})${found[4]}` : ""}` : text;
}

const when = (iso) => (Number.isNaN(Date.parse(iso)) ? iso : WHEN.format(new Date(iso)));
const seconds = (time) => (time <= 8_640_000_000_000n ? WHEN.format(new Date(Number(time) * 1000)) : String(time));

function record({ head, shown, took }) {
  const { summary, packages, opening } = shown;
  const hidden = shown.count - packages.length;
  const named = packages.slice(0, PACKAGES_SHOWN_MAX);
  return [
    el("dl", { class: "facts verdict-facts" },
      ...named.map((text) => fact(text.startsWith("01/") ? "Pack" : "Identifier", bracketed(text))),
      packages.length > named.length ? fact("More", `${count(packages.length - named.length)} more`) : null,
      opening ? fact("Kind", shown.kind) : null, fact("Step", summary.bizStep), fact("Action", summary.action),
      fact("Time of the event", summary.eventTime && when(summary.eventTime)),
      fact("Event", summary.eventID), fact("GTIN", summary.gtin), fact("Lot", summary.lot), fact("Expiry", summary.expiry && dateWords(summary.expiry)),
      opening ? fact("Captured by", opening.party || "nobody named") : null,
      opening ? fact("Recorded at", WHEN.format(new Date(opening.recordedAt / 1000))) : null,
      opening ? fact("Record", `${count(opening.bytes)} bytes, opened whole`) : null),
    opening ? el("p", { class: "hint" }, "What the record says word for word is told by the command line: rxtrail proof check FILE.") : null,
    hidden > 0 ? el("p", { class: "hint" }, `The event names ${count(hidden)} ${hidden === 1 ? "other" : "others"}, which this proof does not show.`) : null,
    el("dl", { class: "facts small" },
      fact("Log", head.origin), fact("Record", `${count(head.index)} of ${count(head.size)}`),
      fact("Signed by", head.log.text), ...Array.from(head.witnesses, ([name, time]) => fact("Witness", `${name}, ${seconds(time)}`)),
      fact("Checked in", `${took.toFixed(1)} ms, by this browser`)),
    el("p", { class: "hint" }, "What was recorded has not been changed since. Whether a pack may be dispensed is another question: verify the pack."),
  ];
}

function tell(holds, headline, why, found = null) {
  const mark = { yes: "not-covered", no: "stop", unknown: "unconfirmed" }[holds];
  result.replaceChildren(el("div", { class: "verdict" },
    el("div", { class: "band" }, shape(holds === "yes" ? "ok" : mark, "big"), el("div", { class: "band-words" },
      el("h2", { id: "result-title" }, headline), why ? el("p", { class: "why" }, visible(why)) : null)),
    found ? el("div", { class: "verdict-body" }, ...record(found)) : null));
  result.dataset.holds = holds;
  result.dataset.checkedAt = new Date().toISOString();
  if (found) result.dataset.tookMs = found.took.toFixed(3);
  else delete result.dataset.tookMs;
  result.setAttribute("aria-labelledby", "result-title");
  document.getElementById(holds === "yes" ? "say-polite" : "say-now").textContent = `${headline}. ${why}`;
  document.getElementById(holds === "yes" ? "say-now" : "say-polite").textContent = "";
}

function take(files) {
  if (files.length > 0) check(files[0]);
}

for (const event of ["dragover", "drop"]) document.addEventListener(event, (moved) => moved.preventDefault());
document.addEventListener("dragover", () => drop.classList.add("over"));
document.addEventListener("dragleave", () => drop.classList.remove("over"));
document.addEventListener("drop", (dropped) => {
  drop.classList.remove("over");
  take(dropped.dataTransfer.files);
});
document.getElementById("files").addEventListener("change", (event) => {
  take(event.target.files);
  event.target.value = ""; // the same file may be chosen again
});
keyField.addEventListener("change", () => last && check(last));
navigator.serviceWorker?.register("/service-worker.js").catch(() => {}); // without it the page lasts until it is left
