// The check page: one scan at a time, in the order they were made. What was stopped stays named on the page until a
// person says that it was set aside, however many packs are scanned after it.
import { change, newKey, verify } from "./api.js";
import { addToBasket, newBasket } from "./basket.js";
import { el, keep, kept, shape, timeWords, visible } from "./dom.js";
import { laterButton, sentWords } from "./later.js";
import { followRecalls } from "./live.js";
import { answerOffline, copyWords, startOffline, warning } from "./offline.js";
import { drawHistory, forget, remember } from "./past.js";
import { bindToggle, play } from "./sound.js";
import { cannotTell, draw, KNOWN, packPath } from "./verdict.js";
import { watchScanner } from "./wedge.js";

const WAITING_MAX = 5;
const SECONDS_WITH_COPY = 2.5; // who holds a copy need not wait for long
const field = document.getElementById("scan");
const result = document.getElementById("result");
const notice = document.getElementById("notice");
const site = document.getElementById("site");
const purpose = document.getElementById("purpose");
const empty = result.firstElementChild;

let busy = false;
let shown = null; // what is on the page: how it was asked, and the product
let stopped = ""; // the code of the red verdict that is on the page
let aside = []; // packs that were stopped and that nobody has said to be set aside
let waiting = []; // scans made while one is being checked
let main = null; // the button that F9 presses

// --- checking ----------------------------------------------------------------------------------------------

function onScan(text, { byScanner }) {
  const code = text.replace(/^[ \t\r\n]+|[ \t\r\n]+$/g, "");
  if (code === "") {
    if (stopped) confirmStop();
    return;
  }
  if (stopped === code && byScanner) {
    play("stop"); // the trigger pressed twice: the answer stands already
    return;
  }
  if (!byScanner) aside = []; // a code that was typed is a person's answer to the red one
  if (waiting.length >= WAITING_MAX) {
    tell("Too fast: this scan was not taken. Scan the pack again.");
    play("other");
    return;
  }
  waiting.push({ code, site: site.value, purpose: purpose.value });
  field.value = "";
  if (!busy) checkNext();
}

async function checkNext() {
  const next = waiting.shift();
  if (next === undefined) return;
  busy = true;
  hush();
  clearResult();
  result.dataset.busy = "";
  const { status, value } = await verify(next.code, next.site, next.purpose, kept("station"), copyWords(next.site) ? SECONDS_WITH_COPY : undefined);
  const answered = status === 200 && KNOWN.includes(value?.verdict) && Array.isArray(value.reasons);
  const reached = status !== 0 && status < 500;
  const byCopy = answered || reached ? null : await answerOffline(next);
  delete result.dataset.busy;
  busy = false;
  linkState(reached, byCopy ? copyWords(next.site) : "");
  show(answered ? value : byCopy ?? cannotTell(next.code, value), next);
  if (reached) sendWaiting();
  else warning(next.site).then(tell);
  checkNext();
}

function show(verdict, asked) {
  if (aside.length > 0) tell(`Set aside first: ${aside.map(visible).join(", ")}. Press Escape when that is done.`);
  if (verdict.verdict === "stop") {
    stopped = asked.code;
    aside.push(`serial ${verdict.pack.serial || "not read"}`);
  }
  shown = verdict.pack.gtin ? { asked, gtin: verdict.pack.gtin, verdict: verdict.verdict } : null;
  draw(result, verdict, { actions: actionsFor(verdict, asked), nameOf, purpose: asked.purpose });
  const first = verdict.reasons[0];
  say([verdict.headline, first?.message, first?.next].filter(Boolean).map(visible).join(". "), verdict.verdict !== "ok");
  play(verdict.verdict);
  remember(verdict);
  addToBasket(verdict);
  refocus();
}

// A recall that begins while a pack lies on the counter is told at once: the pack is asked about again. Only ever to
// the worse: a stop stays until a person has set the pack aside.
async function onRecall(told) {
  const at = shown;
  if (at === null || at.verdict === "stop" || busy || !told.gtins?.includes(at.gtin)) return;
  const { status, value } = await verify(at.asked.code, at.asked.site, at.asked.purpose, kept("station"));
  if (shown !== at || busy || status !== 200 || !KNOWN.includes(value?.verdict) || value.verdict === at.verdict) return;
  show(value, at.asked);
  if (value.verdict === "stop") tell(`A recall has just begun: ${visible(told.title)}`);
}

function clearResult() {
  stopped = "";
  shown = null;
  main = null;
  delete result.dataset.verdict;
  delete result.dataset.checkedAt;
  delete result.dataset.changed;
  result.removeAttribute("aria-labelledby");
  result.replaceChildren(empty);
  say("", false);
}

function confirmStop() {
  aside = [];
  clearResult();
  hush();
  refocus();
}

// --- what can be done with the pack ------------------------------------------------------------------------

const CHANGES = {
  dispense: { state: "dispensed", words: "Dispense this pack", done: "Dispensed" },
  receive: { state: "received", words: "Receive this pack", done: "Received" },
};

function actionsFor(verdict, asked) {
  const journey = packPath(verdict.pack);
  const open = journey ? el("a", { class: "button", href: journey }, "Journey") : null;
  const again = (words, kind) => el("button", { type: "button", class: `button ${kind}`, id: "scan-again", on: { click: confirmStop } }, words);
  main = null; // F9 never answers a stop: whoever presses it for the last pack must not lift this one's
  if (verdict.verdict === "stop") return [again("Set aside, next pack", "primary"), open].filter(Boolean);
  if (verdict.offline && verdict.verdict === "unconfirmed" && verdict.matched.serial === "yes" && CHANGES[asked.purpose]) {
    const wanted = CHANGES[asked.purpose];
    const later = laterButton(wanted, verdict, asked.site, (words, noted) => changedLater(words, noted && wanted.state));
    return [again("Next pack", "primary"), later];
  }
  const wanted = verdict.verdict === "ok" && verdict.pack.gtin && verdict.pack.serial ? CHANGES[asked.purpose] : undefined;
  if (wanted === undefined) return [again(verdict.verdict === "ok" ? "Next pack" : "Scan again", "primary"), open].filter(Boolean);
  main = el("button", { type: "button", class: "button go", id: "change" }, wanted.words);
  const key = newKey(); // one per verdict: however often it is pressed, it is one change
  main.addEventListener("click", () => makeChange(wanted, verdict, asked, key));
  return [main, again("Next pack", ""), open].filter(Boolean);
}

async function makeChange(wanted, verdict, asked, key) {
  const button = document.getElementById("change");
  const words = document.getElementById("change-words");
  if (button === null || button.disabled) return;
  button.disabled = true;
  const { pack } = verdict;
  const { status, value } = await change(pack, { state: wanted.state, lot: pack.lot ?? "", expiry: pack.expiry ?? "", site: asked.site }, key);
  linkState(status !== 0 && status < 500);
  if (!button.isConnected) { // the next pack was scanned meanwhile; its card must not be written over
    if (status !== 200) tell(`${wanted.done} is not confirmed for serial ${visible(pack.serial)}. Scan that pack again.`);
    return;
  }
  words.hidden = false;
  if (status === 200) {
    result.dataset.changed = wanted.state;
    words.textContent = `${wanted.done} at ${timeWords(value.recorded_at)}. Log position ${Number(value.log_index).toLocaleString("en-US")}.`;
    button.replaceWith(el("span", { class: "done" }, shape("ok", "small"), wanted.done));
    say(words.textContent, false);
    main = null;
  } else if (status === 409) {
    show({
      ...verdict, verdict: "stop", headline: "Not recorded: stop",
      reasons: [{ code: value.code, severity: "stop", message: value.detail, next: value.advice || "Keep the pack. Tell the pharmacist." }],
      state: value.state ?? verdict.state,
    }, asked);
  } else {
    button.disabled = false;
    const told = status >= 400 && status < 500 ? `Not recorded: ${visible(value?.detail)}` : "It is not known whether this was recorded.";
    words.textContent = `${told} Press again: it is recorded once only.`;
    say(words.textContent, true);
    play("other");
  }
  refocus();
}

function changedLater(words, state) {
  const line = document.getElementById("change-words");
  if (state) result.dataset.changed = `${state}-later`;
  else play("other");
  line.hidden = false;
  line.textContent = words;
  say(words, !state);
  refocus();
}

function onSent(settled, left) {
  if (settled.length === 0) return;
  linkState(true);
  tell(sentWords(settled, left));
}

// --- words to the person -----------------------------------------------------------------------------------

function nameOf(gln) {
  const option = Array.from(site.options).find((each) => each.value === gln);
  return (gln && option?.dataset.name) || gln;
}

function say(words, now) {
  document.getElementById("say-now").textContent = now ? words : "";
  document.getElementById("say-polite").textContent = now ? "" : words;
}

function tell(words) {
  if (words === "") return;
  notice.textContent = words;
  notice.hidden = false;
  say(words, true);
}

function hush() {
  notice.hidden = true;
}

function linkState(reached, words = "No connection to the record") {
  const state = document.getElementById("link-state");
  state.dataset.state = reached ? "up" : "down";
  document.getElementById("link-words").textContent = reached ? "Connected" : words || "No connection to the record";
}

// On a phone the focus would open the keyboard over the verdict, so there the verdict itself comes into view.
function refocus() {
  if (!window.matchMedia("(pointer: coarse)").matches) field.focus({ preventScroll: true });
  if (result.dataset.verdict && window.matchMedia("(max-width: 600px)").matches) result.scrollIntoView({ block: "start" });
  else window.scrollTo({ top: 0 });
}

// --- beginning ---------------------------------------------------------------------------------------------

function bindChoice(select, name, fromAddress) {
  const known = (value) => Array.from(select.options).some((option) => option.value === value);
  if (name === "site" && /^\d{13}$/.test(fromAddress ?? "") && !known(fromAddress)) select.add(new Option(fromAddress, fromAddress));
  const wanted = [fromAddress, kept(name, null), select.dataset.default].find((value) => value !== null && value !== undefined && known(value));
  if (wanted !== undefined) select.value = wanted;
  select.addEventListener("change", () => {
    keep(name, select.value);
    refocus(); // so that the next scan cannot choose another place
  });
}

const address = new URLSearchParams(location.search);
bindChoice(site, "site", address.get("site"));
bindChoice(purpose, "purpose", address.get("purpose"));
bindToggle(document.getElementById("sound-toggle"));
watchScanner(field, onScan);
document.getElementById("scan-form").addEventListener("submit", (event) => {
  event.preventDefault();
  onScan(field.value, { byScanner: false });
});
document.getElementById("basket-new").addEventListener("click", () => { newBasket(); refocus(); });
document.getElementById("history-clear").addEventListener("click", () => { forget(); refocus(); });
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") {
    field.value = "";
    if (!busy) confirmStop();
  } else if (event.key === "F9" && main !== null) {
    event.preventDefault();
    main.click();
  } else if (event.key === "Enter" && stopped && event.target === document.body) {
    confirmStop();
  } else if (event.key === "/" && event.target === document.body) {
    event.preventDefault();
    field.focus();
  }
});
window.addEventListener("offline", () => linkState(false));
const sendWaiting = startOffline({ site: () => site.value, told: onSent });
followRecalls((told) => {
  sendWaiting.renew?.(); // the copy for the time without the node must not miss it
  return onRecall(told);
});
site.addEventListener("change", () => sendWaiting.renew?.());
drawHistory();
refocus();
