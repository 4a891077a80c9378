// The check page without the record: it holds a signed copy, judges by it, keeps what was done on disk, sends it later.
import { newKey } from "./api.js";
import { openBundle } from "./bundle.js";
import { kept } from "./dom.js";
import { DAY_MS, DAYS_MAX, judgeOffline, momentWords } from "./offline-rules.js";
import { readScan } from "./offline-scan.js";
import { canVerify } from "./signed.js";

const REFRESH_MS = 10 * 60_000;
const AGAIN_MS = 60_000; // after a copy could not be fetched
const RETRY_MS = 15_000;
const SECONDS_MAX = 30;
const LATER = [0, 401, 403, 408, 421, 425, 429]; // says nothing about what was asked: it is asked again
const bundles = new Map(); // site -> bundle, while the page lasts

// --- what is kept on this device ---------------------------------------------------------------------------

let opening = null;

function database() {
  opening ??= new Promise((resolve, reject) => {
    const request = indexedDB.open("rxtrail", 1);
    request.onupgradeneeded = () => {
      request.result.createObjectStore("bundles");
      request.result.createObjectStore("queue", { keyPath: "number", autoIncrement: true });
      request.result.createObjectStore("sold");
      request.result.createObjectStore("refused", { keyPath: "number" });
    };
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
  return opening;
}

// Resolves when the transaction is on the disk, not before.
async function inStores(names, mode, work) {
  const stores = await database();
  return new Promise((resolve, reject) => {
    const transaction = stores.transaction(names, mode, { durability: "strict" });
    const request = work(...names.map((name) => transaction.objectStore(name)));
    transaction.oncomplete = () => resolve(request?.result);
    transaction.onabort = () => reject(transaction.error);
    transaction.onerror = () => reject(transaction.error);
  });
}

const get = (name, key) => inStores([name], "readonly", (store) => store.get(key));

export async function waiting() {
  try {
    return await inStores(["queue"], "readonly", (store) => store.getAll());
  } catch {
    return []; // this browser keeps nothing: then nothing can wait
  }
}

// --- the copy ----------------------------------------------------------------------------------------------

async function fetched(path, headers = {}) {
  return fetch(path, { headers, cache: "no-store", credentials: "omit", redirect: "error", signal: AbortSignal.timeout(SECONDS_MAX * 1000) });
}

async function refresh(site) {
  await refreshStation().catch(() => {}); // without it the copy is as good, and is read as far as it can be
  const held = await get("bundles", site);
  const answer = await fetched(`/api/v1/sites/${encodeURIComponent(site)}/bundle`, held ? { "If-None-Match": held.etag } : {});
  if (answer.status === 304) {
    await bundleOf(site);
    return;
  }
  if (!answer.ok) throw new Error(`no bundle: ${answer.status}`);
  const content = await answer.arrayBuffer();
  const { keys } = await (await fetched("/api/v1/keys")).json();
  const { key } = keys.find((each) => each.kind === "node");
  const bundle = await openBundle(content, key);
  await inStores(["bundles"], "readwrite", (store) => store.put({ content, key, etag: answer.headers.get("ETag") }, site));
  bundles.set(site, bundle);
}

// What turns the scans of this computer's station back, for the time without the node.
const undoKey = (station) => `station ${station}`;

async function refreshStation() {
  const station = kept("station");
  if (!station) return;
  const answer = await fetched(`/api/v1/stations/${encodeURIComponent(station)}/undo`);
  const undo = answer.ok ? await answer.json() : null;
  if (answer.ok || answer.status === 404) await inStores(["bundles"], "readwrite", (store) => store.put(undo, undoKey(station)));
}

async function undoOfStation() {
  const station = kept("station");
  return station ? (await get("bundles", undoKey(station))) ?? null : null;
}

async function bundleOf(site) {
  if (!bundles.has(site)) {
    const held = await get("bundles", site);
    if (held) bundles.set(site, await openBundle(held.content, held.key));
  }
  return bundles.get(site);
}

// --- without the record ------------------------------------------------------------------------------------

const identityOf = (scan) => `01/${scan.gtin}/21/${scan.serial}`;

async function soldAt(scan, bundle, now) {
  const at = scan.serial ? await get("sold", identityOf(scan)) : undefined;
  if (!at) return "";
  // A sale that waits to be told is not in any copy yet, however young.
  const waits = (await waiting()).some((entry) => entry.method === "PATCH" && entry.body.scanned_at === at);
  return waits || Date.parse(at) >= Date.parse(bundle.facts.as_of) ? momentWords(Date.parse(at), now) : "";
}

// The verdict by the copy, noted for later; null when this device holds no copy for the place.
export async function answerOffline({ code, site, purpose }) {
  try {
    const bundle = site ? await bundleOf(site) : undefined;
    if (bundle === undefined) return null;
    const now = Date.now();
    const scan = readScan(code, new Date(now).getFullYear(), (gtin, serial) => bundle.find(gtin, serial), await undoOfStation());
    const verdict = judgeOffline(scan, bundle, { purpose, now, sold: await soldAt(scan, bundle, now) });
    const late = { scan: code, site, purpose, key: newKey(), scanned_at: new Date(now).toISOString(), told: verdict.verdict };
    await inStores(["queue"], "readwrite", (queue) => queue.add({ method: "POST", path: "/api/v1/scans", key: late.key, body: late }));
    return { ...verdict, offline: true };
  } catch {
    return null; // a copy that cannot be read, or a disk that cannot be written: then we cannot tell
  }
}

// Note that a person dispensed or received a pack without the record; resolves when that is on the disk.
export async function changeLater(pack, state, site, told) {
  const at = new Date().toISOString();
  const body = { state, lot: pack.lot ?? "", expiry: pack.expiry ?? "", site, scanned_at: at, told };
  const path = `/api/v1/packs/${encodeURIComponent(pack.gtin)}/${encodeURIComponent(pack.serial)}`;
  await inStores(["queue", "sold"], "readwrite", (queue, sold) => {
    if (state === "dispensed") sold.put(at, identityOf(pack));
    return queue.add({ method: "PATCH", path, key: newKey(), body });
  });
  return at;
}

export function copyWords(site) {
  const bundle = bundles.get(site);
  return bundle === undefined ? "" : `Offline: checked against the copy of ${momentWords(Date.parse(bundle.facts.as_of), Date.now())}`;
}

// Words for what has waited for too long, "" for nothing.
export async function warning(site) {
  const now = Date.now();
  const bundle = bundles.get(site);
  if (bundle !== undefined && now - Date.parse(bundle.facts.as_of) >= DAYS_MAX * DAY_MS) {
    return `The copy of this station is older than ${DAYS_MAX} days. Connect it to the record.`;
  }
  const late = (await waiting()).filter((entry) => now - Date.parse(entry.body.scanned_at) >= DAYS_MAX * DAY_MS).length;
  return late ? `${late} scans have waited for more than ${DAYS_MAX} days to be sent. Connect this station to the record.` : "";
}

// --- when it is back ---------------------------------------------------------------------------------------

async function send(entry) {
  try {
    const answer = await fetch(entry.path, {
      method: entry.method, body: JSON.stringify(entry.body), cache: "no-store", credentials: "omit", redirect: "error",
      signal: AbortSignal.timeout(SECONDS_MAX * 1000),
      headers: { "Content-Type": "application/json", "Idempotency-Key": entry.key },
    });
    return { status: answer.status, value: await answer.json() };
  } catch {
    return { status: 0, value: null };
  }
}

// In order, and by one tab at a time; what was not answered stays where it is.
async function replay() {
  const settled = [];
  for (const entry of await waiting()) {
    const { status, value } = await send(entry);
    if (LATER.includes(status) || status >= 500) break;
    await inStores(["queue", "refused"], "readwrite", (queue, refused) => {
      if (status >= 400 && !value?.case) refused.put({ ...entry, status, detail: value?.detail ?? "" }); // never dropped
      return queue.delete(entry.number);
    });
    settled.push({ status, case: value?.case ?? "", detail: value?.detail ?? "" });
  }
  return settled;
}

// `site()` gives the place that is chosen; `told(settled, left)` is told what was sent and how many wait.
export function startOffline({ site, told }) {
  if (!canVerify() || !("indexedDB" in globalThis) || !("DecompressionStream" in globalThis)) return () => {};
  navigator.serviceWorker?.register("/service-worker.js").catch(() => {}); // without it the page lasts until it is left
  let running = null;
  async function once() {
    if ((await waiting()).length > 0) {
      const settled = navigator.locks ? await navigator.locks.request("rxtrail.replay", replay) : await replay();
      told(settled, (await waiting()).length);
    }
  }
  const go = () => { running ??= once().catch(() => {}).finally(() => { running = null; }); return running; };
  const again = () => { setTimeout(renew, AGAIN_MS); return bundleOf(site()); };
  const renew = () => { if (site()) refresh(site()).catch(again).catch(() => {}); };
  setInterval(renew, REFRESH_MS);
  setInterval(go, RETRY_MS);
  window.addEventListener("online", () => { go(); renew(); });
  go();
  renew();
  return Object.assign(go, { renew });
}
