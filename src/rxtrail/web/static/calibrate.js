// The page on which a scanner is set up: scan the symbol, read what to set, give the station a name.
import { removeStation, saveStation, stations, tryCalibration } from "./api.js";
import { el, keep, kept, shape, visible } from "./dom.js";
import { watchScanner } from "./wedge.js";

const QUIET_MS = 1500; // after so long without a key a scan that no key ended is over
const SYMBOL_LENGTH_MIN = 60;
const OUTCOMES = {
  good: { mark: "ok", title: "This scanner is set right", words: "Nothing to change." },
  "put-right": { mark: "ok", title: "Read here, and better set right", words: "Saved, every scan of this station is put right. Other programs need the settings below." },
  partly: { mark: "check", title: "Set this right first", words: "Not every scan of this station can be put right." },
  "not-found": { mark: "unconfirmed", title: "This was not the symbol", words: "" },
};
const field = document.getElementById("scan");
const nameField = document.getElementById("station");
const found = document.getElementById("found");
const notice = document.getElementById("notice");
let scan = null; // the last one that was looked at, to be saved as it arrived
let asked = 0;
let firstAt = 0;
let lastAt = 0;
let quiet = 0;

// --- a scan of the symbol ------------------------------------------------------------------------------------

async function look(text, tookMs) {
  clearTimeout(quiet);
  field.value = "";
  if (text.trim() === "") return;
  notice.hidden = true;
  scan = { scan: text, took_ms: tookMs };
  asked += 1;
  const mine = asked;
  const { status, value } = await tryCalibration(scan);
  if (mine !== asked) return; // another scan came meanwhile
  if (status !== 200 || OUTCOMES[value?.outcome] === undefined) {
    found.hidden = true;
    tell(value?.detail ?? "The server does not answer. Try again.");
    return;
  }
  draw(value);
}

function draw(calibration) {
  const { mark, title, words } = OUTCOMES[calibration.outcome];
  found.hidden = false;
  found.dataset.outcome = calibration.outcome;
  document.getElementById("found-head").replaceChildren(shape(mark),
    el("div", {}, el("h2", { id: "found-title" }, title), words ? el("p", { class: "faint" }, words) : null));
  document.getElementById("advice").replaceChildren(...calibration.advice.map((advice) =>
    el("li", { class: "advice-item", "data-code": advice.code, "data-cured": advice.cured ? "yes" : "no" },
      el("p", { class: "advice-found" }, visible(advice.found)),
      el("p", { class: "advice-do" }, visible(advice.do)))));
  document.getElementById("save-form").hidden = calibration.outcome === "not-found";
  if (nameField.value === "") nameField.value = kept("station") || "Counter 1";
  document.getElementById("say").textContent = [title, ...calibration.advice.map((advice) => `${advice.found} ${advice.do}`)].map(visible).join(". ");
  found.focus({ preventScroll: false });
}

watchScanner(field, (text, { byScanner, ending, tookMs }) => look(text + ending, byScanner ? tookMs : typedMs() ?? tookMs));

// What no key ends is taken when it has been quiet; a scanner that is slow is measured by what the field saw.
field.addEventListener("input", (event) => {
  if (event.inputType === "insertFromPaste") firstAt = 0;
  else if (field.value.length <= 1 || firstAt === 0) firstAt = event.timeStamp;
  lastAt = event.timeStamp;
  clearTimeout(quiet);
  quiet = setTimeout(() => {
    if (field.value.length >= SYMBOL_LENGTH_MIN) look(field.value, typedMs());
  }, QUIET_MS);
});

const typedMs = () => (firstAt > 0 && lastAt > firstAt ? lastAt - firstAt : null);

document.getElementById("calibrate-form").addEventListener("submit", (event) => {
  event.preventDefault();
  look(`${field.value}\r`, null); // pasted or finished by hand: neither its ending nor its speed is the scanner's
});

// --- the stations ---------------------------------------------------------------------------------------------

document.getElementById("save-form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const name = nameField.value.trim();
  if (scan === null || name === "") {
    nameField.focus();
    return;
  }
  const button = document.getElementById("save");
  button.disabled = true;
  const { status, value } = await saveStation(name, scan);
  button.disabled = false;
  if (status !== 200) {
    tell(`Not saved. ${value?.detail ?? "The server does not answer."} ${value?.advice ?? ""}`);
    return;
  }
  use(value.name, `Saved. Scans on this computer are read as those of ${value.name}.`);
});

function use(name, words) {
  keep("station", name);
  document.getElementById("say").textContent = words;
  tell(words);
  list();
  field.focus();
}

async function remove(name) {
  const { status, value } = await removeStation(name);
  if (status !== 200 && status !== 404) {
    tell(`Not removed. ${value?.detail ?? "The server does not answer."}`);
    return;
  }
  if (kept("station") === name) keep("station", "");
  tell(`${name} is removed.`);
  list();
  field.focus();
}

async function list() {
  const { status, value } = await stations();
  if (status !== 200) {
    tell("The stations cannot be read now.");
    return;
  }
  const here = kept("station");
  document.getElementById("stations-empty").hidden = value.stations.length > 0;
  document.getElementById("stations").replaceChildren(...value.stations.map(({ name, calibrated_at, calibration }) =>
    el("li", { class: "station-row", "data-station": name },
      shape(OUTCOMES[calibration.outcome]?.mark ?? "unconfirmed", "small"),
      el("span", { class: "station-words" },
        el("span", { class: "station-name" }, visible(name), name === here ? el("span", { class: "tag" }, "this computer") : null),
        el("span", { class: "faint small" }, summary(calibration), " · ", new Date(calibrated_at).toLocaleDateString("en-GB", { day: "numeric", month: "short", year: "numeric" }))),
      name === here ? null : el("button", { type: "button", class: "link", "aria-label": `Use ${name} on this computer`, on: { click: () => use(name, `Scans on this computer are read as those of ${name}.`) } }, "Use here"),
      el("button", { type: "button", class: "link", "aria-label": `Remove ${name}`, on: { click: () => remove(name) } }, "Remove"))));
}

function summary(calibration) {
  const count = calibration.advice.length;
  if (count === 0) return "set right";
  const open = calibration.advice.filter((advice) => !advice.cured).length;
  const cured = count - open;
  return [cured ? `${cured} put right here` : "", open ? `${open} to set right` : ""].filter(Boolean).join(", ");
}

// --- words and keys -------------------------------------------------------------------------------------------

function tell(words) {
  notice.textContent = visible(words);
  notice.hidden = false;
}

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") {
    field.value = "";
    found.hidden = true;
    notice.hidden = true;
    scan = null;
    field.focus();
  }
});
const print = document.getElementById("print");
print.hidden = false;
print.addEventListener("click", () => window.print());
list();
field.focus();
