// One verdict as a card: word, shape and colour, then the one thing to do, then everything behind it.
import { dateWords, el, shape, timeWords, visible } from "./dom.js";

export const KNOWN = ["ok", "check", "stop", "unconfirmed", "not-covered"];
const BASIS = {
  issuer: "the maker's own data",
  supplier: "the supplier's data",
  "counted-in": "opening stock counted by a person",
  vrs: "the maker's answer",
  none: "no record",
};
const OK_NEXT = { dispense: "Record it as dispensed, then hand it over.", receive: "Record it as received, then put it into stock." };
const MATCH = { yes: "matches", no: "does not match", "not-held": "not held" };

// What stands in for an answer that never came. Grey: it says nothing about the pack.
export function cannotTell(scan, problem) {
  const refused = problem !== null && typeof problem === "object" && problem.status >= 400 && problem.status < 500;
  return {
    verdict: "unconfirmed",
    headline: refused ? "Not checked" : "Cannot tell now",
    reasons: [{
      code: refused ? problem.code : "unreachable", severity: "unconfirmed",
      message: refused ? problem.detail : "The record could not be reached. This says nothing about the pack.",
      next: refused ? problem.advice || "Scan it again." : "Set the pack aside and scan it again in a moment.",
    }],
    pack: {}, state: {}, scan: { raw: scan, reading: "", repairs: [] },
    record: { basis: "none", document: "", not_checked: [] }, matched: {},
    checked_at: new Date().toISOString(), log_size: null,
  };
}

export function packPath(pack) {
  if (pack.sscc) return `/containers/${encodeURIComponent(pack.sscc)}`;
  return pack.gtin && pack.serial ? `/packs/${encodeURIComponent(pack.gtin)}/${encodeURIComponent(pack.serial)}` : "";
}

function fact(name, value, match) {
  if (!value) return null;
  return el("div", { class: match ? `fact match-${match}` : "fact" }, el("dt", {}, name),
    el("dd", {}, el("bdi", { class: "mono" }, visible(value)), match ? el("span", { class: "match" }, MATCH[match] ?? visible(match)) : null));
}

function facts(verdict, nameOf) {
  const { pack, matched, state } = verdict;
  return el("dl", { class: "facts verdict-facts" },
    fact("SSCC", pack.sscc),
    fact("NDC", pack.ndc),
    fact("GTIN", pack.gtin),
    fact("Serial", pack.serial, matched.serial),
    fact("Lot", pack.lot, pack.lot || matched.lot === "no" ? matched.lot : undefined),
    fact("Expiry", pack.expiry && dateWords(pack.expiry), matched.expiry),
    fact("State", state.disposition && words(state.disposition)),
    state.custodian && el("div", { class: "fact" }, el("dt", {}, "With"), el("dd", {}, visible(nameOf(state.custodian)))));
}

const words = (name) => {
  const plain = visible(name).replaceAll("_", " ").replaceAll("-", " ");
  return plain.charAt(0).toUpperCase() + plain.slice(1);
};

function details(verdict) {
  const { scan, record } = verdict;
  const row = (name, value) => (value ? el("div", {}, el("dt", {}, name), el("dd", { class: "mono wrap" }, value)) : null);
  return el("details", { class: "verdict-details" }, el("summary", {}, "Details"),
    el("dl", { class: "facts small" },
      row("Codes", verdict.reasons.map((reason) => visible(reason.code)).join(", ")),
      row("Scanned", visible(scan.raw)),
      row("Read as", visible(scan.reading)),
      row("Repaired", scan.repairs.map(visible).join(", ")),
      row("On the word of", BASIS[record.basis] ?? visible(record.basis)),
      row("Document", visible(record.document)),
      row("Not checked", record.not_checked.map(visible).join(", "))));
}

function reasons(verdict) {
  const rest = verdict.reasons.slice(1);
  if (rest.length === 0) return null;
  return el("div", { class: "reasons" }, el("h3", {}, "Also"),
    el("ul", {}, ...rest.map((reason) => el("li", { class: `reason reason-${visible(reason.severity)}`, "data-code": visible(reason.code) },
      shape(KNOWN.includes(reason.severity) ? reason.severity : "ok", "small"),
      el("span", {}, visible(reason.message), reason.next ? el("span", { class: "reason-next" }, visible(reason.next)) : null)))));
}

// What public files say of the product: beside the verdict, never a part of it, and marked so.
export function safetyNotes(notes, title = "Beside the verdict") {
  if (!notes || notes.length === 0) return null;
  return el("section", { class: "safety", "aria-label": title, "data-safety": notes.length },
    el("h3", {}, title),
    el("ul", {}, ...notes.map((note) => el("li", { class: `safety-note safety-${visible(note.kind)}`, "data-kind": visible(note.kind) },
      el("strong", {}, visible(note.title)),
      el("p", {}, visible(note.text)),
      el("p", { class: "faint" }, `${visible(note.source)}${note.more ? ", shortened" : ""}. ${visible(note.advice)}`)))));
}

export function draw(result, verdict, { actions, nameOf, purpose }) {
  const first = verdict.reasons[0];
  const why = first && first.message !== verdict.headline ? first.message : "";
  const next = first?.next || (verdict.verdict === "ok" ? OK_NEXT[purpose] ?? "" : "");
  const path = packPath(verdict.pack);
  result.replaceChildren(el("div", { class: "verdict" },
    el("div", { class: "band" },
      shape(verdict.verdict, "big"),
      el("div", { class: "band-words" },
        el("h2", { id: "verdict-title" }, visible(verdict.headline)),
        why ? el("p", { class: "why" }, visible(why)) : null)),
    el("div", { class: "verdict-body" },
      verdict.pack.product ? el("p", { class: "product" }, visible(verdict.pack.product)) : null,
      next ? el("div", { class: "next" }, el("span", { class: "next-label" }, "What to do now"), el("p", {}, visible(next))) : null,
      el("div", { class: "actions", id: "actions" }, ...actions),
      el("p", { class: "change-words", id: "change-words", hidden: true }),
      reasons(verdict),
      safetyNotes(verdict.safety),
      facts(verdict, nameOf),
      details(verdict),
      el("p", { class: "stamp" },
        verdict.log_size === null ? `Not checked · ${timeWords(verdict.checked_at)}`
          : verdict.offline ? `Checked against the copy of ${timeWords(verdict.as_of)} · ${timeWords(verdict.checked_at)}`
          : `Checked against ${Number(verdict.log_size).toLocaleString("en-US")} log entries · ${timeWords(verdict.checked_at)}`,
        path ? " · " : null, path ? el("a", { href: path }, "Journey of this pack") : null))));
  result.dataset.verdict = verdict.verdict;
  result.dataset.checkedAt = verdict.checked_at;
  result.setAttribute("aria-labelledby", "verdict-title");
}
