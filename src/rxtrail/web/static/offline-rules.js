// The verdict without the record: the same rules in the same words as src/rxtrail/offline/rules.py.
import { codeOf, means, weigh, wordsOf } from "./recall-rules.js";

const DAYS_MAX = 10;
const DAY_MS = 86_400_000;
const QUARANTINE = "Put this pack in quarantine. Tell the pharmacist.";
const RECALLED = ["recalled", "withdrawn"];
const AGAIN = "Scan the square (2D) code on the pack.";
const STOPPED = { dispense: "Do not dispense", receive: "Do not receive into stock", return: "Do not put back to stock" };
const WEIGHT = { stop: 4, unconfirmed: 3, check: 2, "not-covered": 1, info: 0 };
const FAULTS = {
  "wrong-barcode": "This is not the square code of the pack.",
  "bad-check-digit": "A digit of the code is wrong: a bad scan or a typing error.",
  "ambiguous-scan": "The code can be read in more than one way.",
  "not-serialised": "The code carries no serial number.",
};
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const reason = (code, severity, message, next) => ({ code, severity, message, next });
const two = (number) => String(number).padStart(2, "0");

// "08:14", with the day when it is another one; both are times in milliseconds.
export function momentWords(at, now) {
  const [then, here] = [new Date(at), new Date(now)];
  const words = `${two(then.getHours())}:${two(then.getMinutes())}`;
  if (then.toDateString() === here.toDateString()) return words;
  return `${then.getDate()} ${MONTHS[then.getMonth()]} ${then.getFullYear()}, ${words}`;
}

const dayOf = (now) => {
  const day = new Date(now);
  return `${day.getFullYear()}-${two(day.getMonth() + 1)}-${two(day.getDate())}`;
};

const same = (scanned, held) => (!scanned || !held ? "not-held" : scanned === held ? "yes" : "no");

export function judgeOffline(scan, bundle, { purpose, now, sold = "" }) {
  const reasons = [];
  const asOf = Date.parse(bundle.facts.as_of);
  const isPack = Boolean(scan.gtin && scan.serial && !scan.fault);
  const known = isPack ? bundle.find(scan.gtin, scan.serial) : undefined;
  if (isPack) {
    if (sold) reasons.push(reason("already-dispensed-here", "stop", `Already dispensed here at ${sold}, while offline.`, "If it never left, ask the pharmacist."));
    if (known) {
      reasons.push(...known.reasons.map(([code, severity, message, next]) => reason(code, severity, message, next)));
      elements(scan, known, reasons);
    }
  } else {
    const fault = scan.sscc && !scan.fault ? "wrong-barcode" : scan.fault || "scanner-fault";
    reasons.push(reason(fault, "check", FAULTS[fault] ?? "The scanner did not send a readable code.", AGAIN));
  }
  expired(scan, known, purpose, dayOf(now), reasons);
  recalled(scan, known, bundle, purpose, reasons);
  if (isPack) reasons.push(...unconfirmed(known, now, asOf));
  reasons.sort((one, other) => WEIGHT[other.severity] - WEIGHT[one.severity]);
  const { severity } = reasons[0];
  const verdict = severity === "stop" || severity === "check" ? severity : "unconfirmed";
  const [product, ndc] = bundle.product(scan.gtin);
  return {
    verdict,
    headline: { stop: STOPPED[purpose] ?? "Stop", check: "Check first", unconfirmed: "Cannot be confirmed now" }[verdict],
    reasons,
    pack: { gtin: scan.gtin, ndc, serial: scan.serial, lot: scan.lot, expiry: scan.expiry, product, sscc: scan.sscc },
    state: {},
    scan: { raw: scan.raw, reading: scan.reading, repairs: [] },
    record: { basis: "none", document: "", not_checked: ["record"] },
    matched: known ? { serial: "yes", lot: same(scan.lot, known.lot), expiry: same(scan.expiry, known.expiry) }
      : { serial: "not-held", lot: "not-held", expiry: "not-held" },
    checked_at: `${new Date(now).toISOString().slice(0, 19)}Z`,
    log_size: bundle.facts.log_size,
    as_of: bundle.facts.as_of,
  };
}

function unconfirmed(known, now, asOf) {
  const found = [];
  const days = Math.floor((now - asOf) / DAY_MS);
  if (days >= DAYS_MAX) {
    found.push(reason("copy-too-old", "unconfirmed",
      `The copy is ${days} days old; after ${DAYS_MAX} days it is no longer fit for use.`, "Connect this station to the record."));
  }
  let told = `Offline: checked against the copy of ${momentWords(asOf, now)}.`;
  if (!known?.here) told += " It does not hold this pack.";
  found.push(reason("unreachable", "unconfirmed", told, "You decide. The scan is sent when the record is back."));
  return found;
}

function elements(scan, known, reasons) {
  if (scan.lot && known.lot && scan.lot !== known.lot) {
    if (scan.lot.toLowerCase() === known.lot.toLowerCase()) {
      reasons.push(reason("lot-mismatch", "check",
        "The lot differs only in upper and lower case: most likely the scanner or Caps Lock.", "Turn Caps Lock off and scan again."));
    } else {
      reasons.push(reason("lot-mismatch", "stop", "The lot on the pack is not the lot on record.", QUARANTINE));
    }
  } else if (!scan.lot || !known.lot) {
    reasons.push(reason("lot-unknown", "check",
      scan.lot ? "The record holds no lot for this pack." : "The code carries no lot.", AGAIN));
  }
  if (scan.expiry && known.expiry && scan.expiry !== known.expiry) {
    if (scan.expiry.slice(0, 7) === known.expiry.slice(0, 7)) {
      reasons.push(reason("expiry-mismatch", "check",
        "The expiry day differs within the same month: most likely a date entered by hand.", "Compare with the date printed on the pack."));
    } else {
      reasons.push(reason("expiry-mismatch", "stop", "The expiry date on the pack is not the one on record.", QUARANTINE));
    }
  }
}

function expired(scan, known, purpose, day, reasons) {
  const expiry = [scan.expiry, known?.expiry].filter(Boolean).sort()[0] ?? "";
  if (expiry && expiry < day) {
    reasons.push(reason("expired", ["return", "investigate"].includes(purpose) ? "check" : "stop",
      `Expired on ${expiry}.`, "Do not dispense. Put it with the expired stock."));
  }
}

function recalled(scan, known, bundle, purpose, reasons) {
  if (!scan.gtin) return;
  const lot = known?.lot ?? "";
  const pack = { gtin: scan.gtin, serial: scan.serial, lot: lot || scan.lot, expiry: known?.expiry || scan.expiry, made: known?.made ?? "" };
  const ordered = [];
  for (const recall of bundle.facts.recalls ?? []) {
    const [fits, why] = means(recall, pack);
    if (fits === "no") continue;
    const weight = weigh(recall, fits, bundle.facts.site_role || bundle.facts.role, purpose);
    ordered.push(reason(codeOf(recall), weight, ...wordsOf(recall, fits, why, pack.lot)));
  }
  // What an event says of the same recall tells less.
  const told = ordered.some((each) => each.severity === "stop" && RECALLED.includes(each.code)) ? reasons.filter((each) => !RECALLED.includes(each.code)) : reasons;
  reasons.splice(0, reasons.length, ...told, ...ordered);
  if (reasons.some((each) => RECALLED.includes(each.code) && each.severity === "stop")) return;
  const what = bundle.recalled(scan.gtin, scan.lot, lot);
  if (what === "product") reasons.push(reason("withdrawn", "stop", `The product ${scan.gtin} is withdrawn.`, QUARANTINE));
  else if (what) reasons.push(reason("recalled", "stop", `Recalled: lot ${lot || scan.lot}.`, QUARANTINE));
}

export { DAYS_MAX, DAY_MS };
