// Scanner text to its elements, for the time without the record: the separator in its disguises or lost, Caps Lock, the
// trigger pulled twice, and what the profile of a calibrated station turns back. The node reads more, such as layouts of
// stations that were never calibrated; what is not read here is told as such and sent as it came.
import { turnedBack } from "./offline-station.js";

const GS = "\u001d";
const PACK = ["01", "10", "17", "21"];
const NEXT = new Set(["01", "10", "11", "13", "15", "16", "17", "21", "240", "710", "711", "712", "713", "714", "715", "716", "717"]);
const FIXED = { "00": 18, "01": 14, "02": 14, "11": 6, "12": 6, "13": 6, "15": 6, "16": 6, "17": 6, "20": 2 };
const VARIABLE = { "10": 20, "21": 20, "22": 20, "240": 30, "241": 30, "250": 30, "251": 30, "30": 8, "37": 8, "400": 30,
  "710": 20, "711": 20, "712": 20, "713": 20, "714": 20, "715": 20, "716": 20, "717": 20, "91": 90, "92": 90, "93": 90,
  "94": 90, "95": 90, "96": 90, "97": 90, "98": 90, "99": 90 };
const DATES = new Set(["11", "12", "13", "15", "16", "17"]);
const SET_82 = "!\"%-?A-Z_a-z"; // GS1 General Specifications 7.11: "&" to "?" stand together
const DATA = new RegExp(`^[${SET_82}]*$`);
const STRANGE = new RegExp(`[^${SET_82}${GS}]`, "g");
// What devices send in place of GS; only words in angle brackets could be data, and no one was ever seen.
const NAMED = /[<{[(](?:GS|FNC-?1|F8|\^\]|(?:0x)?1D|(?:ASCII|ALT|CHR)?[ +]?0{0,2}29)[>}\])]|\^\]|\\x1d|\\u001d|\\F|~d?029|&#0*29;|&#x0*1d;|0x1d|_x001d_|\u241d|\u2194/i;
const GS1_SYMBOLS = ["]d2", "]C1", "]e0", "]Q3", "]J1"];
const EDGES = /^[\s\0\u0001-\u0006\ufeff\u200b]+|[\s\0\u0001-\u0006\u001e\ufeff\u200b]+$/g;
// Bounds on time: steps of looking for splits, readings, and the length of what is repaired.
const STEPS_MAX = 200;
const READINGS_MAX = 16;
const REPAIRED_MAX = 200;
const [CERTAIN, SPLIT, CASE, FAR] = [0, 1, 3, 6];

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

// --- every way to take a text apart ------------------------------------------------------------------------

// A field may end wherever another can begin; `guessed` tells that one did. Null when there is too much to look at.
function splits(text) {
  const ways = [];
  let steps = STEPS_MAX;
  const read = (at, found, guessed) => {
    steps -= 1;
    if (steps < 0 || ways.length > READINGS_MAX) return;
    const from = text[at] === GS ? at + 1 : at;
    if (from >= text.length) {
      if (Object.keys(found).length) ways.push({ elements: found, guessed });
      return;
    }
    const identifier = identifierAt(text.slice(from, from + 3));
    if (identifier === "" || identifier in found) return;
    const start = from + identifier.length;
    const take = (end, split) => read(end, { ...found, [identifier]: text.slice(start, end) }, guessed || split);
    if (identifier in FIXED) {
      const value = text.slice(start, start + FIXED[identifier]);
      if (value.length < FIXED[identifier] || !/^\d+$/.test(value)) return;
      if (DATES.has(identifier) && !isoDate(value, 2000)) return;
      if (identifier === "01" && !checkDigitFits(value)) return;
      take(start + value.length, false);
      return;
    }
    const separator = text.indexOf(GS, start);
    const end = separator < 0 ? text.length : separator;
    const longest = start + VARIABLE[identifier];
    if (end > start && end <= longest && DATA.test(text.slice(start, end))) take(end, false);
    for (let next = start + 1; next < end && next <= longest && steps >= 0; next += 1) {
      const following = identifierAt(text.slice(next, next + 3));
      if (!NEXT.has(following) || !DATA.test(text.slice(start, next))) continue;
      if (DATES.has(following) && !isoDate(text.slice(next + 2, next + 8), 2000)) continue;
      if (following === "01" && !checkDigitFits(text.slice(next + 2, next + 16))) continue;
      take(next, true);
    }
  };
  read(0, {}, false);
  return steps < 0 || ways.length > READINGS_MAX ? null : ways;
}

// --- one text, as it stands --------------------------------------------------------------------------------

function bracketed(text) {
  const found = {};
  for (const [, identifier, value] of text.matchAll(/\((\d{2,4})\)([^(]*)/g)) found[identifier] = value.trim();
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
  else if (![scan.serial, scan.lot].every((value) => value.length <= 20 && DATA.test(value))) scan.fault = "scanner-fault";
  else if (elements["17"] && !scan.expiry) scan.fault = "scanner-fault";
  else if (gtin && !scan.serial) scan.fault = "not-serialised";
  return scan;
}

// The elements of a text whose separators stand; null when it is none.
function elementsOf(text) {
  const found = {};
  let rest = text;
  while (rest !== "") {
    if (rest.startsWith(GS)) rest = rest.slice(1);
    const identifier = identifierAt(rest);
    if (identifier === "") return rest === "" ? found : null;
    const body = rest.slice(identifier.length);
    const separator = body.indexOf(GS);
    const count = identifier in FIXED ? FIXED[identifier] : separator < 0 ? body.length : separator;
    const value = body.slice(0, count);
    if (value.length < count || value === "" || value.includes(GS) || (found[identifier] ?? value) !== value) return null;
    found[identifier] = value;
    rest = body.slice(count);
  }
  return found;
}

const tidy = (text) => text.replace(new RegExp(`[ \t]*${GS}[ \t${GS}]*`, "g"), GS).replace(new RegExp(`^${GS}|${GS}$`, "g"), "");

// The text with GS where a word or a character stands for it.
function restored(text, thisYear) {
  let body = tidy(text);
  if (body.includes(GS)) return body;
  const word = NAMED.exec(body)?.[0];
  if (word) return tidy(body.replaceAll(word, GS));
  const strange = new Set(Array.from(body.slice(1, -1).matchAll(STRANGE), ([character]) => character));
  for (const character of strange) {
    const candidate = tidy(body.replaceAll(character, GS));
    const elements = elementsOf(candidate);
    if (elements && elements["01"] && !scanOf(text, elements, thisYear).fault) return candidate;
  }
  return body;
}

// A second pull of the trigger is the same code again.
function once(text) {
  const lines = text.split(/[\r\n\t]+/).filter((line) => line !== "");
  if (lines.length > 1 && new Set(lines).size === 1) return lines[0];
  const half = text.length / 2;
  if (half > 20 && Number.isInteger(half) && text.slice(0, half) === text.slice(half)) return text.slice(0, half);
  return text;
}

const swapped = (text) => Array.from(text, (letter) => (letter === letter.toLowerCase() ? letter.toUpperCase() : letter.toLowerCase())).join("");

// --- all that a text may mean, and which of it is taken ----------------------------------------------------

function withTwins(readings, symbol) {
  const twins = [];
  for (const { scan, step } of readings.slice(0, 6)) {
    const said = scan.serial + scan.lot;
    const turns = [[swapped, step === CERTAIN || !GS1_SYMBOLS.includes(symbol) ? CASE : FAR]];
    if (said === said.toLowerCase()) turns.push([(text) => text.toUpperCase(), FAR]);
    if (said === said.toUpperCase()) turns.push([(text) => text.toLowerCase(), FAR]);
    for (const [turn, doubt] of turns) {
      const [serial, lot] = [turn(scan.serial), turn(scan.lot)];
      const reading = scan.reading.replace(`(21)${scan.serial}`, () => `(21)${serial}`).replace(`(10)${scan.lot}`, () => `(10)${lot}`);
      if (serial + lot !== said) twins.push({ scan: { ...scan, serial, lot, reading }, step: doubt });
    }
  }
  return [...readings, ...twins].sort((one, other) => one.step - other.step).slice(0, READINGS_MAX);
}

const identity = ({ gtin, serial }) => `${gtin}/${serial}`;

function agrees(scan, pack) {
  const stated = typeof pack === "object" ? pack : {};
  return (!stated.lot || scan.lot === stated.lot) && (!stated.expiry || scan.expiry === stated.expiry);
}

// As the node chooses: what is read plainly and held is taken; a repair only when it alone is held and nothing of it
// is contradicted. `left` is how many readings are equally good without asking.
function chosen(plain, readings, left, known) {
  const there = readings.map((one) => ({ ...one, pack: known(one.scan.gtin, one.scan.serial) })).filter(({ pack }) => pack);
  if (there.length === 0) return null;
  const least = there[0].step;
  const first = new Set(there.filter(({ step }) => step === least).map(({ scan }) => identity(scan)));
  const isPlain = least === CERTAIN && left === 1;
  let agreeing = there.filter(({ scan, pack }) => agrees(scan, pack) && (first.has(identity(scan)) || !isPlain));
  if (agreeing.some(({ step }) => step < FAR)) agreeing = agreeing.filter(({ step }) => step < FAR);
  const keys = new Set(agreeing.map(({ scan }) => identity(scan)));
  if (keys.size === 1 && first.has(identity(agreeing[0].scan))) return agreeing[0].scan;
  const doubtful = { ...plain, fault: "ambiguous-scan" };
  if (there.some(({ scan, pack }) => agrees(scan, pack))) return doubtful;
  if (least > SPLIT) return null;
  return left === 1 && new Set(there.map(({ scan }) => identity(scan))).size === 1 ? there[0].scan : doubtful;
}

// `known` gives the pack of the copy, with its lot and expiry, or nothing; `undo` what turns this station's scans back.
export function readScan(raw, thisYear, known = () => undefined, undo = null) {
  const asItIs = readOne(raw, raw, thisYear, known);
  if (!undo) return asItIs;
  const text = turnedBack(undo, raw);
  if (text.trim() === raw.trim()) return asItIs;
  const turned = readOne(raw, text, thisYear, known);
  const worth = (scan) => (scan.fault ? (scan.gtin || scan.sscc ? 2 : 1) : 3);
  if (worth(asItIs) > worth(turned)) return asItIs;
  const said = ({ gtin, serial, lot, expiry, sscc }) => [gtin, serial, lot, expiry, sscc].join("\n");
  if (!asItIs.fault && !turned.fault && said(asItIs) !== said(turned)) {
    // It reads as well both ways and says something else: the copy decides, and never between two packs that it holds.
    const [held, heldTurned] = [asItIs, turned].map((scan) => Boolean(known(scan.gtin, scan.serial)));
    if (held && heldTurned) return { ...turned, fault: "ambiguous-scan" };
    if (held) return asItIs;
  }
  return turned;
}

function readOne(raw, given, thisYear, known) {
  const none = { raw, gtin: "", serial: "", lot: "", expiry: "", sscc: "", reading: "", fault: "wrong-barcode" };
  const bare = once(given.replace(EDGES, ""));
  const symbol = /^\][a-zA-Z]\d/.exec(bare)?.[0] ?? "";
  const text = bare.slice(symbol.length).replace(/^\u001d/, "");
  try {
    if (/^https?:\/\//i.test(text)) {
      const elements = linked(text);
      return elements["01"] ? scanOf(raw, elements, thisYear) : none;
    }
  } catch {
    return none;
  }
  const number = /^(\d{8}|\d{12,14})$/.test(text);
  if (number) return { ...none, gtin: text.padStart(14, "0"), fault: checkDigitFits(text) ? "wrong-barcode" : "bad-check-digit" };
  const typed = /^(\d{8}|\d{12,14})[ \t,;]+([!-~]{1,20})$/.exec(text);
  if (typed) return scanOf(raw, { "01": typed[1].padStart(14, "0"), "21": typed[2] }, thisYear);
  return readElements(raw, text, symbol, thisYear, known, none);
}

function readElements(raw, text, symbol, thisYear, known, none) {
  const isBracketed = text.startsWith("(");
  const body = isBracketed ? text : restored(text, thisYear);
  const elements = isBracketed ? bracketed(text) : elementsOf(body);
  const damaged = { ...none, fault: symbol || body.includes(GS) || /^01\d{14}/.test(body) ? "scanner-fault" : "wrong-barcode" };
  const plain = elements && (elements["01"] || elements["00"]) ? scanOf(raw, elements, thisYear) : damaged;
  if (plain.sscc && !plain.gtin) return plain;
  if (plain.fault === "bad-check-digit") return plain;
  const isWhole = !plain.fault && PACK.every((each) => elements[each]);
  const readings = plain.fault ? [] : [{ scan: plain, step: CERTAIN }];
  let split = [];
  if (!isWhole && !isBracketed && body.length <= REPAIRED_MAX) {
    const ways = (splits(body) ?? []).filter((way) => way.guessed && PACK.every((each) => way.elements[each]));
    split = ways.map((way) => ({ scan: scanOf(raw, way.elements, thisYear), step: SPLIT })).filter(({ scan }) => !scan.fault);
    readings.push(...split);
  }
  if (readings.length === 0) return plain;
  // A lot that may be just what it says, of a code without a serial, is possible too.
  const left = plain.fault === "not-serialised" ? 0 : readings.length;
  const taken = chosen(plain, withTwins(readings, symbol), left, known);
  if (taken) return taken;
  if (left === 1) return readings[0].scan;
  return { ...(plain.fault ? readings[0].scan : plain), fault: "ambiguous-scan" };
}
