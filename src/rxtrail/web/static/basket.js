// The packs of one basket: what their labels say of each other. Label text, beside the verdicts and no part of them.
import { askBasket } from "./api.js";
import { el, visible } from "./dom.js";
import { safetyNotes } from "./verdict.js";

const PRODUCTS_MAX = 50;
let products = new Map(); // name by GTIN
let left = false; // a pack was left out: the basket is full
let asked = 0;

const section = () => document.getElementById("basket");

// Only where notes are shown at all, and never a pack that was stopped.
export function addToBasket(verdict) {
  const { gtin, product } = verdict.pack;
  if (verdict.safety === undefined || !gtin || verdict.verdict === "stop" || products.has(gtin)) return;
  if (products.size >= PRODUCTS_MAX) left = true;
  else products.set(gtin, product || `GTIN ${gtin}`);
  drawBasket();
}

export function newBasket() {
  products = new Map();
  left = false;
  asked += 1;
  section().hidden = true;
}

async function drawBasket() {
  if (products.size < 2) return;
  asked += 1;
  const mine = asked;
  const { status, value } = await askBasket([...products.keys()]);
  if (mine !== asked) return; // another pack came meanwhile, or another basket
  section().hidden = false;
  const told = status === 200 && Array.isArray(value?.interactions);
  const notes = told ? safetyNotes(value.interactions, "Labels of this basket") : null;
  // That nothing is named is only as good as what was looked at.
  const gaps = !told ? [] : [
    ...(value.without_label.length > 0 ? [`No label here of: ${value.without_label.map(visible).join(", ")}`] : []),
    ...value.not_looked_at.map((gap) => `Not looked at, ${visible(products.get(gap.gtin) ?? gap.gtin)}: ${visible(gap.text)}`),
    ...(left ? [`Not looked at: packs beyond the first ${PRODUCTS_MAX}. Begin a new basket.`] : []),
  ];
  const words = !told ? "It could not be found out now what the labels say of each other."
    : notes ? "" : `No label here names another of these packs in its section on interactions${gaps.length > 0 ? ", as far as they were looked at" : ""}.`;
  document.getElementById("basket-notes").replaceChildren(
    el("ul", { class: "plain" }, ...[...products.values()].map((name) => el("li", {}, visible(name)))),
    ...[notes, words ? el("p", { class: "hint", id: "basket-words" }, words) : null].filter(Boolean),
    ...gaps.map((gap) => el("p", { class: "hint basket-gap" }, gap)),
    el("p", { class: "hint" }, told ? visible(value.advice) : ""));
}
