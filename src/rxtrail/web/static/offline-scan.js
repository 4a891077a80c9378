// Scanner text to its elements, for the time without the record. The node reads far more and repairs more; what is not
// read here is told as such and sent as it came.
const GS = "\u001d";
const NEXT = new Set(["01", "10", "11", "13", "15", "16", "17", "21", "240", "710", "711", "712", "713", "714", "715", "716"]);
const FIXED = { "00": 18, "01": 14, "02": 14, "11": 6, "12": 6, "13": 6, "15": 6, "16": 6, "17": 6, "20": 2 };
const VARIABLE = { "10": 20, "21": 20, "22": 20, "240": 30, "241": 30, "250": 30, "251": 30, "30": 8, "37": 8, "400": 30,
  "710": 20, "711": 20, "712": 20, "713": 20, "714": 20, "715": 20, "716": 20, "91": 90, "92": 90, "93": 90, "94": 90,
  "95": 90, "96": 90, "97": 90, "98": 90, "99": 90 };
const DATES = new Set(["11", "12", "13", "15", "16", "17"]);
const READINGS_MAX = 50;

export function checkDigitFits(digits) {
  const sum = Array.from(digits, Number).reverse().reduce((total, digit, place) => total + digit * (place % 2 ? 3 : 1), 0);
  return /^\d+$/.test(digits) && sum % 10 === 0;
}

// GS1 General Specifications 7.12: the century is the one that is nearest; day 00 is the last day of the month.
export function isoDate(yymmdd, thisYear) {
  if (!/^\d{6}$/.test(yymmdd)) return "";
  const [two, month, day] = [0, 2, 4].map((at) => Number(yymmdd.slice(at, at + 2)));
  const apart = two - (thisYear % 100);
  const year = thisYear - (thisYear % 100) + two + (apart >= 51 ? -100 : apart <= -50 ? 100 : 0);
  if (month < 1 || month > 12) return "";
  const last = new Date(Date.UTC(year, month, 0)).getUTCDate();
  if (day > last) return "";
  return `${year}-${String(month).padStart(2, "0")}-${String(day || last).padStart(2, "0")}`;
}

function identifierAt(text) {
  for (const length of [2, 3]) {
    const identifier = text.slice(0, length);
    if (identifier in FIXED || identifier in VARIABLE) return identifier;
  }
  return "";
}

// Every way to split the text; with separators there is one, without them a field may end wherever another can begin.
function splits(text, hasSeparators, found = {}) {
  const rest = text.startsWith(GS) ? text.slice(1) : text;
  if (rest === "") return [found];
  const identifier = identifierAt(rest);
  if (identifier === "" || identifier in found) return [];
  const body = rest.slice(identifier.length);
  const ways = [];
  const take = (count) => ways.push(...splits(body.slice(count), hasSeparators, { ...found, [identifier]: body.slice(0, count) }));
  if (identifier in FIXED) {
    const value = body.slice(0, FIXED[identifier]);
    if (value.length < FIXED[identifier] || !/^\d+$/.test(value)) return [];
    if (DATES.has(identifier) && !isoDate(value, 2000)) return [];
    take(value.length);
    return ways;
  }
  const separator = body.indexOf(GS);
  const whole = separator < 0 ? body.length : separator;
  if (whole >= 1 && whole <= VARIABLE[identifier]) take(whole);
  if (hasSeparators) return ways;
  for (let count = 1; count < Math.min(whole, VARIABLE[identifier] + 1) && ways.length < READINGS_MAX; count += 1) {
    if (NEXT.has(identifierAt(body.slice(count)))) take(count);
  }
  return ways;
}

function bracketed(text) {
  const found = {};
  for (const [, identifier, value] of text.matchAll(/\((\d{2,4})\)([^(]*)/g)) found[identifier] = value;
  return found;
}

function linked(text) {
  const [path, query = ""] = text.split("#")[0].split("?");
  const found = {};
  for (const [, identifier, value] of path.matchAll(/\/(01|10|21)\/([^/]+)/g)) found[identifier] = decodeURIComponent(value);
  const expiry = new URLSearchParams(query).get("17");
  if (expiry) found["17"] = expiry;
  if (found["01"]) found["01"] = found["01"].padStart(14, "0");
  return found;
}

function scanOf(raw, elements, thisYear) {
  const gtin = elements["01"] ?? "";
  const scan = {
    raw, gtin, serial: elements["21"] ?? "", lot: elements["10"] ?? "", expiry: isoDate(elements["17"] ?? "", thisYear),
    sscc: elements["00"] ?? "", fault: "",
    reading: Object.entries(elements).map(([identifier, value]) => `(${identifier})${value}`).join(""),
  };
  if (gtin && !checkDigitFits(gtin)) scan.fault = "bad-check-digit";
  else if (gtin && !scan.serial) scan.fault = "not-serialised";
  return scan;
}

// `known` tells whether the copy holds a pack; it decides where a lost separator leaves several readings.
export function readScan(raw, thisYear, known = () => false) {
  const none = { raw, gtin: "", serial: "", lot: "", expiry: "", sscc: "", reading: "", fault: "wrong-barcode" };
  const text = raw.trim().replace(/^\][a-zA-Z]\d/, "").replace(/^\u001d/, "");
  try {
    if (/^https?:\/\//i.test(text)) {
      const elements = linked(text);
      return elements["01"] ? scanOf(raw, elements, thisYear) : none;
    }
  } catch {
    return none;
  }
  const typed = /^(\d{8}|\d{12,14})[ \t,;]+([!-~]{1,20})$/.exec(text);
  if (typed) return scanOf(raw, { "01": typed[1].padStart(14, "0"), "21": typed[2] }, thisYear);
  if (text.startsWith("(")) return scanOf(raw, bracketed(text), thisYear);
  if (/^(\d{8}|\d{12,14})$/.test(text)) {
    return { ...none, gtin: text.padStart(14, "0"), fault: checkDigitFits(text) ? "wrong-barcode" : "bad-check-digit" };
  }
  const separated = text.includes(GS);
  const scans = splits(text, separated).map((elements) => scanOf(raw, elements, thisYear)).filter((scan) => scan.gtin || scan.sscc);
  if (scans.length === 0) return { ...none, fault: separated || /^01\d{14}/.test(text) ? "scanner-fault" : "wrong-barcode" };
  const held = scans.filter((scan) => !scan.fault && known(scan.gtin, scan.serial));
  const serials = new Set(held.map((scan) => scan.serial));
  if (serials.size === 1) return held.find((scan) => scan.lot && scan.expiry) ?? held[0];
  const whole = scans.filter((scan) => !scan.fault && scan.lot && scan.expiry);
  if (whole.length === 1 || scans.length === 1) return whole[0] ?? scans[0];
  return { ...scans[0], fault: "ambiguous-scan" };
}
