// Which packs a recall means and how much it weighs: the same rules in the same words as src/rxtrail/core/rules/recall.py.
const UPSTREAM = ["maker", "repackager", "wholesaler", "3pl", "hub"];
const COUNTERFEIT = "counterfeit";
const UNCLASSIFIED = "not yet classified";
const SET_ASIDE = "Set aside. Compare lot and expiry with the recall.";

const lotText = (lot) => lot.trim().toUpperCase();
const limits = (span) => Boolean(span && (span.since || span.until));
const holds = (span, day) => (!span.since || span.since <= day) && (!span.until || day <= span.until);
const sameMonth = (named, expiry) => !named || named.slice(0, 7) === expiry.slice(0, 7);

// As `fit`, but of a notice that is not read yet nothing is "not affected".
export function means(recall, pack) {
  const found = fit(recall.scope, pack);
  const isUnread = found[0] === "no" && recall.state === "review" && recall.scope.gtins.includes(pack.gtin);
  return isUnread ? ["maybe", "the notice was not read to its end"] : found;
}

// "yes", "maybe" or "no", and of a maybe what is not known; what is not known of the pack is "".
function fit(scope, { gtin, serial, lot, expiry, made }) {
  if (!scope.gtins.includes(gtin)) return ["no", ""];
  let maybe = "";
  if (scope.lots.length) {
    if (!lot) {
      maybe = "its lot is not known";
    } else {
      const named = scope.lots.filter((each) => namesLot(each, lot));
      if (!named.length) return ["no", ""];
      if (expiry && !named.some((each) => sameMonth(each.expiry, expiry))) maybe = "its lot is named, with another expiry";
    }
  }
  if (scope.serials.length) {
    if (!serial) maybe ||= "its serial number is not known";
    else if (!scope.serials.some((each) => within(each, serial))) return ["no", ""];
  }
  for (const [span, day, what] of [[scope.expires, expiry, "expiry"], [scope.made, made, "day of making"]]) {
    if (!limits(span)) continue;
    if (!day) maybe ||= `its ${what} is not known`;
    else if (!holds(span, day)) return ["no", ""];
  }
  return maybe ? ["maybe", maybe] : ["yes", ""];
}

const namesLot = (named, lot) => (named.prefix ? lotText(lot).startsWith(lotText(named.lot)) : lotText(lot) === lotText(named.lot));

const tail = (text) => /^(.*?)([0-9]+)$/s.exec(text);

function within({ first, last, prefix }, serial) {
  if (prefix) return serial.startsWith(first);
  if (first === last || serial.length !== first.length) return serial === first;
  const [from, to, here] = [tail(first), tail(last), tail(serial)];
  if (from && to && here && from[1] === to[1] && from[1] === here[1]) {
    return BigInt(from[2]) <= BigInt(here[2]) && BigInt(here[2]) <= BigInt(to[2]);
  }
  return first <= serial && serial <= last;
}

export function weigh(recall, fits, role, purpose) {
  if (purpose === "investigate") return "check";
  if (recall.state === "review") return recall.classification === "I" ? "stop" : "check";
  if (fits === "maybe") return "check";
  if (recall.kind === COUNTERFEIT) return "stop";
  if (recall.depth === "wholesale" && !UPSTREAM.includes(role)) return recall.classification === "III" ? "info" : "check";
  return "stop";
}

export const codeOf = (recall) => (recall.kind === COUNTERFEIT ? "suspect" : "recalled");

function whatOf(scope, lot) {
  if (scope.lots.length) return lot ? `lot ${lot}` : "lots of this product";
  if (scope.serials.length) return "by its serial number";
  return limits(scope.expires) ? "by its expiry" : limits(scope.made) ? "by its day of making" : "all lots";
}

// What is said of it, and what to do.
export function wordsOf(recall, fits, why, lot) {
  const what = whatOf(recall.scope, lot);
  const classed = recall.classification === UNCLASSIFIED ? UNCLASSIFIED : `class ${recall.classification}`;
  const told = [what, classed, recall.live_since.slice(0, 10), recall.title].filter(Boolean).join(", ");
  if (recall.state === "review") {
    return [`A recall notice of this product waits to be read by a person: ${recall.title}.`,
      "Set aside. Tell the pharmacist: the notice stands among the recalls."];
  }
  if (recall.kind === COUNTERFEIT) {
    const named = [what, recall.live_since.slice(0, 10), recall.title].filter(Boolean).join(", ");
    return fits === "maybe" ? [`Perhaps named in a counterfeit notice (${named}): ${why}.`, SET_ASIDE]
      : [`Named in a counterfeit notice: ${named}.`, "Put this pack in quarantine. Tell the pharmacist: it may have to be reported."];
  }
  if (fits === "maybe") return [`Perhaps recalled (${told}): ${why}.`, SET_ASIDE];
  if (recall.depth === "wholesale") {
    return [`Recalled at wholesale level: ${told}.`, "Do not send it on. At a pharmacy, ask the supplier."];
  }
  return [`Recalled: ${told}.`, "Put this pack in quarantine. Tell the pharmacist."];
}
