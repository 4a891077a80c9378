// The recall pages: look first, open what was looked at, and act by name. What changes elsewhere is shown by itself.
import { actOnRecall, openRecall, previewRecall } from "./api.js";
import { el, visible } from "./dom.js";
import { followRecalls } from "./live.js";

const problem = document.getElementById("recall-problem");
const form = document.getElementById("recall-form");
const acts = document.getElementById("act-form");

function tell(answer) {
  problem.textContent = answer.status === 0
    ? "The record was not reached. It is not known whether this was recorded: look at the list of recalls."
    : [visible(answer.value?.detail), visible(answer.value?.advice)].filter(Boolean).join(" ");
  problem.hidden = false;
}

// --- a new recall ------------------------------------------------------------------------------------------

function asked() {
  const data = new FormData(form);
  const text = (name) => String(data.get(name) ?? "").trim();
  const product = text("product");
  const lots = text("lots").split(/[\n,;]+/).map((line) => line.trim()).filter(Boolean).map((line) => {
    const [lot, expiry = ""] = line.split("=").map((part) => part.trim());
    return { lot: lot.replace(/\*$/, ""), expiry, prefix: lot.endsWith("*") };
  });
  const serials = text("serials").split(/[\n,;]+/).map((line) => line.trim()).filter(Boolean).map((line) => {
    const [first, last = first] = line.split("..").map((part) => part.trim());
    return { first: first.replace(/\*$/, ""), last: last.replace(/\*$/, ""), prefix: first.endsWith("*") };
  });
  return {
    title: text("title"), reason: text("reason"), classification: text("classification"), depth: text("depth"),
    source: text("source"), kind: data.get("counterfeit") === null ? "recall" : "counterfeit", lots, serials, all_lots: data.get("all_lots") !== null,
    ...(product.includes("-") ? { ndcs: [product] } : { gtins: [product] }),
  };
}

function drawPreview(value) {
  const number = (count) => Number(count).toLocaleString("en-US");
  const states = Object.entries(value.by_state).map(([state, count]) => `${number(count)} ${state}`).join(", ");
  const rows = value.holders.map((holder) => el("tr", {},
    el("td", { class: "mono" }, visible(holder.gln || "nobody on record")), el("td", {}, visible(holder.name ?? "")),
    ...[holder.on_hand, holder.in_transit, holder.dispensed].map((count) => el("td", { class: "number" }, number(count ?? 0)))));
  document.getElementById("recall-preview").replaceChildren(
    el("p", { class: "lead" }, el("strong", {}, `${number(value.packs)} packs`), states ? `: ${states}` : " on record here. What is scanned is stopped all the same."),
    value.lot_unknown ? el("p", { class: "notice" }, `${number(value.lot_unknown)} packs have no lot on record: amber at the counter.`) : "",
    value.not_on_record.length ? el("p", { class: "notice" }, `No pack on record of lot ${value.not_on_record.map(visible).join(", ")}.`) : "",
    rows.length ? el("table", {}, el("thead", {}, el("tr", {}, ...["Holder", "Name", "On hand", "In transit", "Dispensed"].map((name, at) =>
      el("th", { scope: "col", class: at > 1 && "number" }, name)))), el("tbody", {}, ...rows)) : "",
    el("p", { class: "hint" }, value.not_affected.length
      ? `Not affected: ${value.not_affected.map((lot) => `lot ${visible(lot.lot)} (${number(lot.packs)})`).join(", ")}.`
      : "No other lot of these products is on record."));
}

form?.addEventListener("submit", async (event) => {
  event.preventDefault();
  problem.hidden = true;
  const opens = event.submitter?.value === "open";
  const button = document.getElementById("recall-open");
  const by = String(new FormData(form).get("by")).trim();
  const answer = opens ? await openRecall({ by, asked: asked() }) : await previewRecall(asked());
  if (opens && answer.status === 201) location.assign(`/recalls/${encodeURIComponent(answer.value.id)}`);
  else if (!opens && answer.status === 200) {
    drawPreview(answer.value);
    button.disabled = false;
  } else tell(answer);
});
form?.addEventListener("input", () => { document.getElementById("recall-open").disabled = true; }); // look again first

// --- one that is kept --------------------------------------------------------------------------------------

acts?.addEventListener("submit", async (event) => {
  event.preventDefault();
  problem.hidden = true;
  const data = new FormData(acts);
  const step = { what: event.submitter.value, by: String(data.get("by")).trim(), reason: String(data.get("reason")).trim() };
  const answer = await actOnRecall(document.getElementById("recall").dataset.recall, step);
  if (answer.status === 200) location.reload();
  else tell(answer);
});

const answers = document.getElementById("answer-form");

answers?.addEventListener("submit", async (event) => {
  event.preventDefault();
  problem.hidden = true;
  const data = new FormData(answers);
  const gln = String(data.get("gln"));
  const what = event.submitter.value;
  const step = { what, by: String(data.get("by")).trim(), gln };
  if (what === "respond") {
    const counts = Object.fromEntries(["found", "returned", "destroyed"].map((name) => [name, Number(data.get(name)) || 0]));
    step.response = { gln, at: "", by: "", ...counts };
  } else if (what !== "acknowledge") Object.assign(step, { what: "check", outcome: what });
  const answer = await actOnRecall(document.getElementById("recall").dataset.recall, step);
  if (answer.status === 200) location.reload();
  else tell(answer);
});

const here = document.getElementById("recall")?.dataset;
followRecalls((told) => {
  // Nobody's half-written form is thrown away.
  const writing = Array.from(document.querySelectorAll("input, textarea")).some((field) => !["checkbox", "number"].includes(field.type) && field.value !== "");
  if (!writing && (here === undefined || told.id === here.recall)) location.reload();
});
