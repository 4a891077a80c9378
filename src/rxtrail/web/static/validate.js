// A partner's file, judged by the server and marked here: its text never leaves the two.
import { el, shape, visible } from "./dom.js";

const CONTEXT_LINES = 3;
const LINES_SHOWN_MAX = 4000;
const LINE_CHARACTERS_MAX = 400;
const LONG_LINE = 2000;
const byId = (name) => document.getElementById(name);
const count = (number) => Number(number).toLocaleString("en-US");
const plural = (number, one, many) => `${count(number)} ${number === 1 ? one : many}`;
const isJson = (text) => /^\s*[{[]/.test(text);

// A file on one line shows nothing: it is broken into lines first, and said to be so.
function readable(text) {
  if (!text.split("\n").some((line) => line.length > LONG_LINE)) return { text, reformatted: false };
  if (!isJson(text)) return { text: text.replace(/></g, ">\n<"), reformatted: true };
  try {
    return { text: JSON.stringify(JSON.parse(text), null, 2), reformatted: true };
  } catch {
    return { text, reformatted: false };
  }
}

async function judge(text, bytes) {
  const asked = new URLSearchParams({ profile: byId("profile").value, mode: byId("mode").value });
  try {
    const answer = await fetch(`/api/v1/validate?${asked}`, {
      method: "POST", body: bytes, cache: "no-store", credentials: "omit", redirect: "error",
      headers: { "Content-Type": isJson(text) ? "application/json" : "application/xml" },
    });
    return { status: answer.status, value: await answer.json() };
  } catch {
    return { status: 0, value: null };
  }
}

function finding(each, withLine) {
  const where = each.line ? el("a", { href: `#line-${each.line}` }, `line ${count(each.line)}`) : visible(each.place);
  return el("div", { class: `finding finding-${visible(each.severity)}` },
    el("span", { class: "finding-code" }, visible(each.code)), " ",
    withLine && (each.line || each.place) ? el("span", {}, where, ": ") : null,
    visible(each.message),
    each.advice ? el("span", { class: "hint finding-advice" }, ` ${visible(each.advice)}`) : null,
    each.clause ? el("span", { class: "faint finding-clause" }, ` ${visible(each.clause)}`) : null);
}

function showVerdict(name, report, reformatted) {
  const tone = !report.valid ? "stop" : report.errors ? "check" : "ok";
  const words = report.valid ? (report.errors ? "Valid, with errors in what it says" : "Valid") : "Not valid";
  byId("verdict").hidden = false;
  byId("verdict").dataset.tone = tone;
  byId("verdict-title").replaceChildren(shape(tone, "small"), ` ${words}`);
  const kind = report.root ? `${report.root} ${report.version}` : "no EPCIS document";
  byId("verdict-words").replaceChildren(el("bdi", {}, visible(name)),
    `: ${visible(kind)}, ${plural(report.events, "event", "events")}, ${plural(report.errors, "error", "errors")}, ${plural(report.warnings, "warning", "warnings")}.`,
    reformatted ? " The file stands on one line; it was broken into lines to be shown." : "");
  byId("findings").replaceChildren(...report.findings.map((each) => el("li", {}, finding(each, true))));
  byId("say").textContent = `${name}: ${words}, ${plural(report.findings.length, "finding", "findings")}`;
}

function showText(text, report) {
  const lines = text.split(/\r\n|\r|\n/);
  const marks = new Map();
  for (const each of report.findings) {
    if (each.line > 0 && each.line <= lines.length) marks.set(each.line, [...(marks.get(each.line) ?? []), each]);
  }
  const all = lines.length <= LINES_SHOWN_MAX;
  const shown = new Set();
  if (all) for (let number = 1; number <= lines.length; number += 1) shown.add(number);
  else {
    for (const number of marks.keys()) {
      for (let near = number - CONTEXT_LINES; near <= number + CONTEXT_LINES; near += 1) {
        if (near >= 1 && near <= lines.length && shown.size < LINES_SHOWN_MAX) shown.add(near);
      }
    }
  }
  const rows = [];
  let last = 0;
  for (const number of [...shown].sort((a, b) => a - b)) {
    if (number > last + 1) rows.push(el("div", { class: "marked-gap faint" }, `${count(number - last - 1)} lines`));
    last = number;
    const found = marks.get(number) ?? [];
    const worst = ["error", "warning", "info"].find((severity) => found.some((each) => each.severity === severity));
    const line = lines[number - 1];
    const words = line.length > LINE_CHARACTERS_MAX ? `${line.slice(0, LINE_CHARACTERS_MAX)}…` : line;
    rows.push(el("div", { class: `marked-line${worst ? ` marked-${worst}` : ""}`, id: `line-${number}` },
      el("span", { class: "marked-number", "aria-hidden": "true" }, String(number)),
      el(worst ? "mark" : "span", { class: "marked-text" }, visible(words) || " ")));
    for (const each of found) rows.push(el("div", { class: "marked-note" }, finding(each, false)));
  }
  byId("text-card").hidden = false;
  byId("text-hint").textContent = all ? plural(lines.length, "line", "lines")
    : `${plural(lines.length, "line", "lines")}; shown is what is marked, and ${CONTEXT_LINES} lines round it.`;
  byId("marked").replaceChildren(...rows);
}

function showProblem(name, status, problem) {
  byId("verdict").hidden = false;
  byId("verdict").dataset.tone = "unconfirmed";
  byId("verdict-title").replaceChildren(shape("unconfirmed", "small"), " Not judged");
  byId("verdict-words").textContent = status === 0 ? "The server could not be reached. Try again." : `${problem?.detail ?? "No answer."} ${problem?.advice ?? ""}`;
  byId("findings").replaceChildren();
  byId("text-card").hidden = true;
  byId("say").textContent = `${name}: not judged`;
}

let latest = null;
async function take(file) {
  latest = file;
  byId("say").textContent = `${file.name}: judging`;
  const raw = await file.text();
  const { text, reformatted } = readable(raw);
  const { status, value } = await judge(text, reformatted ? text : file);
  if (latest !== file) return; // another was chosen meanwhile
  if (status !== 200 || value === null) return showProblem(file.name, status, value);
  showVerdict(file.name, value, reformatted);
  showText(text, value);
}

byId("file").addEventListener("change", (event) => {
  const [file] = event.target.files;
  if (file) take(file);
  event.target.value = "";
});
for (const name of ["profile", "mode"]) byId(name).addEventListener("change", () => latest && take(latest));
for (const name of ["dragenter", "dragover"]) {
  document.addEventListener(name, (dragged) => {
    dragged.preventDefault();
    byId("drop").classList.add("over");
  });
}
document.addEventListener("dragleave", (event) => {
  if (event.relatedTarget === null) byId("drop").classList.remove("over");
});
document.addEventListener("drop", (event) => {
  event.preventDefault();
  byId("drop").classList.remove("over");
  const [file] = event.dataTransfer.files;
  if (file) take(file);
});
