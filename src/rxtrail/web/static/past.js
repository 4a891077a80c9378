// The last scans of this tab, for a person who looks back; the record keeps all of them.
import { el, shape, timeWords, visible } from "./dom.js";
import { KNOWN, packPath } from "./verdict.js";

const HISTORY_MAX = 20;
let history = [];
try {
  history = JSON.parse(sessionStorage.getItem("rxtrail.history") ?? "[]");
} catch {
  history = []; // not ours, or storage is blocked: begin anew
}
if (!Array.isArray(history)) history = [];

export function remember(verdict) {
  const { pack } = verdict;
  history = [{
    at: verdict.checked_at, verdict: verdict.verdict, headline: verdict.headline, path: packPath(pack),
    what: pack.product || (pack.gtin && `GTIN ${pack.gtin}`) || (pack.sscc && `SSCC ${pack.sscc}`) || verdict.scan.raw.slice(0, 60),
    serial: pack.serial ?? "",
  }, ...history].slice(0, HISTORY_MAX);
  drawHistory();
}

export function drawHistory() {
  try {
    sessionStorage.setItem("rxtrail.history", JSON.stringify(history));
  } catch {
    // Shown until the page is left.
  }
  document.getElementById("history-empty").hidden = history.length > 0;
  document.getElementById("history-clear").hidden = history.length === 0;
  document.getElementById("history").replaceChildren(...history.filter((entry) => KNOWN.includes(entry.verdict)).map((entry) =>
    el("li", { class: "past" }, shape(entry.verdict, "small"),
      el("span", { class: "past-words" },
        el("span", { class: "past-head" }, visible(entry.headline), el("span", { class: "faint" }, timeWords(entry.at))),
        el(/^\/(packs|containers)\//.test(entry.path) ? "a" : "span",
          { class: "past-what", href: /^\/(packs|containers)\//.test(entry.path) ? entry.path : undefined }, visible(entry.what)),
        entry.serial ? el("span", { class: "mono faint" }, visible(entry.serial)) : null))));
}

export function forget() {
  history = [];
  drawHistory();
}
