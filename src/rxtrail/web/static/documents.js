// Partner's files: sent one after the other, each with its progress, its receipt and its findings.
import { job } from "./api.js";
import { el, shape, visible } from "./dom.js";

const FINDINGS_SHOWN_MAX = 50;
const POLL_MS_MAX = 2000;
const list = document.getElementById("uploads");
const drop = document.getElementById("drop");
const input = document.getElementById("files");
const count = (number) => Number(number).toLocaleString("en-US");
const plural = (number, one, many) => `${count(number)} ${number === 1 ? one : many}`;
const pause = (milliseconds) => new Promise((resolve) => { setTimeout(resolve, milliseconds); });

function send(file, onProgress) {
  return new Promise((resolve) => {
    const sender = new XMLHttpRequest(); // fetch does not tell how much has been sent
    sender.open("POST", `/api/v1/capture?name=${encodeURIComponent(file.name)}`);
    sender.setRequestHeader("Content-Type", /json/i.test(file.name) ? "application/json" : "application/xml");
    sender.responseType = "json";
    sender.upload.addEventListener("progress", (event) => onProgress(event.loaded, event.total));
    const end = () => resolve({ status: sender.status, value: sender.response, address: sender.getResponseHeader("Location") });
    for (const event of ["load", "error", "abort"]) sender.addEventListener(event, end);
    sender.send(file);
  });
}

function row(file) {
  const progress = el("progress", { max: 1, value: 0, "aria-label": `Progress of ${file.name}` });
  const state = el("span", { class: "upload-state faint" }, "Waiting");
  const body = el("div", { class: "upload-body" }, progress);
  const element = el("li", { class: "upload", "data-state": "running" },
    el("p", { class: "upload-head" }, el("bdi", {}, visible(file.name)), state), body);
  list.prepend(element);
  return {
    running(words, done, total) {
      state.textContent = words;
      progress.max = total || 1;
      progress.value = done;
    },
    end(name, mark, words, ...content) {
      element.dataset.state = name;
      state.replaceChildren(shape(mark, "small"), words);
      state.classList.remove("faint");
      body.replaceChildren(...content.filter(Boolean));
      document.getElementById("say").textContent = `${file.name}: ${words}`;
    },
  };
}

function findingsOf(receipt) {
  const shown = receipt.findings.slice(0, FINDINGS_SHOWN_MAX);
  const hidden = receipt.findings.length - shown.length + (receipt.findings_truncated ?? 0);
  if (shown.length === 0) return null;
  return el("ul", { class: "findings", "aria-label": "Findings" },
    ...shown.map((finding) => el("li", { class: `finding finding-${visible(finding.severity)}` },
      el("span", { class: "finding-code" }, visible(finding.code)), " ", visible(finding.message),
      finding.place ? el("span", { class: "faint" }, ` (${visible(finding.place)})`) : null)),
    hidden > 0 ? el("li", { class: "faint" }, `and ${count(hidden)} more`) : null);
}

function showReceipt(view, receipt) {
  const found = receipt.findings.length > 0;
  const words = receipt.duplicate ? "Already on record: nothing changed" : found ? "Kept, with findings" : "Kept";
  view.end(found ? "findings" : "success", found ? "check" : "ok", words,
    el("p", {}, `${plural(receipt.events, "event", "events")} read, ${count(receipt.new_events)} new; ${plural(receipt.packages, "new package", "new packages")}.`),
    findingsOf(receipt));
}

function showRefusal(view, status, problem) {
  const lost = status === 0 || problem === null;
  view.end("refused", lost ? "unconfirmed" : "stop", lost ? "Not known whether it arrived" : "Refused: nothing was kept",
    el("p", {}, lost ? "The server could not be reached. Send the file again: a document is kept once only." : visible(problem.detail),
      problem?.place ? el("strong", {}, ` ${visible(problem.place)}.`) : null),
    problem?.advice ? el("p", { class: "hint" }, visible(problem.advice)) : null,
    problem?.code ? el("p", { class: "mono faint" }, visible(problem.code)) : null);
}

async function follow(view, address) {
  for (let wait = 50; ; wait = Math.min(wait * 1.5, POLL_MS_MAX)) {
    const { status, value } = await job(address);
    if (status === 200 && value.receipt) return showReceipt(view, value.receipt);
    if (status === 200 && value.state === "failed") {
      return showRefusal(view, status, { detail: value.error || "The capture failed.", advice: "Send the file again." });
    }
    if (status !== 0 && status !== 200 && status < 500) return showRefusal(view, status, value);
    view.running(status === 200 ? `Applying ${count(value.applied)} of ${plural(value.events, "event", "events")}` : "No answer, asking again", value?.applied ?? 0, value?.events ?? 1);
    await pause(wait);
  }
}

async function load(file, view) {
  view.running("Sending", 0, 1);
  const { status, value, address } = await send(file, (done, total) => view.running(done < total ? "Sending" : "Reading", done, total));
  if (status === 202 && value?.receipt) showReceipt(view, value.receipt); // nothing is left to be done
  else if (status === 202 && value !== null && address?.startsWith("/api/v1/capture/")) await follow(view, address);
  else showRefusal(view, status, value);
}

let line = Promise.resolve();
function take(files) {
  for (const [file, view] of Array.from(files, (each) => [each, row(each)])) line = line.then(() => load(file, view));
}

input.addEventListener("change", () => {
  take(input.files);
  input.value = "";
});
for (const event of ["dragenter", "dragover"]) {
  document.addEventListener(event, (dragged) => {
    dragged.preventDefault();
    drop.classList.add("over");
  });
}
document.addEventListener("dragleave", (event) => {
  if (event.relatedTarget === null) drop.classList.remove("over");
});
document.addEventListener("drop", (event) => {
  event.preventDefault();
  drop.classList.remove("over");
  take(event.dataTransfer.files);
});
